# SPDX-License-Identifier: GPL-2.0-or-later
"""The ground under the live tests: a real kernel, a real journald, a real fopsd, and the truth to hold them against.

A test runs in a mount namespace of its own with an empty /run, in which it starts journald and fopsd; so it has a journal
without a booted system and without touching the machine's. Audit rules and the audit status are the kernel's, one for all:
only one live test runs at a time (a lock), only directories made here are watched, and what was changed is put back
whatever happens.

A test file defines functions test_…(live) and ends with live.main(). Exit 0: all passed, 1: not, 77: can't run here.
"""

import collections
import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

BUILD = os.environ.get("FOPS_BUILD", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build"))
FOPSD = os.path.join(BUILD, "daemon/fopsd")
FOPSCTL = os.path.join(BUILD, "ctl/fopsctl")
OPSGEN = os.path.join(BUILD, "tests/live/opsgen")
RAWAUDIT = os.path.join(BUILD, "tests/live/rawaudit")
JOURNALD = next((p for p in ("/lib/systemd/systemd-journald", "/usr/lib/systemd/systemd-journald") if os.path.exists(p)),
                None)

# Keys of the rules that tests make themselves begin so, and are cleared away by it.
TEST_KEY = "fopsd-live"
# fopsd's own tag in the keys of its rules.
TAG = b"fopsd:"

# Slow machines and emulators included.
READY_SECONDS = 30
STOP_SECONDS = 60

FAULTS_SHOWN = int(os.environ.get("FOPS_FAULTS_SHOWN", "40"))

CLASS_OF = {
    "create": "write", "mkdir": "write", "mknod": "write", "symlink": "write", "link": "write", "delete": "write",
    "rmdir": "write", "rename": "write", "exchange": "write", "modify": "write", "truncate": "write", "read": "read",
    "list": "read", "exec": "exec", "chmod": "attr", "chown": "attr", "setxattr": "attr", "removexattr": "attr",
    "utime": "attr", "mount": "other", "umount": "other", "other": "other",
}


class Skip(Exception):
    """This machine can't run the test; the reason."""


class Failure(Exception):
    """The test failed; what was expected and what came."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def equal(got, expected, what):
    check(got == expected, f"{what}: expected {expected!r}, got {got!r}")


# --- the kernel's audit system, over netlink: no test may depend on the tool that it stands in for ---

AUDIT_GET, AUDIT_SET, AUDIT_ADD_RULE, AUDIT_DEL_RULE, AUDIT_LIST_RULES = 1000, 1001, 1011, 1012, 1013
NLMSG_ERROR, NLMSG_DONE, NLM_F_REQUEST, NLM_F_ACK = 2, 3, 1, 4
STATUS_FIELDS = ("mask", "enabled", "failure", "pid", "rate_limit", "backlog_limit", "lost", "backlog", "features",
                 "backlog_wait_time", "backlog_wait_time_actual")
STATUS_MASK = {"enabled": 1, "failure": 2, "pid": 4, "rate_limit": 8, "backlog_limit": 16, "backlog_wait_time": 32,
               "lost": 64}
# What a run may change and must put back. The counters lost and backlog aren't settings.
STATUS_SETTINGS = ("failure", "rate_limit", "backlog_limit", "backlog_wait_time", "enabled")

LISTS = {"user": 0, "task": 1, "exit": 4, "exclude": 5, "filesystem": 6, "io_uring": 7}
NEVER, ALWAYS, PREPEND = 0, 2, 0x10
FIELDS = {"pid": 0, "uid": 1, "arch": 11, "msgtype": 12, "success": 104, "watch": 105, "perm": 106, "dir": 107, "key": 210}
FIELD_EQUAL = 0x40000000
PERMS = {"x": 1, "w": 2, "r": 4, "a": 8}
RULE_HEADER = struct.Struct("=3I64I64I64I64II")


class Audit:
    def _request(self, kind, payload=b""):
        """One request, its answers as (type, payload); raises OSError if the kernel refuses."""
        answers = []
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9) as s:
            s.settimeout(10)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            s.bind((0, 0))
            s.send(struct.pack("=IHHII", 16 + len(payload), kind, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + payload)
            acked = False
            while True:
                data = s.recv(65536)
                what = struct.unpack_from("=IHHII", data)[1]
                body = data[16:]
                if what == NLMSG_ERROR:
                    code = -struct.unpack_from("=i", body)[0]
                    if code:
                        raise OSError(code, os.strerror(code))
                    acked = True
                    if kind != AUDIT_LIST_RULES and (kind != AUDIT_GET or answers):
                        return answers
                elif what == NLMSG_DONE:
                    return answers
                else:
                    answers.append((what, body))
                    if acked and kind == AUDIT_GET:
                        return answers

    def status(self):
        body = self._request(AUDIT_GET)[0][1]
        numbers = struct.unpack_from(f"={len(body) // 4}I", body)
        return dict(zip(STATUS_FIELDS, numbers))

    def set(self, **settings):
        values = dict.fromkeys(STATUS_FIELDS, 0)
        values.update(settings)
        values["mask"] = sum(STATUS_MASK[name] for name in settings)
        self._request(AUDIT_SET, struct.pack(f"={len(STATUS_FIELDS)}I", *(values[f] for f in STATUS_FIELDS)))

    def rules(self):
        """The kernel's rules as bytes, each cut to its length, in the kernel's order."""
        cut = []
        for what, body in self._request(AUDIT_LIST_RULES):
            if what == AUDIT_LIST_RULES:
                length = RULE_HEADER.unpack_from(body)[-1]
                cut.append(body[:RULE_HEADER.size + length])
        return cut

    def add(self, rule):
        self._request(AUDIT_ADD_RULE, rule)

    def delete(self, rule):
        self._request(AUDIT_DEL_RULE, rule)


def rule(list_="exit", action=ALWAYS, syscalls="all", prepend=False, **fields):
    """A struct audit_rule_data. Fields of strings are dir, watch, key; perm is letters; the others numbers."""
    mask = [0] * 64
    if syscalls == "all":
        mask = [0xFFFFFFFF] * 64
    else:
        for nr in syscalls:
            mask[nr // 32] |= 1 << (nr % 32)
    numbers, values, flags, strings = [], [], [], b""
    for name, value in fields.items():
        numbers.append(FIELDS[name])
        flags.append(FIELD_EQUAL)
        if name == "perm":
            values.append(sum(PERMS[letter] for letter in value))
        elif isinstance(value, int):
            values.append(value)
        else:
            value = os.fsencode(value)
            values.append(len(value))
            strings += value

    def padded(array):
        return array + [0] * (64 - len(array))

    return RULE_HEADER.pack(LISTS[list_] | (PREPEND if prepend else 0), action, len(numbers), *mask, *padded(numbers),
                            *padded(values),
                            *padded(flags), len(strings)) + strings


def rule_strings(data):
    return data[RULE_HEADER.size:]


# --- processes ---

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000


def libc(name, *args):
    if getattr(LIBC, name)(*args) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def mount(source, target, kind=None, flags=0, data=None):
    libc("mount", source, os.fsencode(target), kind, flags, data)


def boot_id():
    with open("/proc/sys/kernel/random/boot_id") as f:
        return f.read().strip()


def die_with_parent():
    """In a child: a test that is killed leaves no fopsd behind, which would go on as if it were wanted."""
    libc("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for_no_fopsd():
    """The one of a follower or of a test that was killed ends a moment later, and puts the kernel's settings back then."""
    deadline = time.monotonic() + STOP_SECONDS
    while True:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            try:
                s.connect("\0fopsd/instance")
            except ConnectionRefusedError:
                return
        if time.monotonic() > deadline:
            raise Skip("another fopsd is running")
        time.sleep(0.05)


class Fopsd:
    """One run of the daemon. Its output goes to files, so that it never waits for us."""

    def __init__(self, directory, *args, wait=True):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify_path = os.path.join(directory, f"notify-{time.monotonic_ns()}")
        self.notify.bind(self.notify_path)
        self.out = open(os.path.join(directory, f"out-{time.monotonic_ns()}"), "w+b")
        self.err = open(os.path.join(directory, f"err-{time.monotonic_ns()}"), "w+b")
        self.said = []
        self.news = threading.Event()
        environment = dict(os.environ, NOTIFY_SOCKET=self.notify_path)
        environment.pop("WATCHDOG_USEC", None)
        self.process = subprocess.Popen([FOPSD, *args], stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err,
                                        env=environment, preexec_fn=die_with_parent)
        self.pid = self.process.pid
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()
        if wait:
            try:
                self.wait_for("READY=1", READY_SECONDS)
            except BaseException:
                self.kill()
                raise

    def listen(self):
        """As systemd does, at once: fopsd doesn't wait until there is room for what it says."""
        with contextlib.suppress(OSError):
            while data := self.notify.recv(65536):
                self.said += data.decode(errors="replace").split("\n")
                self.news.set()

    def wait_for(self, word, seconds):
        """Until fopsd notifies @word."""
        deadline = time.monotonic() + seconds
        while word not in self.said:
            if self.process.poll() is not None:
                raise Failure(f"fopsd ended with {self.process.returncode} before {word}: {self.stderr()}")
            check(time.monotonic() < deadline, f"fopsd didn't say {word} in {seconds} s: {self.stderr()}")
            self.news.wait(0.01)
            self.news.clear()
        self.said.remove(word)

    def stderr(self):
        self.err.seek(0)
        return self.err.read().decode(errors="replace")

    def stdout(self):
        self.out.seek(0)
        return self.out.read()

    def reload(self):
        """HUP, and until it has read its configuration, taken or not."""
        self.process.send_signal(signal.SIGHUP)
        self.wait_for("RELOADING=1", READY_SECONDS)
        self.wait_for("READY=1", READY_SECONDS)

    def stop(self, number=signal.SIGTERM):
        """TERM, as systemd does, and its end."""
        self.process.send_signal(number)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"fopsd didn't end within {STOP_SECONDS} s of signal {number}: {self.stderr()}")
        self.close()
        equal(code, 0, f"exit code of fopsd after signal {number} ({self.stderr()})")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.notify.shutdown(socket.SHUT_RD)
        self.listener.join()
        self.notify.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.notify_path)


