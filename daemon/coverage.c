/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Each change makes a second ruleset beside the first: compiled, installed (new rules before old ones go), and only then the
 * pipeline turns from the one to the other. */

#include "coverage.h"

#include <libaudit.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "clock.h"
#include "covered.h"
#include "path.h"
#include "target-group.h"

/* Calls that began under rules of an older generation have ended by then: while these go, those that are new hold. */
#define OLDER_USEC (UINT64_C(1) * 1000000)
/* Rules that cover too much are replaced by new ones when it has been quiet for this long: removing a rule takes the kernel 12 ms. */
#define SURPLUS_USEC (UINT64_C(2) * 1000000)

void coverage_done(Coverage *c) {
        trees_free(c->trees);
        watch_follow_free(c->watch_follow);
        mount_follow_free(c->mount_follow);
        while (c->n_past > 0)
                ruleset_free(c->past[--c->n_past]);
        ruleset_free(c->ruleset);
        audit_state_done(&c->state);
}

/* Where the rules are locked, who removes an anchor would be rid of them until the next boot. */
static RulesetOptions make_options(const Coverage *c, const FopsConfig *config) {
        return (RulesetOptions){ .canary = c->canary, .shares = !c->is_unshared && !config->kernel.lock, .generation = c->generation };
}

/* --- into force --------------------------------------------------------------------------------------------------------- */

static int pipeline_follow_config(Coverage *c) {
        const FopsConfig *config = &c->ruleset->config;

        fops_pipeline_set_options(c->pipeline, config->attribution.ancestry, config->attribution.unit, config->attribution.container,
                                  config->journal_full, config->source.foreign == FOPS_FOREIGN_DROP);
        fops_watch_set_use_index(c->ruleset->watch_set, trees_index(c->trees));
        return fops_pipeline_set_watches(c->pipeline, c->ruleset->watch_set, clock_usec(CLOCK_REALTIME));
}

/* What comes of the kernel's audit settings and rules meanwhile is of our making. There is no pipeline yet before the first. */
static void begin_changes(Coverage *c) {
        if (c->pipeline)
                fops_pipeline_own_changes_until(c->pipeline, UINT64_MAX);
}

static void end_changes(Coverage *c) {
        if (c->pipeline)
                fops_pipeline_own_changes_until(c->pipeline, clock_usec(CLOCK_REALTIME));
}

int coverage_apply_settings(Coverage *c, const FopsConfig *config) {
        int r;

        begin_changes(c);
        r = audit_state_apply(&c->state, c->control, config);
        end_changes(c);
        if (r == -EPERM) {
                publisher_state(c->publisher, LOG_WARNING, "locked", "the kernel's audit settings are locked until the next boot");
                return 0;
        }
        return r;
}

/* Of those before, which the pipeline remembers no more. */
static void forget_past(Coverage *c) {
        size_t n = 0;

        for (size_t i = 0; i < c->n_past; i++)
                if (fops_pipeline_has_watches(c->pipeline, c->past[i]->watch_set))
                        c->past[n++] = c->past[i];
                else
                        ruleset_free(c->past[i]);
        c->n_past = n;
}

/* What shared rules cover can't be taken back one by one (target-group.h). */
static void note_surplus(Coverage *c, const Ruleset *old) {
        if (c->ruleset->generation != old->generation && !c->ruleset->is_late)
                c->surplus_usec = 0;
        else if (c->surplus_usec == 0 && ruleset_covers_more(c->ruleset, old))
                c->surplus_usec = clock_usec(CLOCK_MONOTONIC);
}

/* What it covers is what is wanted, until the next change. */
static void note_covered(const Coverage *c) {
        if (c->surplus_usec == 0)
                covered_write(&c->ruleset->targets, c->ruleset->generation);
}

/* The pipeline turns from the old set to the new one, and goes by the old one for what is on its way. */
static int swap_ruleset(Coverage *c, Ruleset *fresh) {
        Ruleset *old = c->ruleset;
        int r;

        c->ruleset = fresh;
        r = pipeline_follow_config(c);
        forget_past(c);
        memmove(c->past + 1, c->past, c->n_past * sizeof(c->past[0]));
        c->past[0] = old;
        c->n_past++;
        note_surplus(c, old);
        note_covered(c);
        fops_rules_done(&old->rules); /* of what is past only watches count */
        return r < 0 ? r : trees_add_targets(c->trees, &fresh->targets);
}

static int try_install(Coverage *c, Ruleset *ruleset) {
        int r;

        covered_forget();
        begin_changes(c);
        r = ruleset_install(ruleset, c->older_usec > 0, c->control, c->publisher);
        end_changes(c);
        if (ruleset->is_late)
                c->surplus_usec = clock_usec(CLOCK_MONOTONIC);
        return r;
}

