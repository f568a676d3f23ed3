/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "line.h"

static size_t count_digits(uint64_t value) {
        size_t n = 1;

        for (; value >= 10000; value /= 10000)
                n += 4;
        return n + (value >= 10) + (value >= 100) + (value >= 1000);
}

size_t fops_format_u64(char to[static FOPS_NUMBER_BYTES], uint64_t value) {
        static const char pairs[200] = "00010203040506070809" "10111213141516171819" "20212223242526272829" "30313233343536373839"
                                       "40414243444546474849" "50515253545556575859" "60616263646566676869" "70717273747576777879"
                                       "80818283848586878889" "90919293949596979899";
        size_t size = count_digits(value), i = size;

        for (; value >= 100; value /= 100)
                memcpy(to + (i -= 2), pairs + value % 100 * 2, 2);
        if (value >= 10)
                memcpy(to, pairs + value * 2, 2);
        else
                to[0] = (char) ('0' + value);
        return size;
}

void fops_line_put_u64(FopsLine *l, uint64_t value) {
        char digits[FOPS_NUMBER_BYTES];

        fops_line_put(l, digits, fops_format_u64(digits, value));
}

void fops_line_put_i64(FopsLine *l, int64_t value) {
        if (value < 0)
                fops_line_put(l, "-", 1);
        fops_line_put_u64(l, value < 0 ? -(uint64_t) value : (uint64_t) value);
}

void fops_line_put_bits(FopsLine *l, uint64_t value, unsigned bits, unsigned n_min) {
        unsigned n = value > 0 ? (64 - (unsigned) __builtin_clzll(value) + bits - 1) / bits : 1;
        char digits[FOPS_NUMBER_BYTES];

        n = MAX(n, n_min);
        for (unsigned i = n; i > 0; value >>= bits)
                digits[--i] = "0123456789abcdef"[value & ((1U << bits) - 1)];
        fops_line_put(l, digits, n);
}
