/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Processes that wait for room in the kernel's queue, and that nobody but fopsd wakes. */

#include "audit-control.h"
#include "intake.h"
#include "pipeline.h"

typedef struct Writers {
        bool may_sleep;
        uint64_t n_messages; /* at the last look */
        /* Borrowed. */
        FopsAuditControl *control;
        Intake *intake;
        FopsPipeline *pipeline;
} Writers;

/* After a while of work. */
void writers_look(Writers *w);
