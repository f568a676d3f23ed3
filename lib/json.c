/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include "plain.h"
#include "utf8.h"
#include "writer.h"

/* Names are told apart by a table of so many places: with 50 fields few share one. */
#define PLACE_BITS 8U

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

static void put_value(FopsWriter *w, FopsSpan value) {
        if (!value.data)
                fops_writer_put_string(w, "null");
        else if (fops_utf8_is_printable(value)) {
                fops_writer_put_string(w, "\"");
                put_string(w, value);
                fops_writer_put_string(w, "\"");
        } else
                put_bytes(w, value);
}

/* ,"NAME":"VALUE" of a value that is plain. False, with nothing written, if it isn't, or is large. */
static bool put_plain_field(FopsWriter *w, const FopsField *field, char before) {
        char *room = fops_writer_room(w, field->name_size + field->value.size + strlen(",\"\":\"\"")), *p = room;

        if (!room)
                return false;

        *p++ = before;
        *p++ = '"';
        p = fops_copy_short(p, field->name, field->name_size);
        *p++ = '"';
        *p++ = ':';
        *p++ = '"';
        if (!fops_plain_copy(p, field->value))
                return false;
        p += field->value.size;
        *p++ = '"';
        fops_writer_took(w, (size_t) (p - room));
        return true;
}

void fops_json_print_value(FopsSpan value, FILE *f) {
        FopsWriter w;

        fops_writer_init(&w, f);
        put_value(&w, value);
        fops_writer_flush(&w);
}

static bool same_name(const FopsField *a, const FopsField *b) {
        return a->name_size == b->name_size && memcmp(a->name, b->name, a->name_size) == 0;
}

/* Names differ in their length and at their ends. */
static unsigned place_of(const FopsField *field) {
        uint32_t end = 0;

        if (field->name_size >= sizeof(end))
                memcpy(&end, field->name + field->name_size - sizeof(end), sizeof(end));
        return ((end + (uint32_t) field->name_size) * UINT32_C(0x9e3779b1)) >> (32 - PLACE_BITS);
}

/* For each field the next of its name, or 0; in @again[i] whether one came before it. */
static void find_neighbours(const FopsEntry *e, uint16_t next[static FOPS_ENTRY_FIELDS_MAX], bool again[static FOPS_ENTRY_FIELDS_MAX]) {
        bool is_same = false;

        for (size_t i = 0; i < e->n_fields; i++) {
                again[i] = is_same;
                is_same = i + 1 < e->n_fields && same_name(e->fields + i, e->fields + i + 1);
                next[i] = is_same ? (uint16_t) (i + 1) : 0;
        }
}

/* The same, wherever they stand. */
static void find_same_names(const FopsEntry *e, uint16_t next[static FOPS_ENTRY_FIELDS_MAX], bool again[static FOPS_ENTRY_FIELDS_MAX]) {
        uint16_t last[1U << PLACE_BITS] = {}; /* index + 1 of the latest field there */
        uint16_t older[FOPS_ENTRY_FIELDS_MAX];

        for (size_t i = 0; i < e->n_fields; i++) {
                unsigned place = place_of(e->fields + i);

                next[i] = 0;
                again[i] = false;
                older[i] = last[place];
                last[place] = (uint16_t) (i + 1);
                for (size_t j = older[i]; j > 0; j = older[j - 1])
                        if (same_name(e->fields + i, e->fields + j - 1)) {
                                next[j - 1] = (uint16_t) i;
                                again[i] = true;
                                break;
                        }
        }
}

void fops_json_print(const FopsEntry *e, FILE *f) {
        uint16_t next[FOPS_ENTRY_FIELDS_MAX];
        bool again[FOPS_ENTRY_FIELDS_MAX];
        FopsWriter w;

        fops_writer_init(&w, f);
        if (e->is_grouped)
                find_neighbours(e, next, again);
        else
                find_same_names(e, next, again);

        for (size_t i = 0; i < e->n_fields; i++) {
                const char *before = i > 0 ? ",\"" : "{\"";

                if (again[i] || (next[i] == 0 && put_plain_field(&w, e->fields + i, *before)))
                        continue;

                fops_writer_put_string(&w, before);
                fops_writer_put(&w, e->fields[i].name, e->fields[i].name_size);
                fops_writer_put_string(&w, next[i] > 0 ? "\":[" : "\":");
                put_value(&w, e->fields[i].value);
                for (size_t j = next[i]; j > 0; j = next[j]) {
                        fops_writer_put_string(&w, ",");
                        put_value(&w, e->fields[j].value);
                }
                if (next[i] > 0)
                        fops_writer_put_string(&w, "]");
        }
        fops_writer_put_string(&w, e->n_fields > 0 ? "}\n" : "{}\n");
        fops_writer_flush(&w);
}