/* Rules into the kernel; where they can't be shared, in *@ruleset there is another one afterwards. */
static int install(Coverage *c, Ruleset **ruleset) {
        _cleanup_(ruleset_freep) Ruleset *unshared = NULL;
        RulesetOptions options;
        FopsDiags diags = {};
        int r;

        r = try_install(c, *ruleset);
        if (r != -EXDEV)
                return r;

        publisher_state(c->publisher, LOG_NOTICE, "unshared",
                        "%s can't be used, so each watch has rules of its own: another's rule is above it", FOPS_ANCHORS_DIRECTORY);
        c->is_unshared = true;
        options = make_options(c, &(*ruleset)->config);
        r = ruleset_renew(*ruleset, &options, &diags, &unshared);
        fops_diags_done(&diags);
        if (r != 0)
                return MIN(r, 0);
        if (*ruleset != c->ruleset)
                ruleset_free(*ruleset);
        else {
                r = swap_ruleset(c, unshared);
                if (r < 0) {
                        TAKE_PTR(unshared);
                        return r;
                }
        }
        *ruleset = TAKE_PTR(unshared);
        return try_install(c, *ruleset);
}

/* The rules, and what the configuration wants done last of all. */
static int apply_rules(Coverage *c, Ruleset **ruleset) {
        const FopsConfig *config;
        int r;

        r = install(c, ruleset);
        if (r < 0)
                return r;
        config = &(*ruleset)->config;

        if (config->kernel.loginuid_immutable) {
                r = fops_audit_control_set_loginuid_immutable(c->control);
                if (r < 0)
                        publisher_state(c->publisher, LOG_WARNING, "unsupported", "login uids can't be made immutable: %s", strerror(-r));
        }
        if (config->kernel.lock) {
                r = fops_audit_control_set_status(c->control, &(struct audit_status){ .mask = AUDIT_STATUS_ENABLED, .enabled = 2 });
                if (r < 0 && r != -EPERM)
                        return r;
        }
        return 0;
}

/* Of what is taken over the rules are in the kernel already, but for what was edited meanwhile: no harm in doing it a little later, when
 * the kernel isn't busy. */
static int apply_taken_over(Coverage *c) {
        int r;

        r = coverage_apply_settings(c, &c->ruleset->config);
        if (r >= 0)
                r = apply_rules(c, &c->ruleset);
        c->is_due = r == -EBUSY;
        return c->is_due ? 0 : r;
}

/* --- the file system changes -------------------------------------------------------------------------------------------- */

/* Another directory by the same name. */
static bool is_another(const FopsTarget *a, const FopsTarget *b) {
        return a->inode != b->inode || a->device != b->device;
}

/* What went is said, and forgotten; then what came is said; but of subvolumes, which are watched anyway. */
static int say_armed(Coverage *c, const Ruleset *fresh) {
        const Ruleset *old = c->ruleset;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < old->targets.n_items; i++) {
                const FopsTarget *t = old->targets.items + i, *now = ruleset_find_armed(fresh, t);

                if (t->is_missing || (now && !is_another(t, now)))
                        continue;
                if (!t->subvolume_of)
                        publisher_state(c->publisher, LOG_NOTICE, "disarmed",
                                        now ? "%s is another directory now" : "%s is gone; it is watched again when it reappears",
                                        t->path);
                if (t->is_directory)
                        r = trees_leave(c->trees, t->path);
        }
        for (size_t i = 0; i < fresh->targets.n_items; i++) {
                const FopsTarget *t = fresh->targets.items + i, *before = ruleset_find_armed(old, t);

                if (!t->is_missing && !t->subvolume_of && (!before || is_another(t, before)))
                        publisher_state(c->publisher, LOG_INFO, "armed", "%s appeared and is watched", t->path);
        }
        return r;
}

/* A rule holds for the directory that was at its path when it was added. Of what is mounted over one the rules hold for both
 * (on_mounts_changed()). */
static void detach_from_others(Coverage *c, const Ruleset *fresh) {
        for (size_t i = 0; i < fresh->targets.n_items; i++) {
                const FopsTarget *t = fresh->targets.items + i, *before = t->is_missing ? NULL : ruleset_find_armed(c->ruleset, t);

                if (before && before->device == t->device && before->inode != t->inode)
                        (void) fops_rule_loader_detach(c->control, &fresh->rules, t);
        }
}

static void say_unchanged(Coverage *c, int error) {
        if (error < 0)
                publisher_state(c->publisher, LOG_ERR, "refused", "rules can't be changed: %s", strerror(-error));
}

