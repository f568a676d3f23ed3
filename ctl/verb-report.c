/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl report: what aureport does, over the journal.
 *   fopsctl report users -S today
 *      COUNT   FAILED  LAST                     USER
 *        120        3  2026-11-22 02:14:35.123  alice
 * One pass fills all tables that are asked for; the overview is most of them, cut short. Rows have one form whatever they
 * count, in text, CSV and JSON. `events` and `gaps` list instead of counting. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "csv.h"
#include "filter-options.h"
#include "json.h"
#include "output.h"
#include "pager.h"
#include "tally.h"
#include "text.h"
#include "verb.h"

/* Of each table in the overview: it fits a screen or two. */
#define OVERVIEW_ROWS 5U
#define BAR_CHARS 40U
#define BOLD "\x1b[1m"
#define NORMAL "\x1b[0m"

typedef enum Counting {
        COUNT_FIRST,  /* by the first field that the entry has */
        COUNT_EACH,   /* by every value of every field */
        COUNT_JOINED, /* by the first field's value with the next that there is behind it */
        COUNT_HOUR,
        COUNT_TOTAL,  /* by kind of entry */
        LISTED,       /* not counted: every entry is a row of these fields */
} Counting;

typedef struct Report {
        const char *name, *heading;
        Counting counting;
        bool in_overview, failed_only;
        const char *fields[6];
} Report;

/* In the order of the overview. */
static const Report reports[] = {
        { "totals", "KIND", COUNT_TOTAL, true, false, { "FOPSD_KIND" } },
        { "ops", "OPERATION", COUNT_FIRST, true, false, { "FOPSD_OP" } },
        { "users", "USER", COUNT_FIRST, true, false, { "FOPSD_LOGIN_USER", "FOPSD_AUID", "FOPSD_USER", "FOPSD_UID" } },
        { "exes", "PROGRAM", COUNT_FIRST, true, false, { "FOPSD_EXE", "FOPSD_COMM" } },
        { "files", "FILE", COUNT_EACH, true, false, { "FOPSD_PATH", "FOPSD_NEW_PATH" } },
        { "failures", "FAILURE", COUNT_JOINED, true, true, { "FOPSD_ERRNO", "FOPSD_PATH", "FOPSD_DIR" } },
        { "keys", "KEY", COUNT_EACH, true, false, { "FOPSD_KEY" } },
        { "units", "UNIT", COUNT_FIRST, true, false, { "FOPSD_UNIT" } },
        { "containers", "CONTAINER", COUNT_FIRST, true, false, { "FOPSD_CONTAINER" } },
        { "hosts", "HOST", COUNT_FIRST, true, false, { "_HOSTNAME", "FOPSD_NODE" } },
        { "hours", "HOUR", COUNT_HOUR, true, false, { "FOPSD_TIME" } },
        { "syscalls", "SYSTEM CALL", COUNT_FIRST, false, false, { "FOPSD_SYSCALL" } },
        { "pids", "PROCESS", COUNT_JOINED, false, false, { "FOPSD_PID", "FOPSD_EXE", "FOPSD_COMM" } },
        { "events", NULL, LISTED, false, false,
          { "FOPSD_TIME", "FOPSD_EVENT", "FOPSD_OP", "FOPSD_RESULT", "FOPSD_USER", "FOPSD_PATH" } },
        { "gaps", NULL, LISTED, false, false,
          { "FOPSD_TIME", "FOPSD_GAP_COUNT", "FOPSD_GAP_FROM", "FOPSD_GAP_UNTIL", "FOPSD_GAP_CAUSE" } },
};

