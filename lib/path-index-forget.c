/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What leaves the index: names that are gone, directories of which it isn't known where they went, and, when it is full, files that
 * nobody asked for lately. Forgetting a tree is one step: what is below goes bit by bit, as the hand comes around. */

#include "path-index-internal.h"

/* Entries that the hand looks at in one call while something is dead: more than a call can add. */
#define SWEEP_STEPS 16

/* Entries looked at to make room: 100 KiB, 20 µs. Among directories almost alone a file that could go may be missed. */
#define EVICT_STEPS_MAX 4096

/* So many before the tables are asked for more space: to take a place away from a directory may add one elsewhere. */
#define EVICT_STEPS_AT_ONCE 32

void fops_path_forget_file(FopsPathIndex *x, Key key) {
        uint32_t i;

        while ((i = fops_path_first_of_key(x, key, false)) != NONE)
                fops_path_store_remove(x, i);
}

/* Leaves the node with its own place. */
static void forget_further_places(FopsPathIndex *x, uint32_t node) {
        Key key = key_of(entry(x, node));
        uint32_t i, further;

        while (entry(x, node)->has_further) {
                further = NONE;
                FOREACH_OF_KEY(i, x, key, true)
                        if (i != node)
                                further = i;
                if (further == NONE)
                        entry(x, node)->has_further = false;
                else
                        fops_path_store_remove(x, further);
        }
}

void fops_path_forget_directory(FopsPathIndex *x, uint32_t node) {
        forget_further_places(x, node);
        fops_path_store_retire(x, node);
}

/* A link of a file, or one of a directory's places, perhaps the last. */
void fops_path_forget_place(FopsPathIndex *x, uint32_t i) {
        Key key = key_of(entry(x, i));
        uint32_t node, j, further = NONE;

        if (!entry(x, i)->is_directory) {
                fops_path_store_remove(x, i);
                return;
        }

        node = fops_path_find_node(x, key);
        FOREACH_OF_KEY(j, x, key, true)
                if (j != node)
                        further = j;

        if (further == NONE)
                fops_path_store_retire(x, node);
        else {
                if (i == node)
                        fops_path_store_take_over(x, node, further);
                else
                        fops_path_store_remove(x, i);
                entry(x, node)->has_further = fops_path_count_of_key(x, key, true) > 1;
        }
}

/* A name that was somebody's is so no longer. The paths that a directory with this one parent had as a root go with it:
 * it was removed, or covered by a mount. */
void fops_path_unlink_place(FopsPathIndex *x, uint32_t i) {
        Key key = key_of(entry(x, i));
        uint32_t node, one;
        size_t n;

        if (!entry(x, i)->is_directory) {
                fops_path_store_remove(x, i);
                return;
        }

        n = entry(x, i)->parent == TOP ? fops_path_count_of_key(x, key, true) : fops_path_count_parents(x, key, &one);
        if (n > 1) {
                fops_path_forget_place(x, i);
                return;
        }

        node = fops_path_find_node(x, key);
        if (i != node)
                fops_path_store_exchange(x, i, node);
        forget_further_places(x, node);
        fops_path_store_make_ghost(x, node);
}

/* An event took a directory to a place that can't be told. Its old path is wrong now, as a root too, unless it is mounted there; its
 * contents are kept for a while, for the scan or the event that finds it again. */
void fops_path_lose_directory(FopsPathIndex *x, uint32_t node) {
        Entry *e = entry(x, node);
        uint32_t one;

        if (e->state == ENTRY_GHOST)
                fops_path_store_drop_place(x, node);
        else if (fops_path_count_parents(x, key_of(e), &one) > 1)
                e->has_more = true; /* which of them moved isn't known either */
        else {
                forget_further_places(x, node);
                fops_path_store_make_ghost(x, node);
                fops_path_store_drop_place(x, node);
        }
}

/* ---- the hand ---- */

/* One of the file's links isn't held any more, but may be there. */
static void lose_link(FopsPathIndex *x, Key file) {
        uint32_t i;

        FOREACH_OF_KEY(i, x, file, false)
                entry(x, i)->is_further = false;
}

/* Takes the entry away if its parent is dead. A file's goes without having been unlinked. */
static void sweep_entry(FopsPathIndex *x, uint32_t i) {
        const Entry *e = entry(x, i);

        if (e->state == ENTRY_FREE || e->state == ENTRY_DEAD || e->name == NONE || entry(x, e->parent)->state != ENTRY_DEAD)
                return;
        if (e->state == ENTRY_GHOST)
                fops_path_store_drop_place(x, i);
        else {
                if (!e->is_directory)
                        lose_link(x, key_of(e));
                fops_path_forget_place(x, i);
        }
}

static uint32_t advance_hand(FopsPathIndex *x) {
        if (++x->hand >= x->n_slots)
                x->hand = TOP + 1;
        return x->hand;
}

/* So that the number can be given again. */
static void forget_older_scan(FopsPathIndex *x) {
        for (unsigned n = 0; x->scan_cursor != NONE && n < SWEEP_STEPS; n++) {
                Entry *e;

                if (x->scan_cursor >= x->n_slots) {
                        x->scan_cursor = NONE;
                        return;
                }
                e = entry(x, x->scan_cursor++);
                if (e->scan != x->scan)
                        e->scan = 0;
        }
}

/* What every change does first, before it looks anything up: entries may go. */
int fops_path_maintain(FopsPathIndex *x) {
        for (unsigned n = 0; x->n_dead > 0 && n < SWEEP_STEPS; n++)
                sweep_entry(x, advance_hand(x));
        forget_older_scan(x);
        return fops_path_store_maintain(x);
}

bool fops_path_is_full(const FopsPathIndex *x) {
        return x->n_used - x->n_ghosts >= x->max_entries;
}

static void evict_file(FopsPathIndex *x, uint32_t i) {
        fops_path_forget_file(x, key_of(entry(x, i)));
        x->n_evicted++;
}

/* Second chance: the hand takes the first file that nobody asked for since it came by last, all its links, as a file of
 * which some links were known would pass for one that has no others. Keeping files in order of use would cost 8 bytes an
 * entry and some cache misses a lookup, for a choice that is hardly better. */
bool fops_path_make_room(FopsPathIndex *x, bool may_evict) {
        uint32_t fallback = NONE;

        may_evict = may_evict && x->n_files > 0;
        if (x->n_dead == 0 && !may_evict)
                return false;

        for (unsigned n = 1; fops_path_is_full(x) && n <= EVICT_STEPS_MAX; n++) {
                uint32_t i = advance_hand(x);
                Entry *e = entry(x, i);

                if (n % EVICT_STEPS_AT_ONCE == 0 && fops_path_store_maintain(x) < 0)
                        break;
                sweep_entry(x, i);
                if (!may_evict || e->state != ENTRY_LIVE || e->is_directory)
                        continue;
                if (!e->mark)
                        evict_file(x, i);
                else {
                        e->mark = false;
                        fallback = i;
                }
        }

        /* All were asked for. */
        if (fops_path_is_full(x) && fallback != NONE && entry(x, fallback)->state == ENTRY_LIVE)
                evict_file(x, fallback);
        return !fops_path_is_full(x);
}
