/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A path index for the rooms that ask it or tell it. Its keys are of the device that the items of test-records.h are on. */

#include "path-index.h"

static inline FopsInodeKey index_key(uint64_t inode) {
        return (FopsInodeKey){ .inode = inode, .dev_major = 0xfe };
}

static inline FopsPathIndex *index_new(void) {
        static const uint8_t seed[16] = { 7, 1, 9 };
        FopsPathIndex *x = fops_path_index_new(1000, seed);

        assert_non_null(x);
        return x;
}

static inline void index_add_root(FopsPathIndex *x, uint64_t inode, const char *path) {
        assert_int_equal(fops_path_index_add_root(x, index_key(inode), fops_span_from_string(path)), FOPS_INDEX_DONE);
}

static inline void index_put(FopsPathIndex *x, uint64_t parent, const char *name, uint64_t inode, bool is_directory) {
        FopsPathLink link = {
                .parent = index_key(parent), .name = fops_span_from_string(name), .key = index_key(inode), .is_directory = is_directory,
        };

        assert_int_equal(fops_path_index_put(x, &link, FOPS_PUT_SCANNED), FOPS_INDEX_DONE);
}

/* The file has links elsewhere, too. */
static inline void index_put_elsewhere(FopsPathIndex *x, uint64_t inode) {
        FopsPathLink link = { .parent = index_key(4711), .name = FOPS_SPAN_LITERAL("x"), .key = index_key(inode) };

        assert_int_equal(fops_path_index_put(x, &link, FOPS_PUT_EVENT), FOPS_INDEX_PARENT_UNKNOWN);
}

/* The one path of an inode; NULL: none, or several. */
#define assert_indexed(x, inode, is_directory, path)                                                     \
        do {                                                                                             \
                FopsArena arena_ = {};                                                                   \
                assert_span(fops_path_index_path(x, index_key(inode), is_directory, &arena_), path);     \
                fops_arena_done(&arena_);                                                                \
        } while (0)
