/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The journal as a source of entries: the same fields that fopsd wrote, found through the journal's indexes. */

#include "source.h"

/* source_read() for the journal. */
int journal_source_read(const SourceOptions *options, char **ret_cursor);
