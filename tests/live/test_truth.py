#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""True paths, on every file system and in every way of naming a file: what fopsd says against what is known to have happened.

All sets of opsgen twice at the same time, in two watched directories, and the programs that people use; fopsd is the audit
daemon and has indexed the trees before. Every operation that leaves a record is found exactly once, no path is wrong, and of
those whose records hold the name 99.9 % have their path. Prints a table a file system:

  ext4            operations  right absent  wrong   held
  dirfd                  114    114      0      0  100.0 %

where `held` is the share of right paths among those whose name is in the records."""

import collections
import contextlib
import os
import shutil
import stat
import subprocess

import live

# Of the paths whose last component is in the records.
LEAST_RIGHT = 0.999
# fopsd needs its time to read 20,000 records of a burst, the slowest machines a minute.
INDEXED_SECONDS = 60

# XFS refuses to be smaller.
IMAGE_BYTES = 320 << 20


# Names the operations whose path is absent though the records hold the name.
SHOWS_ABSENT = bool(os.environ.get("FOPS_SHOW_ABSENT"))


def show_absent(truth, entry):
    if SHOWS_ABSENT:
        print(f"    absent: {truth} {live.describe(entry)}")


class Style(collections.Counter):
    """How one way of naming fares: operations, right, absent, wrong; held, held_right of those whose records hold the name."""

    def count(self, said, true, held):
        if said is None and true is None:
            return
        self["absent" if said is None else "right" if said == true else "wrong"] += 1
        if held:
            self["held"] += 1
            self["held_right"] += said == true


def share(styles):
    held = sum(s["held"] for s in styles)
    return sum(s["held_right"] for s in styles) / held if held else 1.0


def print_table(title, styles):
    print(f"  {title:15} operations  right absent  wrong    held")
    for name, style in [*styles.items(), ("all", sum(styles.values(), Style()))]:
        held = f"{100 * share([style]):6.1f} %" if style["held"] else "       -"
        print(f"  {name:15} {style['operations']:10} {style['right']:6} {style['absent']:6} {style['wrong']:6} {held}", flush=True)


class Truths(live.Comparison):
    """opsgen's truth. Nothing has to be named; what is isn't wrong."""

    def __init__(self, watched):
        super().__init__(key="live")
        self.inside = tuple(os.fsencode(path) + b"/" for path in watched)
        self.styles = collections.defaultdict(Style)

    def _path(self, truth, entry, name, field, named):
        said, true = entry.one(field), truth[name]
        # What moves out of the watched trees, or comes from elsewhere, is known there as far as it can be looked at.
        held = truth["held"] and truth["recorded"] and true is not None and true.startswith(self.inside)
        self.styles[truth["set"]].count(said, true, held)
        if said is not None and said != true:
            self.fault(truth, entry, f"{field} is wrong")
        elif said is None and held:
            show_absent(truth, entry)

    def _pair(self, t, e):
        self.styles[t["set"]]["operations"] += 1
        super()._pair(t, e)


# --- programs ---

def make_tree(top):
    """The same few names again and again, so that it matters where."""
    for a in range(6):
        for b in range(4):
            directory = f"{top}/d{a}/s{b}"
            os.makedirs(directory)
            for i in range(8):
                with open(f"{directory}/f{i}", "w") as f:
                    f.write(directory)
            os.symlink("f0", f"{directory}/link")
            os.link(f"{directory}/f1", f"{directory}/hard")


def make_names(top, directories, files):
    """A tree four levels deep, ten directories in each but the last; yields (path, is a directory), of directories after what is
    in them."""
    paths = [top]
    while len(paths) <= directories:
        path = f"{paths[(len(paths) - 1) // 10]}/d{len(paths) % 10}"
        os.mkdir(path)
        paths.append(path)
    for path in reversed(paths[1:]):
        for i in range(files):
            name = os.fsencode(f"{path}/f{i}")
            os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
            yield name, False
        yield os.fsencode(path), True


def walk(top):
    """Path → type and inode, of all in the tree and of its top."""
    found = {}
    for path, directories, files in os.walk(top):
        for name in [".", *directories, *files]:
            full = os.path.normpath(os.path.join(path, name))
            found[os.fsencode(full)] = os.lstat(full)
    return found


def is_directory(status):
    return stat.S_ISDIR(status.st_mode)


def removed(tree):
    return collections.Counter(("rmdir" if is_directory(s) else "delete", path, None) for path, s in tree.items())


def copied(tree, old, new, links):
    """@links: two names of one file stay two names of one file; which of them is the first isn't told."""
    made, seen = collections.Counter(), set()
    for path, s in tree.items():
        there = os.fsencode(new) + path[len(os.fsencode(old)):]
        if is_directory(s):
            made["mkdir", there, None] += 1
        elif stat.S_ISLNK(s.st_mode):
            made["symlink", there, None] += 1
        elif not links or s.st_nlink == 1:
            made["create", there, None] += 1
        else:
            seen.add(s.st_ino)
    return made, len(seen)


