/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Counters of every room into gaps. */

#include "losses.h"

#include "clock.h"

/* The kernel counts in its own ticks, which only its coarse clocks tell the length of. */
static uint64_t msec_from_ticks(uint64_t ticks) {
        struct timespec tick;

        clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
        return ticks * (uint64_t) tick.tv_nsec / 1000000;
}

static void count(Losses *l, uint64_t counts[static _GAP_CAUSE_MAX]) {
        FopsCorrelatorStats correlator = fops_pipeline_correlator_stats(l->pipeline);
        bool is_listener = intake_mode(l->intake) == FOPS_SOURCE_LISTENER;
        RingStats ring = intake_stats(l->intake);
        struct audit_status status;

        counts[GAP_KERNEL_LOST] = l->gaps.counts[GAP_KERNEL_LOST];
        counts[GAP_MISSING] = l->gaps.counts[GAP_MISSING];
        counts[GAP_WRITERS_WAITED] = l->gaps.counts[GAP_WRITERS_WAITED];
        if (fops_audit_control_get_status(l->control, &status) >= 0) {
                counts[GAP_KERNEL_LOST] = status.lost;
                counts[GAP_WRITERS_WAITED] = msec_from_ticks(status.backlog_wait_time_actual);
                /* While processes wait for room in the queue, events may be late. */
                if (status.backlog == 0)
                        counts[GAP_MISSING] = fops_serials_settle(intake_serials(l->intake));
        }
        counts[GAP_SOCKET_OVERRUN] = ring.n_overruns;
        /* A registered daemon's overrun loses nothing: the kernel keeps the record and comes again, and counts it lost if it can't. */
        if (!is_listener && !l->was_listener)
                l->gaps.counts[GAP_SOCKET_OVERRUN] = ring.n_overruns;
        l->was_listener = is_listener;
        counts[GAP_TRUNCATED] = ring.n_truncated;
        counts[GAP_MALFORMED] = fops_pipeline_stats(l->pipeline).n_malformed;
        counts[GAP_EVENT_EVICTED] = correlator.n_evicted;
        counts[GAP_EVENT_CUT] = correlator.n_truncated;
        counts[GAP_EVENT_TIMED_OUT] = correlator.n_timed_out;
        counts[GAP_JOURNAL] = publisher_n_failed(l->publisher);
}

static void keep_for_next_life(Losses *l) {
        RingNotes *notes = intake_notes(l->intake);

        notes->kernel_lost = l->gaps.counts[GAP_KERNEL_LOST];
        notes->n_overruns = l->gaps.counts[GAP_SOCKET_OVERRUN];
        notes->n_truncated = l->gaps.counts[GAP_TRUNCATED];
        notes->n_missing = l->gaps.counts[GAP_MISSING];
        notes->waited_msec = l->gaps.counts[GAP_WRITERS_WAITED];
}

void losses_begin(Losses *l, const IntakeOrigin *origin) {
        uint64_t counts[_GAP_CAUSE_MAX];

        count(l, counts);
        if (origin->has_predecessor) {
                counts[GAP_KERNEL_LOST] = origin->predecessor.kernel_lost;
                counts[GAP_SOCKET_OVERRUN] = origin->predecessor.n_overruns;
                counts[GAP_TRUNCATED] = origin->predecessor.n_truncated;
                counts[GAP_MISSING] = origin->predecessor.n_missing;
                counts[GAP_WRITERS_WAITED] = origin->predecessor.waited_msec;
        }
        gaps_init(&l->gaps, counts, clock_usec(CLOCK_REALTIME));
        keep_for_next_life(l);
}

bool losses_are_settled(const Losses *l) {
        const FopsSerials *serials = intake_serials(l->intake);

        return serials->first > serials->last || serials->first == 0;
}

bool losses_make_record(Losses *l) {
        RingNotes *notes = intake_notes(l->intake);
        uint32_t n_refused = intake_n_refused(l->intake);

        if (n_refused == notes->n_refused)
                return false;
        notes->n_refused = n_refused;
        fops_pipeline_own_changes_until(l->pipeline, UINT64_MAX);
        (void) fops_audit_control_touch(l->control);
        fops_pipeline_own_changes_until(l->pipeline, clock_usec(CLOCK_REALTIME));
        return true;
}

void losses_look(Losses *l) {
        uint64_t counts[_GAP_CAUSE_MAX];

        count(l, counts);
        gaps_look(&l->gaps, counts, clock_usec(CLOCK_REALTIME), l->publisher);
        keep_for_next_life(l);
}
