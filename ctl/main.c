/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl VERB: finds the verb and lets it run. */

#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "verb.h"

static void print_help(void) {
        printf("fopsctl VERB [OPTIONS…]\n\nAsks about file operations recorded by fopsd.\n\n");
        for (const Verb *const *v = verbs; *v; v++)
                printf("  %-10s %s\n", (*v)->name, (*v)->summary);
        printf("\nEach verb has --help; see also fopsctl(1).\n");
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                {},
        };
        int c;

        setlocale(LC_ALL, "");
        /* A closed pipe is an error of writing, at which a verb still puts things in order and ends well. */
        signal(SIGPIPE, SIG_IGN);

        /* '+': options behind the verb are the verb's. */
        while ((c = getopt_long(argc, argv, "+hV", options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        print_help();
                        return EXIT_FOUND;
                case 'V':
                        printf("fopsctl %s\n", FOPS_VERSION);
                        return EXIT_FOUND;
                default:
                        return EXIT_USAGE;
                }

        if (optind == argc) {
                fprintf(stderr, "fopsctl: no verb given; see fopsctl --help\n");
                return EXIT_USAGE;
        }

        for (const Verb *const *v = verbs; *v; v++)
                if (strcmp((*v)->name, argv[optind]) == 0) {
                        int n = optind;

                        optind = 0; /* glibc: begin anew */
                        return (*v)->run(*v, argc - n, argv + n);
                }

        fprintf(stderr, "fopsctl: unknown verb '%s'; see fopsctl --help\n", argv[optind]);
        return EXIT_USAGE;
}
