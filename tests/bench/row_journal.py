# SPDX-License-Identifier: GPL-2.0-or-later
"""Entries into journald: how many a second, and how soon after the call the entry can be read."""

import subprocess
import time

from bench import Ground, Row, alternate, live, median, run, tool
from row_live import KERNEL, Bench

ALONE = 200


def synced(start):
    """Seconds until journald has all that was sent."""
    subprocess.run(["journalctl", "--sync"], check=True)
    return time.monotonic() - start


def by_fopsd(ground, n):
    tree = ground.tree("/dev/shm")
    daemon = ground.watching(tree, ops="write", extra=KERNEL)
    start = time.monotonic()
    run(tool("bench-calls"), "work", str(n // 2), tree)
    daemon.stop()
    rate = n / synced(start)
    ground.forget()
    return rate


def by_sender(ground, bench, n):
    start = time.monotonic()
    bench.send()
    rate = n / synced(start)
    ground.forget()
    return rate


def latency(ground):
    tree = ground.tree("/dev/shm")
    daemon = ground.watching(tree, ops="write")
    usec = float(run(tool("bench-latency"), str(ALONE), tree, stdout=subprocess.PIPE).output.split()[0])
    daemon.stop()
    ground.forget()
    return usec


def rows(options):
    with Ground() as ground:
        ground.need_free_registration()
        bench = Bench(ground, options)
        bench.by_fopsd()
        figures = alternate(options.rounds, {
            "fopsd": lambda: by_fopsd(ground, options.operations),
            "bare sd_journal_sendv": lambda: by_sender(ground, bench, options.operations),
            "latency": lambda: latency(ground) / 1000,
        })
        yield Row("entries into journald", "/s", median(figures["fopsd"]),
                  {"bare sd_journal_sendv": median(figures["bare sd_journal_sendv"])})
        yield Row(f"from the call's return to the entry readable, median of {ALONE}", "ms", median(figures["latency"]), {})
