/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "span.h"

bool fops_span_to_u64(FopsSpan s, uint64_t *ret) {
        uint64_t v = 0;

        if (s.size == 0)
                return false;

        for (size_t i = 0; i < s.size; i++) {
                unsigned d = (unsigned char) s.data[i] - (unsigned) '0';

                if (d > 9 || (i >= FOPS_DIGITS_SAFE && v > (UINT64_MAX - d) / 10))
                        return false;
                v = v * 10 + d;
        }

        *ret = v;
        return true;
}

bool fops_span_to_u32(FopsSpan s, uint32_t *ret) {
        uint64_t v;

        if (!fops_span_to_u64(s, &v) || v > UINT32_MAX)
                return false;

        *ret = (uint32_t) v;
        return true;
}

bool fops_span_to_i64(FopsSpan s, int64_t *ret) {
        bool negative = s.size > 0 && s.data[0] == '-';
        uint64_t v;

        if (!fops_span_to_u64(negative ? fops_span_skip(s, 1) : s, &v))
                return false;
        if (v > (uint64_t) INT64_MAX + negative)
                return false;

        *ret = negative ? (int64_t) (0 - v) : (int64_t) v;
        return true;
}

/* A digit's value and one, so that everything not named here is none. */
static const uint8_t digits[256] = {
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
        ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
        ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

static inline bool span_to_u64_by_bits(FopsSpan s, unsigned bits, uint64_t *ret) {
        uint64_t v = 0;

        if (s.size == 0)
                return false;

        for (size_t i = 0; i < s.size; i++) {
                unsigned d = digits[(unsigned char) s.data[i]] - 1U;

                if (d >= 1U << bits || v >> (64 - bits) != 0)
                        return false;
                v = (v << bits) | d;
        }

        *ret = v;
        return true;
}

bool fops_span_hex_to_u64(FopsSpan s, uint64_t *ret) {
        return span_to_u64_by_bits(s, 4, ret);
}

bool fops_span_octal_to_u64(FopsSpan s, uint64_t *ret) {
        return span_to_u64_by_bits(s, 3, ret);
}

uint64_t fops_hash_continue(uint64_t hash, const void *data, size_t size) {
        const unsigned char *p = data;

        for (size_t i = 0; i < size; i++)
                hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
        return hash;
}

uint64_t fops_span_hash(FopsSpan s) {
        return fops_hash_continue(FOPS_HASH_INIT, s.data, s.size);
}
