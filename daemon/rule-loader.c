/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Wanted rules and the kernel's list into the fewest additions and removals:
 *   wanted A B C, kernel F A X B   →   add C, remove X; F is somebody else's
 * New before old, so that a watch which changes is never without a rule. The kernel refuses a rule that it has already
 * (EEXIST), so nothing is installed twice, and nothing that is there need be reinstalled, but for the order of subvolumes' rules, and of
 * those that have to stay in front of never rules. */

#include "rule-loader.h"

#include <string.h>

#include "covered.h"
#include "kernel-rules.h"
#include "path.h"
#include "rule-cover.h"
#include "rule-index.h"

void fops_rule_sync_done(FopsRuleSync *s) {
        free(s->errors);
        free(s->target_errors);
        *s = (FopsRuleSync){};
}

static int change_rule(FopsAuditControl *c, uint16_t type, const struct audit_rule_data *rule) {
        return fops_audit_control_command(c, type, rule, fops_rule_data_size(rule));
}

/* Puts a copy with PREPEND into the kernel. */
static int add_in_front(FopsAuditControl *c, const struct audit_rule_data *rule) {
        _cleanup_free_ struct audit_rule_data *copy = malloc(fops_rule_data_size(rule));

        if (!copy)
                return -ENOMEM;
        memcpy(copy, rule, fops_rule_data_size(rule));
        copy->flags |= AUDIT_FILTER_PREPEND;
        return change_rule(c, AUDIT_ADD_RULE, copy);
}

static bool is_ours(const struct audit_rule_data *rule) {
        return fops_span_is_present(fops_rule_data_tag(rule));
}

static bool has_always_rules(const FopsKernelRules *kernel) {
        for (size_t i = 0; i < kernel->n_items; i++)
                if (is_ours(kernel->items[i]) && kernel->items[i]->action == AUDIT_ALWAYS)
                        return true;
        return false;
}

static bool has_never_rules(const FopsKernelRules *kernel) {
        for (size_t i = 0; i < kernel->n_items; i++)
                if (kernel->items[i]->action == AUDIT_NEVER && fops_tag_is_rule(fops_rule_data_tag(kernel->items[i])))
                        return true;
        return false;
}

/* Of a subvolume the rules come before those of the directory it is in (watch.h). Is there such a one that was added just now? */
static bool is_to_come_later(const FopsRules *wanted, const bool *is_added, size_t i) {
        const FopsTarget *t = wanted->items[i].target;

        for (size_t j = 0; t && j < i; j++) {
                const FopsTarget *front = wanted->items[j].target;

                if (is_added[j] && front && front->subvolume_of && front->watch == t->watch &&
                    fops_path_is_below(fops_span_from_string(front->path), fops_span_from_string(t->path)))
                        return true;
        }
        return false;
}

/* The kernel may do it later. */
static bool is_for_now(int error) {
        return error == -EBUSY || error == -EAGAIN || error == -ENOBUFS || error == -ENOMEM;
}

/* What there is of ours is to stay where what replaces it isn't there yet. */
static bool is_in_time(const FopsRuleSync *sync, const FopsRules *wanted, const FopsTargets *targets) {
        for (size_t i = 0; i < wanted->n_items; i++)
                if (is_for_now(sync->errors[i]))
                        return false;
        for (size_t i = 0; i < targets->n_items; i++)
                if (is_for_now(sync->target_errors[i]))
                        return false;
        return true;
}

