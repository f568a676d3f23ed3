/* SPDX-License-Identifier: GPL-2.0-or-later */

/* By statfs(2)'s f_type, from linux/magic.h; older headers lack some. */

#include "inode-numbers.h"

#include <sys/statfs.h>

bool fops_inode_numbers_last(int fd) {
        static const uint32_t made_up[] = {
                0x00004d44, /* MSDOS_SUPER_MAGIC: vfat too */
                0x2011bab0, /* EXFAT_SUPER_MAGIC */
                0x65735546, /* FUSE_SUPER_MAGIC */
                0xff534d42, /* CIFS_SUPER_MAGIC */
                0xfe534d42, /* SMB2_SUPER_MAGIC */
        };
        struct statfs fs;

        if (fstatfs(fd, &fs) < 0)
                return true;
        for (size_t i = 0; i < ELEMENTSOF(made_up); i++)
                if ((uint32_t) fs.f_type == made_up[i])
                        return false;
        return true;
}
