/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "utf8.h"

#include "plain.h"

size_t fops_utf8_decode(FopsSpan s, uint32_t *ret) {
        static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
        unsigned char first;
        size_t size;
        uint32_t c;

        if (s.size == 0)
                return 0;

        first = (unsigned char) s.data[0];
        if (first < 0x80) {
                *ret = first;
                return 1;
        }

        if ((first & 0xe0) == 0xc0)
                size = 2;
        else if ((first & 0xf0) == 0xe0)
                size = 3;
        else if ((first & 0xf8) == 0xf0)
                size = 4;
        else
                return 0;
        if (size > s.size)
                return 0;

        c = first & (0x7fU >> size);
        for (size_t i = 1; i < size; i++) {
                unsigned char next = (unsigned char) s.data[i];

                if ((next & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (next & 0x3f);
        }

        /* Too long a form, beyond Unicode, a surrogate, a noncharacter: unichar_is_valid() of systemd. */
        if (c < smallest[size] || c > 0x10ffff || (c & 0xfffff800) == 0xd800 || (c >= 0xfdd0 && c <= 0xfdef) ||
            (c & 0xfffe) == 0xfffe)
                return 0;

        *ret = c;
        return size;
}

static bool is_control(uint32_t c) {
        return c < ' ' || (c >= 0x7f && c <= 0x9f);
}

bool fops_utf8_is_printable(FopsSpan s) {
        uint32_t c;
        size_t n;

        for (; s.size > 0; s = fops_span_skip(s, n)) {
                n = fops_plain_size(s);
                if (n > 0)
                        continue;
                n = fops_utf8_decode(s, &c);
                if (n == 0 || (is_control(c) && c != '\t' && c != '\n'))
                        return false;
        }
        return true;
}

bool fops_utf8_is_safe(uint32_t c) {
        static const struct {
                uint32_t first, last;
        } hidden[] = {
                { 0x00ad, 0x00ad },   /* soft hyphen */
                { 0x061c, 0x061c },   /* Arabic letter mark */
                { 0x115f, 0x1160 },   /* Hangul fillers */
                { 0x180e, 0x180e },   /* Mongolian vowel separator */
                { 0x200b, 0x200f },   /* zero width space and joiners, direction marks */
                { 0x2028, 0x202e },   /* line and paragraph separator, bidirectional embeddings and overrides */
                { 0x2060, 0x206f },   /* word joiner, invisible operators, bidirectional isolates */
                { 0x3164, 0x3164 },   /* Hangul filler */
                { 0xfeff, 0xfeff },   /* zero width no-break space */
                { 0xfff9, 0xfffb },   /* interlinear annotations */
                { 0xe0000, 0xe007f }, /* tags */
        };

        if (is_control(c))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(hidden); i++)
                if (c >= hidden[i].first && c <= hidden[i].last)
                        return false;
        return true;
}

bool fops_utf8_is_space(uint32_t c) {
        return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f ||
               c == 0x3000;
}
