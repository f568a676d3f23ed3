/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A journal cursor in a file:
 *   s=3d12…;i=1f;b=…;m=…;t=…;x=… */

#include "checkpoint.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A cursor has about 130. */
#define CURSOR_CHARS_MAX 1024

int checkpoint_read(const char *path, char **ret) {
        char buffer[CURSOR_CHARS_MAX + 1];
        _cleanup_close_ int fd = -EBADF;
        ssize_t n;
        char *copy;

        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT) {
                *ret = NULL;
                return 0;
        }
        if (fd < 0)
                return -errno;
        n = read(fd, buffer, CURSOR_CHARS_MAX);
        if (n < 0)
                return -errno;

        /* sd_journal_seek_cursor(3) says of the rest whether it is one. */
        if (n < 3 || memcmp(buffer, "s=", 2) != 0 || buffer[n - 1] != '\n')
                return -EINVAL;
        buffer[n - 1] = '\0';
        copy = strdup(buffer);
        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

static int write_line(int fd, const char *line) {
        if (dprintf(fd, "%s\n", line) < 0 || fsync(fd) < 0)
                return -errno;
        return 0;
}

int checkpoint_write(const char *path, const char *cursor) {
        _cleanup_free_ char *temporary = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        fd = mkostemp(temporary, O_CLOEXEC);
        if (fd < 0)
                return -errno;

        r = write_line(fd, cursor);
        if (r >= 0 && rename(temporary, path) < 0)
                r = -errno;
        if (r < 0)
                (void) unlink(temporary);
        return r;
}
