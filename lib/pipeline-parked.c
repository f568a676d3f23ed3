/* SPDX-License-Identifier: GPL-2.0-or-later */

/* mkdir a, and a/f made in it by another process, whose event comes first: that waits until the index knows a. */

#include "pipeline-parts.h"
#include "resolver-index.h"

/* An event may come before the one that made its directory: two processors, two ends of system calls. That is over within a few
 * milliseconds; a directory that isn't known by then won't be by waiting. */
#define PARK_USEC UINT64_C(50000)
/* Events that wait so at once; one more sends the oldest on. */
#define PARKED_MAX 256U

static bool names_directory(const FopsOperation *op, FopsInodeKey directory) {
        FopsInodeKey key;

        for (size_t i = 0; i < op->n_items; i++)
                if (op->items[i].nametype == FOPS_NAMETYPE_PARENT && fops_item_key(op->items + i, &key) &&
                    fops_inode_key_equal(key, directory))
                        return true;
        return false;
}

/* The one directory that @op was in. Of two it couldn't be told what happened first, here or there. */
static bool find_directory(const FopsOperation *op, FopsInodeKey *ret) {
        FopsInodeKey key;
        bool found = false;

        for (size_t i = 0; i < op->n_items; i++) {
                if (op->items[i].nametype != FOPS_NAMETYPE_PARENT || !fops_item_key(op->items + i, &key))
                        continue;
                if (found && !fops_inode_key_equal(*ret, key))
                        return false;
                *ret = key;
                found = true;
        }
        return found;
}

bool fops_pipeline_is_early(FopsPipeline *p, const FopsOperation *op) {
        FopsInodeKey directory;
        bool is_there;

        if (!p->options.index || !p->watches.now || !op->tag.data || !find_directory(op, &directory))
                return false;

        fops_pipeline_begin_to_ask(p, op);
        is_there = fops_path_index_is_known(p->options.index, directory) && !fops_path_index_is_ghost(p->options.index, directory);
        fops_pipeline_end_to_ask(p);
        return !is_there;
}

static void let_parked_go(FopsPipeline *p, FopsWaiting *w) {
        w->may_go = p->may_go = true;
}

int fops_pipeline_park(FopsPipeline *p, FopsEvent *event, const FopsOperation *op, uint64_t now_usec) {
        if (!fops_waiting_add(&p->parked, event, op, p->stats.n_events, now_usec + PARK_USEC))
                return -ENOMEM;
        p->stats.n_parked++;
        if (p->parked.n > PARKED_MAX)
                let_parked_go(p, p->parked.oldest);
        return 0;
}

/* @op made a directory known, or, if it moved one, perhaps many. */
void fops_pipeline_let_go_what_waits_for(FopsPipeline *p, const FopsOperation *op) {
        bool is_new = op->op == FOPS_OP_MKDIR;
        FopsInodeKey key;

        if (is_new && !fops_item_key(op->object.item, &key))
                return;
        for (FopsWaiting *w = p->parked.oldest; w; w = w->newer)
                if (is_new ? names_directory(&w->operation, key) : !fops_pipeline_is_early(p, &w->operation)) {
                        w->is_made = is_new;
                        let_parked_go(p, w);
                }
}

/* 0: io_uring's, which comes from any thread. */
static uint32_t caller(const FopsOperation *op) {
        return op && !op->is_uring ? op->pid : 0;
}

static bool is_made_by_sighted(const FopsPipeline *p, const FopsOperation *op) {
        for (const FopsWaiting *s = p->sighted.oldest; s; s = s->newer)
                if (names_directory(op, s->sighting.key))
                        return true;
        return false;
}

/* It goes from where it was, or is gone, and another one may be made of its inode. */
static bool ends_directory(const FopsOperation *op, const FopsOperation *waiting) {
        FopsInodeKey directory;

        return op && op->op != FOPS_OP_MKDIR && find_directory(waiting, &directory) && fops_pipeline_touches(op, directory);
}

/* The event that made a directory began before any in it, and comes first if one process did both. What comes next, at @usec,
 * makes, at most, another one of the same inode. */
void fops_pipeline_let_older_go(FopsPipeline *p, uint64_t usec, const FopsOperation *op) {
        uint32_t pid = caller(op);

        for (FopsWaiting *w = p->parked.oldest; w; w = w->newer)
                if (((w->usec < usec || (pid > 0 && caller(&w->operation) == pid)) && !is_made_by_sighted(p, &w->operation)) ||
                    ends_directory(op, &w->operation))
                        let_parked_go(p, w);
}

void fops_pipeline_let_overdue_go(FopsPipeline *p, uint64_t now_usec) {
        for (FopsWaiting *w = p->parked.oldest; w && w->deadline_usec <= now_usec; w = w->newer)
                let_parked_go(p, w);
}

/* Those of the parked that may go on, oldest first, and those that may because of them. */
int fops_pipeline_release_parked(FopsPipeline *p, uint64_t now_usec) {
        int r;

        while (p->may_go) {
                p->may_go = false;
                for (FopsWaiting **at = &p->parked.oldest; *at;) {
                        FopsWaiting *w;

                        if (!(*at)->may_go) {
                                at = &(*at)->newer;
                                continue;
                        }
                        w = fops_waiting_take(&p->parked, at);
                        p->stats.n_parked_in_vain += !w->is_made;
                        /* What was moved since may have been elsewhere before. */
                        r = fops_pipeline_go_on(p, w->event, &w->operation, !w->is_made && p->newest_gone > w->number, now_usec);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}
