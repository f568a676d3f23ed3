#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsd killed with SIGKILL again and again while operations are made at full speed, with a supervisor that keeps its descriptors as
systemd does: every operation is in the journal, and what is there twice says so (FOPSD_REPLAYED=1).

One thing can't be bridged: killed while its ring is full, and then once more within the first milliseconds of its next life, before
there is a keeper, it leaves a full socket for more than the 100 ms that the kernel has patience for, which then loses a record or
two. That is counted, and told as a gap; the test allows for a handful, and for no operation more than was told."""

import collections
import json
import random
import subprocess

import live
from supervisor import Supervised

N = 200_000
KILLS = 100
# Records, in all those kills.
LOST_MAX = 10


def generate(tree, n):
    return subprocess.Popen([live.OPSGEN, "many", str(n), tree], stdout=subprocess.PIPE, text=True)


def compare(ground, expected, lost):
    entries = ground.entries(fields=["FOPSD_KIND", "FOPSD_OP", "FOPSD_EVENT", "FOPSD_REPLAYED", "FOPSD_PATH", "FOPSD_GAP_CAUSE",
                                     "FOPSD_GAP_COUNT"])
    gaps = collections.Counter()
    for e in entries:
        if e.kind == "gap":
            gaps[e.text("FOPSD_GAP_CAUSE")] += e.number("FOPSD_GAP_COUNT")
    told = gaps.pop("records lost by the kernel", 0)
    live.equal(told, ground.audit.status()["lost"] - lost, "records that the kernel lost, as told in gaps")
    live.check(told <= LOST_MAX, f"{told} records lost by the kernel")
    # What a lost record makes of its event.
    incomplete = gaps.pop("events whose end never came", 0)
    live.check(incomplete <= told, f"{incomplete} events whose end never came, with {told} records lost")
    live.equal(dict(gaps), {}, "other gaps")
    by_event = collections.defaultdict(list)
    for e in live.operations(entries):
        by_event[e.text("FOPSD_EVENT")].append(e)
    counts = collections.Counter(group[0].text("FOPSD_OP") for group in by_event.values())
    missing = sum((expected - counts).values())
    live.check(missing <= told, f"{missing} operations are missing, with {told} records lost")
    live.equal(dict(counts - expected), {}, "operations that were not")
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
    conf = ground.config(f'watches = ( {{ path = "{tree}"; ops = ["all"]; }} );\ncanary = {{ startup = false; }};\n'
                         "kernel = { backlog_limit = 8192; backlog_wait_time = 60000; };\n")
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


if __name__ == "__main__":
    live.main()
