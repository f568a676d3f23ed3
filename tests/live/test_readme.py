#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every inotifywait line of README's table and the line that does it here, over the same operations at the same time: the same
output. And what auditctl does at once, which takes a running fopsd."""

import os
import re
import shutil
import subprocess
import sys
import time

import live

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import readme_table
import test_follow
import test_watch

OPERATIONS = ["cat test/foo", "echo x >> messages", "touch test/bad", "echo x >> test/foo", "mkdir test/sub", "mv test/bad test/sub",
              "mv test/sub/bad test/good", "rm test/good", "touch test/end", "rm test/end"]


def aloud(line):
    """Without -q: so that it says when it begins."""
    return re.sub(r" -(\w*)q(\w*)", lambda m: f" -{m[1]}{m[2]}" if m[1] + m[2] else "", line)


def beside(ground, theirs, ours):
    top = os.path.dirname(ground.tree())
    os.mkdir(f"{top}/test")
    for name in ("messages", "test/foo"):
        with open(f"{top}/{name}", "w", encoding="ascii") as f:
            f.write("text\n")
    theirs, ours = aloud(theirs), aloud(ours)
    a = test_follow.Program(ground, "bash", "-c", f"exec {theirs}", cwd=top)
    a.wait_for_word("Watches established")
    program = test_follow.installed(ground)
    b = test_follow.Program(ground, "bash", "-c", f"exec {ours.replace('fopsctl', program, 1)}", cwd=top)
    b.wait_for_word("following")
    for command in OPERATIONS:
        subprocess.run(["sh", "-c", command], cwd=top, check=True, stdout=subprocess.DEVNULL)
        time.sleep(0.1)
    # Both in the same words; nothing happens after the last.
    test_follow.wait_until(lambda: a.out.split() == b.out.split() and a.out, f"the same of {ours}: {b.out!r}, and {theirs}: {a.out!r}")
    for program in (a, b):
        program.kill()


def test_lines_of_inotifywait(ground):
    if not shutil.which("inotifywait"):
        raise live.Skip("no inotifywait")
    rows = readme_table.rows_of("inotifywait")
    live.check(rows, "no lines in the table")
    for theirs, ours in rows:
        beside(ground, theirs, ours)


def test_lines_of_auditctl_that_act_at_once(ground):
    ground.need_free_registration()
    if not shutil.which("auditctl"):
        raise live.Skip("no auditctl")
    tree = ground.tree()
    test_watch.configure(ground, "")
    daemon = ground.fopsd("--source", "daemon")
    rows = [(theirs, ours) for theirs, ours in readme_table.rows_of("auditctl") if ours.startswith("fopsctl")]
    live.check(len(rows) == 4, f"lines: {rows}")
    for theirs, ours in rows:
        code, out, err = test_watch.fopsctl(*ours.replace("/srv/data", tree).split()[1:])
        live.equal((code, err), (0, ""), f"exit code and complaints of {ours}")
        if theirs.split()[1] in ("-w", "-W"):
            live.equal(tree in test_watch.watches(), "-w" in theirs, f"that {tree} is watched after {ours}")
        elif theirs.endswith("-l"):
            listed = subprocess.run(["auditctl", "-l"], stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
            # auditctl doesn't know the lists and calls of later kernels than it.
            live.equal(sum("-F key=" in line for line in out.splitlines()), len(listed), f"rules of {ours}")
        else:
            live.check(" 1 armed" in out, f"output of {ours}: {out}")
    daemon.stop()


if __name__ == "__main__":
    live.main()