/* The same configuration meets another file system. */
static int renew(Coverage *c) {
        _cleanup_(ruleset_freep) Ruleset *fresh = NULL;
        const RulesetOptions options = make_options(c, &c->ruleset->config);
        FopsDiags diags = {};
        int r;

        /* First of all, so that what appears while we look is told again. */
        r = watch_follow_set(c->watch_follow, c->ruleset->config.watches, c->ruleset->config.n_watches);
        if (r >= 0)
                r = ruleset_renew(c->ruleset, &options, &diags, &fresh);
        fops_diags_done(&diags);
        if (r != 0)
                return MIN(r, 0);

        if (ruleset_is_same(c->ruleset, fresh)) {
                /* One was removed, perhaps, and made again with the same inode number. */
                ruleset_uncover(c->ruleset);
                say_unchanged(c, install(c, &c->ruleset));
                note_covered(c);
                return trees_add_targets(c->trees, &c->ruleset->targets);
        }

        begin_changes(c);
        detach_from_others(c, fresh);
        end_changes(c);
        say_unchanged(c, install(c, &fresh));
        r = say_armed(c, fresh);
        return r < 0 ? r : swap_ruleset(c, TAKE_PTR(fresh));
}

static int on_watches_changed(void *userdata) {
        Coverage *c = userdata;

        return c->changed(c->userdata, renew(c));
}

static bool is_below_target(const Coverage *c, const char *path) {
        const FopsTargets *targets = &c->ruleset->targets;

        for (size_t i = 0; i < targets->n_items; i++)
                if (targets->items[i].is_directory &&
                    fops_path_is_below(fops_span_from_string(path), fops_span_from_string(targets->items[i].path)))
                        return true;
        return false;
}

/* Can a mount at @path have brought a watched path, or taken it? */
static bool is_above_watched(const Coverage *c, const char *path) {
        const FopsConfig *config = &c->ruleset->config;
        const FopsTargets *targets = &c->ruleset->targets;

        /* Of patterns, and of symlinks to what isn't there, the text doesn't tell. */
        for (size_t i = 0; i < config->n_watches; i++)
                if (config->watches[i].is_glob)
                        return true;
        for (size_t i = 0; i < targets->n_items; i++)
                if (targets->items[i].is_missing ||
                    fops_path_is_below(fops_span_from_string(targets->items[i].path), fops_span_from_string(path)))
                        return true;
        return false;
}

/* What is mounted in a watched tree belongs to it, and a mount can bring a watched path, or take it. */
static int on_mounts_changed(void *userdata, const FopsMounts *before, const FopsMounts *now) {
        bool concerns = false;
        Coverage *c = userdata;
        int r;

        r = trees_read_mounts(c->trees);
        for (size_t i = 0; r >= 0 && i < before->n_items; i++) {
                const FopsMount *mount = before->items + i;

                if (fops_mounts_by_id(now, mount->id))
                        continue;
                concerns |= is_above_watched(c, mount->path);
                if (is_below_target(c, mount->path)) {
                        concerns = true;
                        r = trees_remove(c->trees, mount);
                }
        }
        for (size_t i = 0; r >= 0 && i < now->n_items; i++) {
                const FopsMount *mount = now->items + i;

                if (fops_mounts_by_id(before, mount->id))
                        continue;
                concerns |= is_above_watched(c, mount->path);
                if (!is_below_target(c, mount->path))
                        continue;
                concerns = true;
                begin_changes(c);
                r = fops_rule_loader_follow_mount(c->control, mount->path);
                end_changes(c);
                if (r < 0)
                        publisher_state(c->publisher, LOG_ERR, "refused", "what is mounted at %s can't be watched: %s", mount->path,
                                        strerror(-r));
                r = trees_add(c->trees, mount->path);
        }
        return r >= 0 && !concerns ? 0 : c->changed(c->userdata, r < 0 ? r : renew(c));
}

/* --- start, reload, end -------------------------------------------------------------------------------------------------- */

static int renew_generation(Coverage *c, FopsDiags *diags) {
        const RulesetOptions options = make_options(c, &c->ruleset->config);
        Ruleset *fresh;
        int r;

        r = ruleset_renew(c->ruleset, &options, diags, &fresh);
        if (r != 0)
                return r;
        ruleset_free(c->ruleset);
        c->ruleset = fresh;
        return 0;
}

int coverage_load(Coverage *c, FopsConfig *config) {
        uint64_t hash;
        uint32_t fresh = (uint32_t) (clock_usec(CLOCK_REALTIME) / 1000000);
        bool has_older = covered_read(&c->generation, &hash);
        RulesetOptions options;
        FopsDiags diags = {};
        int r;

        if (!has_older)
                c->generation = fresh;
        options = make_options(c, config);
        r = ruleset_new(config, &options, &diags, &c->ruleset);
        /* The rules of the life before cover something else. */
        if (r == 0 && has_older && covered_hash(&c->ruleset->targets) != hash) {
                c->generation = MAX(fresh, c->generation + 1);
                r = renew_generation(c, &diags);
        }
        fops_diags_print(&diags, stderr);
        fops_diags_done(&diags);
        return r;
}

