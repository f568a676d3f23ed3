/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An entry's fields into the iovecs of sd_journal_sendv(3):
 *   { "FOPSD_PATH", "/srv/data/x" } → "FOPSD_PATH=/srv/data/x"
 * laid out in one buffer that is kept, since the call takes name and value in one piece. */

#include "sink-journal.h"

#define SD_JOURNAL_SUPPRESS_LOCATION /* CODE_FILE and CODE_LINE would name this file in every entry */
#include <systemd/sd-journal.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct FopsSinkJournal {
        char *buffer;
        size_t buffer_bytes;
};

FopsSinkJournal *fops_sink_journal_new(void) {
        return calloc(1, sizeof(FopsSinkJournal));
}

FopsSinkJournal *fops_sink_journal_free(FopsSinkJournal *s) {
        if (!s)
                return NULL;
        free(s->buffer);
        free(s);
        return NULL;
}

static int reserve(FopsSinkJournal *s, const FopsEntry *e) {
        size_t need = 0;
        char *larger;

        for (size_t i = 0; i < e->n_fields; i++)
                need += strlen(e->fields[i].name) + 1 + e->fields[i].value.size;
        if (need <= s->buffer_bytes)
                return 0;

        need = MAX(need, s->buffer_bytes * 2);
        larger = realloc(s->buffer, need);
        if (!larger)
                return -ENOMEM;
        s->buffer = larger;
        s->buffer_bytes = need;
        return 0;
}

int fops_sink_journal_write(FopsSinkJournal *s, const FopsEntry *e) {
        struct iovec iovecs[FOPS_ENTRY_FIELDS_MAX];
        char *p;
        int r;

        r = reserve(s, e);
        if (r < 0)
                return r;

        p = s->buffer;
        for (size_t i = 0; i < e->n_fields; i++) {
                const FopsField *f = e->fields + i;

                iovecs[i].iov_base = p;
                p = stpcpy(p, f->name);
                *p++ = '=';
                p = mempcpy(p, f->value.data, f->value.size);
                iovecs[i].iov_len = (size_t) (p - (char *) iovecs[i].iov_base);
        }

        /* Without a socket sd_journal_sendv() drops the entry and says 0. */
        if (access(JOURNAL_SOCKET, F_OK) < 0)
                return -errno;
        return sd_journal_sendv(iovecs, (int) e->n_fields);
}
