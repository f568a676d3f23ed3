/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Values of an operation in words, as the journal fields print them. */

#include <sys/stat.h>

#include "operation.h"

const char *fops_path_source_to_string(FopsPathSource s) {
        static const char *const names[] = {
                [FOPS_PATH_UNRESOLVED] = "unresolved", [FOPS_PATH_RECORDED] = "recorded", [FOPS_PATH_JOINED] = "joined",
                [FOPS_PATH_FD] = "fd",                 [FOPS_PATH_VERIFIED] = "verified", [FOPS_PATH_INDEX] = "index",
        };

        return names[s];
}

const char *fops_outcome_to_string(FopsOutcome o) {
        switch (o) {
        case FOPS_OUTCOME_SUCCESS:
                return "success";
        case FOPS_OUTCOME_FAILED:
                return "failed";
        case FOPS_OUTCOME_UNKNOWN:
        default:
                return NULL;
        }
}

const char *fops_file_type_to_string(mode_t mode) {
        switch (mode & S_IFMT) {
        case S_IFREG:
                return "file";
        case S_IFDIR:
                return "directory";
        case S_IFLNK:
                return "symlink";
        case S_IFIFO:
                return "fifo";
        case S_IFSOCK:
                return "socket";
        case S_IFBLK:
                return "block";
        case S_IFCHR:
                return "char";
        default:
                return NULL;
        }
}

const char *fops_errno_to_string(int64_t e) {
        return e > 0 && e < 4096 ? strerrorname_np((int) e) : NULL;
}
