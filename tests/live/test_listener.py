#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Beside another audit daemon: the same entries, and nothing taken from the other. Where that is left open, fopsd takes the place when
it becomes free, and makes room for who wants it."""

import collections
import os
import subprocess
import time

import live
from test_operations import every_set

SETS = ["absolute", "relative", "edge", "failed", "exec", "dirfd"]


def test_beside_a_registered_reader(ground):
    ground.need_free_registration()
    other = ground.raw("daemon")
    every_set(ground, "/var/tmp", "listener", SETS)
    live.equal(ground.audit.status()["pid"], other.process.pid, "registered daemon")
    lines = other.finish()
    live.check(lines.count(b"type=SYSCALL") > 100, "the other daemon was left without records")


def test_beside_auditd(ground):
    ground.need_free_registration()
    other = ground.auditd()
    registered = ground.audit.status()["pid"]
    every_set(ground, "/dev/shm", "listener", SETS)
    live.equal(ground.audit.status()["pid"], registered, "registered daemon")
    live.check(other.finish().count(b"type=SYSCALL") > 100, "auditd was left without records")


def test_auto_takes_the_place_only_if_it_is_free(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(tree, mode="auto")
    live.equal(ground.audit.status()["pid"], daemon.pid, "registered daemon with the place free")
    daemon.stop()
    live.equal(ground.audit.status()["pid"], 0, "registered daemon after the end")

    other = ground.raw("daemon")
    daemon = ground.watching(tree, mode="auto")
    live.equal(ground.audit.status()["pid"], other.process.pid, "registered daemon with the place taken")
    truths = ground.opsgen("comm", tree)
    daemon.stop()
    live.Comparison(key="live", watch=tree, exe=live.OPSGEN).run(truths, live.operations(ground.entries())).report("auto")
    other.finish()


def test_daemon_mode_yields_to_whoever_is_there(ground):
    ground.need_free_registration()
    other = ground.raw("daemon")
    config = ground.config(f'watches = ( {{ path = "{ground.tree()}"; }} );\n')
    daemon = ground.fopsd("-c", config, "--source", "daemon", wait=False)
    live.check(daemon.process.wait(live.READY_SECONDS) != 0, "fopsd took a place that was taken")
    live.check("daemon" in daemon.stderr(), f"no word of the other audit daemon: {daemon.stderr()!r}")
    live.equal(ground.audit.status()["pid"], other.process.pid, "registered daemon")
    live.equal(len(ground.audit.rules()), len(ground.rules_before), "rules left behind")
    other.finish()


class Worker:
    """Makes files in a directory until it is told to stop: f0, f1, f2 …"""

    def __init__(self, ground, directory):
        ground.running.append(self)
        self.directory, self.stop_file = directory, directory + ".stop"
        self.process = subprocess.Popen(["python3", "-c", f"""
import os, time
i = 0
while not os.path.exists({self.stop_file!r}):
    os.close(os.open({directory!r} + f"/f{{i}}", os.O_CREAT | os.O_WRONLY))
    time.sleep(0.0005)
    i += 1
"""])

    def stop(self):
        with open(self.stop_file, "w"):
            pass
        live.equal(self.process.wait(live.STOP_SECONDS), 0, "exit code of the worker")
        os.unlink(self.stop_file)
        return {os.path.join(self.directory, name).encode() for name in os.listdir(self.directory)}

    def kill(self):
        self.process.kill()
        self.process.wait()


def wait_for_registered(ground, pid):
    deadline = time.monotonic() + 90
    while ground.audit.status()["pid"] != pid:
        live.check(time.monotonic() < deadline, f"registered is {ground.audit.status()['pid']}, not {pid}")
        time.sleep(0.05)


def test_the_place_changes_hands_while_files_are_made(ground):
    """auditd stops: fopsd takes its place. auditd is started again: refused at first, the second time it has the place."""
    ground.need_free_registration()
    tree = ground.tree()
    other = ground.auditd()
    daemon = ground.watching(tree, mode="auto")
    live.check(ground.audit.status()["pid"] not in (0, daemon.pid), "auditd isn't registered")
    worker = Worker(ground, tree)
    time.sleep(0.5)
    other.finish()
    wait_for_registered(ground, daemon.pid)
    time.sleep(0.5)

    # The kernel says at once that the place is taken; then fopsd makes room.
    live.check(ground.auditd().process.wait(live.STOP_SECONDS) != 0, "auditd took a place that was taken")
    wait_for_registered(ground, 0)
    other = ground.auditd()
    registered = ground.audit.status()["pid"]
    live.check(registered not in (0, daemon.pid), "auditd isn't registered the second time")
    time.sleep(0.5)
    made = worker.stop()
    live.equal(ground.audit.status()["pid"], registered, "registered daemon")
    other.finish()
    daemon.stop()

    entries = ground.entries()
    states = [e.text("FOPSD_STATE") for e in entries if e.text("FOPSD_STATE") in ("registered", "yielded")]
    live.equal(states, ["registered", "yielded"], "changes of place that are told")
    live.equal([e.text("MESSAGE") for e in entries if e.kind == "tamper"], [], "entries of kind tamper")
    live.equal([e.text("MESSAGE") for e in live.losses(entries)], [], "losses")
    found = collections.Counter(e.one("FOPSD_PATH") for e in live.operations(entries) if e.text("FOPSD_OP") == "create")
    print(f"  {len(made)} files")
    live.equal(len(made - set(found)), 0, f"files missing of {len(made)}")
    live.equal([path for path, n in found.items() if n > 1], [], "files told twice")


if __name__ == "__main__":
    live.main()
