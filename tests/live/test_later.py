#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Watches follow reality: on what isn't there yet, or not any more, or is another one now. Each is found armed, and what is done from
then on is found."""

import os
import subprocess
import time

import live
from test_operations import one_file


def states(ground, state, path):
    return [e for e in ground.entries() if e.text("FOPSD_STATE") == state and e.text("MESSAGE").startswith(path + " ")]


def wait_for(ground, state, path, n=1):
    """Until fopsd has said so @n times."""
    deadline = time.monotonic() + live.READY_SECONDS
    while len(states(ground, state, path)) < n:
        live.check(time.monotonic() < deadline, f"{path} isn't {state} (for the {n}. time): "
                   f"{[e.text('MESSAGE') for e in ground.entries() if e.kind == 'state']}")
        time.sleep(0.05)


def run(*command):
    subprocess.run(command, check=True)


def touched(ground):
    return [e.text("FOPSD_PATH") for e in live.operations(ground.entries())
            if e.text("FOPSD_COMM") == "touch" and e.text("FOPSD_OP") in ("create", "modify")]


def test_a_file_that_is_not_there_yet(ground):
    one_file(ground, False)


def test_a_directory_that_comes_and_goes(ground):
    """The watch arms itself when the path appears, and again after rm -rf."""
    ground.need_free_registration()
    path = ground.tree() + "/later"
    daemon = ground.watching(path)
    for i in range(1, 4):
        run("mkdir", "-p", path + "/below")
        wait_for(ground, "armed", path, i)
        run("touch", path + "/f", path + f"/below/f{i}")
        run("rm", "-rf", path)
        wait_for(ground, "disarmed", path, i)
    daemon.stop()
    live.equal(touched(ground), [f for i in range(1, 4) for f in (path + "/f", path + f"/below/f{i}")], "files made below it")
    removed = [e.text("FOPSD_PATH") for e in live.operations(ground.entries()) if e.text("FOPSD_COMM") == "rm" and
               e.text("FOPSD_OP") in ("delete", "rmdir") and e.text("FOPSD_RESULT") == "success"]
    live.equal(removed.count(path + "/f"), 3, "removals of a file below it")
    live.equal(removed.count(path + "/below"), 3, "removals of a directory below it")


def test_what_was_there_before_arming_has_its_path(ground):
    """A tree that comes all at once is scanned: a file deep in it is known, also to who has only a directory's descriptor."""
    ground.need_free_registration()
    tree = ground.tree()
    path = tree + "/later"
    daemon = ground.watching(path)
    run("mkdir", "-p", tree + "/made/a/b/c")
    run("touch", tree + "/made/a/b/c/f")
    os.rename(tree + "/made", path)
    wait_for(ground, "armed", path)
    run("rm", "-r", path + "/a")
    daemon.stop()
    removed = {e.text("FOPSD_PATH") for e in live.operations(ground.entries()) if e.text("FOPSD_COMM") == "rm"}
    live.check({path + "/a/b/c/f", path + "/a/b/c", path + "/a/b", path + "/a"} <= removed, f"removed: {removed}")


def test_a_directory_that_is_moved_away_and_back(ground):
    ground.need_free_registration()
    tree = ground.tree()
    path, away = tree + "/dir", tree + "/away"
    run("mkdir", path)
    daemon = ground.watching(path)
    os.rename(path, away)
    wait_for(ground, "disarmed", path)
    run("touch", away + "/unseen")
    os.rename(away, path)
    wait_for(ground, "armed", path)
    run("touch", path + "/seen", path + "/unseen")
    daemon.stop()
    live.equal(touched(ground), [path + "/seen", path + "/unseen"], "files made or written")


def test_what_changed_while_it_was_away_is_seen_as_it_is(ground):
    ground.need_free_registration()
    tree = ground.tree()
    path, away = tree + "/dir", tree + "/away"
    os.makedirs(path + "/x")
    daemon = ground.watching(path)
    os.rename(path, away)
    wait_for(ground, "disarmed", path)
    os.rename(away + "/x", away + "/y")
    os.rename(away, path)
    wait_for(ground, "armed", path)
    time.sleep(0.5)
    run("sh", "-c", f"cd {path}/y && touch f")
    daemon.stop()
    live.equal(touched(ground), [path + "/y/f"], "files made")


