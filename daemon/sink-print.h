/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Entries as lines, for fopsd --print: text (text.h) or JSON (json.h). */

#include "entry.h"

typedef enum FopsPrintFormat { FOPS_PRINT_TEXT, FOPS_PRINT_JSON } FopsPrintFormat;

typedef struct FopsSinkPrint FopsSinkPrint;

/* @fd is borrowed. The process ignores SIGPIPE from here on, so that a reader who goes away is an error and no death.
 * NULL when memory is out. */
FopsSinkPrint *fops_sink_print_new(int fd, FopsPrintFormat format);
FopsSinkPrint *fops_sink_print_free(FopsSinkPrint *s);
FOPS_DEFINE_CLEANUP(FopsSinkPrint *, fops_sink_print_free)

/* Writes @e as one line, at once; blocks while the reader is slow, also on a descriptor that doesn't. Returns 0 or a
 * negative errno, -EPIPE when the reader has closed. */
int fops_sink_print_write(FopsSinkPrint *s, const FopsEntry *e);
