/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Records in, entries out: each room called in turn, the order of DESIGN in code. What a room counts as unusual is counted here
 * too; what breaks our own world (memory, the sink) goes up. */

#include "pipeline-parts.h"

FopsPipeline *fops_pipeline_new(const FopsPipelineOptions *options) {
        _cleanup_(fops_pipeline_freep) FopsPipeline *p = calloc(1, sizeof(FopsPipeline));

        if (!p) {
                if (options->proc_fd >= 0)
                        close(options->proc_fd);
                return NULL;
        }

        p->options = *options;
        fops_waiting_init(&p->parked);
        fops_waiting_init(&p->sighted);
        p->quiet_since_usec = UINT64_MAX;
        fops_coalescer_init(&p->coalescer);
        p->complete_since_usec = p->scanned_since_usec = UINT64_MAX;
        p->resolver = (FopsResolver){ .world = options->world, .userdata = options->world_userdata, .index = options->index };
        p->processes = fops_process_table_new(options->proc_fd);
        p->correlator = fops_correlator_new(&options->correlator);
        p->syscalls = fops_syscall_table_new();
        p->memory = fops_operation_memory_new();
        p->names = fops_names_new();
        if (!p->processes || !p->correlator || !p->syscalls || !p->memory || !p->names)
                return NULL;

        return TAKE_PTR(p);
}

FopsPipeline *fops_pipeline_free(FopsPipeline *p) {
        if (!p)
                return NULL;
        fops_coalescer_done(&p->coalescer);
        fops_waiting_done(&p->parked);
        fops_waiting_done(&p->sighted);
        fops_correlator_free(p->correlator);
        fops_syscall_table_free(p->syscalls);
        fops_operation_memory_free(p->memory);
        fops_process_table_free(p->processes);
        fops_names_free(p->names);
        fops_entry_done(&p->entry);
        free(p);
        return NULL;
}

void fops_pipeline_set_options(FopsPipeline *p, unsigned ancestry, bool unit, bool container, bool full, bool drop_foreign) {
        p->options.ancestry = ancestry;
        p->options.unit = unit;
        p->options.container = container;
        p->options.full = full;
        p->options.drop_foreign = drop_foreign;
}

FopsNames *fops_pipeline_names(FopsPipeline *p) {
        return p->names;
}

FopsPairing *fops_pipeline_pairing(FopsPipeline *p) {
        return &p->resolver.pairing;
}

int fops_pipeline_go_on(FopsPipeline *p, FopsEvent *event, FopsOperation *op, bool is_late, uint64_t now_usec) {
        FopsSighting sighting;
        bool is_sighted;
        int r;

        fops_pipeline_begin_to_ask(p, op);
        p->resolver.index_is_late = is_late;
        p->resolver.watches = p->watches.now;
        fops_resolver_resolve(&p->resolver, op, p->watches.now ? fops_watch_set_directory(p->watches.now, op->tag) : FOPS_SPAN_ABSENT,
                              &event->arena);
        is_sighted = !is_late && fops_resolver_sight(&p->resolver, op, &event->arena, &sighting);
        p->resolver.index_is_late = false;
        fops_pipeline_end_to_ask(p);

        if (is_sighted)
                return fops_pipeline_sight(p, event, op, &sighting, now_usec);
        r = is_late ? fops_pipeline_doubt_index(p, op) : fops_pipeline_keep_index_true(p, op);
        if (r >= 0)
                return fops_pipeline_finish(p, event, op, now_usec);
        fops_correlator_recycle(p->correlator, event);
        return r;
}

/* A new one, read already if it is an operation. Takes @event. */
static int handle_read(FopsPipeline *p, FopsEvent *event, FopsOperation *op, uint64_t now_usec) {
        int r = 0;

        if (p->options.changed)
                fops_pipeline_tell_changes(p, event, op);
        if (!op)
                r = p->watches.now && fops_pipeline_has_own_changes_only(p, event, NULL) ? 0 : fops_pipeline_publish_foreign(p, event);
        else if (!p->options.observe || !op->tag.data || !p->options.observe(p->options.userdata, op)) {
                if (!fops_pipeline_is_early(p, op)) {
                        p->newest_gone = p->stats.n_events;
                        return fops_pipeline_go_on(p, event, op, false, now_usec);
                }
                r = fops_pipeline_park(p, event, op, now_usec);
                if (r >= 0)
                        return 0;
        }
        fops_correlator_recycle(p->correlator, event);
        return r;
}

static int handle_event(FopsPipeline *p, FopsEvent *event, uint64_t now_usec) {
        uint64_t usec = fops_event_id_usec(event->id);
        FopsOperation op;
        bool is_operation;
        int r;

        r = fops_operation_from_event(event, p->syscalls, p->memory, &op);
        is_operation = r == FOPS_OPERATION_OK;
        if (is_operation) {
                fops_command_lines_judge(&p->command_lines, p->processes, &op);
                r = fops_pipeline_tell_subvolumes(p, &op, &event->arena);
        }
        if (r >= 0)
                r = fops_pipeline_settle_sighted(p, usec, is_operation ? &op : NULL, now_usec);
        if (r >= 0) {
                fops_pipeline_let_older_go(p, usec, is_operation ? &op : NULL);
                r = fops_pipeline_release_parked(p, now_usec);
        }
        if (r < 0) {
                fops_correlator_recycle(p->correlator, event);
                return r;
        }

        r = handle_read(p, event, is_operation ? &op : NULL, now_usec);
        if (r >= 0)
                r = fops_pipeline_settle_crowded(p, now_usec);
        return r < 0 ? r : fops_pipeline_release_parked(p, now_usec);
}

