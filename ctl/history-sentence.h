/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A history in one sentence:
 *   deleted 14:03:11 by alice with rm -rf /srv (pid 4711, in ssh session 3, unit user@1000.service) */

#include <stdio.h>

#include "history.h"

/* What became of @path, without the path in front and a newline behind; of one that nothing is known of, nothing. Times of
 * the day of @now_usec are without a date. Nothing in it can move a terminal's cursor. */
void history_print_sentence(const History *h, FopsSpan path, uint64_t now_usec, FILE *f);

/* "14:03:11", or with the date if that isn't of @now_usec. */
void history_print_time(uint64_t usec, uint64_t now_usec, FILE *f);
