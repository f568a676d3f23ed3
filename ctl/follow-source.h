/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where follow hears of operations as they happen, one of two:
 *   follow-journal: the end of the journal, where a fopsd that is running writes
 *   follow-fopsd:   a fopsd of one's own, when there is none
 * and follow-watch, which asks the fopsd that is running to watch more while somebody listens. All work in an sd-event
 * loop; none says anything but on standard error. */

#include <systemd/sd-event.h>

#include "entry.h"

typedef struct FollowHandlers {
        /* An entry, valid during the call. 0, or a negative errno that ends the loop. */
        int (*entry)(void *userdata, const FopsEntry *entry);
        /* From now on nothing is missed. Once, from the loop. */
        void (*ready)(void *userdata);
        void *userdata;
} FollowHandlers;

/* Not an errno of anything here: why it ended has been said. */
#define FOLLOW_SAID (-ECANCELED)

/* Ends the loop, which then returns @error: 0, or a negative errno. 0. */
static inline int follow_end(sd_event *event, int error) {
        return sd_event_exit(event, error);
}

/* --- follow-journal.c ------------------------------------------------------------------------------------------------- */

typedef struct FollowJournal FollowJournal;

/* Entries that come from now on, into the journal that journal_open() would open. @handlers.ready isn't called: it is so at once.
 * 0; 1 if the journal can't be read, which has been said; -errno. */
int follow_journal_new(sd_event *event, const char *directory, bool merge, FollowHandlers handlers, FollowJournal **ret);
FollowJournal *follow_journal_free(FollowJournal *j);
FOPS_DEFINE_CLEANUP(FollowJournal *, follow_journal_free)

/* --- follow-fopsd.c --------------------------------------------------------------------------------------------------- */

typedef struct FollowFopsd FollowFopsd;

/* Starts a fopsd that watches @paths (NULL-terminated, true) for @ops. It ends with us, however that is. 0 or -errno. */
int follow_fopsd_new(sd_event *event, FollowHandlers handlers, const char *const *paths, const char *ops, FollowFopsd **ret);
/* Ends it, and waits until its rules are gone. */
FollowFopsd *follow_fopsd_free(FollowFopsd *f);
FOPS_DEFINE_CLEANUP(FollowFopsd *, follow_fopsd_free)

/* --- follow-watch.c --------------------------------------------------------------------------------------------------- */

typedef struct FollowWatch FollowWatch;

/* Asks the fopsd that is running to watch, as daemon/guests.h says; again whenever it was restarted. 0; -ENOENT if there is
 * none; other -errno. */
int follow_watch_new(sd_event *event, FollowHandlers handlers, const char *const *paths, const char *ops, bool recursive,
                     FollowWatch **ret);
FollowWatch *follow_watch_free(FollowWatch *w);
FOPS_DEFINE_CLEANUP(FollowWatch *, follow_watch_free)
