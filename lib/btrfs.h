/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What btrfs tells of its subvolumes to anybody who may read their directories: btrfs-ioctl(2). Each takes a descriptor of a directory,
 * not one of O_PATH. Returns 0 or -errno unless said otherwise: -ENOTTY where it isn't btrfs. */

#include <stdint.h>

/* Subvolumes in subvolumes in subvolumes: deeper ones are an accident. Each holds a descriptor while it is looked at. */
#define FOPS_BTRFS_DEPTH_MAX 32

/* The id of the subvolume that the directory is in. */
int fops_btrfs_subvolume(int fd, uint64_t *ret_id);

/* When that one was made, in µs since the epoch. 0: long ago. */
int fops_btrfs_birth(int fd, uint64_t *ret_usec);

/* The subvolume directly in that one which has the lowest id of at least @least, and the inode of the directory it is in. 1; 0 if
 * there is none. */
int fops_btrfs_child(int fd, uint64_t least, uint64_t *ret_id, uint64_t *ret_directory);

/* Opens that one for reading. *@ret_path, malloced, is where it is, from the directory of @fd on. Returns a descriptor, -EACCES if it
 * isn't below that, -ENOENT if it is deleted, or -ESTALE: something else is there, a mount or what came after a move. */
int fops_btrfs_open_child(int fd, uint64_t id, uint64_t directory, char **ret_path);
