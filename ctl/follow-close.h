/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Files that are closed after having been open for writing, which audit doesn't tell: from fanotify(7), for root.
 *   MESSAGE=closed /srv/x after writing with vi[4711]  FOPSD_OP=close_write FOPSD_PATH=/srv/x FOPSD_PID=4711 …
 * Such entries are follow's alone: they aren't in the journal. */

#include "follow-scope.h"
#include "follow-source.h"

typedef struct FollowClose FollowClose;

/* Watches the roots of @scope, borrowed: with scope->recursive all of their file systems, else their directories. Of
 * @handlers only entry is called. 0; -EPERM or another errno: this
 * kernel, file system or user can't. */
int follow_close_new(sd_event *event, FollowHandlers handlers, const FollowScope *scope, FollowClose **ret);
FollowClose *follow_close_free(FollowClose *c);
FOPS_DEFINE_CLEANUP(FollowClose *, follow_close_free)

/* Records of audit take longer than events of fanotify, so these wait a little. An operation of @usec has come: what is
 * older is called out now. 0 or what @handlers.entry returned. */
int follow_close_catch_up(FollowClose *c, uint64_t usec);
