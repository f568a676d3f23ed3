/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include "plain.h"
#include "utf8.h"

/* Names are told apart by a table of so many places: with 50 fields few share one. */
#define PLACE_BITS 8U
/* A usual entry in one piece, an unusual one in a few. */
#define LINE_BYTES ((size_t) 4096)
/* A group is kept as it was written if that went through in one piece: a usual one has 700 bytes. */
#define GROUP_BYTES (LINE_BYTES / 2)

static void put_string(FopsWriter *w, FopsSpan s) {
        size_t plain = fops_plain_size(s);

        while (plain < s.size) {
                const char *escape;

                /* Of all control characters only these two pass fops_utf8_is_printable(). */
                switch (s.data[plain]) {
                case '"':
                        escape = "\\\"";
                        break;
                case '\\':
                        escape = "\\\\";
                        break;
                case '\n':
                        escape = "\\n";
                        break;
                case '\t':
                        escape = "\\t";
                        break;
                default:
                        plain++;
                        continue;
                }

                fops_writer_put(w, s.data, plain);
                fops_writer_put_string(w, escape);
                s = fops_span_skip(s, plain + 1);
                plain = 0;
        }
        fops_writer_put(w, s.data, s.size);
}

static void put_bytes(FopsWriter *w, FopsSpan s) {
        char number[1 + FOPS_NUMBER_BYTES];

        for (size_t i = 0; i < s.size; i++) {
                number[0] = i > 0 ? ',' : '[';
                fops_writer_put(w, number, 1 + fops_format_u64(number + 1, (unsigned char) s.data[i]));
        }
        fops_writer_put_string(w, "]");
}

static void put_special_value(FopsWriter *w, FopsSpan value) {
        if (!value.data)
                fops_writer_put_string(w, "null");
        else if (fops_utf8_is_printable(value)) {
                fops_writer_put_string(w, "\"");
                put_string(w, value);
                fops_writer_put_string(w, "\"");
        } else
                put_bytes(w, value);
}

/* @is_plain: it is known to be. */
static _always_inline_ void put_value(FopsWriter *w, FopsSpan value, bool is_plain) {
        char *room = fops_writer_room(w, value.size + strlen("\"\""));

        if (room && is_plain)
                fops_copy_short(room + 1, value.data, value.size);
        else if (!room || !value.data || !fops_plain_copy(room + 1, value)) {
                put_special_value(w, value);
                return;
        }
        room[0] = room[1 + value.size] = '"';
        fops_writer_took(w, value.size + strlen("\"\""));
}

void fops_json_print_value(FopsSpan value, FILE *f) {
        char line[LINE_BYTES];
        FopsWriter w = fops_writer(f, line, sizeof(line));

        put_value(&w, value, false);
        fops_writer_flush(&w);
}

static inline bool same_name(const FopsField *a, const FopsField *b) {
        return a->name_size == b->name_size && (a->name == b->name || memcmp(a->name, b->name, a->name_size) == 0);
}

/* Names differ in their length and at their ends. */
static unsigned place_of(const FopsField *field) {
        uint32_t end = 0;

        if (field->name_size >= sizeof(end))
                memcpy(&end, field->name + field->name_size - sizeof(end), sizeof(end));
        return ((end + (uint32_t) field->name_size) * UINT32_C(0x9e3779b1)) >> (32 - PLACE_BITS);
}

/* For each field the next of its name, or 0, and whether one came before it. */
typedef struct Names {
        uint16_t next[FOPS_ENTRY_FIELDS_MAX];
        bool again[FOPS_ENTRY_FIELDS_MAX];
} Names;

static void find_same_names(const FopsEntry *e, Names *ret) {
        uint16_t last[1U << PLACE_BITS] = {}; /* index + 1 of the latest field there */
        uint16_t older[FOPS_ENTRY_FIELDS_MAX];

        for (size_t i = 0; i < e->n_fields; i++) {
                unsigned place = place_of(e->fields + i);

                ret->next[i] = 0;
                ret->again[i] = false;
                older[i] = last[place];
                last[place] = (uint16_t) (i + 1);
                for (size_t j = older[i]; j > 0; j = older[j - 1])
                        if (same_name(e->fields + i, e->fields + j - 1)) {
                                ret->next[j - 1] = (uint16_t) i;
                                ret->again[i] = true;
                                break;
                        }
        }
}

