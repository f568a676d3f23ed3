/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* sd_notify(3) without waiting. Where systemd itself is audited it may be waiting for fopsd to read, when fopsd would be waiting for it. */

#include "util.h"

/* 1; 0: nobody is to be told; -EAGAIN: not now, the queue is full of what systemd hasn't read yet; or another -errno. */
int notify(const char *format, ...) _printf_(1, 2);