/* All that any report looks at. */
static const char *const fields[] = {
        "FOPSD_TIME",      "FOPSD_KIND",      "FOPSD_COUNT",    "FOPSD_RESULT",   "FOPSD_OP",       "FOPSD_LOGIN_USER",
        "FOPSD_AUID",      "FOPSD_USER",      "FOPSD_UID",      "FOPSD_EXE",      "FOPSD_COMM",     "FOPSD_PATH",
        "FOPSD_NEW_PATH",  "FOPSD_ERRNO",     "FOPSD_DIR",      "FOPSD_KEY",      "FOPSD_UNIT",     "FOPSD_CONTAINER",
        "_HOSTNAME",       "FOPSD_NODE",      "FOPSD_SYSCALL",  "FOPSD_PID",      "FOPSD_EVENT",    "FOPSD_GAP_CAUSE",
        "FOPSD_GAP_COUNT", "FOPSD_GAP_FROM",  "FOPSD_GAP_UNTIL", NULL,
};

typedef struct Reporting {
        FilterOptions filter;
        OutputFormat format;
        const Report *report; /* NULL: the overview */
        bool no_pager, bold;

        Tally *tallies[ELEMENTSOF(reports)]; /* NULL: not asked for */
        FopsArena arena;                     /* of one entry */
        uint64_t n_rows;
} Reporting;

/* --- counting --------------------------------------------------------------------------------------------------------- */

static FopsSpan first_value(const FopsEntry *e, const char *const *names) {
        FopsSpan value = FOPS_SPAN_ABSENT;

        for (; *names && !fops_span_is_present(value); names++)
                value = fops_entry_get(e, *names);
        return value;
}

static FopsSpan joined_value(FopsArena *arena, const FopsEntry *e, const char *const *names) {
        FopsSpan a = fops_entry_get(e, names[0]), b = first_value(e, names + 1);
        char *p;

        if (!a.data || !b.data)
                return a;
        p = fops_arena_alloc(arena, a.size + 1 + b.size);
        if (!p)
                return a;
        memcpy(p, a.data, a.size);
        p[a.size] = ' ';
        memcpy(p + a.size + 1, b.data, b.size);
        return (FopsSpan){ p, a.size + 1 + b.size };
}

static FopsSpan hour_value(FopsArena *arena, uint64_t usec) {
        time_t t = (time_t) (usec / 1000000);
        struct tm tm;

        return localtime_r(&t, &tm) ? fops_arena_printf(arena, "%02d", tm.tm_hour) : FOPS_SPAN_ABSENT;
}

static int count_each(Tally *t, const Report *report, const FopsEntry *e, uint64_t count, bool failed, uint64_t usec) {
        for (size_t i = 0; i < e->n_fields; i++)
                for (const char *const *name = report->fields; *name; name++)
                        if (strcmp(e->fields[i].name, *name) == 0) {
                                int r = tally_add(t, e->fields[i].value, count, failed, usec);

                                if (r < 0)
                                        return r;
                        }
        return 0;
}

static int count_entry(Reporting *g, size_t i, const FopsEntry *e, uint64_t usec) {
        bool failed = fops_span_equal_string(fops_entry_get(e, "FOPSD_RESULT"), "failed");
        FopsSpan value = FOPS_SPAN_ABSENT;
        uint64_t count = 1;

        if (reports[i].failed_only && !failed)
                return 0;
        (void) fops_span_to_u64(fops_entry_get(e, "FOPSD_COUNT"), &count);

        switch (reports[i].counting) {
        case COUNT_EACH:
                return count_each(g->tallies[i], reports + i, e, count, failed, usec);
        case COUNT_FIRST:
        case COUNT_TOTAL:
                value = first_value(e, reports[i].fields);
                break;
        case COUNT_JOINED:
                value = joined_value(&g->arena, e, reports[i].fields);
                break;
        case COUNT_HOUR:
                value = hour_value(&g->arena, usec);
                break;
        case LISTED:
                break;
        }
        return fops_span_is_present(value) ? tally_add(g->tallies[i], value, count, failed, usec) : 0;
}

/* --- printing --------------------------------------------------------------------------------------------------------- */

static FopsSpan time_value(FopsArena *arena, uint64_t usec) {
        return fops_arena_printf(arena, "%ju.%03u", (uintmax_t) (usec / 1000000), (unsigned) (usec / 1000 % 1000));
}

