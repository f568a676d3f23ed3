/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <time.h>

#include "utf8.h"

void fops_text_print_value(FopsSpan s, FILE *f) {
        size_t n;

        for (; s.size > 0; s = fops_span_skip(s, n)) {
                uint32_t c;

                n = fops_utf8_decode(s, &c);
                if (n > 0 && fops_utf8_is_safe(c)) {
                        fwrite_unlocked(s.data, 1, n, f);
                        continue;
                }

                n = MAX(n, (size_t) 1);
                for (size_t i = 0; i < n; i++)
                        fprintf(f, "\\x%02x", (unsigned) (unsigned char) s.data[i]);
        }
}

/* 1795309541.349 → "2026-11-22 02:05:41.349 ". Prints nothing for what isn't such a time. */
static void print_time(FopsSpan s, FILE *f) {
        const char *dot = s.size > 0 ? memchr(s.data, '.', s.size) : NULL;
        FopsSpan sec, msec;
        uint32_t milliseconds;
        char buffer[64];
        int64_t seconds;
        struct tm tm;
        time_t t;

        if (!dot)
                return;
        sec = (FopsSpan){ s.data, (size_t) (dot - s.data) };
        msec = fops_span_skip(s, sec.size + 1);
        if (!fops_span_to_i64(sec, &seconds) || !fops_span_to_u32(msec, &milliseconds) || msec.size != 3)
                return;

        t = (time_t) seconds;
        if (!localtime_r(&t, &tm) || strftime(buffer, sizeof(buffer), "%Y-%m-%d %H:%M:%S", &tm) == 0)
                return;
        fprintf(f, "%s.%03u ", buffer, (unsigned) milliseconds);
}

void fops_text_print(const FopsEntry *e, FILE *f) {
        print_time(fops_entry_get(e, "FOPSD_TIME"), f);
        fops_text_print_value(fops_entry_get(e, "MESSAGE"), f);
        putc_unlocked('\n', f);
}
