/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "writer.h"

void fops_writer_flush(FopsWriter *w) {
        fwrite_unlocked(w->data, 1, w->size, w->file);
        w->size = 0;
        w->n_flushed++;
}

char *fops_writer_make_room(FopsWriter *w, size_t size) {
        fops_writer_flush(w);
        return size <= w->room ? w->data : NULL;
}
