/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include "plain.h"
#include "utf8.h"
#include "writer.h"

/* Names are told apart by a table of so many places: with 50 fields few share one. */
#define PLACE_BITS 8U
/* A group is kept as it was written if that went through in one piece: a usual one has 700 bytes. */
#define GROUP_BYTES (FOPS_WRITER_BYTES / 2)

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
        char *room = fops_writer_room(w, value.size + strlen("\"\""));

        if (!value.data)
                fops_writer_put_string(w, "null");
        else if (room && fops_plain_copy(room + 1, value)) {
                room[0] = room[1 + value.size] = '"';
                fops_writer_took(w, value.size + strlen("\"\""));
        } else if (fops_utf8_is_printable(value)) {
                fops_writer_put_string(w, "\"");
                put_string(w, value);
                fops_writer_put_string(w, "\"");
        } else
                put_bytes(w, value);
}

/* What stands around a value and its name, at most: ,"NAME":["VALUE"] */
#define AROUND_BYTES strlen(",\"\":[\"\"]")

/* Writes a value and its closing quote, if it is plain; else NULL. There is room for it at @p. */
static _always_inline_ char *put_plain_value(char *p, const FopsField *field) {
        if (field->is_plain)
                fops_copy_short(p, field->value.data, field->value.size);
        else if (!fops_plain_copy(p, field->value))
                return NULL;
        p += field->value.size;
        *p++ = '"';
        return p;
}

void fops_json_print_value(FopsSpan value, FILE *f) {
        FopsWriter w;

        fops_writer_init(&w, f);
        put_value(&w, value);
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

/* The next field of the name of field @i, or 0. @names: NULL for fields that are grouped. */
static inline size_t next_of(const FopsEntry *e, const Names *names, size_t i) {
        if (names)
                return names->next[i];
        return i + 1 < e->n_fields && same_name(e->fields + i, e->fields + i + 1) ? i + 1 : 0;
}

/* Field @i with all that have its name. */
static void put_field(FopsWriter *w, const FopsEntry *e, const Names *names, size_t i) {
        size_t next = next_of(e, names, i);

        fops_writer_put_string(w, i > 0 ? ",\"" : "{\"");
        fops_writer_put(w, e->fields[i].name, e->fields[i].name_size);
        fops_writer_put_string(w, next > 0 ? "\":[" : "\":");
        put_value(w, e->fields[i].value);
        if (next == 0)
                return;
        for (; next > 0; next = next_of(e, names, next)) {
                fops_writer_put_string(w, ",");
                put_value(w, e->fields[next].value);
        }
        fops_writer_put_string(w, "]");
}

/* Of the fields @from to @to, which are grouped, those up to the first name with a value that isn't plain, or that there is no room
 * for. Returns which that is. */
static size_t put_plain_fields(FopsWriter *w, const FopsEntry *e, size_t from, size_t to) {
        const FopsField *f, *next, *stop = e->fields + to;
        size_t need = 0;
        char *room, *p;

        for (f = e->fields + from; f < stop; f++)
                need += f->name_size + f->value.size + AROUND_BYTES;
        room = fops_writer_room(w, need);
        if (!room)
                return from;

        p = room;
        for (f = e->fields + from; f < stop; f = next) {
                bool is_array = f + 1 < stop && same_name(f, f + 1);
                char *at = p;

                at = mempcpy(at, ",\"", strlen(",\""));
                at = fops_copy_short(at, f->name, f->name_size);
                memcpy(at, is_array ? "\":[\"" : "\":\"", 4);
                at += strlen("\":\"") + is_array;
                at = put_plain_value(at, f);
                for (next = f + 1; at && is_array && next < stop && same_name(f, next); next++) {
                        at = mempcpy(at, ",\"", strlen(",\""));
                        at = put_plain_value(at, next);
                }
                if (!at)
                        break;
                if (is_array)
                        *at++ = ']';
                p = at;
        }
        if (from == 0 && p > room)
                *room = '{';
        fops_writer_took(w, (size_t) (p - room));
        return (size_t) (f - e->fields);
}

/* Fields @from to @to, which are grouped. */
static void put_fields(FopsWriter *w, const FopsEntry *e, size_t from, size_t to) {
        for (size_t i = from; (i = put_plain_fields(w, e, i, to)) < to; i++) {
                put_field(w, e, NULL, i);
                while (next_of(e, NULL, i) > 0)
                        i++;
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

void fops_json_print(const FopsEntry *e, FILE *f) {
        FopsWriter w;

        fops_writer_init(&w, f);
        if (e->is_grouped)
                put_grouped(&w, e);
        else
                put_ungrouped(&w, e);
        fops_writer_put_string(&w, e->n_fields > 0 ? "}\n" : "{}\n");
        fops_writer_flush(&w);
}
