/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Records of one id into one event:
 *   SYSCALL(7) SYSCALL(8) PATH(7) PATH(8) EOE(8) EOE(7)  →  event 8, event 7
 *
 * Waiting events hang in a hash table by id and in one list by age. As every event gets the same time, age is also the order of
 * deadlines, so the oldest is the next to time out and the first to be evicted. Ready events leave in the order in which they
 * became ready. Not sorted by time on purpose: the kernel's own order of completion is the true one. */

#include "correlator.h"

#include <libaudit.h>

#ifndef AUDIT_URINGOP
#  define AUDIT_URINGOP 1336
#endif

/* With the default cap on events at most one bucket in two is taken. */
#define HASH_BITS 14U
#define HASH_BUCKETS (1U << HASH_BITS)
#define BUCKETS_TOGETHER ((size_t) 8)
/* Records of a usual event: SYSCALL, CWD, two or three PATH, PROCTITLE. */
#define RECORDS_FIRST 8U
/* Events kept for reuse with one arena block each: enough for a burst, 64 × 4 KiB at most. */
#define FREE_EVENTS_MAX 64U

typedef struct EventQueue {
        FopsEvent *oldest, *newest;
} EventQueue;

struct FopsCorrelator {
        FopsCorrelatorOptions options;
        FopsEvent *buckets[HASH_BUCKETS];
        EventQueue waiting, ready;
        FopsEvent *latest; /* of those that wait, the one that a record came to; NULL: it waits no more */
        FopsEvent *free_events; /* linked by ->newer */
        size_t n_free_events, n_ready;
        size_t waiting_bytes;
        FopsCorrelatorStats stats;
};

FopsCorrelator *fops_correlator_new(const FopsCorrelatorOptions *options) {
        FopsCorrelator *c = calloc(1, sizeof(FopsCorrelator));

        if (c)
                c->options = *options;
        return c;
}

FopsEvent *fops_event_free(FopsEvent *e) {
        if (e) {
                fops_arena_done(&e->arena);
                free(e);
        }
        return NULL;
}

static void free_all(FopsEvent *e) {
        FopsEvent *next;

        for (; e; e = next) {
                next = e->newer;
                fops_event_free(e);
        }
}

FopsCorrelator *fops_correlator_free(FopsCorrelator *c) {
        if (!c)
                return NULL;
        free_all(c->waiting.oldest);
        free_all(c->ready.oldest);
        free_all(c->free_events);
        free(c);
        return NULL;
}

static void queue_append(EventQueue *q, FopsEvent *e) {
        e->newer = NULL;
        e->older = q->newest;
        if (q->newest)
                q->newest->newer = e;
        else
                q->oldest = e;
        q->newest = e;
}

static void queue_remove(EventQueue *q, FopsEvent *e) {
        if (e->older)
                e->older->newer = e->newer;
        else
                q->oldest = e->newer;
        if (e->newer)
                e->newer->older = e->older;
        else
                q->newest = e->older;
        e->newer = e->older = NULL;
}

static FopsEvent **bucket_of(FopsCorrelator *c, FopsEventId id) {
        /* Fibonacci hashing: serials that count up by one spread, and so do those of a log that was made to collide by its low
         * bits. What the address adds differs from run to run. But a few in a row stand side by side, since a processor has what is
         * near what was asked for last, and fetches all else from far. */
        uint64_t x = id.serial / BUCKETS_TOGETHER ^ (uint64_t) id.sec << 32 ^ (uint64_t) id.msec << 20 ^ (uintptr_t) c;
        size_t first = (size_t) (x * UINT64_C(0x9e3779b97f4a7c15) >> (64 - HASH_BITS)) & ~(BUCKETS_TOGETHER - 1);

        return c->buckets + first + id.serial % BUCKETS_TOGETHER;
}

static bool is_of_event(const FopsEvent *e, const FopsRecord *record) {
        return fops_event_id_equal(e->id, record->id) && fops_span_equal(e->node, record->node);
}

static FopsEvent *find_in_table(FopsCorrelator *c, const FopsRecord *record) {
        for (FopsEvent *e = *bucket_of(c, record->id); e; e = e->hash_next)
                if (is_of_event(e, record))
                        return e;
        return NULL;
}

static inline FopsEvent *find_waiting(FopsCorrelator *c, const FopsRecord *record) {
        return c->latest && is_of_event(c->latest, record) ? c->latest : find_in_table(c, record);
}

/* Then there is no EOE, and nothing else to come: one for each member when a thousand watches are made to share rules. */
static bool is_change_outside_a_call(const FopsEvent *e) {
        return e->n_records == 1 && e->records[0].type == AUDIT_CONFIG_CHANGE && !e->truncated;
}

