#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Days of ordinary life compressed into a minute: other watches with every reload, processes that come and go, directories that are
renamed, removed and made again. Memory and descriptors stay what they were. And, if FOPSD_LONG_TESTS is set, a million operations."""

import collections
import itertools
import json
import os
import random
import re
import signal
import statistics
import subprocess
import time

import live

SECONDS = 60
WARM_UP_SECONDS = 20
DIRECTORIES = 12
# What a heap may be torn, and an index filled, beyond what it was after the warm-up.
GROWTH_KIB = 2048


def usage(pid):
    """Of its own, in KiB (the ring is shared memory), and descriptors."""
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"RssAnon:\s+(\d+)", f.read())[1]), len(os.listdir(f"/proc/{pid}/fd"))


def configure(path, directories):
    watches = ", ".join(f'{{ path = "{d}"; ops = ["all"]; key = "k{i}"; }}' for i, d in enumerate(directories))
    with open(path, "w") as f:
        f.write(f"watches = ( {watches} );\ncanary = {{ startup = false; }};\n")


def live_through(tree, chance):
    """What people do in a while, by processes of their own."""
    d = f"{tree}/{chance.randrange(DIRECTORIES)}"
    subprocess.run(["sh", "-c", 'mkdir -p "$1/sub/dir"; for i in 1 2 3 4 5; do echo x > "$1/sub/dir/$i"; mv "$1/sub/dir/$i" "$1/sub/$i.moved"; done; '
                    'chmod 600 "$1"/sub/*.moved; rm -rf "$1/sub"', "sh", d], stderr=subprocess.DEVNULL)
    if chance.random() < 0.3:
        os.rename(d, d + ".away")
        os.rename(d + ".away", d)
    if chance.random() < 0.2:
        subprocess.run(["rm", "-rf", d])
        os.mkdir(d)


def test_memory_and_descriptors_stay_what_they_were(ground):
    ground.need_free_registration()
    tree, chance = ground.tree(), random.Random(1)
    directories = [f"{tree}/{i}" for i in range(DIRECTORIES)]
    for d in directories:
        os.mkdir(d)
    config = ground.config("")
    configure(config, directories)
    daemon = ground.fopsd("-c", config, "--source", "daemon")

    samples, start = [], time.monotonic()
    for n in itertools.count():
        chosen = chance.sample(directories, chance.randint(1, DIRECTORIES))
        configure(config, chosen + [f"{tree}/*/none", f"{tree}/never{n % 7}"])
        daemon.reload()
        for _ in range(10):
            live_through(tree, chance)
        now = time.monotonic() - start
        if now > WARM_UP_SECONDS:
            samples.append(usage(daemon.pid))
        if now > SECONDS:
            break
    configure(config, directories)
    daemon.reload()
    with open(f"{tree}/0/last", "w"):
        pass
    daemon.stop()

    third = max(len(samples) // 3, 1)
    first, last = samples[:third], samples[-third:]
    # A directory that is being scanned is open for that moment; what isn't closed again stays.
    before, after = ((max(s[0] for s in part), statistics.median_high(s[1] for s in part)) for part in (first, last))
    print(f"  {n + 1} reloads; at first at most {before[0]} KiB, and {before[1]} descriptors, at last {after[0]} KiB and {after[1]}")
    live.check(len(samples) >= 3, f"only {len(samples)} samples")
    live.check(after[0] <= before[0] + GROWTH_KIB, f"memory grew from {before[0]} to {after[0]} KiB: {samples}")
    live.check(after[1] <= before[1], f"descriptors became more, from {before[1]} to {after[1]}: {samples}")
    entries = ground.entries("FOPSD_PATH=" + tree + "/0/last")
    live.check(any(e.text("FOPSD_OP") == "create" for e in entries), "after all that, nothing is recorded")


def test_a_million_operations_with_a_journal_that_stands_still_now_and_then(ground):
    if not os.environ.get("FOPSD_LONG_TESTS"):
        raise live.Skip("FOPSD_LONG_TESTS isn't set")
    ground.need_free_registration()
    n, tree = 1_000_000, ground.tree("/dev/shm")
    daemon = ground.watching(tree, extra="kernel = { backlog_limit = 8192; backlog_wait_time = 60000; };")
    lost = ground.audit.status()["lost"]
    start = time.monotonic()
    worker = subprocess.Popen([live.OPSGEN, "many", str(n), tree], stdout=subprocess.PIPE, text=True)
    while worker.poll() is None:
        ground.journald.send_signal(signal.SIGSTOP)
        time.sleep(3)
        ground.journald.send_signal(signal.SIGCONT)
        time.sleep(3)
    made = time.monotonic()
    expected = collections.Counter(json.loads(worker.communicate()[0]))
    del expected["pid"]
    largest = usage(daemon.pid)
    daemon.stop()
    print(f"  {n} operations in {made - start:.0f} s, all delivered after {time.monotonic() - start:.0f} s; {largest[0]} KiB at the end")
    found, entries = collections.Counter(), ground.entries("FOPSD_KIND=gap")
    print(f"  {[e.text('MESSAGE') for e in entries]}")
    live.equal([e.text("MESSAGE") for e in live.losses(entries)], [], "losses")
    live.equal(ground.audit.status()["lost"], lost, "records the kernel lost")
    # A million entries as JSON at once would be too much.
    journal = subprocess.Popen(["journalctl", "-D", "/run/log/journal", "--output=cat", "--output-fields=FOPSD_OP", "--quiet", "--no-pager",
                                "SYSLOG_IDENTIFIER=fopsd", "FOPSD_KIND=operation"], stdout=subprocess.PIPE, text=True)
    for line in journal.stdout:
        found[line.rstrip("\n")] += 1
    live.equal(journal.wait(), 0, "exit code of journalctl")
    live.equal(dict(found), dict(expected), "operations")


if __name__ == "__main__":
    live.main()
