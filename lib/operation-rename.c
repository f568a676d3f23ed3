/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The items of a rename, or of an exchange, into what had which name before:
 *   DELETE "a" inode=8 · DELETE "b" inode=9 · CREATE "b" inode=8                        →  a to b, over 9
 *   DELETE "a" inode=8 · DELETE "b" inode=9 · CREATE "b" inode=8 · CREATE "a" inode=9   →  an exchange
 * The kernel looks for the item of a name by its last component alone, so of two names that end alike, inodes are put where they don't
 * belong; by how either was said it differs where (tests/live/opsgen-alike.c). */

#include "operation-internal.h"
#include "operation-items.h"

static void copy_inode(FopsItem *to, const FopsItem *from) {
        to->inode = from->inode;
        to->dev_major = from->dev_major;
        to->dev_minor = from->dev_minor;
        to->mode = from->mode;
        to->ouid = from->ouid;
        to->ogid = from->ogid;
        to->has_inode = from->has_inode;
}

/* What the kernel should have logged and didn't, in the spare place behind the items: @from by the name @name. */
static const FopsItem *make_item(FopsOperation *op, const FopsItem *from, FopsSpan name) {
        FopsItem *item = op->items + op->n_items;

        *item = *from;
        item->name = name;
        return item;
}

/* Another CREATE of the same kind, of another inode: the other half of RENAME_EXCHANGE, whose flag isn't logged. Not of another
 * device: that is an overlay's layer. */
static const FopsItem *find_crossed(const FopsOperation *op, const FopsItem *created) {
        for (size_t i = 0; i < op->n_items; i++) {
                const FopsItem *item = op->items + i;

                if (item_is(item, FOPS_NAMETYPE_CREATE) && item_weight(item) == item_weight(created) && item->has_inode &&
                    !same_inode(item, created) && same_device(item, created))
                        return item;
        }
        return NULL;
}

/* Is the removed name that of what is called @created now? */
static bool is_old_name(const FopsItem *deleted, const FopsItem *created) {
        if (!created)
                return false;
        return deleted->has_inode ? same_inode(deleted, created) : !fops_span_equal(deleted->name, created->name);
}

/* A process that gives one pointer for both names, as in renameat(a, p, b, p): audit_reusename() keeps one name for the two, which the
 * new one gets. The old one's items have none; the DELETE comes behind the PARENT that was made for it. Of an exchange, @created is
 * what had the new name before. */
static FopsItem *find_reused(FopsOperation *op, const FopsItem *created, bool is_exchange) {
        const FopsItem *old_parent = NULL, *new_parent = NULL;

        for (size_t i = 0; i < op->n_items; i++) {
                FopsItem *item = op->items + i;

                if (item_is(item, FOPS_NAMETYPE_PARENT) && item->name.data)
                        new_parent = new_parent ? new_parent : item;
                else if (item_is(item, FOPS_NAMETYPE_PARENT))
                        old_parent = item;
                else if (item_is(item, FOPS_NAMETYPE_DELETE) && !item->name.data && old_parent && new_parent && item->has_inode &&
                         same_device(item, created) && same_inode(item, created) != is_exchange) {
                        op->object.parent = old_parent;
                        op->new_object.parent = new_parent;
                        item->name = created->name;
                        return item;
                }
        }
        return NULL;
}

bool fops_operation_may_exchange(const FopsOperation *op) {
        return !op->is_uring && op->syscall->name && strcmp(op->syscall->name, "renameat2") == 0;
}

/* Two names with one last component: each CREATE goes into the item of the other, and the one that is left is called as its DELETE
 * is. Nothing is moved to where it was, so it was exchanged with what the other DELETE is of; in either of them there may be an overlay's
 * layer's inode. */
static bool find_exchanged(FopsOperation *op, const FopsItem *created, FopsItem *deleted, FopsItem *other) {
        bool is_called_so = fops_span_equal(deleted->name, created->name);
        FopsItem *there = is_called_so ? deleted : other, *old = is_called_so ? other : deleted;

        if (!fops_operation_may_exchange(op) || !created->name.data || !created->has_inode || !there ||
            !fops_span_equal(there->name, created->name) || (there->has_inode && !same_inode(there, created)))
                return false;
        if (!there->has_inode || !old || (old->has_inode && (same_inode(old, created) || !same_device(old, created))))
                old = find_reused(op, created, true);
        if (!old)
                return false;
        op->op = FOPS_OP_EXCHANGE;
        op->object.item = old;
        op->new_object.item = created;
        return true;
}

/* Rename: DELETE is the old name, CREATE the new one, of one inode. A second DELETE is the file renamed over.
 *
 * Unless both have one name: for `mv x sub/`, audit_inode_child() takes the item of the old name for that of the file renamed
 * over, since the last components are the same, and puts that one's inode there. CREATE has the right one. */
static void find_renamed(FopsOperation *op) {
        const FopsItem *created = best_item(op, FOPS_NAMETYPE_CREATE), *crossed = created ? find_crossed(op, created) : NULL;
        FopsItem *deleted = NULL, *other = NULL, *reused = NULL;

        for (size_t i = 0; i < op->n_items; i++) {
                FopsItem *item = op->items + i;

                if (!item_is(item, FOPS_NAMETYPE_DELETE))
                        continue;
                if (created && created->name.data && !item->name.data)
                        continue; /* an overlay's layer */

                if (!deleted || (is_old_name(item, created) && !is_old_name(deleted, created))) {
                        if (deleted)
                                other = deleted;
                        deleted = item;
                } else
                        other = item;
        }

        if (created && deleted && find_exchanged(op, created, deleted, other))
                return;
        if (created && created->name.data && !op->is_uring && (!deleted || !same_inode(deleted, created)))
                reused = find_reused(op, created, false);
        if (reused) {
                other = deleted; /* renamed over */
                deleted = reused;
        }

        op->object.item = deleted;
        /* Refused when both names were looked up: vfs_rename() checks the old one first, in two statements. */
        op->new_object.item = created ? created : other;
        if (!created || !deleted)
                return;

        if (crossed) {
                op->op = FOPS_OP_EXCHANGE;
                op->new_object.item = other && same_inode(other, crossed) ? other : make_item(op, crossed, created->name);
        } else if (other && !same_inode(other, created) && same_device(other, created) && fops_span_equal(other->name, created->name))
                op->replaced = other;
        else if (deleted->has_inode && created->has_inode && !same_inode(deleted, created) && same_device(deleted, created))
                op->replaced = make_item(op, deleted, created->name);

        if (created->has_inode)
                copy_inode(deleted, created);
}

/* Two names with one last component, of which the records have one: that says of neither in which directory it was. */
static bool is_moved_to_itself(const FopsOperation *op) {
        return op->object.item && op->new_object.item && op->object.item->name.data &&
               fops_span_equal(op->object.item->name, op->new_object.item->name);
}

bool fops_operation_find_renamed(FopsOperation *op) {
        find_renamed(op);
        return !op->object.parent && !is_moved_to_itself(op);
}
