/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A pipeline whose every entry is checked for what fopsd.journal-fields(7) promises. */

#include "pipeline.h"

/* Aborts unless @entry keeps the promises, in the journal as in JSON and as text. To be given as .publish. */
int check_entry(void *userdata, const FopsEntry *entry, const FopsOperation *op);
