/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The reader thread: datagrams off the audit socket into the ring and nothing else, so that a slow journal never makes the kernel
 * wait while the ring has room. */

#include "keeper.h"
#include "ring.h"

typedef struct AuditReader AuditReader;

/* Starts it. Socket, ring and keeper are borrowed. @buffer_bytes: the socket's receive buffer, to which one that was made larger for want
 * of a reader shrinks again. 0 or -errno. */
int audit_reader_new(int socket_fd, uint64_t buffer_bytes, Ring *ring, Keeper *keeper, AuditReader **ret);

/* Stops it and waits until it has committed what it had received. */
AuditReader *audit_reader_free(AuditReader *a);
FOPS_DEFINE_CLEANUP(AuditReader *, audit_reader_free)

/* Readable when messages have come since _rest. */
int audit_reader_fd(const AuditReader *a);

/* The ring's reader found it empty and is going to wait. False if something came meanwhile: look again. */
bool audit_reader_rest(AuditReader *a);

/* The ring's reader has freed room. */
void audit_reader_freed(AuditReader *a);

/* As long as @held, it takes in only what keeps the kernel's queue moving, as if there were little room. */
void audit_reader_hold(AuditReader *a, bool held);

/* True while it waits for the socket: what the socket had is in the ring. */
bool audit_reader_is_waiting(const AuditReader *a);

/* What ended it early (negative), or 0. */
int audit_reader_error(const AuditReader *a);