class Entry(dict):
    """One journal entry: field name → list of values, as bytes."""

    def __init__(self, line):
        super().__init__()
        for name, value in json.loads(line).items():
            if value is None:
                raise Failure(f"journalctl left out the value of {name}")
            if isinstance(value, list) and value and not isinstance(value[0], int):
                self[name] = [self._bytes(v) for v in value]
            else:
                self[name] = [self._bytes(value)]

    @staticmethod
    def _bytes(value):
        return bytes(value) if isinstance(value, list) else value.encode("utf-8", "surrogateescape")

    def one(self, name):
        """The value of a field, None if absent."""
        values = self.get(name)
        if values is None:
            return None
        if len(values) != 1:
            raise Failure(f"{len(values)} fields {name} in {self}")
        return values[0]

    def text(self, name):
        value = self.one(name)
        return None if value is None else value.decode("utf-8", "replace")

    def number(self, name):
        value = self.one(name)
        return None if value is None else int(value)

    @property
    def kind(self):
        return self.text("FOPSD_KIND")

    @property
    def serial(self):
        return int(self.text("FOPSD_EVENT").rpartition(":")[2])


def operations(entries):
    return [e for e in entries if e.kind == "operation"]


def losses(entries):
    """Entries of kind gap that tell of something lost. Writers wait on any busy machine with a small queue."""
    return [e for e in entries if e.kind == "gap" and e.text("FOPSD_GAP_CAUSE") != "writers waited"]


