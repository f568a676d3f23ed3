#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Captured records against the operations expected of them: each tests/data/NAME.log through `fopsctl decode -o json`, held
against tests/data/NAME.json event by event and field by field.

    golden.py              compares all
    golden.py --show NAME  prints what decode says now, in the form of NAME.json: to be held against the truth, never just taken

Names of users and groups are the machine's, and MESSAGE has them in it (test-message.c has its own tests); they are left out.
FOPSD_BELOW follows from FOPSD_DIR and FOPSD_NEW_PATH, and is held against those.
tests/live/capture.py makes the captures.

Entries are compared by event, in whatever order. A field expected to be null is not compared: the path of what was done in
another mount namespace or through a symlink is not in the records, and without a machine to ask, decode can only say what the
process said.
"""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.environ.get("FOPS_TEST_DATA", os.path.join(HERE, "data"))
FOPSCTL = os.path.join(os.environ.get("FOPS_BUILD", os.path.join(HERE, "../build")), "ctl/fopsctl")

# The same in every entry, or the machine's.
LEFT_OUT = {"SYSLOG_IDENTIFIER", "MESSAGE_ID", "MESSAGE", "FOPSD_USER", "FOPSD_GROUP", "FOPSD_LOGIN_USER", "FOPSD_BELOW"}
BELOW_MAX = 32


def values(entry, field):
    """As bytes: a string, an array of bytes, or an array of such."""
    value = entry.get(field, [])
    several = value if isinstance(value, list) and not (value and isinstance(value[0], int)) else [value]
    return [bytes(v) if isinstance(v, list) else v.encode() for v in several]


def check_below(entry):
    directories = values(entry, "FOPSD_DIR") + [os.path.dirname(path) for path in values(entry, "FOPSD_NEW_PATH")]
    expected = []
    for directory in directories:
        parts = directory.strip(b"/").split(b"/")[:BELOW_MAX] if directory != b"/" else []
        above = [b"/" + b"/".join(parts[:i]) for i in range(1, len(parts) + 1)]
        expected += [path for path in above if path not in expected]
    if values(entry, "FOPSD_BELOW") != expected:
        sys.exit(f"FOPSD_BELOW isn't what is above {directories}: {entry}")


def decode(name):
    result = subprocess.run([FOPSCTL, "decode", "-o", "json", os.path.join(DATA, name + ".log")], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, check=False)
    # Complaints are about malformed records and cut events: there are none in these files.
    if result.returncode != 0 or result.stderr:
        sys.exit(f"{name}: decode ended with {result.returncode}: {result.stderr.decode(errors='replace')}")
    entries = [json.loads(line) for line in result.stdout.splitlines()]
    for entry in entries:
        check_below(entry)
    return [{field: value for field, value in entry.items() if field not in LEFT_OUT} for entry in entries]


def by_event(entries):
    return {(entry["FOPSD_EVENT"], entry["FOPSD_KIND"]): entry for entry in entries}


def compare(name):
    with open(os.path.join(DATA, name + ".json"), encoding="utf-8") as f:
        expected = by_event(json.loads(line) for line in f)
    decoded = decode(name)
    got = by_event(decoded)
    faults = [f"{event}: no {kind}" for event, kind in expected.keys() - got.keys()]
    faults += [f"{event}: a {kind} too many" for event, kind in got.keys() - expected.keys()]
    if len(got) != len(decoded):
        faults.append("an event has two entries")
    for key in expected.keys() & got.keys():
        e, g = expected[key], got[key]
        for field in sorted(set(e) | set(g)):
            if e.get(field, "") is not None and e.get(field) != g.get(field):
                faults.append(f"{key[0]}: {field}: expected {e.get(field)!r}, got {g.get(field)!r}")
    print(f"{name}: {len(expected)} entries, {'ok' if not faults else 'FAIL'}")
    for fault in faults[:20]:
        print("  " + fault)
    return not faults


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--show":
        for entry in decode(sys.argv[2]):
            print(json.dumps(entry))
        return
    names = sorted(file[:-4] for file in os.listdir(DATA) if file.endswith(".log"))
    if not names:
        sys.exit("no captures")
    # Not all(): every file's faults in one run.
    if not min([compare(name) for name in names]):
        sys.exit(1)


main()
