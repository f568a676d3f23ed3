/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Lets the running fopsd read its configuration again, and waits until it has. By its signal: that is all that systemctl reload
 * does, and works without systemd. */

#include "daemon-status.h"

/* @before: as it was; *@ret: as it is then. 0; 1: it didn't take the configuration; -ENOENT: it is gone; -ETIMEDOUT; or another -errno. */
int daemon_reload(const DaemonStatus *before, DaemonStatus *ret);
