#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsctl rules: what the configuration wants beside what the kernel has, each difference marked."""

import json
import os
import subprocess

import live

NOBODY = 65534


def fopsctl(*args, **options):
    return subprocess.run([live.FOPSCTL, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **options)


def rules(config, *args, code):
    """Pairs of mark and rule."""
    done = fopsctl("rules", "-c", config, *args)
    live.equal((done.returncode, done.stderr), (code, ""), "fopsctl rules")
    return [(line[0], line[2:]) for line in done.stdout.splitlines()]


def marks(lines, part):
    return {mark for mark, text in lines if part in text}


def configuration(*paths):
    return "watches = (" + ",".join(f'{{ path = "{path}"; key = "k"; }}' for path in paths) + ");\n"


def own(ground):
    return [r for r in ground.audit.rules() if live.TAG in live.rule_strings(r)]


def test_all_is_there_once_fopsd_runs(ground):
    ground.need_free_registration()
    tree = ground.tree()
    config = ground.config(configuration(tree))
    live.equal(marks(rules(config, code=1), tree), {"+", "~"}, "marks before")
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    installed = rules(config, code=0)
    live.equal({mark for mark, _ in installed} - {"~"}, {"="}, "marks")
    live.check(all(tree in text for _, text in installed), f"not only the watch's rules: {installed}")
    in_kernel = rules(config, "--kernel", code=0)
    live.equal(len([mark for mark, _ in in_kernel if mark == "="]), len(own(ground)), "rules of fopsd's in the kernel")
    daemon.stop()


def test_check_says_the_same_of_each_as_json(ground):
    tree = ground.tree()
    paths = [f"{tree}/{i}" for i in range(4)]
    for path in paths:
        os.mkdir(path)
    config = ground.config(configuration(*paths, tree + "/later/x"))
    done = {form: fopsctl("check", "-c", config, *arguments) for form, arguments in (("text", ()), ("json", ("-o", "json")))}
    live.equal([d.returncode for d in done.values()], [0, 0], "exit codes")
    found = [json.loads(line) for line in done["json"].stdout.splitlines()]
    in_text = [line.removesuffix("  # if the kernel takes it").strip() for line in done["text"].stdout.splitlines() if line.startswith("  -a")]
    live.equal([f["rule"] for f in found if "rule" in f], in_text, "rules")
    live.equal({tuple(f["shared_by"]) for f in found if "rule" in f}, {tuple(paths)}, "who shares them")
    live.equal([f["pending"] for f in found if "pending" in f], [tree + "/later/x"], "pending")


def test_differences_are_marked(ground):
    ground.need_free_registration()
    kept, dropped, added = ground.tree(), ground.tree(), ground.tree()
    config = ground.config(configuration(kept, dropped))
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    foreign = live.rule(dir=added, perm="w", key=live.TEST_KEY)
    ground.audit.add(foreign)
    with open(config, "w") as f:
        f.write(configuration(kept, added))
    lines = rules(config, code=1)
    live.equal((marks(lines, kept) - {"~"}, marks(lines, dropped), marks(lines, added) - {"~"}), ({"="}, {"-"}, {"+"}), "marks")
    lines = rules(config, "--kernel", code=1)
    live.equal([text for mark, text in lines if mark == " "], [f"-w {added} -p w -k {live.TEST_KEY}"], "rules of others")
    live.equal((marks(lines, dropped), marks(lines, "fopsd:self"), marks(lines, "/canary")), ({"-"}, {"="}, {"="}), "marks")

    done = fopsctl("rules", "-c", config, "--kernel", "-o", "json")
    items = [json.loads(line) for line in done.stdout.splitlines()]
    live.equal([item["rule"] for item in items], [text for _, text in lines], "rules as JSON")
    live.equal({item["state"] for item in items if item.get("watch") == added} - {"unsupported"}, {"missing"}, "states of a watch")
    live.equal({(item["file"], item["line"]) for item in items if "watch" in item}, {(config, 1)}, "where they stand")
    live.equal({item["state"] for item in items} - {"unsupported"}, {"installed", "missing", "unwanted", "foreign", "own"}, "states")

    daemon.reload()
    rules(config, code=0)
    ground.audit.delete(foreign)
    daemon.stop()


def test_a_watch_that_is_in_no_file(ground):
    ground.need_free_registration()
    tree, other = ground.tree(), ground.tree()
    config = ground.config(configuration(tree))
    daemon = ground.fopsd("-c", config, "--source", "daemon", "-w", other)
    live.check(not any(other in text for _, text in rules(config, code=0)), "the configuration's rules")
    live.equal(marks(rules(config, "--kernel", code=0), other), {"="}, "marks in the kernel's list")
    daemon.stop()


def test_without_permission(ground):
    config = ground.config(configuration(ground.tree()))
    done = fopsctl("rules", "-c", config, user=NOBODY, group=NOBODY, extra_groups=[])
    live.equal((done.returncode, done.stdout), (2, ""), "fopsctl rules as nobody")
    live.check("not permitted" in done.stderr, done.stderr)


def test_a_bad_configuration(ground):
    config = ground.config('watches = ( { path = "relative"; } );\n')
    done = fopsctl("rules", "-c", config)
    live.equal((done.returncode, done.stdout), (1, ""), "fopsctl rules")
    live.check(f"{config}:1: " in done.stderr, done.stderr)


if __name__ == "__main__":
    live.main()
