/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What can be read only once, as a file that can be read several times. */

#include "arena.h"

/* Makes *@path a name under which what it names can be opened again and again: the same, unless it is a pipe or "-", standard input.
 * Those are read to their end, into a file that is gone when the process is, and the name is in @arena. 0 or -errno. */
int spool(FopsArena *arena, char **path);
