/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The watched trees' directories and files by inode: the index, the scan that fills it, and when the one may be trusted to hold all
 * that the other was to find. */

#include "pipeline.h"
#include "publisher.h"
#include "tree-scan.h"
#include "watch.h"
#include "watch-follow.h"

typedef struct Trees Trees;

/* @max_entries as in path-index.h. @publisher is borrowed. 0 or -errno. */
int trees_new(uint64_t max_entries, Publisher *publisher, Trees **ret);
Trees *trees_free(Trees *t);
FOPS_DEFINE_CLEANUP(Trees *, trees_free)

FopsPathIndex *trees_index(Trees *t);

/* From here on @pipeline is told whether the index is complete, and @follow when there are subvolumes that want rules of their own. Both
 * are borrowed. 0 or -errno. */
int trees_start(Trees *t, sd_event *event, FopsPipeline *pipeline, WatchFollow *follow);

/* Directories that are watched, and those that watched files are in, become known at once, all below in the background; what was so
 * before and is no longer is left. 0 or -errno of memory. */
int trees_add_targets(Trees *t, const FopsTargets *targets);

/* Nothing is known any more. 0 or -errno. */
int trees_forget(Trees *t);

/* What is above @targets is followed from here on, for _hear_moves: before their rules are in, for a move may come in between. 0 or
 * -ENOMEM. */
int trees_follow(Trees *t, const FopsTargets *targets);

/* What was watched isn't known any more where a directory above it was moved; to be called before events are handed out, for no event
 * tells. 0 or -errno. */
int trees_hear_moves(Trees *t);

/* Of mounts: the file system at @path belongs to a watched tree, or nothing that was known of @mount does any more, wherever it has gone
 * with a directory since. The mounts have to be read before what they changed is told. 0 or -errno. */
int trees_read_mounts(Trees *t);
int trees_add(Trees *t, const char *path);
int trees_remove(Trees *t, const FopsMount *mount);

/* A directory was moved, in the index too: so is what is mounted below it. */
void trees_follow_mounts(Trees *t);

/* A watched directory isn't at its path any more: what was done in it may still be on its way, so it is known for a while.
 * 0 or -errno. */
int trees_leave(Trees *t, const char *path);

/* A directory came into a tree from where nothing is known. */
void trees_add_unknown(Trees *t, FopsInodeKey directory);

typedef struct TreesStats {
        FopsPathIndexStats index;
        TreeScanStats scan;
        bool is_scanning;
} TreesStats;

/* From trees_start() on. */
TreesStats trees_stats(const Trees *t);

/* To be called now and then: what was cut for want of room makes the index incomplete, and what is gone is forgotten. @is_idle: nothing
 * that was received waits to be dealt with. 0 or -errno. */
int trees_look(Trees *t, bool is_idle);
