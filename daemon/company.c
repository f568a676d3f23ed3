/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The kernel refuses a second audit daemon, whatever the first would say to it, and records the attempt. So room is made after it:
 * the next attempt succeeds. Of a registered one's end there is a record only if it was in good order. */

#include "company.h"

#include <syslog.h>

#include "clock.h"
#include "instance.h"

/* Another audit daemon that stopped may only be restarting, and one that was refused is to be started again: so long the place is left
 * free. Until then fopsd listens. */
#define FREE_USEC (UINT64_C(20) * 1000000)

/* For the kernel to see that the other one is gone. */
#define CLEAR_USEC UINT64_C(200000)

bool company_hear(Company *c, const FopsAuditChange *change, FopsSourceMode mode) {
        if (mode != FOPS_SOURCE_AUTO || !change->is_refused || change->value == 0 || intake_registered_pid(c->intake) == 0 ||
            change->old != intake_registered_pid(c->intake) || !fops_span_equal(change->setting, FOPS_SPAN_LITERAL("audit_pid")))
                return false;
        c->is_asked = true;
        return true;
}

/* Has the place been free for long enough? */
static bool is_free(Company *c) {
        uint64_t now = clock_usec(CLOCK_MONOTONIC);
        struct audit_status status;

        instance_clear_dead_registration(c->control, CLEAR_USEC);
        if (fops_audit_control_get_status(c->control, &status) < 0)
                return false;
        if (status.pid != 0)
                c->free_since_usec = 0;
        else if (c->free_since_usec == 0)
                c->free_since_usec = now;
        return c->free_since_usec > 0 && now >= c->free_since_usec + FREE_USEC;
}

static int switch_to(Company *c, FopsSourceMode to) {
        int r;

        fops_pipeline_own_changes_until(c->pipeline, UINT64_MAX);
        r = intake_switch(c->intake, to, c->control);
        fops_pipeline_own_changes_until(c->pipeline, clock_usec(CLOCK_REALTIME));
        return r;
}

int company_look(Company *c, FopsSourceMode mode) {
        int r;

        if (mode != FOPS_SOURCE_AUTO)
                return 0;
        if (intake_mode(c->intake) == FOPS_SOURCE_LISTENER) {
                if (!is_free(c))
                        return 0;
                r = switch_to(c, FOPS_SOURCE_DAEMON);
                if (r > 0)
                        publisher_state(c->publisher, LOG_NOTICE, "registered",
                                        "the place of the audit daemon was free: fopsd is registered now");
                c->free_since_usec = 0; /* else: not before as long again */
        } else {
                if (!c->is_asked)
                        return 0;
                r = switch_to(c, FOPS_SOURCE_LISTENER);
                if (r > 0) {
                        c->is_asked = false;
                        publisher_state(c->publisher, LOG_NOTICE, "yielded",
                                        "another wants to be the audit daemon: fopsd listens now, and the place is free for %ju s",
                                        (uintmax_t) (FREE_USEC / 1000000));
                }
        }
        return r < 0 ? r : 0;
}
