/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What can be counted of entries, and how: the reports of aureport and some more, in one table. */

#include "entry.h"
#include "tally.h"

typedef enum Counting {
        COUNT_FIRST,  /* by the first field that the entry has */
        COUNT_EACH,   /* by every value of every field */
        COUNT_JOINED, /* by the first field's value with the next that there is behind it */
        COUNT_HOUR,
        COUNT_TOTAL,  /* by kind of entry */
        LISTED,       /* not counted: every entry is a row of these fields */
} Counting;

typedef struct Report {
        const char *name, *heading;
        Counting counting;
        bool in_overview, failed_only;
        const char *fields[6];
} Report;

/* In the order of the overview; ends with a name of NULL. */
extern const Report reports[];
#define REPORTS_MAX 15

/* All fields that any report looks at, NULL-terminated. */
extern const char *const report_fields[];

/* NULL: there is none of that name. */
const Report *report_find(const char *name);

/* Counts an entry of that time, if the report counts it at all; @arena is for the moment. 0 or -ENOMEM. */
int report_count(const Report *report, Tally *tally, FopsArena *arena, const FopsEntry *e, uint64_t usec);