# --- the environment of one test file ---

class Live:
    def __init__(self):
        self.audit = Audit()
        self.running = []
        self.directories = []
        self.mounts = []
        self.journald = None
        self.before = None

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
        for needed in (FOPSD, FOPSCTL, OPSGEN, RAWAUDIT):
            if not os.access(needed, os.X_OK):
                raise Skip(f"{needed} isn't built")
        if not JOURNALD or not shutil.which("journalctl"):
            raise Skip("no systemd-journald")
        self.lock = open(os.path.join(tempfile.gettempdir(), "fopsd-live.lock"), "a+")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        wait_for_no_fopsd()
        try:
            self.mend_what_was_left()
            self.before = self.audit.status()
            if self.before["pid"] and not os.path.exists(f"/proc/{self.before['pid']}"):
                # The kernel finds out that it is gone when it has a record for it.
                self.audit.set(enabled=1)
                self.audit.set(backlog_wait_time=self.before["backlog_wait_time"])
                self.audit.set(enabled=self.before["enabled"])
                time.sleep(0.2)
                self.before = self.audit.status()
        except OSError as e:
            raise Skip(f"no audit in this kernel or container: {e}")
        if self.before["enabled"] == 2:
            raise Skip("the audit rules are locked")
        self.rules_before = self.audit.rules()
        if any(TAG in rule_strings(r) for r in self.rules_before):
            raise Skip("another fopsd's rules are in the kernel")
        self.lock.write(json.dumps({"boot": boot_id(), "before": self.before}))
        self.lock.flush()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        self.private = self.directory("/tmp")
        self._start_journald()

    def __exit__(self, *_):
        for process in self.running:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        if self.before:
            self.restore()
            self.lock.truncate(0)
        if self.journald:
            self.journald.terminate()
            self.journald.wait()
        for point in reversed(self.mounts):
            subprocess.run(["umount", "--lazy", point], check=False)
        for directory in self.directories:
            shutil.rmtree(directory, ignore_errors=True)
            # Trees deeper than a path can say.
            if os.path.exists(directory):
                subprocess.run(["rm", "-rf", directory])

    def mend_what_was_left(self):
        """By a run that was killed: it has left a word of how the kernel was before."""
        self.lock.seek(0)
        with contextlib.suppress(ValueError):
            left = json.load(self.lock)
            if left["boot"] == boot_id():
                self.before = left["before"]
                self.restore()
                self.before = None
        self.lock.truncate(0)

    def restore(self):
        """Kernel state as it was found: rules of ours out, settings back, the daemon's place free if it was."""
        for data in self.audit.rules():
            if TAG in rule_strings(data) or TEST_KEY.encode() in rule_strings(data):
                with contextlib.suppress(OSError):
                    self.audit.delete(data)
        now = self.audit.status()
        for name in STATUS_SETTINGS:
            if now[name] != self.before[name]:
                with contextlib.suppress(OSError):
                    self.audit.set(**{name: self.before[name]})

    def directory(self, below):
        path = tempfile.mkdtemp(prefix="fopsd-live-", dir=below)
        os.chmod(path, 0o755)
        self.directories += [path, path + ".outside"]
        return path

    def tree(self, below="/var/tmp"):
        """A fresh directory to watch, by its real path."""
        path = os.path.join(os.path.realpath(self.directory(below)), "data")
        os.mkdir(path)
        return path

    def mount(self, point, *arguments):
        """In our own mount namespace, until the end. False if this kernel or machine doesn't."""
        os.makedirs(point, exist_ok=True)
        done = subprocess.run(["mount", *arguments, point], stderr=subprocess.DEVNULL).returncode == 0
        if done:
            self.mounts.append(point)
        return done

    def need_free_registration(self):
        if self.before["pid"]:
            raise Skip(f"process {self.before['pid']} is registered as the audit daemon")

    # -- journald --

    def _start_journald(self):
        libc("unshare", CLONE_NEWNS)
        mount(None, "/", None, MS_REC | MS_PRIVATE)
        mount(b"tmpfs", "/run", b"tmpfs", 0, b"size=4g,mode=755")
        for directory in ("/run/log/journal", "/run/systemd/journal", "/run/systemd/journald.conf.d"):
            os.makedirs(directory)
        with open("/run/systemd/journald.conf.d/live.conf", "w") as f:
            f.write("[Journal]\nStorage=volatile\nRateLimitBurst=0\nReadKMsg=no\nForwardToSyslog=no\nForwardToKMsg=no\n"
                    "ForwardToConsole=no\nForwardToWall=no\nRuntimeMaxUse=3G\nRuntimeMaxFileSize=512M\nRuntimeKeepFree=1M\n")
        command = [JOURNALD]
        # A journald that is started by hand joins the audit multicast group and sets the enabled flag: not this one.
        if shutil.which("setpriv"):
            command = ["setpriv", "--bounding-set=-audit_control,-audit_read", "--inh-caps=-audit_control,-audit_read",
                       *command]
        log = open(os.path.join(self.private, "journald.log"), "wb")
        self.journald = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_SECONDS
        while not os.path.exists("/run/systemd/journal/socket"):
            if self.journald.poll() is not None or time.monotonic() > deadline:
                raise Skip("systemd-journald doesn't start in a namespace of its own")
            time.sleep(0.02)

    def entries(self, *matches, fields=None):
        """All entries of fopsd so far, in order; those that match if @matches are given."""
        subprocess.run(["journalctl", "--sync"], check=False, stderr=subprocess.DEVNULL)
        command = ["journalctl", "-D", "/run/log/journal", "-o", "json", "--all", "--quiet", "--no-pager",
                   "SYSLOG_IDENTIFIER=fopsd", *matches]
        if fields:
            command.append("--output-fields=" + ",".join(fields))
        output = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
        return [Entry(line) for line in output.split(b"\n") if line]

    def forget(self):
        """Empties the journal, between two parts of a test."""
        subprocess.run(["journalctl", "--sync"], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["journalctl", "-D", "/run/log/journal", "--rotate"], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["journalctl", "-D", "/run/log/journal", "--vacuum-time=1us"], check=False, stderr=subprocess.DEVNULL)

    # -- programs --

    def config(self, text):
        path = os.path.join(self.private, f"fopsd-{time.monotonic_ns()}.conf")
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o644)
        return path

    def fopsd(self, *args, **options):
        daemon = Fopsd(self.private, *args, **options)
        self.running.append(daemon)
        return daemon

    def watching(self, *paths, ops="all", mode="daemon", extra=""):
        """A running fopsd that watches @paths."""
        watches = ", ".join(f'{{ path = "{p}"; ops = ["{ops}"]; key = "live"; }}' for p in paths)
        return self.fopsd("-c", self.config(f"watches = ( {watches} );\ncanary = {{ startup = false; }};\n{extra}\n"),
                          "--source", mode)

    def opsgen(self, name, directory, pause_usec=0):
        """Runs a set, returns its truth."""
        path = os.path.join(self.private, f"truth-{time.monotonic_ns()}")
        self.directories.append(directory + ".outside")
        result = subprocess.run([OPSGEN, "run", name, directory, path], stderr=subprocess.PIPE,
                                env=dict(os.environ, OPSGEN_PAUSE_USEC=str(pause_usec)))
        equal(result.returncode, 0, f"exit code of opsgen ({result.stderr.decode(errors='replace')})")
        with open(path) as f:
            return [Truth(json.loads(line)) for line in f]

    def auditd(self, form="RAW"):
        daemon = Auditd(self.audit, self.private, form)
        self.running.append(daemon)
        return daemon

    def raw(self, mode):
        """A rawaudit that runs; .finish() gives its lines."""
        reader = RawAudit(mode, self.private)
        self.running.append(reader)
        return reader


