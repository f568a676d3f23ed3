#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Decoding mustn't become slower unseen: the instructions that it takes for a record, counted by callgrind, which on one input are the
same every time, whatever else the machine does. Compilers and C libraries differ by a few hundredths. What became faster by much is to be
written down here."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FOPSCTL = os.path.join(os.environ["FOPS_BUILD"], "ctl/fopsctl")

RECORDS = 10_000
# gcc 12 -O2 on x86-64, glibc 2.36.
INSTRUCTIONS_A_RECORD = 6_530
ALLOWED = 1.25


def count(path):
    """All instructions of a decode to JSON; None where valgrind doesn't know the processor or the program."""
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", FOPSCTL, "decode", "-o", "json", path],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env=dict(os.environ, LC_ALL="C"))
    counted = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    return int(counted[1]) if done.returncode == 0 and counted else None


def main():
    if not shutil.which("valgrind"):
        print("SKIP valgrind is not installed")
        return 77
    with tempfile.NamedTemporaryFile(prefix="fopsd-cost-") as log:
        subprocess.run([os.path.join(HERE, "make-log"), str(RECORDS)], stdout=log, check=True)
        instructions = count(log.name)
    if instructions is None:
        print("SKIP valgrind can't run it")
        return 77
    each = instructions / RECORDS
    print(f"{each:.0f} instructions a record, {each / INSTRUCTIONS_A_RECORD:.2f} of {INSTRUCTIONS_A_RECORD}")
    return 0 if each < INSTRUCTIONS_A_RECORD * ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())
