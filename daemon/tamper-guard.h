/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What others do to auditing: rules of ours removed, auditing turned off, settings changed. Said, with who it was, and put back if that
 * is wanted, without a fight. */

#include "audit-state.h"
#include "intake.h"
#include "pipeline.h"
#include "publisher.h"
#include "ruleset.h"

typedef enum TamperKind {
        TAMPER_RULES,        /* ours were removed */
        TAMPER_TRIMMED,      /* shared ones cover their members no more */
        TAMPER_DISABLED,     /* auditing was turned off */
        TAMPER_LOCKED,       /* … its configuration locked, until the next boot */
        TAMPER_SETTING,      /* backlog limit, rate limit … were changed */
        TAMPER_LOST,         /* the kernel's count of lost records was reset */
        TAMPER_REGISTRATION, /* another tried to be the audit daemon in our place */
        _TAMPER_KIND_MAX,
} TamperKind;

/* What one process did, perhaps several times. */
typedef struct TamperDeed {
        TamperKind kind;
        char setting[32];
        uint32_t value, old;
        uint64_t n, usec; /* how often; CLOCK_REALTIME of the first */
        FopsOperation who; /* in the guard's arena */
} TamperDeed;

/* A crowd at once is told in pieces. */
#define TAMPER_DEEDS_MAX 16U

typedef struct TamperGuard {
        bool is_due;       /* somebody has changed something */
        bool were_missing; /* rules, of which some may be back by now, and it hasn't been told */
        TamperDeed deeds[TAMPER_DEEDS_MAX];
        size_t n_deeds;
        FopsArena arena;
        unsigned n_restorations;
        uint64_t restorations_usec; /* the first of them, CLOCK_MONOTONIC */
        uint64_t off_usec;          /* CLOCK_REALTIME since when auditing is off; 0: it is on */
        uint64_t complete_usec;     /* CLOCK_REALTIME when no rule was missing */
        uint64_t n_unheard;         /* gaps that were told */
        /* Borrowed. */
        FopsAuditControl *control;
        const Intake *intake;
        AuditState *state;
        FopsPipeline *pipeline;
        Publisher *publisher;
} TamperGuard;

void tamper_guard_done(TamperGuard *g);

/* Another has changed something. True for the first: what belongs together is over within a moment, then is the time to look. */
bool tamper_guard_hear(TamperGuard *g, const FopsAuditChange *change, const FopsOperation *who);

/* Is auditing on, and are the rules of @ruleset there? 0, or -ENOMEM; what the kernel refuses is looked at the next time. -EXDEV: it
 * can't share rules any more. */
int tamper_guard_look(TamperGuard *g, Ruleset *ruleset);

/* Tells what was heard of and not looked at: at the end, when nothing is mended any more. */
void tamper_guard_end(TamperGuard *g);
