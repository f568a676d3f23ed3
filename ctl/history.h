/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What became of a path, and of what was there, out of entries: through its own renames and those of the directories above it,
 * forward to where it is now and back to where it came from.
 *   rm /srv/b/x, mv /srv/a /srv/b, touch /srv/a/x  ←  why /srv/a/x, and why /srv/b/x
 * A path has a history of its own, of everything that ever had that name; what had it last has one under other names, before
 * and after. Pure but for the questions that it asks. */

#include "entry.h"

/* A name of the object on its way: more renames than this are a program's doing, and the last are told. */
#define HISTORY_NAMES_MAX 64U
/* Of one question, the latest: more is no history that anybody reads. */
#define HISTORY_ANSWERS_MAX 2048U
/* In all: 16,384 of 3 KB. */
#define HISTORY_NOTES_MAX 16384U

typedef enum HistoryQuestionKind {
        HISTORY_OF_NAME,        /* what made, brought, took or removed it */
        HISTORY_OF_CHANGES,     /* what was done to it: other writing, and attributes */
        HISTORY_OF_DIRECTORIES, /* above it: renamed, exchanged, removed */
        HISTORY_OF_INODE,       /* what was done to it by no known path */
} HistoryQuestionKind;

typedef struct HistoryQuestion {
        HistoryQuestionKind kind;
        FopsSpan path;       /* absolute */
        FopsSpan inode, dev; /* of HISTORY_OF_INODE */
        uint64_t since_usec, until_usec; /* event time, both included; UINT64_MAX: no end */
} HistoryQuestion;

typedef struct History History;

/* Answers a question: calls history_take() with the latest HISTORY_ANSWERS_MAX entries that it asks for; others do no
 * harm. 0 or -errno. */
typedef int (*HistoryAsk)(void *userdata, History *h, const HistoryQuestion *question);

/* One entry. */
typedef struct HistoryNote {
        uint64_t usec, serial;
        FopsOp op;           /* _FOPS_OP_MAX: none, a gap or the like */
        bool is_failed;
        FopsSpan event, path, new_path;
        size_t n_fields;
        const FopsField *fields;
        bool is_told; /* in the timeline */
} HistoryNote;

typedef enum HistoryState {
        HISTORY_UNKNOWN,  /* no record says that it was there */
        HISTORY_PRESENT,
        HISTORY_DELETED,
        HISTORY_MOVED,
} HistoryState;

struct History {
        HistoryNote **notes;   /* by time, once traced; the told ones are the timeline */
        size_t n_notes;
        HistoryState state;    /* of the path, by the record */
        const HistoryNote *last; /* what made it so: the departure, or the latest that was done to it; NULL: nothing */
        HistoryState state_elsewhere; /* if it moved: of the object, under its last name */
        const HistoryNote *last_elsewhere; /* NULL: it is still where it went */
        FopsSpan path_elsewhere; /* its last name */
        bool begins;           /* the timeline reaches back to where the object was made */
        size_t n_names;
        FopsArena arena;
};

/* An all-zero History is empty. */
void history_done(History *h);

/* Copies @e if it isn't there yet. What is no operation, a gap, is told in any case. 0 or -ENOMEM. */
int history_take(History *h, const FopsEntry *e);

/* Puts what was taken since in its place. */
void history_sort(History *h);

/* The first value of a field, or absent. */
FopsSpan history_note_get(const HistoryNote *n, const char *name);

/* Traces @path. 0 or what @ask returned. */
int history_trace(History *h, FopsSpan path, HistoryAsk ask, void *userdata);
