#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the captures in tests/data again: runs sets of opsgen in /srv/data under hand-made rules and writes what the kernel
said, and the truth beside it, for whoever reviews the expected operations.

    capture.py OUTPUT-DIRECTORY [SET…]

OUTPUT/SET.log are the records as `rawaudit daemon` prints them; OUTPUT/SET.truth is opsgen's. With auditd installed,
OUTPUT/auditd.log and OUTPUT/enriched.log are the set "edge" as auditd writes it, raw and enriched.
"""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import time

import live

DIRECTORY = "/srv/data"
KEY = live.TEST_KEY
# The set fd is descriptors.log: fd.log is an older capture of other calls.
FILE_OF = {"fd": "descriptors"}
SETS = ["mixed", "fd", "cwd", "edge", "failed", "comm", "exec", "mount", "tmpfile", "newest", "i386", "uring", "hostile"]
# What no permission class holds, on x86-64: utime, utimes, futimesat, utimensat, mount, umount2.
CLASSLESS_SYSCALLS = [132, 235, 261, 280, 165, 166]
URING_OPS = [18, 28, 35, 36, 37, 38, 39, 17, 19, 41, 42]

def run_set(name, truth):
    """Everything by neutral names: the generator's own path, its current directory and its arguments are in the records."""
    shutil.copy(live.OPSGEN, "/srv/opsgen")
    truth_path = "/srv/truth"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(truth_path)
    subprocess.run(["/srv/opsgen", "run", name, DIRECTORY, truth_path], check=True, cwd="/srv")
    shutil.move(truth_path, truth)
    os.unlink("/srv/opsgen")


def install_rules(audit):
    # As little of everything else as will go: this process and the tools around it are not of interest.
    audit.add(live.rule(dir=DIRECTORY, perm="rwxa", key=KEY))
    audit.add(live.rule(syscalls=CLASSLESS_SYSCALLS, arch=0xC000003E, dir=DIRECTORY, key=KEY))
    audit.add(live.rule("io_uring", syscalls=URING_OPS, dir=DIRECTORY, key=KEY))


def clear():
    subprocess.run(["rm", "-rf", DIRECTORY, DIRECTORY + ".outside"], check=True)


def prepare():
    clear()
    os.mkdir(DIRECTORY)


def events(log):
    """The lines of each event, without those of this program's own doings: rules added, a daemon registered."""
    found = {}
    for line in log.splitlines(keepends=True):
        if b"audit(" in line and not line.startswith(b"type=DAEMON_"):
            found.setdefault(line[line.index(b"audit("):line.index(b")")], []).append(line)
    return [lines for lines in found.values() if not any(line.startswith(b"type=CONFIG_CHANGE") for line in lines) and
            b'comm="auditd"' not in lines[0]]


def is_creation(lines):
    """Of each hostile name one event is enough: the openat() that creates it. 2F696E, "/in", is a file below one."""
    return (b"syscall=257 success=yes" in lines[0] and b" a2=41 " in lines[0] and
            not any(b"2F696E " in line or b'/in" ' in line for line in lines))


def write(path, chosen):
    with open(path, "wb") as f:
        f.writelines(line for lines in chosen for line in lines)


def with_auditd(ground, out, name, form):
    daemon = ground.auditd(form)
    prepare()
    install_rules(ground.audit)
    run_set("edge", os.path.join(out, f"{name}.truth"))
    write(os.path.join(out, f"{name}.log"), events(daemon.finish()))
    ground.restore()


def main():
    out = os.path.realpath(sys.argv[1])
    with live.Live() as ground:
        ground.need_free_registration()
        for name in sys.argv[2:] or SETS:
            prepare()
            reader = ground.raw("daemon")
            install_rules(ground.audit)
            path = os.path.join(out, FILE_OF.get(name, name))
            run_set(name, path + ".truth")
            time.sleep(0.2)
            chosen = events(reader.finish())
            ground.restore()
            write(path + ".log", filter(is_creation, chosen) if name == "hostile" else chosen)
        if not sys.argv[2:] and shutil.which("auditd"):
            with_auditd(ground, out, "auditd", "RAW")
            with_auditd(ground, out, "enriched", "ENRICHED")
        clear()
    print("kernel", platform.release())


main()
