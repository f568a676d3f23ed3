# SPDX-License-Identifier: GPL-2.0-or-later
"""The ground under the tests of fopsctl: a journal of their own, filled with entries made of captured records.

A test runs in a mount namespace with an empty /run, in which it starts journald: neither the machine's journal nor the
kernel's audit system is touched. Needs root.

A test file defines functions test_…(journal) and ends with journal.main(). Exit 0: all passed, 1: not, 77: can't run here.
"""

import ctypes
import hashlib
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.environ.get("FOPS_TEST_DATA", os.path.join(HERE, "../data"))
FOPSCTL = os.path.join(os.environ.get("FOPS_BUILD", os.path.join(HERE, "../../build")), "ctl/fopsctl")
JOURNALD = next((p for p in ("/lib/systemd/systemd-journald", "/usr/lib/systemd/systemd-journald") if os.path.exists(p)),
                None)
SOCKET = "/run/systemd/journal/socket"
JOURNALS = "/run/log/journal"
OTHER_JOURNALS = "/var/log/journal"
READY_SECONDS = 30
NOBODY = 65534

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWUTS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x4000000, 0x1000, 0x4000, 0x40000


class Skip(Exception):
    """This machine can't run the test; the reason."""


class Failure(Exception):
    """The test failed; what was expected and what came."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def equal(got, expected, what):
    check(got == expected, f"{what}: expected {expected!r}, got {got!r}")


def libc(name, *args):
    if getattr(LIBC, name)(*args) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def fields_of(line):
    """A line of JSON as (name, value as bytes) pairs."""
    pairs = []
    for name, value in json.loads(line).items():
        values = value if isinstance(value, list) and value and not isinstance(value[0], int) else [value]
        pairs += [(name, bytes(v) if isinstance(v, list) else v.encode()) for v in values]
    return pairs


def datagram(pairs):
    """Journald's native protocol, which sd_journal_send(3) speaks."""
    parts = []
    for name, value in pairs:
        if b"\n" in value:
            parts.append(name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n")
        else:
            parts.append(name.encode() + b"=" + value + b"\n")
    return b"".join(parts)


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode(errors="replace")

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def entries(self):
        """Of -o json."""
        return [json.loads(line) for line in self.lines]

    @property
    def events(self):
        """The ids of the events found, in order."""
        return [entry.get("FOPSD_EVENT") for entry in self.entries]


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **options)


def fopsctl(*args, stdin=b"", **options):
    command = [FOPSCTL, *args]
    return Result(run(command, input=stdin, **options))


