# SPDX-License-Identifier: GPL-2.0-or-later
"""Audit logs offline: fopsctl decode beside laurel, ausearch and wc, on one log made of captured events (make-log)."""

import os
import subprocess
import tempfile

from bench import HERE, Row, alternate, live, median, peak_mib, run, tool

LAUREL_CONF = """directory = "{directory}"
user = "root"
[auditlog]
file = "laurel.log"
size = 1000000000
generations = 1
"""
# ausearch takes minutes for a million: its time grows with the square.
FEW_RECORDS = 100_000


def make_log(directory, n):
    path = os.path.join(directory, f"{n}.log")
    with open(path, "wb") as f:
        subprocess.run([os.path.join(HERE, "make-log"), str(n)], stdout=f, check=True)
    return path


def laurel(measure, log, directory):
    conf = os.path.join(directory, "laurel.toml")
    with open(conf, "w") as f:
        f.write(LAUREL_CONF.format(directory=directory))
    with open(log, "rb") as f:
        return measure("laurel", "-c", conf, stdin=f, stderr=subprocess.DEVNULL)


def rows(options):
    n = options.records
    with tempfile.TemporaryDirectory(prefix="fopsd-bench-", dir=options.directory) as directory:
        log, few, twice = make_log(directory, n), make_log(directory, FEW_RECORDS), make_log(directory, 2 * n)
        out = os.path.join(directory, "out.json")

        def decode(path):
            with open(out, "wb") as f:
                return run(live.FOPSCTL, "decode", "-o", "json", path, stdout=f)

        used = alternate(options.rounds, {
            "fopsctl": lambda: decode(log),
            "fopsctl few": lambda: decode(few),
            "parse": lambda: run(tool("bench-parse"), log),
            "wc -l": lambda: run("wc", "-l", log),
            "laurel": lambda: laurel(run, log, directory),
            "ausearch": lambda: run("ausearch", "-if", few, "--format", "text"),
        })
        cpu = {name: median(u.cpu for u in usages) for name, usages in used.items()}
        size = os.path.getsize(log) / 1e6

        yield Row(f"decode of {n:,} records, {size:.0f} MB, to JSON: CPU", "s", cpu["fopsctl"],
                  {"laurel": cpu["laurel"], "wc -l": cpu["wc -l"]})
        yield Row(f"decode of {FEW_RECORDS:,} records: CPU", "s", cpu["fopsctl few"], {"ausearch --format text": cpu["ausearch"]})
        yield Row("decode: peak memory", "MiB", peak_mib(live.FOPSCTL, "decode", "-o", "json", log),
                  {"itself, of twice the records": peak_mib(live.FOPSCTL, "decode", "-o", "json", twice),
                   "laurel": laurel(peak_mib, log, directory)})
        yield Row("parse and correlate only: CPU", "s", cpu["parse"], {"wc -l": cpu["wc -l"]})
