#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of operation in every way of naming a path, fopsd being the audit daemon: one entry each, and a true one."""

import live

# These have files of their own: test_misleading.py, test_gone.py, test_hostile.py, test_uring.py.
MISLEADING = ["symlink", "chroot", "namespace", "fd"]
# In test_truth.py: where the tree moves while it is used.
MOVING = ["moved", "brought", "reused", "crowd", "brief", "hard", "handle"]
ELSEWHERE = {*MISLEADING, *MOVING, "hostile", "long", "comm", "uring"}


def sets():
    names = live.subprocess.run([live.OPSGEN, "list"], stdout=live.subprocess.PIPE, check=True, text=True).stdout.split()
    return [name for name in names if name not in ELSEWHERE]


def every_set(ground, below, mode="daemon", names=None, pause_usec=0):
    tree = ground.tree(below)
    # Most calls wait when the backlog is full; what io_uring's log needs is lost then (GFP_ATOMIC in audit_log_uring()).
    daemon = ground.watching(tree, mode=mode, extra="kernel = { backlog_limit = 8192; };")
    lost = ground.audit.status()["lost"]
    truths = [truth for name in names or sets() for truth in ground.opsgen(name, tree, pause_usec)]
    lost = ground.audit.status()["lost"] - lost
    daemon.stop()
    entries = ground.entries()
    comparison = live.Comparison(key="live", watch=tree, exe=live.OPSGEN).run(truths, live.operations(entries))
    comparison.report(f"{mode} below {below}")
    live.equal((lost, [e.text("MESSAGE") for e in live.losses(entries)]), (0, []), "lost records and gaps")
    return comparison.paths


def test_on_the_root_file_system(ground):
    ground.need_free_registration()
    every_set(ground, "/var/tmp")


def test_on_tmpfs(ground):
    ground.need_free_registration()
    every_set(ground, "/dev/shm")


def test_start_and_end_are_in_the_journal(ground):
    ground.need_free_registration()
    daemon = ground.watching(ground.tree())
    daemon.stop()
    entries = ground.entries()
    live.equal(live.operations(entries), [], "operations when there were none")
    messages = [e.text("MESSAGE") for e in entries if e.kind == "state"]
    live.check(len(messages) >= 2 and "started" in messages[0] and "stopped" in messages[-1], f"state entries: {messages}")
    live.check(all("MESSAGE_ID" in e and "PRIORITY" in e for e in entries), "an entry without MESSAGE_ID or PRIORITY")


def test_only_what_is_asked_for(ground):
    """Of all classes only the one: read without write, single operations without their siblings."""
    ground.need_free_registration()
    cases = [
        (["read"], {"read", "list"}),
        (["exec"], {"exec"}),
        (["attr"], {"chmod", "chown", "setxattr", "removexattr", "utime"}),
        (["mkdir", "rename"], {"mkdir", "rename", "exchange"}),
        (["delete"], {"delete", "rmdir"}),
    ]
    for words, wanted in cases:
        tree = ground.tree()
        daemon = ground.watching(tree, ops='", "'.join(words))
        truths = ground.opsgen("absolute", tree) + ground.opsgen("exec", tree)
        daemon.stop()
        live.Comparison(key="live", watch=tree).run([t for t in truths if t["op"] in wanted],
                                                    live.operations(ground.entries())).report(" ".join(words))
        ground.forget()


def one_file(ground, is_there):
    ground.need_free_registration()
    tree = ground.tree()
    if is_there:
        live.subprocess.run(["touch", tree + "/watched"], check=True)
    daemon = ground.watching(tree + "/watched")
    script = """
        echo a > watched; echo a > other; chmod 600 watched other; mv other third; rm third; cat watched; ln watched second
        rm second; mv watched away; mv away watched; rm watched; echo a > watched
    """
    live.subprocess.run(["sh", "-ec", script], cwd=tree, check=True, stdout=live.subprocess.DEVNULL)
    daemon.stop()
    # The other name is one of the same file.
    expected = ["modify" if is_there else "create", "chmod", "read", "link", "delete", "rename", "rename", "delete",
                "create"]
    live.equal([e.text("FOPSD_OP") for e in live.operations(ground.entries())], expected, "operations on the file")


def test_one_file_among_others(ground):
    one_file(ground, True)


if __name__ == "__main__":
    live.main()
