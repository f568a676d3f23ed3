/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which files make up a journal, and which of them can't be read. */

#include <systemd/sd-journal.h>

#include "span.h"

/* Opens the machine's journal, the one in @directory if not NULL, with @merge those of other machines too. 0; 1 if it
 * can't be, which has been said on standard error; -ENOMEM. */
int journal_open(const char *directory, bool merge, sd_journal **ret);

/* Tries each file of it; what can't be read is said on standard error, and *@ret_unreadable set. 0; 1 if nothing can be
 * read, which has been said too; -ENOMEM. */
int journal_check(const char *directory, bool merge, bool *ret_unreadable);

/* Calls @visit for each value that @field has in one of its files, "FIELD=value", which is valid during the call. A value
 * that is in several files comes several times. Files without an entry received from @since_usec to @until_usec are left
 * out, as are those that can't be read. 0; what @visit returned, if not 0, which ends it; -errno: there may be more, in a
 * damaged file. */
int journal_each_value(const char *directory, bool merge, const char *field, uint64_t since_usec, uint64_t until_usec,
                       int (*visit)(void *userdata, FopsSpan match), void *userdata);
