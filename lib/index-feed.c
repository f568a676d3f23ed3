/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Operations into the path index: create puts, delete removes, rename moves. */

#include "index-feed.h"

#include <sys/stat.h>

#include "path.h"
#include "resolver-index.h"

/* The object's name: as it was given, or as the path that was found for a nameless one (io_uring). */
static FopsSpan name_of(const FopsObject *object, FopsSpan path) {
        FopsSpan name = fops_object_last_name(object);

        if (name.data || (object->item && object->item->name.data))
                return name;
        return path.data ? fops_path_basename(path) : FOPS_SPAN_ABSENT;
}

/* Where the object is now isn't known, so what is known of it doesn't count any more. */
static int lose(FopsPathIndex *index, const FopsObject *object, FopsPutHow how) {
        FopsPathLink link = {
                .parent = {}, /* no directory has inode 0 */
                .name = FOPS_SPAN_LITERAL("?"),
                .is_directory = object->item && S_ISDIR(object->item->mode),
        };

        if (!fops_item_key(object->item, &link.key))
                return 0;
        return MIN(fops_path_index_put(index, &link, how), 0);
}

static int put(FopsPathIndex *index, const FopsObject *object, FopsSpan path, FopsPutHow how, FopsFed *fed) {
        FopsPathLink link = { .name = name_of(object, path), .is_directory = object->item && S_ISDIR(object->item->mode) };
        int r;

        if (!fops_item_key(object->item, &link.key))
                return 0;
        if (!link.name.data || !fops_item_key(object->parent, &link.parent))
                return lose(index, object, how);
        r = fops_path_index_put(index, &link, how);
        fed->learnt |= r == FOPS_INDEX_DONE && link.is_directory;
        return MIN(r, 0);
}

static int take_out(FopsPathIndex *index, const FopsObject *object, FopsSpan path) {
        FopsSpan name = name_of(object, path);
        FopsInodeKey parent, key;

        if (!name.data || !fops_item_key(object->parent, &parent))
                return 0;
        return MIN(fops_path_index_remove(index, parent, name, fops_item_key(object->item, &key) ? &key : NULL), 0);
}

/* A ghost is no longer what has its inode: inodes are given away again at once. */
static bool is_there(FopsPathIndex *index, FopsInodeKey key) {
        return fops_path_index_is_known(index, key) && !fops_path_index_is_ghost(index, key);
}

/* Does it come from elsewhere, as far as is known? Then what is known to be in it is from before. @link: where it was. */
static int prepare_arrival(FopsPathIndex *index, const FopsOperation *op, const FopsPathLink *link, bool *ret_was_there) {
        *ret_was_there = is_there(index, link->key) || (is_there(index, link->parent) && fops_path_index_has_seen(index, link));
        /* A ghost is io_uring's second time, now with its name. */
        if (!link->is_directory || *ret_was_there || (op->is_uring && fops_path_index_is_ghost(index, link->key)))
                return 0;
        return MIN(fops_path_index_doubt_below(index, link->key), 0);
}

/* A directory that has come into the trees, of whose contents nothing was heard. */
static void note_arrival(FopsPathIndex *index, const FopsPathLink *link, bool was_there, FopsFed *fed) {
        if (!link->is_directory || was_there || !fops_path_index_is_held(index, link->key))
                return;
        fed->learnt = true;
        fed->new_trees[fed->n_new_trees++] = link->key;
}

/* Of the name @object has or had in @directory nothing is known any more, nor of what is below. */
static int forget_name(FopsPathIndex *index, FopsInodeKey directory, const FopsObject *object, FopsSpan path) {
        FopsSpan name = name_of(object, path);
        FopsInodeKey key;
        bool is_directory;
        int r = 0;

        if (!name.data)
                return 0;
        if (fops_path_index_child(index, directory, name, &key, &is_directory) == FOPS_INDEX_DONE && is_directory)
                r = fops_path_index_remove_below(index, key);
        return r < 0 ? r : MIN(fops_path_index_remove(index, directory, name, NULL), 0);
}

/* Nothing is known any more of @object's name, in its directory or in whichever of @op's it may have been in. Sets
 * *@ret_has_directory if a directory had it. */
static int doubt_name(FopsPathIndex *index, const FopsOperation *op, const FopsObject *object, FopsFed *fed, bool *ret_has_directory) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < op->n_items && fed->n_new_trees < FOPS_FED_TREES_MAX; i++) {
                const FopsItem *item = op->items + i;
                FopsInodeKey directory, key;
                bool is_directory;

                if (item->nametype != FOPS_NAMETYPE_PARENT || (object->parent && item != object->parent) ||
                    !fops_item_key(item, &directory) || !is_there(index, directory))
                        continue;
                *ret_has_directory |= fops_path_index_child(index, directory, name_of(object, FOPS_SPAN_ABSENT), &key, &is_directory) ==
                                              FOPS_INDEX_DONE && is_directory;
                r = forget_name(index, directory, object, FOPS_SPAN_ABSENT);
                fed->new_trees[fed->n_new_trees++] = directory;
        }
        return r;
}

