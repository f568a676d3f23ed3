# SPDX-License-Identifier: GPL-2.0-or-later
"""What many watches cost: system calls that match none of them, the start, a reload."""

import os
import subprocess
import time

from bench import Ground, Row, alternate, live, median, run, tool

COUNTS = (20, 200, 1000)
CALLS = ("getppid", "read", "stat")
CALLS_A_ROUND = 100_000


class Watches:
    def __init__(self, ground):
        self.ground = ground
        self.top = ground.tree("/dev/shm")
        self.paths = [f"{self.top}/directory-{i}" for i in range(max(COUNTS) + 1)]
        for path in self.paths:
            os.mkdir(path)

    def calls(self):
        """Nanoseconds of each of CALLS."""
        return [float(run(tool("bench-calls"), call, str(CALLS_A_ROUND), stdout=subprocess.PIPE).output) for call in CALLS]

    def no_rules(self):
        self.ground.audit.set(enabled=1)
        return self.calls()

    def by_rules(self, n):
        """As `auditctl -w` makes them."""
        self.ground.audit.set(enabled=1)
        for path in self.paths[:n]:
            self.ground.audit.add(live.rule(dir=path, perm="wa", key=live.TEST_KEY))
        figures = self.calls()
        self.ground.restore()
        return figures

    def config(self, n, last):
        paths = [*self.paths[:n - 1], last]
        watches = ",\n".join(f'{{ path = "{p}"; key = "live"; }}' for p in paths)
        return f"watches = (\n{watches}\n);\ncanary = {{ startup = false; }};\n"

    def by_fopsd(self, n):
        daemon = self.ground.fopsd("-c", self.ground.config(self.config(n, self.paths[n - 1])), "--source", "daemon")
        figures = self.calls()
        daemon.stop()
        return figures

    def start_and_reload(self):
        """Seconds until ready with the most watches, and until one of them is another."""
        n = max(COUNTS)
        path = self.ground.config(self.config(n, self.paths[n - 1]))
        start = time.monotonic()
        daemon = self.ground.fopsd("-c", path, "--source", "daemon")
        ready = time.monotonic() - start
        with open(path, "w") as f:
            f.write(self.config(n, self.paths[n]))
        start = time.monotonic()
        daemon.reload()
        reloaded = time.monotonic() - start
        daemon.stop()
        return ready, reloaded


def rows(options):
    with Ground() as ground:
        ground.need_free_registration()
        watches = Watches(ground)
        contenders = {"no rules": watches.no_rules, "start": watches.start_and_reload}
        for n in COUNTS:
            contenders[f"fopsd {n}"] = lambda n=n: watches.by_fopsd(n)
            contenders[f"-w {n}"] = lambda n=n: watches.by_rules(n)
        figures = alternate(options.rounds, contenders)
        for n in COUNTS:
            for i, call in enumerate(CALLS):
                yield Row(f"{call}(), beside {n} watches", "ns", median(f[i] for f in figures[f"fopsd {n}"]),
                          {"auditing on, no rules": median(f[i] for f in figures["no rules"]),
                           f"{n} rules as of auditctl -w": median(f[i] for f in figures[f"-w {n}"])})
        yield Row(f"start to ready, {max(COUNTS)} watches", "ms", 1000 * median(f[0] for f in figures["start"]), {})
        yield Row(f"reload, one of {max(COUNTS)} watches changed", "ms", 1000 * median(f[1] for f in figures["start"]), {})
