/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A configured watch meets the file system: globs expanded, symlinks resolved, file or directory. One FopsTarget is one
 * thing the kernel can be told to watch. And the other way: which watches want an operation that came. */

#include "config.h"

/* A glob that matches more than this is cut with an error: the kernel walks its rule lists linearly for each inode bucket,
 * and ten thousand homes are the largest sites known. */
#define FOPS_GLOB_MATCHES_MAX 16384

/* Subvolumes of a btrfs in one configured path that are targets themselves: anybody may make some, and the kernel asks every rule at
 * every call. Where there are more, from that level on they are reached by the rules of what they are in. */
#define FOPS_TARGET_SUBVOLUMES_MAX 16

typedef struct FopsTargetGroup FopsTargetGroup; /* target-group.h */
typedef struct FopsPathIndex FopsPathIndex;     /* path-index.h */

typedef struct FopsTarget {
        const FopsWatch *watch; /* borrowed from the config */
        char *path;             /* real path: absolute, symlinks resolved */
        bool is_directory;
        bool is_missing;        /* nothing there yet: pending (never so for globs). @path is then where it comes to be, if there is a
                                 * directory for it, else the configured one */
        char *subvolume_of;     /* of a btrfs subvolume in a watched directory: that directory, whose target comes behind it. Records don't
                                 * tell subvolumes apart, so each has rules of its own, in front. Else NULL */
        uint64_t subvolumes;    /* a hash of which it is in, and of those that stand in front: where others come to stand there, its
                                 * rules are others, and installed behind those. 0: none */
        uint64_t device, inode; /* of a directory, as stat(2) has them; 0 of a missing one */
        bool has_parent;        /* of a missing one: its directory is there, so a rule for a file can wait for it */
        bool is_anchor;         /* no target of its own, but what stands for a group's in rules (target-group.h) */
        FopsTargetGroup *group; /* whose rules it shares, all or those for the index, or whose anchor it is; NULL: none. Borrowed from the
                                 * targets */
        bool is_covered;        /* by these rules, in the kernel */
} FopsTarget;

typedef struct FopsTargets {
        FopsTarget *items;
        size_t n_items;
        FopsTargetGroup *groups;
        size_t n_groups;
} FopsTargets;

void fops_targets_done(FopsTargets *t);

/* Expands @watches against the file system as it is now, in order of the watches; a glob without a match gives no target. In front of
 * a target, those for the subvolumes in it. None has a group yet.
 * Returns 0 or -errno (memory); trouble with a path (EACCES, ELOOP) gives a missing target and a note in @diags. Blocks on file I/O. */
int fops_targets_expand(const FopsWatch *watches, size_t n_watches, FopsTargets *ret, FopsDiags *diags);

/* Looks up targets by tag (rule-compiler.h) and by path; built once for each configuration. */
typedef struct FopsWatchSet FopsWatchSet;

/* Borrows @targets for its lifetime. NULL when memory is out. */
FopsWatchSet *fops_watch_set_new(const FopsTargets *targets);
FopsWatchSet *fops_watch_set_free(FopsWatchSet *s);
FOPS_DEFINE_CLEANUP(FopsWatchSet *, fops_watch_set_free)

/* From now on @index, borrowed, is asked where the files are that records have no true path of. NULL: none is. */
void fops_watch_set_use_index(FopsWatchSet *s, FopsPathIndex *index);

/* Caps the watches one operation is published under: nesting this deep is an accident. */
#define FOPS_WATCHES_PER_OPERATION_MAX 16

/* Where an operation belongs. */
typedef enum FopsPlace {
        FOPS_PLACE_NONE,   /* nowhere that is known */
        FOPS_PLACE_GROUP,  /* by its rule in one of a group's targets */
        FOPS_PLACE_TAG,    /* by its rule in that one's target */
        FOPS_PLACE_TARGET, /* by its path in a target, wanted or not; of the group, if the rule is a group's */
} FopsPlace;

/* Finds the watches that want @op: those whose target holds op->path or op->new_path, and the one named by @tag (the tag of
 * the rule that made the event, absent if none of ours) even if the path is unknown; then by ops, recursive, result and
 * filters. A recursive=false target wants only itself and its direct children, when the path is known. Where several targets share the
 * rule and no path tells which it was, it is, of an exec, the one that the interpreter or loader is in, and else their group's watch,
 * which has no path and no keys. Each watch once, in configuration order. Cost depends on the path's depth, not on the number of watches.
 * Fills @ret (room for FOPS_WATCHES_PER_OPERATION_MAX), returns how many. Asks nobody but the index. */
size_t fops_watch_set_match(const FopsWatchSet *s, const FopsOperation *op, FopsSpan tag, const FopsWatch **ret, FopsPlace *ret_place);

/* Is @tag that of a group's rules? */
bool fops_watch_set_has_group(const FopsWatchSet *s, FopsSpan tag);

/* Is @tag that of a group's rules, and @path in none of its members? */
bool fops_watch_set_is_outside_group(const FopsWatchSet *s, FopsSpan tag, FopsSpan path);

/* The directory watched by the rules tagged @tag: the target itself, or the one a watched file is in. Absent for an unknown tag,
 * or a group's. Borrowed from the targets. */
FopsSpan fops_watch_set_directory(const FopsWatchSet *s, FopsSpan tag);

/* True if @tag is of a rule in `rules` or an imported one (FOPS_TAG_RULE_PREFIX), whose events are published as they come. Pure. */
bool fops_tag_is_rule(FopsSpan tag);

/* True if @tag is of a watch or rule of this set's configuration or an older one: it starts with FOPS_TAG_PREFIX. */
bool fops_tag_is_ours(FopsSpan tag);