AUDITD_CONF = """log_file = {log}
log_format = {format}
flush = NONE
write_logs = yes
local_events = yes
num_logs = 2
max_log_file = 50
max_log_file_action = ROTATE
space_left = 2
space_left_action = IGNORE
admin_space_left = 1
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
"""


class Auditd:
    """A real auditd with a log of its own; .finish() ends it and gives what it logged."""

    def __init__(self, audit, directory, form):
        if not shutil.which("auditd"):
            raise Skip("no auditd")
        self.directory = tempfile.mkdtemp(prefix="auditd-", dir=directory)
        self.log = os.path.join(self.directory, "audit.log")
        conf = os.path.join(self.directory, "auditd.conf")
        with open(conf, "w") as f:
            f.write(AUDITD_CONF.format(log=self.log, format=form))
        os.chmod(conf, 0o600)
        self.process = subprocess.Popen(["auditd", "-n", "-c", self.directory], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_SECONDS
        while audit.status()["pid"] == 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise Skip("auditd doesn't start")
            time.sleep(0.05)

    def finish(self):
        # It writes in batches; what it has read by its end it writes.
        time.sleep(0.5)
        self.kill()
        with open(self.log, "rb") as f:
            return f.read()

    def kill(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


class RawAudit:
    def __init__(self, mode, directory):
        self.path = os.path.join(directory, f"raw-{time.monotonic_ns()}")
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen([RAWAUDIT, mode], stdout=out, stderr=subprocess.PIPE)
        said = self.process.stderr.readline()
        equal(said, b"ready\n", "first word of rawaudit")

    def finish(self):
        self.process.terminate()
        rest = self.process.stderr.read()
        equal(self.process.wait(STOP_SECONDS), 0, f"exit code of rawaudit ({rest!r})")
        equal(rest, b"", "complaints of rawaudit")
        with open(self.path, "rb") as f:
            return f.read()

    def kill(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


# --- truth ---

class Truth(dict):
    """One line of opsgen; paths as bytes."""

    def __init__(self, line):
        super().__init__(line)
        for name in ("path", "new_path", "target", "comm"):
            self[name] = line[name].encode("latin-1") if name in line else None

    def __str__(self):
        new = f" → {self['new_path']!r}" if self["new_path"] else ""
        return f"[{self['set']}] {self['call']}: {self['op']} {self['path']!r}{new} = {self['exit']}"


def ancestry(path):
    """The path and the directories above it."""
    while path != b"/":
        yield path
        path = os.path.dirname(path)


def _mark_reused(truths):
    """A name, its own or a directory's above it, that soon stands for another file: whoever looks at the files after the fact finds
    a contradiction and must leave the path out. So it may be absent then; as ever, it may not be wrong."""
    given = set()
    for truth in reversed(truths):
        for name, named in (("path", "named"), ("new_path", "new_named")):
            if truth[name] is not None and any(path in given for path in ancestry(truth[name])):
                truth[named] = False
        if truth["result"] == "success":
            if truth["op"] in ("create", "mkdir", "mknod", "symlink", "exchange"):
                given.add(truth["path"])
            given.add(truth["new_path"])


def likeness(truth, entry):
    """0: another operation. Where several are alike, path and inode tell which is meant."""
    if entry[:2] != truth[:2] or truth[2] is not None and entry[2] != truth[2]:
        return 0
    return 4 + (entry[3] == truth[3]) + (entry[4] == truth[4])


def align(truths, entries):
    """Pairs of truth and entry in order, None where one has no counterpart: the alignment of the greatest likeness."""
    # A request of io_uring is always logged as a success, so its exit tells nothing.
    def key(t):
        return (t["op"], t["call"], None if t["uring"] else t["exit"], t["path"], t.get("inode"))

    left = [key(t) for t in truths]
    right = [(e.text("FOPSD_OP"), e.text("FOPSD_SYSCALL"), e.number("FOPSD_EXIT"), e.one("FOPSD_PATH"),
              e.number("FOPSD_INODE"))
             for e in entries]

    # All there in order, as it should be: thousands of operations are compared at once.
    recorded = [t for t in truths if t["recorded"]]
    if len(recorded) == len(entries) and all(likeness(key(t), e) for t, e in zip(recorded, right)):
        yield from zip(recorded, entries)
        return

    like = [[likeness(t, e) for e in right] for t in left]
    best = [[0] * (len(entries) + 1) for _ in range(len(truths) + 1)]
    for i in reversed(range(len(truths))):
        row, below, here = like[i], best[i + 1], best[i]
        for j in reversed(range(len(entries))):
            here[j] = max(below[j], here[j + 1], row[j] and row[j] + below[j + 1])
    i = j = 0
    while i < len(truths) or j < len(entries):
        if i < len(truths) and j < len(entries) and like[i][j] and best[i][j] == like[i][j] + best[i + 1][j + 1]:
            yield truths[i], entries[j]
            i, j = i + 1, j + 1
        elif j == len(entries) or i < len(truths) and best[i][j] == best[i + 1][j]:
            yield truths[i], None
            i += 1
        else:
            yield None, entries[j]
            j += 1


def describe(entry):
    names = ("EVENT", "OP", "PATH", "NEW_PATH", "PATH_SOURCE", "DIR", "EXIT", "SYSCALL", "COMM")
    return " ".join(f"{name.lower()}={entry.one('FOPSD_' + name)!r}" for name in names if "FOPSD_" + name in entry)


class Comparison:
    """Truth against entries: each operation exactly one entry and nothing else, what is said is true."""

    # overlayfs puts an inode of its upper layer into the records of what is removed, which tells nothing.
    replaced_is_told = True

    def __init__(self, key=None, watch=None, exe=None):
        self.key, self.watch, self.exe = key, watch, exe
        self.faults = []
        self.sources = collections.Counter()
        self.paths = collections.Counter()

    def fault(self, truth, entry, text):
        self.faults.append(f"{text}\n    truth: {truth}\n    entry: {describe(entry) if entry else None}")

    def run(self, truths, entries):
        _mark_reused(truths)
        seen = collections.Counter(e.one("FOPSD_EVENT") for e in entries)
        for event, n in seen.items():
            if n != 1:
                self.faults.append(f"event {event!r} has {n} entries")
        pids = {t["pid"] for t in truths}
        for e in entries:
            if e.number("FOPSD_PID") not in pids:
                self.fault(None, e, "an operation of nobody")
        of_pid = collections.defaultdict(list)
        for e in sorted(entries, key=lambda e: e.serial):
            of_pid[e.number("FOPSD_PID")].append(e)
        for pid in sorted(pids):
            self._process([t for t in truths if t["pid"] == pid], of_pid[pid])
        return self

    def _process(self, truths, entries):
        """What one process did, in order: the best alignment says what is missing and what is too much."""
        for t, e in align(truths, entries):
            if e is None:
                if t["recorded"]:
                    self.fault(t, None, "no entry")
            elif t is None:
                self.fault(None, e, "an entry too many")
            else:
                self._pair(t, e)

    def _path(self, truth, entry, name, field, named):
        said, true = entry.one(field), truth[name]
        if said is None and true is None:
            return
        if said is None:
            self.paths["absent"] += 1
            if truth[named] and truth["recorded"]:
                self.fault(truth, entry, f"{field} is missing")
        elif said != true:
            self.paths["wrong"] += 1
            self.fault(truth, entry, f"{field} is wrong")
        else:
            self.paths["right"] += 1

    def _same(self, truth, entry, field, expected, optional=False):
        said = entry.one(field)
        if said is None and (optional or expected is None):
            return
        expected = None if expected is None else str(expected).encode() if not isinstance(expected, bytes) else expected
        if said != expected:
            self.fault(truth, entry, f"{field}: expected {expected!r}, got {said!r}")

    def _pair(self, t, e):
        uring = t["uring"]
        self._path(t, e, "path", "FOPSD_PATH", "named")
        self._path(t, e, "new_path", "FOPSD_NEW_PATH", "new_named")
        source = e.text("FOPSD_PATH_SOURCE")
        self.sources[(t["set"], source)] += 1
        if (source == "unresolved") != ("FOPSD_PATH" not in e) and "FOPSD_NEW_PATH" not in e:
            self.fault(t, e, "FOPSD_PATH_SOURCE and FOPSD_PATH contradict each other")
        directory = e.one("FOPSD_DIR")
        if "FOPSD_PATH" in e:
            if directory != os.path.dirname(e.one("FOPSD_PATH")):
                self.fault(t, e, "FOPSD_DIR isn't the path's")
        elif t["path"] is not None and directory not in (None, os.path.dirname(t["path"])):
            self.fault(t, e, "FOPSD_DIR is wrong")

        self._same(t, e, "FOPSD_RESULT", t["result"], uring)
        self._same(t, e, "FOPSD_CLASS", CLASS_OF[t["op"]])
        if not uring:
            self._same(t, e, "FOPSD_ERRNO", t.get("errno"))
        self._same(t, e, "FOPSD_UID", t["uid"])
        self._same(t, e, "FOPSD_GID", t["gid"])
        self._same(t, e, "FOPSD_COMM", t["comm"] or None, uring)
        if t["op"] != "exec" and self.exe is not None:
            self._same(t, e, "FOPSD_EXE", self.exe, uring)
        if "inode" in t:
            self._same(t, e, "FOPSD_INODE", t["inode"], True)
            self._same(t, e, "FOPSD_REPLACED_INODE", t.get("replaced"), not t["named"] or not self.replaced_is_told)
        self._same(t, e, "FOPSD_TARGET", t["target"], uring or t["result"] == "failed")
        self._same(t, e, "FOPSD_NEW_UID", t.get("new_uid"))
        self._same(t, e, "FOPSD_NEW_GID", t.get("new_gid"))
        mode = e.text("FOPSD_NEW_MODE")
        if t.get("new_mode") != (None if mode is None else int(mode, 8)):
            self.fault(t, e, f"FOPSD_NEW_MODE is {mode}")
        if self.key is not None and self.key.encode() not in e.get("FOPSD_KEY", []):
            self.fault(t, e, f"FOPSD_KEY lacks {self.key}")
        if self.watch is not None:
            self._same(t, e, "FOPSD_WATCH", os.fsencode(self.watch))
        message = e.one("MESSAGE")
        if any(byte < 0x20 or byte == 0x7f for byte in message):
            self.fault(t, e, f"control bytes in MESSAGE {message!r}")
        for name, values in e.items():
            if b"" in values:
                self.fault(t, e, f"{name} is empty")

    def report(self, title):
        """Prints a summary; raises if there was a fault."""
        print(f"{title}: paths {dict(self.paths)}")
        for (name, source), n in sorted(self.sources.items(), key=str):
            print(f"  {name:12} {source or '-':12} {n}")
        check(not self.faults, f"{title}: {len(self.faults)} faults\n  " + "\n  ".join(self.faults[:FAULTS_SHOWN]))


def main(module="__main__"):
    """Runs the test_ functions of the calling file, one after another."""
    tests = [(name, f) for name, f in vars(sys.modules[module]).items() if name.startswith("test_") and callable(f)]
    chosen = sys.argv[1:]
    failed = skipped = 0
    try:
        with Live() as live:
            for name, f in tests:
                if chosen and name not in chosen:
                    continue
                start = time.monotonic()
                try:
                    f(live)
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
                for process in live.running:
                    process.kill()
                live.running.clear()
                live.restore()
                live.forget()
                print(f"{name}: {result} ({time.monotonic() - start:.1f} s)", flush=True)
    except Skip as e:
        print(f"SKIP {e}")
        sys.exit(77)
    sys.exit(1 if failed else 77 if skipped == len(tests) else 0)
