/* SPDX-License-Identifier: GPL-2.0-or-later */

/* journald indexes every field by its exact values. A term that doesn't ask for exact values (a part of a name) is settled
 * by looking through the values there are, which are far fewer than entries, and asking for those that fit. */

#include "journal-matches.h"

#include "journal-entry.h"
#include "journal-files.h"
#include "journal-serial.h"
#include "path.h"

/* Of one term. A step through 4,096 takes 2.5 ms (0.6 µs each, Linux 6.18, systemd 252): with more it is no use to begin. */
#define MATCHES_MAX 4096U
/* Fewer are never dropped. */
#define MATCHES_FEW 16U
/* Values looked through for one field, 2 µs each, in the largest journals 20: less than to read the entries that have them. */
#define VALUES_MAX 1000000U
/* The same for FOPSD_NEW_PATH, since few entries have one: then those are read. */
#define NEW_PATHS_MAX 10000U

static void values_done(JournalValues *v) {
        free(v->items);
        fops_arena_done(&v->arena);
        *v = (JournalValues){};
}

void journal_matches_done(JournalMatches *m) {
        for (size_t i = 0; i < ELEMENTSOF(m->values); i++)
                values_done(m->values + i);
}

uint64_t journal_last_realtime_usec(const Query *q) {
        uint64_t end_usec;

        return __builtin_add_overflow(q->until_usec, JOURNAL_LATE_USEC, &end_usec) ? UINT64_MAX : end_usec;
}

static int values_add(JournalValues *v, FopsSpan match) {
        FopsSpan *items = reallocarray(v->items, v->n_items + 1, sizeof(FopsSpan)), copy = fops_arena_copy(&v->arena, match);

        if (items)
                v->items = items;
        if (!items || !fops_span_is_present(copy))
                return -ENOMEM;
        v->items[v->n_items++] = copy;
        return 0;
}

static int values_add_equal(JournalValues *v, const char *field, FopsSpan value) {
        size_t name_size = strlen(field);
        _cleanup_free_ char *match = malloc(name_size + 1 + value.size);

        if (!match)
                return -ENOMEM;
        *(char *) mempcpy(match, field, name_size) = '=';
        memcpy(match + name_size + 1, value.data, value.size);
        return values_add(v, (FopsSpan){ match, name_size + 1 + value.size });
}

typedef enum Answer {
        ANSWER_WHOLE,   /* the values are found in what the alternative asks for, and nowhere else */
        ANSWER_ROUGHLY, /* … and elsewhere */
        ANSWER_NONE,    /* no values can say it */
} Answer;

