/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Bytes that are nothing but themselves in every output: printable ASCII, but no quote and no backslash. Nearly all values consist
 * of nothing else; so they are looked at eight at once, while they are copied. */

#include "span.h"

/* Not 0 if one of the eight isn't plain. Its top bit, or a borrow's or carry's, which come from one that isn't. */
static inline uint64_t fops_plain_check(uint64_t bytes) {
        const uint64_t each = UINT64_C(0x0101010101010101);
        uint64_t quote = bytes ^ each * '"', backslash = bytes ^ each * '\\';

        return (bytes | (bytes - each * ' ') | (bytes + each) | (quote - each) | (backslash - each)) & each * 0x80;
}

/* Copies @s to @to, where there is room for it. False if it isn't plain; @to then holds anything. */
static inline bool fops_plain_copy(char *to, FopsSpan s) {
        uint64_t bytes = 0, found = 0;
        uint32_t low, high;

        if (s.size >= sizeof(bytes)) {
                for (size_t i = 0; i < s.size - sizeof(bytes); i += sizeof(bytes)) {
                        memcpy(&bytes, s.data + i, sizeof(bytes));
                        memcpy(to + i, &bytes, sizeof(bytes));
                        found |= fops_plain_check(bytes);
                }
                memcpy(&bytes, s.data + s.size - sizeof(bytes), sizeof(bytes));
                memcpy(to + s.size - sizeof(bytes), &bytes, sizeof(bytes));
        } else if (s.size >= sizeof(low)) {
                memcpy(&low, s.data, sizeof(low));
                memcpy(&high, s.data + s.size - sizeof(high), sizeof(high));
                memcpy(to, &low, sizeof(low));
                memcpy(to + s.size - sizeof(high), &high, sizeof(high));
                bytes = low | (uint64_t) high << 32;
        } else {
                bytes = UINT64_C(0x2020202020202020);
                for (size_t i = 0; i < s.size; i++) {
                        to[i] = s.data[i];
                        bytes = bytes << 8 | (unsigned char) s.data[i];
                }
        }
        return (found | fops_plain_check(bytes)) == 0;
}

/* How many bytes at the front of @s are plain. */
size_t fops_plain_size(FopsSpan s);
