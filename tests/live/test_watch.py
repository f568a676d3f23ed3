#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fopsctl watch and unwatch: a watch for this boot, armed when the command ends; a bad one is never installed."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import live

NOBODY = 65534
DROP_INS = "/run/fopsd.conf.d"
STATUS = "/run/fopsd/status"


def fopsctl(*args, **options):
    done = subprocess.run([live.FOPSCTL, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **options)
    return done.returncode, done.stdout, done.stderr


def configure(ground, text):
    """A private /etc with this fopsd.conf, and no watches of this boot."""
    if not os.path.ismount("/etc"):
        for directory in ("/run/etc/upper", "/run/etc/work"):
            os.makedirs(directory)
        if not ground.mount("/etc", "-t", "overlay", "-o", "lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work", "overlay"):
            raise live.Skip("no overlayfs")
    subprocess.run(["rm", "-rf", DROP_INS, "/etc/fopsd.conf.d"], check=True)
    with open("/etc/fopsd.conf", "w") as f:
        f.write("canary = { startup = false; };\n" + text)
    os.chmod("/etc/fopsd.conf", 0o644)


def watches():
    return {w["path"]: w for w in json.loads(fopsctl("status", "-o", "json")[1])["watches"]}


def drop_ins():
    return sorted(os.listdir(DROP_INS)) if os.path.exists(DROP_INS) else []


def test_a_watch_is_armed_when_the_command_ends(ground):
    ground.need_free_registration()
    before, tree = ground.tree(), ground.tree()
    configure(ground, f'watches = ( {{ path = "{before}"; }} );\n')
    daemon = ground.fopsd("--source", "daemon")
    live.equal(fopsctl("watch", "data", "-o", "create,delete", "-k", "a \"key\"", cwd=os.path.dirname(tree)), (0, f"{tree} is watched\n", ""),
               "watch")
    live.equal((watches()[tree]["keys"], watches()[tree]["state"], before in watches()), (['a "key"'], "armed", True), "watches")
    name = "watch-" + tree[1:].replace("-", "\\x2d").replace("/", "-") + ".conf"
    live.equal(drop_ins(), [name], "drop-ins")

    # Once more with other settings is in its place.
    live.equal(fopsctl("watch", tree, "-k", "other")[0], 0, "watch")
    live.equal((watches()[tree]["keys"], drop_ins()), (["other"], [name]), "after the second")
    subprocess.run(["sh", "-c", f"touch {tree}/x; rm {tree}/x"], check=True)
    # What is on its way when its watch goes isn't anybody's.
    deadline = time.monotonic() + live.READY_SECONDS
    while len(live.operations(ground.entries())) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)

    live.equal(fopsctl("unwatch", tree), (0, f"{tree} is no longer watched\n", ""), "unwatch")
    live.equal((sorted(watches()), drop_ins()), ([before], []), "after unwatch")
    subprocess.run(["touch", tree + "/unseen"], check=True)
    live.equal(fopsctl("unwatch", tree), (1, "", f"{tree} isn't watched\n"), "the second unwatch")
    daemon.stop()
    live.equal([(e.text("FOPSD_OP"), e.text("FOPSD_PATH"), e.text("FOPSD_KEY")) for e in live.operations(ground.entries())],
               [("create", tree + "/x", "other"), ("delete", tree + "/x", "other")], "operations")


def wait_for_paths(ground, name, n):
    """The paths of what was done to files called @name, once there are @n of them."""
    deadline = time.monotonic() + live.READY_SECONDS
    while True:
        # Of what is unresolved the line for people has the name.
        found = [e for e in live.operations(ground.entries()) if e.text("FOPSD_OP") == "create" and name in (e.text("MESSAGE") or "")]
        if len(found) >= n:
            return [e.text("FOPSD_PATH") for e in found]
        live.check(time.monotonic() < deadline, f"{name} isn't found {n} times")
        time.sleep(0.1)


def test_what_is_watched_again_is_looked_at_again(ground):
    """What was renamed while it wasn't watched is called as it is now, whatever was known of it."""
    ground.need_free_registration()
    other, tree = ground.tree(), ground.tree()
    configure(ground, f'watches = ( {{ path = "{other}"; }} );\n')
    os.makedirs(tree + "/x/in")
    daemon = ground.fopsd("--source", "daemon")
    live.equal(fopsctl("watch", tree)[0], 0, "watch")
    subprocess.run(["touch", tree + "/x/in/before"], check=True)
    live.equal(wait_for_paths(ground, "before", 1), [tree + "/x/in/before"], "before")
    live.equal(fopsctl("unwatch", tree)[0], 0, "unwatch")
    os.rename(tree + "/x", tree + "/y")
    live.equal(fopsctl("watch", tree)[0], 0, "watch again")
    directory = os.open(tree + "/y/in", os.O_DIRECTORY | os.O_PATH)
    for name in ("after1", "after2"):
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=directory))
        live.equal(wait_for_paths(ground, name, 1), [tree + "/y/in/" + name], name)
    os.close(directory)
    daemon.stop()