/* Those of a field's values that fit, as they come, each once. */
typedef struct Fitting {
        JournalValues *values;
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
static int add_fitting(const SourceOptions *o, JournalValues *v, const QueryAlternative *a, unsigned n_looked_max) {
        Fitting f = { .values = v, .asked = a, .n_looked_max = n_looked_max };
        int r;

        r = journal_each_value(o->directory, o->merge, a->field, o->query->since_usec, journal_last_realtime_usec(o->query),
                               take_value, &f);
        return r == 0 ? ANSWER_WHOLE : r == -ENOMEM ? r : ANSWER_NONE;
}

/* One in each boot, hardly more than once: sent again. */
static int add_events(const SourceOptions *o, JournalValues *v, const QueryAlternative *a) {
        Fitting f = { .values = v, .asked = a, .n_looked_max = MATCHES_MAX };
        int r;

        r = journal_each_event(o, a->value, take_value, &f);
        return r == 0 ? ANSWER_WHOLE : r == -ENOMEM ? r : ANSWER_NONE;
}

/* Itself, or that which FOPSD_BELOW has as one of the directories above it. */
static int add_below(JournalValues *v, FopsSpan path) {
        FopsSpan above = FOPS_SPAN_ABSENT, next = fops_path_next_prefix(path, FOPS_SPAN_ABSENT);
        int r;

        if (!next.data)
                return ANSWER_NONE; /* all is below the root */
        for (unsigned i = 0; i < FOPS_ENTRY_BELOW_MAX && next.data; i++) {
                above = next;
                next = fops_path_next_prefix(path, above);
        }
        r = values_add_equal(v, "FOPSD_PATH", path);
        if (r >= 0)
                r = values_add_equal(v, "FOPSD_NEW_PATH", path);
        if (r >= 0)
                r = values_add_equal(v, "FOPSD_BELOW", above);
        return r < 0 ? r : next.data ? ANSWER_ROUGHLY : ANSWER_WHOLE;
}

/* Entries that have a new path at all. */
static int add_two_names(JournalValues *v) {
        static const char *const ops[] = { "FOPSD_OP=rename", "FOPSD_OP=exchange", "FOPSD_OP=link" };

        for (size_t i = 0; i < ELEMENTSOF(ops); i++)
                if (values_add(v, fops_span_from_string(ops[i])) < 0)
                        return -ENOMEM;
        return ANSWER_ROUGHLY;
}

/* An answer or -errno. */
static int add_alternative(const SourceOptions *o, JournalValues *v, const QueryAlternative *a) {
        bool is_new_path = strcmp(a->field, "FOPSD_NEW_PATH") == 0;
        size_t n_before = v->n_items;
        int r;

        switch (a->match) {
        case QUERY_EQUAL:
                r = values_add_equal(v, a->field, a->value);
                return r < 0 ? r : ANSWER_WHOLE;
        case QUERY_BELOW:
                return add_below(v, a->value);
        case QUERY_PART:
        case QUERY_LAST:
                r = add_fitting(o, v, a, is_new_path ? NEW_PATHS_MAX : VALUES_MAX);
                if (r != ANSWER_NONE || !is_new_path)
                        return r;
                v->n_items = n_before;
                return add_two_names(v);
        case QUERY_SERIAL:
                return add_events(o, v, a);
        case QUERY_ABSENT:
                break;
        }
        return ANSWER_NONE;
}

static int add_matches(sd_journal *j, const JournalValues *v) {
        int r;

        r = sd_journal_add_conjunction(j);
        for (size_t i = 0; r >= 0 && i < v->n_items; i++) {
                r = sd_journal_add_match(j, v->items[i].data, v->items[i].size);
                if (r >= 0)
                        r = sd_journal_add_disjunction(j);
        }
        return r;
}

static int answer_term(JournalMatches *m, const SourceOptions *o, size_t i) {
        const QueryTerm *term = o->query->terms + i;
        int r, worst = ANSWER_WHOLE;

        for (size_t k = 0; k < term->n_items; k++) {
                r = add_alternative(o, m->values + i, term->items + k);
                if (r < 0)
                        return r;
                if (r == ANSWER_NONE) {
                        values_done(m->values + i);
                        return 0;
                }
                worst = MAX(worst, r);
        }
        m->impossible |= term->n_items > 0 && m->values[i].n_items == 0;
        if (worst == ANSWER_WHOLE)
                m->settled |= UINT32_C(1) << i;
        return 0;
}

int journal_matches_find(JournalMatches *m, const SourceOptions *options) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(m->values) && !m->impossible; i++) {
                r = answer_term(m, options, i);
                if (m->values[i].n_items > MATCHES_FEW)
                        m->n_many += m->values[i].n_items;
        }
        return r;
}

int journal_matches_add(const JournalMatches *m, sd_journal *j) {
        int r;

        r = journal_match_writer(j);
        /* sd-journal looks first for what was added last, and in a file that doesn't have that for nothing else: paths and
         * processes, which few entries have, come in front of operations and results. */
        for (size_t i = ELEMENTSOF(m->values); r >= 0 && i-- > 0;)
                if (m->values[i].n_items > 0)
                        r = add_matches(j, m->values + i);
        return r;
}

void journal_matches_drop_many(JournalMatches *m) {
        for (size_t i = 0; i < ELEMENTSOF(m->values); i++)
                if (m->values[i].n_items > MATCHES_FEW) {
                        values_done(m->values + i);
                        m->settled &= ~(UINT32_C(1) << i);
                }
        m->n_many = 0;
}