static void make_ready(FopsCorrelator *c, FopsEvent *e, FopsEventReason reason) {
        for (FopsEvent **p = bucket_of(c, e->id); *p; p = &(*p)->hash_next)
                if (*p == e) {
                        *p = e->hash_next;
                        break;
                }
        queue_remove(&c->waiting, e);
        if (c->latest == e)
                c->latest = NULL;
        c->waiting_bytes -= e->arena.used_bytes;
        c->stats.n_waiting--;

        e->hash_next = NULL;
        e->reason = reason;
        queue_append(&c->ready, e);
        c->n_ready++;

        c->stats.n_events++;
        c->stats.n_timed_out += reason == FOPS_EVENT_TIMED_OUT && e->has_call;
        c->stats.n_evicted += reason == FOPS_EVENT_EVICTED && !is_change_outside_a_call(e);
        c->stats.n_truncated += e->truncated;
}

static FopsEvent *event_new(FopsCorrelator *c, const FopsRecord *record, uint64_t now_usec) {
        FopsEvent *e = c->free_events;

        if (e) {
                c->free_events = e->newer;
                c->n_free_events--;
                e->newer = NULL;
        } else {
                e = calloc(1, sizeof(FopsEvent));
                if (!e)
                        return NULL;
        }

        e->id = record->id;
        if (record->node.data) {
                e->node = fops_arena_copy(&e->arena, record->node);
                if (!e->node.data)
                        return fops_event_free(e);
        }
        e->deadline_usec = now_usec + c->options.timeout_usec;
        return e;
}

static int event_add_cookies(FopsEvent *e, const uint64_t *cookies, size_t n) {
        if (e->n_cookies + n > e->n_cookies_allocated) {
                size_t n_allocated = MAX(e->n_cookies + n, MAX(e->n_cookies_allocated * 2, (size_t) RECORDS_FIRST));
                uint64_t *larger = fops_arena_alloc(&e->arena, n_allocated * sizeof(uint64_t));

                if (!larger)
                        return -ENOMEM;
                if (e->n_cookies > 0)
                        memcpy(larger, e->cookies, e->n_cookies * sizeof(uint64_t));
                e->cookies = larger;
                e->n_cookies_allocated = n_allocated;
        }
        memcpy(e->cookies + e->n_cookies, cookies, n * sizeof(uint64_t));
        e->n_cookies += n;
        return 0;
}

int fops_event_move_cookies(FopsEvent *e, FopsEvent *other) {
        int r = e->n_cookies > 0 ? event_add_cookies(other, e->cookies, e->n_cookies) : 0;

        if (r >= 0)
                e->n_cookies = 0;
        return r;
}

static void release(const FopsCorrelator *c, uint64_t cookie) {
        if (c->options.release && cookie > 0)
                c->options.release(c->options.userdata, cookie);
}

/* Copies the record's text into the event. */
static int event_append(FopsEvent *e, const FopsRecord *record) {
        FopsEventRecord *r;
        FopsSpan text;

        if (e->n_records == e->n_records_allocated) {
                size_t n = MAX(e->n_records_allocated * 2, (size_t) RECORDS_FIRST);
                FopsEventRecord *records = fops_arena_alloc(&e->arena, n * sizeof(FopsEventRecord));

                if (!records)
                        return -ENOMEM;
                if (e->n_records > 0)
                        memcpy(records, e->records, e->n_records * sizeof(FopsEventRecord));
                e->records = records;
                e->n_records_allocated = n;
        }

        text = fops_arena_copy(&e->arena, record->text);
        if (!text.data)
                return -ENOMEM;

        r = e->records + e->n_records;
        *r = (FopsEventRecord){
                .type = record->type,
                .text = text,
                .body = fops_span_skip(text, (size_t) (record->body.data - record->text.data)),
        };
        if (record->enriched.data) {
                r->enriched = fops_arena_copy(&e->arena, record->enriched);
                if (!r->enriched.data)
                        return -ENOMEM;
        }
        e->n_records++;
        e->has_call |= record->type == AUDIT_SYSCALL || record->type == AUDIT_URINGOP;
        return 0;
}

/* Types that are an event by themselves: sent by user space (1100 to 1299, 2100 on), and the kernel's boot message (2000). All
 * others may be part of a system call's event, which the kernel ends with an EOE. */
static bool type_stands_alone(uint16_t type) {
        return (type >= AUDIT_FIRST_USER_MSG && type < AUDIT_FIRST_EVENT) || type >= AUDIT_KERNEL;
}

/* auditd's log has no EOE. Of what kernel/auditsc.c audit_log_exit() writes, PROCTITLE comes last; a URINGOP event has none and
 * ends with the last of its items. But one that was done within io_uring_enter() is logged in front of that call's SYSCALL and
 * ends as it does; so one that announces no items can't be known to be alone, and waits. */