/* What stands at either name now isn't known, until it was seen there if it may be a directory. */
static int doubt_names(FopsPathIndex *index, const FopsOperation *op, FopsFed *fed) {
        const FopsObject *objects[] = { &op->object, &op->new_object };
        bool has_directory = false;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(objects); i++) {
                const FopsItem *item = objects[i]->item;

                if (!item || (item->nametype != FOPS_NAMETYPE_CREATE && item->nametype != FOPS_NAMETYPE_DELETE))
                        continue;
                has_directory |= !item->has_inode || S_ISDIR(item->mode);
                r = lose(index, objects[i], FOPS_PUT_EVENT);
                if (r >= 0)
                        r = doubt_name(index, op, objects[i], fed, &has_directory);
        }
        if (!has_directory)
                fed->n_new_trees = 0;
        return r;
}

/* The roots among what @op moves: a rename has one, an exchange two. */
typedef struct Roots {
        FopsInodeKey keys[2];
        size_t n;
} Roots;

static Roots find_roots(const FopsPathIndex *index, const FopsOperation *op) {
        const FopsItem *items[] = { op->object.item, op->new_object.item };
        Roots roots = {};

        for (size_t i = 0; i < ELEMENTSOF(items); i++)
                if (items[i] && S_ISDIR(items[i]->mode) && fops_item_key(items[i], roots.keys + roots.n) &&
                    !(roots.n > 0 && fops_inode_key_equal(roots.keys[0], roots.keys[roots.n])) &&
                    fops_path_index_is_root(index, roots.keys[roots.n]))
                        roots.n++;
        return roots;
}

/* One that went to where nobody knows may be back already, or be mounted where it is known: to be looked for. */
static void note_lost(const FopsPathIndex *index, const Roots *roots, FopsFed *fed) {
        for (size_t i = 0; i < roots->n; i++)
                if (!fops_path_index_is_held(index, roots->keys[i]) && fed->n_new_trees < FOPS_FED_TREES_MAX)
                        fed->new_trees[fed->n_new_trees++] = roots->keys[i];
}

static bool moves_directory(const FopsOperation *op) {
        const FopsItem *items[] = { op->object.item, op->new_object.item };

        for (size_t i = 0; i < ELEMENTSOF(items); i++)
                if (items[i] && (!items[i]->has_inode || S_ISDIR(items[i]->mode)))
                        return true;
        return false;
}

static int move(FopsPathIndex *index, const FopsOperation *op, FopsFed *fed) {
        FopsPathLink link = { .is_directory = op->object.item && S_ISDIR(op->object.item->mode) };
        FopsPathLink old = { .is_directory = link.is_directory }; /* no directory has inode 0 */
        bool was_there, is_told;
        int r;

        link.name = name_of(&op->new_object, op->new_path);
        if (!fops_item_key(op->object.item, &link.key))
                return 0;
        if (!link.name.data)
                return lose(index, &op->object, FOPS_PUT_EVENT);
        if (op->may_be_exchange || !fops_item_key(op->new_object.parent, &link.parent))
                return doubt_names(index, op, fed);

        old.name = name_of(&op->object, op->path);
        old.key = link.key;
        is_told = old.name.data && fops_item_key(op->object.parent, &old.parent);
        r = prepare_arrival(index, op, &old, &was_there);
        if (r < 0)
                return r;
        if (!is_told) {
                r = lose(index, &op->object, FOPS_PUT_EVENT);
                if (r < 0)
                        return r;
        }
        r = fops_path_index_rename(index, old.parent, old.name, &link);
        if (r < 0)
                return r;

        fed->learnt |= r == FOPS_INDEX_DONE && link.is_directory;
        note_arrival(index, &link, was_there, fed);
        return 0;
}

static int exchange(FopsPathIndex *index, const FopsOperation *op, FopsFed *fed) {
        FopsPathLink a = { .name = name_of(&op->object, op->path), .is_directory = op->object.item && S_ISDIR(op->object.item->mode) };
        FopsPathLink b = {
                .name = name_of(&op->new_object, op->new_path),
                .is_directory = op->new_object.item && S_ISDIR(op->new_object.item->mode),
        };
        bool a_was_there, b_was_there;
        int r;

        if (!a.name.data || !b.name.data || !fops_item_key(op->object.item, &a.key) || !fops_item_key(op->new_object.item, &b.key) ||
            !fops_item_key(op->object.parent, &a.parent) || !fops_item_key(op->new_object.parent, &b.parent))
                return doubt_names(index, op, fed);

        r = prepare_arrival(index, op, &a, &a_was_there);
        if (r >= 0)
                r = prepare_arrival(index, op, &b, &b_was_there);
        if (r < 0)
                return r;
        r = fops_path_index_exchange(index, &a, &b);
        if (r < 0)
                return r;

        fed->learnt |= r == FOPS_INDEX_DONE;
        /* Only one of them can be from outside. */
        note_arrival(index, &a, a_was_there, fed);
        note_arrival(index, &b, b_was_there, fed);
        return 0;
}

