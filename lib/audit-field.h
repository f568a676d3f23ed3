/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Walks the name=value pairs of a record's body:
 *   item=0 name="/etc/x" inode=7 nametype=NORMAL
 * Words without '=' are passed over (avc: denied { read }); a quoted value ends at its quote, whatever it looks like, so that
 * comm="key=x" is one field; '…' of user-space messages is one value. In a header, since a record is thirty fields and a million
 * records a second are wanted; what compilers think too large for it is told to be inline. Pure. */

#include "audit-value.h"
#include "bytes.h"

typedef struct FopsFieldReader {
        const char *p, *end; /* what is left */
} FopsFieldReader;

static inline FopsFieldReader fops_field_reader(FopsSpan body) {
        return (FopsFieldReader){ body.data, fops_span_end(body) };
}

/* ',' parts the fields of some user-space messages. */
static inline bool fops_parts_fields(char c) {
        return c == ' ' || c == ',' || c == '\n' || c == '\0';
}

/* The value that stands there, behind its '='. */
static _always_inline_ FopsValue fops_field_take_value(FopsFieldReader *r) {
        const char *start = r->p, *stop;

        if (start < r->end && (*start == '"' || *start == '\'')) {
                stop = fops_find(start + 1, r->end, *start);
                if (stop < r->end) {
                        r->p = stop + 1;
                        return (FopsValue){ { start + 1, (size_t) (stop - start - 1) }, true };
                }
        }

        r->p = stop = fops_find(start, r->end, ' ');
        return (FopsValue){ { start, (size_t) (stop - start) }, false };
}

/* The same for a number, which is read while its end is looked for. False if it is none; it is passed over then, too. */
static _always_inline_ bool fops_field_take_u64(FopsFieldReader *r, uint64_t *ret) {
        const char *p = r->p;
        uint64_t v = 0;

        for (unsigned d; p < r->end && (d = (unsigned char) *p - (unsigned) '0') <= 9; p++)
                v = v * 10 + d;
        if (p == r->p || (size_t) (p - r->p) > FOPS_DIGITS_SAFE || (p < r->end && *p != ' '))
                return fops_span_to_u64(fops_field_take_value(r).raw, ret);
        r->p = p;
        *ret = v;
        return true;
}

/* The same in hexadecimal; false, and not passed over, if it is none. */
static inline bool fops_field_take_hex(FopsFieldReader *r, uint64_t *ret) {
        const char *p = r->p;
        uint64_t v = 0;

        for (unsigned d; p < r->end && (d = fops_digits[(unsigned char) *p]) < 16; p++)
                v = v << 4 | d;
        if (p == r->p || (size_t) (p - r->p) > 2 * sizeof(v) || (p < r->end && *p != ' '))
                return false;
        r->p = p;
        *ret = v;
        return true;
}

/* Goes to the next value. False at the end. */
static inline bool fops_field_next_name(FopsFieldReader *r, FopsSpan *name) {
        const char *start;

        for (;; r->p++) {
                while (r->p < r->end && fops_parts_fields(*r->p))
                        r->p++;
                start = r->p;
                r->p = fops_find_either(start, r->end, '=', ' ');
                if (r->p >= r->end)
                        return false;
                if (*r->p == '=' && r->p > start)
                        break;
        }
        *name = (FopsSpan){ start, (size_t) (r->p++ - start) };
        return true;
}

/* False at the end. *@name and *@value borrow. */
static inline bool fops_field_next(FopsFieldReader *r, FopsSpan *name, FopsValue *value) {
        if (!fops_field_next_name(r, name))
                return false;
        *value = fops_field_take_value(r);
        return true;
}

/* The names that a type of record has, in the order in which the kernel writes them. That is only an expectation, but looking for one
 * name costs much less than finding out which it is. */
typedef struct FopsFieldName {
        FopsBytes text; /* "inode=", and zeros */
        FopsBytes mask; /* all bits of its bytes */
        uint8_t size;
} FopsFieldName;

#define FOPS_FIELD_BYTE(s, i) ((i) < sizeof(s) ? (s)[(i) < sizeof(s) ? (i) : 0] : 0)
#define FOPS_FIELD_MASK(s, i) ((i) < sizeof(s) - 1 ? 0xff : 0)
#define FOPS_FIELD_SIXTEEN(of, s) \
        { of(s, 0), of(s, 1), of(s, 2),  of(s, 3),  of(s, 4),  of(s, 5),  of(s, 6),  of(s, 7), \
          of(s, 8), of(s, 9), of(s, 10), of(s, 11), of(s, 12), of(s, 13), of(s, 14), of(s, 15) }
#define FOPS_FIELD_NAME(s) \
        { FOPS_FIELD_SIXTEEN(FOPS_FIELD_BYTE, s "="), FOPS_FIELD_SIXTEEN(FOPS_FIELD_MASK, s "="), sizeof(s) }

/* @p has as many bytes as any name. */
static inline bool fops_field_is(const char *p, const FopsFieldName *name) {
        return fops_bytes_are_zero((fops_bytes_load(p) ^ name->text) & name->mask);
}

/* Goes to the value of @name, if that is what comes next. */
static inline bool fops_field_expect(FopsFieldReader *r, const FopsFieldName *name) {
        const char *p = r->p;

        if (r->end - p <= (ptrdiff_t) sizeof(name->text))
                return false;
        p += *p == ' ';
        if (!fops_field_is(p, name))
                return false;
        r->p = p + name->size;
        return true;
}

/* Goes to the next value, and gives its name's place among the @n of @names; @n if it is none of them. Negative at the end. *@at is the
 * place where to look first: 0 to begin with. */
static _always_inline_ int fops_field_next_of(FopsFieldReader *r, const FopsFieldName names[], int n, int *at) {
        FopsSpan name;
        int i;

        /* Nearly always the one expected, or one is left out. */
        if (r->end - r->p > (ptrdiff_t) sizeof(names->text)) {
                const char *p = r->p + (*r->p == ' ');

                for (i = *at; i < n && i < *at + 2; i++)
                        if (fops_field_is(p, names + i)) {
                                r->p = p + names[i].size;
                                *at = i + 1;
                                return i;
                        }
        }

        if (!fops_field_next_name(r, &name))
                return -1;
        for (i = 0; i < n; i++)
                if (name.size + 1 == names[i].size && memcmp(name.data, &names[i].text, name.size) == 0) {
                        *at = i + 1;
                        return i;
                }
        return n;
}
