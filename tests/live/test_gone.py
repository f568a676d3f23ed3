#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_misleading.py at full speed: by the time that fopsd looks, process and file are gone, and only what it has learnt of the
tree before can tell the way."""

import live
from test_operations import MISLEADING, every_set


def test_on_the_root_file_system(ground):
    ground.need_free_registration()
    every_set(ground, "/var/tmp", names=MISLEADING)


def test_on_tmpfs(ground):
    ground.need_free_registration()
    every_set(ground, "/dev/shm", names=MISLEADING)


if __name__ == "__main__":
    live.main()
