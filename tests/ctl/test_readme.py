# SPDX-License-Identifier: GPL-2.0-or-later
"""Every line of README's table that is about records or configuration, run as it stands there: over records in which things
are called as in the table, in the journal and in /var/log/audit, which is the test's own. Where both tools can do it the same
events are found."""

import collections
import os
import re
import shlex
import shutil
import sys
import time

import journal as j
from journal import FOPSCTL, Skip, check, equal, fopsctl, run

sys.path.insert(0, os.path.join(j.HERE, ".."))
import readme_table

CAPTURES = ("auditd", "failed", "fd", "mixed", "names", "rename")
LOG = "/var/log/audit/audit.log.1"
AVC = (b'type=AVC msg=audit(%s:9000000): avc:  denied  { unlink } for  pid=4711 comm="rm" name="x" dev="vda" ino=7 '
       b"scontext=a_u:a_r:a_t:s0 tcontext=b_u:b_r:b_t:s0 tclass=file permissive=0")
# As the table has them.
CALLED = [(rb"/srv/data/failed/secret", rb"/etc/shadow"), (rb'key="fopsd-live"', rb'key="identity"'), (rb"\buid=65534\b", rb"uid=1000"),
          (rb'exe="/srv/opsgen"', rb'exe="/usr/bin/rm"'), (rb'comm="opsgen" (exe="/usr/bin/rm")', rb'comm="rm" \1'),
          (rb"\bppid=32369\b", rb"ppid=4700"), (rb"\bpid=32370\b", rb"pid=4711"),
          (rb"(pid=25294) auid=4294967295 (.*) tty=\(none\) ses=4294967295", rb"\1 auid=1000 \2 tty=pts0 ses=3")]


def records():
    """The log, in order: the last of its events a minute ago, the first more than an hour. Those of one capture have a node's
    name."""
    parts = []
    for name in CAPTURES:
        with open(os.path.join(j.DATA, name + ".log"), "rb") as f:
            content = f.read()
        parts.append(re.sub(rb"^type=", b"node=web1 type=", content, flags=re.M) if name == "mixed" else content)
    content = b"".join(sorted(parts, key=lambda part: re.search(rb"audit\((\d+)", part)[1]))
    for pattern, replacement in CALLED:
        content, n = re.subn(pattern, replacement, content)
        check(n, f"nothing is called {pattern}")
    shift = int(time.time()) - 60 - max(int(t) for t in re.findall(rb"audit\((\d+)\.", content))
    content = re.sub(rb"audit\((\d+)\.", lambda m: b"audit(%d." % (int(m[1]) + shift), content)
    return content + AVC % (b"%.3f" % (time.time() - 60)) + b"\n"


def fill(jr, content):
    """Log and journal with the same, the journal's entries with their records, as journal.fields = "full" has them."""
    os.makedirs(os.path.dirname(LOG), exist_ok=True)
    with open(LOG, "wb") as f:
        f.write(content)
    os.chmod(LOG, 0o600)
    of_event = collections.defaultdict(list)
    for line in content.splitlines():
        of_event[re.search(rb"audit\(([0-9.]+:[0-9]+)\)", line)[1]].append(("FOPSD_RECORD", line))
    entries = [j.fields_of(line) for line in fopsctl("decode", "-o", "json", LOG).lines]
    for entry in entries:
        if not any(name == "FOPSD_RECORD" for name, _ in entry):
            entry += of_event[dict(entry)["FOPSD_EVENT"]]
    jr.send(*sorted(entries, key=lambda entry: dict(entry)["FOPSD_TIME"]))


def calls(raw, type_=b"SYSCALL"):
    """The events in raw records that have one of that type."""
    return set(re.findall(rb"^(?:node=\S+ )?type=" + type_ + rb" msg=audit\(([0-9.]+:[0-9]+)\)", raw, re.M))


def shell(command):
    done = run(["bash", "-c", 'fopsctl() { "$FOPSCTL" "$@"; }\n' + command],
               env={**os.environ, "LC_ALL": "C", "FOPSCTL": FOPSCTL}, stdin=-3)
    return j.Result(done)


def found(command):
    """The events that a line of ours finds."""
    result = shell(command + " -o json")
    equal((result.code, result.err), (0, ""), f"exit code and complaints of {command}")
    check(result.entries, f"nothing found by {command}")
    return {e["FOPSD_EVENT"].encode() for e in result.entries if "FOPSD_SYSCALL" in e or "AVC" in command}


