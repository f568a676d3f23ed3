# SPDX-License-Identifier: GPL-2.0-or-later
"""Entries into journald: how many a second, and how soon after the call the entry can be read."""

import json
import signal
import subprocess
import time

from bench import Ground, Row, alternate, live, median, run, tool
from row_live import KERNEL, Bench

ALONE = 200
# What the ring holds, of the events of bench-calls, before it makes programs wait.
FULL = 30_000


def seconds_since(start):
    """From a time of the clock until journald took the last operation's entry."""
    subprocess.run(["journalctl", "--sync"], check=True)
    last = run("journalctl", "-D", "/run/log/journal", "--quiet", "-n", "1", "-o", "json", "FOPSD_KIND=operation", stdout=subprocess.PIPE)
    return int(json.loads(last.output)["__REALTIME_TIMESTAMP"]) / 1e6 - start


def by_fopsd(ground, n):
    tree = ground.tree("/dev/shm")
    daemon = ground.watching(tree, ops="write", extra=KERNEL)
    start = time.time()
    run(tool("bench-calls"), "work", str(n // 2), tree)
    daemon.stop()
    rate = n / seconds_since(start)
    ground.forget()
    return rate


def from_full(ground, n):
    """Of what came while journald was stopped, when nobody makes more: fopsd and journald have the processors to themselves, as has the
    bare sender."""
    tree = ground.tree("/dev/shm")
    daemon = ground.watching(tree, ops="write", extra=KERNEL)
    ground.journald.send_signal(signal.SIGSTOP)
    run(tool("bench-calls"), "work", str(n // 2), tree)
    start = time.time()
    ground.journald.send_signal(signal.SIGCONT)
    daemon.stop()
    rate = n / seconds_since(start)
    ground.forget()
    return rate


def by_sender(ground, bench, n):
    start = time.time()
    bench.send(n)
    rate = n / seconds_since(start)
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
            "from full": lambda: from_full(ground, FULL),
            "bare, as many": lambda: by_sender(ground, bench, FULL),
            "latency": lambda: latency(ground) / 1000,
        })
        yield Row("entries into journald, from a program at full speed", "/s", median(figures["fopsd"]),
                  {"bare sd_journal_sendv": median(figures["bare sd_journal_sendv"])})
        yield Row(f"entries into journald, {FULL:,} that wait in the ring", "/s", median(figures["from full"]),
                  {"bare sd_journal_sendv": median(figures["bare, as many"])})
        yield Row(f"from the call's return to the entry readable, median of {ALONE}", "ms", median(figures["latency"]), {})
