/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl why PATH: what became of it, and who did it.
 *   /srv/data/x: deleted 14:03:11 by alice with rm -rf /srv (pid 4711, in ssh session 3, unit user@1000.service)
 *
 *   2026-11-22 14:03:11.123 alice deleted /srv/data/x with rm[4711]
 *   2026-11-22 13:55:02.980 alice created /srv/data/x with vi[4650]
 * Each question of the history is put to the journal's indexes: a name, exactly, and those of the directories above it. */

#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "history-sentence.h"
#include "json.h"
#include "output.h"
#include "pager.h"
#include "path.h"
#include "source.h"
#include "text.h"
#include "true-path.h"
#include "verb.h"

/* A short timeline; -n gives the rest. */
#define LINES_DEFAULT 20U
/* Gaps and stops, the latest. */
#define OTHERS_MAX 256U

typedef struct Why {
        const char *directory, *host;
        bool merge, no_pager;
        uint64_t lines;
        Output output;

        FopsSpan path;
        uint64_t now_usec, first_usec; /* first: of fopsd's entries; 0: there are none */
        bool is_checked, unreadable;
        History history;
        FopsArena arena;
} Why;

/* --- questions -------------------------------------------------------------------------------------------------------- */

/* What is shown, and what history and sentence look at. */
static const char *const fields[] = {
        "MESSAGE",    "FOPSD_TIME",  "FOPSD_KIND",   "FOPSD_EVENT",   "FOPSD_OP",        "FOPSD_RESULT",  "FOPSD_PATH",
        "FOPSD_NEW_PATH", "FOPSD_INODE", "FOPSD_DEV", "FOPSD_REPLACED_INODE", "FOPSD_USER", "FOPSD_UID", "FOPSD_LOGIN_USER",
        "FOPSD_AUID", "FOPSD_CMDLINE", "FOPSD_EXE",  "FOPSD_COMM",    "FOPSD_PID",       "FOPSD_SESSION", "FOPSD_UNIT",
        "FOPSD_CONTAINER", "FOPSD_PARENT", "_HOSTNAME", "FOPSD_NODE", NULL,
};

/* The operations of each question. */
static const FopsOpMask naming = FOPS_OP_BIT(FOPS_OP_CREATE) | FOPS_OP_BIT(FOPS_OP_MKDIR) | FOPS_OP_BIT(FOPS_OP_MKNOD) |
                                 FOPS_OP_BIT(FOPS_OP_SYMLINK) | FOPS_OP_BIT(FOPS_OP_LINK) | FOPS_OP_BIT(FOPS_OP_DELETE) |
                                 FOPS_OP_BIT(FOPS_OP_RMDIR) | FOPS_OP_BIT(FOPS_OP_RENAME) | FOPS_OP_BIT(FOPS_OP_EXCHANGE);
static const FopsOpMask moving = FOPS_OP_BIT(FOPS_OP_DELETE) | FOPS_OP_BIT(FOPS_OP_RMDIR) | FOPS_OP_BIT(FOPS_OP_RENAME) |
                                 FOPS_OP_BIT(FOPS_OP_EXCHANGE);
static const FopsOpMask changing = FOPS_OP_BIT(FOPS_OP_MODIFY) | FOPS_OP_BIT(FOPS_OP_TRUNCATE) | FOPS_OP_BIT(FOPS_OP_CHMOD) |
                                   FOPS_OP_BIT(FOPS_OP_CHOWN) | FOPS_OP_BIT(FOPS_OP_SETXATTR) |
                                   FOPS_OP_BIT(FOPS_OP_REMOVEXATTR) | FOPS_OP_BIT(FOPS_OP_UTIME) | FOPS_OP_BIT(FOPS_OP_MOUNT) |
                                   FOPS_OP_BIT(FOPS_OP_UMOUNT);

static int add_equal(QueryTerm *term, const char *field, const char *value) {
        return query_add(term, field, QUERY_EQUAL, fops_span_from_string(value));
}

