#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsd killed with SIGKILL again and again while operations are made at full speed, with a supervisor that keeps its descriptors as
systemd does: every operation is in the journal, and what is there twice says so (FOPSD_REPLAYED=1).

One thing can't always be bridged: if all the memory that the socket may take is full before the next life reads from it, the kernel waits for
100 ms, five times, and then loses what is in one of its queues, and counts only some of it. fopsd tells of it all the same, by the
events' serial numbers. So: no operation may be missing that no gap tells of, and most have to be there.
"""

import collections
import json
import os
import random
import signal
import socket
import struct
import subprocess
import time

import live
from supervisor import Supervised

N = 200_000
KILLS = 100
# How often it comes to that is a matter of how long the machine lets a new process wait for its turn. Most times it is none, or a few.
MISSING_MAX = N // 10

# linux/sock_diag.h: what is in the receive buffer, how much may be, and how often the kernel found it too full.
SO_MEMINFO, MEMINFO = 55, struct.Struct("=9I")

CONFIG = """watches = ( {{ path = "{tree}"; ops = ["all"]; }} );
canary = {{ startup = false; }};
kernel = {{ backlog_limit = 8192; backlog_wait_time = 60000; }};
"""


def generate(tree, n):
    return subprocess.Popen([live.OPSGEN, "many", str(n), tree], stdout=subprocess.PIPE, text=True)


def compare(ground, expected, lost):
    entries = ground.entries(fields=["FOPSD_KIND", "FOPSD_OP", "FOPSD_EVENT", "FOPSD_REPLAYED", "FOPSD_PATH", "FOPSD_GAP_CAUSE",
                                     "FOPSD_GAP_COUNT"])
    gaps = collections.Counter()
    for e in live.losses(entries):
        gaps[e.text("FOPSD_GAP_CAUSE")] += e.number("FOPSD_GAP_COUNT")
    lost_records = gaps.pop("records lost by the kernel", 0)
    live.equal(lost_records, ground.audit.status()["lost"] - lost, "records that the kernel lost, as told in gaps")
    never_came = gaps.pop("events that never came, by their serial numbers", 0)
    # What a lost record, or one of a lost queue, makes of its event.
    incomplete = gaps.pop("events whose end never came", 0)
    told = lost_records + never_came + incomplete
    live.equal(dict(gaps), {}, "other gaps")
    by_event = collections.defaultdict(list)
    for e in live.operations(entries):
        by_event[e.text("FOPSD_EVENT")].append(e)
    counts = collections.Counter(group[0].text("FOPSD_OP") for group in by_event.values())
    missing = sum((expected - counts).values())
    print(f"  {missing} operations missing; told: {lost_records} records lost, {never_came} events never came, {incomplete} incomplete")
    live.check(missing <= told, f"{missing} operations are missing, and {told} are told of")
    live.check(missing <= MISSING_MAX, f"{missing} operations are missing")
    # A create whose PATH record was lost looks like a modify.
    others = counts - expected
    live.check(sum(others.values()) <= lost_records + incomplete, f"operations that were not: {dict(others)}")
    doubled = [group for group in by_event.values() if len(group) > 1]
    unsaid = [group for group in doubled if sum(e.one("FOPSD_REPLAYED") is None for e in group) > 1]
    live.equal([e[0].text("FOPSD_EVENT") for e in unsaid], [], "entries that are there twice and don't say so")
    replayed = sum(e.one("FOPSD_REPLAYED") is not None for e in live.operations(entries))
    resolved = sum(e.one("FOPSD_PATH") is not None for e in live.operations(entries))
    print(f"  {len(by_event)} operations, {len(doubled)} of them twice, {replayed} marked as replayed, "
          f"{resolved * 100 / max(len(live.operations(entries)), 1):.1f} % with their path")


def test_killed_at_random(ground):
    ground.need_free_registration()
    tree = ground.tree("/dev/shm")
    conf = ground.config(CONFIG.format(tree=tree))
    chance = random.Random(4)
    lost = ground.audit.status()["lost"]
    daemon = Supervised(ground, "-c", conf, "--source", "daemon")
    expected = collections.Counter()
    kills = 0
    while kills < KILLS or sum(expected.values()) < N:
        generator = generate(tree, N // 4)
        while generator.poll() is None:
            # From the first milliseconds of its life to well into it.
            daemon.idle(chance.choice((0.002, 0.01, 0.03, 0.1, 0.2)) * chance.random() * 2)
            if kills < KILLS:
                daemon.crash()
                kills += 1
        counts = json.loads(generator.communicate()[0])
        counts.pop("pid")
        expected.update(counts)
    daemon.wait_ready()
    daemon.stop()
    print(f"  killed {kills} times during {sum(expected.values())} operations")
    compare(ground, expected, lost)


class AuditSocket:
    """Of what fopsd has put into the descriptor store, what the kernel says of its buffer."""

    def __init__(self, daemon):
        self.socket = socket.socket(fileno=os.dup(next(fd for name, fd in daemon.store if name == "fopsd-audit")))

    def memory(self):
        return MEMINFO.unpack(self.socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, MEMINFO.size))

    def is_full(self):
        used, limit = self.memory()[:2]
        return used > limit * 0.9

    def refused(self):
        return self.memory()[8]


def soon(condition, text):
    deadline = time.monotonic() + live.READY_SECONDS
    while not condition():
        live.check(time.monotonic() < deadline, text)
        time.sleep(0.01)


def kill_keeper(daemon):
    with open(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children") as f:
        for pid in f.read().split():
            os.kill(int(pid), signal.SIGKILL)


def test_killed_twice_with_everything_full(ground):
    """Nobody makes room, and the kernel gives up; the one who hears of it is killed too. The next has to find out by itself that only an
    empty socket gets more, and to read it all, though its ring is as good as full."""
    ground.need_free_registration()
    tree = ground.tree("/dev/shm")
    lost = ground.audit.status()["lost"]
    daemon = Supervised(ground, "-c", ground.config(CONFIG.format(tree=tree)), "--source", "daemon")
    kernels = AuditSocket(daemon)
    ground.journald.send_signal(signal.SIGSTOP)
    try:
        generator = generate(tree, N // 2)
        soon(kernels.is_full, "the socket isn't full")
        kill_keeper(daemon)
        daemon.process.kill()
        daemon.process.wait()
        soon(kernels.refused, "the kernel refuses nothing")
        daemon.start()
        daemon.idle(0.05)
        kill_keeper(daemon)
        daemon.crash()

        def is_at_ease():
            """For ten times the kernel's patience."""
            before = kernels.refused()
            daemon.idle(1)
            return kernels.refused() == before

        soon(is_at_ease, "the kernel goes on to refuse")
        live.check(generator.poll() is None, "nobody waits")
    finally:
        ground.journald.send_signal(signal.SIGCONT)
    while generator.poll() is None:
        daemon.idle(0.1)  # it says how it is, and waits for somebody who hears it
    counts = json.loads(generator.communicate()[0])
    counts.pop("pid")
    daemon.wait_ready()
    daemon.stop()
    kernels.socket.close()
    compare(ground, collections.Counter(counts), lost)


if __name__ == "__main__":
    live.main()
