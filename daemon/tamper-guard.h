/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What others do to auditing: rules of ours removed, auditing turned off. Said, and put back if that is wanted, without a fight. */

#include "audit-control.h"
#include "pipeline.h"
#include "publisher.h"
#include "ruleset.h"

typedef struct TamperGuard {
        bool is_due; /* somebody has changed something */
        unsigned n_restorations;
        uint64_t restorations_usec; /* the first of them, CLOCK_MONOTONIC */
        uint64_t seen_on_usec;      /* CLOCK_REALTIME when auditing was last seen on; 0: that it is off is said */
        /* Borrowed. */
        FopsAuditControl *control;
        FopsPipeline *pipeline;
        Publisher *publisher;
} TamperGuard;

/* An entry that is published: true if it tells of a change by another, so that it is time to look soon. */
bool tamper_guard_hear(TamperGuard *g, const FopsEntry *entry);

/* All is well: records come. */
void tamper_guard_see_on(TamperGuard *g);

/* Is auditing on, and are the rules of @ruleset there? 0, or -ENOMEM; what the kernel refuses is looked at the next time. */
int tamper_guard_look(TamperGuard *g, const Ruleset *ruleset);
