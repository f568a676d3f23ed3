#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What isn't to be told, or isn't heard of: never rules, filters, and what goes on outside of a watch. None of it may make a path wrong."""

import os
import shutil
import subprocess
import time

import live
from test_truth import mounted, wait_until_indexed

# Inodes are given away again after one or two others.
TRIES = 64
# More than it takes to share, and than rules that are shared.
N_SHARING = 20


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def told(ground):
    return [(e.text("FOPSD_OP"), e.text("FOPSD_PATH"), e.text("FOPSD_NEW_PATH")) for e in live.operations(ground.entries())]


def await_told(ground, expected):
    """What came until @expected did."""
    deadline = time.monotonic() + live.READY_SECONDS
    while expected not in told(ground):
        live.check(time.monotonic() < deadline, f"{expected} isn't told: {told(ground)}")
        time.sleep(0.1)
    return told(ground)


def program(name):
    return os.path.realpath(shutil.which(name))


def configuration(tree, watch="", more=""):
    return f"""watches = ( {{ path = "{tree}"; ops = ["write"]; {watch} }} );
               canary = {{ startup = false; }};
               {more}"""


def start(ground, tree, watch="", more=""):
    config = ground.config(configuration(tree, watch, more))
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    wait_until_indexed(ground, daemon)
    return daemon, config


def moved(ground, tree, name):
    """A directory that mv moves, of which nothing is to be told, and a file made in it."""
    run("mkdir", f"{tree}/{name}")
    run("mv", f"{tree}/{name}", f"{tree}/{name}-moved")
    run("touch", f"{tree}/{name}-moved/f")
    entries = await_told(ground, ("create", f"{tree}/{name}-moved/f", None))
    live.equal([e for e in entries if e[0] == "rename"], [], "renames of mv")


