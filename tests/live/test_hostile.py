#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Names, paths and process names that want to be something else."""

import live
from test_operations import every_set


def test_names(ground):
    ground.need_free_registration()
    every_set(ground, "/var/tmp", names=["hostile"])


def test_names_on_tmpfs(ground):
    ground.need_free_registration()
    every_set(ground, "/dev/shm", names=["hostile"])


def test_long_paths(ground):
    ground.need_free_registration()
    every_set(ground, "/var/tmp", names=["long"])


def test_process_names(ground):
    ground.need_free_registration()
    every_set(ground, "/var/tmp", names=["comm"])


def test_hostile_arguments_stay_one_field(ground):
    """argv with newlines, quotes and invalid UTF-8 is in CMDLINE and nowhere else."""
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(tree)
    arguments = [b"touch", b"--", b"a\nFOPSD_PATH=x", b'key="x" name="y"', b"\xff\xfe"]
    live.subprocess.run(arguments, cwd=tree, check=True)
    daemon.stop()
    entries = live.operations(ground.entries())
    live.equal([e.one("FOPSD_PATH") for e in entries], [tree.encode() + b"/" + name for name in arguments[2:]], "paths")
    for e in entries:
        live.equal(e["FOPSD_KEY"], [b"live"], "keys")
        cmdline = e.one("FOPSD_CMDLINE")
        # The kernel cuts proctitle at 128 bytes; these are shorter.
        for argument in arguments:
            live.check(argument in cmdline, f"{argument!r} isn't in {cmdline!r}")


def test_arguments_from_before_an_exec_are_not_told(ground):
    """The kernel keeps those of a process's first record."""
    ground.need_free_registration()
    tree = ground.tree()
    for name, text in (("a.sh", "#!/bin/bash\n./b.sh > out\n"), ("b.sh", "#!/bin/bash\n: > last\n")):
        with open(f"{tree}/{name}", "w", encoding="ascii") as f:
            f.write(text)
        live.os.chmod(f"{tree}/{name}", 0o755)
    daemon = ground.watching(tree, ops="write")
    live.subprocess.run(["bash", "-c", ": > x; exec rm x"], cwd=tree, check=True)
    live.subprocess.run(["./a.sh"], cwd=tree, check=True)
    live.subprocess.run(["touch", "y"], cwd=tree, check=True)
    daemon.stop()
    done = [(e.text("FOPSD_OP"), e.text("FOPSD_PATH").removeprefix(tree + "/"), e.text("FOPSD_COMM"), e.text("FOPSD_CMDLINE"))
            for e in live.operations(ground.entries())]
    live.equal(done, [("create", "x", "bash", "bash -c : > x; exec rm x"), ("delete", "x", "rm", None),
                      ("create", "out", "a.sh", "/bin/bash ./a.sh"), ("create", "last", "b.sh", None),
                      ("create", "y", "touch", "touch y")], "who did what, with what arguments")


def test_a_watched_path_with_hostile_bytes(ground):
    ground.need_free_registration()
    tree = ground.tree() + "/sp ace 'q' \xc3\xa9"
    live.os.mkdir(tree)
    daemon = ground.watching(tree)
    truths = ground.opsgen("edge", tree)
    daemon.stop()
    for truth in truths:
        for name in ("path", "new_path"):
            if truth[name]:
                live.check(truth[name].startswith(live.os.fsencode(tree)), "the truth is elsewhere")
    live.Comparison(key="live", watch=tree, exe=live.OPSGEN).run(truths,
                                                                 live.operations(ground.entries())).report("odd watch")


if __name__ == "__main__":
    live.main()
