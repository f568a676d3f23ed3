/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The audit status from before, in memory and as one line of a file:
 *   enabled=0 failure=1 rate_limit=0 backlog_limit=64 backlog_wait_time=15000 changed=1 */

#include "audit-state.h"

#include <libaudit.h>
#include <stdio.h>
#include <string.h>

#define STATE_FORMAT "enabled=%u failure=%u rate_limit=%u backlog_limit=%u backlog_wait_time=%u changed=%u\n"

/* audit_enabled in kernel/audit.h: off, on, and on without a way back. */
enum { ENABLED_OFF = 0, ENABLED_ON = 1, ENABLED_LOCKED = 2 };

void audit_state_done(AuditState *s) {
        free(s->file);
        *s = (AuditState){};
}

static bool read_file(AuditState *s) {
        struct audit_status *b = &s->before;
        FILE *f = s->file ? fopen(s->file, "re") : NULL;
        int n;

        if (!f)
                return false;
        n = fscanf(f, STATE_FORMAT, &b->enabled, &b->failure, &b->rate_limit, &b->backlog_limit, &b->backlog_wait_time, &s->changed);
        fclose(f);
        return n == 6;
}

/* Whole or not at all: a torn file would be worse than none. */
static void write_file(const AuditState *s) {
        const struct audit_status *b = &s->before;
        _cleanup_free_ char *temporary = NULL;
        FILE *f;

        if (!s->file)
                return;
        if (asprintf(&temporary, "%s.new", s->file) < 0) {
                temporary = NULL;
                return;
        }
        f = fopen(temporary, "we");
        if (!f)
                return;
        fprintf(f, STATE_FORMAT, b->enabled, b->failure, b->rate_limit, b->backlog_limit, b->backlog_wait_time, s->changed);
        if (fclose(f) != 0 || rename(temporary, s->file) < 0)
                unlink(temporary);
}

int audit_state_begin(AuditState *s, FopsAuditControl *c, const char *directory) {
        int r;

        if (directory && asprintf(&s->file, "%s/audit-state", directory) < 0) {
                s->file = NULL;
                return -ENOMEM;
        }

        if (!read_file(s)) {
                s->changed = 0;
                r = fops_audit_control_get_status(c, &s->before);
                if (r < 0)
                        return r;
        }
        s->known = true;
        return 0;
}

static int set(AuditState *s, FopsAuditControl *c, struct audit_status *wanted) {
        if (wanted->mask == 0)
                return 0;
        if ((wanted->mask & ~s->changed) != 0) {
                s->changed |= wanted->mask;
                write_file(s);
        }
        return fops_audit_control_set_status(c, wanted);
}

int audit_state_apply(AuditState *s, FopsAuditControl *c, const FopsConfig *config) {
        struct audit_status now, wanted = {};
        int r;

        r = fops_audit_control_get_status(c, &now);
        if (r < 0)
                return r;

        if (config->kernel.backlog_limit >= 0 && now.backlog_limit != (uint32_t) config->kernel.backlog_limit) {
                wanted.mask |= AUDIT_STATUS_BACKLOG_LIMIT;
                wanted.backlog_limit = (uint32_t) config->kernel.backlog_limit;
        }
        if (config->kernel.backlog_wait_time >= 0 && now.backlog_wait_time != (uint32_t) config->kernel.backlog_wait_time) {
                wanted.mask |= AUDIT_STATUS_BACKLOG_WAIT_TIME;
                wanted.backlog_wait_time = (uint32_t) config->kernel.backlog_wait_time;
        }
        if (config->kernel.rate_limit >= 0 && now.rate_limit != (uint32_t) config->kernel.rate_limit) {
                wanted.mask |= AUDIT_STATUS_RATE_LIMIT;
                wanted.rate_limit = (uint32_t) config->kernel.rate_limit;
        }
        if (config->kernel.failure != FOPS_FAILURE_UNSET && now.failure != (uint32_t) config->kernel.failure) {
                wanted.mask |= AUDIT_STATUS_FAILURE;
                wanted.failure = (uint32_t) config->kernel.failure;
        }
        if (now.enabled == ENABLED_OFF) {
                wanted.mask |= AUDIT_STATUS_ENABLED;
                wanted.enabled = ENABLED_ON;
        }
        return set(s, c, &wanted);
}

int audit_state_restore(AuditState *s, FopsAuditControl *c) {
        struct audit_status now, wanted = s->before;
        int r = 0;

        if (s->known && s->changed != 0) {
                r = fops_audit_control_get_status(c, &now);
                if (r >= 0 && now.enabled != ENABLED_LOCKED) {
                        wanted.mask = s->changed;
                        r = fops_audit_control_set_status(c, &wanted);
                }
        }
        if (r >= 0) {
                s->changed = 0;
                if (s->file)
                        unlink(s->file);
        }
        return r;
}
