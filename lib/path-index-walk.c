/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A place into its path: "x" in entry 9, which is "data" in entry 5, which is the root "/srv" → /srv/data/x
 *
 * Names are written from the end of a buffer to its front while walking up. Where a directory has several places the walk
 * goes on from each, so that one file gives several paths. It is bounded by depth and by steps; what is cut off counts as
 * "more". */

#include "path-index-internal.h"

#include "path.h"

/* Places visited by one lookup. Only ambiguous directories below each other make it more than the depth. */
#define WALK_STEPS_MAX (4 * FOPS_PATH_DEPTH_MAX)

typedef struct Walk {
        const FopsPathIndex *x;
        FopsArena *arena; /* NULL: paths are only counted */
        char *buffer;     /* FOPS_PATH_BYTES_MAX, filled from its end; with an arena */
        uint32_t sought;  /* a node, or NONE */
        bool met;         /* a way up leads through that, or is too long to tell */
        bool failed;      /* memory is out */
        bool is_newer;    /* the latest place was too new */
        bool with_doubtful; /* places that are too new, or former, too */
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

static bool is_doubtful(const FopsPathIndex *x, const Entry *e) {
        return fops_path_is_too_new(x, e) || fops_path_is_former(x, e);
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
                if (e->name == NONE || (w->sought == NONE && e->state == ENTRY_GHOST && !fops_path_store_is_recent(w->x, place)))
                        return;
                if (w->sought == NONE && !w->with_doubtful && is_doubtful(w->x, e)) {
                        w->is_newer = !fops_path_is_former(w->x, e);
                        return;
                }

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
                if (parent->state == ENTRY_DEAD || (w->sought != NONE && w->met))
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
        uint32_t i;

        FOREACH_OF_KEY(i, w->x, key, true)
                if (entry(w->x, i)->parent != TOP)
                        walk_place(w, i, used, depth);
        if (w->found.n > n)
                return;
        FOREACH_OF_KEY(i, w->x, key, true)
                if (entry(w->x, i)->parent == TOP)
                        walk_place(w, i, used, depth);
}

static void walk_key(Walk *w, Key key, bool is_directory) {
        uint32_t i;

        if (is_directory) {
                i = fops_path_find_node(w->x, key);
                if (i == NONE)
                        return;
                w->found.more = entry(w->x, i)->has_more;
                walk_node(w, i, 0, 0);
        } else {
                w->found.whole = true;
                FOREACH_OF_KEY(i, w->x, key, false) {
                        size_t n = w->found.n;

                        w->is_newer = false;
                        w->found.more = w->found.more || entry(w->x, i)->has_more;
                        walk_place(w, i, 0, 0);
                        w->found.whole = w->found.whole && fops_path_has_all_links(entry(w->x, i)) && w->found.n > n;
                        w->found.newer = w->found.newer || w->is_newer;
                        if (w->x->is_ahead && !w->with_doubtful)
                                w->found.partial = w->found.partial || !fops_path_has_all_links(entry(w->x, i)) ||
                                                   (w->found.n == n && !w->is_newer);
                }
        }
}

bool fops_path_would_loop(const FopsPathIndex *x, uint32_t node, uint32_t parent) {
        Walk w = { .x = x, .sought = node };

        if (node == parent)
                return true;
        if (parent == TOP || entry(x, node)->n_children == 0)
                return false;
        walk_node(&w, parent, 0, 0);
        return w.met;
}

int fops_path_index_child(FopsPathIndex *x, FopsInodeKey parent, FopsSpan name, FopsInodeKey *ret_key,
                          bool *ret_is_directory) {
        uint32_t p, i;
        Entry *e;
        Key k;

        p = fops_path_key_pack(parent, &k) ? fops_path_find_node(x, k) : NONE;
        if (p == NONE)
                return FOPS_INDEX_PARENT_UNKNOWN;
        i = fops_path_is_valid_name(name) ? fops_path_find_name(x, p, name) : NONE;
        if (i == NONE || is_doubtful(x, entry(x, i)))
                return FOPS_INDEX_UNKNOWN;
        if (fops_path_is_ambiguous(x, p))
                return FOPS_INDEX_AMBIGUOUS;

        e = entry(x, i);
        fops_path_touch(e);
        *ret_key = fops_path_key_unpack(key_of(e));
        *ret_is_directory = e->is_directory;
        return FOPS_INDEX_DONE;
}

static bool has_place(const FopsPathIndex *x, FopsInodeKey key, bool with_doubtful) {
        Walk w = { .x = x, .with_doubtful = with_doubtful };
        Key k;

        if (!fops_path_key_pack(key, &k))
                return false;
        walk_key(&w, k, true);
        walk_key(&w, k, false);
        return w.found.n > 0;
}

bool fops_path_index_is_known(const FopsPathIndex *x, FopsInodeKey key) {
        return has_place(x, key, false);
}

bool fops_path_index_is_held(const FopsPathIndex *x, FopsInodeKey key) {
        return has_place(x, key, true);
}

bool fops_path_index_has_seen(const FopsPathIndex *x, const FopsPathLink *link) {
        Key parent, key;
        uint32_t p, i;

        if (!fops_path_is_valid_name(link->name) || !fops_path_key_pack(link->parent, &parent) || !fops_path_key_pack(link->key, &key))
                return false;
        p = fops_path_find_node(x, parent);
        i = p != NONE ? fops_path_find_place(x, p, link->name, key, link->is_directory) : NONE;
        return i != NONE && !fops_path_is_former(x, entry(x, i));
}

bool fops_path_index_is_ghost(const FopsPathIndex *x, FopsInodeKey key) {
        uint32_t node;
        Key k;

        node = fops_path_key_pack(key, &k) ? fops_path_find_node(x, k) : NONE;
        return node != NONE && entry(x, node)->state == ENTRY_GHOST;
}

static int find_candidates(FopsPathIndex *x, FopsInodeKey key, bool is_directory, bool with_doubtful, FopsArena *arena,
                           FopsPathCandidates *ret) {
        char buffer[FOPS_PATH_BYTES_MAX];
        Walk w = { .x = x, .arena = arena, .buffer = buffer, .with_doubtful = with_doubtful };
        uint32_t i;
        Key k;

        if (fops_path_key_pack(key, &k)) {
                walk_key(&w, k, is_directory);
                FOREACH_OF_KEY(i, x, k, false)
                        fops_path_touch(entry(x, i));
        }
        if (w.failed)
                return -ENOMEM;
        *ret = w.found;
        return 0;
}

int fops_path_index_candidates(FopsPathIndex *x, FopsInodeKey key, bool is_directory, FopsArena *arena,
                               FopsPathCandidates *ret) {
        return find_candidates(x, key, is_directory, false, arena, ret);
}

int fops_path_index_doubtful_candidates(FopsPathIndex *x, FopsInodeKey key, bool is_directory, FopsArena *arena,
                                        FopsPathCandidates *ret) {
        return find_candidates(x, key, is_directory, true, arena, ret);
}

FopsSpan fops_path_index_path(FopsPathIndex *x, FopsInodeKey key, bool is_directory, FopsArena *arena) {
        FopsPathCandidates c;

        if (fops_path_index_candidates(x, key, is_directory, arena, &c) < 0 || c.n != 1 || c.more)
                return FOPS_SPAN_ABSENT;
        return c.paths[0];
}
