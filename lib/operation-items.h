/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What an operation's items say of each other. */

#include "operation.h"

static inline bool item_is(const FopsItem *i, FopsNametype type) {
        return i->nametype == type;
}

static inline bool same_device(const FopsItem *a, const FopsItem *b) {
        return a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

static inline bool same_inode(const FopsItem *a, const FopsItem *b) {
        return a->has_inode && b->has_inode && a->inode == b->inode && same_device(a, b);
}

/* How much an item tells: a name, then an inode. overlayfs's and io_uring's doublets lack one or the other. */
static inline unsigned item_weight(const FopsItem *i) {
        return 2U * (i->name.data != NULL) + i->has_inode;
}

/* The item of @type that tells most, the first of equals; NULL if there is none. */
static inline const FopsItem *best_item(const FopsOperation *op, FopsNametype type) {
        const FopsItem *best = NULL;

        for (size_t i = 0; i < op->n_items; i++) {
                const FopsItem *item = op->items + i;

                if (item_is(item, type) && (!best || item_weight(item) > item_weight(best)))
                        best = item;
        }
        return best;
}
