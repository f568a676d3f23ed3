/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Joining and normalising of paths by their text alone. Text can be wrong where a component is a symlink: a ".." behind a named
 * component is then not that component's parent. So these functions refuse it instead of guessing. Pure. */

#include "arena.h"

/* Joins @name to @base, an absolute canonical directory (as d_path() prints: no symlinks), into @arena: doubled and trailing
 * slashes and "." go, ".." at the front of @name climbs from @base. An absolute @name ignores @base (which may be absent).
 * Absent if the result can't be known from the text: ".." behind a name, a relative name without base, an empty one, or a
 * result over FOPS_PATH_BYTES_MAX; also when memory is out. */
FopsSpan fops_path_join(FopsArena *arena, FopsSpan base, FopsSpan name);

/* mkdirat() in a loop makes paths longer than PATH_MAX; records are bounded by MAX_AUDIT_MESSAGE_LENGTH, 8,970 bytes, hex 4,485. */
#define FOPS_PATH_BYTES_MAX ((size_t) 16384)

/* The directory part, "/" for a name in the root; borrowed. Absent for "/" itself and for anything not absolute. */
FopsSpan fops_path_dirname(FopsSpan path);

/* The directories on the way to @path, an absolute canonical one, from the top: /srv, /srv/data, and at last @path itself; never "/". The
 * one behind @previous, or the first if that is absent; borrowed. Absent when there are no more. */
FopsSpan fops_path_next_prefix(FopsSpan path, FopsSpan previous);

/* What follows the last slash (trailing ones aside); "/" for the root. Borrowed. */
FopsSpan fops_path_basename(FopsSpan path);

/* True if @path is @dir or below it. */
bool fops_path_is_below(FopsSpan path, FopsSpan dir);
