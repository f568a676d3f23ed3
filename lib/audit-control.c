/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Requests to the kernel's audit subsystem and their answers. The kernel handles a request while it's being sent
 * (audit_receive()), and its acknowledgement is there when sendmsg() returns; lists and the status come from a kernel thread
 * a moment later. Messages of another sequence number are the late answers of a request that timed out, and are dropped. */

#include "audit-control.h"

#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Rules are added under a mutex that others may hold: removing one waits for an RCU grace period, tagging a tree of many
 * mounts takes its time. */
#define ANSWER_TIMEOUT_MS 10000

/* The largest message: a rule with a path, an exe, and LSM strings, PATH_MAX each. What is larger is none of ours. */
#define MESSAGE_BYTES_MAX 65536

int fops_audit_control_open(FopsAuditControl *ret) {
        struct sockaddr_nl address = { .nl_family = AF_NETLINK };
        _cleanup_close_ int fd = -EBADF;

        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
        if (fd < 0)
                return -errno;
        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;

        *ret = (FopsAuditControl){ .fd = TAKE_FD(fd) };
        return 0;
}

void fops_audit_control_done(FopsAuditControl *c) {
        fops_closep(&c->fd);
        c->fd = -EBADF;
}

static int send_request(FopsAuditControl *c, uint16_t type, uint16_t flags, const void *payload, size_t size) {
        struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
        struct nlmsghdr header = {
                .nlmsg_len = (uint32_t) NLMSG_LENGTH(size),
                .nlmsg_type = type,
                .nlmsg_flags = (uint16_t) (NLM_F_REQUEST | flags),
        };
        static const char padding[NLMSG_ALIGNTO];
        struct iovec parts[] = {
                { &header, sizeof(header) },
                { (void *) payload, size },
                { (void *) padding, NLMSG_ALIGN(size) - size },
        };
        struct msghdr message = {
                .msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = parts, .msg_iovlen = ELEMENTSOF(parts)
        };
        ssize_t n;
        int r;

        r = c->pace ? c->pace(c->userdata) : 0;
        if (r < 0)
                return r;

        /* 0 is what unsolicited messages carry. */
        if (++c->sequence == 0)
                c->sequence = 1;
        header.nlmsg_seq = c->sequence;

        do
                n = sendmsg(c->fd, &message, 0);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

static int64_t now_ms(void) {
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits for the next message of this request. *@ret_payload is in @buffer. 0 or -errno. */
static int receive(FopsAuditControl *c, int64_t deadline_ms, char *buffer, struct nlmsghdr *ret_header,
                   const void **ret_payload) {
        for (;;) {
                struct sockaddr_nl sender = {};
                socklen_t sender_size = sizeof(sender);
                struct pollfd p = { .fd = c->fd, .events = POLLIN };
                int64_t left = deadline_ms - now_ms();
                struct nlmsghdr header;
                ssize_t n;

                n = poll(&p, 1, left > 0 ? (int) left : 0);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        return -ETIMEDOUT;
                if (n < 0)
                        continue;

                n = recvfrom(c->fd, buffer, MESSAGE_BYTES_MAX, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *) &sender,
                             &sender_size);
                if (n < 0) {
                        if (errno == EINTR || errno == EAGAIN)
                                continue;
                        return -errno;
                }
                if ((size_t) n < sizeof(header) || n > MESSAGE_BYTES_MAX || sender.nl_pid != 0)
                        continue;

                memcpy(&header, buffer, sizeof(header));
                if (header.nlmsg_seq != c->sequence || header.nlmsg_len < sizeof(header) || header.nlmsg_len > (size_t) n)
                        continue;

                *ret_header = header;
                *ret_payload = buffer + NLMSG_HDRLEN;
                return 0;
        }
}

/* A negative errno, or 0 for an acknowledgement. */
static int read_error(const struct nlmsghdr *header, const void *payload) {
        struct nlmsgerr error;

        if (header->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
                return -EBADMSG;
        memcpy(&error, payload, sizeof(error));
        return error.error > 0 ? -EBADMSG : error.error;
}

int fops_audit_control_command(FopsAuditControl *c, uint16_t type, const void *payload, size_t size) {
        _cleanup_free_ char *buffer = NULL;
        int64_t deadline = now_ms() + ANSWER_TIMEOUT_MS;
        struct nlmsghdr header;
        const void *answer;
        int r;

        buffer = malloc(MESSAGE_BYTES_MAX);
        if (!buffer)
                return -ENOMEM;

        r = send_request(c, type, NLM_F_ACK, payload, size);
        while (r == 0) {
                r = receive(c, deadline, buffer, &header, &answer);
                if (r == 0 && header.nlmsg_type == NLMSG_ERROR)
                        return read_error(&header, answer);
        }
        return r;
}

int fops_audit_control_query(FopsAuditControl *c, uint16_t type, FopsAuditReply reply, void *userdata) {
        _cleanup_free_ char *buffer = NULL;
        struct nlmsghdr header;
        const void *answer;
        int r;

        buffer = malloc(MESSAGE_BYTES_MAX);
        if (!buffer)
                return -ENOMEM;

        /* No NLM_F_ACK: the acknowledgement would come before the answer, and an error comes anyway. */
        r = send_request(c, type, 0, NULL, 0);
        while (r == 0) {
                r = receive(c, now_ms() + ANSWER_TIMEOUT_MS, buffer, &header, &answer);
                if (r < 0)
                        return r;
                if (header.nlmsg_type == NLMSG_DONE)
                        return 0;
                if (header.nlmsg_type == NLMSG_ERROR)
                        r = read_error(&header, answer);
                else
                        r = reply(userdata, header.nlmsg_type, answer, header.nlmsg_len - NLMSG_HDRLEN);
        }
        return MIN(r, 0);
}

static int copy_status(void *userdata, uint16_t type, const void *payload, size_t size) {
        struct audit_status *status = userdata;

        if (type != AUDIT_GET)
                return 0;
        /* Each kernel version has its own length. */
        *status = (struct audit_status){};
        memcpy(status, payload, MIN(size, sizeof(*status)));
        return 1;
}

int fops_audit_control_get_status(FopsAuditControl *c, struct audit_status *ret) {
        struct audit_status status;
        int r;

        r = fops_audit_control_query(c, AUDIT_GET, copy_status, &status);
        if (r < 0)
                return r;
        *ret = status;
        return 0;
}

int fops_audit_control_set_status(FopsAuditControl *c, const struct audit_status *status) {
        return fops_audit_control_command(c, AUDIT_SET, status, sizeof(*status));
}

int fops_audit_control_touch(FopsAuditControl *c) {
        struct audit_status status;
        int r;

        r = fops_audit_control_get_status(c, &status);
        if (r < 0)
                return r;
        status.mask = AUDIT_STATUS_BACKLOG_WAIT_TIME;
        return fops_audit_control_set_status(c, &status);
}

int fops_audit_control_set_loginuid_immutable(FopsAuditControl *c) {
        const struct audit_features features = {
                .vers = AUDIT_FEATURE_VERSION,
                .mask = AUDIT_FEATURE_TO_MASK(AUDIT_FEATURE_LOGINUID_IMMUTABLE),
                .features = AUDIT_FEATURE_TO_MASK(AUDIT_FEATURE_LOGINUID_IMMUTABLE),
        };

        return fops_audit_control_command(c, AUDIT_SET_FEATURE, &features, sizeof(features));
}
