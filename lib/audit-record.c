/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Record text into header and fields, in place:
 *   audit(1795311567.313:600266): arch=c000003e syscall=257 success=yes exit=3 … comm="opsgen" key="data"
 * Nothing in here trusts a byte: the text of user-space messages is whatever a process with CAP_AUDIT_WRITE wrote. */

#include "audit-record.h"

#include <libaudit.h>
#include <stdio.h>

/* The types that make up file events, in the order of their frequency; the rest is asked of libaudit. */
#define NAME(s) { s, sizeof(s) - 1 }
static const struct {
        uint16_t type;
        FopsSpan name;
} common_types[] = {
        { AUDIT_PATH, NAME("PATH") },           { AUDIT_SYSCALL, NAME("SYSCALL") }, { AUDIT_CWD, NAME("CWD") },
        { AUDIT_PROCTITLE, NAME("PROCTITLE") }, { AUDIT_EOE, NAME("EOE") },         { AUDIT_EXECVE, NAME("EXECVE") },
        { 1336, NAME("URINGOP") },              { 1337, NAME("OPENAT2") },          { 1338, NAME("DM_CTRL") },
        { 1339, NAME("DM_EVENT") },             { 1420, NAME("IPE_ACCESS") },        { 1421, NAME("IPE_CONFIG_CHANGE") },
        { 1422, NAME("IPE_POLICY_LOAD") },      { 1423, NAME("LANDLOCK_ACCESS") },   { 1424, NAME("LANDLOCK_DOMAIN") },
        { 1425, NAME("MAC_TASK_CONTEXTS") },    { 1426, NAME("MAC_OBJ_CONTEXTS") },
};
#undef NAME

/* Of these, what a log is full of, as it stands between "type=" and "audit(". */
static const struct {
        uint16_t type;
        FopsFieldName text;
} usual_types[] = {
        { AUDIT_PATH, FOPS_FIELD_NAME("PATH msg") },
        { AUDIT_SYSCALL, FOPS_FIELD_NAME("SYSCALL msg") },
        { AUDIT_CWD, FOPS_FIELD_NAME("CWD msg") },
        { AUDIT_PROCTITLE, FOPS_FIELD_NAME("PROCTITLE msg") },
};

static FopsRecordStatus malformed(FopsRecordDiag *diag, size_t offset, const char *reason) {
        *diag = (FopsRecordDiag){ .offset = offset, .reason = reason };
        return FOPS_RECORD_MALFORMED;
}

/* Takes decimal digits off the front of *@p; false if there are none or they make more than @max. */
static inline bool take_number(const char **p, const char *end, uint64_t max, uint64_t *ret) {
        const char *start = *p, *q = start;
        uint64_t v = 0;

        for (unsigned d; q < end && (d = (unsigned char) *q - (unsigned) '0') <= 9; q++)
                v = v * 10 + d;
        if (q - start > (ptrdiff_t) FOPS_DIGITS_SAFE && !fops_span_to_u64((FopsSpan){ start, (size_t) (q - start) }, &v))
                return false;
        if (q == start || v > max)
                return false;
        *ret = v;
        *p = q;
        return true;
}

static inline bool take_byte(const char **p, const char *end, char c) {
        if (*p == end || **p != c)
                return false;
        ++*p;
        return true;
}

/* "audit(1700000000.123:42): " off the front of @rest. */
static FopsRecordStatus take_head(FopsSpan *rest, FopsEventId *ret, FopsRecordDiag *diag) {
        static const FopsSpan head = { "audit(", 6 };
        const char *start = rest->data, *p = start, *end = fops_span_end(*rest);
        uint64_t sec, msec, serial;

#define OFFSET() ((size_t) (p - start))

        if (!fops_span_starts_with(*rest, head))
                return malformed(diag, 0, "expected \"audit(\"");
        p += head.size;

        /* Offline these seconds are a clock in microseconds. */
        if (!take_number(&p, end, INT64_MAX / 1000000, &sec))
                return malformed(diag, OFFSET(), "expected seconds");
        if (!take_byte(&p, end, '.'))
                return malformed(diag, OFFSET(), "expected '.'");
        if (!take_number(&p, end, 999, &msec))
                return malformed(diag, OFFSET(), "expected milliseconds");
        if (!take_byte(&p, end, ':'))
                return malformed(diag, OFFSET(), "expected ':'");
        if (!take_number(&p, end, UINT64_MAX, &serial))
                return malformed(diag, OFFSET(), "expected a serial number");
        if (!take_byte(&p, end, ')') || !take_byte(&p, end, ':'))
                return malformed(diag, OFFSET(), "expected \"):\"");
        take_byte(&p, end, ' ');

#undef OFFSET

        *rest = (FopsSpan){ p, (size_t) (end - p) };
        *ret = (FopsEventId){ .sec = (int64_t) sec, .msec = (uint32_t) msec, .serial = serial };
        return FOPS_RECORD_OK;
}

