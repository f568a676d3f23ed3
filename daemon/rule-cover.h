/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What shared rules cover in the kernel (target-group.h): anchors are made and removed, members made equivalent to them. */

#include "kernel-rules.h"
#include "rule-compiler.h"

/* Makes the anchors of @targets. False: nothing can be shared, since there is no place for them, or a rule that stays is on a directory
 * that holds them. */
bool rule_cover_begin(const FopsKernelRules *kernel, const FopsRules *wanted, const FopsTargets *targets);

/* A rule on @anchor was added: it covers no member yet. */
void rule_cover_forget(FopsTargets *targets, const FopsTarget *anchor);

/* Has the members covered that aren't. @errors: by target, the errno (negative) of those that the kernel refused; others are left alone. */
void rule_cover_targets(FopsAuditControl *c, FopsTargets *targets, int *errors);

bool rule_cover_is_of_anchor(const struct audit_rule_data *rule);

/* Removes the anchors that aren't those of @targets, once their rules are gone. */
void rule_cover_tidy(const FopsTargets *targets);

/* What is at @other, and mounted below it, is covered by the rules on directories above or at @path, ours and others'. 0 or -errno. */
int rule_cover_make_equivalent(FopsAuditControl *c, const char *path, const char *other);
