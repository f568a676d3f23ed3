/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Entries to where they go; those that journald doesn't take yet into a queue of datagrams, in their order. They are sent
 * when the socket can be written again; while journald is away, that is tried now and then.
 *
 * What journald has taken it may drop, for want of room on its disk. While that is scarce the latest entries are kept, and
 * when there is none they are put in front of the queue again. */

#include "publisher.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

#include "journal-room.h"

/* Errors of a configuration listed in an entry; fopsctl check shows them all. */
#define ERRORS_LISTED_MAX 32U

/* What may wait. The caller stops making more, so it is what one batch of records becomes, and hardly any is so large. */
#define QUEUE_BYTES_MAX ((size_t) 64 << 20)
/* Behind it, room for what fopsd says of itself: of all entries, the one that tells of lost ones must not be lost. */
#define QUEUE_OWN_BYTES_MAX ((size_t) 1 << 20)
/* Entries sent before the event loop gets its turn: about 2 ms. */
#define SENT_AT_ONCE 512U
/* Nothing tells that journald is back: soon enough for who waits for an entry, and no work to speak of. */
#define RETRY_USEC (UINT64_C(100) * 1000)
/* How long to wait in place while journald takes nothing at all: it restarts within a second, and systemd's patience with
 * a service that starts, or should show signs of life, is a minute. */
#define PATIENCE_USEC (UINT64_C(5) * 1000000)
/* How often to see to the journal's room while there is enough: what was sent since the last time isn't kept, so a disk must not become
 * full from one to the next, of which journal-room.c sees to the other half. Five system calls in 10 ms are nothing. */
#define ROOM_USEC (UINT64_C(10) * 1000)
/* While it is scarce, with each entry. Those that journald hadn't read when its room went are in its socket's queue, which
 * has 512 places where systemd is init, or were taken while it tried to make room. 6 MiB of them, at most. */
#define RECENT_MAX 4096U
#define REPLAYED FOPS_SPAN_LITERAL("FOPSD_REPLAYED=1\n")
/* A wait worth an entry; shorter ones come whenever journald writes to a slow disk. */
#define SAID_USEC (UINT64_C(1) * 1000000)

typedef struct Waiting {
        struct Waiting *next;
        size_t size;
        char data[];
} Waiting;

struct Publisher {
        FopsSinkJournal *journal;
        FopsSinkPrint *print;
        FopsEntry entry;
        uint64_t n_failed;
        PublishedGap last_gap;

        Waiting *oldest, **tail;
        uint64_t n_queued;
        size_t queue_bytes;
        uint64_t blocked_usec; /* in all, until the queue was last empty; and since then: */
        uint64_t blocked_since_usec, progress_usec;
        uint64_t n_waited, n_failed_before;
        JournalPlace place;
        JournalRoom room;
        uint64_t room_usec; /* when that was looked at */
        Waiting *recent, **recent_tail; /* as they are to be sent again */
        size_t n_recent, recent_bytes;

        bool saying; /* that entries waited: that this has to wait too is no news */

        sd_event_source *writable, *retry; /* both or none */
        void (*unblocked)(void *userdata);
        void *userdata;
};

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

Publisher *publisher_new(bool print, FopsPrintFormat format, const char *journal_path) {
        _cleanup_(publisher_freep) Publisher *p = calloc(1, sizeof(Publisher));

        if (!p)
                return NULL;
        p->tail = &p->oldest;
        p->recent_tail = &p->recent;
        if (print)
                p->print = fops_sink_print_new(STDOUT_FILENO, format);
        else
                p->journal = fops_sink_journal_new(journal_path);
        if (!p->print && !p->journal)
                return NULL;
        return TAKE_PTR(p);
}

static void drop_oldest(Publisher *p) {
        Waiting *w = p->oldest;

        p->oldest = w->next;
        if (!p->oldest)
                p->tail = &p->oldest;
        p->n_queued--;
        p->queue_bytes -= w->size;
        free(w);
}

static void drop_recent(Publisher *p) {
        Waiting *w = p->recent;

        p->recent = w->next;
        if (!p->recent)
                p->recent_tail = &p->recent;
        p->n_recent--;
        p->recent_bytes -= w->size;
        free(w);
}

Publisher *publisher_free(Publisher *p) {
        if (!p)
                return NULL;
        while (p->recent)
                drop_recent(p);
        while (p->oldest)
                drop_oldest(p);
        sd_event_source_unref(p->writable);
        sd_event_source_unref(p->retry);
        fops_sink_journal_free(p->journal);
        fops_sink_print_free(p->print);
        fops_entry_done(&p->entry);
        free(p);
        return NULL;
}

