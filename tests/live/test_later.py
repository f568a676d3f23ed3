#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Watches on what isn't there yet, or not any more."""

import live
from test_operations import one_file


def test_a_file_that_is_not_there_yet(ground):
    one_file(ground, False)


def test_a_directory_that_comes_later(ground):
    """The watch arms itself when the path appears, and again after it was removed."""
    ground.need_free_registration()
    tree = ground.tree()
    daemon = ground.watching(tree + "/later")
    for _ in range(2):
        live.subprocess.run(["mkdir", tree + "/later"], check=True)
        live.time.sleep(1)
        live.subprocess.run(["touch", tree + "/later/f"], check=True)
        live.subprocess.run(["rm", "-r", tree + "/later"], check=True)
        live.time.sleep(1)
    daemon.stop()
    done = [e.text("FOPSD_OP") for e in live.operations(ground.entries()) if e.text("FOPSD_COMM") == "touch"]
    live.equal(done, ["create", "create"], "files made below it")


if __name__ == "__main__":
    live.main()
