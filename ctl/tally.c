/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A hash table from values to counts. The values are others' choice, so the hash has a secret seed. */

#include "tally.h"

#include <sys/random.h>

#include "arena.h"
#include "siphash.h"

/* Twice the rows: half empty at the most. */
#define SLOTS_MIN ((size_t) 256)

struct Tally {
        TallyRow *rows;
        size_t n_rows;
        uint32_t *slots; /* index of a row + 1; 0: empty */
        size_t n_slots;
        FopsArena arena; /* the values */
        uint64_t n_left_out;
        uint8_t seed[16];
};

Tally *tally_new(void) {
        Tally *t = calloc(1, sizeof(Tally));

        /* Without randomness a hostile journal makes it slow, no more. */
        if (t && getrandom(t->seed, sizeof(t->seed), GRND_NONBLOCK) < 0)
                memset(t->seed, 0, sizeof(t->seed));
        return t;
}

Tally *tally_free(Tally *t) {
        if (!t)
                return NULL;
        free(t->rows);
        free(t->slots);
        fops_arena_done(&t->arena);
        free(t);
        return NULL;
}

static uint32_t *find_slot(const Tally *t, uint64_t hash, FopsSpan value) {
        size_t i = hash & (t->n_slots - 1);

        for (; t->slots[i] > 0; i = (i + 1) & (t->n_slots - 1)) {
                const TallyRow *row = t->rows + t->slots[i] - 1;

                if (row->hash == hash && fops_span_equal(row->value, value))
                        break;
        }
        return t->slots + i;
}

static int grow(Tally *t) {
        size_t n_slots = MAX(SLOTS_MIN, t->n_slots * 2);
        TallyRow *rows;
        uint32_t *slots;

        rows = reallocarray(t->rows, n_slots / 2, sizeof(TallyRow));
        if (!rows)
                return -ENOMEM;
        t->rows = rows;
        slots = calloc(n_slots, sizeof(uint32_t));
        if (!slots)
                return -ENOMEM;
        free(t->slots);
        t->slots = slots;
        t->n_slots = n_slots;
        for (size_t i = 0; i < t->n_rows; i++)
                *find_slot(t, t->rows[i].hash, t->rows[i].value) = (uint32_t) i + 1;
        return 0;
}

int tally_add(Tally *t, FopsSpan value, uint64_t count, bool failed, uint64_t usec) {
        uint64_t hash = fops_siphash13(t->seed, value.data, value.size);
        uint32_t *slot;
        TallyRow *row;

        if (t->n_rows == t->n_slots / 2) {
                int r = grow(t);

                if (r < 0)
                        return r;
        }

        slot = find_slot(t, hash, value);
        if (*slot == 0) {
                FopsSpan copy;

                if (t->n_rows == TALLY_ROWS_MAX || t->arena.used_bytes + value.size > TALLY_BYTES_MAX) {
                        t->n_left_out += count;
                        return 0;
                }
                copy = fops_arena_copy(&t->arena, value);
                if (!fops_span_is_present(copy))
                        return -ENOMEM;
                t->rows[t->n_rows] = (TallyRow){ .value = copy, .hash = hash, .first_usec = usec, .last_usec = usec };
                *slot = (uint32_t) ++t->n_rows;
        }

        row = t->rows + *slot - 1;
        row->count += count;
        row->failed += failed ? count : 0;
        row->first_usec = MIN(row->first_usec, usec);
        row->last_usec = MAX(row->last_usec, usec);
        return 0;
}

uint64_t tally_left_out(const Tally *t) {
        return t->n_left_out;
}

static int compare_values(const void *a, const void *b) {
        const TallyRow *x = a, *y = b;
        int r = memcmp(x->value.data, y->value.data, MIN(x->value.size, y->value.size));

        return r != 0 ? r : (x->value.size > y->value.size) - (x->value.size < y->value.size);
}

static int compare_counts(const void *a, const void *b) {
        const TallyRow *x = a, *y = b;

        return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : compare_values(a, b);
}

const TallyRow *tally_rows(Tally *t, TallyOrder order, size_t *ret_n) {
        if (t->n_rows > 0)
                qsort(t->rows, t->n_rows, sizeof(TallyRow), order == TALLY_BY_COUNT ? compare_counts : compare_values);
        *ret_n = t->n_rows;
        return t->rows;
}
