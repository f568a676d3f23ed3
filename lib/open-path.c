/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "open-path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "util.h"

/* The kernel's own bound (MAXSYMLINKS). */
#define N_LINKS_MAX 40U

/* Where the steps have come to. */
typedef struct Walk {
        int fd;              /* the directory, O_PATH */
        char rest[PATH_MAX]; /* what is still to go, from @at */
        size_t at;
        unsigned n_links;
} Walk;

static int go_to_root(Walk *w) {
        int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        if (w->fd >= 0)
                close(w->fd);
        w->fd = fd;
        return 0;
}

/* Puts a link's text in place of the link. */
static int follow(Walk *w, int link_fd) {
        char target[PATH_MAX], rest[PATH_MAX];
        struct statfs fs;
        ssize_t size;
        int n;

        if (fstatfs(link_fd, &fs) < 0)
                return -errno;
        if (fs.f_type == PROC_SUPER_MAGIC || ++w->n_links > N_LINKS_MAX)
                return -ELOOP;

        size = readlinkat(link_fd, "", target, sizeof(target));
        if (size < 0)
                return -errno;
        if (size == 0)
                return -ENOENT;
        n = snprintf(rest, sizeof(rest), "%.*s%s", (int) size, target, w->rest + w->at);
        if (n < 0 || (size_t) n >= sizeof(rest))
                return -ENAMETOOLONG;

        memcpy(w->rest, rest, (size_t) n + 1);
        w->at = 0;
        return target[0] == '/' ? go_to_root(w) : 0;
}

/* Cuts the next component off. Returns whether there was one; *@ret_last: none follows, *@ret_slash: a slash does. */
static bool next_component(Walk *w, char name[static NAME_MAX + 2], bool *ret_last, bool *ret_slash) {
        size_t size;

        w->at += strspn(w->rest + w->at, "/");
        size = strcspn(w->rest + w->at, "/");
        if (size == 0)
                return false;
        snprintf(name, NAME_MAX + 2, "%.*s", (int) MIN(size, (size_t) NAME_MAX + 1), w->rest + w->at); /* one too long stays so */
        w->at += size;
        *ret_slash = w->rest[w->at] == '/';
        *ret_last = w->rest[w->at + strspn(w->rest + w->at, "/")] == '\0';
        return true;
}

static void walk_done(Walk *w) {
        if (w->fd >= 0)
                close(w->fd);
}

int fops_open_path_by_steps(const char *path, int flags, FopsLinks links) {
        _cleanup_(walk_done) Walk w = { .fd = -EBADF };
        char name[NAME_MAX + 2];
        int r;

        if (path[0] == '\0')
                return -ENOENT;
        if (path[0] != '/')
                return -EINVAL;
        if (strlen(path) >= sizeof(w.rest))
                return -ENAMETOOLONG;
        strcpy(w.rest, path);
        r = go_to_root(&w);
        if (r < 0)
                return r;

        for (;;) {
                _cleanup_close_ int fd = -EBADF;
                bool last, slash;
                struct stat st;

                if (!next_component(&w, name, &last, &slash)) {
                        strcpy(name, ".");
                        break;
                }
                fd = openat(w.fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0 || fstat(fd, &st) < 0)
                        return -errno;

                if (S_ISLNK(st.st_mode)) {
                        if (last && !slash && (flags & O_NOFOLLOW))
                                break;
                        r = links == FOPS_LINKS_NONE ? -ELOOP : follow(&w, fd);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (slash && !S_ISDIR(st.st_mode))
                        return -ENOTDIR;
                if (last)
                        break;
                close(w.fd);
                w.fd = TAKE_FD(fd);
        }

        r = openat(w.fd, name, flags | O_NOFOLLOW);
        return r < 0 ? -errno : r;
}

int fops_open_path(const char *path, int flags, FopsLinks links) {
        const struct open_how how = {
                .flags = (uint64_t) flags,
                .resolve = links == FOPS_LINKS_NONE ? RESOLVE_NO_SYMLINKS : RESOLVE_NO_MAGICLINKS,
        };
        long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

        if (fd < 0 && errno == ENOSYS)
                return fops_open_path_by_steps(path, flags, links);
        return fd < 0 ? -errno : (int) fd;
}
