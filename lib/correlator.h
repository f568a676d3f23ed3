/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Records into events, by id. Records of several events come interleaved; an event ends at its EOE, or without one: types that
 * the kernel and user space send alone are events at once, the others wait for a deadline, which needs no new input to pass.
 *
 * No I/O and no clock: the caller passes the time in. An event leaves with a reason. One incomplete event never holds back another. */

#include "audit-record.h"

typedef enum FopsEventReason {
        FOPS_EVENT_COMPLETE,  /* EOE, or alone by its type, or (offline) the last record of its kind was there */
        FOPS_EVENT_TIMED_OUT, /* no EOE within the deadline */
        FOPS_EVENT_EVICTED,   /* pushed out by newer ones: a cap was reached */
        FOPS_EVENT_FLUSHED,   /* end of input */
} FopsEventReason;

typedef struct FopsEventRecord {
        uint16_t type;
        FopsSpan text, body, enriched; /* as in FopsRecord, owned by the event */
} FopsEventRecord;

typedef struct FopsEvent {
        FopsEventId id;
        FopsSpan node;
        FopsEventReason reason;
        bool truncated; /* records were left out: a cap was reached */
        bool replayed;  /* one of the records is */
        bool has_call;  /* one is a SYSCALL or URINGOP: an EOE follows */
        size_t n_records;
        FopsEventRecord *records;
        FopsArena arena; /* for whoever works on the event, freed with it */

        /* the correlator's own */
        struct FopsEvent *hash_next, *newer, *older;
        uint64_t deadline_usec;
        size_t n_records_allocated;
        uint32_t n_path_records, n_items_announced;
        uint64_t *cookies; /* of all its records, EOE and those left out too */
        size_t n_cookies, n_cookies_allocated;
} FopsEvent;

FopsEvent *fops_event_free(FopsEvent *e);
FOPS_DEFINE_CLEANUP(FopsEvent *, fops_event_free)

/* Where events end and how much is kept. */
typedef struct FopsCorrelatorOptions {
        bool offline; /* auditd's log has no EOE records: PROCTITLE ends an event, or the last PATH announced by a URINGOP */
        uint64_t timeout_usec;
        size_t n_events_max;
        size_t event_bytes_max;
        size_t total_bytes_max;
        /* Told each record's cookie when its event is recycled, or when the record came to nothing. May be NULL. */
        void (*release)(void *userdata, uint64_t cookie);
        void *userdata;
} FopsCorrelatorOptions;

/* Live: records of an event leave the kernel within milliseconds, even a burst passes in less than this; auditd waits 2 s. */
#define FOPS_CORRELATOR_TIMEOUT_USEC UINT64_C(2000000)
/* As many as processes can be inside a system call's exit path at once, generously. */
#define FOPS_CORRELATOR_EVENTS_MAX ((size_t) 8192)
/* An execve of 2 MiB of arguments (MAX_ARG_STRLEN × a few), hex encoded, in pieces of 7,500 bytes. */
#define FOPS_CORRELATOR_EVENT_BYTES_MAX ((size_t) 8 << 20)
/* What a hundred such, or all 8,192 usual ones, may hold together. */
#define FOPS_CORRELATOR_TOTAL_BYTES_MAX ((size_t) 64 << 20)

#define FOPS_CORRELATOR_OPTIONS_DEFAULT                                 \
        ((FopsCorrelatorOptions){                                       \
                .timeout_usec = FOPS_CORRELATOR_TIMEOUT_USEC,           \
                .n_events_max = FOPS_CORRELATOR_EVENTS_MAX,             \
                .event_bytes_max = FOPS_CORRELATOR_EVENT_BYTES_MAX,     \
                .total_bytes_max = FOPS_CORRELATOR_TOTAL_BYTES_MAX,     \
        })

typedef struct FopsCorrelator FopsCorrelator;

FopsCorrelator *fops_correlator_new(const FopsCorrelatorOptions *options); /* NULL when memory is out */
FopsCorrelator *fops_correlator_free(FopsCorrelator *c);
FOPS_DEFINE_CLEANUP(FopsCorrelator *, fops_correlator_free)

/* Takes a record (copied) that has come by @now_usec, any clock that doesn't go back: the deadline of an event that it begins is reckoned
 * from there. Deadlines up to @over_usec are over; less than @now_usec, where of what has come by now not all is pushed yet. Returns how
 * many events are ready then, or -ENOMEM (the record is lost). */
int fops_correlator_push(FopsCorrelator *c, const FopsRecord *record, uint64_t now_usec, uint64_t over_usec);

/* The next event that is ready, deadlines up to @over_usec being over, in the order in which they became so, or NULL. The caller owns
 * it. */
FopsEvent *fops_correlator_pop(FopsCorrelator *c, uint64_t over_usec);

/* Makes all that waits ready, with reason FLUSHED. */
void fops_correlator_flush(FopsCorrelator *c);

/* When to call _pop again though nothing came: UINT64_MAX if nothing waits. */
uint64_t fops_correlator_next_deadline(const FopsCorrelator *c);

/* Hands an event back, done with, so that its memory is used again. NULL is fine. */
void fops_correlator_recycle(FopsCorrelator *c, FopsEvent *e);

/* @e is done with only when @other is: its cookies move there. 0 or -ENOMEM. */
int fops_event_move_cookies(FopsEvent *e, FopsEvent *other);

typedef struct FopsCorrelatorStats {
        size_t n_waiting;
        uint64_t n_events, n_truncated;
        uint64_t n_evicted, n_timed_out; /* of those that more was due for; a CONFIG_CHANGE outside a system call has no EOE */
} FopsCorrelatorStats;

FopsCorrelatorStats fops_correlator_stats(const FopsCorrelator *c);
