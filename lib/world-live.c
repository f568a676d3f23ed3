/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The resolver's questions asked of this machine: O_PATH descriptors for what stands at a path, /proc/PID/fd for what a
 * process has open. O_PATH opens nothing: no device is touched, no permission of the file itself needed. Directories alone
 * are read. */

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "btrfs.h"
#include "inode-numbers.h"
#include "open-path.h"
#include "path.h"
#include "resolver.h"

#ifndef OVERLAYFS_SUPER_MAGIC
#  define OVERLAYFS_SUPER_MAGIC 0x794c7630
#endif

/* Some file systems keep whole seconds, or every other. */
static uint64_t changed_usec(const struct stat *st) {
        uint64_t usec = (uint64_t) st->st_ctim.tv_sec * 1000000 + (uint64_t) st->st_ctim.tv_nsec / 1000;

        return st->st_ctim.tv_nsec > 0 ? usec : usec + 2000000;
}

static void inode_from_stat(int fd, const struct stat *st, FopsInode *ret) {
        struct statfs fs;
        bool certain = true;

        /* stat(2) shows a subvolume's or a layer's device there, audit the superblock's. */
        if (fstatfs(fd, &fs) == 0 && (fs.f_type == BTRFS_SUPER_MAGIC || fs.f_type == OVERLAYFS_SUPER_MAGIC))
                certain = false;

        *ret = (FopsInode){
                .inode = st->st_ino,
                .dev_major = major(st->st_dev),
                .dev_minor = minor(st->st_dev),
                .changed_usec = changed_usec(st),
                .n_links = st->st_nlink,
                .is_symlink = S_ISLNK(st->st_mode),
                .dev_is_certain = certain,
                .may_be_renumbered = !fops_inode_numbers_last(fd),
        };
}

/* A link of /proc read whole, whatever its length. */
static int read_link(const char *link, FopsArena *arena, FopsSpan *ret) {
        char buffer[4096];
        ssize_t n = readlink(link, buffer, sizeof(buffer));

        if (n < 0)
                return -errno;
        if ((size_t) n == sizeof(buffer))
                return -ENAMETOOLONG; /* cut: the kernel shows no more than a page */
        *ret = fops_arena_copy(arena, (FopsSpan){ buffer, (size_t) n });
        return ret->data ? 0 : -ENOMEM;
}

static int live_read_fd(void *userdata _unused_, uint32_t pid, int fd, FopsArena *arena, FopsSpan *ret_path, FopsInode *ret_inode) {
        char link[sizeof("/proc//fd/") + 2 * 11];
        _cleanup_close_ int path_fd = -EBADF;
        struct stat st;
        FopsSpan path;
        int r;

        snprintf(link, sizeof(link), "/proc/%u/fd/%d", pid, fd);
        path_fd = open(link, O_PATH | O_CLOEXEC);
        if (path_fd < 0)
                return -errno;
        if (fstat(path_fd, &st) < 0)
                return -errno;

        /* Of our own descriptor, so that path and inode are one file's, whatever the process does meanwhile. */
        snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
        r = read_link(link, arena, &path);
        if (r < 0)
                return r;

        inode_from_stat(path_fd, &st, ret_inode);
        *ret_path = path;
        return 0;
}

/* It was opened by @path, which still leads to it: so it has its canonical path by way of that, not of having been moved just now. */
static bool is_still_at(const char *path, const struct stat *st) {
        _cleanup_close_ int fd = fops_open_path(path, O_PATH | O_CLOEXEC, FOPS_LINKS_NO_MAGIC);
        struct stat now;

        return fd >= 0 && fstat(fd, &now) == 0 && now.st_ino == st->st_ino && now.st_dev == st->st_dev;
}

static int live_canonicalize(void *userdata _unused_, FopsSpan path, FopsArena *arena, FopsSpan *ret_path, FopsInode *ret_inode) {
        char link[sizeof("/proc/self/fd/") + 11], self[sizeof("/proc/") + 11];
        _cleanup_close_ int fd = -EBADF;
        FopsSpan copy, canonical;
        struct stat st;
        int r;

        copy = fops_arena_copy(arena, path);
        if (!copy.data)
                return -ENOMEM;
        if (memchr(copy.data, '\0', copy.size))
                return -EINVAL;

        fd = fops_open_path(copy.data, O_PATH | O_CLOEXEC, FOPS_LINKS_NO_MAGIC);
        if (fd < 0)
                return fd;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        r = read_link(link, arena, &canonical);
        if (r < 0)
                return r;

        /* Asked last: if it is there now, its name had no " (deleted)" behind it a moment ago. */
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_nlink == 0)
                return -ENOENT;
        if (!fops_span_equal(canonical, path) && !is_still_at(copy.data, &st))
                return -ESTALE;

        /* /proc/self: who named it didn't mean us. */
        snprintf(self, sizeof(self), "/proc/%d", getpid());
        if (fops_path_is_below(canonical, fops_span_from_string(self)))
                return -ELOOP;

        inode_from_stat(fd, &st, ret_inode);
        *ret_path = canonical;
        return 0;
}

