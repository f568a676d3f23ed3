/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A child that does one thing when nobody reads the audit socket any more: it makes the socket's buffer larger.
 *
 * While fopsd is slower than the events, its ring and the socket's buffer are full on purpose, for that is what makes the audited
 * processes wait. Killed then, it leaves a full socket to nobody, and the kernel gives up on one after 100 ms (audit-reader.c). With
 * room in it again, records queue until the next fopsd is there.
 *
 * What it waits for is the end of the thread that reads, not of the process: killed while it asks the kernel's audit for something, the
 * process stays until the kernel's queue moves (audit_receive() waits uninterruptibly), which it doesn't before there is room. */

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Keeper {
        int fd; /* a pipe to it, until there is a reader: its end of file is a sign too */
        pid_t pid;
        pthread_mutex_t *reader; /* in memory that both share: whoever reads has it, and loses it when it is killed */
} Keeper;

#define KEEPER_NONE ((Keeper){ .fd = -EBADF })

/* Forks; to be called before there are threads. @bytes: how much room there is to be then at least, with @bytes_max for all; more if
 * much memory is free. Returns 0 with a keeper that stays until the reader's end, or this process's, or -errno. */
int keeper_start(int socket_fd, uint64_t bytes, uint64_t bytes_max, Keeper *ret);

/* The calling thread is the reader, until it says that it isn't any more, or its end. Without a keeper nothing happens. */
void keeper_begin_reading(Keeper *k);
void keeper_end_reading(Keeper *k);

/* Once nobody reads: waits until it has gone, and with it its copy of the socket. */
void keeper_end(Keeper *k);
