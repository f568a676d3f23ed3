/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* open(2) for paths that others wrote: openat2(2)'s way of not following links, also where a system call filter hides it (systemd's
 * RestrictSUIDSGID= answers ENOSYS, since the mode is behind a pointer; valgrind before 3.20 doesn't know it). */

#include <stdbool.h>

typedef enum FopsLinks {
        FOPS_LINKS_NONE,     /* a symlink anywhere is -ELOOP, but for the last component with O_PATH|O_NOFOLLOW */
        FOPS_LINKS_NO_MAGIC, /* those of /proc/PID (cwd, root, fd) lead into other mounts: -ELOOP */
} FopsLinks;

/* @path is absolute and shorter than PATH_MAX, @flags are open(2)'s, O_CREAT and its kin not among them. Returns a descriptor, which
 * is the caller's, or what openat2(2) would: -ENOENT, -ELOOP, -ENOTDIR, -EACCES... */
int fops_open_path(const char *path, int flags, FopsLinks links);

/* The same, component by component. Stricter than openat2(2) in that it follows no link of a proc file system, magic or not. */
int fops_open_path_by_steps(const char *path, int flags, FopsLinks links);
