#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs that people use: what each does to the files, by name. Temporary names are replaced by *."""

import collections
import os
import re
import shutil
import subprocess
import time

import live

# command → the operations of it as "comm op path [new path]", relative to the tree; "?" before the path: the records can't name
# it (it was given relative to a descriptor), so it may be absent. Order isn't compared. Timestamps set on a descriptor leave no
# record, so touch and tar show no utime.
TOOLS = [
    ("touch a", ["touch create a"]),
    ("touch a", ["touch modify a"]),
    ("touch -h -d 2001-01-01 a", ["touch utime a"]),
    ("cat a", ["cat read a"]),
    ("ln a b", ["ln link a b"]),
    ("ln -s a s", ["ln symlink s"]),
    ("mv b c", ["mv rename b c"]),
    ("chmod 600 c", ["chmod chmod c"]),
    ("chown 1:1 c", ["chown chown c"]),
    ("rm c s", ["rm delete c", "rm delete s"]),
    ("mkdir d", ["mkdir mkdir d"]),
    ("echo x > d/f", ["sh create d/f"]),
    ("echo x > d/f", ["sh modify d/f"]),
    ("echo x >> d/f", ["sh modify d/f"]),
    ("read x < d/f", ["sh read d/f"]),
    ("sed -i s/x/y/ d/f", ["sed read d/f", "sed create d/*", "sed chown ?d/*", "sed setxattr ?d/*", "sed rename d/* d/f"]),
    ("cp d/f g", ["cp read d/f", "cp create g"]),
    ("cp -r d e", ["cp mkdir e", "cp list d", "cp read d/f", "cp create e/f"]),
    ("find e -delete", ["find list e", "find delete ?e/f", "find rmdir e"]),
    ("tar cf ../tools.tar a g", ["tar read a", "tar read g"]),
    ("rm a g", ["rm delete a", "rm delete g"]),
    ("tar xf ../tools.tar", ["tar create a", "tar create g", "tar chown ?a", "tar chown ?g", "tar chmod ?g"]),
    ("ls d", ["ls list d"]),
    ("rm -r d", ["rm list d", "rm delete ?d/f", "rm rmdir d"]),
    ("install -m 600 a i", ["install read a", "install create i", "install chmod i", "install setxattr ?i"]),
    ("dd if=/dev/null of=i status=none", ["dd modify i"]),
    ("perl -e 'open F, q(>), q(p); close F; rename q(p), q(q); unlink q(q)'",
     ["perl create p", "perl rename p q", "perl delete q"]),
    ("""python3 -c 'import os; open("p", "w").close(); os.chmod("p", 0o600); os.remove("p")'""",
     ["python3 create p", "python3 chmod p", "python3 delete p"]),
    ("mkfifo n; rm n", ["mkfifo mknod n", "rm delete n"]),
    ("rm a g i", ["rm delete a", "rm delete g", "rm delete i"]),
]

TEMPORARY = re.compile(r"\bsed[A-Za-z0-9]{6}\b")


def observed(entry, tree):
    def short(field):
        path = entry.text(field)
        if path is None:
            return None
        live.check((path + "/").startswith(tree + "/"), f"{field} isn't below {tree}: {live.describe(entry)}")
        return TEMPORARY.sub("*", path[len(tree) + 1:])

    return (entry.text("FOPSD_COMM"), entry.text("FOPSD_OP"), short("FOPSD_PATH"), short("FOPSD_NEW_PATH"))


def takes(wanted, got):
    """Whether what was observed is the expected operation."""
    comm, op, path, *new = wanted.split(" ")
    named = got[2] == path.lstrip("?") or got[2] is None and path[0] == "?"
    return named and (got[0], got[1], got[3]) == (comm, op, new[0] if new else None)


def is_optional(wanted, command):
    """ACLs are copied or not, owners set or not, by version of the tool and build."""
    op = wanted.split(" ")[1]
    return op == "setxattr" or op in ("chown", "chmod") and command.split(" ")[0] in ("tar", "sed", "install")


def wait_until_told(ground, pid, n):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if len(ground.entries(f"FOPSD_PID={pid}")) + len(ground.entries(f"FOPSD_PPID={pid}")) >= n:
            return


def test_tools(ground):
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(tree, ops='create", "delete", "rename", "modify", "read", "attr')
    pids = {}
    for index, (command, _) in enumerate(TOOLS):
        if command.split(" ")[0] in ("perl", "python3") and not shutil.which(command.split(" ")[0]):
            continue
        # The shell is the parent of all that the command starts.
        process = subprocess.Popen(["sh", "-c", command], cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        stderr = process.communicate()[1]
        live.equal((process.returncode, stderr), (0, b""), command)
        pids[process.pid] = index
        # The next one reuses names. With fopsd behind, what it finds there contradicts the records, and the path is left out.
        wait_until_told(ground, process.pid, sum(not is_optional(wanted, command) for wanted in TOOLS[index][1]))
    daemon.stop()

    by_command = collections.defaultdict(list)
    for entry in live.operations(ground.entries()):
        pid, ppid = entry.number("FOPSD_PID"), entry.number("FOPSD_PPID")
        live.check(pid in pids or ppid in pids, f"an operation of nobody: {live.describe(entry)}")
        by_command[pids[pid] if pid in pids else pids[ppid]].append(observed(entry, tree))

    faults = []
    for index in sorted(pids.values()):
        command, expected = TOOLS[index]
        left = list(by_command[index])
        for wanted in expected:
            # A list of the tree itself, or a directory listed twice, says nothing of the tool's work.
            found = next((got for got in left if takes(wanted, got)), None)
            if found:
                left.remove(found)
            elif not is_optional(wanted, command):
                faults.append(f"{command}: no {wanted}")
        faults += [f"{command}: unexpected {got}" for got in left if got[1] != "list"]
    live.check(not faults, "\n  ".join(["faults", *faults]))


def test_a_build_is_as_complete_as_its_files(ground):
    """A tree copied, changed and deleted with relative names and descriptors: by the end everything made is gone again."""
    ground.need_free_registration()
    tree = ground.tree()
    source = os.path.join(ground.private, "source")
    for i in range(10):
        os.makedirs(f"{source}/d{i}")
        for j in range(10):
            with open(f"{source}/d{i}/f{j}", "w") as f:
                f.write("x")
    daemon = ground.watching(tree)
    subprocess.run(["cp", "-r", source, tree + "/copy"], check=True)
    subprocess.run(["rm", "-r", tree + "/copy"], check=True)
    daemon.stop()
    counts = collections.Counter(e.text("FOPSD_OP") for e in live.operations(ground.entries()))
    for made, gone, n in (("create", "delete", 100), ("mkdir", "rmdir", 11)):
        live.equal((counts[made], counts[gone]), (n, n), f"{made} and {gone}")


if __name__ == "__main__":
    live.main()
