#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Three trees of 50,000 files in 5,000 directories, each removed by an `rm -rf` of its own, all at once: 165,000 removals by
descriptors of directories, each in the journal once and by its true path."""

import collections
import os
import subprocess

import live
from test_truth import make_names, wait_until_indexed

TREES = 3
DIRECTORIES = 5000
FILES = 10


def test_three_at_once(ground):
    ground.need_free_registration()
    tree = ground.tree("/dev/shm")
    expected = collections.Counter()
    for i in range(TREES):
        top = f"{tree}/{i}"
        os.mkdir(top)
        for path, is_directory in make_names(top, DIRECTORIES, FILES):
            expected["rmdir" if is_directory else "delete", path] += 1
        expected["rmdir", os.fsencode(top)] += 1

    start = live.time.monotonic()
    # The three make records faster than journald takes entries: all that the kernel has to hold meanwhile has its place, or it
    # loses some once its own queue for what the socket wouldn't take runs over.
    daemon = ground.watching(
        tree,
        extra="kernel = { backlog_limit = 65536; backlog_wait_time = 60000; }; source = { buffer_mib = 1024; };",
    )
    wait_until_indexed(ground, daemon)
    lost = ground.audit.status()["lost"]
    indexed = live.time.monotonic()
    # Forked from here, so that nothing else in it is recorded.
    running = [subprocess.Popen(["rm", "-rf", f"{tree}/{i}"]) for i in range(TREES)]
    for process in running:
        live.equal(process.wait(), 0, "exit code of rm")
    removed = live.time.monotonic()
    daemon.stop()
    stopped = live.time.monotonic()
    live.equal(ground.audit.status()["lost"], lost, "records the kernel lost")

    entries = ground.entries(fields=["FOPSD_KIND", "FOPSD_OP", "FOPSD_EVENT", "FOPSD_PATH", "FOPSD_PATH_SOURCE", "FOPSD_RESULT",
                                     "FOPSD_GAP_CAUSE", "MESSAGE"])
    live.equal([e.text("MESSAGE") for e in live.losses(entries)], [], "gaps")
    done = [e for e in live.operations(entries) if e.text("FOPSD_OP") in ("delete", "rmdir")]
    print(f"  {sum(expected.values())} removals: indexed in {indexed - start:.1f} s, removed in {removed - indexed:.1f} s, "
          f"all in the journal {stopped - indexed:.1f} s after the start; sources "
          f"{dict(collections.Counter(e.text('FOPSD_PATH_SOURCE') for e in done))}")
    live.equal(len({e.one("FOPSD_EVENT") for e in done}), len(done), "events of their own")
    live.equal({e.text("FOPSD_RESULT") for e in done}, {"success"}, "results")
    said = collections.Counter((e.text("FOPSD_OP"), e.one("FOPSD_PATH")) for e in done)
    missing, extra = expected - said, said - expected
    live.check(not missing and not extra, f"{sum(missing.values())} removals not there, {sum(extra.values())} that were not: "
               f"{list(missing.items())[:5]} {list(extra.items())[:5]}")


if __name__ == "__main__":
    live.main()
