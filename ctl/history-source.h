/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What answers the questions of a history: the journal, or audit logs. What can't be read is said on standard error, once. */

#include "history.h"

typedef struct HistorySource {
        const char *directory;     /* of the journal; NULL: the machine's */
        const char *host;          /* only what happened there; NULL: anywhere */
        bool merge;                /* journals of other machines too */
        char **files;              /* audit logs, which are read for each question anew */
        size_t n_files;            /* 0: the journal */
        const char *const *fields; /* NULL-terminated: those wanted; NULL: all */

        bool is_checked; /* it was read before: what of it can't be read has been said */
        bool unreadable; /* something couldn't be read */
} HistorySource;

/* A HistoryAsk, with a HistorySource. */
int history_source_ask(void *userdata, History *h, const HistoryQuestion *question);

/* When nothing was recorded, since then: gaps, and times without fopsd. 0 or -errno. */
int history_source_ask_for_gaps(HistorySource *s, History *h, uint64_t since_usec);

/* The time of the first entry; 0: there are none. 0 or -errno. */
int history_source_ask_for_beginning(HistorySource *s, uint64_t *ret_usec);
