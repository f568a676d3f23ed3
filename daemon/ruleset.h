/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* All that one configuration means at one time: targets, the set to match against, and the kernel's rules. A reload makes a second
 * one and swaps. */

#include "publisher.h"
#include "rule-loader.h"

/* What a ruleset is made with, besides a configuration. */
typedef struct RulesetOptions {
        const FopsTarget *canary; /* NULL: none; borrowed */
        bool shares;              /* directories that are watched alike share rules (target-group.h) */
        uint32_t generation;      /* of the shared ones */
} RulesetOptions;

typedef struct Ruleset {
        FopsConfig config; /* owned */
        FopsTargets targets;
        FopsWatchSet *watch_set;
        FopsRules rules;
        uint32_t *by_path; /* the targets' numbers, sorted */
        uint32_t generation;
        bool is_late;     /* the kernel was too busy for all of it: it has some of an older generation */
        size_t n_pending; /* targets that are missing */
        int *errors;      /* of each target: what the kernel refused a rule of it with when last installed, or 0 */
} Ruleset;

Ruleset *ruleset_free(Ruleset *r);
FOPS_DEFINE_CLEANUP(Ruleset *, ruleset_free)

/* Expands and compiles, with rules for the targets of @config and for the canary. Takes *@config over in any case. Returns 0, 1 (errors
 * in @diags) or -ENOMEM. */
int ruleset_new(FopsConfig *config, const RulesetOptions *options, FopsDiags *diags, Ruleset **ret);

/* The same configuration against the file system as it is now. On success the configuration has moved from @old to *@ret, and @old is
 * good only for comparing its targets, and for freeing. Returns as ruleset_new(); on failure @old is untouched. */
int ruleset_renew(Ruleset *old, const RulesetOptions *options, FopsDiags *diags, Ruleset **ret);

/* The same targets by the same rules: then @fresh, made by ruleset_renew(), isn't needed, and its configuration is back with @old. */
bool ruleset_is_same(Ruleset *old, Ruleset *fresh);

/* The target of that path and that watch which is there, or NULL. */
const FopsTarget *ruleset_find_armed(const Ruleset *r, const FopsTarget *target);

/* Of what shares rules: what @old has in the kernel needn't be told it again. */
void ruleset_inherit(Ruleset *r, const Ruleset *old);

/* Do shared rules of @r in the kernel cover what only @old meant by them? */
bool ruleset_covers_more(const Ruleset *r, const Ruleset *old);

/* What shared rules cover is to be told to the kernel once more. */
void ruleset_uncover(Ruleset *r);

/* Installs it in place of what the kernel has of ours, and says in the journal what was refused. Returns 0; 1 if a rule that
 * matters was refused; -errno if the kernel couldn't be asked; -EXDEV, and @keep_shared, as fops_rule_loader_sync(). */
int ruleset_install(Ruleset *r, bool keep_shared, FopsAuditControl *control, Publisher *publisher);
