/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One fopsd to a machine: two would take each other's rules for the left-overs of a crash. */

#include "audit-control.h"

/* Looks for the rule by which every fopsd keeps itself out of its records, never,exit pid=PID. Returns 0 and *@ret_pid: the process
 * of another fopsd that is alive, or 0 if there is none (no such rule, or one of a crashed run). -errno if the kernel
 * can't be asked. */
int instance_find_other(FopsAuditControl *control, uint32_t *ret_pid);
