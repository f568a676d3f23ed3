/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include "utf8.h"

static void print_string(FopsSpan s, FILE *f) {
        size_t plain = 0; /* bytes at the front that need no escape */

        putc_unlocked('"', f);
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

                fwrite_unlocked(s.data, 1, plain, f);
                fputs_unlocked(escape, f);
                s = fops_span_skip(s, plain + 1);
                plain = 0;
        }
        fwrite_unlocked(s.data, 1, s.size, f);
        putc_unlocked('"', f);
}

static void print_bytes(FopsSpan s, FILE *f) {
        putc_unlocked('[', f);
        for (size_t i = 0; i < s.size; i++)
                fprintf(f, i > 0 ? ",%u" : "%u", (unsigned) (unsigned char) s.data[i]);
        putc_unlocked(']', f);
}

void fops_json_print_value(FopsSpan value, FILE *f) {
        if (!fops_span_is_present(value))
                fputs_unlocked("null", f);
        else if (fops_utf8_is_printable(value))
                print_string(value, f);
        else
                print_bytes(value, f);
}

void fops_json_print(const FopsEntry *e, FILE *f) {
        uint64_t hashes[FOPS_ENTRY_FIELDS_MAX]; /* of the names: 50 fields are 1,200 comparisons, too many for strcmp() */
        bool printed[FOPS_ENTRY_FIELDS_MAX] = {};
        bool first = true;

        for (size_t i = 0; i < e->n_fields; i++)
                hashes[i] = fops_span_hash(fops_span_from_string(e->fields[i].name));

        putc_unlocked('{', f);
        for (size_t i = 0; i < e->n_fields; i++) {
                bool several = false;

                if (printed[i])
                        continue;

                fputs_unlocked(first ? "\"" : ",\"", f);
                fputs_unlocked(e->fields[i].name, f);
                fputs_unlocked("\":", f);
                first = false;

                for (size_t j = i + 1; j < e->n_fields; j++)
                        if (hashes[j] == hashes[i] && strcmp(e->fields[j].name, e->fields[i].name) == 0)
                                several = printed[j] = true;

                if (!several) {
                        fops_json_print_value(e->fields[i].value, f);
                        continue;
                }

                putc_unlocked('[', f);
                fops_json_print_value(e->fields[i].value, f);
                for (size_t j = i + 1; j < e->n_fields; j++)
                        if (hashes[j] == hashes[i] && strcmp(e->fields[j].name, e->fields[i].name) == 0) {
                                putc_unlocked(',', f);
                                fops_json_print_value(e->fields[j].value, f);
                        }
                putc_unlocked(']', f);
        }
        fputs_unlocked("}\n", f);
}
