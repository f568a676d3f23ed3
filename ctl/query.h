/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What is asked for: terms that must all hold, each of alternatives of which one must.
 *   -f /srv -k data  →  (FOPSD_PATH, FOPSD_NEW_PATH or FOPSD_DIR is /srv or below it) and (FOPSD_KEY has "data" in it)
 * One query is put to the journal, which knows most answers from its indexes, and to entries made from an audit log. */

#include "entry.h"

typedef enum QueryMatch {
        QUERY_EQUAL,  /* the value itself */
        QUERY_PART,   /* the value has it somewhere in it */
        QUERY_LAST,   /* it is the last component of a path */
        QUERY_BELOW,  /* it is FOPSD_PATH, FOPSD_NEW_PATH or FOPSD_DIR, or a directory above one of them */
        QUERY_SERIAL, /* it is the serial number of an event's id */
        QUERY_ABSENT, /* the field isn't there, in an operation */
} QueryMatch;

typedef struct QueryAlternative {
        const char *field; /* static; of QUERY_BELOW the one that the journal indexes it by */
        QueryMatch match;
        FopsSpan value;    /* absent for QUERY_ABSENT */
} QueryAlternative;

typedef struct QueryTerm {
        QueryAlternative *items;
        size_t n_items;
} QueryTerm;

/* One for each option that filters. */
#define QUERY_TERMS_MAX 20

typedef struct Query {
        QueryTerm terms[QUERY_TERMS_MAX]; /* one without alternatives holds always */
        uint64_t since_usec, until_usec;  /* event time, both included; UINT64_MAX: no end */
} Query;

/* Frees the terms' alternatives, not their values. */
void query_done(Query *q);

/* Adds an alternative to a term; @field is static, @value borrowed. 0 or -ENOMEM. */
int query_add(QueryTerm *term, const char *field, QueryMatch match, FopsSpan value);

/* What is looked at besides the alternatives' fields, NULL-terminated. */
extern const char *const query_fields[];

/* For what looks at one value: not QUERY_ABSENT or QUERY_BELOW. Pure. */
bool query_value_matches(const QueryAlternative *a, FopsSpan value);

/* True if every term holds for @e but those of @settled, bit 1 << index each, which are known to hold. Times aside. Pure. */
bool query_matches(const Query *q, uint32_t settled, const FopsEntry *e);

/* True if @usec is within the query's times. */
static inline bool query_time_matches(const Query *q, uint64_t usec) {
        return usec >= q->since_usec && usec <= q->until_usec;
}

/* 1795309541.349, FOPSD_TIME, to µs. False if it is no such time. */
bool query_parse_time(FopsSpan s, uint64_t *ret_usec);
