/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A file in the runtime directory that is as old as fopsd's last sign of life, so that the next life can say how long there was
 * none. A reboot clears it, and so does an end in good order. */

#include <stdint.h>

#include "util.h"

typedef struct Alive {
        int fd; /* negative: nowhere to keep it */
        char *path;
} Alive;

#define ALIVE_NONE ((Alive){ .fd = -EBADF })

/* Looks for what was left, and goes on from it. *@ret_last_usec: CLOCK_REALTIME, or 0: nothing was left. @directory may be NULL. */
void alive_begin(Alive *a, const char *directory, uint64_t *ret_last_usec);
void alive_touch(Alive *a);

/* An end in good order: the file goes. */
void alive_end(Alive *a);

/* An end of another kind: it stays. */
void alive_done(Alive *a);
