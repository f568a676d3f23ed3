#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Beside another audit daemon: the same entries, and nothing taken from the other."""

import live
from test_operations import every_set

SETS = ["absolute", "relative", "edge", "failed", "exec", "dirfd"]


def test_beside_a_registered_reader(ground):
    ground.need_free_registration()
    other = ground.raw("daemon")
    every_set(ground, "/var/tmp", "listener", SETS)
    live.equal(ground.audit.status()["pid"], other.process.pid, "registered daemon")
    lines = other.finish()
    live.check(lines.count(b"type=SYSCALL") > 100, "the other daemon was left without records")


def test_beside_auditd(ground):
    ground.need_free_registration()
    other = ground.auditd()
    registered = ground.audit.status()["pid"]
    every_set(ground, "/dev/shm", "listener", SETS)
    live.equal(ground.audit.status()["pid"], registered, "registered daemon")
    live.check(other.finish().count(b"type=SYSCALL") > 100, "auditd was left without records")


def test_auto_takes_the_place_only_if_it_is_free(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(tree, mode="auto")
    live.equal(ground.audit.status()["pid"], daemon.pid, "registered daemon with the place free")
    daemon.stop()
    live.equal(ground.audit.status()["pid"], 0, "registered daemon after the end")

    other = ground.raw("daemon")
    daemon = ground.watching(tree, mode="auto")
    live.equal(ground.audit.status()["pid"], other.process.pid, "registered daemon with the place taken")
    truths = ground.opsgen("comm", tree)
    daemon.stop()
    live.Comparison(key="live", watch=tree, exe=live.OPSGEN).run(truths, live.operations(ground.entries())).report("auto")
    other.finish()


def test_daemon_mode_yields_to_whoever_is_there(ground):
    ground.need_free_registration()
    other = ground.raw("daemon")
    config = ground.config(f'watches = ( {{ path = "{ground.tree()}"; }} );\n')
    daemon = ground.fopsd("-c", config, "--source", "daemon", wait=False)
    live.check(daemon.process.wait(live.READY_SECONDS) != 0, "fopsd took a place that was taken")
    live.check("daemon" in daemon.stderr(), f"no word of the other audit daemon: {daemon.stderr()!r}")
    live.equal(ground.audit.status()["pid"], other.process.pid, "registered daemon")
    live.equal(len(ground.audit.rules()), len(ground.rules_before), "rules left behind")
    other.finish()


if __name__ == "__main__":
    live.main()
