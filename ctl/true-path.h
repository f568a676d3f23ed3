/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a person types into the path that entries have. */

#include "arena.h"

/* @path, relative to the current directory if it doesn't begin with a slash, to an absolute path in @arena, with the
 * symbolic links in it followed as far as it exists: what is gone can be asked for too. A link at its end only if @follow.
 * 0; -EINVAL for what is no plain path ("", "gone/.."); -ENOMEM or another errno of finding out where we are. Blocks on
 * file I/O. */
int true_path(FopsArena *arena, const char *path, bool follow, FopsSpan *ret);
