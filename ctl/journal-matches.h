/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A query as matches of sd-journal:
 *   -f /srv -k data  →  (FOPSD_PATH=/srv or FOPSD_BELOW=/srv …) and (FOPSD_KEY=data or FOPSD_KEY=database)
 * What can't be asked for in this way, entries have to be held against. */

#include <systemd/sd-journal.h>

#include "source.h"

/* "NAME=value" strings that answer a term; none: it asks for nothing, or matches can't say it. */
typedef struct JournalValues {
        FopsSpan *items;
        size_t n_items;
        FopsArena arena;
} JournalValues;

typedef struct JournalMatches {
        JournalValues values[QUERY_TERMS_MAX];
        uint32_t settled; /* terms that their values answer: for query_matches() */
        bool impossible;  /* no value fits one of the terms: there is nothing to be found */
        size_t n_many;    /* values of those terms that have so many that they can be a burden */
} JournalMatches;

/* An all-zero one has no matches. */
void journal_matches_done(JournalMatches *m);

/* Finds those for the query of @options, in the journal that they name. 0 or -errno. */
int journal_matches_find(JournalMatches *m, const SourceOptions *options);

/* Adds them to @j, and those for what fopsd wrote. 0 or -errno. */
int journal_matches_add(const JournalMatches *m, sd_journal *j);

/* Leaves those of many values to be held against entries. */
void journal_matches_drop_many(JournalMatches *m);

/* How much later than the event its entry may come and still be found by --until: what waits in fopsd's and in journald's
 * buffers, a restart of fopsd in between. */
#define JOURNAL_LATE_USEC (UINT64_C(600) * 1000000)

/* Nothing that came later is asked for. */
uint64_t journal_last_realtime_usec(const Query *q);
