/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What was lost since the last look. */

#include "gaps.h"

#include <string.h>

static const char *const names[_GAP_CAUSE_MAX] = {
        [GAP_KERNEL_LOST] = "kernel_lost",
        [GAP_MISSING] = "missing",
        [GAP_SOCKET_OVERRUN] = "socket_overrun",
        [GAP_TRUNCATED] = "truncated",
        [GAP_MALFORMED] = "malformed",
        [GAP_EVENT_EVICTED] = "event_evicted",
        [GAP_EVENT_CUT] = "event_cut",
        [GAP_EVENT_TIMED_OUT] = "event_timed_out",
        [GAP_JOURNAL] = "journal",
        [GAP_WRITERS_WAITED] = "writers_waited",
};

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
        [GAP_WRITERS_WAITED] = "writers waited",
};

/* Short waits come with every burst that is larger than the kernel's queue, which by default is small. */
#define WAITS_MIN_MSEC 1000U
/* Under a load that is too much for good there are some all the time. */
#define WAITS_PERIOD_USEC (UINT64_C(60) * 1000000)

const char *gap_cause_to_string(GapCause cause) {
        return names[cause];
}

void gaps_init(Gaps *g, const uint64_t counts[static _GAP_CAUSE_MAX], uint64_t now_usec) {
        *g = (Gaps){ .looked_usec = now_usec };
        memcpy(g->counts, counts, sizeof(g->counts));
}

/* True if they are to be told now. */
static bool look_at_waits(Gaps *g, uint64_t grown, uint64_t now_usec) {
        bool is_set_back = now_usec < g->waits_told_usec; /* the clock */

        if (grown > 0 && g->waiting_since_usec == 0)
                g->waiting_since_usec = g->looked_usec;
        return grown >= WAITS_MIN_MSEC && (g->waits_told_usec == 0 || is_set_back || now_usec >= g->waits_told_usec + WAITS_PERIOD_USEC);
}

void gaps_look(Gaps *g, const uint64_t counts[static _GAP_CAUSE_MAX], uint64_t now_usec, Publisher *publisher) {
        for (size_t i = 0; i < _GAP_CAUSE_MAX; i++) {
                uint64_t grown = counts[i] >= g->counts[i] ? counts[i] - g->counts[i] : counts[i];

                if (i == GAP_WRITERS_WAITED) {
                        if (!look_at_waits(g, grown, now_usec)) {
                                g->counts[i] = counts[i] - grown;
                                continue;
                        }
                        publisher_waits(publisher, causes[i], grown, MIN(g->waiting_since_usec, now_usec), now_usec);
                        g->waits_told_usec = now_usec;
                        g->waiting_since_usec = 0;
                } else if (grown > 0) {
                        publisher_gap(publisher, causes[i], grown, MIN(g->looked_usec, now_usec), now_usec);
                        g->n_unheard += i != GAP_JOURNAL;
                }
                g->told[i] += grown;
                g->counts[i] = counts[i];
        }
        g->looked_usec = now_usec;
}
