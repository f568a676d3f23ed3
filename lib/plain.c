/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plain.h"

size_t fops_plain_size(FopsSpan s) {
        size_t i = 0;
        uint64_t bytes;

        for (; i + sizeof(bytes) <= s.size; i += sizeof(bytes)) {
                memcpy(&bytes, s.data + i, sizeof(bytes));
                if (fops_plain_check(bytes) != 0)
                        break;
        }
        while (i < s.size && s.data[i] >= ' ' && s.data[i] < 0x7f && s.data[i] != '"' && s.data[i] != '\\')
                i++;
        return i;
}
