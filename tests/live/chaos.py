#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One process that does anything to a tree, at random, and knows what it did:

    chaos.py SEED SECONDS TOP AWAY TRUTH

in bursts at full speed makes directories and files in TOP, moves whole trees about, exchanges them, removes them, links files; by absolute
names, from current directories and descriptors that stay open while all this moves, through ".." and by children that are gone at once. If
AWAY isn't empty, some of it is done in there, and trees are carried there and back. Writes to TRUTH what it did in TOP, one line of JSON
each: pid, operation, path, new path."""

import ctypes
import json
import os
import random
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
# So many directories and files that they are met again and again, and descriptors and current directories among them.
DIRECTORIES, FILES, DESCRIPTORS = 40, 60, 12
# Operations that are thought out before they are done.
BURST = 500


class Node:
    def __init__(self, parent, name, is_directory, file=None):
        self.name, self.is_directory, self.children, self.parent = name, is_directory, {}, None
        self.file = file or self  # the same for two names of one file
        self.put(parent, name)

    def put(self, parent, name):
        self.parent, self.name = parent, name
        if parent:
            parent.children[name] = self

    def take(self):
        del self.parent.children[self.name]
        self.parent = None

    def path(self):
        return f"{self.parent.path()}/{self.name}" if self.parent else self.name

    def above(self):
        node = self
        while node:
            yield node
            node = node.parent

    def below(self):
        yield self
        for child in list(self.children.values()):
            yield from child.below()


class Chaos:
    def __init__(self, seed, top, away, truth):
        self.random = random.Random(seed)
        self.top = Node(None, top, True)
        self.away = Node(None, away, True) if away else None
        self.truth = truth
        self.plan = []         # (call, what to tell)
        self.open_now = {}     # number → fd
        self.descriptors = []  # (number, directory), as it will be
        self.cwd = None
        self.n = 0

    def nodes(self, is_directory):
        return [n for root in self.roots() for n in root.below() if n.is_directory == is_directory and n.parent]

    def roots(self):
        return [self.top] + [self.away] * (self.away is not None)

    def directory(self):
        return self.random.choice([*self.roots(), *self.nodes(True)])

    def new_name(self):
        # Few names, so that what is wrong looks right.
        return self.random.choice("abcdefgh") + self.random.choice(["", "1", "2"])

    def free_name(self, parent):
        name = self.new_name()
        while name in parent.children:
            name += self.random.choice("xyz")
        return name

    def is_attached(self, node):
        return any(root in node.above() for root in self.roots())

    def said(self, parent, name):
        """(number of a descriptor or None, what to say) for @name in @parent, in one of the ways that lead there."""
        ways = [(None, f"{parent.path()}/{name}")]
        starts = [*self.descriptors, *([(None, self.cwd)] if self.cwd else [])]
        for fd, start in starts:
            if not self.is_attached(start):
                continue
            above, ups = list(parent.above()), 0
            for node in start.above():
                if node in above:
                    steps = [n.name for n in reversed(above[:above.index(node)])]
                    ways.append((fd, "/".join([".."] * ups + steps + [name])))
                    break
                ups += 1
        return self.random.choice(ways[:1] + ways[1:] * 2)

    def tell(self, op, path, new_path=None):
        self.truth.write(json.dumps([os.getpid(), op, path, new_path]) + "\n")

    def is_inside(self, path):
        return path is not None and path.startswith(self.top.name + "/")

    def do(self, call, *told):
        self.plan.append((call, told if any(self.is_inside(path) for path in told[1:]) else ()))

    def at(self, number):
        return None if number is None else self.open_now[number]

    def carry_out(self):
        for call, told in self.plan:
            # By a child that is gone at once, now and then.
            if told and self.random.random() < 0.02:
                self.truth.flush()
                pid = os.fork()
                if pid == 0:
                    call()
                    self.tell(*told)
                    self.truth.flush()
                    os._exit(0)
                if os.waitpid(pid, 0)[1] != 0:
                    sys.exit("a child failed")
                continue
            call()
            if told:
                self.tell(*told)
        self.plan.clear()

    # -- operations --

    def mkdir(self):
        parent = self.directory()
        name = self.free_name(parent)
        fd, said = self.said(parent, name)
        self.do(lambda: os.mkdir(said, dir_fd=self.at(fd)), "mkdir", f"{parent.path()}/{name}")
        Node(parent, name, True)

    def create(self):
        parent = self.directory()
        name = self.free_name(parent)
        fd, said = self.said(parent, name)
        self.do(lambda: os.close(os.open(said, os.O_CREAT | os.O_EXCL | os.O_WRONLY, dir_fd=self.at(fd))), "create", f"{parent.path()}/{name}")
        Node(parent, name, False)

    def unlink(self, node=None):
        files = self.nodes(False)
        node = node or (files and self.random.choice(files))
        if not node:
            return
        fd, said = self.said(node.parent, node.name)
        self.do(lambda: os.unlink(said, dir_fd=self.at(fd)), "delete", node.path())
        node.take()

    def rmdir(self, node=None):
        empty = [n for n in self.nodes(True) if not n.children]
        node = node or (empty and self.random.choice(empty))
        if not node:
            return
        fd, said = self.said(node.parent, node.name)
        self.do(lambda: os.rmdir(said, dir_fd=self.at(fd)), "rmdir", node.path())
        node.take()

    def remove_tree(self):
        directories = self.nodes(True)
        if not directories:
            return
        for node in reversed(list(self.random.choice(directories).below())):
            (self.rmdir if node.is_directory else self.unlink)(node)

    def move(self, node, parent, name):
        """Over what has the name, if that may go."""
        fd, said = self.said(node.parent, node.name)
        new_fd, new_said = self.said(parent, name)
        self.do(lambda: os.rename(said, new_said, src_dir_fd=self.at(fd), dst_dir_fd=self.at(new_fd)), "rename", node.path(), f"{parent.path()}/{name}")
        node.take()
        if name in parent.children:
            parent.children[name].take()
        node.put(parent, name)

    def rename(self):
        nodes = self.nodes(True) + self.nodes(False)
        if not nodes:
            return
        node, parent, name = self.random.choice(nodes), self.directory(), self.new_name()
        there = parent.children.get(name)
        if node in parent.above() or there is node or (there and (there.is_directory != node.is_directory or there.children)):
            return
        # Two names of one file stay as they are.
        if there and there.file is node.file:
            return
        self.move(node, parent, name)

    def exchange(self):
        nodes = self.nodes(True) + self.nodes(False)
        if len(nodes) < 2:
            return
        a, b = self.random.sample(nodes, 2)
        if a in b.above() or b in a.above() or a.file is b.file:
            return
        (fd, said), (new_fd, new_said) = self.said(a.parent, a.name), self.said(b.parent, b.name)

        def call():
            if LIBC.renameat2(AT_FDCWD if fd is None else self.at(fd), os.fsencode(said), AT_FDCWD if new_fd is None else self.at(new_fd),
                              os.fsencode(new_said), RENAME_EXCHANGE) != 0:
                sys.exit(f"exchange: {os.strerror(ctypes.get_errno())}")

        self.do(call, "exchange", a.path(), b.path())
        (a_parent, a_name), (b_parent, b_name) = (a.parent, a.name), (b.parent, b.name)
        a.take()
        b.take()
        a.put(b_parent, b_name)
        b.put(a_parent, a_name)

    def link(self):
        files = self.nodes(False)
        if not files:
            return
        node, parent = self.random.choice(files), self.directory()
        name = self.free_name(parent)
        (fd, said), (new_fd, new_said) = self.said(node.parent, node.name), self.said(parent, name)
        self.do(lambda: os.link(said, new_said, src_dir_fd=self.at(fd), dst_dir_fd=self.at(new_fd)), "link", node.path(), f"{parent.path()}/{name}")
        Node(parent, name, False, node.file)

    def chmod(self):
        nodes = self.nodes(True) + self.nodes(False)
        if not nodes:
            return
        node = self.random.choice(nodes)
        fd, said = self.said(node.parent, node.name)
        self.do(lambda: os.chmod(said, 0o700, dir_fd=self.at(fd)), "chmod", node.path())

    def stand(self):
        self.cwd = self.directory()
        self.do(lambda path=self.cwd.path(): os.chdir(path))

    def open(self):
        self.n += 1
        directory = self.directory()
        self.descriptors.append((self.n, directory))

        def call(number=self.n, path=directory.path()):
            self.open_now[number] = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

        self.do(call)

    def close(self):
        number, _ = self.descriptors.pop(self.random.randrange(len(self.descriptors)))
        self.do(lambda: os.close(self.open_now.pop(number)))

    def carry(self):
        """A whole tree, away or back."""
        inside = self.random.random() < 0.4
        nodes = [n for n in self.nodes(True) if (self.top in n.above()) == inside]
        if not nodes:
            return
        node = self.random.choice(nodes)
        parent = self.away if inside else self.random.choice([n for n in self.top.below() if n.is_directory])
        self.move(node, parent, self.free_name(parent))

    def step(self):
        choices = [self.rename] * 6 + [self.exchange] * 2 + [self.chmod] * 2 + [self.link, self.stand, self.open]
        choices += [self.mkdir] * 4 if len(self.nodes(True)) < DIRECTORIES else [self.remove_tree, self.rmdir]
        choices += [self.create] * 4 if len(self.nodes(False)) < FILES else [self.unlink] * 4
        choices += [self.carry] * 6 if self.away else []
        choices += [self.close] if len(self.descriptors) > DESCRIPTORS else []
        self.random.choice(choices)()


def main():
    seed, seconds, top, away, path = sys.argv[1:]
    deadline = time.monotonic() + float(seconds)
    with open(path, "a", encoding="ascii") as truth:
        chaos = Chaos(seed, top, away, truth)
        while time.monotonic() < deadline:
            for _ in range(BURST):
                chaos.step()
            chaos.carry_out()


if __name__ == "__main__":
    main()
