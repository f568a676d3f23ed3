/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A line of JSON. What is taken comes out the same when it is written and read again. */

#include <stdio.h>

#include "json-read.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const FopsEntry *e) {
        static FopsEntry again;
        _cleanup_free_ char *line = NULL;
        size_t size;
        FILE *f = open_memstream(&line, &size);

        if (!f)
                abort();
        fops_json_print(e, f);
        if (fclose(f) != 0 || fops_json_read(&again, (FopsSpan){ line, size }) != 0 || again.n_fields != e->n_fields)
                abort();
        fops_entry_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static FopsEntry e;

        if (fops_json_read(&e, (FopsSpan){ (const char *) data, size }) == 0)
                check_again(&e);
        fops_entry_done(&e);
        return 0;
}