static void print_headings(const Reporting *g, const Report *report) {
        switch (g->format) {
        case OUTPUT_TEXT:
                printf("%s%10s %8s  %-23s  %s%s\n", g->bold ? BOLD : "", "COUNT", "FAILED", "LAST", report->heading,
                       g->bold ? NORMAL : "");
                break;
        case OUTPUT_CSV:
                if (g->n_rows == 0)
                        printf("REPORT,VALUE,COUNT,FAILED,FIRST,LAST\n");
                break;
        default:
                break;
        }
}

static void print_row(Reporting *g, const Report *report, const TallyRow *row, uint64_t most) {
        FopsSpan first = time_value(&g->arena, row->first_usec), last = time_value(&g->arena, row->last_usec);

        switch (g->format) {
        case OUTPUT_TEXT:
                printf("%10ju %8ju  ", (uintmax_t) row->count, (uintmax_t) row->failed);
                if (!fops_text_print_time(last, stdout))
                        printf("%-23s", "-");
                printf("  ");
                fops_text_print_name(row->value, stdout);
                if (report->counting == COUNT_HOUR)
                        printf(" %.*s", (int) MAX(row->count * BAR_CHARS / most, (uint64_t) 1),
                               "########################################");
                printf("\n");
                break;
        case OUTPUT_CSV:
                printf("%s,", report->name);
                fops_csv_print_value(row->value, true, stdout);
                printf(",%ju,%ju,", (uintmax_t) row->count, (uintmax_t) row->failed);
                (void) fops_text_print_time(first, stdout);
                printf(",");
                (void) fops_text_print_time(last, stdout);
                printf("\n");
                break;
        default:
                printf("{\"report\":\"%s\",\"value\":", report->name);
                fops_json_print_value(row->value, stdout);
                printf(",\"count\":%ju,\"failed\":%ju,\"first\":\"%s\",\"last\":\"%s\"}\n", (uintmax_t) row->count,
                       (uintmax_t) row->failed, first.data ? first.data : "", last.data ? last.data : "");
                break;
        }
        g->n_rows++;
}

static void print_tally(Reporting *g, size_t i) {
        const Report *report = reports + i;
        bool is_short = !g->report && report->counting != COUNT_HOUR && report->counting != COUNT_TOTAL;
        uint64_t most = 1, lines = g->filter.lines > 0 ? g->filter.lines : is_short ? OVERVIEW_ROWS : UINT64_MAX;
        const TallyRow *rows;
        size_t n_rows;

        rows = tally_rows(g->tallies[i], report->counting == COUNT_HOUR ? TALLY_BY_VALUE : TALLY_BY_COUNT, &n_rows);
        if (n_rows == 0)
                return;
        if (g->n_rows > 0 && g->format == OUTPUT_TEXT)
                printf("\n");
        print_headings(g, report);
        for (size_t k = 0; k < n_rows; k++)
                most = MAX(most, rows[k].count);
        for (size_t k = 0; k < n_rows && k < lines; k++) {
                fops_arena_reset(&g->arena);
                print_row(g, report, rows + k, most);
        }
        if (tally_left_out(g->tallies[i]) > 0)
                fprintf(stderr, "fopsctl: %s: %ju more, of values for which there was no room\n", report->name,
                        (uintmax_t) tally_left_out(g->tallies[i]));
}

