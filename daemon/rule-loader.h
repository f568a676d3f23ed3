/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Brings the kernel's rules to what is wanted. Ours are known by their tag (rule-compiler.h); rules of others are never
 * touched. Blocks for as long as the kernel takes (audit-control.h). */

#include "audit-control.h"
#include "rule-compiler.h"

/* How a sync went. */
typedef struct FopsRuleSync {
        int *errors; /* for each wanted rule: 0: it is in the kernel; else the errno (negative) it was refused with. Owned */
        size_t n_installed, n_kept, n_refused, n_removed;
        int *target_errors; /* for each target that shares rules: 0: they cover it; else the errno (negative) that this was refused with.
                               Owned */
        bool is_late;    /* the kernel was too busy for some, so shared rules that were to go are still there */
        size_t n_stuck;  /* ours, not wanted, and the kernel wouldn't remove them */
        int stuck_error; /* why not, the last of them */
} FopsRuleSync;

void fops_rule_sync_done(FopsRuleSync *s);

/* Adds what is wanted and isn't there, then removes what is ours and not wanted; what is there already is left alone, so no
 * event of it is missed. A `never` rule that comes to `always` rules of ours is put in front, as the first match wins, and what has to be
 * in front of it (is_in_front) is put there again; among `always` rules the order decides only which key an event carries, and they keep
 * the one they have; but for rules on a directory that those of a subvolume in it have to come before.
 * Those of @targets that share rules are covered by them, if they aren't (is_covered says so) or rules are new. @keep_shared: shared
 * ones that aren't wanted stay: a call that has begun under them is recorded by them alone.
 * A refusal is a result, not a failure. 0 or -errno: the rules couldn't be listed, or memory is out; -EXDEV: nothing can
 * be shared, since another's rule is on a directory that holds the anchors and would cover all members too, or there is no place for
 * anchors; *@ret is untouched. */
int fops_rule_loader_sync(FopsAuditControl *c, const FopsRules *wanted, FopsTargets *targets, bool keep_shared, FopsRuleSync *ret);

/* Takes the rules for @target out of the kernel, where they hold for a directory that was at its path before; _sync puts them back, for
 * the one that is there now. 0 or the last -errno. */
int fops_rule_loader_detach(FopsAuditControl *c, const FopsRules *rules, const FopsTarget *target);

/* A file system was mounted at @path: rules on directories above or at it (all of them, ours and others') are to hold below it too.
 * 0 or -errno. */
int fops_rule_loader_follow_mount(FopsAuditControl *c, const char *path);

/* Deletes every rule that carries our tag. @ret_n_removed may be NULL. 0 or -errno, of the list or of the last rule left. */
int fops_rule_loader_remove_all(FopsAuditControl *c, size_t *ret_n_removed);
