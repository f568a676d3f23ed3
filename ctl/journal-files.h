/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which files make up a journal, and which of them can't be read. */

#include <systemd/sd-journal.h>

#include "util.h"

/* Opens the machine's journal, the one in @directory if not NULL, with @merge those of other machines too. 0; 1 if it
 * can't be, which has been said on standard error; -ENOMEM. */
int journal_open(const char *directory, bool merge, sd_journal **ret);

/* Tries each file of it; what can't be read is said on standard error, and *@ret_unreadable set. 0; 1 if nothing can be read,
 * which has been said too; -ENOMEM. */
int journal_check(const char *directory, bool merge, bool *ret_unreadable);