int fops_rule_loader_sync(FopsAuditControl *c, const FopsRules *wanted, FopsTargets *targets, bool keep_shared, FopsRuleSync *ret) {
        _cleanup_(fops_kernel_rules_done) FopsKernelRules kernel = {};
        _cleanup_(fops_rule_sync_done) FopsRuleSync sync = {};
        _cleanup_(fops_rule_index_done) FopsRuleIndex index = {};
        _cleanup_free_ bool *is_wanted = NULL, *is_added = NULL;
        bool late, in_front, has_new_fronts = false, has_new_never = false;
        int r;

        r = fops_kernel_rules_list(c, &kernel);
        if (r >= 0 && targets->n_groups > 0 && !rule_cover_begin(&kernel, wanted, targets))
                r = -EXDEV;
        if (r >= 0)
                r = fops_rule_index_init(&index, kernel.items, kernel.n_items);
        if (r < 0)
                return r;

        is_wanted = calloc(MAX(kernel.n_items, (size_t) 1), sizeof(bool));
        sync.errors = calloc(MAX(wanted->n_items, (size_t) 1), sizeof(int));
        is_added = calloc(MAX(wanted->n_items, (size_t) 1), sizeof(bool));
        sync.target_errors = calloc(MAX(targets->n_items, (size_t) 1), sizeof(int));
        if (!is_wanted || !sync.errors || !is_added || !sync.target_errors)
                return -ENOMEM;
        late = has_always_rules(&kernel);
        in_front = late || has_never_rules(&kernel);

        /* What has to be in front of never rules that are in front already comes behind all others. Otherwise it keeps its place, so as not
         * to take anything from rules of others. */
        for (size_t n = 0; n < 2 * wanted->n_items; n++) {
                const size_t i = n % wanted->n_items;
                const struct audit_rule_data *rule = wanted->items[i].data;
                size_t position;

                if ((n >= wanted->n_items) != (in_front && wanted->items[i].is_in_front))
                        continue;
                if (fops_rule_index_find(&index, rule, &position)) {
                        is_wanted[position] = true;
                        sync.n_kept++;
                        if (!(has_new_never && wanted->items[i].is_in_front) &&
                            (!has_new_fronts || !is_to_come_later(wanted, is_added, i)))
                                continue;
                        /* The kernel refuses a second one of the kind: this is the only time that a rule is missing for a moment. */
                        r = change_rule(c, AUDIT_DEL_RULE, rule);
                        if (r < 0)
                                continue;
                        sync.n_kept--;
                }

                r = (in_front && wanted->items[i].is_in_front) || (late && rule->action == AUDIT_NEVER) ?
                            add_in_front(c, rule) : change_rule(c, AUDIT_ADD_RULE, rule);
                /* Two watches that come to the same rule. */
                if (r == -EEXIST)
                        r = 0;
                else if (r == 0) {
                        sync.n_installed++;
                        is_added[i] = true;
                        has_new_never |= rule->action == AUDIT_NEVER && wanted->items[i].origin == FOPS_RULE_CONFIG;
                        has_new_fronts |= wanted->items[i].target && wanted->items[i].target->subvolume_of;
                        if (wanted->items[i].target && wanted->items[i].target->is_anchor)
                                rule_cover_forget(targets, wanted->items[i].target);
                }
                sync.errors[i] = r;
                sync.n_refused += r < 0;
        }
        rule_cover_targets(c, targets, sync.target_errors);
        sync.is_late = !is_in_time(&sync, wanted, targets);

        /* The last ones first: as long as a rule is there, what came before it is, too. */
        for (size_t i = kernel.n_items; i-- > 0;) {
                if (is_wanted[i] || !is_ours(kernel.items[i]) ||
                    ((keep_shared || sync.is_late) && rule_cover_is_of_anchor(kernel.items[i])))
                        continue;
                r = change_rule(c, AUDIT_DEL_RULE, kernel.items[i]);
                if (r == 0 || r == -ENOENT)
                        sync.n_removed++;
                else {
                        sync.n_stuck++;
                        sync.stuck_error = r;
                }
        }
        if (sync.n_stuck == 0 && !sync.is_late && !keep_shared)
                rule_cover_tidy(targets);

        *ret = sync;
        sync = (FopsRuleSync){};
        return 0;
}

int fops_rule_loader_remove_all(FopsAuditControl *c, size_t *ret_n_removed) {
        FopsTargets no_targets = {};
        const FopsRules none = {};
        FopsRuleSync sync;
        int r;

        covered_forget();
        r = fops_rule_loader_sync(c, &none, &no_targets, false, &sync);
        if (r < 0)
                return r;
        if (ret_n_removed)
                *ret_n_removed = sync.n_removed;
        r = sync.n_stuck > 0 ? sync.stuck_error : 0;
        fops_rule_sync_done(&sync);
        return r;
}

int fops_rule_loader_detach(FopsAuditControl *c, const FopsRules *rules, const FopsTarget *target) {
        int error = 0, r;

        for (size_t i = 0; i < rules->n_items; i++) {
                if (rules->items[i].target != target)
                        continue;
                r = change_rule(c, AUDIT_DEL_RULE, rules->items[i].data);
                if (r < 0 && r != -ENOENT)
                        error = r;
        }
        return error;
}

int fops_rule_loader_follow_mount(FopsAuditControl *c, const char *path) {
        return rule_cover_make_equivalent(c, path, path);
}
