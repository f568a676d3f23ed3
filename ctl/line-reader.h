/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Lines of a file, in large reads, with any bytes in them. */

#include "span.h"

/* A record is at most 8,970 bytes, with its enrichment perhaps twice that; what is longer is no line of an audit log, and is
 * handed out in pieces, each of which fails to parse and is counted. */
#define LINE_BYTES_MAX ((size_t) 1 << 20)

typedef struct LineReader LineReader;

/* @fd is borrowed. NULL when memory is out. */
LineReader *line_reader_new(int fd);
LineReader *line_reader_free(LineReader *r);
FOPS_DEFINE_CLEANUP(LineReader *, line_reader_free)

/* The next line without its newline, valid until the next call. Returns 1, 0 at the end, or -errno of read(2). */
int line_reader_next(LineReader *r, FopsSpan *ret);
