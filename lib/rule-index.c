/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Hashes in order, and a binary search. */

#include "rule-index.h"

#include "rule-compiler.h"

static uint64_t hash_rule(const struct audit_rule_data *rule) {
        uint64_t hash = fops_hash_continue(FOPS_HASH_INIT, rule->buf, rule->buflen);

        hash = fops_hash_continue(hash, rule->fields, rule->field_count * sizeof(rule->fields[0]));
        hash = fops_hash_continue(hash, rule->values, rule->field_count * sizeof(rule->values[0]));
        return fops_hash_continue(hash, rule->mask, sizeof(rule->mask));
}

static int compare_items(const void *a, const void *b) {
        const FopsRuleIndexItem *x = a, *y = b;

        return (x->hash > y->hash) - (x->hash < y->hash);
}

int fops_rule_index_init(FopsRuleIndex *x, struct audit_rule_data *const *rules, size_t n_rules) {
        FopsRuleIndexItem *items = calloc(MAX(n_rules, (size_t) 1), sizeof(FopsRuleIndexItem));

        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < n_rules; i++)
                items[i] = (FopsRuleIndexItem){ hash_rule(rules[i]), i };
        qsort(items, n_rules, sizeof(FopsRuleIndexItem), compare_items);
        *x = (FopsRuleIndex){ .rules = rules, .items = items, .n_items = n_rules };
        return 0;
}

void fops_rule_index_done(FopsRuleIndex *x) {
        free(x->items);
        *x = (FopsRuleIndex){};
}

bool fops_rule_index_find(const FopsRuleIndex *x, const struct audit_rule_data *rule, size_t *ret_position) {
        uint64_t hash = hash_rule(rule);
        size_t lo = 0, hi = x->n_items;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;

                if (x->items[mid].hash < hash)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        for (; lo < x->n_items && x->items[lo].hash == hash; lo++)
                if (fops_rule_data_equal(x->rules[x->items[lo].position], rule)) {
                        *ret_position = x->items[lo].position;
                        return true;
                }
        return false;
}
