#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A fopsd that stands still for a while: as the audit daemon it makes writers wait, as a listener it loses records. Both are told; and
so is what the kernel loses when nobody reads at all, although it counts none of it and nothing comes after it."""

import collections
import json
import os
import signal
import subprocess
import time

import live
from test_truth import wait_until_indexed

N = 50_000


def found(entries):
    return collections.Counter(e.text("FOPSD_OP") for e in live.operations(entries))


def told_of(entries):
    return {e.text("FOPSD_GAP_CAUSE"): e.number("FOPSD_GAP_COUNT") for e in live.losses(entries)}


def standing_still(ground, mode, until):
    """Operations at full speed while fopsd is stopped until @until() is true. Returns what opsgen did, and the entries."""
    tree = ground.tree("/dev/shm")
    daemon = ground.watching(tree, mode=mode, extra="source = { buffer_mib = 1; };\nkernel = { backlog_limit = 512; backlog_wait_time = 60000; };")
    lost = ground.audit.status()["lost"]
    worker = subprocess.Popen([live.OPSGEN, "many", str(N), tree], stdout=subprocess.PIPE, text=True)
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        deadline = time.monotonic() + 60
        while not until(worker) and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    done = collections.Counter(json.loads(worker.communicate()[0]))
    del done["pid"]
    daemon.stop()
    entries = ground.entries(fields=["FOPSD_KIND", "FOPSD_OP", "FOPSD_GAP_CAUSE", "FOPSD_GAP_COUNT", "FOPSD_GAP_FROM",
                                     "FOPSD_GAP_UNTIL", "MESSAGE"])
    told = told_of(entries)
    live.equal(told.get("records lost by the kernel", 0), ground.audit.status()["lost"] - lost, "records the kernel lost, as told")
    # An event of which records came isn't missing, but may have come without its end.
    missing = sum((done - found(entries)).values())
    n = sum(told.get(cause, 0) for cause in ("records lost by the kernel", "events that never came, by their serial numbers",
                                             "events whose end never came"))
    print(f"  {missing} of {sum(done.values())} operations missing; {[e.text('MESSAGE') for e in entries if e.kind == 'gap']}")
    live.check(missing <= n, f"{missing} operations are missing, and {n} are told of")
    return missing, entries, told


def test_writers_that_waited_are_told_once(ground):
    ground.need_free_registration()
    waited = ground.audit.status()["backlog_wait_time_actual"]
    asleep = [0]

    def waits(worker):
        """In the kernel, uninterruptibly, for two seconds. The kernel itself can't be asked: who asks would wait too."""
        with open(f"/proc/{worker.pid}/stat") as f:
            asleep[0] = asleep[0] + 1 if f.read().rpartition(")")[2].split()[0] == "D" else 0
        return asleep[0] > 20

    _, entries, _ = standing_still(ground, "daemon", waits)
    live.check(ground.audit.status()["backlog_wait_time_actual"] > waited, "nobody waited")
    told = [e for e in entries if e.text("FOPSD_GAP_CAUSE") == "writers waited"]
    live.equal(len(told), 1, "entries of it")
    live.check(told[0].number("FOPSD_GAP_COUNT") >= 1000, f"{told[0]}")
    live.check("nothing is lost" in told[0].text("MESSAGE"), told[0].text("MESSAGE"))


def test_an_overrun_of_a_listener_is_told_with_its_count(ground):
    missing, entries, told = standing_still(ground, "listener", lambda worker: worker.poll() is not None)
    live.check(missing > 0, "nothing was lost")
    live.check("socket buffer overruns, each of an unknown number of records" in told, f"no word of the overrun: {told}")
    live.check(all(float(e.text("FOPSD_GAP_FROM")) < float(e.text("FOPSD_GAP_UNTIL")) for e in live.losses(entries)), "a gap without length")


def test_what_was_lost_last_is_told_soon(ground):
    ground.need_free_registration()
    tree = ground.tree("/dev/shm")
    daemon = ground.watching(tree, extra="source = { buffer_mib = 1; };\nkernel = { backlog_limit = 512; backlog_wait_time = 60000; };")
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        # The socket holds some 80, and the kernel gives up a queue of as many every half a second.
        done = subprocess.run([live.OPSGEN, "many", "1000", tree], stdout=subprocess.PIPE, check=True, timeout=300)
        # What it has still in its queues it gives up too.
        while ground.audit.status()["backlog"] > 0:
            time.sleep(0.1)
        time.sleep(1)
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    counts = collections.Counter(json.loads(done.stdout))
    del counts["pid"]
    deadline = time.monotonic() + live.READY_SECONDS
    while True:
        entries = ground.entries()
        missing = sum((counts - found(entries)).values())
        told = sum(told_of(entries).values())
        if 0 < missing <= told or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    daemon.stop()
    live.check(missing > 0, "nothing was lost")
    live.check(missing <= told, f"{missing} operations are missing, and {told} are told of")


def after(ground, deed):
    """A directory that is renamed while nobody hears of it is known by its new name afterwards, and never by the old one."""
    ground.need_free_registration()
    tree = ground.tree("/dev/shm")
    os.makedirs(f"{tree}/old/below")
    daemon = ground.watching(tree, ops="create")
    wait_until_indexed(ground, daemon)
    subprocess.run(["auditctl", *deed], check=True, stdout=subprocess.DEVNULL)
    os.rename(f"{tree}/old", f"{tree}/new")
    deadline = time.monotonic() + live.READY_SECONDS
    while not live.losses(ground.entries("FOPSD_KIND=gap")):
        live.check(time.monotonic() < deadline, "the gap isn't told")
        time.sleep(0.1)
    directory = os.open(f"{tree}/new/below", os.O_RDONLY | os.O_DIRECTORY)
    paths, n = [], 0
    while not paths or paths[-1] is None:
        live.check(time.monotonic() < deadline, "the path doesn't become known")
        os.close(os.open(str(n), os.O_CREAT | os.O_WRONLY, dir_fd=directory))
        n += 1
        time.sleep(0.1)
        paths = [e.text("FOPSD_PATH") for e in live.operations(ground.entries())]
    os.close(directory)
    daemon.stop()
    live.equal([path for path in paths if path not in (None, *(f"{tree}/new/below/{i}" for i in range(n)))], [], "paths that never were")


def test_after_auditing_was_off(ground):
    after(ground, ["-e", "0"])


def test_after_rules_were_missing(ground):
    after(ground, ["-D"])


if __name__ == "__main__":
    live.main()
