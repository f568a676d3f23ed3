/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "writer.h"

void fops_writer_flush(FopsWriter *w) {
        fwrite_unlocked(w->data, 1, w->size, w->file);
        w->size = 0;
        w->n_flushed++;
}

char *fops_writer_make_room(FopsWriter *w, size_t size) {
        size_t rest = w->size % FOPS_WRITER_BLOCK_BYTES, whole = w->size - rest;

        if (whole > 0 && size <= w->room - rest) {
                w->size = whole;
                fops_writer_flush(w);
                memmove(w->data, w->data + whole, rest);
                w->size = rest;
        } else
                fops_writer_flush(w);
        return size <= w->room ? w->data + w->size : NULL;
}
