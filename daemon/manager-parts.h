/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the files manager*.c share, and nobody else sees: the manager itself, and what each of them does for the others. */

#include <systemd/sd-event.h>

#include "alive.h"
#include "company.h"
#include "coverage.h"
#include "guests.h"
#include "hand-over.h"
#include "intake.h"
#include "losses.h"
#include "manager.h"
#include "pipeline.h"
#include "publisher.h"
#include "self-test.h"
#include "status.h"
#include "tamper-guard.h"
#include "writers.h"

typedef struct Manager {
        const Options *options;
        sd_event *event;
        FopsAuditControl control;
        int instance_fd;
        HandOver hand_over; /* what a life before left */
        Alive alive;
        Intake *intake;
        FopsPipeline *pipeline;
        Publisher *publisher;
        Coverage coverage;
        Guests *guests;
        TamperGuard tamper_guard;
        SelfTest self_test;
        Company company;
        Losses losses;
        Status status;
        Writers writers;
        sd_event_source *deadline, *look;
        uint64_t batch_usec; /* CLOCK_MONOTONIC: what is being read had come by then */
        uint64_t n_messages_looked;
        uint64_t n_unheard_looked; /* gaps in what was heard */
        bool is_unheard;           /* the last look found some */
        bool owns_rules; /* no other fopsd is there: what bears our tag is ours */
        bool is_stored;  /* there is a descriptor store */
        uint64_t started_usec;
        uint64_t patience_usec, fed_usec; /* systemd's watchdog's, 0: there is none; when it was last told */
        bool is_ready_due, is_status_due; /* systemd is to be told */
        bool is_restart; /* another life follows: everything is left to it */
        int failure; /* what ended the loop, if not a signal */
} Manager;

/* manager-start.c: up to READY. 0; or 1 or -errno, after messages, as manager_run(). */
int manager_start(Manager *m, FopsConfig *config);
/* Says, on standard error, what was being done and why it failed. Returns @error. */
int manager_fail(int error, const char *doing);

/* manager-flow.c: from here on records are read; with a pipeline, and then an event loop, they become entries. 0 or -errno. */
int manager_open_intake(Manager *m, const FopsConfig *config, IntakeOrigin *ret_origin);
int manager_set_up_pipeline(Manager *m);
int manager_attach_flow(Manager *m);

/* manager-look.c: looks after everything every few seconds, or soon. 0 or -errno. */
int manager_attach_look(Manager *m);
void manager_look_soon(Manager *m);
/* Tells systemd how things are, and that fopsd is ready, if that is due; what isn't heard is due at the next look. */
void manager_notify(Manager *m);

/* manager-watchdog.c: tells systemd's watchdog, if it is there, that there is nothing to do. 0 or -errno. */
int manager_attach_watchdog(Manager *m);
/* And that something was done, if it hasn't been told lately. */
void manager_feed_watchdog(Manager *m);

/* manager-reload.c: on SIGHUP the configuration is read again. 0 or -errno. */
int manager_attach_reload(Manager *m);
/* For coverage.h, where the file system has changed what is watched, and for guests.h. */
int manager_on_coverage_changed(void *userdata, int error);
int manager_on_guests_changed(void *userdata);
/* Says how much is watched; @state as for publisher_state(). */
void manager_say_ready(Manager *m, const char *state);

/* manager-end.c: SIGTERM and SIGINT end the event loop. 0 or -errno. */
int manager_attach_end(Manager *m);
/* And so does what goes wrong. Returns as sd_event_exit(). */
int manager_stop_with(Manager *m, int error);
/* Leaves everything to the next life, or takes all out of the kernel again. */
void manager_end(Manager *m);
