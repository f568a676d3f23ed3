/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The table of verbs. */

#include "verb.h"

#include <stdio.h>

const Verb *const verbs[] = {
        &verb_status,
        &verb_check,
        &verb_search,
        &verb_report,
        &verb_decode,
        NULL,
};

void verb_print_help(const Verb *verb) {
        printf("fopsctl %s %s\n\n%s.\n\n%s  -h, --help            show this\n", verb->name, verb->synopsis, verb->summary,
               verb->help);
}
