/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* An operation's names to true paths, with the source of each. Asks an interface, so that tests run against a recorded world and
 * offline decoding against none.
 *
 * Sources:
 *   index       the path index knows the directory's inode, or that of an existing object (path-index.h)
 *   verified    an absolute name, or one relative to the current directory, that leads to the record's (device, inode) on this
 *               machine now: the object's, or its directory's for names that come and go. Symlinks in it are resolved. Or, where the
 *               records hold no name, the only one that the record's inode has in the record's directory (FopsSighting)
 *   fd          the same, starting from /proc/PID/fd/N while the process is there. Of what a rule of ours brought, only if no name above
 *               has changed since, or the index has it there too
 *   joined      the same name where there is nothing to ask or to compare: offline, the directory is gone already, or its file system
 *               doesn't keep inode numbers
 *   unresolved  none of these; FOPSD_DIR may still be known
 * A name that leads elsewhere (a chroot, a container, a replaced directory) is not taken: no path is better than a wrong one. */

#include "operation.h"
#include "pairing.h"
#include "path-index.h"
#include "watch.h"

typedef struct FopsInode {
        uint64_t inode;
        uint32_t dev_major, dev_minor;
        uint64_t changed_usec; /* CLOCK_REALTIME: of a directory, names in it may have changed at that time last */
        uint64_t n_links;
        bool is_symlink;
        bool dev_is_certain; /* false: the file system shows another device in stat(2) than in audit records (btrfs, overlayfs) */
        bool may_be_renumbered; /* the same file may have had another number when the record was made (inode-numbers.h) */
} FopsInode;

/* Entries of a directory that are read to find a name: 2 ms, for which all else waits. */
#define FOPS_ENTRIES_READ_MAX ((size_t) 10000)

/* The names of an inode in one directory. */
typedef struct FopsInodeNames {
        FopsInode directory; /* what stands at its path */
        FopsSpan names[FOPS_PATH_LINKS_MAX];
        size_t n;
        bool more;           /* there may be others: not all was read, or can be told apart */
        size_t n_read;       /* entries, of whatever name */
        uint64_t usec;       /* CLOCK_REALTIME, when it had been read */
} FopsInodeNames;

/* All calls: 0, or negative errno when it can't be known (which is no failure of ours); paths go to @arena. */
typedef struct FopsWorld {
        /* The path that /proc/PID/fd/FD shows, and what it is open on. */
        int (*read_fd)(void *userdata, uint32_t pid, int fd, FopsArena *arena, FopsSpan *ret_path, FopsInode *ret_inode);
        /* What stands at @path now, all symlinks followed, and its canonical path. -ENOENT, -ENOTDIR: nothing stands there. */
        int (*canonicalize)(void *userdata, FopsSpan path, FopsArena *arena, FopsSpan *ret_path, FopsInode *ret_inode);
        /* What stands at @path now, the last symlink not followed. */
        int (*look_up)(void *userdata, FopsSpan path, FopsInode *ret_inode);
        /* What is called @inode now in the directory @path, to which no symlink leads. */
        int (*read_names)(void *userdata, FopsSpan path, uint64_t inode, FopsArena *arena, FopsInodeNames *ret);
        /* 1 if the process has this machine's root and mounts, 0 if its own, -ESRCH if it is gone. */
        int (*shares_root)(void *userdata, uint32_t pid);
        /* 1 if the btrfs subvolume of the directory at @path, which has to be @directory as stat(2) shows it, has one in it whose id
         * is @least or more; 0 if it has none at *@ret_usec (CLOCK_REALTIME). May be NULL. */
        int (*has_newer_subvolume)(void *userdata, FopsSpan path, const FopsInode *directory, uint64_t least, uint64_t *ret_usec);
} FopsWorld;

typedef struct FopsResolverStats {
        uint64_t n_by_source[FOPS_PATH_INDEX + 1];
} FopsResolverStats;

typedef struct FopsResolver {
        const FopsWorld *world; /* NULL: offline, nothing to ask */
        void *userdata;
        FopsPairing pairing;    /* all zero: nothing learnt */
        FopsPathIndex *index;   /* borrowed; NULL: none */
        const FopsWatchSet *watches; /* borrowed: whose rules bring the operations; NULL: not known */
        bool index_is_complete;  /* it holds all that was in the watched trees when the operation took place */
        bool index_is_ahead;     /* what was scanned into it may be newer than the operation */
        bool index_is_late;      /* so may be all that it has: it isn't asked */
        bool index_was_complete; /* now or before: a text that nothing proves isn't taken for what a rule of ours brought, nor of a
                                  * process that is gone; nor is a place that the index knows better */
        FopsResolverStats stats;
        /* Reading of directories is paid for in entries, earned with time. */
        uint64_t paid_until_usec;
        size_t credit;
} FopsResolver;

/* Sets op->path, ->new_path, ->dir, ->source; strings go to @arena, usually the event's. @hint: a directory that the operation may
 * be in though its records don't name it (io_uring): the watch's; or absent. It is only taken if its inode fits. */
void fops_resolver_resolve(FopsResolver *r, FopsOperation *op, FopsSpan hint, FopsArena *arena);

/* A name that an operation gave and its records leave out (io_uring), as it was found in the directory afterwards. */
typedef struct FopsSighting {
        FopsInodeKey key; /* the object's */
        FopsSpan path;
        FopsSpan old_path; /* rename: the one of several links that isn't there any more; or absent */
        uint64_t usec;    /* CLOCK_REALTIME: it is the name that was given, if nothing happened to the object until then */
} FopsSighting;

/* Looks for the new name of @op, which has been resolved and not been told to the index, in its directory. Directories are read at
 * a bounded rate. True if there is exactly one that it can be; *@ret then lives in @arena. */
bool fops_resolver_sight(FopsResolver *r, const FopsOperation *op, FopsArena *arena, FopsSighting *ret);

/* It is that name. */
void fops_resolver_believe(FopsResolver *r, FopsOperation *op, const FopsSighting *sighting);

/* Whether what io_uring was to remove, which doesn't say whether it did, isn't there any more. */
bool fops_resolver_is_gone(const FopsResolver *r, const FopsOperation *op);

/* The live machine: /proc and the file system as this process sees it. @userdata is unused. A path on a dead network file
 * system may block. */
extern const FopsWorld fops_world_live;
