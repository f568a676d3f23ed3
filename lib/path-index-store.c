/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Places into numbers and back: (8:1, 12), "data" in entry 5 → entry 9, which is found by its key and by (5, "data").
 *
 * Memory of an entry with a name of 20 bytes: the entry 24, its name 24, a slot of four bytes in each table, which are
 * filled to between one half and three quarters: 11 to 16. About 62 in all, 75 while a table moves. Nothing is ever
 * rebuilt in one go: entries come in blocks, tables and names move to their other side a few at a time, in the order of
 * entries, so that it costs few cache misses. */

#include "path-index-internal.h"

#include "siphash.h"

/* More than one call adds: a put or two, and the places that a sweep puts in order. A quarter of the smallest table is
 * more. */
#define SLOTS_SPARE UINT32_C(128)
#define SLOTS_MIN UINT32_C(1024)

/* With each call. A table of twice its entries is half full when a move ends, and a quarter of its entries come before it
 * is to move again: eight a call is far ahead of that. */
#define ENTRIES_MOVED 8
#define NAMES_MOVED 32

/* No entry has the number 0: the tag of an entry that left is of no interest. */
#define SLOT_EMPTY UINT32_C(0)
#define SLOT_LEFT (UINT32_C(1) << ENTRY_BITS)
#define SLOT_ENTRY(slot) ((slot) & ((UINT32_C(1) << ENTRY_BITS) - 1))

bool fops_path_key_pack(FopsInodeKey key, Key *ret) {
        if (key.dev_major >= 1U << 12 || key.dev_minor >= 1U << 20)
                return false;
        *ret = (Key){ key.inode, key.dev_major << 20 | key.dev_minor };
        return true;
}

FopsInodeKey fops_path_key_unpack(Key key) {
        return (FopsInodeKey){ key.inode, key.dev >> 20, key.dev & ((1U << 20) - 1) };
}

bool fops_path_is_valid_name(FopsSpan name) {
        return name.data && name.size > 0 && name.size <= FOPS_NAME_BYTES_MAX && !memchr(name.data, '/', name.size) &&
               !memchr(name.data, '\0', name.size) && !fops_span_equal_string(name, ".") &&
               !fops_span_equal_string(name, "..");
}

/* ---- tables ---- */

static uint64_t hash_key(const FopsPathIndex *x, Key key) {
        char bytes[sizeof(key.inode) + sizeof(key.dev)];

        memcpy(bytes, &key.inode, sizeof(key.inode));
        memcpy(bytes + sizeof(key.inode), &key.dev, sizeof(key.dev));
        return fops_siphash13(x->seed, bytes, sizeof(bytes));
}

static uint64_t hash_name(const FopsPathIndex *x, uint32_t parent, FopsSpan name) {
        char bytes[sizeof(parent) + FOPS_NAME_BYTES_MAX];

        memcpy(bytes, &parent, sizeof(parent));
        memcpy(bytes + sizeof(parent), name.data, name.size);
        return fops_siphash13(x->seed, bytes, sizeof(parent) + name.size);
}

static uint64_t hash_entry(const FopsPathIndex *x, TableBy by, const Entry *e) {
        return by == BY_KEY ? hash_key(x, key_of(e)) : hash_name(x, e->parent, fops_name_pool_get(&x->names, e->name));
}

/* The tag is of other bits than the place. */
static uint32_t tag_of(uint64_t hash) {
        return (uint32_t) (hash >> (32 + ENTRY_BITS));
}

static uint32_t slot_of(const TableSide *s, uint64_t hash) {
        return (uint32_t) ((hash & UINT32_MAX) * s->n >> 32);
}

static uint32_t slot_behind(const TableSide *s, uint32_t slot) {
        return slot + 1 == s->n ? 0 : slot + 1;
}

