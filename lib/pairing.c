/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One rename a → b whose directories are known, and ever after item 0 is known to be the old parent or the new one. */

#include "pairing.h"

static FopsParentOrder *order_of(const FopsPairing *p, const FopsOperation *op) {
        FopsPairing *q = (FopsPairing *) p;
        const char *name = op->syscall->name;

        if (op->is_uring || !name || (op->op != FOPS_OP_RENAME && op->op != FOPS_OP_EXCHANGE))
                return NULL;
        if (strcmp(name, "rename") == 0)
                return &q->rename;
        if (strcmp(name, "renameat") == 0)
                return &q->renameat;
        if (strcmp(name, "renameat2") == 0)
                return &q->renameat2;
        return NULL;
}

/* The two PARENT items, if there are exactly two. */
static bool find_parents(const FopsOperation *op, const FopsItem *ret[static 2]) {
        size_t n = 0;

        for (size_t i = 0; i < op->n_items; i++)
                if (op->items[i].nametype == FOPS_NAMETYPE_PARENT) {
                        if (n == 2 || !op->items[i].has_inode)
                                return false;
                        ret[n++] = op->items + i;
                }
        return n == 2;
}

bool fops_pairing_learn(FopsPairing *p, const FopsOperation *op, uint64_t old_parent_inode) {
        FopsParentOrder *order = order_of(p, op);
        const FopsItem *parents[2];
        bool old_first;

        if (!order || op->outcome != FOPS_OUTCOME_SUCCESS || !find_parents(op, parents) || parents[0]->inode == parents[1]->inode)
                return false;

        old_first = parents[0]->inode == old_parent_inode;
        if (!old_first && parents[1]->inode != old_parent_inode)
                return false;

        /* What another ABI's calls taught is not to pass for this one's. */
        if (p->arch != op->arch)
                *p = (FopsPairing){ .arch = op->arch };
        *order = old_first ? FOPS_PARENTS_OLD_FIRST : FOPS_PARENTS_NEW_FIRST;
        return true;
}

bool fops_pairing_is_complete(const FopsPairing *p) {
        return p->rename != FOPS_PARENTS_UNKNOWN && p->renameat != FOPS_PARENTS_UNKNOWN && p->renameat2 != FOPS_PARENTS_UNKNOWN;
}

void fops_pairing_apply(const FopsPairing *p, FopsOperation *op) {
        const FopsParentOrder *order = order_of(p, op);
        const FopsItem *parents[2];
        bool old_first;

        if (!order || *order == FOPS_PARENTS_UNKNOWN || op->arch != p->arch)
                return;
        if ((op->object.parent && op->new_object.parent) || !find_parents(op, parents))
                return;

        old_first = *order == FOPS_PARENTS_OLD_FIRST;
        op->object.parent = parents[old_first ? 0 : 1];
        op->new_object.parent = parents[old_first ? 1 : 0];
}
