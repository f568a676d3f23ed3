/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Tells which file systems were mounted and unmounted, from /proc/self/mountinfo; nothing is polled. */

#include <systemd/sd-event.h>

#include "mountinfo.h"

typedef struct MountFollow MountFollow;

/* Called from the event loop a moment after the first of several changes, with the table before and the one now. */
typedef int (*MountFollowChanged)(void *userdata, const FopsMounts *before, const FopsMounts *now);

/* Reads the table for the first time. 0 or -errno. */
int mount_follow_new(sd_event *event, MountFollowChanged changed, void *userdata, MountFollow **ret);
MountFollow *mount_follow_free(MountFollow *f);
FOPS_DEFINE_CLEANUP(MountFollow *, mount_follow_free)

