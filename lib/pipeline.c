/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Records in, entries out: each room called in turn, the order of DESIGN in code. What a room counts as unusual is counted here
 * too; what breaks our own world (memory, the sink) goes up. */

#include "pipeline.h"

#include <libaudit.h>
#include <sys/stat.h>
#include <syslog.h>

#include "coalescer.h"
#include "index-feed.h"
#include "resolver-index.h"
#include "resolver-subvolume.h"
#include "rule-compiler.h"
#include "waiting.h"

/* An event may come before the one that made its directory: two processors, two ends of system calls. That is over within a few
 * milliseconds; a directory that isn't known by then won't be by waiting. */
#define PARK_USEC UINT64_C(50000)
/* Events that wait so at once; one more sends the oldest on. */
#define PARKED_MAX 256U

/* A name that was read in its directory is that of the event if nothing that had been done to the object by then is heard of later:
 * of what was over, the records come within this time. Less than PARK_USEC, as what is done in a new directory waits for it. */
#define SETTLE_USEC UINT64_C(20000)
/* Names that wait so at once: 12,800 a second. One more sends the oldest on without. */
#define SIGHTED_MAX 256U

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
        FopsWaitingQueue parked;  /* until their directory is known */
        FopsWaitingQueue sighted; /* until their name is certain */
        bool may_go;              /* some of the parked */
        uint64_t quiet_since_usec; /* UINT64_MAX: it isn't */
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
        fops_waiting_init(&p->parked);
        fops_waiting_init(&p->sighted);
        p->quiet_since_usec = UINT64_MAX;
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
        fops_waiting_done(&p->parked);
        fops_waiting_done(&p->sighted);
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
        if (p->options.index)
                fops_subvolumes_set_complete(fops_path_index_subvolumes(p->options.index), since_usec);
}

