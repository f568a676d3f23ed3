/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl follow: operations as they happen, as inotifywait -m.
 *   fopsctl follow -r --format '%w%f %e by %u' -e create,delete /srv/data
 *   /srv/data/x DELETE by alice */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>

#include "follow-close.h"
#include "follow-format.h"
#include "follow-source.h"
#include "nearest.h"
#include "output.h"
#include "pager.h"
#include "query.h"
#include "text.h"
#include "verb.h"

#define FORMAT_OF_INOTIFYWAIT "%w %e %f"
#define TIME_FORMAT "%Y-%m-%d %H:%M:%S"

typedef struct Follow {
        FollowScope scope;
        InotifySelection selection;
        FollowFormat format; /* its own format NULL: @output's */
        Output output;
        bool with_failed, quiet;
        uint64_t count;      /* 0: no end */
        uint64_t timeout_usec;

        sd_event *event;
        sd_event_source *timeout;
        FollowJournal *journal;
        FollowFopsd *fopsd;
        FollowWatch *watch;
        FollowClose *close;
        FopsArena arena;     /* of one entry */
        uint64_t n_printed;
        int signal;          /* that ended it */
} Follow;

static void follow_done(Follow *f) {
        follow_close_free(f->close);
        follow_watch_free(f->watch);
        follow_fopsd_free(f->fopsd);
        follow_journal_free(f->journal);
        sd_event_source_unref(f->timeout);
        sd_event_unref(f->event);
        follow_scope_done(&f->scope);
        fops_arena_done(&f->arena);
}

/* --- entries ---------------------------------------------------------------------------------------------------------- */

/* After each line: somebody reads along. */
static int printed(Follow *f) {
        errno = 0;
        if (fflush(stdout) != 0)
                return errno > 0 ? -errno : -EIO;
        if (++f->n_printed == f->count)
                return follow_end(f->event, 0);
        return f->timeout ? sd_event_source_set_time_relative(f->timeout, f->timeout_usec) : 0;
}

static bool has_ended(const Follow *f) {
        return f->count > 0 && f->n_printed >= f->count;
}

static InotifyEvent event_at(const InotifyStep *step, const FollowPlace *place) {
        if (!place->is_root)
                return step->event;
        return step->event == INOTIFY_DELETE ? INOTIFY_DELETE_SELF : step->event == INOTIFY_MOVED_FROM ? INOTIFY_MOVE_SELF
                                                                                                      : step->event;
}

/* The steps of an operation that are asked for, as lines. */
static size_t choose_lines(Follow *f, const FopsEntry *e, FopsOp op, FollowLine lines[static INOTIFY_STEPS_MAX]) {
        InotifyStep steps[INOTIFY_STEPS_MAX];
        size_t n_steps = inotify_steps(e, op, steps), n = 0;

        for (size_t i = 0; i < n_steps; i++) {
                FollowLine line = { .entry = e, .op = op, .is_directory = steps[i].is_directory };

                if (!follow_scope_place(&f->scope, &f->arena, steps[i].path, steps[i].is_directory, &line.place))
                        continue;
                line.event = event_at(steps + i, &line.place);
                if (inotify_selection_has(&f->selection, op, steps + i, line.event))
                        lines[n++] = line;
        }
        return n;
}

/* Of an operation whose path isn't known, but the directory. */
static bool may_be_meant(const Follow *f, const FopsEntry *e, FopsOp op) {
        FopsSpan dir = fops_entry_get(e, "FOPSD_DIR");

        return !fops_entry_get(e, "FOPSD_PATH").data && dir.data && !f->scope.has_include &&
               inotify_selection_ops(&f->selection) & FOPS_OP_BIT(op) && follow_scope_has_directory(&f->scope, dir);
}

static int print_lines(Follow *f, const FollowLine *lines, size_t n) {
        int r = 0;

        for (size_t i = 0; i < n && r >= 0 && !has_ended(f); i++) {
                follow_format_print(&f->format, lines + i, stdout);
                r = printed(f);
        }
        return r;
}

static int print_entry(Follow *f, const FopsEntry *e) {
        int r;

        r = output_print(&f->output, e);
        return r < 0 ? r : printed(f);
}

static int on_operation(Follow *f, const FopsEntry *e, FopsOp op) {
        bool is_failed = fops_span_equal_string(fops_entry_get(e, "FOPSD_RESULT"), "failed");
        FollowLine lines[INOTIFY_STEPS_MAX];
        size_t n = choose_lines(f, e, op, lines);

        if (f->format.format)
                return is_failed && !f->with_failed ? 0 : print_lines(f, lines, n);
        return n > 0 || may_be_meant(f, e, op) ? print_entry(f, e) : 0;
}

