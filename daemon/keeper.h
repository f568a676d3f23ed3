/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A child that does one thing when fopsd is gone: it makes the audit socket's buffer larger.
 *
 * While fopsd is slower than the events, its ring and the socket's buffer are full on purpose, for that is what makes the audited
 * processes wait. Killed then, it leaves a full socket to nobody, and the kernel gives up on one after 100 ms (audit-reader.c). With
 * room in it again, records queue until the next fopsd is there. */

#include <stdint.h>
#include <sys/types.h>

typedef struct {
        int fd; /* its end of file is the sign */
        pid_t pid;
} Keeper;

#define KEEPER_NONE ((Keeper){ .fd = -EBADF })

/* Forks; to be called before there are threads. @bytes: how much room there is to be then, with @bytes_max for all. Returns 0
 * with a keeper that stays until keeper_end() or the end of this process, or -errno. */
int keeper_start(int socket_fd, uint64_t bytes, uint64_t bytes_max, Keeper *ret);

/* Lets it go, and with it its copy of the socket. Waits until it has gone. */
void keeper_end(Keeper *k);
