/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The audit netlink socket: registration or multicast, and datagrams in batches.
 *
 * Registration has to be asked for on the very socket that is to receive, so the kernel's answer comes in among the first
 * records. Those are kept and handed out by the first receive: nothing that arrives is ever thrown away for an answer's sake. */

#include "audit-socket.h"

#include <libaudit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

/* Messages a recvmmsg(2): a usual event is six records; larger batches measured no better. */
#define BATCH 32U
/* MAX_AUDIT_MESSAGE_LENGTH is 8,970; user-space messages are cut by the kernel to that too. */
#define DATAGRAM_BYTES_MAX 9216U

#ifndef AUDIT_NLGRP_READLOG
#  define AUDIT_NLGRP_READLOG 1
#endif

/* The kernel answers within the system call; a second is for a machine on its knees. */
#define REGISTER_TIMEOUT_MSEC 1000
/* Marks our request among other answers. */
#define REGISTER_SEQ 0x666f7073U

typedef struct EarlyRecord {
        struct EarlyRecord *next;
        uint16_t type;
        size_t size;
        char text[];
} EarlyRecord;

struct AuditSocket {
        int fd;
        EarlyRecord *early, **early_tail;
        bool registered;
        AuditSocketStats stats;
        struct mmsghdr messages[BATCH];
        struct iovec vectors[BATCH];
        struct sockaddr_nl senders[BATCH];
        char data[BATCH][DATAGRAM_BYTES_MAX];
};

static int open_socket(uint64_t buffer_bytes, uint32_t groups) {
        struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
        int bytes = (int) MIN(buffer_bytes, (uint64_t) INT32_MAX / 2);
        _cleanup_close_ int fd = -EBADF;

        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);
        if (fd < 0)
                return -errno;

        /* Beyond net.core.rmem_max takes CAP_NET_ADMIN; without it, as much as may be had. */
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
                (void) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));

        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Not netlink's own messages, nor requests and their answers, among which AUDIT_LOGIN is a record all the same. */
static bool is_record(uint16_t type) {
        return type >= AUDIT_FIRST_USER_MSG || type == AUDIT_LOGIN;
}

static int keep_early(AuditSocket *s, uint16_t type, FopsSpan text) {
        EarlyRecord *record = malloc(sizeof(EarlyRecord) + text.size);

        if (!record)
                return -ENOMEM;
        record->next = NULL;
        record->type = type;
        record->size = text.size;
        memcpy(record->text, text.data, text.size);
        *s->early_tail = record;
        s->early_tail = &record->next;
        return 0;
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

/* Makes @pid, this process or 0 for nobody, the registered audit daemon. */
static int register_pid(AuditSocket *s, uint32_t pid) {
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

        if (sendto(s->fd, &request, sizeof(request), 0, (struct sockaddr *) &kernel, sizeof(kernel)) < 0)
                return -errno;

        for (;;) {
                struct pollfd p = { .fd = s->fd, .events = POLLIN };
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

                n = recvfrom(s->fd, s->data[0], DATAGRAM_BYTES_MAX, MSG_DONTWAIT, (struct sockaddr *) &sender, &size);
                if (n < 0) {
                        if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
                                continue;
                        return -errno;
                }

                datagram = (FopsSpan){ s->data[0], (size_t) n };
                if (!audit_datagram_parse(datagram, sender.nl_pid, &type, &text)) {
                        s->stats.n_forged++;
                        continue;
                }

                r = read_answer(type, datagram);
                if (r <= 0)
                        return r;
                r = is_record(type) ? keep_early(s, type, text) : 0;
                if (r < 0)
                        return r;
        }
}

int audit_socket_new(FopsSourceMode mode, uint64_t buffer_bytes, AuditSocket **ret, FopsSourceMode *ret_mode) {
        _cleanup_(audit_socket_freep) AuditSocket *s = calloc(1, sizeof(AuditSocket));
        int r;

        if (!s)
                return -ENOMEM;
        s->fd = -EBADF;
        s->early_tail = &s->early;

        if (mode != FOPS_SOURCE_LISTENER) {
                s->fd = open_socket(buffer_bytes, 0);
                if (s->fd < 0)
                        return s->fd;

                r = register_pid(s, (uint32_t) getpid());
                if (r >= 0)
                        s->registered = true;
                else if (r != -EEXIST || mode == FOPS_SOURCE_DAEMON)
                        return r;
                else {
                        close(s->fd);
                        s->fd = -EBADF;
                }
        }

        if (!s->registered) {
                s->fd = open_socket(buffer_bytes, 1U << (AUDIT_NLGRP_READLOG - 1));
                if (s->fd < 0)
                        return s->fd;
        }

        for (unsigned i = 0; i < BATCH; i++) {
                s->vectors[i] = (struct iovec){ .iov_base = s->data[i], .iov_len = DATAGRAM_BYTES_MAX };
                s->messages[i].msg_hdr = (struct msghdr){
                        .msg_iov = s->vectors + i, .msg_iovlen = 1, .msg_name = s->senders + i
                };
        }

        *ret_mode = s->registered ? FOPS_SOURCE_DAEMON : FOPS_SOURCE_LISTENER;
        *ret = TAKE_PTR(s);
        return 0;
}

AuditSocket *audit_socket_free(AuditSocket *s) {
        if (!s)
                return NULL;
        /* Only the process that is registered may give the place back; another's refusal changes nothing. */
        if (s->registered)
                (void) register_pid(s, 0);
        if (s->fd >= 0)
                close(s->fd);
        while (s->early) {
                EarlyRecord *next = s->early->next;

                free(s->early);
                s->early = next;
        }
        free(s);
        return NULL;
}

int audit_socket_fd(const AuditSocket *s) {
        return s->fd;
}

AuditSocketStats audit_socket_stats(const AuditSocket *s) {
        return s->stats;
}

int audit_socket_receive(AuditSocket *s, unsigned n_max, AuditSocketHandler handler, void *userdata) {
        unsigned n_taken = 0;

        while (s->early) {
                EarlyRecord *record = s->early;
                int r;

                r = handler(userdata, record->type, (FopsSpan){ record->text, record->size });
                s->early = record->next;
                if (!s->early)
                        s->early_tail = &s->early;
                free(record);
                n_taken++;
                if (r < 0)
                        return r;
        }

        while (n_taken < n_max) {
                int n;

                for (unsigned i = 0; i < BATCH; i++)
                        s->messages[i].msg_hdr.msg_namelen = sizeof(struct sockaddr_nl);

                n = recvmmsg(s->fd, s->messages, MIN(BATCH, n_max - n_taken), MSG_DONTWAIT, NULL);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        if (errno == EAGAIN)
                                break;
                        if (errno == ENOBUFS) {
                                s->stats.n_overruns++;
                                continue;
                        }
                        return -errno;
                }

                for (int i = 0; i < n; i++) {
                        FopsSpan text, datagram = { s->data[i], s->messages[i].msg_len };
                        uint16_t type;
                        int r;

                        if (!audit_datagram_parse(datagram, s->senders[i].nl_pid, &type, &text)) {
                                s->stats.n_forged++;
                                continue;
                        }
                        if (!is_record(type))
                                continue;
                        s->stats.n_truncated += (s->messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
                        s->stats.n_messages++;

                        r = handler(userdata, type, text);
                        if (r < 0)
                                return r;
                }
                n_taken += (unsigned) n;
        }

        return (int) n_taken;
}
