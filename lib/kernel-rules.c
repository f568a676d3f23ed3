/* SPDX-License-Identifier: GPL-2.0-or-later */

/* AUDIT_LIST_RULES into copies of its answers. */

#include "kernel-rules.h"

#include <string.h>

void fops_kernel_rules_done(FopsKernelRules *k) {
        for (size_t i = 0; i < k->n_items; i++)
                free(k->items[i]);
        free(k->items);
        *k = (FopsKernelRules){};
}

static int collect_rule(void *userdata, uint16_t type, const void *payload, size_t size) {
        FopsKernelRules *k = userdata;
        struct audit_rule_data *rule;

        if (type != AUDIT_LIST_RULES || size < sizeof(*rule))
                return 0;

        /* Grows at powers of two; the count itself says when. */
        if ((k->n_items & (k->n_items - 1)) == 0) {
                struct audit_rule_data **items = reallocarray(k->items, k->n_items ? k->n_items * 2 : 1, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                k->items = items;
        }

        rule = malloc(size);
        if (!rule)
                return -ENOMEM;
        memcpy(rule, payload, size);
        if (rule->buflen > size - sizeof(*rule) || rule->field_count > AUDIT_MAX_FIELDS) {
                free(rule);
                return -EBADMSG;
        }
        k->items[k->n_items++] = rule;
        return 0;
}

int fops_kernel_rules_list(FopsAuditControl *c, FopsKernelRules *ret) {
        _cleanup_(fops_kernel_rules_done) FopsKernelRules k = {};
        int r;

        r = fops_audit_control_query(c, AUDIT_LIST_RULES, collect_rule, &k);
        if (r < 0)
                return r;
        *ret = k;
        k = (FopsKernelRules){};
        return 0;
}
