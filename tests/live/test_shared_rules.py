#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Directories that are watched alike share their rules: a thousand watches are as many rules as one, each member is found, what leaves is
let go, what is replaced is covered again, and whoever takes members out of the kernel's rules is told of."""

import contextlib
import json
import os
import shutil
import subprocess
import time

import live
from test_truth import mounted

N = 50
ANCHORS = "/run/fopsd/trees"


def own_rules(ground):
    return [data for data in ground.audit.rules() if live.TAG in live.rule_strings(data)]


def make(tree, n=N):
    paths = [f"{tree}/{i}" for i in range(n)]
    for path in paths:
        os.mkdir(path)
    return paths


def configuration(paths, ops='["write"]', extra=""):
    watches = ",\n".join(f'{{ path = "{path}"; ops = {ops}; {extra} }}' for path in paths)
    return f"watches = (\n{watches}\n);\ncanary = {{ startup = false; }};\n"


def start(ground, text):
    config = ground.config(text)
    return ground.fopsd("-c", config, "--source", "daemon"), config


def rewrite(config, text):
    with open(config, "w") as f:
        f.write(text)


def touch(path):
    """By a process of its own: what it opens can't be known from before."""
    subprocess.run(["touch", path], check=True)


def found(ground, path, op="create"):
    return [e for e in live.operations(ground.entries()) if e.text("FOPSD_PATH") == path and e.text("FOPSD_OP") == op]


def await_it(condition, what):
    deadline = time.monotonic() + live.READY_SECONDS
    while not condition():
        live.check(time.monotonic() < deadline, what)
        time.sleep(0.05)


def await_found(ground, path):
    """Made anew until it is found: at once, where the watch is there."""
    def again():
        if os.path.exists(path):
            os.unlink(path)
        touch(path)
        return found(ground, path)
    await_it(again, f"{path} is never found")


def anchors():
    return set(os.listdir(ANCHORS)) - {"covered"} if os.path.exists(ANCHORS) else set()


def test_many_watches_are_few_rules(ground):
    ground.need_free_registration()
    paths = make(ground.tree())
    daemon, _ = start(ground, configuration(paths))
    live.check(len(own_rules(ground)) <= 6, f"{len(own_rules(ground))} rules for {N} watches")
    live.equal(len(anchors()), 1, "anchors")
    for path in paths:
        touch(path + "/x")
    daemon.stop()
    live.equal([len(found(ground, path + "/x")) for path in paths], [1] * N, "files found in each")
    for entry in (found(ground, path + "/x")[0] for path in paths):
        live.equal(entry.text("FOPSD_WATCH"), os.path.dirname(entry.text("FOPSD_PATH")), "watch")
        live.equal(entry.text("FOPSD_KEY"), os.path.dirname(entry.text("FOPSD_PATH")), "key")
    live.equal((own_rules(ground), anchors()), ([], set()), "left behind")


