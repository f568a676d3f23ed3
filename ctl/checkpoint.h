/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where a search goes on next time: a journal cursor in a file, one line. */

#include "util.h"

/* Sets *@ret to the cursor, to be freed; NULL if there is no such file yet. -errno; -EINVAL: the file holds something
 * else. */
int checkpoint_read(const char *path, char **ret);

/* Replaces the file as a whole or not at all. 0 or -errno. */
int checkpoint_write(const char *path, const char *cursor);
