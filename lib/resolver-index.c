/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Inodes to paths by the index, which was told by a scan and by every event since.
 *   unlinkat(4, "x"), PARENT inode 7, DELETE inode 9  →  7 is /srv/data/d  →  /srv/data/d/x
 * A name that is made or unmade is found by its directory's inode, whatever the text says; an existing object by its own. */

#include "resolver-index.h"

#include <sys/stat.h>

#include "path.h"

bool fops_item_key(const FopsItem *item, FopsInodeKey *ret) {
        if (!item || !item->has_inode || item->subvolume == FOPS_SUBVOLUME_UNTOLD)
                return false;
        if (item->subvolume > 0) {
                *ret = fops_subvolume_key(item->subvolume, item->inode);
                return true;
        }
        *ret = (FopsInodeKey){ .inode = item->inode, .dev_major = item->dev_major, .dev_minor = item->dev_minor };
        return true;
}

FopsSpan fops_object_last_name(const FopsObject *object) {
        FopsSpan name = object->item ? fops_path_basename(object->item->name) : FOPS_SPAN_ABSENT;

        if (name.size == 0 || memchr(name.data, '/', name.size) || fops_span_equal(name, FOPS_SPAN_LITERAL(".")) ||
            fops_span_equal(name, FOPS_SPAN_LITERAL("..")))
                return FOPS_SPAN_ABSENT;
        return name;
}

static FopsSpan append(FopsArena *arena, FopsSpan dir, FopsSpan name) {
        bool is_root = dir.size == 1;
        char *p = fops_arena_alloc(arena, dir.size + name.size + 2);
        size_t n = 0;

        if (!p)
                return FOPS_SPAN_ABSENT;
        if (!is_root) {
                memcpy(p, dir.data, dir.size);
                n = dir.size;
        }
        p[n++] = '/';
        memcpy(p + n, name.data, name.size);
        return (FopsSpan){ p, n + name.size };
}

/* Of several links the one that has the name the process used, in @dir if that is known. */
static FopsSpan choose(const FopsPathCandidates *candidates, FopsSpan name, FopsSpan dir) {
        FopsSpan chosen = FOPS_SPAN_ABSENT;

        for (size_t i = 0; i < candidates->n; i++) {
                FopsSpan path = candidates->paths[i];

                if (name.data && !fops_span_equal(fops_path_basename(path), name))
                        continue;
                if (dir.data && !fops_span_equal(fops_path_dirname(path), dir))
                        continue;
                if (chosen.data)
                        return FOPS_SPAN_ABSENT;
                chosen = path;
        }
        return candidates->more ? FOPS_SPAN_ABSENT : chosen;
}

/* "/proc/self/fd/3", as the C library says fchmodat() with flags: a descriptor in the shape of a name. */
static bool is_descriptor(FopsSpan name) {
        return fops_span_starts_with(name, FOPS_SPAN_LITERAL("/proc/self/fd/")) ||
               fops_span_starts_with(name, FOPS_SPAN_LITERAL("/dev/fd/"));
}

/* As the process said it, if that is a whole path. CWD is logged at the call's end, so a rename may have moved it. */
static FopsSpan spell(const FopsOperation *op, const FopsObject *object, FopsArena *arena) {
        FopsSpan name = object->item ? object->item->name : FOPS_SPAN_ABSENT;
        bool is_absolute = fops_span_starts_with(name, FOPS_SPAN_LITERAL("/"));

        if (!is_absolute && (name.size == 0 || object->base != FOPS_BASE_CWD || !op->cwd_is_certain || op->op == FOPS_OP_RENAME ||
                             op->op == FOPS_OP_EXCHANGE))
                return FOPS_SPAN_ABSENT;
        return fops_path_join(arena, op->cwd, name);
}

static bool is_among(const FopsPathCandidates *candidates, FopsSpan path) {
        for (size_t i = 0; i < candidates->n; i++)
                if (fops_span_equal(candidates->paths[i], path))
                        return true;
        return false;
}

/* Has the index it there, certainly or not? */
static bool may_be(FopsPathIndex *index, FopsInodeKey key, bool is_directory, FopsSpan path, FopsArena *arena) {
        FopsPathCandidates candidates;

        return fops_path_index_doubtful_candidates(index, key, is_directory, arena, &candidates) >= 0 && is_among(&candidates, path);
}

