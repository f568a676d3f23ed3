/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What is published: a list of fields, the same for the journal, JSON and every later output. Names and meanings:
 * fopsd.journal-fields(7). An entry is made of an operation, or of something that happened to fopsd itself. */

#include "arena.h"
#include "line.h"
#include "operation.h"

typedef enum FopsKind {
        FOPS_KIND_OPERATION,
        FOPS_KIND_GAP,
        FOPS_KIND_TAMPER,
        FOPS_KIND_STATE,
        FOPS_KIND_RECORD,
        _FOPS_KIND_MAX,
} FopsKind;

typedef struct FopsField {
        const char *name; /* static, "FOPSD_PATH" */
        FopsSpan value;   /* raw bytes; never absent, never empty */
        uint32_t name_size;
        bool is_plain;    /* the value is known to be, as plain.h says */
} FopsField;

/* Fields that are the same in many entries, in this order: whoever writes them may keep what became of them, and put that in their
 * place the next time. */
typedef struct FopsFieldGroup {
        size_t n_fields;
        FopsField fields[36]; /* those of a process, with 16 ancestors */
        FopsSpan json, journal; /* as json.c and the daemon's sink-journal.c write them; absent: they didn't yet */
        FopsArena arena; /* of all that */
} FopsFieldGroup;

#define FOPS_ENTRY_GROUPS_MAX 3 /* how an entry begins, its object, its process */

typedef struct FopsKnownGroups FopsKnownGroups; /* entry-internal.h */

/* An operation has about 45 fields; records of a foreign event come one a field. */
#define FOPS_ENTRY_FIELDS_MAX 256

/* FOPSD_BELOW of one path, from the top: hardly anything is deeper, but a path may have thousands of directories. What is below a deeper
 * one is among what is below the last of these. */
#define FOPS_ENTRY_BELOW_MAX 32

typedef struct FopsEntry {
        FopsKind kind;
        int priority;
        size_t n_fields;
        FopsField fields[FOPS_ENTRY_FIELDS_MAX];
        FopsArena arena; /* what is formatted for this entry */
        bool truncated;  /* fields were left out for want of room */
        bool is_grouped; /* fields of one name are known to stand next to each other */
        struct {
                FopsFieldGroup *group;
                size_t first; /* those from here on are its, and no others have their names */
        } groups[FOPS_ENTRY_GROUPS_MAX];
        size_t n_groups;
        FopsKnownGroups *known; /* outlive the entry; NULL: none yet */
} FopsEntry;

/* "operation" …; the MESSAGE_ID as 32 hex digits, as in the catalog. Static. */
const char *fops_kind_to_string(FopsKind k);
const char *fops_kind_message_id(FopsKind k);

/* Begins anew: clears fields, keeps memory; adds SYSLOG_IDENTIFIER, MESSAGE_ID, PRIORITY, FOPSD_KIND. An all-zero entry may be begun. */
void fops_entry_begin(FopsEntry *e, FopsKind kind, int priority);
void fops_entry_done(FopsEntry *e);

/* Each adds one field; @name must be static. Absent or empty values add nothing: a field is never empty. _add borrows the
 * value until the next _begin, the others format into the entry's arena. */
static inline void fops_entry_add_as(FopsEntry *e, const char *name, FopsSpan value, bool is_plain) {
        if (value.size == 0)
                return;
        if (e->n_fields == ELEMENTSOF(e->fields)) {
                e->truncated = true;
                return;
        }
        /* The name is counted by the compiler, where it is a literal. */
        e->fields[e->n_fields++] = (FopsField){ name, value, (uint32_t) strlen(name), is_plain };
}
static inline void fops_entry_add(FopsEntry *e, const char *name, FopsSpan value) {
        fops_entry_add_as(e, name, value, false);
}
/* The same of a value of letters, digits and the like, which nobody needs to look at. */
static inline void fops_entry_add_plain(FopsEntry *e, const char *name, FopsSpan value) {
        fops_entry_add_as(e, name, value, true);
}
static inline void fops_entry_add_word(FopsEntry *e, const char *name, const char *word) {
        fops_entry_add_plain(e, name, fops_span_from_string(word));
}
FopsSpan fops_entry_format_u64(FopsEntry *e, uint64_t value);
static inline void fops_entry_add_u64(FopsEntry *e, const char *name, uint64_t value) {
        fops_entry_add_plain(e, name, fops_entry_format_u64(e, value));
}
FopsSpan fops_entry_format_i64(FopsEntry *e, int64_t value);
static inline void fops_entry_add_i64(FopsEntry *e, const char *name, int64_t value) {
        fops_entry_add_plain(e, name, fops_entry_format_i64(e, value));
}
void fops_entry_printf(FopsEntry *e, const char *name, const char *format, ...) _printf_(3, 4);

/* A plain value to be composed in the entry's arena and then added. When memory is out it has no room, and nothing is added. */
FopsLine fops_entry_line(FopsEntry *e, size_t room);
void fops_entry_add_line(FopsEntry *e, const char *name, const FopsLine *line);

/* The first field of that name, or absent. */
FopsSpan fops_entry_get(const FopsEntry *e, const char *name);

typedef struct FopsNames FopsNames; /* names.h */

/* The entry of an operation, all fields that are known. Priority from the first of op->watches (LOG_INFO / LOG_NOTICE
 * without one). Borrows from @op and its event, and from @names, until that is begun again. @names may be NULL: no user and group
 * names. @full adds every record of the event raw, as FOPSD_RECORD fields. */
void fops_entry_from_operation(FopsEntry *e, const FopsOperation *op, FopsNames *names, bool full);

/* The entry of a foreign event, kind record: MESSAGE its first record, FOPSD_EVENT, FOPSD_TIME, FOPSD_RECORD each record raw
 * (`type=NAME msg=audit(…): …`), FOPSD_RECORD_TYPE each type's name once. Borrows from @event. */
void fops_entry_from_event(FopsEntry *e, const FopsEvent *event);

/* Of these the process and its people alone, FOPSD_PID to FOPSD_RUNTIME: for entries of other kinds that somebody caused.
 * @names were begun. */
void fops_entry_add_who(FopsEntry *e, const FopsOperation *op, FopsNames *names);

/* message.h's own work, declared here since it needs only an operation: the line for people,
 *   alice as root renamed /srv/a to /srv/b with mv[4712]
 * in @arena. Control bytes, invalid UTF-8 and bidirectional overrides in names are escaped as \xHH, so that a line is a line. @names
 * were begun. */
FopsSpan fops_message_from_operation(FopsArena *arena, const FopsOperation *op, FopsNames *names);

/* The same of @deed, safe words that follow the person, which no rule brought:
 *   alice as root removed 4 rules of fopsd's with auditctl[4711]
 * @names are begun here. */
FopsSpan fops_message_from_deed(FopsArena *arena, const FopsOperation *who, FopsNames *names, const char *deed);
