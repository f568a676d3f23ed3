/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <time.h>

#include "plain.h"
#include "utf8.h"

static void print_escaped(FopsSpan s, bool is_name, FILE *f) {
        size_t n;

        for (; s.size > 0; s = fops_span_skip(s, n)) {
                uint32_t c;

                n = fops_plain_size(s);
                if (n > 0) {
                        fwrite_unlocked(s.data, 1, n, f);
                        continue;
                }

                n = fops_utf8_decode(s, &c);
                if (n > 0 && fops_utf8_is_safe(c) && !(is_name && c == '\\' && s.size > 1 && s.data[1] == 'x')) {
                        fwrite_unlocked(s.data, 1, n, f);
                        continue;
                }

                n = MAX(n, (size_t) 1);
                for (size_t i = 0; i < n; i++)
                        fprintf(f, "\\x%02x", (unsigned) (unsigned char) s.data[i]);
        }
}

void fops_text_print_value(FopsSpan s, FILE *f) {
        print_escaped(s, false, f);
}

void fops_text_print_name(FopsSpan s, FILE *f) {
        print_escaped(s, true, f);
}

bool fops_text_print_time(FopsSpan s, FILE *f) {
        const char *dot = s.size > 0 ? memchr(s.data, '.', s.size) : NULL;
        FopsSpan sec, msec;
        uint32_t milliseconds;
        char buffer[64];
        int64_t seconds;
        struct tm tm;
        time_t t;

        if (!dot)
                return false;
        sec = (FopsSpan){ s.data, (size_t) (dot - s.data) };
        msec = fops_span_skip(s, sec.size + 1);
        if (!fops_span_to_i64(sec, &seconds) || !fops_span_to_u32(msec, &milliseconds) || msec.size != 3)
                return false;

        t = (time_t) seconds;
        if (!localtime_r(&t, &tm) || strftime(buffer, sizeof(buffer), "%Y-%m-%d %H:%M:%S", &tm) == 0)
                return false;
        fprintf(f, "%s.%03u", buffer, (unsigned) milliseconds);
        return true;
}

void fops_text_print(const FopsEntry *e, FILE *f) {
        if (fops_text_print_time(fops_entry_get(e, "FOPSD_TIME"), f))
                putc_unlocked(' ', f);
        fops_text_print_value(fops_entry_get(e, "MESSAGE"), f);
        putc_unlocked('\n', f);
}
