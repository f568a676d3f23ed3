/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The life of fopsd: start, work, end. Or, when it is only to be restarted, no end: socket and ring stay in systemd's descriptor
 * store, the rules in the kernel, and the next life goes on from there. */

#include "manager-parts.h"

#include <errno.h>
#include <unistd.h>

#include "clock.h"

static void manager_done(Manager *m) {
        sd_event_source_unref(m->deadline);
        sd_event_source_unref(m->look);
        status_done(&m->status);
        intake_free(m->intake);
        hand_over_done(&m->hand_over);
        alive_done(&m->alive);
        fops_pipeline_free(m->pipeline);
        guests_free(m->guests);
        coverage_done(&m->coverage);
        tamper_guard_done(&m->tamper_guard);
        publisher_free(m->publisher);
        self_test_done(&m->self_test, m->is_restart);
        fops_audit_control_done(&m->control);
        if (m->instance_fd >= 0)
                close(m->instance_fd);
        sd_event_unref(m->event);
}

int manager_run(const Options *options, FopsConfig *config) {
        _cleanup_(manager_done) Manager m = {
                .options = options, .started_usec = clock_usec(CLOCK_MONOTONIC), .control.fd = -EBADF, .instance_fd = -EBADF,
                .hand_over = hand_over_receive(), .alive = ALIVE_NONE,
        };
        int r;

        r = manager_start(&m, config);
        if (r == 0) {
                r = sd_event_loop(m.event);
                if (r >= 0)
                        r = m.failure;
                if (r == -EPIPE)
                        r = 0; /* the reader has seen enough */
                else if (r < 0) {
                        m.failure = manager_fail(r, "working");
                        m.is_restart = m.is_stored;
                }
        }

        manager_end(&m);
        return r;
}
