/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Messages of the kernel into the pipeline, its entries to where they go, and back to the ring what is done with. */

#include "manager-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "clock.h"

/* What waits for more of its kind isn't waited for when it keeps this much of the ring from being used again. */
#define PERCENT_PRESSING 50U
/* A deadline need not be met to the microsecond. */
#define DEADLINE_ACCURACY_USEC UINT64_C(10000)

/* --- out of the ring ---------------------------------------------------------------------------------------------------- */

static int on_begin(void *userdata) {
        Manager *m = userdata;

        m->batch_usec = clock_usec(CLOCK_MONOTONIC);
        fops_pipeline_begin_batch(m->pipeline);
        return coverage_hear_moves(&m->coverage);
}

static int on_message(void *userdata, const RingMessage *message) {
        Manager *m = userdata;

        return fops_pipeline_push_kept(m->pipeline, message->type, message->text, message->position, message->replayed, m->batch_usec);
}

static int arm_deadline(Manager *m) {
        uint64_t deadline = fops_pipeline_next_deadline(m->pipeline);
        int r;

        if (sd_event_get_state(m->event) == SD_EVENT_FINISHED)
                return 0; /* draining */
        /* What is there to be read comes first, and then here again. */
        if (deadline == UINT64_MAX || publisher_is_blocked(m->publisher) || intake_is_behind(m->intake))
                return sd_event_source_set_enabled(m->deadline, SD_EVENT_OFF);
        r = sd_event_source_set_time(m->deadline, deadline);
        return r < 0 ? r : sd_event_source_set_enabled(m->deadline, SD_EVENT_ONESHOT);
}

/* Deadlines wait as the records do while journald takes nothing. */
static int advance(Manager *m) {
        int r = 0;

        if (!publisher_is_blocked(m->publisher))
                r = fops_pipeline_advance(m->pipeline, intake_read_until(m->intake));
        if (r >= 0 && intake_percent_used(m->intake) >= PERCENT_PRESSING)
                r = fops_pipeline_let_go(m->pipeline);
        return r;
}

static int go_on(Manager *m) {
        int r;

        r = advance(m);
        return r < 0 ? r : arm_deadline(m);
}

static int on_batch(void *userdata) {
        Manager *m = userdata;

        manager_feed_watchdog(m);
        return go_on(m);
}

static int on_deadline(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Manager *m = userdata;
        int r;

        r = go_on(m);
        return r < 0 ? manager_stop_with(m, r) : 0;
}

static void on_unblocked(void *userdata) {
        Manager *m = userdata;
        int r;

        r = intake_set_paused(m->intake, false);
        if (r >= 0)
                r = go_on(m);
        if (r < 0)
                (void) manager_stop_with(m, r);
}

/* The kernel is about to be asked for something. It may be the hundredth rule in a row: the watchdog is fed here too. */
static int on_request(void *userdata) {
        Manager *m = userdata;

        manager_feed_watchdog(m);
        return intake_relieve(m->intake);
}

/* --- through the pipeline ----------------------------------------------------------------------------------------------- */

static void on_change(void *userdata, const FopsAuditChange *change, const FopsOperation *who) {
        Manager *m = userdata;

        if (company_hear(&m->company, change, m->coverage.ruleset->config.source.mode) ||
            tamper_guard_hear(&m->tamper_guard, change, who))
                manager_look_soon(m);
}

static int on_entry(void *userdata, const FopsEntry *entry, const FopsOperation *op) {
        Manager *m = userdata;
        int r;

        r = publisher_publish(m->publisher, entry);
        if (op)
                status_count(&m->status, op);
        /* What isn't with journald yet isn't done with. */
        if (r >= 0 && publisher_is_blocked(m->publisher))
                r = intake_set_paused(m->intake, true);
        return r;
}

static void on_released(void *userdata, uint64_t cookie) {
        Manager *m = userdata;

        intake_done(m->intake, cookie);
}

static void on_new_tree(void *userdata, FopsInodeKey directory) {
        Manager *m = userdata;

        trees_add_unknown(m->coverage.trees, directory);
}

static void on_moved(void *userdata) {
        Manager *m = userdata;

        trees_follow_mounts(m->coverage.trees);
}

static bool on_operation(void *userdata, const FopsOperation *op) {
        Manager *m = userdata;

        return self_test_hear(&m->self_test, op);
}

/* --- set up ------------------------------------------------------------------------------------------------------------- */

int manager_open_intake(Manager *m, const FopsConfig *config, IntakeOrigin *ret_origin) {
        const IntakeHandlers handlers = { .begin = on_begin, .message = on_message, .batch = on_batch, .userdata = m };
        int r;

        r = intake_new(&m->hand_over, config->source.mode, config->source.buffer_bytes, &handlers, ret_origin, &m->intake);
        if (r >= 0)
                m->is_stored = intake_store(m->intake, ret_origin);
        return r;
}

int manager_set_up_pipeline(Manager *m) {
        FopsPipelineOptions options = {
                .correlator = FOPS_CORRELATOR_OPTIONS_DEFAULT,
                .world = &fops_world_live,
                .proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC),
                .self_pid = (uint32_t) getpid(),
                .serials = intake_serials(m->intake),
                .index = trees_index(m->coverage.trees),
                .new_tree = on_new_tree,
                .moved = on_moved,
                .changed = on_change,
                .observe = on_operation,
                .publish = on_entry,
                .userdata = m,
        };

        options.correlator.release = on_released;
        options.correlator.userdata = m;

        m->pipeline = fops_pipeline_new(&options);
        return m->pipeline ? 0 : -ENOMEM;
}

int manager_attach_flow(Manager *m) {
        int r;

        if ((r = sd_event_add_time(m->event, &m->deadline, CLOCK_MONOTONIC, UINT64_MAX, DEADLINE_ACCURACY_USEC, on_deadline, m)) < 0 ||
            (r = sd_event_source_set_enabled(m->deadline, SD_EVENT_OFF)) < 0 ||
            (r = publisher_attach(m->publisher, m->event, on_unblocked, m)) < 0 ||
            (r = intake_attach(m->intake, m->event)) < 0)
                return r;
        m->control.pace = on_request;
        m->control.userdata = m;
        return 0;
}
