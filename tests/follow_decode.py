#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`tail -F audit.log | fopsctl decode | …`: each operation comes out when its records have come in, whatever comes next, in each
form, from standard input and from other pipes."""

import os
import select
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.environ.get("FOPS_TEST_DATA", os.path.join(HERE, "data"))
FOPSCTL = os.path.join(os.environ.get("FOPS_BUILD", os.path.join(HERE, "../build")), "ctl/fopsctl")
# Of what it says when the log goes on, not of how fast it is.
PATIENCE_SECONDS = 20


def lines_before_the_end(form, file):
    """How many lines come out of so many complete events before the log ends."""
    with open(os.path.join(DATA, "rename.log"), "rb") as f:
        log = f.read()
    expected = subprocess.run([FOPSCTL, "decode", "-o", form, "-"], input=log, stdout=subprocess.PIPE, check=True).stdout
    with subprocess.Popen([FOPSCTL, "decode", "-o", form, *file], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as decode:
        decode.stdin.write(log)
        decode.stdin.flush()
        said, deadline = b"", time.monotonic() + PATIENCE_SECONDS
        while len(said) < len(expected) and select.select([decode.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
            said += os.read(decode.stdout.fileno(), 65536)
        decode.stdin.close()
    return said.count(b"\n"), expected.count(b"\n")


def main():
    failed = 0
    for form in ("text", "json"):
        for file in ([], ["-"], ["/dev/stdin"]):
            came, expected = lines_before_the_end(form, file)
            if came != expected:
                print(f"decode -o {form} {' '.join(file)}: {came} of {expected} operations came before the end")
                failed += 1
    return failed > 0


sys.exit(main())