class Journal:
    def __init__(self):
        self.journald = None
        self.directory = None
        self.own_name = None

    def __enter__(self):
        try:
            self._prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _prepare(self):
        if os.geteuid() != 0:
            raise Skip("not root")
        if not os.access(FOPSCTL, os.X_OK):
            raise Skip(f"{FOPSCTL} isn't built")
        for needed in ("journalctl", "setpriv"):
            if not shutil.which(needed):
                raise Skip(f"no {needed}")
        if not JOURNALD:
            raise Skip("no systemd-journald")
        if not os.path.exists("/etc/machine-id"):
            raise Skip("no machine-id")
        self.directory = tempfile.mkdtemp(prefix="fopsctl-")
        os.chmod(self.directory, 0o755)
        libc("unshare", CLONE_NEWNS)
        libc("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
        for place in (b"/run", b"/var/log"):
            libc("mount", b"tmpfs", place, b"tmpfs", 0, b"size=4g,mode=755")
        self.start()

    def start(self, storage="volatile"):
        for directory in (JOURNALS, "/run/systemd/journal", "/run/systemd/journald.conf.d"):
            os.makedirs(directory, exist_ok=True)
        with open("/run/systemd/journald.conf.d/test.conf", "w", encoding="ascii") as f:
            f.write(f"[Journal]\nStorage={storage}\nRateLimitBurst=0\nReadKMsg=no\nForwardToSyslog=no\nForwardToKMsg=no\n"
                    "ForwardToConsole=no\nForwardToWall=no\nRuntimeMaxUse=3G\nRuntimeMaxFileSize=512M\nRuntimeKeepFree=1M\n")
        # A journald that is started by hand joins the audit multicast group and turns auditing on: not this one.
        command = ["setpriv", "--bounding-set=-audit_control,-audit_read", "--inh-caps=-audit_control,-audit_read", JOURNALD]
        self.journald = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
        with open("/etc/machine-id", encoding="ascii") as f:
            own = os.path.join(JOURNALS if storage == "volatile" else OTHER_JOURNALS, f.read().strip(), "system.journal")
        deadline = time.monotonic() + READY_SECONDS
        # The last is what --sync speaks to.
        while not (os.path.exists(SOCKET) and os.path.exists(own) and
                   os.path.exists("/run/systemd/journal/io.systemd.journal")):
            if self.journald.poll() is not None or time.monotonic() > deadline:
                raise Skip("systemd-journald doesn't start in a namespace of its own")
            time.sleep(0.02)

    def stop(self):
        if self.journald:
            self.journald.terminate()
            self.journald.wait()
            self.journald = None

    def __exit__(self, *_):
        self.stop()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def sync(self):
        subprocess.run(["journalctl", "--sync"], check=False, stderr=subprocess.DEVNULL)

    def forget(self):
        """Begins anew, with an empty journal."""
        self.stop()
        shutil.rmtree("/run/log", ignore_errors=True)
        shutil.rmtree("/run/systemd/journal", ignore_errors=True)
        shutil.rmtree(OTHER_JOURNALS, ignore_errors=True)
        if self.own_name:
            socket.sethostname(self.own_name)
        self.start()

    def become(self, host):
        """From now on journald is that of another machine, and its journal beside this one's, in OTHER_JOURNALS: what is in /run is taken
        for this machine's anyhow."""
        self.stop()
        shutil.rmtree("/run/systemd/journal")
        os.makedirs("/run/systemd/journal")
        # What is in /run is to be moved there when that is writable: it is.
        with open("/run/systemd/journal/flushed", "wb"):
            pass
        if not self.own_name:
            libc("unshare", CLONE_NEWUTS)
            self.own_name = socket.gethostname()
        socket.sethostname(host)
        libc("mount", self.file("machine-id", hashlib.md5(host.encode()).hexdigest().encode() + b"\n").encode(), b"/etc/machine-id", None,
             MS_BIND, None)
        try:
            self.start("persistent")
        finally:
            libc("umount", b"/etc/machine-id")

    def send(self, *entries, sync=True):
        """Entries, as lists of pairs."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            s.connect(SOCKET)
            for pairs in entries:
                s.send(datagram(pairs))
        if sync:
            self.sync()

    def send_as(self, uid, *entries):
        """The same from a process of another user."""
        child = os.fork()
        if child == 0:
            try:
                os.setgid(uid)
                os.setuid(uid)
                self.send(*entries, sync=False)
            finally:
                os._exit(0)
        equal(os.waitpid(child, 0)[1], 0, "the other user's process")
        self.sync()

    def fill(self, *names):
        """With what decode makes of captures."""
        for name in names:
            decoded = subprocess.run([FOPSCTL, "decode", "-o", "json", os.path.join(DATA, name + ".log")], check=True,
                                     stdout=subprocess.PIPE).stdout
            self.send(*map(fields_of, decoded.splitlines()), sync=False)
        self.sync()

    def file(self, name, content):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as f:
            f.write(content)
        return path


def main(module="__main__"):
    """Runs the test_ functions of the calling file, each from an empty journal."""
    tests = [(name, f) for name, f in vars(sys.modules[module]).items() if name.startswith("test_") and callable(f)]
    chosen = sys.argv[1:]
    failed = skipped = 0
    try:
        with Journal() as journal:
            for name, f in tests:
                if chosen and name not in chosen:
                    continue
                start = time.monotonic()
                journal.forget()
                for left in os.listdir(journal.directory):
                    os.unlink(os.path.join(journal.directory, left))
                try:
                    f(journal)
                    result = "ok"
                except Skip as e:
                    skipped += 1
                    result = f"SKIP {e}"
                except Failure as e:
                    failed += 1
                    result = f"FAIL {e}"
                except Exception:
                    failed += 1
                    result = f"FAIL {traceback.format_exc()}"
                print(f"{name}: {result} ({time.monotonic() - start:.1f} s)", flush=True)
    except Skip as e:
        print(f"SKIP {e}")
        sys.exit(77)
    sys.exit(1 if failed else 77 if skipped == len(tests) else 0)
