#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Configuration under way: a reload changes only the difference, a bad file changes nothing, a bad start is no start."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import live
from supervisor import Supervised


def own_rules(ground):
    return {r for r in ground.audit.rules() if live.TAG in live.rule_strings(r)}


def watches(*items):
    return "watches = (" + ",".join(f'{{ path = "{path}"; ops = ["all"]; key = "{key}"; }}' for path, key in items) + ");\n"


def rewrite(path, text):
    with open(path, "w") as f:
        f.write(text)


def touch(path):
    subprocess.run(["touch", path], check=True)


def rule_changes(lines):
    """How many rules the kernel says were added and removed."""
    return lines.count(b"op=add_rule"), lines.count(b"op=remove_rule")


def test_what_was_done_before_a_reload_is_found_though_its_watch_is_gone(ground):
    ground.need_free_registration()
    kept, dropped, n = ground.tree(), ground.tree(), 2000
    config = ground.config(watches((kept, "kept"), (dropped, "dropped")))
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    rewrite(config, watches((kept, "kept")))
    for i in range(n):
        touched = os.open(f"{dropped}/{i}", os.O_CREAT | os.O_WRONLY)
        os.close(touched)
    daemon.reload()
    daemon.stop()
    made = [e for e in live.operations(ground.entries()) if e.text("FOPSD_OP") == "create" and e.text("FOPSD_DIR") == dropped]
    live.equal(len(made), n, "files found")
    live.equal({e.text("FOPSD_KEY") for e in made}, {"dropped"}, "keys")


def test_reload_changes_only_the_difference(ground):
    ground.need_free_registration()
    kept, dropped, added = ground.tree(), ground.tree(), ground.tree()
    config = ground.config(watches((kept, "kept"), (dropped, "dropped")))
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    first = own_rules(ground)

    touch(kept + "/1")
    touch(dropped + "/1")
    touch(added + "/1")
    time.sleep(0.5)  # what the kernel still has of the start isn't meant
    listener = ground.raw("listen")
    rewrite(config, watches((kept, "kept"), (added, "added")))
    daemon.reload()
    changes = listener.finish()
    second = own_rules(ground)
    touch(kept + "/2")
    touch(dropped + "/2")
    touch(added + "/2")

    listener = ground.raw("listen")
    daemon.reload()
    live.equal(rule_changes(listener.finish()), (0, 0), "rules added and removed by a reload that changes nothing")
    daemon.stop()

    live.check(first & second, "no rule was kept")
    for data in first & second:
        strings = live.rule_strings(data)
        live.check(kept.encode() in strings or b"/canary" in strings or b"fopsd:self" in strings or b"/" not in strings,
                   "a rule of the wrong directory was kept")
    live.check(all(added.encode() in live.rule_strings(data) for data in second - first),
               "added: not only the new directory's rules")
    live.check(all(dropped.encode() in live.rule_strings(data) for data in first - second),
               "removed: not only the old directory's rules")
    live.equal(rule_changes(changes), (len(second - first), len(first - second)), "rules added and removed")
    live.equal([e.one("FOPSD_PATH") for e in live.operations(ground.entries())],
               [path.encode() for path in (kept + "/1", dropped + "/1", kept + "/2", added + "/2")], "operations")


def test_reload_under_load_loses_nothing(ground):
    ground.need_free_registration()
    tree, other = ground.tree("/dev/shm"), ground.tree("/dev/shm")
    without, with_other = (watches(*items) + "kernel = { backlog_limit = 8192; };\n"
                           for items in ([(tree, "live")], [(tree, "live"), (other, "other")]))
    config = ground.config(without)
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    process = subprocess.Popen([live.OPSGEN, "many", "20000", tree], stdout=subprocess.DEVNULL)
    for i in range(5):
        rewrite(config, with_other if i % 2 == 0 else without)
        daemon.reload()
    live.equal(process.wait(), 0, "exit code of opsgen")
    daemon.stop()
    entries = ground.entries()
    live.equal(len(live.operations(entries)), 20000, "operations")
    live.equal(live.losses(entries), [], "gaps")


