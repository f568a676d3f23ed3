#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A directory above a watched one is moved. No event tells that, and the kernel's rule stays on the watched directory until it is taken
off: what is done there meanwhile isn't told as if it were still at its old path."""

import os
import time

import live

ROUNDS = 20


def move_above(ground, names, back):
    """Moves the directory above to and fro, and makes files below it at once. Returns where they were made."""
    tree = ground.tree()
    here, there = tree + "/above", tree + "/moved"
    os.makedirs(here + "/between/watched/sub")
    daemon = ground.watching(here + "/between/watched")
    made = []
    for i in range(ROUNDS):
        directory = os.open(here + "/between/watched/sub", os.O_RDONLY)
        os.rename(here, there)
        for name in names:
            os.close(os.open(f"{name}{i}", os.O_CREAT | os.O_WRONLY, dir_fd=directory))
            made.append(f"{there}/between/watched/sub/{name}{i}")
        if not back:
            time.sleep(0.001 * i)  # somewhere between the move and the rules' end
            os.close(os.open(f"{there}/between/watched/late{i}", os.O_CREAT | os.O_WRONLY))
            made.append(f"{there}/between/watched/late{i}")
        os.rename(there, here)
        os.close(directory)
        time.sleep(0.3)
    os.close(os.open(here + "/between/watched/last", os.O_CREAT | os.O_WRONLY))
    time.sleep(0.2)
    daemon.stop()
    return made, here + "/between/watched/last"


def judge(ground, made, last):
    told = [e.text("FOPSD_PATH") for e in live.operations(ground.entries()) if e.text("FOPSD_OP") == "create"]
    wrong = [p for p in told if p and p not in made and p != last]
    live.equal(wrong, [], "paths where nothing was made")
    live.check(last in told, f"what is done when all is at its place again: {told[-3:]}")


def test_and_back_at_once(ground):
    ground.need_free_registration()
    judge(ground, *move_above(ground, ("a", "b"), True))


def test_and_back_later(ground):
    ground.need_free_registration()
    judge(ground, *move_above(ground, ("a",), False))


if __name__ == "__main__":
    live.main()
