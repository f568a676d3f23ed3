/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow-lines.h"

#include <stdio.h>

#include "text.h"

void follow_lines_done(FollowLines *l) {
        fops_arena_done(&l->arena);
}

static int printed(FollowLines *l) {
        errno = 0;
        if (fflush(stdout) != 0)
                return errno > 0 ? -errno : -EIO;
        l->n_printed++;
        return 0;
}

static InotifyEvent event_at(const InotifyStep *step, const FollowPlace *place) {
        if (!place->is_root)
                return step->event;
        return step->event == INOTIFY_DELETE ? INOTIFY_DELETE_SELF : step->event == INOTIFY_MOVED_FROM ? INOTIFY_MOVE_SELF
                                                                                                      : step->event;
}

/* The steps of an operation that are asked for, as lines. */
static size_t choose_lines(FollowLines *l, const FopsEntry *e, FopsOp op, FollowLine lines[static INOTIFY_STEPS_MAX]) {
        InotifyStep steps[INOTIFY_STEPS_MAX];
        size_t n_steps = inotify_steps(e, op, steps), n = 0;

        for (size_t i = 0; i < n_steps; i++) {
                FollowLine line = { .entry = e, .op = op, .is_directory = steps[i].is_directory };

                if (!follow_scope_place(&l->options->scope, &l->arena, steps[i].path, steps[i].is_directory, &line.place))
                        continue;
                line.event = event_at(steps + i, &line.place);
                if (inotify_selection_has(&l->options->selection, op, steps + i, line.event))
                        lines[n++] = line;
        }
        return n;
}

/* Of an operation whose path isn't known, but the directory. */
static bool may_be_meant(const FollowLines *l, const FopsEntry *e, FopsOp op) {
        FopsSpan dir = fops_entry_get(e, "FOPSD_DIR");

        return !fops_entry_get(e, "FOPSD_PATH").data && dir.data && !l->options->scope.has_include &&
               inotify_selection_ops(&l->options->selection) & FOPS_OP_BIT(op) && follow_scope_has_directory(&l->options->scope, dir);
}

static int print_lines(FollowLines *l, const FollowLine *lines, size_t n) {
        int r = 0;

        for (size_t i = 0; i < n && r >= 0 && !follow_lines_are_enough(l); i++) {
                follow_format_print(&l->options->format, lines + i, stdout);
                r = printed(l);
        }
        return r;
}

static int print_entry(FollowLines *l, const FopsEntry *e) {
        int r;

        r = output_print(&l->output, e);
        return r < 0 ? r : printed(l);
}

static int print_operation(FollowLines *l, const FopsEntry *e, FopsOp op) {
        bool is_failed = fops_span_equal_string(fops_entry_get(e, "FOPSD_RESULT"), "failed");
        FollowLine lines[INOTIFY_STEPS_MAX];
        size_t n = choose_lines(l, e, op, lines);

        if (l->options->format.format)
                return is_failed && !l->options->with_failed ? 0 : print_lines(l, lines, n);
        return n > 0 || may_be_meant(l, e, op) ? print_entry(l, e) : 0;
}

/* What fopsd says of itself. That something was missed concerns everybody who follows; the rest, who follows everything. */
static int print_other(FollowLines *l, const FopsEntry *e) {
        FopsSpan kind = fops_entry_get(e, "FOPSD_KIND"), message = fops_entry_get(e, "MESSAGE");
        bool concerns = fops_span_equal_string(kind, "gap") || fops_span_equal_string(kind, "tamper");

        if (!l->options->format.format)
                return concerns || l->options->scope.n_roots == 0 ? print_entry(l, e) : 0;
        if (concerns && !l->options->quiet) {
                fputs("fopsctl: ", stderr);
                fops_text_print_value(message, stderr);
                fputc('\n', stderr);
        }
        return 0;
}

int follow_lines_print_close(FollowLines *l, const FopsEntry *e) {
        FollowLine line = { .entry = e, .op = FOPS_OP_MODIFY, .event = INOTIFY_CLOSE_WRITE };

        fops_arena_reset(&l->arena);
        if (!follow_scope_place(&l->options->scope, &l->arena, fops_entry_get(e, "FOPSD_PATH"), false, &line.place))
                return 0;
        return l->options->format.format ? print_lines(l, &line, 1) : print_entry(l, e);
}

int follow_lines_print(FollowLines *l, const FopsEntry *e) {
        FopsOp op;

        fops_arena_reset(&l->arena);
        if (!fops_op_from_string(fops_entry_get(e, "FOPSD_OP"), &op))
                return print_other(l, e);
        return print_operation(l, e, op);
}
