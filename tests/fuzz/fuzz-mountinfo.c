/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Any text is some mounts and some lines that aren't; every line is one or the other. */

#include "mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        FopsSpan text = { (const char *) data, size };
        size_t n_lines = size > 0 && data[size - 1] != '\n';
        FopsMounts m;

        for (size_t i = 0; i < size; i++)
                n_lines += data[i] == '\n';
        if (fops_mounts_parse(text, &m) < 0 || m.n_items + m.n_malformed != n_lines)
                abort();
        for (size_t i = 0; i < m.n_items; i++)
                if (m.items[i].path[0] != '/' || !fops_mounts_by_id(&m, m.items[i].id) ||
                    !fops_mounts_at(&m, fops_span_from_string(m.items[i].path)))
                        abort();
        fops_mounts_done(&m);
        return 0;
}
