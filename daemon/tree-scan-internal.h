/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the files tree-*.c share: reading directories (tree-scan.c), where they begin (tree-roots.c), what they are (tree-open.c), and what
 * their rules reach (tree-reach.c). */

#include "tree-scan.h"

/* Some 800 entries a call. */
#define TREE_SCAN_DENTS_BYTES ((size_t) 32 << 10)

/* Directories that wait for the event that has moved them; a program that moves more at once is rarer than a tree that is removed
 * while it is scanned. */
#define TREE_SCAN_PUT_OFF_MAX ((size_t) 1024)

/* A root that was added from outside, so that it can be taken out again. */
typedef struct TreeRoot {
        char *path;
        FopsInodeKey key;
        uint64_t gone_usec; /* CLOCK_REALTIME; what was done in it before may still be on its way. 0: it is there, and heard of */
        bool is_wanted;     /* since tree_scan_begin_targets() */
        bool is_tree;       /* all below is heard of; else only of the watched files in it */
        uint64_t mount_id;  /* of what is mounted there; 0: it is no mount point */
        FopsInodeKey above; /* the directory in which that is mounted */
        bool is_in_index;   /* that was: its path goes on from that one's */
} TreeRoot;

/* What is open on a descriptor. */
typedef struct TreeOpened {
        FopsInodeKey key;     /* as audit records would show it, or in its subvolume */
        uint64_t mount_id;
        uint32_t dev_major, dev_minor; /* of the superblock */
        uint32_t stat_major, stat_minor;
        bool has_subvolumes;        /* btrfs */
        bool is_overlay;            /* getdents64(2) may tell a layer's inode numbers */
        bool has_lasting_numbers;   /* else getdents64(2) may tell any */
} TreeOpened;

struct TreeScan {
        sd_event_source *source, *timer;
        FopsPathIndex *index;
        TreeScanDone done;
        void *userdata;
        FopsMounts mounts;
        TreeRoot *roots;
        size_t n_roots, next_root; /* which is asked for next, if they are in the order as ever */
        FopsInodeKey *queue; /* a stack: a tree is walked in depth, so that it stays small */
        size_t n_queue, n_allocated;
        FopsInodeKey put_off[TREE_SCAN_PUT_OFF_MAX]; /* that weren't where the index has them */
        size_t n_put_off;
        unsigned n_rounds; /* of putting off */
        int fd; /* the directory that is being read; negative: none */
        TreeOpened opened; /* what that is */
        FopsArena arena;
        TreeScanStats stats;
        char dents[TREE_SCAN_DENTS_BYTES] __attribute__((aligned(8)));
};

bool tree_scan_is_btrfs(const FopsMount *mount);

/* Opens @path, a directory, for reading; no symlink leads to it. Returns a descriptor or -errno. */
int tree_scan_open_directory(TreeScan *s, FopsSpan path);

/* Says what @fd is. 0 or -errno. */
int tree_scan_identify(const TreeScan *s, int fd, TreeOpened *ret);

/* @opened, which stands at @path, is a root of the index now, and remembered as such. An outcome of the index, or -ENOMEM. */
int tree_scan_make_root(TreeScan *s, const TreeOpened *opened, FopsSpan path);

/* Of the subvolume that @key is in, if it is in one, not all is known any more. */
void tree_scan_set_incomplete(TreeScan *s, FopsInodeKey key);

/* A directory that the index has: to be read, with all below. 0 or -ENOMEM. */
int tree_scan_enqueue(TreeScan *s, FopsInodeKey key);

/* Looks for new subvolumes in what is watched at @path, a root, which is @directory. 1 if there are, or if it isn't there any more; 0,
 * or -ENOMEM. */
int tree_scan_look_again(TreeScan *s, FopsInodeKey directory, FopsSpan path);
