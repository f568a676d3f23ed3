/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "rule-reach.h"

#include "path.h"
#include "rule-internal.h"

static bool find_field(const struct audit_rule_data *rule, uint32_t field, FopsRuleField *ret) {
        FopsRuleFieldReader reader = { .rule = rule };

        while (fops_rule_field_next(&reader, ret))
                if (ret->field == field)
                        return true;
        return false;
}

static bool archs_can_meet(const struct audit_rule_data *a, const struct audit_rule_data *b) {
        FopsRuleField x, y;

        return !find_field(a, AUDIT_ARCH, &x) || !find_field(b, AUDIT_ARCH, &y) || x.op != AUDIT_EQUAL || y.op != AUDIT_EQUAL ||
               x.value == y.value;
}

/* With and without -S all; the highest bits are classes, of which who knows. */
static bool calls_can_meet(const struct audit_rule_data *a, const struct audit_rule_data *b) {
        for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++)
                if (a->mask[i] & b->mask[i])
                        return true;
        for (unsigned nr = FOPS_SYSCALL_NR_MAX + 1; nr < AUDIT_BITMASK_SIZE * 32; nr++)
                if (fops_rule_data_has_bit(a, nr) || fops_rule_data_has_bit(b, nr))
                        return true;
        return false;
}

static bool places_can_meet(FopsSpan a, FopsSpan b) {
        return !fops_span_is_present(a) || !fops_span_is_present(b) || fops_path_is_below(a, b) || fops_path_is_below(b, a);
}

static bool can_meet_place(FopsSpan place, FopsSpan ours, const FopsTargets *targets) {
        const FopsTargetGroup *group = fops_targets_find_group(targets, ours);
        uint32_t generation;

        if (!group)
                return fops_anchor_generation(ours, &generation) || places_can_meet(place, ours);
        for (size_t i = 0; i < group->n_members; i++)
                if (places_can_meet(place, fops_span_from_string(targets->items[group->members[i]].path)))
                        return true;
        return false;
}

bool fops_rules_can_meet(const struct audit_rule_data *another, const struct audit_rule_data *ours, const FopsTargets *targets) {
        return fops_rule_data_list(another) == fops_rule_data_list(ours) && archs_can_meet(another, ours) &&
               calls_can_meet(another, ours) && can_meet_place(fops_rule_data_path(another), fops_rule_data_path(ours), targets);
}

static bool compare(uint32_t left, uint32_t op, uint32_t right) {
        switch (op) {
        case AUDIT_EQUAL:
                return left == right;
        case AUDIT_NOT_EQUAL:
                return left != right;
        case AUDIT_LESS_THAN:
                return left < right;
        case AUDIT_LESS_THAN_OR_EQUAL:
                return left <= right;
        case AUDIT_GREATER_THAN:
                return left > right;
        case AUDIT_GREATER_THAN_OR_EQUAL:
                return left >= right;
        default:
                return true;
        }
}

bool fops_rule_excludes(const struct audit_rule_data *rule, uint32_t type) {
        FopsRuleFieldReader reader = { .rule = rule };
        FopsRuleField f;

        if (fops_rule_data_list(rule) != AUDIT_FILTER_EXCLUDE)
                return false;
        while (fops_rule_field_next(&reader, &f))
                if (f.field == AUDIT_MSGTYPE && !compare(type, f.op, f.value))
                        return false;
        return true;
}
