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
        d->items[d->n_items++] = (FopsDiag){
                .file = TAKE_PTR(copy), .line = line, .severity = severity, .text = TAKE_PTR(text)
        };
        d->n_errors += severity == FOPS_ERROR;
        return 0;
}

static bool same_file(const FopsDiag *a, const FopsDiag *b) {
        return a->file && b->file ? strcmp(a->file, b->file) == 0 : a->file == b->file;
}

static size_t file_rank(const FopsDiags *d, size_t i) {
        for (size_t j = 0; j < i; j++)
                if (same_file(d->items + j, d->items + i))
                        return j;
        return i;
}

void fops_diags_sort(FopsDiags *d) {
        /* Insertion sort: stable, and there are as many messages as mistakes. */
        for (size_t i = 1; i < d->n_items; i++)
                for (size_t j = i; j > 0; j--) {
                        FopsDiag *a = d->items + j - 1, *b = d->items + j, t;

                        if (same_file(a, b) ? a->line <= b->line : file_rank(d, j - 1) <= file_rank(d, j))
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
