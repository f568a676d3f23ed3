/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Everything between the kernel and the pipeline: socket, ring and reader thread, taken over from a predecessor if there is one.
 * Messages are handed out by the event loop and stay in the ring until they are done with. */

#include <systemd/sd-event.h>

#include "audit-control.h"
#include "audit-socket.h"
#include "hand-over.h"
#include "ring.h"

typedef struct Intake Intake;

typedef struct IntakeHandlers {
        /* The messages up to the next call of this are there already: what they tell of was over before it. */
        int (*begin)(void *userdata);
        /* A message, and the end of a batch of them. 0 or -errno, which ends the event loop's run of this source. */
        int (*message)(void *userdata, const RingMessage *message);
        int (*batch)(void *userdata);
        void *userdata;
} IntakeHandlers;

/* What was found. */
typedef struct IntakeOrigin {
        bool socket_adopted, ring_adopted;
        bool has_predecessor;
        RingNotes predecessor; /* if there is one */
        int ring_error;        /* why a ring that was there isn't used: -EPROTO another version, -EBADMSG damaged; 0 */
        uint64_t n_waiting_bytes; /* in the adopted ring */
} IntakeOrigin;

/* Opens, or takes what is in *@from (emptied), and begins to read into the ring. Errors as audit_socket_open(), or of memory. */
int intake_new(HandOver *from, FopsSourceMode mode, uint64_t buffer_bytes, const IntakeHandlers *handlers, IntakeOrigin *ret_origin,
               Intake **ret);

/* Messages are handed out from @event's loop from now on. 0 or -errno. */
int intake_attach(Intake *i, sd_event *event);

/* Closes; what is in the descriptor store stays there. */
Intake *intake_free(Intake *i);
FOPS_DEFINE_CLEANUP(Intake *, intake_free)

FopsSourceMode intake_mode(const Intake *i);
const char *intake_mode_name(const Intake *i);
uint32_t intake_registered_pid(const Intake *i);
RingStats intake_stats(const Intake *i);
RingNotes *intake_notes(Intake *i);
uint32_t intake_n_refused(const Intake *i); /* ring_n_refused() */
FopsSerials *intake_serials(Intake *i);

/* How large the ring is, and what of it is in use, the last also as 0 to 100. */
uint64_t intake_ring_bytes(const Intake *i);
uint64_t intake_ring_used_bytes(const Intake *i);
unsigned intake_percent_used(const Intake *i);

/* Is there something in the ring that hasn't been handed out? */
bool intake_is_behind(const Intake *i);

/* CLOCK_MONOTONIC in µs: all that had come by then has been handed out. Doesn't go back; stands still until what was there when it was
 * last asked has been handed out. */
uint64_t intake_read_until(Intake *i);

/* Messages aren't handed out while it is paused; those done with meanwhile count as done when it goes on. */
int intake_set_paused(Intake *i, bool paused);

/* From now on it listens, or is the registered audit daemon, with nothing lost or doubled. 1; 0: not now, and nothing has changed, since
 * another is registered, or there is too much to do; -errno: it can't be read any more. Once attached. */
int intake_switch(Intake *i, FopsSourceMode to, FopsAuditControl *control);

/* The message at @position is done with. */
void intake_done(Intake *i, uint64_t position);

/* Makes sure that the kernel's queue is moving and will go on to: if records are piling up, hands out messages in place until there is
 * room in the ring for what the kernel holds. 0; -EBUSY if it doesn't come to that within a moment; or the handlers' -errno. */
int intake_relieve(Intake *i);

/* Hands out, in place, what the kernel, the socket and the ring still hold, for at most @timeout_usec, and while it isn't paused; a
 * trickle of records that others make now isn't waited for. */
void intake_drain(Intake *i, FopsAuditControl *control, uint64_t timeout_usec);

/* Puts what is new of socket and ring into the descriptor store, so that they are there after a crash. True if there may be one. */
bool intake_store(Intake *i, const IntakeOrigin *origin);

/* Leaves everything to the next process. @is_clean: nothing that is left in the ring was published. */
void intake_leave(Intake *i, bool is_clean);

/* There is no next process: unregisters, if it is this process that is registered, and takes all out of the store. */
void intake_end(Intake *i);
