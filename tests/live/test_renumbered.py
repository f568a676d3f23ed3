#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""File systems that give a file another inode number when they meet it again, as fat does: no path is wrong, and one that is told by
its name alone says so."""

import os
import shutil
import signal
import subprocess

import live
from test_truth import wait_until_indexed

IMAGE_BYTES = 64 << 20
TOOLS = {"vfat": ("mkfs.vfat", "mount"), "exfat": ("mkfs.exfat", "mount.exfat-fuse")}


def mounted(ground, kind):
    """A fresh file system on a loop device."""
    make, mount = TOOLS[kind]
    if not shutil.which(make) or not shutil.which(mount):
        raise live.Skip(f"no {make} or {mount}")
    directory = os.path.realpath(ground.directory("/var/tmp"))
    image, point = f"{directory}/image", f"{directory}/{kind}"
    with open(image, "wb") as f:
        f.truncate(IMAGE_BYTES)
    subprocess.run([make, image], check=True, stdout=subprocess.DEVNULL)
    os.mkdir(point)
    done = subprocess.run(["losetup", "--find", "--show", image], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise live.Skip("no loop device")
    device = done.stdout.strip()
    done = subprocess.run([mount, device, point], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # It goes with the last mount.
    subprocess.run(["losetup", "--detach", device], check=True)
    if done.returncode != 0:
        raise live.Skip(f"can't mount {kind} here")
    ground.mounts.append(point)
    return point


def work(top):
    """By whole names and in the current directory; returns what was done, as (operation, path, new path)."""
    for command in (["touch", f"{top}/a/b/f"], ["touch", "new"], ["mkdir", f"{top}/a/d"], ["mv", f"{top}/a/d", f"{top}/a/e"],
                    ["rm", f"{top}/a/b/new"], ["rmdir", f"{top}/a/e"]):
        subprocess.run(command, cwd=f"{top}/a/b", check=True)
    return [("modify", f"{top}/a/b/f", None), ("create", f"{top}/a/b/new", None), ("mkdir", f"{top}/a/d", None),
            ("rename", f"{top}/a/d", f"{top}/a/e"), ("delete", f"{top}/a/b/new", None), ("rmdir", f"{top}/a/e", None)]


def renumber(top):
    subprocess.run(["sync"], check=True)
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as f:
        f.write("2")
    return {path: os.lstat(path).st_ino for path, _, _ in os.walk(top)}


def on(ground, kind):
    ground.need_free_registration()
    top = mounted(ground, kind) + "/data"
    os.makedirs(f"{top}/a/b")
    with open(f"{top}/a/b/f", "w", encoding="ascii"):
        pass
    before = renumber(top)
    daemon = ground.watching(top)
    wait_until_indexed(ground, daemon)
    done = work(top)

    # The numbers in these records the index never heard of, and when fopsd sees them they are nobody's any more.
    deadline = live.time.monotonic() + live.READY_SECONDS
    while len(live.operations(ground.entries("FOPSD_OP=rmdir"))) < 1:
        live.check(live.time.monotonic() < deadline, "the first part doesn't come")
        live.time.sleep(0.05)
    daemon.process.send_signal(signal.SIGSTOP)
    renumber(top)
    done += work(top)
    after = renumber(top)
    daemon.process.send_signal(signal.SIGCONT)
    daemon.stop()

    if after[f"{top}/a/b"] == before[f"{top}/a/b"]:
        raise live.Skip(f"{kind} keeps its numbers here")
    # mv asks for what not every file system can, before it asks for less.
    entries = [e for e in live.operations(ground.entries()) if e.text("FOPSD_CLASS") == "write" and e.text("FOPSD_RESULT") == "success"]
    live.equal([(e.text("FOPSD_OP"), e.text("FOPSD_PATH"), e.text("FOPSD_NEW_PATH")) for e in entries], done, "what was done")
    sources = [e.text("FOPSD_PATH_SOURCE") for e in entries]
    live.equal(sources[:6], ["index"] * 6, "sources as long as the numbers are known")
    live.equal(sources[6:], ["joined"] * 6, "sources when they aren't")


def test_fat(ground):
    on(ground, "vfat")


def test_exfat_by_fuse(ground):
    on(ground, "exfat")


if __name__ == "__main__":
    live.main()
