/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the running fopsd says of itself (its names: fopsd(8), STATUS). */

#include "json-reader.h"

#define DAEMON_STATUS_SOCKET "/run/fopsd/status"

typedef struct DaemonStatus {
        uint32_t pid;         /* of the process that listens, as the kernel knows it */
        FopsSpan text;        /* one line of JSON, with its newline */
        const FopsJson *json; /* the same */
        FopsArena arena;      /* of both */
} DaemonStatus;

void daemon_status_done(DaemonStatus *d);

/* Asks. 0; -ENOENT: no fopsd is running; -EBADMSG: that is none of its answers; -ETIMEDOUT; or another -errno. */
int daemon_status_read(DaemonStatus *ret);

/* Says on standard error why there is none. */
void daemon_status_complain(int error);
