/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What follow shows of entries: lines on standard output, each written at once, since somebody reads along. */

#include "follow-options.h"

typedef struct FollowLines {
        const FollowOptions *options;
        Output output;
        FopsArena arena; /* of one entry */
        uint64_t n_printed;
} FollowLines;

void follow_lines_done(FollowLines *l);

/* As many as were asked for. */
static inline bool follow_lines_are_enough(const FollowLines *l) {
        return l->options->count > 0 && l->n_printed >= l->options->count;
}

/* Prints what is asked for of @e. Losses that concern everybody are said on standard error where a line has no room for them. 0 or
 * the -errno of writing. */
int follow_lines_print(FollowLines *l, const FopsEntry *e);

/* The same for what fanotify said of a file that was closed. */
int follow_lines_print_close(FollowLines *l, const FopsEntry *e);