def test_another_directory_in_its_place(ground):
    """Without a moment in between in which there is none: armed all the same."""
    ground.need_free_registration()
    tree = ground.tree()
    path = tree + "/dir"
    run("mkdir", path, tree + "/other")
    daemon = ground.watching(path)
    run("mv", "--no-target-directory", path, tree + "/old")
    run("mv", "--no-target-directory", tree + "/other", path)
    wait_for(ground, "armed", path)
    live.equal(len(states(ground, "disarmed", path)), 1, "words of the old one")
    run("touch", path + "/marker", tree + "/old/unseen")
    daemon.stop()
    live.check(path + "/marker" in touched(ground), "the new directory isn't watched")
    live.check(not any("unseen" in str(p) for p in touched(ground)), "the old directory is still watched")


def renamed(ground, change, back):
    """Of files that are made in the watched directory after @change has moved it, none is said to be at the watch's path."""
    ground.need_free_registration()
    tree = ground.tree()
    path, other = tree + "/app", tree + "/app.old"
    os.mkdir(path)
    daemon = ground.watching(path)
    run("touch", path + "/f")
    directory = os.open(path, os.O_DIRECTORY | os.O_PATH)
    rounds = 10
    for i in range(rounds):
        change(path, other)
        for name in (f"by-path-{i}", f"by-fd-{i}"):
            os.close(os.open(os.path.join(other, name) if "path" in name else name, os.O_CREAT | os.O_WRONLY, dir_fd=directory))
            os.unlink(name, dir_fd=directory)
        back(path, other)
        time.sleep(0.2)
    os.close(directory)
    ready(ground, path, "end")
    daemon.stop()
    found = [e.text("FOPSD_PATH") for e in live.operations(ground.entries()) if e.text("FOPSD_OP") in ("create", "delete")]
    live.check(len(found) > rounds, f"few of the files were heard of: {found}")
    wrong = [p for p in found if p and p.startswith(path + "/by-")]
    live.check(not wrong, f"{len(wrong)} of {len(found)} paths are where nothing was, first {wrong[:1]}")


def test_a_watched_directory_that_is_renamed(ground):
    renamed(ground, lambda path, other: os.rename(path, other), lambda path, other: os.rename(other, path))


def test_a_watched_directory_that_another_is_put_in_place_of(ground):
    def change(path, other):
        os.rename(path, other)
        os.mkdir(path)

    def back(path, other):
        os.rmdir(path)
        os.rename(other, path)

    renamed(ground, change, back)


def exchange(a, b):
    live.libc("renameat2", -100, a.encode(), -100, b.encode(), 2)


def test_a_watched_directory_that_is_exchanged(ground):
    def change(path, other):
        os.makedirs(other, exist_ok=True)
        exchange(path, other)

    renamed(ground, change, exchange)


def test_a_mount_in_a_directory_that_is_renamed(ground):
    """The mount goes along, of which mountinfo tells nobody."""
    ground.need_free_registration()
    tree = ground.tree()
    for name in ("a/sub/m", "e/sub/m"):
        os.makedirs(f"{tree}/{name}")
    daemon = ground.watching(tree)
    made = []

    def see(path, *names):
        for name in names:
            found = f"{tree}/{path}/{name}"
            directory = os.open(os.path.dirname(found), os.O_DIRECTORY | os.O_PATH)
            os.close(os.open(name.split("/")[-1], os.O_CREAT | os.O_WRONLY, dir_fd=directory))
            os.close(directory)
            made.append(found)

    live.check(ground.mount(f"{tree}/a/sub/m", "-t", "tmpfs", "tmpfs"), "no tmpfs")
    os.mkdir(f"{tree}/a/sub/m/inner")
    time.sleep(0.5)
    live.check(ground.mount(f"{tree}/a/sub/m/inner", "-t", "tmpfs", "tmpfs"), "no tmpfs")
    time.sleep(0.5)
    see("a/sub/m", "f0", "inner/f0")
    os.rename(f"{tree}/a", f"{tree}/b")
    see("b/sub/m", "f1", "inner/f1")
    os.rename(f"{tree}/b/sub", f"{tree}/b/other")
    see("b/other/m", "f2", "inner/f2")
    os.rename(f"{tree}/b/other", f"{tree}/b/sub")
    live.check(ground.mount(f"{tree}/e/sub/m", "-t", "tmpfs", "tmpfs"), "no tmpfs")
    time.sleep(0.5)
    see("e/sub/m", "g3")
    exchange(f"{tree}/b", f"{tree}/e")
    see("e/sub/m", "f4", "inner/f4")
    see("b/sub/m", "g4")

    # What is mounted after it, by another's old path.
    run("umount", f"{tree}/e/sub/m/inner")
    run("umount", f"{tree}/e/sub/m")
    time.sleep(0.5)
    see("e/sub/m", "f5")
    see("b/sub/m", "g5")
    run("umount", f"{tree}/b/sub/m")
    time.sleep(0.5)
    see("b/sub/m", "g6")
    ground.mounts.clear()
    time.sleep(0.5)
    daemon.stop()
    found = [e.text("FOPSD_PATH") for e in live.operations(ground.entries()) if e.text("FOPSD_OP") == "create"]
    live.equal(found, made, "files made")