def test_what_is_watched_no_more_is_not_known_for_long(ground):
    """Nobody hears of what is renamed in it; so a file that comes there from a watched tree isn't said to be where it isn't."""
    ground.need_free_registration()
    other, tree = ground.tree(), ground.tree()
    configure(ground, f'watches = ( {{ path = "{other}"; }} );\n')
    os.makedirs(tree + "/x")
    daemon = ground.fopsd("--source", "daemon")
    live.equal(fopsctl("watch", tree)[0], 0, "watch")
    subprocess.run(["touch", other + "/file"], check=True)
    wait_for_paths(ground, "file", 1)
    live.equal(fopsctl("unwatch", tree)[0], 0, "unwatch")
    time.sleep(6)
    os.rename(tree + "/x", tree + "/y")
    directory = os.open(tree + "/y", os.O_DIRECTORY | os.O_PATH)
    os.rename(other + "/file", "file", dst_dir_fd=directory)
    os.close(directory)
    daemon.stop()
    renames = [e for e in live.operations(ground.entries()) if e.text("FOPSD_OP") == "rename"]
    live.equal([e.text("FOPSD_PATH") for e in renames], [other + "/file"], "renamed")
    live.check(renames[0].text("FOPSD_NEW_PATH") in (None, tree + "/y/file"), f"to {renames[0].text('FOPSD_NEW_PATH')}")


def test_what_is_not_there_yet_is_waited_for(ground):
    ground.need_free_registration()
    tree = ground.tree()
    configure(ground, "")
    daemon = ground.fopsd("--source", "daemon")
    later, pattern = tree + "/later", tree + "/*.d"
    live.equal(fopsctl("watch", later), (0, f"{later} will be watched when it is there\n", ""), "watch")
    live.equal(fopsctl("watch", pattern), (0, f"{pattern} will be watched when it is there\n", ""), "watch of a pattern")
    os.mkdir(tree + "/a.d")
    os.mkdir(tree + "/b.d")
    live.equal(fopsctl("watch", pattern), (0, f"{tree}/a.d is watched\n{tree}/b.d is watched\n", ""), "watch of a pattern")

    # What stands there under such a name is no pattern.
    os.mkdir(tree + "/[x]")
    code, out, err = fopsctl("watch", tree + "/[x]")
    live.equal((code, out, err), (0, f"{tree}/[x] is watched\n", ""), "watch of what looks like a pattern")
    live.equal(fopsctl("unwatch", tree + "/[x]")[0], 0, "unwatch of it")
    daemon.stop()


def test_hostile_names(ground):
    ground.need_free_registration()
    tree = os.fsencode(ground.tree())
    configure(ground, "")
    daemon = ground.fopsd("--source", "daemon")
    for i, name in enumerate((b'"; } ); kernel = { lock = true; }; #', b"\xff\x1b[2J\n", b"x" * 200, b"-o", b"\\x41")):
        path = tree + b"/" + name
        os.mkdir(path)
        live.equal(fopsctl("watch", path, "-k", "hostile")[0], 0, f"watch {path!r}")
        os.mkdir(path + b"/created")
        live.equal(len(drop_ins()), i + 1, "drop-ins")
        live.check(all(n.startswith("watch-") and len(n) < 256 for n in drop_ins()), f"names {drop_ins()}")
    live.equal(ground.audit.status()["enabled"], 1, "whether auditing is locked")
    daemon.stop()
    live.equal(len([e for e in live.operations(ground.entries("FOPSD_KEY=hostile")) if e.one("FOPSD_PATH").endswith(b"/created")]), 5,
               "directories created")


def test_a_bad_one_is_never_installed(ground):
    ground.need_free_registration()
    tree = ground.tree()
    configure(ground, "")
    daemon = ground.fopsd("--source", "daemon")
    for arguments, code, word in ((["-o", "fly"], 2, "fly"), (["-k", ""], 2, "-k"), (["-k", "x" * 300], 2, "key")):
        got, out, err = fopsctl("watch", tree, *arguments)
        live.equal((got, out, drop_ins(), watches()), (code, "", [], {}), f"watch with {arguments}")
        live.check(word in err, f"no word of {word}: {err}")
    got, out, err = fopsctl("watch", "a/../b")
    live.equal((got, out), (2, ""), "watch of what only the file system can tell")

    # One that would be good, with a configuration that isn't.
    with open("/etc/fopsd.conf", "a") as f:
        f.write("watches = ( { path = 7; } );\n")
    got, out, err = fopsctl("watch", tree)
    live.equal((got, out, drop_ins()), (1, "", []), "watch beside a bad configuration")
    live.check("/etc/fopsd.conf:2: " in err, err)
    daemon.stop()


