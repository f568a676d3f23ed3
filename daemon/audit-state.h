/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The kernel's audit settings as they were before fopsd, so that they are so again after it: also after a crash, for what was
 * found first is kept in a file in the runtime directory, which a reboot clears. */

#include "audit-control.h"
#include "config.h"

typedef struct AuditState {
        bool known;
        struct audit_status before;
        uint32_t changed; /* AUDIT_STATUS_* bits of what fopsd set */
        char *file;       /* NULL: nowhere to keep it */
} AuditState;

void audit_state_done(AuditState *s);

/* Takes what a crashed run left in the file, or else the kernel's state now. @directory: the runtime directory, or NULL.
 * Returns 0 or -errno of asking the kernel. */
int audit_state_begin(AuditState *s, FopsAuditControl *c, const char *directory);

/* Turns auditing on and sets what @config asks for, after writing down what was. Returns 0 or the kernel's -errno; -EPERM: locked. */
int audit_state_apply(AuditState *s, FopsAuditControl *c, const FopsConfig *config);

/* Puts back what was changed, and forgets. A lock can't be undone before a reboot. */
int audit_state_restore(AuditState *s, FopsAuditControl *c);
