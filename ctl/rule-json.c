/* SPDX-License-Identifier: GPL-2.0-or-later */

/* "rule":"-a always,exit …","watch":"/srv/data","file":"/etc/fopsd.conf","line":3 */

#include "rule-json.h"

#include "target-group.h"

static void print_members(FopsJsonWriter *w, const FopsTargets *targets, const FopsTargetGroup *g) {
        fops_json_open(w, "shared_by", '[');
        for (size_t i = 0; i < g->n_members; i++)
                fops_json_string(w, NULL, targets->items[g->members[i]].path);
        fops_json_close(w, ']');
}

void rule_print_json(FopsJsonWriter *w, const char *text, const FopsRule *wanted, const FopsTargets *targets) {
        const FopsTarget *target = wanted ? wanted->target : NULL;
        const FopsWatch *watch = target && !target->is_anchor ? target->watch : NULL;
        const FopsRuleConfig *config = wanted ? wanted->config : NULL;

        fops_json_string(w, "rule", text);
        if (watch)
                fops_json_string(w, "watch", watch->path);
        if (target && target->is_anchor)
                print_members(w, targets, target->group);
        if (watch || config) {
                fops_json_string(w, "file", watch ? watch->file : config->file);
                fops_json_u64(w, "line", watch ? watch->line : config->line);
        }
}
