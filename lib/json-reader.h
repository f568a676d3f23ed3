/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One JSON document (RFC 8259) into a tree:
 *   {"watches":[{"path":"/srv/data","state":"armed"}],"lost":0}
 * Bytes in strings are taken as they are; what json.h writes comes back the same. Pure, but for the arena. */

#include "arena.h"

/* Deeper than anything that is written here; what recurses is bounded by it. */
#define FOPS_JSON_DEPTH_MAX 32U

typedef enum FopsJsonType {
        FOPS_JSON_NULL,
        FOPS_JSON_FALSE,
        FOPS_JSON_TRUE,
        FOPS_JSON_NUMBER,
        FOPS_JSON_STRING,
        FOPS_JSON_ARRAY,
        FOPS_JSON_OBJECT,
} FopsJsonType;

typedef struct FopsJson FopsJson;
struct FopsJson {
        FopsJsonType type;
        FopsSpan name;   /* in an object; else absent */
        FopsSpan text;   /* of a string decoded, of a number as it stands */
        FopsJson *first; /* of an array or object; NULL: empty */
        FopsJson *next;  /* its sibling; NULL: the last */
};

/* The document that is all of @text, in @arena; strings and numbers borrow from @text where they can. NULL if it isn't JSON, too deep,
 * or memory is out. */
const FopsJson *fops_json_parse(FopsSpan text, FopsArena *arena);

/* The member of that name; NULL if there is none, or if @j is no object or NULL. */
const FopsJson *fops_json_member(const FopsJson *j, const char *name);

/* The member of a member …: "kernel.backlog_limit". */
const FopsJson *fops_json_at(const FopsJson *j, const char *path);

/* A string, or an array of bytes as json.h writes it, then in @arena; absent for anything else. */
FopsSpan fops_json_bytes(const FopsJson *j, FopsArena *arena);

/* A whole number that fits; 0 for anything else. */
uint64_t fops_json_number(const FopsJson *j);

/* True for true, and nothing else. */
bool fops_json_is_true(const FopsJson *j);
