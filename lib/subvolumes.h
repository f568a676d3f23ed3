/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which subvolumes of a btrfs are known, and into which of them the rules on a directory reach.
 *
 * In each subvolume inode numbers begin anew, and audit records show one device for all: that of the superblock. A snapshot has all
 * the numbers of its origin. So in keys of the path index a number of our own stands in place of the device; which subvolume an
 * operation was in is found out by resolver-subvolume.h. */

#include "inode-key.h"
#include "span.h"

/* The device of such keys has this major number, the highest there is, which no driver has, and the subvolume's as the minor. */
#define FOPS_SUBVOLUME_MAJOR UINT32_C(4095)
#define FOPS_SUBVOLUMES_MAX ((UINT32_C(1) << 20) - 1)

/* BTRFS_FIRST_FREE_OBJECTID: the inode of every subvolume's top directory. */
#define FOPS_SUBVOLUME_TOP_INODE UINT64_C(256)

typedef struct FopsSubvolume {
        uint32_t number;                 /* ours, given once */
        uint64_t id;                     /* btrfs's own; a file system gives none twice */
        uint32_t dev_major, dev_minor;   /* the superblock's, as audit records show it */
        uint32_t stat_major, stat_minor; /* as stat(2) shows it; given to another subvolume when this one is deleted */
        uint64_t complete_since_usec;    /* from then on the index has all of it that is watched; UINT64_MAX: not yet */
        bool is_listed;                  /* come upon where subvolumes are listed, not only by a scan */
        bool is_doubtful;                /* something may have changed in it that the index doesn't know */
} FopsSubvolume;

/* A way into a subvolume: its top directory, or one that is watched or mounted. */
typedef struct FopsSubvolumeEntry {
        FopsInodeKey directory;
        uint64_t newest_child; /* the highest id among the subvolumes directly in that one, when it was looked at; 0: none */
        uint64_t since_usec;   /* when it was made, at the earliest */
        uint64_t until_usec;   /* when it was found to be gone; UINT64_MAX: it is there */
        bool is_lasting;       /* the rules are bound to it: they reach it when it was unmounted, or covered by a mount, too */
        bool is_fronted;       /* other rules reach it and all below, which come first */
} FopsSubvolumeEntry;

/* The devices that audit records show for what the rules reach: few. Beyond, it may be any. */
#define FOPS_REACH_DEVICES_MAX 16

/* What the rules on one directory reach. */
typedef struct FopsReach {
        FopsInodeKey top;
        FopsSubvolumeEntry *entries;
        size_t n_entries;
        bool is_whole; /* there are no others */
        struct {
                uint32_t major, minor;
        } devices[FOPS_REACH_DEVICES_MAX];
        size_t n_devices; /* may be more than there is room for */
} FopsReach;

/* The rules with one tag. */
typedef struct FopsRegion {
        char *tag, *path;
        FopsReach reach;
        bool is_wanted;        /* the rules are in force */
        uint64_t checked_usec; /* at that time (CLOCK_REALTIME) */
        uint64_t until_usec;   /* when the directory was found to be gone; UINT64_MAX: it is there */
} FopsRegion;

typedef struct FopsSubvolumes {
        FopsSubvolume *items; /* sorted by number */
        size_t n_items;
        uint32_t n_numbers;   /* given so far */
        FopsRegion *regions; /* sorted by tag */
        size_t n_regions;
} FopsSubvolumes;

void fops_subvolumes_done(FopsSubvolumes *s);

/* Adds @v, incomplete and under a number of its own, or brings up to date what is known of it. Returns its number; -ENOMEM, or -ENOSPC
 * if there have been too many. */
int fops_subvolumes_put(FopsSubvolumes *s, const FopsSubvolume *v);

/* @number: as _put returned it. NULL if it is 0, or was forgotten. Borrowed until the next change. */
FopsSubvolume *fops_subvolumes_get(const FopsSubvolumes *s, uint32_t number);

/* It is deleted, or not asked for any more. */
void fops_subvolumes_forget(FopsSubvolumes *s, uint32_t number);

/* The number of the one that stat(2) shows so, or 0. */
uint32_t fops_subvolumes_by_stat(const FopsSubvolumes *s, uint32_t major, uint32_t minor);

/* Is it the device of a superblock of which subvolumes are known? */
bool fops_subvolumes_share(const FopsSubvolumes *s, uint32_t major, uint32_t minor);

/* The file system isn't mounted any more: another one may be given its number. */
void fops_subvolumes_forget_device(FopsSubvolumes *s, uint32_t major, uint32_t minor);

/* The index has all of those that it hadn't. */
void fops_subvolumes_set_complete(FopsSubvolumes *s, uint64_t since_usec);

/* The key of @inode in the subvolume. */
FopsInodeKey fops_subvolume_key(uint32_t number, uint64_t inode);

/* The number of the subvolume that the key is of, or 0. */
uint32_t fops_subvolume_of(FopsInodeKey key);

/* Notes another device. */
void fops_reach_add_device(FopsReach *r, uint32_t major, uint32_t minor);

/* May something on that device be reached? */
bool fops_reach_has_device(const FopsReach *r, uint32_t major, uint32_t minor);

/* What the rules tagged @tag, on the directory @path, reach, as it was found at @now_usec. An entry that isn't in @found any more is
 * gone, unless it is lasting; fronted entries stay so, and devices stay. 0 or -ENOMEM. */
int fops_subvolumes_set_region(FopsSubvolumes *s, FopsSpan tag, FopsSpan path, const FopsReach *found, uint64_t now_usec);

/* NULL if nothing is known of it. Borrowed until the next change. */
FopsRegion *fops_subvolumes_region(const FopsSubvolumes *s, FopsSpan tag);

/* Those that are set from now on are wanted. What wasn't since the last time, and wasn't asked for of late, is forgotten. */
void fops_subvolumes_renew_regions(FopsSubvolumes *s, uint64_t now_usec);