static void table_add_hashed(FopsPathIndex *x, TableBy by, uint32_t i, uint64_t hash) {
        Table *t = &x->tables[by];
        TableSide *s = &t->sides[t->side];
        Entry *e = entry(x, i);
        uint32_t slot = slot_of(s, hash);

        while (SLOT_ENTRY(s->slots[slot]) != NONE)
                slot = slot_behind(s, slot);
        s->n_taken += s->slots[slot] == SLOT_EMPTY;
        s->slots[slot] = tag_of(hash) << ENTRY_BITS | i;
        e->sides = (e->sides & ~(1U << by)) | t->side << by;
}

static void table_add(FopsPathIndex *x, TableBy by, uint32_t i) {
        table_add_hashed(x, by, i, hash_entry(x, by, entry(x, i)));
        x->tables[by].n_entries++;
}

static void table_remove(FopsPathIndex *x, TableBy by, uint32_t i) {
        Table *t = &x->tables[by];
        const Entry *e = entry(x, i);
        TableSide *s = &t->sides[e->sides >> by & 1];
        uint32_t slot = slot_of(s, hash_entry(x, by, e));

        while (SLOT_ENTRY(s->slots[slot]) != i)
                slot = slot_behind(s, slot);
        t->n_entries--;

        /* Nobody looks for anything behind an empty slot, so before one no mark is needed. */
        if (s->slots[slot_behind(s, slot)] == SLOT_EMPTY) {
                s->slots[slot] = SLOT_EMPTY;
                s->n_taken--;
        } else
                s->slots[slot] = SLOT_LEFT;
}

static bool is_in_table(TableBy by, const Entry *e) {
        return e->state == ENTRY_LIVE || (e->state == ENTRY_GHOST && by == BY_KEY);
}

/* All slots are fetched before the first is filled: each is a cache miss, but they are waited for together. */
static void move_entries(FopsPathIndex *x, TableBy by) {
        Table *t = &x->tables[by];
        TableSide *s = &t->sides[t->side], *other = &t->sides[t->side ^ 1];
        uint32_t entries[ENTRIES_MOVED];
        uint64_t hashes[ENTRIES_MOVED];
        size_t n = 0;

        for (uint32_t end = MIN(t->cursor + ENTRIES_MOVED, x->n_slots); t->cursor < end; t->cursor++) {
                const Entry *e = entry(x, t->cursor);

                if (!is_in_table(by, e) || (e->sides >> by & 1) == t->side)
                        continue;
                entries[n] = t->cursor;
                hashes[n] = hash_entry(x, by, e);
                __builtin_prefetch(&s->slots[slot_of(s, hashes[n++])], 1);
        }
        for (size_t i = 0; i < n; i++)
                table_add_hashed(x, by, entries[i], hashes[i]);

        if (t->cursor == x->n_slots) {
                free(other->slots);
                *other = (TableSide){};
                t->cursor = NONE;
        }
}

static int table_maintain(FopsPathIndex *x, TableBy by) {
        Table *t = &x->tables[by];
        TableSide *s = &t->sides[t->side], *other = &t->sides[t->side ^ 1];

        if (t->cursor == NONE && s->n_taken / 3 >= s->n / 4) {
                uint32_t n = MAX(2 * t->n_entries, SLOTS_MIN);
                uint32_t *slots = calloc(n, sizeof(uint32_t));

                if (slots) {
                        *other = (TableSide){ .slots = slots, .n = n };
                        t->side ^= 1;
                        t->cursor = TOP + 1;
                        s = other;
                }
        }

        if (t->cursor != NONE)
                move_entries(x, by);
        return s->n - s->n_taken > SLOTS_SPARE ? 0 : -ENOMEM;
}

static Probe probe(const FopsPathIndex *x, TableBy by, uint64_t hash) {
        const Table *t = &x->tables[by];

        return (Probe){ .x = x, .by = by, .hash = hash, .tag = tag_of(hash), .slot = slot_of(&t->sides[t->side], hash) };
}

void fops_path_store_prefetch(const FopsPathIndex *x, Key key) {
        const Table *t = &x->tables[BY_KEY];
        uint64_t hash = hash_key(x, key);

        __builtin_prefetch(&t->sides[t->side].slots[slot_of(&t->sides[t->side], hash)], 1);
        if (t->cursor != NONE)
                __builtin_prefetch(&t->sides[t->side ^ 1].slots[slot_of(&t->sides[t->side ^ 1], hash)]);
}

