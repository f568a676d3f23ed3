/* SPDX-License-Identifier: GPL-2.0-or-later */

/* recvmmsg(2) into the ring's landing place, commit, again.
 *
 * A full ring must make the audited processes wait, not the kernel lose. The kernel lets processes wait only while its own queue
 * is full and moving: a unicast that finds the socket full for 100 ms fails, and then the whole queue is shifted to a second one of
 * the same bound, and from there, after five such failures, to nowhere, and uncounted unless it was booted with audit=1
 * (kauditd_thread(), kauditd_hold_skb()). So when little room is left the reader doesn't stop: it takes a few messages many times a
 * second, which keeps the kernel's queue moving, slowly.
 *
 * If it came to such a failure all the same, the kernel puts nothing into the socket before that is empty (NETLINK_S_CONGESTED): then
 * it is emptied as fast as possible, and for that there is the reserve. ENOBUFS tells of it only once, and perhaps a process that is
 * dead by now; so what counts is whether the socket has refused anything since it was last empty, which the ring remembers. */

#include "audit-reader.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#include "audit-socket.h"

/* The part of the ring that is kept for trickling, and for emptying the socket: a socket's buffer of the ring's size holds some 29,000
 * records in 64 MiB, which are 9 MiB in the ring; and it may come to that a few times. */
#define RESERVE_PART 3U
/* How long the socket is left alone then: well below the kernel's 100 ms. */
#define TRICKLE_MSEC 20
/* Messages at each time: of the largest kind one would do to let the next one in, of small ones it takes some. 400 a second;
 * the reserve lasts two minutes. */
#define TRICKLE_MESSAGES 8U

/* Less than a batch: a record is counted as 2,300 at least. The next one empties the socket, and that is to be noticed, or what the
 * kernel puts in from then on would fill all the reserve. */
#define EMPTY_BYTES UINT64_C(65536)

/* An event's records come one by one, and busy programs' events one after another: let them gather, or two threads are woken for each.
 * That late may an entry be; the kernel's queue empties into the socket meanwhile. */
#define GATHER_USEC 1000U

typedef enum Pace {
        PACE_FAST,
        PACE_SLOW,          /* little room is left, or the ring's reader wants it so */
        PACE_EMPTYING,      /* … but the kernel waits for the socket to be empty */
        PACE_EMPTYING_LAST, /* … which it is after the next batch */
} Pace;

struct AuditReader {
        pthread_t thread;
        int socket_fd;
        uint64_t buffer_bytes;
        bool is_large; /* perhaps: the socket's buffer */
        Ring *ring;
        Keeper *keeper;
        int data_fd;            /* eventfd, to the ring's reader */
        int poke_fd;            /* eventfd, to the thread: there is room, or it is time to stop */
        _Atomic bool is_resting; /* the ring's reader wants to be woken */
        _Atomic bool is_short;   /* the thread wants to be told of room */
        _Atomic bool is_held;    /* the ring's reader wants it to be slow */
        _Atomic bool is_waiting; /* the thread waits for the socket */
        _Atomic bool stop;
        _Atomic int error;
};

static void poke(int fd) {
        const uint64_t one = 1;

        /* It can only fail if the counter is full, and then it is readable. */
        (void) !write(fd, &one, sizeof(one));
}

static void calm(int fd) {
        uint64_t count;

        (void) !read(fd, &count, sizeof(count));
}

static uint64_t reserve(const AuditReader *a) {
        return MAX(ring_n_bytes(a->ring) / RESERVE_PART, 2 * RING_BATCH_BYTES);
}

static void note_empty(AuditReader *a) {
        ring_set_n_refused(a->ring, audit_socket_n_refused(a->socket_fd));
}

static Pace pace_of(const AuditReader *a) {
        uint64_t n_free = ring_n_free(a->ring);

        if (!atomic_load(&a->is_held) && n_free >= reserve(a))
                return PACE_FAST;
        if (n_free < RING_BATCH_BYTES || audit_socket_n_refused(a->socket_fd) == ring_n_refused(a->ring))
                return PACE_SLOW;
        return audit_socket_bytes_used(a->socket_fd) > EMPTY_BYTES ? PACE_EMPTYING : PACE_EMPTYING_LAST;
}

/* Little room is left: waits until there is more, or for a moment. Returns how many messages may be taken then. */
static unsigned throttle(AuditReader *a) {
        struct pollfd p = { .fd = a->poke_fd, .events = POLLIN };

        atomic_store(&a->is_short, true);
        if (pace_of(a) == PACE_SLOW && poll(&p, 1, TRICKLE_MSEC) > 0)
                calm(a->poke_fd);
        atomic_store(&a->is_short, false);
        return ring_n_free(a->ring) >= RING_BATCH_BYTES ? TRICKLE_MESSAGES : 0;
}

static void shrink_socket(AuditReader *a) {
        if (a->is_large)
                a->is_large = !audit_socket_shrink(a->socket_fd, a->buffer_bytes);
}

