/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The table of verbs. */

#include "verb.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

const Verb *const verbs[] = {
        &verb_status,
        &verb_doctor,
        &verb_rules,
        &verb_watch,
        &verb_unwatch,
        &verb_check,
        &verb_search,
        &verb_report,
        &verb_follow,
        &verb_why,
        &verb_decode,
        NULL,
};

void verb_print_help(const Verb *verb) {
        printf("fopsctl %s %s\n\n%s.\n\n%s  -h, --help            show this\n", verb->name, verb->synopsis, verb->summary,
               verb->help);
}

bool verb_text_or_json(const char *word, bool *ret_json) {
        *ret_json = strcmp(word, "json") == 0;
        if (*ret_json || strcmp(word, "text") == 0)
                return true;
        fprintf(stderr, "fopsctl: unknown output format '%s': text or json\n", word);
        return false;
}

bool verb_is_all_taken(int argc, char **argv) {
        if (optind == argc)
                return true;
        fprintf(stderr, "fopsctl: unexpected argument '%s'\n", argv[optind]);
        return false;
}
