/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "rule-compare.h"

#include "rule-index.h"
#include "target-group.h"

/* Where fopsd.service has its runtime directory, and fopsd without it. */
#define CANARY_PATH "/run/fopsd/canary"

void comparison_done(Comparison *c) {
        free(c->items);
        *c = (Comparison){};
}

static bool is_of_no_file(const FopsJson *status, FopsSpan path) {
        _cleanup_(fops_arena_done) FopsArena arena = {};
        const FopsJson *watches = fops_json_member(status, "watches");

        for (const FopsJson *w = watches ? watches->first : NULL; w; w = w->next)
                if (!fops_json_member(w, "file") && (fops_span_equal(fops_json_bytes(fops_json_member(w, "path"), &arena), path) ||
                                                     fops_span_equal(fops_json_bytes(fops_json_member(w, "target"), &arena), path)))
                        return true;
        return false;
}

/* A running fopsd replaces those of an older generation, and lets them go a moment later. */
static bool is_of_older_generation(const FopsJson *status, FopsSpan path) {
        const FopsJson *now = fops_json_member(status, "generation");
        uint32_t generation;

        return now && fops_anchor_generation(path, &generation) && generation < fops_json_number(now);
}

static RuleState state_of_kernels(const struct audit_rule_data *data, const FopsRule *wanted, const FopsJson *status) {
        FopsSpan tag = fops_rule_data_tag(data), path = fops_rule_data_path(data);

        if (wanted)
                return RULE_INSTALLED;
        if (!fops_span_is_present(tag))
                return RULE_FOREIGN;
        if (fops_span_equal_string(tag, FOPS_TAG_SELF) || fops_span_equal_string(path, CANARY_PATH) || is_of_older_generation(status, path))
                return RULE_OWN;
        return fops_span_is_present(path) && is_of_no_file(status, path) ? RULE_OWN : RULE_UNWANTED;
}

static void add(Comparison *c, RuleState state, const struct audit_rule_data *data, const FopsRule *wanted) {
        c->items[c->n_items++] = (ComparedRule){ .state = state, .data = data, .wanted = wanted };
        c->n_differences += state == RULE_MISSING || state == RULE_UNWANTED;
}

/* Each wanted rule's place in the kernel's list, and the other way round; -1: none. */
static int match(const FopsRules *wanted, const FopsKernelRules *kernel, ssize_t *in_kernel, ssize_t *in_wanted) {
        _cleanup_(fops_rule_index_done) FopsRuleIndex index = {};
        size_t k;
        int r;

        r = fops_rule_index_init(&index, kernel->items, kernel->n_items);
        if (r < 0)
                return r;
        for (k = 0; k < kernel->n_items; k++)
                in_wanted[k] = -1;
        for (size_t i = 0; i < wanted->n_items; i++) {
                in_kernel[i] = -1;
                /* Two watches can come to the same rule: then both are there. */
                if (fops_rule_index_find(&index, wanted->items[i].data, &k)) {
                        in_kernel[i] = (ssize_t) k;
                        in_wanted[k] = (ssize_t) i;
                }
        }
        return 0;
}

int rules_compare(const FopsRules *wanted, const FopsKernelRules *kernel, const FopsJson *status, bool by_kernel, Comparison *ret) {
        _cleanup_free_ ssize_t *in_kernel = calloc(wanted->n_items + 1, sizeof(ssize_t));
        _cleanup_free_ ssize_t *in_wanted = calloc(kernel->n_items + 1, sizeof(ssize_t));
        Comparison c = { .items = calloc(wanted->n_items + kernel->n_items + 1, sizeof(ComparedRule)) };

        if (!in_kernel || !in_wanted || !c.items || match(wanted, kernel, in_kernel, in_wanted) < 0) {
                comparison_done(&c);
                return -ENOMEM;
        }

        for (size_t pass = 0; pass < 2; pass++)
                if ((pass == 0) == by_kernel)
                        for (size_t k = 0; k < kernel->n_items; k++) {
                                const FopsRule *rule = in_wanted[k] >= 0 ? wanted->items + in_wanted[k] : NULL;

                                if (by_kernel || !rule)
                                        add(&c, state_of_kernels(kernel->items[k], rule, status), kernel->items[k], rule);
                        }
                else
                        for (size_t i = 0; i < wanted->n_items; i++) {
                                const FopsRule *rule = wanted->items + i;
                                RuleState state = in_kernel[i] >= 0 ? RULE_INSTALLED : rule->optional ? RULE_UNSUPPORTED : RULE_MISSING;

                                if (state != RULE_INSTALLED || !by_kernel)
                                        add(&c, state, rule->data, rule);
                        }
        *ret = c;
        return 0;
}
