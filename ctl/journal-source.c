/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Entries of the journal that a query asks for, through its matches; those that matches can't tell apart are held against it.
 *
 * Every match costs each step a search of its own, so that many matches find a few entries quickly and a tenth of the
 * journal slowly. How many it will be nobody knows: after as much work as reading everything would have been, the many
 * are dropped and the rest is read. So it takes at most twice as long as the better way. */

#include "journal-source.h"

#include <stdio.h>

#include "journal-entry.h"
#include "journal-files.h"
#include "journal-matches.h"

/* What takes as long as a search for one match: 80 bytes of journal, of which an entry takes 1 KB and 7 µs to be read. */
#define BYTES_PER_MATCH 80U
/* Enough for a path of FOPS_PATH_BYTES_MAX escaped in MESSAGE, when the values are shown to people. */
#define VALUE_BYTES_SHOWN ((size_t) 128 << 10)

typedef struct JournalSource {
        const SourceOptions *options;
        sd_journal *journal;

        JournalMatches matches;
        uint64_t steps_left; /* until those of many values are dropped */

        JournalEntry read;
        uint64_t n_unreadable;
} JournalSource;

static void journal_source_done(JournalSource *s) {
        journal_matches_done(&s->matches);
        journal_entry_done(&s->read);
        sd_journal_close(s->journal);
}

/* The fields that are shown, and those that terms look at. */
static void choose_fields(JournalSource *s) {
        const Query *q = s->options->query;

        if (!s->options->fields)
                return;
        for (const char *const *f = s->options->fields; *f; f++)
                journal_entry_want(&s->read, *f);
        for (size_t i = 0; i < ELEMENTSOF(q->terms); i++)
                for (size_t k = 0; k < q->terms[i].n_items; k++)
                        journal_entry_want(&s->read, q->terms[i].items[k].field);
        for (const char *const *f = query_fields; *f; f++)
                journal_entry_want(&s->read, *f);
        journal_entry_want_no_more(&s->read);
}

/* --- matches ---------------------------------------------------------------------------------------------------------- */

static int add_query(JournalSource *s) {
        uint64_t bytes = 0;
        int r;

        r = journal_matches_find(&s->matches, s->options);
        if (r >= 0)
                r = journal_matches_add(&s->matches, s->journal);
        if (r >= 0)
                r = sd_journal_get_usage(s->journal, &bytes);
        s->steps_left = s->matches.n_many > 0 ? bytes / BYTES_PER_MATCH / s->matches.n_many : UINT64_MAX;
        return MIN(r, 0);
}

/* Goes on without the terms of many values, from where the journal stands. */
static int drop_many(JournalSource *s) {
        _cleanup_free_ char *cursor = NULL;
        int r;

        journal_matches_drop_many(&s->matches);
        s->steps_left = UINT64_MAX;

        r = sd_journal_get_cursor(s->journal, &cursor);
        if (r < 0)
                return r;
        sd_journal_flush_matches(s->journal);
        r = journal_matches_add(&s->matches, s->journal);
        if (r >= 0)
                r = sd_journal_seek_cursor(s->journal, cursor);
        return r < 0 ? r : sd_journal_next(s->journal);
}

/* One step of sd_journal_next() or _previous(), which stands at an entry already. 1, 0 at the end, -errno. */
static int step(JournalSource *s, int (*move)(sd_journal *j)) {
        if (s->steps_left == 0) {
                int r = drop_many(s);

                if (r <= 0)
                        return r;
        }
        s->steps_left -= s->steps_left != UINT64_MAX;
        return move(s->journal);
}

/* Reads the entry and holds it against the query. 1: it is asked for; 0: it isn't. */
static int look(JournalSource *s, uint64_t *ret_usec) {
        const Query *q = s->options->query;

        if (journal_entry_read(&s->read, s->journal, ret_usec) < 0) {
                s->n_unreadable++;
                *ret_usec = 0;
                return 0;
        }
        return query_time_matches(q, *ret_usec) && query_matches(q, s->matches.settled, &s->read.entry);
}

/* --- where to begin and end ------------------------------------------------------------------------------------------- */

static bool is_beyond(JournalSource *s) {
        uint64_t usec;

        return sd_journal_get_realtime_usec(s->journal, &usec) >= 0 && usec > journal_last_realtime_usec(s->options->query);
}

/* Steps onto the first entry to look at. 1, 0 if there is none, -errno. */
static int begin_at_cursor(JournalSource *s) {
        int r;

        r = sd_journal_seek_cursor(s->journal, s->options->cursor);
        if (r >= 0)
                r = sd_journal_next(s->journal);
        if (r > 0 && sd_journal_test_cursor(s->journal, s->options->cursor) > 0)
                r = sd_journal_next(s->journal);
        return r;
}

