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

static bool places_can_meet(const struct audit_rule_data *a, const struct audit_rule_data *b) {
        FopsSpan x = fops_rule_data_path(a), y = fops_rule_data_path(b);

        return !fops_span_is_present(x) || !fops_span_is_present(y) || fops_path_is_below(x, y) || fops_path_is_below(y, x);
}

bool fops_rules_can_meet(const struct audit_rule_data *a, const struct audit_rule_data *b) {
        return fops_rule_data_list(a) == fops_rule_data_list(b) && archs_can_meet(a, b) && calls_can_meet(a, b) && places_can_meet(a, b);
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
