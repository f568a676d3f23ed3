/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl why PATH: what became of it, and who did it.
 *   /srv/data/x: deleted 14:03:11 by alice with rm -rf /srv (pid 4711, in ssh session 3, unit user@1000.service)
 *
 *   2026-11-22 14:03:11.123 alice deleted /srv/data/x with rm[4711]
 *   2026-11-22 13:55:02.980 alice created /srv/data/x with vi[4650] */

#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "history-sentence.h"
#include "history-source.h"
#include "json.h"
#include "output.h"
#include "pager.h"
#include "path.h"
#include "spool.h"
#include "text.h"
#include "true-path.h"
#include "verb.h"

/* A short timeline; -n gives the rest. */
#define LINES_DEFAULT 20U

typedef struct Why {
        HistorySource source;
        bool no_pager;
        uint64_t lines;
        Output output;

        FopsSpan path;
        uint64_t now_usec, first_usec; /* first: of fopsd's entries; 0: there are none */
        History history;
        FopsArena arena;
} Why;

/* --- what is told ----------------------------------------------------------------------------------------------------- */

/* What is shown, and what history and sentence look at. */
static const char *const fields[] = {
        "MESSAGE",    "FOPSD_TIME",  "FOPSD_KIND",   "FOPSD_EVENT",   "FOPSD_OP",        "FOPSD_RESULT",  "FOPSD_PATH",
        "FOPSD_NEW_PATH", "FOPSD_INODE", "FOPSD_DEV", "FOPSD_REPLACED_INODE", "FOPSD_USER", "FOPSD_UID", "FOPSD_LOGIN_USER",
        "FOPSD_AUID", "FOPSD_CMDLINE", "FOPSD_EXE",  "FOPSD_COMM",    "FOPSD_PID",       "FOPSD_SESSION", "FOPSD_UNIT",
        "FOPSD_CONTAINER", "FOPSD_PARENT", "_HOSTNAME", "FOPSD_NODE", NULL,
};

static bool is_log(const Why *w) {
        return w->source.n_files > 0;
}

/* The first thing that is told. */
static const HistoryNote *oldest(const History *h) {
        for (size_t i = 0; i < h->n_notes; i++)
                if (h->notes[i]->is_told)
                        return h->notes[i];
        return NULL;
}

/* The path as the sentence's first word, and the sentence. NULL when memory is out. */
static char *compose_sentence(const Why *w) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        fops_text_print_name(w->path, f);
        fputs(w->history.last ? ": " : ": tried, but not changed", f);
        history_print_sentence(&w->history, w->path, w->now_usec, f);
        return fclose(f) == 0 ? text : NULL;
}

static int print_note(Why *w, FopsEntry *e, const HistoryNote *n) {
        e->n_fields = n->n_fields;
        memcpy(e->fields, n->fields, n->n_fields * sizeof(FopsField));
        return output_print(&w->output, e);
}

/* The newest first. *@ret_n_left: how many weren't shown. */
static int print_timeline(Why *w, FopsEntry *e, size_t *ret_n_left) {
        size_t n = 0;
        int r = 0;

        for (size_t i = w->history.n_notes; i-- > 0 && r >= 0;)
                if (w->history.notes[i]->is_told && n++ < w->lines)
                        r = print_note(w, e, w->history.notes[i]);
        *ret_n_left = n > w->lines ? n - (size_t) w->lines : 0;
        return r;
}

/* What the record doesn't tell. Only here the file system is asked, which another machine's record isn't about. */
static void print_reservations(const Why *w) {
        const History *h = &w->history;
        bool is_gone = h->state == HISTORY_DELETED || h->state == HISTORY_MOVED, is_there;
        struct stat st;

        if (!h->last)
                return;
        if (!h->begins) {
                fputs(is_log(w) ? "How it came there isn't in the audit log, which begins "
                                : "How it came there isn't in the journal, in which fopsd's entries begin ", stdout);
                history_print_time(w->first_usec, w->now_usec, stdout);
                putchar('\n');
        }
        if (w->source.directory || w->source.merge || is_log(w))
                return;
        is_there = lstat(w->path.data, &st) >= 0;
        if (!is_there && errno != ENOENT && errno != ENOTDIR)
                return;
        if (is_there && is_gone)
                puts("It is there now: how it came back isn't in the journal.");
        if (!is_there && !is_gone)
                puts("It isn't there now: how it went isn't in the journal.");
}

