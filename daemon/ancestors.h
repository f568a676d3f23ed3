/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The directories above watched ones: no rule watches these, and when one is moved, all that is below it has another path. inotify tells,
 * and it can be asked at any time, not only when the event loop comes to it. */

#include "span.h"
#include "util.h"

typedef struct Ancestors Ancestors;

/* NULL when memory is out, or there is no inotify (errno). */
Ancestors *ancestors_new(void);
Ancestors *ancestors_free(Ancestors *a);
FOPS_DEFINE_CLEANUP(Ancestors *, ancestors_free)

/* Between _begin and _end all paths are named, and what is above these, but they themselves, is followed from then on; what was before and
 * isn't named again is not. @path: absolute, canonical. 0 or -ENOMEM; a directory that can't be followed is passed over. */
void ancestors_begin(Ancestors *a);
int ancestors_add(Ancestors *a, FopsSpan path);
void ancestors_end(Ancestors *a);

/* @path was moved; absent: something was, or so it must be assumed. 0 or -errno. */
typedef int (*AncestorsMoved)(void *userdata, FopsSpan path);

/* Calls @moved for each that was moved before this was called and wasn't told yet. 0 or what @moved returned, or -errno. */
int ancestors_hear(Ancestors *a, AncestorsMoved moved, void *userdata);
