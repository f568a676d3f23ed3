/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What an operation changed in the watched trees, told to the path index, so that it stays true. */

#include "operation.h"
#include "path-index.h"

/* An exchange brings one at most; where it isn't known in which subvolume a rename was, two in each may have to be looked at. */
#define FOPS_FED_TREES_MAX 32

typedef struct FopsFed {
        bool learnt;             /* something new is known: events that waited for a directory may go on */
        /* Directories of whose contents not all was heard, to be scanned; and roots that went, to be looked for. */
        FopsInodeKey new_trees[FOPS_FED_TREES_MAX];
        size_t n_new_trees;
        bool moved;              /* a directory, perhaps: what is mounted below it goes along */
} FopsFed;

/* To be called for each operation in the order of events, after it was resolved: paths are meant as they were before it. An
 * operation that failed, or isn't known to have succeeded, changes nothing. Returns 0 or -ENOMEM; *@ret is always set. */
int fops_index_feed(FopsPathIndex *index, const FopsOperation *op, FopsFed *ret);

/* The same for one that took place before or after others that the index has been told of: nobody knows what stands at its names now. */
int fops_index_doubt(FopsPathIndex *index, const FopsOperation *op, FopsFed *ret);
