/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Bytes on their way to a stdio stream, collected in a block of memory: an entry's line is a hundred small pieces, and a call of stdio's
 * costs more than most of them. */

#include <stdio.h>

#include "span.h"

/* What is collected goes out in multiples of this, if there is so much: the kernel gives a file memory in pieces as large, if they are
 * written whole, and takes half as long again where they aren't. */
#define FOPS_WRITER_BLOCK_BYTES ((size_t) 1 << 16)

typedef struct FopsWriter {
        FILE *file;
        char *data;
        size_t room, size;
        size_t n_flushed; /* times */
} FopsWriter;

/* @data, of @room bytes, is borrowed. */
static inline FopsWriter fops_writer(FILE *file, char *data, size_t room) {
        return (FopsWriter){ .file = file, .data = data, .room = room };
}

/* What is collected goes to the stream, whose error indicator tells of trouble. To be called at the end. */
void fops_writer_flush(FopsWriter *w);

/* Room for @size bytes in one piece, to be written and then told by _took; NULL if there is never so much. */
char *fops_writer_make_room(FopsWriter *w, size_t size);
static inline char *fops_writer_room(FopsWriter *w, size_t size) {
        return size <= w->room - w->size ? w->data + w->size : fops_writer_make_room(w, size);
}

static inline void fops_writer_took(FopsWriter *w, size_t size) {
        w->size += size;
}

static inline void fops_writer_put(FopsWriter *w, const char *data, size_t size) {
        char *room = fops_writer_room(w, size);

        if (!room) {
                fwrite_unlocked(data, 1, size, w->file);
                return;
        }
        memcpy(room, data, size);
        fops_writer_took(w, size);
}

static inline void fops_writer_put_string(FopsWriter *w, const char *s) {
        fops_writer_put(w, s, strlen(s));
}
