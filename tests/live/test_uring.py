#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests through io_uring, which pass every ordinary watch without a record. Their records hold no names: those are read in the
directories, while what was made is there."""

import live
from test_operations import every_set


def need_uring():
    names = live.subprocess.run([live.OPSGEN, "list"], stdout=live.subprocess.PIPE, check=True, text=True).stdout.split()
    if "uring" not in names:
        raise live.Skip("built without liburing")
    try:
        with open("/proc/sys/kernel/io_uring_disabled") as f:
            if f.read().strip() == "2":
                raise live.Skip("io_uring is switched off here")
    except FileNotFoundError:
        pass


# Between two operations. What a look at the directory finds is told when 20 ms have passed, and told the index then.
PAUSE_USEC = 100000


def test_on_the_root_file_system(ground):
    ground.need_free_registration()
    need_uring()
    every_set(ground, "/var/tmp", names=["uring"])


def test_on_tmpfs(ground):
    ground.need_free_registration()
    need_uring()
    every_set(ground, "/dev/shm", names=["uring"])


def every_name(ground, below):
    ground.need_free_registration()
    need_uring()
    paths = every_set(ground, below, names=["uring"], pause_usec=PAUSE_USEC)
    # Three times the removal of what isn't there, whose records hold nothing.
    live.equal(paths["absent"], 3, "operations without a path")


def test_names_of_what_stays_for_a_while_on_the_root_file_system(ground):
    every_name(ground, "/var/tmp")


def test_names_of_what_stays_for_a_while_on_tmpfs(ground):
    every_name(ground, "/dev/shm")


def test_no_name_is_wrong_at_any_pace(ground):
    """When we look, more or less of what came next has happened to what was made."""
    ground.need_free_registration()
    need_uring()
    for pause_usec in (300, 1000, 3000, 10000, 20000, 30000):
        every_set(ground, "/var/tmp", names=["uring"], pause_usec=pause_usec)
        ground.forget()


if __name__ == "__main__":
    live.main()
