/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The least that an audit daemon can do: registers, takes records off the socket, 32 at once, and throws them away. Says "ready" on
 * standard error; after TERM prints how many events ended. */

#include <libaudit.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

#define RECEIVE_BYTES (64 << 20)
#define AT_ONCE 32
#define RECORD_BYTES 9216 /* MAX_AUDIT_MESSAGE_LENGTH and the header */

static volatile sig_atomic_t ends;

static void on_term(int signal_number) {
        (void) signal_number;
        ends = true;
}

int main(void) {
        static struct {
                struct nlmsghdr header;
                char rest[RECORD_BYTES];
        } records[AT_ONCE];
        static struct iovec places[AT_ONCE];
        static struct mmsghdr messages[AT_ONCE];
        struct sigaction action = { .sa_handler = on_term };
        int bytes = RECEIVE_BYTES, fd = audit_open();
        size_t n_events = 0;

        sigaction(SIGTERM, &action, NULL);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
            audit_set_pid(fd, (uint32_t) getpid(), WAIT_YES) < 0 || audit_set_enabled(fd, 1) < 0) {
                perror("bench-reader");
                return 2;
        }
        for (int i = 0; i < AT_ONCE; i++) {
                places[i].iov_base = records + i;
                places[i].iov_len = sizeof(records[i]);
                messages[i].msg_hdr.msg_iov = places + i;
                messages[i].msg_hdr.msg_iovlen = 1;
        }
        fprintf(stderr, "ready\n");

        while (!ends) {
                int n = recvmmsg(fd, messages, AT_ONCE, MSG_WAITFORONE, NULL);

                for (int i = 0; i < n; i++)
                        n_events += records[i].header.nlmsg_type == AUDIT_EOE;
        }
        audit_set_pid(fd, 0, WAIT_NO);
        printf("%zu\n", n_events);
        return 0;
}
