# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsctl search over a journal of known entries: each filter against the same filter in Python, the same answers from the
journal and from an audit log, output forms, checkpoints, and all that can be wrong with a journal."""

import csv
import fcntl
import io
import os
import pty
import resource
import shutil
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../bench"))
import journal as j  # noqa: E402
import large_journal  # noqa: E402
from journal import FOPSCTL, JOURNALS, Skip, check, equal, fopsctl, run  # noqa: E402

CAPTURES = ("auditd", "cwd", "descriptors", "exec", "failed", "hostile", "mixed", "names", "rename", "uring")
BELOW_MAX = 32
LOGS = [os.path.join(j.DATA, name + ".log") for name in CAPTURES]


def values(entry, name):
    value = entry.get(name, [])
    if not isinstance(value, list):
        return [value.encode()]
    if value and isinstance(value[0], int):
        return [bytes(value)]
    return [bytes(v) if isinstance(v, list) else v.encode() for v in value]


def one(entry, name):
    return next(iter(values(entry, name)), None)


def below(path, directory):
    return path is not None and (path == directory or path.startswith(directory.rstrip(b"/") + b"/"))


def any_part(part, *names):
    return lambda e: any(part in v for name in names for v in values(e, name))


def is_one(value, *names):
    return lambda e: any(value == v for name in names for v in values(e, name))


def anything_below(directory):
    return lambda e: (below(one(e, "FOPSD_PATH"), directory) or below(one(e, "FOPSD_NEW_PATH"), directory)
                      or below(one(e, "FOPSD_DIR"), directory))


# Options, and what they mean.
FILTERS = [
    (["-f", "/srv/data/failed"], anything_below(b"/srv/data/failed")),
    (["-f", "/srv/data/sub/in"], anything_below(b"/srv/data/sub/in")),
    (["-f", "/srv"], anything_below(b"/srv")),
    (["-f", "/"], anything_below(b"/")),
    (["-f", "/srv/dat"], anything_below(b"/srv/dat")),
    (["-w", "-f", "/srv/data/failed"], is_one(b"/srv/data/failed", "FOPSD_PATH", "FOPSD_NEW_PATH")),
    (["-f", "sec"], any_part(b"sec", "FOPSD_PATH", "FOPSD_NEW_PATH", "FOPSD_NAME")),
    (["-f", "secret", "-w"], lambda e: any(v.rstrip(b"/").split(b"/")[-1] == b"secret" for name in
                                           ("FOPSD_PATH", "FOPSD_NEW_PATH", "FOPSD_NAME") for v in values(e, name))),
    (["-f", "sp ace"], any_part(b"sp ace", "FOPSD_PATH", "FOPSD_NEW_PATH", "FOPSD_NAME")),
    (["-x", "opsgen"], any_part(b"opsgen", "FOPSD_EXE")),
    (["-x", "/usr/local/bin/opsgen", "-w"], is_one(b"/usr/local/bin/opsgen", "FOPSD_EXE")),
    (["-c", "ops"], any_part(b"ops", "FOPSD_COMM")),
    (["-c", "ops", "-w"], is_one(b"ops", "FOPSD_COMM")),
    (["-p", "32370"], is_one(b"32370", "FOPSD_PID")),
    (["-p", "32370", "-p", "25294"], lambda e: one(e, "FOPSD_PID") in (b"32370", b"25294")),
    (["--ppid", "32369"], is_one(b"32369", "FOPSD_PPID")),
    (["-u", "nobody"], is_one(b"nobody", "FOPSD_USER")),
    (["-u", "65534"], is_one(b"65534", "FOPSD_UID")),
    (["-u", "0"], is_one(b"0", "FOPSD_UID")),
    (["--login-user", "unset"], lambda e: not values(e, "FOPSD_AUID") and values(e, "FOPSD_OP")),
    (["--login-user", "0"], is_one(b"0", "FOPSD_AUID")),
    (["-k", "fopsd"], any_part(b"fopsd", "FOPSD_KEY")),
    (["-k", "data", "-w"], is_one(b"data", "FOPSD_KEY")),
    (["--op", "delete"], lambda e: one(e, "FOPSD_OP") in (b"delete", b"rmdir")),
    (["--op", "rename,chmod"], lambda e: one(e, "FOPSD_OP") in (b"rename", b"exchange", b"chmod")),
    (["--success"], is_one(b"success", "FOPSD_RESULT")),
    (["--failed"], is_one(b"failed", "FOPSD_RESULT")),
    (["--failed", "--success"], lambda e: values(e, "FOPSD_RESULT")),
    (["-e", "EACCES"], is_one(b"EACCES", "FOPSD_ERRNO")),
    (["-e", "-13"], is_one(b"-13", "FOPSD_EXIT")),
    (["-e", "3"], is_one(b"3", "FOPSD_EXIT")),
    (["--syscall", "unlinkat"], is_one(b"unlinkat", "FOPSD_SYSCALL")),
    (["--syscall", "io_uring:unlinkat"], is_one(b"io_uring:unlinkat", "FOPSD_SYSCALL")),
    (["--session", "1"], is_one(b"1", "FOPSD_SESSION")),
    (["--tty", "pts"], any_part(b"pts", "FOPSD_TTY")),
    (["--unit", "none"], lambda e: values(e, "FOPSD_OP")),
    (["--unit", "ssh"], lambda e: False),
    (["--container", "none"], lambda e: values(e, "FOPSD_OP")),
    (["-a", "600305"], lambda e: one(e, "FOPSD_EVENT").endswith(b":600305")),
    (["-a", "5"], lambda e: one(e, "FOPSD_EVENT").endswith(b":5")),
    (["-u", "nobody", "--failed", "--op", "write", "-f", "/srv/data/failed/secret"],
     lambda e: (one(e, "FOPSD_USER") == b"nobody" and one(e, "FOPSD_RESULT") == b"failed" and
                one(e, "FOPSD_CLASS") == b"write" and anything_below(b"/srv/data/failed/secret")(e))),
]


def decoded():
    return fopsctl("decode", "-o", "json", *LOGS).entries


def ids(entries):
    return [entry["FOPSD_EVENT"] for entry in entries]


def test_journal_and_log_give_the_same_for_every_filter(jr):
    jr.fill(*CAPTURES)
    everything = decoded()
    for options, predicate in FILTERS:
        expected = ids(filter(predicate, everything))
        from_journal = fopsctl("search", "-o", "json", *options)
        from_log = fopsctl("search", "-o", "json", *options, "-i", *LOGS)
        equal(sorted(from_journal.events), sorted(expected), f"events of the journal with {options}")
        equal(from_log.events, expected, f"events of the log with {options}")
        for result in (from_journal, from_log):
            equal((result.code, result.err), (0 if expected else 1, ""), f"exit code and complaints with {options}")


def test_filters_of_unattributed_captures(jr):
    def entry(n, **fields):
        now = time.time()
        return [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"operation"), ("FOPSD_OP", b"delete"), ("MESSAGE", b"m"),
                ("FOPSD_TIME", b"%.3f" % now), ("FOPSD_EVENT", b"%.3f:%d" % (now, n)), *fields.items()]

    jr.send(entry(1, FOPSD_UNIT=b"nginx.service", FOPSD_TTY=b"pts0"), entry(2, FOPSD_CONTAINER=b"0123abcd"),
            entry(3, FOPSD_SESSION=b"4", FOPSD_AUID=b"1000", FOPSD_LOGIN_USER=b"alice"), entry(4, FOPSD_NODE=b"web1"))

    def serials(*options):
        return [int(event.rpartition(":")[2]) for event in fopsctl("search", "-o", "json", *options).events]

    equal(serials("--unit", "nginx"), [1], "--unit")
    equal(serials("--unit", "nginx", "-w"), [], "--unit with --word")
    equal(serials("--unit", "none"), [2, 3, 4], "--unit none")
    equal(serials("--container", "0123"), [2], "--container")
    equal(serials("--unit", "none", "--container", "none"), [3, 4], "--unit none --container none")
    equal(serials("--session", "4"), [3], "--session")
    equal(serials("--login-user", "alice"), [3], "--login-user")
    equal(serials("--login-user", "1000"), [3], "--login-user with a number")
    equal(serials("--login-user", "unset"), [1, 2, 4], "--login-user unset")
    equal(serials("--tty", "pts0", "-w"), [1], "--tty")
    equal(serials("--host", "web1"), [4], "--host of a node")
    equal(serials("--host", os.uname().nodename, "-w"), [1, 2, 3, 4], "--host of the journal")


def dated(seconds, n):
    return [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"operation"), ("FOPSD_OP", b"delete"),
            ("MESSAGE", b"number %d" % n), ("FOPSD_TIME", b"%.3f" % seconds), ("FOPSD_EVENT", b"%.3f:%d" % (seconds, n))]


def numbers(result):
    return [int(line.rpartition(b" ")[2]) for line in result.lines]


def test_times_are_those_of_events(jr):
    now = int(time.time())
    jr.send(*(dated(now - 50 + 10 * n, n) for n in range(6)))
    equal(numbers(fopsctl("search", "-S", f"@{now - 30}")), [2, 3, 4, 5], "--since")
    equal(numbers(fopsctl("search", "-U", f"@{now - 30}")), [0, 1, 2], "--until")
    equal(numbers(fopsctl("search", "-S", f"@{now - 40}", "-U", f"@{now - 20}.000")), [1, 2, 3], "both")
    equal(numbers(fopsctl("search", "-S", f"@{now - 40}", "-U", f"@{now - 20}", "-n", "2")), [2, 3], "the latest of them")
    equal(numbers(fopsctl("search", "-S", "-1h", "-n", "10")), [0, 1, 2, 3, 4, 5], "more lines than there are")
    equal(fopsctl("search", "-S", "+1h").code, 1, "exit code with nothing in the future")
    equal(fopsctl("search", "-S", "yesterday", "-U", "now").code, 0, "exit code with words")


def test_lines_are_the_latest_and_just_one_is_the_first(jr):
    jr.send(*(dated(time.time(), n) for n in range(20)))
    equal(numbers(fopsctl("search")), list(range(20)), "all in order")
    equal(numbers(fopsctl("search", "-n", "3")), [17, 18, 19], "--lines")
    equal(numbers(fopsctl("search", "--just-one")), [0], "--just-one")
    equal(numbers(fopsctl("search", "-n", "3", "--just-one")), [17], "both")
    equal(numbers(fopsctl("search", "-a", "5", "-n", "3")), [5], "fewer than asked for, by a filter without an index")
    log = b"".join(b'type=SYSCALL msg=audit(1795309541.000:%d): arch=c000003e syscall=87 success=yes exit=0 items=0 ppid=1 '
                   b'pid=2 uid=0 comm="rm" exe="/bin/rm" key="k"\n' % n for n in range(20))
    for options, expected in ((["-n", "3"], [17, 18, 19]), (["--just-one"], [0]), (["-n", "3", "--just-one"], [17])):
        result = fopsctl("search", "-o", "json", "-i", "-", *options, stdin=log)
        equal([int(event.rpartition(":")[2]) for event in result.events], expected, f"{options} of a log")


def in_directory(n, directory, *more):
    parts = directory.split(b"/")
    return [*dated(time.time(), n), ("FOPSD_DIR", directory), ("FOPSD_PATH", directory + b"/x"), *more,
            *(("FOPSD_BELOW", b"/".join(parts[:i])) for i in range(2, min(len(parts), BELOW_MAX + 1) + 1))]


def test_a_subtree_is_found_whole(jr):
    jr.send(*(in_directory(n, b"/srv/%d/%d" % (n % 2, n)) for n in range(3000)))
    jr.send(in_directory(3000, b"/home", ("FOPSD_NEW_PATH", b"/srv/0/z"), ("FOPSD_BELOW", b"/srv"), ("FOPSD_BELOW", b"/srv/0")))
    equal(numbers(fopsctl("search", "-f", "/srv/1")), list(range(1, 3000, 2)), "the odd half")
    equal(numbers(fopsctl("search", "-f", "/srv/0")), [*range(0, 3000, 2), 3000], "the even half and what came into it")
    equal(numbers(fopsctl("search", "-f", "/srv/1", "-n", "1000")), list(range(1001, 3000, 2)), "the latest of it")
    equal(numbers(fopsctl("search", "-f", "/srv/0/2")), [2], "one directory")
    equal(numbers(fopsctl("search", "-f", "/srv/0/2/x")), [2], "one file")
    equal(fopsctl("search", "-f", "/srv/0/20/y").code, 1, "exit code for what isn't there")
    equal(len(numbers(fopsctl("search", "-f", "/"))), 3001, "all that there is")


def test_a_subtree_deeper_than_its_index_is_found(jr):
    deep = b"/srv" + b"/d" * (BELOW_MAX + 3)
    jr.send(in_directory(1, deep), in_directory(2, deep + b"/e"), in_directory(3, deep + b"f"), in_directory(4, os.path.dirname(deep)))
    equal(numbers(fopsctl("search", "-f", deep)), [1, 2], "below")
    equal(numbers(fopsctl("search", "-f", b"/srv" + b"/d" * (BELOW_MAX - 1))), [1, 2, 3, 4], "below the last that is indexed")


def test_of_more_programs_than_matches_all_are_found(jr):
    jr.send(*([*dated(time.time(), n), ("FOPSD_EXE", b"/opt/%d/%d/x" % (n % 2, n))] for n in range(3000)))
    # 1,500: asked for by matches, which are dropped on the way.
    equal(numbers(fopsctl("search", "-x", "/opt/1")), list(range(1, 3000, 2)), "the odd half")
    equal(numbers(fopsctl("search", "-x", "/opt/1", "-n", "1000")), list(range(1001, 3000, 2)), "the latest of it")
    jr.send(*([*dated(time.time(), n), ("FOPSD_EXE", b"/opt/1/%d" % n)] for n in range(3001, 7000)))
    equal(numbers(fopsctl("search", "-x", "/opt/1")), [*range(1, 3000, 2), *range(3001, 7000)], "over 4,096 programs")


def test_a_journal_of_more_files_than_descriptors_is_read_whole(jr):
    for n in range(24):
        jr.send(dated(time.time(), n))
        run(["journalctl", "--rotate"])

    def with_few_descriptors():
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    equal(numbers(fopsctl("search", preexec_fn=with_few_descriptors)), list(range(24)), "of 24 files")


def test_an_event_is_found_by_its_number_in_a_journal_of_hours(jr):
    if not os.access(large_journal.REMOTE, os.X_OK):
        raise Skip(f"no {large_journal.REMOTE}")
    directory = os.path.join(JOURNALS, "large")
    n = 30000
    large_journal.write(directory, n)
    times = {entry["FOPSD_EVENT"].rpartition(":")[2]: entry["FOPSD_EVENT"]
             for entry in fopsctl("search", "-D", directory, "-o", "json", "-f", "/srv/d7").entries}
    check(len(times) > 30, f"only {len(times)} events to look for")
    for serial in [*list(times)[::10], list(times)[-1]]:
        equal(fopsctl("search", "-D", directory, "-o", "json", "-a", serial).events, [times[serial]], f"event {serial}")
    for serial in ("1", str(n)):
        equal(len(fopsctl("search", "-D", directory, "-a", serial).lines), 1, f"the event at the end, {serial}")
    for serial in ("0", str(n + 1), "99999999999"):
        equal(fopsctl("search", "-D", directory, "-a", serial).code, 1, f"exit code of an event that isn't there, {serial}")


def test_only_fopsd_is_believed(jr):
    jr.send(dated(time.time(), 1))
    jr.send_as(j.NOBODY, dated(time.time(), 2),
               [*dated(time.time(), 3), ("_UID", b"0"), ("_SYSTEMD_UNIT", b"fopsd.service")])
    jr.send([("SYSLOG_IDENTIFIER", b"other"), *dated(time.time(), 4)[1:]])
    found = run(["journalctl", "-D", JOURNALS, "-q", "-o", "cat", "-t", "fopsd"]).stdout
    equal(len(found.splitlines()), 3, "entries in the journal under fopsd's name")
    for place in ([], ["-D", JOURNALS], ["-m"]):
        equal(numbers(fopsctl("search", *place)), [1], f"entries found in {place}")
    equal(fopsctl("search", "-a", "2").code, 1, "exit code for a forged event")


def test_other_kinds_are_shown_with_their_time(jr):
    jr.send([("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"gap"), ("MESSAGE", b"7 lost: ring")], dated(time.time(), 1))
    lines = fopsctl("search").lines
    equal([line[24:] for line in lines], [b"7 lost: ring", b"number 1"], "messages")
    check(abs(time.mktime(time.strptime(lines[0][:19].decode(), "%Y-%m-%d %H:%M:%S")) - time.time()) < 60, "the gap's time")
    equal(numbers(fopsctl("search", "--op", "delete")), [1], "a filter leaves them out")


def test_json_is_the_entry(jr):
    jr.fill("hostile", "names")
    entries = fopsctl("search", "-o", "json").entries
    logs = [os.path.join(j.DATA, name + ".log") for name in ("hostile", "names")]
    expected = fopsctl("decode", "-o", "json", *logs).entries
    ours = [{name: value for name, value in entry.items() if not name.startswith("_")} for entry in entries]
    by_event = {entry["FOPSD_EVENT"]: entry for entry in expected}
    equal({entry["FOPSD_EVENT"]: entry for entry in ours}, by_event, "the fields that fopsd wrote")
    check(all(entry["__CURSOR"] and entry["_UID"] == "0" and entry["__REALTIME_TIMESTAMP"] for entry in entries),
          "the fields of the journal")


def test_export_is_that_of_journalctl(jr):
    jr.fill("hostile")
    ours = fopsctl("search", "-o", "export").out
    theirs = run(["journalctl", "-D", JOURNALS, "-q", "-o", "export", "--all", "-t", "fopsd"]).stdout

    def parse(data):
        entries, entry = [], []
        while data:
            line, _, data = data.partition(b"\n")
            if not line:
                entries.append(sorted(entry))
                entry = []
            elif b"=" in line:
                entry.append(tuple(line.split(b"=", 1)))
            else:
                size = struct.unpack("<Q", data[:8])[0]
                entry.append((line, data[8:8 + size]))
                data = data[9 + size:]
        return entries

    # Newer ones than 252 add a sequence number.
    kept = [[pair for pair in entry if not pair[0].startswith(b"__SEQNUM")] for entry in parse(theirs)]
    equal(parse(ours), kept, "entries")
    exported = parse(fopsctl("search", "-o", "export", "-i", os.path.join(j.DATA, "rename.log")).out)
    check(all(dict(entry)[b"__REALTIME_TIMESTAMP"].startswith(b"179531") for entry in exported), "times of a log")


def test_csv_has_a_column_a_field(jr):
    jr.fill("hostile", "failed")
    result = fopsctl("search", "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(result.out.decode())))
    equal(len(rows), len(fopsctl("search").lines), "rows")
    check(all(None not in row and None not in row.values() for row in rows), "a row of another length")
    check(("EACCES", "/srv/data/failed/secret") in [(row["FOPSD_ERRNO"], row["FOPSD_PATH"]) for row in rows], "a known row")
    check(all(c >= 0x20 or c == 0x0a for c in result.out), "control bytes")


def test_hostile_names_stay_in_their_line(jr):
    jr.fill("hostile", "comm", "names")
    n = len(fopsctl("search", "-o", "json").lines)
    result = fopsctl("search")
    equal(len(result.lines), n, "lines")
    check(all(c >= 0x20 or c == 0x0a for c in result.out), "control bytes in text")
    jr.send([*dated(time.time(), 1), ("MESSAGE", b"x\n2026-01-01 forged \x1b[2J")])
    check(b"\x1b" not in fopsctl("search").out, "an escape sequence of a message")


def test_raw_gives_the_records_back(jr):
    log = os.path.join(j.DATA, "rename.log")
    raw = fopsctl("search", "-o", "raw", "-i", log)
    with open(log, "rb") as f:
        expected = {line for line in f.read().splitlines() if line.startswith(b"type=")}
    check(raw.code == 0 and set(raw.lines) <= expected and len(raw.lines) > 30, "records of the log")
    again = fopsctl("search", "-o", "json", "-i", "-", stdin=raw.out)
    equal(again.events, fopsctl("search", "-o", "json", "-i", log).events, "events after a second reading")
    jr.fill("rename")
    result = fopsctl("search", "-o", "raw")
    equal((result.code, result.out), (1, b""), "of a journal without records")
    check("without their records" in result.err, f"why: {result.err}")


def test_checkpoint_gives_everything_once(jr):
    path = os.path.join(jr.directory, "checkpoint")

    def new(*options):
        result = fopsctl("search", "--checkpoint", path, *options)
        equal(result.err, "", "complaints")
        return result.code, numbers(result)

    equal(new(), (1, []), "of an empty journal")
    jr.send(*(dated(time.time(), n) for n in range(3)))
    equal(new(), (0, [0, 1, 2]), "the first time")
    equal(new(), (1, []), "when nothing is new")
    jr.send(dated(time.time(), 3), dated(time.time() + 500, 4), dated(time.time(), 5))
    equal(new("-U", "+1min"), (0, [3]), "up to what is too new")
    equal(new("--just-one"), (0, [4]), "one of it")
    equal(new("-a", "77"), (1, []), "what a filter leaves")
    equal(new(), (0, [5]), "what it didn't look at is new still")
    equal(oct(os.stat(path).st_mode & 0o777), "0o600", "mode of the file")
    equal(os.listdir(jr.directory), ["checkpoint"], "files left")


def test_checkpoint_says_when_the_journal_is_too_short(jr):
    path = os.path.join(jr.directory, "checkpoint")
    jr.send(dated(time.time(), 1))
    equal(fopsctl("search", "--checkpoint", path).code, 0, "exit code")
    jr.forget()
    jr.send(dated(time.time(), 2))
    result = fopsctl("search", "--checkpoint", path)
    equal((result.code, numbers(result)), (0, [2]), "what is there")
    check("entries may be missing" in result.err, f"that something isn't: {result.err}")


def test_a_wrong_checkpoint_is_refused(jr):
    jr.send(dated(time.time(), 1))
    for content in (b"", b"dev=0x1\n", b"s=nonsense\n"):
        result = fopsctl("search", "--checkpoint", jr.file("wrong", content))
        equal((result.code, result.out), (2, b""), f"exit code and output with {content}")
        check(result.err.startswith("fopsctl: ") and result.err.count("\n") == 1, f"said: {result.err}")
    equal(fopsctl("search", "--checkpoint", "/nonexistent/x").code, 2, "exit code where it can't be written")


def test_a_failed_write_moves_no_checkpoint(jr):
    path = os.path.join(jr.directory, "checkpoint")
    jr.send(*(dated(time.time(), n) for n in range(3)))
    with open("/dev/full", "wb") as full:
        process = subprocess.run([FOPSCTL, "search", "--checkpoint", path], stdout=full, stderr=subprocess.PIPE, check=False)
    equal(process.returncode, 2, "exit code with a full disk")
    check(not os.path.exists(path), "a checkpoint was written")


def test_wrong_usage_is_said_in_one_line(jr):
    for options in (["-S", "nonsense"], ["-o", "xml"], ["--op", "delte"], ["-p", "x"], ["extra"], ["-e", "EFOO"],
                    ["-n", "0"], ["-i", "x", "-m"], ["--checkpoint", "x", "-n", "1"], ["-S", "now", "-U", "-1h"],
                    ["-f", ""], ["-a", "x"]):
        result = fopsctl("search", *options)
        equal((result.code, result.out), (2, b""), f"exit code and output with {options}")
        check(result.err.startswith("fopsctl: ") and result.err.count("\n") == 1, f"said with {options}: {result.err}")
    for options in (["--nonsense"], ["-n"]):
        equal(fopsctl("search", *options).code, 2, f"exit code with {options}")
    help_ = fopsctl("search", "--help")
    equal((help_.code, help_.err), (0, ""), "--help")
    check(b"--checkpoint" in help_.out and b"--container" in help_.out, "options in --help")


def test_an_empty_journal_has_nothing(jr):
    result = fopsctl("search")
    equal((result.code, result.out, result.err), (1, b"", ""), "result")


def test_no_journal_cannot_be_searched(jr):
    jr.stop()
    shutil.rmtree(JOURNALS)
    result = fopsctl("search")
    equal((result.code, result.out), (2, b""), "result")
    check("there is no journal" in result.err, f"said: {result.err}")
    result = fopsctl("search", "-D", "/nonexistent")
    equal((result.code, result.out), (2, b""), "result in a directory that isn't there")
    check("/nonexistent" in result.err and result.err.count("\n") == 1, f"said: {result.err}")


def as_nobody():
    os.setgroups([])
    os.setgid(j.NOBODY)
    os.setuid(j.NOBODY)


def test_without_permission_it_says_so(jr):
    jr.send(dated(time.time(), 1))
    # The build directory may be in a place that nobody can't reach.
    program = os.path.join(jr.directory, "fopsctl")
    shutil.copy(FOPSCTL, program)
    subprocess.run("chmod 750 /run/log/journal/*; chmod 640 /run/log/journal/*/*", shell=True, check=True)
    done = run([program, "search"], preexec_fn=as_nobody)
    equal((done.returncode, done.stdout), (2, b""), "a closed directory")
    check(b"ermission" in done.stderr or b"there is no journal" in done.stderr, f"said: {done.stderr}")
    subprocess.run("chmod 755 /run/log/journal/*", shell=True, check=True)
    done = run([program, "search"], preexec_fn=as_nobody)
    equal((done.returncode, done.stdout), (2, b""), "a closed file")
    check(b"system.journal: Permission denied" in done.stderr, f"said: {done.stderr}")
    os.unlink(program)


def test_torn_files_are_said_and_the_rest_is_found(jr):
    jr.send(dated(time.time(), 1))
    directory = os.path.join(JOURNALS, os.listdir(JOURNALS)[0])
    whole = os.path.join(directory, "system.journal")
    for name, content in (("system@torn.journal", b"LPKSHHRH" + bytes(40)), ("system@garbage.journal", os.urandom(1 << 16)),
                          ("system@empty.journal", b"")):
        with open(os.path.join(directory, name), "wb") as f:
            f.write(content)
    result = fopsctl("search")
    equal((result.code, numbers(result)), (0, [1]), "what is whole")
    for name in ("torn", "garbage", "empty"):
        check(f"system@{name}.journal: " in result.err, f"the {name} file wasn't said: {result.err}")
    result = fopsctl("search", "-a", "99")
    equal((result.code, result.out), (2, b""), "nothing found, but not everything read")
    jr.stop()
    os.unlink(whole)
    equal(fopsctl("search").code, 2, "exit code when nothing can be read")


def test_damage_inside_a_file_ends_well(jr):
    jr.send(*(dated(time.time(), n) for n in range(2000)))
    jr.stop()
    directory = os.path.join(JOURNALS, os.listdir(JOURNALS)[0])
    whole = os.path.join(directory, "system.journal")
    with open(whole, "rb") as f:
        data = f.read()
    # Truncated at any place, and overwritten at some, as after a power cut.
    places = range(4096, len(data) - 4096, len(data) // 8)
    for damaged in (*(data[:at] for at in places), *(data[:at] + os.urandom(4096) + data[at + 4096:] for at in places)):
        with open(whole, "wb") as f:
            f.write(damaged)
        for options in ([], ["-f", "/srv"], ["-n", "5"], ["-o", "json"]):
            result = fopsctl("search", *options, timeout=60)
            check(result.code in (0, 1, 2), f"exit code {result.code} with {options}: {result.err}")
            check(result.code != 2 or result.err, "unable without a word")
        check(len(fopsctl("search").lines) <= 2000, "too many entries")


def test_a_closed_pipe_ends_quietly(jr):
    jr.send(*(dated(time.time(), n) for n in range(5000)))
    for form in ("text", "json", "csv", "export"):
        process = subprocess.Popen([FOPSCTL, "search", "-o", form], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        equal((process.wait(30), err), (0, b""), f"exit code and complaints of {form}")


def test_other_hosts_are_told_apart(jr):
    here = os.uname().nodename
    jr.send(dated(time.time(), 1))
    jr.become("web2")
    jr.send(dated(time.time(), 2))
    equal(numbers(fopsctl("search")), [1], "entries without --merge")
    merged = fopsctl("search", "-m")
    equal(numbers(merged), [1, 2], "entries with --merge")
    check(here.encode() in merged.lines[0] and b"web2" in merged.lines[1], f"hosts in text: {merged.out}")
    equal(numbers(fopsctl("search", "-m", "--host", "web2")), [2], "entries of a host")
    equal(numbers(fopsctl("search", "-D", j.OTHER_JOURNALS)), [2], "entries with --directory")


def test_input_that_is_missing_or_compressed_is_said(jr):
    log = os.path.join(j.DATA, "rename.log")
    result = fopsctl("search", "-i", "/nonexistent", log)
    equal((result.code, len(result.lines) > 0), (2, True), "one file missing")
    check("/nonexistent" in result.err, f"said: {result.err}")
    result = fopsctl("search", "-i", jr.file("audit.log.gz", b"\x1f\x8b\x08garbage\n"))
    equal(result.code, 2, "exit code of a compressed one")
    check("zcat FILE | fopsctl search -i -" in result.err, f"said: {result.err}")
    with open(log, "rb") as f:
        equal(fopsctl("search", "-i", "-", stdin=f.read()).lines, fopsctl("search", "-i", log).lines, "standard input")


def on_terminal(*args, rows=200, **environment):
    """What a person sees, and the exit code."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 100, 0, 0))
    env = {**{k: v for k, v in os.environ.items() if k not in ("PAGER", "NO_COLOR", "LESS")}, "TERM": "xterm", **environment}
    process = subprocess.Popen([FOPSCTL, *args], stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal, env=env)
    os.close(terminal)
    seen = b""
    while True:
        try:
            data = os.read(main, 65536)
        except OSError:
            break
        if not data:
            break
        seen += data
    os.close(main)
    return process.wait(), seen