CHANGES = {"create", "mkdir", "mknod", "symlink", "link", "delete", "rmdir", "rename", "exchange"}


class Program:
    """A run of a program, what it changed, and what else it may have touched."""

    def __init__(self, style, command, expected, known, pairs=0, **options):
        self.style, self.expected, self.known, self.pairs = style, expected, known, pairs
        process = subprocess.Popen(command, **options)
        self.pid = process.pid
        live.equal(process.wait(), 0, f"exit code of {command}")

    def compare(self, entries, styles, faults, all_named):
        style, changes, pairs = styles[self.style], collections.Counter(), collections.Counter()
        first_fault = len(faults)
        for e in entries:
            if e.number("FOPSD_PID") != self.pid:
                continue
            path, new_path, op = e.one("FOPSD_PATH"), e.one("FOPSD_NEW_PATH"), e.text("FOPSD_OP")
            # What isn't there, and what only a descriptor tells, has no name in the records.
            held = e.text("FOPSD_RESULT") == "success" and "FOPSD_NAME" in e
            style["operations"] += 1
            style["held"] += held
            if path is None:
                style["absent"] += 1
                if held:
                    show_absent(self.style, e)
            elif path in self.known:
                style["right"] += 1
                style["held_right"] += held
            else:
                style["wrong"] += 1
                faults.append(f"{self.style}: a wrong path\n    entry: {live.describe(e)}")
            if op in CHANGES and e.text("FOPSD_RESULT") == "success":
                if self.pairs and (op, path, new_path) not in self.expected:
                    pairs[op] += 1
                else:
                    changes[op, path, new_path] += 1
        missing, extra = self.expected - changes, changes - self.expected
        if not all_named:
            # As many without a path as there are paths that nobody named.
            unnamed = collections.Counter({op: n for (op, path, _), n in extra.items() if path is None})
            if unnamed == sum((collections.Counter({op: n}) for (op, _, _), n in missing.items()), collections.Counter()):
                missing, extra = {}, {key: n for key, n in extra.items() if key[1] is not None}
        if missing or extra:
            faults.append(f"{self.style}: {sum(missing.values())} changes missing, {sum(extra.values())} too many:\n    "
                          f"{list(missing.items())[:5]}\n    {list(extra.items())[:5]}")
        if pairs and pairs != {"create": self.pairs, "link": self.pairs}:
            faults.append(f"{self.style}: {dict(pairs)} of {self.pairs} pairs of hard links")


def programs(first, second, is_lower):
    """The trees are there already. @second may be another file system, or subvolume."""
    trees = {name: walk(f"{first}/{name}") for name in ("rm", "find", "cp", "mv", "tar")}
    yield Program("rm -rf", ["rm", "-rf", "rm"], removed(trees["rm"]), set(trees["rm"]), cwd=first)
    # It opens the current directory, too.
    yield Program("find -delete", ["find", f"{first}/find", "-delete"], removed(trees["find"]), set(trees["find"]), cwd="/")

    made, pairs = copied(trees["cp"], f"{first}/cp", f"{second}/copy", False)
    yield Program("cp -r", ["cp", "-r", "cp", f"{second}/copy"], made, set(trees["cp"]) | {p for _, p, _ in made}, cwd=first)

    # Of an overlay's lower layer a directory can't be renamed: mv copies and removes.
    old, new = f"{first}/mv", f"{first}/renamed"
    rename = ("rename", os.fsencode(old), os.fsencode(new))
    copying, pairs = copied(trees["mv"], old, new, True)
    copying = copying + removed(trees["mv"])
    known = {path for _, path, _ in copying} | {os.fsencode(new) + path[len(os.fsencode(old)):] for path in trees["mv"]}
    yield Program("mv", ["mv", "mv", "renamed"], copying if is_lower else collections.Counter([rename]), known,
                  pairs if is_lower else 0, cwd=first)
    renamed = walk(new)
    yield Program("mv, rm -rf", ["rm", "-rf", new], removed(renamed), set(renamed))

    archive = f"{first}.outside/archive.tar"
    yield Program("tar -c", ["tar", "-cf", archive, "tar"], collections.Counter(), set(trees["tar"]), cwd=first)
    os.mkdir(f"{second}/untar")
    made, pairs = copied(trees["tar"], f"{first}/tar", f"{second}/untar/tar", True)
    known = {p for _, p, _ in made} | {os.fsencode(f"{second}/untar")}
    known |= {os.fsencode(f"{second}/untar/tar") + p[len(os.fsencode(f"{first}/tar")):] for p in trees["tar"]}
    yield Program("tar -x", ["tar", "-xf", archive], made, known, pairs, cwd=f"{second}/untar")


