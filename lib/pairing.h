/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which of two PARENT items of a rename is the old name's. The kernel puts them in the order in which its compiler had the arguments
 * of do_renameat2() evaluated, so it is the same for each call of one kernel, and learnt from one rename whose directories are known. */

#include "operation.h"

typedef enum FopsParentOrder { FOPS_PARENTS_UNKNOWN, FOPS_PARENTS_OLD_FIRST, FOPS_PARENTS_NEW_FIRST } FopsParentOrder;

typedef struct FopsPairing {
        uint32_t arch; /* of whoever learnt; calls of another ABI are other functions */
        FopsParentOrder rename, renameat, renameat2;
} FopsPairing;

/* Learns from a successful rename between two directories, of which @old_parent_inode is the old name's. Returns true if it was one
 * to learn from. Pure. */
bool fops_pairing_learn(FopsPairing *p, const FopsOperation *op, uint64_t old_parent_inode);

/* True if all calls of this ABI have been learnt. */
bool fops_pairing_is_complete(const FopsPairing *p);

/* Sets the parents of a rename's names where they are still open and the order is known. */
void fops_pairing_apply(const FopsPairing *p, FopsOperation *op);
