/* SPDX-License-Identifier: GPL-2.0-or-later */

/* kernel → socket → (reader thread) → ring → message handler. */

#include "intake.h"

#include <libaudit.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "audit-reader.h"
#include "audit-switch.h"
#include "keeper.h"

/* Messages taken in one go, before signals and the watchdog get their turn: about 20 ms of work. */
#define MESSAGES_AT_ONCE 1024U
/* On top of what is asked for: with it a third of the ring is a reserve (audit-reader.c). */
#define RESERVE_PART 2U
/* The kernel counts a record of 300 bytes as 2,300 in the socket's buffer, the ring as 310. As large as the ring is enough while somebody
 * reads. */
#define SOCKET_BYTES_FACTOR 1U
/* What comes while fopsd is restarted, 0.3 s at 60,000 events of 6 records a second, is to find room; memory only until it is read. */
#define KEEPER_BYTES_FACTOR 4U
/* What all may grow to when it is killed again and again while its ring is full. */
#define KEEPER_BYTES_FACTOR_MAX 16U
/* Room for a full queue of the kernel's, at any limit that makes sense. */
#define PERCENT_RELIEVED 50U
/* From full to there it is half a second's work. */
#define RELIEVE_USEC (UINT64_C(3) * 1000000)
/* At the end: after this long it is enough to have met one moment with nothing on its way. What comes then is what others do now, not
 * what was there. */
#define TRICKLE_USEC (UINT64_C(3) * 1000000)
/* kauditd takes a record off its queue before it sends it. */
#define IN_FLIGHT_MSEC 20
/* … which is a matter of microseconds; the 20 are for a busy machine. */
#define IN_FLIGHT_TRICKLING_MSEC 1

struct Intake {
        IntakeHandlers handlers;
        AuditSocket socket;
        Ring *ring;
        AuditReader *reader;
        sd_event_source *source;
        uint64_t buffer_bytes, socket_bytes;
        Keeper keeper;
        bool paused, stored;
        uint64_t read_usec;           /* what had come by then is handed out */
        uint64_t seen_head, seen_usec; /* what isn't, up to the ring's head as it was at a later time */
        uint64_t *done; /* while it is paused */
        size_t n_done, n_done_allocated;
};

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static int open_ring(HandOver *from, uint64_t bytes, IntakeOrigin *origin, Ring **ret) {
        int r;

        if (from->ring_fd >= 0) {
                r = ring_adopt(from->ring_fd, ret);
                if (r >= 0) {
                        from->ring_fd = -EBADF;
                        origin->ring_adopted = origin->has_predecessor = true;
                        origin->predecessor = *ring_notes(*ret);
                        origin->n_waiting_bytes = ring_n_bytes(*ret) - ring_n_free(*ret);
                        return 0;
                }
                if (r == -ENOMEM)
                        return r;
                origin->ring_error = r;
        }
        return ring_new(bytes + bytes / RESERVE_PART, ret);
}

/* A socket without the ring's notes: is it a registered one? One that listens is in the group. */
static uint32_t guess_registered_pid(int fd) {
        struct sockaddr_nl address;
        socklen_t size = sizeof(address);

        return getsockname(fd, (struct sockaddr *) &address, &size) == 0 && address.nl_groups == 0 ? UINT32_MAX : 0;
}

static int start_reading(Intake *i) {
        /* Listeners never make anybody wait. */
        if (i->socket.registered_pid > 0)
                (void) keeper_start(i->socket.fd, KEEPER_BYTES_FACTOR * i->buffer_bytes, KEEPER_BYTES_FACTOR_MAX * i->buffer_bytes,
                                    &i->keeper);
        ring_notes(i->ring)->pid = (uint32_t) getpid();
        ring_notes(i->ring)->registered_pid = i->socket.registered_pid;
        return audit_reader_new(i->socket.fd, i->socket_bytes, i->ring, &i->keeper, &i->reader);
}

