# SPDX-License-Identifier: GPL-2.0-or-later
"""The table "In place of other tools" of README.md: what to type elsewhere, and what to type here. tests/ctl/test_readme.py
runs what is about records, tests/live/test_readme.py what takes a kernel."""

import os
import re

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../README.md")


def rows():
    """Pairs of lines."""
    with open(README, encoding="utf-8") as f:
        text = f.read()
    section = text.split("\n## In place of other tools\n")[1].split("\n## ")[0]
    return [tuple(cell.replace("\\|", "|") for cell in pair) for pair in re.findall(r"^\| `(.+?)` \| `(.+?)` \|$", section, re.M)]


def rows_of(*programs):
    return [(theirs, ours) for theirs, ours in rows() if theirs.split()[0] in programs]