/* --- the queue --------------------------------------------------------------------------------------------------------- */

/* The queue has just become empty. */
static void end_waiting(Publisher *p) {
        uint64_t usec = now_usec() - p->blocked_since_usec;
        uint64_t n_lost = p->n_failed - p->n_failed_before;

        p->blocked_usec += usec;
        if (usec >= SAID_USEC && p->n_waited > 0) {
                p->saying = true;
                publisher_state(p, n_lost > 0 ? LOG_WARNING : LOG_NOTICE, "journal",
                                "journald took no entries, or too few, for %ju.%ju s: %ju waited, %ju lost",
                                (uintmax_t) (usec / 1000000), (uintmax_t) (usec / 100000 % 10), (uintmax_t) p->n_waited,
                                (uintmax_t) n_lost);
                p->saying = false;
        }
        if (!p->oldest && p->unblocked)
                p->unblocked(p->userdata);
}

static bool has_room(Publisher *p) {
        uint64_t now = now_usec();

        if (p->room == JOURNAL_ROOM_AMPLE && now < p->room_usec + ROOM_USEC)
                return true;
        p->room_usec = now;
        p->room = journal_place_look(&p->place);
        while (p->room == JOURNAL_ROOM_AMPLE && p->recent)
                drop_recent(p);
        return p->room != JOURNAL_ROOM_NONE;
}

/* Without memory it isn't kept. */
static void keep_recent(Publisher *p, FopsSpan datagram) {
        bool is_marked = memmem(datagram.data, datagram.size, REPLAYED.data, REPLAYED.size);
        Waiting *w = malloc(sizeof(Waiting) + datagram.size + REPLAYED.size);

        if (!w)
                return;
        w->next = NULL;
        w->size = datagram.size + (is_marked ? 0 : REPLAYED.size);
        memcpy(mempcpy(w->data, datagram.data, datagram.size), REPLAYED.data, REPLAYED.size);
        *p->recent_tail = w;
        p->recent_tail = &w->next;
        p->recent_bytes += w->size;
        if (++p->n_recent > RECENT_MAX)
                drop_recent(p);
}

/* In front of what waits. */
static void requeue_recent(Publisher *p) {
        if (!p->recent)
                return;
        *p->recent_tail = p->oldest;
        p->oldest = p->recent;
        p->n_queued += p->n_recent;
        p->queue_bytes += p->recent_bytes;
        p->recent = NULL;
        p->recent_tail = &p->recent;
        p->n_recent = p->recent_bytes = 0;
}

static int send_to_journal(Publisher *p, FopsSpan datagram) {
        int r;

        if (!has_room(p))
                return -EAGAIN;
        r = fops_sink_journal_send(p->journal, datagram);
        if (r >= 0 && p->room == JOURNAL_ROOM_SCARCE)
                keep_recent(p, datagram);
        return r;
}

/* Sends what waits until journald takes no more, or it was enough for one turn. Returns how many entries are done with. */
static size_t drain(Publisher *p) {
        size_t n;

        for (n = 0; p->oldest && n < SENT_AT_ONCE; n++) {
                int r = send_to_journal(p, (FopsSpan){ p->oldest->data, p->oldest->size });

                if (r == -EAGAIN) {
                        if (p->room == JOURNAL_ROOM_NONE)
                                requeue_recent(p);
                        break;
                }
                if (r < 0)
                        p->n_failed++;
                drop_oldest(p);
        }
        if (n == 0)
                return 0;

        p->progress_usec = now_usec();
        if (!p->oldest)
                end_waiting(p);
        return n;
}

/* Arranges for the next turn, if there is to be one: when the socket can be written, or else after a while. */
static int arm(Publisher *p, bool by_socket) {
        bool by_time = p->oldest && !by_socket;
        int r;

        by_socket = p->oldest && by_socket;
        r = sd_event_source_set_enabled(p->writable, by_socket ? SD_EVENT_ON : SD_EVENT_OFF);
        if (r >= 0 && by_time)
                r = sd_event_source_set_time_relative(p->retry, RETRY_USEC);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->retry, by_time ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
        return r;
}

/* While journald is away, or the kernel is short of memory, the socket can be written, it says, and then takes nothing:
 * not to be asked again at once. */
static int on_writable(sd_event_source *source _unused_, int fd _unused_, uint32_t events _unused_, void *userdata) {
        Publisher *p = userdata;
        size_t n = drain(p);

        return arm(p, n > 0);
}

