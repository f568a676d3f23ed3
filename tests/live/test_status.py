#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsctl status: what the running fopsd says of itself, for people, as JSON and for Prometheus, and when there is none."""

import json
import os
import re
import shutil
import socket
import subprocess
import time

import live

NOBODY = 65534


def fopsctl(*args, **options):
    return subprocess.run([live.FOPSCTL, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **options)


def status():
    done = fopsctl("status", "-o", "json")
    live.equal((done.returncode, done.stderr), (0, ""), "fopsctl status")
    return json.loads(done.stdout)


def until(condition, what):
    """The first status for which it is true."""
    deadline = time.monotonic() + live.READY_SECONDS
    while True:
        now = status()
        if condition(now):
            return now
        live.check(time.monotonic() < deadline, f"not {what}: {now}")
        time.sleep(0.05)


def watching(ground, *items):
    watches = ", ".join(f'{{ path = "{path}"; ops = ["all"]; key = "{key}"; }}' for path, key in items)
    return ground.config(f"watches = ( {watches} );\n")


def metrics(text):
    """Samples by name with labels; fails on what a scraper would refuse."""
    samples, typed = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, help_ = line[7:].split(" ", 1)
            live.check(name not in typed_names(samples) and help_.endswith("."), line)
            typed = None
        elif line.startswith("# TYPE "):
            live.equal(line.split(" ")[2], name, "name of TYPE behind HELP")
            typed = line.split(" ")[3]
            live.check(typed in ("counter", "gauge") and (typed == "counter") == name.endswith("_total"), line)
        else:
            match = re.fullmatch(r'([a-z_]+)(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")?\})? ([0-9.]+)', line)
            live.check(match and typed and match[1] == name, f"no sample of {name}: {line}")
            live.check(match[1] + (match[2] or "") not in samples, f"twice: {line}")
            samples[match[1] + (match[2] or "")] = float(match[4])
    return samples


def typed_names(samples):
    return {name.partition("{")[0] for name in samples}


def test_what_is_done_is_counted(ground):
    ground.need_free_registration()
    tree, missing = ground.tree(), ground.tree() + "/missing"
    daemon = ground.fopsd("-c", watching(ground, (tree, "there"), (missing, "not there")), "--source", "daemon")
    before = status()
    live.equal((before["pid"], before["state"] in ("running", "indexing"), before["mode"]), (daemon.pid, True, "daemon"), "process")
    live.check(abs(before["since"] - time.time()) < 600, "since when it runs")
    live.equal([(w["path"], w["keys"], w["state"], w.get("reason")) for w in before["watches"]],
               [(tree, ["there"], "armed", None), (missing, ["not there"], "pending", "nothing is there")], "watches")
    live.equal(before["targets"], {"armed": 1, "pending": 1, "refused": 0}, "targets")
    live.equal(before["rules"], sum(live.TAG in live.rule_strings(r) for r in ground.audit.rules()), "rules")
    live.equal(before["kernel"]["backlog_limit"], ground.audit.status()["backlog_limit"], "the kernel's limit")

    subprocess.run(["sh", "-c", f"touch {tree}/a {tree}/b; rm {tree}/a; rmdir {tree}/b"], stderr=subprocess.DEVNULL)
    os.mkdir(missing)
    after = until(lambda s: s["targets"]["armed"] == 2 and "rmdir" in s["operations"], "armed and counted")
    live.equal(after["operations"]["create"], {"success": 2, "failed": 0, "unknown": 0}, "creations")
    live.equal(after["operations"]["delete"], {"success": 1, "failed": 0, "unknown": 0}, "deletions")
    live.equal(after["operations"]["rmdir"], {"success": 0, "failed": 1, "unknown": 0}, "failed removals")
    live.check(after["events"]["records"] > before["events"]["records"], "records aren't counted")
    live.check(after["canary"]["latency_seconds"] > 0, "the latency isn't known")
    live.equal(sum(after["lost"].values()), 0, "losses")
    live.check("last_gap" not in after, "a gap")

    text = fopsctl("status")
    live.equal((text.returncode, text.stderr), (0, ""), "fopsctl status")
    for line in (rf"    State: (running|indexing), as daemon, pid {daemon.pid}, since 20..-..-.. ", r"  Watches: 2 armed, 0 pending, 0 refused; ",
                 r"     Lost: nothing$", rf"armed    there     {re.escape(tree)}$", rf"armed    not there {re.escape(missing)}$",
                 r"create  +2  +0$", r"rmdir  +0  +1$", r"   Kernel: auditing on; "):
        live.check(re.search("^" + line, text.stdout, re.M), f"no line {line} in {text.stdout}")

    samples = fopsctl("status", "-o", "prometheus")
    found = metrics(samples.stdout)
    for name, value in (("fopsd_up", 1), ('fopsd_targets{state="armed"}', 2), ('fopsd_mode_info{mode="daemon"}', 1),
                        ('fopsd_operations_total{op="create",result="success"}', 2), ('fopsd_lost_total{cause="missing"}', 0),
                        ("fopsd_kernel_enabled", 1)):
        live.equal(found.get(name), value, name)
    if shutil.which("promtool"):
        lint = subprocess.run(["promtool", "check", "metrics"], input=samples.stdout, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        live.equal((lint.returncode, lint.stdout), (0, ""), "promtool")
    daemon.stop()


def test_anybody_may_ask(ground):
    ground.need_free_registration()
    daemon = ground.watching(ground.tree())
    done = fopsctl("status", user=NOBODY, group=NOBODY, extra_groups=[])
    live.equal((done.returncode, done.stderr), (0, ""), "fopsctl status as nobody")
    live.check(f"pid {daemon.pid}" in done.stdout, done.stdout)
    daemon.stop()


def test_none_is_running(ground):
    ground.need_free_registration()
    for after in ("before", "after a kill"):
        done = fopsctl("status")
        live.equal((done.returncode, done.stdout, done.stderr), (1, "", "fopsctl: fopsd isn't running\n"), f"status {after}")
        done = fopsctl("status", "-o", "prometheus")
        live.equal((done.returncode, metrics(done.stdout)), (1, {"fopsd_up": 0}), f"metrics {after}")
        if after == "before":
            ground.watching(ground.tree()).kill()


def test_a_gap_is_told(ground):
    ground.need_free_registration()
    tree = ground.tree()
    ground.watching(tree).kill()
    daemon = ground.watching(tree)
    gap = status()["last_gap"]
    live.equal((gap["cause"], "count" in gap), ("no fopsd was running", False), "the last gap")
    live.check(gap["from"] <= gap["until"], "from and until")
    live.check(re.search(r"^ Last gap: 20.* to 20.*: \? no fopsd was running$", fopsctl("status").stdout, re.M), "no line of it")
    daemon.stop()


def test_auditing_off_is_not_well(ground):
    ground.need_free_registration()
    config = ground.config(f'watches = ( {{ path = "{ground.tree()}"; }} );\non_tamper = "report";\n')
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    ground.audit.set(enabled=0)
    done = fopsctl("status")
    live.equal(done.returncode, 1, "exit code")
    live.check("State: disabled" in done.stdout and "auditing OFF" in done.stdout, done.stdout)
    daemon.stop()


def test_reloads_are_counted(ground):
    ground.need_free_registration()
    first, second = ground.tree(), ground.tree()
    config = watching(ground, (first, "first"))
    daemon = ground.fopsd("-c", config, "--source", "daemon")
    with open(config, "w") as f:
        f.write(f'watches = ( {{ path = "{second}"; }} );\n')
    daemon.reload()
    now = status()
    live.equal(now["configuration"], {"system": False, "reloads": 1, "refused": 0}, "the configuration")
    live.equal([w["path"] for w in now["watches"]], [second], "watches")
    with open(config, "w") as f:
        f.write("watches = (")
    daemon.reload()
    now = status()
    live.equal(now["configuration"], {"system": False, "reloads": 1, "refused": 1}, "the configuration")
    live.equal([w["path"] for w in now["watches"]], [second], "watches")
    daemon.stop()


def test_what_answers_and_is_not_fopsd(ground):
    os.makedirs("/run/fopsd", exist_ok=True)
    for answer in ("", "{", "[]", "hello"):
        done = fopsctl_of(answer)
        live.equal((done.returncode, done.stdout), (2, ""), f"status of {answer!r}")
        live.check("isn't fopsd" in done.stderr, done.stderr)


def fopsctl_of(answer):
    """fopsctl status, asking somebody else."""
    path = "/run/fopsd/status"
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen(1)
        process = subprocess.Popen([live.FOPSCTL, "status"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        client, _ = s.accept()
        client.sendall(answer.encode())
        client.close()
        out, err = process.communicate()
    os.unlink(path)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def test_hostile_names_stay_in_their_line(ground):
    ground.need_free_registration()
    tree = ground.tree()
    path = os.fsencode(tree) + b"/\x1b[2J\xff\n"
    os.mkdir(path)
    escaped = "".join(f"\\x{b:02x}" if b < 32 or b > 126 else chr(b) for b in path)
    daemon = ground.fopsd("-c", ground.config(f'watches = ( {{ path = "{escaped}"; key = "k"; }} );\n'), "--source", "daemon")
    live.equal(bytes(status()["watches"][0]["path"]), path, "the path as bytes")
    live.check(f"armed    k   {escaped}\n" in fopsctl("status").stdout, fopsctl("status").stdout)
    daemon.stop()


if __name__ == "__main__":
    live.main()
