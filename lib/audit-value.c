/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One field's value into bytes: "x" → x, 2F746D702F6120 → "/tmp/a ", (null) → absent. See kernel/audit.c
 * audit_log_n_untrustedstring(): a string with a byte below 0x21, above 0x7e, or a quote is written as upper-case hex. */

#include "audit-value.h"

#include "bytes.h"

/* Eight digits' values, one a byte, into four bytes. */
static inline uint32_t join_digits(uint64_t values) {
        values = le64toh(values);
        values = (values << 4 | values >> 8) & UINT64_C(0x00ff00ff00ff00ff);
        values = (values | values >> 8) & UINT64_C(0x0000ffff0000ffff);
        return htole32((uint32_t) (values | values >> 16));
}

/* As many digits as are looked at at once; false if one isn't. */
static inline bool decode_at_once(const char *digits, char *to) {
        FopsBytes c = fops_bytes_load(digits), number = c - '0', letter = (c | 0x20) - 'a';
        FopsBytes is_number = (FopsBytes) (number < 10), is_letter = (FopsBytes) (letter < 6);
        FopsBytes values = (number & is_number) | ((letter + 10) & is_letter);
        uint64_t halves[2];
        uint32_t bytes[2];

        memcpy(halves, &values, sizeof(halves));
        bytes[0] = join_digits(halves[0]);
        bytes[1] = join_digits(halves[1]);
        memcpy(to, bytes, sizeof(bytes));
        return fops_bytes_are_zero(~(is_number | is_letter));
}

FopsSpan fops_value_plain(FopsValue v) {
        if (v.raw.size == 0 || v.quoted || (v.raw.data[0] != '(' && v.raw.data[0] != '?'))
                return v.raw;
        if (fops_span_equal(v.raw, FOPS_SPAN_LITERAL("(null)")) || fops_span_equal(v.raw, FOPS_SPAN_LITERAL("(none)")) ||
            fops_span_equal(v.raw, FOPS_SPAN_LITERAL("?")))
                return FOPS_SPAN_ABSENT;
        return v.raw;
}

FopsSpan fops_value_decode(FopsValue v, FopsArena *arena) {
        FopsSpan raw = fops_value_plain(v);
        size_t i = 0;
        char *p;

        if (!raw.data || v.quoted)
                return raw;
        if (raw.size == 0 || raw.size % 2 != 0)
                return raw;

        p = fops_arena_alloc(arena, raw.size / 2 + 1);
        if (!p)
                return FOPS_SPAN_ABSENT;

        for (; 2 * i + sizeof(FopsBytes) <= raw.size; i += sizeof(FopsBytes) / 2)
                if (!decode_at_once(raw.data + 2 * i, p + i))
                        return raw;
        for (; i < raw.size / 2; i++) {
                unsigned high = fops_digits[(unsigned char) raw.data[2 * i]], low = fops_digits[(unsigned char) raw.data[2 * i + 1]];

                if ((high | low) > 15)
                        return raw;
                p[i] = (char) (high << 4 | low);
        }
        p[raw.size / 2] = '\0';

        return (FopsSpan){ p, raw.size / 2 };
}