/* What fopsd says of itself. That something was missed concerns everybody who follows; the rest, who follows everything. */
static int on_other(Follow *f, const FopsEntry *e) {
        FopsSpan kind = fops_entry_get(e, "FOPSD_KIND"), message = fops_entry_get(e, "MESSAGE");
        bool concerns = fops_span_equal_string(kind, "gap") || fops_span_equal_string(kind, "tamper");

        if (!f->format.format)
                return concerns || f->scope.n_roots == 0 ? print_entry(f, e) : 0;
        if (concerns && !f->quiet) {
                fputs("fopsctl: ", stderr);
                fops_text_print_value(message, stderr);
                fputc('\n', stderr);
        }
        return 0;
}

/* Of fanotify; CLOSE_WRITE was asked for. */
static int on_close(void *userdata, const FopsEntry *e) {
        FollowLine line = { .entry = e, .op = FOPS_OP_MODIFY, .event = INOTIFY_CLOSE_WRITE };
        Follow *f = userdata;

        fops_arena_reset(&f->arena);
        if (has_ended(f) || !follow_scope_place(&f->scope, &f->arena, fops_entry_get(e, "FOPSD_PATH"), false, &line.place))
                return 0;
        return f->format.format ? print_lines(f, &line, 1) : print_entry(f, e);
}

static int on_entry(void *userdata, const FopsEntry *e) {
        Follow *f = userdata;
        uint64_t usec;
        FopsOp op;
        int r;

        if (f->close && query_parse_time(fops_entry_get(e, "FOPSD_TIME"), &usec)) {
                r = follow_close_catch_up(f->close, usec);
                if (r < 0)
                        return r;
        }
        fops_arena_reset(&f->arena);
        if (has_ended(f))
                return 0;
        if (!fops_op_from_string(fops_entry_get(e, "FOPSD_OP"), &op))
                return on_other(f, e);
        return on_operation(f, e, op);
}

/* --- the loop --------------------------------------------------------------------------------------------------------- */

static void on_ready(void *userdata) {
        const Follow *f = userdata;

        if (f->quiet)
                return;
        fputs("fopsctl: following", stderr);
        for (size_t i = 0; i < f->scope.n_roots; i++) {
                fputc(' ', stderr);
                fops_text_print_name(f->scope.roots[i].shown, stderr);
        }
        fputs(f->scope.n_roots == 0 ? " all that fopsd records\n" : "\n", stderr);
}

static int on_timeout(sd_event_source *source, uint64_t usec _unused_, void *userdata _unused_) {
        return follow_end(sd_event_source_get_event(source), 0);
}

/* The reader is gone, though there is nothing to write. */
static int on_closed(sd_event_source *source, int fd _unused_, uint32_t revents _unused_, void *userdata _unused_) {
        return follow_end(sd_event_source_get_event(source), -EPIPE);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        Follow *f = userdata;

        f->signal = (int) info->ssi_signo;
        return follow_end(sd_event_source_get_event(source), 0);
}

/* So that nothing is left of it when it has ended. */
static int catch_signals(Follow *f) {
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        r = sd_event_add_signal(f->event, NULL, SIGINT, on_signal, f);
        return r < 0 ? r : sd_event_add_signal(f->event, NULL, SIGTERM, on_signal, f);
}

/* As if it hadn't been caught: a shell's loop is to end with its program. */
static void die_of(int number) {
        sigset_t signals;

        signal(number, SIG_DFL);
        sigemptyset(&signals);
        sigaddset(&signals, number);
        raise(number);
        sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

/* "create,delete": the daemon's words. NULL when memory is out. */
static char *words_of_ops(FopsOpMask mask) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        const char *separator = "";

        for (FopsOp op = 0; out && op < _FOPS_OP_MAX; op++)
                if (mask & FOPS_OP_BIT(op)) {
                        fprintf(out, "%s%s", separator, fops_op_to_string(op));
                        separator = ",";
                }
        return out && fclose(out) == 0 ? text : NULL;
}

/* That files are closed is asked of fanotify, if it is asked for. */
static int watch_closing(Follow *f) {
        FollowHandlers handlers = { .entry = on_close, .userdata = f };
        int r;

        if (!inotify_selection_asks_for(&f->selection, INOTIFY_CLOSE_WRITE) || f->scope.n_roots == 0 || geteuid() != 0)
                return 0;
        r = follow_close_new(f->event, handlers, &f->scope, &f->close);
        f->selection.knows_closing = r >= 0;
        if (r >= 0 || r == -ENOMEM)
                return r;
        if (!f->quiet)
                fprintf(stderr, "fopsctl: close_write is told when a file is opened for writing: fanotify: %s\n", strerror(-r));
        return 0;
}