int coverage_begin(Coverage *c, const char *runtime_directory) {
        int r;

        r = audit_state_begin(&c->state, c->control, runtime_directory);
        return r < 0 ? r : trees_new(c->ruleset->config.index_max_entries, c->publisher, &c->trees);
}

int coverage_follow(Coverage *c, sd_event *event) {
        int r;

        r = pipeline_follow_config(c);
        if (r >= 0)
                r = watch_follow_new(event, on_watches_changed, c, &c->watch_follow);
        if (r >= 0)
                r = trees_start(c->trees, event, c->pipeline, c->watch_follow);
        if (r >= 0)
                r = watch_follow_set(c->watch_follow, c->ruleset->config.watches, c->ruleset->config.n_watches);
        if (r >= 0)
                r = trees_follow(c->trees, &c->ruleset->targets);
        return r < 0 ? r : mount_follow_new(event, on_mounts_changed, c, &c->mount_follow);
}

int coverage_install(Coverage *c, bool is_taken_over) {
        int r;

        c->older_usec = clock_usec(CLOCK_MONOTONIC);
        r = is_taken_over ? apply_taken_over(c) : apply_rules(c, &c->ruleset);
        note_covered(c);
        return r;
}

int coverage_scan(Coverage *c) {
        return trees_add_targets(c->trees, &c->ruleset->targets);
}

int coverage_forget_trees(Coverage *c) {
        return trees_forget(c->trees);
}

int coverage_hear_moves(Coverage *c) {
        return trees_hear_moves(c->trees);
}

int coverage_look(Coverage *c, bool is_idle) {
        int r = c->is_due ? apply_taken_over(c) : 0;

        if (r >= 0)
                r = trees_look(c->trees, is_idle);
        if (r >= 0 && c->surplus_usec > 0 && clock_usec(CLOCK_MONOTONIC) > c->surplus_usec + SURPLUS_USEC) {
                c->generation++;
                c->older_usec = clock_usec(CLOCK_MONOTONIC);
                r = renew(c);
        } else if (r >= 0 && c->older_usec > 0 && clock_usec(CLOCK_MONOTONIC) > c->older_usec + OLDER_USEC) {
                c->older_usec = 0;
                say_unchanged(c, install(c, &c->ruleset));
                note_covered(c);
        }
        return r;
}

int coverage_unshare(Coverage *c) {
        c->is_unshared = true;
        return renew(c);
}

int coverage_reload(Coverage *c, const Options *options) {
        _cleanup_(ruleset_freep) Ruleset *fresh = NULL;
        RulesetOptions options_of_rules;
        FopsDiags diags = {};
        FopsConfig config;
        int r;

        r = options_load_config(options, &config, &diags);
        if (r == 0) {
                r = guests_add_watches(c->guests, &config);
                if (r < 0)
                        fops_config_done(&config);
        }
        c->is_unshared = false;
        if (r == 0) {
                options_of_rules = make_options(c, &config);
                r = ruleset_new(&config, &options_of_rules, &diags, &fresh);
        }
        if (r == 0)
                ruleset_inherit(fresh, c->ruleset);
        if (diags.n_items > 0)
                fops_diags_print(&diags, stderr);
        if (r > 0)
                publisher_refused(c->publisher, &diags);
        fops_diags_done(&diags);
        if (r != 0)
                return MIN(r, 0);

        r = coverage_apply_settings(c, &fresh->config);
        if (r >= 0)
                r = apply_rules(c, &fresh);
        if (r < 0) {
                publisher_state(c->publisher, LOG_ERR, "refused", "reload failed, the running configuration stays: %s", strerror(-r));
                return 0;
        }

        r = watch_follow_set(c->watch_follow, fresh->config.watches, fresh->config.n_watches);
        if (r >= 0)
                r = swap_ruleset(c, TAKE_PTR(fresh));
        return r < 0 ? r : 1;
}

void coverage_say_pending(const Coverage *c) {
        for (size_t i = 0; i < c->ruleset->targets.n_items; i++)
                if (c->ruleset->targets.items[i].is_missing)
                        publisher_state(c->publisher, LOG_NOTICE, "pending", "nothing to watch at %s yet",
                                        c->ruleset->targets.items[i].path);
}

void coverage_restore_settings(Coverage *c) {
        (void) audit_state_restore(&c->state, c->control);
}
