/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Links into paths: (8:1, 12) is "data" in (8:1, 7), which is the root "/srv"
 *   → (8:1, 12) is /srv/data
 *
 * An entry is one place: a key, the entry of its parent and a name. Two hash tables lead to it, by key and by parent and name. A
 * file has an entry for each of its links. A directory has one, its node, and its children point at that; its further places
 * (a root's path, candidates) are entries of the same key beside the node. All roots are children of one entry without a key,
 * with their paths as names. A directory is moved by writing two numbers, whatever is below it.
 *
 * Invariants:
 *   - The graph of places has no cycle: a directory is only put where a walk upwards doesn't meet it.
 *   - A node isn't freed while something points at it. One that lost all its places is dead: in no table, without a parent; it
 *     goes when its last child has gone. A hand goes around the entries, some with each call, and takes those whose parent is
 *     dead. So forgetting a tree is one step for the caller, and there are no sibling lists to keep (8 bytes an entry).
 *   - A ghost is a node in the table by key only, with the place that it had last, or none if that was left for one unknown.
 *
 * Memory, for a name of 20 bytes: the entry 32, its name 24, the tables 8, each with 0 to 25 % to spare in one part: about 65.
 * Nothing is ever rebuilt in one go: tables grow by one bucket at a time (linear hashing, Litwin 1980), names move bit by bit. */

#include "path-index.h"

#include "path.h"
#include "siphash.h"

/* Of one call: entries that the hand looks at while something is unreachable, and names that are moved. Both outrun the calls that
 * make more of it, and take less than the call itself. */
#define SWEEP_STEPS 16
#define MOVE_STEPS 32

/* Entries looked at to make room: 128 KiB, 20 µs. In a tree of directories almost alone a file that could go may be missed. */
#define EVICT_STEPS_MAX 4096

/* Places visited by one lookup. Only ambiguous directories below each other make it more than the depth. */
#define WALK_STEPS_MAX (4 * FOPS_PATH_DEPTH_MAX)

#define BLOCK_ENTRIES UINT32_C(2048) /* 64 KiB */

#define NONE UINT32_C(0)
#define TOP UINT32_C(1)

enum { BY_KEY, BY_NAME };

enum { FREE, LIVE, GHOST, DEAD };

typedef struct Entry {
        uint64_t inode;
        uint32_t dev;
        uint32_t parent;
        uint32_t name;    /* NONE: no place */
        uint32_t next[2]; /* in the chains; of a free entry [BY_KEY] the next free one, of a ghost [BY_NAME] its place in the queue */
        uint32_t n_children : 25;
        uint32_t state : 2;
        bool is_directory : 1;
        bool is_further : 1;  /* a directory's, besides its node */
        bool has_further : 1; /* a node with such */
        bool has_more : 1;    /* the key has links that aren't held */
        bool is_touched : 1;  /* a file's, asked for or named by an event since the hand passed */
} Entry;

_Static_assert(sizeof(Entry) == 32, "an entry is half a cache line");

typedef struct Table {
        uint32_t *heads;
        uint32_t n, mask, capacity, n_entries;
} Table;

typedef struct Key {
        uint64_t inode;
        uint32_t dev;
} Key;

struct FopsPathIndex {
        Entry **blocks;
        uint32_t n_blocks, n_slots, first_free;
        uint32_t max_entries, n_used, n_files, n_ghosts, n_dead;
        uint32_t hand;
        uint32_t move_cursor; /* names of entries from here on may be on the side that is left; NONE: none is */
        uint32_t next_ghost;
        Table tables[2];
        FopsNamePool names;
        uint64_t n_evicted, n_refused;
        uint8_t seed[16];
        uint32_t ghosts[FOPS_PATH_GHOSTS_MAX];
};

static inline Entry *entry(const FopsPathIndex *x, uint32_t i) {
        return &x->blocks[i / BLOCK_ENTRIES][i % BLOCK_ENTRIES];
}

static bool pack_key(FopsInodeKey key, Key *ret) {
        if (key.dev_major >= 1U << 12 || key.dev_minor >= 1U << 20)
                return false;
        *ret = (Key){ key.inode, key.dev_major << 20 | key.dev_minor };
        return true;
}

static Key key_of(const Entry *e) {
        return (Key){ e->inode, e->dev };
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

static uint64_t hash_entry(const FopsPathIndex *x, int by, const Entry *e) {
        return by == BY_KEY ? hash_key(x, key_of(e)) : hash_name(x, e->parent, fops_name_pool_get(&x->names, e->name));
}

static uint32_t *bucket(const Table *t, uint64_t hash) {
        uint32_t b = (uint32_t) hash & t->mask;

        return &t->heads[b < t->n ? b : b & t->mask >> 1];
}

/* Splits one bucket, so that there are as many as entries. When memory is out the chains are longer, that is all. */
static void grow(FopsPathIndex *x, int by) {
        Table *t = &x->tables[by];
        uint32_t i, *from, *to;

        if (t->n == t->capacity) {
                uint32_t capacity = t->capacity + t->capacity / 4;
                uint32_t *heads = realloc(t->heads, capacity * sizeof(uint32_t));

                if (!heads)
                        return;
                t->heads = heads;
                t->capacity = capacity;
        }

        if (t->n > t->mask)
                t->mask = t->mask << 1 | 1;
        from = &t->heads[t->n & t->mask >> 1];
        to = &t->heads[t->n++];
        *to = NONE;

        while ((i = *from) != NONE) {
                Entry *e = entry(x, i);

                if (bucket(t, hash_entry(x, by, e)) == to) {
                        *from = e->next[by];
                        e->next[by] = *to;
                        *to = i;
                } else
                        from = &e->next[by];
        }
}

static void table_add(FopsPathIndex *x, int by, uint32_t i) {
        Table *t = &x->tables[by];
        Entry *e = entry(x, i);
        uint32_t *head;

        if (t->n_entries++ >= t->n)
                grow(x, by);
        head = bucket(t, hash_entry(x, by, e));
        e->next[by] = *head;
        *head = i;
}

static void table_remove(FopsPathIndex *x, int by, uint32_t i) {
        uint32_t *p = bucket(&x->tables[by], hash_entry(x, by, entry(x, i)));

        while (*p != i)
                p = &entry(x, *p)->next[by];
        *p = entry(x, i)->next[by];
        x->tables[by].n_entries--;
}

/* The first entry of the key and kind from @i on in its chain. */
static uint32_t seek_key(const FopsPathIndex *x, uint32_t i, Key key, bool is_directory) {
        for (; i != NONE; i = entry(x, i)->next[BY_KEY]) {
                const Entry *e = entry(x, i);

                if (e->inode == key.inode && e->dev == key.dev && e->is_directory == is_directory)
                        break;
        }
        return i;
}

static uint32_t first_of_key(const FopsPathIndex *x, Key key, bool is_directory) {
        return seek_key(x, *bucket(&x->tables[BY_KEY], hash_key(x, key)), key, is_directory);
}

static uint32_t next_of_key(const FopsPathIndex *x, uint32_t i) {
        const Entry *e = entry(x, i);

        return seek_key(x, e->next[BY_KEY], key_of(e), e->is_directory);
}

static uint32_t seek_name(const FopsPathIndex *x, uint32_t i, uint32_t parent, FopsSpan name) {
        for (; i != NONE; i = entry(x, i)->next[BY_NAME]) {
                const Entry *e = entry(x, i);

                if (e->parent == parent && fops_span_equal(fops_name_pool_get(&x->names, e->name), name))
                        break;
        }
        return i;
}

static uint32_t first_of_name(const FopsPathIndex *x, uint32_t parent, FopsSpan name) {
        return seek_name(x, *bucket(&x->tables[BY_NAME], hash_name(x, parent, name)), parent, name);
}

static uint32_t find_place(const FopsPathIndex *x, uint32_t parent, FopsSpan name, Key key, bool is_directory) {
        uint32_t i = first_of_name(x, parent, name);

        while (i != NONE) {
                const Entry *e = entry(x, i);

                if (e->inode == key.inode && e->dev == key.dev && e->is_directory == is_directory)
                        break;
                i = seek_name(x, e->next[BY_NAME], parent, name);
        }
        return i;
}

/* The node, a ghost's too. */
static uint32_t find_node(const FopsPathIndex *x, Key key) {
        uint32_t i = first_of_key(x, key, true);

        while (i != NONE && entry(x, i)->is_further)
                i = next_of_key(x, i);
        return i;
}

static uint32_t find_directory(const FopsPathIndex *x, FopsInodeKey key) {
        Key k;

        return pack_key(key, &k) ? find_node(x, k) : NONE;
}

static size_t count_of_key(const FopsPathIndex *x, Key key, bool is_directory) {
        size_t n = 0;

        for (uint32_t i = first_of_key(x, key, is_directory); i != NONE; i = next_of_key(x, i))
                n++;
        return n;
}

/* Places of a live directory that aren't a root's path. */
static size_t count_parents(const FopsPathIndex *x, Key key) {
        size_t n = 0;

        for (uint32_t i = first_of_key(x, key, true); i != NONE; i = next_of_key(x, i))
                n += entry(x, i)->parent != TOP;
        return n;
}

static uint32_t find_root_place(const FopsPathIndex *x, Key key) {
        uint32_t i = first_of_key(x, key, true);

        while (i != NONE && entry(x, i)->parent != TOP)
                i = next_of_key(x, i);
        return i;
}

static void set_more(FopsPathIndex *x, Key key, bool is_directory) {
        for (uint32_t i = first_of_key(x, key, is_directory); i != NONE; i = next_of_key(x, i))
                entry(x, i)->has_more = true;
}

/* ---- entries ---- */

static uint32_t take_slot(FopsPathIndex *x) {
        uint32_t i = x->first_free;

        if (i != NONE)
                x->first_free = entry(x, i)->next[BY_KEY];
        else {
                if (x->n_slots == x->n_blocks * BLOCK_ENTRIES) {
                        Entry *block;

                        if ((x->n_blocks & (x->n_blocks - 1)) == 0) {
                                Entry **blocks = realloc(x->blocks, MAX(2 * (size_t) x->n_blocks, (size_t) 1) * sizeof(Entry *));

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
        *entry(x, i) = (Entry){ .state = FREE, .next = { [BY_KEY] = x->first_free } };
        x->first_free = i;
        x->n_used--;
}

static void unref_parent(FopsPathIndex *x, uint32_t i) {
        Entry *e = entry(x, i);

        if (--e->n_children == 0 && e->state == DEAD) {
                x->n_dead--;
                free_slot(x, i);
        }
}

/* Hands a place over from another entry, whose name the move of the names may not have come to yet. */
static void take_place(FopsPathIndex *x, uint32_t i, uint32_t parent, uint32_t name) {
        Entry *e = entry(x, i);

        e->parent = parent;
        e->name = name;
        if (!fops_name_pool_move(&x->names, &e->name))
                x->move_cursor = MIN(x->move_cursor, i);
        table_add(x, BY_NAME, i);
}

static void set_place(FopsPathIndex *x, uint32_t i, uint32_t parent, uint32_t name) {
        Entry *e = entry(x, i);

        e->parent = parent;
        e->name = name;
        entry(x, parent)->n_children++;
        table_add(x, BY_NAME, i);
}

/* The entry is in no table by name any more, or never was, as a ghost. */
static void drop_place(FopsPathIndex *x, uint32_t i) {
        Entry *e = entry(x, i);

        if (e->name == NONE)
                return;
        fops_name_pool_drop(&x->names, e->name);
        unref_parent(x, e->parent);
        e->name = e->parent = NONE;
}

static uint32_t add_entry(FopsPathIndex *x, Key key, uint32_t parent, uint32_t name, Entry kind) {
        uint32_t i = take_slot(x);

        if (i == NONE)
                return NONE;
        kind.inode = key.inode;
        kind.dev = key.dev;
        kind.state = LIVE;
        *entry(x, i) = kind;
        table_add(x, BY_KEY, i);
        set_place(x, i, parent, name);
        x->n_files += !kind.is_directory;
        return i;
}

/* A file's link, or a directory's further place. */
static void forget_entry(FopsPathIndex *x, uint32_t i) {
        x->n_files -= !entry(x, i)->is_directory;
        table_remove(x, BY_NAME, i);
        table_remove(x, BY_KEY, i);
        drop_place(x, i);
        free_slot(x, i);
}

static void forget_file(FopsPathIndex *x, Key key) {
        uint32_t i;

        while ((i = first_of_key(x, key, false)) != NONE)
                forget_entry(x, i);
}

/* The node without further places, live or ghost, is no more. */
static void forget_node(FopsPathIndex *x, uint32_t node) {
        Entry *e = entry(x, node);

        if (e->state == GHOST) {
                x->ghosts[e->next[BY_NAME]] = NONE;
                x->n_ghosts--;
        } else
                table_remove(x, BY_NAME, node);
        table_remove(x, BY_KEY, node);
        drop_place(x, node);

        if (e->n_children == 0)
                free_slot(x, node);
        else {
                e->state = DEAD;
                x->n_dead++;
        }
}

/* A directory loses one of its places, perhaps the last. */
static void forget_place(FopsPathIndex *x, uint32_t i) {
        uint32_t node = find_node(x, key_of(entry(x, i))), other;
        Entry *e = entry(x, node), *o;

        if (!e->has_further) {
                forget_node(x, node);
                return;
        }

        if (i != node)
                forget_entry(x, i);
        else {
                other = first_of_key(x, key_of(e), true);
                if (other == node)
                        other = next_of_key(x, node);
                o = entry(x, other);

                table_remove(x, BY_NAME, node);
                table_remove(x, BY_NAME, other);
                table_remove(x, BY_KEY, other);
                drop_place(x, node);
                take_place(x, node, o->parent, o->name);
                free_slot(x, other);
        }
        e->has_further = count_of_key(x, key_of(e), true) > 1;
}

static void forget_directory(FopsPathIndex *x, uint32_t node) {
        while (entry(x, node)->has_further)
                forget_place(x, node);
        forget_node(x, node);
}

/* ---- ghosts ---- */

/* The node has one place. @keeps_place: its path is told until it is forgotten. */
static void make_ghost(FopsPathIndex *x, uint32_t node, bool keeps_place) {
        uint32_t q = x->next_ghost;
        Entry *e = entry(x, node);

        x->next_ghost = (q + 1) % FOPS_PATH_GHOSTS_MAX;
        if (x->ghosts[q] != NONE)
                forget_node(x, x->ghosts[q]);

        table_remove(x, BY_NAME, node);
        e->state = GHOST;
        e->next[BY_NAME] = q;
        x->ghosts[q] = node;
        x->n_ghosts++;
        if (!keeps_place)
                drop_place(x, node);
}

static void revive_ghost(FopsPathIndex *x, uint32_t node, uint32_t parent, uint32_t name) {
        Entry *e = entry(x, node);

        x->ghosts[e->next[BY_NAME]] = NONE;
        x->n_ghosts--;
        drop_place(x, node);
        e->state = LIVE;
        set_place(x, node, parent, name);
}

/* A name that was somebody's is so no longer. The paths of a directory that had but one parent go with it, as a root too: it was
 * removed, or covered by a mount. */
static void unlink_place(FopsPathIndex *x, uint32_t i) {
        Entry *e = entry(x, i);
        uint32_t node;
        size_t n_left;

        if (!e->is_directory) {
                forget_entry(x, i);
                return;
        }

        n_left = e->parent == TOP ? count_of_key(x, key_of(e), true) : count_parents(x, key_of(e));
        if (n_left > 1) {
                forget_place(x, i);
                return;
        }

        node = find_node(x, key_of(e));
        while (entry(x, node)->has_further)
                forget_place(x, find_root_place(x, key_of(entry(x, node))));
        make_ghost(x, node, true);
}

/* An event took a directory to a place that can't be told. Its old path is wrong now; its contents are kept for a while, for the
 * scan or the event that finds it again. */
static void lose_directory(FopsPathIndex *x, uint32_t node) {
        Entry *e = entry(x, node);
        size_t n_parents = count_parents(x, key_of(e));

        if (n_parents > 1) {
                /* Which of them moved isn't known either. */
                e->has_more = true;
        } else if (e->state == GHOST)
                drop_place(x, node);
        else if (!e->has_further && n_parents == 1)
                make_ghost(x, node, false);
        else if (n_parents == 1) {
                uint32_t i = first_of_key(x, key_of(e), true);

                while (entry(x, i)->parent == TOP)
                        i = next_of_key(x, i);
                forget_place(x, i);
        }
}

/* ---- the hand ---- */

/* Takes the entry away if its parent is dead. */
static void sweep_entry(FopsPathIndex *x, uint32_t i) {
        const Entry *e = entry(x, i);

        if (e->state == FREE || e->name == NONE || entry(x, e->parent)->state != DEAD)
                return;
        if (e->state == GHOST)
                drop_place(x, i);
        else if (e->is_directory)
                forget_place(x, i);
        else
                forget_entry(x, i);
}

static uint32_t advance_hand(FopsPathIndex *x) {
        if (++x->hand >= x->n_slots)
                x->hand = TOP + 1;
        return x->hand;
}

/* What every change does first, before it looks anything up: entries may go. */
static void maintain(FopsPathIndex *x) {
        for (unsigned n = 0; x->n_dead > 0 && n < SWEEP_STEPS; n++)
                sweep_entry(x, advance_hand(x));

        if (x->move_cursor == NONE) {
                if (!fops_name_pool_is_wasteful(&x->names))
                        return;
                fops_name_pool_begin_move(&x->names);
                x->move_cursor = TOP + 1;
        }
        for (unsigned n = 0; n < MOVE_STEPS; n++) {
                if (x->move_cursor == x->n_slots) {
                        fops_name_pool_end_move(&x->names);
                        x->move_cursor = NONE;
                        return;
                }
                if (!fops_name_pool_move(&x->names, &entry(x, x->move_cursor)->name))
                        return;
                x->move_cursor++;
        }
}

static bool is_full(const FopsPathIndex *x) {
        return x->n_used - x->n_ghosts >= x->max_entries;
}

/* Second chance: the hand takes the first file that nobody asked for since it came by last, all its links, as a file of which some
 * links were known would pass for one that has no others. Keeping files in order of use would cost 8 bytes an entry and a cache
 * miss or three a lookup, for a choice that is hardly better. */
static bool make_room(FopsPathIndex *x, bool may_evict) {
        uint32_t fallback = NONE;

        may_evict = may_evict && x->n_files > 0;
        if (x->n_dead == 0 && !may_evict)
                return !is_full(x);

        for (unsigned n = 0; is_full(x) && n < EVICT_STEPS_MAX; n++) {
                uint32_t i = advance_hand(x);
                Entry *e = entry(x, i);

                sweep_entry(x, i);
                if (!may_evict || e->state != LIVE || e->is_directory)
                        continue;
                if (e->is_touched) {
                        e->is_touched = false;
                        fallback = i;
                        continue;
                }
                x->n_evicted++;
                forget_file(x, key_of(e));
        }

        if (is_full(x) && fallback != NONE && entry(x, fallback)->state == LIVE) {
                x->n_evicted++;
                forget_file(x, key_of(entry(x, fallback)));
        }
        return !is_full(x);
}

/* ---- walks upwards ---- */

typedef struct Walk {
        const FopsPathIndex *x;
        FopsArena *arena; /* NULL: paths are only counted */
        char *buffer;     /* FOPS_PATH_BYTES_MAX, filled from its end; with an arena */
        uint32_t sought;  /* a node, or NONE */
        bool met;         /* a way up leads through that, or is too long to tell */
        bool failed;      /* memory is out */
        unsigned n_steps;
        FopsPathCandidates found;
} Walk;

static void walk_node(Walk *w, uint32_t node, size_t used, unsigned depth);

static void emit(Walk *w, FopsSpan root, size_t used) {
        char *p;

        if (root.size == 1 && used > 0)
                root.size = 0; /* "/" and "/x" are "/x" */
        if (w->found.n == ELEMENTSOF(w->found.paths) || root.size + used > FOPS_PATH_BYTES_MAX) {
                w->found.more = true;
                return;
        }

        if (w->arena) {
                p = fops_arena_alloc(w->arena, root.size + used + 1);
                if (!p) {
                        w->failed = true;
                        return;
                }
                memcpy(p, root.data, root.size);
                memcpy(p + root.size, w->buffer + FOPS_PATH_BYTES_MAX - used, used);
                p[root.size + used] = '\0';
                w->found.paths[w->found.n] = (FopsSpan){ p, root.size + used };
        }
        w->found.n++;
}

/* Walks up from a place; @used bytes of the path are known, those below it. */
static void walk_place(Walk *w, uint32_t place, size_t used, unsigned depth) {
        for (;; depth++) {
                const Entry *e = entry(w->x, place), *parent;
                FopsSpan name;

                if (depth >= FOPS_PATH_DEPTH_MAX || w->n_steps++ >= WALK_STEPS_MAX) {
                        w->found.more = w->met = true;
                        return;
                }
                if (e->name == NONE)
                        return;

                name = fops_name_pool_get(&w->x->names, e->name);
                if (e->parent == TOP) {
                        emit(w, name, used);
                        return;
                }
                if (w->sought == NONE && used + 1 + name.size > FOPS_PATH_BYTES_MAX) {
                        w->found.more = true;
                        return;
                }
                used += 1 + name.size;
                if (w->arena) {
                        w->buffer[FOPS_PATH_BYTES_MAX - used] = '/';
                        memcpy(w->buffer + FOPS_PATH_BYTES_MAX - used + 1, name.data, name.size);
                }

                place = e->parent;
                parent = entry(w->x, place);
                if (place == w->sought)
                        w->met = true;
                if (parent->state == DEAD || w->met)
                        return;
                w->found.more = w->found.more || parent->has_more;
                if (parent->has_further) {
                        walk_node(w, place, used, depth + 1);
                        return;
                }
        }
}

/* A directory's every place; those as a root only if no other leads up to one. */
static void walk_node(Walk *w, uint32_t node, size_t used, unsigned depth) {
        Key key = key_of(entry(w->x, node));
        size_t n = w->found.n;

        for (uint32_t i = first_of_key(w->x, key, true); i != NONE; i = next_of_key(w->x, i))
                if (entry(w->x, i)->parent != TOP)
                        walk_place(w, i, used, depth);
        if (w->found.n > n)
                return;
        for (uint32_t i = first_of_key(w->x, key, true); i != NONE; i = next_of_key(w->x, i))
                if (entry(w->x, i)->parent == TOP)
                        walk_place(w, i, used, depth);
}

static void walk_key(Walk *w, Key key, bool is_directory) {
        uint32_t i = first_of_key(w->x, key, is_directory);

        if (i == NONE)
                return;
        w->found.more = entry(w->x, is_directory ? find_node(w->x, key) : i)->has_more;
        if (is_directory)
                walk_node(w, find_node(w->x, key), 0, 0);
        else
                for (; i != NONE; i = next_of_key(w->x, i))
                        walk_place(w, i, 0, 0);
}

/* Whether @node, put into @parent, would be below itself. */
static bool would_loop(const FopsPathIndex *x, uint32_t node, uint32_t parent) {
        Walk w = { .x = x, .sought = node };

        if (node == parent)
                return true;
        if (parent == TOP || entry(x, node)->n_children == 0)
                return false;
        walk_node(&w, parent, 0, 0);
        return w.met;
}

/* ---- puts ---- */

static bool is_valid_name(FopsSpan name) {
        return name.data && name.size > 0 && name.size <= FOPS_NAME_BYTES_MAX && !memchr(name.data, '/', name.size) &&
               !memchr(name.data, '\0', name.size) && !fops_span_equal_string(name, ".") && !fops_span_equal_string(name, "..");
}

static bool is_ambiguous(const FopsPathIndex *x, uint32_t parent) {
        return entry(x, parent)->has_more ||
               (entry(x, parent)->has_further && count_parents(x, key_of(entry(x, parent))) > 1);
}

/* Whoever else has the name has it no more. In a parent that stands for two directories both may have such a name. */
static void replace_others(FopsPathIndex *x, uint32_t parent, FopsSpan name, uint32_t mine) {
        uint32_t i;
        size_t n = 0;

        if (is_ambiguous(x, parent)) {
                for (i = first_of_name(x, parent, name); i != NONE; i = seek_name(x, entry(x, i)->next[BY_NAME], parent, name))
                        n++;
                if (n <= FOPS_PATH_LINKS_MAX)
                        return;
        }

        for (;;) {
                i = first_of_name(x, parent, name);
                if (i == mine && i != NONE)
                        i = seek_name(x, entry(x, i)->next[BY_NAME], parent, name);
                if (i == NONE)
                        return;
                unlink_place(x, i);
        }
}

/* Writes a new place over the one that the live entry has. */
static int move_place(FopsPathIndex *x, uint32_t i, uint32_t parent, FopsSpan name) {
        uint32_t handle = fops_name_pool_put(&x->names, name);

        if (handle == NONE)
                return -ENOMEM;
        table_remove(x, BY_NAME, i);
        drop_place(x, i);
        set_place(x, i, parent, handle);
        return FOPS_INDEX_DONE;
}

static int add_place(FopsPathIndex *x, Key key, uint32_t parent, FopsSpan name, Entry kind, uint32_t *ret) {
        uint32_t handle = fops_name_pool_put(&x->names, name), i = NONE;

        if (handle != NONE)
                i = add_entry(x, key, parent, handle, kind);
        if (i == NONE) {
                fops_name_pool_drop(&x->names, handle);
                return -ENOMEM;
        }
        *ret = i;
        return FOPS_INDEX_DONE;
}

static int place_file(FopsPathIndex *x, Key key, uint32_t parent, FopsSpan name, FopsPutHow how, size_t n_before, uint32_t *ret) {
        uint32_t first = first_of_key(x, key, false);
        size_t n = count_of_key(x, key, false);

        if (n >= FOPS_PATH_LINKS_MAX) {
                set_more(x, key, false);
                return FOPS_INDEX_AMBIGUOUS;
        }
        return add_place(x, key, parent, name,
                         (Entry){
                                 .is_touched = how != FOPS_PUT_SCANNED,
                                 /* Its other links may have had to go to make room for this one. */
                                 .has_more = n < n_before || (first != NONE && entry(x, first)->has_more),
                         },
                         ret);
}

static int place_directory(FopsPathIndex *x, Key key, uint32_t parent, FopsSpan name, FopsPutHow how, uint32_t *ret) {
        uint32_t node = find_node(x, key);
        size_t n_parents = 0;
        Entry *e;
        int r;

        if (node == NONE)
                return add_place(x, key, parent, name, (Entry){ .is_directory = true }, ret);
        e = entry(x, node);

        if (would_loop(x, node, parent)) {
                if (how == FOPS_PUT_SCANNED) {
                        e->has_more = true;
                        return FOPS_INDEX_AMBIGUOUS;
                }
                lose_directory(x, node);
                return FOPS_INDEX_LOOP;
        }

        if (e->state == GHOST) {
                uint32_t handle = fops_name_pool_put(&x->names, name);

                if (handle == NONE)
                        return -ENOMEM;
                revive_ghost(x, node, parent, handle);
                *ret = node;
                return FOPS_INDEX_DONE;
        }

        if (parent != TOP) {
                n_parents = count_parents(x, key);
                if (how != FOPS_PUT_SCANNED && n_parents == 1) {
                        uint32_t i = first_of_key(x, key, true);

                        while (entry(x, i)->parent == TOP)
                                i = next_of_key(x, i);
                        r = move_place(x, i, parent, name);
                        if (r == FOPS_INDEX_DONE)
                                *ret = i;
                        return r;
                }
        }

        if (count_of_key(x, key, true) >= FOPS_PATH_LINKS_MAX) {
                e->has_more = true;
                return FOPS_INDEX_AMBIGUOUS;
        }
        r = add_place(x, key, parent, name, (Entry){ .is_directory = true, .is_further = true }, ret);
        if (r < 0)
                return r;
        e->has_further = true;
        return n_parents > 0 ? FOPS_INDEX_AMBIGUOUS : FOPS_INDEX_DONE;
}

/* Whatever else had the key of an object that was made just now is gone. A root whose parent isn't known may be the same. */
static void forget_older(FopsPathIndex *x, Key key, uint32_t parent, FopsSpan name, bool is_directory) {
        uint32_t node, i;

        if (!is_directory) {
                i = find_place(x, parent, name, key, false);
                if (i == NONE || count_of_key(x, key, false) > 1)
                        forget_file(x, key);
                return;
        }

        node = find_node(x, key);
        if (node == NONE)
                return;
        i = find_place(x, parent, name, key, true);
        if (entry(x, node)->state == GHOST || count_parents(x, key) > (i != NONE))
                forget_directory(x, node);
}

/* The object is somewhere, but that isn't known. */
static void put_outside(FopsPathIndex *x, Key key, bool is_directory, FopsPutHow how) {
        uint32_t node = find_node(x, key);

        if (how == FOPS_PUT_SCANNED)
                return;
        if (!is_directory) {
                if (how == FOPS_PUT_CREATED)
                        forget_file(x, key);
                else
                        set_more(x, key, false);
        } else if (node != NONE) {
                if (how == FOPS_PUT_CREATED && (entry(x, node)->state == GHOST || find_root_place(x, key) == NONE))
                        forget_directory(x, node);
                else
                        lose_directory(x, node);
        }
}

/* Whether one entry more will be held. */
static bool needs_room(const FopsPathIndex *x, Key key, uint32_t parent, FopsSpan name, bool is_directory, FopsPutHow how) {
        uint32_t node;

        if (find_place(x, parent, name, key, is_directory) != NONE)
                return false;
        if (!is_directory)
                return count_of_key(x, key, false) < FOPS_PATH_LINKS_MAX;
        node = find_node(x, key);
        return node == NONE || entry(x, node)->state == GHOST || how == FOPS_PUT_CREATED || parent == TOP ||
               !(how == FOPS_PUT_EVENT && count_parents(x, key) == 1);
}

static int put_at(FopsPathIndex *x, Key key, uint32_t parent, FopsSpan name, bool is_directory, bool has_room, size_t n_before,
                  FopsPutHow how) {
        uint32_t i;
        int r;

        if (how == FOPS_PUT_CREATED)
                forget_older(x, key, parent, name, is_directory);

        i = find_place(x, parent, name, key, is_directory);
        if (i != NONE) {
                entry(x, i)->is_touched = !is_directory && (entry(x, i)->is_touched || how != FOPS_PUT_SCANNED);
                r = FOPS_INDEX_KNOWN;
        } else if (!has_room) {
                x->n_refused++;
                set_more(x, key, is_directory);
                r = FOPS_INDEX_FULL;
        } else if (is_directory)
                r = place_directory(x, key, parent, name, how, &i);
        else
                r = place_file(x, key, parent, name, how, n_before, &i);

        replace_others(x, parent, name, i);
        return r;
}

int fops_path_index_put(FopsPathIndex *x, const FopsPathLink *link, FopsPutHow how) {
        bool has_room = true;
        uint32_t parent, node;
        size_t n_before;
        Key key;

        if (!is_valid_name(link->name) || !pack_key(link->key, &key))
                return FOPS_INDEX_INVALID;
        maintain(x);

        /* An event says that the key is of this kind now; a scan may be of another subvolume. */
        if (how != FOPS_PUT_SCANNED) {
                node = find_node(x, key);
                if (!link->is_directory && node != NONE)
                        forget_directory(x, node);
                if (link->is_directory)
                        forget_file(x, key);
        }

        parent = find_directory(x, link->parent);
        n_before = link->is_directory || how == FOPS_PUT_CREATED ? 0 : count_of_key(x, key, false);
        if (parent != NONE && is_full(x) && needs_room(x, key, parent, link->name, link->is_directory, how)) {
                has_room = make_room(x, link->is_directory || how != FOPS_PUT_SCANNED);
                parent = find_directory(x, link->parent);
        }
        if (parent == NONE) {
                put_outside(x, key, link->is_directory, how);
                return FOPS_INDEX_PARENT_UNKNOWN;
        }
        return put_at(x, key, parent, link->name, link->is_directory, has_room, n_before, how);
}

int fops_path_index_add_root(FopsPathIndex *x, FopsInodeKey key, FopsSpan path) {
        bool has_room = true;
        Key k;

        while (path.size > 1 && path.data[path.size - 1] == '/')
                path.size--;
        if (!fops_span_starts_with(path, FOPS_SPAN_LITERAL("/")) || path.size > FOPS_NAME_BYTES_MAX ||
            memchr(path.data, '\0', path.size) || !pack_key(key, &k))
                return FOPS_INDEX_INVALID;
        maintain(x);

        if (is_full(x) && needs_room(x, k, TOP, path, true, FOPS_PUT_SCANNED))
                has_room = make_room(x, true);
        return put_at(x, k, TOP, path, true, has_room, 0, FOPS_PUT_SCANNED);
}

/* ---- removals and moves ---- */

int fops_path_index_remove_root(FopsPathIndex *x, FopsInodeKey key, FopsSpan path) {
        int r = FOPS_INDEX_UNKNOWN;
        uint32_t i;
        Key k;

        maintain(x);
        if (!pack_key(key, &k) || path.size > FOPS_NAME_BYTES_MAX)
                return r;
        while (path.size > 1 && path.data[path.size - 1] == '/')
                path.size--;

        while ((i = path.data ? find_place(x, TOP, path, k, true) : find_root_place(x, k)) != NONE &&
               entry(x, i)->state == LIVE) {
                forget_place(x, i);
                r = FOPS_INDEX_DONE;
        }
        return r;
}

int fops_path_index_remove_below(FopsPathIndex *x, FopsInodeKey key) {
        uint32_t node;

        maintain(x);
        node = find_directory(x, key);
        if (node == NONE)
                return FOPS_INDEX_UNKNOWN;
        forget_directory(x, node);
        return FOPS_INDEX_DONE;
}

int fops_path_index_remove(FopsPathIndex *x, FopsInodeKey parent, FopsSpan name, const FopsInodeKey *key) {
        uint32_t p, i, of_key = NONE;
        Key k;

        maintain(x);
        p = find_directory(x, parent);
        if (p == NONE)
                return FOPS_INDEX_PARENT_UNKNOWN;
        i = is_valid_name(name) ? first_of_name(x, p, name) : NONE;
        if (i == NONE)
                return FOPS_INDEX_UNKNOWN;

        if (key) {
                if (pack_key(*key, &k)) {
                        of_key = find_place(x, p, name, k, true);
                        if (of_key == NONE)
                                of_key = find_place(x, p, name, k, false);
                }
                if (of_key == NONE)
                        return FOPS_INDEX_STALE;
                i = of_key;
        } else if (is_ambiguous(x, p))
                return FOPS_INDEX_AMBIGUOUS;

        unlink_place(x, i);
        return FOPS_INDEX_DONE;
}

int fops_path_index_rename(FopsPathIndex *x, FopsInodeKey old_parent, FopsSpan old_name, const FopsPathLink *link) {
        uint32_t p, parent, i = NONE;
        Key key;
        int r;

        if (!is_valid_name(link->name) || !pack_key(link->key, &key))
                return FOPS_INDEX_INVALID;
        maintain(x);

        p = find_directory(x, old_parent);
        if (p != NONE && is_valid_name(old_name))
                i = find_place(x, p, old_name, key, link->is_directory);
        if (i == NONE || (link->is_directory && count_parents(x, key) == 1))
                return fops_path_index_put(x, link, FOPS_PUT_EVENT);

        parent = find_directory(x, link->parent);
        if (parent == NONE) {
                /* Where it went isn't known, so what remains isn't all. */
                set_more(x, key, link->is_directory);
                if (link->is_directory)
                        forget_place(x, i);
                else
                        forget_entry(x, i);
                return FOPS_INDEX_PARENT_UNKNOWN;
        }

        if (parent == p && fops_span_equal(link->name, old_name))
                return FOPS_INDEX_KNOWN;
        if (find_place(x, parent, link->name, key, link->is_directory) != NONE) {
                /* The scan was here before the event. */
                if (link->is_directory)
                        forget_place(x, i);
                else
                        forget_entry(x, i);
                return FOPS_INDEX_DONE;
        }
        if (link->is_directory && would_loop(x, find_node(x, key), parent)) {
                lose_directory(x, find_node(x, key));
                return FOPS_INDEX_LOOP;
        }

        r = move_place(x, i, parent, link->name);
        if (r < 0)
                return r;
        entry(x, i)->is_touched = !link->is_directory;
        replace_others(x, parent, link->name, i);
        return r;
}

int fops_path_index_exchange(FopsPathIndex *x, const FopsPathLink *a, const FopsPathLink *b) {
        FopsPathLink new_a = *b, new_b = *a;
        uint32_t i, j, p, q;
        Key k, l;
        int r, s;

        if (!is_valid_name(a->name) || !is_valid_name(b->name) || !pack_key(a->key, &k) || !pack_key(b->key, &l))
                return FOPS_INDEX_INVALID;
        maintain(x);

        p = find_directory(x, a->parent);
        q = find_directory(x, b->parent);
        i = p != NONE ? find_place(x, p, a->name, k, a->is_directory) : NONE;
        j = q != NONE ? find_place(x, q, b->name, l, b->is_directory) : NONE;

        if (i != NONE && j != NONE && i != j && !(a->is_directory && would_loop(x, find_node(x, k), q)) &&
            !(b->is_directory && would_loop(x, find_node(x, l), p))) {
                uint32_t name = entry(x, i)->name;

                table_remove(x, BY_NAME, i);
                table_remove(x, BY_NAME, j);
                take_place(x, i, q, entry(x, j)->name);
                take_place(x, j, p, name);
                return FOPS_INDEX_DONE;
        }

        /* One of them isn't known there. What is replaced by the first is brought back by the second. */
        new_a.key = a->key;
        new_a.is_directory = a->is_directory;
        new_b.key = b->key;
        new_b.is_directory = b->is_directory;
        r = fops_path_index_put(x, &new_a, FOPS_PUT_EVENT);
        s = fops_path_index_put(x, &new_b, FOPS_PUT_EVENT);
        return r < 0 || s < 0 ? MIN(r, s) : MAX(r, s);
}

/* ---- lookups ---- */

int fops_path_index_child(FopsPathIndex *x, FopsInodeKey parent, FopsSpan name, FopsInodeKey *ret_key, bool *ret_is_directory) {
        uint32_t p = find_directory(x, parent), i;
        Entry *e;

        if (p == NONE)
                return FOPS_INDEX_PARENT_UNKNOWN;
        i = is_valid_name(name) ? first_of_name(x, p, name) : NONE;
        if (i == NONE)
                return FOPS_INDEX_UNKNOWN;
        if (is_ambiguous(x, p))
                return FOPS_INDEX_AMBIGUOUS;

        e = entry(x, i);
        e->is_touched = !e->is_directory;
        *ret_key = (FopsInodeKey){ e->inode, e->dev >> 20, e->dev & ((1U << 20) - 1) };
        *ret_is_directory = e->is_directory;
        return FOPS_INDEX_DONE;
}

bool fops_path_index_is_known(const FopsPathIndex *x, FopsInodeKey key) {
        Walk w = { .x = x };
        Key k;

        if (!pack_key(key, &k))
                return false;
        walk_key(&w, k, true);
        walk_key(&w, k, false);
        return w.found.n > 0;
}

int fops_path_index_candidates(FopsPathIndex *x, FopsInodeKey key, bool is_directory, FopsArena *arena, FopsPathCandidates *ret) {
        char buffer[FOPS_PATH_BYTES_MAX];
        Walk w = { .x = x, .arena = arena, .buffer = buffer };
        Key k;

        if (pack_key(key, &k)) {
                walk_key(&w, k, is_directory);
                if (!is_directory)
                        for (uint32_t i = first_of_key(x, k, false); i != NONE; i = next_of_key(x, i))
                                entry(x, i)->is_touched = true;
        }
        if (w.failed)
                return -ENOMEM;
        *ret = w.found;
        return 0;
}

FopsSpan fops_path_index_path(FopsPathIndex *x, FopsInodeKey key, bool is_directory, FopsArena *arena) {
        FopsPathCandidates c;

        if (fops_path_index_candidates(x, key, is_directory, arena, &c) < 0 || c.n != 1 || c.more)
                return FOPS_SPAN_ABSENT;
        return c.paths[0];
}

FopsPathIndexStats fops_path_index_stats(const FopsPathIndex *x) {
        return (FopsPathIndexStats){
                .n_entries = x->n_used - x->n_ghosts,
                .n_files = x->n_files,
                .n_unreachable = x->n_dead,
                .n_ghosts = x->n_ghosts,
                .n_evicted = x->n_evicted,
                .n_refused = x->n_refused,
                .bytes = sizeof(FopsPathIndex) + (size_t) x->n_blocks * BLOCK_ENTRIES * sizeof(Entry) +
                         ((size_t) x->tables[BY_KEY].capacity + x->tables[BY_NAME].capacity) * sizeof(uint32_t) +
                         fops_name_pool_bytes(&x->names),
        };
}

FopsPathIndex *fops_path_index_new(uint64_t max_entries, const uint8_t seed[static 16]) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = calloc(1, sizeof(FopsPathIndex));

        if (!x)
                return NULL;
        x->max_entries = (uint32_t) MIN(max_entries, (uint64_t) FOPS_PATH_ENTRIES_MAX);
        memcpy(x->seed, seed, sizeof(x->seed));

        for (size_t i = 0; i < ELEMENTSOF(x->tables); i++) {
                x->tables[i] = (Table){ .n = 64, .mask = 63, .capacity = 64, .heads = calloc(64, sizeof(uint32_t)) };
                if (!x->tables[i].heads)
                        return NULL;
        }

        /* The first slot is NONE's, the second TOP's. */
        take_slot(x);
        if (x->n_slots == 0)
                return NULL;
        *entry(x, NONE) = (Entry){ .state = FREE };
        *entry(x, take_slot(x)) = (Entry){ .state = LIVE, .is_directory = true };
        x->n_used = 0;
        x->hand = TOP;
        return TAKE_PTR(x);
}

FopsPathIndex *fops_path_index_free(FopsPathIndex *x) {
        if (!x)
                return NULL;
        for (uint32_t i = 0; i < x->n_blocks; i++)
                free(x->blocks[i]);
        free(x->blocks);
        for (size_t i = 0; i < ELEMENTSOF(x->tables); i++)
                free(x->tables[i].heads);
        fops_name_pool_done(&x->names);
        free(x);
        return NULL;
}