static inline bool begins_as_before(FopsSpan text, const FopsRecordHead *head) {
        return head && head->size > 0 && text.size >= head->size && fops_bytes_are_same(text.data, head->text, head->size);
}

static FopsRecordStatus parse_head(FopsSpan text, FopsRecordHead *head, FopsEventId *ret, size_t *ret_size, FopsRecordDiag *diag) {
        FopsSpan rest = text;
        FopsRecordStatus status = take_head(&rest, ret, diag);

        if (status != FOPS_RECORD_OK)
                return status;
        *ret_size = text.size - rest.size;
        if (head && *ret_size >= sizeof(FopsBytes) && *ret_size <= sizeof(head->text) && rest.data[-1] == ' ') {
                head->size = *ret_size;
                head->id = *ret;
                memcpy(head->text, text.data, head->size);
        }
        return FOPS_RECORD_OK;
}

static _always_inline_ FopsRecordStatus parse_text(uint16_t type, FopsSpan text, FopsRecordHead *head, FopsRecord *ret,
                                                   FopsRecordDiag *diag) {
        FopsRecordStatus status;
        size_t head_size;
        FopsEventId id;

        while (text.size > 0 && (text.data[text.size - 1] == '\0' || text.data[text.size - 1] == '\n'))
                text.size--;

        if (begins_as_before(text, head)) {
                id = head->id;
                head_size = head->size;
        } else {
                status = parse_head(text, head, &id, &head_size, diag);
                if (status != FOPS_RECORD_OK)
                        return status;
        }
        *ret = (FopsRecord){ .type = type, .id = id, .text = text, .body = fops_span_skip(text, head_size) };
        return FOPS_RECORD_OK;
}

FopsRecordStatus fops_record_parse(uint16_t type, FopsSpan text, FopsRecordHead *head, FopsRecord *ret, FopsRecordDiag *diag) {
        return parse_text(type, text, head, ret, diag);
}

/* auditd's log_format = ENRICHED puts a 0x1d and the names of ids behind the record. The last one counts: a message of user space
 * may hold more of them, and the text in front of auditd's is no less text for that. */
static void split_enriched(FopsRecord *record) {
        const char *separator = record->body.size > 0 ? memrchr(record->body.data, 0x1d, record->body.size) : NULL;
        size_t n;

        if (!separator)
                return;
        n = (size_t) (separator - record->body.data);
        record->enriched = fops_span_skip(record->body, n + 1);
        record->text.size -= record->body.size - n;
        record->body.size = n;
}

static FopsSpan first_word(FopsSpan s) {
        return (FopsSpan){ s.data, (size_t) (fops_find(s.data, fops_span_end(s), ' ') - s.data) };
}

/* The size of "SYSCALL msg=" in front of @rest, if a log is full of those; else 0. */
static inline size_t usual_type(FopsSpan rest, uint16_t *ret) {
        if (rest.size <= sizeof(FopsBytes))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(usual_types); i++)
                if (fops_field_is(rest.data, &usual_types[i].text)) {
                        *ret = usual_types[i].type;
                        return usual_types[i].text.size;
                }
        return 0;
}

/* The same of any type. @at: where @rest stands in the line. */
static FopsRecordStatus parse_type(FopsSpan rest, size_t at, uint16_t *ret, size_t *ret_size, FopsRecordDiag *diag) {
        static const FopsSpan msg_is = { "msg=", 4 };
        FopsSpan name = first_word(rest);

        if (!fops_record_type_from_string(name, ret))
                return malformed(diag, at, "unknown record type");
        *ret_size = MIN(name.size + 1, rest.size);
        if (!fops_span_starts_with(fops_span_skip(rest, *ret_size), msg_is))
                return malformed(diag, at + *ret_size, "expected \"msg=\"");
        *ret_size += msg_is.size;
        return FOPS_RECORD_OK;
}

