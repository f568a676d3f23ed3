/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Times as people type them, in the forms of journalctl -S (systemd.time(7)). Not thread-safe: the time zone is the
 * process's. */

#include "util.h"

/* @text to µs since the epoch, of which @now_usec is now:
 *   2026-11-22 10:00   2026-11-22T10:00:30.5   Sun 2026-11-22   10:00 (today)   2026-11-22 10:00 UTC   2026-11-22T10:00Z
 *   now   today   yesterday   tomorrow   -1h   +90s   1h 30min ago   2d left   @1795309541.349
 * Days begin at midnight, local time. Returns 0, or -EINVAL for what is no such form or no time since the epoch. */
int time_form_parse(const char *text, uint64_t now_usec, uint64_t *ret_usec);

#define TIME_FORM_EXAMPLES "2026-11-22 10:00, yesterday, -1h, @1795309541"
