/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a CONFIG_CHANGE record says was changed of auditing itself. Pure. */

#include "correlator.h"

typedef enum FopsChangeKind {
        FOPS_CHANGE_SETTING,      /* op=set audit_enabled=0 old=1 */
        FOPS_CHANGE_RULE_ADDED,   /* op=add_rule key=… list=4 */
        FOPS_CHANGE_RULE_REMOVED, /* op=remove_rule key=… list=4 */
        FOPS_CHANGE_TRIMMED,      /* op=trim: what was made equivalent to a watched directory isn't any more */
        FOPS_CHANGE_OTHER,
} FopsChangeKind;

typedef struct FopsAuditChange {
        FopsChangeKind kind;
        FopsSpan setting;    /* as the kernel names it, "audit_enabled", "lost"; absent for rules. Borrowed from the record */
        uint32_t value, old; /* of the setting */
        bool is_refused;     /* it was tried only */
        bool is_request;     /* a process asked for it; else the kernel did it by itself, for want of a rule's object */
        bool is_tagged;      /* a rule of fopsd's */
        bool is_of_anchor;   /* … that is shared: its object was nobody's to remove (target-group.h) */
        uint32_t pid;        /* of the process; 0: the record doesn't say, a SYSCALL record beside it may */
        uint32_t uid, auid, session; /* FOPS_ID_UNSET: unset, or not said */
        FopsSpan subj;
} FopsAuditChange;

/* @body of a CONFIG_CHANGE record. */
FopsAuditChange fops_audit_change_read(FopsSpan body);
