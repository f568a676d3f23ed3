/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A writer that found the kernel's queue full can miss its being emptied: audit_log_start() looks at the queue before it is on the
 * wait queue, and if no record comes after its own it sleeps for all of backlog_wait_time, a minute, with the queue empty. Any
 * record wakes it; so after a while of work one is made, by setting what is set already. */

#include "writers.h"

#include "clock.h"

/* More than what waking made: the least backlog limit in use. */
#define WORK_MESSAGES 64U
/* Of the ring. These records would push others out while the queue is in use. */
#define PERCENT_BUSY 50U

void writers_look(Writers *w) {
        uint64_t n_messages = intake_stats(w->intake).n_messages;
        struct audit_status status;

        if (n_messages - w->n_messages > WORK_MESSAGES)
                w->may_sleep = true;
        w->n_messages = n_messages;

        /* If the registration is another's, this process would wait like any writer. */
        if (!w->may_sleep || intake_mode(w->intake) != FOPS_SOURCE_DAEMON || intake_percent_used(w->intake) >= PERCENT_BUSY ||
            fops_audit_control_get_status(w->control, &status) < 0 || status.backlog > 0)
                return;
        w->may_sleep = false;
        status.mask = AUDIT_STATUS_BACKLOG_WAIT_TIME;
        (void) fops_audit_control_set_status(w->control, &status);
        fops_pipeline_own_changes_until(w->pipeline, clock_usec(CLOCK_REALTIME));
}
