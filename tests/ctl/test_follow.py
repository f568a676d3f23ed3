# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsctl follow over the end of a journal that the test writes to: choice, forms of lines, ends, and all that can be wrong.
What it asks of the kernel is in tests/live."""

import csv
import io
import json
import os
import select
import shutil
import subprocess
import time

import journal as j
from journal import FOPSCTL, JOURNALS, check, equal, fopsctl

LINE_SECONDS = 60


def entry(op="delete", path=b"/srv/x", **fields):
    now = time.time()
    return [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"operation"), ("FOPSD_OP", op.encode()), ("FOPSD_PATH", path),
            ("FOPSD_DIR", os.path.dirname(path)), ("FOPSD_RESULT", b"success"), ("FOPSD_TIME", b"%.3f" % now),
            ("FOPSD_EVENT", b"%.3f:12" % now), ("FOPSD_USER", b"alice"), ("FOPSD_PID", b"4711"), ("FOPSD_EXE", b"/usr/bin/rm"),
            ("MESSAGE", b"did " + op.encode() + b" " + path.split(b"\n")[0]), *fields.items()]


class Follower:
    """A running follow; .until(part) waits for its output to have that."""

    def __init__(self, *options, program=FOPSCTL, ready="following", **how):
        self.process = subprocess.Popen([program, "follow", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, **how)
        self.out = b""
        if ready:
            line = self.process.stderr.readline().decode()
            check(ready in line, f"said: {line!r}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def until(self, part):
        deadline = time.monotonic() + LINE_SECONDS
        while part not in self.out:
            check(time.monotonic() < deadline, f"no {part!r} in {self.out!r}")
            if select.select([self.process.stdout], [], [], 0.2)[0]:
                data = os.read(self.process.stdout.fileno(), 65536)
                if not data:
                    raise j.Failure(f"it ended before {part!r}: {self.out!r} {self.process.stderr.read()!r}")
                self.out += data
        return self.out

    def rest(self):
        out, err = self.process.communicate(timeout=LINE_SECONDS)
        return self.process.returncode, self.out + out, err.decode()


def test_what_comes_is_shown_and_what_was_is_not(jr):
    jr.send(entry(path=b"/srv/before"))
    with Follower() as f:
        jr.send(entry(path=b"/srv/one"))
        f.until(b"did delete /srv/one\n")
        jr.send(entry("chmod", b"/srv/two"))
        check(b"before" not in f.until(b"did chmod /srv/two\n"), f"the past: {f.out}")


def test_an_empty_journal_and_a_new_file_of_it(jr):
    with Follower() as f:
        jr.send(entry(path=b"/srv/one"))
        f.until(b"/srv/one\n")
        subprocess.run(["journalctl", "--rotate"], check=True)
        jr.send(entry(path=b"/srv/two"))
        f.until(b"/srv/two\n")


def test_lines_of_inotifywait(jr):
    with Follower("-mrq", "--format", "%w %e %f", "-e", "create,delete,modify,move", ready=None) as f:
        deadline = time.monotonic() + LINE_SECONDS
        # -q: it doesn't say when it begins.
        while b"DELETE first" not in f.out:
            jr.send(entry(path=b"/srv/first"))
            check(time.monotonic() < deadline, "it doesn't begin")
            if select.select([f.process.stdout], [], [], 0.3)[0]:
                f.out += os.read(f.process.stdout.fileno(), 65536)
        f.out = b""
        jr.send(entry("chmod"), entry("read"), entry("mkdir", b"/srv/d"), entry("modify", FOPSD_RESULT=b"failed"),
                entry("rename", b"/srv/a b", FOPSD_NEW_PATH=b"/srv/d/c"), entry("modify", b"/srv/m"),
                entry("rmdir", b"/srv/end"))
        lines = [line for line in f.until(b"DELETE,ISDIR end\n").splitlines() if b"first" not in line]
    # FOPSD_RESULT stands twice in the one that failed: the first counts.
    equal(lines, [b"/srv/ CREATE,ISDIR d", b"/srv/ MODIFY x", b"/srv/ MOVED_FROM a b", b"/srv/d/ MOVED_TO c", b"/srv/ MODIFY m",
                  b"/srv/ DELETE,ISDIR end"], "lines")


def failed(op, path):
    return [(name, b"failed" if name == "FOPSD_RESULT" else value) for name, value in entry(op, path)]


def test_what_failed_is_shown_to_people_and_on_demand(jr):
    for options, expected in ((["-m"], [b"/srv/ DELETE end"]), (["-m", "--failed"], [b"/srv/ CREATE a", b"/srv/ DELETE end"]),
                              ([], [b"did create /srv/a", b"did delete /srv/end"])):
        with Follower(*options) as f:
            jr.send(failed("create", b"/srv/a"), entry(path=b"/srv/end"))
            f.until(b"end\n")
            equal([line[-len(e):] for line, e in zip(f.out.splitlines(), expected)], expected, f"lines with {options}")
            equal(len(f.out.splitlines()), len(expected), f"lines with {options}")


def test_json_and_csv_are_those_of_search(jr):
    with Follower("-o", "json", "-e", "delete") as f, Follower("-o", "csv", "-e", "delete") as g:
        jr.send(entry("create"), entry(path=b"/srv/\xff\n"))
        f.until(b"}\n")
        g.until(b"MESSAGE\n")
        g.until(b"\n2")
    equal(f.out.splitlines(), fopsctl("search", "-o", "json", "--op", "delete").lines, "JSON")
    rows = list(csv.DictReader(io.StringIO(g.out.decode())))
    equal([row["FOPSD_OP"] for row in rows], ["delete"], "CSV")


def test_choice_by_pattern_and_event(jr):
    with Follower("--include", r"\.TXT$", "-e", "chmod,close_write", "--exclude", "^/srv/b") as f, \
            Follower("--includei", r"\.TXT$", "-m", "--excludei", "/B") as g:
        jr.send(entry("chmod", b"/srv/a.txt"), entry("chmod", b"/srv/b.TXT"), entry("chown", b"/srv/c.TXT"),
                entry("modify", b"/srv/d.TXT"), entry("chmod", b"/srv/end.TXT"))
        f.until(b"end.TXT\n")
        g.until(b"end.TXT\n")
    equal([line.split()[-1] for line in f.out.splitlines()], [b"/srv/d.TXT", b"/srv/end.TXT"], "lines")
    equal([line.split()[-1] for line in g.out.splitlines()], [b"a.txt", b"c.TXT", b"d.TXT", b"end.TXT"], "lines")


def test_a_format_with_who_and_when(jr):
    with Follower("--format", "%T|%u|%p|%x|%o|%r|%;e|%%", "--timefmt", "%Y") as f:
        jr.send(entry())
        equal(f.until(b"\n"), time.strftime("%Y").encode() + b"|alice|4711|/usr/bin/rm|delete|success|DELETE|%\n", "line")


def test_hostile_names(jr):
    path = b"/srv/a\n\x1b[2J\xff"
    with Follower("--format", "%w%f%0", "--no-newline") as f, Follower() as g:
        jr.send(entry(path=path), entry("create", b"/srv/b"))
        equal(f.until(b"/srv/b\0"), path + b"\0/srv/b\0", "names")
        check(b"\x1b" not in g.until(b"/srv/b\n"), "an escape sequence in a line for people")


def test_count_and_timeout_end_it(jr):
    with Follower("--count", "2", "-m") as f:
        jr.send(entry("rename", FOPSD_NEW_PATH=b"/srv/y"), entry(path=b"/srv/more"))
        code, out, err = f.rest()
        equal((code, out.splitlines(), err), (0, [b"/srv/ MOVED_FROM x", b"/srv/ MOVED_TO y"], ""), "with --count")
    with Follower("--timeout", "1") as f:
        equal(f.rest(), (1, b"", ""), "with --timeout, and nothing came")
    with Follower("-t", "10") as f:
        jr.send(entry())
        code, out, err = f.rest()
        equal((code, out.count(b"\n"), err), (0, 1, ""), "with --timeout, and something came")


def test_what_was_missed_is_said(jr):
    gap = [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"gap"), ("MESSAGE", b"events were lost")]
    state = [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KIND", b"state"), ("MESSAGE", b"fopsd reloaded")]
    with Follower("-m") as f, Follower() as g:
        jr.send(state, gap, entry(path=b"/srv/end"))
        f.until(b"end\n")
        g.until(b"end\n")
        f.process.terminate()
        _, out, err = f.rest()
        equal((out, err), (b"/srv/ DELETE end\n", "fopsctl: events were lost\n"), "beside lines of --format")
    check(b"events were lost\n" in g.out and b"reloaded\n" in g.out, f"lines for people: {g.out}")


def test_what_others_write_is_not_shown(jr):
    with Follower() as f:
        jr.send_as(j.NOBODY, entry(path=b"/srv/forged"))
        jr.send(entry(path=b"/srv/true"))
        check(b"forged" not in f.until(b"/srv/true\n"), "an entry of somebody else")


def test_it_ends_quietly_when_its_reader_does(jr):
    for options in ([], ["-m"], ["-o", "json"]):
        with Follower(*options) as f:
            f.process.stdout.close()
            equal(f.process.wait(LINE_SECONDS), 0, f"exit code with {options} and nothing to write")
            equal(f.process.stderr.read(), b"", f"complaints with {options}")
    script = f"{FOPSCTL} follow -mq --format %f | while read name; do echo got $name; break; done; echo $?"
    shell = subprocess.Popen(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + LINE_SECONDS
    while shell.poll() is None:
        jr.send(entry())
        check(time.monotonic() < deadline, "the loop doesn't end")
        time.sleep(0.2)
    equal(shell.communicate(), (b"got x\n0\n", b""), "of a loop in a shell")


def test_a_full_disk_is_said(jr):
    with open("/dev/full", "wb") as full:
        process = subprocess.Popen([FOPSCTL, "follow"], stdout=full, stderr=subprocess.PIPE)
        check(b"following" in process.stderr.readline(), "it doesn't begin")
        jr.send(entry())
        equal((process.wait(LINE_SECONDS), process.stderr.read()), (2, b"fopsctl: No space left on device\n"), "end")
        process.stderr.close()


def as_nobody():
    os.setgroups([])
    os.setgid(j.NOBODY)
    os.setuid(j.NOBODY)


def test_who_may_only_read_follows_paths_that_are_watched(jr):
    program = os.path.join(jr.directory, "fopsctl")
    shutil.copy(FOPSCTL, program)
    subprocess.run("chmod 755 /run/log/journal /run/log/journal/*; chmod 644 /run/log/journal/*/*", shell=True, check=True)
    with Follower("-m", "/srv/data", program=program, preexec_fn=as_nobody, cwd="/") as f:
        jr.send(entry(path=b"/srv/other"), entry(path=b"/srv/data/sub/x"), entry(path=b"/srv/data/x"))
        equal(f.until(b"\n"), b"/srv/data/ DELETE x\n", "lines")


def test_another_journal_is_followed_and_nothing_watched_for_it(jr):
    # For root, and with paths: a fopsd of its own would hear nothing of what is written to the journal here.
    jr.become("web2")
    with Follower("-r", "-D", j.OTHER_JOURNALS, "/srv/data") as f, Follower("-r", "--merge", "/srv/data") as g:
        jr.send(entry(path=b"/srv/other"), entry(path=b"/srv/data/sub/x"))
        for follower in (f, g):
            check(b"/srv/data/sub/x\n" in follower.until(b"\n"), f"line: {follower.out}")
    check(b"web2" in g.out and b"web2" not in f.out, f"the host is for what may be of several: {f.out} {g.out}")
    result = fopsctl("follow", "-q", "-D", "/nonexistent")
    equal((result.code, result.err.count("/nonexistent")), (2, 1), "without such a directory")


def test_without_permission_or_journal_it_says_so(jr):
    program = os.path.join(jr.directory, "fopsctl")
    shutil.copy(FOPSCTL, program)
    subprocess.run("chmod 755 /run/log/journal /run/log/journal/*; chmod 600 /run/log/journal/*/*", shell=True, check=True)
    done = j.Result(j.run([program, "follow", "-q"], preexec_fn=as_nobody))
    equal((done.code, done.out), (2, b""), "without permission")
    check("ermission denied" in done.err, f"said: {done.err}")
    jr.stop()
    shutil.rmtree(JOURNALS)
    done = fopsctl("follow", "-q")
    equal((done.code, done.out), (2, b""), "without a journal")
    check("there is no journal" in done.err and done.err.count("\n") == 1, f"said: {done.err}")


def test_a_torn_file_beside_is_said_and_the_rest_is_followed(jr):
    directory = os.path.join(JOURNALS, os.listdir(JOURNALS)[0])
    with open(os.path.join(directory, "system@torn.journal"), "wb") as f:
        f.write(b"LPKSHHRH" + bytes(40))
    with Follower(ready="system@torn.journal: ") as f:
        check(b"following" in f.process.stderr.readline(), "it doesn't begin")
        jr.send(entry())
        f.until(b"/srv/x\n")


def test_wrong_usage_is_said_in_one_line(jr):
    for options in (["-e", "nonsense"], ["-e", ""], ["--format", "%z"], ["--include", "("], ["--count", "0"], ["-t", "x"],
                    ["-o", "raw"], ["-o", "json", "--format", "%f"], [""]):
        result = fopsctl("follow", *options)
        equal((result.code, result.out), (2, b""), f"exit code and output with {options}")
        check(result.err.startswith("fopsctl: ") and result.err.count("\n") == 1, f"said with {options}: {result.err}")
    check("did you mean 'delete'" in fopsctl("follow", "-e", "delte").err, "no suggestion")
    help_ = fopsctl("follow", "--help")
    equal((help_.code, help_.err), (0, ""), "--help")
    check(b"--timefmt" in help_.out, "options in --help")
    check(json.dumps("%w %e %f")[1:-1].encode() in help_.out, "the format in --help")


if __name__ == "__main__":
    j.main()
