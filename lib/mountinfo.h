/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The text of /proc/PID/mountinfo into mounts. It is the only place that tells the device audit records show: of a btrfs
 * subvolume or an overlay stat(2) shows another one.
 *   36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue */

#include "span.h"

typedef struct FopsMount {
        uint64_t id; /* as statx(2) shows it in stx_mnt_id */
        uint32_t dev_major, dev_minor; /* of the superblock */
        char *root;  /* what of the file system is mounted: "/" unless a bind mount or a subvolume */
        char *path;  /* where, octal escapes undone */
        char *type;  /* "ext4" */
} FopsMount;

typedef struct FopsMounts {
        FopsMount *items; /* in the order of the text: of two on one path the later one is on top */
        size_t n_items;
        size_t n_malformed; /* lines that make no sense, left out */
} FopsMounts;

void fops_mounts_done(FopsMounts *m);

/* proc_pid_mountinfo(5). Returns 0 or -ENOMEM; *@ret is untouched on failure. */
int fops_mounts_parse(FopsSpan text, FopsMounts *ret);

/* The same from a descriptor of /proc/PID/mountinfo, from its beginning. Returns 0 or -errno. */
int fops_mounts_read(int fd, FopsMounts *ret);

/* NULL if there is none of that id. */
const FopsMount *fops_mounts_by_id(const FopsMounts *m, uint64_t id);

/* The topmost mount at exactly @path, or NULL. */
const FopsMount *fops_mounts_at(const FopsMounts *m, FopsSpan path);