static int add_ops(QueryTerm *term, FopsOpMask ops) {
        int r = 0;

        for (FopsOp op = 0; op < _FOPS_OP_MAX && r >= 0; op++)
                if (ops & FOPS_OP_BIT(op))
                        r = add_equal(term, "FOPSD_OP", fops_op_to_string(op));
        return r;
}

static int add_names(QueryTerm *term, FopsSpan path) {
        int r;

        r = query_add(term, "FOPSD_PATH", QUERY_EQUAL, path);
        return r < 0 ? r : query_add(term, "FOPSD_NEW_PATH", QUERY_EQUAL, path);
}

/* The root is never renamed. */
static int add_directories(QueryTerm *term, FopsSpan path) {
        int r = 0;

        for (FopsSpan dir = fops_path_dirname(path); dir.size > 1 && r >= 0; dir = fops_path_dirname(dir))
                r = add_names(term, dir);
        return r;
}

static int add_question(Query *q, const HistoryQuestion *question) {
        int r = 0;

        switch (question->kind) {
        case HISTORY_OF_NAME:
                r = add_names(q->terms, question->path);
                return r < 0 ? r : add_ops(q->terms + 1, naming);
        case HISTORY_OF_CHANGES:
                r = query_add(q->terms, "FOPSD_PATH", QUERY_EQUAL, question->path);
                return r < 0 ? r : add_ops(q->terms + 1, changing);
        case HISTORY_OF_DIRECTORIES:
                r = add_directories(q->terms, question->path);
                return r < 0 ? r : add_ops(q->terms + 1, moving);
        case HISTORY_OF_INODE:
                r = query_add(q->terms, "FOPSD_INODE", QUERY_EQUAL, question->inode);
                if (r >= 0)
                        r = query_add(q->terms + 1, "FOPSD_DEV", QUERY_EQUAL, question->dev);
                return r < 0 ? r : add_ops(q->terms + 2, changing | naming);
        }
        return r;
}

static int take(void *userdata, const FopsEntry *entry) {
        int r;

        r = history_take(userdata, entry);
        return r < 0 ? r : SOURCE_GO_ON;
}

/* Puts @query, which it ends, to the journal. */
static int ask_journal(Why *w, Query *query, uint64_t last, SourceVisit visit, void *userdata) {
        SourceOptions source = {
                .query = query,
                .fields = w->output.format == OUTPUT_JSON ? NULL : fields,
                .last = last,
                .visit = visit,
                .userdata = userdata,
                .directory = w->directory,
                .merge = w->merge,
                .is_checked = w->is_checked,
        };
        int r = 0;

        if (w->host)
                r = add_equal(query->terms + 3, "_HOSTNAME", w->host);
        if (r >= 0)
                r = source_read(&source, NULL);
        query_done(query);
        w->is_checked = true;
        w->unreadable |= r > 0;
        return MIN(r, 0);
}

static int ask(void *userdata, History *h, const HistoryQuestion *question) {
        Query query = { .since_usec = question->since_usec, .until_usec = question->until_usec };
        Why *w = userdata;
        int r;

        r = add_question(&query, question);
        if (r < 0) {
                query_done(&query);
                return r;
        }
        /* The root has no directories above it, and no terms would mean everything. */
        if (query.terms[0].n_items == 0) {
                query_done(&query);
                return 0;
        }
        return ask_journal(w, &query, HISTORY_ANSWERS_MAX, take, h);
}

static int take_first(void *userdata, const FopsEntry *entry) {
        Why *w = userdata;

        (void) query_parse_time(fops_entry_get(entry, "FOPSD_TIME"), &w->first_usec);
        return SOURCE_ENOUGH;
}

static int ask_for_beginning(Why *w) {
        Query query = { .until_usec = UINT64_MAX };

        return ask_journal(w, &query, 0, take_first, w);
}

