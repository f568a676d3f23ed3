/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One fopsd to a machine: two would take each other's rules for the left-overs of a crash. */

#include "audit-control.h"

/* Claims the name that only one process can have, for as long as it lives. Returns a descriptor to keep; -EBUSY with *@ret_pid:
 * another fopsd has it; -EADDRINUSE: somebody else has; or another -errno. */
int instance_claim(uint32_t *ret_pid);

/* A registered process that is gone, and whose socket nobody has any more, keeps the place of the audit daemon until the kernel has
 * a record for it. This makes some, and waits @timeout_usec at most for the kernel to find out. */
void instance_clear_dead_registration(FopsAuditControl *control, uint64_t timeout_usec);
