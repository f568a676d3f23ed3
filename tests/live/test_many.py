#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A hundred thousand operations at full speed through the real journal: as many entries, each once. When the journal is
slower than the kernel, the processes wait; nothing is lost."""

import collections
import json
import subprocess
import time

import live

N = 100_000


def many(ground, mode, n, processes=1):
    tree = ground.tree("/dev/shm")
    daemon = ground.watching(tree, mode=mode, extra="kernel = { backlog_limit = 8192; backlog_wait_time = 60000; };")
    live.equal(ground.audit.status()["backlog_limit"], 8192, "backlog_limit")
    lost = ground.audit.status()["lost"]
    expected = collections.Counter()

    start = time.monotonic()
    running = []
    for i in range(processes):
        subprocess.run(["mkdir", f"{tree}/{i}"], check=True)
        expected["mkdir"] += 1
        running.append(subprocess.Popen([live.OPSGEN, "many", str(n // processes), f"{tree}/{i}"], stdout=subprocess.PIPE,
                                        text=True))
    for process in running:
        counts = json.loads(process.communicate()[0])
        pid = counts.pop("pid")
        live.equal(process.returncode, 0, f"exit code of opsgen {pid}")
        expected.update(counts)
    generated = time.monotonic()
    daemon.stop()
    stopped = time.monotonic()

    entries = ground.entries(fields=["FOPSD_KIND", "FOPSD_OP", "FOPSD_EVENT", "FOPSD_PATH", "FOPSD_GAP_CAUSE", "MESSAGE"])
    read = time.monotonic()
    print(f"  {n} operations of {processes}: made in {generated - start:.1f} s, all in the journal {stopped - start:.1f} s after the start, "
          f"read back in {read - stopped:.1f} s")
    gaps = [e.text("MESSAGE") for e in live.losses(entries)]
    live.equal(gaps, [], "gaps")
    live.equal(ground.audit.status()["lost"], lost, "records the kernel lost")
    done = live.operations(entries)
    counts = collections.Counter(e.text("FOPSD_OP") for e in done)
    live.equal(dict(counts), dict(expected), "operations")
    live.equal(len({e.one("FOPSD_EVENT") for e in done}), len(done), "events of their own")
    # Each round has a name of its own, so a path that were mixed up with another's would show.
    paths = collections.Counter((e.text("FOPSD_OP"), e.one("FOPSD_PATH")) for e in done)
    live.equal(max(paths.values()), 1, "entries for the same operation on the same path")
    live.check(all(e.one("FOPSD_PATH") is not None for e in done), "an entry without a path")


def test_daemon(ground):
    ground.need_free_registration()
    many(ground, "daemon", N)


def test_daemon_two_processes(ground):
    ground.need_free_registration()
    many(ground, "daemon", N // 2, 2)


if __name__ == "__main__":
    live.main()
