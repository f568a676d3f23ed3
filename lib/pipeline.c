/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Records in, entries out: each room called in turn, the order of DESIGN in code. What a room counts as unusual is counted here
 * too; what breaks our own world (memory, the sink) goes up. */

#include "pipeline.h"

#include <libaudit.h>
#include <syslog.h>

#include "rule-compiler.h"

struct FopsPipeline {
        FopsPipelineOptions options;
        FopsCorrelator *correlator;
        FopsSyscallTable *syscalls;
        FopsResolver resolver;
        FopsProcessTable *processes;
        FopsNames *names;
        const FopsWatchSet *watches;
        FopsEntry entry;
        uint64_t file_usec; /* offline: the latest time seen in the records */
        FopsPipelineStats stats;
};

FopsPipeline *fops_pipeline_new(const FopsPipelineOptions *options) {
        _cleanup_(fops_pipeline_freep) FopsPipeline *p = calloc(1, sizeof(FopsPipeline));

        if (!p) {
                if (options->proc_fd >= 0)
                        close(options->proc_fd);
                return NULL;
        }

        p->options = *options;
        p->resolver = (FopsResolver){ .world = options->world, .userdata = options->world_userdata };
        p->processes = fops_process_table_new(options->proc_fd);
        p->correlator = fops_correlator_new(&options->correlator);
        p->syscalls = fops_syscall_table_new();
        p->names = fops_names_new();
        if (!p->processes || !p->correlator || !p->syscalls || !p->names)
                return NULL;

        return TAKE_PTR(p);
}

FopsPipeline *fops_pipeline_free(FopsPipeline *p) {
        if (!p)
                return NULL;
        fops_correlator_free(p->correlator);
        fops_syscall_table_free(p->syscalls);
        fops_process_table_free(p->processes);
        fops_names_free(p->names);
        fops_entry_done(&p->entry);
        free(p);
        return NULL;
}

void fops_pipeline_set_watches(FopsPipeline *p, const FopsWatchSet *watches) {
        p->watches = watches;
}

void fops_pipeline_set_options(FopsPipeline *p, unsigned ancestry, bool unit, bool container, bool full, bool drop_foreign) {
        p->options.ancestry = ancestry;
        p->options.unit = unit;
        p->options.container = container;
        p->options.full = full;
        p->options.drop_foreign = drop_foreign;
}

static int publish(FopsPipeline *p, const FopsOperation *op) {
        p->stats.n_published++;
        return p->options.publish(p->options.userdata, &p->entry, op);
}

static int publish_foreign(FopsPipeline *p, FopsEvent *event) {
        p->stats.n_foreign++;
        if (p->options.drop_foreign)
                return 0;

        fops_entry_from_event(&p->entry, event);
        return publish(p, NULL);
}

static void attribute(FopsPipeline *p, FopsOperation *op, FopsArena *arena) {
        FopsProcess process = {};

        if (op->pid == 0 || (!p->options.unit && !p->options.container && p->options.ancestry == 0))
                return;

        fops_process_table_lookup(p->processes, op->pid, op->ppid, MIN(p->options.ancestry, (unsigned) ELEMENTSOF(op->parents)),
                                  arena, &process);
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

/* fopsd's own changes of rules and registration come back as events: its tag is on them. */
static bool is_own_config_change(const FopsEvent *event) {
        for (size_t i = 0; i < event->n_records; i++)
                if (event->records[i].type == AUDIT_CONFIG_CHANGE) {
                        FopsArena arena = {};
                        FopsSpan key = fops_value_decode(fops_field_find(event->records[i].body, "key"), &arena);
                        bool ours = key.size > 0 && memmem(key.data, key.size, FOPS_TAG_PREFIX, strlen(FOPS_TAG_PREFIX));

                        fops_arena_done(&arena);
                        return ours;
                }
        return false;
}

static int handle_event(FopsPipeline *p, FopsEvent *event) {
        FopsOperation op;
        int r;

        p->stats.n_events++;

        r = fops_operation_from_event(event, p->syscalls, &op);
        if (r < 0)
                return r;
        if (r == FOPS_OPERATION_NONE)
                return p->watches && is_own_config_change(event) ? 0 : publish_foreign(p, event);

        fops_resolver_resolve(&p->resolver, &op, p->watches ? fops_watch_set_directory(p->watches, op.tag) : FOPS_SPAN_ABSENT,
                              &event->arena);

        if (p->watches) {
                /* Who is asked before it is decided whether anybody wants to know: filters may be about units. */
                bool ours = fops_tag_is_ours(op.tag);

                attribute(p, &op, &event->arena);
                op.n_watches = fops_watch_set_match(p->watches, &op, op.tag, op.watches);
                if (op.n_watches == 0 && !ours)
                        return is_own_config_change(event) ? 0 : publish_foreign(p, event);
                if (op.n_watches == 0 && !fops_tag_is_rule(op.tag)) {
                        p->stats.n_filtered++;
                        return 0;
                }
        }

        p->stats.n_operations++;
        fops_entry_from_operation(&p->entry, &op, p->names, p->options.full);
        return publish(p, &op);
}

static int handle_ready(FopsPipeline *p, uint64_t now_usec) {
        FopsEvent *event;
        int r = 0;

        while (r >= 0 && (event = fops_correlator_pop(p->correlator, now_usec))) {
                r = handle_event(p, event);
                fops_correlator_recycle(p->correlator, event);
        }
        return MIN(r, 0);
}

static int push_record(FopsPipeline *p, const FopsRecord *record, uint64_t now_usec) {
        int r;

        p->stats.n_records++;
        r = fops_correlator_push(p->correlator, record, now_usec);
        if (r < 0)
                return r;
        return handle_ready(p, now_usec);
}

int fops_pipeline_push(FopsPipeline *p, uint16_t type, FopsSpan text, uint64_t now_usec) {
        FopsRecordDiag diag;
        FopsRecord record;

        if (fops_record_parse(type, text, &record, &diag) != FOPS_RECORD_OK) {
                p->stats.n_malformed++;
                return 0;
        }
        return push_record(p, &record, now_usec);
}

int fops_pipeline_push_line(FopsPipeline *p, FopsSpan line, FopsRecordStatus *ret_status, FopsRecordDiag *ret_diag) {
        FopsRecord record;

        *ret_status = fops_record_parse_line(line, &record, ret_diag);
        if (*ret_status != FOPS_RECORD_OK) {
                p->stats.n_malformed += *ret_status == FOPS_RECORD_MALFORMED;
                return 0;
        }

        /* The records' own clock; a log merged of several hosts may step back, the deadlines' clock may not. */
        p->file_usec = MAX(p->file_usec, (uint64_t) record.id.sec * 1000000 + record.id.msec * UINT64_C(1000));
        return push_record(p, &record, p->file_usec);
}

int fops_pipeline_advance(FopsPipeline *p, uint64_t now_usec) {
        return handle_ready(p, now_usec);
}

int fops_pipeline_flush(FopsPipeline *p) {
        fops_correlator_flush(p->correlator);
        return handle_ready(p, 0);
}

uint64_t fops_pipeline_next_deadline(const FopsPipeline *p) {
        return fops_correlator_next_deadline(p->correlator);
}

FopsPipelineStats fops_pipeline_stats(const FopsPipeline *p) {
        return p->stats;
}

FopsCorrelatorStats fops_pipeline_correlator_stats(const FopsPipeline *p) {
        return fops_correlator_stats(p->correlator);
}

FopsResolverStats fops_pipeline_resolver_stats(const FopsPipeline *p) {
        return p->resolver.stats;
}
