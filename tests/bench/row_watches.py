# SPDX-License-Identifier: GPL-2.0-or-later
"""What many watches cost: system calls that match none of them, the start, a reload."""

import collections
import itertools
import json
import os
import subprocess
import time

from bench import Ground, Row, alternate, live, median, run, tool

COUNTS = (20, 200, 1000)
# Removing a rule takes the kernel a grace period, some 14 ms: so many rules of auditctl's are enough once.
MANY = 1000
# Each with other operations, so that no two can share rules.
DIFFERENT = [list(pair) for pair in itertools.combinations(("create", "delete", "rename", "chmod", "chown", "setxattr", "link"), 2)][:20]
NOBODY = 65534
CALLS = ("getppid", "read", "stat")
CALLS_A_ROUND = 100_000

Watched = collections.namedtuple("Watched", "calls ready reload stop")


class Watches:
    def __init__(self, ground):
        self.ground = ground
        self.top = ground.tree("/dev/shm")
        self.paths = [f"{self.top}/directory-{i}" for i in range(max(COUNTS) + 1)]
        for path in self.paths:
            os.mkdir(path)

    def calls(self):
        """Nanoseconds of each of CALLS, of a user who isn't fopsd's: the rule that keeps fopsd out of its own records asks no more then."""
        return [float(run(tool("bench-calls"), call, str(CALLS_A_ROUND), stdout=subprocess.PIPE, user=NOBODY).output) for call in CALLS]

    def no_rules(self):
        self.ground.audit.set(enabled=1)
        return Watched(self.calls(), 0, 0, 0)

    def by_rules(self, n):
        """As `auditctl -w` makes them."""
        self.ground.audit.set(enabled=1)
        start = time.monotonic()
        for path in self.paths[:n]:
            self.ground.audit.add(live.rule(dir=path, perm="wa", key=live.TEST_KEY))
        ready = time.monotonic() - start
        calls = self.calls()
        start = time.monotonic()
        self.ground.restore()
        return Watched(calls, ready, 0, time.monotonic() - start)

    def config(self, n, last, ops=None):
        paths = [*self.paths[:n - 1], last]
        watches = ",\n".join(f'{{ path = "{p}"; key = "live"; ops = {json.dumps(ops[i] if ops else ["write", "attr"])}; }}'
                             for i, p in enumerate(paths))
        return f"watches = (\n{watches}\n);\ncanary = {{ startup = false; }};\n"

    def by_fopsd(self, n, ops=None):
        """Then one of the watches becomes another."""
        path = self.ground.config(self.config(n, self.paths[n - 1], ops))
        start = time.monotonic()
        daemon = self.ground.fopsd("-c", path, "--source", "daemon")
        ready = time.monotonic() - start
        calls = self.calls()
        with open(path, "w") as f:
            f.write(self.config(n, self.paths[n], ops))
        start = time.monotonic()
        daemon.reload()
        reload = time.monotonic() - start
        start = time.monotonic()
        daemon.stop()
        return Watched(calls, ready, reload, time.monotonic() - start)


def rows(options):
    live.STOP_SECONDS = 300
    with Ground() as ground:
        ground.need_free_registration()
        watches = Watches(ground)
        figures = alternate(options.rounds, {
            "auditing on, no rules": watches.no_rules,
            "fopsd": lambda: watches.by_fopsd(len(DIFFERENT), DIFFERENT),
        })
        yield Row(f"getppid(), beside {len(DIFFERENT)} watches of which no two are alike", "ns", median(f.calls[0] for f in figures["fopsd"]),
                  {"auditing on, no rules": median(f.calls[0] for f in figures["auditing on, no rules"])})
        for n in COUNTS:
            figures = alternate(1 if n >= MANY else options.rounds, {
                "auditing on, no rules": watches.no_rules,
                "fopsd": lambda n=n: watches.by_fopsd(n),
                "rules as of auditctl -w": lambda n=n: watches.by_rules(n),
            })
            for i, call in enumerate(CALLS):
                values = {name: median(f.calls[i] for f in of) for name, of in figures.items()}
                yield Row(f"{call}(), beside {n} watches", "ns", values.pop("fopsd"), values)

            def msec(name, what):
                return 1000 * median(getattr(f, what) for f in figures[name])

            yield Row(f"start to ready, {n} watches", "ms", msec("fopsd", "ready"),
                      {"adding rules as of auditctl -w": msec("rules as of auditctl -w", "ready")})
            yield Row(f"reload, one of {n} watches changed", "ms", msec("fopsd", "reload"), {})
            yield Row(f"stop, {n} watches", "ms", msec("fopsd", "stop"),
                      {"removing those rules": msec("rules as of auditctl -w", "stop")})
