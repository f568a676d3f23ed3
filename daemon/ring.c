/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The memfd:
 *   header | landing place A | landing place B | data: (size type flags text)(size type flags text)…
 * Positions count all bytes ever written, so that empty and full are told apart; an entry is at its position modulo the size, and
 * never broken: what is left at the end is filled by an entry that says so. When all is done the writer begins at the start again,
 * so that a ring that is little used touches little memory. What it leaves out then is free at once: once it has committed it moves the
 * tail past that, unless the reader did, and the reader passes it by its place, since what is there may be written anew by then.
 *
 * Commit is one store: it moves the head past the new entries and at the same time turns from one landing place to the other. So
 * at every moment each message is in the landing place in use, or behind the head, and never in both. */

#include "ring.h"

#include <fcntl.h>
#include <libaudit.h>
#include <linux/netlink.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "audit-socket.h"

#define RING_MAGIC UINT64_C(0x676e6972506f6673) /* "sfoPring" */
/* Of what is laid out below. A ring of another version is not read. */
#define RING_VERSION 2U

/* Begin at the start again once this much was touched, and nothing is waiting: what the second-level cache holds. */
#define REWIND_BYTES ((uint64_t) 1 << 20)

typedef enum EntryFlags {
        ENTRY_DONE = 1 << 0,
        ENTRY_FILLER = 1 << 1, /* up to the end of the data */
} EntryFlags;

typedef struct Entry {
        uint32_t size; /* of the text, which is padded so that every position is a multiple of 8 */
        uint16_t type;
        uint16_t flags;
        char text[];
} Entry;

typedef struct Landing {
        struct mmsghdr messages[RING_BATCH]; /* .msg_len is 0 where nothing has landed */
        struct sockaddr_nl senders[RING_BATCH];
        struct iovec vectors[RING_BATCH];
        char data[RING_BATCH][RING_DATAGRAM_BYTES_MAX];
} Landing;

typedef struct Header {
        uint64_t magic;
        uint32_t version, header_bytes;
        uint64_t data_bytes;
        RingNotes notes;
        FopsSerials serials;
        uint32_t clean;
        /* Apart, since each thread writes its own all the time. */
        _Alignas(64) _Atomic uint64_t commit; /* head << 1 | which landing place */
        _Atomic uint64_t n_messages, n_forged, n_truncated, n_overruns, high_water_bytes, n_throttled;
        uint32_t n_refused;
        _Alignas(64) _Atomic uint64_t tail; /* all before it is done */
        _Atomic uint64_t left; /* the writer's: where it left for the start, all being done */
        _Alignas(4096) Landing landing[2];
} Header;

struct Ring {
        int fd;
        Header *header;
        uint64_t *data;
        uint64_t data_bytes;
        uint64_t next;         /* what the reader takes next */
        uint64_t replay_until; /* messages before are another process's */
};

/* Positions begin here, so that 0 is none. */
#define POSITION_FIRST UINT64_C(8)

static uint64_t entry_bytes(uint32_t size) {
        return (sizeof(Entry) + (uint64_t) size + 7) & ~UINT64_C(7);
}

uint64_t ring_head(const Ring *r) {
        return atomic_load_explicit(&r->header->commit, memory_order_acquire) >> 1;
}

static uint64_t tail_of(const Ring *r) {
        return atomic_load_explicit(&r->header->tail, memory_order_acquire);
}

/* Where what comes at @position begins, of what is committed up to @head. All between where the writer left and the start is done. */
static uint64_t past_left(const Ring *r, uint64_t position, uint64_t head) {
        uint64_t start;

        if (position != atomic_load_explicit(&r->header->left, memory_order_relaxed))
                return position;
        start = position - position % r->data_bytes + r->data_bytes;
        return start <= head ? start : position;
}

static Entry *entry_at(const Ring *r, uint64_t position) {
        return (Entry *) (r->data + position % r->data_bytes / sizeof(uint64_t));
}

