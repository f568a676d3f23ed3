/* SPDX-License-Identifier: GPL-2.0-or-later */

/* modify /srv/log by 4711, 200 times within a second  →  one operation, count 200, and the id of the last. */

#include "coalescer.h"

void fops_coalescer_init(FopsCoalescer *c) {
        *c = (FopsCoalescer){};
        c->tail = &c->oldest;
}

void fops_coalescer_done(FopsCoalescer *c) {
        FopsCoalesced *next;

        for (FopsCoalesced *h = c->oldest; h; h = next) {
                next = h->next;
                fops_event_free(h->event);
                free(h);
        }
        fops_coalescer_init(c);
}

static bool is_same_item(const FopsItem *a, const FopsItem *b) {
        if (!a || !b)
                return a == b;
        return a->has_inode == b->has_inode && a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

/* What the entry says of the first is to be so for all of them, but for the system call that it was done with. */
static bool is_alike(const FopsOperation *a, const FopsOperation *b) {
        return a->pid == b->pid && a->op == b->op && a->outcome == b->outcome && a->exit == b->exit &&
               fops_span_equal(a->path, b->path) && fops_span_equal(a->new_path, b->new_path) && fops_span_equal(a->target, b->target) &&
               a->has_new_mode == b->has_new_mode && a->new_mode == b->new_mode && a->new_uid == b->new_uid && a->new_gid == b->new_gid &&
               is_same_item(a->object.item, b->object.item) && is_same_item(a->object.parent, b->object.parent) &&
               is_same_item(a->replaced, b->replaced) && fops_operation_same_who(a, b);
}

FopsCoalesced *fops_coalescer_merge(FopsCoalescer *c, const FopsOperation *op) {
        /* What has no path may be of different files. */
        if (!op->path.data)
                return NULL;

        for (FopsCoalesced *h = c->oldest; h; h = h->next)
                if (is_alike(&h->operation, op)) {
                        h->operation.count = MAX(h->operation.count, UINT64_C(1)) + 1;
                        h->operation.last_id = op->event->id;
                        return h;
                }
        return NULL;
}

int fops_coalescer_hold(FopsCoalescer *c, FopsEvent *event, const FopsOperation *op, uint64_t deadline_usec) {
        FopsCoalesced *h = malloc(sizeof(FopsCoalesced));

        if (!h)
                return -ENOMEM;
        *h = (FopsCoalesced){ .event = event, .operation = *op, .deadline_usec = deadline_usec };
        *c->tail = h;
        c->tail = &h->next;
        c->n_held++;
        return 0;
}

FopsCoalesced *fops_coalescer_pop(FopsCoalescer *c, uint64_t now_usec, bool all) {
        all |= c->n_held > FOPS_COALESCED_MAX;

        /* Watches have times of their own: the first to come need not be the first to go. */
        for (FopsCoalesced **p = &c->oldest; *p; p = &(*p)->next) {
                FopsCoalesced *h = *p;

                if (!all && h->deadline_usec > now_usec)
                        continue;
                *p = h->next;
                if (!*p)
                        c->tail = p;
                h->next = NULL;
                c->n_held--;
                return h;
        }
        return NULL;
}

uint64_t fops_coalescer_next_deadline(const FopsCoalescer *c) {
        uint64_t next = UINT64_MAX;

        for (const FopsCoalesced *h = c->oldest; h; h = h->next)
                next = MIN(next, h->deadline_usec);
        return next;
}
