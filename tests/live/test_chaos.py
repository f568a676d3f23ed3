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
# So long before fopsd is started.
EARLY_SECONDS = 0.5
# A file that was removed and whose number is another's by the time it is asked for has no path.
LEAST_RIGHT = 0.99
# What has come from elsewhere, or was there before, has to be seen before it is told; at full speed it is moved again by then.
LEAST_RIGHT_EARLY, LEAST_RIGHT_CARRIED = 0.5, 0.2


def is_told_as(said, done):
    """An exchange with what isn't known can't be told from a rename."""
    return said == done or (said, done) == ("rename", "exchange")


def leave_out_unwatched(done, told):
    """Leaves what came after the last operation that isn't told, for which there was no rule yet."""
    n = 0
    while n < min(len(done), len(told)) and is_told_as(told[-1 - n].text("FOPSD_OP"), done[-1 - n][0]):
        n += 1
    live.check(2 * n >= len(done), f"only the last {n} of {len(done)} operations are told")
    del done[:len(done) - n], told[:len(told) - n]


def compare(truths, told, top, has_outside):
    """Wrong paths, and how many of those in @top are right, wrong and absent."""
    faults, paths = [], collections.Counter()
    for pid, done in truths.items():
        ops = [e.text("FOPSD_OP") for e in told[pid]]
        if has_outside and len(ops) == len(done):
            ops = [op if is_told_as(said, op) else said for said, (op, _, _) in zip(ops, done)]
        live.equal(ops, [op for op, _, _ in done], f"operations of {pid}")
        for e, (op, path, new_path) in zip(told[pid], done):
            for said, true in ((e.text("FOPSD_PATH"), path), (e.text("FOPSD_NEW_PATH"), new_path)):
                if true is not None and (said is not None or true.startswith(top + "/")):
                    paths["right" if said == true else "absent" if said is None else "wrong"] += 1
                if said not in (None, true):
                    faults.append(f"{op} {path} {new_path or ''}\n    entry: {live.describe(e)}")
            if e.text("FOPSD_DIR") not in (None, os.path.dirname(path)):
                faults.append(f"{op} {path}: the directory\n    entry: {live.describe(e)}")
    return faults, paths


def chaos_in(ground, title, point, is_carried=False, is_early=False):
    """@is_carried: trees are carried out of what is watched, and back. @is_early: it has begun before fopsd starts."""
    ground.need_free_registration()
    seed = os.environ.get("FOPS_SEED") or str(random.randrange(1000000))
    truth = os.path.join(ground.private, f"truth-{live.time.monotonic_ns()}")
    tops = [f"{point}/top/{i}" for i in range(PROCESSES)]
    aways = [f"{point}/away/{i}" if is_carried else "" for i in range(PROCESSES)]
    for directory in [*tops, *filter(None, aways)]:
        os.makedirs(directory)

    def start():
        return [subprocess.Popen([sys.executable, CHAOS, f"{seed}-{i}", SECONDS, top, away, truth])
                for i, (top, away) in enumerate(zip(tops, aways))]

    running = start() if is_early else []
    if is_early:
        live.time.sleep(EARLY_SECONDS)
    daemon = ground.watching(f"{point}/top", ops='create", "delete", "rename", "link", "chmod',
                             extra="kernel = { backlog_limit = 65536; backlog_wait_time = 60000; };")
    if not is_early:
        wait_until_indexed(ground, daemon)
        running = start()
    for process in running:
        live.equal(process.wait(), 0, f"exit code of chaos.py, seed {seed}")
    daemon.stop()

    entries = ground.entries()
    live.equal([e.text("MESSAGE") for e in live.losses(entries)], [], "gaps")
    truths, told = collections.defaultdict(list), collections.defaultdict(list)
    with open(truth, encoding="ascii") as f:
        for line in f:
            pid, *done = json.loads(line)
            truths[pid].append(done)
    for e in sorted(live.operations(entries), key=lambda e: e.serial):
        told[e.number("FOPSD_PID")].append(e)
    if is_early:
        # Children that were gone before there was a rule aren't told at all.
        truths = {pid: done for pid, done in truths.items() if told[pid]}
        for pid, done in truths.items():
            leave_out_unwatched(done, told[pid])
    faults, paths = compare(truths, told, f"{point}/top", is_carried or is_early)
    print(f"  {title}, seed {seed}: {sum(map(len, truths.values()))} operations, paths {dict(paths)}", flush=True)
    live.check(not faults, f"seed {seed}: {len(faults)} wrong paths\n  " + "\n  ".join(faults[:live.FAULTS_SHOWN]))
    least_right = LEAST_RIGHT_CARRIED if is_carried else LEAST_RIGHT_EARLY if is_early else LEAST_RIGHT
    live.check(paths["right"] >= least_right * paths.total(), f"seed {seed}: too many paths are absent: {dict(paths)}")


def on_image(ground, kind, **how):
    chaos_in(ground, ", ".join([kind, *how]), mounted(ground, kind, os.path.realpath(ground.directory("/var/tmp"))), **how)


def on_tmpfs(ground, **how):
    chaos_in(ground, ", ".join(["tmpfs", *how]), os.path.realpath(ground.directory("/dev/shm")), **how)


def test_ext4(ground):
    on_image(ground, "ext4")


def test_xfs(ground):
    on_image(ground, "xfs")


def test_btrfs(ground):
    on_image(ground, "btrfs")


def test_tmpfs(ground):
    on_tmpfs(ground)


def test_trees_that_are_carried_away_and_back(ground):
    on_tmpfs(ground, is_carried=True)


def test_trees_that_are_carried_away_and_back_on_ext4(ground):
    on_image(ground, "ext4", is_carried=True)


def test_a_start_in_the_midst_of_it(ground):
    on_tmpfs(ground, is_early=True)


def test_a_start_in_the_midst_of_it_on_ext4(ground):
    on_image(ground, "ext4", is_early=True)


def test_a_start_while_trees_are_carried(ground):
    on_tmpfs(ground, is_carried=True, is_early=True)


def test_overlayfs(ground):
    directory = os.path.realpath(ground.directory("/var/tmp"))
    os.mkdir(f"{directory}/lower")
    chaos_in(ground, "overlayfs", overlay(ground, directory, f"{directory}/lower"))


if __name__ == "__main__":
    live.main()