/* Sees to it that what is followed is watched: by the fopsd that is running, or one of our own. Who isn't root sees what is
 * watched anyhow. 0; 1 if all has been said; -errno. */
static int watch(Follow *f, FollowHandlers handlers) {
        _cleanup_free_ char *ops = words_of_ops(inotify_selection_ops(&f->selection));
        _cleanup_free_ const char **paths = calloc(f->scope.n_roots + 1, sizeof(char *));
        int r;

        if (!ops || !paths)
                return -ENOMEM;
        for (size_t i = 0; i < f->scope.n_roots; i++)
                paths[i] = f->scope.roots[i].path.data;

        if (f->scope.n_roots > 0 && geteuid() == 0 && *ops != '\0') {
                r = follow_watch_new(f->event, handlers, paths, ops, f->scope.recursive, &f->watch);
                if (r == -ENOENT)
                        r = follow_fopsd_new(f->event, handlers, paths, ops, &f->fopsd);
                return r;
        }
        return 0;
}

static int set_up(Follow *f) {
        FollowHandlers handlers = { on_entry, on_ready, f };
        int r;

        r = sd_event_new(&f->event);
        if (r >= 0)
                r = catch_signals(f);
        if (r >= 0 && f->timeout_usec > 0)
                r = sd_event_add_time_relative(f->event, &f->timeout, CLOCK_MONOTONIC, f->timeout_usec, 0, on_timeout, f);
        if (r >= 0)
                r = sd_event_add_io(f->event, NULL, STDOUT_FILENO, 0, on_closed, f);
        if (r == -EPERM) /* a file has no reader who could go */
                r = 0;
        if (r >= 0)
                r = watch_closing(f);
        if (r >= 0)
                r = watch(f, handlers);
        /* With a fopsd of our own nothing comes from the journal, nor if only closing is asked for. */
        if (r >= 0 && !f->fopsd && inotify_selection_ops(&f->selection) != 0)
                r = follow_journal_new(f->event, handlers, &f->journal);
        if (r == 0 && !f->fopsd && !f->watch)
                on_ready(f);
        return r;
}