def fill_queue(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.setblocking(False)
        s.connect(path)
        try:
            while True:
                s.send(b"STATUS=of another service")
        except BlockingIOError:
            pass


def test_a_systemd_that_does_not_listen_is_not_waited_for(ground):
    """It may itself be waiting for fopsd."""
    ground.need_free_registration()
    first, second = ground.tree(), ground.tree()
    config = ground.config(watches((first, "first")))
    daemon = Supervised(ground, "-c", config, "--source", "daemon", WATCHDOG_USEC="1000000")
    while daemon.hear(0):
        pass
    fill_queue(daemon.notify_path)
    daemon.ready, fed = False, daemon.fed
    rewrite(config, watches((first, "first"), (second, "second")))
    daemon.process.send_signal(signal.SIGHUP)

    def wait_for(condition, what):
        deadline = time.monotonic() + live.READY_SECONDS
        while not condition():
            live.check(time.monotonic() < deadline, f"{what} in {live.READY_SECONDS} s")

    def is_reloaded():
        done = subprocess.run([live.FOPSCTL, "status", "-o", "json"], stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)["configuration"]["reloads"] == 1

    wait_for(is_reloaded, "no reload")
    touch(second + "/x")
    wait_for(lambda: any(e.one("FOPSD_PATH") == os.fsencode(second + "/x") for e in live.operations(ground.entries())), "nothing recorded")

    # What it didn't hear it is told when it listens again.
    wait_for(lambda: daemon.hear(0.1) and daemon.ready, "not ready")
    wait_for(lambda: daemon.hear(0.1) and daemon.fed > fed, "the watchdog not fed")
    daemon.stop()


def test_the_watchdog_is_fed_as_often_as_it_wants(ground):
    """Idle or at work. Every two seconds, as looks are, would be fifteen times."""
    ground.need_free_registration()
    tree = ground.tree()
    daemon = Supervised(ground, "-c", ground.config(watches((tree, "live"))), "--source", "daemon", WATCHDOG_USEC="200000")

    def await_fed(work):
        fed, deadline = daemon.fed, time.monotonic() + live.READY_SECONDS
        while daemon.fed < fed + 30:
            work()
            daemon.hear(0.01)
            live.check(time.monotonic() < deadline, f"fed only {daemon.fed - fed} times in {live.READY_SECONDS} s")

    await_fed(lambda: None)
    await_fed(lambda: touch(tree + "/x"))
    daemon.stop()


def test_bad_reload_keeps_what_runs(ground):
    ground.need_free_registration()
    tree = ground.tree()
    config = ground.config(watches((tree, "live")))
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    rules = own_rules(ground)

    for bad in ('watches = ( { path = "relative"; } );\n', "watches = (\n", 'wachtes = ( { path = "/etc"; } );\n'):
        rewrite(config, bad)
        before = len(daemon.stderr())
        daemon.reload()
        said = daemon.stderr()[before:] + "".join(e.text("MESSAGE") for e in ground.entries() if e.kind == "state")
        live.check(re.search(re.escape(config) + r":\d+:", said), f"no word of the bad file: {said!r}")
        live.equal(own_rules(ground), rules, f"rules after a reload of {bad!r}")
    os.unlink(config)
    daemon.reload()
    live.equal(own_rules(ground), rules, "rules after a reload without the file")
    touch(tree + "/a")
    daemon.stop()
    live.equal([e.one("FOPSD_PATH") for e in live.operations(ground.entries())], [(tree + "/a").encode()], "operations")


def test_never_starts_on_a_bad_configuration(ground):
    before = ground.audit.rules(), ground.audit.status()
    config = ground.config('''watches = (
        { path = "/etc"; opps = ["write"]; },
        { path = "relative"; },
        { path = "/etc"; ops = ["fly"]; }
    );
    ''')
    for arguments in ([], ["--check"], ["--print"]):
        daemon = ground.fopsd("-c", config, *arguments, wait=False)
        live.equal(daemon.process.wait(live.READY_SECONDS), 78, f"exit code with {arguments}")
        said = daemon.stderr()
        for line, word in ((2, "opps"), (3, "relative"), (4, "fly")):
            live.check(re.search(rf"^{re.escape(config)}:{line}: .*{word}", said, re.M),
                       f"line {line} isn't named: {said!r}")
    live.equal((ground.audit.rules(), ground.audit.status()), before, "audit state")


def test_refuses_a_file_that_others_may_write(ground):
    config = ground.config(watches(("/etc", "x")))
    os.chmod(config, 0o666)
    daemon = ground.fopsd("-c", config, wait=False)
    live.equal(daemon.process.wait(live.READY_SECONDS), 78, "exit code")
    live.check(config in daemon.stderr(), f"the file isn't named: {daemon.stderr()!r}")


def test_missing_configuration_and_bad_options(ground):
    daemon = ground.fopsd("-c", "/nonexistent/fopsd.conf", wait=False)
    live.equal(daemon.process.wait(live.READY_SECONDS), 78, "exit code without the file")
    live.check("/nonexistent/fopsd.conf" in daemon.stderr(), daemon.stderr())
    for arguments in (["--nonsense"], ["--source", "nonsense"], ["--print=xml"], ["-k", "key"], ["word"]):
        daemon = ground.fopsd(*arguments, wait=False)
        live.equal(daemon.process.wait(live.READY_SECONDS), 2, f"exit code with {arguments}")
        live.check(daemon.stderr(), f"no word with {arguments}")


def test_check_touches_nothing(ground):
    before = ground.audit.rules(), ground.audit.status()
    config = ground.config(watches((ground.tree(), "x")))
    daemon = ground.fopsd("-c", config, "--check", wait=False)
    live.equal(daemon.process.wait(live.READY_SECONDS), 0, "exit code")
    live.equal((ground.audit.rules(), ground.audit.status()), before, "audit state")


def test_interrupt_ends_it_as_well(ground):
    ground.need_free_registration()
    before = ground.audit.rules()
    daemon = ground.watching(ground.tree())
    daemon.stop(signal.SIGINT)
    live.equal(ground.audit.rules(), before, "rules after INT")


def test_filters_of_the_configuration(ground):
    """only and exclude, results and priorities, a watch that isn't recursive."""
    ground.need_free_registration()
    tree, flat = ground.tree(), ground.tree()
    os.mkdir(flat + "/sub")
    config = ground.config(f"""watches = (
        {{ path = "{tree}"; ops = ["all"]; key = "k"; priority = "warning"; priority_failed = "err";
           exclude = ( {{ comm = "cat"; }}, {{ path = "*.tmp"; ops = ["create", "delete"]; }} ); }},
        {{ path = "{flat}"; ops = ["write"]; key = "flat"; recursive = false; result = "success"; }}
    );
    """)
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    script = """
        touch $0/a $0/b.tmp; cat $0/a; rm $0/b.tmp; rmdir $0/a
        touch $1/x $1/sub/x; rmdir $1/x
    """
    subprocess.run(["sh", "-c", script, tree, flat], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    daemon.stop()
    entries = [(e.text("FOPSD_OP"), e.one("FOPSD_PATH"), e.text("PRIORITY")) for e in live.operations(ground.entries())]
    live.equal(entries, [("create", (tree + "/a").encode(), "4"), ("rmdir", (tree + "/a").encode(), "3"),
                         ("create", (flat + "/x").encode(), "6")], "operations")


if __name__ == "__main__":
    live.main()
