/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Operations alike, of one process and user on one file with one result, within a watch's coalesce_ms: held until the time is over, then
 * one with a count. Not thread-safe. The time is the caller's, as in correlator.h. */

#include "operation.h"

/* Held at once; one more lets the oldest go early. Each holds its event, some 4 KiB. */
#define FOPS_COALESCED_MAX 1024U

typedef struct FopsCoalesced {
        FopsEvent *event;  /* owned; what .operation borrows from */
        FopsOperation operation;
        uint64_t deadline_usec;
        struct FopsCoalesced *next;
} FopsCoalesced;

typedef struct FopsCoalescer {
        FopsCoalesced *oldest, **tail;
        unsigned n_held;
} FopsCoalescer;

void fops_coalescer_init(FopsCoalescer *c);
void fops_coalescer_done(FopsCoalescer *c);

/* The held one that is like @op and has counted it, so that @op is done with when that is; NULL: there is none. */
FopsCoalesced *fops_coalescer_merge(FopsCoalescer *c, const FopsOperation *op);

/* Holds @op until @deadline_usec, and takes @event, which it borrows from, over. 0 or -ENOMEM (@event is then still the caller's). */
int fops_coalescer_hold(FopsCoalescer *c, FopsEvent *event, const FopsOperation *op, uint64_t deadline_usec);

/* One whose time is over at @now_usec, or the oldest if there are too many or @all; NULL: none. The caller owns it and its event. */
FopsCoalesced *fops_coalescer_pop(FopsCoalescer *c, uint64_t now_usec, bool all);

/* UINT64_MAX if nothing is held. */
uint64_t fops_coalescer_next_deadline(const FopsCoalescer *c);
