# SPDX-License-Identifier: GPL-2.0-or-later
"""bash completion: the words there are, and hostile values of the journal that must neither run nor show."""

import os
import time

import journal as j
from journal import check, equal, fopsctl, run

COMPLETION = os.path.join(j.HERE, "../../conf/completions/fopsctl.bash")
# What bash-completion does, as far as it is used.
STUB = """
_init_completion() {
        words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
        cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
}
_filedir() { COMPREPLY=(FILES); }
. "$COMPLETION"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_fopsctl
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(*words):
    done = run(["bash", "-c", STUB, "fopsctl", "fopsctl", *words], env={**os.environ, "COMPLETION": COMPLETION})
    equal(done.stderr, b"", f"complaints of completing {words}")
    return done.stdout.decode().split("\n")[:-1]


def test_words_are_those_of_the_verb(jr):
    equal(complete("se"), ["search"], "a verb")
    equal(complete("search", "--just"), ["--just-one"], "an option")
    equal(complete("report", "ga"), ["gaps"], "a report")
    equal(complete("search", "-o", "ex"), ["export"], "a format")
    equal(complete("report", "-o", "ex"), [""], "a format of another verb")
    equal(complete("search", "--op", "ren"), ["rename"], "an operation")
    equal(complete("check", "-c", ""), ["FILES"], "a file")
    equal(complete("watch", "/s"), ["FILES"], "a path to watch")
    equal(complete("watch", "/srv", "-o", "tr"), ["truncate"], "an operation to watch")
    equal(complete("follow", "-e", "moved"), ["moved_from", "moved_to"], "inotify's events")


def test_every_option_offered_is_taken(jr):
    for verb in ("search", "report", "follow", "why", "status", "rules", "watch", "unwatch", "doctor", "decode", "check"):
        help_ = fopsctl(verb, "--help").out.decode()
        for option in complete(verb, "--"):
            check(option in help_, f"{option} isn't in the help of {verb}")
        for word in help_.split():
            if word.startswith("--") and len(word) > 2:
                word = word.rstrip(",:;")
                check(word in complete(verb, "--") or verb in ("decode", "check"), f"{word} of {verb} isn't offered")


def test_keys_come_from_the_journal_and_stay_words(jr):
    trap = os.path.join(jr.directory, "trap")
    touch = b"touch " + trap.encode()
    for key in (b"data", b"ssh", b"$(" + touch + b")", b"`" + touch + b"`", b"d;" + touch, b"a b", b"\x1b[2J"):
        jr.send_as(j.NOBODY, [("SYSLOG_IDENTIFIER", b"fopsd"), ("FOPSD_KEY", key), ("FOPSD_TIME", b"%.3f" % time.time())])
    equal(sorted(complete("search", "-k", "")), ["data", "ssh"], "keys")
    equal(complete("search", "--key", "d"), ["data"], "keys that begin so")
    equal(complete("search", "--unit", "n"), ["none"], "a unit")
    check(not os.path.exists(trap), "a key was run as a command")


if __name__ == "__main__":
    j.main()
