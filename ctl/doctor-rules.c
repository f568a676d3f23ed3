/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Rules of others that take events away from fopsd's, and rules of fopsd's that aren't there. In the kernel the first match wins. */

#include <linux/audit.h>
#include <stdio.h>

#include "examination.h"
#include "rule-compare.h"
#include "rule-reach.h"
#include "target-group.h"

static bool cannot_list(Examination *e) {
        if (e->rules_error >= 0)
                return false;
        finding_add(e, VERDICT_UNKNOWN, NULL, "the kernel can't be asked for its rules: %s", strerror(-e->rules_error));
        return true;
}

/* @format has two %s: the rule, and @more. */
static void add_rule(Examination *e, const struct audit_rule_data *rule, const char *text, size_t n) {
        _cleanup_free_ char *form = fops_rule_data_to_string(rule), *mend = NULL;

        /* "-a never,task" is removed by "-d never,task". */
        if (!form || asprintf(&mend, "auditctl -d%s, and take it out of /etc/audit/rules.d", form + strlen("-a")) < 0)
                mend = NULL;
        if (n > 0)
                finding_add(e, VERDICT_PROBLEM, mend, "%s, from %zu of fopsd's rules: %s", text, n, form ? form : "?");
        else
                finding_add(e, VERDICT_PROBLEM, mend, "%s: %s", text, form ? form : "?");
}

static uint32_t list_of(const struct audit_rule_data *rule) {
        return rule->flags & ~(uint32_t) AUDIT_FILTER_PREPEND;
}

static bool is_foreign(const struct audit_rule_data *rule) {
        return !fops_span_is_present(fops_rule_data_tag(rule));
}

void check_never_task(Examination *e) {
        if (cannot_list(e))
                return;
        for (size_t i = 0; i < e->rules.n_items; i++) {
                const struct audit_rule_data *rule = e->rules.items[i];

                if (list_of(rule) == AUDIT_FILTER_TASK && rule->action == AUDIT_NEVER)
                        add_rule(e, rule,
                                 rule->field_count == 0 ? "processes started while there is this rule are never audited, not even later"
                                                        : "processes that match this rule when they are started are never audited",
                                 0);
        }
}

static bool is_wanted_known(const Examination *e) {
        return e->config_error == 0 && e->is_ours;
}

static void add_unknown(Examination *e, const char *what) {
        finding_add(e, VERDICT_UNKNOWN, NULL, "%s isn't known: %s", what,
                    e->config_error != 0 ? "the configuration has errors" : "fopsd isn't running on this configuration");
}

/* Is it known where it holds? Who shares one that isn't wanted, isn't. */
static bool has_known_places(const Examination *e, const struct audit_rule_data *ours) {
        FopsSpan path = fops_rule_data_path(ours);
        uint32_t generation;

        return !fops_anchor_generation(path, &generation) ||
               (is_wanted_known(e) && fops_targets_find_group(&e->wanted.targets, path));
}

/* Of the same list, in front of one of fopsd's. */
void check_never_rules(Examination *e) {
        bool any_unknown = false;

        if (cannot_list(e))
                return;
        for (size_t i = 0; i < e->rules.n_items; i++) {
                const struct audit_rule_data *rule = e->rules.items[i];
                size_t n = 0;

                if (rule->action != AUDIT_NEVER || !is_foreign(rule))
                        continue;
                for (size_t j = i + 1; j < e->rules.n_items; j++) {
                        const struct audit_rule_data *ours = e->rules.items[j];

                        if (is_foreign(ours) || ours->action != AUDIT_ALWAYS || !fops_rules_can_meet(rule, ours, &e->wanted.targets))
                                continue;
                        if (has_known_places(e, ours))
                                n++;
                        else
                                any_unknown = true;
                }
                if (n > 0)
                        add_rule(e, rule, "a rule of another's hides what it matches", n);
                else if (list_of(rule) == AUDIT_FILTER_FS)
                        add_rule(e, rule, "a rule of another's keeps the paths of a file system out", 0);
        }
        /* What isn't wanted any more is about to go. */
        if (any_unknown && !is_wanted_known(e))
                add_unknown(e, "what shares fopsd's rules");
}

void check_excluded_records(Examination *e) {
        static const uint32_t needed[] = { AUDIT_SYSCALL,   AUDIT_PATH, AUDIT_CWD, AUDIT_EXECVE,
                                           AUDIT_PROCTITLE, AUDIT_EOE,  1336 /* URINGOP */ };

        if (cannot_list(e))
                return;
        for (size_t i = 0; i < e->rules.n_items; i++)
                for (size_t j = 0; j < ELEMENTSOF(needed); j++)
                        if (fops_rule_excludes(e->rules.items[i], needed[j])) {
                                add_rule(e, e->rules.items[i], "records that fopsd needs are kept out", 0);
                                break;
                        }
}

void check_missing_rules(Examination *e) {
        size_t n[_RULE_STATE_MAX] = {};
        Comparison c;

        if (cannot_list(e))
                return;
        if (!is_wanted_known(e)) {
                add_unknown(e, "what is wanted");
                return;
        }
        if (rules_compare(&e->wanted.rules, &e->rules, e->status.json, false, &c) < 0)
                return;
        for (size_t i = 0; i < c.n_items; i++)
                n[c.items[i].state]++;
        comparison_done(&c);

        if (n[RULE_MISSING] + n[RULE_UNWANTED] > 0)
                finding_add(e, VERDICT_PROBLEM,
                            "systemctl reload fopsd; then see fopsctl rules, and journalctl -t fopsd FOPSD_STATE=refused",
                            "%zu rules are wanted and not in the kernel, %zu are there and not wanted", n[RULE_MISSING], n[RULE_UNWANTED]);
        if (n[RULE_UNSUPPORTED] > 0)
                finding_add(e, VERDICT_PROBLEM, "Linux 5.16 or later; or sysctl kernel.io_uring_disabled=2 where there is that (6.6)",
                            "this kernel has no rules for io_uring: what is done through it isn't recorded");
}
