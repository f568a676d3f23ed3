/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Every room has its look at what may have happened since, and systemd is told how things are. */

#include "manager-parts.h"

#include "clock.h"
#include "notify.h"

/* How often losses are looked for and the status line is renewed, if anything happened at all. */
#define LOOK_USEC (UINT64_C(2) * 1000000)
#define LOOK_OVERLOADED_USEC UINT64_C(50000)
/* After a change by another: what belongs together is over by then (journald opens its audit socket and sets the flag). */
#define LOOK_SOON_USEC UINT64_C(100000)

void manager_look_soon(Manager *m) {
        if (sd_event_get_state(m->event) != SD_EVENT_FINISHED)
                (void) sd_event_source_set_time(m->look, clock_usec(CLOCK_MONOTONIC) + LOOK_SOON_USEC);
}

void manager_notify(Manager *m) {
        FopsPipelineStats stats = fops_pipeline_stats(m->pipeline);
        const Ruleset *ruleset = m->coverage.ruleset;
        uint64_t latency_usec = m->self_test.canary.latency_usec;
        int r;

        r = notify("%sSTATUS=%s: %zu targets armed, %zu pending, %zu rules; %ju operations, %ju foreign events, %ju lost by the kernel; "
                   "latency %ju.%ju ms",
                   m->is_ready_due ? "READY=1\n" : "", intake_mode_name(m->intake), ruleset->targets.n_items - ruleset->n_pending,
                   ruleset->n_pending, ruleset->rules.n_items, (uintmax_t) stats.n_operations, (uintmax_t) stats.n_foreign,
                   (uintmax_t) m->losses.gaps.counts[GAP_KERNEL_LOST], (uintmax_t) latency_usec / 1000,
                   (uintmax_t) latency_usec / 100 % 10);
        m->is_status_due = r == -EAGAIN;
        m->is_ready_due &= m->is_status_due;
}

/* After a gap, a directory may be elsewhere than the index has it, and all that is in it. The trees are looked through once more; while gap
 * follows upon gap, only when that is over. */
static int look_for_gaps(Manager *m) {
        uint64_t n = m->losses.gaps.n_unheard + m->tamper_guard.n_unheard;
        bool had_some = m->is_unheard;
        int r = 0;

        m->is_unheard = n != m->n_unheard_looked;
        m->n_unheard_looked = n;
        if (m->is_unheard)
                r = coverage_forget_trees(&m->coverage);
        return r >= 0 && m->is_unheard != had_some ? coverage_scan(&m->coverage) : r;
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        uint64_t n_messages = intake_stats(m->intake).n_messages;
        int r;

        alive_touch(&m->alive);
        r = coverage_look(&m->coverage, intake_ring_used_bytes(m->intake) == 0);
        if (r >= 0)
                r = tamper_guard_look(&m->tamper_guard, m->coverage.ruleset);
        if (r == -EXDEV)
                r = coverage_unshare(&m->coverage);
        if (r >= 0)
                r = company_look(&m->company, m->coverage.ruleset->config.source.mode);
        if (r < 0)
                return manager_stop_with(m, r);
        self_test_look(&m->self_test, m->coverage.ruleset->config.canary.interval_usec);
        writers_look(&m->writers);
        (void) losses_make_record(&m->losses);
        if (n_messages != m->n_messages_looked || !losses_are_settled(&m->losses)) {
                m->n_messages_looked = n_messages;
                losses_look(&m->losses);
                m->is_status_due = true;
        }
        if (m->is_ready_due || m->is_status_due)
                manager_notify(m);
        r = look_for_gaps(m);
        if (r < 0)
                return manager_stop_with(m, r);

        r = sd_event_source_set_time(source, usec + (m->coverage.is_due ? LOOK_OVERLOADED_USEC :
                                                     m->tamper_guard.n_deeds > 0 ? LOOK_SOON_USEC : LOOK_USEC));
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int manager_attach_look(Manager *m) {
        int r;

        r = sd_event_add_time(m->event, &m->look, CLOCK_MONOTONIC, m->started_usec + LOOK_OVERLOADED_USEC, 0, on_look, m);
        /* A fopsd that looks after nothing is to be started again. */
        return r < 0 ? r : sd_event_source_set_exit_on_failure(m->look, true);
}
