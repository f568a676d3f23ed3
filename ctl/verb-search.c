/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl search: what ausearch does, over the journal.
 *   fopsctl search -f /srv/data --op delete -S yesterday
 *   2026-11-22 02:14:35.123 alice deleted /srv/data/x with rm[4711] */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "checkpoint.h"
#include "filter-options.h"
#include "output.h"
#include "pager.h"
#include "verb.h"

typedef struct Search {
        FilterOptions filter;
        Output output;
        const char *checkpoint;
        bool just_one;
        bool no_pager;
} Search;

static int show(void *userdata, const FopsEntry *entry) {
        Search *s = userdata;
        int r;

        r = output_print(&s->output, entry);
        if (r < 0)
                return r;
        return s->just_one && s->output.n_printed > 0 ? SOURCE_ENOUGH : SOURCE_GO_ON;
}

/* 0: run; 1: *@ret_exit is all there is to do; -ENOMEM. */
static int parse(const Verb *verb, int argc, char **argv, Search *s, int *ret_exit) {
        enum { OPTION_JUST_ONE = FILTER_OPTION_END, OPTION_CHECKPOINT, OPTION_NO_PAGER };
        static const struct option options[] = {
                FILTER_OPTIONS_LONG,
                { "just-one", no_argument, NULL, OPTION_JUST_ONE },
                { "checkpoint", required_argument, NULL, OPTION_CHECKPOINT },
                { "no-pager", no_argument, NULL, OPTION_NO_PAGER },
                { "output", required_argument, NULL, 'o' },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        int c, r;

        *ret_exit = EXIT_USAGE;
        while ((c = getopt_long(argc, argv, FILTER_OPTIONS_SHORT "o:h", options, NULL)) >= 0) {
                r = filter_options_take(&s->filter, c, optarg);
                if (r < 0)
                        return r == -EINVAL ? 1 : r;
                if (r > 0)
                        continue;

                switch (c) {
                case OPTION_JUST_ONE:
                        s->just_one = true;
                        break;
                case OPTION_CHECKPOINT:
                        s->checkpoint = optarg;
                        break;
                case OPTION_NO_PAGER:
                        s->no_pager = true;
                        break;
                case 'o':
                        if (!output_format_from_string(optarg, _OUTPUT_FORMAT_MAX, &s->output.format))
                                return 1;
                        break;
                case 'h':
                        verb_print_help(verb);
                        printf("%s", filter_options_help);
                        *ret_exit = EXIT_FOUND;
                        return 1;
                default:
                        return 1;
                }
        }

        if (s->checkpoint && (s->filter.n_files > 0 || s->filter.lines > 0)) {
                fprintf(stderr, "fopsctl: --checkpoint is for all that is new in the journal: no --input, no --lines\n");
                return 1;
        }
        r = filter_options_finish(&s->filter, argv + optind, (size_t) (argc - optind));
        return r == -EINVAL ? 1 : r;
}

static int search(Search *s) {
        _cleanup_free_ char *cursor = NULL, *next_cursor = NULL;
        SourceOptions source = filter_options_source(&s->filter);
        int r, q, code;

        if (s->checkpoint) {
                r = checkpoint_read(s->checkpoint, &cursor);
                if (r < 0) {
                        fprintf(stderr, "fopsctl: %s: %s\n", s->checkpoint,
                                r == -EINVAL ? "not a checkpoint" : strerror(-r));
                        return EXIT_USAGE;
                }
        }

        source.fields = output_fields(s->output.format);
        source.last = s->filter.lines;
        source.cursor = cursor;
        source.keep_cursor = s->checkpoint;
        source.records = s->output.format == OUTPUT_RAW;
        source.command = "fopsctl search -i -";
        source.visit = show;
        source.userdata = s;

        output_begin(&s->output);
        r = source_read(&source, &next_cursor);
        if (!output_finish(r, &code))
                return code;
        q = next_cursor ? checkpoint_write(s->checkpoint, next_cursor) : 0;
        if (q < 0) {
                fprintf(stderr, "fopsctl: %s: %s\n", s->checkpoint, strerror(-q));
                return EXIT_USAGE;
        }

        if (s->output.n_recordless > 0)
                fprintf(stderr, "fopsctl: %ju entries came without their records: journal.fields = \"full\" keeps them\n",
                        (uintmax_t) s->output.n_recordless);
        /* "Nothing found" would be a lie about what can't be read; and who names a file wants it read. */
        if (r > 0 && (s->output.n_printed == 0 || s->filter.n_files > 0))
                return EXIT_USAGE;
        return s->output.n_printed > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

static int run(const Verb *verb, int argc, char **argv) {
        struct timespec now;
        Search s = {};
        Pager pager;
        int r, code;

        clock_gettime(CLOCK_REALTIME, &now);
        filter_options_init(&s.filter, (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000);
        r = parse(verb, argc, argv, &s, &code);
        if (r == 0) {
                s.output.file = stdout;
                s.output.with_host = s.filter.merge;
                s.output.to_terminal = isatty(STDOUT_FILENO);
                s.output.colours = pager_colours();
                pager_start(&pager, !s.no_pager);
                code = search(&s);
                pager_wait(&pager);
        }
        filter_options_done(&s.filter);
        if (r < 0)
                fprintf(stderr, "fopsctl: %s\n", strerror(-r));
        return r < 0 ? EXIT_USAGE : code;
}

const Verb verb_search = {
        .name = "search",
        .synopsis = "[OPTIONS…]",
        .summary = "Finds operations in the journal, or in audit logs",
        .help = "  -o, --output FORMAT   text (default), json, csv, raw or export\n"
                "  -n, --lines N         only the latest N\n"
                "      --just-one        only the first\n"
                "      --checkpoint FILE only what is new since the last time with FILE\n"
                "      --no-pager        print all at once\n",
        .run = run,
};
