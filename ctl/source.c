/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Chooses the source, and does for audit logs what the journal does by itself: time, filters, the latest N. */

#include "source.h"

#include "file-source.h"
#include "journal-source.h"

/* The verdict ENOUGH on its way through the pipeline. */
#define STOPPED (-ECANCELED)

/* A copy of an entry; names and kind aside it is one block of memory. */
typedef struct Kept {
        struct Kept *next;
        size_t n_fields;
        FopsField fields[];
} Kept;

typedef struct FileVisit {
        const SourceOptions *options;
        Kept *oldest, *newest; /* the latest, when only they are asked for */
        uint64_t n_kept;
} FileVisit;

static void file_visit_done(FileVisit *v) {
        while (v->oldest) {
                Kept *next = v->oldest->next;

                free(v->oldest);
                v->oldest = next;
        }
}

static int keep(FileVisit *v, const FopsEntry *e) {
        size_t size = sizeof(Kept) + e->n_fields * sizeof(FopsField);
        Kept *kept;
        char *p;

        for (size_t i = 0; i < e->n_fields; i++)
                size += e->fields[i].value.size;
        kept = malloc(size);
        if (!kept)
                return -ENOMEM;

        *kept = (Kept){ .n_fields = e->n_fields };
        p = (char *) (kept->fields + e->n_fields);
        for (size_t i = 0; i < e->n_fields; i++) {
                FopsSpan value = e->fields[i].value;

                kept->fields[i] = (FopsField){ e->fields[i].name, { p, value.size }, e->fields[i].name_size };
                p = mempcpy(p, value.data, value.size);
        }

        if (v->newest)
                v->newest->next = kept;
        else
                v->oldest = kept;
        v->newest = kept;

        if (++v->n_kept > v->options->last) {
                Kept *second = v->oldest->next;

                free(v->oldest);
                v->oldest = second;
                v->n_kept--;
        }
        return 0;
}

static int show_kept(FileVisit *v) {
        _cleanup_free_ FopsEntry *e = calloc(1, sizeof(FopsEntry));

        if (!e)
                return -ENOMEM;
        for (const Kept *kept = v->oldest; kept; kept = kept->next) {
                int r;

                e->n_fields = kept->n_fields;
                memcpy(e->fields, kept->fields, kept->n_fields * sizeof(FopsField));
                r = v->options->visit(v->options->userdata, e);
                if (r != SOURCE_GO_ON)
                        return MIN(r, 0);
        }
        return 0;
}

static int publish(void *userdata, const FopsEntry *entry, const FopsOperation *op _unused_) {
        FileVisit *v = userdata;
        uint64_t usec;
        int r;

        if (!query_parse_time(fops_entry_get(entry, "FOPSD_TIME"), &usec) || !query_time_matches(v->options->query, usec) ||
            !query_matches(v->options->query, 0, entry))
                return 0;
        if (v->options->last > 0)
                return keep(v, entry);
        r = v->options->visit(v->options->userdata, entry);
        return r == SOURCE_ENOUGH ? STOPPED : r;
}

static int read_files(const SourceOptions *o) {
        _cleanup_(file_visit_done) FileVisit v = { .options = o };
        FileSourceOptions options = {
                .publish = publish,
                .userdata = &v,
                .records = o->records,
                .is_checked = o->is_checked,
                .command = o->command,
        };
        FileSourceStats stats;
        int r, q;

        r = file_source_read(&options, o->files, o->n_files, &stats);
        if (r < 0)
                return r == STOPPED ? 0 : r;
        if (!o->is_checked)
                file_source_complain(&stats);
        q = show_kept(&v);
        return q < 0 ? q : r;
}

int source_read(const SourceOptions *options, char **ret_cursor) {
        return options->n_files > 0 ? read_files(options) : journal_source_read(options, ret_cursor);
}