static int begin_at_time(JournalSource *s) {
        uint64_t since_usec = s->options->query->since_usec;
        int r;

        r = since_usec > 0 ? sd_journal_seek_realtime_usec(s->journal, since_usec) : sd_journal_seek_head(s->journal);
        return r < 0 ? r : sd_journal_next(s->journal);
}

/* Back from the end to the first of the latest options->last that are asked for. */
static int begin_at_last(JournalSource *s) {
        uint64_t end_usec = journal_last_realtime_usec(s->options->query), usec, n = 0;
        _cleanup_free_ char *cursor = NULL;
        int r;

        r = end_usec < UINT64_MAX ? sd_journal_seek_realtime_usec(s->journal, end_usec) : sd_journal_seek_tail(s->journal);
        if (r >= 0)
                r = sd_journal_previous(s->journal);
        for (; r > 0; r = step(s, sd_journal_previous)) {
                if (look(s, &usec)) {
                        if (++n == s->options->last)
                                return 1;
                        free(TAKE_PTR(cursor));
                        r = sd_journal_get_cursor(s->journal, &cursor);
                        if (r < 0)
                                return r;
                }
                if (sd_journal_get_realtime_usec(s->journal, &usec) >= 0 && usec < s->options->query->since_usec)
                        break;
        }
        if (r < 0 || !cursor)
                return MIN(r, 0);
        r = sd_journal_seek_cursor(s->journal, cursor);
        return r < 0 ? r : sd_journal_next(s->journal);
}

static int begin(JournalSource *s) {
        if (s->options->cursor)
                return begin_at_cursor(s);
        return s->options->last > 0 ? begin_at_last(s) : begin_at_time(s);
}

/* The entry to go on behind: the one the journal stands at, or, if that came too late to be asked for, the one before. */
static int keep_cursor(JournalSource *s, bool too_late, char **ret_cursor) {
        int r;

        if (too_late && (r = sd_journal_previous(s->journal)) <= 0)
                return r;
        r = sd_journal_get_cursor(s->journal, ret_cursor);
        return r == -EADDRNOTAVAIL ? 0 : r;
}

static int visit_all(JournalSource *s, char **ret_cursor) {
        const SourceOptions *o = s->options;
        bool too_late = false;
        uint64_t usec;
        int r, verdict = SOURCE_GO_ON;

        for (r = begin(s); r > 0 && verdict == SOURCE_GO_ON; r = verdict == SOURCE_GO_ON ? step(s, sd_journal_next) : 0) {
                if (is_beyond(s))
                        break;
                if (look(s, &usec)) {
                        verdict = o->visit(o->userdata, &s->read.entry);
                        if (verdict < 0)
                                return verdict;
                } else if (o->keep_cursor && usec > o->query->until_usec) {
                        /* What comes behind a checkpoint is found by the next run, what comes in front of it by none. */
                        too_late = true;
                        break;
                }
        }
        if (r >= 0 && o->keep_cursor)
                r = keep_cursor(s, too_late, ret_cursor);
        return MIN(r, 0);
}

/* --- the whole -------------------------------------------------------------------------------------------------------- */

/* Says so if the journal doesn't hold the checkpoint any more: something may have gone with it. 0, 1 if it is no cursor at
 * all, -errno. */
static int check_cursor(JournalSource *s) {
        int r;

        r = sd_journal_seek_cursor(s->journal, s->options->cursor);
        if (r == -EINVAL) {
                fprintf(stderr, "fopsctl: checkpoint: %s\n", strerror(EINVAL));
                return 1;
        }
        if (r >= 0)
                r = sd_journal_next(s->journal);
        if (r >= 0 && (r == 0 || sd_journal_test_cursor(s->journal, s->options->cursor) <= 0))
                fprintf(stderr, "fopsctl: the journal doesn't reach back to the checkpoint: entries may be missing\n");
        return MIN(r, 0);
}

int journal_source_read(const SourceOptions *options, char **ret_cursor) {
        _cleanup_(journal_source_done) JournalSource s = { .options = options };
        bool unreadable = false;
        int r;

        r = journal_open(options->directory, options->merge, &s.journal);
        if (r == 0 && !options->is_checked)
                r = journal_check(options->directory, options->merge, &unreadable);
        if (r != 0)
                return r;

        (void) sd_journal_set_data_threshold(s.journal, options->fields ? VALUE_BYTES_SHOWN : 0);
        r = options->cursor ? check_cursor(&s) : 0;
        if (r > 0)
                return r;
        if (r >= 0)
                r = add_query(&s);
        if (r >= 0 && !s.matches.impossible) {
                choose_fields(&s);
                r = visit_all(&s, ret_cursor);
        }
        if (s.n_unreadable > 0)
                fprintf(stderr, "fopsctl: %ju entries of the journal can't be read\n", (uintmax_t) s.n_unreadable);
        return r < 0 ? r : unreadable || s.n_unreadable > 0;
}
