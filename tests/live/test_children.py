#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""recursive = false: a directory and what stands in it, and nothing deeper, by true paths and not by what a process says."""

import os
import subprocess

import live

SCRIPT = """
touch f; mkdir d d/deep; touch d/g d/deep/h; touch ../link/s; touch ../link/d/t
cd d; touch u ../v; mv u ../w; mv ../w deep/x; cd ..
chmod 0700 . d d/g
ln d/g hard; mv d e; touch e/y; mv e/deep e/other
rm -rf e
rm -r "$PWD"/hard
"""


def test_only_the_children_are_told(ground):
    ground.need_free_registration()
    top = ground.tree()
    os.symlink("data", os.path.dirname(top) + "/link")
    watch = f'watches = ( {{ path = "{top}"; recursive = false; ops = ["write", "attr"]; }} ); canary = {{ startup = false; }};'
    daemon = ground.fopsd("-c", ground.config(watch))
    subprocess.run(["bash", "-ec", SCRIPT], cwd=top, check=True)
    daemon.stop()

    told = [(e.text("FOPSD_OP"), e.text("FOPSD_PATH").removeprefix(top), (e.text("FOPSD_NEW_PATH") or "").removeprefix(top))
            for e in live.operations(ground.entries()) if e.text("FOPSD_OP") != "utime" and e.text("FOPSD_RESULT") == "success"]
    live.equal(told, [
        ("create", "/f", ""), ("mkdir", "/d", ""), ("create", "/s", ""), ("create", "/v", ""),
        ("rename", "/d/u", "/w"), ("rename", "/w", "/d/deep/x"), ("chmod", "", ""), ("chmod", "/d", ""),
        ("link", "/d/g", "/hard"), ("rename", "/d", "/e"), ("rmdir", "/e", ""), ("delete", "/hard", ""),
    ], "operations on children")


if __name__ == "__main__":
    live.main()
