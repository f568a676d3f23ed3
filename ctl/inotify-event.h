/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What an operation is in inotify's words, for scripts that knew inotifywait(1):
 *   rename /srv/a to /srv/b  →  MOVED_FROM /srv/a, MOVED_TO /srv/b
 * and what -e asks for, in inotify's words or fopsd's. The table stands in fopsctl(1). Pure. */

#include "entry.h"

typedef enum InotifyEvent {
        INOTIFY_ACCESS,
        INOTIFY_MODIFY,
        INOTIFY_ATTRIB,
        INOTIFY_CLOSE_WRITE,
        INOTIFY_CLOSE_NOWRITE,
        INOTIFY_OPEN,
        INOTIFY_MOVED_FROM,
        INOTIFY_MOVED_TO,
        INOTIFY_CREATE,
        INOTIFY_DELETE,
        INOTIFY_DELETE_SELF,
        INOTIFY_MOVE_SELF,
        INOTIFY_UNMOUNT,
        _INOTIFY_EVENT_MAX,
        INOTIFY_NONE, /* an operation that inotify doesn't know */
} InotifyEvent;

/* "MOVED_FROM". Static. */
const char *inotify_event_to_string(InotifyEvent event);

/* What is asked for. An all-zero one asks for everything, each operation once. */
typedef struct InotifySelection {
        uint32_t events;  /* 1 << InotifyEvent each */
        FopsOpMask ops;   /* asked for by fopsd's words */
        bool knows_closing; /* CLOSE_WRITE is told by others than operations */
} InotifySelection;

/* Adds the words of one -e, "create,move" or "chmod". False with *@ret_unknown set, borrowed, for an unknown word. */
bool inotify_selection_add(InotifySelection *s, const char *words, FopsSpan *ret_unknown);

/* True if the event is asked for by inotify's name. */
bool inotify_selection_asks_for(const InotifySelection *s, InotifyEvent event);

/* The operations that must be recorded to see what is asked for; of everything: writing and attributes, as a watch without
 * ops has it. */
FopsOpMask inotify_selection_ops(const InotifySelection *s);

typedef struct InotifyStep {
        InotifyEvent event;
        FopsSpan path;      /* borrowed from the entry */
        bool is_directory;
        bool is_main;       /* what the operation is called if nothing particular is asked for */
} InotifyStep;

/* An exchange is two renames. */
#define INOTIFY_STEPS_MAX 4U

/* All that the operation @op of @e is, in inotify's order; a step without a known path isn't there. Returns how many. */
size_t inotify_steps(const FopsEntry *e, FopsOp op, InotifyStep ret[static INOTIFY_STEPS_MAX]);

/* True if @step of @op is asked for: @event is its event, or what that is for the followed path itself (DELETE_SELF). */
bool inotify_selection_has(const InotifySelection *s, FopsOp op, const InotifyStep *step, InotifyEvent event);
