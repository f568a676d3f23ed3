# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsctl report against the same counts in Python, from the journal and from an audit log."""

import collections
import csv
import io
import os
import subprocess
import time

import journal as j
from journal import FOPSCTL, check, equal, fopsctl

CAPTURES = ("auditd", "exec", "failed", "hostile", "mixed", "names", "rename", "uring")
LOGS = [os.path.join(j.DATA, name + ".log") for name in CAPTURES]

# Which value an entry is counted under: the first of these fields; or each value of each.
FIRST = {
    "ops": ("FOPSD_OP",),
    "users": ("FOPSD_LOGIN_USER", "FOPSD_AUID", "FOPSD_USER", "FOPSD_UID"),
    "exes": ("FOPSD_EXE", "FOPSD_COMM"),
    "syscalls": ("FOPSD_SYSCALL",),
    "units": ("FOPSD_UNIT",),
    "containers": ("FOPSD_CONTAINER",),
}
EACH = {"files": ("FOPSD_PATH", "FOPSD_NEW_PATH"), "keys": ("FOPSD_KEY",)}
COUNTED = ("files", "users", "exes", "keys", "ops", "syscalls", "pids", "units", "containers", "hosts")


def decoded():
    lines = subprocess.run([FOPSCTL, "decode", "-o", "json", *LOGS], check=True, stdout=subprocess.PIPE).stdout.splitlines()
    return [fields(line) for line in lines]


def fields(line):
    entry = collections.defaultdict(list)
    for name, value in j.fields_of(line):
        entry[name].append(value)
    return entry


def text_of(value):
    return bytes(value) if isinstance(value, list) else value.encode()


def expected(entries, report):
    counts, failed = collections.Counter(), collections.Counter()
    for entry in entries:
        if report in EACH:
            found = [value for name in EACH[report] for value in entry[name]]
        elif report == "pids":
            program = (entry["FOPSD_EXE"] + entry["FOPSD_COMM"])[:1]
            found = [b" ".join(entry["FOPSD_PID"] + program)] if entry["FOPSD_PID"] else []
        else:
            found = [value for name in FIRST[report] for value in entry[name]][:1]
        for value in found:
            counts[value] += 1
            failed[value] += entry["FOPSD_RESULT"] == [b"failed"]
    return sorted(((-count, value, failed[value]) for value, count in counts.items()))


def test_every_table_counts_what_is_there(jr):
    jr.fill(*CAPTURES)
    entries = [entry for entry in decoded() if entry["FOPSD_KIND"] == [b"operation"]]
    for report in COUNTED:
        for source in ([], ["-i", *LOGS]):
            result = fopsctl("report", report, "-o", "json", *source)
            rows = [(-row["count"], text_of(row["value"]), row["failed"]) for row in result.entries]
            if report == "hosts":
                failed = sum(entry["FOPSD_RESULT"] == [b"failed"] for entry in entries)
                wanted = [] if source else [(-len(entries), os.uname().nodename.encode(), failed)]
            else:
                wanted = expected(entries, report)
            equal(rows, wanted, f"rows of {report} {source[:1]}")
            equal((result.code, result.err), (0 if wanted else 1, ""), f"exit code and complaints of {report}")


def test_filters_are_those_of_search(jr):
    jr.fill(*CAPTURES)
    for options in (["--failed"], ["-u", "nobody"], ["-f", "/srv/data/failed"], ["--op", "delete"], ["-e", "EACCES"],
                    ["-k", "data", "-w"]):
        rows = fopsctl("report", "ops", "-o", "json", *options).entries
        equal(sum(row["count"] for row in rows), len(fopsctl("search", "-o", "json", *options).lines), f"sum with {options}")


def test_rows_can_be_limited(jr):
    jr.fill("failed")
    rows = fopsctl("report", "files", "-o", "json").entries
    equal(fopsctl("report", "files", "-o", "json", "-n", "2").entries, rows[:2], "the first two")


def operation(n, **more):
    now = time.time()
    return [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"operation"), ("FOPSD_OP", b"delete"), ("MESSAGE", b"m"),
            ("FOPSD_TIME", b"%.3f" % now), ("FOPSD_EVENT", b"%.3f:%d" % (now, n)), *more.items()]


def test_coalesced_operations_count_as_many(jr):
    jr.send(operation(1, FOPSD_COUNT=b"7", FOPSD_RESULT=b"failed"), operation(2))
    row = fopsctl("report", "ops", "-o", "json").entries[0]
    equal((row["count"], row["failed"]), (8, 7), "count and failed")


