#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsctl follow on the live kernel: beside inotifywait over the same operations; with a fopsd that watches, one that doesn't,
and none; and that nothing is left of its watches however it ends."""

import os
import shutil
import signal
import subprocess
import time

import live

LINE_SECONDS = 60


def wait_until(condition, what):
    deadline = time.monotonic() + LINE_SECONDS
    while not condition():
        live.check(time.monotonic() < deadline, f"not in {LINE_SECONDS} s: {what}")
        time.sleep(0.05)


class Program:
    """A program that goes on printing lines."""

    def __init__(self, ground, *command, cwd=None):
        self.out_path = os.path.join(ground.private, f"follow-out-{time.monotonic_ns()}")
        self.err_path = self.out_path + ".err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd)
        ground.running.append(self)

    @property
    def out(self):
        with open(self.out_path, "rb") as f:
            return f.read()

    @property
    def err(self):
        with open(self.err_path, "rb") as f:
            return f.read().decode(errors="replace")

    @property
    def lines(self):
        return self.out.decode(errors="replace").splitlines()

    def wait_for_line(self, part):
        wait_until(lambda: part in self.out or self.process.poll() is not None, f"{part!r} in {self.out!r} ({self.err})")
        live.check(part in self.out, f"it ended with {self.process.returncode} before {part!r}: {self.err}")

    def wait_for_word(self, word):
        wait_until(lambda: word in self.err or self.process.poll() is not None, f"{word!r} in {self.err!r}")
        live.check(word in self.err, f"it ended with {self.process.returncode} before {word!r}: {self.err}")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(live.STOP_SECONDS)

    def kill(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def installed(ground):
    """fopsctl, which looks for fopsd where both are installed."""
    prefix = ground.directory("/tmp")
    for place, program in (("bin", live.FOPSCTL), ("sbin", live.FOPSD)):
        os.mkdir(os.path.join(prefix, place))
        shutil.copy(program, os.path.join(prefix, place))
    return os.path.join(prefix, "bin/fopsctl")


def follow(ground, *options, cwd=None):
    program = Program(ground, installed(ground), "follow", *options, cwd=cwd)
    program.wait_for_word("following")
    return program


def our_rules(ground):
    return [r for r in ground.audit.rules() if live.TAG in live.rule_strings(r)]


def no_fopsd_runs():
    with live.socket.socket(live.socket.AF_UNIX, live.socket.SOCK_STREAM) as s:
        return s.connect_ex("\0fopsd/instance") != 0 and s.connect_ex("\0fopsd/instance\0") != 0


# inotifywait needs a moment after a directory was made, or it misses what is made in it.
OPERATIONS = ["mkdir sub", "touch sub/a", "echo x >> sub/a", "mv sub/a b", "mv b sub/c", "touch 'sp ace'", "ln -s b l",
              "ln sub/c hard", "rm hard", "mkfifo f", "rm f l", "truncate -s 0 sub/c", "mkdir -p sub/deep", "touch sub/deep/x",
              "mv sub/deep sub/moved", "rm -r sub/moved", "mv 'sp ace' ../out", "mv ../out in", "rm -r sub", "touch end",
              "rm end"]
WANTED = ["-mr", "--format", "%w %e %f", "-e", "create,delete,modify,move"]


def side_by_side(ground, tree, given, cwd, stop):
    if not shutil.which("inotifywait"):
        raise live.Skip("no inotifywait")
    theirs = Program(ground, "inotifywait", *WANTED, given, cwd=cwd)
    theirs.wait_for_word("Watches established")
    ours = follow(ground, *WANTED, given, cwd=cwd)
    for command in OPERATIONS:
        subprocess.run(["sh", "-c", command], cwd=tree, check=True)
        time.sleep(0.1)
    last = given.rstrip("/").encode() + b"/ DELETE end\n"
    ours.wait_for_line(last)
    theirs.wait_for_line(last)
    live.equal(ours.lines, theirs.lines, "events")
    live.check(len(ours.lines) > len(OPERATIONS), f"too few lines: {ours.lines}")
    ours.end(stop)
    wait_until(lambda: all(os.fsencode(tree) not in live.rule_strings(r) for r in ground.audit.rules()),
               "the rules for the follower are gone")


def test_beside_inotifywait_with_no_fopsd_running(ground):
    tree = ground.tree()
    side_by_side(ground, tree, tree, "/", signal.SIGTERM)
    live.check(not our_rules(ground), "rules left")


def test_beside_inotifywait_with_a_fopsd_that_watches_something_else(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(ground.tree())
    before = our_rules(ground)
    side_by_side(ground, tree, "data", os.path.dirname(tree), signal.SIGKILL)
    live.check(sorted(our_rules(ground)) == sorted(before), "other rules of fopsd after")
    daemon.stop()


def fanotify_works(ground, tree):
    probe = follow(ground, "-e", "close_write", tree)
    probe.end()
    if "fanotify: " in probe.err:
        raise live.Skip(probe.err.strip())


def test_closing_after_writing_is_what_inotify_says(ground):
    tree = ground.tree()
    fanotify_works(ground, tree)
    if not shutil.which("inotifywait"):
        raise live.Skip("no inotifywait")
    os.mkdir(os.path.join(tree, "sub"))
    wanted = ["-m", "--format", "%w %e %f", "-e", "create,close_write,delete"]
    for recursive in (["-r"], []):
        theirs = Program(ground, "inotifywait", *wanted, *recursive, tree)
        theirs.wait_for_word("Watches established")
        ours = follow(ground, *wanted, *recursive, tree)
        script = "exec 3> slow; echo x >&3; sleep 1; exec 3>&-; cat slow; echo y >> slow; echo z > sub/in; rm slow sub/in; touch end; rm end"
        subprocess.run(["bash", "-ec", script], cwd=tree, check=True, stdout=subprocess.DEVNULL)
        last = os.fsencode(tree) + b"/ DELETE end\n"
        theirs.wait_for_line(last)
        ours.wait_for_line(last)
        # Two sources, which a busy machine may let come in another order than it was.
        wait_until(lambda: sorted(ours.lines) == sorted(theirs.lines), f"the same events: {ours.lines} and {theirs.lines}")
        closed = [[line for line in lines if "CLOSE" in line] for lines in (ours.lines, theirs.lines)]
        live.equal(closed[0], closed[1], "what was closed, in order")
        ours.end()
        theirs.kill()


def test_closing_needs_no_fopsd_and_says_who(ground):
    tree = ground.tree()
    fanotify_works(ground, tree)
    program = follow(ground, "-e", "close_write", "-o", "json", tree)
    live.check(not our_rules(ground), "rules for what audit can't tell")
    script = "echo x > x && touch flag && until [ -e done ]; do sleep 0.1; done"
    writer = subprocess.Popen(["bash", "-c", script], cwd=tree)
    program.wait_for_line(b"/x")
    subprocess.run(["mkdir", "done"], cwd=tree, check=True)
    writer.wait()
    program.end()
    entry = live.Entry(program.lines[0])
    live.equal((entry.text("FOPSD_OP"), entry.text("FOPSD_PATH"), entry.number("FOPSD_PID"), entry.text("FOPSD_COMM")),
               ("close_write", f"{tree}/x", writer.pid, "bash"), "the entry")
    live.equal(entry.text("MESSAGE"), f"closed {tree}/x after writing with bash[{writer.pid}]", "the line for people")


def test_a_watch_that_is_there_is_not_made_again(ground):
    ground.need_free_registration()
    tree = ground.tree()
    os.mkdir(os.path.join(tree, "sub"))
    daemon = ground.watching(tree)
    before = our_rules(ground)
    program = follow(ground, "-r", "-e", "create", os.path.join(tree, "sub"))
    live.check(sorted(our_rules(ground)) == sorted(before), "other rules with a follower")
    subprocess.run(["touch", "sub/x"], cwd=tree, check=True)
    program.wait_for_line(b"created " + os.fsencode(tree) + b"/sub/x with touch")
    program.end()
    daemon.stop()


def no_fopsd_runs():
    with open("/proc/net/unix", "rb") as sockets:
        return b"@fopsd/instance" not in sockets.read()


def test_nothing_is_left_of_a_fopsd_of_its_own_after_sigkill(ground):
    tree = ground.tree()
    program = follow(ground, "-m", tree)
    live.check(our_rules(ground), "no rules while it runs")
    program.end(signal.SIGKILL)
    wait_until(lambda: not our_rules(ground), "the rules are gone")
    wait_until(no_fopsd_runs, "its fopsd has ended")


def test_it_ends_when_its_reader_does_though_nothing_happens(ground):
    tree = ground.tree()
    process = subprocess.Popen([installed(ground), "follow", tree], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    live.check(b"following" in process.stderr.readline(), "it doesn't begin")
    process.stdout.close()
    live.equal(process.wait(live.STOP_SECONDS), 0, "exit code")
    live.equal(process.stderr.read(), b"", "complaints")
    process.stderr.close()
    live.check(not our_rules(ground), "rules left")


def test_a_fopsd_that_was_killed_is_asked_again(ground):
    ground.need_free_registration()
    tree, other = ground.tree(), ground.tree()
    daemon = ground.watching(other)
    program = follow(ground, "-m", tree)
    daemon.kill()
    program.wait_for_word("fopsd has ended")
    daemon = ground.watching(other)
    program.wait_for_word("fopsd is back")
    subprocess.run(["touch", "again"], cwd=tree, check=True)
    program.wait_for_line(b"CREATE again")
    program.end()
    daemon.stop()


def test_a_reload_keeps_the_watch(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(ground.tree())
    program = follow(ground, "-m", tree)
    daemon.reload()
    subprocess.run(["touch", "x"], cwd=tree, check=True)
    program.wait_for_line(b"CREATE x")
    program.end()
    daemon.stop()


def test_a_name_with_pattern_characters_is_a_name(ground):
    ground.need_free_registration()
    tree = ground.tree()
    for name in ("a[b]*\\c", "ab"):
        os.mkdir(os.path.join(tree, name))
    for start in (lambda: None, lambda: ground.watching(ground.tree())):
        daemon = start()
        program = follow(ground, "-m", os.path.join(tree, "a[b]*\\c"))
        for name in ("ab", "a[b]*\\c"):
            subprocess.run(["touch", f"{name}/x{time.monotonic_ns()}"], cwd=tree, check=True)
        program.wait_for_line(b"a[b]*\\c/ CREATE x")
        live.equal(len(program.lines), 1, "lines")
        program.end()
        if daemon:
            daemon.stop()


def test_only_root_may_ask_for_a_watch(ground):
    ground.need_free_registration()
    daemon = ground.watching(ground.tree())
    live.equal(oct(os.stat("/run/fopsd/follow").st_mode & 0o777), "0o600", "mode of the socket")
    daemon.stop()
    live.check(not os.path.exists("/run/fopsd/follow"), "the socket is left")


def test_nonsense_is_refused_and_hurts_nobody(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(tree)
    before = our_rules(ground)
    for request, expected in ((b"flat\0nonsense\0/srv\0", b"nonsense"), (b"flat\0write\0srv\0", b"absolute"), (b"no NUL", b""),
                              (b"\0", b"watched"), (b"x" * 200000, None)):
        with live.socket.socket(live.socket.AF_UNIX, live.socket.SOCK_SEQPACKET) as s:
            s.settimeout(live.READY_SECONDS)
            s.connect("/run/fopsd/follow")
            try:
                s.send(request)
                answer = s.recv(1024)
            except OSError:
                answer = None
            live.check(not answer if expected is None else expected in (answer or b""), f"{answer!r} to {request[:30]!r}")
    crowd = []
    for _ in range(50):
        s = live.socket.socket(live.socket.AF_UNIX, live.socket.SOCK_SEQPACKET)
        s.connect("/run/fopsd/follow")
        crowd.append(s)
    for s in crowd:
        s.close()
    program = follow(ground, "-m", ground.tree())
    program.end()
    wait_until(lambda: sorted(our_rules(ground)) == sorted(before), "the rules are as before")
    daemon.stop()


if __name__ == "__main__":
    live.main()
