/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* From listening to being the registered audit daemon, or back, with no record lost or doubled. */

#include "audit-control.h"
#include "audit-socket.h"
#include "ring.h"

/* Opens a socket of mode @to beside *@s, puts what *@s has up to where the new one begins into @ring, whose writer is the caller, and
 * puts the new one in its place. Returns 0; -EEXIST: another is registered; -EAGAIN: not now, the kernel or @ring has too much to do;
 * or another -errno. Then *@s is as it was, but for what went into the ring. */
int audit_switch(AuditSocket *s, FopsSourceMode to, uint64_t buffer_bytes, FopsAuditControl *control, Ring *ring);