static const char *const state_names[] = {
        [HISTORY_UNKNOWN] = "unknown", [HISTORY_PRESENT] = "present", [HISTORY_DELETED] = "deleted", [HISTORY_MOVED] = "moved",
};

/* -o json: a line about it all, and one each entry. */
static void print_summary(const Why *w, FopsEntry *e, const char *sentence) {
        e->n_fields = 0;
        fops_entry_add(e, "FOPSD_KIND", FOPS_SPAN_LITERAL("why"));
        fops_entry_add(e, "MESSAGE", fops_span_from_string(sentence));
        fops_entry_add(e, "FOPSD_PATH", w->path);
        fops_entry_add(e, "FOPSD_WHY_STATE", fops_span_from_string(state_names[w->history.state]));
        fops_entry_add(e, "FOPSD_WHY_NOW", w->history.path_elsewhere);
        fops_entry_add(e, "FOPSD_WHY_COMPLETE", w->history.begins ? FOPS_SPAN_LITERAL("1") : FOPS_SPAN_LITERAL("0"));
        fops_json_print(e, stdout);
}

static int print_all(Why *w) {
        _cleanup_free_ FopsEntry *e = calloc(1, sizeof(FopsEntry));
        _cleanup_free_ char *sentence = compose_sentence(w);
        size_t n_left;
        int r;

        if (!e || !sentence)
                return -ENOMEM;
        if (w->output.format == OUTPUT_JSON)
                print_summary(w, e, sentence);
        else
                printf("%s\n\n", sentence);
        r = print_timeline(w, e, &n_left);
        if (r < 0)
                return r;
        if (w->output.format == OUTPUT_TEXT) {
                if (n_left > 0)
                        printf("… and %zu earlier: -n %zu\n", n_left, n_left + (size_t) w->lines);
                print_reservations(w);
        }
        return 0;
}

static int say_nothing_known(const Why *w) {
        fputs("fopsctl: nothing is known of ", stderr);
        fops_text_print_name(w->path, stderr);
        if (w->first_usec > 0) {
                fputs(is_log(w) ? "; the audit log begins " : "; fopsd's entries begin ", stderr);
                history_print_time(w->first_usec, w->now_usec, stderr);
                fputc('\n', stderr);
        } else
                fputs(is_log(w) ? "; the audit log has no operations\n" : "; the journal has no entries of fopsd\n", stderr);
        return w->source.unreadable ? EXIT_USAGE : EXIT_NOTHING;
}

/* A log is read several times. */
static int spool_logs(Why *w) {
        int r = 0;

        for (size_t i = 0; i < w->source.n_files && r >= 0; i++) {
                r = spool(&w->arena, w->source.files + i);
                if (r < 0)
                        fprintf(stderr, "fopsctl: %s: %s\n", w->source.files[i], strerror(-r));
        }
        return r;
}

static int why(Why *w) {
        int r, code;

        if (spool_logs(w) < 0)
                return EXIT_USAGE;
        w->source.fields = w->output.format == OUTPUT_JSON ? NULL : fields;
        r = history_source_ask_for_beginning(&w->source, &w->first_usec);
        if (r >= 0 && (w->first_usec > 0 || is_log(w)))
                r = history_trace(&w->history, w->path, history_source_ask, &w->source);
        if (r >= 0 && !oldest(&w->history))
                return w->source.unreadable && w->first_usec == 0 ? EXIT_USAGE : say_nothing_known(w);
        if (r >= 0)
                r = history_source_ask_for_gaps(&w->source, &w->history, oldest(&w->history)->usec);
        history_sort(&w->history);
        if (r >= 0)
                r = print_all(w);
        if (!output_finish(r, &code))
                return code;
        /* Who names a file wants it read. */
        return w->source.unreadable && is_log(w) ? EXIT_USAGE : EXIT_FOUND;
}

/* --- options ---------------------------------------------------------------------------------------------------------- */

