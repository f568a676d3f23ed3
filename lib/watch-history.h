/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The watches in force, and those before them: an operation is on its way for a while, and was recorded for those that were in force
 * when it took place. */

#include "watch.h"

/* Reloads, or changes of what is watched, within the time that an event is on its way; of more the oldest are forgotten. */
#define FOPS_PAST_WATCHES_MAX 8U

typedef struct FopsWatchHistory {
        const FopsWatchSet *now; /* borrowed, as the others; NULL: everything is wanted */
        struct {
                const FopsWatchSet *set;
                uint64_t until_usec; /* CLOCK_REALTIME when it was replaced */
        } past[FOPS_PAST_WATCHES_MAX]; /* the newest first */
        size_t n_past;
} FopsWatchHistory;

/* Puts @set in force at @usec. */
void fops_watch_history_push(FopsWatchHistory *h, const FopsWatchSet *set, uint64_t usec);

/* Is it in force, or still remembered? */
bool fops_watch_history_has(const FopsWatchHistory *h, const FopsWatchSet *set);

/* As fops_watch_set_match(): of those in force, or, if they don't want what took place at @usec, of those that were then. What the
 * kernel goes on recording for watches that are gone is wanted by nobody. Forgets what is too old to matter. */
size_t fops_watch_history_match(FopsWatchHistory *h, const FopsOperation *op, FopsSpan tag, uint64_t usec, const FopsWatch **ret);
