/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Operations that can't go on before others have come, oldest first. Each is in its event's arena, read once. */

#include "resolver.h"

typedef struct FopsWaiting {
        FopsEvent *event;         /* owned; what .operation borrows from */
        FopsOperation operation;
        FopsSighting sighting;    /* of a new name; not used where it is the directory that isn't known */
        uint64_t usec;            /* when its system call began, by the kernel's clock */
        uint64_t deadline_usec;   /* by ours */
        bool may_go;
        uint64_t number;          /* of the event, as they came */
        bool is_made;             /* its directory, which nothing was done in before */
        struct FopsWaiting *newer;
} FopsWaiting;

typedef struct FopsWaitingQueue {
        FopsWaiting *oldest, **tail;
        unsigned n;
} FopsWaitingQueue;

void fops_waiting_init(FopsWaitingQueue *q);
void fops_waiting_done(FopsWaitingQueue *q);

/* Takes over @event, from which @op was read. NULL when memory is out: then it is still the caller's. */
FopsWaiting *fops_waiting_add(FopsWaitingQueue *q, FopsEvent *event, const FopsOperation *op, uint64_t number, uint64_t deadline_usec);

/* Takes the one at @at (&q->oldest, or &newer of the one before it) out; its event is the caller's, and with it *@at is gone. */
FopsWaiting *fops_waiting_take(FopsWaitingQueue *q, FopsWaiting **at);
