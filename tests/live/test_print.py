#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""--print: the same entries on standard output, the journal left alone; -w: watches without a configuration file."""

import subprocess

import live


def work(tree):
    subprocess.run(["sh", "-c", "touch a; mv a 'b c'; chmod 600 'b c'; rm 'b c'"], cwd=tree, check=True)


def test_json(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.fopsd("--print=json", "-w", tree, "-o", "all", "-k", "live", "--source", "daemon")
    truths = ground.opsgen("edge", tree) + ground.opsgen("comm", tree) + ground.opsgen("hostile", tree)
    daemon.stop()
    entries = [live.Entry(line) for line in daemon.stdout().split(b"\n") if line]
    live.Comparison(key="live", watch=tree, exe=live.OPSGEN).run(truths, live.operations(entries)).report("--print=json")
    live.check({e.kind for e in entries} <= {"operation", "state", "record"}, "unknown kinds")
    live.equal([e for e in ground.entries() if e.kind == "operation"], [], "operations in the journal")


def test_json_is_what_the_journal_would_say(ground):
    """The same operations in both, field by field, what differs by time, process and inode aside."""
    ground.need_free_registration()
    tree = ground.tree()
    runs = []
    for print_option in (["--print=json"], []):
        daemon = ground.fopsd(*print_option, "-w", tree, "-o", "all", "-k", "live", "--source", "daemon")
        work(tree)
        daemon.stop()
        entries = [live.Entry(line) for line in daemon.stdout().split(b"\n") if line] if print_option else ground.entries()
        runs.append(live.operations(entries))
    live.equal(len(runs[0]), 4, "operations printed")
    changing = {"FOPSD_EVENT", "FOPSD_TIME", "FOPSD_PID", "FOPSD_PPID", "FOPSD_INODE", "FOPSD_ARGS", "MESSAGE",
                "FOPSD_PARENT"}
    # Known as long as the process is there when it is asked for.
    fleeting = {"FOPSD_PARENT", "FOPSD_UNIT", "FOPSD_CONTAINER", "FOPSD_RUNTIME"}
    for printed, stored in zip(*runs):
        names = {name for name in stored if not name.startswith("_")}
        live.equal(set(printed) - fleeting, names - fleeting, "names of fields")
        for name in names - changing:
            live.equal(printed[name], stored[name], name)


def test_text(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.fopsd("--print", "-w", tree, "--source", "daemon")
    work(tree)
    daemon.stop()
    lines = [line for line in daemon.stdout().decode().splitlines() if tree in line]
    live.equal(len(lines), 4, f"lines in {lines}")
    expected = [["created", "/a", "touch["], ["renamed", "/a to ", "/b c", "mv["], ["/b c", "chmod["], ["deleted", "/b c", "rm["]]
    for line, words in zip(lines, expected):
        for word in words:
            live.check(word in line, f"no {word!r} in {line!r}")


def test_lines_come_at_once(ground):
    """Through a pipe, line by line: somebody may be reading along."""
    ground.need_free_registration()
    tree = ground.tree()
    process = subprocess.Popen([live.FOPSD, "--print=json", "-w", tree, "--source", "daemon"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL,
                               env={**live.os.environ, "NOTIFY_SOCKET": ""})
    try:
        live.os.set_blocking(process.stdout.fileno(), False)
        deadline = live.time.monotonic() + live.READY_SECONDS
        said, n = b"", 0
        while b"touched-" not in said:
            live.check(live.time.monotonic() < deadline, f"nothing came: {said!r}")
            subprocess.run(["touch", f"{tree}/touched-{n}"], check=True)
            n += 1
            live.time.sleep(0.1)
            said += process.stdout.read() or b""
    finally:
        process.terminate()
        live.equal(process.wait(live.STOP_SECONDS), 0, "exit code")


def test_several_watches_on_the_command_line(ground):
    ground.need_free_registration()
    first, second = ground.tree(), ground.tree()
    daemon = ground.fopsd("--print=json", "-w", first, "-o", "create", "-k", "one", "-w", second, "-o", "chmod,delete",
                          "--source", "daemon")
    for tree in (first, second):
        work(tree)
    daemon.stop()
    entries = live.operations([live.Entry(line) for line in daemon.stdout().split(b"\n") if line])
    live.equal([(e.text("FOPSD_OP"), e.text("FOPSD_KEY")) for e in entries],
               [("create", "one"), ("chmod", second), ("delete", second)], "operations and keys")


if __name__ == "__main__":
    live.main()
