/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The index asked and told, as of an event's time. */

#include "index-feed.h"
#include "pipeline-parts.h"
#include "resolver-subvolume.h"

void fops_pipeline_set_index_complete(FopsPipeline *p, uint64_t since_usec) {
        p->complete_since_usec = since_usec;
        p->resolver.index_is_complete = false;
        if (p->options.index)
                fops_subvolumes_set_complete(fops_path_index_subvolumes(p->options.index), since_usec);
}

void fops_pipeline_set_index_scanned(FopsPipeline *p, uint64_t since_usec) {
        p->scanned_since_usec = since_usec;
}

/* The index is as it is now, too new for events from before its scan. */
void fops_pipeline_begin_to_ask(FopsPipeline *p, const FopsOperation *op) {
        p->resolver.index_is_complete = fops_event_id_usec(op->event->id) >= p->complete_since_usec;
        p->resolver.index_was_complete |= p->resolver.index_is_complete;
        p->resolver.index_is_ahead = fops_event_id_usec(op->event->id) < p->scanned_since_usec;
        if (p->options.index) {
                fops_path_index_set_time(p->options.index, fops_event_id_usec(op->event->id));
                fops_path_index_set_ahead(p->options.index, p->resolver.index_is_ahead);
        }
}

void fops_pipeline_end_to_ask(FopsPipeline *p) {
        if (p->options.index)
                fops_path_index_set_ahead(p->options.index, false);
}

/* What only a scan has seen may have come later from elsewhere; but at the beginning all is so, and has been there. */
static void begin_to_feed(FopsPipeline *p, const FopsOperation *op) {
        fops_pipeline_begin_to_ask(p, op);
        if (!p->resolver.index_was_complete)
                fops_pipeline_end_to_ask(p);
}

static void find_new_tree(FopsPipeline *p, FopsInodeKey directory) {
        if (!p->resolver.index_is_ahead)
                fops_path_index_begin_scan(p->options.index);
        fops_path_index_forget_ghosts(p->options.index);
        if (p->options.new_tree)
                p->options.new_tree(p->options.userdata, directory);
}

int fops_pipeline_tell_subvolumes(FopsPipeline *p, FopsOperation *op, FopsArena *arena) {
        FopsInodeKey top;
        int r;

        fops_pipeline_begin_to_ask(p, op);
        fops_pipeline_end_to_ask(p);
        r = fops_resolver_tell_subvolumes(&p->resolver, op, false, arena, &top);
        if (r <= 0)
                return r;
        find_new_tree(p, top);
        return MIN(fops_resolver_tell_subvolumes(&p->resolver, op, true, arena, &top), 0);
}

static void go_on_from(FopsPipeline *p, const FopsOperation *op, const FopsFed *fed) {
        if (fed->moved && p->options.moved)
                p->options.moved(p->options.userdata);
        for (size_t i = 0; i < fed->n_new_trees; i++)
                find_new_tree(p, fed->new_trees[i]);
        if (fed->learnt)
                fops_pipeline_let_go_what_waits_for(p, op);
}

int fops_pipeline_keep_index_true(FopsPipeline *p, FopsOperation *op) {
        FopsOutcome outcome = op->outcome;
        FopsFed fed;
        int r;

        if (!p->options.index)
                return 0;

        /* That the name is gone tells the index enough; not who did it. */
        if (fops_resolver_is_gone(&p->resolver, op))
                op->outcome = FOPS_OUTCOME_SUCCESS;
        begin_to_feed(p, op);
        r = fops_index_feed(p->options.index, op, &fed);
        fops_pipeline_end_to_ask(p);
        op->outcome = outcome;
        if (r < 0)
                return r;
        go_on_from(p, op, &fed);
        return 0;
}

int fops_pipeline_doubt_index(FopsPipeline *p, const FopsOperation *op) {
        FopsFed fed;
        int r;

        begin_to_feed(p, op);
        r = fops_index_doubt(p->options.index, op, &fed);
        fops_pipeline_end_to_ask(p);
        if (r >= 0)
                go_on_from(p, op, &fed);
        return r;
}
