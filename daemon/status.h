/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* How fopsd is, from all its rooms, as one JSON object for whoever asks (status-socket.h):
 *   {"version":"0.1.0","pid":4711,"state":"running","mode":"daemon", … "watches":[{"path":"/srv/data","state":"armed", …}], … }
 * The names are listed in fopsd(8). */

#include "coverage.h"
#include "intake.h"
#include "losses.h"
#include "options.h"
#include "self-test.h"
#include "status-socket.h"

typedef struct Status {
        StatusSocket *socket;
        uint64_t since_usec; /* CLOCK_REALTIME */
        uint64_t n_reloads, n_refused; /* configurations that were taken, and that weren't */
        uint64_t n_operations[_FOPS_OP_MAX][FOPS_OUTCOME_FAILED + 1]; /* published */
        /* Borrowed. */
        const Options *options;
        FopsAuditControl *control;
        Intake *intake;
        FopsPipeline *pipeline;
        Publisher *publisher;
        Coverage *coverage;
        SelfTest *self_test;
        Losses *losses;
} Status;

/* From here on it can be asked for, in @directory (NULL: nowhere). 0 or -errno. */
int status_open(Status *s, sd_event *event, const char *directory);
void status_done(Status *s);

/* An operation is published. */
void status_count(Status *s, const FopsOperation *op);
