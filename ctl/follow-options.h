/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The command line of follow, most of it inotifywait's. */

#include "follow-format.h"
#include "follow-scope.h"
#include "inotify-event.h"
#include "output.h"
#include "verb.h"

typedef struct FollowOptions {
        FollowScope scope;
        InotifySelection selection;
        FollowFormat format;   /* its own format NULL: @output's */
        OutputFormat output;
        bool with_failed, quiet;
        uint64_t count;        /* 0: no end */
        uint64_t timeout_usec; /* 0: none */
        const char *directory; /* of the journal; NULL: the machine's */
        bool merge;            /* journals of other machines too */
} FollowOptions;

void follow_options_done(FollowOptions *o);

/* Reads argv into an all-zero one. 0: run; 1: *@ret_exit is all there is to do, and it was said why; -ENOMEM. */
int follow_options_parse(FollowOptions *o, const Verb *verb, int argc, char **argv, int *ret_exit);

/* The journal is, or may be, of other machines: there is nothing to be watched here for it. */
static inline bool follow_options_are_elsewhere(const FollowOptions *o) {
        return o->directory || o->merge;
}
