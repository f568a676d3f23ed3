/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Counts by value: how often, how often failed, when first and last. */

#include "span.h"

/* Memory is bounded: a journal of a year may have millions of paths. What comes when there is no room isn't counted by
 * value. A quarter million rows are more than anybody reads, and the most frequent values come early. */
#define TALLY_ROWS_MAX ((size_t) 1 << 18)
#define TALLY_BYTES_MAX ((size_t) 64 << 20)

typedef struct TallyRow {
        FopsSpan value;
        uint64_t hash;
        uint64_t count, failed;
        uint64_t first_usec, last_usec;
} TallyRow;

typedef struct Tally Tally;

Tally *tally_new(void); /* NULL when memory is out */
Tally *tally_free(Tally *t);
FOPS_DEFINE_CLEANUP(Tally *, tally_free)

/* Counts @count more of @value (copied) at @usec. 0 or -ENOMEM. */
int tally_add(Tally *t, FopsSpan value, uint64_t count, bool failed, uint64_t usec);

/* How many had no room. */
uint64_t tally_left_out(const Tally *t);

typedef enum TallyOrder {
        TALLY_BY_COUNT, /* most first */
        TALLY_BY_VALUE,
} TallyOrder;

/* Puts the rows in order and hands them out, borrowed until the next call; no more can be added then. */
const TallyRow *tally_rows(Tally *t, TallyOrder order, size_t *ret_n);
