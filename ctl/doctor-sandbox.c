/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Paths that lead elsewhere in fopsd's mount namespace than here: its rules are bound to what it sees. Whatever hides them
 * (ProtectHome=, PrivateTmp=, TemporaryFileSystem=, InaccessiblePaths= …), the inodes tell. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "examination.h"

#define SHOWN_MAX 5U

#define MEND "systemctl cat fopsd: no ProtectHome=yes, PrivateTmp, TemporaryFileSystem, InaccessiblePaths or the like over what is watched"

void check_masked_paths(Examination *e) {
        _cleanup_close_ int root = -EBADF;
        size_t n_masked = 0;
        char path[32];

        if (e->status_error < 0 || e->config_error != 0) {
                finding_add(e, VERDICT_UNKNOWN, NULL, e->status_error < 0 ? "fopsd doesn't say" : "the configuration has errors");
                return;
        }
        snprintf(path, sizeof(path), "/proc/%u/root", e->status.pid);
        root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0) {
                finding_add(e, VERDICT_UNKNOWN, NULL, "what fopsd sees can't be seen: %s", strerror(errno));
                return;
        }

        for (size_t i = 0; i < e->wanted.targets.n_items; i++) {
                const FopsTarget *target = e->wanted.targets.items + i;
                struct stat here, there;

                /* Without symlinks in it, or one would lead out of there. */
                if (target->is_missing || stat(target->path, &here) < 0)
                        continue;
                if (fstatat(root, target->path + 1, &there, AT_SYMLINK_NOFOLLOW | (target->path[1] ? 0 : AT_EMPTY_PATH)) == 0 &&
                    here.st_dev == there.st_dev && here.st_ino == there.st_ino)
                        continue;
                if (n_masked++ < SHOWN_MAX)
                        finding_add(e, VERDICT_PROBLEM, MEND, "fopsd sees something else at %s than what is there, and watches that",
                                    target->path);
        }
        if (n_masked > SHOWN_MAX)
                finding_add(e, VERDICT_PROBLEM, MEND, "%zu more paths are hidden from it", n_masked - SHOWN_MAX);
}
