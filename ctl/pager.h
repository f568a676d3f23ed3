/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Standard output through a pager, when it is a terminal: $PAGER, or less -FRSX, which ends by itself if all fits the
 * screen. */

#include <sys/types.h>

#include "util.h"

typedef struct Pager {
        pid_t pid; /* 0: none */
} Pager;

/* Starts it if standard output is a terminal, @wanted, and $PAGER names one; from then on standard output leads to it.
 * Without one, or if it can't be started, all stays as it was. */
void pager_start(Pager *p, bool wanted);

/* Ends standard output and waits until the pager is closed. */
void pager_wait(Pager *p);

/* True if what is written now, pager or none, comes to a terminal that knows colours and $NO_COLOR isn't set. To be asked
 * before pager_start(). */
bool pager_colours(void);
