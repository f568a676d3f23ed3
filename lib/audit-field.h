/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Walks the name=value pairs of a record's body:
 *   item=0 name="/etc/x" inode=7 nametype=NORMAL
 * Words without '=' are passed over (avc: denied { read }); a quoted value ends at its quote, whatever it looks like, so that
 * comm="key=x" is one field; '…' of user-space messages is one value. In a header, since a record is thirty fields and a million
 * records a second are wanted. Pure. */

#include "audit-value.h"

typedef struct FopsFieldReader {
        FopsSpan rest;
} FopsFieldReader;

static inline FopsFieldReader fops_field_reader(FopsSpan body) {
        return (FopsFieldReader){ body };
}

/* ',' parts the fields of some user-space messages. */
static inline bool fops_parts_fields(char c) {
        return c == ' ' || c == ',' || c == '\n' || c == '\0';
}

/* What stands behind the '=' at @p[-1]. */
static inline FopsValue fops_field_take_value(FopsFieldReader *r, const char *p) {
        const char *end = r->rest.data + r->rest.size, *stop;

        if (p < end && (*p == '"' || *p == '\'')) {
                stop = fops_find(p + 1, end, *p);
                if (stop < end) {
                        r->rest = (FopsSpan){ stop + 1, (size_t) (end - stop - 1) };
                        return (FopsValue){ { p + 1, (size_t) (stop - p - 1) }, true };
                }
        }

        stop = fops_find(p, end, ' ');
        r->rest = (FopsSpan){ stop, (size_t) (end - stop) };
        return (FopsValue){ { p, (size_t) (stop - p) }, false };
}

/* False at the end. *@name and *@value borrow. */
static inline bool fops_field_next(FopsFieldReader *r, FopsSpan *name, FopsValue *value) {
        const char *p = r->rest.data, *end, *start;

        if (r->rest.size == 0)
                return false;
        end = p + r->rest.size;

        for (;; p++) {
                while (p < end && fops_parts_fields(*p))
                        p++;
                start = p;
                p = fops_find_either(p, end, '=', ' ');
                if (p >= end) {
                        r->rest.size = 0;
                        return false;
                }
                if (*p == '=' && p > start)
                        break;
        }
        *name = (FopsSpan){ start, (size_t) (p - start) };
        *value = fops_field_take_value(r, p + 1);
        return true;
}

/* The names that a type of record has, in the order in which the kernel writes them. That is only an expectation, but looking for one
 * name costs much less than finding out which it is. */
typedef struct FopsFieldName {
        char text[15]; /* "inode=", and zeros */
        uint8_t size;
} FopsFieldName;

#define FOPS_FIELD_NAME(s) { s "=", sizeof(s) }

/* @p has as many bytes as any name. */
static inline bool fops_field_is(const char *p, const FopsFieldName *name) {
        uint64_t a, b;

        memcpy(&a, p, sizeof(a));
        memcpy(&b, name->text, sizeof(b));
        if (name->size <= sizeof(a))
                return le64toh(a ^ b) << (64 - 8 * name->size) == 0;
        return a == b && memcmp(p + sizeof(a), name->text + sizeof(a), name->size - sizeof(a)) == 0;
}

/* As fops_field_next(), but gives the name's place among the @n of @names; @n if it is none of them. Negative at the end. *@at is the
 * place where to look first: 0 to begin with. */
static inline int fops_field_next_of(FopsFieldReader *r, const FopsFieldName names[], int n, int *at, FopsValue *value) {
        const char *p = r->rest.data;
        FopsSpan name;
        int i;

        /* Nearly always the one expected, or one is left out. */
        if (r->rest.size > sizeof(names->text)) {
                p += *p == ' ';
                for (i = *at; i < n && i < *at + 2; i++)
                        if (fops_field_is(p, names + i)) {
                                *value = fops_field_take_value(r, p + names[i].size);
                                *at = i + 1;
                                return i;
                        }
        }

        if (!fops_field_next(r, &name, value))
                return -1;
        for (i = 0; i < n; i++)
                if (name.size + 1 == names[i].size && memcmp(name.data, names[i].text, name.size) == 0) {
                        *at = i + 1;
                        return i;
                }
        return n;
}