/* Any event that waits for others: hardly ever. */
static bool has_waiting(const FopsPipeline *p) {
        return p->parked.oldest || p->sighted.oldest || p->coalescer.oldest;
}

/* Deadlines up to @over_usec are over. */
static int handle_ready(FopsPipeline *p, uint64_t now_usec, uint64_t over_usec) {
        FopsEvent *event;
        int r;

        while ((event = fops_correlator_pop(p->correlator, over_usec))) {
                p->stats.n_events++;
                p->stats.newest_usec = MAX(p->stats.newest_usec, fops_event_id_usec(event->id));
                r = handle_event(p, event, now_usec);
                if (r < 0)
                        return r;
        }

        if (!has_waiting(p))
                return 0;
        r = fops_pipeline_settle_quiet(p, over_usec);
        if (r < 0)
                return r;
        fops_pipeline_let_overdue_go(p, over_usec);
        r = fops_pipeline_release_parked(p, now_usec);
        return r < 0 ? r : fops_pipeline_publish_coalesced(p, over_usec, false);
}

static int push_record(FopsPipeline *p, const FopsRecord *record, uint64_t now_usec, uint64_t over_usec) {
        int r;

        p->stats.n_records++;
        if (p->options.serials)
                fops_serials_hear(p->options.serials, (uint32_t) record->id.serial);
        p->quiet_since_usec = UINT64_MAX;
        r = fops_correlator_push(p->correlator, record, now_usec, over_usec);
        if (r < 0)
                return r;
        return (r > 0 && (size_t) r >= p->options.n_together) || has_waiting(p) ? handle_ready(p, now_usec, over_usec) : 0;
}

static int push_text(FopsPipeline *p, uint16_t type, FopsSpan text, uint64_t cookie, bool replayed, uint64_t now_usec, uint64_t over_usec) {
        FopsRecordDiag diag;
        FopsRecord record;

        if (fops_record_parse(type, text, &p->head, &record, &diag) != FOPS_RECORD_OK) {
                p->stats.n_malformed++;
                if (p->options.correlator.release && cookie > 0)
                        p->options.correlator.release(p->options.correlator.userdata, cookie);
                return 0;
        }
        record.cookie = cookie;
        record.replayed = replayed;
        return push_record(p, &record, now_usec, over_usec);
}

int fops_pipeline_push_kept(FopsPipeline *p, uint16_t type, FopsSpan text, uint64_t cookie, bool replayed, uint64_t now_usec) {
        return push_text(p, type, text, cookie, replayed, now_usec, 0);
}

int fops_pipeline_push(FopsPipeline *p, uint16_t type, FopsSpan text, uint64_t now_usec) {
        return push_text(p, type, text, 0, false, now_usec, now_usec);
}

void fops_pipeline_begin_batch(FopsPipeline *p) {
        fops_process_table_begin_batch(p->processes);
}

int fops_pipeline_push_line(FopsPipeline *p, FopsSpan line, FopsRecordStatus *ret_status, FopsRecordDiag *ret_diag) {
        FopsRecord record;

        *ret_status = fops_record_parse_line(line, &p->head, &record, ret_diag);
        if (*ret_status != FOPS_RECORD_OK) {
                p->stats.n_malformed += *ret_status == FOPS_RECORD_MALFORMED;
                return 0;
        }

        /* The records' own clock; a log merged of several hosts may step back, the deadlines' clock may not. */
        p->file_usec = MAX(p->file_usec, (uint64_t) record.id.sec * 1000000 + record.id.msec * UINT64_C(1000));
        return push_record(p, &record, p->file_usec, p->file_usec);
}

int fops_pipeline_advance(FopsPipeline *p, uint64_t now_usec) {
        p->quiet_since_usec = MIN(p->quiet_since_usec, now_usec);
        return handle_ready(p, now_usec, now_usec);
}

int fops_pipeline_let_go(FopsPipeline *p) {
        int r;

        fops_pipeline_let_overdue_go(p, UINT64_MAX);
        r = fops_pipeline_release_parked(p, 0);
        if (r >= 0)
                r = fops_pipeline_settle_all(p);
        return r < 0 ? r : fops_pipeline_publish_coalesced(p, 0, true);
}

int fops_pipeline_set_watches(FopsPipeline *p, const FopsWatchSet *watches, uint64_t realtime_usec) {
        /* What is held borrows from watches that may be forgotten now. */
        int r = fops_pipeline_publish_coalesced(p, 0, true);

        fops_watch_history_push(&p->watches, watches, realtime_usec);
        return r;
}

bool fops_pipeline_has_watches(const FopsPipeline *p, const FopsWatchSet *watches) {
        return fops_watch_history_has(&p->watches, watches);
}

int fops_pipeline_flush(FopsPipeline *p) {
        int r;

        fops_correlator_flush(p->correlator);
        r = handle_ready(p, 0, 0);
        return r < 0 ? r : fops_pipeline_let_go(p);
}

uint64_t fops_pipeline_next_deadline(const FopsPipeline *p) {
        uint64_t deadline = MIN(fops_correlator_next_deadline(p->correlator), fops_coalescer_next_deadline(&p->coalescer));

        if (p->parked.oldest)
                deadline = MIN(deadline, p->parked.oldest->deadline_usec);
        return MIN(deadline, fops_pipeline_sighted_deadline(p));
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
