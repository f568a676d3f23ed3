/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Who is the registered audit daemon, where source.mode leaves that open: fopsd takes the place when it is free, and makes room when
 * another wants it. */

#include "audit-change.h"
#include "intake.h"
#include "pipeline.h"
#include "publisher.h"

typedef struct Company {
        bool is_asked;            /* another tried to register */
        uint64_t free_since_usec; /* CLOCK_MONOTONIC; 0: the place is taken */
        /* Borrowed. */
        FopsAuditControl *control;
        Intake *intake;
        FopsPipeline *pipeline;
        Publisher *publisher;
} Company;

/* True if a change by another is an attempt to register in our place, and @mode lets it: to be looked at soon. */
bool company_hear(Company *c, const FopsAuditChange *change, FopsSourceMode mode);

/* Now and then. @mode: as configured. 0, or -errno if there is nothing to read from any more. */
int company_look(Company *c, FopsSourceMode mode);