static void wait_for_socket(AuditReader *a) {
        struct pollfd p[] = { { .fd = a->socket_fd, .events = POLLIN }, { .fd = a->poke_fd, .events = POLLIN } };

        atomic_store(&a->is_waiting, true);
        /* What woke throttle() may have been meant for here. */
        if (!atomic_load(&a->stop) && poll(p, 2, -1) > 0 && p[1].revents)
                calm(a->poke_fd);
        atomic_store(&a->is_waiting, false);
        if (p[0].revents)
                (void) usleep(GATHER_USEC);
}

static void *read_socket(void *userdata) {
        AuditReader *a = userdata;
        bool was_short = false;

        keeper_begin_reading(a->keeper);
        shrink_socket(a);
        while (!atomic_load(&a->stop)) {
                Pace pace = pace_of(a);
                bool is_short = pace == PACE_SLOW;
                unsigned n_max = RING_BATCH;
                int n;

                if (is_short) {
                        if (!was_short)
                                ring_count_throttled(a->ring);
                        n_max = throttle(a);
                        shrink_socket(a);
                }
                was_short = is_short;
                if (n_max == 0)
                        continue;

                n = recvmmsg(a->socket_fd, ring_landing(a->ring), n_max, MSG_DONTWAIT, NULL);
                if (n > 0) {
                        if (pace == PACE_EMPTYING_LAST)
                                note_empty(a);
                        ring_commit(a->ring, (unsigned) n);
                        /* Before is_resting is looked at the commit is to be seen: _rest does the two the other way round. */
                        atomic_thread_fence(memory_order_seq_cst);
                        if (atomic_load(&a->is_resting) && atomic_exchange(&a->is_resting, false))
                                poke(a->data_fd);
                } else if (n < 0 && errno == EAGAIN) {
                        note_empty(a);
                        shrink_socket(a);
                        wait_for_socket(a);
                } else if (n < 0 && errno == ENOBUFS) {
                        ring_count_overrun(a->ring);
                } else if (n < 0 && errno != EINTR) {
                        atomic_store(&a->error, -errno);
                        poke(a->data_fd);
                        break;
                }
        }
        keeper_end_reading(a->keeper);
        return NULL;
}

int audit_reader_new(int socket_fd, uint64_t buffer_bytes, Ring *ring, Keeper *keeper, AuditReader **ret) {
        _cleanup_free_ AuditReader *a = calloc(1, sizeof(AuditReader));
        _cleanup_close_ int data_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        sigset_t all, before;
        int r;

        if (!a)
                return -ENOMEM;
        if (data_fd < 0 || poke_fd < 0)
                return -errno;
        a->socket_fd = socket_fd;
        a->buffer_bytes = buffer_bytes;
        a->is_large = true;
        a->ring = ring;
        a->keeper = keeper;
        a->data_fd = data_fd;
        a->poke_fd = poke_fd;
        /* What is in the ring already is to be looked at. */
        poke(data_fd);

        /* Signals are the main thread's. */
        sigfillset(&all);
        r = pthread_sigmask(SIG_SETMASK, &all, &before);
        if (r == 0) {
                r = pthread_create(&a->thread, NULL, read_socket, a);
                (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
        }
        if (r != 0)
                return -r;
        (void) pthread_setname_np(a->thread, "fopsd-reader");

        TAKE_FD(data_fd);
        TAKE_FD(poke_fd);
        *ret = TAKE_PTR(a);
        return 0;
}

AuditReader *audit_reader_free(AuditReader *a) {
        if (!a)
                return NULL;
        atomic_store(&a->stop, true);
        poke(a->poke_fd);
        (void) pthread_join(a->thread, NULL);
        close(a->data_fd);
        close(a->poke_fd);
        free(a);
        return NULL;
}

int audit_reader_fd(const AuditReader *a) {
        return a->data_fd;
}

bool audit_reader_rest(AuditReader *a) {
        calm(a->data_fd);
        atomic_store(&a->is_resting, true);
        if (ring_is_empty(a->ring))
                return true;
        /* It is either told already, or isn't going to be. */
        if (atomic_exchange(&a->is_resting, false))
                poke(a->data_fd);
        return false;
}

void audit_reader_freed(AuditReader *a) {
        atomic_thread_fence(memory_order_seq_cst); /* the room is to be seen before is_short is looked at, as in throttle() */
        /* In one go, not for each message: twice the reserve, so that it doesn't fall short again at once. */
        if (atomic_load(&a->is_short) && ring_n_free(a->ring) >= 2 * reserve(a) && atomic_exchange(&a->is_short, false))
                poke(a->poke_fd);
}

void audit_reader_hold(AuditReader *a, bool held) {
        atomic_store(&a->is_held, held);
        if (!held)
                poke(a->poke_fd);
}

bool audit_reader_is_waiting(const AuditReader *a) {
        return atomic_load(&a->is_waiting);
}

int audit_reader_error(const AuditReader *a) {
        return atomic_load(&a->error);
}
