/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow-options.h"

#include <getopt.h>
#include <stdio.h>

#include "nearest.h"

#define FORMAT_OF_INOTIFYWAIT "%w %e %f"
#define TIME_FORMAT "%Y-%m-%d %H:%M:%S"

void follow_options_done(FollowOptions *o) {
        follow_scope_done(&o->scope);
        *o = (FollowOptions){};
}

static int refuse(const char *what, const char *text) {
        fprintf(stderr, "fopsctl: '%s' is no %s\n", text, what);
        return 1;
}

static int take_events(FollowOptions *o, const char *words) {
        FopsNearest nearest = {};
        FopsSpan unknown;
        _cleanup_free_ char *word = NULL;

        if (inotify_selection_add(&o->selection, words, &unknown))
                return 0;
        nearest.word = word = strndup(unknown.data, unknown.size);
        if (!word)
                return -ENOMEM;
        for (const char *const *w = fops_op_words(); *w; w++)
                fops_nearest_try(&nearest, *w);
        fprintf(stderr, "fopsctl: unknown event '%s'%s%s%s\n", word, nearest.best ? "; did you mean '" : "",
                nearest.best ? nearest.best : "", nearest.best ? "'?" : "");
        return 1;
}

static int take_pattern(int (*set)(FollowScope *s, const char *regex, bool ignore_case), FollowOptions *o, const char *text,
                        bool ignore_case) {
        return set(&o->scope, text, ignore_case) == 0 ? 0 : refuse("regular expression", text);
}

static int take_format(FollowOptions *o, const char *text) {
        const char *wrong = follow_format_check(text);

        o->format.format = text;
        return wrong ? refuse("conversion of --format", wrong) : 0;
}

static int take_output(FollowOptions *o, const char *text) {
        return output_format_from_string(text, OUTPUT_RAW, &o->output) ? 0 : 1;
}

static int take_timeout(FollowOptions *o, const char *text) {
        uint32_t sec;

        if (!fops_span_to_u32(fops_span_from_string(text), &sec))
                return refuse("number of seconds", text);
        o->timeout_usec = sec * UINT64_C(1000000);
        return 0;
}

static int take_count(FollowOptions *o, const char *text) {
        return fops_span_to_u64(fops_span_from_string(text), &o->count) && o->count > 0 ? 0 : refuse("number of lines", text);
}

enum {
        OPTION_FORMAT = 256,
        OPTION_TIMEFMT,
        OPTION_NO_NEWLINE,
        OPTION_INCLUDE,
        OPTION_INCLUDE_ANY_CASE,
        OPTION_EXCLUDE,
        OPTION_EXCLUDE_ANY_CASE,
        OPTION_COUNT,
        OPTION_FAILED,
        OPTION_MERGE, /* -m is inotifywait's */
};

/* 0, 1 for what is wrong, which has been said, or -ENOMEM. */
static int take(FollowOptions *o, int option, bool *ret_monitor) {
        switch (option) {
        case 'e':
                return take_events(o, optarg);
        case 'r':
                o->scope.recursive = true;
                return 0;
        case 'm':
                *ret_monitor = true;
                return 0;
        case 'q':
                o->quiet = true;
                return 0;
        case 'o':
                return take_output(o, optarg);
        case 'D':
                o->directory = optarg;
                return 0;
        case OPTION_MERGE:
                o->merge = true;
                return 0;
        case 't':
                return take_timeout(o, optarg);
        case OPTION_FORMAT:
                return take_format(o, optarg);
        case OPTION_TIMEFMT:
                o->format.time_format = optarg;
                return 0;
        case OPTION_NO_NEWLINE:
                o->format.no_newline = true;
                return 0;
        case OPTION_INCLUDE:
        case OPTION_INCLUDE_ANY_CASE:
                return take_pattern(follow_scope_include, o, optarg, option == OPTION_INCLUDE_ANY_CASE);
        case OPTION_EXCLUDE:
        case OPTION_EXCLUDE_ANY_CASE:
                return take_pattern(follow_scope_exclude, o, optarg, option == OPTION_EXCLUDE_ANY_CASE);
        case OPTION_COUNT:
                return take_count(o, optarg);
        case OPTION_FAILED:
                o->with_failed = true;
                return 0;
        }
        return 1;
}

static int take_paths(FollowOptions *o, char **paths) {
        for (; *paths; paths++) {
                int r;

                r = follow_scope_add(&o->scope, *paths);
                if (r == -ENOMEM)
                        return r;
                if (r < 0) {
                        fprintf(stderr, "fopsctl: %s: %s\n", *paths, strerror(-r));
                        return 1;
                }
        }
        return 0;
}

int follow_options_parse(FollowOptions *o, const Verb *verb, int argc, char **argv, int *ret_exit) {
        static const struct option options[] = {
                { "event", required_argument, NULL, 'e' },
                { "recursive", no_argument, NULL, 'r' },
                { "monitor", no_argument, NULL, 'm' },
                { "quiet", no_argument, NULL, 'q' },
                { "output", required_argument, NULL, 'o' },
                { "directory", required_argument, NULL, 'D' },
                { "merge", no_argument, NULL, OPTION_MERGE },
                { "timeout", required_argument, NULL, 't' },
                { "format", required_argument, NULL, OPTION_FORMAT },
                { "timefmt", required_argument, NULL, OPTION_TIMEFMT },
                { "no-newline", no_argument, NULL, OPTION_NO_NEWLINE },
                { "include", required_argument, NULL, OPTION_INCLUDE },
                { "includei", required_argument, NULL, OPTION_INCLUDE_ANY_CASE },
                { "exclude", required_argument, NULL, OPTION_EXCLUDE },
                { "excludei", required_argument, NULL, OPTION_EXCLUDE_ANY_CASE },
                { "count", required_argument, NULL, OPTION_COUNT },
                { "failed", no_argument, NULL, OPTION_FAILED },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        bool monitor = false;
        int c, r;

        o->format.time_format = TIME_FORMAT;
        *ret_exit = EXIT_USAGE;
        while ((c = getopt_long(argc, argv, "e:rmqo:D:t:h", options, NULL)) >= 0) {
                if (c == 'h') {
                        verb_print_help(verb);
                        *ret_exit = EXIT_FOUND;
                        return 1;
                }
                r = c == '?' ? 1 : take(o, c, &monitor);
                if (r != 0)
                        return r;
        }

        if (monitor && !o->format.format && o->output == OUTPUT_TEXT)
                o->format.format = FORMAT_OF_INOTIFYWAIT;
        if (o->format.format && o->output != OUTPUT_TEXT) {
                fprintf(stderr, "fopsctl: either --format or --output\n");
                return 1;
        }
        return take_paths(o, argv + optind);
}
