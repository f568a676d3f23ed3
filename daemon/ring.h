/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Audit messages on their way from the reader thread to the main thread, in a memfd that outlives both: whoever gets the descriptor
 * after a crash finds every message that the socket had given out and that no entry was made of yet.
 *
 * One writer, one reader. The writer receives into the landing place, which is part of the memfd too, and commits: a message that
 * the kernel had just copied when the process was killed is found there. The reader takes messages in order and marks each as done
 * when its event is; room is freed from the oldest up to the first that isn't done. */

#include <sys/socket.h>

#include "serials.h"
#include "span.h"

/* Messages a recvmmsg(2): a usual event is six records; larger batches measured no better. */
#define RING_BATCH 32U
/* MAX_AUDIT_MESSAGE_LENGTH is 8,970; user-space messages are cut by the kernel to that too. */
#define RING_DATAGRAM_BYTES_MAX 9216U
/* The least that a ring holds: some full batches. */
#define RING_BYTES_MIN ((uint64_t) 1 << 20)

typedef struct Ring Ring;

/* What is counted, by whichever process had the ring. */
typedef struct RingStats {
        uint64_t n_messages, n_forged, n_truncated, n_overruns; /* overruns: ENOBUFS, an unknown number of records was lost */
        uint64_t high_water_bytes;
        uint64_t n_throttled; /* times that the writer found it too full */
} RingStats;

/* A new one of at least @bytes. 0 or -errno. */
int ring_new(uint64_t bytes, Ring **ret);

/* One that another process left, @fd is taken over on success. What is in its landing place is committed. 0; -EPROTO: of another
 * version of this program; -EBADMSG: damaged; or another -errno. */
int ring_adopt(int fd, Ring **ret);

Ring *ring_free(Ring *r);
FOPS_DEFINE_CLEANUP(Ring *, ring_free)

int ring_fd(const Ring *r);

/* --- the writer -------------------------------------------------------------------------------------------------------- */

/* Where to receive up to RING_BATCH messages, prepared: to be filled by one recvmmsg(2), then committed. */
struct mmsghdr *ring_landing(Ring *r);

/* Takes what has landed. Messages that aren't the kernel's, or no records, come to nothing and are counted. */
void ring_commit(Ring *r, unsigned n_messages);

/* Puts one message in, not by way of the landing place. False if there is no room. */
bool ring_append(Ring *r, uint16_t type, FopsSpan text);

/* What of the ring is free, in bytes; room for a full batch is RING_BATCH_BYTES. */
#define RING_BATCH_BYTES ((uint64_t) (RING_BATCH + 1) * (RING_DATAGRAM_BYTES_MAX + 16))
uint64_t ring_n_free(const Ring *r);
uint64_t ring_n_bytes(const Ring *r);

void ring_count_overrun(Ring *r);
void ring_count_throttled(Ring *r);

/* The socket's count of refusals (audit_socket_n_refused()) when it was last empty; 0 at first. */
uint32_t ring_n_refused(const Ring *r);
void ring_set_n_refused(Ring *r, uint32_t n);

/* --- the reader -------------------------------------------------------------------------------------------------------- */

typedef struct RingMessage {
        uint64_t position; /* not 0 */
        uint16_t type;
        bool replayed;     /* another process had the ring when it came, and may have published it */
        FopsSpan text;     /* until it is done */
} RingMessage;

/* How far it is written: positions from there on are of messages that come later. */
uint64_t ring_head(const Ring *r);

/* The next message. False if there is none yet. */
bool ring_next(Ring *r, RingMessage *ret);
bool ring_is_empty(const Ring *r); /* nothing that _next hasn't given out */
bool ring_is_read(const Ring *r, uint64_t head); /* … before @head */

/* The message at @position is done with. */
void ring_done(Ring *r, uint64_t position);

/* What was given out and isn't done, or was never given out, was not published either: the next process needn't doubt it. */
void ring_set_clean(Ring *r);

RingStats ring_stats(const Ring *r);

/* Kept for the next process: who had the ring, and whatever is counted from one life to the next. Written by the reader. */
typedef struct RingNotes {
        uint32_t pid;            /* of the process that had it last */
        uint32_t registered_pid; /* whose registration the socket carries; 0: none, it listens */
        uint64_t kernel_lost, n_overruns, n_truncated, n_missing, waited_msec; /* that have been told of */
        uint32_t n_refused; /* that a record was made after */
} RingNotes;

RingNotes *ring_notes(Ring *r);
FopsSerials *ring_serials(Ring *r);
