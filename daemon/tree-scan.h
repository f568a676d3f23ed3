/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Fills the path index from the file system, in the background: directories of the watched trees, one after the other, a slice of
 * time at once. Events are always first; they keep true what the scan has seen, and what it hasn't it sees later.
 * Symlinks are not followed, mounts below are. */

#include <systemd/sd-event.h>

#include "mountinfo.h"
#include "path-index.h"
#include "rule-compiler.h"

typedef struct TreeScan TreeScan;

/* @done is called whenever the scan has come to its end, also after more was added. @index is borrowed.
 * Returns 0 or -errno. */
typedef void (*TreeScanDone)(void *userdata);
int tree_scan_new(sd_event *event, FopsPathIndex *index, TreeScanDone done, void *userdata, TreeScan **ret);
TreeScan *tree_scan_free(TreeScan *s);
FOPS_DEFINE_CLEANUP(TreeScan *, tree_scan_free)

/* Reads the mounts anew, for the devices of what is scanned from here on. 0 or -errno. */
int tree_scan_read_mounts(TreeScan *s);

/* Makes @path, a directory, a root of the index, at once; all below it is scanned, if it wasn't known. 0; -ENOMEM; or why it can't be
 * opened: -ENOENT, it isn't there (any more). */
int tree_scan_add_root(TreeScan *s, FopsSpan path);

/* A watched file: its directory becomes a root, and the file is put into it; what else is in there isn't asked for. 0 or as
 * above, of the directory. */
int tree_scan_add_file(TreeScan *s, FopsSpan path);

/* Forgets the root at @path and all below: it is gone, or no longer watched. What takes its place may have its inode. */
int tree_scan_remove_root(TreeScan *s, FopsSpan path);

/* The same of all roots at @path and below it. */
int tree_scan_remove_below(TreeScan *s, FopsSpan path);

/* The same of what was mounted, by its id; where it isn't known by that, of what is at its path. */
int tree_scan_remove_mount(TreeScan *s, const FopsMount *mount);

/* Directories were moved: what is mounted in them goes where they are in the index. If they aren't in it any more, it isn't either, until
 * a scan comes upon it. 0 or -errno. */
int tree_scan_follow_mounts(TreeScan *s);

/* It went at @usec (CLOCK_REALTIME); it is still known until those that went before some time are removed, or it is added again: then
 * as if it were new. 0 or -errno. */
int tree_scan_leave_root(TreeScan *s, FopsSpan path, uint64_t usec);
int tree_scan_remove_left(TreeScan *s, uint64_t usec);

/* Other targets than before: _begin_targets(), then their directories are added, _leave_trees(), then their files, _leave_files(). Roots
 * that were added before, and have no target now, are left at @usec, unless they are below one that is a directory. 0 or -errno. */
void tree_scan_begin_targets(TreeScan *s);
int tree_scan_leave_trees(TreeScan *s, const FopsTargets *targets, uint64_t usec);
int tree_scan_leave_files(TreeScan *s, const FopsTargets *targets, uint64_t usec);

/* Looks up which subvolumes the rules of @targets reach, all of which are roots already. 1 if there are new ones, which may want rules
 * of their own; 0 or -ENOMEM. */
int tree_scan_find_reach(TreeScan *s, const FopsTargets *targets);

/* Nothing is known any more, and nothing is a root. 0 or a negative errno. */
int tree_scan_forget(TreeScan *s);

/* A directory that the index has already, or a root that it has lost and that is found at its path, with all below. Or, of a root in which
 * there are new subvolumes, those alone: then 1, and they may want rules of their own. Else 0 or -ENOMEM. */
int tree_scan_add_directory(TreeScan *s, FopsInodeKey directory);

bool tree_scan_is_busy(const TreeScan *s);

typedef struct TreeScanStats {
        uint64_t n_directories, n_entries, n_failed; /* failed: could not be opened, or had gone */
        uint64_t usec;                               /* CPU and waiting of this room alone */
} TreeScanStats;

TreeScanStats tree_scan_stats(const TreeScan *s);
