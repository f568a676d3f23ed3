/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What an operation changed in the watched trees, told to the path index, so that it stays true. */

#include "operation.h"
#include "path-index.h"

typedef struct FopsFed {
        bool learnt;             /* something new is known: events that waited for a directory may go on */
        bool has_new_tree;       /* a directory came in from where nothing is known: it has to be scanned */
        FopsInodeKey new_tree;
} FopsFed;

/* To be called for each operation in the order of events, after it was resolved: paths are meant as they were before it. An
 * operation that failed, or isn't known to have succeeded, changes nothing. Returns 0 or -ENOMEM; *@ret is always set. */
int fops_index_feed(FopsPathIndex *index, const FopsOperation *op, FopsFed *ret);
