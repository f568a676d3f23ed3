/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Watches for as long as somebody is connected, for fopsctl follow: a watch can't outlive whom it is for, however that
 * ends, since the kernel closes the socket. The socket is /run/fopsd/follow, of kind SOCK_SEQPACKET, for root alone. The
 * guest sends one packet and gets one:
 *   recursive NUL write,attr NUL /srv/data NUL /home NUL  →  watched, or why not
 * Then both keep quiet until one closes. A guest whose fopsd is gone asks the next one. */

#include <systemd/sd-event.h>

#include "config.h"

typedef struct Guests Guests;

/* Listens in @runtime_directory (NULL: nowhere, which isn't an error). @changed is to load the configuration again, with
 * guests_add_watches(): 0, 1 if that was refused, or -errno, which ends the loop as the caller wishes. 0 or -errno. */
int guests_new(sd_event *event, const char *runtime_directory, int (*changed)(void *userdata), void *userdata, Guests **ret);
/* Lets all go, without @changed. */
Guests *guests_free(Guests *g);
FOPS_DEFINE_CLEANUP(Guests *, guests_free)

/* Adds to @c what guests want and no watch of @c gives them already. @g may be NULL. 0 or -ENOMEM. */
int guests_add_watches(const Guests *g, FopsConfig *c);
