/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Bytes that are nothing but themselves in every output: printable ASCII, but no quote and no backslash. Nearly all values consist
 * of nothing else; so they are looked at sixteen at once, while they are copied. */

#include "bytes.h"
#include "span.h"

/* A byte is 0 if it is plain, and not below @first: ' ', or '!' where blanks aren't wanted. */
static inline FopsBytes fops_plain_check(FopsBytes bytes, uint8_t first) {
        FopsBytes is_outside = (FopsBytes) ((FopsBytes) (bytes - first) > (uint8_t) ('~' - first));

        return is_outside | (FopsBytes) (bytes == '"') | (FopsBytes) (bytes == '\\');
}

/* Copies @s to @to, where there is room for it. False if it isn't plain, or has a byte below @first; @to then holds anything. Short
 * values, most of them, by their two ends, which overlap. */
static _always_inline_ bool fops_plain_copy_from(char *to, FopsSpan s, uint8_t first) {
        FopsBytes bytes, found = {};
        uint64_t halves[2];
        uint32_t low, high;

        if (s.size >= sizeof(bytes)) {
                for (size_t i = 0; i < s.size - sizeof(bytes); i += sizeof(bytes)) {
                        bytes = fops_bytes_load(s.data + i);
                        memcpy(to + i, &bytes, sizeof(bytes));
                        found |= fops_plain_check(bytes, first);
                }
                bytes = fops_bytes_load(s.data + s.size - sizeof(bytes));
                memcpy(to + s.size - sizeof(bytes), &bytes, sizeof(bytes));
                return fops_bytes_are_zero(found | fops_plain_check(bytes, first));
        }

        if (s.size >= sizeof(halves[0])) {
                memcpy(halves + 0, s.data, sizeof(halves[0]));
                memcpy(halves + 1, s.data + s.size - sizeof(halves[1]), sizeof(halves[1]));
                memcpy(to, halves + 0, sizeof(halves[0]));
                memcpy(to + s.size - sizeof(halves[1]), halves + 1, sizeof(halves[1]));
        } else if (s.size >= sizeof(low)) {
                memcpy(&low, s.data, sizeof(low));
                memcpy(&high, s.data + s.size - sizeof(high), sizeof(high));
                memcpy(to, &low, sizeof(low));
                memcpy(to + s.size - sizeof(high), &high, sizeof(high));
                halves[0] = halves[1] = low | (uint64_t) high << 32;
        } else {
                halves[0] = UINT64_C(0x3030303030303030); /* of plain ones */
                for (size_t i = 0; i < s.size; i++) {
                        to[i] = s.data[i];
                        halves[0] = halves[0] << 8 | (unsigned char) s.data[i];
                }
                halves[1] = halves[0];
        }
        memcpy(&bytes, halves, sizeof(bytes));
        return fops_bytes_are_zero(fops_plain_check(bytes, first));
}

static _always_inline_ bool fops_plain_copy(char *to, FopsSpan s) {
        return fops_plain_copy_from(to, s, ' ');
}

/* How many bytes at the front of @s are plain. */
size_t fops_plain_size(FopsSpan s);