static int on_retry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Publisher *p = userdata;

        (void) drain(p);
        return arm(p, true);
}

int publisher_attach(Publisher *p, sd_event *event, void (*unblocked)(void *userdata), void *userdata) {
        int r;

        p->writable = sd_event_source_unref(p->writable);
        p->retry = sd_event_source_unref(p->retry);
        p->unblocked = event ? unblocked : NULL;
        p->userdata = userdata;
        if (!event || p->print)
                return 0;

        r = sd_event_add_io(event, &p->writable, fops_sink_journal_fd(p->journal), EPOLLOUT, on_writable, p);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &p->retry, CLOCK_MONOTONIC, RETRY_USEC, RETRY_USEC / 10, on_retry, p);
        return r < 0 ? r : arm(p, true);
}

int publisher_flush(Publisher *p, uint64_t timeout_usec) {
        uint64_t until = now_usec() + timeout_usec;
        bool by_socket = true; /* as for arm() */

        for (;;) {
                struct pollfd pollfd = { .events = POLLOUT };
                size_t n = drain(p);
                uint64_t now = now_usec();

                if (!p->oldest)
                        return 0;
                if (now >= until)
                        return -ETIMEDOUT;

                pollfd.fd = by_socket || n > 0 ? fops_sink_journal_fd(p->journal) : -EBADF;
                by_socket = poll(&pollfd, 1, (int) (MIN(until - now, RETRY_USEC) / 1000 + 1)) == 0;
        }
}

/* As long as journald takes anything; and once it has taken nothing for too long, no more until it does. */
static void wait_in_place(Publisher *p) {
        uint64_t now, until;
        int r;

        do {
                now = now_usec();
                until = p->progress_usec + PATIENCE_USEC;
                r = publisher_flush(p, now < until ? until - now : 0);
        } while (r < 0 && now < until);
}

/* Keeps a copy of @datagram. 0, -ENOMEM, or -ENOBUFS if too much waits already. */
static int enqueue(Publisher *p, FopsKind kind, FopsSpan datagram) {
        bool is_own = kind != FOPS_KIND_OPERATION && kind != FOPS_KIND_RECORD;
        bool is_first = !p->oldest;
        Waiting *w;

        if (p->queue_bytes + datagram.size > QUEUE_BYTES_MAX + (is_own ? QUEUE_OWN_BYTES_MAX : 0))
                return -ENOBUFS;
        w = malloc(sizeof(Waiting) + datagram.size);
        if (!w)
                return -ENOMEM;
        w->next = NULL;
        w->size = datagram.size;
        memcpy(w->data, datagram.data, datagram.size);

        if (is_first) {
                p->blocked_since_usec = p->progress_usec = now_usec();
                p->n_failed_before = p->n_failed;
                p->n_waited = 0;
        }
        *p->tail = w;
        p->tail = &w->next;
        p->queue_bytes += w->size;
        p->n_queued++;
        p->n_waited += !p->saying;
        if (p->room == JOURNAL_ROOM_NONE)
                requeue_recent(p);

        if (!p->writable || (is_first && arm(p, true) < 0))
                wait_in_place(p);
        return 0;
}

bool publisher_is_blocked(const Publisher *p) {
        return p->oldest;
}

uint64_t publisher_n_queued(const Publisher *p) {
        return p->n_queued;
}

uint64_t publisher_blocked_usec(const Publisher *p) {
        return p->blocked_usec + (p->oldest ? now_usec() - p->blocked_since_usec : 0);
}

/* --- entries ----------------------------------------------------------------------------------------------------------- */

static int publish_to_journal(Publisher *p, const FopsEntry *entry) {
        FopsSpan datagram;
        int r;

        r = fops_sink_journal_compose(p->journal, entry, &datagram);
        if (r < 0)
                return r;
        r = p->oldest ? -EAGAIN : send_to_journal(p, datagram);
        return r == -EAGAIN ? enqueue(p, entry->kind, datagram) : r;
}

int publisher_publish(Publisher *p, const FopsEntry *entry) {
        int r;

        r = p->print ? fops_sink_print_write(p->print, entry) : publish_to_journal(p, entry);
        if (r < 0)
                p->n_failed++;
        return r == -EPIPE && p->print ? r : 0;
}

uint64_t publisher_n_failed(const Publisher *p) {
        return p->n_failed;
}

