/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Audit messages off the netlink socket into lines as auditd would log them, end-of-event records included:
 *
 *   type=PATH msg=audit(1700000000.123:42): item=0 name="/srv/data/f" inode=7 …
 *
 * Made for captures (tests/data) and as "the other audit daemon" of the live tests. It understands nothing on purpose: what
 * it prints is what the kernel said.
 *
 * rawaudit daemon   registers as the audit daemon, enables auditing; gives the place back at the end
 * rawaudit listen   joins the multicast group beside whoever is registered
 * Says "ready" on standard error when it listens, ends on TERM and INT after what is queued was printed. */

#include <errno.h>
#include <libaudit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* A burst of 100,000 events must not depend on how fast the output is. */
#define RECEIVE_BYTES (64 << 20)

static void fail(const char *what) {
        fprintf(stderr, "rawaudit: %s: %s\n", what, strerror(errno));
        exit(2);
}

static void set_status(int fd, struct audit_status status) {
        struct {
                struct nlmsghdr header;
                struct audit_status status;
        } request = {
                .header = { .nlmsg_len = sizeof request, .nlmsg_type = AUDIT_SET, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
                .status = status,
        };
        struct {
                struct nlmsghdr header;
                struct nlmsgerr error;
                char rest[8192];
        } reply;

        if (send(fd, &request, sizeof request, 0) < 0)
                fail("cannot ask the kernel");
        /* Records may come first; they are of no event of ours yet, or of none any more. */
        do
                if (recv(fd, &reply, sizeof reply, 0) < 0)
                        fail("no answer of the kernel");
        while (reply.header.nlmsg_type != NLMSG_ERROR);
        if (reply.error.error != 0) {
                errno = -reply.error.error;
                fail("the kernel refuses");
        }
}

static void print(const char *message, size_t size) {
        const struct nlmsghdr *h = (const struct nlmsghdr *) (const void *) message;
        const char *name;

        /* nlmsg_len of unicast records lacks the header: the datagram's own size is what counts. */
        if (size < NLMSG_HDRLEN || h->nlmsg_type < AUDIT_FIRST_USER_MSG)
                return;
        name = audit_msg_type_to_name(h->nlmsg_type);
        if (name)
                printf("type=%s msg=", name);
        else
                printf("type=UNKNOWN[%u] msg=", h->nlmsg_type);
        message += NLMSG_HDRLEN;
        size -= NLMSG_HDRLEN;
        size = strnlen(message, size);
        fwrite(message, 1, size, stdout);
        putchar('\n');
}

int main(int argc, char **argv) {
        struct sockaddr_nl address = { .nl_family = AF_NETLINK };
        static char buffer[65536];
        bool is_daemon, ends = false;
        sigset_t signals;
        int fd, signal_fd, bytes = RECEIVE_BYTES;

        if (argc != 2 || (strcmp(argv[1], "daemon") != 0 && strcmp(argv[1], "listen") != 0)) {
                fprintf(stderr, "usage: rawaudit daemon | listen\n");
                return 2;
        }
        is_daemon = strcmp(argv[1], "daemon") == 0;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
        if (signal_fd < 0 || fd < 0)
                fail("socket");
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
                fail("receive buffer");
        address.nl_groups = is_daemon ? 0 : 1 << (AUDIT_NLGRP_READLOG - 1);
        if (bind(fd, (struct sockaddr *) &address, sizeof address) < 0)
                fail("bind");
        if (is_daemon)
                set_status(fd,
                           (struct audit_status){ .mask = AUDIT_STATUS_PID | AUDIT_STATUS_ENABLED,
                                                 .pid = (uint32_t) getpid(),
                                                      .enabled = 1 });
        fprintf(stderr, "ready\n");

        for (;;) {
                struct pollfd fds[] = { { fd, POLLIN, 0 }, { signal_fd, POLLIN, 0 } };
                ssize_t n;

                /* After the signal: what the kernel still hands over within a moment. */
                if (poll(fds, ends ? 1 : 2, ends ? 300 : -1) == 0)
                        break;
                if (!ends && fds[1].revents)
                        ends = true;
                if (!fds[0].revents)
                        continue;
                n = recv(fd, buffer, sizeof buffer, 0);
                if (n < 0 && errno == ENOBUFS)
                        fprintf(stderr, "rawaudit: records were lost\n");
                else if (n < 0)
                        fail("recv");
                else
                        print(buffer, (size_t) n);
        }

        if (is_daemon)
                set_status(fd, (struct audit_status){ .mask = AUDIT_STATUS_PID });
        return fflush(stdout) == 0 ? 0 : 2;
}