static int follow(Follow *f) {
        int r;

        r = set_up(f);
        if (r > 0)
                return EXIT_USAGE;
        if (r >= 0) {
                output_begin(&f->output);
                r = fflush(stdout) == 0 ? sd_event_loop(f->event) : -errno;
        }
        if (r == -EPIPE)
                return EXIT_FOUND; /* the reader has seen enough */
        if (r < 0) {
                if (r != FOLLOW_SAID)
                        fprintf(stderr, "fopsctl: %s\n", strerror(-r));
                return EXIT_USAGE;
        }
        return f->n_printed > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

/* --- options ---------------------------------------------------------------------------------------------------------- */

static int refuse(const char *what, const char *text) {
        fprintf(stderr, "fopsctl: '%s' is no %s\n", text, what);
        return 1;
}

static int take_events(Follow *f, const char *words) {
        FopsNearest nearest = {};
        FopsSpan unknown;
        _cleanup_free_ char *word = NULL;

        if (inotify_selection_add(&f->selection, words, &unknown))
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

static int take_pattern(int (*set)(FollowScope *s, const char *regex, bool ignore_case), Follow *f, const char *text,
                        bool ignore_case) {
        return set(&f->scope, text, ignore_case) == 0 ? 0 : refuse("regular expression", text);
}

static int take_format(Follow *f, const char *text) {
        const char *wrong = follow_format_check(text);

        f->format.format = text;
        return wrong ? refuse("conversion of --format", wrong) : 0;
}

static int take_output(Follow *f, const char *text) {
        return output_format_from_string(text, OUTPUT_RAW, &f->output.format) ? 0 : 1;
}

static int take_timeout(Follow *f, const char *text) {
        uint32_t sec;

        if (!fops_span_to_u32(fops_span_from_string(text), &sec))
                return refuse("number of seconds", text);
        f->timeout_usec = sec * UINT64_C(1000000);
        return 0;
}

static int take_count(Follow *f, const char *text) {
        return fops_span_to_u64(fops_span_from_string(text), &f->count) && f->count > 0 ? 0 : refuse("number of lines", text);
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
};

/* 0, 1 for what is wrong, which has been said, or -ENOMEM. */
static int take(Follow *f, int option, bool *ret_monitor) {
        switch (option) {
        case 'e':
                return take_events(f, optarg);
        case 'r':
                f->scope.recursive = true;
                return 0;
        case 'm':
                *ret_monitor = true;
                return 0;
        case 'q':
                f->quiet = true;
                return 0;
        case 'o':
                return take_output(f, optarg);
        case 't':
                return take_timeout(f, optarg);
        case OPTION_FORMAT:
                return take_format(f, optarg);
        case OPTION_TIMEFMT:
                f->format.time_format = optarg;
                return 0;
        case OPTION_NO_NEWLINE:
                f->format.no_newline = true;
                return 0;
        case OPTION_INCLUDE:
        case OPTION_INCLUDE_ANY_CASE:
                return take_pattern(follow_scope_include, f, optarg, option == OPTION_INCLUDE_ANY_CASE);
        case OPTION_EXCLUDE:
        case OPTION_EXCLUDE_ANY_CASE:
                return take_pattern(follow_scope_exclude, f, optarg, option == OPTION_EXCLUDE_ANY_CASE);
        case OPTION_COUNT:
                return take_count(f, optarg);
        case OPTION_FAILED:
                f->with_failed = true;
                return 0;
        }
        return 1;
}

static int take_paths(Follow *f, char **paths) {
        for (; *paths; paths++) {
                int r;

                r = follow_scope_add(&f->scope, *paths);
                if (r == -ENOMEM)
                        return r;
                if (r < 0) {
                        fprintf(stderr, "fopsctl: %s: %s\n", *paths, strerror(-r));
                        return 1;
                }
        }
        return 0;
}

/* 0: run; 1: *@ret_exit is all there is to do; -ENOMEM. */
static int parse(const Verb *verb, int argc, char **argv, Follow *f, int *ret_exit) {
        static const struct option options[] = {
                { "event", required_argument, NULL, 'e' },
                { "recursive", no_argument, NULL, 'r' },
                { "monitor", no_argument, NULL, 'm' },
                { "quiet", no_argument, NULL, 'q' },
                { "output", required_argument, NULL, 'o' },
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

        *ret_exit = EXIT_USAGE;
        while ((c = getopt_long(argc, argv, "e:rmqo:t:h", options, NULL)) >= 0) {
                if (c == 'h') {
                        verb_print_help(verb);
                        *ret_exit = EXIT_FOUND;
                        return 1;
                }
                r = c == '?' ? 1 : take(f, c, &monitor);
                if (r != 0)
                        return r;
        }

        if (monitor && !f->format.format && f->output.format == OUTPUT_TEXT)
                f->format.format = FORMAT_OF_INOTIFYWAIT;
        if (f->format.format && f->output.format != OUTPUT_TEXT) {
                fprintf(stderr, "fopsctl: either --format or --output\n");
                return 1;
        }
        return take_paths(f, argv + optind);
}

static int run_follow(const Verb *verb, int argc, char **argv) {
        Follow f = { .format.time_format = TIME_FORMAT };
        int r, code;

        r = parse(verb, argc, argv, &f, &code);
        if (r == 0) {
                f.output.file = stdout;
                f.output.to_terminal = f.format.to_terminal = isatty(STDOUT_FILENO);
                f.output.colours = pager_colours();
                code = follow(&f);
        }
        follow_done(&f);
        if (f.signal != 0)
                die_of(f.signal);
        if (r < 0)
                fprintf(stderr, "fopsctl: %s\n", strerror(-r));
        return r < 0 ? EXIT_USAGE : code;
}

const Verb verb_follow = {
        .name = "follow",
        .synopsis = "[OPTIONS…] [PATH…]",
        .summary = "Shows operations as they happen, as inotifywait -m",
        .help = "  -e, --event EVENTS    only these: delete,chmod or inotify's names, create,modify,move\n"
                "  -r, --recursive       a directory with all below it, not only what is directly in it\n"
                "  -m, --monitor         lines as inotifywait's, --format '%w %e %f'\n"
                "      --format FORMAT   %w directory, %f name, %e event, %T time, %u user, %x program, %p pid …: fopsctl(1)\n"
                "      --timefmt FORMAT  of %T, as date(1)\n"
                "      --no-newline      nothing behind --format\n"
                "      --include REGEX, --exclude REGEX, --includei, --excludei\n"
                "                        only paths that match, that don't match; i: in any case\n"
                "      --failed          with -m and --format: what failed too\n"
                "  -o, --output FORMAT   text (default), json or csv\n"
                "      --count N         end after N lines\n"
                "  -t, --timeout S       end after S seconds without a line\n"
                "  -q, --quiet           say nothing but lines and errors\n",
        .run = run_follow,
};