def test_a_terminal_gets_colours_and_a_pager(jr):
    jr.send([*dated(time.time(), 1), ("FOPSD_RESULT", b"failed")])
    code, seen = on_terminal("search", "--no-pager")
    check(code == 0 and b"\x1b[31m" in seen, f"no colour: {seen}")
    code, seen = on_terminal("search", "--no-pager", NO_COLOR="1")
    check(code == 0 and b"\x1b" not in seen and b"number 1" in seen, f"colour: {seen}")
    code, seen = on_terminal("search", "--no-pager", TERM="dumb")
    check(code == 0 and b"\x1b" not in seen, f"colour on a dumb terminal: {seen}")
    code, seen = on_terminal("search", PAGER="sed s/number/paged/")
    check(code == 0 and b"paged 1" in seen, f"$PAGER wasn't used: {seen}")
    code, seen = on_terminal("search", PAGER="echo $LESSSECURE; true")
    equal((code, seen), (0, b"1\r\n"), "a pager that reads nothing")
    equal(on_terminal("search", "-a", "99", PAGER="cat >/dev/null")[0], 1, "exit code through a pager")
    check(b"\x1b" not in fopsctl("search").out, "colours in a pipe")


def test_memory_does_not_grow_with_the_result(jr):
    with open(FOPSCTL, "rb") as f:
        if b"__asan_init" in f.read():
            raise Skip("the address sanitizer needs more than that itself")
    jr.send(*(dated(time.time(), n) for n in range(40000)))

    def data_limited(*options):
        # Data only: the journal itself is mapped.
        limit = 16 << 20
        done = subprocess.run([FOPSCTL, "search", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)))
        equal(done.returncode, 0, f"exit code with {options} ({done.stderr.decode()})")
        return len(done.stdout)

    check(data_limited("-o", "json") > 20 << 20, "more output than memory")


if __name__ == "__main__":
    j.main()
