/* SPDX-License-Identifier: GPL-2.0-or-later */

/* JSON of fopsd's status: what runs as root reads it from a socket. */

#include "json-reader.h"

static size_t walk(const FopsJson *j, FopsArena *arena) {
        size_t n = 0;

        for (; j; j = j->next)
                n += 1 + fops_json_bytes(j, arena).size + fops_json_number(j) % 2 + walk(j->first, arena);
        return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(fops_arena_done) FopsArena arena = {};

        (void) walk(fops_json_parse((FopsSpan){ (const char *) data, size }, &arena), &arena);
        return 0;
}
