# SPDX-License-Identifier: GPL-2.0-or-later
"""What holds for every verb: an empty journal, none, one that may not be read, one that is torn; a reader that goes, a disk that is
full; hostile names. What a verb does besides is in its own test."""

import os
import shutil
import subprocess
import time

import journal as j
from journal import FOPSCTL, JOURNALS, check, equal, fopsctl

# Of the journal. follow waits for what comes; here it needn't.
JOURNAL_VERBS = [["search"], ["search", "-o", "json"], ["search", "-o", "csv"], ["search", "-o", "export"], ["report"],
                 ["report", "files", "-o", "json"], ["report", "events"], ["report", "gaps", "-o", "csv"],
                 ["why", "/srv/x"], ["why", "-o", "json", "/srv/x"], ["follow", "--timeout", "1", "-q"]]
# Those that print one line an entry, in every form.
LINES = [["search"], ["search", "-o", "json"], ["report", "events"], ["report", "files"], ["why", "-n", "9999", "/srv/x"],
         ["why", "-n", "9999", "-o", "json", "/srv/x"], ["decode", "LOG"], ["decode", "-o", "json", "LOG"], ["check", "-c", "CONF"],
         ["check", "-c", "CONF", "-o", "json"]]
HOSTILE = b"/srv/\x1b[2J\n\xff\xe2\x80\xae'$(x)"


def entry(n, path=b"/srv/x", op=b"modify"):
    now = time.time()
    return [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"operation"), ("FOPSD_OP", op), ("FOPSD_PATH", path),
            ("FOPSD_DIR", b"/srv"), ("FOPSD_RESULT", b"success"), ("FOPSD_TIME", b"%.3f" % now), ("FOPSD_EXE", HOSTILE),
            ("FOPSD_EVENT", b"%.3f:%d" % (now, n)), ("FOPSD_KEY", HOSTILE), ("FOPSD_USER", HOSTILE), ("FOPSD_CMDLINE", HOSTILE),
            ("MESSAGE", HOSTILE)]


def as_nobody():
    os.setgroups([])
    os.setgid(j.NOBODY)
    os.setuid(j.NOBODY)


def ends_unable(result, verb, when):
    equal(result.code, 2, f"exit code of {verb} {when}")
    # The heads of columns may stand there.
    check(not result.out or "csv" in verb and len(result.lines) == 1, f"output of {verb} {when}: {result.out}")
    check(result.err.startswith("fopsctl: ") and result.err.count("\n") == 1, f"said by {verb} {when}: {result.err!r}")


def test_of_an_empty_journal_nothing_is_found(jr):
    for verb in JOURNAL_VERBS:
        result = fopsctl(*verb)
        check(result.code == 1 and len(result.lines) <= 1, f"{verb}: {result.code} {result.out}")
        check(result.err == "" or verb[0] == "why" and result.err.count("\n") == 1, f"said by {verb}: {result.err!r}")


def test_without_a_journal_or_permission_all_say_so(jr):
    jr.send(entry(1))
    program = os.path.join(jr.directory, "fopsctl")
    shutil.copy(FOPSCTL, program)
    subprocess.run("chmod 755 /run/log/journal /run/log/journal/*; chmod 600 /run/log/journal/*/*", shell=True, check=True)
    for verb in JOURNAL_VERBS:
        result = j.Result(j.run([program, *verb], preexec_fn=as_nobody, cwd="/"))
        ends_unable(result, verb, "without permission")
        check("Permission denied" in result.err, f"said by {verb}: {result.err!r}")
    jr.stop()
    shutil.rmtree(JOURNALS)
    for verb in JOURNAL_VERBS:
        ends_unable(fopsctl(*verb), verb, "without a journal")


def test_of_a_torn_journal_the_rest_is_found(jr):
    jr.send(entry(1))
    directory = os.path.join(JOURNALS, os.listdir(JOURNALS)[0])
    with open(os.path.join(directory, "system@torn.journal"), "wb") as f:
        f.write(b"LPKSHHRH" + bytes(40))
    for verb in JOURNAL_VERBS:
        result = fopsctl(*verb)
        check("gaps" in verb or verb[0] == "follow" or (result.code == 0 and b"/srv" in result.out), f"{verb}: {result.code} {result.out}")
        equal(result.err.count("system@torn.journal"), 1, f"times that {verb} says it")


