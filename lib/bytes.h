/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Sixteen bytes at once: GCC's and clang's own vectors, which are registers where the processor has such, and pieces where it
 * hasn't. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t FopsBytes __attribute__((vector_size(16)));

static inline FopsBytes fops_bytes_load(const char *p) {
        FopsBytes bytes;

        memcpy(&bytes, p, sizeof(bytes));
        return bytes;
}

static inline bool fops_bytes_are_zero(FopsBytes bytes) {
        typedef uint64_t Halves __attribute__((vector_size(16)));
        Halves halves = (Halves) bytes;

        return (halves[0] | halves[1]) == 0;
}

/* Are these the same? @size is sixteen or more, and a few times that at most: else memcmp(3) is quicker. */
static inline bool fops_bytes_are_same(const char *a, const char *b, size_t size) {
        FopsBytes others = fops_bytes_load(a + size - sizeof(others)) ^ fops_bytes_load(b + size - sizeof(others));

        for (size_t i = 0; i + sizeof(others) < size; i += sizeof(others))
                others |= fops_bytes_load(a + i) ^ fops_bytes_load(b + i);
        return fops_bytes_are_zero(others);
}
