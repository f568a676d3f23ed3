/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not /tmp, which may be memory: a log may be larger. */
#define DIRECTORY "/var/tmp"

/* "/dev/fd/" and an int. */
#define NAME_BYTES 32U

static int copy_all(int from_fd, int to_fd) {
        char buffer[64 << 10];
        ssize_t n;

        while ((n = read(from_fd, buffer, sizeof(buffer))) > 0)
                for (ssize_t written, done = 0; done < n; done += written) {
                        written = write(to_fd, buffer + done, (size_t) (n - done));
                        if (written < 0)
                                return -errno;
                }
        return n < 0 ? -errno : 0;
}

int spool(FopsArena *arena, char **path) {
        bool is_stdin = strcmp(*path, "-") == 0;
        _cleanup_close_ int opened_fd = -EBADF, copy_fd = -EBADF;
        char *name;
        struct stat st;
        int r;

        /* What isn't there is said by who opens it. */
        if (!is_stdin && (stat(*path, &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
                return 0;
        if (!is_stdin) {
                opened_fd = open(*path, O_RDONLY | O_CLOEXEC);
                if (opened_fd < 0)
                        return -errno;
        }
        copy_fd = open(DIRECTORY, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (copy_fd < 0)
                return -errno;
        r = copy_all(is_stdin ? STDIN_FILENO : opened_fd, copy_fd);
        if (r < 0)
                return r;
        name = fops_arena_alloc(arena, NAME_BYTES);
        if (!name)
                return -ENOMEM;
        snprintf(name, NAME_BYTES, "/dev/fd/%d", copy_fd);
        copy_fd = -EBADF; /* open as long as the process */
        *path = name;
        return 0;
}
