/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the files pipeline*.c share, and nobody else sees: the pipeline itself, and what each of them does for the others. All take
 * the time as pipeline.h says. An event that one says it takes is gone then, or kept, whatever it returns: 0 or a negative errno. */

#include "coalescer.h"
#include "command-lines.h"
#include "pipeline.h"
#include "waiting.h"
#include "watch-history.h"

struct FopsPipeline {
        FopsPipelineOptions options;
        FopsRecordHead head;
        FopsCorrelator *correlator;
        FopsSyscallTable *syscalls;
        FopsOperationMemory *memory;
        FopsResolver resolver;
        FopsProcessTable *processes;
        FopsCommandLines command_lines;
        FopsNames *names;
        FopsWatchHistory watches;
        FopsEntry entry;
        FopsCoalescer coalescer;
        FopsWaitingQueue parked;  /* until their directory is known */
        FopsWaitingQueue sighted; /* until their name is certain */
        bool may_go;              /* some of the parked */
        uint64_t newest_gone;     /* the number of the latest event that went on without waiting for its directory */
        uint64_t quiet_since_usec; /* UINT64_MAX: it isn't */
        uint64_t own_changes_until_usec;
        uint64_t complete_since_usec, scanned_since_usec; /* UINT64_MAX: it isn't */
        uint64_t file_usec; /* offline: the latest time seen in the records */
        FopsPipelineStats stats;
};

/* pipeline.c: finds the paths of @op, as they are before it, and tells the index. @is_late: what the index knows of its directory may be
 * from after it. Takes @event. */
int fops_pipeline_go_on(FopsPipeline *p, FopsEvent *event, FopsOperation *op, bool is_late, uint64_t now_usec);

/* pipeline-changes.c: is there a change of auditing in @event, and none that another made? @op: what its SYSCALL record says, or
 * NULL. */
bool fops_pipeline_has_own_changes_only(const FopsPipeline *p, const FopsEvent *event, const FopsOperation *op);
/* Tells of each that another made, whatever becomes of the event. */
void fops_pipeline_tell_changes(FopsPipeline *p, FopsEvent *event, FopsOperation *op);

/* pipeline-index.c: between these two, what the index and the resolver know counts as of the event of @op. */
void fops_pipeline_begin_to_ask(FopsPipeline *p, const FopsOperation *op);
void fops_pipeline_end_to_ask(FopsPipeline *p);
/* In which subvolumes @op was; where there may be new ones they are looked up first. */
int fops_pipeline_tell_subvolumes(FopsPipeline *p, FopsOperation *op, FopsArena *arena);
/* Tells the index what @op changed, and what waits for that. */
int fops_pipeline_keep_index_true(FopsPipeline *p, FopsOperation *op);
/* Tells it that @op changed something, before or after what it has. */
int fops_pipeline_doubt_index(FopsPipeline *p, const FopsOperation *op);

/* pipeline-parked.c: does an operation of ours name one directory by inode, and the index doesn't know it? */
bool fops_pipeline_is_early(FopsPipeline *p, const FopsOperation *op);
/* Takes @event, unless memory is out, until its directory is known or that is in vain. */
int fops_pipeline_park(FopsPipeline *p, FopsEvent *event, const FopsOperation *op, uint64_t now_usec);
/* Those that wait for what @op made known; for nothing any more, as the next event tells by its time and process (NULL: it is no
 * operation); for too long: each may go on with the next _release_parked(). */
void fops_pipeline_let_go_what_waits_for(FopsPipeline *p, const FopsOperation *op);
void fops_pipeline_let_older_go(FopsPipeline *p, uint64_t usec, const FopsOperation *op);
void fops_pipeline_let_overdue_go(FopsPipeline *p, uint64_t now_usec);
int fops_pipeline_release_parked(FopsPipeline *p, uint64_t now_usec);

/* pipeline-sighted.c: takes @event until the name that was found for it is certain, and tells the index what is certain already. */
int fops_pipeline_sight(FopsPipeline *p, FopsEvent *event, FopsOperation *op, const FopsSighting *sighting, uint64_t now_usec);
/* Did @op make or unmake a name of the object? */
bool fops_pipeline_touches(const FopsOperation *op, FopsInodeKey object);
/* What the next event, at @usec, says of the names that wait: @op, or NULL if it is no operation. */
int fops_pipeline_settle_sighted(FopsPipeline *p, uint64_t usec, const FopsOperation *op, uint64_t now_usec);
/* Those whose time is over, nothing older being on its way; the oldest, if there are too many; all, without their names. */
int fops_pipeline_settle_quiet(FopsPipeline *p, uint64_t now_usec);
int fops_pipeline_settle_crowded(FopsPipeline *p, uint64_t now_usec);
int fops_pipeline_settle_all(FopsPipeline *p);
uint64_t fops_pipeline_sighted_deadline(const FopsPipeline *p);

/* pipeline-publish.c: who did it, as far as the options ask for it. */
void fops_pipeline_attribute(FopsPipeline *p, FopsOperation *op, FopsArena *arena);
int fops_pipeline_publish_foreign(FopsPipeline *p, FopsEvent *event);
/* The coalesced ones whose time is over, or all of them. */
int fops_pipeline_publish_coalesced(FopsPipeline *p, uint64_t now_usec, bool all);
/* Publishes @op, if it is wanted, now or with others like it. Takes @event. */
int fops_pipeline_finish(FopsPipeline *p, FopsEvent *event, FopsOperation *op, uint64_t now_usec);
