/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl report: what aureport does, over the journal.
 *   fopsctl report users -S today
 *      COUNT   FAILED  LAST                     USER
 *        120        3  2026-11-22 02:14:35.123  alice
 * One pass fills all tables that are asked for; the overview is most of them, cut short. `events` and `gaps` list instead of
 * counting. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "filter-options.h"
#include "pager.h"
#include "report-rows.h"
#include "verb.h"

/* Of each table in the overview: it fits a screen or two. */
#define OVERVIEW_ROWS 5U

typedef struct Reporting {
        FilterOptions filter;
        ReportRows rows;
        const Report *report; /* NULL: the overview */
        bool no_pager;

        Tally *tallies[REPORTS_MAX]; /* NULL: not asked for */
        FopsArena arena;             /* of one entry */
} Reporting;

static int visit(void *userdata, const FopsEntry *e) {
        Reporting *g = userdata;
        uint64_t usec = 0;
        int r = 0;

        fops_arena_reset(&g->arena);
        (void) query_parse_time(fops_entry_get(e, "FOPSD_TIME"), &usec);
        if (g->report && g->report->counting == LISTED)
                r = report_rows_print_entry(&g->rows, g->report, e);
        for (size_t i = 0; i < ELEMENTSOF(g->tallies) && r >= 0; i++)
                if (g->tallies[i])
                        r = report_count(reports + i, g->tallies[i], &g->arena, e, usec);
        return MIN(r, 0);
}

static int begin(Reporting *g) {
        const char *kind = g->report && strcmp(g->report->name, "gaps") == 0 ? "gap" : "operation";

        for (size_t i = 0; reports[i].name; i++) {
                bool wanted = g->report ? g->report == reports + i && reports[i].counting != LISTED : reports[i].in_overview;

                if (wanted && !(g->tallies[i] = tally_new()))
                        return -ENOMEM;
        }
        if (!g->report || g->report->counting == COUNT_TOTAL)
                return 0;
        return query_add(g->filter.query.terms + FILTER_TERM_KIND, "FOPSD_KIND", QUERY_EQUAL, fops_span_from_string(kind));
}

static uint64_t rows_wanted(const Reporting *g, const Report *r) {
        bool is_short = !g->report && r->counting != COUNT_HOUR && r->counting != COUNT_TOTAL;

        return g->filter.lines > 0 ? g->filter.lines : is_short ? OVERVIEW_ROWS : UINT64_MAX;
}

static int report(Reporting *g) {
        SourceOptions source = filter_options_source(&g->filter);
        int r, code;

        source.fields = report_fields;
        source.last = g->report && g->report->counting == LISTED ? g->filter.lines : 0;
        source.command = "fopsctl report -i -";
        source.visit = visit;
        source.userdata = g;

        r = begin(g);
        if (r >= 0)
                r = source_read(&source, NULL);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(g->tallies); i++)
                if (g->tallies[i])
                        report_rows_print(&g->rows, reports + i, g->tallies[i], rows_wanted(g, reports + i));
        if (!output_finish(r, &code))
                return code;
        if (r > 0 && (g->rows.n_rows == 0 || g->filter.n_files > 0))
                return EXIT_USAGE;
        return g->rows.n_rows > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

/* 0: run; 1: *@ret_exit is all there is to do; -ENOMEM. */
static int parse(const Verb *verb, int argc, char **argv, Reporting *g, int *ret_exit) {
        enum { OPTION_NO_PAGER = FILTER_OPTION_END };
        static const struct option options[] = {
                FILTER_OPTIONS_LONG,
                { "no-pager", no_argument, NULL, OPTION_NO_PAGER },
                { "output", required_argument, NULL, 'o' },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        int c, r;

        *ret_exit = EXIT_USAGE;
        while ((c = getopt_long(argc, argv, FILTER_OPTIONS_SHORT "o:h", options, NULL)) >= 0) {
                r = filter_options_take(&g->filter, c, optarg);
                if (r < 0)
                        return r == -EINVAL ? 1 : r;
                if (r > 0)
                        continue;

                switch (c) {
                case OPTION_NO_PAGER:
                        g->no_pager = true;
                        break;
                case 'o':
                        if (!output_format_from_string(optarg, OUTPUT_CSV + 1, &g->rows.format))
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

        if (optind < argc && (g->report = report_find(argv[optind])))
                optind++;
        else if (optind < argc && g->filter.n_files == 0) {
                fprintf(stderr, "fopsctl: unknown report '%s'; see fopsctl report --help\n", argv[optind]);
                return 1;
        }
        r = filter_options_finish(&g->filter, argv + optind, (size_t) (argc - optind));
        return r == -EINVAL ? 1 : r;
}

static int run(const Verb *verb, int argc, char **argv) {
        struct timespec now;
        Reporting g = {};
        Pager pager;
        int r, code;

        clock_gettime(CLOCK_REALTIME, &now);
        filter_options_init(&g.filter, (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000);
        r = parse(verb, argc, argv, &g, &code);
        if (r == 0) {
                g.rows.bold = pager_colours();
                pager_start(&pager, !g.no_pager);
                code = report(&g);
                pager_wait(&pager);
        }
        for (size_t i = 0; i < ELEMENTSOF(g.tallies); i++)
                tally_free(g.tallies[i]);
        report_rows_done(&g.rows);
        fops_arena_done(&g.arena);
        filter_options_done(&g.filter);
        if (r < 0)
                fprintf(stderr, "fopsctl: %s\n", strerror(-r));
        return r < 0 ? EXIT_USAGE : code;
}

const Verb verb_report = {
        .name = "report",
        .synopsis = "[REPORT] [OPTIONS…]",
        .summary = "Counts operations by who, what and where",
        .help = "Reports: files, users, exes, keys, ops, syscalls, pids, hosts, units, containers, hours, failures,\n"
                "totals; events and gaps are lists. Without a name an overview.\n\n"
                "  -o, --output FORMAT   text (default), json or csv\n"
                "  -n, --lines N         only N rows, the most frequent; of lists the latest\n"
                "      --no-pager        print all at once\n",
        .run = run,
};