Probe fops_path_probe_key(const FopsPathIndex *x, Key key, bool is_directory) {
        Probe p = probe(x, BY_KEY, hash_key(x, key));

        p.key = key;
        p.is_directory = is_directory;
        return p;
}

Probe fops_path_probe_name(const FopsPathIndex *x, uint32_t parent, FopsSpan name) {
        Probe p = probe(x, BY_NAME, hash_name(x, parent, name));

        p.parent = parent;
        p.name = name;
        return p;
}

/* What the side that is left says of entries that have left it is wrong. */
static bool is_sought(const Probe *p, const Entry *e, unsigned side) {
        if (!is_in_table(p->by, e) || (e->sides >> p->by & 1) != side)
                return false;
        if (p->by == BY_KEY)
                return e->inode == p->key.inode && e->dev == p->key.dev && e->is_directory == p->is_directory;
        return e->parent == p->parent && fops_span_equal(fops_name_pool_get(&p->x->names, e->name), p->name);
}

uint32_t fops_path_probe_next(Probe *p) {
        const Table *t = &p->x->tables[p->by];

        for (;;) {
                unsigned side = t->side ^ p->is_second;
                const TableSide *s = &t->sides[side];
                uint32_t slot = s->slots[p->slot], i = SLOT_ENTRY(slot);

                if (slot == SLOT_EMPTY) {
                        if (p->is_second || t->cursor == NONE)
                                return NONE;
                        p->is_second = true;
                        p->slot = slot_of(&t->sides[t->side ^ 1], p->hash);
                        continue;
                }
                p->slot = slot_behind(s, p->slot);
                if (i != NONE && slot >> ENTRY_BITS == p->tag && is_sought(p, entry(p->x, i), side))
                        return i;
        }
}

/* ---- entries ---- */

static uint32_t take_slot(FopsPathIndex *x) {
        uint32_t i = x->first_free;

        if (i != NONE)
                x->first_free = entry(x, i)->name;
        else {
                if (x->n_slots == x->n_blocks * BLOCK_ENTRIES) {
                        Entry *block;

                        if ((x->n_blocks & (x->n_blocks - 1)) == 0) {
                                size_t n = MAX(2 * (size_t) x->n_blocks, (size_t) 1);
                                Entry **blocks = realloc(x->blocks, n * sizeof(Entry *));

                                if (!blocks)
                                        return NONE;
                                x->blocks = blocks;
                        }
                        block = malloc(BLOCK_ENTRIES * sizeof(Entry));
                        if (!block)
                                return NONE;
                        x->blocks[x->n_blocks++] = block;
                }
                i = x->n_slots++;
        }
        x->n_used++;
        return i;
}

static void free_slot(FopsPathIndex *x, uint32_t i) {
        *entry(x, i) = (Entry){ .state = ENTRY_FREE, .name = x->first_free };
        x->first_free = i;
        x->n_used--;
}

static void unref_parent(FopsPathIndex *x, uint32_t i) {
        Entry *e = entry(x, i);

        if (--e->n_children == 0 && e->state == ENTRY_DEAD) {
                x->n_dead--;
                free_slot(x, i);
        }
}

static void set_place(FopsPathIndex *x, uint32_t i, uint32_t parent, uint32_t name) {
        Entry *e = entry(x, i);

        e->parent = parent;
        e->name = name;
        e->is_since = fops_path_was_away(entry(x, parent));
        entry(x, parent)->n_children++;
        table_add(x, BY_NAME, i);
}

/* Another entry's, whose name the move of the names may not have come to yet. */
static void inherit_place(FopsPathIndex *x, uint32_t i, const Entry *from) {
        Entry *e = entry(x, i);

        e->parent = from->parent;
        e->name = from->name;
        e->scan = from->scan;
        e->is_since = from->is_since;
        if (!fops_name_pool_move(&x->names, &e->name))
                x->name_cursor = MIN(x->name_cursor, i);
        table_add(x, BY_NAME, i);
}

