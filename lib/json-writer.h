/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* JSON of any shape, piece by piece:
 *   {"state":"running","keys":["data"],"since":1795309541.349000}
 * The writer sees to the commas; that brackets match and names stand only in objects is the caller's. The stream's error
 * indicator tells of trouble. */

#include <stdio.h>

#include "span.h"

typedef struct FopsJsonWriter {
        FILE *f;
        bool has_sibling; /* something stands in front, at the same level */
} FopsJsonWriter;

/* @name, as in all calls below: NULL in arrays and at the top. It has to be plain ASCII. @bracket is '{' or '[', or the closing one. */
void fops_json_open(FopsJsonWriter *w, const char *name, char bracket);
void fops_json_close(FopsJsonWriter *w, char bracket);

/* A string, or an array of bytes, as json.h has it. Absent and NULL are null. */
void fops_json_span(FopsJsonWriter *w, const char *name, FopsSpan value);
void fops_json_string(FopsJsonWriter *w, const char *name, const char *value);

void fops_json_u64(FopsJsonWriter *w, const char *name, uint64_t value);
void fops_json_bool(FopsJsonWriter *w, const char *name, bool value);

/* Microseconds as a number of seconds. */
void fops_json_seconds(FopsJsonWriter *w, const char *name, uint64_t usec);
