/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* An entry as one line for people, what --print=text and fopsctl -o text show:
 *   2026-11-22 02:14:35.123 alice deleted /srv/data/x with rm[4711]
 * Local time of FOPSD_TIME, then MESSAGE. Whatever the entry holds, the line is one line and can't move the terminal's
 * cursor. */

#include <stdio.h>

#include "entry.h"

/* Writes @e and a newline to @f. An entry without FOPSD_TIME begins with its MESSAGE. @f's error indicator tells of
 * trouble. */
void fops_text_print(const FopsEntry *e, FILE *f);

/* Writes @s with every unsafe byte (fops_utf8_is_safe()) as \xHH; a backslash stays what it is, for MESSAGE is escaped
 * already. */
void fops_text_print_value(FopsSpan s, FILE *f);

/* The same for what isn't escaped yet, a path or a name: a backslash in front of an x, too, becomes \x5c, so that nothing
 * is taken for an escape that isn't one. */
void fops_text_print_name(FopsSpan s, FILE *f);

/* Writes FOPSD_TIME as local time, "2026-11-22 02:05:41.349". False, with nothing written, for what isn't such a time. */
bool fops_text_print_time(FopsSpan s, FILE *f);
