/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What is wrong with an input, collected instead of printed, so that all errors of a run come out together:
 *   /etc/fopsd.conf:12: unknown setting 'opps', did you mean 'ops'?
 * Not thread-safe; one owner. */

#include <stdio.h>

#include "util.h"

typedef enum FopsSeverity {
        FOPS_NOTE,  /* said, changes nothing: duplicate watches merged, a control line ignored */
        FOPS_ERROR, /* the input isn't used */
} FopsSeverity;

typedef struct FopsDiag {
        char *file; /* NULL: no file, a command line option */
        unsigned line; /* from 1; 0: the file as a whole */
        FopsSeverity severity;
        char *text;
        size_t file_rank; /* the index of the first one of its file when that was added */
} FopsDiag;

typedef struct FopsDiags {
        FopsDiag *items;
        size_t n_items;
        size_t n_errors;
} FopsDiags;

/* An all-zero FopsDiags is empty. */
void fops_diags_done(FopsDiags *d);

/* Copies @file and the formatted text. Returns 0 or -ENOMEM. */
int fops_diags_add(FopsDiags *d, FopsSeverity severity, const char *file, unsigned line, const char *format, ...) _printf_(5, 6);

/* Orders by file (in the order in which files first appear) and line, keeping what was added first first. */
void fops_diags_sort(FopsDiags *d);

/* One line each, `FILE:LINE: message`, notes as `FILE:LINE: note: message`. */
void fops_diags_print(const FopsDiags *d, FILE *f);
