/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A path, or a descriptor, into the key that audit records have of it: the superblock's device, or its subvolume's number. */

#include "tree-scan-internal.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>

#include "btrfs.h"
#include "inode-numbers.h"
#include "open-path.h"

bool tree_scan_is_btrfs(const FopsMount *mount) {
        return mount && strcmp(mount->type, "btrfs") == 0;
}

/* Which subvolume @fd is in, by its number; 0 if that can't be known, or -ENOMEM. */
static int find_subvolume(const TreeScan *s, int fd, const FopsMount *mount, const struct statx *st) {
        FopsSubvolumes *subvolumes = fops_path_index_subvolumes(s->index);
        FopsSubvolume v = {
                .dev_major = mount->dev_major,
                .dev_minor = mount->dev_minor,
                .stat_major = st->stx_dev_major,
                .stat_minor = st->stx_dev_minor,
        };
        int r;

        /* Of a file there is but an O_PATH descriptor; its directory was looked up just now. */
        if (fops_btrfs_subvolume(fd, &v.id) < 0)
                return (int) fops_subvolumes_by_stat(subvolumes, st->stx_dev_major, st->stx_dev_minor);
        r = fops_subvolumes_put(subvolumes, &v);
        return r == -ENOSPC ? 0 : r;
}

int tree_scan_identify(const TreeScan *s, int fd, TreeOpened *ret) {
        const FopsMount *mount;
        struct statx st;
        int number;

        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, &st) < 0)
                return -errno;

        mount = st.stx_mask & STATX_MNT_ID ? fops_mounts_by_id(&s->mounts, st.stx_mnt_id) : NULL;
        *ret = (TreeOpened){
                .key = {
                        .inode = st.stx_ino,
                        .dev_major = mount ? mount->dev_major : st.stx_dev_major,
                        .dev_minor = mount ? mount->dev_minor : st.stx_dev_minor,
                },
                .mount_id = st.stx_mnt_id,
                .stat_major = st.stx_dev_major,
                .stat_minor = st.stx_dev_minor,
                .has_subvolumes = tree_scan_is_btrfs(mount),
                .is_overlay = mount && strcmp(mount->type, "overlay") == 0,
                .has_lasting_numbers = fops_inode_numbers_last(fd),
        };
        ret->dev_major = ret->key.dev_major;
        ret->dev_minor = ret->key.dev_minor;
        if (!ret->has_subvolumes)
                return 0;

        number = find_subvolume(s, fd, mount, &st);
        if (number <= 0)
                return number < 0 ? number : -ENODEV;
        ret->key = fops_subvolume_key((uint32_t) number, st.stx_ino);
        return 0;
}

/* No symlink anywhere in the path: the index's are canonical, and one that was put in a directory's place since leads elsewhere. */
int tree_scan_open_directory(TreeScan *s, FopsSpan path) {
        const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        FopsSpan copy = fops_arena_copy(&s->arena, path);
        int fd;

        if (!copy.data)
                return -ENOMEM;
        fd = fops_open_path(copy.data, flags | O_NOATIME, FOPS_LINKS_NONE);
        if (fd == -EPERM) /* O_NOATIME is for the owner, and root */
                fd = fops_open_path(copy.data, flags, FOPS_LINKS_NONE);
        return fd;
}
