#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the text in the records is not the way to the file: symlinked directories, a chroot, another mount namespace, and
descriptors of files that are renamed and removed while they are open. The path may be absent, never wrong.

Here fopsd has the time to look while the process and the file are there; test_gone.py leaves it none."""

import live
from test_operations import MISLEADING, every_set

# An operation is in fopsd's hands within a fraction of this.
PAUSE_USEC = 5000


def test_on_the_root_file_system(ground):
    ground.need_free_registration()
    every_set(ground, "/var/tmp", names=MISLEADING, pause_usec=PAUSE_USEC)


def test_on_tmpfs(ground):
    ground.need_free_registration()
    every_set(ground, "/dev/shm", names=MISLEADING, pause_usec=PAUSE_USEC)


def test_descriptors_while_they_are_open(ground):
    ground.need_free_registration()
    every_set(ground, "/var/tmp", names=["dirfd", "dirfd-deep", "mixed"], pause_usec=PAUSE_USEC)


if __name__ == "__main__":
    live.main()
