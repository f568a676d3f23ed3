/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "entry-internal.h"

#include <stdarg.h>
#include <stdio.h>

/* The MESSAGE_IDs are of fopsd.catalog; a kind keeps its ID for ever. */
static const struct {
        const char *name, *message_id;
} kind_table[_FOPS_KIND_MAX] = {
        [FOPS_KIND_OPERATION] = { "operation", "3dbd21cb70f143d0a5ce15885701b9d1" },
        [FOPS_KIND_GAP] = { "gap", "aff35f7cc63c453b881872f7bb9f4e1a" },
        [FOPS_KIND_TAMPER] = { "tamper", "2269e8a40513480093165b4ea62fbc8f" },
        [FOPS_KIND_STATE] = { "state", "bc4470ef77b74f9eb26a85465ef3dfbe" },
        [FOPS_KIND_RECORD] = { "record", "41ad0a18214a43febf3dc0dda8049555" },
};

const char *fops_kind_to_string(FopsKind k) {
        return kind_table[k].name;
}

const char *fops_kind_message_id(FopsKind k) {
        return kind_table[k].message_id;
}

void fops_entry_begin(FopsEntry *e, FopsKind kind, int priority) {
        FopsKnownGroups *known = fops_entry_known(e);
        FopsFieldGroup *head = known ? &known->heads[kind][priority & LOG_PRIMASK] : NULL;

        fops_arena_reset(&e->arena);
        e->kind = kind;
        e->priority = priority;
        e->n_fields = e->n_groups = 0;
        e->truncated = e->is_grouped = false;

        if (head && head->n_fields > 0 && fops_entry_add_group(e, head))
                return;
        fops_entry_add_plain(e, "SYSLOG_IDENTIFIER", FOPS_SPAN_LITERAL("fopsd"));
        fops_entry_add_word(e, "MESSAGE_ID", fops_kind_message_id(kind));
        fops_entry_add_plain(e, "PRIORITY", (FopsSpan){ &"01234567"[priority & LOG_PRIMASK], 1 });
        fops_entry_add_word(e, "FOPSD_KIND", fops_kind_to_string(kind));
        if (head)
                (void) fops_entry_learn_group(e, 0, head);
}

void fops_entry_done(FopsEntry *e) {
        fops_arena_done(&e->arena);
        e->known = fops_known_groups_free(e->known);
        e->n_fields = e->n_groups = 0;
}

FopsLine fops_entry_line(FopsEntry *e, size_t room) {
        char *p = fops_arena_alloc(&e->arena, room);

        return (FopsLine){ .data = p, .room = p ? room : 0 };
}

void fops_entry_add_line(FopsEntry *e, const char *name, const FopsLine *line) {
        if (line->size > line->room) {
                e->truncated = true;
                return;
        }
        fops_entry_add_plain(e, name, fops_line_span(line));
}

FopsSpan fops_entry_format_u64(FopsEntry *e, uint64_t value) {
        char *p = fops_arena_alloc(&e->arena, FOPS_NUMBER_BYTES);

        if (!p) {
                e->truncated = true;
                return FOPS_SPAN_ABSENT;
        }
        return (FopsSpan){ p, fops_format_u64(p, value) };
}

FopsSpan fops_entry_format_i64(FopsEntry *e, int64_t value) {
        uint64_t distance = value < 0 ? -(uint64_t) value : (uint64_t) value;
        char *p = fops_arena_alloc(&e->arena, 1 + FOPS_NUMBER_BYTES);

        if (!p) {
                e->truncated = true;
                return FOPS_SPAN_ABSENT;
        }
        *p = '-';
        return (FopsSpan){ p, (value < 0) + fops_format_u64(p + (value < 0), distance) };
}

void fops_entry_printf(FopsEntry *e, const char *name, const char *format, ...) {
        char buffer[128]; /* most fit */
        FopsSpan value;
        va_list ap;
        char *p;
        int n;

        va_start(ap, format);
        n = vsnprintf(buffer, sizeof(buffer), format, ap);
        va_end(ap);
        if (n < 0)
                return;

        if ((size_t) n < sizeof(buffer))
                value = fops_arena_copy(&e->arena, (FopsSpan){ buffer, (size_t) n });
        else {
                p = fops_arena_alloc(&e->arena, (size_t) n + 1);
                if (p) {
                        va_start(ap, format);
                        vsnprintf(p, (size_t) n + 1, format, ap);
                        va_end(ap);
                }
                value = (FopsSpan){ p, p ? (size_t) n : 0 };
        }

        if (!fops_span_is_present(value))
                e->truncated = true;
        fops_entry_add(e, name, value);
}

FopsSpan fops_entry_get(const FopsEntry *e, const char *name) {
        for (size_t i = 0; i < e->n_fields; i++)
                if (strcmp(e->fields[i].name, name) == 0)
                        return e->fields[i].value;
        return FOPS_SPAN_ABSENT;
}
