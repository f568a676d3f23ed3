/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The kernel's audit records off a netlink socket: as the registered audit daemon, which gets everything, or as a listener of
 * the multicast group beside one. Only the kernel's own messages are believed. */

#include "config.h"
#include "span.h"

typedef struct AuditSocket AuditSocket;

typedef struct AuditSocketStats {
        uint64_t n_messages, n_forged, n_truncated, n_overruns; /* overruns: ENOBUFS, an unknown number of records was lost */
} AuditSocketStats;

/* Opens the socket and, for DAEMON, registers this process; AUTO registers if the place is free, else listens.
 * *@ret_mode is DAEMON or LISTENER. @buffer_bytes: the receive buffer asked for.
 * Returns 0; -EEXIST: another daemon is registered (only for DAEMON); -EPERM, -ECONNREFUSED (not in the initial pid or user
 * namespace), -EPROTONOSUPPORT (a kernel without audit), or another negative errno. */
int audit_socket_new(FopsSourceMode mode, uint64_t buffer_bytes, AuditSocket **ret, FopsSourceMode *ret_mode);

/* Unregisters if registered, and closes. */
AuditSocket *audit_socket_free(AuditSocket *s);
FOPS_DEFINE_CLEANUP(AuditSocket *, audit_socket_free)

int audit_socket_fd(const AuditSocket *s);
AuditSocketStats audit_socket_stats(const AuditSocket *s);

/* Gives each message that is there, at most @n_max, to @handler; @text is valid during the call. Ends early when @handler returns
 * a negative errno, which is handed up. Returns how many were taken, 0 if none is there, or -errno. */
typedef int (*AuditSocketHandler)(void *userdata, uint16_t type, FopsSpan text);
int audit_socket_receive(AuditSocket *s, unsigned n_max, AuditSocketHandler handler, void *userdata);

/* What one datagram holds, checked: true and *@ret_type, *@ret_text set if it is an audit message of the kernel. Unicast records
 * carry a length that leaves out the header (FACTS: nlmsg_len is the payload's), so what recv returned counts. Pure. */
bool audit_datagram_parse(FopsSpan datagram, uint32_t sender_pid, uint16_t *ret_type, FopsSpan *ret_text);
