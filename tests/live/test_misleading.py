#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the text in the records is not the way to the file: symlinked directories, a chroot, another mount namespace, and
descriptors of files that are renamed and removed while they are open. The path may be absent, never wrong.

Here fopsd has the time to look while the process and the file are there; test_gone.py leaves it none."""

import os
import subprocess

import live
from test_operations import MISLEADING, every_set
from test_truth import wait_until_indexed

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


# Makes a nameless file in the directory that is named, from the root that is named before; stays a while, or not.
NAMELESS = """
import os, sys, time
os.chroot(sys.argv[1])
os.open(sys.argv[2], os.O_TMPFILE | os.O_RDWR)
time.sleep(float(sys.argv[3]))
"""


def test_the_directory_of_a_nameless_file(ground):
    ground.need_free_registration()
    tree = ground.tree()
    os.makedirs(f"{tree}/c{tree}")
    os.mkdir(f"{tree}/real")
    os.symlink("real", f"{tree}/link")
    # So that nothing above is as young as what follows.
    live.time.sleep(0.1)
    daemon = ground.watching(tree)
    wait_until_indexed(ground, daemon)

    def told(*args):
        process = subprocess.Popen(["python3", "-S", "-c", NAMELESS, *args])
        live.equal(process.wait(), 0, f"exit code with {args}")
        live.time.sleep(0.5)
        made = [e.one("FOPSD_DIR") for e in live.operations(ground.entries(f"FOPSD_PID={process.pid}")) if e.text("FOPSD_OP") == "create"]
        live.equal(len(made), 1, f"entries of {args}")
        return made[0]

    real = os.fsencode(f"{tree}/real")
    live.equal(told("/", f"{tree}/real", "1"), real, "directory")
    live.equal(told("/", f"{tree}/link", "1"), real, "directory through a symlink")
    live.check(told("/", f"{tree}/link", "0") in (None, real), "the symlink's name is told of a process that is gone")
    # Another directory of that name, in a chroot.
    live.equal(told(f"{tree}/c", tree, "1"), None, "directory in a chroot")
    live.equal(told(f"{tree}/c", tree, "0"), None, "directory in a chroot of a process that is gone")
    daemon.stop()


if __name__ == "__main__":
    live.main()