/* Of @candidates the one that is meant by @name. One that isn't certain may be meant as well. */
static FopsSpan choose_link(FopsPathIndex *index, FopsInodeKey key, const FopsPathCandidates *candidates, FopsSpan name, FopsArena *arena) {
        FopsSpan path = choose(candidates, name, FOPS_SPAN_ABSENT);
        FopsPathCandidates all;

        if (candidates->partial)
                return FOPS_SPAN_ABSENT;
        if (!path.data || !candidates->newer)
                return path;
        if (fops_path_index_doubtful_candidates(index, key, false, arena, &all) < 0)
                return FOPS_SPAN_ABSENT;
        return choose(&all, name, FOPS_SPAN_ABSENT);
}

static void resolve_in_directory(FopsPathIndex *index, bool is_complete, const FopsOperation *op, const FopsObject *object,
                                 FopsInodeKey parent, FopsArena *arena, FopsIndexFound *ret) {
        FopsSpan dir = fops_path_index_path(index, parent, true, arena), name = fops_object_last_name(object);
        FopsPathCandidates candidates;
        FopsInodeKey key;

        /* What isn't certain by itself is if the process said the same. */
        if (!dir.data) {
                dir = fops_path_dirname(spell(op, object, arena));
                if (dir.data && !may_be(index, parent, true, dir, arena))
                        return;
        }

        /* Before the scan has seen all, its inode may be another directory's that wasn't heard of. */
        if (!dir.data || (!is_complete && fops_path_index_is_ghost(index, parent)))
                return;
        ret->dir = dir;

        if (name.data) {
                ret->path = append(arena, dir, name);
                return;
        }

        /* io_uring logs no names; the object may be known by its inode. A name that is no name ("x/..") isn't either, and what the
         * index has isn't the new one. */
        if (!object->item || object->item->name.data || object->item->nametype == FOPS_NAMETYPE_CREATE ||
            !fops_item_key(object->item, &key))
                return;
        if (fops_path_index_candidates(index, key, S_ISDIR(object->item->mode), arena, &candidates) < 0 || candidates.newer ||
            candidates.partial)
                return;
        ret->path = choose(&candidates, FOPS_SPAN_ABSENT, dir);
}

/* io_uring's link: of the existing file there is only the inode, in the new name's item. */
static void resolve_linked(FopsPathIndex *index, const FopsItem *created, FopsArena *arena, FopsIndexFound *ret) {
        FopsPathCandidates candidates;
        FopsInodeKey key;
        FopsSpan path;

        if (!fops_item_key(created, &key) || fops_path_index_candidates(index, key, false, arena, &candidates) < 0)
                return;
        path = choose(&candidates, FOPS_SPAN_ABSENT, FOPS_SPAN_ABSENT);
        if (path.data)
                *ret = (FopsIndexFound){ path, fops_path_dirname(path), candidates.whole ? 0 : candidates.n + 1 };
}

static bool is_child(FopsPathIndex *index, FopsInodeKey directory, FopsSpan name, FopsInodeKey key) {
        FopsInodeKey found;
        bool is_directory;

        return fops_path_index_child(index, directory, name, &found, &is_directory) == FOPS_INDEX_DONE && fops_inode_key_equal(found, key);
}

