/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A record of type CONFIG_CHANGE that isn't of our making, into a look at what it left. */

#include "tamper-guard.h"

#include "clock.h"

/* No fight: at most so many restorations in this time. */
#define RESTORATIONS_MAX 10U
#define RESTORATIONS_USEC (UINT64_C(60) * 1000000)

bool tamper_guard_hear(TamperGuard *g, const FopsEntry *entry) {
        if (entry->kind != FOPS_KIND_RECORD || !fops_span_equal(fops_entry_get(entry, "FOPSD_RECORD_TYPE"), FOPS_SPAN_LITERAL("CONFIG_CHANGE")))
                return false;
        g->is_due = true;
        return true;
}

void tamper_guard_see_on(TamperGuard *g) {
        g->seen_on_usec = clock_usec(CLOCK_REALTIME);
}

/* Back to what it was, if that is wanted. */
static bool may_restore(TamperGuard *g, const FopsConfig *config) {
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (!config->tamper_restore)
                return false;
        if (now > g->restorations_usec + RESTORATIONS_USEC) {
                g->restorations_usec = now;
                g->n_restorations = 0;
        }
        if (g->n_restorations++ == RESTORATIONS_MAX)
                publisher_tamper(g->publisher, "fight", "another goes on changing auditing; for a minute it is left so");
        return g->n_restorations <= RESTORATIONS_MAX;
}

/* Auditing is off. True if it is on again. */
static bool turn_on(TamperGuard *g, const FopsConfig *config) {
        const struct audit_status on = { .mask = AUDIT_STATUS_ENABLED, .enabled = 1 };
        uint64_t seen_usec = g->seen_on_usec;

        if (seen_usec > 0)
                publisher_tamper(g->publisher, "disabled", "auditing was turned off by another");
        if (!may_restore(g, config)) {
                g->seen_on_usec = 0;
                return false;
        }
        if (fops_audit_control_set_status(g->control, &on) < 0)
                return false;
        publisher_gap(g->publisher, "auditing was off", 0, seen_usec, clock_usec(CLOCK_REALTIME));
        return true;
}

int tamper_guard_look(TamperGuard *g, const Ruleset *ruleset) {
        uint64_t seen_usec = g->seen_on_usec;
        struct audit_status status;
        FopsRuleSync sync;
        int r;

        if (!g->is_due || fops_audit_control_get_status(g->control, &status) < 0)
                return 0; /* the kernel is busy; later */
        g->is_due = false;
        if (status.enabled == 0 && !turn_on(g, &ruleset->config))
                return 0;
        tamper_guard_see_on(g);
        fops_pipeline_own_changes_until(g->pipeline, g->seen_on_usec);

        if (ruleset->rules.n_items == 0 || !may_restore(g, &ruleset->config))
                return 0;
        r = fops_rule_loader_sync(g->control, &ruleset->rules, &sync);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        if (sync.n_installed > 0) {
                publisher_tamper(g->publisher, "rules", "rules of fopsd were removed by another; they are back");
                publisher_gap(g->publisher, "rules were missing", 0, seen_usec, clock_usec(CLOCK_REALTIME));
        } else if (g->n_restorations > 0)
                g->n_restorations--; /* nothing to restore */
        fops_rule_sync_done(&sync);
        return 0;
}
