/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What is watched: the rules that the configuration means, in the kernel, and the trees below them. Kept so through reloads, by the
 * difference, and through whatever happens to the watched paths: they appear, go, are replaced, mounted over. */

#include "audit-state.h"
#include "guests.h"
#include "mount-follow.h"
#include "options.h"
#include "pipeline.h"
#include "ruleset.h"
#include "trees.h"
#include "watch-history.h"
#include "watch-follow.h"

typedef struct Coverage {
        AuditState state;
        Ruleset *ruleset;
        Ruleset *past[FOPS_PAST_WATCHES_MAX]; /* for as long as the pipeline remembers their watches; the newest first */
        size_t n_past;
        uint32_t generation;   /* of shared rules */
        bool is_unshared;      /* none can be */
        uint64_t older_usec;   /* CLOCK_MONOTONIC since when shared rules of an older generation may be there for nothing; 0: none are */
        uint64_t surplus_usec; /* CLOCK_MONOTONIC since when shared rules cover what nobody wants any more; 0: they don't */
        Trees *trees;
        WatchFollow *watch_follow;
        MountFollow *mount_follow;
        bool is_due; /* not in the kernel yet, since its queue is full */
        /* Borrowed. */
        FopsAuditControl *control;
        Publisher *publisher;
        FopsPipeline *pipeline;
        const FopsTarget *canary; /* NULL: none */
        const Guests *guests;     /* their watches are part of every configuration; NULL: none */
        /* Told when the file system has changed what is watched: 0, or the -errno that it failed with. Its answer is sd-event's. */
        int (*changed)(void *userdata, int error);
        void *userdata;
} Coverage;

void coverage_done(Coverage *c);

/* In this order, at the start. _load: takes *@config over; 1 after messages on standard error. _begin: asks for the kernel's settings
 * as they were, and makes the index. _apply_settings: of the kernel. _follow: from here on @event's loop tells of changes; the
 * pipeline has to be there. _install: the rules; @is_taken_over: those that a life before left may do for a while
 * if the kernel is busy. _scan: the trees. All 0 or -errno. */
int coverage_load(Coverage *c, FopsConfig *config);
int coverage_begin(Coverage *c, const char *runtime_directory);
int coverage_apply_settings(Coverage *c, const FopsConfig *config);
int coverage_follow(Coverage *c, sd_event *event);
int coverage_install(Coverage *c, bool is_taken_over);
int coverage_scan(Coverage *c);

/* Something was done that wasn't heard of: what is known of the trees counts no more, until _scan. 0 or -errno. */
int coverage_forget_trees(Coverage *c);

/* Before events are handed out: what has happened that no event tells. 0 or -errno. */
int coverage_hear_moves(Coverage *c);

/* Now and then: does what is due. @is_idle: nothing that was received waits to be dealt with. 0 or -errno. */
int coverage_look(Coverage *c, bool is_idle);

/* No rules can be shared any more (ruleset_install()). 0 or -errno. */
int coverage_unshare(Coverage *c);

/* Reads the configuration again. A bad one is said, and the running one stays. 1: there is a new one; 0: not; or -errno. */
int coverage_reload(Coverage *c, const Options *options);

/* What is pending is said after the start and after a reload. */
void coverage_say_pending(const Coverage *c);

/* The kernel's settings are as they were before fopsd. */
void coverage_restore_settings(Coverage *c);
