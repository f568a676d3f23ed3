/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Records in, entries out: each room called in turn, the order of DESIGN in code. What a room counts as unusual is counted here
 * too; what breaks our own world (memory, the sink) goes up. */

#include "pipeline.h"

#include <libaudit.h>
#include <syslog.h>

#include "coalescer.h"
#include "index-feed.h"
#include "resolver-index.h"
#include "rule-compiler.h"

/* An event may come before the one that made its directory: two processors, two ends of system calls. That is over within a few
 * milliseconds; a directory that isn't known by then won't be by waiting. */
#define PARK_USEC UINT64_C(50000)
/* Events that wait so at once; one more sends the oldest on. */
#define PARKED_MAX 256U

struct FopsPipeline {
        FopsPipelineOptions options;
        FopsCorrelator *correlator;
        FopsSyscallTable *syscalls;
        FopsResolver resolver;
        FopsProcessTable *processes;
        FopsNames *names;
        const FopsWatchSet *watches;
        FopsEntry entry;
        FopsCoalescer coalescer;
        FopsEvent *parked_oldest, **parked_tail; /* linked by ->newer */
        unsigned n_parked;
        uint64_t own_changes_until_usec;
        uint64_t complete_since_usec; /* UINT64_MAX: it isn't */
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
        p->parked_tail = &p->parked_oldest;
        fops_coalescer_init(&p->coalescer);
        p->complete_since_usec = UINT64_MAX;
        p->resolver = (FopsResolver){ .world = options->world, .userdata = options->world_userdata, .index = options->index };
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
        fops_coalescer_done(&p->coalescer);
        while (p->parked_oldest) {
                FopsEvent *next = p->parked_oldest->newer;

                fops_event_free(p->parked_oldest);
                p->parked_oldest = next;
        }
        fops_correlator_free(p->correlator);
        fops_syscall_table_free(p->syscalls);
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

void fops_pipeline_set_index_complete(FopsPipeline *p, uint64_t since_usec) {
        p->complete_since_usec = since_usec;
        p->resolver.index_is_complete = false;
}

FopsPairing *fops_pipeline_pairing(FopsPipeline *p) {
        return &p->resolver.pairing;
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

void fops_pipeline_own_changes_until(FopsPipeline *p, uint64_t realtime_usec) {
        p->own_changes_until_usec = realtime_usec;
}

/* fopsd's own changes come back as events: of rules with its tag on them, of settings and the registration about when it made them. */
static bool is_own_config_change(const FopsPipeline *p, const FopsEvent *event) {
        for (size_t i = 0; i < event->n_records; i++)
                if (event->records[i].type == AUDIT_CONFIG_CHANGE) {
                        FopsSpan body = event->records[i].body, op = fops_field_find(body, "op").raw, key;
                        FopsArena arena = {};
                        uint32_t pid;
                        bool ours;

                        if (p->options.self_pid > 0 && fops_span_to_u32(fops_field_find(body, "pid").raw, &pid) &&
                            pid == p->options.self_pid)
                                return true;
                        if (fops_span_equal(op, FOPS_SPAN_LITERAL("set")))
                                return (uint64_t) event->id.sec * 1000000 + event->id.msec * UINT64_C(1000) <= p->own_changes_until_usec;

                        key = fops_value_decode(fops_field_find(body, "key"), &arena);
                        ours = key.size > 0 && memmem(key.data, key.size, FOPS_TAG_PREFIX, strlen(FOPS_TAG_PREFIX));
                        fops_arena_done(&arena);
                        return ours;
                }
        return false;
}

/* Does an operation of ours name directories by inode, and the index knows none of them? */
static bool is_early(FopsPipeline *p, const FopsOperation *op) {
        bool named = false;

        if (!p->options.index || !p->watches || !op->tag.data)
                return false;

        for (size_t i = 0; i < op->n_items; i++) {
                FopsInodeKey key;

                if (op->items[i].nametype != FOPS_NAMETYPE_PARENT || !fops_item_key(op->items + i, &key))
                        continue;
                if (fops_path_index_is_known(p->options.index, key) && !fops_path_index_is_ghost(p->options.index, key))
                        return false;
                named = true;
        }
        return named;
}

static void index_is_ahead(FopsPipeline *p, bool is_ahead) {
        if (p->options.index)
                fops_path_index_set_ahead(p->options.index, is_ahead);
}

static int keep_index_true(FopsPipeline *p, const FopsOperation *op, bool *ret_learnt) {
        FopsFed fed;
        int r;

        *ret_learnt = false;
        if (!p->options.index)
                return 0;
        r = fops_index_feed(p->options.index, op, &fed);
        if (r < 0)
                return r;
        if (fed.has_new_tree) {
                if (p->resolver.index_is_complete)
                        fops_path_index_begin_scan(p->options.index);
                fops_path_index_forget_ghosts(p->options.index);
                if (p->options.new_tree)
                        p->options.new_tree(p->options.userdata, fed.new_tree);
        }
        *ret_learnt = fed.learnt;
        return 0;
}

static int publish_operation(FopsPipeline *p, const FopsOperation *op) {
        p->stats.n_operations++;
        fops_entry_from_operation(&p->entry, op, p->names, p->options.full);
        return publish(p, op);
}

/* The coalesced ones whose time is over, or all of them. */
static int publish_coalesced(FopsPipeline *p, uint64_t now_usec, bool all) {
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
typedef enum Handled { HANDLED, HANDLED_LEARNT, HANDLED_KEPT } Handled;

/* Publishes @op, if it is wanted. Returns HANDLED, HANDLED_KEPT (the event is held until others like it have come) or -errno. */
static int handle_operation(FopsPipeline *p, FopsEvent *event, FopsOperation *op, uint64_t now_usec) {
        if (p->watches) {
                /* Who is asked before it is decided whether anybody wants to know: filters may be about units. */
                bool ours = fops_tag_is_ours(op->tag);

                attribute(p, op, &event->arena);
                op->n_watches = fops_watch_set_match(p->watches, op, op->tag, op->watches);
                if (op->n_watches == 0 && !ours)
                        return is_own_config_change(p, event) ? 0 : publish_foreign(p, event);
                if (op->n_watches == 0 && !fops_tag_is_rule(op->tag)) {
                        p->stats.n_filtered++;
                        return 0;
                }
        }

        if (op->n_watches > 0 && op->watches[0]->coalesce_usec > 0) {
                if (fops_coalescer_merge(&p->coalescer, op))
                        return HANDLED;
                return fops_coalescer_hold(&p->coalescer, event, op, now_usec + op->watches[0]->coalesce_usec) < 0 ?
                               -ENOMEM : HANDLED_KEPT;
        }

        return publish_operation(p, op);
}

static void park(FopsPipeline *p, FopsEvent *event, uint64_t now_usec) {
        event->newer = NULL;
        event->deadline_usec = now_usec + PARK_USEC;
        *p->parked_tail = event;
        p->parked_tail = &event->newer;
        p->n_parked++;
        p->stats.n_parked++;
}

static FopsEvent *unpark(FopsPipeline *p) {
        FopsEvent *event = p->parked_oldest;

        p->parked_oldest = event->newer;
        if (!p->parked_oldest)
                p->parked_tail = &p->parked_oldest;
        event->newer = NULL;
        p->n_parked--;
        return event;
}

/* When its system call began, in ticks of the kernel's clock. */
static uint64_t event_usec(const FopsEvent *event) {
        return (uint64_t) event->id.sec * 1000000 + event->id.msec * UINT64_C(1000);
}

/* Returns a Handled or -errno; the event is recycled unless it is kept, parked or held. */
static int handle_event(FopsPipeline *p, FopsEvent *event, bool may_park, uint64_t now_usec) {
        FopsOperation op;
        bool learnt = false, early, held = false;
        int r;

        p->resolver.index_is_complete = event_usec(event) >= p->complete_since_usec;
        p->resolver.index_was_complete |= p->resolver.index_is_complete;
        r = fops_operation_from_event(event, p->syscalls, &op);
        if (r == FOPS_OPERATION_NONE)
                r = p->watches && is_own_config_change(p, event) ? 0 : publish_foreign(p, event);
        else if (r == FOPS_OPERATION_OK && p->options.observe && op.tag.data && p->options.observe(p->options.userdata, &op))
                r = 0;
        else if (r == FOPS_OPERATION_OK) {
                index_is_ahead(p, p->resolver.index_was_complete && !p->resolver.index_is_complete);
                early = is_early(p, &op);
                if (!early || !may_park)
                        fops_resolver_resolve(&p->resolver, &op,
                                              p->watches ? fops_watch_set_directory(p->watches, op.tag) : FOPS_SPAN_ABSENT,
                                              &event->arena);
                index_is_ahead(p, false);
                if (early && may_park) {
                        park(p, event, now_usec);
                        return HANDLED_KEPT;
                }
                p->stats.n_parked_in_vain += early;

                r = keep_index_true(p, &op, &learnt);
                if (r >= 0)
                        r = handle_operation(p, event, &op, now_usec);
                held = r == HANDLED_KEPT;
        }

        if (!held)
                fops_correlator_recycle(p->correlator, event);
        return r < 0 ? r : learnt ? HANDLED_LEARNT : HANDLED;
}

/* Looks at all parked events once more, oldest first: what was learnt may be what they wait for. Those whose time is over, or all
 * if @all, go on as they are. */
static int handle_parked(FopsPipeline *p, uint64_t now_usec, bool all) {
        bool learnt;

        do {
                learnt = false;
                for (unsigned n = p->n_parked; n > 0; n--) {
                        FopsEvent *event = unpark(p);
                        uint64_t deadline = event->deadline_usec;
                        int r;

                        r = handle_event(p, event, !all && deadline > now_usec && p->n_parked < PARKED_MAX, now_usec);
                        if (r < 0)
                                return r;
                        if (r == HANDLED_KEPT) {
                                event->deadline_usec = deadline;
                                p->stats.n_parked--;
                        }
                        learnt |= r == HANDLED_LEARNT;
                }
        } while (learnt);
        return 0;
}

/* Absent for a URINGOP: that comes from any thread. */
static FopsSpan event_pid(const FopsEvent *event) {
        for (size_t i = 0; i < event->n_records; i++)
                if (event->records[i].type == AUDIT_SYSCALL)
                        return fops_field_find(event->records[i].body, "pid").raw;
        return FOPS_SPAN_ABSENT;
}

/* The event that made a directory began before any in it, and comes first if one process did both. What comes next makes, at most,
 * another one of the same inode. */
static int release_older(FopsPipeline *p, const FopsEvent *than, uint64_t now_usec) {
        for (unsigned n = p->n_parked; n > 0; n--) {
                FopsEvent *event = unpark(p);
                bool is_older = event_usec(event) < event_usec(than) || fops_span_equal(event_pid(event), event_pid(than));
                uint64_t deadline = event->deadline_usec;
                int r;

                r = handle_event(p, event, !is_older, now_usec);
                if (r < 0)
                        return r;
                if (r == HANDLED_KEPT) {
                        event->deadline_usec = deadline;
                        p->stats.n_parked--;
                }
        }
        return 0;
}

static int handle_ready(FopsPipeline *p, uint64_t now_usec) {
        FopsEvent *event;
        int r;

        while ((event = fops_correlator_pop(p->correlator, now_usec))) {
                p->stats.n_events++;
                if (p->parked_oldest) {
                        r = release_older(p, event, now_usec);
                        if (r < 0) {
                                fops_correlator_recycle(p->correlator, event);
                                return r;
                        }
                }
                r = handle_event(p, event, true, now_usec);
                if (r >= 0 && p->parked_oldest && (r == HANDLED_LEARNT || p->n_parked > PARKED_MAX))
                        r = handle_parked(p, now_usec, false);
                if (r < 0)
                        return r;
        }
        if (p->parked_oldest && p->parked_oldest->deadline_usec <= now_usec) {
                r = handle_parked(p, now_usec, false);
                if (r < 0)
                        return r;
        }
        return publish_coalesced(p, now_usec, false);
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

int fops_pipeline_set_watches(FopsPipeline *p, const FopsWatchSet *watches) {
        /* What is held borrows from the old watches. */
        int r = publish_coalesced(p, 0, true);

        p->watches = watches;
        return r;
}

int fops_pipeline_flush(FopsPipeline *p) {
        int r;

        fops_correlator_flush(p->correlator);
        r = handle_ready(p, 0);
        if (r >= 0)
                r = handle_parked(p, 0, true);
        return r < 0 ? r : publish_coalesced(p, 0, true);
}

uint64_t fops_pipeline_next_deadline(const FopsPipeline *p) {
        uint64_t deadline = MIN(fops_correlator_next_deadline(p->correlator), fops_coalescer_next_deadline(&p->coalescer));

        return p->parked_oldest ? MIN(deadline, p->parked_oldest->deadline_usec) : deadline;
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
