# SPDX-License-Identifier: GPL-2.0-or-later
"""While events flow: what fopsd costs an event, and what being audited costs the program; beside a bare reader of the socket, auditd,
and a bare loop of sd_journal_sendv(3) with the fields of fopsd's own entries. And who it is that needs the processors then."""

import collections
import os
import signal
import subprocess
import time

from bench import Ground, Row, alternate, cpu_seconds, live, median, run, tool

KERNEL = "kernel = { backlog_limit = 16384; backlog_wait_time = 60000; };"
QUIET_SECONDS = 0.3
# journald stores a value once: alike entries would cost it less than fopsd's do.
ENTRIES_SENT = 30_000
# Operations that find room in the ring.
FILLING = 40_000


def wait_until_quiet(pid):
    """Until a process has done what there was to do."""
    used = -1.0
    while used != cpu_seconds(pid):
        used = cpu_seconds(pid)
        time.sleep(QUIET_SECONDS)
    return used


def pid_of(name):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with open(f"/proc/{pid}/comm") as f:
            if f.read() == name + "\n":
                return int(pid)
    raise live.Failure(f"there is no {name}")


def thread_usecs(pid):
    """What each thread of a process has had of the processors: its name → µs."""
    used = collections.Counter()
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm") as name, open(f"/proc/{pid}/task/{task}/schedstat") as schedstat:
            used[name.read().rstrip()] += int(schedstat.read().split()[0]) / 1000
    return used


def own_fields(entry):
    return b"".join(name.encode() + b"=" + value + b"\n" for name, values in entry.items() for value in values
                    if name.startswith("FOPSD_") or name in ("MESSAGE", "MESSAGE_ID", "PRIORITY", "SYSLOG_IDENTIFIER"))


class Bench:
    def __init__(self, ground, options):
        self.ground, self.n = ground, options.operations
        self.entries = b""
        self.parties = collections.defaultdict(list)

    def work(self, tree):
        """Microseconds an operation, two events a file."""
        return float(run(tool("bench-calls"), "work", str(self.n // 2), tree, stdout=subprocess.PIPE).output)

    def audited(self, pid, tree):
        """The program's µs an operation, and the reader's CPU µs an event."""
        before = wait_until_quiet(pid)
        usec = self.work(tree)
        return usec, (wait_until_quiet(pid) - before) * 1e6 / self.n

    def rule(self, tree):
        self.ground.audit.set(backlog_limit=16384, backlog_wait_time=60000)
        self.ground.audit.add(live.rule(dir=tree, perm="wa", key=live.TEST_KEY))

    def by_nobody(self):
        return self.work(self.ground.tree("/dev/shm")), 0.0

    def by_reader(self):
        tree = self.ground.tree("/dev/shm")
        reader = subprocess.Popen([tool("bench-reader")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.ground.running.append(reader)
        live.equal(reader.stderr.readline(), b"ready\n", "first word of bench-reader")
        self.rule(tree)
        figures = self.audited(reader.pid, tree)
        self.ground.restore()
        reader.terminate()
        reader.wait()
        return figures

    def by_auditd(self):
        tree = self.ground.tree("/dev/shm")
        auditd = self.ground.auditd()
        self.rule(tree)
        figures = self.audited(auditd.process.pid, tree)
        self.ground.restore()
        auditd.kill()
        return figures

    def usecs(self, daemon):
        """Of all who have a part in it but the program."""
        return thread_usecs(daemon.pid) + thread_usecs(self.ground.journald.pid) + thread_usecs(pid_of("kauditd"))

    def by_fopsd(self):
        tree = self.ground.tree("/dev/shm")
        daemon = self.ground.watching(tree, ops="write", extra=KERNEL)
        before = self.usecs(daemon)
        figures = self.audited(daemon.pid, tree)
        for name, usec in (self.usecs(daemon) - before).items():
            self.parties[name].append(usec / self.n)
        daemon.stop()
        if not self.entries:
            self.entries = b"\n".join(map(own_fields, live.operations(self.ground.entries())[:ENTRIES_SENT]))
        self.ground.forget()
        return figures

    def by_ring(self):
        """As long as journald takes nothing: into the ring is all the way there is."""
        tree = self.ground.tree("/dev/shm")
        daemon = self.ground.watching(tree, ops="write", extra=KERNEL)
        self.ground.journald.send_signal(signal.SIGSTOP)
        usec = float(run(tool("bench-calls"), "work", str(FILLING // 2), tree, stdout=subprocess.PIPE).output)
        self.ground.journald.send_signal(signal.SIGCONT)
        daemon.stop()
        self.ground.forget()
        return usec, 0.0

    def send(self, n):
        """The sender's µs and CPU µs an entry."""
        path = os.path.join(self.ground.private, "entries")
        with open(path, "wb") as f:
            f.write(self.entries)
        with open(path, "rb") as f:
            used = run(tool("bench-send"), str(n), stdin=f)
        return used.wall * 1e6 / n, used.cpu * 1e6 / n

    def by_sender(self):
        figures = self.send(self.n)
        self.ground.forget()
        return figures


def rows(options):
    with Ground() as ground:
        ground.need_free_registration()
        bench = Bench(ground, options)
        bench.by_fopsd()  # whose entries are then sent
        figures = alternate(options.rounds, {
            "not audited": bench.by_nobody,
            "bare reader": bench.by_reader,
            "auditd to a file": bench.by_auditd,
            "fopsd": bench.by_fopsd,
            "fopsd, journald stopped": bench.by_ring,
            "bare sender": bench.by_sender,
        })
        usec = {name: median(f[0] for f in of) for name, of in figures.items()}
        cpu = {name: median(f[1] for f in of) for name, of in figures.items()}
        yield Row("live, from socket to journal: CPU an event", "µs", cpu["fopsd"],
                  {"bare reader and bare sender": cpu["bare reader"] + cpu["bare sender"], "bare reader": cpu["bare reader"],
                   "bare sd_journal_sendv": cpu["bare sender"], "auditd to a file": cpu["auditd to a file"]})
        yield Row("the audited program, an operation", "µs", usec["fopsd"],
                  {name: usec[name] for name in ("bare reader", "auditd to a file", "not audited")})
        yield Row("the same while journald takes nothing, so that all goes to the ring", "µs", usec["fopsd, journald stopped"],
                  {"bare reader": usec["bare reader"]})
        parties = {name: median(of) for name, of in bench.parties.items()}
        yield Row("who needs the processors meanwhile: all but the program, an operation", "µs", sum(parties.values()), parties)
