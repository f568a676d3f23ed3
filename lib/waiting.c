/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A list in arrival order, from whose middle may be taken. What it is waited for, and for how long, is the pipeline's to say. */

#include "waiting.h"

void fops_waiting_init(FopsWaitingQueue *q) {
        *q = (FopsWaitingQueue){ .tail = &q->oldest };
}

void fops_waiting_done(FopsWaitingQueue *q) {
        while (q->oldest)
                fops_event_free(fops_waiting_take(q, &q->oldest)->event);
}

FopsWaiting *fops_waiting_add(FopsWaitingQueue *q, FopsEvent *event, const FopsOperation *op, uint64_t number, uint64_t deadline_usec) {
        FopsWaiting *w = fops_arena_alloc(&event->arena, sizeof(FopsWaiting));

        if (!w)
                return NULL;
        *w = (FopsWaiting){
                .event = event,
                .operation = *op,
                .usec = fops_event_id_usec(event->id),
                .number = number,
                .deadline_usec = deadline_usec,
        };
        *q->tail = w;
        q->tail = &w->newer;
        q->n++;
        return w;
}

FopsWaiting *fops_waiting_take(FopsWaitingQueue *q, FopsWaiting **at) {
        FopsWaiting *w = *at;

        *at = w->newer;
        if (!w->newer)
                q->tail = at;
        q->n--;
        return w;
}
