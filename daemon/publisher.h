/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where entries go, journal or standard output, and the entries that fopsd makes about itself: states and gaps. */

#include "diag.h"
#include "entry.h"
#include "sink-print.h"

typedef struct Publisher Publisher;

/* NULL when memory is out. */
Publisher *publisher_new(bool print, FopsPrintFormat format);
Publisher *publisher_free(Publisher *p);
FOPS_DEFINE_CLEANUP(Publisher *, publisher_free)

/* An entry of the pipeline. 0; -EPIPE: standard output's reader is gone. Other trouble is counted and doesn't stop the rest. */
int publisher_publish(Publisher *p, const FopsEntry *entry);

/* An entry of kind state: @state ("started", "reloaded", "armed" …, static) in FOPSD_STATE, and the message. */
void publisher_state(Publisher *p, int priority, const char *state, const char *format, ...) _printf_(4, 5);

/* A refused configuration: kind state, one entry, each error in a field FOPSD_ERROR. */
void publisher_refused(Publisher *p, const FopsDiags *diags);

/* An entry of kind gap: @count events or records lost for @cause between two times (µs since the epoch). */
void publisher_gap(Publisher *p, const char *cause, uint64_t count, uint64_t from_usec, uint64_t until_usec);

/* Entries that no journal took. */
uint64_t publisher_n_failed(const Publisher *p);
