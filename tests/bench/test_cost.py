#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Decoding, and the daemon's way from the ring to journald's datagram, mustn't become slower unseen: the instructions that they take for a
record, counted by callgrind, which on one input are the same every time, whatever else the machine does. Compilers and C libraries
differ by a few hundredths. What became faster by much is to be written down here.

test_cost.py decode|live"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ["FOPS_BUILD"]

RECORDS = 10_000
# gcc 12 -O2 on x86-64, glibc 2.36. Of the second, only what comes after the records were laid ready.
COSTS = {
    "decode": (3_200, ["ctl/fopsctl", "decode", "-o", "json"], []),
    "live": (3_100, ["tests/bench/bench-live"], ["--toggle-collect=deliver"]),
}
ALLOWED = 1.25


def count(command, options):
    """All instructions; None where valgrind doesn't know the processor or the program."""
    program, *arguments = command
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *options, os.path.join(BUILD, program),
                           *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env=dict(os.environ, LC_ALL="C", MALLOC_PERTURB_="0"))  # meson has all memory filled, which counts
    counted = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    return int(counted[1]) if done.returncode == 0 and counted else None


def main():
    if not shutil.which("valgrind"):
        print("SKIP valgrind is not installed")
        return 77
    with tempfile.NamedTemporaryFile(prefix="fopsd-cost-") as log:
        subprocess.run([os.path.join(HERE, "make-log"), str(RECORDS)], stdout=log, check=True)
        usual, command, options = COSTS[sys.argv[1]]
        instructions = count([*command, log.name], options)
    if instructions is None:
        print("SKIP valgrind can't run it")
        return 77
    each = instructions / RECORDS
    print(f"{each:.0f} instructions a record, {each / usual:.2f} of {usual}")
    return 0 if each < usual * ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())
