/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Tells when the file system has changed such that a watch means something else: its path appears, goes, is replaced, a directory
 * above it is renamed, a glob has another match. inotify on the directories that decide it; nothing is polled. */

#include <systemd/sd-event.h>

#include "config.h"

typedef struct WatchFollow WatchFollow;

/* @changed is called from the event loop, a moment after the first of several changes. 0 or -errno. */
typedef int (*WatchFollowChanged)(void *userdata);
int watch_follow_new(sd_event *event, WatchFollowChanged changed, void *userdata, WatchFollow **ret);
WatchFollow *watch_follow_free(WatchFollow *f);
FOPS_DEFINE_CLEANUP(WatchFollow *, watch_follow_free)

/* Follows the paths of @watches from here on, as the directories are now; to be called again after each change. 0 or -errno; a
 * directory that can't be followed is passed over. */
int watch_follow_set(WatchFollow *f, const FopsWatch *watches, size_t n_watches);

/* Something else has changed of what the watches mean: has @changed called a moment later. 0 or -errno. */
int watch_follow_look_again(WatchFollow *f);