int intake_new(HandOver *from, FopsSourceMode mode, uint64_t buffer_bytes, const IntakeHandlers *handlers, IntakeOrigin *ret_origin,
               Intake **ret) {
        _cleanup_(intake_freep) Intake *i = calloc(1, sizeof(Intake));
        IntakeOrigin origin = {};
        int r;

        if (!i)
                return -ENOMEM;
        i->handlers = *handlers;
        i->socket = AUDIT_SOCKET_NONE;
        i->keeper = KEEPER_NONE;
        i->socket_bytes = SOCKET_BYTES_FACTOR * buffer_bytes;

        r = open_ring(from, buffer_bytes, &origin, &i->ring);
        if (r < 0)
                return r;
        if (from->socket_fd >= 0) {
                i->socket.fd = TAKE_FD(from->socket_fd);
                i->socket.registered_pid = origin.has_predecessor ? origin.predecessor.registered_pid : guess_registered_pid(i->socket.fd);
                origin.socket_adopted = true;
        } else {
                r = audit_socket_open(mode, i->socket_bytes, i->ring, &i->socket);
                if (r < 0)
                        return r;
        }
        i->buffer_bytes = buffer_bytes;
        r = start_reading(i);
        if (r < 0)
                return r;

        *ret_origin = origin;
        *ret = TAKE_PTR(i);
        return 0;
}

Intake *intake_free(Intake *i) {
        if (!i)
                return NULL;
        sd_event_source_disable_unref(i->source);
        audit_reader_free(i->reader);
        keeper_end(&i->keeper);
        if (i->socket.fd >= 0)
                close(i->socket.fd);
        ring_free(i->ring);
        free(i->done);
        free(i);
        return NULL;
}

static int hand_out(Intake *i, unsigned n_max, unsigned *ret_n) {
        RingMessage message;
        uint64_t head = 0;
        unsigned n = 0;
        int r = 0;

        while (r >= 0 && n < n_max && !i->paused && ring_next(i->ring, &message)) {
                if (message.position >= head) {
                        head = ring_head(i->ring);
                        r = i->handlers.begin(i->handlers.userdata);
                }
                if (r >= 0)
                        r = i->handlers.message(i->handlers.userdata, &message);
                n++;
        }
        if (r >= 0)
                r = i->handlers.batch(i->handlers.userdata);
        audit_reader_freed(i->reader);
        *ret_n = n;
        return MIN(r, 0);
}

static int on_messages(sd_event_source *source _unused_, int fd _unused_, uint32_t events _unused_, void *userdata) {
        Intake *i = userdata;
        unsigned n;
        int r;

        r = audit_reader_error(i->reader);
        if (r < 0)
                return r;
        do
                r = hand_out(i, MESSAGES_AT_ONCE, &n);
        while (r >= 0 && n < MESSAGES_AT_ONCE && !i->paused && !audit_reader_rest(i->reader));
        return r;
}

int intake_attach(Intake *i, sd_event *event) {
        int r;

        r = sd_event_add_io(event, &i->source, audit_reader_fd(i->reader), POLLIN, on_messages, i);
        /* What goes wrong here ends the program. */
        if (r >= 0)
                r = sd_event_source_set_exit_on_failure(i->source, true);
        return MIN(r, 0);
}

FopsSourceMode intake_mode(const Intake *i) {
        return audit_socket_mode(&i->socket);
}

const char *intake_mode_name(const Intake *i) {
        return intake_mode(i) == FOPS_SOURCE_DAEMON ? "daemon" : "listener";
}

uint32_t intake_registered_pid(const Intake *i) {
        return i->socket.registered_pid;
}

RingStats intake_stats(const Intake *i) {
        return ring_stats(i->ring);
}

RingNotes *intake_notes(Intake *i) {
        return ring_notes(i->ring);
}

uint32_t intake_n_refused(const Intake *i) {
        return ring_n_refused(i->ring);
}

FopsSerials *intake_serials(Intake *i) {
        return ring_serials(i->ring);
}

uint64_t intake_ring_bytes(const Intake *i) {
        return ring_n_bytes(i->ring);
}

uint64_t intake_ring_used_bytes(const Intake *i) {
        return ring_n_bytes(i->ring) - ring_n_free(i->ring);
}

unsigned intake_percent_used(const Intake *i) {
        return (unsigned) (100 - ring_n_free(i->ring) * 100 / ring_n_bytes(i->ring));
}

bool intake_is_behind(const Intake *i) {
        return !ring_is_empty(i->ring);
}

uint64_t intake_read_until(Intake *i) {
        uint64_t now = now_usec(), head = ring_head(i->ring); /* in this order: what comes in between counts as later */

        if (!ring_is_read(i->ring, i->seen_head))
                return i->read_usec;
        i->read_usec = ring_is_read(i->ring, head) ? now : i->seen_usec;
        i->seen_head = head;
        i->seen_usec = now;
        return i->read_usec;
}

