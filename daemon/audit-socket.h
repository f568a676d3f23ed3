/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The netlink socket that the kernel's audit records come on: as the registered audit daemon, which gets everything, or as a listener
 * of the multicast group beside one. */

#include "config.h"
#include "span.h"

typedef struct Ring Ring; /* ring.h */

typedef struct AuditSocket {
        int fd;                  /* negative: none */
        uint32_t registered_pid; /* whose registration it carries: ours, or that of the process we have it from; 0: it listens */
} AuditSocket;

#define AUDIT_SOCKET_NONE ((AuditSocket){ .fd = -EBADF })

/* Opens the socket and, for DAEMON, registers this process; AUTO registers if the place is free, else listens. Records that come
 * before the kernel's answer go to @ring. @buffer_bytes: the receive buffer asked for.
 * Returns 0; -EEXIST: another daemon is registered (only for DAEMON); -EPERM, -ECONNREFUSED (not in the initial pid or user
 * namespace), -EPROTONOSUPPORT (a kernel without audit), or another negative errno. */
int audit_socket_open(FopsSourceMode mode, uint64_t buffer_bytes, Ring *ring, AuditSocket *ret);

/* The receive buffer, in the kernel's way of counting, which is some seven times the bytes of the records. More than
 * net.core.rmem_max takes CAP_NET_ADMIN; without, it is as much as may be had.
 *
 * _make_room: @bytes more than what is in it now, but @bytes_max in all at most. _shrink: @bytes, or what is in it now if that is
 * more, since below that the kernel can't get rid of a record until it is read down to it; true once it is @bytes. */
void audit_socket_make_room(int fd, uint64_t bytes, uint64_t bytes_max);
bool audit_socket_shrink(int fd, uint64_t bytes);

/* What is in the receive buffer, counted that way too. */
uint64_t audit_socket_bytes_used(int fd);

/* How often the kernel found it too full, and gave up for the moment. */
uint32_t audit_socket_n_refused(int fd);

/* Unregisters if it is this process that is registered, and closes. The registration of another ends when the kernel next has
 * something to send and finds nobody. */
void audit_socket_close(AuditSocket *s);

FopsSourceMode audit_socket_mode(const AuditSocket *s); /* DAEMON or LISTENER */

/* What one datagram holds, checked: true and *@ret_type, *@ret_text set if it is an audit message of the kernel. Unicast records
 * carry a length that leaves out the header (nlmsg_len is the payload's), so what recv returned counts. Pure. */
bool audit_datagram_parse(FopsSpan datagram, uint32_t sender_pid, uint16_t *ret_type, FopsSpan *ret_text);

/* Not netlink's own messages, nor requests and their answers, among which AUDIT_LOGIN is a record all the same; nor the question
 * whether the registered daemon is still there (AUDIT_REPLACE: a process id, and no text). Pure. */
bool audit_datagram_is_record(uint16_t type);