static bool is_last_offline(FopsEvent *e, const FopsRecord *record) {
        FopsSpan items;
        uint32_t n;

        switch (record->type) {
        case AUDIT_PROCTITLE:
                return true;
        case AUDIT_URINGOP:
                items = fops_field_find(record->body, "items").raw;
                e->n_items_announced = items.data && fops_span_to_u32(items, &n) ? n : 0;
                return false;
        case AUDIT_SYSCALL:
                e->n_items_announced = 0;
                return false;
        case AUDIT_PATH:
                e->n_path_records++;
                return e->n_items_announced > 0 && e->n_path_records == e->n_items_announced;
        default:
                return false;
        }
}

static void make_overdue_ready(FopsCorrelator *c, uint64_t now_usec) {
        while (c->waiting.oldest && c->waiting.oldest->deadline_usec <= now_usec)
                make_ready(c, c->waiting.oldest, FOPS_EVENT_TIMED_OUT);
}

static int end_event(FopsCorrelator *c, const FopsRecord *record) {
        FopsEvent *e = find_waiting(c, record);
        size_t before;
        int r;

        /* Of an event that was released before, or whose records were all lost: nothing to end. */
        if (!e) {
                release(c, record->cookie);
                return 0;
        }
        before = e->arena.used_bytes;
        r = record->cookie > 0 ? event_add_cookies(e, &record->cookie, 1) : 0;
        c->waiting_bytes += e->arena.used_bytes - before;
        make_ready(c, e, FOPS_EVENT_COMPLETE);
        return r;
}

static FopsEvent *begin_event(FopsCorrelator *c, const FopsRecord *record, uint64_t now_usec) {
        FopsEvent *e;

        while (c->waiting.oldest && c->stats.n_waiting >= c->options.n_events_max)
                make_ready(c, c->waiting.oldest, FOPS_EVENT_EVICTED);

        e = event_new(c, record, now_usec);
        if (!e)
                return NULL;
        e->hash_next = *bucket_of(c, e->id);
        *bucket_of(c, e->id) = e;
        queue_append(&c->waiting, e);
        c->waiting_bytes += e->arena.used_bytes;
        c->stats.n_waiting++;
        return e;
}

static int add_record(FopsCorrelator *c, const FopsRecord *record, uint64_t now_usec) {
        size_t size = record->text.size + record->enriched.size, before;
        FopsEvent *e;
        int r = 0;

        /* Before the record's own event is looked for: it may be the oldest. */
        while (c->waiting_bytes + size > c->options.total_bytes_max && c->waiting.oldest)
                make_ready(c, c->waiting.oldest, FOPS_EVENT_EVICTED);

        e = find_waiting(c, record);
        if (!e) {
                e = begin_event(c, record, now_usec);
                if (!e)
                        return -ENOMEM;
        }
        c->latest = e;

        before = e->arena.used_bytes;
        if (before + size <= c->options.event_bytes_max) {
                r = event_append(e, record);
                e->truncated |= r < 0;
        } else
                e->truncated = true;
        e->replayed |= record->replayed;
        if (r >= 0 && record->cookie > 0)
                r = event_add_cookies(e, &record->cookie, 1);
        c->waiting_bytes += e->arena.used_bytes - before;

        /* A record that was left out ends its event like any other. */
        if (type_stands_alone(record->type) || (c->options.offline && is_last_offline(e, record)))
                make_ready(c, e, FOPS_EVENT_COMPLETE);
        return r;
}

int fops_correlator_push(FopsCorrelator *c, const FopsRecord *record, uint64_t now_usec, uint64_t over_usec) {
        int r = record->type == AUDIT_EOE ? end_event(c, record) : add_record(c, record, now_usec);

        make_overdue_ready(c, over_usec);
        return r < 0 ? r : (int) c->n_ready;
}

FopsEvent *fops_correlator_pop(FopsCorrelator *c, uint64_t over_usec) {
        FopsEvent *e;

        make_overdue_ready(c, over_usec);
        e = c->ready.oldest;
        if (e) {
                queue_remove(&c->ready, e);
                c->n_ready--;
        }
        return e;
}

void fops_correlator_flush(FopsCorrelator *c) {
        while (c->waiting.oldest)
                make_ready(c, c->waiting.oldest, FOPS_EVENT_FLUSHED);
}

uint64_t fops_correlator_next_deadline(const FopsCorrelator *c) {
        if (c->ready.oldest)
                return 0;
        return c->waiting.oldest ? c->waiting.oldest->deadline_usec : UINT64_MAX;
}

void fops_correlator_recycle(FopsCorrelator *c, FopsEvent *e) {
        FopsArena arena;

        if (!e)
                return;
        for (size_t i = 0; i < e->n_cookies; i++)
                release(c, e->cookies[i]);
        if (c->n_free_events >= FREE_EVENTS_MAX) {
                fops_event_free(e);
                return;
        }

        fops_arena_reset(&e->arena);
        arena = e->arena;
        *e = (FopsEvent){ .arena = arena, .newer = c->free_events };
        c->free_events = e;
        c->n_free_events++;
}

FopsCorrelatorStats fops_correlator_stats(const FopsCorrelator *c) {
        return c->stats;
}
