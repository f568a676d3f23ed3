/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* As audit records and /proc/self/mountinfo print them, or of a subvolume (subvolumes.h). The kernel's own dev_t holds 12 bits of
 * major and 20 of minor; a key beyond that isn't from there. */
typedef struct FopsInodeKey {
        uint64_t inode;
        uint32_t dev_major, dev_minor;
} FopsInodeKey;

static inline bool fops_inode_key_equal(FopsInodeKey a, FopsInodeKey b) {
        return a.inode == b.inode && a.dev_major == b.dev_major && a.dev_minor == b.dev_minor;
}
