/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* An entry of the journal as a FopsEntry, and which entries of a journal are fopsd's. */

#include <systemd/sd-journal.h>

#include "entry.h"

/* Fields of fopsd's and journald's entries have about 120 names; who writes others to be a burden gets no more. */
#define JOURNAL_NAMES_MAX 512U
#define JOURNAL_NAME_SLOTS (JOURNAL_NAMES_MAX * 2)

typedef struct JournalEntry {
        FopsEntry entry;
        char *names[JOURNAL_NAME_SLOTS]; /* of fields, for the entry to borrow; a hash table */
        unsigned n_names;
        bool names_closed;               /* no others are wanted */
} JournalEntry;

/* An all-zero one is empty and wants all fields. */
void journal_entry_done(JournalEntry *e);

/* Only fields that were asked for by _want() are read, once _want_no_more() was called; FOPSD_TIME is always there. */
void journal_entry_want(JournalEntry *e, const char *field);
void journal_entry_want_no_more(JournalEntry *e);

/* Reads the entry that @j stands at into e->entry, valid until the next call, and its time into *@ret_usec: FOPSD_TIME,
 * which is added where fopsd speaks of itself: that happened when it said so. -errno: it can't be read. */
int journal_entry_read(JournalEntry *e, sd_journal *j, uint64_t *ret_usec);

/* Matches for what fopsd wrote. Anybody may write entries that look like it; those meant are from root or from fopsd's own
 * unit: journald notes both itself, in fields that nobody else can set. 0 or -errno. */
int journal_match_writer(sd_journal *j);
