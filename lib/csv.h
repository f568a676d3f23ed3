/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Values as fields of comma-separated lines (RFC 4180), for spreadsheets:
 *   2026-11-22 02:05:41.349,delete,"/srv/data/a ""b"", c"
 * A field is in quotes if it holds a comma, a quote or a blank; bytes that aren't safe to show stand as \xHH, as in
 * text.h. */

#include <stdio.h>

#include "span.h"

/* Writes one field without the comma; an absent value is an empty one. @is_name: it isn't escaped yet (a path, a comm);
 * else a MESSAGE. @f's error indicator tells of trouble. */
void fops_csv_print_value(FopsSpan value, bool is_name, FILE *f);
