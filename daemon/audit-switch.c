/* SPDX-License-Identifier: GPL-2.0-or-later */

/* While both sockets are open each gets every record, in the kernel's order. A record that is of our making is looked for in both:
 *   old:  … A B C [CONFIG_CHANGE 42] D E …     → A B C and this one go into the ring
 *   new:      B C [CONFIG_CHANGE 42] D E …     → D E … stay, to be read from now on
 * The new one may begin with older ones, kept by the kernel for a daemon to come; these a listener has had. */

#include "audit-switch.h"

#include <libaudit.h>
#include <poll.h>
#include <sys/socket.h>

#include "audit-change.h"
#include "clock.h"

/* The kernel's queue is some 10,000 records long where it is long, which is a tenth of a second. */
#define MARK_USEC (UINT64_C(2) * 1000000)
/* Records bear the time of the kernel's last tick. */
#define TICK_USEC UINT64_C(10000)

typedef struct Datagram {
        char data[RING_DATAGRAM_BYTES_MAX];
        uint16_t type;
        FopsSpan text;
} Datagram;

/* The next record, waiting for it until @until_usec. 0; -EAGAIN: there is none; -ENOBUFS: some are missing here; or another -errno. */
static int receive(int fd, uint64_t until_usec, Datagram *ret) {
        for (;;) {
                uint64_t now = clock_usec(CLOCK_MONOTONIC);
                struct pollfd p = { .fd = fd, .events = POLLIN };
                struct sockaddr_nl sender;
                socklen_t size = sizeof(sender);
                ssize_t n;

                if (poll(&p, 1, now < until_usec ? (int) ((until_usec - now) / 1000) : 0) == 0)
                        return -EAGAIN;
                n = recvfrom(fd, ret->data, sizeof(ret->data), MSG_DONTWAIT, (struct sockaddr *) &sender, &size);
                if (n < 0 && errno != EAGAIN && errno != EINTR)
                        return -errno;
                if (n >= 0 && audit_datagram_parse((FopsSpan){ ret->data, (size_t) n }, sender.nl_pid, &ret->type, &ret->text) &&
                    audit_datagram_is_record(ret->type))
                        return 0;
        }
}

/* Any record does that is in both and new: that of fops_audit_control_touch(). @since_usec: CLOCK_REALTIME. */
static bool is_mark(const Datagram *d, uint64_t since_usec, uint64_t *ret_serial) {
        FopsAuditChange change;
        FopsRecordDiag diag;
        FopsRecord record;

        if (d->type != AUDIT_CONFIG_CHANGE || fops_record_parse(d->type, d->text, NULL, &record, &diag) != FOPS_RECORD_OK ||
            fops_event_id_usec(record.id) + TICK_USEC < since_usec)
                return false;
        change = fops_audit_change_read(record.body);
        *ret_serial = record.id.serial;
        return fops_span_equal(change.setting, FOPS_SPAN_LITERAL("audit_backlog_wait_time"));
}

/* Passes over what the new one begins with. */
static int skip_to_mark(int fd, uint64_t since_usec, uint64_t *ret_serial) {
        uint64_t until = clock_usec(CLOCK_MONOTONIC) + MARK_USEC;
        Datagram d;
        int r;

        do
                r = receive(fd, until, &d);
        while (r == -ENOBUFS || (r == 0 && !is_mark(&d, since_usec, ret_serial)));
        return r;
}

/* Into the ring, up to the mark. What a listener's socket hasn't got when it is in the other isn't going to come: it was overrun. */
static int take_up_to_mark(const AuditSocket *s, uint64_t since_usec, uint64_t serial, Ring *ring) {
        bool is_listener = audit_socket_mode(s) == FOPS_SOURCE_LISTENER;
        uint64_t until = is_listener ? 0 : clock_usec(CLOCK_MONOTONIC) + MARK_USEC, found = 0;
        Datagram d;
        int r = 0;

        while (r >= 0 && found != serial) {
                if (ring_n_free(ring) < RING_BATCH_BYTES)
                        return -EAGAIN;
                r = receive(s->fd, until, &d);
                if (r == -ENOBUFS) {
                        ring_count_overrun(ring);
                        r = 0;
                        continue;
                }
                if (r == 0 && !ring_append(ring, d.type, d.text))
                        return -ENOBUFS;
                if (r == 0 && !is_mark(&d, since_usec, &found))
                        found = 0;
        }
        return is_listener && r == -EAGAIN ? 0 : r;
}

int audit_switch(AuditSocket *s, FopsSourceMode to, uint64_t buffer_bytes, FopsAuditControl *control, Ring *ring) {
        uint64_t since_usec, serial;
        AuditSocket fresh;
        int r;

        r = audit_socket_open(to, buffer_bytes, NULL, &fresh);
        if (r < 0)
                return r;

        since_usec = clock_usec(CLOCK_REALTIME);
        r = fops_audit_control_touch(control);
        if (r >= 0)
                r = skip_to_mark(fresh.fd, since_usec, &serial);
        if (r >= 0)
                r = take_up_to_mark(s, since_usec, serial, ring);
        if (r < 0) {
                audit_socket_close(&fresh);
                return r;
        }

        audit_socket_close(s);
        *s = fresh;
        return 0;
}
