#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Auditing turned off and rules removed by another while fopsd runs: said, and put back within a second; or only said."""

import time

import live


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
    gaps = [e for e in entries if e.kind == "gap"]
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
