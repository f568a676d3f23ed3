/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "alive.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

void alive_begin(Alive *a, const char *directory, uint64_t *ret_last_usec) {
        struct stat st;

        *a = ALIVE_NONE;
        *ret_last_usec = 0;
        if (!directory || asprintf(&a->path, "%s/alive", directory) < 0) {
                a->path = NULL;
                return;
        }
        if (stat(a->path, &st) == 0)
                *ret_last_usec = (uint64_t) st.st_mtim.tv_sec * 1000000 + (uint64_t) st.st_mtim.tv_nsec / 1000;
        a->fd = open(a->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        alive_touch(a);
}

void alive_touch(Alive *a) {
        if (a->fd >= 0)
                (void) futimens(a->fd, NULL);
}

void alive_end(Alive *a) {
        if (a->fd >= 0)
                (void) unlink(a->path);
        alive_done(a);
}

void alive_done(Alive *a) {
        if (a->fd >= 0)
                close(a->fd);
        free(a->path);
        *a = ALIVE_NONE;
}
