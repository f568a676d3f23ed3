/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Byte ranges, borrowed from whoever owns the memory, and the scanners over them. A span may hold any byte, NUL included.
 * data == NULL is "absent", which is not the same as empty. All functions are pure and thread-safe. */

#include <endian.h>
#include <string.h>

#include "util.h"

typedef struct FopsSpan {
        const char *data; /* NULL: absent */
        size_t size;
} FopsSpan;

#define FOPS_SPAN_ABSENT ((FopsSpan){ NULL, 0 })
#define FOPS_SPAN_LITERAL(s) ((FopsSpan){ "" s "", sizeof(s) - 1 })

/* NULL gives an absent span. Borrows @s. */
static inline FopsSpan fops_span_from_string(const char *s) {
        return s ? (FopsSpan){ s, strlen(s) } : FOPS_SPAN_ABSENT;
}

static inline bool fops_span_is_present(FopsSpan s) {
        return s.data != NULL;
}

/* Two absent spans are equal; absent and empty are not. */
static inline bool fops_span_equal(FopsSpan a, FopsSpan b) {
        if (!a.data || !b.data)
                return a.data == b.data;
        return a.size == b.size && (b.size == 0 || memcmp(a.data, b.data, b.size) == 0);
}

static inline bool fops_span_equal_string(FopsSpan a, const char *s) {
        return fops_span_equal(a, fops_span_from_string(s));
}

static inline bool fops_span_starts_with(FopsSpan a, FopsSpan prefix) {
        return a.data && prefix.data && a.size >= prefix.size && memcmp(a.data, prefix.data, prefix.size) == 0;
}

static inline bool fops_span_ends_with(FopsSpan a, FopsSpan suffix) {
        return a.data && suffix.data && a.size >= suffix.size &&
               memcmp(a.data + a.size - suffix.size, suffix.data, suffix.size) == 0;
}

/* One behind the last byte; NULL for an absent span, to which C allows nothing to be added, not even 0. */
static inline const char *fops_span_end(FopsSpan a) {
        return a.data ? a.data + a.size : NULL;
}

/* What is behind the first @n bytes: nothing, where there are no more. Absent stays absent. */
static inline FopsSpan fops_span_skip(FopsSpan a, size_t n) {
        return a.data && n < a.size ? (FopsSpan){ a.data + n, a.size - n } : (FopsSpan){ fops_span_end(a), 0 };
}

/* As mempcpy(3), for what is short as a rule: that is copied by its two ends, which overlap, since a call costs more. */
static inline char *fops_copy_short(char *to, const char *from, size_t size) {
        struct { uint64_t a, b; } wide[2]; /* sixteen bytes each */
        uint64_t halves[2];
        uint32_t low, high;

        if (size > sizeof(wide))
                return mempcpy(to, from, size);
        if (size >= sizeof(wide[0])) {
                memcpy(wide + 0, from, sizeof(wide[0]));
                memcpy(wide + 1, from + size - sizeof(wide[1]), sizeof(wide[1]));
                memcpy(to, wide + 0, sizeof(wide[0]));
                memcpy(to + size - sizeof(wide[1]), wide + 1, sizeof(wide[1]));
        } else if (size >= sizeof(halves[0])) {
                memcpy(halves + 0, from, sizeof(halves[0]));
                memcpy(halves + 1, from + size - sizeof(halves[1]), sizeof(halves[1]));
                memcpy(to, halves + 0, sizeof(halves[0]));
                memcpy(to + size - sizeof(halves[1]), halves + 1, sizeof(halves[1]));
        } else if (size >= sizeof(low)) {
                memcpy(&low, from, sizeof(low));
                memcpy(&high, from + size - sizeof(high), sizeof(high));
                memcpy(to, &low, sizeof(low));
                memcpy(to + size - sizeof(high), &high, sizeof(high));
        } else
                for (size_t i = 0; i < size; i++)
                        to[i] = from[i];
        return to + size;
}

/* The top bit of each byte that is @c, and perhaps of some behind the first of them. */
static inline uint64_t fops_bytes_equal(uint64_t bytes, char c) {
        const uint64_t each = UINT64_C(0x0101010101010101);
        uint64_t x = bytes ^ each * (unsigned char) c;

        return (x - each) & ~x & each * 0x80;
}

/* The first @a or @b from @p on; @end if there is none. For what is usually found within a few bytes, where a call of memchr(3)
 * costs more than the search: eight at once. */
static inline const char *fops_find_either(const char *p, const char *end, char a, char b) {
        uint64_t bytes, found;

        for (; end - p >= (ptrdiff_t) sizeof(bytes); p += sizeof(bytes)) {
                memcpy(&bytes, p, sizeof(bytes));
                bytes = le64toh(bytes);
                found = fops_bytes_equal(bytes, a) | fops_bytes_equal(bytes, b);
                if (found != 0)
                        return p + __builtin_ctzll(found) / 8;
        }
        while (p < end && *p != a && *p != b)
                p++;
        return p;
}

static inline const char *fops_find(const char *p, const char *end, char c) {
        return fops_find_either(p, end, c, c);
}

/* So many decimal digits always fit into 64 bits. */
#define FOPS_DIGITS_SAFE 19U

/* Whole-span numbers: true and *ret set only if every byte belongs to the number, there is at least one, and it fits. */
bool fops_span_to_u64(FopsSpan s, uint64_t *ret);
bool fops_span_to_u32(FopsSpan s, uint32_t *ret);
bool fops_span_to_i64(FopsSpan s, int64_t *ret); /* one leading '-' allowed */
bool fops_span_hex_to_u64(FopsSpan s, uint64_t *ret); /* no 0x */
bool fops_span_octal_to_u64(FopsSpan s, uint64_t *ret);

/* What a digit of any base up to 16 stands for; of all other bytes FOPS_NO_DIGIT. */
#define FOPS_NO_DIGIT 0xffU
extern const uint8_t fops_digits[256];

/* FNV-1a, 64 bit: for tables of trusted size (caps stand at the callers) and for tags, never for security. */
uint64_t fops_span_hash(FopsSpan s);
uint64_t fops_hash_continue(uint64_t hash, const void *data, size_t size);
#define FOPS_HASH_INIT UINT64_C(0xcbf29ce484222325)
