/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Links into a tree that knows where everything is: (8:1, 12) is "data" in (8:1, 7), which is the root "/srv"
 *   → (8:1, 12) is /srv/data
 *
 * An entry is one place: a key, the entry of its parent and a name. A file has an entry for each of its links. A
 * directory has one, its node, and its children point at that; its further places (a root's path, candidates) are entries
 * of the same key beside the node. All roots are children of one entry without a key, with their paths as names. A
 * directory is moved by writing two numbers, whatever is below it.
 *
 * Invariants:
 *   - The graph of places has no cycle: a directory is only put where a walk upwards doesn't meet it.
 *   - A node isn't freed while something points at it. One that lost all its places is dead: in no table, without a
 *     parent; it goes when its last child has gone. A hand goes around the entries, some with each call, and takes those
 *     whose parent is dead. So forgetting a tree is one step for the caller, and there are no lists of siblings to keep
 *     (8 bytes an entry).
 *   - A ghost is a node in the table by key only, with the place that it had last, or none if that was left for one
 *     unknown. */

#include "path-index-internal.h"

static uint32_t find_directory(const FopsPathIndex *x, FopsInodeKey key) {
        Key k;

        return fops_path_key_pack(key, &k) ? fops_path_find_node(x, k) : NONE;
}

static void set_more(FopsPathIndex *x, Key key, bool is_directory) {
        uint32_t i;

        FOREACH_OF_KEY(i, x, key, is_directory)
                entry(x, i)->has_more = true;
}

/* ---- puts ---- */

/* What is being put, its parent found. */
typedef struct Put {
        Key key;
        uint32_t parent;
        FopsSpan name;
        bool is_directory;
        bool is_moved; /* a file's first link, but not one that was added to others */
        bool is_back;  /* a directory's that had no place it is certain to be in */
        bool is_heard; /* a root's, by events */
        FopsPutHow how;
} Put;

static uint32_t find_put(const FopsPathIndex *x, const Put *p) {
        return fops_path_find_place(x, p->parent, p->name, p->key, p->is_directory);
}

/* Whoever else has the name has it no more. In a parent that stands for two directories both may have such a name. */
static void replace_others(FopsPathIndex *x, uint32_t parent, FopsSpan name, uint32_t mine) {
        uint32_t i, other;
        size_t n = 0;

        if (fops_path_is_ambiguous(x, parent)) {
                FOREACH_OF_NAME(i, x, parent, name)
                        n++;
                if (n <= FOPS_PATH_LINKS_MAX)
                        return;
        }

        do {
                other = NONE;
                FOREACH_OF_NAME(i, x, parent, name)
                        if (i != mine)
                                other = i;
                if (other != NONE)
                        fops_path_unlink_place(x, other);
        } while (other != NONE);
}

/* The first roots stood where they are before anything was heard. */
static uint32_t scan_of(const FopsPathIndex *x, const Put *p) {
        return p->how == FOPS_PUT_SCANNED && (p->parent != TOP || (x->has_first_roots && !p->is_heard)) ? x->scan : 0;
}

static int add_place(FopsPathIndex *x, const Put *p, Entry kind, uint32_t *ret) {
        uint32_t i;

        kind.scan = scan_of(x, p);
        i = fops_path_store_add(x, p->key, p->parent, p->name, kind);

        if (i == NONE)
                return -ENOMEM;
        *ret = i;
        return FOPS_INDEX_DONE;
}

static int move_place(FopsPathIndex *x, uint32_t i, const Put *p, uint32_t *ret) {
        int r = fops_path_store_move(x, i, p->parent, p->name);

        if (r < 0)
                return r;
        entry(x, i)->scan = scan_of(x, p);
        *ret = i;
        return FOPS_INDEX_DONE;
}

static int place_file(FopsPathIndex *x, const Put *p, uint32_t *ret) {
        Entry kind = { .mark = p->how != FOPS_PUT_SCANNED, .is_further = true };
        size_t n = 0;
        uint32_t i;

        FOREACH_OF_KEY(i, x, p->key, false) {
                kind.has_more |= entry(x, i)->has_more;
                kind.is_further &= entry(x, i)->is_further;
                n++;
        }
        if (n >= FOPS_PATH_LINKS_MAX) {
                set_more(x, p->key, false);
                return FOPS_INDEX_AMBIGUOUS;
        }
        /* The links that it had before were never known, or had to go to make room for this one. */
        kind.has_more |= n == 0 && p->how == FOPS_PUT_EVENT && !p->is_moved;
        kind.is_further &= n > 0 || p->how == FOPS_PUT_CREATED;
        return add_place(x, p, kind, ret);
}

static int place_directory(FopsPathIndex *x, const Put *p, uint32_t *ret) {
        uint32_t node = fops_path_find_node(x, p->key), one = NONE;
        size_t n_parents;
        int r;

        if (node == NONE)
                return add_place(x, p, (Entry){ .is_directory = true }, ret);

        if (fops_path_would_loop(x, node, p->parent)) {
                if (p->how == FOPS_PUT_SCANNED) {
                        entry(x, node)->has_more = true;
                        return FOPS_INDEX_AMBIGUOUS;
                }
                fops_path_lose_directory(x, node);
                return FOPS_INDEX_LOOP;
        }

        if (entry(x, node)->state == ENTRY_GHOST)
                return move_place(x, node, p, ret);

        n_parents = fops_path_count_parents(x, p->key, &one);
        if ((p->how == FOPS_PUT_EVENT || p->is_back) && n_parents == 1)
                return move_place(x, one, p, ret);

        if (fops_path_count_of_key(x, p->key, true) >= FOPS_PATH_LINKS_MAX) {
                entry(x, node)->has_more = true;
                return FOPS_INDEX_AMBIGUOUS;
        }
        r = add_place(x, p, (Entry){ .is_directory = true, .is_further = true }, ret);
        if (r < 0)
                return r;
        entry(x, node)->has_further = true;
        return p->parent != TOP && n_parents > 0 ? FOPS_INDEX_AMBIGUOUS : FOPS_INDEX_DONE;
}

/* Whatever else had the key of an object that was made just now is gone. What is known as a root only may be the same. */
static void forget_older(FopsPathIndex *x, const Put *p) {
        bool is_there = find_put(x, p) != NONE;
        uint32_t node, one;

        if (!p->is_directory) {
                if (fops_path_count_of_key(x, p->key, false) > is_there)
                        fops_path_forget_file(x, p->key);
                return;
        }
        node = fops_path_find_node(x, p->key);
        if (node != NONE && (entry(x, node)->state == ENTRY_GHOST || fops_path_count_parents(x, p->key, &one) > is_there))
                fops_path_forget_directory(x, node);
}

/* The object is somewhere, but that isn't known. */
static void put_outside(FopsPathIndex *x, Key key, bool is_directory, FopsPutHow how) {
        uint32_t node = fops_path_find_node(x, key), one;

        if (how == FOPS_PUT_SCANNED)
                return;
        if (!is_directory) {
                if (how == FOPS_PUT_CREATED)
                        fops_path_forget_file(x, key);
                else
                        set_more(x, key, false);
        } else if (node != NONE) {
                if (how != FOPS_PUT_CREATED)
                        fops_path_lose_directory(x, node);
                else if (entry(x, node)->state == ENTRY_GHOST || fops_path_count_roots(x, key, &one) == 0)
                        fops_path_forget_directory(x, node);
                else
                        while (fops_path_count_parents(x, key, &one) > 0)
                                fops_path_forget_place(x, one);
        }
}

/* Whether one entry more will be held. */
static bool needs_room(const FopsPathIndex *x, const Put *p) {
        uint32_t node, one;

        if (find_put(x, p) != NONE)
                return false;
        if (!p->is_directory)
                return fops_path_count_of_key(x, p->key, false) < FOPS_PATH_LINKS_MAX;
        node = fops_path_find_node(x, p->key);
        return node == NONE || entry(x, node)->state == ENTRY_GHOST || p->how != FOPS_PUT_EVENT ||
               fops_path_count_parents(x, p->key, &one) != 1;
}

/* A directory of which something is known, but not where it is. */
static bool is_lost(const FopsPathIndex *x, Key key) {
        uint32_t node = fops_path_find_node(x, key);
        FopsInodeKey k = fops_path_key_unpack(key);

        return node != NONE && (entry(x, node)->state == ENTRY_GHOST || !fops_path_index_is_known(x, k));
}

static void doubt_below(FopsPathIndex *x, uint32_t node) {
        /* Away again: what is left of the time before would pass for what was seen since. */
        if (fops_path_was_away(entry(x, node)))
                fops_path_forget_directory(x, node);
        else
                entry(x, node)->mark = true;
}

/* It was seen where it is known to be. */
static void confirm(FopsPathIndex *x, uint32_t i, FopsPutHow how) {
        Entry *e = entry(x, i);

        e->is_since = fops_path_was_away(entry(x, e->parent));
        if (how == FOPS_PUT_SCANNED)
                return;
        fops_path_touch(e);
        e->scan = 0;
}

static int put(FopsPathIndex *x, const Put *p, bool has_room) {
        bool is_free;
        uint32_t i;
        int r;

        if (p->how == FOPS_PUT_CREATED)
                forget_older(x, p);

        is_free = fops_path_find_name(x, p->parent, p->name) == NONE;
        i = is_free ? NONE : find_put(x, p);
        if (i != NONE) {
                confirm(x, i, p->how);
                r = FOPS_INDEX_KNOWN;
        } else if (!has_room) {
                x->n_refused++;
                set_more(x, p->key, p->is_directory);
                r = FOPS_INDEX_FULL;
        } else if (p->is_directory)
                r = place_directory(x, p, &i);
        else
                r = place_file(x, p, &i);

        if (!is_free)
                replace_others(x, p->parent, p->name, i);
        return r;
}

/* @is_moved: if no link of it is known, this is its only one. */
static int put_link(FopsPathIndex *x, const FopsPathLink *link, FopsPutHow how, bool is_moved) {
        Put p = { .name = link->name, .is_directory = link->is_directory, .how = how };
        bool has_room = true;
        uint32_t node;
        int r;

        if (!fops_path_is_valid_name(p.name) || !fops_path_key_pack(link->key, &p.key))
                return FOPS_INDEX_INVALID;
        r = fops_path_maintain(x);
        if (r < 0)
                return r;

        fops_path_store_prefetch(x, p.key);
        if (p.is_directory && how == FOPS_PUT_SCANNED && is_lost(x, p.key)) {
                p.is_back = true;
                doubt_below(x, fops_path_find_node(x, p.key));
        }
        p.is_moved = is_moved && fops_path_first_of_key(x, p.key, false) == NONE;

        /* An event says that the key is of this kind now; a scan may be ahead of that, or behind. */
        if (how != FOPS_PUT_SCANNED) {
                node = fops_path_find_node(x, p.key);
                if (p.is_directory)
                        fops_path_forget_file(x, p.key);
                else if (node != NONE)
                        fops_path_forget_directory(x, node);
        }

        p.parent = find_directory(x, link->parent);
        if (p.parent != NONE && fops_path_is_full(x) && needs_room(x, &p)) {
                has_room = fops_path_make_room(x, p.is_directory || how != FOPS_PUT_SCANNED);
                p.parent = find_directory(x, link->parent);
        }
        if (p.parent == NONE) {
                put_outside(x, p.key, p.is_directory, how);
                return FOPS_INDEX_PARENT_UNKNOWN;
        }
        return put(x, &p, has_room);
}

int fops_path_index_put(FopsPathIndex *x, const FopsPathLink *link, FopsPutHow how) {
        return put_link(x, link, how, false);
}

/* A root's name below TOP: without trailing slashes. Absent if it can't be one. */
static FopsSpan root_name(FopsSpan path) {
        while (path.size > 1 && path.data[path.size - 1] == '/')
                path.size--;
        if (!fops_span_starts_with(path, FOPS_SPAN_LITERAL("/")) || path.size > FOPS_NAME_BYTES_MAX ||
            memchr(path.data, '\0', path.size))
                return FOPS_SPAN_ABSENT;
        return path;
}

static int add_root(FopsPathIndex *x, FopsInodeKey key, FopsSpan path, bool is_heard) {
        Put p = { .parent = TOP, .name = root_name(path), .is_directory = true, .is_heard = is_heard, .how = FOPS_PUT_SCANNED };
        bool has_room = true;
        int r;

        if (!p.name.data || !fops_path_key_pack(key, &p.key))
                return FOPS_INDEX_INVALID;
        r = fops_path_maintain(x);
        if (r < 0)
                return r;
        if (fops_path_is_full(x) && needs_room(x, &p))
                has_room = fops_path_make_room(x, true);
        return put(x, &p, has_room);
}

int fops_path_index_add_root(FopsPathIndex *x, FopsInodeKey key, FopsSpan path) {
        return add_root(x, key, path, false);
}

/* ---- removals and moves ---- */

int fops_path_index_remove_root(FopsPathIndex *x, FopsInodeKey key, FopsSpan path) {
        FopsSpan name = path.data ? root_name(path) : path;
        uint32_t node, i = NONE;
        Key k;
        int r;

        if (!fops_path_key_pack(key, &k) || (path.data && !name.data))
                return FOPS_INDEX_INVALID;
        r = fops_path_maintain(x);
        if (r < 0)
                return r;
        node = fops_path_find_node(x, k);
        if (node == NONE || entry(x, node)->state == ENTRY_GHOST)
                return FOPS_INDEX_UNKNOWN;

        r = FOPS_INDEX_UNKNOWN;
        while (name.data ? (i = fops_path_find_place(x, TOP, name, k, true)) != NONE : fops_path_count_roots(x, k, &i) > 0) {
                fops_path_forget_place(x, i);
                r = FOPS_INDEX_DONE;
        }
        return r;
}

int fops_path_index_move_root(FopsPathIndex *x, FopsInodeKey key, FopsSpan from, FopsSpan to) {
        int r = add_root(x, key, to, true);

        return r < 0 ? r : fops_path_index_remove_root(x, key, from);
}

static int change_directory(FopsPathIndex *x, FopsInodeKey key, void (*change)(FopsPathIndex *x, uint32_t node)) {
        uint32_t node;
        int r;

        r = fops_path_maintain(x);
        if (r < 0)
                return r;
        node = find_directory(x, key);
        if (node == NONE)
                return FOPS_INDEX_UNKNOWN;
        change(x, node);
        return FOPS_INDEX_DONE;
}

int fops_path_index_remove_below(FopsPathIndex *x, FopsInodeKey key) {
        return change_directory(x, key, fops_path_forget_directory);
}

int fops_path_index_doubt_below(FopsPathIndex *x, FopsInodeKey key) {
        return change_directory(x, key, doubt_below);
}

int fops_path_index_remove(FopsPathIndex *x, FopsInodeKey parent, FopsSpan name, const FopsInodeKey *key) {
        uint32_t p, i;
        Key k;
        int r;

        r = fops_path_maintain(x);
        if (r < 0)
                return r;
        p = find_directory(x, parent);
        if (p == NONE)
                return FOPS_INDEX_PARENT_UNKNOWN;
        i = fops_path_is_valid_name(name) ? fops_path_find_name(x, p, name) : NONE;
        if (i == NONE)
                return FOPS_INDEX_UNKNOWN;

        if (key) {
                if (!fops_path_key_pack(*key, &k))
                        return FOPS_INDEX_STALE;
                i = fops_path_find_place(x, p, name, k, true);
                if (i == NONE)
                        i = fops_path_find_place(x, p, name, k, false);
                if (i == NONE)
                        return FOPS_INDEX_STALE;
        } else if (fops_path_is_ambiguous(x, p))
                return FOPS_INDEX_AMBIGUOUS;

        fops_path_unlink_place(x, i);
        return FOPS_INDEX_DONE;
}

int fops_path_index_rename(FopsPathIndex *x, FopsInodeKey old_parent, FopsSpan old_name, const FopsPathLink *link) {
        Put p = { .name = link->name, .is_directory = link->is_directory, .how = FOPS_PUT_EVENT };
        uint32_t parent, node, i = NONE, one;
        int r;

        if (!fops_path_is_valid_name(p.name) || !fops_path_key_pack(link->key, &p.key))
                return FOPS_INDEX_INVALID;
        r = fops_path_maintain(x);
        if (r < 0)
                return r;

        parent = find_directory(x, old_parent);
        if (parent != NONE && fops_path_is_valid_name(old_name))
                i = fops_path_find_place(x, parent, old_name, p.key, p.is_directory);
        if (i == NONE || (p.is_directory && fops_path_count_parents(x, p.key, &one) == 1))
                return put_link(x, link, FOPS_PUT_EVENT, true);

        p.parent = find_directory(x, link->parent);
        if (p.parent == NONE) {
                /* Where it went isn't known, so what remains isn't all. */
                set_more(x, p.key, p.is_directory);
                fops_path_forget_place(x, i);
                return FOPS_INDEX_PARENT_UNKNOWN;
        }

        one = find_put(x, &p);
        if (one == i)
                return FOPS_INDEX_KNOWN;
        if (one != NONE) {
                /* The scan was here before the event. */
                confirm(x, one, FOPS_PUT_EVENT);
                fops_path_forget_place(x, i);
                return FOPS_INDEX_DONE;
        }

        node = p.is_directory ? fops_path_find_node(x, p.key) : NONE;
        if (node != NONE && fops_path_would_loop(x, node, p.parent)) {
                fops_path_lose_directory(x, node);
                return FOPS_INDEX_LOOP;
        }
        r = move_place(x, i, &p, &i);
        if (r < 0)
                return r;
        fops_path_touch(entry(x, i));
        replace_others(x, p.parent, p.name, i);
        return r;
}

int fops_path_index_exchange(FopsPathIndex *x, const FopsPathLink *a, const FopsPathLink *b) {
        FopsPathLink new_a = { b->parent, b->name, a->key, a->is_directory };
        FopsPathLink new_b = { a->parent, a->name, b->key, b->is_directory };
        uint32_t p, q, i, j;
        Key k, l;
        int r, s;

        if (!fops_path_is_valid_name(a->name) || !fops_path_is_valid_name(b->name) || !fops_path_key_pack(a->key, &k) ||
            !fops_path_key_pack(b->key, &l))
                return FOPS_INDEX_INVALID;
        r = fops_path_maintain(x);
        if (r < 0)
                return r;

        p = find_directory(x, a->parent);
        q = find_directory(x, b->parent);
        i = p != NONE ? fops_path_find_place(x, p, a->name, k, a->is_directory) : NONE;
        j = q != NONE ? fops_path_find_place(x, q, b->name, l, b->is_directory) : NONE;

        if (i != NONE && j != NONE && i != j &&
            !(a->is_directory && fops_path_would_loop(x, fops_path_find_node(x, k), q)) &&
            !(b->is_directory && fops_path_would_loop(x, fops_path_find_node(x, l), p))) {
                fops_path_store_exchange(x, i, j);
                confirm(x, i, FOPS_PUT_EVENT);
                confirm(x, j, FOPS_PUT_EVENT);
                return FOPS_INDEX_DONE;
        }

        /* One of them isn't known there, or a scan was here before. A directory that the first replaces is brought back by the second. */
        r = fops_path_index_rename(x, a->parent, a->name, &new_a);
        s = fops_path_index_rename(x, b->parent, b->name, &new_b);
        return r < 0 || s < 0 ? MIN(r, s) : MAX(r, s);
}

bool fops_path_index_is_root(const FopsPathIndex *x, FopsInodeKey key) {
        uint32_t node = find_directory(x, key), one;

        return node != NONE && entry(x, node)->state != ENTRY_GHOST && fops_path_count_roots(x, key_of(entry(x, node)), &one) > 0;
}

void fops_path_index_set_whole(FopsPathIndex *x, FopsInodeKey file) {
        uint32_t i;
        Key key;

        if (!fops_path_key_pack(file, &key))
                return;
        FOREACH_OF_KEY(i, x, key, false)
                entry(x, i)->is_further = true;
}

void fops_path_index_begin_scan(FopsPathIndex *x) {
        if (x->scan_cursor != NONE)
                return;
        x->scan = 3 - x->scan;
        x->scan_cursor = TOP + 1;
}

void fops_path_index_end_first_roots(FopsPathIndex *x) {
        x->has_first_roots = true;
}

void fops_path_index_set_ahead(FopsPathIndex *x, bool is_ahead) {
        x->is_ahead = is_ahead;
}

void fops_path_index_set_time(FopsPathIndex *x, uint64_t usec) {
        x->usec = usec;
}

void fops_path_index_forget_ghosts(FopsPathIndex *x) {
        for (size_t q = 0; q < FOPS_PATH_GHOSTS_MAX && x->n_ghosts > 0; q++)
                if (x->ghosts[q] != NONE)
                        fops_path_store_retire(x, x->ghosts[q]);
}

/* ---- the whole ---- */

FopsSubvolumes *fops_path_index_subvolumes(FopsPathIndex *x) {
        return &x->subvolumes;
}

FopsPathIndexStats fops_path_index_stats(const FopsPathIndex *x) {
        FopsPathIndexStats stats = {
                .n_entries = x->n_used - x->n_ghosts,
                .n_files = x->n_files,
                .n_unreachable = x->n_dead,
                .n_ghosts = x->n_ghosts,
                .n_evicted = x->n_evicted,
                .n_refused = x->n_refused,
                .bytes = sizeof(FopsPathIndex) + (size_t) x->n_blocks * BLOCK_ENTRIES * sizeof(Entry) +
                         fops_name_pool_bytes(&x->names),
        };

        for (size_t by = 0; by < _BY_MAX; by++)
                stats.bytes += ((size_t) x->tables[by].sides[0].n + x->tables[by].sides[1].n) * sizeof(uint32_t);
        return stats;
}

FopsPathIndex *fops_path_index_new(uint64_t max_entries, const uint8_t seed[static 16]) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = calloc(1, sizeof(FopsPathIndex));

        if (!x)
                return NULL;
        x->max_entries = (uint32_t) MIN(max_entries, (uint64_t) FOPS_PATH_ENTRIES_MAX);
        x->scan = 1;
        memcpy(x->seed, seed, sizeof(x->seed));
        return fops_path_store_init(x) < 0 ? NULL : TAKE_PTR(x);
}

FopsPathIndex *fops_path_index_free(FopsPathIndex *x) {
        if (!x)
                return NULL;
        fops_path_store_done(x);
        fops_subvolumes_done(&x->subvolumes);
        free(x);
        return NULL;
}