def test_a_mount_in_a_directory_that_is_moved_out_of_the_tree_and_back(ground):
    ground.need_free_registration()
    tree = ground.tree()
    os.makedirs(f"{tree}/w/a/m")
    daemon = ground.watching(f"{tree}/w")
    live.check(ground.mount(f"{tree}/w/a/m", "-t", "tmpfs", "tmpfs"), "no tmpfs")
    time.sleep(0.5)
    directory = os.open(f"{tree}/w/a/m", os.O_DIRECTORY | os.O_PATH)

    def see(name):
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=directory))

    see("f0")
    os.rename(f"{tree}/w/a", f"{tree}/out")
    see("f1")
    os.rename(f"{tree}/out", f"{tree}/w/b")
    time.sleep(1)
    see("f2")
    os.close(directory)
    run("umount", f"{tree}/w/b/m")
    ground.mounts.clear()
    daemon.stop()
    found = {os.path.basename(e.text("FOPSD_PATH") or ""): e.text("FOPSD_PATH") for e in live.operations(ground.entries())
             if e.text("FOPSD_OP") == "create"}
    live.check("f1" not in found or found["f1"] == f"{tree}/out/m/f1", f"moved out: {found}")
    live.equal((found.get("f0"), found.get("f2")), (f"{tree}/w/a/m/f0", f"{tree}/w/b/m/f2"), "before and after")


def test_a_mount_over_it_and_its_end(ground):
    ground.need_free_registration()
    path = ground.tree() + "/dir"
    run("mkdir", path)
    daemon = ground.watching(path)
    ready(ground, path)
    live.check(ground.mount(path, "-t", "tmpfs", "tmpfs"), "no tmpfs")
    ready(ground, path, "mounted")
    run("umount", path)
    ground.mounts.remove(path)
    ready(ground, path, "again")
    daemon.stop()
    found = touched(ground)
    for name in ("mounted", "again"):
        live.check(f"{path}/{name}" in found, f"no {name} in {found}")
    live.equal(len([e for e in live.operations(ground.entries()) if e.text("FOPSD_OP") == "create" and e.text("FOPSD_PATH") is None]), 0,
               "files without a path")


def ready(ground, path, name="before"):
    """Touches a file until it is found, which is at once where the watch is armed."""
    deadline = time.monotonic() + live.READY_SECONDS
    while f"{path}/{name}" not in touched(ground):
        live.check(time.monotonic() < deadline, f"{path}/{name} is never found: {touched(ground)}")
        run("touch", f"{path}/{name}")
        time.sleep(0.1)


def test_a_new_match_of_a_glob(ground):
    ground.need_free_registration()
    tree = ground.tree()
    run("mkdir", "-p", tree + "/alice/.ssh")
    daemon = ground.watching(tree + "/*/.ssh")
    run("touch", tree + "/alice/.ssh/config")
    run("mkdir", tree + "/bob")
    run("mkdir", tree + "/bob/.ssh")
    wait_for(ground, "armed", tree + "/bob/.ssh")
    run("touch", tree + "/bob/.ssh/authorized_keys", tree + "/bob/unseen")
    run("rm", "-r", tree + "/bob")
    wait_for(ground, "disarmed", tree + "/bob/.ssh")
    run("mkdir", "-p", tree + "/bob/.ssh")
    wait_for(ground, "armed", tree + "/bob/.ssh", 2)
    run("touch", tree + "/bob/.ssh/config")
    daemon.stop()
    live.equal(touched(ground), [tree + "/alice/.ssh/config", tree + "/bob/.ssh/authorized_keys", tree + "/bob/.ssh/config"], "files made")


