# SPDX-License-Identifier: GPL-2.0-or-later
"""Resident memory: idle, and with the index of a large tree; how long that takes beside `find` over the same tree."""

import os
import subprocess
import time

from bench import Ground, Row, alternate, live, median, resident_kib, run

FILES_A_DIRECTORY = 10
SECONDS = 600


def make(top, n):
    """Ten files a directory, ten directories in each."""
    directories = [top]
    for i in range(1, n // (FILES_A_DIRECTORY + 1)):
        directories.append(f"{directories[(i - 1) // 10]}/directory-{i}")
        os.mkdir(directories[-1])
    for directory in directories:
        fd = os.open(directory, os.O_PATH)
        for i in range(FILES_A_DIRECTORY):
            os.close(os.open(f"some-file-{i}.txt", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
        os.close(fd)


def idle_fopsd(ground):
    daemon = ground.watching(ground.tree("/dev/shm"))
    kib = resident_kib(daemon.pid)
    daemon.stop()
    return kib / 1024


def idle_auditd(ground):
    auditd = ground.auditd()
    kib = resident_kib(auditd.process.pid)
    auditd.kill()
    return kib / 1024


def index(ground, tree, n, idle_mib):
    """Seconds until ready, and until indexed, and bytes an entry."""
    ground.forget()
    live.equal(ground.entries("FOPSD_STATE=indexed"), [], "entries about an index, before there is one")
    start = time.monotonic()
    daemon = ground.watching(tree, extra=f"index = {{ max_entries = {n + n // 10}; }};")
    ready = time.monotonic() - start
    while not ground.entries("FOPSD_STATE=indexed"):
        live.check(time.monotonic() < start + SECONDS, f"not indexed in {SECONDS} s")
        time.sleep(0.02)
    seconds = time.monotonic() - start
    size = (resident_kib(daemon.pid) / 1024 - idle_mib) * 2**20 / n
    daemon.stop()
    return ready, seconds, size


def rows(options):
    n = options.files
    with Ground() as ground:
        ground.need_free_registration()
        idle = alternate(options.rounds, {"fopsd": lambda: idle_fopsd(ground), "auditd": lambda: idle_auditd(ground)})
        yield Row("resident, idle", "MiB", median(idle["fopsd"]), {"auditd": median(idle["auditd"])})

        tree = ground.tree("/dev/shm")
        make(tree, n)
        figures = alternate(options.rounds, {
            "find": lambda: run("find", tree, "-printf", "%i %p\\n", stdout=subprocess.DEVNULL).wall,
            "fopsd": lambda: index(ground, tree, n, median(idle["fopsd"])),
        })
        yield Row(f"index of {n:,} files and directories", "s", median(f[1] for f in figures["fopsd"]), {"find": median(figures["find"])})
        yield Row("until ready, with that tree", "ms", 1000 * median(f[0] for f in figures["fopsd"]), {})
        yield Row("its memory, a file or directory", "bytes", median(f[2] for f in figures["fopsd"]), {})
