/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "export.h"

#include <endian.h>

#include "utf8.h"

void fops_export_print(const FopsEntry *e, FILE *f) {
        for (size_t i = 0; i < e->n_fields; i++) {
                FopsSpan value = e->fields[i].value;

                fputs_unlocked(e->fields[i].name, f);
                if (fops_utf8_is_printable(value) && !memchr(value.data, '\n', value.size))
                        putc_unlocked('=', f);
                else {
                        uint64_t size = htole64(value.size);

                        putc_unlocked('\n', f);
                        fwrite_unlocked(&size, sizeof(size), 1, f);
                }
                fwrite_unlocked(value.data, 1, value.size, f);
                putc_unlocked('\n', f);
        }
        putc_unlocked('\n', f);
}
