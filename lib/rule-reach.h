/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a rule of another's can take away from ours. Pure. */

#include <linux/audit.h>

#include "target-group.h"

/* True unless it can be ruled out that one event matches both: another list, ABI, system call, or place in the file system. One of ours
 * that is shared is where the members of its group in @targets are; of a group that isn't there, anywhere. */
bool fops_rules_can_meet(const struct audit_rule_data *another, const struct audit_rule_data *ours, const FopsTargets *targets);

/* True if the rule is of the list `exclude`, and keeps records of @type out, of whichever process. */
bool fops_rule_excludes(const struct audit_rule_data *rule, uint32_t type);