FopsIndexFound fops_index_resolve(FopsPathIndex *index, bool is_complete, const FopsOperation *op, const FopsObject *object,
                                  FopsArena *arena) {
        FopsPathCandidates candidates;
        FopsIndexFound found = {};
        FopsInodeKey parent, key;
        FopsSpan name;
        bool by_fd;

        if (fops_item_key(object->parent, &parent)) {
                if (!object->is_nameless)
                        resolve_in_directory(index, is_complete, op, object, parent, arena, &found);
                if (!object->is_followed ||
                    (fops_item_key(object->item, &key) && is_child(index, parent, fops_object_last_name(object), key)))
                        return found;
                found = (FopsIndexFound){ .unseen = found.path };
        }

        if (!object->item && op->op == FOPS_OP_LINK && is_complete) {
                resolve_linked(index, op->new_object.item, arena, &found);
                return found;
        }

        /* A new name whose directory isn't certain: that its inode is known somewhere says nothing of where it was made. */
        if (!object->item || object->item->nametype != FOPS_NAMETYPE_NORMAL || !fops_item_key(object->item, &key))
                return found;
        if (fops_path_index_candidates(index, key, S_ISDIR(object->item->mode), arena, &candidates) < 0)
                return found;

        /* A name that it doesn't have may be a symlink's; or the index is ahead, or behind, and this is another object. */
        by_fd = op->syscall->fd >= 0 || is_descriptor(object->item->name);
        name = by_fd ? FOPS_SPAN_ABSENT : fops_object_last_name(object);
        if (!name.data && !S_ISDIR(object->item->mode) && !(by_fd && is_complete))
                return found;
        found.path = choose_link(index, key, &candidates, name, arena);
        if (found.path.data) {
                if (!S_ISDIR(object->item->mode) && !candidates.whole && !fops_span_equal(found.path, spell(op, object, arena)))
                        found.n_links = candidates.n + (op->op == FOPS_OP_LINK);
        } else if (name.data && (candidates.n <= 1 || candidates.partial)) {
                found.path = spell(op, object, arena);
                if (found.path.data && !may_be(index, key, S_ISDIR(object->item->mode), found.path, arena))
                        found.path = FOPS_SPAN_ABSENT;
        }
        found.dir = fops_path_dirname(found.path);
        return found;
}

FopsIndexView fops_index_view(FopsPathIndex *index, const FopsObject *object, FopsSpan path, FopsSpan dir, FopsArena *arena) {
        const FopsItem *item = object->parent ? object->parent : object->item;
        bool is_directory = object->parent || (item && S_ISDIR(item->mode));
        FopsPathCandidates candidates;
        FopsInodeKey key;

        if (!fops_item_key(item, &key) || fops_path_index_candidates(index, key, is_directory, arena, &candidates) < 0)
                return FOPS_INDEX_SILENT;
        if (!is_among(&candidates, object->parent ? dir : path))
                return candidates.n == 0 || candidates.more ? FOPS_INDEX_SILENT : FOPS_INDEX_DENIES;
        /* One key for several directories (btrfs subvolumes): which of them it is says nothing. */
        if (is_directory && (candidates.n > 1 || candidates.more))
                return FOPS_INDEX_SILENT;
        return candidates.n > 1 || candidates.more ? FOPS_INDEX_AGREES_AMONG : FOPS_INDEX_AGREES;
}

/* Does the index have @object, under the name the process used, in the directory of @parent? Where no name was logged (io_uring), all
 * the places it has have to be there. */
static bool stands_in(FopsPathIndex *index, const FopsObject *object, const FopsItem *parent, FopsArena *arena) {
        FopsSpan name = fops_object_last_name(object), path;
        FopsPathCandidates candidates;
        FopsInodeKey directory, key;

        if (!fops_item_key(parent, &directory) || !fops_item_key(object->item, &key))
                return false;
        if (name.data)
                return is_child(index, directory, name, key);

        path = fops_path_index_path(index, directory, true, arena);
        if (object->item->name.data || !path.data ||
            fops_path_index_candidates(index, key, S_ISDIR(object->item->mode), arena, &candidates) < 0 || candidates.more)
                return false;
        for (size_t i = 0; i < candidates.n; i++)
                if (!fops_span_equal(fops_path_dirname(candidates.paths[i]), path))
                        return false;
        return candidates.n > 0;
}

/* The two of a rename, in the records' order. */
static bool find_two_parents(const FopsOperation *op, const FopsItem *ret[static 2]) {
        FopsInodeKey key, second_key;
        size_t n = 0;

        for (size_t i = 0; i < op->n_items; i++) {
                const FopsItem *item = op->items + i;

                /* overlayfs's nameless items beside named ones are of another layer. */
                if (item->nametype != FOPS_NAMETYPE_PARENT || (!item->name.data && op->object.item && op->object.item->name.data))
                        continue;
                /* io_uring's has the new one twice. */
                if (n == 2 && fops_item_key(item, &key) && fops_item_key(ret[1], &second_key) && fops_inode_key_equal(key, second_key))
                        continue;
                if (n == 2)
                        return false;
                ret[n++] = item;
        }
        return n == 2;
}

