/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Finds a rule among thousands by what it says. */

#include <linux/audit.h>

#include "util.h"

typedef struct FopsRuleIndexItem {
        uint64_t hash;
        size_t position; /* in the list that it was made of */
} FopsRuleIndexItem;

typedef struct FopsRuleIndex {
        struct audit_rule_data *const *rules; /* borrowed */
        FopsRuleIndexItem *items;
        size_t n_items;
} FopsRuleIndex;

/* Of all of @rules. 0 or -ENOMEM. */
int fops_rule_index_init(FopsRuleIndex *x, struct audit_rule_data *const *rules, size_t n_rules);
void fops_rule_index_done(FopsRuleIndex *x);

/* True with *@ret_position for one that says the same (fops_rule_data_equal()). */
bool fops_rule_index_find(const FopsRuleIndex *x, const struct audit_rule_data *rule, size_t *ret_position);