/* ---- subvolumes ---- */

/* The object itself, where its name or its directory isn't known. */
static int forget_nameless(FopsPathIndex *index, uint32_t number, const FopsObject *object, FopsSpan path) {
        FopsItem item;

        if (!object->item || !object->item->has_inode || (object->parent && name_of(object, path).data))
                return 0;
        item = *object->item;
        item.subvolume = number;
        return lose(index, &(FopsObject){ .item = &item }, FOPS_PUT_CREATED);
}

/* It may have been in @number. */
static int doubt_in(FopsPathIndex *index, const FopsOperation *op, uint32_t number, FopsFed *fed) {
        FopsSubvolume *v = fops_subvolumes_get(fops_path_index_subvolumes(index), number);
        const FopsItem *parents[] = { op->object.parent, op->new_object.parent };
        int r;

        r = forget_nameless(index, number, &op->object, op->path);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(parents); i++) {
                FopsInodeKey directory;

                if (!parents[i] || !parents[i]->has_inode)
                        continue;
                directory = fops_subvolume_key(number, parents[i]->inode);
                if (!fops_path_index_is_known(index, directory))
                        continue;
                r = forget_name(index, directory, &op->object, op->path);
                if (r >= 0)
                        r = forget_name(index, directory, &op->new_object, op->new_path);

                if (fed->n_new_trees < FOPS_FED_TREES_MAX)
                        fed->new_trees[fed->n_new_trees++] = directory;
                else if (v)
                        v->is_doubtful = true;
        }
        return r;
}

/* It isn't known in which subvolume it was, so the names in question aren't known in any that it may have been in, until they were
 * seen there again. */
static int doubt(FopsPathIndex *index, const FopsOperation *op, FopsFed *fed) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < op->n_untold_in; i++)
                r = doubt_in(index, op, op->untold_in[i], fed);
        return r;
}

static bool is_untold(const FopsOperation *op) {
        const FopsItem *items[] = { op->object.parent, op->new_object.parent, op->object.item, op->new_object.item };

        for (size_t i = 0; i < ELEMENTSOF(items); i++)
                if (items[i] && items[i]->subvolume == FOPS_SUBVOLUME_UNTOLD)
                        return true;
        return false;
}

int fops_index_feed(FopsPathIndex *index, const FopsOperation *op, FopsFed *ret) {
        const bool untold = is_untold(op), is_move = op->op == FOPS_OP_RENAME || op->op == FOPS_OP_EXCHANGE;
        FopsFed fed = {};
        Roots roots = {};
        int r = 0;

        *ret = fed;
        if (op->outcome != FOPS_OUTCOME_SUCCESS)
                return 0;
        if (is_move)
                roots = find_roots(index, op);

        switch (op->op) {
        case FOPS_OP_CREATE:
        case FOPS_OP_MKDIR:
        case FOPS_OP_MKNOD:
        case FOPS_OP_SYMLINK:
                /* Of a new file that isn't known nothing is known that is false. */
                if (untold && op->op == FOPS_OP_MKDIR)
                        r = doubt(index, op, &fed);
                else if (!untold && !op->object.is_nameless)
                        r = put(index, &op->object, op->path, FOPS_PUT_CREATED, &fed);
                break;
        case FOPS_OP_LINK:
                r = untold ? doubt(index, op, &fed) : put(index, &op->new_object, op->new_path, FOPS_PUT_EVENT, &fed);
                break;
        case FOPS_OP_DELETE:
        case FOPS_OP_RMDIR:
                r = untold ? doubt(index, op, &fed) : take_out(index, &op->object, op->path);
                break;
        case FOPS_OP_RENAME:
                r = untold ? doubt(index, op, &fed) : move(index, op, &fed);
                break;
        case FOPS_OP_EXCHANGE:
                r = untold ? doubt(index, op, &fed) : exchange(index, op, &fed);
                break;
        default:
                break;
        }

        note_lost(index, &roots, &fed);
        fed.moved = is_move && moves_directory(op);
        *ret = fed;
        return r;
}

int fops_index_doubt(FopsPathIndex *index, const FopsOperation *op, FopsFed *ret) {
        FopsFed fed = {};
        int r = 0;

        if (op->outcome == FOPS_OUTCOME_SUCCESS) {
                const Roots roots = find_roots(index, op);

                r = doubt_names(index, op, &fed);
                note_lost(index, &roots, &fed);
                fed.moved = moves_directory(op);
        }
        *ret = fed;
        return r;
}
