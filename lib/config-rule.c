/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One group of `rules` into a FopsRuleConfig, which is what `auditctl -a` takes in words:
 *
 *   { syscalls = ["ptrace"]; fields = ["auid>=1000", "auid!=unset"]; key = "ptrace"; }
 *
 * What the words mean is the rule compiler's to know: each rule is compiled once here, so that a wrong system call or
 * field is an error with a line, and thrown away. */

#include "config-internal.h"
#include "rule-compiler.h"

const char *const fops_config_list_names[] = { "exit", "task", "user", "exclude", "filesystem", "io_uring", NULL };

static const char *const actions[] = { "always", "never", NULL };

static bool check_list(FopsConfigLoader *l, FopsConfigPosition at, const char *name, FopsSpan value) {
        const char *nearest = fops_config_nearest(fops_config_list_names, value);

        if (fops_span_equal_string(value, nearest))
                return true;
        fops_config_error(l, at, "%s cannot be %s, did you mean '%s'?", name, fops_config_quote(l, value), nearest);
        return false;
}

static const FopsConfigSetting rule_settings[] = {
        { "action", fops_config_read_choice, FOPS_CONFIG_MEMBER(FopsRuleConfig, never), .words = actions },
        { "list", fops_config_read_string, FOPS_CONFIG_MEMBER(FopsRuleConfig, list), .check = check_list },
        { "arch", fops_config_read_strings, FOPS_CONFIG_MEMBER(FopsRuleConfig, archs) },
        { "syscalls", fops_config_read_strings, FOPS_CONFIG_MEMBER(FopsRuleConfig, syscalls), .numbers_too = true },
        { "fields", fops_config_read_strings, FOPS_CONFIG_MEMBER(FopsRuleConfig, fields) },
        { "compare", fops_config_read_strings, FOPS_CONFIG_MEMBER(FopsRuleConfig, compares) },
        { "key", fops_config_read_strings, FOPS_CONFIG_MEMBER(FopsRuleConfig, keys), .scalar_too = true,
          .check = fops_config_check_key },
        {},
};

void fops_config_rule_done(FopsRuleConfig *r) {
        free(r->list);
        fops_config_list_free(r->archs);
        fops_config_list_free(r->syscalls);
        fops_config_list_free(r->fields);
        fops_config_list_free(r->compares);
        fops_config_list_free(r->keys);
        free(r->file);
        *r = (FopsRuleConfig){};
}

void fops_config_add_rule(FopsConfigLoader *l, FopsConfigPosition at, FopsRuleConfig *rule) {
        _cleanup_(fops_rules_done) FopsRules compiled = {};
        FopsConfig *c = &l->config;
        int r;

        if (!fops_config_check_keys(l, at, rule->keys))
                return;
        if (!rule->list)
                rule->list = fops_config_copy(l, FOPS_SPAN_LITERAL("exit"));
        rule->file = fops_config_copy(l, fops_span_from_string(at.file));
        rule->line = at.line;
        if (!rule->list || !rule->file)
                return;

        r = fops_rules_add_config(&compiled, rule, l->diags);
        if (r < 0)
                l->error = r;
        if (r > 0)
                l->n_said[FOPS_ERROR]++;
        if (r != 0)
                return;
        if (rule->never && strcmp(rule->list, "task") == 0 && !rule->fields)
                fops_config_note(l, at,
                                 "this rule hides every process that starts from now on: nothing it does is recorded");

        if (!fops_config_grow(l, &c->rules, c->n_rules, sizeof(FopsRuleConfig)))
                return;
        c->rules[c->n_rules++] = *rule;
        *rule = (FopsRuleConfig){};
}

void fops_config_read_rule(FopsConfigLoader *l, const config_setting_t *group, void *target _unused_) {
        FopsConfigPosition at = fops_config_position(l, group);
        size_t n_errors = l->n_said[FOPS_ERROR];
        FopsRuleConfig rule = {};

        fops_config_read_settings(l, rule_settings, group, &rule);
        if (config_setting_length(group) == 0)
                fops_config_error(l, at, "a rule without settings matches every system call");
        if (l->n_said[FOPS_ERROR] == n_errors)
                fops_config_add_rule(l, at, &rule);
        fops_config_rule_done(&rule);
}