/* Of ausearch, between events. */
static bool is_remark(FopsSpan line) {
        return fops_span_starts_with(line, FOPS_SPAN_LITERAL("----")) || fops_span_starts_with(line, FOPS_SPAN_LITERAL("time->"));
}

FopsRecordStatus fops_record_parse_line(FopsSpan line, FopsRecordHead *head, FopsRecord *ret, FopsRecordDiag *diag) {
        static const FopsSpan node_is = { "node=", 5 }, type_is = { "type=", 5 };
        FopsSpan rest = line, node = FOPS_SPAN_ABSENT;
        FopsRecordStatus status;
        size_t type_size;
        uint16_t type;

        while (rest.size > 0 && (rest.data[rest.size - 1] == '\r' || rest.data[rest.size - 1] == '\n'))
                rest.size--;
        if (rest.size == 0)
                return FOPS_RECORD_BLANK;

        if (fops_span_starts_with(rest, node_is)) {
                node = first_word(rest);
                rest = fops_span_skip(rest, node.size + 1);
                node = fops_span_skip(node, node_is.size);
        }
        if (!fops_span_starts_with(rest, type_is))
                return is_remark(line) ? FOPS_RECORD_BLANK :
                                         malformed(diag, (size_t) (rest.data - line.data), "expected \"type=\"");
        rest = fops_span_skip(rest, type_is.size);

        type_size = usual_type(rest, &type);
        if (type_size == 0) {
                status = parse_type(rest, (size_t) (rest.data - line.data), &type, &type_size, diag);
                if (status != FOPS_RECORD_OK)
                        return status;
        }
        rest = fops_span_skip(rest, type_size);

        status = parse_text(type, rest, head, ret, diag);
        if (status != FOPS_RECORD_OK) {
                diag->offset += (size_t) (rest.data - line.data);
                return status;
        }

        ret->node = node;
        split_enriched(ret);
        return FOPS_RECORD_OK;
}

const char *fops_record_type_to_string(uint16_t type, char buffer[static FOPS_RECORD_TYPE_BYTES_MAX]) {
        const char *name;

        for (size_t i = 0; i < ELEMENTSOF(common_types); i++)
                if (common_types[i].type == type)
                        return common_types[i].name.data;

        name = audit_msg_type_to_name(type);
        if (name)
                return name;

        snprintf(buffer, FOPS_RECORD_TYPE_BYTES_MAX, "UNKNOWN[%u]", type);
        return buffer;
}

bool fops_record_type_from_string(FopsSpan name, uint16_t *ret) {
        static const FopsSpan unknown = { "UNKNOWN[", 8 };
        char copy[64];
        uint32_t number;
        int type;

        for (size_t i = 0; i < ELEMENTSOF(common_types); i++)
                if (fops_span_equal(name, common_types[i].name)) {
                        *ret = common_types[i].type;
                        return true;
                }

        if (fops_span_starts_with(name, unknown) && fops_span_ends_with(name, FOPS_SPAN_LITERAL("]"))) {
                FopsSpan digits = { name.data + unknown.size, name.size - unknown.size - 1 };

                if (!fops_span_to_u32(digits, &number) || number > UINT16_MAX)
                        return false;
                *ret = (uint16_t) number;
                return true;
        }

        /* libaudit takes a number too, with anything behind it. */
        if (name.size == 0 || name.size >= sizeof(copy) || memchr(name.data, '\0', name.size) ||
            (name.data[0] >= '0' && name.data[0] <= '9'))
                return false;
        memcpy(copy, name.data, name.size);
        copy[name.size] = '\0';

        type = audit_name_to_msg_type(copy);
        if (type < 0 || type > UINT16_MAX)
                return false;
        *ret = (uint16_t) type;
        return true;
}

FopsValue fops_field_find_behind(FopsSpan body, FopsSpan name) {
        FopsFieldReader reader = fops_field_reader(body);
        FopsSpan n;
        FopsValue v;

        while (fops_field_next(&reader, &n, &v))
                if (fops_span_equal(n, name))
                        return v;
        return (FopsValue){ FOPS_SPAN_ABSENT, false };
}
