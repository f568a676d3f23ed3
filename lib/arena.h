/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Memory with one lifetime: everything that belongs to one event is taken from its arena and freed by one call.
 * Not thread-safe; an arena belongs to one owner. */

#include "span.h"

typedef struct FopsArenaBlock {
        struct FopsArenaBlock *next;
        size_t size, used;
        _Alignas(max_align_t) char data[];
} FopsArenaBlock;

typedef struct FopsArena {
        FopsArenaBlock *head; /* newest block first */
        size_t used_bytes;    /* handed out; what the caps count */
} FopsArena;

/* An all-zero FopsArena is an empty one. _done frees all blocks and leaves an empty arena; _reset keeps one block for reuse. */
void fops_arena_done(FopsArena *a);
void fops_arena_reset(FopsArena *a);

/* Of its own for what finds no room in the newest block; @need as rounded by _alloc. */
void *fops_arena_alloc_slowly(FopsArena *a, size_t need);

/* Returns @size bytes, aligned for any object, not cleared, or NULL when memory is out. @size 0 gives a valid pointer. */
static inline void *fops_arena_alloc(FopsArena *a, size_t size) {
        size_t align = _Alignof(max_align_t), need = (size + !size + align - 1) & ~(align - 1);
        FopsArenaBlock *b = a->head;
        void *p;

        if (size > SIZE_MAX / 2)
                return NULL;
        if (!b || b->size - b->used < need)
                return fops_arena_alloc_slowly(a, need);
        p = b->data + b->used;
        b->used += need;
        a->used_bytes += need;
        return p;
}

/* The same, cleared; NULL also when @n * @size overflows. */
void *fops_arena_calloc(FopsArena *a, size_t n, size_t size);

/* Copies @s; the copy is followed by a NUL that isn't counted. An absent span, or one when memory is out, gives absent. */
static inline FopsSpan fops_arena_copy(FopsArena *a, FopsSpan s) {
        char *p = s.data && s.size < SIZE_MAX ? fops_arena_alloc(a, s.size + 1) : NULL;

        if (!p)
                return FOPS_SPAN_ABSENT;
        memcpy(p, s.data, s.size);
        p[s.size] = '\0';
        return (FopsSpan){ p, s.size };
}

/* Formats into the arena; absent when memory is out. */
FopsSpan fops_arena_printf(FopsArena *a, const char *format, ...) _printf_(2, 3);