void publisher_state(Publisher *p, int priority, const char *state, const char *format, ...) {
        va_list ap;
        char *text;
        int n;

        va_start(ap, format);
        n = vasprintf(&text, format, ap);
        va_end(ap);
        if (n < 0)
                return;

        fops_entry_begin(&p->entry, FOPS_KIND_STATE, priority);
        fops_entry_add(&p->entry, "MESSAGE", fops_span_from_string(text));
        fops_entry_add(&p->entry, "FOPSD_STATE", fops_span_from_string(state));
        (void) publisher_publish(p, &p->entry);
        free(text);
}

void publisher_refused(Publisher *p, const FopsDiags *diags) {
        const FopsDiag *first = NULL;
        size_t n_listed = 0;

        fops_entry_begin(&p->entry, FOPS_KIND_STATE, LOG_ERR);
        for (size_t i = 0; i < diags->n_items; i++) {
                const FopsDiag *d = diags->items + i;

                if (d->severity != FOPS_ERROR || n_listed++ >= ERRORS_LISTED_MAX)
                        continue;
                if (!first)
                        first = d;
                fops_entry_printf(&p->entry, "FOPSD_ERROR", "%s:%u: %s", d->file ? d->file : "-", d->line, d->text);
        }
        if (first)
                fops_entry_printf(&p->entry, "MESSAGE", "configuration refused, %zu %s; the running one stays: %s:%u: %s",
                                  diags->n_errors, diags->n_errors == 1 ? "error" : "errors", first->file ? first->file : "-",
                                  first->line, first->text);
        fops_entry_add(&p->entry, "FOPSD_STATE", FOPS_SPAN_LITERAL("refused"));
        (void) publisher_publish(p, &p->entry);
}

static void add_time(FopsEntry *e, const char *name, uint64_t usec) {
        fops_entry_printf(e, name, "%ju.%03u", (uintmax_t) (usec / 1000000), (unsigned) (usec / 1000 % 1000));
}

void publisher_tamper(Publisher *p, const PublisherTamper *tamper, FopsNames *names) {
        FopsSpan text = fops_span_from_string(tamper->deed);

        fops_entry_begin(&p->entry, FOPS_KIND_TAMPER, LOG_WARNING);
        if (tamper->who)
                text = fops_message_from_deed(&p->entry.arena, tamper->who, names, tamper->deed);
        fops_entry_printf(&p->entry, "MESSAGE", "%.*s%s", (int) text.size, text.data, tamper->outcome);
        fops_entry_add(&p->entry, "FOPSD_TAMPER", fops_span_from_string(tamper->what));
        if (tamper->usec > 0)
                add_time(&p->entry, "FOPSD_TIME", tamper->usec);
        if (tamper->count > 1)
                fops_entry_add_u64(&p->entry, "FOPSD_COUNT", tamper->count);
        if (tamper->who)
                fops_entry_add_who(&p->entry, tamper->who, names);
        (void) publisher_publish(p, &p->entry);
}

/* What a gap has beside its message. */
static void publish_gap(Publisher *p, const char *cause, uint64_t count, uint64_t from_usec, uint64_t until_usec) {
        if (count > 0)
                fops_entry_add_u64(&p->entry, "FOPSD_GAP_COUNT", count);
        fops_entry_add(&p->entry, "FOPSD_GAP_CAUSE", fops_span_from_string(cause));
        add_time(&p->entry, "FOPSD_GAP_FROM", from_usec);
        add_time(&p->entry, "FOPSD_GAP_UNTIL", until_usec);
        (void) publisher_publish(p, &p->entry);
}

void publisher_gap(Publisher *p, const char *cause, uint64_t count, uint64_t from_usec, uint64_t until_usec) {
        p->last_gap = (PublishedGap){ .cause = cause, .count = count, .from_usec = from_usec, .until_usec = until_usec };
        fops_entry_begin(&p->entry, FOPS_KIND_GAP, LOG_WARNING);
        if (count > 0)
                fops_entry_printf(&p->entry, "MESSAGE", "%ju lost: %s", (uintmax_t) count, cause);
        else
                fops_entry_printf(&p->entry, "MESSAGE", "an unknown number lost: %s", cause);
        publish_gap(p, cause, count, from_usec, until_usec);
}

void publisher_waits(Publisher *p, const char *cause, uint64_t msec, uint64_t from_usec, uint64_t until_usec) {
        fops_entry_begin(&p->entry, FOPS_KIND_GAP, LOG_NOTICE);
        fops_entry_printf(&p->entry, "MESSAGE", "%s %ju ms in all for room in the kernel's queue; nothing is lost", cause,
                          (uintmax_t) msec);
        publish_gap(p, cause, msec, from_usec, until_usec);
}

PublishedGap publisher_last_gap(const Publisher *p) {
        return p->last_gap;
}
