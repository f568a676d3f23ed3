/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* uid and gid to names, cached, refreshed when /etc/passwd or /etc/group changes. getpwuid_r(3) may ask a directory
 * server and block; each id is asked once until the files change, one without a name again after a minute (a directory
 * server may come up late). A change is seen within a second. Bounded: FOPS_NAMES_MAX each, then the cache starts anew.
 * Not thread-safe. */

#include "span.h"

#define FOPS_NAMES_MAX 4096 /* a host with more users active at once pays look-ups, not memory */
#define FOPS_NAMES_AT_ONCE 16 /* that a sentence may need: actor, owners */

typedef struct FopsNames FopsNames;

FopsNames *fops_names_new(void); /* NULL when memory is out */
FopsNames *fops_names_free(FopsNames *n);
FOPS_DEFINE_CLEANUP(FopsNames *, fops_names_free)

/* To be called before a few names are asked for, FOPS_NAMES_AT_ONCE of each kind at most: they are as of now, and live until the next
 * call of this. */
void fops_names_begin(FopsNames *n);

/* Another number when answers may be others than before; 0 if @n is NULL. */
uint64_t fops_names_version(const FopsNames *n);

/* Absent when there is no such id, or @n is NULL. */
FopsSpan fops_names_user(FopsNames *n, uint32_t uid);
FopsSpan fops_names_group(FopsNames *n, uint32_t gid);
