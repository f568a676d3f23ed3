#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A journald that is stopped, ended, killed or away, or has no room on its disk, while files are worked on: every operation gets into the journal, and
fopsd hears its signals all the while.

What journald has read is its own to lose: killed, it loses at most the entry in its hands. What waits in its socket goes
when the socket goes; so, as systemd does it, the socket is held by somebody else, the test, wherever journald ends under
load."""

import collections
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import live

SOCKET = "/run/systemd/journal/socket"
# The last that journald makes: then it is ready.
CONTROL = "/run/systemd/journal/io.systemd.journal"

# Hands the socket over as systemd does: sd_listen_fds(3).
HOLDER = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "journald"]

# Makes and removes files 1, 2, 3 … in a directory until its standard input ends; says how many.
LOAD = """
import os, select, sys, time
tree, pause, n = sys.argv[1], float(sys.argv[2]), 0
while not select.select([sys.stdin], [], [], 0)[0]:
    for n in range(n + 1, n + 51):
        os.close(os.open(f"{tree}/{n}", os.O_CREAT))
        os.unlink(f"{tree}/{n}")
    time.sleep(pause)
print(n)
"""


class Load:
    def __init__(self, ground, tree, pause=0.0):
        self.process = subprocess.Popen([sys.executable, "-c", LOAD, tree, str(pause)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        ground.running.append(self.process)

    def finish(self):
        """How many files there were."""
        said, _ = self.process.communicate(timeout=300)
        live.equal(self.process.returncode, 0, "exit code of the load")
        return int(said)


class Journald:
    """The ground's journald, to be ended and started again; with its socket held beyond its end, or not."""

    def __init__(self, ground, holds_socket):
        self.ground, self.socket = ground, None
        self.command = [word for word in ground.journald.args if word not in HOLDER]
        self.end(signal.SIGTERM)
        if holds_socket:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(SOCKET)
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(SOCKET)
        self.start()

    def start(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(CONTROL)
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if self.socket:
            self.ground.journald = subprocess.Popen([*HOLDER, *self.command], env={**os.environ, "LISTEN_FDS": "1"},
                                                    preexec_fn=lambda: os.dup2(self.socket.fileno(), 3), pass_fds=(3,),
                                                    **options)
        else:
            self.ground.journald = subprocess.Popen(self.command, **options)
        deadline = time.monotonic() + live.READY_SECONDS
        while not os.path.exists(CONTROL):
            live.check(self.ground.journald.poll() is None and time.monotonic() < deadline, "journald doesn't start again")
            time.sleep(0.02)

    def end(self, number):
        self.ground.journald.send_signal(number)
        self.ground.journald.wait(live.STOP_SECONDS)


def compare(ground, tree, n_files, n_may_be_missing=0):
    """Each file was made once and removed once, and has one entry of each that isn't marked as possibly sent before."""
    entries = ground.entries("FOPSD_KIND=operation", fields=("FOPSD_KIND", "FOPSD_OP", "FOPSD_PATH", "FOPSD_REPLAYED"))
    again = {(e.text("FOPSD_OP"), e.text("FOPSD_PATH")) for e in entries if "FOPSD_REPLAYED" in e}
    entries = [e for e in entries if "FOPSD_REPLAYED" not in e]
    seen = collections.Counter((e.text("FOPSD_OP"), e.text("FOPSD_PATH")) for e in entries)
    wanted = {(op, f"{tree}/{n}") for op in ("create", "delete") for n in range(1, n_files + 1)}
    missing = sorted(wanted - set(seen) - again)
    print(f"  {len(wanted)} operations, {len(missing)} missing, {len(again)} sent again")
    live.equal((set(seen) | again) - wanted, set(), "operations of nobody")
    live.equal({w: n for w, n in seen.items() if n > 1}, {}, "operations told twice")
    live.check(len(missing) <= n_may_be_missing, f"{len(missing)} missing: {missing[:live.FAULTS_SHOWN]}")


def states(ground, name):
    return [e.text("MESSAGE") for e in ground.entries(f"FOPSD_STATE={name}")]


def gaps(ground):
    return [e.text("MESSAGE") for e in live.losses(ground.entries("FOPSD_KIND=gap"))]


def test_stopped(ground):
    """Five seconds in which journald reads nothing, at full load."""
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(tree, ops='create", "delete')
    load = Load(ground, tree)
    time.sleep(0.5)
    ground.journald.send_signal(signal.SIGSTOP)
    try:
        time.sleep(2)
        began = time.monotonic()
        daemon.reload()
        reloaded = time.monotonic() - began
        time.sleep(max(0, 3 - reloaded))
    finally:
        ground.journald.send_signal(signal.SIGCONT)
    n_files = load.finish()
    daemon.stop()
    compare(ground, tree, n_files)
    live.check(reloaded < 2, f"reloading took {reloaded:.1f} s while journald was stopped")
    live.check(any(" waited, 0 lost" in text for text in states(ground, "journal")), "the wait isn't told")
    live.equal(gaps(ground), [], "gaps")


def test_stopped_in_the_middle_of_events(ground):
    """Longer than an event waits for its end, while the records of several processes come in turns: what had been read of an event when
    the pause began is one with the rest."""
    ground.need_free_registration()
    tree = ground.tree()
    trees = [os.path.join(tree, str(i)) for i in range(4 * os.cpu_count())]
    for below in trees:
        os.mkdir(below)
    daemon = ground.watching(tree, ops='create", "delete')
    loads = [Load(ground, below, pause=0.01) for below in trees]
    for _ in range(3):
        time.sleep(0.3)
        ground.journald.send_signal(signal.SIGSTOP)
        time.sleep(2.5)
        ground.journald.send_signal(signal.SIGCONT)
    wanted = {(op, f"{below}/{n}") for below, load in zip(trees, loads) for n in range(1, load.finish() + 1)
              for op in ("create", "delete")}
    daemon.stop()
    seen = collections.Counter((e.text("FOPSD_OP"), e.text("FOPSD_PATH")) for e in ground.entries("FOPSD_KIND=operation"))
    print(f"  {len(wanted)} operations")
    live.equal(gaps(ground), [], "gaps")
    live.equal(ground.entries("FOPSD_KIND=record", "FOPSD_RECORD_TYPE=PATH"), [], "records without their call")
    live.equal({w: n for w, n in seen.items() if w not in wanted or n > 1}, {}, "operations of nobody, or told twice")
    live.equal(len(wanted - set(seen)), 0, "operations missing")


def test_away(ground):
    """journald's socket gone and made anew, five times, with work while it is gone."""
    ground.need_free_registration()
    tree = ground.tree()
    journald = Journald(ground, holds_socket=False)
    daemon = ground.watching(tree, ops='create", "delete')
    made = 0
    for _ in range(5):
        # Nothing may be on its way when the socket goes.
        deadline = time.monotonic() + live.READY_SECONDS
        while len(ground.entries("FOPSD_OP=delete", fields=("FOPSD_KIND",))) < made:
            live.check(time.monotonic() < deadline, "what waited doesn't come")
            time.sleep(0.1)
        journald.end(signal.SIGTERM)
        for made in range(made + 1, made + 201):
            open(f"{tree}/{made}", "x").close()
            os.unlink(f"{tree}/{made}")
        time.sleep(0.3)
        journald.start()
    daemon.stop()
    compare(ground, tree, made)
    live.equal(gaps(ground), [], "gaps")


def end_under_load(ground, number, n_may_be_missing):
    ground.need_free_registration()
    tree = ground.tree()
    journald = Journald(ground, holds_socket=True)
    daemon = ground.watching(tree, ops='create", "delete')
    # journald does all that waits before it ends: it must get to the end of it.
    load = Load(ground, tree, pause=0.02)
    for _ in range(5):
        time.sleep(0.5)
        journald.end(number)
        time.sleep(0.5)
        journald.start()
    time.sleep(0.5)
    n_files = load.finish()
    daemon.stop()
    compare(ground, tree, n_files, n_may_be_missing)
    live.equal(gaps(ground), [], "gaps")


def test_ended_and_started_again(ground):
    end_under_load(ground, signal.SIGTERM, 0)


def test_killed_and_started_again(ground):
    end_under_load(ground, signal.SIGKILL, 5)


def test_away_at_the_start_and_stopped_at_the_end(ground):
    """fopsd comes up without a journald, and goes with one that reads only after a while."""
    ground.need_free_registration()
    tree = ground.tree()
    journald = Journald(ground, holds_socket=False)
    journald.end(signal.SIGTERM)
    daemon = ground.watching(tree, ops='create", "delete')
    load = Load(ground, tree)
    time.sleep(0.5)
    n_files = load.finish()
    journald.start()
    ground.journald.send_signal(signal.SIGSTOP)
    daemon.process.send_signal(signal.SIGTERM)
    try:
        time.sleep(3)
    finally:
        ground.journald.send_signal(signal.SIGCONT)
    daemon.stop()
    compare(ground, tree, n_files)
    live.equal(len(states(ground, "started")), 1, "entries that fopsd started")
    live.equal(len(states(ground, "stopped")), 1, "entries that fopsd stopped")


def test_disk_full(ground):
    """Then journald drops what it is given; so it must not be given any, and what was on its way then is sent again."""
    ground.need_free_registration()
    tree = ground.tree()
    directory = "/run/log/journal"
    journald = Journald(ground, holds_socket=True)
    journald.end(signal.SIGTERM)
    live.check(ground.mount(directory, "-t", "tmpfs", "-o", "size=256m", "none"), "no tmpfs")
    journald.start()
    daemon = ground.watching(tree, ops='create", "delete')
    load = Load(ground, tree)
    time.sleep(0.5)
    for _ in range(2):
        with contextlib.suppress(OSError), open(f"{directory}/full", "wb", buffering=0) as f:
            while True:
                f.write(bytes(1 << 20))
        n = len(ground.entries(fields=("FOPSD_KIND",)))
        time.sleep(2)
        os.unlink(f"{directory}/full")
        print(f"  {n} entries")
        time.sleep(1)
    n_files = load.finish()
    daemon.stop()
    compare(ground, tree, n_files)
    live.check(any(" waited, 0 lost" in text for text in states(ground, "journal")), "the wait isn't told")
    live.equal(gaps(ground), [], "gaps")


if __name__ == "__main__":
    live.main()
