/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The table of verbs, and how they take their options. */

#include "verb.h"

#include <getopt.h>
#include <limits.h>
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

/* What getopt_long(3) returns for the one at @place. */
static int option_value(const VerbOption *options, size_t place) {
        return options[place].letter ? options[place].letter : UCHAR_MAX + 1 + (int) place;
}

static bool take(const VerbOption *option, const char *argument) {
        if (option->json)
                return verb_text_or_json(argument, option->json);
        if (option->flag)
                *option->flag = true;
        else
                *option->argument = argument;
        return true;
}

bool verb_take_options(const Verb *verb, int argc, char **argv, const VerbOption *options, int *ret_exit) {
        struct option longs[VERB_OPTIONS_MAX + 2] = { { "help", no_argument, NULL, 'h' } };
        char letters[2 * VERB_OPTIONS_MAX + 2] = "h", *end = letters + 1;
        int c;

        for (size_t i = 0; options[i].name; i++) {
                longs[i + 1] = (struct option){ options[i].name, options[i].flag ? no_argument : required_argument, NULL,
                                                option_value(options, i) };
                if (options[i].letter)
                        *end++ = options[i].letter;
                if (options[i].letter && !options[i].flag)
                        *end++ = ':';
        }

        while ((c = getopt_long(argc, argv, letters, longs, NULL)) >= 0) {
                size_t i = 0;

                while (options[i].name && option_value(options, i) != c)
                        i++;
                if (options[i].name && take(options + i, optarg))
                        continue;
                if (c == 'h')
                        verb_print_help(verb);
                *ret_exit = c == 'h' ? EXIT_FOUND : EXIT_USAGE;
                return false;
        }
        return true;
}

bool verb_take_options_only(const Verb *verb, int argc, char **argv, const VerbOption *options, int *ret_exit) {
        if (!verb_take_options(verb, argc, argv, options, ret_exit))
                return false;
        if (optind == argc)
                return true;
        fprintf(stderr, "fopsctl: unexpected argument '%s'\n", argv[optind]);
        *ret_exit = EXIT_USAGE;
        return false;
}
