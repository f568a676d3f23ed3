/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Entries into the journal, over journald's native socket. */

#include "entry.h"

typedef struct FopsSinkJournal FopsSinkJournal;

FopsSinkJournal *fops_sink_journal_new(void); /* NULL when memory is out */
FopsSinkJournal *fops_sink_journal_free(FopsSinkJournal *s);
FOPS_DEFINE_CLEANUP(FopsSinkJournal *, fops_sink_journal_free)

/* Hands @e to journald; blocks while journald's queue is full. Returns 0 once the kernel has it, or a negative errno:
 * -ENOENT and -ECONNREFUSED when there is no journald to take it, and then it may be tried again; -ENOMEM. Needs no
 * memory but for an entry larger than all before. */
int fops_sink_journal_write(FopsSinkJournal *s, const FopsEntry *e);
