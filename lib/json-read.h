/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The other way: a line that fops_json_print() wrote back into an entry, for who reads fopsd --print=json. */

#include "entry.h"

/* Adds the fields of the object in @line, which may end in a newline, to @e after having emptied it. Values borrow from
 * @line and from the entry's arena, names from that: valid until it is read into again. Returns 0, or -EINVAL if that is
 * no such line, or memory is out; what @e holds is then of no use. */
int fops_json_read(FopsEntry *e, FopsSpan line);
