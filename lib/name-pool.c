/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Strings into handles and back: "passwd" → 2 → "passwd". Names lie in blocks, a length before each, in steps of four
 * bytes:
 *   06 00 p a | s s w d | …
 * and are found by the number of their first step. A freed place goes to the list of places of its size and holds the
 * number of the next; it serves names of that size only. Names of one tree are of a few lengths, so this hardly wastes
 * anything; when somebody makes a million names of every length in turn, the names move to the pool's other side
 * (name-pool.h). The pool is therefore never over twice its names, three times while they move. No reference counts and
 * no sharing of equal names: those would cost more than they save. */

#include "name-pool.h"

#define BLOCK_UNITS UINT32_C(16384) /* 64 KiB: below malloc's mmap threshold, and little to lose in a small index */
#define LENGTH_BYTES ((size_t) 2)

/* A pool this small (16 blocks) isn't worth moving. */
#define MOVE_UNITS_MIN (16 * BLOCK_UNITS)

/* One bit of a handle is its side, so a side has 2^31 steps: 8 GiB. */
#define BLOCKS_MAX (UINT32_C(1) << 17)

static char *at(const FopsNameSide *s, uint32_t unit) {
        return s->blocks[unit / BLOCK_UNITS] + unit % BLOCK_UNITS * FOPS_NAME_UNIT_BYTES;
}

static uint32_t units_of(size_t size) {
        return (uint32_t) ((LENGTH_BYTES + size + FOPS_NAME_UNIT_BYTES - 1) / FOPS_NAME_UNIT_BYTES);
}

static void push_free(FopsNameSide *s, uint32_t unit, uint32_t n_units) {
        memcpy(at(s, unit), &s->free[n_units], sizeof(uint32_t));
        s->free[n_units] = unit;
}

static bool add_block(FopsNameSide *s) {
        uint32_t left = s->n_blocks * BLOCK_UNITS - s->n_units;
        char *block;

        if (s->n_blocks == BLOCKS_MAX)
                return false;
        if ((s->n_blocks & (s->n_blocks - 1)) == 0) {
                char **blocks = realloc(s->blocks, MAX(2 * (size_t) s->n_blocks, (size_t) 1) * sizeof(char *));

                if (!blocks)
                        return false;
                s->blocks = blocks;
        }
        block = malloc(BLOCK_UNITS * FOPS_NAME_UNIT_BYTES);
        if (!block)
                return false;

        if (left > 0)
                push_free(s, s->n_units, left);
        s->n_units = MAX(s->n_blocks * BLOCK_UNITS, UINT32_C(1)); /* no name at 0, which means none */
        s->blocks[s->n_blocks++] = block;
        return true;
}

static void side_done(FopsNameSide *s) {
        for (uint32_t i = 0; i < s->n_blocks; i++)
                free(s->blocks[i]);
        free(s->blocks);
        *s = (FopsNameSide){};
}

void fops_name_pool_done(FopsNamePool *p) {
        side_done(&p->sides[0]);
        side_done(&p->sides[1]);
}

uint32_t fops_name_pool_put(FopsNamePool *p, FopsSpan name) {
        FopsNameSide *s = &p->sides[p->side];
        uint32_t n_units = units_of(name.size), unit = s->free[n_units];
        uint16_t size = (uint16_t) name.size;
        char *place;

        if (unit != 0)
                memcpy(&s->free[n_units], at(s, unit), sizeof(uint32_t));
        else {
                if (s->n_blocks * BLOCK_UNITS - s->n_units < n_units && !add_block(s))
                        return 0;
                unit = s->n_units;
                s->n_units += n_units;
        }

        place = at(s, unit);
        memcpy(place, &size, LENGTH_BYTES);
        if (name.size > 0)
                memcpy(place + LENGTH_BYTES, name.data, name.size);
        s->n_live_units += n_units;
        return unit << 1 | p->side;
}

FopsSpan fops_name_pool_get(const FopsNamePool *p, uint32_t handle) {
        const char *place = at(&p->sides[handle & 1], handle >> 1);
        uint16_t size;

        memcpy(&size, place, LENGTH_BYTES);
        return (FopsSpan){ place + LENGTH_BYTES, size };
}

void fops_name_pool_drop(FopsNamePool *p, uint32_t handle) {
        FopsNameSide *s = &p->sides[handle & 1];
        uint32_t n_units;

        if (handle == 0)
                return;
        n_units = units_of(fops_name_pool_get(p, handle).size);
        s->n_live_units -= n_units;
        push_free(s, handle >> 1, n_units);
}

bool fops_name_pool_is_wasteful(const FopsNamePool *p) {
        const FopsNameSide *s = &p->sides[p->side];

        return s->n_units > MOVE_UNITS_MIN && s->n_units - s->n_live_units > s->n_live_units;
}

void fops_name_pool_begin_move(FopsNamePool *p) {
        p->side ^= 1;
}

bool fops_name_pool_move(FopsNamePool *p, uint32_t *handle) {
        uint32_t moved;

        if (*handle == 0 || (*handle & 1) == p->side)
                return true;
        moved = fops_name_pool_put(p, fops_name_pool_get(p, *handle));
        if (moved == 0)
                return false;
        *handle = moved; /* the old place goes with its side */
        return true;
}

void fops_name_pool_end_move(FopsNamePool *p) {
        side_done(&p->sides[p->side ^ 1]);
}

size_t fops_name_pool_bytes(const FopsNamePool *p) {
        return ((size_t) p->sides[0].n_blocks + p->sides[1].n_blocks) * BLOCK_UNITS * FOPS_NAME_UNIT_BYTES;
}
