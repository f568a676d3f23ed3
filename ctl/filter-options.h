/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The options that say what is asked for and where it is looked for, the same for every verb that asks. */

#include <getopt.h>

#include "query.h"
#include "source.h"

/* Long options without a letter of their own. A verb's own begin at FILTER_OPTION_END. */
enum {
        FILTER_OPTION_PPID = 256,
        FILTER_OPTION_LOGIN_USER,
        FILTER_OPTION_OP,
        FILTER_OPTION_SUCCESS,
        FILTER_OPTION_FAILED,
        FILTER_OPTION_SYSCALL,
        FILTER_OPTION_SESSION,
        FILTER_OPTION_TTY,
        FILTER_OPTION_UNIT,
        FILTER_OPTION_CONTAINER,
        FILTER_OPTION_HOST,
        FILTER_OPTION_END,
};

/* For getopt_long(3), among the verb's own. */
#define FILTER_OPTIONS_SHORT "f:x:c:p:u:k:e:a:wS:U:n:D:mi:"
#define FILTER_OPTIONS_LONG                                                   \
        { "file", required_argument, NULL, 'f' },                             \
        { "exe", required_argument, NULL, 'x' },                              \
        { "comm", required_argument, NULL, 'c' },                             \
        { "pid", required_argument, NULL, 'p' },                              \
        { "ppid", required_argument, NULL, FILTER_OPTION_PPID },              \
        { "user", required_argument, NULL, 'u' },                             \
        { "login-user", required_argument, NULL, FILTER_OPTION_LOGIN_USER },  \
        { "key", required_argument, NULL, 'k' },                              \
        { "op", required_argument, NULL, FILTER_OPTION_OP },                  \
        { "success", no_argument, NULL, FILTER_OPTION_SUCCESS },              \
        { "failed", no_argument, NULL, FILTER_OPTION_FAILED },                \
        { "exit", required_argument, NULL, 'e' },                             \
        { "syscall", required_argument, NULL, FILTER_OPTION_SYSCALL },        \
        { "session", required_argument, NULL, FILTER_OPTION_SESSION },        \
        { "tty", required_argument, NULL, FILTER_OPTION_TTY },                \
        { "unit", required_argument, NULL, FILTER_OPTION_UNIT },              \
        { "container", required_argument, NULL, FILTER_OPTION_CONTAINER },    \
        { "host", required_argument, NULL, FILTER_OPTION_HOST },              \
        { "event", required_argument, NULL, 'a' },                            \
        { "word", no_argument, NULL, 'w' },                                   \
        { "since", required_argument, NULL, 'S' },                            \
        { "until", required_argument, NULL, 'U' },                            \
        { "lines", required_argument, NULL, 'n' },                            \
        { "directory", required_argument, NULL, 'D' },                        \
        { "merge", no_argument, NULL, 'm' },                                  \
        { "input", required_argument, NULL, 'i' }

/* The term of the query that no option uses: for a verb that asks for one kind of entry. */
#define FILTER_TERM_KIND (QUERY_TERMS_MAX - 1)

/* Their lines of --help. */
extern const char *const filter_options_help;

typedef struct FilterOptions {
        Query query;
        uint64_t lines;        /* 0: not asked */
        const char *directory;
        bool merge;
        char **files;          /* of -i, from argv; the list is owned */
        size_t n_files;

        struct FilterOption *given; /* waiting for the rest: --word may come behind what it is for */
        size_t n_given;
        bool word;
        uint64_t now_usec;
        FopsArena arena;
} FilterOptions;

void filter_options_init(FilterOptions *o, uint64_t now_usec);
void filter_options_done(FilterOptions *o);

/* Takes what getopt_long() returned, with its argument, borrowed. 1: taken; 0: not one of these; -EINVAL: wrong, which
 * has been said on standard error; -ENOMEM. */
int filter_options_take(FilterOptions *o, int option, const char *argument);

/* When all are taken: makes o->query of them. Arguments that are no options are more files of -i. Returns as _take, 0 if
 * all is well. */
int filter_options_finish(FilterOptions *o, char **arguments, size_t n_arguments);

/* The source that they ask for; the rest of it is the caller's to set. */
SourceOptions filter_options_source(const FilterOptions *o);