def counts_of_aureport(command):
    result = shell(command)
    rows = re.findall(rb"^(\d+) +(.+?) *$", result.out, re.M)
    check(rows, f"nothing counted by {command}")
    return {name: int(n) for n, name in rows}


def test_searches_find_the_same_events(jr):
    if not shutil.which("ausearch"):
        raise Skip("no ausearch")
    fill(jr, records())
    faults = []
    for theirs, ours in readme_table.rows_of("ausearch"):
        log = "" if " -if " in theirs else f" -if {LOG}"
        if "--checkpoint" in theirs:
            ours = ours.replace("FILE", os.path.join(jr.directory, "checkpoint"))
            check(len(found(ours)) > 10, "the first time with a checkpoint")
            equal(shell(ours).code, 1, "exit code the second time with a checkpoint")
            continue
        if "-o csv" in ours:
            lines = shell(ours).lines
            check(len(lines) > 100 and lines[0].startswith(b"FOPSD_TIME,"), f"lines of {ours}")
            continue
        expected = calls(shell(theirs + log + ("" if "--raw" in theirs else " --raw")).out, b"AVC" if "AVC" in theirs else b"SYSCALL")
        check(expected, f"nothing found by {theirs}")
        got = calls(shell(ours).out) if "-o raw" in ours else found(ours)
        if got != expected:
            faults.append(f"{theirs}: {len(expected)}, {ours}: {len(got)}; only there {sorted(expected - got)[:5]}, "
                          f"only here {sorted(got - expected)[:5]}")
    check(not faults, "\n" + "\n".join(faults))


# Whose rows are alike; the others count users, paths and hosts, which are more or less than auid, PATH records and addr.
ALIKE = ("report exes", "report keys", "report syscalls", "report pids")


def test_reports_count_the_same(jr):
    if not shutil.which("aureport"):
        raise Skip("no aureport")
    content = records()
    # Counted are operations: what is no system call isn't compared.
    fill(jr, b"".join(line + b"\n" for line in content.splitlines() if b"type=AVC" not in line))
    for theirs, ours in readme_table.rows_of("aureport"):
        result = shell(ours)
        equal((result.code, result.err), (0, ""), f"exit code and complaints of {ours}")
        if ours.startswith(tuple(f"fopsctl {report}" for report in ALIKE)):
            expected = counts_of_aureport(theirs + " -i" + ("" if " -if " in theirs else f" -if {LOG}"))
            rows = re.findall(rb"^ *(\d+) +\d+  \S+ \S+  (.+)$", result.out, re.M)
            # aureport's processes are numbers alone.
            got = {name.split()[0] if "pids" in ours else name: int(n) for n, name in rows}
            equal(got, expected, f"counts of {ours} and {theirs}")


def words(options):
    """-S open -F a=b -C c!=d …, of auditctl -a."""
    parts = shlex.split(options)
    return [f"{a} {b}" for a, b in zip(parts, parts[1:]) if a in ("-S", "-F", "-C")]


def test_rules_and_watches_are_taken(jr):
    jr.file("audit.rules", b"-w /etc/passwd -p wa -k identity\n")
    rules_file = os.path.join(jr.directory, "audit.rules")
    for theirs, ours in readme_table.rows_of("auditctl"):
        if ours.startswith("fopsctl"):
            continue  # takes a kernel
        config = jr.file("fopsd.conf", ours.replace("/etc/audit/audit.rules", rules_file).encode() + b"\n")
        result = fopsctl("check", "-c", config)
        equal((result.code, result.err), (0, ""), f"exit code and complaints of {ours}")
        out = result.out.decode()
        if ours.startswith("rules"):
            for word in words(theirs):
                check(f" {word} " in out, f"no {word!r} in what {ours} makes: {out}")
            check(("-a never,exit" in out) == ("never,exit" in theirs), f"the action of {ours}: {out}")
        elif "/etc/shadow" in theirs:
            check(" -F path=/etc/shadow " in out and ("-F key=identity" in out) == ("-k identity" in theirs), f"rules of {ours}: {out}")
        elif "/etc/" in ours and ours.startswith("watches"):
            check(" -F dir=/etc " in out, f"rules of {ours}: {out}")
        elif "-R" in theirs:
            check(" -F path=/etc/passwd " in out, f"rules of {ours}: {out}")


def test_no_line_of_the_table_is_left_out(jr):
    del jr
    table = readme_table.rows()
    known = readme_table.rows_of("ausearch", "aureport", "auditctl", "inotifywait")
    equal(sorted(table), sorted(known), "lines that a test runs")
    check(len(table) > 40, f"only {len(table)} lines")


if __name__ == "__main__":
    j.main()