static void print_listed(Reporting *g, const FopsEntry *e) {
        const char *const *names = g->report->fields;

        if (g->n_rows++ == 0 && g->format != OUTPUT_JSON)
                for (size_t i = 0; i < ELEMENTSOF(g->report->fields) && names[i]; i++)
                        printf("%s%s%s", i == 0 ? "" : g->format == OUTPUT_CSV ? "," : "  ", names[i] + strlen("FOPSD_"),
                               i + 1 == ELEMENTSOF(g->report->fields) || !names[i + 1] ? "\n" : "");
        for (size_t i = 0; i < ELEMENTSOF(g->report->fields) && names[i]; i++) {
                FopsSpan value = fops_entry_get(e, names[i]);
                bool is_time = i == 0;

                switch (g->format) {
                case OUTPUT_TEXT:
                        if (i > 0)
                                printf("  ");
                        if (is_time)
                                (void) fops_text_print_time(value, stdout);
                        else if (!value.data)
                                printf("-");
                        else
                                fops_text_print_name(value, stdout);
                        break;
                case OUTPUT_CSV:
                        if (i > 0)
                                printf(",");
                        if (is_time)
                                (void) fops_text_print_time(value, stdout);
                        else
                                fops_csv_print_value(value, true, stdout);
                        break;
                default:
                        if (!value.data)
                                continue;
                        printf("%s\"%s\":", i > 0 ? "," : "{", names[i]);
                        fops_json_print_value(value, stdout);
                        break;
                }
        }
        printf(g->format == OUTPUT_JSON ? "}\n" : "\n");
}

/* --- the verb --------------------------------------------------------------------------------------------------------- */

static int visit(void *userdata, const FopsEntry *e) {
        Reporting *g = userdata;
        uint64_t usec = 0;
        int r = 0;

        fops_arena_reset(&g->arena);
        (void) query_parse_time(fops_entry_get(e, "FOPSD_TIME"), &usec);
        if (g->report && g->report->counting == LISTED)
                print_listed(g, e);
        for (size_t i = 0; i < ELEMENTSOF(reports) && r >= 0; i++)
                if (g->tallies[i])
                        r = count_entry(g, i, e, usec);
        if (r >= 0 && ferror(stdout))
                r = -EPIPE;
        return MIN(r, 0);
}

static int begin(Reporting *g) {
        const char *kind = g->report && strcmp(g->report->name, "gaps") == 0 ? "gap" : "operation";

        for (size_t i = 0; i < ELEMENTSOF(reports); i++) {
                bool wanted = g->report ? g->report == reports + i && reports[i].counting != LISTED : reports[i].in_overview;

                if (wanted && !(g->tallies[i] = tally_new()))
                        return -ENOMEM;
        }
        if (!g->report || g->report->counting == COUNT_TOTAL)
                return 0;
        return query_add(g->filter.query.terms + FILTER_TERM_KIND, "FOPSD_KIND", QUERY_EQUAL, fops_span_from_string(kind));
}

static int report(Reporting *g) {
        SourceOptions source = filter_options_source(&g->filter);
        int r;

        source.fields = fields;
        source.last = g->report && g->report->counting == LISTED ? g->filter.lines : 0;
        source.command = "fopsctl report -i -";
        source.visit = visit;
        source.userdata = g;

        r = begin(g);
        if (r >= 0)
                r = source_read(&source, NULL);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(reports); i++)
                if (g->tallies[i])
                        print_tally(g, i);
        if (r >= 0 && fflush(stdout) != 0)
                r = -errno;
        if (r == -EPIPE)
                return EXIT_FOUND; /* the reader has seen enough */
        if (r < 0) {
                fprintf(stderr, "fopsctl: %s\n", strerror(-r));
                return EXIT_USAGE;
        }
        if (r > 0 && (g->n_rows == 0 || g->filter.n_files > 0))
                return EXIT_USAGE;
        return g->n_rows > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

static const Report *find_report(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(reports); i++)
                if (strcmp(reports[i].name, name) == 0)
                        return reports + i;
        return NULL;
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
                        if (!output_format_from_string(optarg, OUTPUT_CSV + 1, &g->format))
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

        if (optind < argc && (g->report = find_report(argv[optind])))
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
                g.bold = pager_colours();
                pager_start(&pager, !g.no_pager);
                code = report(&g);
                pager_wait(&pager);
        }
        for (size_t i = 0; i < ELEMENTSOF(g.tallies); i++)
                tally_free(g.tallies[i]);
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
