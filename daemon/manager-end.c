/* SPDX-License-Identifier: GPL-2.0-or-later */

/* On the way out: rules first, then what the kernel still holds, then the registration. */

#include "manager-parts.h"

#include <signal.h>
#include <syslog.h>

#include "clock.h"
#include "instance.h"
#include "notify.h"
#include "rule-loader.h"

/* How long to go on reading what the kernel, the socket and the ring still hold. A full ring of 64 MiB is some 30,000
 * events, two seconds' work; the largest that can be configured takes under a minute. */
#define DRAIN_USEC (UINT64_C(120) * 1000000)
/* How long to wait for journald: it is restarted within seconds. */
#define FLUSH_USEC (UINT64_C(30) * 1000000)
/* For the kernel to see that the registered process is gone: its socket is being closed. */
#define LEAVE_PLACE_USEC (UINT64_C(5) * 1000000)

int manager_stop_with(Manager *m, int error) {
        m->failure = error;
        return sd_event_exit(m->event, 0);
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info _unused_, void *userdata) {
        Manager *m = userdata;

        m->is_restart = hand_over_is_restart();
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

int manager_attach_end(Manager *m) {
        int r;

        r = sd_event_add_signal(m->event, NULL, SIGTERM, on_end, m);
        return r < 0 ? r : sd_event_add_signal(m->event, NULL, SIGINT, on_end, m);
}

/* Another life follows: the rules stay, the records queue on the socket, and what is in the ring of incomplete events is left to it. */
static void leave(Manager *m) {
        bool clean = m->failure >= 0 && fops_pipeline_let_go(m->pipeline) >= 0 &&
                     publisher_flush(m->publisher, FLUSH_USEC) >= 0 && publisher_attach(m->publisher, NULL, NULL, NULL) >= 0;

        losses_look(&m->losses);
        tamper_guard_end(&m->tamper_guard);
        publisher_state(m->publisher, LOG_INFO, "leaving", "fopsd leaves to its next life: %ju operations so far",
                        (uintmax_t) fops_pipeline_stats(m->pipeline).n_operations);
        intake_leave(m->intake, clean);
        alive_done(&m->alive);
}

void manager_end(Manager *m) {
        FopsPipelineStats stats;

        (void) notify("STOPPING=1");
        if (!m->owns_rules)
                return;
        if (m->is_restart && m->intake && m->pipeline && m->event) {
                leave(m);
                return;
        }

        if (m->intake && m->pipeline) {
                (void) publisher_flush(m->publisher, FLUSH_USEC);
                (void) publisher_attach(m->publisher, NULL, NULL, NULL);
        }
        if (m->pipeline)
                fops_pipeline_own_changes_until(m->pipeline, UINT64_MAX);
        (void) fops_rule_loader_remove_all(&m->control, NULL);
        if (m->intake && m->pipeline) {
                /* Records that the kernel made before the rules went are still ours. */
                intake_drain(m->intake, &m->control, DRAIN_USEC);
                if (losses_make_record(&m->losses))
                        intake_drain(m->intake, &m->control, DRAIN_USEC);
                (void) fops_pipeline_flush(m->pipeline);
                /* All has had its time: what isn't there by now doesn't come. */
                (void) fops_serials_settle(intake_serials(m->intake));
                losses_look(&m->losses);
                tamper_guard_end(&m->tamper_guard);

                stats = fops_pipeline_stats(m->pipeline);
                publisher_state(m->publisher, LOG_INFO, "stopped", "fopsd stopped: %ju operations, %ju foreign events",
                                (uintmax_t) stats.n_operations, (uintmax_t) stats.n_foreign);
        }
        if (m->intake)
                intake_end(m->intake);
        m->control.pace = NULL;
        instance_clear_dead_registration(&m->control, LEAVE_PLACE_USEC);
        coverage_restore_settings(&m->coverage);
        alive_end(&m->alive);
}
