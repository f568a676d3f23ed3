/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An operation, its paths known, into an entry: who did it, which watches want it, whether it waits for others like it. */

#include "pipeline-parts.h"
#include "rule-compiler.h"

static int publish(FopsPipeline *p, const FopsOperation *op) {
        p->stats.n_published++;
        return p->options.publish(p->options.userdata, &p->entry, op);
}

int fops_pipeline_publish_foreign(FopsPipeline *p, FopsEvent *event) {
        p->stats.n_foreign++;
        if (p->options.drop_foreign)
                return 0;

        fops_entry_from_event(&p->entry, event);
        return publish(p, NULL);
}

void fops_pipeline_attribute(FopsPipeline *p, FopsOperation *op, FopsArena *arena) {
        FopsProcess process = {};

        if (op->pid == 0 || (!p->options.unit && !p->options.container && p->options.ancestry == 0))
                return;

        fops_process_table_lookup(p->processes, op->pid, op->ppid, fops_event_id_usec(op->event->id),
                                  MIN(p->options.ancestry, (unsigned) ELEMENTSOF(op->parents)), arena, &process);
        if (p->options.unit)
                op->unit = process.cgroup.unit;
        if (p->options.container) {
                op->container = process.cgroup.container;
                op->runtime = process.cgroup.runtime;
        }
        for (size_t i = 0; i < process.n_parents; i++)
                op->parents[i] = process.parents[i];
        op->n_parents = process.n_parents;
}

static int publish_operation(FopsPipeline *p, const FopsOperation *op) {
        p->stats.n_operations++;
        fops_entry_from_operation(&p->entry, op, p->names, p->options.full);
        return publish(p, op);
}

int fops_pipeline_publish_coalesced(FopsPipeline *p, uint64_t now_usec, bool all) {
        FopsCoalesced *held;
        int r = 0;

        while (r >= 0 && (held = fops_coalescer_pop(&p->coalescer, now_usec, all))) {
                r = publish_operation(p, &held->operation);
                fops_correlator_recycle(p->correlator, held->event);
                free(held);
        }
        return r;
}

/* What became of an event. */
typedef enum Handled { HANDLED, HANDLED_KEPT } Handled;

/* Publishes @op, if it is wanted. Returns HANDLED, HANDLED_KEPT (the event is held until others like it have come) or -errno. */
static int handle_operation(FopsPipeline *p, FopsEvent *event, FopsOperation *op, uint64_t now_usec) {
        if (p->watches.now) {
                /* Who is asked before it is decided whether anybody wants to know: filters may be about units. */
                bool ours = fops_tag_is_ours(op->tag);

                if (op->is_unwanted) {
                        p->stats.n_filtered++;
                        return 0;
                }
                fops_pipeline_attribute(p, op, &event->arena);
                op->n_watches = fops_watch_history_match(&p->watches, op, op->tag, fops_event_id_usec(event->id), op->watches);
                if (op->n_watches == 0 && !ours)
                        return fops_pipeline_has_own_changes_only(p, event, op) ? 0 : fops_pipeline_publish_foreign(p, event);
                if (op->n_watches == 0 && !fops_tag_is_rule(op->tag)) {
                        p->stats.n_filtered++;
                        return 0;
                }
        }

        if (op->n_watches > 0 && op->watches[0]->coalesce_usec > 0) {
                FopsCoalesced *held = fops_coalescer_merge(&p->coalescer, op);

                if (held)
                        return fops_event_move_cookies(event, held->event);
                return fops_coalescer_hold(&p->coalescer, event, op, now_usec + op->watches[0]->coalesce_usec) < 0 ?
                               -ENOMEM : HANDLED_KEPT;
        }

        return publish_operation(p, op);
}

int fops_pipeline_finish(FopsPipeline *p, FopsEvent *event, FopsOperation *op, uint64_t now_usec) {
        int r = handle_operation(p, event, op, now_usec);

        if (r != HANDLED_KEPT)
                fops_correlator_recycle(p->correlator, event);
        return MIN(r, 0);
}