/* ,"NAME": */
static _always_inline_ void put_name(FopsWriter *w, const FopsField *f, bool is_first) {
        const char *open = is_first ? "{\"" : ",\"";
        char *room = fops_writer_room(w, f->name_size + strlen(",\"\":")), *p;

        if (room) {
                p = fops_copy_short(mempcpy(room, open, 2), f->name, f->name_size);
                p = mempcpy(p, "\":", 2);
                fops_writer_took(w, (size_t) (p - room));
        } else {
                fops_writer_put(w, open, 2);
                fops_writer_put(w, f->name, f->name_size);
                fops_writer_put(w, "\":", 2);
        }
}

/* Field @i with all that have its name. */
static void put_field(FopsWriter *w, const FopsEntry *e, const Names *names, size_t i) {
        put_name(w, e->fields + i, i == 0);
        fops_writer_put_string(w, names->next[i] > 0 ? "[" : "");
        put_value(w, e->fields[i].value, false);
        if (names->next[i] == 0)
                return;
        for (size_t next = names->next[i]; next > 0; next = names->next[next]) {
                fops_writer_put_string(w, ",");
                put_value(w, e->fields[next].value, false);
        }
        fops_writer_put_string(w, "]");
}

/* ,"NAME":"VALUE" in one piece, if it is plain, as nearly all are; else false. */
static _always_inline_ bool put_plain_field(FopsWriter *w, const FopsField *f, bool is_first) {
        char *room = fops_writer_room(w, f->name_size + f->value.size + strlen(",\"\":\"\"")), *p;

        if (!room)
                return false;
        p = fops_copy_short(mempcpy(room, is_first ? "{\"" : ",\"", 2), f->name, f->name_size);
        p = mempcpy(p, "\":\"", 3);
        if (f->is_plain)
                fops_copy_short(p, f->value.data, f->value.size);
        else if (!fops_plain_copy(p, f->value))
                return false;
        p += f->value.size;
        *p++ = '"';
        fops_writer_took(w, (size_t) (p - room));
        return true;
}

/* Fields @from to @to, which are grouped. */
static void put_fields(FopsWriter *w, const FopsEntry *e, size_t from, size_t to) {
        const FopsField *f = e->fields + from, *stop = e->fields + to, *next;

        for (; f < stop; f = next) {
                bool is_array = f + 1 < stop && same_name(f, f + 1);

                next = f + 1;
                if (!is_array && put_plain_field(w, f, f == e->fields))
                        continue;
                put_name(w, f, f == e->fields);
                if (is_array)
                        fops_writer_put(w, "[", 1);
                put_value(w, f->value, f->is_plain);
                for (; next < stop && is_array && same_name(f, next); next++) {
                        fops_writer_put(w, ",", 1);
                        put_value(w, next->value, next->is_plain);
                }
                if (is_array)
                        fops_writer_put(w, "]", 1);
        }
}

/* The fields of a group, as they were written before, or to be written so from now on. */
static void put_group(FopsWriter *w, const FopsEntry *e, FopsFieldGroup *g, size_t first) {
        size_t before, n_flushed;

        if (g->json.data) {
                fops_writer_put(w, g->json.data, g->json.size);
                return;
        }
        (void) fops_writer_room(w, GROUP_BYTES);
        before = w->size;
        n_flushed = w->n_flushed;
        put_fields(w, e, first, first + g->n_fields);
        if (w->n_flushed == n_flushed)
                g->json = fops_arena_copy(&g->arena, (FopsSpan){ w->data + before, w->size - before });
}

static void put_grouped(FopsWriter *w, const FopsEntry *e) {
        size_t at = 0;

        for (size_t i = 0; i < e->n_groups; i++) {
                put_fields(w, e, at, e->groups[i].first);
                put_group(w, e, e->groups[i].group, e->groups[i].first);
                at = e->groups[i].first + e->groups[i].group->n_fields;
        }
        put_fields(w, e, at, e->n_fields);
}

/* Fields of one name may stand anywhere. */
static void put_ungrouped(FopsWriter *w, const FopsEntry *e) {
        Names names;

        find_same_names(e, &names);
        for (size_t i = 0; i < e->n_fields; i++)
                if (!names.again[i])
                        put_field(w, e, &names, i);
}

void fops_json_write(const FopsEntry *e, FopsWriter *w) {
        if (e->is_grouped)
                put_grouped(w, e);
        else
                put_ungrouped(w, e);
        fops_writer_put_string(w, e->n_fields > 0 ? "}\n" : "{}\n");
}

void fops_json_print(const FopsEntry *e, FILE *f) {
        char line[LINE_BYTES];
        FopsWriter w = fops_writer(f, line, sizeof(line));

        fops_json_write(e, &w);
        fops_writer_flush(&w);
}
