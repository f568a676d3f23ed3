/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Directories that are watched alike share their rules. The kernel asks each rule at every system call of every process, 6 ns each
 * whether it is about files or not: a thousand directories with four such rules each would make getppid(2) thirty times slower.
 *
 * The rules of a group are on a directory that stands for all of its members, its anchor, which is empty and fopsd's own; each
 * member is then made equivalent to it (AUDIT_MAKE_EQUIV, auditctl -q). That can't be taken back for one member: the generation
 * in the anchor's name tells rules that cover others, too, from those that replace them.
 *
 * Those that aren't watched alike can share what they have for the index alone: four rules more each, the same for all. */

#include "rule-compiler.h"

/* Fewer than this keep rules of their own, which name them in auditctl -l. */
#define FOPS_GROUP_MEMBERS_MIN 4U

/* In fopsd.service's runtime directory, where it is also without the unit. */
#define FOPS_ANCHORS_DIRECTORY "/run/fopsd/trees"

struct FopsTargetGroup {
        FopsTarget anchor; /* stands for the members in rules; not there until somebody makes it */
        FopsWatch watch;   /* what the members' watches have in common: no path, no keys; the most severe of their priorities */
        size_t *members;   /* of the targets, ascending */
        size_t n_members;
};

/* Its members aren't watched alike and have rules of their own, but for those that are the same for all (fops_index_watch). */
static inline bool fops_group_is_for_index(const FopsTargetGroup *g) {
        return g->anchor.watch == &fops_index_watch;
}

/* Puts what may share rules into groups, at most one of them for the index; @generation goes into the anchors' names. Watches that are in
 * no file don't, so that who reads the files knows the groups. Nothing is shared if one of the targets holds the anchors themselves: its
 * rules would get the members of all groups. Asks the file system which directories are on btrfs, or have one mounted below, where the rule
 * has to tell subvolumes apart. 0 or -ENOMEM. */
int fops_targets_group(FopsTargets *t, uint32_t generation);

/* Each again on its own. */
void fops_targets_ungroup(FopsTargets *t);

/* The group that @path is the anchor of, or NULL. */
const FopsTargetGroup *fops_targets_find_group(const FopsTargets *t, FopsSpan path);

/* The generation in the name of an anchor. False: it isn't one. */
bool fops_anchor_generation(FopsSpan path, uint32_t *ret_generation);
