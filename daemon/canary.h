/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Renames of fopsd's own in a private directory, made by a child that is audited like anybody: they prove that what is done is
 * recorded and comes out, how long that takes, and teach which PARENT item is which (lib/pairing.h). */

#include "pairing.h"
#include "watch.h"

typedef struct Canary {
        char *directory;       /* NULL: there is none, and no canary */
        uint64_t old_parent_inode;
        pid_t pid;             /* of the child that sang last */
        uint64_t sung_usec;    /* CLOCK_MONOTONIC of the last one; 0: not waiting for one */
        uint64_t latency_usec; /* of the last one that came back; 0: none */
} Canary;

/* Makes the directory below @runtime_directory (NULL: none). Trouble leaves the canary without one. */
void canary_init(Canary *c, const char *runtime_directory);

/* Removes the directory, unless it is to be there for the next process with its rules. */
void canary_done(Canary *c, bool keep);

/* The target to install rules for, apart from the configuration's; false if there is no canary. The strings are the canary's. */
bool canary_target(const Canary *c, FopsTarget *ret);

/* Lets a child make its renames; nobody waits for it: SIGCHLD has to be ignored. 0 or -errno. */
int canary_sing(Canary *c, uint64_t now_usec);

/* True if @op is of the canary's rules. If its child did it, it is taken in: learnt from, and its latency noted. */
bool canary_hear(Canary *c, const FopsOperation *op, FopsPairing *pairing, uint64_t now_usec);
