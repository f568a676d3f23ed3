/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The rows of reports on standard output: of one form whatever they count, in text, CSV and JSON. */

#include "output.h"
#include "report.h"

typedef struct ReportRows {
        OutputFormat format; /* text, CSV or JSON */
        bool bold;           /* the headings of text */
        FopsArena arena;     /* of one row */
        uint64_t n_rows;     /* printed so far */
} ReportRows;

void report_rows_done(ReportRows *r);

/* A table: its headings, and its first @lines rows. What had no room in the tally is said on standard error. */
void report_rows_print(ReportRows *r, const Report *report, Tally *tally, uint64_t lines);

/* An entry as a row, of a report that lists. 0 or the -errno of writing. */
int report_rows_print_entry(ReportRows *r, const Report *report, const FopsEntry *e);
