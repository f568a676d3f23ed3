#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsctl doctor: on a machine where all is well it finds nothing; each fault that is brought about it finds, and no other."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import live

NOBODY = 65534
# Of nobody, so that a rule of this uid takes nothing from anybody.
UID_OF_NONE = 2000000000
COMMAND_LINE = "/run/command-line"
SETTINGS = "/run/systemd/journald.conf.d/zz.conf"
WELL = "[Journal]\nRateLimitBurst=0\nAudit=\nStorage=persistent\n"
# What can't be known without fopsd's word.
SILENT = {"watches": ("unknown", "doesn't say"), "missing-rules": ("unknown", "isn't running"), "masked-paths": ("unknown", "doesn't say"),
          "losses": ("unknown", "doesn't say"), "index": ("unknown", "doesn't say")}
DROPPED = "a596d6fe7bfa4994828e72309e95d61e"


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def config(ground, *paths, extra=""):
    watches = ", ".join(f'{{ path = "{path}"; ops = ["all"]; key = "live"; }}' for path in paths)
    return ground.config(f"watches = ( {watches} );\nkernel = {{ backlog_limit = 8192; backlog_wait_time = 60000; }};\n"
                         f"on_tamper = \"report\";\ncanary = {{ startup = false; }};\n{extra}\n")


def well(ground):
    """Nothing of this machine that doctor could find fault with."""
    if not os.path.exists(COMMAND_LINE):
        write(COMMAND_LINE, "")
        subprocess.run(["mount", "--bind", COMMAND_LINE, "/proc/cmdline"], check=True)
        ground.mounts.append("/proc/cmdline")
    write(COMMAND_LINE, "quiet audit=1 -- audit=0\n")
    write(SETTINGS, WELL)
    shutil.rmtree("/run/fopsd", ignore_errors=True)
    for name in ("failure", "rate_limit"):
        ground.audit.set(**{name: 0})


@contextlib.contextmanager
def running(ground, *paths, mode="daemon", extra=""):
    """A healthy fopsd; gives the configuration it has."""
    ground.need_free_registration()
    well(ground)
    file = config(ground, *(paths or (ground.tree(),)), extra=extra)
    daemon = ground.fopsd("-c", file, "--source", mode)
    daemon.config = file
    expect(daemon, {})
    yield daemon
    daemon.stop()


