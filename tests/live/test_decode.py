#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The records of a run, as auditd would have logged them, through `fopsctl decode`: what fopsd itself said of them.

decode can't ask the machine: a path that fopsd learnt of a descriptor, the unit and the ancestors are absent there. What both
say must be the same."""

import os
import subprocess

import live

# What only somebody who was there can know; the node is auditd's.
LIVE_ONLY = {"FOPSD_NODE", "FOPSD_UNIT", "FOPSD_CONTAINER", "FOPSD_RUNTIME", "FOPSD_PARENT", "FOPSD_WATCH", "PRIORITY"}
# With a path known, these say so.
WITH_PATH = {"FOPSD_PATH", "FOPSD_NEW_PATH", "FOPSD_DIR", "FOPSD_BELOW", "FOPSD_PATH_SOURCE", "MESSAGE"}


def decode(*files, stdin=b""):
    result = subprocess.run([live.FOPSCTL, "decode", "-o", "json", *files], input=stdin, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    live.equal((result.returncode, result.stderr), (0, b""), "exit code and complaints of decode")
    return [live.Entry(line) for line in result.stdout.split(b"\n") if line]


def own(entries):
    """Operations below the watched tree, by event. Rules of the run and its tools' own events aside."""
    return {e.one("FOPSD_EVENT"): e for e in live.operations(entries) if b"live" in e.get("FOPSD_KEY", [])}


def compare(printed, decoded):
    printed, decoded = own(printed), own(decoded)
    live.equal(set(decoded), set(printed), "events")
    for event, here in printed.items():
        there = decoded[event]
        for name in (set(here) | set(there)) - LIVE_ONLY - WITH_PATH:
            # Whether a process that goes by another name runs the same command, /proc tells.
            if name == "FOPSD_CMDLINE" and name not in there:
                continue
            live.equal(there.get(name), here.get(name), f"{name} of {live.describe(here)}")
        # A path that the file system contradicted by then is left out by the one and believed by the other.
        for name in ("FOPSD_PATH", "FOPSD_NEW_PATH", "FOPSD_DIR"):
            if name in there and name in here:
                live.equal(there[name], here.get(name), f"{name} of {live.describe(here)}")


def without_eoe(lines):
    """auditd doesn't write those."""
    return [line for line in lines if not line.startswith(b"type=EOE")]


def test_decode_says_what_the_daemon_said(ground):
    ground.need_free_registration()
    tree = ground.tree()
    listener = ground.raw("listen")
    daemon = ground.fopsd("--print=json", "-w", tree, "-o", "all", "-k", "live", "--source", "daemon")
    for name in ("absolute", "dirfd", "edge", "exec", "fd", "failed", "hostile", "comm"):
        ground.opsgen(name, tree)
    daemon.stop()
    lines = listener.finish().splitlines(keepends=True)
    printed = [live.Entry(line) for line in daemon.stdout().split(b"\n") if line]

    log = os.path.join(ground.private, "audit.log")

    def write(path, part):
        with open(path, "wb") as f:
            f.writelines(part)

    write(log, lines)
    compare(printed, decode(log))
    print("  as it came: ok")

    plain = without_eoe(lines)
    write(log, plain)
    compare(printed, decode(log))
    compare(printed, decode(stdin=b"".join(plain)))
    compare(printed, decode("-", stdin=b"".join(plain)))
    print("  as auditd logs it, from a file and from standard input: ok")

    # A rotated set: the oldest has the highest number; an event may be cut in two by the rotation.
    rotated = os.path.join(ground.private, "rotated")
    os.mkdir(rotated)
    third = len(plain) // 3
    write(rotated + "/audit.log.2", plain[:third])
    write(rotated + "/audit.log.1", plain[third:2 * third])
    write(rotated + "/audit.log", plain[2 * third:])
    compare(printed, decode(rotated))
    print("  rotated: ok")

    write(log, [b"node=web1 " + line for line in plain])
    compare(printed, decode(log))
    print("  with a node: ok")

    # Of two hosts with the same serials, interleaved.
    write(log, [node + line for line in plain for node in (b"node=web1 ", b"node=web2 ")])
    result = decode(log)
    live.equal(len(live.operations(result)), 2 * len(live.operations(decode(stdin=b"".join(plain)))),
               "operations of two hosts")
    print("  of two hosts: ok")


def test_decode_of_what_auditd_logs(ground):
    """Beside a real auditd, raw and enriched."""
    ground.need_free_registration()
    for form in ("RAW", "ENRICHED"):
        tree = ground.tree()
        other = ground.auditd(form)
        daemon = ground.fopsd("--print=json", "-w", tree, "-o", "all", "-k", "live", "--source", "listener")
        for name in ("absolute", "edge", "hostile"):
            ground.opsgen(name, tree)
        daemon.stop()
        log = other.finish()
        live.check((b"\x1d" in log) == (form == "ENRICHED"), f"auditd's log isn't {form}")
        compare([live.Entry(line) for line in daemon.stdout().split(b"\n") if line], decode(stdin=log))
        print(f"  {form}: ok")


if __name__ == "__main__":
    live.main()
