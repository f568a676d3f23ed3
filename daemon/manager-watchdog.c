/* SPDX-License-Identifier: GPL-2.0-or-later */

/* systemd's watchdog is told of what moves: messages that have gone through the pipeline, requests that the kernel is sent. Only while
 * there is nothing to move it is told by the clock. */

#include "manager-parts.h"

#include <systemd/sd-daemon.h>

#include "clock.h"
#include "notify.h"

/* Of the time that systemd is patient. sd_watchdog_enabled(3) asks for half of it; one may come late, or not be heard. */
#define PARTS 4U

static void feed(Manager *m) {
        if (notify("WATCHDOG=1") != -EAGAIN)
                m->fed_usec = clock_usec(CLOCK_MONOTONIC);
}

void manager_feed_watchdog(Manager *m) {
        if (m->patience_usec > 0 && clock_usec(CLOCK_MONOTONIC) >= m->fed_usec + m->patience_usec / PARTS)
                feed(m);
}

/* What waits for journald isn't to move. */
static bool has_nothing_to_move(const Manager *m) {
        return !intake_is_behind(m->intake) || publisher_is_blocked(m->publisher);
}

static int on_tick(sd_event_source *source, uint64_t usec _unused_, void *userdata) {
        Manager *m = userdata;
        int r;

        if (has_nothing_to_move(m))
                feed(m);
        r = sd_event_source_set_time_relative(source, m->patience_usec / PARTS);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int manager_attach_watchdog(Manager *m) {
        uint64_t tick_usec;

        if (sd_watchdog_enabled(false, &m->patience_usec) <= 0)
                return 0;
        tick_usec = m->patience_usec / PARTS;
        return sd_event_add_time_relative(m->event, NULL, CLOCK_MONOTONIC, tick_usec, tick_usec / PARTS + 1, on_tick, m);
}