void intake_done(Intake *i, uint64_t position) {
        if (!i->paused) {
                ring_done(i->ring, position);
                return;
        }
        if (i->n_done == i->n_done_allocated) {
                size_t n = MAX(i->n_done_allocated * 2, (size_t) MESSAGES_AT_ONCE);
                uint64_t *done = reallocarray(i->done, n, sizeof(uint64_t));

                if (!done)
                        return; /* it stays in the ring, and may come twice */
                i->done = done;
                i->n_done_allocated = n;
        }
        i->done[i->n_done++] = position;
}

int intake_set_paused(Intake *i, bool paused) {
        if (i->paused == paused)
                return 0;
        i->paused = paused;
        if (paused)
                return sd_event_source_set_enabled(i->source, SD_EVENT_OFF);

        for (size_t k = 0; k < i->n_done; k++)
                ring_done(i->ring, i->done[k]);
        i->n_done = 0;
        audit_reader_freed(i->reader);
        return i->source ? sd_event_source_set_enabled(i->source, SD_EVENT_ON) : 0;
}

/* Less than this of the socket's buffer in use: the kernel gets rid of its records. */
static bool is_piling_up(const Intake *i) {
        return audit_socket_bytes_used(i->socket.fd) > i->socket_bytes / 4;
}

int intake_relieve(Intake *i) {
        uint64_t until = now_usec() + RELIEVE_USEC;
        unsigned n;
        int r = 0;

        if (!i->reader || intake_percent_used(i) < PERCENT_RELIEVED || !is_piling_up(i))
                return 0;
        audit_reader_hold(i->reader, true);
        while (r >= 0 && intake_percent_used(i) >= PERCENT_RELIEVED) {
                r = i->paused || now_usec() >= until ? -EBUSY : hand_out(i, MESSAGES_AT_ONCE, &n);
                if (r >= 0 && n == 0)
                        r = -EBUSY; /* what is in the ring waits for something else */
        }
        audit_reader_hold(i->reader, false);
        return r;
}

/* Is there nothing on its way, and doesn't come for so long? */
static bool is_dry(Intake *i, FopsAuditControl *control, int msec) {
        struct pollfd p = { .fd = i->socket.fd, .events = POLLIN };
        struct audit_status status;

        if (fops_audit_control_get_status(control, &status) >= 0 && status.backlog > 0)
                return false;
        return poll(&p, 1, msec) == 0 && audit_reader_is_waiting(i->reader) && ring_is_empty(i->ring);
}

void intake_drain(Intake *i, FopsAuditControl *control, uint64_t timeout_usec) {
        uint64_t start = now_usec(), now = start;
        unsigned n;

        while (now < start + timeout_usec && !i->paused) {
                if (hand_out(i, MESSAGES_AT_ONCE, &n) < 0)
                        return;
                now = now_usec();
                if (n < MESSAGES_AT_ONCE && is_dry(i, control, now > start + TRICKLE_USEC ? IN_FLIGHT_TRICKLING_MSEC : IN_FLIGHT_MSEC))
                        return;
        }
}

bool intake_store(Intake *i, const IntakeOrigin *origin) {
        /* The ring first: a socket without its ring is worth less than the other way round. */
        i->stored = origin->ring_adopted || hand_over_store_ring(ring_fd(i->ring));
        if (!origin->socket_adopted)
                i->stored &= hand_over_store_socket(i->socket.fd);
        return i->stored;
}

int intake_switch(Intake *i, FopsSourceMode to, FopsAuditControl *control) {
        sd_event *event = sd_event_source_get_event(i->source);
        bool switched;
        int r;

        /* What the socket still has is to find room in the ring. */
        if (i->paused || intake_percent_used(i) >= PERCENT_RELIEVED)
                return 0;
        i->source = sd_event_source_disable_unref(i->source);
        i->reader = audit_reader_free(i->reader);
        keeper_end(&i->keeper);

        switched = audit_switch(&i->socket, to, i->socket_bytes, control, i->ring) >= 0;
        if (switched && i->stored)
                (void) hand_over_store_socket(i->socket.fd);

        r = start_reading(i);
        if (r >= 0)
                r = intake_attach(i, event);
        return r < 0 ? r : switched;
}

void intake_leave(Intake *i, bool is_clean) {
        i->reader = audit_reader_free(i->reader);
        if (is_clean)
                ring_set_clean(i->ring);
}

void intake_end(Intake *i) {
        i->reader = audit_reader_free(i->reader);
        audit_socket_close(&i->socket);
        keeper_end(&i->keeper);
        if (i->stored)
                hand_over_forget();
}
