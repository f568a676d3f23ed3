#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_misleading.py at full speed: by the time that fopsd looks, process and file are gone, and only what it has learnt of the
tree before can tell the way."""

import os
import subprocess

import live
from test_operations import MISLEADING, every_set


def test_on_the_root_file_system(ground):
    ground.need_free_registration()
    every_set(ground, "/var/tmp", names=MISLEADING)


def test_on_tmpfs(ground):
    ground.need_free_registration()
    every_set(ground, "/dev/shm", names=MISLEADING)


# In another root.
ELSEWHERE = """
import os, sys
os.chroot(sys.argv[1])
os.chmod("/only-there/f", 0o600)
os.rename("/only-there/f", "/only-there/g")
os.unlink("/only-there/g")
os.mkdir("/only-there/d")
os.rmdir("/only-there/d")
"""


def without_an_index(ground, n_trees):
    """Of more files than the index holds it never has all."""
    ground.need_free_registration()
    trees = [ground.tree() for _ in range(n_trees)]
    for tree in trees:
        os.makedirs(f"{tree}/c1/only-there")
        for i in range(50):
            os.mkdir(f"{tree}/d{i}")
    daemon = ground.watching(*trees, extra="index = { max_entries = 10; };")
    for tree in trees:
        with open(f"{tree}/c1/only-there/f", "w"):
            pass
        process = subprocess.Popen(["python3", "-S", "-c", ELSEWHERE, f"{tree}/c1"])
        live.equal(process.wait(), 0, "exit code")
        live.time.sleep(0.5)
        done = [e for e in live.operations(ground.entries(f"FOPSD_PID={process.pid}")) if e.text("FOPSD_CLASS") != "read"]
        live.equal([e.text("FOPSD_OP") for e in done], ["chmod", "rename", "delete", "mkdir", "rmdir"], "operations")
        for entry in done:
            for name in ("FOPSD_PATH", "FOPSD_NEW_PATH", "FOPSD_DIR"):
                said = entry.one(name)
                live.check(said is None or said.startswith(os.fsencode(tree)), f"{name} is of another root: {live.describe(entry)}")
    daemon.stop()


def test_another_root_without_an_index(ground):
    without_an_index(ground, 1)


def test_another_root_without_an_index_by_shared_rules(ground):
    without_an_index(ground, 6)


if __name__ == "__main__":
    live.main()
