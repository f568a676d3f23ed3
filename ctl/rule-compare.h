/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Rules wanted against rules that the kernel has. Pure. */

#include "json-reader.h"
#include "kernel-rules.h"
#include "rule-compiler.h"

typedef enum RuleState {
        RULE_FOREIGN,     /* another's */
        RULE_OWN,         /* fopsd's, and of no file: for its own process, its canary, a watch for a time or of its command line; or about
                           * to go */
        RULE_INSTALLED,   /* wanted, and there */
        RULE_MISSING,     /* wanted, and not there */
        RULE_UNSUPPORTED, /* the same, but a kernel need not know such rules */
        RULE_UNWANTED,    /* fopsd's, and not wanted */
        _RULE_STATE_MAX,
} RuleState;

typedef struct ComparedRule {
        RuleState state;
        const struct audit_rule_data *data;
        const FopsRule *wanted; /* NULL: it isn't */
} ComparedRule;

typedef struct Comparison {
        ComparedRule *items; /* borrow from both sides */
        size_t n_items, n_differences;
} Comparison;

void comparison_done(Comparison *c);

/* @status (daemon-status.h; NULL: not known) tells of watches that are in no file.
 * In the order of @wanted and then what else the kernel has, or, @by_kernel, in the kernel's and then what it hasn't.
 * 0 or -ENOMEM. */
int rules_compare(const FopsRules *wanted, const FopsKernelRules *kernel, const FopsJson *status, bool by_kernel, Comparison *ret);
