/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "csv.h"

#include "text.h"

static bool needs_quotes(FopsSpan s) {
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] == ',' || s.data[i] == '"' || s.data[i] == ' ')
                        return true;
        return false;
}

void fops_csv_print_value(FopsSpan value, bool is_name, FILE *f) {
        void (*print)(FopsSpan s, FILE *f) = is_name ? fops_text_print_name : fops_text_print_value;
        bool quoted = needs_quotes(value);
        const char *quote;

        if (quoted)
                putc_unlocked('"', f);
        while ((quote = value.size > 0 ? memchr(value.data, '"', value.size) : NULL)) {
                size_t n = (size_t) (quote - value.data);

                print((FopsSpan){ value.data, n }, f);
                fputs_unlocked("\"\"", f);
                value = fops_span_skip(value, n + 1);
        }
        print(value, f);
        if (quoted)
                putc_unlocked('"', f);
}