def prepared(jr, verb):
    """A log of many lines, a configuration of many watches."""
    with open(os.path.join(j.DATA, "mixed.log"), "rb") as f:
        log = jr.file("log", f.read() * 50)
    conf = jr.file("conf", b"watches = (" + b",".join(b'{ path = "/nowhere/%d"; }' % n for n in range(200)) + b");\n")
    return [{"LOG": log, "CONF": conf}.get(word, word) for word in verb]


def test_a_reader_that_goes_ends_it_quietly(jr):
    jr.send(*(entry(n, b"/srv/x") for n in range(3000)), *(entry(n, b"/srv/%d" % n) for n in range(3000, 5000)))
    for verb in LINES:
        process = subprocess.Popen([FOPSCTL, *prepared(jr, verb)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        equal((process.wait(60), err), (0, b""), f"exit code and complaints of {verb}")


def test_a_full_disk_is_said(jr):
    # Some are found out at the end, some on the way.
    jr.send(*(entry(n, b"/srv/x") for n in range(3000)), *(entry(n, b"/srv/%d" % n) for n in range(3000, 5000)))
    for verb in LINES:
        with open("/dev/full", "wb") as full:
            done = subprocess.run([FOPSCTL, *prepared(jr, verb)], stdout=full, stderr=subprocess.PIPE, check=False)
        equal(done.returncode, 2, f"exit code of {verb}")
        check(b"No space left on device" in done.stderr and done.stderr.count(b"\n") == 1, f"said by {verb}: {done.stderr}")


def test_hostile_names_stay_in_their_lines(jr):
    jr.send(*(entry(n, path) for n in range(3) for path in (HOSTILE, b"/srv/x")))
    for verb in (*JOURNAL_VERBS, ["why", HOSTILE]):
        result = fopsctl(*verb)
        # The export format says how long a value is.
        check("export" in verb or all(c >= 0x20 or c == 0x0a for c in result.out), f"control bytes of {verb}: {result.out}")
        check("\x1b" not in result.err and "\u202e" not in result.err, f"control bytes in what {verb} says: {result.err!r}")


def test_files_that_cannot_be_read_are_said(jr):
    program = os.path.join(jr.directory, "fopsctl")
    shutil.copy(FOPSCTL, program)
    closed = jr.file("closed", b"")
    os.chmod(closed, 0o600)
    for verb in (["decode", closed], ["search", "-i", closed], ["report", "-i", closed], ["decode", "/nonexistent"],
                 ["search", "-i", "/nonexistent"]):
        result = j.Result(j.run([program, *verb], preexec_fn=as_nobody, cwd="/"))
        check(result.code == 2 and verb[-1] in result.err and result.err.count("\n") == 1, f"{verb}: {result.code} {result.err!r}")


def test_every_verb_has_help_and_refuses_what_it_does_not_know(jr):
    del jr
    verbs = [line.split()[0] for line in fopsctl("--help").out.decode().splitlines() if line.startswith("  ")]
    check("why" in verbs and "follow" in verbs, f"verbs: {verbs}")
    for verb in verbs:
        help_ = fopsctl(verb, "--help")
        equal((help_.code, help_.err), (0, ""), f"{verb} --help")
        check(help_.out.startswith(b"fopsctl " + verb.encode()), f"--help of {verb}")
        result = fopsctl(verb, "--nonsense")
        equal((result.code, result.out), (2, b""), f"{verb} --nonsense")
    equal(fopsctl("nonsense").code, 2, "an unknown verb")


def test_what_a_verb_does_not_take_is_refused_before_it_does_anything(jr):
    for verb in ("status", "doctor", "rules", "check"):
        for given, said in ((["x"], "fopsctl: unexpected argument 'x'\n"), (["-o", "xml"], "fopsctl: unknown output format 'xml'"),
                            (["-o"], f"{verb}: option requires an argument"), (["-P"], f"{verb}: invalid option")):
            result = fopsctl(verb, *given)
            equal((result.code, result.out), (2, b""), f"{verb} {given}")
            check(result.err.startswith(said) and result.err.count("\n") == 1, f"said by {verb} {given}: {result.err!r}")
    for verb, given in (("watch", ["/a", "/b"]), ("watch", ["-o", "write"]), ("unwatch", [])):
        result = fopsctl(verb, *given)
        equal((result.code, result.err), (2, f"fopsctl: {verb} takes one path\n"), f"{verb} {given}")
    equal(fopsctl("unwatch", "-k", "x", "/a").err, "unwatch: invalid option -- 'k'\n", "said by unwatch -k")
    check(b"watches, " in fopsctl("check", "--config", jr.file("conf", b"")).out, "--config in full")


if __name__ == "__main__":
    j.main()
