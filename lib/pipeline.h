/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The whole way from a record to an entry, in one place, so that the daemon, fopsctl decode and the tests give the same for the
 * same records: correlator, operation, resolver, attribution, watches and filters, entry. Not thread-safe. */

#include "audit-change.h"
#include "entry.h"
#include "names.h"
#include "process-table.h"
#include "resolver.h"
#include "serials.h"
#include "watch.h"

typedef struct FopsPipelineOptions {
        FopsCorrelatorOptions correlator;
        const FopsWorld *world; /* NULL: offline */
        void *world_userdata;
        int proc_fd;            /* for the process table, taken over; -EBADF: none */
        uint32_t self_pid;      /* whose changes of the audit configuration are no news; 0: nobody's */
        unsigned ancestry;
        bool unit, container;
        bool full;              /* every record in the entry */
        bool drop_foreign;      /* no entries of kind record */
        size_t n_together;      /* events are dealt with when so many are ready, or with _advance(), _flush(); 0: each at once */

        FopsSerials *serials;   /* borrowed, told of every record; NULL: none */
        FopsPathIndex *index;   /* borrowed, kept true by what comes along; NULL: none */
        /* A directory came into a watched tree from where nothing is known. May be NULL. */
        void (*new_tree)(void *userdata, FopsInodeKey directory);
        /* Directories in a watched tree have other paths than before, as the index has them. May be NULL. */
        void (*moved)(void *userdata);

        /* Told of what another did to auditing itself, also where its record is dropped. @who: whatever is known of the process, its
         * spans good during the call. May be NULL. */
        void (*changed)(void *userdata, const FopsAuditChange *change, const FopsOperation *who);

        /* Shown every operation of a rule of ours before anything else is done with it; true: it is not to go on. May be NULL. */
        bool (*observe)(void *userdata, const FopsOperation *op);

        /* Takes every entry, valid during the call. Returns 0, or a negative errno that _push hands up. */
        int (*publish)(void *userdata, const FopsEntry *entry, const FopsOperation *op);
        void *userdata;
} FopsPipelineOptions;

typedef struct FopsPipelineStats {
        uint64_t n_records, n_malformed, n_events, n_operations, n_foreign, n_filtered, n_published;
        uint64_t newest_usec; /* when the youngest event took place; 0: there was none */
        uint64_t n_parked, n_parked_in_vain;   /* events that waited for their directory to become known */
        uint64_t n_sighted, n_sighted_in_vain; /* … for the name that was found to be certain */
} FopsPipelineStats;

typedef struct FopsPipeline FopsPipeline;

FopsPipeline *fops_pipeline_new(const FopsPipelineOptions *options);
FopsPipeline *fops_pipeline_free(FopsPipeline *p);
FOPS_DEFINE_CLEANUP(FopsPipeline *, fops_pipeline_free)

/* What is wanted of all that takes place from @realtime_usec on; borrowed for as long as _has_watches() says so. Before the first call
 * everything is an operation of interest (decode). Lets go what is being coalesced: returns what @publish does. */
int fops_pipeline_set_watches(FopsPipeline *p, const FopsWatchSet *watches, uint64_t realtime_usec);
bool fops_pipeline_has_watches(const FopsPipeline *p, const FopsWatchSet *watches);

/* The index holds all that is in the watched trees, as it was at @since_usec (CLOCK_REALTIME). UINT64_MAX: it doesn't, or not any
 * more. */
void fops_pipeline_set_index_complete(FopsPipeline *p, uint64_t since_usec);

/* What a scan has put into it is from before @since_usec (CLOCK_REALTIME), and too new for events from before. UINT64_MAX: one is under
 * way. */
void fops_pipeline_set_index_scanned(FopsPipeline *p, uint64_t since_usec);

/* What was changed of auditing up to now (µs since the epoch) by nobody in particular was changed by us: no news. UINT64_MAX while
 * changes are being made. */
void fops_pipeline_own_changes_until(FopsPipeline *p, uint64_t realtime_usec);

/* The names of users and groups that it goes by. */
FopsNames *fops_pipeline_names(FopsPipeline *p);

/* What is known of the order of PARENT items, to learn into. */
FopsPairing *fops_pipeline_pairing(FopsPipeline *p);

/* Changes what a reload may change, leaving waiting events alone. */
void fops_pipeline_set_options(FopsPipeline *p, unsigned ancestry, bool unit, bool container, bool full, bool drop_foreign);

/* A netlink message's text, or a line of audit.log. Returns 0 (also for malformed input, which is counted), or the negative
 * errno of memory or of @publish. @now_usec as in correlator.h; for lines the records' own times are the clock. */
int fops_pipeline_push(FopsPipeline *p, uint16_t type, FopsSpan text, uint64_t now_usec);

/* The same for a message that somebody keeps until its event is done with: then options.correlator.release is told @cookie (not
 * 0), once for each message. @replayed: it may have been published by another process before; the entry will say so. It has come by
 * @now_usec, and others that aren't pushed yet may have come too, however long ago: so no deadline is over before _advance() says so. */
int fops_pipeline_push_kept(FopsPipeline *p, uint16_t type, FopsSpan text, uint64_t cookie, bool replayed, uint64_t now_usec);

/* What is pushed from here to the next call of this was over before this one. Without such calls only its time tells. */
void fops_pipeline_begin_batch(FopsPipeline *p);

int fops_pipeline_push_line(FopsPipeline *p, FopsSpan line, FopsRecordStatus *ret_status, FopsRecordDiag *ret_diag);

/* What waits for others, for its directory to become known or for more of its kind, goes on as it is. */
int fops_pipeline_let_go(FopsPipeline *p);

/* Events whose deadline has passed, all that had come by @now_usec having been pushed; all events. */
int fops_pipeline_advance(FopsPipeline *p, uint64_t now_usec);
int fops_pipeline_flush(FopsPipeline *p);
uint64_t fops_pipeline_next_deadline(const FopsPipeline *p);

FopsPipelineStats fops_pipeline_stats(const FopsPipeline *p);
FopsCorrelatorStats fops_pipeline_correlator_stats(const FopsPipeline *p);
FopsResolverStats fops_pipeline_resolver_stats(const FopsPipeline *p);
