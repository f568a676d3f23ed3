/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl follow: operations as they happen, as inotifywait -m.
 *   fopsctl follow -r --format '%w%f %e by %u' -e create,delete /srv/data
 *   /srv/data/x DELETE by alice */

#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>

#include "follow-close.h"
#include "follow-lines.h"
#include "follow-source.h"
#include "pager.h"
#include "query.h"
#include "text.h"

typedef struct Follow {
        FollowOptions options;
        FollowLines lines;

        sd_event *event;
        sd_event_source *timeout;
        FollowJournal *journal;
        FollowFopsd *fopsd;
        FollowWatch *watch;
        FollowClose *close;
        int signal; /* that ended it */
} Follow;

static void follow_done(Follow *f) {
        follow_close_free(f->close);
        follow_watch_free(f->watch);
        follow_fopsd_free(f->fopsd);
        follow_journal_free(f->journal);
        sd_event_source_unref(f->timeout);
        sd_event_unref(f->event);
        follow_lines_done(&f->lines);
        follow_options_done(&f->options);
}

/* --- entries ---------------------------------------------------------------------------------------------------------- */

static int show(Follow *f, const FopsEntry *e, int (*print)(FollowLines *l, const FopsEntry *e)) {
        uint64_t n_before = f->lines.n_printed;
        int r;

        if (follow_lines_are_enough(&f->lines))
                return 0;
        r = print(&f->lines, e);
        if (r < 0)
                return r;
        if (follow_lines_are_enough(&f->lines))
                return follow_end(f->event, 0);
        if (!f->timeout || f->lines.n_printed == n_before)
                return 0;
        return sd_event_source_set_time_relative(f->timeout, f->options.timeout_usec);
}

/* Of fanotify; CLOSE_WRITE was asked for. */
static int on_close(void *userdata, const FopsEntry *e) {
        return show(userdata, e, follow_lines_print_close);
}

static int on_entry(void *userdata, const FopsEntry *e) {
        Follow *f = userdata;
        uint64_t usec;
        int r;

        if (f->close && query_parse_time(fops_entry_get(e, "FOPSD_TIME"), &usec)) {
                r = follow_close_catch_up(f->close, usec);
                if (r < 0)
                        return r;
        }
        return show(f, e, follow_lines_print);
}

/* --- the loop --------------------------------------------------------------------------------------------------------- */

static void on_ready(void *userdata) {
        const Follow *f = userdata;

        if (f->options.quiet)
                return;
        fputs("fopsctl: following", stderr);
        for (size_t i = 0; i < f->options.scope.n_roots; i++) {
                fputc(' ', stderr);
                fops_text_print_name(f->options.scope.roots[i].shown, stderr);
        }
        fputs(f->options.scope.n_roots == 0 ? " all that fopsd records\n" : "\n", stderr);
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

        if (!inotify_selection_asks_for(&f->options.selection, INOTIFY_CLOSE_WRITE) || f->options.scope.n_roots == 0 || geteuid() != 0)
                return 0;
        r = follow_close_new(f->event, handlers, &f->options.scope, &f->close);
        f->options.selection.knows_closing = r >= 0;
        if (r >= 0 || r == -ENOMEM)
                return r;
        if (!f->options.quiet)
                fprintf(stderr, "fopsctl: close_write is told when a file is opened for writing: fanotify: %s\n", strerror(-r));
        return 0;
}

/* Sees to it that what is followed is watched: by the fopsd that is running, or one of our own. Who isn't root sees what is
 * watched anyhow. 0; 1 if all has been said; -errno. */
static int watch(Follow *f, FollowHandlers handlers) {
        _cleanup_free_ char *ops = words_of_ops(inotify_selection_ops(&f->options.selection));
        _cleanup_free_ const char **paths = calloc(f->options.scope.n_roots + 1, sizeof(char *));
        int r;

        if (!ops || !paths)
                return -ENOMEM;
        for (size_t i = 0; i < f->options.scope.n_roots; i++)
                paths[i] = f->options.scope.roots[i].path.data;

        if (f->options.scope.n_roots > 0 && geteuid() == 0 && *ops != '\0') {
                r = follow_watch_new(f->event, handlers, paths, ops, f->options.scope.recursive, &f->watch);
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
        if (r >= 0 && f->options.timeout_usec > 0)
                r = sd_event_add_time_relative(f->event, &f->timeout, CLOCK_MONOTONIC, f->options.timeout_usec, 0, on_timeout, f);
        if (r >= 0)
                r = sd_event_add_io(f->event, NULL, STDOUT_FILENO, 0, on_closed, f);
        if (r == -EPERM) /* a file has no reader who could go */
                r = 0;
        if (r >= 0 && !follow_options_are_elsewhere(&f->options))
                r = watch_closing(f);
        if (r >= 0 && !follow_options_are_elsewhere(&f->options))
                r = watch(f, handlers);
        /* With a fopsd of our own nothing comes from the journal, nor if only closing is asked for. */
        if (r >= 0 && !f->fopsd && inotify_selection_ops(&f->options.selection) != 0)
                r = follow_journal_new(f->event, f->options.directory, f->options.merge, handlers, &f->journal);
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
                output_begin(&f->lines.output);
                r = fflush(stdout) == 0 ? sd_event_loop(f->event) : -errno;
        }
        if (r == -EPIPE)
                return EXIT_FOUND; /* the reader has seen enough */
        if (r < 0) {
                if (r != FOLLOW_SAID)
                        fprintf(stderr, "fopsctl: %s\n", strerror(-r));
                return EXIT_USAGE;
        }
        return f->lines.n_printed > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

static int run_follow(const Verb *verb, int argc, char **argv) {
        Follow f = { .lines.options = &f.options };
        int r, code;

        r = follow_options_parse(&f.options, verb, argc, argv, &code);
        if (r == 0) {
                f.lines.output = (Output){
                        .format = f.options.output,
                        .file = stdout,
                        .to_terminal = isatty(STDOUT_FILENO),
                        .colours = pager_colours(),
                        .with_host = f.options.merge,
                };
                f.options.format.to_terminal = f.lines.output.to_terminal;
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
                "  -D, --directory DIR   the journal in DIR, and nothing is watched for it\n"
                "      --merge           the journals of other hosts too, and nothing is watched for it\n"
                "      --count N         end after N lines\n"
                "  -t, --timeout S       end after S seconds without a line\n"
                "  -q, --quiet           say nothing but lines and errors\n",
        .run = run_follow,
};