FopsNames *fops_pipeline_names(FopsPipeline *p) {
        return p->names;
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

void fops_pipeline_own_changes_until(FopsPipeline *p, uint64_t realtime_usec) {
        p->own_changes_until_usec = realtime_usec;
}

/* fopsd's own changes come back as events: of rules with its tag on them, of settings and the registration about when it made them.
 * @pid: who asked for it; 0: not known, which is so for fopsd itself too where a `never` rule is about it. */
static bool is_own_change(const FopsPipeline *p, const FopsEvent *event, const FopsAuditChange *change, uint32_t pid) {
        if (!change->is_request)
                return change->is_tagged;
        if (pid > 0 && p->options.self_pid > 0)
                return pid == p->options.self_pid;
        if (change->kind == FOPS_CHANGE_RULE_ADDED)
                return change->is_tagged;
        return (change->kind != FOPS_CHANGE_RULE_REMOVED || change->is_tagged) && fops_event_id_usec(event->id) <= p->own_changes_until_usec;
}

static bool is_change(const FopsPipeline *p, const FopsEvent *event, size_t i, const FopsOperation *op, FopsAuditChange *ret, bool *ret_own) {
        if (event->records[i].type != AUDIT_CONFIG_CHANGE)
                return false;
        *ret = fops_audit_change_read(event->records[i].body);
        *ret_own = is_own_change(p, event, ret, op ? op->pid : ret->pid);
        return true;
}

/* Is there a change of auditing in @event, and none that another made? @op: what its SYSCALL record says, or NULL. */
static bool has_own_changes_only(const FopsPipeline *p, const FopsEvent *event, const FopsOperation *op) {
        FopsAuditChange change;
        bool own = false;

        for (size_t i = 0; i < event->n_records; i++)
                if (is_change(p, event, i, op, &change, &own) && !own)
                        return false;
        return own;
}

/* Tells of each that another made, whatever becomes of the event. */
static void tell_changes(FopsPipeline *p, FopsEvent *event, FopsOperation *op) {
        FopsAuditChange change;
        bool own;

        for (size_t i = 0; i < event->n_records; i++) {
                FopsOperation who;

                if (!is_change(p, event, i, op, &change, &own) || own)
                        continue;
                if (op) {
                        attribute(p, op, &event->arena);
                        who = *op;
                } else
                        who = (FopsOperation){
                                .event = event, .pid = change.pid, .uid = change.uid, .gid = FOPS_ID_UNSET, .euid = FOPS_ID_UNSET,
                                .auid = change.auid, .session = change.session, .subj = change.subj, .new_uid = FOPS_ID_UNSET,
                                .new_gid = FOPS_ID_UNSET,
                        };
                p->options.changed(p->options.userdata, &change, &who);
        }
}

/* What the index and the resolver know counts as of the event; the index is as it is now, too new for those from before its scan. */
static void begin_to_ask(FopsPipeline *p, const FopsOperation *op) {
        p->resolver.index_is_complete = fops_event_id_usec(op->event->id) >= p->complete_since_usec;
        p->resolver.index_was_complete |= p->resolver.index_is_complete;
        if (p->options.index)
                fops_path_index_set_ahead(p->options.index, p->resolver.index_was_complete && !p->resolver.index_is_complete);
}

static void end_to_ask(FopsPipeline *p) {
        if (p->options.index)
                fops_path_index_set_ahead(p->options.index, false);
}

static bool names_directory(const FopsOperation *op, FopsInodeKey directory) {
        FopsInodeKey key;

        for (size_t i = 0; i < op->n_items; i++)
                if (op->items[i].nametype == FOPS_NAMETYPE_PARENT && fops_item_key(op->items + i, &key) &&
                    fops_inode_key_equal(key, directory))
                        return true;
        return false;
}

static bool names_known_directory(const FopsPipeline *p, const FopsOperation *op, bool *ret_names_any) {
        FopsInodeKey key;

        *ret_names_any = false;
        for (size_t i = 0; i < op->n_items; i++) {
                if (op->items[i].nametype != FOPS_NAMETYPE_PARENT || !fops_item_key(op->items + i, &key))
                        continue;
                if (fops_path_index_is_known(p->options.index, key) && !fops_path_index_is_ghost(p->options.index, key))
                        return true;
                *ret_names_any = true;
        }
        return false;
}

/* Does an operation of ours name directories by inode, and the index knows none of them? */
static bool is_early(FopsPipeline *p, const FopsOperation *op) {
        bool names_any, names_known;

        if (!p->options.index || !p->watches || !op->tag.data)
                return false;

        begin_to_ask(p, op);
        names_known = names_known_directory(p, op, &names_any);
        end_to_ask(p);
        return names_any && !names_known;
}

static void let_parked_go(FopsPipeline *p, FopsWaiting *w) {
        w->may_go = p->may_go = true;
}

/* @op made a directory known, or, if it moved one, perhaps many. */
static void let_go_what_waits_for(FopsPipeline *p, const FopsOperation *op) {
        bool is_new = op->op == FOPS_OP_MKDIR;
        FopsInodeKey key;

        if (is_new && !fops_item_key(op->object.item, &key))
                return;
        for (FopsWaiting *w = p->parked.oldest; w; w = w->newer)
                if (is_new ? names_directory(&w->operation, key) : !is_early(p, &w->operation))
                        let_parked_go(p, w);
}

static void find_new_tree(FopsPipeline *p, FopsInodeKey directory) {
        if (p->resolver.index_is_complete)
                fops_path_index_begin_scan(p->options.index);
        fops_path_index_forget_ghosts(p->options.index);
        if (p->options.new_tree)
                p->options.new_tree(p->options.userdata, directory);
}

/* In which subvolumes it was; where there may be new ones they are looked up first. */
static int tell_subvolumes(FopsPipeline *p, FopsOperation *op, FopsArena *arena) {
        FopsInodeKey top;
        int r;

        begin_to_ask(p, op);
        end_to_ask(p);
        r = fops_resolver_tell_subvolumes(&p->resolver, op, false, arena, &top);
        if (r <= 0)
                return r;
        find_new_tree(p, top);
        return MIN(fops_resolver_tell_subvolumes(&p->resolver, op, true, arena, &top), 0);
}

static int keep_index_true(FopsPipeline *p, FopsOperation *op) {
        FopsOutcome outcome = op->outcome;
        FopsFed fed;
        int r;

        if (!p->options.index)
                return 0;

        /* That the name is gone tells the index enough; not who did it. */
        if (fops_resolver_is_gone(&p->resolver, op))
                op->outcome = FOPS_OUTCOME_SUCCESS;
        r = fops_index_feed(p->options.index, op, &fed);
        op->outcome = outcome;
        if (r < 0)
                return r;

        for (size_t i = 0; i < fed.n_new_trees; i++)
                find_new_tree(p, fed.new_trees[i]);
        if (fed.learnt)
                let_go_what_waits_for(p, op);
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
typedef enum Handled { HANDLED, HANDLED_KEPT } Handled;

/* Publishes @op, if it is wanted. Returns HANDLED, HANDLED_KEPT (the event is held until others like it have come) or -errno. */
static int handle_operation(FopsPipeline *p, FopsEvent *event, FopsOperation *op, uint64_t now_usec) {
        if (p->watches) {
                /* Who is asked before it is decided whether anybody wants to know: filters may be about units. */
                bool ours = fops_tag_is_ours(op->tag);

                attribute(p, op, &event->arena);
                op->n_watches = fops_watch_set_match(p->watches, op, op->tag, op->watches);
                if (op->n_watches == 0 && !ours)
                        return has_own_changes_only(p, event, op) ? 0 : publish_foreign(p, event);
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

static int finish(FopsPipeline *p, FopsEvent *event, FopsOperation *op, uint64_t now_usec) {
        int r = handle_operation(p, event, op, now_usec);

        if (r != HANDLED_KEPT)
                fops_correlator_recycle(p->correlator, event);
        return MIN(r, 0);
}

/* Tells the index what is certain of @op while its new name isn't: a file that was renamed isn't where it was. */
static int keep_index_careful(FopsPipeline *p, FopsOperation *op) {
        int r;

        if (op->op == FOPS_OP_LINK)
                return 0;
        if (op->op != FOPS_OP_RENAME || S_ISDIR(op->new_object.item->mode))
                return keep_index_true(p, op);

        op->op = FOPS_OP_DELETE;
        r = keep_index_true(p, op);
        op->op = FOPS_OP_RENAME;
        return r;
}

/* Finds the paths of @op, as they are before it, and tells the index. Takes @event. */
static int go_on(FopsPipeline *p, FopsEvent *event, FopsOperation *op, uint64_t now_usec) {
        FopsSighting sighting;
        FopsWaiting *w;
        bool is_sighted;
        int r;

        begin_to_ask(p, op);
        fops_resolver_resolve(&p->resolver, op, p->watches ? fops_watch_set_directory(p->watches, op->tag) : FOPS_SPAN_ABSENT,
                              &event->arena);
        is_sighted = fops_resolver_sight(&p->resolver, op, &event->arena, &sighting);
        end_to_ask(p);

        r = is_sighted ? keep_index_careful(p, op) : keep_index_true(p, op);
        if (r >= 0 && !is_sighted)
                return finish(p, event, op, now_usec);
        if (r >= 0) {
                w = fops_waiting_add(&p->sighted, event, op, now_usec + SETTLE_USEC);
                if (w) {
                        w->sighting = sighting;
                        p->stats.n_sighted++;
                        return 0;
                }
                r = -ENOMEM;
        }
        fops_correlator_recycle(p->correlator, event);
        return r;
}

/* Those of the parked that may go on, oldest first, and those that may because of them. */
static int release_parked(FopsPipeline *p, uint64_t now_usec) {
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
                        p->stats.n_parked_in_vain += is_early(p, &w->operation);
                        r = go_on(p, w->event, &w->operation, now_usec);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* 0: io_uring's, which comes from any thread. */
static uint32_t caller(const FopsOperation *op) {
        return op->is_uring ? 0 : op->pid;
}

static bool is_made_by_sighted(const FopsPipeline *p, const FopsOperation *op) {
        for (const FopsWaiting *s = p->sighted.oldest; s; s = s->newer)
                if (names_directory(op, s->sighting.key))
                        return true;
        return false;
}

/* The event that made a directory began before any in it, and comes first if one process did both. What comes next, at @usec and
 * by @pid, makes, at most, another one of the same inode. */
static void let_older_go(FopsPipeline *p, uint64_t usec, uint32_t pid) {
        for (FopsWaiting *w = p->parked.oldest; w; w = w->newer)
                if ((w->usec < usec || (pid > 0 && caller(&w->operation) == pid)) && !is_made_by_sighted(p, &w->operation))
                        let_parked_go(p, w);
}

static void let_overdue_go(FopsPipeline *p, uint64_t now_usec) {
        for (FopsWaiting *w = p->parked.oldest; w && w->deadline_usec <= now_usec; w = w->newer)
                let_parked_go(p, w);
}

/* Takes the name of the one at @at for true, or not. */
static int settle(FopsPipeline *p, FopsWaiting **at, bool is_true, uint64_t now_usec) {
        FopsWaiting *w = fops_waiting_take(&p->sighted, at);
        int r;

        if (is_true)
                fops_resolver_believe(&p->resolver, &w->operation, &w->sighting);
        else
                p->stats.n_sighted_in_vain++;
        begin_to_ask(p, &w->operation);
        end_to_ask(p);
        r = keep_index_true(p, &w->operation);
        if (r >= 0)
                return finish(p, w->event, &w->operation, now_usec);
        fops_correlator_recycle(p->correlator, w->event);
        return r;
}

/* Did @op make or unmake a name of the object? */
static bool touches(const FopsOperation *op, FopsInodeKey object) {
        FopsInodeKey key;

        if (op->outcome == FOPS_OUTCOME_FAILED)
                return false;
        for (size_t i = 0; i < op->n_items; i++)
                if ((op->items[i].nametype == FOPS_NAMETYPE_CREATE || op->items[i].nametype == FOPS_NAMETYPE_DELETE) &&
                    fops_item_key(op->items + i, &key) && fops_inode_key_equal(key, object))
                        return true;
        return false;
}

/* What the next event, at @usec, says of the names that wait: @op, or NULL if it is no operation. */
static int settle_sighted(FopsPipeline *p, uint64_t usec, const FopsOperation *op, uint64_t now_usec) {
        for (FopsWaiting **at = &p->sighted.oldest; *at;) {
                const FopsSighting *sighting = &(*at)->sighting;
                bool is_touched = op && touches(op, sighting->key);
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

/* Nothing is to be expected any more that was done before. */
static int settle_quiet(FopsPipeline *p, uint64_t now_usec) {
        int r = 0;

        while (r >= 0 && p->sighted.oldest && p->quiet_since_usec != UINT64_MAX && now_usec >= p->quiet_since_usec + SETTLE_USEC &&
               now_usec >= p->sighted.oldest->deadline_usec)
                r = settle(p, &p->sighted.oldest, true, now_usec);
        return r;
}

/* A new one, read already if it is an operation. Takes @event. */
static int handle_read(FopsPipeline *p, FopsEvent *event, FopsOperation *op, uint64_t now_usec) {
        int r = 0;

        if (p->options.changed)
                tell_changes(p, event, op);
        if (!op)
                r = p->watches && has_own_changes_only(p, event, NULL) ? 0 : publish_foreign(p, event);
        else if (!p->options.observe || !op->tag.data || !p->options.observe(p->options.userdata, op)) {
                if (!is_early(p, op))
                        return go_on(p, event, op, now_usec);
                if (fops_waiting_add(&p->parked, event, op, now_usec + PARK_USEC)) {
                        p->stats.n_parked++;
                        return 0;
                }
                r = -ENOMEM;
        }
        fops_correlator_recycle(p->correlator, event);
        return r;
}

static int handle_event(FopsPipeline *p, FopsEvent *event, uint64_t now_usec) {
        uint64_t usec = fops_event_id_usec(event->id);
        FopsOperation op;
        bool is_operation;
        int r;

        r = fops_operation_from_event(event, p->syscalls, &op);
        is_operation = r == FOPS_OPERATION_OK;
        if (is_operation)
                r = tell_subvolumes(p, &op, &event->arena);
        if (r >= 0)
                r = settle_sighted(p, usec, is_operation ? &op : NULL, now_usec);
        if (r >= 0) {
                let_older_go(p, usec, is_operation ? caller(&op) : 0);
                r = release_parked(p, now_usec);
        }
        if (r < 0) {
                fops_correlator_recycle(p->correlator, event);
                return r;
        }

        r = handle_read(p, event, is_operation ? &op : NULL, now_usec);
        if (p->parked.n > PARKED_MAX)
                let_parked_go(p, p->parked.oldest);
        if (r >= 0 && p->sighted.n > SIGHTED_MAX)
                r = settle(p, &p->sighted.oldest, false, now_usec);
        return r < 0 ? r : release_parked(p, now_usec);
}

static int handle_ready(FopsPipeline *p, uint64_t now_usec) {
        FopsEvent *event;
        int r;

        while ((event = fops_correlator_pop(p->correlator, now_usec))) {
                p->stats.n_events++;
                r = handle_event(p, event, now_usec);
                if (r < 0)
                        return r;
        }

        r = settle_quiet(p, now_usec);
        if (r < 0)
                return r;
        let_overdue_go(p, now_usec);
        r = release_parked(p, now_usec);
        return r < 0 ? r : publish_coalesced(p, now_usec, false);
}

static int push_record(FopsPipeline *p, const FopsRecord *record, uint64_t now_usec) {
        int r;

        p->stats.n_records++;
        if (p->options.serials)
                fops_serials_hear(p->options.serials, record->id.serial);
        p->quiet_since_usec = UINT64_MAX;
        r = fops_correlator_push(p->correlator, record, now_usec);
        if (r < 0)
                return r;
        return handle_ready(p, now_usec);
}

int fops_pipeline_push_kept(FopsPipeline *p, uint16_t type, FopsSpan text, uint64_t cookie, bool replayed, uint64_t now_usec) {
        FopsRecordDiag diag;
        FopsRecord record;

        if (fops_record_parse(type, text, &record, &diag) != FOPS_RECORD_OK) {
                p->stats.n_malformed++;
                if (p->options.correlator.release && cookie > 0)
                        p->options.correlator.release(p->options.correlator.userdata, cookie);
                return 0;
        }
        record.cookie = cookie;
        record.replayed = replayed;
        return push_record(p, &record, now_usec);
}

int fops_pipeline_push(FopsPipeline *p, uint16_t type, FopsSpan text, uint64_t now_usec) {
        return fops_pipeline_push_kept(p, type, text, 0, false, now_usec);
}

void fops_pipeline_begin_batch(FopsPipeline *p) {
        fops_process_table_begin_batch(p->processes);
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
        p->quiet_since_usec = MIN(p->quiet_since_usec, now_usec);
        return handle_ready(p, now_usec);
}

int fops_pipeline_let_go(FopsPipeline *p) {
        int r;

        let_overdue_go(p, UINT64_MAX);
        r = release_parked(p, 0);
        while (r >= 0 && p->sighted.oldest)
                r = settle(p, &p->sighted.oldest, false, 0);
        return r < 0 ? r : publish_coalesced(p, 0, true);
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
        return r < 0 ? r : fops_pipeline_let_go(p);
}

uint64_t fops_pipeline_next_deadline(const FopsPipeline *p) {
        uint64_t deadline = MIN(fops_correlator_next_deadline(p->correlator), fops_coalescer_next_deadline(&p->coalescer));
        uint64_t quiet = p->quiet_since_usec != UINT64_MAX ? p->quiet_since_usec + SETTLE_USEC : 0;

        if (p->parked.oldest)
                deadline = MIN(deadline, p->parked.oldest->deadline_usec);
        if (p->sighted.oldest)
                deadline = MIN(deadline, MAX(quiet, p->sighted.oldest->deadline_usec));
        return deadline;
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