def test_the_end_of_a_match_of_a_glob(ground):
    """What is on its way when the match is gone was done while it was there."""
    ground.need_free_registration()
    tree, n = ground.tree(), 500
    run("mkdir", "-p", tree + "/alice/.ssh")
    daemon = ground.watching(tree + "/*/.ssh")
    for i in range(n):
        with open(f"{tree}/alice/.ssh/{i}", "w"):
            pass
    run("rm", "-rf", tree + "/alice")
    daemon.stop()
    removed = [e.text("FOPSD_PATH") for e in live.operations(ground.entries()) if e.text("FOPSD_OP") in ("delete", "rmdir")]
    # The kernel drops the rules for a directory before it looks whether its own removal is to be told.
    live.equal(sorted(filter(None, set(removed) - {tree + "/alice/.ssh"})), sorted(f"{tree}/alice/.ssh/{i}" for i in range(n)), "removed")


def test_a_file_replaced_by_a_rename(ground):
    """As editors and package managers do: the watch is on the name."""
    ground.need_free_registration()
    tree = ground.tree()
    path = tree + "/passwd"
    run("touch", path)
    daemon = ground.watching(path)
    for i in range(5):
        run("touch", tree + "/new")
        os.rename(tree + "/new", path)
        run("touch", path)
        run("chmod", "0600", path)
    daemon.stop()
    # What was replaced again by the time it is looked for has its name, and perhaps no path.
    done = [e.text("FOPSD_OP") for e in live.operations(ground.entries())
            if path in (e.text("FOPSD_PATH"), e.text("FOPSD_NEW_PATH"), e.text("FOPSD_NAME"))]
    live.equal({op: done.count(op) for op in ("rename", "modify", "chmod")}, {"rename": 5, "modify": 5, "chmod": 5}, "operations on it")
    live.check(not any(e.text("FOPSD_PATH") == tree + "/new" and e.text("FOPSD_OP") == "create" for e in live.operations(ground.entries())),
               "another name is watched")


def wait_for_state(ground, daemon, words):
    """Until fopsd has said something with @words."""
    deadline = live.time.monotonic() + live.READY_SECONDS
    while not any(words in e.text("MESSAGE") for e in ground.entries("FOPSD_KIND=state")):
        live.check(live.time.monotonic() < deadline, f"{words}: {daemon.stderr()}")
        live.time.sleep(0.1)


def test_a_dangling_symlink_is_watched_where_it_leads(ground):
    """What it leads to is made through it, and anew by its own name; then the symlink leads elsewhere."""
    ground.need_free_registration()
    tree = ground.tree()
    live.os.mkdir(tree + "/real")
    live.os.symlink("real/file", tree + "/link")
    daemon = ground.watching(tree + "/link")

    def run(*command):
        live.subprocess.run(command, check=True)

    run("touch", tree + "/link")
    run("rm", tree + "/real/file")
    run("touch", tree + "/real/file")
    wait_for_state(ground, daemon, f"{tree}/real/file appeared")
    run("ln", "-sfn", "other", tree + "/link")
    wait_for_state(ground, daemon, f"{tree}/real/file is gone")
    run("touch", tree + "/other")
    run("touch", tree + "/real/unwatched")
    daemon.stop()

    done = [(e.text("FOPSD_OP"), e.text("FOPSD_PATH")) for e in live.operations(ground.entries())
            if e.text("FOPSD_COMM") in ("touch", "rm") and e.text("FOPSD_OP") in ("create", "delete")]
    # Made through a dangling symlink, its name is in no record: it is told only if it could be looked at in time.
    live.check(done and done[0] in (("create", None), ("create", tree + "/real/file")), f"made through the symlink: {done}")
    live.equal(done[1:], [("delete", tree + "/real/file"), ("create", tree + "/real/file"),
                      ("create", tree + "/other")], "what was made and removed")


if __name__ == "__main__":
    live.main()
