/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One record's text into its header and its fields, borrowed. The text comes from a netlink datagram,
 *   audit(1700000000.123:42): item=0 name="/etc/x" inode=7 nametype=NORMAL
 * or from a line of audit.log, with the type's name in front, perhaps a node, perhaps auditd's enrichment behind a 0x1d:
 *   node=web1 type=SYSCALL msg=audit(1700000000.123:42): arch=c000003e syscall=257 … key="x"\x1dARCH=x86_64 SYSCALL=openat
 * Nothing is copied and nothing allocated. All functions are pure and thread-safe, but for a FopsRecordHead. */

#include "audit-field.h"

typedef struct FopsEventId {
        int64_t sec;
        uint32_t msec;
        uint64_t serial;
} FopsEventId;

static inline bool fops_event_id_equal(FopsEventId a, FopsEventId b) {
        return a.serial == b.serial && a.sec == b.sec && a.msec == b.msec;
}

/* In ticks of the kernel's clock, CLOCK_REALTIME_COARSE, when the system call began. */
static inline uint64_t fops_event_id_usec(FopsEventId id) {
        return (uint64_t) id.sec * 1000000 + id.msec * UINT64_C(1000);
}

typedef struct FopsRecord {
        uint16_t type;
        FopsEventId id;
        FopsSpan node;     /* absent from the kernel */
        FopsSpan text;     /* from "audit(" on, without the enrichment */
        FopsSpan body;     /* what follows "): " */
        FopsSpan enriched; /* what follows the 0x1d, or absent */

        /* Where it came from, for whoever keeps it until its event is done with (pipeline.h); not set by parsing. */
        uint64_t cookie; /* 0: nobody keeps it */
        bool replayed;   /* a crash was in between: it may have been published already */
} FopsRecord;

/* The head of the record that was parsed before, as most are of one event with it. All zero to begin with; for one reader alone. */
typedef struct FopsRecordHead {
        char text[64]; /* "audit(1700000000.123:42): " and room: the numbers of a longer one are read again */
        size_t size;
        FopsEventId id;
} FopsRecordHead;

typedef enum FopsRecordStatus {
        FOPS_RECORD_OK,
        FOPS_RECORD_MALFORMED, /* not of the form above */
        FOPS_RECORD_BLANK,     /* an empty line, or a comment line of ausearch ("----", "time->…") */
} FopsRecordStatus;

typedef struct FopsRecordDiag {
        size_t offset;     /* byte in the input where it stopped making sense */
        const char *reason; /* static */
} FopsRecordDiag;

/* Parses the text of one record as kernel/audit.c audit_log_start() heads it. @text need not end in NUL, isn't written to,
 * and may end in NULs or newlines, which don't count. @head may be NULL. OK, or MALFORMED with *@diag set; *@ret is then untouched. */
FopsRecordStatus fops_record_parse(uint16_t type, FopsSpan text, FopsRecordHead *head, FopsRecord *ret, FopsRecordDiag *diag);

/* The same for one line of audit.log as auditd, ausearch --raw or this program's captures write it, without its newline. */
FopsRecordStatus fops_record_parse_line(FopsSpan line, FopsRecordHead *head, FopsRecord *ret, FopsRecordDiag *diag);

/* SYSCALL ↔ 1300. An unknown type prints as UNKNOWN[1420], into @buffer if need be, and parses back. */
#define FOPS_RECORD_TYPE_BYTES_MAX 24
const char *fops_record_type_to_string(uint16_t type, char buffer[static FOPS_RECORD_TYPE_BYTES_MAX]);
bool fops_record_type_from_string(FopsSpan name, uint16_t *ret);

/* The first field of that name; .raw is absent if there is none. Walks, unless it comes first: for records of a few fields, or rare
 * ones. */
FopsValue fops_field_find_behind(FopsSpan body, FopsSpan name);
static inline FopsValue fops_field_find(FopsSpan body, const char *name) {
        FopsFieldReader reader = fops_field_reader(body);
        size_t size = strlen(name);

        if (body.size <= size || memcmp(body.data, name, size) != 0 || body.data[size] != '=')
                return fops_field_find_behind(body, (FopsSpan){ name, size });
        reader.p += size + 1;
        return fops_field_take_value(&reader);
}
