/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One field's value into bytes: "x" → x, 2F746D702F6120 → "/tmp/a ", (null) → absent. See kernel/audit.c
 * audit_log_n_untrustedstring(): a string with a byte below 0x21, above 0x7e, or a quote is written as upper-case hex. */

#include "audit-value.h"

static const signed char hex_digits[256] = {
        /* value + 1, so that everything not named here is "no digit" */
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
        ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
        ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

FopsSpan fops_value_plain(FopsValue v) {
        if (!v.raw.data || v.quoted)
                return v.raw;
        if (fops_span_equal(v.raw, FOPS_SPAN_LITERAL("(null)")) || fops_span_equal(v.raw, FOPS_SPAN_LITERAL("(none)")) ||
            fops_span_equal(v.raw, FOPS_SPAN_LITERAL("?")))
                return FOPS_SPAN_ABSENT;
        return v.raw;
}

FopsSpan fops_value_decode(FopsValue v, FopsArena *arena) {
        FopsSpan raw = fops_value_plain(v);
        char *p;

        if (!raw.data || v.quoted)
                return raw;
        if (raw.size == 0 || raw.size % 2 != 0)
                return raw;

        p = fops_arena_alloc(arena, raw.size / 2 + 1);
        if (!p)
                return FOPS_SPAN_ABSENT;

        for (size_t i = 0; i < raw.size / 2; i++) {
                int high = hex_digits[(unsigned char) raw.data[2 * i]], low = hex_digits[(unsigned char) raw.data[2 * i + 1]];

                if (high == 0 || low == 0)
                        return raw;
                p[i] = (char) ((high - 1) << 4 | (low - 1));
        }
        p[raw.size / 2] = '\0';

        return (FopsSpan){ p, raw.size / 2 };
}
