/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What was lost since the last look. */

#include "gaps.h"

#include <string.h>

static const char *const causes[_GAP_CAUSE_MAX] = {
        [GAP_KERNEL_LOST] = "records lost by the kernel",
        [GAP_MISSING] = "events that never came, by their serial numbers",
        [GAP_SOCKET_OVERRUN] = "socket buffer overruns, each of an unknown number of records",
        [GAP_TRUNCATED] = "records cut by their length",
        [GAP_MALFORMED] = "malformed records",
        [GAP_EVENT_EVICTED] = "events given up incomplete, too many at once",
        [GAP_EVENT_CUT] = "events cut, too large",
        [GAP_EVENT_TIMED_OUT] = "events whose end never came",
        [GAP_JOURNAL] = "entries that the journal didn't take",
};

void gaps_init(Gaps *g, const uint64_t counts[static _GAP_CAUSE_MAX], uint64_t now_usec) {
        memcpy(g->counts, counts, sizeof(g->counts));
        g->looked_usec = now_usec;
}

void gaps_look(Gaps *g, const uint64_t counts[static _GAP_CAUSE_MAX], uint64_t now_usec, Publisher *publisher) {
        for (size_t i = 0; i < _GAP_CAUSE_MAX; i++) {
                uint64_t grown = counts[i] >= g->counts[i] ? counts[i] - g->counts[i] : counts[i];

                if (grown > 0)
                        publisher_gap(publisher, causes[i], grown, g->looked_usec, now_usec);
                g->counts[i] = counts[i];
        }
        g->looked_usec = now_usec;
}
