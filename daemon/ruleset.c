/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A configuration into rules in the kernel. */

#include "ruleset.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "target-group.h"

Ruleset *ruleset_free(Ruleset *r) {
        if (!r)
                return NULL;
        fops_watch_set_free(r->watch_set);
        fops_rules_done(&r->rules);
        fops_targets_done(&r->targets);
        free(r->by_path);
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

static int compare_paths(const void *a, const void *b, void *userdata) {
        const FopsTargets *t = userdata;

        return strcmp(t->items[*(const uint32_t *) a].path, t->items[*(const uint32_t *) b].path);
}

static int sort_by_path(Ruleset *rs) {
        size_t n = rs->targets.n_items;

        rs->by_path = calloc(MAX(n, (size_t) 1), sizeof(uint32_t));
        if (!rs->by_path)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                rs->by_path[i] = (uint32_t) i;
        qsort_r(rs->by_path, n, sizeof(uint32_t), compare_paths, &rs->targets);
        return 0;
}

/* Rules and watch set of the targets. */
static int compile(Ruleset *rs, const FopsTarget *canary, FopsDiags *diags) {
        char exe[PATH_MAX];
        FopsSelf self;
        size_t n;
        int r;

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
        return rs->watch_set ? 0 : -ENOMEM;
}

/* All that follows from rs->config. */
static int build(Ruleset *rs, const RulesetOptions *options, FopsDiags *diags) {
        int r;

        rs->generation = options->generation;
        r = fops_targets_expand(rs->config.watches, rs->config.n_watches, &rs->targets, diags);
        if (r >= 0 && options->shares)
                r = fops_targets_group(&rs->targets, options->generation);
        if (r >= 0)
                r = sort_by_path(rs);
        if (r < 0)
                return r;
        r = compile(rs, options->canary, diags);
        if (r != 0)
                return r;

        rs->errors = calloc(MAX(rs->targets.n_items, (size_t) 1), sizeof(int));
        if (!rs->errors)
                return -ENOMEM;

        for (size_t i = 0; i < rs->targets.n_items; i++)
                rs->n_pending += rs->targets.items[i].is_missing;
        return 0;
}

int ruleset_new(FopsConfig *config, const RulesetOptions *options, FopsDiags *diags, Ruleset **ret) {
        _cleanup_(ruleset_freep) Ruleset *rs = calloc(1, sizeof(Ruleset));
        int r;

        if (!rs) {
                fops_config_done(config);
                return -ENOMEM;
        }
        rs->config = *config;

        r = build(rs, options, diags);
        if (r == 0)
                *ret = TAKE_PTR(rs);
        return r;
}

int ruleset_renew(Ruleset *old, const RulesetOptions *options, FopsDiags *diags, Ruleset **ret) {
        _cleanup_(ruleset_freep) Ruleset *rs = calloc(1, sizeof(Ruleset));
        int r;

        if (!rs)
                return -ENOMEM;
        rs->config = old->config;

        r = build(rs, options, diags);
        if (r != 0) {
                fops_config_init(&rs->config); /* it is still @old's */
                return r;
        }

        fops_config_init(&old->config);
        *ret = TAKE_PTR(rs);
        return 0;
}

/* The first of those at @path in by_path, or the end. */
static size_t find_path(const Ruleset *r, const char *path) {
        size_t lo = 0, hi = r->targets.n_items;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;

                if (strcmp(r->targets.items[r->by_path[mid]].path, path) < 0)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return lo;
}

/* The @i'th in by_path, if it is at @path; else NULL. */
static FopsTarget *target_at(const Ruleset *r, size_t i, const char *path) {
        FopsTarget *t = i < r->targets.n_items ? r->targets.items + r->by_path[i] : NULL;

        return t && strcmp(t->path, path) == 0 ? t : NULL;
}

const FopsTarget *ruleset_find_armed(const Ruleset *r, const FopsTarget *target) {
        const FopsTarget *t;

        for (size_t i = find_path(r, target->path); (t = target_at(r, i, target->path)); i++)
                if (!t->is_missing && t->is_directory == target->is_directory && t->watch == target->watch)
                        return t;
        return NULL;
}

static bool is_same_target(const FopsTarget *a, const FopsTarget *b) {
        return a->watch == b->watch && strcmp(a->path, b->path) == 0 && a->is_directory == b->is_directory &&
               a->is_missing == b->is_missing && a->has_parent == b->has_parent && a->inode == b->inode && a->device == b->device &&
               a->subvolumes == b->subvolumes && !a->subvolume_of == !b->subvolume_of && !a->group == !b->group;
}

bool ruleset_is_same(Ruleset *old, Ruleset *fresh) {
        if (old->generation != fresh->generation || old->targets.n_items != fresh->targets.n_items ||
            old->rules.n_items != fresh->rules.n_items)
                return false;
        for (size_t i = 0; i < old->targets.n_items; i++)
                if (!is_same_target(old->targets.items + i, fresh->targets.items + i))
                        return false;
        for (size_t i = 0; i < old->rules.n_items; i++)
                if (!fops_rule_data_equal(old->rules.items[i].data, fresh->rules.items[i].data))
                        return false;
        old->config = fresh->config;
        fops_config_init(&fresh->config);
        return true;
}

/* --- shared rules ----------------------------------------------------------------------------------------------------------- */

/* The same directory, by the same rules. */
static const FopsTarget *find_shared(const Ruleset *r, const FopsTarget *target) {
        const FopsTarget *t;

        for (size_t i = find_path(r, target->path); (t = target_at(r, i, target->path)); i++)
                if (t->group && t->inode == target->inode && t->device == target->device &&
                    strcmp(t->group->anchor.path, target->group->anchor.path) == 0)
                        return t;
        return NULL;
}

void ruleset_inherit(Ruleset *r, const Ruleset *old) {
        for (size_t i = 0; i < r->targets.n_items; i++) {
                FopsTarget *t = r->targets.items + i;
                const FopsTarget *before = t->group ? find_shared(old, t) : NULL;

                t->is_covered = before && before->is_covered;
        }
}

/* Or is something mounted over it? Of what is hidden by that the rules hold, too. */
static bool is_still_meant(const Ruleset *r, const FopsTarget *target) {
        const FopsTarget *t;

        for (size_t i = find_path(r, target->path); (t = target_at(r, i, target->path)); i++)
                if (!t->is_missing && t->device != target->device)
                        return true;
        return find_shared(r, target) != NULL;
}

bool ruleset_covers_more(const Ruleset *r, const Ruleset *old) {
        for (size_t i = 0; i < old->targets.n_items; i++) {
                const FopsTarget *t = old->targets.items + i;

                if (t->group && t->is_covered && !is_still_meant(r, t) &&
                    fops_targets_find_group(&r->targets, fops_span_from_string(t->group->anchor.path)))
                        return true;
        }
        return false;
}

void ruleset_uncover(Ruleset *r) {
        for (size_t i = 0; i < r->targets.n_items; i++)
                r->targets.items[i].is_covered = false;
}

/* --- into the kernel -------------------------------------------------------------------------------------------------------- */

static void say_refused(Publisher *publisher, const FopsRule *rule, int error) {
        _cleanup_free_ char *text = fops_rule_data_to_string(rule->data);
        const char *what = rule->target ? rule->target->path : rule->config && rule->config->file ? rule->config->file : "fopsd itself";

        publisher_state(publisher, rule->optional ? LOG_NOTICE : LOG_ERR, rule->optional ? "unsupported" : "refused",
                        "the kernel refused a rule for %s: %s: %s", what, strerror(-error), text ? text : "?");
}

/* Of the target, or of those that it is the anchor of. The canary's is none of the configuration's targets. */
static void note_error(Ruleset *rs, const FopsTarget *target, int error) {
        for (size_t i = 0; i < rs->targets.n_items; i++) {
                const FopsTarget *t = rs->targets.items + i;

                if (t == target || (t->group && &t->group->anchor == target))
                        rs->errors[i] = error;
        }
}

/* What vanished meanwhile is told of by the file system. */
static bool note_uncovered(Ruleset *rs, const int *errors, Publisher *publisher) {
        bool any = false;

        for (size_t i = 0; i < rs->targets.n_items; i++) {
                if (errors[i] == 0 || errors[i] == -ENOENT || errors[i] == -ENOTDIR)
                        continue;
                any = true;
                rs->errors[i] = errors[i];
                publisher_state(publisher, LOG_ERR, "refused", "the kernel refused to have %s share rules: %s", rs->targets.items[i].path,
                                strerror(-errors[i]));
        }
        return any;
}

int ruleset_install(Ruleset *rs, bool keep_shared, FopsAuditControl *control, Publisher *publisher) {
        const FopsRule *said_optional = NULL;
        FopsRuleSync sync;
        size_t n_locked = 0;
        bool refused = false;
        int r;

        r = fops_rule_loader_sync(control, &rs->rules, &rs->targets, keep_shared, &sync);
        if (r < 0)
                return r;

        rs->is_late = sync.is_late;
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
        refused |= note_uncovered(rs, sync.target_errors, publisher);
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