void fops_path_store_drop_place(FopsPathIndex *x, uint32_t ghost) {
        Entry *e = entry(x, ghost);

        if (e->name == NONE)
                return;
        fops_name_pool_drop(&x->names, e->name);
        unref_parent(x, e->parent);
        e->name = e->parent = NONE;
}

uint32_t fops_path_store_add(FopsPathIndex *x, Key key, uint32_t parent, FopsSpan name, Entry kind) {
        uint32_t handle = fops_name_pool_put(&x->names, name), i;

        if (handle == NONE)
                return NONE;
        i = take_slot(x);
        if (i == NONE) {
                fops_name_pool_drop(&x->names, handle);
                return NONE;
        }

        kind.inode = key.inode;
        kind.dev = key.dev;
        kind.state = ENTRY_LIVE;
        *entry(x, i) = kind;
        table_add(x, BY_KEY, i);
        set_place(x, i, parent, handle);
        x->n_files += !kind.is_directory;
        return i;
}

void fops_path_store_remove(FopsPathIndex *x, uint32_t i) {
        x->n_files -= !entry(x, i)->is_directory;
        table_remove(x, BY_NAME, i);
        table_remove(x, BY_KEY, i);
        fops_path_store_drop_place(x, i);
        free_slot(x, i);
}

/* Found by looking through 16 KiB: a place in the queue in each entry would cost more. */
static uint32_t find_ghost(const FopsPathIndex *x, uint32_t node) {
        uint32_t q = 0;

        while (x->ghosts[q] != node)
                q++;
        return q;
}

/* From here on it doesn't count as a ghost. */
static void leave_ghosts(FopsPathIndex *x, uint32_t node) {
        x->ghosts[find_ghost(x, node)] = NONE;
        x->n_ghosts--;
}

bool fops_path_store_is_recent(const FopsPathIndex *x, uint32_t ghost) {
        uint64_t removal = x->ghost_usec[find_ghost(x, ghost)];

        return x->usec < removal && removal - x->usec <= FOPS_PATH_GHOST_USEC_MAX;
}

void fops_path_store_retire(FopsPathIndex *x, uint32_t node) {
        Entry *e = entry(x, node);

        if (e->state == ENTRY_GHOST)
                leave_ghosts(x, node);
        else
                table_remove(x, BY_NAME, node);
        table_remove(x, BY_KEY, node);
        fops_path_store_drop_place(x, node);

        if (e->n_children == 0)
                free_slot(x, node);
        else {
                e->state = ENTRY_DEAD;
                x->n_dead++;
        }
}

void fops_path_store_make_ghost(FopsPathIndex *x, uint32_t node) {
        uint32_t q = x->next_ghost;

        x->next_ghost = (q + 1) % FOPS_PATH_GHOSTS_MAX;
        if (x->ghosts[q] != NONE)
                fops_path_store_retire(x, x->ghosts[q]);

        table_remove(x, BY_NAME, node);
        entry(x, node)->state = ENTRY_GHOST;
        x->ghosts[q] = node;
        x->ghost_usec[q] = x->usec;
        x->n_ghosts++;
}

int fops_path_store_move(FopsPathIndex *x, uint32_t i, uint32_t parent, FopsSpan name) {
        uint32_t handle = fops_name_pool_put(&x->names, name);
        Entry *e = entry(x, i);

        if (handle == NONE)
                return -ENOMEM;
        if (e->state == ENTRY_GHOST) {
                leave_ghosts(x, i);
                e->state = ENTRY_LIVE;
        } else
                table_remove(x, BY_NAME, i);
        fops_path_store_drop_place(x, i);
        set_place(x, i, parent, handle);
        return 0;
}

void fops_path_store_exchange(FopsPathIndex *x, uint32_t i, uint32_t j) {
        const Entry was = *entry(x, i);

        table_remove(x, BY_NAME, i);
        table_remove(x, BY_NAME, j);
        inherit_place(x, i, entry(x, j));
        inherit_place(x, j, &was);
}

