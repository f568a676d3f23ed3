/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Each room's counters under a name of its own. */

#include "status.h"

#include <string.h>

#include "clock.h"
#include "json-writer.h"

void status_count(Status *s, const FopsOperation *op) {
        s->n_operations[op->op][op->outcome] += MAX(op->count, UINT64_C(1));
}

/* One word for all: the first that isn't as it should be. */
static const char *state_name(const Status *s, const struct audit_status *kernel) {
        if (kernel && kernel->enabled == 0)
                return "disabled"; /* auditing is off */
        if (publisher_is_blocked(s->publisher))
                return "blocked"; /* journald takes nothing */
        return trees_stats(s->coverage->trees).is_scanning ? "indexing" : "running";
}

/* --- watches ------------------------------------------------------------------------------------------------------------ */

static void print_watch_begin(FopsJsonWriter *w, const FopsWatch *watch, const char *path) {
        fops_json_open(w, NULL, '{');
        fops_json_string(w, "path", watch->path);
        if (path && strcmp(path, watch->path) != 0)
                fops_json_string(w, "target", path);
        fops_json_open(w, "keys", '[');
        for (char *const *key = watch->keys; *key; key++)
                fops_json_string(w, NULL, *key);
        fops_json_close(w, ']');
        if (watch->file) {
                fops_json_string(w, "file", watch->file);
                fops_json_u64(w, "line", watch->line);
        }
}

static void print_watch_end(FopsJsonWriter *w, const char *state, const char *reason) {
        fops_json_string(w, "state", state);
        if (reason)
                fops_json_string(w, "reason", reason);
        fops_json_close(w, '}');
}

typedef enum TargetState { ARMED, PENDING, REFUSED, _TARGET_STATE_MAX } TargetState;

static const char *const target_states[_TARGET_STATE_MAX] = { [ARMED] = "armed", [PENDING] = "pending", [REFUSED] = "refused" };

static TargetState target_state(const Ruleset *ruleset, size_t i) {
        return ruleset->errors[i] < 0 ? REFUSED : ruleset->targets.items[i].is_missing ? PENDING : ARMED;
}

static void print_target(FopsJsonWriter *w, const Ruleset *ruleset, size_t i) {
        const FopsTarget *target = ruleset->targets.items + i;
        TargetState state = target_state(ruleset, i);

        print_watch_begin(w, target->watch, target->path);
        print_watch_end(w, target_states[state],
                        state == REFUSED ? strerror(-ruleset->errors[i]) : state == PENDING ? "nothing is there" : NULL);
}

/* Targets stand in the order of their watches; a pattern has as many as it has matches. */
static void print_watches(FopsJsonWriter *w, const Ruleset *ruleset) {
        const FopsTargets *targets = &ruleset->targets;
        size_t t = 0;

        fops_json_open(w, "watches", '[');
        for (size_t i = 0; i < ruleset->config.n_watches; i++) {
                const FopsWatch *watch = ruleset->config.watches + i;
                size_t first = t;

                for (; t < targets->n_items && targets->items[t].watch == watch; t++)
                        print_target(w, ruleset, t);
                if (t == first) {
                        print_watch_begin(w, watch, NULL);
                        print_watch_end(w, "pending", "nothing matches");
                }
        }
        fops_json_close(w, ']');
}

static void print_coverage(FopsJsonWriter *w, const Status *s) {
        const Ruleset *ruleset = s->coverage->ruleset;
        uint64_t n[_TARGET_STATE_MAX] = {};

        for (size_t i = 0; i < ruleset->targets.n_items; i++)
                n[target_state(ruleset, i)]++;

        fops_json_open(w, "configuration", '{');
        fops_json_bool(w, "system", !s->options->config_file && s->options->n_watches == 0);
        fops_json_u64(w, "reloads", s->n_reloads);
        fops_json_u64(w, "refused", s->n_refused);
        fops_json_close(w, '}');

        fops_json_open(w, "targets", '{');
        for (TargetState state = 0; state < _TARGET_STATE_MAX; state++)
                fops_json_u64(w, target_states[state], n[state]);
        fops_json_close(w, '}');
        fops_json_u64(w, "rules", ruleset->rules.n_items);
        if (!s->coverage->is_unshared && !ruleset->config.kernel.lock)
                fops_json_u64(w, "generation", ruleset->generation);
        print_watches(w, ruleset);
}

