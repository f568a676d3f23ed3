/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Text composed in memory that is there already. What finds no room is only counted, so that .size tells how much it would have
 * taken: whoever composes text of any length does it again with more room. Nothing here ends in NUL. */

#include "span.h"

typedef struct FopsLine {
        char *data;
        size_t room, size;
} FopsLine;

static inline void fops_line_put(FopsLine *l, const char *data, size_t size) {
        if (l->size <= l->room && size <= l->room - l->size)
                memcpy(l->data + l->size, data, size);
        l->size += size;
}

static inline void fops_line_put_string(FopsLine *l, const char *s) {
        fops_line_put(l, s, strlen(s));
}

/* 64 bits in octal are 22, in decimal with a sign 20. */
#define FOPS_NUMBER_BYTES 24U

/* Writes @value in decimal; returns how many digits. */
size_t fops_format_u64(char to[static FOPS_NUMBER_BYTES], uint64_t value);

/* The digits of @value: decimal; or in base 2^@bits, lower case, @n_min of them or more. */
void fops_line_put_u64(FopsLine *l, uint64_t value);
void fops_line_put_i64(FopsLine *l, int64_t value);
void fops_line_put_bits(FopsLine *l, uint64_t value, unsigned bits, unsigned n_min);

/* What was composed; borrows. Not for a line that ran out of room. */
static inline FopsSpan fops_line_span(const FopsLine *l) {
        return (FopsSpan){ l->data, l->size };
}