/* The first thing that is told. */
static const HistoryNote *oldest(const History *h) {
        for (size_t i = 0; i < h->n_notes; i++)
                if (h->notes[i]->is_told)
                        return h->notes[i];
        return NULL;
}

/* When since then nothing was recorded: gaps, and times without fopsd. */
static int ask_for_gaps(Why *w) {
        Query query = { .since_usec = oldest(&w->history)->usec, .until_usec = UINT64_MAX };
        int r;

        r = add_equal(query.terms, "FOPSD_KIND", "gap");
        if (r >= 0)
                r = add_equal(query.terms, "FOPSD_STATE", "stopped");
        if (r >= 0)
                r = add_equal(query.terms, "FOPSD_STATE", "started");
        if (r < 0) {
                query_done(&query);
                return r;
        }
        return ask_journal(w, &query, OTHERS_MAX, take, &w->history);
}

/* --- answers ---------------------------------------------------------------------------------------------------------- */

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
                fputs("How it came there isn't in the journal, in which fopsd's entries begin ", stdout);
                history_print_time(w->first_usec, w->now_usec, stdout);
                putchar('\n');
        }
        if (w->directory || w->merge)
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
        errno = 0;
        return fflush(stdout) == 0 ? 0 : errno > 0 ? -errno : -EIO;
}

static int say_nothing_known(const Why *w) {
        fputs("fopsctl: nothing is known of ", stderr);
        fops_text_print_name(w->path, stderr);
        if (w->first_usec > 0) {
                fputs("; fopsd's entries begin ", stderr);
                history_print_time(w->first_usec, w->now_usec, stderr);
                fputc('\n', stderr);
        } else
                fputs("; the journal has no entries of fopsd\n", stderr);
        return w->unreadable ? EXIT_USAGE : EXIT_NOTHING;
}

static int why(Why *w) {
        int r;

        r = ask_for_beginning(w);
        if (r >= 0 && w->first_usec > 0)
                r = history_trace(&w->history, w->path, ask, w);
        if (r >= 0 && !oldest(&w->history))
                return w->unreadable && w->first_usec == 0 ? EXIT_USAGE : say_nothing_known(w);
        if (r >= 0)
                r = ask_for_gaps(w);
        history_sort(&w->history);
        if (r >= 0)
                r = print_all(w);
        if (r == -EPIPE)
                return EXIT_FOUND; /* the reader has seen enough */
        if (r < 0)
                fprintf(stderr, "fopsctl: %s\n", strerror(-r));
        return r < 0 ? EXIT_USAGE : EXIT_FOUND;
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

/* 0: run; 1: *@ret_exit is all there is to do. */
static int parse(const Verb *verb, int argc, char **argv, Why *w, int *ret_exit) {
        enum { OPTION_HOST = 256, OPTION_NO_PAGER };
        static const struct option options[] = {
                { "lines", required_argument, NULL, 'n' },
                { "output", required_argument, NULL, 'o' },
                { "directory", required_argument, NULL, 'D' },
                { "merge", no_argument, NULL, 'm' },
                { "host", required_argument, NULL, OPTION_HOST },
                { "no-pager", no_argument, NULL, OPTION_NO_PAGER },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        int c;

        *ret_exit = EXIT_USAGE;
        while ((c = getopt_long(argc, argv, "n:o:D:mh", options, NULL)) >= 0)
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
                        w->directory = optarg;
                        break;
                case 'm':
                        w->merge = true;
                        break;
                case OPTION_HOST:
                        w->host = optarg;
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
                w.output.with_host = w.merge;
                w.output.to_terminal = isatty(STDOUT_FILENO);
                w.output.colours = pager_colours();
                pager_start(&pager, !w.no_pager);
                code = why(&w);
                pager_wait(&pager);
        }
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
                "      --host HOST       only of this host, by its whole name\n"
                "      --no-pager        print all at once\n",
        .run = run,
};
