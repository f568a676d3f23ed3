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
