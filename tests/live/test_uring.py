#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests through io_uring, which pass every ordinary watch without a record."""

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


def test_on_the_root_file_system(ground):
    ground.need_free_registration()
    need_uring()
    every_set(ground, "/var/tmp", names=["uring"])


def test_on_tmpfs(ground):
    ground.need_free_registration()
    need_uring()
    every_set(ground, "/dev/shm", names=["uring"])


if __name__ == "__main__":
    live.main()
