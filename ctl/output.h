/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Entries to standard output in one of the forms of -o. */

#include <stdio.h>

#include "entry.h"

typedef enum OutputFormat {
        OUTPUT_TEXT,   /* a line for people */
        OUTPUT_JSON,   /* an object a line, with every field */
        OUTPUT_CSV,    /* a line of chosen fields, their names in the first */
        OUTPUT_RAW,    /* the audit records themselves, for entries that have them */
        OUTPUT_EXPORT, /* the Journal Export Format */
        _OUTPUT_FORMAT_MAX,
} OutputFormat;

/* False, and said on standard error, if there is no such format among the first @n_known. */
bool output_format_from_string(const char *word, OutputFormat n_known, OutputFormat *ret);

typedef struct Output {
        OutputFormat format;
        FILE *file;
        bool colours;        /* of text */
        bool with_host;      /* in text */
        bool to_terminal;
        uint64_t n_printed;
        uint64_t n_recordless; /* entries that OUTPUT_RAW had nothing to print of */
} Output;

/* The fields that the format looks at, NULL-terminated; NULL: all. Static. */
const char *const *output_fields(OutputFormat format);

/* What comes in front of all entries. */
void output_begin(Output *o);

/* 0 or the -errno of writing. */
int output_print(Output *o, const FopsEntry *entry);

/* When all is printed to standard output; @r: what that returned. False if it isn't out: *@ret_exit is all there is to do, and
 * said on standard error unless the reader had seen enough. */
bool output_finish(int r, int *ret_exit);