def test_what_a_never_rule_drops(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon, _ = start(ground, tree, more=f'rules = ( {{ action = "never"; fields = ["exe={program("mv")}"]; }} );')
    moved(ground, tree, "a")
    daemon.stop()


def test_what_a_never_rule_drops_where_watches_share_rules(ground):
    ground.need_free_registration()
    tree = ground.tree()
    for i in range(N_SHARING):
        os.mkdir(f"{tree}/{i}")
    paths = ", ".join(f'{{ path = "{tree}/{i}"; ops = ["write"]; }}' for i in range(N_SHARING))
    config = ground.config(f"""watches = ( {paths} ); canary = {{ startup = false; }};
                               rules = ( {{ action = "never"; fields = ["exe={program("mv")}"]; }} );""")
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    wait_until_indexed(ground, daemon)
    n_rules = len([r for r in ground.audit.rules() if live.TAG in live.rule_strings(r)])
    live.check(n_rules < 2 * N_SHARING, f"{n_rules} rules")
    moved(ground, f"{tree}/{N_SHARING // 2}", "a")
    daemon.stop()


def test_what_a_never_rule_drops_that_came_later(ground):
    """In the kernel's list it comes before what is there; what the index hears by comes before it all the same, also when it is back."""
    ground.need_free_registration()
    tree = ground.tree()
    never = f'rules = ( {{ action = "never"; fields = ["exe={program("mv")}"]; }} );'
    daemon, config = start(ground, tree)
    before = ground.audit.rules()
    for i in range(2):
        with open(config, "w") as f:
            f.write(configuration(tree, more=never))
        daemon.reload()
        moved(ground, tree, f"a{i}")
        with open(config, "w") as f:
            f.write(configuration(tree))
        daemon.reload()
        live.equal(set(ground.audit.rules()), set(before), "rules without the never rule")
    daemon.stop()


def test_what_a_never_rule_drops_that_another_removed(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon, _ = start(ground, tree, more=f'rules = ( {{ action = "never"; fields = ["exe={program("mv")}"]; key = "mine"; }} );')
    before = ground.audit.rules()
    ground.audit.delete(next(r for r in before if b"mine" in live.rule_strings(r)))
    live.check(len(ground.audit.rules()) < len(before), "nothing is removed")
    deadline = time.monotonic() + live.READY_SECONDS
    while set(ground.audit.rules()) != set(before):
        live.check(time.monotonic() < deadline, "it isn't put back")
        time.sleep(0.1)
    moved(ground, tree, "a")
    daemon.stop()


def test_what_a_rule_of_anothers_brings_before_the_never_rule(ground):
    """It comes first in the kernel's list, and is not in the way of anything; nor is what the index hears by in its way."""
    ground.need_free_registration()
    tree = ground.tree()
    theirs = live.rule(dir=tree, key="theirs")
    ground.audit.add(theirs)
    try:
        daemon, _ = start(ground, tree, more=f'rules = ( {{ action = "never"; fields = ["exe={program("mv")}"]; }} );')
        run("mkdir", f"{tree}/a")
        run("mv", f"{tree}/a", f"{tree}/b")
        await_told(ground, ("rename", f"{tree}/a", f"{tree}/b"))
        daemon.stop()
    finally:
        ground.audit.delete(theirs)


def test_what_never_rules_of_auditctl_drop(ground):
    """In a directory of the watch, in one elsewhere: directories that go there and come back."""
    ground.need_free_registration()
    tree, outside = ground.tree(), ground.tree()
    os.makedirs(f"{tree}/quiet/d")
    os.mkdir(f"{tree}/e")
    rules = ground.config(f"-a never,exit -S all -F dir={tree}/quiet\n-A never,exit -F arch=b64 -S all -F dir={outside} -k out\n")
    daemon, _ = start(ground, tree, more=f'audit_rules = ["{rules}"];')
    run("mv", f"{tree}/quiet/d", f"{tree}/d")
    run("touch", f"{tree}/d/f")
    run("mv", f"{tree}/e", f"{outside}/e")
    run("mv", f"{outside}/e", f"{tree}/e2")
    run("mkdir", f"{tree}/quiet/x")
    run("mv", f"{tree}/quiet/x", f"{tree}/quiet/y")
    run("mv", f"{tree}/quiet/y", f"{tree}/y")
    for name in ("d", "e2", "y"):
        deadline = time.monotonic() + live.READY_SECONDS
        n = 0
        # What came in is looked through first.
        while ("create", f"{tree}/{name}/f{n}", None) not in told(ground):
            live.check(time.monotonic() < deadline, f"{name}/f isn't told: {told(ground)}")
            n += 1
            run("touch", f"{tree}/{name}/f{n}")
            time.sleep(0.2)
    entries = told(ground)
    daemon.stop()
    places = tuple(f"{tree}/{name}/" for name in ("d", "e2", "y"))
    live.equal([e for e in entries if e[0] != "create" or not (e[1] or places[0]).startswith(places)], [],
               "what is wrong, or not to be told")


def test_what_the_filters_of_a_watch_leave_out(ground):
    ground.need_free_registration()
    for i, watch in enumerate((f'exclude = ( {{ exe = "{program("mv")}"; }} );', 'exclude = ( { comm = "mv"; } );',
                               f'only = ( {{ exe = "{program("touch")}"; }} );', 'only = ( { ops = ["create"]; } );',
                               'exclude = ( { ops = ["rename"]; user = ["root"]; } );')):
        tree = ground.tree()
        ground.forget()
        daemon, _ = start(ground, tree, watch)
        moved(ground, tree, f"a{i}")
        daemon.stop()


def test_the_inode_of_a_removed_directory_outside_of_the_watch(ground):
    ground.need_free_registration()
    point = mounted(ground, "ext4", ground.directory("/var/tmp"))
    data, out = f"{point}/data", f"{point}/out"
    os.mkdir(data)
    os.mkdir(out)
    daemon, _ = start(ground, data)
    for i in range(TRIES):
        os.mkdir(f"{data}/d{i}")
        inode = os.stat(f"{data}/d{i}").st_ino
        os.rmdir(f"{data}/d{i}")
        os.mkdir(f"{out}/e{i}")
        if os.stat(f"{out}/e{i}").st_ino == inode:
            break
    else:
        raise live.Skip("inodes aren't given away again here")
    with open(f"{out}/e{i}/f", "w"):
        pass
    os.rename(f"{out}/e{i}/f", f"{data}/g")
    os.mkdir(f"{data}/end")
    entries = await_told(ground, ("mkdir", f"{data}/end", None))
    daemon.stop()
    renames = [e for e in entries if e[0] == "rename"]
    live.equal([e[2] for e in renames], [f"{data}/g"], "where it was renamed to")
    live.check(renames[0][1] in (None, f"{out}/e{i}/f"), f"where it was: {renames[0][1]}")


if __name__ == "__main__":
    live.main()
