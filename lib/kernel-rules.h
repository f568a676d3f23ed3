/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The rules that the kernel has, ours and others'. */

#include "audit-control.h"

typedef struct FopsKernelRules {
        struct audit_rule_data **items; /* owned, each; in the kernel's order, in which the first match wins */
        size_t n_items;
} FopsKernelRules;

void fops_kernel_rules_done(FopsKernelRules *k);

/* Asks for them. 0 or -errno; *@ret is untouched on failure. */
int fops_kernel_rules_list(FopsAuditControl *c, FopsKernelRules *ret);
