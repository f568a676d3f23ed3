/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "line.h"

/* 64 bits in octal. */
#define DIGITS_MAX 22U

void fops_line_put_u64(FopsLine *l, uint64_t value) {
        char digits[DIGITS_MAX];
        size_t i = sizeof(digits);

        do
                digits[--i] = (char) ('0' + value % 10);
        while ((value /= 10) > 0);
        fops_line_put(l, digits + i, sizeof(digits) - i);
}

void fops_line_put_i64(FopsLine *l, int64_t value) {
        if (value < 0)
                fops_line_put(l, "-", 1);
        fops_line_put_u64(l, value < 0 ? -(uint64_t) value : (uint64_t) value);
}

void fops_line_put_bits(FopsLine *l, uint64_t value, unsigned bits, unsigned n_min) {
        char digits[DIGITS_MAX];
        size_t i = sizeof(digits);

        do {
                digits[--i] = "0123456789abcdef"[value & ((1U << bits) - 1)];
                value >>= bits;
        } while (value > 0 || sizeof(digits) - i < n_min);
        fops_line_put(l, digits + i, sizeof(digits) - i);
}
