/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Counters of what was lost, turned into entries of kind gap: one for each cause and look, however many were lost. */

#include "publisher.h"

typedef enum GapCause {
        GAP_KERNEL_LOST,     /* audit_status.lost: the kernel's queue was full, or memory was out */
        GAP_MISSING,         /* events whose serial number never came */
        GAP_SOCKET_OVERRUN,  /* ENOBUFS; each stands for an unknown number of records */
        GAP_TRUNCATED,       /* records longer than a datagram may be */
        GAP_MALFORMED,       /* records that make no sense */
        GAP_EVENT_EVICTED,   /* events given up incomplete: too many at once */
        GAP_EVENT_CUT,       /* events of which records were left out: too large */
        GAP_EVENT_TIMED_OUT, /* events whose end never came: published as they were */
        GAP_JOURNAL,         /* entries that the journal didn't take */
        GAP_WRITERS_WAITED,  /* in ms: processes waited for room in the kernel's queue; nothing is lost, but they felt it */
        _GAP_CAUSE_MAX,
} GapCause;

typedef struct Gaps {
        uint64_t counts[_GAP_CAUSE_MAX]; /* as they were at the last look */
        uint64_t told[_GAP_CAUSE_MAX];   /* what was published, in all */
        uint64_t n_unheard;              /* of these, gaps in what was heard: a rename may have been among it */
        uint64_t looked_usec;            /* CLOCK_REALTIME */
        uint64_t waiting_since_usec, waits_told_usec; /* CLOCK_REALTIME: waits that aren't told yet; 0: none, never */
} Gaps;

/* "kernel_lost" … for counters; static. */
const char *gap_cause_to_string(GapCause cause);

/* Takes what is counted already as no gap: the kernel's lost from before our time. */
void gaps_init(Gaps *g, const uint64_t counts[static _GAP_CAUSE_MAX], uint64_t now_usec);

/* Publishes what has grown since the last look. The kernel's `lost` can be reset by others: a smaller count starts anew.
 * Waits are told when they add up to a second, and once a minute at most. */
void gaps_look(Gaps *g, const uint64_t counts[static _GAP_CAUSE_MAX], uint64_t now_usec, Publisher *publisher);
