/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include "utf8.h"
#include "writer.h"

/* Names are told apart by a table of so many places: with 50 fields few share one. */
#define PLACES 256U

static void put_string(FopsWriter *w, FopsSpan s, size_t plain) {
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
        char number[8];

        fops_writer_put_byte(w, '[');
        for (size_t i = 0; i < s.size; i++)
                fops_writer_put(w, number, (size_t) snprintf(number, sizeof(number), i > 0 ? ",%u" : "%u",
                                                             (unsigned) (unsigned char) s.data[i]));
        fops_writer_put_byte(w, ']');
}

static void put_value(FopsWriter *w, FopsSpan value) {
        size_t plain = fops_utf8_plain_size(value);

        if (!fops_span_is_present(value))
                fops_writer_put_string(w, "null");
        else if (plain == value.size || fops_utf8_is_printable(fops_span_skip(value, plain))) {
                fops_writer_put_byte(w, '"');
                put_string(w, value, plain);
                fops_writer_put_byte(w, '"');
        } else
                put_bytes(w, value);
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
        const char *end = field->name + field->name_size;
        unsigned sum = (unsigned) field->name_size * 7;

        for (size_t i = 1; i <= MIN(field->name_size, (size_t) 4); i++)
                sum = sum * 31 + (unsigned char) end[-(ptrdiff_t) i];
        return sum % PLACES;
}

/* For each field the next of its name, or 0. Returns in @again[i] whether one came before it. */
static void find_same_names(const FopsEntry *e, uint16_t next[static FOPS_ENTRY_FIELDS_MAX], bool again[static FOPS_ENTRY_FIELDS_MAX]) {
        uint16_t last[PLACES] = {}; /* index + 1 of the latest field there */
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
        find_same_names(e, next, again);

        fops_writer_put_byte(&w, '{');
        for (size_t i = 0; i < e->n_fields; i++) {
                if (again[i])
                        continue;

                fops_writer_put(&w, i > 0 ? ",\"" : "\"", i > 0 ? 2 : 1);
                fops_writer_put(&w, e->fields[i].name, e->fields[i].name_size);
                fops_writer_put(&w, "\":", 2);

                if (next[i] == 0) {
                        put_value(&w, e->fields[i].value);
                        continue;
                }
                fops_writer_put_byte(&w, '[');
                put_value(&w, e->fields[i].value);
                for (size_t j = next[i]; j > 0; j = next[j]) {
                        fops_writer_put_byte(&w, ',');
                        put_value(&w, e->fields[j].value);
                }
                fops_writer_put_byte(&w, ']');
        }
        fops_writer_put(&w, "}\n", 2);
        fops_writer_flush(&w);
}
