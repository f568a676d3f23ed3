/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plain.h"

size_t fops_plain_size(FopsSpan s) {
        size_t i = 0;

        while (i + sizeof(FopsBytes) <= s.size && fops_bytes_are_zero(fops_plain_check(fops_bytes_load(s.data + i), ' ')))
                i += sizeof(FopsBytes);
        while (i < s.size && s.data[i] >= ' ' && s.data[i] < 0x7f && s.data[i] != '"' && s.data[i] != '\\')
                i++;
        return i;
}
