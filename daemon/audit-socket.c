/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The audit netlink socket: registration or multicast.
 *
 * Registration has to be asked for on the very socket that is to receive, so the kernel's answer comes in among the first
 * records. Those go where all go: nothing that arrives is ever thrown away for an answer's sake. */

#include "audit-socket.h"

#include <libaudit.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sys/socket.h>

#include "ring.h"

#ifndef AUDIT_NLGRP_READLOG
#  define AUDIT_NLGRP_READLOG 1
#endif

/* The kernel answers within the system call; a second is for a machine on its knees. */
#define REGISTER_TIMEOUT_MSEC 1000
/* Left free when a buffer shrinks, so that what has been read makes room for as much again: some 28 records. */
#define SHRINK_SLACK_BYTES UINT64_C(65536)
/* Marks our request among other answers. */
#define REGISTER_SEQ 0x666f7073U

static void set_buffer(int fd, uint64_t bytes) {
        int n = (int) (MIN(bytes, (uint64_t) INT32_MAX) / 2); /* the kernel doubles it */

        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &n, sizeof(n)) < 0)
                (void) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof(n));
}

static uint32_t meminfo(int fd, unsigned which) {
        uint32_t info[SK_MEMINFO_VARS] = {};
        socklen_t size = sizeof(info);

        return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) == 0 ? info[which] : 0;
}

uint64_t audit_socket_bytes_used(int fd) {
        return meminfo(fd, SK_MEMINFO_RMEM_ALLOC);
}

uint32_t audit_socket_n_refused(int fd) {
        return meminfo(fd, SK_MEMINFO_DROPS);
}

void audit_socket_make_room(int fd, uint64_t bytes, uint64_t bytes_max) {
        set_buffer(fd, MIN(audit_socket_bytes_used(fd) + bytes, bytes_max));
}

bool audit_socket_shrink(int fd, uint64_t bytes) {
        uint64_t used = audit_socket_bytes_used(fd);

        set_buffer(fd, MAX(bytes, used + SHRINK_SLACK_BYTES));
        return used <= bytes;
}

static int open_socket(uint64_t buffer_bytes, uint32_t groups) {
        struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
        _cleanup_close_ int fd = -EBADF;

        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);
        if (fd < 0)
                return -errno;

        set_buffer(fd, buffer_bytes);
        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* The answer to our request, if @text is it: 0 or the kernel's errno; 1 if it is something else. */
static int read_answer(uint16_t type, FopsSpan datagram) {
        struct nlmsghdr header;
        struct nlmsgerr error;

        if (type != NLMSG_ERROR || datagram.size < NLMSG_HDRLEN + sizeof(error))
                return 1;
        memcpy(&header, datagram.data, sizeof(header));
        memcpy(&error, datagram.data + NLMSG_HDRLEN, sizeof(error));
        return header.nlmsg_seq == REGISTER_SEQ ? error.error : 1;
}

/* Makes @pid, this process or 0 for nobody, the registered audit daemon. @ring may be NULL. */
static int register_pid(int fd, uint32_t pid, Ring *ring) {
        struct {
                struct nlmsghdr header;
                struct audit_status status;
        } request = {
                .header = {
                        .nlmsg_len = sizeof(request),
                        .nlmsg_type = AUDIT_SET,
                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                        .nlmsg_seq = REGISTER_SEQ,
                },
                .status = { .mask = AUDIT_STATUS_PID, .pid = pid },
        };
        struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

        if (sendto(fd, &request, sizeof(request), 0, (struct sockaddr *) &kernel, sizeof(kernel)) < 0)
                return -errno;

        for (;;) {
                struct pollfd p = { .fd = fd, .events = POLLIN };
                char data[RING_DATAGRAM_BYTES_MAX];
                struct sockaddr_nl sender;
                socklen_t size = sizeof(sender);
                FopsSpan datagram, text;
                uint16_t type;
                ssize_t n;
                int r;

                r = poll(&p, 1, REGISTER_TIMEOUT_MSEC);
                if (r < 0 && errno != EINTR)
                        return -errno;
                if (r == 0)
                        return -ETIMEDOUT;

                n = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, (struct sockaddr *) &sender, &size);
                if (n < 0) {
                        if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
                                continue;
                        return -errno;
                }

                datagram = (FopsSpan){ data, (size_t) n };
                if (!audit_datagram_parse(datagram, sender.nl_pid, &type, &text))
                        continue;

                r = read_answer(type, datagram);
                if (r <= 0)
                        return r;
                if (ring && audit_datagram_is_record(type) && !ring_append(ring, type, text))
                        return -ENOBUFS;
        }
}

int audit_socket_open(FopsSourceMode mode, uint64_t buffer_bytes, Ring *ring, AuditSocket *ret) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (mode != FOPS_SOURCE_LISTENER) {
                fd = open_socket(buffer_bytes, 0);
                if (fd < 0)
                        return fd;
                r = register_pid(fd, (uint32_t) getpid(), ring);
                if (r >= 0) {
                        *ret = (AuditSocket){ .fd = TAKE_FD(fd), .registered_pid = (uint32_t) getpid() };
                        return 0;
                }
                if (r != -EEXIST || mode == FOPS_SOURCE_DAEMON)
                        return r;
                close(TAKE_FD(fd));
        }

        fd = open_socket(buffer_bytes, 1U << (AUDIT_NLGRP_READLOG - 1));
        if (fd < 0)
                return fd;
        *ret = (AuditSocket){ .fd = TAKE_FD(fd) };
        return 0;
}

void audit_socket_close(AuditSocket *s) {
        if (s->fd < 0)
                return;
        /* Only the process that is registered may give the place back. */
        if (s->registered_pid == (uint32_t) getpid())
                (void) register_pid(s->fd, 0, NULL);
        close(s->fd);
        *s = AUDIT_SOCKET_NONE;
}

FopsSourceMode audit_socket_mode(const AuditSocket *s) {
        return s->registered_pid > 0 ? FOPS_SOURCE_DAEMON : FOPS_SOURCE_LISTENER;
}
