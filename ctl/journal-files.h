/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which files make up a journal, and which of them can't be read. */

#include <systemd/sd-journal.h>

#include "util.h"

/* Opens the machine's journal, the one in @directory if not NULL, with @merge those of other machines too. What can't be
 * read is said on standard error, and *@ret_unreadable set. Returns 0; 1 if nothing can be read, which has been said too;
 * -ENOMEM. */
int journal_open(const char *directory, bool merge, sd_journal **ret, bool *ret_unreadable);
