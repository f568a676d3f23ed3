#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Auditing turned off, rules removed and settings changed by another while fopsd runs: said, with who it was, and put back within a
second; or only said."""

import os
import shutil
import subprocess
import time

import live

# All that removes every rule is a program whose name is known: auditctl, or this one in its place.
REMOVE_ALL = "import live; a = live.Audit(); [a.delete(r) for r in a.rules()]"


def watching(ground, tree, on_tamper):
    config = ground.config(f'watches = ( {{ path = "{tree}"; ops = ["all"]; }} );\ncanary = {{ startup = false; }};\n'
                           f'on_tamper = "{on_tamper}";\n')
    return ground.fopsd("-c", config, "--source", "daemon")


def own_rules(ground):
    return [data for data in ground.audit.rules() if live.TAG in live.rule_strings(data)]


def soon(condition, seconds=1.0):
    """True as soon as it is, within the second that is promised."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def touch(path):
    with open(path, "w"):
        pass


def n_removed(entries):
    return sum(e.number("FOPSD_COUNT") or 1 for e in entries if e.text("FOPSD_TAMPER") == "rules")


def tampered(entries):
    return [e.text("FOPSD_TAMPER") for e in entries if e.kind == "tamper"]


def test_turned_off_and_on_again(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = watching(ground, tree, "restore")
    ground.audit.set(enabled=0)
    live.check(soon(lambda: ground.audit.status()["enabled"] == 1), "auditing isn't on again within a second")
    touch(tree + "/after")
    daemon.stop()
    entries = ground.entries()
    live.equal(tampered(entries), ["disabled"], "entries of kind tamper")
    gaps = live.losses(entries)
    live.equal([e.text("FOPSD_GAP_CAUSE") for e in gaps], ["auditing was off"], "gaps")
    live.check(float(gaps[0].text("FOPSD_GAP_FROM")) < float(gaps[0].text("FOPSD_GAP_UNTIL")), "a gap without length")
    live.check(any(e.one("FOPSD_PATH") == (tree + "/after").encode() for e in live.operations(entries)), "nothing recorded after it")
    ground.forget()


def test_rules_removed_and_back(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = watching(ground, tree, "restore")
    before = sorted(own_rules(ground))
    for data in own_rules(ground):
        ground.audit.delete(data)
    live.check(soon(lambda: sorted(own_rules(ground)) == before), "the rules aren't back within a second")
    touch(tree + "/after")
    daemon.stop()
    entries = ground.entries()
    live.check("rules" in tampered(entries), f"only {tampered(entries)} is said of the rules")
    live.check(any(e.text("FOPSD_GAP_CAUSE") == "rules were missing" for e in entries if e.kind == "gap"), "no gap")
    live.check(any(e.one("FOPSD_PATH") == (tree + "/after").encode() for e in live.operations(entries)), "nothing recorded after it")
    ground.forget()


def check_who(entry, process, words):
    """The entry names the process, in fields and in words."""
    with_whom = f" with {entry.text('FOPSD_COMM')}[{process.pid}]"
    live.equal(entry.number("FOPSD_PID"), process.pid, "FOPSD_PID")
    live.equal(entry.number("FOPSD_UID"), 0, "FOPSD_UID")
    live.equal(entry.text("FOPSD_USER"), "root", "FOPSD_USER")
    live.check(entry.text("FOPSD_EXE").endswith(entry.text("FOPSD_COMM")) or "python" in entry.text("FOPSD_EXE"), f"who is {entry}?")
    live.check(entry.text("FOPSD_CMDLINE"), "no command line")
    live.check(words + with_whom in entry.text("MESSAGE"), f"{entry.text('MESSAGE')!r} instead of {words + with_whom!r}")


def run(*command):
    process = subprocess.Popen(command, cwd=os.path.dirname(os.path.abspath(__file__)), stdout=subprocess.DEVNULL)
    live.equal(process.wait(), 0, f"exit code of {command[0]}")
    return process


def test_all_rules_removed_at_full_speed(ground):
    """auditctl -D while files are made all the time: the rules are back, who it was is known, and outside of the gap nothing is missing."""
    ground.need_free_registration()
    if ground.rules_before:
        raise live.Skip("others' rules are in the kernel")
    tree = ground.tree()
    daemon = watching(ground, tree, "restore")
    before = sorted(own_rules(ground))
    worker = subprocess.Popen(["python3", "-c", f"""
import os, time
i = 0
while not os.path.exists({tree + "/stop"!r}):
    at = time.time()
    os.close(os.open({tree!r} + f"/f{{i}}", os.O_CREAT | os.O_WRONLY))
    print(i, at, time.time())
    i += 1
"""], stdout=subprocess.PIPE)
    time.sleep(0.5)
    who = run("auditctl", "-D") if shutil.which("auditctl") else run("python3", "-c", REMOVE_ALL)
    removed = time.monotonic()
    live.check(soon(lambda: sorted(own_rules(ground)) == before, 20), "the rules aren't back")
    print(f"  rules back {time.monotonic() - removed:.2f} s after the last was gone")
    time.sleep(0.5)
    touch(tree + "/stop")
    made = [line.split() for line in worker.communicate()[0].splitlines()]
    soon(lambda: n_removed(ground.entries()) == len(before), 20)
    daemon.stop()

    entries = ground.entries()
    tampers = [e for e in entries if e.kind == "tamper"]
    live.equal({e.text("FOPSD_TAMPER") for e in tampers}, {"rules"}, "entries of kind tamper")
    live.equal(n_removed(entries), len(before), "rules that were removed")
    for e in tampers:
        count = e.number("FOPSD_COUNT") or 1
        check_who(e, who, f"removed {count} rule{'s' if count > 1 else ''} of fopsd's")
        live.check(e.text("MESSAGE").endswith("; they are back"), f"not a word of their return: {e.text('MESSAGE')}")
    gaps = [(float(e.text("FOPSD_GAP_FROM")), float(e.text("FOPSD_GAP_UNTIL"))) for e in live.losses(entries)]
    live.equal({e.text("FOPSD_GAP_CAUSE") for e in live.losses(entries)}, {"rules were missing"}, "gaps")
    live.check(all(0 < until - start < 30 for start, until in gaps), f"gaps of strange lengths: {gaps}")
    found = {e.one("FOPSD_PATH") for e in live.operations(entries)}
    # The kernel's times of events are those of its last tick.
    missing = [i for i, began, ended in made if (tree + f"/f{int(i)}").encode() not in found
               and not any(start - 0.02 <= float(ended) and float(began) <= until + 0.02 for start, until in gaps)]
    live.equal(missing, [], f"files of {len(made)} not found though made outside of {gaps}")
    live.check(len(made) > 100, f"only {len(made)} files were made")


def test_rules_that_come_back_by_another_way(ground):
    """A reload installs what is wanted, before anybody has looked after what was removed: it is said of them all the same."""
    ground.need_free_registration()
    tree = ground.tree()
    daemon = watching(ground, tree, "restore")
    before = sorted(own_rules(ground))
    ground.audit.delete(own_rules(ground)[-1])
    daemon.reload()
    live.equal(sorted(own_rules(ground)), before, "rules after the reload")
    live.check(soon(lambda: tampered(ground.entries()), 20), "not a word of it")
    daemon.stop()
    entries = ground.entries()
    tampers = [e.text("MESSAGE") for e in entries if e.kind == "tamper"]
    live.equal(len(tampers), 1, f"entries of kind tamper: {tampers}")
    live.check("removed 1 rule of fopsd's with " in tampers[0] and tampers[0].endswith("; they are back"), tampers[0])
    live.equal([e.text("FOPSD_GAP_CAUSE") for e in live.losses(entries)], ["rules were missing"], "gaps")


def test_settings_changed(ground):
    """What is configured is set back, what isn't is said; who sets what is set, or resets what was counted."""
    ground.need_free_registration()
    if not shutil.which("auditctl"):
        raise live.Skip("no auditctl")
    limit, wait = ground.before["backlog_limit"], ground.before["backlog_wait_time"]
    config = ground.config(f'watches = ( {{ path = "{ground.tree()}"; }} );\ncanary = {{ startup = false; }};\n'
                           f'kernel = {{ backlog_limit = {limit}; }};\n')
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    run("auditctl", "-b", str(limit))
    first = run("auditctl", "-b", str(limit + 1))
    live.check(soon(lambda: ground.audit.status()["backlog_limit"] == limit, 20), "the backlog limit isn't set back")
    second = run("auditctl", "--backlog_wait_time", str(wait + 1))
    other = subprocess.run([live.RAWAUDIT, "daemon"], stderr=subprocess.DEVNULL)
    live.check(other.returncode != 0, "another took the place of the audit daemon")
    daemon.stop()
    tampers = [e for e in ground.entries() if e.kind == "tamper"]
    live.equal([e.text("FOPSD_TAMPER") for e in tampers], ["setting", "setting", "registration"], "entries of kind tamper")
    check_who(tampers[0], first, f"changed audit_backlog_limit from {limit} to {limit + 1}")
    live.check(tampers[0].text("MESSAGE").endswith("; it is set back"), tampers[0].text("MESSAGE"))
    check_who(tampers[1], second, f"changed audit_backlog_wait_time from {wait} to {wait + 1}")
    live.equal(ground.audit.status()["backlog_wait_time"], wait + 1, "a setting that isn't configured")
    live.check("tried to register another audit daemon with rawaudit[" in tampers[2].text("MESSAGE"), tampers[2].text("MESSAGE"))
    live.equal([e.text("FOPSD_GAP_CAUSE") for e in live.losses(ground.entries())], [], "gaps")


def test_said_though_records_of_others_are_dropped(ground):
    ground.need_free_registration()
    config = ground.config(f'watches = ( {{ path = "{ground.tree()}"; }} );\ncanary = {{ startup = false; }};\n'
                           'source = { foreign = "drop"; };\n')
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    before = sorted(own_rules(ground))
    ground.audit.delete(own_rules(ground)[-1])
    live.check(soon(lambda: sorted(own_rules(ground)) == before, 20), "the rule isn't back")
    daemon.stop()
    entries = ground.entries()
    live.equal(tampered(entries), ["rules"], "entries of kind tamper")
    live.equal([e for e in entries if e.kind == "record"], [], "entries of kind record")


def test_only_said(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = watching(ground, tree, "report")
    ground.audit.set(enabled=0)
    live.check(not soon(lambda: ground.audit.status()["enabled"] == 1), "it was turned on again, though it was not to be")
    daemon.stop()
    live.equal(tampered(ground.entries()), ["disabled"], "entries of kind tamper")


if __name__ == "__main__":
    live.main()
