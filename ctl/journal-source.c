/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A query into matches of sd-journal, and journal entries into FopsEntry:
 *   -f /srv -k data  →  (FOPSD_PATH=/srv or FOPSD_DIR=/srv or FOPSD_DIR=/srv/a …) and (FOPSD_KEY=data or FOPSD_KEY=database)
 *
 * journald indexes every field by its exact values. A term that doesn't ask for exact values (below a directory, a part
 * of a name) is settled by looking through the values there are, which are far fewer than entries, and asking for those
 * that fit. What can't be asked in this way, the term is held against the entries that the rest leaves.
 *
 * Every match costs each step a search of its own, so that many matches find a few entries quickly and a tenth of the
 * journal slowly. How many it will be nobody knows: after as much work as reading everything would have been, the many
 * are dropped and the rest is read. So it takes at most twice as long as the better way. */

#include "journal-source.h"

#include <stdio.h>

#include "journal-entry.h"
#include "journal-files.h"

/* Of one term. A step through 4,096 takes 2.5 ms (0.6 µs each, Linux 6.18, systemd 252): with more it is no use to begin. */
#define MATCHES_MAX 4096U
/* Fewer are never dropped. */
#define MATCHES_FEW 16U
/* Values looked through for one field, 2 µs each, in the largest journals 20: less than to read the entries that have them. */
#define VALUES_MAX 1000000U
/* The same for FOPSD_NEW_PATH, since few entries have one: then those are read. */
#define NEW_PATHS_MAX 10000U
/* What takes as long as a search for one match: 80 bytes of journal, of which an entry takes 1 KB and 7 µs to be read. */
#define BYTES_PER_MATCH 80U
/* How much later than the event its entry may come and still be found by --until: what waits in fopsd's and in journald's
 * buffers, a restart of fopsd in between. */
#define LATE_USEC (UINT64_C(600) * 1000000)
/* Enough for a path of FOPS_PATH_BYTES_MAX escaped in MESSAGE, when the values are shown to people. */
#define VALUE_BYTES_SHOWN ((size_t) 128 << 10)

/* "NAME=value" strings that answer a term. */
typedef struct Values {
        FopsSpan *items;
        size_t n_items;
        FopsArena arena;
} Values;

typedef struct JournalSource {
        const SourceOptions *options;
        sd_journal *journal;

        Values values[QUERY_TERMS_MAX];
        uint32_t settled;    /* terms that their values answer */
        bool impossible;     /* no value fits one of the terms */
        uint64_t steps_left; /* until the terms with many values are dropped */

        JournalEntry read;
        uint64_t n_unreadable;
} JournalSource;

static void values_done(Values *v) {
        free(v->items);
        fops_arena_done(&v->arena);
        *v = (Values){};
}

static void journal_source_done(JournalSource *s) {
        for (size_t i = 0; i < ELEMENTSOF(s->values); i++)
                values_done(s->values + i);
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
        journal_entry_want(&s->read, "FOPSD_OP");
        journal_entry_want_no_more(&s->read);
}

/* --- matches ---------------------------------------------------------------------------------------------------------- */

/* Of entries that may be asked for. */
static uint64_t last_realtime_usec(const JournalSource *s) {
        uint64_t end_usec;

        return __builtin_add_overflow(s->options->query->until_usec, LATE_USEC, &end_usec) ? UINT64_MAX : end_usec;
}

static int values_add(Values *v, FopsSpan match) {
        FopsSpan *items = reallocarray(v->items, v->n_items + 1, sizeof(FopsSpan)), copy = fops_arena_copy(&v->arena, match);

        if (items)
                v->items = items;
        if (!items || !fops_span_is_present(copy))
                return -ENOMEM;
        v->items[v->n_items++] = copy;
        return 0;
}

static int values_add_equal(Values *v, const QueryAlternative *a) {
        size_t name_size = strlen(a->field);
        _cleanup_free_ char *match = malloc(name_size + 1 + a->value.size);

        if (!match)
                return -ENOMEM;
        *(char *) mempcpy(match, a->field, name_size) = '=';
        memcpy(match + name_size + 1, a->value.data, a->value.size);
        return values_add(v, (FopsSpan){ match, name_size + 1 + a->value.size });
}

typedef enum Answer {
        ANSWER_WHOLE,   /* the values are found in what the alternative asks for, and nowhere else */
        ANSWER_ROUGHLY, /* … and elsewhere */
        ANSWER_NONE,    /* no values can say it */
} Answer;

/* Those of a field's values that fit, as they come, each once. */
typedef struct Fitting {
        Values *values;
        const QueryAlternative *asked;
        unsigned n_looked, n_looked_max;
        uint16_t seen[MATCHES_MAX * 2]; /* a hash table of 1 + index in values */
} Fitting;

_Static_assert(MATCHES_MAX < UINT16_MAX, "an index fits");

static bool is_seen(Fitting *f, FopsSpan match) {
        size_t i = fops_span_hash(match) % ELEMENTSOF(f->seen);

        for (; f->seen[i] > 0; i = (i + 1) % ELEMENTSOF(f->seen))
                if (fops_span_equal(match, f->values->items[f->seen[i] - 1]))
                        return true;
        f->seen[i] = (uint16_t) (f->values->n_items + 1);
        return false;
}

static int take_value(void *userdata, FopsSpan match) {
        Fitting *f = userdata;

        if (++f->n_looked > f->n_looked_max || f->values->n_items >= MATCHES_MAX)
                return ANSWER_NONE;
        if (!query_value_matches(f->asked, fops_span_skip(match, strlen(f->asked->field) + 1)) || is_seen(f, match))
                return 0;
        return values_add(f->values, match);
}