/* --- counters ----------------------------------------------------------------------------------------------------------- */

static void print_operations(FopsJsonWriter *w, const Status *s) {
        fops_json_open(w, "operations", '{');
        for (FopsOp op = 0; op < _FOPS_OP_MAX; op++) {
                const uint64_t *n = s->n_operations[op];

                if (n[FOPS_OUTCOME_SUCCESS] + n[FOPS_OUTCOME_FAILED] + n[FOPS_OUTCOME_UNKNOWN] == 0)
                        continue;
                fops_json_open(w, fops_op_to_string(op), '{');
                fops_json_u64(w, "success", n[FOPS_OUTCOME_SUCCESS]);
                fops_json_u64(w, "failed", n[FOPS_OUTCOME_FAILED]);
                fops_json_u64(w, "unknown", n[FOPS_OUTCOME_UNKNOWN]);
                fops_json_close(w, '}');
        }
        fops_json_close(w, '}');
}

static void print_events(FopsJsonWriter *w, const Status *s) {
        FopsPipelineStats pipeline = fops_pipeline_stats(s->pipeline);
        FopsCorrelatorStats correlator = fops_pipeline_correlator_stats(s->pipeline);

        fops_json_open(w, "events", '{');
        fops_json_u64(w, "records", pipeline.n_records);
        fops_json_u64(w, "malformed", pipeline.n_malformed);
        fops_json_u64(w, "complete", correlator.n_events);
        fops_json_u64(w, "waiting", correlator.n_waiting);
        fops_json_u64(w, "operations", pipeline.n_operations);
        fops_json_u64(w, "foreign", pipeline.n_foreign);
        fops_json_u64(w, "filtered", pipeline.n_filtered);
        fops_json_u64(w, "published", pipeline.n_published);
        fops_json_close(w, '}');
}

static void print_gaps(FopsJsonWriter *w, const Status *s) {
        PublishedGap last = publisher_last_gap(s->publisher);

        fops_json_open(w, "lost", '{');
        for (GapCause c = 0; c < _GAP_CAUSE_MAX; c++)
                if (c != GAP_WRITERS_WAITED)
                        fops_json_u64(w, gap_cause_to_string(c), s->losses->gaps.told[c]);
        fops_json_close(w, '}');
        /* Milliseconds, of what isn't lost. */
        fops_json_seconds(w, "writers_waited_seconds", s->losses->gaps.told[GAP_WRITERS_WAITED] * 1000);

        if (!last.cause)
                return;
        fops_json_open(w, "last_gap", '{');
        fops_json_string(w, "cause", last.cause);
        if (last.count > 0)
                fops_json_u64(w, "count", last.count);
        fops_json_seconds(w, "from", last.from_usec);
        fops_json_seconds(w, "until", last.until_usec);
        fops_json_close(w, '}');
}

static void print_buffers(FopsJsonWriter *w, const Status *s) {
        RingStats ring = intake_stats(s->intake);

        fops_json_open(w, "ring", '{');
        fops_json_u64(w, "bytes", intake_ring_bytes(s->intake));
        fops_json_u64(w, "used_bytes", intake_ring_used_bytes(s->intake));
        fops_json_u64(w, "high_water_bytes", ring.high_water_bytes);
        fops_json_u64(w, "throttled", ring.n_throttled);
        fops_json_u64(w, "messages", ring.n_messages);
        fops_json_u64(w, "forged", ring.n_forged);
        fops_json_u64(w, "overruns", ring.n_overruns);
        fops_json_close(w, '}');

        fops_json_open(w, "journal", '{');
        fops_json_u64(w, "queued", publisher_n_queued(s->publisher));
        fops_json_u64(w, "failed", publisher_n_failed(s->publisher));
        fops_json_seconds(w, "blocked_seconds", publisher_blocked_usec(s->publisher));
        fops_json_close(w, '}');
}

