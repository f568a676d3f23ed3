/* SPDX-License-Identifier: GPL-2.0-or-later */

/* uring_op=37 … name=(null) inode=7, and /srv/x found to have inode 7 afterwards: that name waits until it is certain to be the
 * event's. */

#include <sys/stat.h>

#include "pipeline-parts.h"
#include "resolver-index.h"

/* It is that of the event if nothing that had been done to the object by then is heard of later: of what was over, the records come
 * within this time. Less than PARK_USEC (pipeline-parked.c), as what is done in a new directory waits for it. */
#define SETTLE_USEC UINT64_C(20000)
/* Names that wait so at once: 12,800 a second. One more sends the oldest on without. */
#define SIGHTED_MAX 256U

/* Tells the index what is certain of @op while its new name isn't: a file that was renamed isn't where it was. */
static int keep_index_careful(FopsPipeline *p, FopsOperation *op) {
        int r;

        if (op->op == FOPS_OP_LINK)
                return 0;
        if (op->op != FOPS_OP_RENAME || S_ISDIR(op->new_object.item->mode))
                return fops_pipeline_keep_index_true(p, op);

        op->op = FOPS_OP_DELETE;
        r = fops_pipeline_keep_index_true(p, op);
        op->op = FOPS_OP_RENAME;
        return r;
}

int fops_pipeline_sight(FopsPipeline *p, FopsEvent *event, FopsOperation *op, const FopsSighting *sighting, uint64_t now_usec) {
        int r = keep_index_careful(p, op);
        FopsWaiting *w;

        if (r >= 0) {
                w = fops_waiting_add(&p->sighted, event, op, p->stats.n_events, now_usec + SETTLE_USEC);
                if (w) {
                        w->sighting = *sighting;
                        p->stats.n_sighted++;
                        return 0;
                }
                r = -ENOMEM;
        }
        fops_correlator_recycle(p->correlator, event);
        return r;
}

/* Takes the name of the one at @at for true, or not. */
static int settle(FopsPipeline *p, FopsWaiting **at, bool is_true, uint64_t now_usec) {
        FopsWaiting *w = fops_waiting_take(&p->sighted, at);
        int r;

        if (is_true)
                fops_resolver_believe(&p->resolver, &w->operation, &w->sighting);
        else
                p->stats.n_sighted_in_vain++;
        fops_pipeline_begin_to_ask(p, &w->operation);
        fops_pipeline_end_to_ask(p);
        r = fops_pipeline_keep_index_true(p, &w->operation);
        if (r >= 0)
                return fops_pipeline_finish(p, w->event, &w->operation, now_usec);
        fops_correlator_recycle(p->correlator, w->event);
        return r;
}

bool fops_pipeline_touches(const FopsOperation *op, FopsInodeKey object) {
        FopsInodeKey key;

        if (op->outcome == FOPS_OUTCOME_FAILED)
                return false;
        for (size_t i = 0; i < op->n_items; i++)
                if ((op->items[i].nametype == FOPS_NAMETYPE_CREATE || op->items[i].nametype == FOPS_NAMETYPE_DELETE) &&
                    fops_item_key(op->items + i, &key) && fops_inode_key_equal(key, object))
                        return true;
        return false;
}

int fops_pipeline_settle_sighted(FopsPipeline *p, uint64_t usec, const FopsOperation *op, uint64_t now_usec) {
        for (FopsWaiting **at = &p->sighted.oldest; *at;) {
                const FopsSighting *sighting = &(*at)->sighting;
                bool is_touched = op && fops_pipeline_touches(op, sighting->key);
                int r;

                if (!is_touched && usec <= sighting->usec + SETTLE_USEC) {
                        at = &(*at)->newer;
                        continue;
                }
                r = settle(p, at, usec > sighting->usec, now_usec);
                if (r < 0)
                        return r;
        }
        return 0;
}

int fops_pipeline_settle_quiet(FopsPipeline *p, uint64_t now_usec) {
        int r = 0;

        while (r >= 0 && p->sighted.oldest && p->quiet_since_usec != UINT64_MAX && now_usec >= p->quiet_since_usec + SETTLE_USEC &&
               now_usec >= p->sighted.oldest->deadline_usec)
                r = settle(p, &p->sighted.oldest, true, now_usec);
        return r;
}

int fops_pipeline_settle_crowded(FopsPipeline *p, uint64_t now_usec) {
        return p->sighted.n > SIGHTED_MAX ? settle(p, &p->sighted.oldest, false, now_usec) : 0;
}

int fops_pipeline_settle_all(FopsPipeline *p) {
        int r = 0;

        while (r >= 0 && p->sighted.oldest)
                r = settle(p, &p->sighted.oldest, false, 0);
        return r;
}

uint64_t fops_pipeline_sighted_deadline(const FopsPipeline *p) {
        uint64_t quiet = p->quiet_since_usec != UINT64_MAX ? p->quiet_since_usec + SETTLE_USEC : 0;

        return p->sighted.oldest ? MAX(quiet, p->sighted.oldest->deadline_usec) : UINT64_MAX;
}