def test_gaps_are_listed(jr):
    jr.send(operation(1), [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"gap"), ("MESSAGE", b"7 lost: ring"),
                           ("FOPSD_GAP_COUNT", b"7"), ("FOPSD_GAP_CAUSE", b"ring, full"), ("FOPSD_GAP_FROM", b"1.000"),
                           ("FOPSD_GAP_UNTIL", b"2.000")])
    rows = fopsctl("report", "gaps", "-o", "json").entries
    equal([(row["FOPSD_GAP_COUNT"], row["FOPSD_GAP_CAUSE"]) for row in rows], [("7", "ring, full")], "as JSON")
    row = next(csv.DictReader(io.StringIO(fopsctl("report", "gaps", "-o", "csv").out.decode())))
    equal((row["GAP_COUNT"], row["GAP_CAUSE"]), ("7", "ring, full"), "as CSV")
    check(fopsctl("report", "gaps").lines[1].endswith(b"7  1.000  2.000  ring, full"), "as text")


def test_events_are_listed_latest_last(jr):
    jr.fill("rename")
    ids = [row["FOPSD_EVENT"] for row in fopsctl("report", "events", "-o", "json").entries]
    equal(ids, fopsctl("search", "-o", "json").events, "events")
    latest = fopsctl("report", "events", "-o", "json", "-n", "2").entries
    equal([row["FOPSD_EVENT"] for row in latest], ids[-2:], "the latest two")
    equal(len(fopsctl("report", "events").lines), len(ids) + 1, "lines with their heading")


def test_the_overview_has_all_tables_short(jr):
    jr.fill(*CAPTURES)
    jr.send([("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"tamper"), ("MESSAGE", b"m")])
    rows = fopsctl("report", "-o", "json").entries
    by_report = collections.Counter(row["report"] for row in rows)
    totals = {row["value"]: row["count"] for row in rows if row["report"] == "totals"}
    equal(set(totals), {"operation", "tamper"}, "kinds")
    for name in ("ops", "users", "exes", "files", "failures", "keys", "hosts", "hours"):
        check(by_report[name] > 0, f"no rows of {name}")
    check(all(n <= 5 for name, n in by_report.items() if name not in ("totals", "hours")), f"too many rows: {by_report}")
    equal(sum(row["count"] for row in rows if row["report"] == "hours"), sum(totals.values()), "sum over the hours")
    failures = {row["value"]: row for row in rows if row["report"] == "failures"}
    check(all(row["count"] == row["failed"] for row in failures.values()), "a failure that succeeded")
    text = fopsctl("report")
    check(text.code == 0 and b"#####" in text.out, "the hours' bars")
    equal(list(csv.DictReader(io.StringIO(fopsctl("report", "-o", "csv").out.decode())))[0]["REPORT"], "totals", "CSV")


def test_journals_of_other_hosts_are_merged(jr):
    here = os.uname().nodename
    deletion = [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"operation"), ("FOPSD_OP", b"delete"), ("FOPSD_PATH", b"/srv/x"),
                ("FOPSD_TIME", b"%.3f" % time.time())]
    jr.send(deletion, deletion)
    jr.become("web2")
    jr.send(deletion, deletion, deletion)
    counts = {row["value"]: row["count"] for row in fopsctl("report", "hosts", "-m", "-o", "json").entries}
    equal(counts, {here: 2, "web2": 3}, "of all hosts")
    counts = {row["value"]: row["count"] for row in fopsctl("report", "hosts", "-o", "json").entries}
    equal(counts, {here: 2}, "of this host")
    counts = {row["value"]: row["count"] for row in fopsctl("report", "ops", "-m", "--host", "web2", "-o", "json").entries}
    equal(counts, {"delete": 3}, "of another host")
    check("web2" in fopsctl("report", "-m").out.decode(), "the overview has no hosts")


def test_hostile_names_stay_in_their_row(jr):
    jr.fill("hostile", "comm")
    for form in ("text", "csv"):
        for report in ("files", "exes", "pids"):
            result = fopsctl("report", report, "-o", form)
            check(all(c >= 0x20 or c == 0x0a for c in result.out), f"control bytes in {report} as {form}")
            equal(len(result.lines) - 1, len(fopsctl("report", report, "-o", "json").lines), f"lines of {report} as {form}")


def test_nothing_and_wrong_usage_have_their_exit_codes(jr):
    for report in ([], ["files"], ["events"], ["gaps"]):
        result = fopsctl("report", *report)
        equal((result.code, result.out, result.err), (1, b"", ""), f"{report} of an empty journal")
    for options in (["nonsense"], ["files", "users"], ["-o", "raw"], ["-S", "nonsense"]):
        result = fopsctl("report", *options)
        equal((result.code, result.out), (2, b""), f"exit code with {options}")
        check(result.err.startswith("fopsctl: ") and result.err.count("\n") == 1, f"said with {options}: {result.err}")
    equal(fopsctl("report", "--help").code, 0, "exit code of --help")


def test_a_closed_pipe_ends_quietly(jr):
    jr.send(*(operation(n, FOPSD_PATH=b"/srv/%d" % n) for n in range(5000)))
    for report in ("files", "events"):
        process = subprocess.Popen([FOPSCTL, "report", report], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        equal((process.wait(30), err), (0, b""), f"exit code and complaints of {report}")


if __name__ == "__main__":
    j.main()
