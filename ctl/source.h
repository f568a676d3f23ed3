/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where entries come from, the journal or audit logs, behind one call that shows each entry that a query asks for, oldest
 * first. */

#include "query.h"

typedef enum SourceVerdict {
        SOURCE_GO_ON,
        SOURCE_ENOUGH, /* no more entries, please */
} SourceVerdict;

/* @entry, with its own fields and those of journald that are wanted, is valid during the call. Returns a verdict, or a
 * negative errno that ends the reading and is handed up. FOPSD_TIME is always there. */
typedef int (*SourceVisit)(void *userdata, const FopsEntry *entry);

typedef struct SourceOptions {
        const Query *query;
        const char *const *fields; /* NULL-terminated: those wanted; NULL: all */
        uint64_t last;             /* only so many, the latest; 0: all */
        bool is_checked;           /* it was read before: what of it can't be read has been said */
        SourceVisit visit;
        void *userdata;

        /* The journal. */
        const char *directory; /* NULL: the machine's */
        bool merge;            /* journals of other machines too */
        const char *cursor;    /* only what comes behind it; NULL: all */
        bool keep_cursor;

        /* Audit logs, as in file-source.h. */
        char **files;
        size_t n_files;        /* 0: the journal */
        bool records;          /* with their raw records */
        const char *command;   /* as it would read them from standard input, for messages */
} SourceOptions;

/* Reads. What can't be read is said on standard error. Returns 0; 1 if something couldn't be read, which has been said;
 * -EPIPE or another errno of @visit, or of memory. With keep_cursor *@ret_cursor is set to where to go on next time, to
 * be freed; NULL if there was nothing new. */
int source_read(const SourceOptions *options, char **ret_cursor);
