/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The lines of follow --format, as inotifywait(1) has them and more: '%w %e %f' gives
 *   /srv/data/ CREATE,ISDIR sub
 * %w %f %e %Xe %T %c %n %0 are inotifywait's; %u user, %l who logged in, %p pid, %x program, %C its name, %o operation,
 * %r result, %k keys, %i event id, %h host, %m the message are fopsd's. */

#include <stdio.h>

#include "follow-scope.h"
#include "inotify-event.h"

typedef struct FollowFormat {
        const char *format;
        const char *time_format; /* strftime(3) */
        bool no_newline;
        bool to_terminal; /* names can't move its cursor */
} FollowFormat;

/* NULL if the format makes sense, else the conversion that doesn't. */
const char *follow_format_check(const char *format);

typedef struct FollowLine {
        const FopsEntry *entry;
        FopsOp op;
        InotifyEvent event;
        bool is_directory;
        FollowPlace place;
} FollowLine;

/* Writes a line; @out's error indicator tells of trouble. */
void follow_format_print(const FollowFormat *f, const FollowLine *line, FILE *out);
