# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsctl why over a journal of known entries: what is asked of the journal and how it is told. The logic of histories is in
tests/unit/test-history.c, real operations in tests/live."""

import os
import re
import shutil
import subprocess
import time

import journal as j
from journal import FOPSCTL, JOURNALS, check, equal, fopsctl

# In milliseconds: events are found some minutes later than they happened, not hours.
BEGIN = int(time.time() * 1000) - 60000


def stamp(n):
    return b"%d.%03d" % divmod(BEGIN + n, 1000)


def operation(n, op, path, new_path=None, **fields):
    pairs = [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"operation"), ("FOPSD_OP", op.encode()), ("FOPSD_PATH", path),
             ("FOPSD_DIR", os.path.dirname(path)), ("FOPSD_RESULT", b"success"), ("FOPSD_TIME", stamp(n)),
             ("FOPSD_EVENT", stamp(n) + b":%d" % n), ("FOPSD_USER", b"alice"), ("FOPSD_PID", b"4711"),
             ("FOPSD_CMDLINE", b"do it"), ("MESSAGE", b"number %d" % n), *fields.items()]
    return pairs + ([("FOPSD_NEW_PATH", new_path)] if new_path else [])


def other(n, kind, message, **fields):
    return [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", kind), ("MESSAGE", message), ("FOPSD_TIME", stamp(n)),
            *fields.items()]


def numbers(result):
    return [int(line.split()[-1]) for line in result.lines if b"number" in line]


LIFE = [operation(1, "mkdir", b"/srv/old"), operation(2, "create", b"/srv/old/tmp"), operation(3, "modify", b"/srv/old/x"),
        operation(4, "read", b"/srv/old/x"), operation(5, "rename", b"/srv/old/tmp", b"/srv/old/x", FOPSD_REPLACED_INODE=b"9"),
        operation(6, "create", b"/srv/old/y"), operation(7, "rename", b"/srv/old", b"/srv/new"),
        operation(8, "chmod", b"/srv/new/x"), operation(9, "delete", b"/srv/new/x"), operation(10, "rmdir", b"/srv/new")]


def test_the_sentence_and_the_timeline(jr):
    jr.send(*LIFE)
    result = fopsctl("why", "/srv/new/x")
    equal((result.code, result.err), (0, ""), "exit code and complaints")
    check(result.lines[0].startswith(b"/srv/new/x: deleted ") and result.lines[0].endswith(b" by alice with do it (pid 4711)"),
          f"sentence: {result.lines[0]}")
    equal(result.lines[1], b"", "a line between")
    equal(numbers(result), [9, 8, 7, 5, 2], "timeline")
    result = fopsctl("why", "/srv/old/x")
    check(b"moved with its directory, now /srv/new " in result.lines[0] and b"; then deleted " in result.lines[0],
          f"sentence: {result.lines[0]}")
    equal(numbers(result), [9, 8, 7, 5, 3, 2], "timeline of its name before")
    equal(numbers(fopsctl("why", "/srv/old/tmp")), [9, 8, 7, 5, 2], "timeline of its first name")


def test_lines_are_bounded_and_the_rest_is_said(jr):
    jr.send(operation(0, "create", b"/srv/x"), *(operation(n, "modify", b"/srv/x") for n in range(1, 60)))
    result = fopsctl("why", "/srv/x")
    equal(numbers(result), list(range(59, 39, -1)), "timeline")
    check("… and 40 earlier: -n 60" in result.out.decode(), f"the rest: {result.lines[-2:]}")
    equal(numbers(fopsctl("why", "-n", "60", "/srv/x")), list(range(59, -1, -1)), "timeline with -n")


def test_a_file_that_is_written_all_day_has_its_beginning_still(jr):
    jr.send(operation(0, "create", b"/srv/log.1"), operation(1, "rename", b"/srv/log.1", b"/srv/log"),
            *(operation(n, "modify", b"/srv/log") for n in range(2, 3000)))
    result = fopsctl("why", "-n", "5000", "/srv/log")
    equal(numbers(result)[-2:], [1, 0], "the beginning")
    check(b"isn't in the journal, in which" not in result.out, "it is said to be unknown")


def test_json_has_a_line_about_it_and_the_entries(jr):
    jr.send(*LIFE)
    entries = fopsctl("why", "-o", "json", "/srv/old/x").entries
    equal({name: entries[0][name] for name in ("FOPSD_KIND", "FOPSD_PATH", "FOPSD_WHY_STATE", "FOPSD_WHY_NOW", "FOPSD_WHY_COMPLETE")},
          {"FOPSD_KIND": "why", "FOPSD_PATH": "/srv/old/x", "FOPSD_WHY_STATE": "moved", "FOPSD_WHY_NOW": "/srv/new/x",
           "FOPSD_WHY_COMPLETE": "1"}, "the line about it")
    found = {entry["FOPSD_EVENT"]: entry for entry in fopsctl("search", "-o", "json").entries}
    equal([entry["MESSAGE"] for entry in entries[1:]], [f"number {n}" for n in (9, 8, 7, 5, 3, 2)], "entries")
    check(all(entry == found[entry["FOPSD_EVENT"]] for entry in entries[1:]), "entries as search has them")


def test_what_the_record_does_not_tell_is_said(jr):
    path = os.path.join(jr.directory, "there").encode()
    text = os.fsdecode(path)
    jr.send(operation(1, "modify", path))
    result = fopsctl("why", text)
    check(b"How it came there isn't in the journal" in result.out and b"It isn't there now: how it went" in result.out,
          f"of a file that went unseen: {result.out}")
    jr.file("there", b"")
    check(b"It isn't there now" not in fopsctl("why", text).out, "of a file that is there")
    jr.send(operation(2, "delete", path))
    check(b"It is there now: how it came back" in fopsctl("why", text).out, "of a file that came unseen")
    jr.send(operation(3, "create", path))
    result = fopsctl("why", text)
    check(b"isn't in the journal" not in result.out, f"of a file that was seen to come: {result.out}")


def test_gaps_and_stops_since_then_are_shown(jr):
    jr.send(other(0, b"gap", b"number 0"), operation(1, "create", b"/srv/x"), other(2, b"gap", b"number 2"),
            other(3, b"state", b"number 3", FOPSD_STATE=b"stopped"), other(4, b"state", b"number 4", FOPSD_STATE=b"armed"),
            other(5, b"state", b"number 5", FOPSD_STATE=b"started"), operation(6, "delete", b"/srv/x"))
    equal(numbers(fopsctl("why", "/srv/x")), [6, 5, 3, 2, 1], "timeline")


def test_nothing_known_is_1_and_says_how_far_back(jr):
    result = fopsctl("why", "/srv/x")
    equal((result.code, result.out), (1, b""), "of an empty journal")
    equal(result.err, "fopsctl: nothing is known of /srv/x; the journal has no entries of fopsd\n", "said of an empty journal")
    jr.send(operation(1, "delete", b"/srv/xy"), operation(2, "delete", b"/srv/y/x"))
    result = fopsctl("why", "/srv/x")
    equal((result.code, result.out), (1, b""), "of an unknown path")
    check("; fopsd's entries begin " in result.err and result.err.count("\n") == 1, f"said: {result.err}")


def test_who_only_tried_changed_nothing(jr):
    tried = [(name, b"failed" if name == "FOPSD_RESULT" else value) for name, value in operation(1, "delete", b"/srv/x")]
    jr.send(tried)
    result = fopsctl("why", "/srv/x")
    equal((result.code, result.lines), (0, [b"/srv/x: tried, but not changed", b"", result.lines[-1]]), "output")
    equal(numbers(result), [1], "timeline")


def test_hostile_names(jr):
    path = b"/srv/a\n\x1b[2J\xff'$(x)"
    jr.send(operation(1, "create", path), operation(2, "rename", path, b"/srv/\x1b[31m"))
    result = fopsctl("why", path)
    equal(result.code, 0, "exit code")
    equal(numbers(result), [2, 1], "timeline")
    check(all(c >= 0x20 or c == 0x0a for c in result.out), "control bytes")
    equal(len(fopsctl("why", "-o", "json", path).entries), 3, "lines of JSON")
    result = fopsctl("why", b"/srv/\x1b[2J")
    equal((result.code, "\x1b" in result.err), (1, False), "a hostile name that isn't known")


def test_paths_as_people_type_them(jr):
    directory = os.path.join(jr.directory, "real")
    os.mkdir(directory)
    os.symlink("real", os.path.join(jr.directory, "link"))
    jr.send(operation(1, "delete", os.fsencode(directory) + b"/gone/x"), operation(2, "symlink", os.fsencode(jr.directory) + b"/link"))
    try:
        for typed in ("real/gone/x", "./link/gone/x", "link/../real//gone/./x", os.path.join(jr.directory, "link/gone/x")):
            equal(numbers(fopsctl("why", typed, cwd=jr.directory)), [1] if "/../" not in typed else [], f"timeline of {typed}")
        equal(numbers(fopsctl("why", "link", cwd=jr.directory)), [2], "timeline of a link")
    finally:
        os.unlink(os.path.join(jr.directory, "link"))
        os.rmdir(directory)


def test_the_root_and_wrong_usage(jr):
    jr.send(operation(1, "chmod", b"/"), operation(2, "delete", b"/srv/x"))
    equal(numbers(fopsctl("why", "/")), [1], "timeline of the root")
    for options in ([], ["/a", "/b"], [""], ["-n", "0", "/a"], ["-o", "csv", "/a"]):
        result = fopsctl("why", *options)
        equal((result.code, result.out), (2, b""), f"exit code and output with {options}")
        check(result.err.startswith("fopsctl: ") and result.err.count("\n") == 1, f"said with {options}: {result.err}")
    equal(fopsctl("why", "--nonsense", "/a").code, 2, "exit code of an unknown option")
    check(b"--merge" in fopsctl("why", "--help").out, "--help")


def as_nobody():
    os.setgroups([])
    os.setgid(j.NOBODY)
    os.setuid(j.NOBODY)


def test_without_permission_or_journal_it_says_so(jr):
    jr.send(*LIFE)
    program = os.path.join(jr.directory, "fopsctl")
    shutil.copy(FOPSCTL, program)
    subprocess.run("chmod 755 /run/log/journal /run/log/journal/*; chmod 600 /run/log/journal/*/*", shell=True, check=True)
    done = j.Result(j.run([program, "why", "/srv/new/x"], preexec_fn=as_nobody))
    equal((done.code, done.out), (2, b""), "without permission")
    check("system.journal: Permission denied" in done.err and done.err.count("\n") == 1, f"said: {done.err}")
    jr.stop()
    shutil.rmtree(JOURNALS)
    done = fopsctl("why", "/srv/new/x")
    equal((done.code, done.out), (2, b""), "without a journal")
    check("there is no journal" in done.err and done.err.count("\n") == 1, f"said: {done.err}")


def test_a_torn_file_is_said_once_and_the_rest_is_told(jr):
    jr.send(*LIFE)
    directory = os.path.join(JOURNALS, os.listdir(JOURNALS)[0])
    with open(os.path.join(directory, "system@torn.journal"), "wb") as f:
        f.write(b"LPKSHHRH" + bytes(40))
    result = fopsctl("why", "/srv/new/x")
    equal((result.code, numbers(result)), (0, [9, 8, 7, 5, 2]), "what is whole")
    equal(result.err.count("system@torn.journal: "), 1, f"times that it is said: {result.err}")
    equal(fopsctl("why", "/srv/unknown").code, 2, "exit code when nothing is found, but not all was read")


def test_damage_inside_a_file_ends_well(jr):
    jr.send(*LIFE, *(operation(n, "modify", b"/srv/m%d" % n) for n in range(20, 1000)))
    jr.stop()
    whole = os.path.join(JOURNALS, os.listdir(JOURNALS)[0], "system.journal")
    with open(whole, "rb") as f:
        data = f.read()
    for at in range(4096, len(data) - 4096, len(data) // 8):
        with open(whole, "wb") as f:
            f.write(data[:at] + os.urandom(4096) + data[at + 4096:])
        result = fopsctl("why", "/srv/new/x", timeout=60)
        check(result.code in (0, 1, 2) and (result.code == 0 or result.err), f"exit code {result.code}: {result.err}")


def test_a_closed_pipe_ends_quietly(jr):
    jr.send(operation(0, "create", b"/srv/x"), *(operation(n, "modify", b"/srv/x" ) for n in range(1, 2000)))
    for form in ("text", "json"):
        process = subprocess.Popen([FOPSCTL, "why", "-n", "5000", "-o", form, "/srv/x"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        equal((process.wait(60), err), (0, b""), f"exit code and complaints of {form}")


def test_it_asks_the_indexes_and_not_everything(jr):
    jr.send(*LIFE, *(operation(n, "modify", b"/srv/other%d" % n) for n in range(20, 40000)))

    def cpu_of(*command):
        before = os.times()
        equal(fopsctl(*command).code, 0, f"exit code of {command}")
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    why, everything = cpu_of("why", "/srv/new/x"), cpu_of("search", "-o", "json")
    print(f"  why {why:.3f} s, reading everything {everything:.3f} s")
    check(why < everything, "why took as much as reading everything")


def test_hosts_are_told_apart(jr):
    jr.send(*LIFE)
    jr.become("web2")
    jr.send(operation(11, "create", b"/srv/new/x"))
    equal(numbers(fopsctl("why", "/srv/new/x")), [9, 8, 7, 5, 2], "timeline of this host")
    result = fopsctl("why", "-m", "--host", "web2", "/srv/new/x")
    equal(numbers(result), [11], "timeline of the other host")
    check(b"web2" in result.lines[2], "the host in a line")
    equal(fopsctl("why", "-m", "--host", "elsewhere", "/srv/new/x").code, 1, "exit code of a third")


def log_of_today():
    """A capture, as if it had been made a minute ago."""
    with open(os.path.join(j.DATA, "rename.log"), "rb") as f:
        log = f.read()
    begin = int(re.search(rb"audit\(([0-9]+)", log)[1])
    return re.sub(rb"audit\(([0-9]+)", lambda match: b"audit(%d" % (BEGIN // 1000 + int(match[1]) - begin), log)


def test_a_log_tells_what_the_journal_tells(jr):
    log = log_of_today()
    path = jr.file("audit.log", log)
    jr.send(*map(j.fields_of, fopsctl("decode", "-o", "json", path).lines))
    for name in ("/srv/data/sub/in", "/srv/data/b", "/srv/data/sl"):
        expected = fopsctl("why", name)
        check(expected.code == 0 and len(expected.lines) > 3, f"of the journal: {expected.out}")
        for result in (fopsctl("why", "-i", path, name), fopsctl("why", "-i", "-", name, stdin=log),
                       fopsctl("why", "-i", "/dev/stdin", name, stdin=log)):
            equal((result.code, result.err, result.out), (0, "", expected.out), f"of the log, {name}")
    half = log.index(b"\n", len(log) // 2) + 1
    parts = [jr.file("log.1", log[:half]), jr.file("log.2", log[half:])]
    equal(fopsctl("why", "-i", parts[1], "-i", parts[0], "/srv/data/b").out, fopsctl("why", "/srv/data/b").out, "of two logs")


def test_of_a_log_it_is_said_how_far_it_reaches(jr):
    with open(os.path.join(j.DATA, "rename.log"), "rb") as f:
        log = f.read()
    result = fopsctl("why", "-i", "-", "/srv/unknown", stdin=log)
    check(result.code == 1 and "; the audit log begins " in result.err, f"said of an unknown path: {result.err}")
    result = fopsctl("why", "-i", jr.file("empty", b""), "/srv/unknown")
    check(result.code == 1 and "the audit log has no operations" in result.err, f"said of an empty log: {result.err}")


def test_what_of_a_log_cannot_be_read_is_said_once(jr):
    with open(os.path.join(j.DATA, "rename.log"), "rb") as f:
        torn = jr.file("torn", b"torn line\n" + f.read())
    result = fopsctl("why", "-i", torn, "/srv/data/b")
    equal((result.code, result.err.count("torn:1: byte 1"), result.err.count("malformed")), (0, 1, 1), "of a torn line")
    result = fopsctl("why", "-i", torn, "-i", "/nonexistent", "/srv/data/b")
    check(result.code == 2 and result.out and result.err.count("/nonexistent") == 1, f"of a missing file: {result.err}")
    equal(fopsctl("why", "-i", torn, "-D", jr.directory, "/srv/data/b").code, 2, "exit code of a log and a journal")


if __name__ == "__main__":
    time.tzset()
    j.main()
