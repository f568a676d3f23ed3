/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diag.h"

#include <stdarg.h>
#include <string.h>

void fops_diags_done(FopsDiags *d) {
        for (size_t i = 0; i < d->n_items; i++) {
                free(d->items[i].file);
                free(d->items[i].text);
        }
        free(d->items);
        *d = (FopsDiags){};
}

/* Searched from the end: messages about a file mostly come together. */
static size_t find_rank(const FopsDiags *d, const char *file) {
        for (size_t i = d->n_items; i > 0; i--) {
                const FopsDiag *g = d->items + i - 1;

                if (g->file && file ? strcmp(g->file, file) == 0 : g->file == file)
                        return g->file_rank;
        }
        return d->n_items;
}

int fops_diags_add(FopsDiags *d, FopsSeverity severity, const char *file, unsigned line, const char *format, ...) {
        _cleanup_free_ char *text = NULL, *copy = NULL;
        FopsDiag *items;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&text, format, ap);
        va_end(ap);
        if (n < 0) {
                text = NULL;
                return -ENOMEM;
        }

        if (file) {
                copy = strdup(file);
                if (!copy)
                        return -ENOMEM;
        }

        items = reallocarray(d->items, d->n_items + 1, sizeof(FopsDiag));
        if (!items)
                return -ENOMEM;
        d->items = items;
        d->items[d->n_items] = (FopsDiag){
                .file = TAKE_PTR(copy), .line = line, .severity = severity, .text = TAKE_PTR(text), .file_rank = find_rank(d, file),
        };
        d->n_items++;
        d->n_errors += severity == FOPS_ERROR;
        return 0;
}

void fops_diags_sort(FopsDiags *d) {
        /* Insertion sort: stable, and there are as many messages as mistakes. */
        for (size_t i = 1; i < d->n_items; i++)
                for (size_t j = i; j > 0; j--) {
                        FopsDiag *a = d->items + j - 1, *b = d->items + j, t;

                        if (a->file_rank == b->file_rank ? a->line <= b->line : a->file_rank < b->file_rank)
                                break;
                        t = *a;
                        *a = *b;
                        *b = t;
                }
}

void fops_diags_print(const FopsDiags *d, FILE *f) {
        for (size_t i = 0; i < d->n_items; i++) {
                const FopsDiag *g = d->items + i;

                if (g->file && g->line > 0)
                        fprintf(f, "%s:%u: ", g->file, g->line);
                else if (g->file)
                        fprintf(f, "%s: ", g->file);
                fprintf(f, "%s%s\n", g->severity == FOPS_NOTE ? "note: " : "", g->text);
        }
}