static int take_path(Why *w, int argc, char **argv) {
        int r;

        if (optind + 1 != argc) {
                fprintf(stderr, "fopsctl: one path, please\n");
                return 1;
        }
        r = true_path(&w->arena, argv[optind], false, &w->path);
        if (r == -EINVAL)
                fprintf(stderr, "fopsctl: '%s' isn't a plain path\n", argv[optind]);
        else if (r < 0)
                fprintf(stderr, "fopsctl: %s: %s\n", argv[optind], strerror(-r));
        return r < 0;
}

/* 0, or 1 if memory is out, which has been said. */
static int take_file(Why *w, char *path) {
        char **files = reallocarray(w->source.files, w->source.n_files + 1, sizeof(char *));

        if (!files) {
                fprintf(stderr, "fopsctl: %s\n", strerror(ENOMEM));
                return 1;
        }
        w->source.files = files;
        w->source.files[w->source.n_files++] = path;
        return 0;
}

/* 0: run; 1: *@ret_exit is all there is to do. */
static int parse(const Verb *verb, int argc, char **argv, Why *w, int *ret_exit) {
        enum { OPTION_HOST = 256, OPTION_NO_PAGER };
        static const struct option options[] = {
                { "lines", required_argument, NULL, 'n' },
                { "output", required_argument, NULL, 'o' },
                { "directory", required_argument, NULL, 'D' },
                { "merge", no_argument, NULL, 'm' },
                { "input", required_argument, NULL, 'i' },
                { "host", required_argument, NULL, OPTION_HOST },
                { "no-pager", no_argument, NULL, OPTION_NO_PAGER },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        int c;

        *ret_exit = EXIT_USAGE;
        while ((c = getopt_long(argc, argv, "n:o:D:mi:h", options, NULL)) >= 0)
                switch (c) {
                case 'n':
                        if (fops_span_to_u64(fops_span_from_string(optarg), &w->lines) && w->lines > 0)
                                break;
                        fprintf(stderr, "fopsctl: '%s' is no number of lines\n", optarg);
                        return 1;
                case 'o':
                        if (!output_format_from_string(optarg, OUTPUT_CSV, &w->output.format))
                                return 1;
                        break;
                case 'D':
                        w->source.directory = optarg;
                        break;
                case 'm':
                        w->source.merge = true;
                        break;
                case 'i':
                        if (take_file(w, optarg) != 0)
                                return 1;
                        break;
                case OPTION_HOST:
                        w->source.host = optarg;
                        break;
                case OPTION_NO_PAGER:
                        w->no_pager = true;
                        break;
                case 'h':
                        verb_print_help(verb);
                        *ret_exit = EXIT_FOUND;
                        return 1;
                default:
                        return 1;
                }
        if (w->source.n_files > 0 && (w->source.directory || w->source.merge)) {
                fprintf(stderr, "fopsctl: --input is no journal: --directory and --merge don't go with it\n");
                return 1;
        }
        return take_path(w, argc, argv);
}

static int run(const Verb *verb, int argc, char **argv) {
        Why w = { .lines = LINES_DEFAULT };
        struct timespec now;
        Pager pager;
        int code;

        clock_gettime(CLOCK_REALTIME, &now);
        w.now_usec = (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
        if (parse(verb, argc, argv, &w, &code) == 0) {
                w.output.file = stdout;
                w.output.with_host = w.source.merge;
                w.output.to_terminal = isatty(STDOUT_FILENO);
                w.output.colours = pager_colours();
                pager_start(&pager, !w.no_pager);
                code = why(&w);
                pager_wait(&pager);
        }
        free(w.source.files);
        history_done(&w.history);
        fops_arena_done(&w.arena);
        return code;
}

const Verb verb_why = {
        .name = "why",
        .synopsis = "[OPTIONS…] PATH",
        .summary = "Tells what became of a file, through renames and its directories' too",
        .help = "  -n, --lines N         of what happened to it only the latest N; without it 20\n"
                "  -o, --output FORMAT   text (default) or json\n"
                "  -D, --directory DIR   the journal in DIR\n"
                "  -m, --merge           the journals of other hosts too\n"
                "  -i, --input FILE      an audit.log, a directory with a rotated set, or - for standard input\n"
                "      --host HOST       only of this host, by its whole name\n"
                "      --no-pager        print all at once\n",
        .run = run,
};
