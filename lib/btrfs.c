/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Five ioctls of btrfs, without the 4 KiB that each takes: 257 in directory 260  →  "snapshots/monday" */

#include "btrfs.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "subvolumes.h"
#include "util.h"

int fops_btrfs_subvolume(int fd, uint64_t *ret_id) {
        /* Anybody may ask for the top's: then nothing is looked up. */
        struct btrfs_ioctl_ino_lookup_args args = { .objectid = FOPS_SUBVOLUME_TOP_INODE };

        if (ioctl(fd, BTRFS_IOC_INO_LOOKUP, &args) < 0)
                return -errno;
        *ret_id = args.treeid;
        return 0;
}

int fops_btrfs_birth(int fd, uint64_t *ret_usec) {
        struct btrfs_ioctl_get_subvol_info_args args = {};

        if (ioctl(fd, BTRFS_IOC_GET_SUBVOL_INFO, &args) < 0)
                return -errno;
        *ret_usec = args.otime.sec * 1000000 + args.otime.nsec / 1000;
        return 0;
}

int fops_btrfs_child(int fd, uint64_t least, uint64_t *ret_id, uint64_t *ret_directory) {
        struct btrfs_ioctl_get_subvol_rootref_args args = { .min_treeid = least };

        /* EOVERFLOW: there are more than it has room for. */
        if (ioctl(fd, BTRFS_IOC_GET_SUBVOL_ROOTREF, &args) < 0 && errno != EOVERFLOW)
                return -errno;
        if (args.num_items == 0)
                return 0;
        *ret_id = args.rootref[0].treeid;
        *ret_directory = args.rootref[0].dirid;
        return 1;
}

/* Where the subvolume @id is, which is in @directory, from the directory of @fd on. */
static int find_child_path(int fd, uint64_t id, uint64_t directory, char **ret) {
        struct btrfs_ioctl_ino_lookup_user_args args = { .treeid = id, .dirid = directory };
        char *path;

        if (ioctl(fd, BTRFS_IOC_INO_LOOKUP_USER, &args) < 0)
                return -errno;
        /* The directory's path has a slash behind it, or is empty. */
        if (asprintf(&path, "%.*s%.*s", (int) sizeof(args.path), args.path, (int) sizeof(args.name), args.name) < 0)
                return -ENOMEM;
        *ret = path;
        return 0;
}

int fops_btrfs_open_child(int fd, uint64_t id, uint64_t directory, char **ret_path) {
        _cleanup_close_ int child_fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        uint64_t found;
        int r;

        r = find_child_path(fd, id, directory, &path);
        if (r < 0)
                return r;
        child_fd = openat(fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (child_fd < 0 || fops_btrfs_subvolume(child_fd, &found) < 0 || found != id)
                return -ESTALE;
        *ret_path = TAKE_PTR(path);
        return TAKE_FD(child_fd);
}