def examine(file, **options):
    """The exit code, and what is found: of each check that finds something its verdict and message."""
    arguments = ["-c", file] if file else []
    done = subprocess.run([live.FOPSCTL, "doctor", "-o", "json", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **options)
    live.equal(done.stderr, "", "complaints of fopsctl doctor")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    live.check(len(lines) >= 21, f"only {len(lines)} lines")
    return done.returncode, [line for line in lines if line["verdict"] != "fine"]


def expect(daemon, found, file=None, **options):
    """Exactly these checks find something: verdict and a part of the message; the mends of the problems."""
    code, findings = examine(file or daemon.config, **options)
    live.equal({f["check"]: f["verdict"] for f in findings}, {name: verdict for name, (verdict, _) in found.items()}, f"findings {findings}")
    for f in findings:
        live.check(found[f["check"]][1] in f["message"], f"message {f['message']!r}")
        live.check(f.get("mend") or f["verdict"] != "problem", f"no mend for {f}")
    live.equal(code, 1 if "problem" in [v for v, _ in found.values()] else 2 if "unknown" in [v for v, _ in found.values()] else 0,
               f"exit code with {findings}")
    return [f.get("mend") for f in findings]


def test_all_is_well(ground):
    with running(ground) as daemon:
        done = subprocess.run([live.FOPSCTL, "doctor", "-c", daemon.config], stdout=subprocess.PIPE, text=True, check=False)
        live.equal((done.returncode, {line[:9] for line in done.stdout.splitlines()}), (0, {"fine     "}), "for people")


def test_auditing_off(ground):
    with running(ground) as daemon:
        ground.audit.set(enabled=0)
        expect(daemon, {"enabled": ("problem", "auditing is off")})
        ground.audit.set(enabled=1)
        write(COMMAND_LINE, "audit=1 quiet audit=off\n")
        expect(daemon, {"command-line": ("problem", "audit=0 on the kernel's command line"),
                        "old-processes": ("problem", "are older than fopsd")})


def test_processes_older_than_auditing(ground):
    with running(ground) as daemon:
        write(COMMAND_LINE, "quiet\n")
        expect(daemon, {"old-processes": ("problem", "older than auditing are never recorded: ")})


def test_a_small_queue(ground):
    with running(ground) as daemon:
        for name, value, said in (("backlog_limit", 64, "only 64 records"), ("backlog_wait_time", 0, "backlog_wait_time is 0"),
                                  ("rate_limit", 50000, "rate_limit is 50000")):
            before = ground.audit.status()[name]
            ground.audit.set(**{name: value})
            expect(daemon, {"backlog": ("problem", said)})
            ground.audit.set(**{name: before})
        expect(daemon, {})


@contextlib.contextmanager
def foreign(ground, rule):
    ground.audit.add(rule)
    try:
        yield
    finally:
        # The kernel forgets that it was put in front.
        ground.audit.delete(bytes([rule[0] & ~live.PREPEND]) + rule[1:])


def test_a_rule_that_keeps_processes_out(ground):
    with running(ground) as daemon:
        with foreign(ground, live.rule("task", live.NEVER, uid=UID_OF_NONE)):
            mends = expect(daemon, {"never-task": ("problem", f"never audited: -a never,task -F uid={UID_OF_NONE}")})
            live.check(mends[0].startswith(f"auditctl -d never,task -F uid={UID_OF_NONE},"), f"mend {mends}")
        expect(daemon, {})


def test_a_rule_in_front_of_ours(ground):
    tree, other = ground.tree(), ground.tree()
    with running(ground, tree) as daemon:
        for fields in ({"dir": tree}, {"dir": os.path.dirname(tree)}, {"uid": UID_OF_NONE}):
            with foreign(ground, live.rule(action=live.NEVER, prepend=True, key=live.TEST_KEY, **fields)):
                expect(daemon, {"never-rules": ("problem", "hides what it matches, from ")})
        with foreign(ground, live.rule(action=live.NEVER, prepend=True, dir=other, key=live.TEST_KEY)):
            expect(daemon, {})
        with foreign(ground, live.rule(action=live.NEVER, uid=UID_OF_NONE, key=live.TEST_KEY)):
            expect(daemon, {})


def test_a_rule_in_front_of_shared_ones(ground):
    """Who shares rules isn't in them."""
    tree, other = ground.tree(), ground.tree()
    members = [f"{tree}/{i}" for i in range(5)]
    for path in members:
        os.mkdir(path)
    with running(ground, *members) as daemon:
        for path in (members[3], members[0] + "/below", tree):
            os.makedirs(path, exist_ok=True)
            with foreign(ground, live.rule(action=live.NEVER, prepend=True, dir=path, key=live.TEST_KEY)):
                expect(daemon, {"never-rules": ("problem", "hides what it matches, from ")})
        with foreign(ground, live.rule(action=live.NEVER, prepend=True, dir=other, key=live.TEST_KEY)):
            expect(daemon, {})


def test_a_rule_that_keeps_records_out(ground):
    with running(ground) as daemon:
        with foreign(ground, live.rule("exclude", uid=UID_OF_NONE, msgtype=1302)):
            expect(daemon, {"excluded-records": ("problem", "msgtype=PATH")})
        with foreign(ground, live.rule("exclude", uid=UID_OF_NONE, msgtype=1400)):
            expect(daemon, {})


def test_rules_of_ours_that_are_not_there(ground):
    with running(ground) as daemon:
        gone = next(r for r in ground.audit.rules() if live.TAG in live.rule_strings(r) and b"live" in live.rule_strings(r))
        ground.audit.delete(gone)
        expect(daemon, {"missing-rules": ("problem", "1 rules are wanted and not in the kernel")})


def test_no_fopsd(ground):
    well(ground)
    file = config(ground, ground.tree())
    ground.audit.set(enabled=1, backlog_limit=8192, backlog_wait_time=60000)
    silent = {**SILENT, "running": ("problem", "fopsd isn't running")}
    expect(None, silent, file)

    # Where systemd runs, it knows more.
    write(ground.private + "/systemctl", "#!/bin/sh\necho Result=exit-code; echo ActiveState=failed\n")
    os.chmod(ground.private + "/systemctl", 0o755)
    os.makedirs("/run/systemd/system", exist_ok=True)
    expect(None, {**silent, "running": ("problem", "systemd says of it: failed, exit-code")}, file,
           env={**os.environ, "PATH": ground.private + ":" + os.environ["PATH"]})
    ground.need_free_registration()
    daemon = ground.fopsd("-c", file, "--source", "daemon")
    write(ground.private + "/systemctl", "#!/bin/sh\necho NRestarts=3; echo Result=success; echo ActiveState=active\n")
    expect(daemon, {"running": ("note", "start fopsd again 3 times")}, file, env={**os.environ, "PATH": ground.private + ":" + os.environ["PATH"]})
    daemon.stop()
    os.rmdir("/run/systemd/system")


def test_an_fopsd_that_does_not_answer(ground):
    """It is hung. Who asks waits for it for a while."""
    with running(ground) as daemon:
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            with subprocess.Popen([live.FOPSCTL, "status"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as status:
                expect(daemon, {**SILENT, "running": ("problem", "fopsd doesn't answer: Connection timed out"),
                                "other-daemon": ("unknown", "doesn't say")})
                live.equal((*status.communicate(), status.returncode), ("", "fopsctl: fopsd is running, but doesn't answer\n", 2), "status")
        finally:
            daemon.process.send_signal(signal.SIGCONT)
        expect(daemon, {})


def test_a_bad_configuration(ground):
    with running(ground) as daemon:
        write(daemon.config, 'watches = ( { path = "relative"; } );\n')
        expect(daemon, {"configuration": ("problem", f"{daemon.config}: "), "missing-rules": ("unknown", "has errors"),
                        "masked-paths": ("unknown", "has errors")})


def test_an_fopsd_of_another_configuration(ground):
    with running(ground):
        _, findings = examine(None)
        live.check(any(f["check"] == "running" and "was started with -c or -w" in f["message"] for f in findings), f"findings {findings}")


def test_a_watch_that_waits(ground):
    tree = ground.tree()
    with running(ground, tree) as daemon:
        os.rmdir(tree)
        deadline = time.monotonic() + live.READY_SECONDS
        while not any(f["check"] == "watches" for f in examine(daemon.config)[1]):
            live.check(time.monotonic() < deadline, "that a watch isn't armed isn't found")
            time.sleep(0.1)
        expect(daemon, {"watches": ("note", f"{tree} isn't watched: nothing is there")})


def test_a_path_that_the_sandbox_hides(ground):
    tree = ground.tree()
    wrapper = ground.private + "/fopsd"
    write(wrapper, f"#!/bin/sh\nmount -t tmpfs none {tree} && exec {live.FOPSD} \"$@\"\n")
    write(ground.private + "/unshared", f"#!/bin/sh\nexec unshare --mount {wrapper} \"$@\"\n")
    for name in ("fopsd", "unshared"):
        os.chmod(f"{ground.private}/{name}", 0o755)
    ground.need_free_registration()
    well(ground)
    file = config(ground, tree)
    plain, live.FOPSD = live.FOPSD, ground.private + "/unshared"
    try:
        daemon = ground.fopsd("-c", file, "--source", "daemon")
    finally:
        live.FOPSD = plain
    expect(daemon, {"masked-paths": ("problem", f"something else at {tree} ")}, file)
    daemon.stop()


def test_another_audit_daemon(ground):
    ground.need_free_registration()
    well(ground)
    other = ground.raw("daemon")
    for mode, verdict in (("auto", "problem"), ("listener", "note")):
        file = config(ground, ground.tree(), extra=f'source = {{ mode = "{mode}"; }};')
        daemon = ground.fopsd("-c", file)
        expect(daemon, {"other-daemon": (verdict, f"rawaudit[{other.process.pid}] is registered")}, file)
        daemon.stop()


def test_losses(ground):
    ground.need_free_registration()
    well(ground)
    file = config(ground, ground.tree())
    ground.fopsd("-c", file, "--source", "daemon").kill()
    daemon = ground.fopsd("-c", file, "--source", "daemon")
    expect(daemon, {"losses": ("problem", "an unknown number lost: no fopsd was running")}, file)
    daemon.stop()


def test_an_index_that_is_full(ground):
    tree = ground.tree()
    for i in range(20):
        os.mkdir(f"{tree}/{i}")
    ground.need_free_registration()
    well(ground)
    file = config(ground, tree, extra="index = { max_entries = 5; };")
    daemon = ground.fopsd("-c", file, "--source", "daemon")
    deadline = time.monotonic() + live.READY_SECONDS
    while not examine(file)[1]:
        live.check(time.monotonic() < deadline, "that the index is full isn't found")
        time.sleep(0.1)
    expect(daemon, {"index": ("problem", "had no room in the index")}, file)
    daemon.stop()


def await_findings(daemon, there, meanwhile):
    deadline = time.monotonic() + live.READY_SECONDS
    while bool(examine(daemon.config)[1]) != there:
        live.check(time.monotonic() < deadline, f"doctor still finds {'nothing' if there else 'something'}")
        meanwhile()


def test_a_journald_that_takes_nothing(ground):
    tree = ground.tree()

    def work():
        for n in range(1000):
            os.mkdir(f"{tree}/{n}")
            os.rmdir(f"{tree}/{n}")

    with running(ground, tree) as daemon:
        ground.journald.send_signal(signal.SIGSTOP)
        try:
            await_findings(daemon, True, work)
            expect(daemon, {"running": ("problem", "journald takes nothing")})
        finally:
            ground.journald.send_signal(signal.SIGCONT)
        await_findings(daemon, False, lambda: time.sleep(0.1))


def test_what_journald_drops(ground):
    with running(ground) as daemon:
        write(SETTINGS, WELL + "RateLimitIntervalSec=30s\nRateLimitBurst=10000\n")
        expect(daemon, {"rate-limit": ("problem", "more than 10000 entries in 30s")})
        os.makedirs("/run/systemd/units", exist_ok=True)
        os.symlink("1", "/run/systemd/units/log-rate-limit-interval:fopsd.service")
        expect(daemon, {})
        os.unlink("/run/systemd/units/log-rate-limit-interval:fopsd.service")
        write(SETTINGS, WELL + "RateLimitIntervalSec=0s\nRateLimitBurst=10000\n")
        expect(daemon, {})

        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            for unit in ("another.service", "fopsd.service"):
                journal.sendto(f"MESSAGE=Suppressed 7 messages from {unit}\nMESSAGE_ID={DROPPED}\n".encode(), "/run/systemd/journal/socket")
        subprocess.run(["journalctl", "--sync"], check=False, stderr=subprocess.DEVNULL)
        expect(daemon, {"dropped-entries": ("problem", "1 times")})


def test_journald_and_auditing(ground):
    with running(ground) as daemon:
        for setting in ("no", "0", "off"):
            write(SETTINGS, WELL + f"Audit={setting}\n")
            expect(daemon, {"journald-audit": ("problem", f"(Audit={setting})")})
        write(SETTINGS, WELL + "Audit=yes\n")
        expect(daemon, {})

        # A member of the multicast group that has journald's name.
        program = ground.private + "/systemd-journald"
        shutil.copy(live.RAWAUDIT, program)
        with subprocess.Popen([program, "listen"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as listener:
            live.equal(listener.stderr.readline(), b"ready\n", "first word of the listener")
            expect(daemon, {"audit-socket": ("problem", "stores each raw record too")})
            listener.terminate()
        listener = ground.raw("listen")
        expect(daemon, {})
        listener.finish()


def test_a_journal_in_memory(ground):
    with running(ground) as daemon:
        for storage in ("volatile", "none"):
            write(SETTINGS, WELL + f"Storage={storage}\n")
            expect(daemon, {"persistence": ("problem", "")})


def test_without_permission(ground):
    with running(ground) as daemon:
        code, findings = examine(daemon.config, user=NOBODY, group=NOBODY, extra_groups=[])
        live.equal(code, 2, f"exit code with {findings}")
        live.equal({f["verdict"] for f in findings}, {"unknown"}, f"findings {findings}")
        live.check({"enabled", "backlog", "never-task", "masked-paths"} <= {f["check"] for f in findings}, f"findings {findings}")


if __name__ == "__main__":
    live.main()