static void print_paths(FopsJsonWriter *w, const Status *s) {
        FopsResolverStats resolver = fops_pipeline_resolver_stats(s->pipeline);
        TreesStats trees = trees_stats(s->coverage->trees);

        fops_json_open(w, "paths", '{');
        for (FopsPathSource source = 0; source <= FOPS_PATH_INDEX; source++)
                fops_json_u64(w, fops_path_source_to_string(source), resolver.n_by_source[source]);
        fops_json_close(w, '}');

        fops_json_open(w, "index", '{');
        fops_json_u64(w, "directories", trees.index.n_entries - trees.index.n_files);
        fops_json_u64(w, "files", trees.index.n_files);
        fops_json_u64(w, "max_entries", s->coverage->ruleset->config.index_max_entries);
        fops_json_u64(w, "bytes", trees.index.bytes);
        fops_json_u64(w, "evicted", trees.index.n_evicted);
        fops_json_u64(w, "refused", trees.index.n_refused);
        fops_json_bool(w, "scanning", trees.is_scanning);
        fops_json_u64(w, "scanned_directories", trees.scan.n_directories);
        fops_json_u64(w, "unreadable", trees.scan.n_failed);
        fops_json_close(w, '}');

        fops_json_open(w, "canary", '{');
        fops_json_seconds(w, "latency_seconds", s->self_test->canary.latency_usec);
        fops_json_close(w, '}');
}

static void print_kernel(FopsJsonWriter *w, const struct audit_status *kernel) {
        fops_json_open(w, "kernel", '{');
        fops_json_u64(w, "enabled", kernel->enabled);
        fops_json_u64(w, "pid", kernel->pid);
        fops_json_u64(w, "backlog", kernel->backlog);
        fops_json_u64(w, "backlog_limit", kernel->backlog_limit);
        fops_json_u64(w, "backlog_wait_time", kernel->backlog_wait_time);
        fops_json_u64(w, "rate_limit", kernel->rate_limit);
        fops_json_u64(w, "lost", kernel->lost);
        fops_json_close(w, '}');
}

static void print(void *userdata, FILE *f) {
        FopsJsonWriter w = { .f = f };
        Status *s = userdata;
        struct audit_status status;
        /* Not while it is so busy that one would have to wait. */
        const struct audit_status *kernel = fops_audit_control_get_status(s->control, &status) >= 0 ? &status : NULL;

        fops_json_open(&w, NULL, '{');
        fops_json_string(&w, "version", FOPS_VERSION);
        fops_json_u64(&w, "pid", (uint64_t) getpid());
        fops_json_string(&w, "state", state_name(s, kernel));
        fops_json_string(&w, "mode", intake_mode_name(s->intake));
        fops_json_seconds(&w, "since", s->since_usec);
        print_coverage(&w, s);
        print_operations(&w, s);
        print_events(&w, s);
        print_gaps(&w, s);
        print_buffers(&w, s);
        print_paths(&w, s);
        if (kernel)
                print_kernel(&w, kernel);
        fops_json_close(&w, '}');
        putc_unlocked('\n', f);
}

int status_open(Status *s, sd_event *event, const char *directory) {
        s->since_usec = clock_usec(CLOCK_REALTIME);
        return directory ? status_socket_new(event, directory, print, s, &s->socket) : -ENOENT;
}

void status_done(Status *s) {
        s->socket = status_socket_free(s->socket);
}