static void count(_Atomic uint64_t *counter, uint64_t n) {
        /* One writer: no locked instruction is needed. */
        atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

static void prepare_landing(Landing *l) {
        for (unsigned i = 0; i < RING_BATCH; i++) {
                l->vectors[i] = (struct iovec){ .iov_base = l->data[i], .iov_len = RING_DATAGRAM_BYTES_MAX };
                l->messages[i] = (struct mmsghdr){
                        .msg_hdr = {
                                .msg_iov = l->vectors + i, .msg_iovlen = 1,
                                .msg_name = l->senders + i, .msg_namelen = sizeof(struct sockaddr_nl),
                        },
                };
        }
}

static int map(int fd, uint64_t bytes, Ring *r) {
        void *p = mmap(NULL, sizeof(Header) + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        if (p == MAP_FAILED)
                return -errno;
        r->header = p;
        r->data = (uint64_t *) (r->header + 1);
        r->data_bytes = bytes;
        return 0;
}

int ring_new(uint64_t bytes, Ring **ret) {
        _cleanup_(ring_freep) Ring *r = calloc(1, sizeof(Ring));
        Header *h;
        int k;

        if (!r)
                return -ENOMEM;
        bytes = (MAX(bytes, RING_BYTES_MIN) + 4095) & ~UINT64_C(4095);
        r->fd = memfd_create("fopsd-ring", MFD_CLOEXEC);
        if (r->fd < 0 || ftruncate(r->fd, (off_t) (sizeof(Header) + bytes)) < 0)
                return -errno;
        k = map(r->fd, bytes, r);
        if (k < 0)
                return k;

        h = r->header;
        h->version = RING_VERSION;
        h->header_bytes = sizeof(Header);
        h->data_bytes = bytes;
        prepare_landing(h->landing + 0);
        prepare_landing(h->landing + 1);
        atomic_store(&h->commit, POSITION_FIRST << 1);
        atomic_store(&h->tail, POSITION_FIRST);
        h->magic = RING_MAGIC;

        r->next = POSITION_FIRST;
        *ret = TAKE_PTR(r);
        return 0;
}

Ring *ring_free(Ring *r) {
        if (!r)
                return NULL;
        if (r->header)
                munmap(r->header, sizeof(Header) + r->data_bytes);
        if (r->fd >= 0)
                close(r->fd);
        free(r);
        return NULL;
}

int ring_fd(const Ring *r) {
        return r->fd;
}

uint64_t ring_n_bytes(const Ring *r) {
        return r->data_bytes;
}

uint64_t ring_n_free(const Ring *r) {
        uint64_t tail = tail_of(r), head = ring_head(r); /* in this order: both may move, and the tail never past the head */

        return r->data_bytes - (head - past_left(r, tail, head));
}

RingNotes *ring_notes(Ring *r) {
        return &r->header->notes;
}

FopsSerials *ring_serials(Ring *r) {
        return &r->header->serials;
}

void ring_set_clean(Ring *r) {
        r->header->clean = 1;
}

RingStats ring_stats(const Ring *r) {
        const Header *h = r->header;

        return (RingStats){
                .n_messages = atomic_load_explicit(&h->n_messages, memory_order_relaxed),
                .n_forged = atomic_load_explicit(&h->n_forged, memory_order_relaxed),
                .n_truncated = atomic_load_explicit(&h->n_truncated, memory_order_relaxed),
                .n_overruns = atomic_load_explicit(&h->n_overruns, memory_order_relaxed),
                .high_water_bytes = atomic_load_explicit(&h->high_water_bytes, memory_order_relaxed),
                .n_throttled = atomic_load_explicit(&h->n_throttled, memory_order_relaxed),
        };
}

/* --- the writer -------------------------------------------------------------------------------------------------------- */

/* Puts an entry at @head, which isn't committed yet. Returns the head after it; the same if there is no room. */
static uint64_t write_entry(Ring *r, uint64_t head, uint16_t type, FopsSpan text) {
        uint64_t tail = tail_of(r), bytes = entry_bytes((uint32_t) text.size), to_end = r->data_bytes - head % r->data_bytes, filler = 0;
        bool leaves = head == tail && r->data_bytes - to_end > REWIND_BYTES;
        Entry *e;

        if (bytes > to_end || leaves)
                filler = to_end;
        if (head - tail + filler + bytes > r->data_bytes)
                return head;

        if (leaves)
                atomic_store_explicit(&r->header->left, head, memory_order_relaxed);
        if (filler > 0) {
                e = entry_at(r, head);
                e->size = (uint32_t) (filler - sizeof(Entry));
                e->flags = ENTRY_FILLER;
                head += filler;
        }
        e = entry_at(r, head);
        e->size = (uint32_t) text.size;
        e->type = type;
        e->flags = 0;
        memcpy(e->text, text.data, text.size);
        return head + bytes;
}

/* The one store that counts. */
static void commit(Ring *r, uint64_t head, unsigned place) {
        uint64_t tail = tail_of(r), start = past_left(r, tail, head), used = head - start;

        atomic_store_explicit(&r->header->commit, head << 1 | place, memory_order_release);
        if (start != tail) /* and if it is still there: the reader may have been quicker */
                atomic_compare_exchange_strong(&r->header->tail, &tail, start);
        if (used > atomic_load_explicit(&r->header->high_water_bytes, memory_order_relaxed))
                atomic_store_explicit(&r->header->high_water_bytes, used, memory_order_relaxed);
}

static unsigned place_of(const Ring *r) {
        return atomic_load_explicit(&r->header->commit, memory_order_relaxed) & 1;
}

bool ring_append(Ring *r, uint16_t type, FopsSpan text) {
        uint64_t head = ring_head(r), after = write_entry(r, head, type, text);

        if (after == head)
                return false;
        commit(r, after, place_of(r));
        count(&r->header->n_messages, 1);
        return true;
}

struct mmsghdr *ring_landing(Ring *r) {
        return r->header->landing[place_of(r)].messages;
}

void ring_commit(Ring *r, unsigned n_messages) {
        unsigned place = place_of(r);
        Landing *l = r->header->landing + place, *other = r->header->landing + (place ^ 1);
        uint64_t head = ring_head(r), n_taken = 0;

        for (unsigned i = 0; i < MIN(n_messages, RING_BATCH); i++) {
                FopsSpan text, datagram = { l->data[i], MIN(l->messages[i].msg_len, RING_DATAGRAM_BYTES_MAX) };
                uint64_t after;
                uint16_t type;

                if (!audit_datagram_parse(datagram, l->senders[i].nl_pid, &type, &text)) {
                        count(&r->header->n_forged, 1);
                        continue;
                }
                if (!audit_datagram_is_record(type))
                        continue;
                if (l->messages[i].msg_hdr.msg_flags & MSG_TRUNC)
                        count(&r->header->n_truncated, 1);
                /* The caller has looked for room. */
                after = write_entry(r, head, type, text);
                n_taken += after != head;
                head = after;
        }

        for (unsigned i = 0; i < RING_BATCH; i++) {
                other->messages[i].msg_len = 0;
                other->messages[i].msg_hdr.msg_namelen = sizeof(struct sockaddr_nl);
        }
        count(&r->header->n_messages, n_taken);
        commit(r, head, place ^ 1);
}

void ring_count_overrun(Ring *r) {
        count(&r->header->n_overruns, 1);
}

void ring_count_throttled(Ring *r) {
        count(&r->header->n_throttled, 1);
}

uint32_t ring_n_refused(const Ring *r) {
        return r->header->n_refused;
}

void ring_set_n_refused(Ring *r, uint32_t n) {
        r->header->n_refused = n;
}

/* --- the reader -------------------------------------------------------------------------------------------------------- */

/* Frees what is done, from the oldest up. */
static void trim(Ring *r) {
        uint64_t before = tail_of(r), tail = past_left(r, before, r->next);

        while (tail < r->next && (entry_at(r, tail)->flags & ENTRY_DONE))
                tail = past_left(r, tail + entry_bytes(entry_at(r, tail)->size), r->next);
        if (tail != before)
                atomic_store_explicit(&r->header->tail, tail, memory_order_release);
}

bool ring_next(Ring *r, RingMessage *ret) {
        uint64_t head = ring_head(r);

        while (r->next < head) {
                uint64_t position = past_left(r, r->next, head);
                Entry *e = entry_at(r, position);

                r->next = position + entry_bytes(e->size);
                if (e->flags & ENTRY_FILLER)
                        e->flags |= ENTRY_DONE;
                if (e->flags & ENTRY_DONE) {
                        trim(r);
                        continue;
                }
                *ret = (RingMessage){
                        .position = position, .type = e->type, .replayed = position < r->replay_until, .text = { e->text, e->size },
                };
                return true;
        }
        return false;
}

bool ring_is_read(const Ring *r, uint64_t head) {
        return r->next >= head;
}

bool ring_is_empty(const Ring *r) {
        return ring_is_read(r, ring_head(r));
}

void ring_done(Ring *r, uint64_t position) {
        entry_at(r, position)->flags |= ENTRY_DONE;
        if (position == past_left(r, tail_of(r), r->next))
                trim(r);
}

/* --- another process's ------------------------------------------------------------------------------------------------- */

/* Do the entries from tail to head add up? */
static bool is_sound(const Ring *r) {
        uint64_t head = ring_head(r), tail = tail_of(r);

        if (head < tail || head - tail > r->data_bytes || tail < POSITION_FIRST || (head | tail) % 8 != 0)
                return false;
        while (tail < head) {
                const Entry *e = entry_at(r, tail);
                uint64_t bytes = entry_bytes(e->size), to_end = r->data_bytes - tail % r->data_bytes;

                if (bytes > to_end || (!(e->flags & ENTRY_FILLER) && e->size > RING_DATAGRAM_BYTES_MAX))
                        return false;
                tail += bytes;
        }
        return tail == head;
}

static int check_header(int fd, uint64_t *ret_data_bytes) {
        struct {
                uint64_t magic;
                uint32_t version, header_bytes;
                uint64_t data_bytes;
        } h;
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || h.magic != RING_MAGIC)
                return -EBADMSG;
        if (h.version != RING_VERSION || h.header_bytes != sizeof(Header))
                return -EPROTO;
        if (h.data_bytes < RING_BYTES_MIN || h.data_bytes % 4096 != 0 || h.data_bytes > INT64_MAX - sizeof(Header) ||
            (uint64_t) st.st_size != sizeof(Header) + h.data_bytes)
                return -EBADMSG;
        *ret_data_bytes = h.data_bytes;
        return 0;
}

int ring_adopt(int fd, Ring **ret) {
        _cleanup_(ring_freep) Ring *r = calloc(1, sizeof(Ring));
        uint64_t data_bytes = 0;
        unsigned n_landed = 0;
        Landing *l;
        int k;

        if (!r)
                return -ENOMEM;
        r->fd = -EBADF; /* the caller's until it is a success */
        k = check_header(fd, &data_bytes);
        if (k >= 0)
                k = map(fd, data_bytes, r);
        if (k < 0)
                return k;
        if (!is_sound(r))
                return -EBADMSG;

        r->next = past_left(r, tail_of(r), ring_head(r));
        atomic_store(&r->header->tail, r->next);
        l = r->header->landing + place_of(r);
        while (n_landed < RING_BATCH && l->messages[n_landed].msg_len > 0)
                n_landed++;
        if (n_landed > 0)
                ring_commit(r, n_landed);
        /* The addresses in there are of another process. */
        prepare_landing(r->header->landing + 0);
        prepare_landing(r->header->landing + 1);

        r->replay_until = r->header->clean ? 0 : ring_head(r);
        r->header->clean = 0;
        r->fd = fd;
        *ret = TAKE_PTR(r);
        return 0;
}
