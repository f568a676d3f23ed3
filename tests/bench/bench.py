# SPDX-License-Identifier: GPL-2.0-or-later
"""What the rows of tests/bench/run have in common: one contender after another, several times around, and the medians.

A row module has a function rows(options) that yields Rows. FOPS_BUILD names the build."""

import collections
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../live"))
import live  # noqa: E402

Usage = collections.namedtuple("Usage", "cpu wall output")


class Row(collections.namedtuple("Row", "measure unit fopsd beside note", defaults=("",))):
    """@fopsd: the figure; @beside: name → figure of what was run in the same minutes."""


class Ground(live.Live):
    """As the live tests', but with the queue that journald has where systemd is init."""

    QLEN = "/proc/sys/net/unix/max_dgram_qlen"

    def _start_journald(self):
        with open(self.QLEN) as f:
            self.qlen = f.read()
        with open(self.QLEN, "w") as f:
            f.write("512")
        super()._start_journald()

    def __exit__(self, *details):
        if hasattr(self, "qlen"):
            with open(self.QLEN, "w") as f:
                f.write(self.qlen)
        super().__exit__(*details)


def tool(name):
    return os.path.join(live.BUILD, "tests/bench", name)


def median(values):
    return statistics.median(values)


def run(*command, **options):
    """A command from start to end: its CPU seconds, the clock's, its output if it is asked for."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.DEVNULL)
    start = time.monotonic()
    process = subprocess.Popen(command, **options)
    output = process.stdout.read() if process.stdout else b""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stdout:
        process.stdout.close()
    if process.returncode != 0:
        raise live.Failure(f"{command[0]} ended with {process.returncode}")
    return Usage(used.ru_utime + used.ru_stime, time.monotonic() - start, output)


def peak_mib(*command, **options):
    """A command's greatest memory. By its own account: getrusage(2) would count what it was forked from."""
    options.setdefault("stdin", subprocess.DEVNULL)
    kib = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, **options) as process:
        while process.poll() is None:
            with open(f"/proc/{process.pid}/status") as f:
                kib = max([kib, *(int(line.split()[1]) for line in f if line.startswith("VmHWM:"))])
            time.sleep(0.005)
    return kib / 1024


def alternate(rounds, contenders):
    """Each contender in turn, @rounds times; name → the list of what each call gave."""
    results = collections.defaultdict(list)
    for _ in range(rounds):
        for name, contender in contenders.items():
            results[name].append(contender())
    return results


def cpu_seconds(pid):
    """Of a running process, its threads included."""
    with open(f"/proc/{pid}/stat", "rb") as f:
        fields = f.read().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))
