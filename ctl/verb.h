/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A verb of fopsctl: one file ctl/verb-NAME.c that defines one of these, and one line in the table of ctl/verb.c. */

#include "util.h"

/* What fopsctl exits with. */
enum {
        EXIT_FOUND = 0,  /* found, ok */
        EXIT_NOTHING = 1, /* nothing found, not ok */
        EXIT_USAGE = 2,  /* wrong usage, or it cannot run */
};

typedef struct Verb {
        const char *name;
        const char *synopsis; /* behind the name: "[-o FORMAT] [FILE…]" */
        const char *summary;  /* one line */
        const char *help;     /* the options, lines ending in newline */
        int (*run)(const struct Verb *verb, int argc, char **argv); /* argv[0] is the verb's name; returns an exit code */
} Verb;

extern const Verb verb_check;
extern const Verb verb_decode;
extern const Verb verb_doctor;
extern const Verb verb_follow;
extern const Verb verb_report;
extern const Verb verb_rules;
extern const Verb verb_search;
extern const Verb verb_status;
extern const Verb verb_unwatch;
extern const Verb verb_watch;
extern const Verb verb_why;

/* NULL-terminated, in the order of --help. */
extern const Verb *const verbs[];

/* The word of -o, where there are but these two; false, and said on standard error, for another. */
bool verb_text_or_json(const char *word, bool *ret_json);

/* An option of verbs that have few, and what it sets: one of these, left alone if it isn't given. A list ends with one of no name. */
typedef struct VerbOption {
        const char *name;      /* behind "--" */
        char letter;           /* behind "-"; 0: none */
        bool *flag;
        const char **argument;
        bool *json;            /* by its argument: verb_text_or_json() */
} VerbOption;

/* Takes @options, VERB_OPTIONS_MAX at most, and --help. Leaves the arguments from optind on, or, in the second form, there are to be
 * none. False: *@ret_exit is all there is to do. */
#define VERB_OPTIONS_MAX 8
bool verb_take_options(const Verb *verb, int argc, char **argv, const VerbOption *options, int *ret_exit);
bool verb_take_options_only(const Verb *verb, int argc, char **argv, const VerbOption *options, int *ret_exit);

/* --help of one verb. */
void verb_print_help(const Verb *verb);
