#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules, settings and events of others: never touched, never lost, never in the way."""

import subprocess
import time

import live

KEY = live.TEST_KEY + "-foreign"


def foreign_rule(directory, **more):
    return live.rule(dir=directory, perm="rwxa", key=KEY, **more)


def settings(ground):
    return {name: ground.audit.status()[name] for name in live.STATUS_SETTINGS + ("pid",)}


def foreign_rules(ground):
    return [r for r in ground.audit.rules() if live.TAG not in live.rule_strings(r)]


def own_rules(ground):
    return [r for r in ground.audit.rules() if live.TAG in live.rule_strings(r)]


def touch(path):
    subprocess.run(["touch", path], check=True)


def test_stop_leaves_everything_as_it_was(ground):
    ground.need_free_registration()
    other, tree = ground.tree(), ground.tree()
    ground.audit.add(foreign_rule(other))
    ground.audit.add(live.rule("user", uid=4242, key=KEY))
    rules, before = ground.audit.rules(), settings(ground)

    daemon = ground.watching(tree, extra='kernel = { backlog_limit = 4096; };')
    live.check(own_rules(ground), "no rules of fopsd's in the kernel")
    live.equal(foreign_rules(ground), rules, "foreign rules while fopsd runs")
    touch(tree + "/a")
    daemon.stop()

    live.equal(ground.audit.rules(), rules, "rules after the end")
    after = settings(ground)
    # backlog_limit was asked for by the configuration: such a setting stays, as auditd's and auditctl's do.
    for name in ("enabled", "failure", "rate_limit", "pid"):
        live.equal(after[name], before[name], f"{name} after the end")


def test_kill_and_restart_leave_no_rule_behind(ground):
    ground.need_free_registration()
    other, tree = ground.tree(), ground.tree()
    ground.audit.add(foreign_rule(other))
    rules = ground.audit.rules()

    daemon = ground.watching(tree)
    own = sorted(own_rules(ground))
    daemon.kill()
    live.equal(foreign_rules(ground), rules, "foreign rules after kill -9")

    daemon = ground.watching(tree)
    again = own_rules(ground)
    live.equal(len(again), len(own), "own rules of the second run, after those the first left")
    truths = ground.opsgen("comm", tree)
    daemon.stop()
    live.equal(ground.audit.rules(), rules, "rules after the end")
    live.Comparison(key="live", watch=tree, exe=live.OPSGEN).run(truths,
                                                                 live.operations(ground.entries())).report("after kill -9")


def test_a_second_fopsd_is_told_off(ground):
    """Two at once would take each other's rules away."""
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(tree)
    own = own_rules(ground)
    second = ground.fopsd("-c", ground.config(f'watches = ( {{ path = "{ground.tree()}"; }} );\n'), "--source", "daemon",
                          wait=False)
    live.check(second.process.wait(live.READY_SECONDS) != 0, "a second fopsd runs")
    live.equal(own_rules(ground), own, "rules of the first")
    touch(tree + "/a")
    daemon.stop()
    live.equal([e.text("FOPSD_OP") for e in live.operations(ground.entries())], ["create"], "operations of the first")


def test_foreign_events_are_passed_on(ground):
    ground.need_free_registration()
    other, tree = ground.tree(), ground.tree()
    ground.audit.add(foreign_rule(other))
    daemon = ground.watching(tree)
    touch(other + "/theirs")
    touch(tree + "/ours")
    # User space's own records come by the same way: type 1100 and on, what login programs send.
    ground.audit._request(1112, b"op=login acct=\"key=x\" fopsd-live-message\0")
    time.sleep(0.2)
    daemon.stop()

    entries = ground.entries()
    live.equal([e.one("FOPSD_PATH") for e in live.operations(entries)], [(tree + "/ours").encode()], "operations")
    records = [e for e in entries if e.kind == "record"]
    theirs = [e for e in records if any(f'key="{KEY}"'.encode() in r for r in e["FOPSD_RECORD"])]
    touched = [e for e in theirs if any(b'/theirs"' in r and b"nametype=CREATE" in r for r in e["FOPSD_RECORD"])]
    live.equal(len(touched), 1, "entries of the foreign event")
    live.check({b"SYSCALL", b"CWD", b"PATH"} <= set(touched[0]["FOPSD_RECORD_TYPE"]),
               f"types {touched[0]['FOPSD_RECORD_TYPE']}")
    logins = [e for e in records if any(b"fopsd-live-message" in r for r in e["FOPSD_RECORD"])]
    live.equal([e["FOPSD_RECORD_TYPE"] for e in logins], [[b"USER_LOGIN"]], "types of the login record")
    live.equal(len({e.one("FOPSD_EVENT") for e in records}), len(records), "records: one entry an event")


def test_foreign_events_can_be_dropped(ground):
    ground.need_free_registration()
    other, tree = ground.tree(), ground.tree()
    ground.audit.add(foreign_rule(other))
    daemon = ground.watching(tree, extra='source = { foreign = "drop"; };')
    touch(other + "/theirs")
    touch(tree + "/ours")
    daemon.stop()
    entries = ground.entries()
    live.equal([e.one("FOPSD_PATH") for e in live.operations(entries)], [(tree + "/ours").encode()], "operations")
    live.equal([e for e in entries if e.kind == "record" and f'key="{KEY}"' in str(e)], [], "foreign records")


def test_a_foreign_rule_on_the_same_directory_hides_nothing(ground):
    """The first rule that matches gives the event its key: an older watch of somebody else's comes before ours."""
    ground.need_free_registration()
    tree = ground.tree()
    ground.audit.add(foreign_rule(tree))
    daemon = ground.watching(tree)
    truths = ground.opsgen("absolute", tree) + ground.opsgen("edge", tree)
    daemon.stop()
    live.Comparison(watch=tree, exe=live.OPSGEN).run(truths, live.operations(ground.entries())).report("foreign first match")


def test_rules_of_the_configuration_come_and_go(ground):
    """`rules` are fopsd's own: in the kernel while it runs, their events are records or operations, gone with it."""
    ground.need_free_registration()
    tree = ground.tree()
    before = ground.audit.rules()
    config = ground.config(f'watches = ( {{ path = "{tree}"; key = "live"; }} );\n'
                           'rules = ( { syscalls = ["sethostname"]; key = "hostname"; } );\n')
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    live.check(any(b"hostname" in live.rule_strings(r) for r in ground.audit.rules()), "the rule isn't in the kernel")
    # The name it has already, by a child of fopsd's time.
    subprocess.run(["python3", "-c", "import socket; socket.sethostname(socket.gethostname())"], check=True)
    daemon.stop()
    live.equal(ground.audit.rules(), before, "rules after the end")
    found = [e for e in ground.entries() if b"hostname" in e.get("FOPSD_KEY",
                                                                 []) or any(b"hostname" in r for r in e.get("FOPSD_RECORD",
                                                                                                            []))
             and any(b"syscall=" in r for r in e["FOPSD_RECORD"])]
    live.equal(len(found), 1, "entries of the rule's event")


if __name__ == "__main__":
    live.main()
