#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees that several processes turn over at random (chaos.py): every operation is found, as what it was, and no path is wrong. FOPS_SEED
repeats a run as far as what is done goes, FOPS_CHAOS_SECONDS makes it longer."""

import collections
import json
import os
import random
import subprocess
import sys

import live
from test_truth import mounted, overlay, wait_until_indexed

CHAOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chaos.py")
SECONDS = os.environ.get("FOPS_CHAOS_SECONDS", "3")
PROCESSES = 3
# A file that was removed and whose number is another's by the time it is asked for has no path.
LEAST_RIGHT = 0.99


def compare(truths, entries):
    """Wrong paths, and how many are right, wrong and absent."""
    told = collections.defaultdict(list)
    for e in sorted(entries, key=lambda e: e.serial):
        told[e.number("FOPSD_PID")].append(e)
    faults, paths = [], collections.Counter()
    for pid, done in truths.items():
        live.equal([e.text("FOPSD_OP") for e in told[pid]], [op for op, _, _ in done], f"operations of {pid}")
        for e, (op, path, new_path) in zip(told[pid], done):
            for said, true in ((e.text("FOPSD_PATH"), path), (e.text("FOPSD_NEW_PATH"), new_path)):
                paths["right" if said == true else "absent" if said is None else "wrong"] += true is not None
                if said not in (None, true):
                    faults.append(f"{op} {path} {new_path or ''}\n    entry: {live.describe(e)}")
            if e.text("FOPSD_DIR") not in (None, os.path.dirname(path)):
                faults.append(f"{op} {path}: the directory\n    entry: {live.describe(e)}")
    return faults, paths


def chaos_in(ground, title, point):
    ground.need_free_registration()
    seed = os.environ.get("FOPS_SEED") or str(random.randrange(1000000))
    truth = os.path.join(ground.private, f"truth-{live.time.monotonic_ns()}")
    tops = [f"{point}/top/{i}" for i in range(PROCESSES)]
    for top in tops:
        os.makedirs(top)
    daemon = ground.watching(f"{point}/top", ops='create", "delete", "rename", "link", "chmod',
                             extra="kernel = { backlog_limit = 65536; backlog_wait_time = 60000; };")
    wait_until_indexed(ground, daemon)
    running = [subprocess.Popen([sys.executable, CHAOS, f"{seed}-{i}", SECONDS, top, truth]) for i, top in enumerate(tops)]
    for process in running:
        live.equal(process.wait(), 0, f"exit code of chaos.py, seed {seed}")
    daemon.stop()

    entries = ground.entries()
    live.equal([e.text("MESSAGE") for e in live.losses(entries)], [], "gaps")
    truths = collections.defaultdict(list)
    with open(truth, encoding="ascii") as f:
        for line in f:
            pid, *done = json.loads(line)
            truths[pid].append(done)
    faults, paths = compare(truths, [e for e in live.operations(entries) if e.number("FOPSD_PID") in truths])
    print(f"  {title}, seed {seed}: {sum(map(len, truths.values()))} operations, paths {dict(paths)}", flush=True)
    live.check(not faults, f"seed {seed}: {len(faults)} wrong paths\n  " + "\n  ".join(faults[:live.FAULTS_SHOWN]))
    live.check(paths["right"] >= LEAST_RIGHT * paths.total(), f"seed {seed}: too many paths are absent: {dict(paths)}")


def on_image(ground, kind):
    chaos_in(ground, kind, mounted(ground, kind, os.path.realpath(ground.directory("/var/tmp"))))


def test_ext4(ground):
    on_image(ground, "ext4")


def test_xfs(ground):
    on_image(ground, "xfs")


def test_btrfs(ground):
    on_image(ground, "btrfs")


def test_tmpfs(ground):
    chaos_in(ground, "tmpfs", os.path.realpath(ground.directory("/dev/shm")))


def test_overlayfs(ground):
    directory = os.path.realpath(ground.directory("/var/tmp"))
    os.mkdir(f"{directory}/lower")
    chaos_in(ground, "overlayfs", overlay(ground, directory, f"{directory}/lower"))


if __name__ == "__main__":
    live.main()
