/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A child that does one thing when fopsd is gone: it makes the audit socket's buffer larger.
 *
 * While fopsd is slower than the events, its ring and the socket's buffer are full on purpose, for that is what makes the audited
 * processes wait. Killed then, it leaves a full socket to nobody, and the kernel gives up on one after 100 ms (audit-reader.c). With
 * room in it again, records queue until the next fopsd is there. */

#include <stdint.h>

/* Forks; to be called before there are threads. @bytes: how much room there is to be then, with @bytes_max for all. Returns a descriptor to keep open while this
 * process lives, or -errno. */
int keeper_start(int socket_fd, uint64_t bytes, uint64_t bytes_max);