def test_what_another_file_says_stays(ground):
    ground.need_free_registration()
    tree = ground.tree()
    configure(ground, f'\nwatches = ( {{ path = "{tree}"; }} );\n')
    daemon = ground.fopsd("--source", "daemon")
    live.equal(fopsctl("unwatch", tree), (1, "", f"{tree} is watched because of /etc/fopsd.conf:3\n"), "unwatch")
    live.equal(fopsctl("watch", tree, "-o", "read")[0], 0, "watch of what is watched")
    live.equal(fopsctl("unwatch", tree), (1, "", f"{tree} is watched because of /etc/fopsd.conf:3\n"), "unwatch of half")
    live.equal((drop_ins(), list(watches())), ([], [tree]), "what stays")
    daemon.stop()


def test_without_fopsd(ground):
    tree = ground.tree()
    configure(ground, "")
    said = "fopsctl: fopsd isn't running: this counts when it is started\n"
    live.equal(fopsctl("watch", tree), (1, "", said), "watch")
    live.equal(len(drop_ins()), 1, "drop-ins")
    ground.need_free_registration()
    daemon = ground.fopsd("--source", "daemon")
    live.equal(watches()[tree]["state"], "armed", "state after the start")
    daemon.stop()
    live.equal(fopsctl("unwatch", tree), (1, "", said), "unwatch")
    live.equal(drop_ins(), [], "drop-ins")


def test_with_an_fopsd_that_reads_other_files(ground):
    ground.need_free_registration()
    configure(ground, "")
    daemon = ground.watching(ground.tree())
    code, out, err = fopsctl("watch", ground.tree())
    live.equal((code, out, drop_ins()), (2, "", []), "watch")
    live.check(f"pid {daemon.pid}, was started with -c or -w" in err, err)
    daemon.stop()


def test_without_permission(ground):
    configure(ground, "")
    code, out, err = fopsctl("watch", "/srv", user=NOBODY, group=NOBODY, extra_groups=[])
    live.equal((code, out), (2, ""), "watch as nobody")
    live.check("ermission denied" in err or "No such file" in err, err)
    live.equal(drop_ins(), [], "drop-ins")


@contextlib.contextmanager
def answering(its_watches, is_refused=False):
    """In fopsd's place: after a reload, which it counts as refused or not, these are its watches. No kernel refuses one at will."""
    n = {"reloads": 0, "refused": 0}

    def reload(*_):
        n["refused" if is_refused else "reloads"] += 1

    def serve():
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                client.sendall(json.dumps({"configuration": {"system": True, **n}, "watches": its_watches}).encode() + b"\n")
                client.close()

    os.makedirs(os.path.dirname(STATUS), exist_ok=True)
    before = signal.signal(signal.SIGHUP, reload)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(STATUS)
        listener.listen()
        server = threading.Thread(target=serve)
        server.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            server.join()
            os.unlink(STATUS)
            signal.signal(signal.SIGHUP, before)


def test_what_the_kernel_refuses_is_said(ground):
    configure(ground, "")
    refused = {"path": "/srv/*", "target": "/srv/b\n", "state": "refused", "reason": "No space \x1b left on device"}
    with answering([{"path": "/srv/*", "target": "/srv/a", "state": "armed"}, refused]):
        live.equal(fopsctl("watch", "/srv/*"),
                   (1, "/srv/a is watched\n", "/srv/b\\x0a isn't watched, the kernel refused it: No space \\x1b left on device\n"), "watch")
    with answering([{"path": "/srv", "state": "refused"}]):
        live.equal(fopsctl("watch", "/srv"), (1, "", "/srv isn't watched, the kernel refused it: ?\n"), "watch without a reason")
    with answering([refused]):
        live.equal(fopsctl("watch", "/srv"), (1, "", "/srv isn't watched: fopsd doesn't know of it\n"), "watch of another")
    with answering([], is_refused=True):
        live.equal(fopsctl("watch", "/srv"),
                   (1, "", "fopsctl: fopsd refused the configuration: see fopsctl check, journalctl -t fopsd\n"), "watch")


if __name__ == "__main__":
    live.main()
