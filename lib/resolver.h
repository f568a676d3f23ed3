/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* An operation's names to true paths, with the source of each. Asks an interface, so that tests run against a recorded world and
 * offline decoding against none.
 *
 * Sources:
 *   index       the path index knows the directory's inode, or that of an existing object (path-index.h)
 *   verified    an absolute name, or one relative to the current directory, that leads to the record's (device, inode) on this
 *               machine now: the object's, or its directory's for names that come and go. Symlinks in it are resolved
 *   fd          the same, starting from /proc/PID/fd/N while the process is there
 *   joined      the same name where there is nothing to ask or to compare: offline, or the directory is gone already
 *   unresolved  none of these; FOPSD_DIR may still be known
 * A name that leads elsewhere (a chroot, a container, a replaced directory) is not taken: no path is better than a wrong one. */

#include "operation.h"
#include "pairing.h"
#include "path-index.h"

typedef struct FopsInode {
        uint64_t inode;
        uint32_t dev_major, dev_minor;
        bool is_symlink;
        bool dev_is_certain; /* false: the file system shows another device in stat(2) than in audit records (btrfs, overlayfs) */
} FopsInode;

/* All calls: 0, or negative errno when it can't be known (which is no failure of ours); paths go to @arena. */
typedef struct FopsWorld {
        /* The path that /proc/PID/fd/FD shows, and what it is open on. */
        int (*read_fd)(void *userdata, uint32_t pid, int fd, FopsArena *arena, FopsSpan *ret_path, FopsInode *ret_inode);
        /* What stands at @path now, all symlinks followed, and its canonical path. -ENOENT, -ENOTDIR: nothing stands there. */
        int (*canonicalize)(void *userdata, FopsSpan path, FopsArena *arena, FopsSpan *ret_path, FopsInode *ret_inode);
        /* What stands at @path now, the last symlink not followed. */
        int (*look_up)(void *userdata, FopsSpan path, FopsInode *ret_inode);
        /* 1 if the process has this machine's root and mounts, 0 if its own, -ESRCH if it is gone. */
        int (*shares_root)(void *userdata, uint32_t pid);
} FopsWorld;

typedef struct FopsResolverStats {
        uint64_t n_by_source[FOPS_PATH_INDEX + 1];
} FopsResolverStats;

typedef struct FopsResolver {
        const FopsWorld *world; /* NULL: offline, nothing to ask */
        void *userdata;
        FopsPairing pairing;    /* all zero: nothing learnt */
        FopsPathIndex *index;   /* borrowed; NULL: none */
        bool index_is_complete;  /* it holds all that was in the watched trees when the operation took place */
        bool index_was_complete; /* now or before: a text that nothing proves isn't taken for what a rule of ours brought, nor of a
                                  * process that is gone; nor is a place that the index knows better */
        FopsResolverStats stats;
} FopsResolver;

/* Sets op->path, ->new_path, ->dir, ->source; strings go to @arena, usually the event's. @hint: a directory that the operation may
 * be in though its records don't name it (io_uring): the watch's; or absent. It is only taken if its inode fits. */
void fops_resolver_resolve(FopsResolver *r, FopsOperation *op, FopsSpan hint, FopsArena *arena);

/* The live machine: /proc and the file system as this process sees it. @userdata is unused. A path on a dead network file
 * system may block. */
extern const FopsWorld fops_world_live;
