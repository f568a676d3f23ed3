/* SPDX-License-Identifier: GPL-2.0-or-later */

/* CANARY/old/x → CANARY/new/x, by each of the calls that rename. */

#include "canary.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "rule-compiler.h"

static char *no_keys[] = { NULL };
static const FopsWatch canary_watch = {
        .path = (char *) "fopsd's canary",
        .ops = FOPS_OP_BIT(FOPS_OP_RENAME),
        .recursive = true,
        .keys = no_keys,
};

static int make_directories(const char *directory, uint64_t *ret_inode) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (mkdir(directory, 0700) < 0 && errno != EEXIST)
                return -errno;
        fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if ((mkdirat(fd, "old", 0700) < 0 && errno != EEXIST) || (mkdirat(fd, "new", 0700) < 0 && errno != EEXIST))
                return -errno;
        if (fstatat(fd, "old", &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        *ret_inode = st.st_ino;
        return 0;
}

void canary_init(Canary *c, const char *runtime_directory) {
        _cleanup_free_ char *directory = NULL;

        *c = (Canary){};
        if (!runtime_directory || asprintf(&directory, "%s/canary", runtime_directory) < 0) {
                directory = NULL;
                return;
        }
        if (make_directories(directory, &c->old_parent_inode) >= 0)
                c->directory = TAKE_PTR(directory);
}

void canary_done(Canary *c, bool keep) {
        _cleanup_close_ int fd = c->directory && !keep ? open(c->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -EBADF;

        if (fd >= 0) {
                (void) unlinkat(fd, "old/x", 0);
                (void) unlinkat(fd, "new/x", 0);
                (void) unlinkat(fd, "old", AT_REMOVEDIR);
                (void) unlinkat(fd, "new", AT_REMOVEDIR);
                (void) rmdir(c->directory);
        }
        free(c->directory);
        *c = (Canary){};
}

bool canary_target(const Canary *c, FopsTarget *ret) {
        if (!c->directory)
                return false;
        *ret = (FopsTarget){ .watch = &canary_watch, .path = c->directory, .is_directory = true };
        return true;
}

static void make(int directory_fd, const char *name) {
        int fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        if (fd >= 0)
                close(fd);
}

/* Each from old to new, never back: that would teach the opposite. */
static void rename_by_each_call(const char *directory) {
        _cleanup_close_ int old = -EBADF, new = -EBADF;

        if (chdir(directory) < 0)
                return;
        old = open("old", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        new = open("new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        make(old, "x");
        (void) syscall(SYS_renameat2, old, "x", new, "x", 0);
#ifdef SYS_renameat
        make(old, "x");
        (void) syscall(SYS_renameat, old, "x", new, "x");
#endif
#ifdef SYS_rename
        make(old, "x");
        (void) syscall(SYS_rename, "old/x", "new/x");
#endif
        (void) unlinkat(new, "x", 0);
}

int canary_sing(Canary *c, uint64_t now_usec) {
        pid_t pid;

        if (!c->directory)
                return 0;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                rename_by_each_call(c->directory);
                _exit(EXIT_SUCCESS);
        }
        c->pid = pid;
        c->sung_usec = now_usec;
        return 0;
}

bool canary_hear(Canary *c, const FopsOperation *op, FopsPairing *pairing, uint64_t now_usec) {
        char tag[FOPS_TAG_BYTES_MAX];
        FopsTarget target;

        if (!canary_target(c, &target))
                return false;
        fops_target_tag(&target, tag);
        if (!fops_span_equal_string(op->tag, tag))
                return false;

        /* Who else tidies up in there may do it the other way round. */
        if (op->pid != (uint32_t) c->pid)
                return true;
        (void) fops_pairing_learn(pairing, op, c->old_parent_inode);
        if (c->sung_usec > 0) {
                c->latency_usec = MAX(now_usec - c->sung_usec, UINT64_C(1));
                c->sung_usec = 0;
        }
        return true;
}
