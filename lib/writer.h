/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Bytes on their way to a stdio stream, collected in a block of the caller's stack: an entry's line is a hundred small pieces, and
 * a call of stdio's costs more than most of them. */

#include <stdio.h>

#include "span.h"

/* A usual entry in one piece, an unusual one in a few. */
#define FOPS_WRITER_BYTES ((size_t) 4096)

typedef struct FopsWriter {
        FILE *file;
        size_t size;
        size_t n_flushed; /* times */
        char data[FOPS_WRITER_BYTES];
} FopsWriter;

/* Leaves the block as it is: an initialiser would clear it. */
static inline void fops_writer_init(FopsWriter *w, FILE *file) {
        w->file = file;
        w->size = w->n_flushed = 0;
}

/* What is collected goes to the stream, whose error indicator tells of trouble. To be called at the end. */
static inline void fops_writer_flush(FopsWriter *w) {
        fwrite_unlocked(w->data, 1, w->size, w->file);
        w->size = 0;
        w->n_flushed++;
}

/* Room for @size bytes in one piece, to be written and then told by _took; NULL if there is never so much. */
static inline char *fops_writer_room(FopsWriter *w, size_t size) {
        if (size > FOPS_WRITER_BYTES - w->size) {
                fops_writer_flush(w);
                if (size > FOPS_WRITER_BYTES)
                        return NULL;
        }
        return w->data + w->size;
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
