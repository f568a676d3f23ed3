#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsctl why after real operations: what programs really do when they save, rotate, rename and remove."""

import subprocess

import live


def why(ground, path):
    ground.entries()  # so that all is in the journal
    done = subprocess.run([live.FOPSCTL, "why", "-n", "100", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    live.equal(done.returncode, 0, f"exit code for {path} ({done.stderr.decode()})")
    lines = done.stdout.decode().splitlines()
    return lines[0].partition(": ")[2], lines[2:]


def told(lines, *parts):
    """Each of @parts in a line, in this order, the newest first."""
    rest = iter(lines)
    for part in parts:
        live.check(any(part in line for line in rest), f"no {part!r} in its place in {lines}")


def test_saved_moved_and_removed(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(tree, ops="write")
    script = """
        mkdir -p proj/src; echo one > proj/src/conf; sed -i s/one/two/ proj/src/conf; mv proj/src proj/lib; mv proj done
        echo three >> done/lib/conf; rm -rf done; true"""
    subprocess.run(["bash", "-ec", script], cwd=tree, check=True)
    daemon.stop()

    sentence, lines = why(ground, f"{tree}/done/lib/conf")
    live.check(sentence.startswith("deleted ") and " with rm -rf done (pid " in sentence, f"sentence: {sentence}")
    told(lines, f"deleted {tree}/done/lib/conf with rm", f"{tree}/done/lib/conf with bash", f"renamed {tree}/proj to {tree}/done",
         f"renamed {tree}/proj/src to {tree}/proj/lib", f"{tree}/proj/src/conf with sed", f"created {tree}/proj/src/sed")

    sentence, lines = why(ground, f"{tree}/proj/src/conf")
    live.check(f"moved with its directory, now {tree}/proj/lib " in sentence and "; then deleted " in sentence and
               "rm -rf done" in sentence, f"sentence: {sentence}")
    told(lines, "deleted", "with mv", "with sed", f"created {tree}/proj/src/conf with bash")
    live.check("How it came there" not in lines[-1], f"it has no beginning: {lines}")


def test_a_program_that_a_shell_became(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(tree, ops="write")
    subprocess.run(["bash", "-c", ": > x; exec rm x"], cwd=tree, check=True)
    daemon.stop()
    sentence, _ = why(ground, f"{tree}/x")
    live.check("with rm x (" in sentence or "with /usr/bin/rm (" in sentence, f"sentence: {sentence}")


def test_a_log_that_is_rotated(ground):
    ground.need_free_registration()
    tree = ground.tree()
    with open(f"{tree}/log", "w", encoding="ascii"):
        pass
    daemon = ground.watching(tree, ops="write")
    subprocess.run(["bash", "-ec", "mv log.1 log.2 2> /dev/null || mv log log.1; : > log; mv log.1 log.2; rm log"], cwd=tree,
                   check=True)
    daemon.stop()
    sentence, lines = why(ground, f"{tree}/log.2")
    live.check(sentence.startswith(f"moved here from {tree}/log.1 "), f"sentence: {sentence}")
    live.check(any("How it came there isn't in the journal" in line for line in lines), f"a beginning that nobody saw: {lines}")
    live.check(not any("deleted" in line for line in lines), f"the end of another file: {lines}")


if __name__ == "__main__":
    live.main()
