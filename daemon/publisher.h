/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where entries go, journal or standard output, and the entries that fopsd makes about itself: states and gaps.
 *
 * What journald doesn't take at once waits in a queue, and then everything behind it, so that order is kept and nothing
 * lost. The caller is to stop making entries while publisher_is_blocked(). Standard output has no queue: there publishing
 * waits for the reader. Not thread-safe. */

#include <systemd/sd-event.h>

#include "diag.h"
#include "entry.h"
#include "sink-journal.h"
#include "sink-print.h"

typedef struct Publisher Publisher;

/* To standard output if @print, else to the journal's socket at @journal_path (FOPS_JOURNAL_SOCKET). NULL when memory is
 * out. */
Publisher *publisher_new(bool print, FopsPrintFormat format, const char *journal_path);
/* What still waits is lost: publisher_flush() first. Before its event loop goes. */
Publisher *publisher_free(Publisher *p);
FOPS_DEFINE_CLEANUP(Publisher *, publisher_free)

/* From now on the queue empties itself in @event, and @unblocked is called when it has, from the loop or from
 * publisher_flush(). Before, and again after an @event of NULL (to be called before the loop goes), publishing waits in
 * place: until the queue is empty, or journald has taken nothing for some seconds. 0 or a negative errno of sd-event. */
int publisher_attach(Publisher *p, sd_event *event, void (*unblocked)(void *userdata), void *userdata);

/* An entry of the pipeline. 0, also when it has to wait; -EPIPE: standard output's reader is gone. Other trouble is
 * counted and doesn't stop the rest. */
int publisher_publish(Publisher *p, const FopsEntry *entry);

/* Entries are waiting: make no more until @unblocked. Never so with standard output. */
bool publisher_is_blocked(const Publisher *p);

/* For the end: sends what waits, at most this long. 0 once nothing waits, or -ETIMEDOUT. */
int publisher_flush(Publisher *p, uint64_t timeout_usec);

/* An entry of kind state: @state ("started", "reloaded", "armed" …, static) in FOPSD_STATE, and the message. */
void publisher_state(Publisher *p, int priority, const char *state, const char *format, ...) _printf_(4, 5);

/* A refused configuration: kind state, one entry, each error in a field FOPSD_ERROR. */
void publisher_refused(Publisher *p, const FopsDiags *diags);

/* An entry of kind gap: @count events or records (0: an unknown number) lost for @cause (static) between two times (µs since the epoch). */
void publisher_gap(Publisher *p, const char *cause, uint64_t count, uint64_t from_usec, uint64_t until_usec);

/* The last one. */
typedef struct PublishedGap {
        const char *cause; /* NULL: there was none */
        uint64_t count, from_usec, until_usec;
} PublishedGap;

PublishedGap publisher_last_gap(const Publisher *p);

/* The same of processes that waited @msec in all: nothing is lost, but time. */
void publisher_waits(Publisher *p, const char *cause, uint64_t msec, uint64_t from_usec, uint64_t until_usec);

/* An entry of kind tamper: what was done to auditing (@what, static, for FOPSD_TAMPER), by whom (NULL: nobody in particular), how many
 * times (0: once) and since when (µs since the epoch). MESSAGE is made of @deed, what follows the person, and @outcome, what follows
 * it all. @names may be NULL. */
typedef struct PublisherTamper {
        const char *what, *deed, *outcome;
        const FopsOperation *who;
        uint64_t count, usec;
} PublisherTamper;

void publisher_tamper(Publisher *p, const PublisherTamper *tamper, FopsNames *names);

/* Entries that no journal took. */
uint64_t publisher_n_failed(const Publisher *p);

/* Entries that wait now, and the time that any did, this one included. */
uint64_t publisher_n_queued(const Publisher *p);
uint64_t publisher_blocked_usec(const Publisher *p);