# --- file systems ---

def mounted(ground, kind, directory):
    """A fresh file system on a loop device, in our mount namespace; it goes with it."""
    if not shutil.which(f"mkfs.{kind}"):
        raise live.Skip(f"no mkfs.{kind}")
    image = os.path.join(directory, f"{kind}.img")
    with open(image, "wb") as f:
        f.truncate(IMAGE_BYTES)
    subprocess.run([f"mkfs.{kind}", "-q", image], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    point = os.path.join(directory, kind)
    if not ground.mount(point, "-o", "loop", image):
        raise live.Skip(f"can't mount {kind} from a loop device here")
    return point


def overlay(ground, directory, lower):
    """The merged directory of @lower and an upper layer in @directory."""
    for path in (f"{directory}/upper", f"{directory}/work"):
        os.mkdir(path)
    options = f"lowerdir={lower},upperdir={directory}/upper,workdir={directory}/work"
    if not ground.mount(f"{directory}/merged", "-t", "overlay", "-o", options, "overlay"):
        raise live.Skip("can't mount an overlay here")
    return f"{directory}/merged"


def trees_in(*tops):
    for top in tops:
        os.makedirs(f"{top}.outside", exist_ok=True)
        for name in ("rm", "find", "cp", "mv", "tar"):
            make_tree(f"{top}/{name}")


def opsgen_sets(names):
    listed = subprocess.run([live.OPSGEN, "list"], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    return [name for name in listed if names(name)]


class Generator:
    """An opsgen that runs; .finish() gives its truth. With @root, in a mount namespace whose root that is. @renumbers: what the kernel
    forgets has another inode number afterwards."""

    def __init__(self, ground, sets, directory, root="", renumbers=False):
        self.truth = os.path.join(ground.private, f"truth-{live.time.monotonic_ns()}")
        self.root = os.fsencode(root)
        environment = dict(os.environ, **({"OPSGEN_ROOT": root} if root else {}), **({"OPSGEN_KEEP_NAMES": "1"} if renumbers else {}))
        script = 'set -e; truth=$1 directory=$2; shift 2; for set; do "$OPSGEN" run "$set" "$directory" "$truth"; done'
        self.process = subprocess.Popen(["sh", "-c", script, "sh", self.truth, directory, *sets],
                                        env=dict(environment, OPSGEN=live.OPSGEN))

    def finish(self):
        live.equal(self.process.wait(), 0, "exit code of opsgen")
        with open(self.truth) as f:
            truths = [live.Truth(live.json.loads(line)) for line in f]
        for truth in truths:
            for name in ("path", "new_path"):
                if truth[name] is not None:
                    truth[name] = self.root + truth[name]
        return truths


def wait_until_indexed(ground, daemon):
    deadline = live.time.monotonic() + INDEXED_SECONDS
    while not ground.entries("FOPSD_STATE=indexed"):
        live.check(live.time.monotonic() < deadline, f"not indexed in {INDEXED_SECONDS} s: {daemon.stderr()}")
        live.time.sleep(0.1)


def is_beside(entry, tops):
    """Did it happen beside the trees only?"""
    beside = tuple(os.fsencode(f"{top}.outside/") for top in tops)
    path, new_path = entry.one("FOPSD_PATH"), entry.one("FOPSD_NEW_PATH")
    return path is not None and path.startswith(beside) and (new_path is None or new_path.startswith(beside))


def truth_on(ground, title, trees, root="", sets=lambda name: True, is_lower=False, least_right=LEAST_RIGHT, watched_by=None,
             renumbers=False):
    """Everything in the two @trees; from within @root, if there is one, with the trees named from there. @is_lower: what is there
    already is in the lower layer of an overlay. @watched_by: the directory above them that is watched, in place of each."""
    ground.need_free_registration()
    watched = [root + tree for tree in trees]
    daemon = ground.watching(*([watched_by] if watched_by else watched), extra="kernel = { backlog_limit = 16384; backlog_wait_time = 60000; };")
    wait_until_indexed(ground, daemon)

    start = live.time.monotonic()
    generators = [Generator(ground, opsgen_sets(sets), tree, root, renumbers) for tree in trees]
    truths = [truth for generator in generators for truth in generator.finish()]
    ran = [] if root else list(programs(*watched, is_lower))
    worked = live.time.monotonic()
    daemon.stop()

    entries = ground.entries()
    live.equal([e.text("MESSAGE") for e in live.losses(entries)], [], "gaps")
    done = [e for e in live.operations(entries) if not is_beside(e, watched)]
    comparison = Truths(watched)
    comparison.replaced_is_told = not is_lower
    pids = {t["pid"] for t in truths}
    comparison.run(truths, [e for e in done if e.number("FOPSD_PID") in pids])
    for program in ran:
        program.compare(done, comparison.styles, comparison.faults, least_right == LEAST_RIGHT)

    print_table(title, comparison.styles)
    print(f"  {len(done)} entries; {worked - start:.1f} s of work, {live.time.monotonic() - worked:.1f} s of comparing")
    live.check(not comparison.faults, f"{title}: {len(comparison.faults)} faults\n  " +
               "\n  ".join(comparison.faults[:live.FAULTS_SHOWN]))
    right = share(comparison.styles.values())
    live.check(right >= least_right, f"{title}: only {100 * right:.2f} % of the paths whose names are in the records")


def on_image(ground, kind):
    point = mounted(ground, kind, ground.directory("/var/tmp"))
    trees_in(f"{point}/one", f"{point}/two")
    truth_on(ground, kind, [f"{point}/one", f"{point}/two"])


def test_ext4(ground):
    on_image(ground, "ext4")


def test_xfs(ground):
    on_image(ground, "xfs")


def test_tmpfs(ground):
    point = os.path.realpath(ground.directory("/dev/shm"))
    trees_in(f"{point}/one", f"{point}/two")
    truth_on(ground, "tmpfs", [f"{point}/one", f"{point}/two"])


def test_btrfs_one_subvolume(ground):
    """Of a directory that was renamed on btrfs the index keeps both places, and the process has to be asked. On a busy machine it may be
    gone too often; then once more. A wrong path is one at any time."""
    try:
        on_image(ground, "btrfs")
    except live.Failure as failure:
        if ": only " not in str(failure):
            raise
        print(f"  {failure}: once more")
        ground.forget()
        on_image(ground, "btrfs")


def btrfs(*command):
    subprocess.run(["btrfs", "subvolume", *command], check=True, stdout=subprocess.DEVNULL)


def subvolumes(ground):
    """A mounted btrfs with two subvolumes, one below a directory, and in each a tree; alike to the last inode number, which the
    records can't tell apart: audit prints one device for all subvolumes."""
    point = mounted(ground, "btrfs", ground.directory("/var/tmp"))
    trees = [f"{point}/{name}/data" for name in ("one", "deep/two")]
    for tree in trees:
        os.makedirs(os.path.dirname(os.path.dirname(tree)), exist_ok=True)
        btrfs("create", os.path.dirname(tree))
    trees_in(*trees)
    return point, trees


def test_btrfs_two_subvolumes(ground):
    _, trees = subvolumes(ground)
    truth_on(ground, "btrfs, subvol.", trees)


def test_btrfs_two_subvolumes_in_one_watch(ground):
    point, trees = subvolumes(ground)
    truth_on(ground, "btrfs, one watch", trees, watched_by=point)


def hear(daemon):
    """Takes what fopsd has notified: it says something new with every change of its rules, and waits when nobody listens."""
    daemon.notify.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            daemon.notify.recv(65536)


def wait_until_told(ground, daemon, top):
    """Until what is done in the directories below @top by a name alone has its path."""
    directories = [path for path, _, _ in os.walk(top)]
    deadline = live.time.monotonic() + INDEXED_SECONDS
    while live.time.monotonic() < deadline:
        name = f"probe-{live.time.monotonic_ns()}"
        for directory in directories:
            fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            os.mkdir(name, dir_fd=fd)
            os.rmdir(name, dir_fd=fd)
            os.close(fd)
        entries = []
        while len(entries) < 2 * len(directories) and live.time.monotonic() < deadline:
            hear(daemon)
            entries = ground.entries(f"FOPSD_NAME={name}")
        told = collections.Counter(e.one("FOPSD_PATH") for e in entries)
        if told == collections.Counter({os.fsencode(f"{directory}/{name}"): 2 for directory in directories}):
            return
    missing = [directory for directory in directories if os.fsencode(f"{directory}/{name}") not in told]
    live.check(False, f"paths in {top} aren't told after {INDEXED_SECONDS} s: {len(missing)} of {len(directories)}, {missing[:5]}")


def test_btrfs_snapshots_while_running(ground):
    """Subvolumes that come and go, with all names and numbers of another one; nested, and mounted elsewhere. No path may be wrong;
    while a snapshot is new it may be absent."""
    point, _ = subvolumes(ground)
    ground.need_free_registration()
    daemon = ground.watching(point)
    wait_until_indexed(ground, daemon)
    ran = []

    def remove(style, path, true_path=None):
        tree = walk(true_path or path)
        ran.append(Program(style, ["rm", "-rf", path], removed(tree), set(tree)))

    def copy(style, old, new):
        tree = walk(old)
        made, _ = copied(tree, old, new, False)
        ran.append(Program(style, ["cp", "-r", old, new], made, set(tree) | {p for _, p, _ in made}))

    for i in range(8):
        snapshot = f"{point}/{'deep/' if i % 2 else ''}snapshot{i}"
        btrfs("snapshot", f"{point}/one", snapshot)
        remove("new snapshot", f"{snapshot}/data/rm")
        copy("origin", f"{point}/one/data/cp", f"{point}/one/data/copy{i}")
        wait_until_told(ground, daemon, snapshot)
        remove("snapshot", f"{snapshot}/data/find")
        copy("snapshot", f"{snapshot}/data/cp", f"{snapshot}/data/copied")
        copy("origin", f"{point}/one/data/cp", f"{point}/one/data/again{i}")
        if i % 3 == 0:
            btrfs("delete", snapshot)

    # What happened just before a subvolume was made may have been in it, for all that is known.
    live.time.sleep(0.5)
    btrfs("create", f"{point}/one/data/nested")
    copy("new nested", f"{point}/one/data/cp", f"{point}/one/data/nested/cp")
    wait_until_told(ground, daemon, f"{point}/one/data/nested")
    copy("nested", f"{point}/one/data/cp", f"{point}/one/data/nested/again")
    remove("nested", f"{point}/one/data/nested/cp")
    os.rename(f"{point}/one/data/nested", f"{point}/one/data/moved")
    wait_until_told(ground, daemon, f"{point}/one/data/moved")
    remove("nested, moved", f"{point}/one/data/moved/again")

    elsewhere = os.path.join(ground.directory("/var/tmp"), "elsewhere")
    os.mkdir(elsewhere)
    live.check(ground.mount(elsewhere, "-o", "subvol=deep/two", subprocess.check_output(
        ["findmnt", "-no", "SOURCE", point], text=True).split("[")[0].strip()), "mount of a subvolume")
    remove("mounted", f"{elsewhere}/data/find", f"{point}/deep/two/data/find")
    daemon.stop()

    entries = ground.entries()
    live.equal([e.text("MESSAGE") for e in live.losses(entries)], [], "gaps")
    live.equal([e.text("MESSAGE") for e in entries if e.kind == "tamper"], [], "tampering")
    done, styles, faults = live.operations(entries), collections.defaultdict(Style), []
    for program in ran:
        program.compare(done, styles, faults, False)
    print_table("btrfs, snapshots", styles)
    live.check(not faults, f"{len(faults)} faults\n  " + "\n  ".join(faults[:live.FAULTS_SHOWN]))
    for style in ("origin", "snapshot", "nested", "nested, moved", "mounted"):
        live.check(share([styles[style]]) >= LEAST_RIGHT, f"{style}: only {100 * share([styles[style]]):.2f} %")


# Each by its whole path, what is in a directory first. Of a process that is gone nobody knows which root it meant.
REMOVE = """
import os, sys, time
for path, directories, files in os.walk(sys.argv[1], topdown=False):
    for name in files:
        os.unlink(os.path.join(path, name))
    os.rmdir(path)
time.sleep(1)
"""


def directories_with_rules(top):
    listed = subprocess.run(["auditctl", "-l"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return {word.partition("dir=")[2] for word in listed if word.partition("dir=")[2].startswith(top)}


def test_btrfs_with_more_subvolumes_than_get_rules(ground):
    """Twenty in one directory, two of which have others in them: those are told by whole paths. Another btrfs that comes and goes in the
    watched directory changes nothing."""
    top = ground.directory("/var/tmp") + "/top"
    os.mkdir(top)
    point, beside = mounted(ground, "btrfs", top), f"{top}/beside"
    trees_in(f"{point}/data")
    os.mkdir(f"{point}/many")
    for i in range(20):
        btrfs("snapshot", point, f"{point}/many/v{i}")
    for i in range(2):
        btrfs("create", f"{point}/many/v{i}/nested")
    ground.need_free_registration()
    daemon = ground.watching(top)
    wait_until_indexed(ground, daemon)
    # 16 subvolumes at most, and what they are in.
    live.check(len(directories_with_rules(top)) <= 17, "too many rules")

    ran = []

    def remove(style, *command):
        tree = walk(command[-1])
        ran.append(Program(style, command, removed(tree), set(tree) | {os.fsencode(os.path.dirname(command[-1]))}))

    remove("whole paths", "python3", "-c", REMOVE, f"{point}/many/v0/data/find")
    remove("whole paths", "python3", "-c", REMOVE, f"{point}/many/v7/data/find")
    remove("whole paths", "python3", "-c", REMOVE, f"{point}/data/find")
    remove("by descriptors", "rm", "-rf", f"{point}/many/v7/data/rm")

    os.mkdir(beside)
    other = mounted(ground, "btrfs", beside)
    trees_in(f"{other}/data")
    wait_until_told(ground, daemon, f"{other}/data/rm")
    remove("another one", "rm", "-rf", f"{other}/data/rm")
    wait_until_told(ground, daemon, f"{other}/data/cp")
    subprocess.run(["umount", other], check=True)
    remove("whole paths", "python3", "-c", REMOVE, f"{point}/data/cp")
    daemon.stop()

    done, styles, faults = live.operations(ground.entries()), collections.defaultdict(Style), []
    for program in ran:
        program.compare(done, styles, faults, False)
    print_table("btrfs, many", styles)
    live.check(not faults, f"{len(faults)} faults\n  " + "\n  ".join(faults[:live.FAULTS_SHOWN]))
    live.check(styles["whole paths"]["right"] > 0, "no whole path is told")
    live.check(share([styles["another one"]]) >= LEAST_RIGHT, f"another one: only {100 * share([styles['another one']]):.2f} %")


def test_overlayfs(ground):
    directory = ground.directory("/var/tmp")
    trees_in(f"{directory}/lower/one", f"{directory}/lower/two")
    merged = overlay(ground, directory, f"{directory}/lower")
    truth_on(ground, "overlayfs", [f"{merged}/one", f"{merged}/two"], is_lower=True)


def test_overlayfs_of_two_file_systems(ground):
    directory, lower = ground.directory("/var/tmp"), ground.directory("/dev/shm")
    trees_in(f"{lower}/one", f"{lower}/two")
    merged = overlay(ground, directory, lower)
    truth_on(ground, "overlayfs, two", [f"{merged}/one", f"{merged}/two"], is_lower=True, renumbers=True)


def test_overlayfs_from_inside(ground):
    """As a container on its image: the root of the processes is the merged directory."""
    directory = ground.directory("/var/tmp")
    trees_in(f"{directory}/lower/one", f"{directory}/lower/two")
    merged = overlay(ground, directory, f"{directory}/lower")
    # What would have to be there to be executed isn't.
    truth_on(ground, "inside overlay", ["/one", "/two"], merged, lambda name: name != "exec", is_lower=True)


if __name__ == "__main__":
    live.main()
