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

#define X FOPS_NO_DIGIT
#define NONE X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X
#define LETTERS X, 10, 11, 12, 13, 14, 15, X, X, X, X, X, X, X, X, X
const uint8_t fops_digits[256] = {
        NONE, NONE, NONE, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, X, X, X, X, X, X, LETTERS, NONE, LETTERS, NONE,
        NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
};
#undef LETTERS
#undef NONE
#undef X

static inline bool span_to_u64_by_bits(FopsSpan s, unsigned bits, uint64_t *ret) {
        uint64_t v = 0;

        if (s.size == 0)
                return false;

        for (size_t i = 0; i < s.size; i++) {
                unsigned d = fops_digits[(unsigned char) s.data[i]];

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