static void set_inferred(FopsItem *item, bool is_known, FopsInodeKey key, bool is_directory) {
        item->has_inode = is_known;
        item->inode = key.inode;
        item->mode = is_directory ? S_IFDIR : 0;
        item->ouid = item->ogid = FOPS_ID_UNSET;
        item->is_inferred = true;
}

/* What was exchanged, where an overlay's layer has put its own inode into the item. */
static void infer_inode(FopsPathIndex *index, FopsOperation *op, const FopsObject *object) {
        FopsSpan name = fops_object_last_name(object);
        FopsInodeKey directory, found;
        bool is_directory;
        FopsItem *item;

        if (!object->item || object->item->has_inode || !name.data || !fops_item_key(object->parent, &directory) ||
            fops_path_index_child(index, directory, name, &found, &is_directory) != FOPS_INDEX_DONE)
                return;
        item = op->items + (object->item - op->items);
        item->dev_major = object->parent->dev_major;
        item->dev_minor = object->parent->dev_minor;
        set_inferred(item, true, found, is_directory);
}

/* renameat2(AT_FDCWD, "a/g", AT_FDCWD, "b/g", RENAME_EXCHANGE) is logged as two fsnotify_move(), of which the second finds the items of
 * the first, since it looks for the last component alone (audit_inode_child()): all of them have the inode that was b/g. */
void fops_index_tell_exchange(FopsPathIndex *index, bool is_complete, FopsOperation *op) {
        FopsSpan name = fops_object_last_name(&op->object);
        const FopsItem *parents[2];
        FopsInodeKey key, directory, found[2] = {};
        bool is_known[2], is_directory[2], is_free[2];
        size_t at;

        if (op->op == FOPS_OP_EXCHANGE) {
                infer_inode(index, op, &op->object);
                infer_inode(index, op, &op->new_object);
                return;
        }
        if (op->op != FOPS_OP_RENAME || op->outcome != FOPS_OUTCOME_SUCCESS || op->replaced || !fops_operation_may_exchange(op))
                return;
        if (!name.data || !fops_span_equal(name, fops_object_last_name(&op->new_object)) || !find_two_parents(op, parents) ||
            !fops_item_key(op->object.item, &key))
                return;

        for (size_t i = 0; i < 2; i++) {
                int r = FOPS_INDEX_PARENT_UNKNOWN;

                if (fops_item_key(parents[i], &directory))
                        r = fops_path_index_child(index, directory, name, found + i, is_directory + i);
                is_known[i] = r == FOPS_INDEX_DONE;
                is_free[i] = r == FOPS_INDEX_UNKNOWN && is_complete;
        }
        for (at = 0; at < 2; at++)
                if (is_known[at] && fops_inode_key_equal(found[at], key))
                        break;

        /* A rename's object comes from a name to one that nobody had, or the records would have that too. */
        if (at == 2 && is_known[0] != is_known[1] && op->new_object.parent != parents[is_known[0] ? 0 : 1])
                at = is_known[0] ? 1 : 0;
        else if (at == 2 || !(is_known[!at] || op->new_object.parent == parents[at])) {
                op->may_be_exchange = !is_free[0] && !is_free[1] && (at == 2 || op->object.parent != parents[at]);
                return;
        }

        op->op = FOPS_OP_EXCHANGE;
        op->object.parent = parents[!at];
        op->new_object.parent = parents[at];
        set_inferred(op->items + (op->object.item - op->items), is_known[!at], found[!at], is_known[!at] && is_directory[!at]);
}

void fops_index_pair_parents(FopsPathIndex *index, FopsOperation *op, FopsArena *arena) {
        const FopsItem *parents[2];
        bool first, second;

        if (op->op != FOPS_OP_RENAME && op->op != FOPS_OP_EXCHANGE)
                return;
        if ((op->object.parent && op->new_object.parent) || !find_two_parents(op, parents))
                return;

        first = stands_in(index, &op->object, parents[0], arena);
        second = stands_in(index, &op->object, parents[1], arena);
        if (first == second)
                return;
        op->object.parent = parents[first ? 0 : 1];
        op->new_object.parent = parents[first ? 1 : 0];
}
