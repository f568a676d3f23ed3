# SPDX-License-Identifier: GPL-2.0-or-later
"""A journal as large as wanted, without the days it would take to fill: what fopsd and journald would have written, given to
systemd-journal-remote, which makes files of the usual size of it.

An entry every quarter of a second until now. Bursts of ten operations, each of one process in one directory, of 500 with 40 below each
and 100 files in those. Now and then something rare, for what is looked for to be found seldom."""

import os
import subprocess
import time

REMOTE = "/lib/systemd/systemd-journal-remote"
USERS = ((1000, b"alice"), (1001, b"bob"), (1002, b"carol"), (1003, b"dave"))
OPERATIONS = ((b"create", b"created", b"openat"), (b"modify", b"modified", b"openat"), (b"chmod", b"changed mode of", b"fchmodat"),
              (b"modify", b"modified", b"openat"), (b"delete", b"deleted", b"unlinkat"), (b"create", b"created", b"openat"),
              (b"modify", b"modified", b"openat"), (b"rename", b"renamed", b"renameat2"))
STEP_USEC = 250_000
BURST = 10

ENTRY = b"""__REALTIME_TIMESTAMP=%(usec)d
__MONOTONIC_TIMESTAMP=%(monotonic)d
_BOOT_ID=%(boot)s
_MACHINE_ID=%(machine)s
_HOSTNAME=web1
_TRANSPORT=journal
_UID=998
_GID=998
_COMM=fopsd
_EXE=/usr/sbin/fopsd
_CMDLINE=/usr/sbin/fopsd
_PID=512
_CAP_EFFECTIVE=40080006
_SYSTEMD_CGROUP=/system.slice/fopsd.service
_SYSTEMD_UNIT=fopsd.service
_SYSTEMD_SLICE=system.slice
_SYSTEMD_INVOCATION_ID=3f0f3c1be1d84c6d8b4b7c0b6a1d2e3f
_SOURCE_REALTIME_TIMESTAMP=%(usec)d
SYSLOG_IDENTIFIER=fopsd
MESSAGE_ID=3dbd21cb70f143d0a5ce15885701b9d1
PRIORITY=6
MESSAGE=%(user)s %(verb)s %(path)s with tool%(tool)d[%(pid)d]
FOPSD_KIND=operation
FOPSD_EVENT=%(time)s:%(serial)d
FOPSD_TIME=%(time)s
FOPSD_OP=%(op)s
FOPSD_CLASS=write
FOPSD_RESULT=%(result)s
FOPSD_PATH=%(path)s
FOPSD_PATH_SOURCE=index
FOPSD_DIR=%(directory)s
%(below)sFOPSD_NAME=%(name)s
FOPSD_CWD=%(directory)s
FOPSD_INODE=%(inode)d
FOPSD_DEV=254:0
FOPSD_MODE=0644
FOPSD_FILE_TYPE=file
FOPSD_OUID=%(uid)d
FOPSD_OGID=100
FOPSD_KEY=%(key)s
FOPSD_WATCH=/srv
FOPSD_SYSCALL=%(syscall)s
FOPSD_ARCH=x86_64
FOPSD_ARGS=a0=ffffffffffffff9c a1=%(inode)x a2=241 a3=1b6
FOPSD_PID=%(pid)d
FOPSD_PPID=4700
FOPSD_EXE=/usr/bin/tool%(tool)d
FOPSD_COMM=tool%(tool)d
FOPSD_CMDLINE=tool%(tool)d %(name)s
FOPSD_UID=%(uid)d
FOPSD_USER=%(user)s
FOPSD_EUID=%(uid)d
FOPSD_GID=100
FOPSD_GROUP=users
FOPSD_AUID=%(uid)d
FOPSD_LOGIN_USER=%(user)s
FOPSD_SESSION=%(uid)d
FOPSD_PARENT=bash[4700] /usr/bin/bash
FOPSD_UNIT=user@%(uid)d.service
%(more)s
"""


def below(directory):
    parts = directory.split(b"/")
    return b"".join(b"FOPSD_BELOW=%s\n" % b"/".join(parts[:i]) for i in range(2, len(parts) + 1))


def entries(n, end_usec):
    with open("/etc/machine-id", "rb") as f:
        machine = f.read().strip()
    begin = end_usec - n * STEP_USEC
    for i in range(n):
        usec = begin + i * STEP_USEC
        burst, k = divmod(i, BURST)
        # Multiplied by what has no factor in common with the number of directories: all are visited, not one behind the other.
        place = burst * 7919 % 20000
        directory = b"/srv/d%d/s%d" % (place // 40, place % 40)
        rare = i * 3 // n != (i + 1) * 3 // n
        if rare:
            directory = b"/srv/rare"
        name = b"f%d" % ((i * 31 + k) % 100)
        op, verb, call = OPERATIONS[i % 8]
        uid, user = USERS[burst % 4]
        more = b"FOPSD_EXIT=0\n"
        if op == b"rename":
            more += b"FOPSD_NEW_PATH=%s/%s.old\n" % (directory, name)
        failed = i % 20_000 == 7
        if failed:
            more = b"FOPSD_EXIT=-13\nFOPSD_ERRNO=EACCES\n"
        yield ENTRY % {
            b"usec": usec, b"monotonic": usec - begin + 1_000_000, b"boot": b"8f3d0f1c2b3a4c5d8e9f0a1b2c3d4e5f", b"machine": machine,
            b"user": user, b"uid": uid, b"verb": verb, b"op": op, b"syscall": call, b"path": directory + b"/" + name,
            b"directory": directory, b"below": below(directory), b"name": name, b"tool": burst % 50, b"pid": 5000 + burst % 1_000_000,
            b"time": b"%d.%03d" % (usec // 1_000_000, usec // 1000 % 1000), b"serial": i + 1, b"inode": place * 100 + i % 100 + 1000,
            b"key": b"rare" if i % 100_000 == 77 else b"key%d" % (burst % 7),
            b"result": b"failed" if failed else b"success",
            b"more": more,
        }


def write(directory, n):
    """Makes a directory, with files system*.journal in it."""
    if not os.access(REMOTE, os.X_OK):
        raise FileNotFoundError(f"{REMOTE} isn't there: apt install systemd-journal-remote")
    os.makedirs(directory)
    command = [REMOTE, "--split-mode=none", "--output=" + os.path.join(directory, "system.journal"), "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as remote:
        remote.stdin.writelines(entries(n, int(time.time() * 1e6)))
        remote.stdin.close()
        if remote.wait() != 0:
            raise OSError(f"{REMOTE} ended with {remote.returncode}")
