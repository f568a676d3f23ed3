/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where losses are counted, all of them: kernel, intake, pipeline, publisher. What grew becomes entries of kind gap; what was told is
 * kept for the next life. */

#include "gaps.h"
#include "intake.h"
#include "pipeline.h"

typedef struct Losses {
        Gaps gaps;
        bool was_listener;
        /* Borrowed. */
        FopsAuditControl *control;
        Intake *intake;
        FopsPipeline *pipeline;
        Publisher *publisher;
} Losses;

/* Goes on from what the life before told, if there was one. */
void losses_begin(Losses *l, const IntakeOrigin *origin);

/* Publishes what has grown. */
void losses_look(Losses *l);

/* Is there nothing that only time will tell to be missing? */
bool losses_are_settled(const Losses *l);

/* What was lost shows by the numbers of what comes after it. When the kernel has found the socket too full, and nothing may come for
 * long, makes a record to come. True if it did. */
bool losses_make_record(Losses *l);