void fops_path_store_take_over(FopsPathIndex *x, uint32_t i, uint32_t from) {
        table_remove(x, BY_NAME, i);
        table_remove(x, BY_NAME, from);
        table_remove(x, BY_KEY, from);
        fops_path_store_drop_place(x, i);
        inherit_place(x, i, entry(x, from));
        free_slot(x, from);
}

/* ---- finding ---- */

uint32_t fops_path_find_node(const FopsPathIndex *x, Key key) {
        uint32_t i;

        FOREACH_OF_KEY(i, x, key, true)
                if (!entry(x, i)->is_further)
                        break;
        return i;
}

uint32_t fops_path_find_place(const FopsPathIndex *x, uint32_t parent, FopsSpan name, Key key, bool is_directory) {
        uint32_t i;

        FOREACH_OF_NAME(i, x, parent, name) {
                const Entry *e = entry(x, i);

                if (e->inode == key.inode && e->dev == key.dev && e->is_directory == is_directory)
                        break;
        }
        return i;
}

uint32_t fops_path_find_name(const FopsPathIndex *x, uint32_t parent, FopsSpan name) {
        Probe p = fops_path_probe_name(x, parent, name);

        return fops_path_probe_next(&p);
}

static size_t count_places(const FopsPathIndex *x, Key key, bool roots, uint32_t *ret_one) {
        uint32_t i;
        size_t n = 0;

        FOREACH_OF_KEY(i, x, key, true)
                if ((entry(x, i)->parent == TOP) == roots) {
                        *ret_one = i;
                        n++;
                }
        return n;
}

size_t fops_path_count_parents(const FopsPathIndex *x, Key key, uint32_t *ret_one) {
        return count_places(x, key, false, ret_one);
}

size_t fops_path_count_roots(const FopsPathIndex *x, Key key, uint32_t *ret_one) {
        return count_places(x, key, true, ret_one);
}

bool fops_path_is_ambiguous(const FopsPathIndex *x, uint32_t node) {
        const Entry *e = entry(x, node);
        uint32_t one;

        return e->has_more || (e->has_further && fops_path_count_parents(x, key_of(e), &one) != 1);
}

/* ---- all of it ---- */

int fops_path_store_init(FopsPathIndex *x) {
        for (size_t by = 0; by < _BY_MAX; by++) {
                TableSide *s = &x->tables[by].sides[0];

                *s = (TableSide){ .slots = calloc(SLOTS_MIN, sizeof(uint32_t)), .n = SLOTS_MIN };
                if (!s->slots)
                        return -ENOMEM;
        }

        /* The first slot is NONE's, the second TOP's. */
        take_slot(x);
        if (x->n_slots == 0)
                return -ENOMEM;
        *entry(x, NONE) = (Entry){};
        *entry(x, take_slot(x)) = (Entry){ .state = ENTRY_LIVE, .is_directory = true };
        x->n_used = 0;
        x->hand = TOP;
        return 0;
}

void fops_path_store_done(FopsPathIndex *x) {
        for (uint32_t i = 0; i < x->n_blocks; i++)
                free(x->blocks[i]);
        free(x->blocks);
        for (size_t by = 0; by < _BY_MAX; by++) {
                free(x->tables[by].sides[0].slots);
                free(x->tables[by].sides[1].slots);
        }
        fops_name_pool_done(&x->names);
}

int fops_path_store_maintain(FopsPathIndex *x) {
        int r = table_maintain(x, BY_KEY), s = table_maintain(x, BY_NAME);

        if (x->name_cursor == NONE && fops_name_pool_is_wasteful(&x->names)) {
                fops_name_pool_begin_move(&x->names);
                x->name_cursor = TOP + 1;
        }
        for (unsigned n = 0; x->name_cursor != NONE && n < NAMES_MOVED; n++) {
                if (x->name_cursor == x->n_slots) {
                        fops_name_pool_end_move(&x->names);
                        x->name_cursor = NONE;
                } else {
                        Entry *e = entry(x, x->name_cursor);

                        if (e->state != ENTRY_FREE && !fops_name_pool_move(&x->names, &e->name))
                                break;
                        x->name_cursor++;
                }
        }
        return MIN(r, s);
}