def test_thousands_of_members_are_no_loss(ground):
    """The kernel writes a record of each."""
    ground.need_free_registration()
    tree, n = ground.tree(), 5000
    for i in range(n):
        os.makedirs(f"{tree}/{i}/.ssh")
    daemon, _ = start(ground, configuration([tree + "/*/.ssh"]))
    old = anchors()
    os.rename(tree + "/7", tree + "/seven")
    await_it(lambda: not anchors() & old, "rules that cover what was renamed stay")
    for i in range(10, n, 10):
        with open(f"{tree}/{i}/.ssh/x", "w"):
            pass
    daemon.stop()
    live.equal(sum(e.text("FOPSD_OP") == "create" for e in live.operations(ground.entries())), n // 10 - 1, "files found")
    live.equal([e.text("MESSAGE") for e in live.losses(ground.entries())], [], "gaps")


def test_what_differs_has_rules_of_its_own(ground):
    """Keys, priorities and depth don't, since no rule knows them; operations do."""
    ground.need_free_registration()
    tree = ground.tree()
    paths = make(tree, 12)
    texts = [f'{{ path = "{p}"; ops = ["delete"]; key = "k{i}"; recursive = {"true" if i % 2 else "false"}; }}' for i, p in enumerate(paths[:6])]
    texts += [f'{{ path = "{p}"; ops = ["create"]; }}' for p in paths[6:10]] + [f'{{ path = "{p}"; ops = ["chmod"]; }}' for p in paths[10:]]
    daemon, _ = start(ground, f'watches = ( {", ".join(texts)} );\ncanary = {{ startup = false; }};\n')
    live.equal(len(anchors()), 2, "anchors")
    for path in paths:
        os.mkdir(path + "/deep")
        touch(path + "/x")
        touch(path + "/deep/y")
        os.chmod(path + "/x", 0o600)
        os.unlink(path + "/x")
        os.unlink(path + "/deep/y")
    daemon.stop()
    seen = [sorted((e.text("FOPSD_OP"), e.text("FOPSD_PATH")[len(path):]) for e in live.operations(ground.entries())
                   if e.text("FOPSD_PATH").startswith(path + "/")) for path in paths]
    for i in range(6):
        live.equal(seen[i], [("delete", "/deep/y"), ("delete", "/x")] if i % 2 else [("delete", "/x")], f"in {paths[i]}")
    for i in range(6, 10):
        live.equal(seen[i], [("create", "/deep/y"), ("create", "/x"), ("mkdir", "/deep")], f"in {paths[i]}")
    for i in range(10, 12):
        live.equal(seen[i], [("chmod", "/x")], f"in {paths[i]}")
    live.equal({e.text("FOPSD_KEY") for e in live.operations(ground.entries()) if e.text("FOPSD_PATH").startswith(paths[3] + "/")}, {"k3"}, "key")


def test_a_reload_that_adds_and_removes(ground):
    ground.need_free_registration()
    paths = make(ground.tree())
    daemon, config = start(ground, configuration(paths[:-1]))
    before = sorted(own_rules(ground))
    touch(paths[3] + "/before")
    rewrite(config, configuration(paths[:3] + paths[4:]))
    daemon.reload()
    time.sleep(0.05)  # events are dated by a clock that goes in steps
    live.equal(sorted(own_rules(ground)), before, "rules after the reload")
    touch(paths[3] + "/after")
    touch(paths[-1] + "/x")
    touch(paths[0] + "/x")
    # The rules that know nothing of it any more come later, and in between nothing is missed.
    old = anchors()
    for i in range(10000):
        touch(f"{paths[0]}/{i}")
        if anchors() and not anchors() & old:
            break
        time.sleep(0.02)
    live.check(not anchors() & old, "rules that cover too much stay")
    touch(paths[0] + "/last")
    daemon.stop()
    live.equal(len(found(ground, paths[3] + "/before")), 1, "what was done before the reload")
    live.equal(len(found(ground, paths[3] + "/after")), 0, "what was done after it, in what isn't watched")
    live.equal([len(found(ground, p)) for p in (paths[-1] + "/x", paths[0] + "/x", paths[0] + "/last")], [1, 1, 1], "in what is watched")
    live.equal([len(found(ground, f"{paths[0]}/{j}")) for j in range(i + 1)], [1] * (i + 1), "while the rules are replaced")


def test_members_that_go_and_come(ground):
    """Removed and made again, replaced, moved away: also where the inode number is used again at once."""
    ground.need_free_registration()
    tree = ground.tree()
    paths = make(tree, 8)
    daemon, _ = start(ground, configuration(paths))
    shutil.rmtree(paths[0])
    os.mkdir(paths[0])
    await_found(ground, paths[0] + "/again")
    os.mkdir(tree + "/other")
    os.rename(paths[1], tree + "/away")
    os.rename(tree + "/other", paths[1])
    await_found(ground, paths[1] + "/other")
    shutil.rmtree(paths[2])
    await_found(ground, paths[3] + "/untouched")
    old = anchors()
    await_it(lambda: not anchors() & old, "rules that cover what was moved away stay")
    touch(tree + "/away/unseen")
    touch(paths[7] + "/x")
    daemon.stop()
    live.equal(len(found(ground, paths[7] + "/x")), 1, "what was done at the end")
    live.check(not any("unseen" in (e.text("FOPSD_PATH") or "") for e in live.operations(ground.entries())), "what was moved away is watched")


def test_mounts_in_members(ground):
    ground.need_free_registration()
    paths = make(ground.tree(), 6)
    daemon, _ = start(ground, configuration(paths))
    os.mkdir(paths[0] + "/below")
    live.check(ground.mount(paths[0] + "/below", "-t", "tmpfs", "tmpfs"), "no tmpfs")
    await_found(ground, paths[0] + "/below/x")
    live.check(ground.mount(paths[1], "-t", "tmpfs", "tmpfs"), "no tmpfs")
    await_found(ground, paths[1] + "/x")
    for point in (paths[0] + "/below", paths[1]):
        subprocess.run(["umount", point], check=True)
        ground.mounts.remove(point)
    await_found(ground, paths[1] + "/y")
    daemon.stop()


def test_trimmed_by_another(ground):
    ground.need_free_registration()
    paths = make(ground.tree(), 6)
    daemon, _ = start(ground, configuration(paths))
    subprocess.run(["auditctl", "-t"], check=True, stdout=subprocess.DEVNULL)
    await_found(ground, paths[0] + "/x")
    await_found(ground, paths[5] + "/x")
    daemon.stop()
    told = [e for e in ground.entries() if e.kind == "tamper"]
    live.equal([(e.text("FOPSD_TAMPER"), e.text("FOPSD_COMM")) for e in told], [("rules", "auditctl")], "entries of kind tamper")
    live.check("they are back" in told[0].text("MESSAGE"), told[0].text("MESSAGE"))
    live.equal([e.text("FOPSD_GAP_CAUSE") for e in live.losses(ground.entries())], ["rules were missing"], "gaps")
    ground.forget()


def test_all_rules_deleted_and_anchors_removed(ground):
    ground.need_free_registration()
    paths = make(ground.tree(), 6)
    daemon, _ = start(ground, configuration(paths))
    for data in own_rules(ground):
        ground.audit.delete(data)
    await_found(ground, paths[0] + "/x")
    shutil.rmtree(ANCHORS)
    await_found(ground, paths[5] + "/x")
    daemon.stop()
    live.check("rules" in {e.text("FOPSD_TAMPER") for e in ground.entries() if e.kind == "tamper"}, "nothing said of it")
    ground.forget()


def test_rules_deleted_and_put_back_by_another(ground):
    """They look as before, and cover nothing any more."""
    ground.need_free_registration()
    paths = make(ground.tree(), 6)
    daemon, _ = start(ground, configuration(paths))
    rules = own_rules(ground)
    for data in rules:
        ground.audit.delete(data)
    for data in rules:
        with contextlib.suppress(OSError):  # fopsd was sooner
            ground.audit.add(data)
    await_found(ground, paths[0] + "/x")
    await_found(ground, paths[5] + "/x")
    daemon.stop()
    live.check("rules were missing" in [e.text("FOPSD_GAP_CAUSE") for e in live.losses(ground.entries())], "no gap")
    ground.forget()


def test_rules_that_a_reload_brings_back(ground):
    """Where what others do is only told."""
    ground.need_free_registration()
    paths = make(ground.tree(), 6)
    daemon, _ = start(ground, configuration(paths) + 'on_tamper = "report";\n')
    for data in own_rules(ground):
        ground.audit.delete(data)
    daemon.reload()
    await_found(ground, paths[0] + "/x")
    daemon.stop()
    ground.forget()


def test_trimmed_while_auditing_was_off(ground):
    """Nothing tells of that."""
    ground.need_free_registration()
    paths = make(ground.tree(), 6)
    daemon, _ = start(ground, configuration(paths))
    ground.audit.set(enabled=0)
    subprocess.run(["auditctl", "-t"], check=True, stdout=subprocess.DEVNULL)
    with contextlib.suppress(OSError):
        ground.audit.set(enabled=1)
    await_found(ground, paths[0] + "/x")
    daemon.stop()
    ground.forget()


def test_what_only_the_index_needs_is_nobody_s(ground):
    """Also where another group's watches are for just these operations."""
    ground.need_free_registration()
    paths = make(ground.tree(), 8)
    texts = [f'{{ path = "{p}"; ops = ["{ops}"]; }}' for p, ops in zip(paths, ["chmod"] * 4 + ['create", "delete", "rename'] * 4)]
    daemon, _ = start(ground, f'watches = ( {", ".join(texts)} );\ncanary = {{ startup = false; }};\n')
    live.equal(len(anchors()), 2, "anchors")
    for path in paths:
        touch(path + "/x")
    daemon.stop()
    live.equal([len(found(ground, path + "/x")) for path in paths], [0] * 4 + [1] * 4, "files found in each")


def write_script(path, interpreter):
    with open(path, "w") as f:
        f.write(f"#!{interpreter}\nexit 0\n")
    os.chmod(path, 0o755)


def test_an_interpreter_in_a_member(ground):
    """What runs is a script that nobody watches. Its interpreter is one of those watched, whatever it is called."""
    ground.need_free_registration()
    paths, elsewhere = make(ground.tree(), 5), ground.tree()
    scripts = [f"{elsewhere}/{name}" for name in ("by-path", "by-symlink", "by-another-name")]
    shutil.copy(os.path.realpath("/bin/sh"), paths[2] + "/interpreter")
    os.link(paths[2] + "/interpreter", paths[2] + "/same")
    os.symlink(paths[2], elsewhere + "/link")
    for script, interpreter in zip(scripts, (paths[2] + "/interpreter", elsewhere + "/link/interpreter", paths[2] + "/same")):
        write_script(script, interpreter)
    daemon, _ = start(ground, configuration(paths, '["exec"]'))
    live.equal(len(anchors()), 1, "anchors")
    await_it(lambda: not json.loads(subprocess.run([live.FOPSCTL, "status", "-o", "json"], stdout=subprocess.PIPE, check=True).stdout)
             ["index"]["scanning"], "the trees are never all scanned")
    for script in scripts:
        subprocess.run([script], check=True)
    daemon.stop()
    for script in scripts:
        entries = found(ground, script, "exec")
        live.equal([(e.text("FOPSD_WATCH"), e.text("FOPSD_KEY")) for e in entries], [(paths[2], paths[2])], f"watches and keys of {script}")


UNLIKE = ("delete", "chmod", "chown", "exec", "setxattr", "link")


def unlike(paths):
    watches = ", ".join(f'{{ path = "{p}"; ops = ["{op}", "utime"]; }}' for p, op in zip(paths, UNLIKE))
    return f"watches = ( {watches} );\ncanary = {{ startup = false; }};\n"


def change_deep_below(path, name):
    """Of what was made since, and renamed, only the index knows the path."""
    os.makedirs(f"{path}/{name}/b")
    os.rename(f"{path}/{name}", f"{path}/{name}-now")
    directory = os.open(f"{path}/{name}-now/b", os.O_RDONLY)
    subprocess.run(["touch", f"/proc/self/fd/{directory}/x"], check=True, pass_fds=[directory])
    os.utime("x", dir_fd=directory)
    os.close(directory)
    return f"{path}/{name}-now/b/x"


def paths_from_index(ground):
    return {e.text("FOPSD_PATH") for e in live.operations(ground.entries()) if e.text("FOPSD_PATH_SOURCE") == "index"}


def test_watches_that_differ_share_what_only_the_index_needs(ground):
    ground.need_free_registration()
    paths = make(ground.tree(), len(UNLIKE))
    daemon, config = start(ground, unlike(paths))
    live.equal(len(anchors()), 1, "anchors")
    first = [change_deep_below(path, "first") for path in paths]

    # Removed and made again, then no longer watched.
    shutil.rmtree(paths[0])
    os.mkdir(paths[0])
    await_it(lambda: change_deep_below(paths[0], f"again-{time.monotonic_ns()}") in paths_from_index(ground), "what came again isn't known")
    old = anchors()
    rewrite(config, unlike(paths[:-1]))
    daemon.reload()
    await_it(lambda: not anchors() & old, "rules that cover what isn't watched stay")
    second = [change_deep_below(path, "second") for path in paths[:-1]]
    daemon.stop()

    missing = [path for path in first + second if path not in paths_from_index(ground)]
    live.equal(missing, [], "paths that the index doesn't know")
    live.equal({e.text("FOPSD_OP") for e in live.operations(ground.entries())}, {"utime", "delete", "rmdir"}, "operations")
    live.equal((own_rules(ground), anchors()), ([], set()), "left behind")


def test_a_member_that_something_is_mounted_over(ground):
    """Who has another way to what is below is seen on it, for as long as fopsd runs."""
    ground.need_free_registration()
    tree = ground.tree()
    paths = make(tree, 6)
    other = ground.directory("/var/tmp")
    live.check(ground.mount(other, "--bind", tree), "no bind mount")
    daemon, _ = start(ground, configuration(paths))
    live.check(ground.mount(paths[0], "-t", "tmpfs", "tmpfs"), "no tmpfs")
    await_found(ground, paths[0] + "/top")
    old = anchors()
    time.sleep(6)  # what isn't meant any more would be let go by now
    live.equal(anchors(), old, "anchors")
    touch(other + "/0/below")
    daemon.stop()
    live.equal(len([e for e in live.operations(ground.entries()) if e.text("FOPSD_NAME") == other + "/0/below"]), 1, "found below the mount")


def test_a_btrfs_below_a_member(ground):
    """Rules tell its subvolumes apart, so they can't be shared."""
    ground.need_free_registration()
    paths = make(ground.tree(), 6)
    top = mounted(ground, "btrfs", ground.directory("/var/tmp"))
    live.check(ground.mount(paths[0] + "/", "--bind", top), "no bind mount")
    daemon, _ = start(ground, configuration(paths))
    rules = [live.rule_strings(data) for data in own_rules(ground)]
    daemon.stop()
    live.check(any(data.startswith(paths[0].encode()) for data in rules), "what has a btrfs in it shares rules")
    live.check(not any(data.startswith(paths[1].encode()) for data in rules), "the others don't")


def test_a_rule_of_the_configuration_above_the_anchors(ground):
    ground.need_free_registration()
    paths = make(ground.tree(), 6)
    daemon, _ = start(ground, configuration(paths, ops='["delete"]') +
                      'rules = ( { syscalls = ["chmod", "fchmodat"]; fields = ["dir=/run"]; key = "of-run"; } );\n')
    live.equal(anchors(), set(), "anchors")
    touch(paths[0] + "/x")
    os.chmod(paths[0] + "/x", 0o600)
    daemon.stop()
    live.equal([e.text("MESSAGE") for e in ground.entries() if e.text("FOPSD_OP") == "chmod"], [], "what nobody asked for")


def test_mounts_elsewhere_change_nothing(ground):
    """What was removed by a reload stays removed, whatever else happens before its rules are replaced."""
    ground.need_free_registration()
    paths, point = make(ground.tree(), 6), ground.directory("/tmp")
    daemon, config = start(ground, configuration(paths))
    rewrite(config, configuration(paths[:1] + paths[2:]))
    daemon.reload()
    for _ in range(12):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", point], check=True)
        subprocess.run(["umount", point], check=True)
    time.sleep(0.3)
    touch(paths[1] + "/unwatched")
    touch(paths[0] + "/x")
    daemon.stop()
    live.equal([len(found(ground, p)) for p in (paths[1] + "/unwatched", paths[0] + "/x")], [0, 1], "found")


def test_rules_of_others_above_the_anchors(ground):
    """They would cover all members, too: nothing is shared, and theirs stays as it is."""
    ground.need_free_registration()
    paths = make(ground.tree(), 6)
    foreign = live.rule(syscalls="all", dir="/run/fopsd", key="others")
    os.makedirs("/run/fopsd", exist_ok=True)
    ground.audit.add(foreign)
    try:
        daemon, _ = start(ground, configuration(paths))
        live.equal(anchors(), set(), "anchors")
        live.check(len(own_rules(ground)) > 6, "rules are shared")
        touch(paths[0] + "/x")
        daemon.stop()
    finally:
        ground.audit.delete(foreign)
    live.equal(len(found(ground, paths[0] + "/x")), 1, "found")
    live.check(not any(e.kind == "record" and "others" in json.dumps(e) and paths[0] in json.dumps(e) for e in ground.entries()),
               "the other's rule covers what it never meant")


def test_killed_and_started_again(ground):
    """The next life goes on with the same rules."""
    ground.need_free_registration()
    paths = make(ground.tree(), 6)
    daemon, config = start(ground, configuration(paths))
    before = sorted(own_rules(ground))
    daemon.kill()
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    live.equal(sorted(own_rules(ground)), before, "rules")
    touch(paths[0] + "/x")
    daemon.stop()
    live.equal(len(found(ground, paths[0] + "/x")), 1, "found")
    live.check(not os.path.exists(ANCHORS), "anchors are left")
    ground.forget()


def test_killed_and_started_with_another_configuration(ground):
    """What the rules that it finds cover is too much: it makes its own, and then those go."""
    ground.need_free_registration()
    paths = make(ground.tree(), 6)
    daemon, config = start(ground, configuration(paths))
    first = anchors()
    daemon.kill()
    rewrite(config, configuration(paths[1:]))
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    await_it(lambda: anchors() and not anchors() & first, "anchors of before are left")
    live.check(len(own_rules(ground)) <= 6, "rules of before are left")
    touch(paths[0] + "/unwatched")
    touch(paths[1] + "/x")
    daemon.stop()
    live.equal([len(found(ground, p)) for p in (paths[0] + "/unwatched", paths[1] + "/x")], [0, 1], "found")
    ground.forget()


if __name__ == "__main__":
    live.main()
