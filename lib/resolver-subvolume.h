/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* In which subvolume of a btrfs an operation took place, before anything else is asked about its inodes. */

#include "resolver.h"

/* Sets .subvolume of op->items, and op->untold_in. Returns 1, with the top of what the event's rule reaches in *@ret_top, if there may
 * be subvolumes in it that aren't known yet: to be called again when they have been looked up, just now (@is_new). Else 0, or
 * -ENOMEM. What it takes goes to @arena. */
int fops_resolver_tell_subvolumes(FopsResolver *r, FopsOperation *op, bool is_new, FopsArena *arena, FopsInodeKey *ret_top);