static int live_look_up(void *userdata _unused_, FopsSpan path, FopsInode *ret_inode) {
        char copy[FOPS_PATH_BYTES_MAX + 1];
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (path.size == 0 || path.size > FOPS_PATH_BYTES_MAX || memchr(path.data, '\0', path.size))
                return -EINVAL;
        memcpy(copy, path.data, path.size);
        copy[path.size] = '\0';

        fd = fops_open_path(copy, O_PATH | O_NOFOLLOW | O_CLOEXEC, FOPS_LINKS_NO_MAGIC);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        inode_from_stat(fd, &st, ret_inode);
        return 0;
}

static void closedirp(DIR **d) {
        if (*d)
                closedir(*d);
}

/* Is @name what the entry's inode number says? Not a mount point, nor (btrfs) another subvolume. */
static bool is_named(int dir_fd, const char *name, uint64_t inode, bool is_overlay, FopsInodeNames *ret) {
        struct stat st;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return false;
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_ino != inode)
                return false;

        /* An overlay's entries may bear the numbers of its layers, so that one of several links may not have been seen. */
        ret->more |= is_overlay && !S_ISDIR(st.st_mode) && st.st_nlink > 1;
        return is_overlay || (major(st.st_dev) == ret->directory.dev_major && minor(st.st_dev) == ret->directory.dev_minor);
}

static int live_read_names(void *userdata _unused_, FopsSpan path, uint64_t inode, FopsArena *arena, FopsInodeNames *ret) {
        const int flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC;
        _cleanup_(closedirp) DIR *dir = NULL;
        FopsInodeNames names = {};
        char copy[FOPS_PATH_BYTES_MAX + 1];
        struct dirent *entry;
        struct timespec now;
        struct statfs fs;
        struct stat st;
        int fd;

        if (path.size == 0 || path.size > FOPS_PATH_BYTES_MAX || memchr(path.data, '\0', path.size))
                return -EINVAL;
        memcpy(copy, path.data, path.size);
        copy[path.size] = '\0';

        fd = fops_open_path(copy, flags | O_NOATIME, FOPS_LINKS_NONE);
        if (fd == -EPERM) /* O_NOATIME is for the owner, and root */
                fd = fops_open_path(copy, flags, FOPS_LINKS_NONE);
        if (fd < 0)
                return fd;
        dir = fdopendir(fd);
        if (!dir) {
                close(fd);
                return -ENOMEM;
        }
        if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
                return -errno;
        inode_from_stat(fd, &st, &names.directory);

        while (errno = 0, (entry = readdir(dir))) {
                if (names.n_read++ == FOPS_ENTRIES_READ_MAX || names.n == ELEMENTSOF(names.names)) {
                        names.more = true;
                        break;
                }
                if (entry->d_ino != inode || !is_named(fd, entry->d_name, inode, fs.f_type == OVERLAYFS_SUPER_MAGIC, &names))
                        continue;
                names.names[names.n] = fops_arena_copy(arena, fops_span_from_string(entry->d_name));
                if (!names.names[names.n++].data)
                        return -ENOMEM;
        }
        if (errno > 0)
                return -errno;

        clock_gettime(CLOCK_REALTIME, &now);
        names.usec = (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
        *ret = names;
        return 0;
}

static int live_has_newer_subvolume(void *userdata _unused_, FopsSpan path, const FopsInode *directory, uint64_t least,
                                    uint64_t *ret_usec) {
        char copy[FOPS_PATH_BYTES_MAX + 1];
        _cleanup_close_ int fd = -EBADF;
        uint64_t id, parent;
        struct timespec now;
        struct stat st;

        if (path.size > FOPS_PATH_BYTES_MAX)
                return -ENAMETOOLONG;
        memcpy(copy, path.data, path.size);
        copy[path.size] = '\0';

        clock_gettime(CLOCK_REALTIME, &now);
        fd = fops_open_path(copy, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, FOPS_LINKS_NONE);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_ino != directory->inode || major(st.st_dev) != directory->dev_major || minor(st.st_dev) != directory->dev_minor)
                return -ESTALE;
        *ret_usec = (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
        return fops_btrfs_child(fd, least, &id, &parent);
}

static bool is_namespace(const struct stat *namespace, const char *link) {
        struct stat st;

        return stat(link, &st) == 0 && st.st_ino == namespace->st_ino;
}

static int live_shares_root(void *userdata _unused_, uint32_t pid) {
        char link[sizeof("/proc//ns/mnt") + 11];
        struct stat theirs, ours;

        snprintf(link, sizeof(link), "/proc/%u/root", pid);
        if (stat(link, &theirs) < 0)
                return -ESRCH;
        if (stat("/", &ours) < 0)
                return -errno;
        if (theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev)
                return 0;

        /* The first process's mounts are the machine's; our own are the same to look at, in the unit's sandbox too. */
        snprintf(link, sizeof(link), "/proc/%u/ns/mnt", pid);
        if (stat(link, &theirs) < 0)
                return -ESRCH;
        return is_namespace(&theirs, "/proc/1/ns/mnt") || is_namespace(&theirs, "/proc/self/ns/mnt");
}

const FopsWorld fops_world_live = {
        .read_fd = live_read_fd,
        .canonicalize = live_canonicalize,
        .look_up = live_look_up,
        .read_names = live_read_names,
        .has_newer_subvolume = live_has_newer_subvolume,
        .shares_root = live_shares_root,
};
