/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A configuration into rules in the kernel. */

#include "ruleset.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

Ruleset *ruleset_free(Ruleset *r) {
        if (!r)
                return NULL;
        fops_watch_set_free(r->watch_set);
        fops_rules_done(&r->rules);
        fops_targets_done(&r->targets);
        free(r->errors);
        fops_config_done(&r->config);
        free(r);
        return NULL;
}

static int own_process(char exe[static PATH_MAX], FopsSelf *ret) {
        ssize_t n = readlink("/proc/self/exe", exe, PATH_MAX - 1);
        FILE *f = fopen("/proc/self/loginuid", "re");
        uint32_t auid = UINT32_MAX;

        if (f) {
                if (fscanf(f, "%u", &auid) != 1)
                        auid = UINT32_MAX;
                fclose(f);
        }
        if (n < 0)
                return -errno;
        exe[n] = '\0';
        *ret = (FopsSelf){ .exe = exe, .uid = (uint32_t) getuid(), .auid = auid };
        return 0;
}

/* Targets, rules and watch set of rs->config. */
static int build(Ruleset *rs, const FopsTarget *canary, FopsDiags *diags) {
        char exe[PATH_MAX];
        FopsSelf self;
        size_t n;
        int r;

        r = fops_targets_expand(rs->config.watches, rs->config.n_watches, &rs->targets, diags);
        if (r < 0)
                return r;
        r = own_process(exe, &self);
        if (r < 0)
                return r;
        r = fops_rules_compile(&rs->config, &rs->targets, &self, &rs->rules, diags);
        if (r != 0)
                return r;
        if (canary) {
                n = rs->rules.n_items;
                r = fops_rules_add_target(&rs->rules, canary);
                if (r < 0)
                        return r;
                /* Its singers are processes of ours. */
                fops_rules_put_in_front(&rs->rules, n);
        }
        rs->watch_set = fops_watch_set_new(&rs->targets);
        if (!rs->watch_set)
                return -ENOMEM;

        rs->errors = calloc(MAX(rs->targets.n_items, (size_t) 1), sizeof(int));
        if (!rs->errors)
                return -ENOMEM;

        for (size_t i = 0; i < rs->targets.n_items; i++)
                rs->n_pending += rs->targets.items[i].is_missing;
        return 0;
}

int ruleset_new(FopsConfig *config, const FopsTarget *canary, FopsDiags *diags, Ruleset **ret) {
        _cleanup_(ruleset_freep) Ruleset *rs = calloc(1, sizeof(Ruleset));
        int r;

        if (!rs) {
                fops_config_done(config);
                return -ENOMEM;
        }
        rs->config = *config;

        r = build(rs, canary, diags);
        if (r == 0)
                *ret = TAKE_PTR(rs);
        return r;
}

int ruleset_renew(Ruleset *old, const FopsTarget *canary, FopsDiags *diags, Ruleset **ret) {
        _cleanup_(ruleset_freep) Ruleset *rs = calloc(1, sizeof(Ruleset));
        int r;

        if (!rs)
                return -ENOMEM;
        rs->config = old->config;

        r = build(rs, canary, diags);
        if (r != 0) {
                fops_config_init(&rs->config); /* it is still @old's */
                return r;
        }

        fops_config_init(&old->config);
        *ret = TAKE_PTR(rs);
        return 0;
}

const FopsTarget *ruleset_find_armed(const Ruleset *r, const FopsTarget *target) {
        for (size_t i = 0; i < r->targets.n_items; i++) {
                const FopsTarget *t = r->targets.items + i;

                if (!t->is_missing && t->is_directory == target->is_directory && t->watch == target->watch &&
                    strcmp(t->path, target->path) == 0)
                        return t;
        }
        return NULL;
}

static void say_refused(Publisher *publisher, const FopsRule *rule, int error) {
        _cleanup_free_ char *text = fops_rule_data_to_string(rule->data);
        const char *what = rule->target ? rule->target->path : rule->config && rule->config->file ? rule->config->file : "fopsd itself";

        publisher_state(publisher, rule->optional ? LOG_NOTICE : LOG_ERR, rule->optional ? "unsupported" : "refused",
                        "the kernel refused a rule for %s: %s: %s", what, strerror(-error), text ? text : "?");
}

/* Not for the canary's, which is none of the configuration's targets. */
static void note_error(Ruleset *rs, const FopsTarget *target, int error) {
        if (target >= rs->targets.items && target < rs->targets.items + rs->targets.n_items)
                rs->errors[target - rs->targets.items] = error;
}

int ruleset_install(Ruleset *rs, FopsAuditControl *control, Publisher *publisher) {
        const FopsRule *said_optional = NULL;
        FopsRuleSync sync;
        size_t n_locked = 0;
        bool refused = false;
        int r;

        r = fops_rule_loader_sync(control, &rs->rules, &sync);
        if (r < 0)
                return r;

        memset(rs->errors, 0, rs->targets.n_items * sizeof(int));
        for (size_t i = 0; i < rs->rules.n_items; i++) {
                const FopsRule *rule = rs->rules.items + i;

                if (sync.errors[i] == 0)
                        continue;
                /* Of all rules alike. */
                if (sync.errors[i] == -EPERM) {
                        n_locked++;
                        continue;
                }
                /* An old kernel refuses the io_uring rule of every watch alike: once is enough. */
                if (rule->optional && said_optional)
                        continue;
                if (rule->optional)
                        said_optional = rule;
                else {
                        refused = true;
                        note_error(rs, rule->target, sync.errors[i]);
                }
                say_refused(publisher, rule, sync.errors[i]);
        }
        if (n_locked > 0 || (sync.n_stuck > 0 && sync.stuck_error == -EPERM)) {
                publisher_state(publisher, LOG_ERR, "locked",
                                "the kernel's rules are locked until the next boot: %zu can't be added, %zu can't be removed", n_locked,
                                sync.n_stuck);
                refused = true;
        } else if (sync.n_stuck > 0)
                publisher_state(publisher, LOG_ERR, "stuck", "%zu old rules of fopsd can't be removed: %s", sync.n_stuck,
                                strerror(-sync.stuck_error));

        fops_rule_sync_done(&sync);
        return refused;
}
