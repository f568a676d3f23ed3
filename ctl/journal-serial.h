/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* An event's serial number into its whole id, 12 into 1795309541.349:12: the journal indexes only that. */

#include "source.h"

/* Calls @visit for each "FOPSD_EVENT=…" of @serial in the journal that @options name, once or more; there can be one in each boot of
 * each machine. The datum is valid during the call. 0; what @visit returned, if not 0, which ends it; -errno. */
int journal_each_event(const SourceOptions *options, FopsSpan serial, int (*visit)(void *userdata, FopsSpan match), void *userdata);