/* Adds those of the journal's values of the field that fit. */
static int add_fitting(const JournalSource *s, Values *v, const QueryAlternative *a, unsigned n_looked_max) {
        Fitting f = { .values = v, .asked = a, .n_looked_max = n_looked_max };
        int r;

        r = journal_each_value(s->options->directory, s->options->merge, a->field, s->options->query->since_usec,
                               last_realtime_usec(s), take_value, &f);
        return r == 0 ? ANSWER_WHOLE : r == -ENOMEM ? r : ANSWER_NONE;
}

/* Entries that have a new path at all; the only field of many values that a term for a directory looks at. */
static int add_two_names(Values *v) {
        static const char *const ops[] = { "FOPSD_OP=rename", "FOPSD_OP=exchange", "FOPSD_OP=link" };

        for (size_t i = 0; i < ELEMENTSOF(ops); i++)
                if (values_add(v, fops_span_from_string(ops[i])) < 0)
                        return -ENOMEM;
        return ANSWER_ROUGHLY;
}

/* An answer or -errno. */
static int add_alternative(const JournalSource *s, Values *v, const QueryAlternative *a) {
        bool is_new_path = strcmp(a->field, "FOPSD_NEW_PATH") == 0;
        size_t n_before = v->n_items;
        int r;

        switch (a->match) {
        case QUERY_EQUAL:
                r = values_add_equal(v, a);
                return r < 0 ? r : ANSWER_WHOLE;
        case QUERY_PART:
        case QUERY_LAST:
        case QUERY_BELOW:
                r = add_fitting(s, v, a, is_new_path ? NEW_PATHS_MAX : VALUES_MAX);
                if (r != ANSWER_NONE || !is_new_path)
                        return r;
                v->n_items = n_before;
                return add_two_names(v);
        case QUERY_ABSENT:
        case QUERY_SERIAL:
                break;
        }
        return ANSWER_NONE;
}

static int add_matches(sd_journal *j, const Values *v) {
        int r;

        r = sd_journal_add_conjunction(j);
        for (size_t i = 0; r >= 0 && i < v->n_items; i++) {
                r = sd_journal_add_match(j, v->items[i].data, v->items[i].size);
                if (r >= 0)
                        r = sd_journal_add_disjunction(j);
        }
        return r;
}

/* All matches there are to be. */
static int add_all(JournalSource *s) {
        int r;

        r = journal_match_writer(s->journal);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(s->values); i++)
                if (s->values[i].n_items > 0)
                        r = add_matches(s->journal, s->values + i);
        return r;
}

static int answer_term(JournalSource *s, size_t i) {
        const QueryTerm *term = s->options->query->terms + i;
        int r, worst = ANSWER_WHOLE;

        for (size_t k = 0; k < term->n_items; k++) {
                r = add_alternative(s, s->values + i, term->items + k);
                if (r < 0)
                        return r;
                if (r == ANSWER_NONE) {
                        values_done(s->values + i);
                        return 0;
                }
                worst = MAX(worst, r);
        }
        s->impossible |= term->n_items > 0 && s->values[i].n_items == 0;
        if (worst == ANSWER_WHOLE)
                s->settled |= UINT32_C(1) << i;
        return 0;
}

static int add_query(JournalSource *s) {
        size_t n_matches = 0;
        uint64_t bytes = 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < QUERY_TERMS_MAX && !s->impossible; i++) {
                r = answer_term(s, i);
                if (s->values[i].n_items > MATCHES_FEW)
                        n_matches += s->values[i].n_items;
        }
        if (r >= 0)
                r = add_all(s);
        if (r >= 0)
                r = sd_journal_get_usage(s->journal, &bytes);
        s->steps_left = n_matches > 0 ? bytes / BYTES_PER_MATCH / n_matches : UINT64_MAX;
        return MIN(r, 0);
}

/* Goes on without the terms of many values, from where the journal stands. */
static int drop_many(JournalSource *s) {
        _cleanup_free_ char *cursor = NULL;
        int r;

        for (size_t i = 0; i < QUERY_TERMS_MAX; i++)
                if (s->values[i].n_items > MATCHES_FEW) {
                        values_done(s->values + i);
                        s->settled &= ~(UINT32_C(1) << i);
                }
        s->steps_left = UINT64_MAX;

        r = sd_journal_get_cursor(s->journal, &cursor);
        if (r < 0)
                return r;
        sd_journal_flush_matches(s->journal);
        r = add_all(s);
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
        return query_time_matches(q, *ret_usec) && query_matches(q, s->settled, &s->read.entry);
}

/* --- where to begin and end ------------------------------------------------------------------------------------------- */

static bool is_beyond(JournalSource *s) {
        uint64_t usec;

        return sd_journal_get_realtime_usec(s->journal, &usec) >= 0 && usec > last_realtime_usec(s);
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
        uint64_t end_usec = last_realtime_usec(s), usec, n = 0;
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
        if (r >= 0 && !s.impossible) {
                choose_fields(&s);
                r = visit_all(&s, ret_cursor);
        }
        if (s.n_unreadable > 0)
                fprintf(stderr, "fopsctl: %ju entries of the journal can't be read\n", (uintmax_t) s.n_unreadable);
        return r < 0 ? r : unreadable || s.n_unreadable > 0;
}
