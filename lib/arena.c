/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arena.h"

#include <stdarg.h>
#include <stdio.h>

/* Holds the records of a usual event (five, 1.2 KB) and what is decoded from them, so that most events need one block. */
#define ARENA_BLOCK_BYTES ((size_t) 4096 - sizeof(FopsArenaBlock))

void fops_arena_done(FopsArena *a) {
        FopsArenaBlock *next;

        for (FopsArenaBlock *b = a->head; b; b = next) {
                next = b->next;
                free(b);
        }
        *a = (FopsArena){};
}

void fops_arena_reset(FopsArena *a) {
        FopsArenaBlock *keep = NULL, *next;

        for (FopsArenaBlock *b = a->head; b; b = next) {
                next = b->next;
                /* Keep a block of the usual size; a huge one came from a huge event and goes. */
                if (!keep && b->size == ARENA_BLOCK_BYTES)
                        keep = b;
                else
                        free(b);
        }

        if (keep) {
                keep->next = NULL;
                keep->used = 0;
        }
        *a = (FopsArena){ .head = keep };
}

void *fops_arena_alloc_slowly(FopsArena *a, size_t need) {
        size_t block = MAX(need, ARENA_BLOCK_BYTES);
        FopsArenaBlock *b;

        b = malloc(sizeof(FopsArenaBlock) + block);
        if (!b)
                return NULL;
        b->size = block;
        b->used = need;

        /* A block made for one large object stands behind the head, so that the head's rest stays in use. */
        if (a->head && block > ARENA_BLOCK_BYTES) {
                b->next = a->head->next;
                a->head->next = b;
        } else {
                b->next = a->head;
                a->head = b;
        }
        a->used_bytes += need;
        return b->data;
}

void *fops_arena_calloc(FopsArena *a, size_t n, size_t size) {
        void *p;

        if (size != 0 && n > SIZE_MAX / size)
                return NULL;
        p = fops_arena_alloc(a, n * size);
        return p ? memset(p, 0, n * size) : NULL;
}

FopsSpan fops_arena_printf(FopsArena *a, const char *format, ...) {
        va_list ap;
        int n;
        char *p;

        va_start(ap, format);
        n = vsnprintf(NULL, 0, format, ap);
        va_end(ap);
        if (n < 0)
                return FOPS_SPAN_ABSENT;

        p = fops_arena_alloc(a, (size_t) n + 1);
        if (!p)
                return FOPS_SPAN_ABSENT;

        va_start(ap, format);
        vsnprintf(p, (size_t) n + 1, format, ap);
        va_end(ap);
        return (FopsSpan){ p, (size_t) n };
}
