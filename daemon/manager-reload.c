/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What is watched changes: with the configuration file, with who asks for watches, with the file system. */

#include "manager-parts.h"

#include <signal.h>
#include <syslog.h>

#include "clock.h"
#include "notify.h"

void manager_say_ready(Manager *m, const char *state) {
        const Ruleset *ruleset = m->coverage.ruleset;

        fops_pipeline_own_changes_until(m->pipeline, clock_usec(CLOCK_REALTIME));
        publisher_state(m->publisher, LOG_INFO, state, "fopsd %s: %zu %s, %zu rules in the kernel, as %s", state,
                        ruleset->config.n_watches, ruleset->config.n_watches == 1 ? "watch" : "watches", ruleset->rules.n_items,
                        intake_mode_name(m->intake));
        coverage_say_pending(&m->coverage);
}

int manager_on_coverage_changed(void *userdata, int error) {
        Manager *m = userdata;

        if (error < 0)
                return manager_stop_with(m, error);
        m->is_status_due = true;
        return 0;
}

static int on_reload(sd_event_source *source _unused_, const struct signalfd_siginfo *info _unused_, void *userdata) {
        Manager *m = userdata;
        int r;

        (void) notify("RELOADING=1\nMONOTONIC_USEC=%ju", (uintmax_t) clock_usec(CLOCK_MONOTONIC));
        r = coverage_reload(&m->coverage, m->options);
        if (r > 0) {
                m->status.n_reloads++;
                manager_say_ready(m, "reloaded");
        } else
                m->status.n_refused++;
        m->is_ready_due = true;
        manager_notify(m);
        return r < 0 ? manager_stop_with(m, r) : 0;
}

int manager_on_guests_changed(void *userdata) {
        Manager *m = userdata;
        int r;

        r = coverage_reload(&m->coverage, m->options);
        if (r > 0)
                manager_say_ready(m, "reloaded");
        m->is_status_due = true;
        return r < 0 ? manager_stop_with(m, r) : r == 0;
}

int manager_attach_reload(Manager *m) {
        return sd_event_add_signal(m->event, NULL, SIGHUP, on_reload, m);
}
