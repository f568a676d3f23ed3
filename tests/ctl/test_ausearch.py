# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsctl search -i beside ausearch(8) on the same audit logs: the same events found, for what both can ask.

ausearch looks at records, fopsctl at operations: compared are events with a system call, and file names as the records have
them. Known to differ, and not asked here: ausearch finds a file by the current directory too (-f), and a directory's name in
any part of a path; fopsctl finds what is below it."""

import os
import re
import shutil
import time

import journal as j
from journal import Skip, check, equal, fopsctl, run

CAPTURES = ("auditd", "failed", "fd", "mixed", "names", "rename")
TIME = 1795315866.670  # of the failed calls, in between

# What ausearch takes, and what fopsctl takes.
SAME = [
    (["-p", "32370"], ["-p", "32370"]),
    (["-pp", "32369"], ["--ppid", "32369"]),
    (["-ui", "65534"], ["-u", "65534"]),
    (["-ui", "0"], ["-u", "0"]),
    (["-ul", "1000"], ["--login-user", "1000"]),
    (["-c", "opsgen"], ["-c", "opsgen"]),
    (["-c", "ops"], ["-c", "ops"]),
    (["-x", "opsgen"], ["-x", "opsgen"]),
    (["-x", "/usr/local/bin/opsgen"], ["-x", "/usr/local/bin/opsgen"]),
    (["-w", "-x", "/srv/opsgen"], ["-w", "-x", "/srv/opsgen"]),
    (["-k", "data"], ["-k", "data"]),
    (["-k", "fopsd"], ["-k", "fopsd"]),
    (["-sv", "yes"], ["--success"]),
    (["-sv", "no"], ["--failed"]),
    (["-sc", "unlinkat"], ["--syscall", "unlinkat"]),
    (["-sc", "rename"], ["--syscall", "rename"]),
    (["-e", "-13"], ["-e", "-13"]),
    (["-e", "-EEXIST"], ["-e", "-EEXIST"]),
    (["-e", "3"], ["-e", "3"]),
    (["--session", "1"], ["--session", "1"]),
    (["-a", "3204"], ["-a", "3204"]),
    (["-f", "secret"], ["-f", "secret"]),
    (["-tm", "pts0"], ["--tty", "pts0"]),
    (["-w", "-f", "/srv/data/failed/secret"], ["-w", "-f", "/srv/data/failed/secret"]),
    (["-ui", "65534", "-sv", "no", "-e", "-EACCES"], ["-u", "65534", "--failed", "-e", "EACCES"]),
]
# The same, with nothing to be found.
NOTHING = [
    (["-w", "-c", "ops"], ["-w", "-c", "ops"]),
    (["-w", "-k", "fopsd"], ["-w", "-k", "fopsd"]),
    (["-w", "-x", "opsgen", "-f", "nosuch"], ["-w", "-x", "/opsgen", "-f", "nosuch"]),
]


def ausearch(log, *options):
    done = run(["ausearch", "--raw", "-if", log, *options], env={**os.environ, "LC_ALL": "C"})
    return sorted(set(re.findall(rb"^(?:node=\S+ )?type=SYSCALL msg=audit\(([0-9.]+:[0-9]+)\)", done.stdout, re.M)))


def search(log, *options):
    result = fopsctl("search", "-o", "json", "-i", log, *options)
    return sorted({entry["FOPSD_EVENT"].encode() for entry in result.entries if "FOPSD_SYSCALL" in entry})


def test_the_same_events_are_found(jr):
    if not shutil.which("ausearch"):
        raise Skip("no ausearch")
    content = b""
    for name in CAPTURES:
        with open(os.path.join(j.DATA, name + ".log"), "rb") as f:
            content += f.read()
    # Nobody was logged in when they were made. Somebody now was, for one.
    content = re.sub(rb"(pid=25294) auid=4294967295 (.*) tty=\(none\) ses=4294967295",
                     rb"\1 auid=1000 \2 tty=pts0 ses=1", content)
    log = jr.file("audit.log", content)
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(TIME))
    # The form of %x in the C locale.
    date, clock = time.strftime("%m/%d/%y", time.localtime(TIME)), time.strftime("%H:%M:%S", time.localtime(TIME))
    pairs = [*SAME, *NOTHING, (["-ts", date, clock], ["-S", stamp]),
             (["-te", date, clock, "-p", "32370"], ["-U", stamp + ".999", "-p", "32370"])]
    faults = []
    for theirs, ours in pairs:
        a, b = ausearch(log, *theirs), search(log, *ours)
        # A question without an answer proves nothing, unless it is meant to have none.
        equal(bool(a), (theirs, ours) not in NOTHING, f"something found by {theirs}")
        if a != b:
            faults.append(f"{theirs}: {len(a)} of ausearch, {len(b)} of fopsctl; only there {sorted(set(a) - set(b))[:5]}, "
                          f"only here {sorted(set(b) - set(a))[:5]}")
    check(not faults, "\n" + "\n".join(faults))


if __name__ == "__main__":
    j.main()
