/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json-writer.h"

#include "json.h"

static void begin(FopsJsonWriter *w, const char *name) {
        if (w->has_sibling)
                putc_unlocked(',', w->f);
        if (name)
                fprintf(w->f, "\"%s\":", name);
        w->has_sibling = true;
}

void fops_json_open(FopsJsonWriter *w, const char *name, char bracket) {
        begin(w, name);
        putc_unlocked(bracket, w->f);
        w->has_sibling = false;
}

void fops_json_close(FopsJsonWriter *w, char bracket) {
        putc_unlocked(bracket, w->f);
        w->has_sibling = true;
}

void fops_json_span(FopsJsonWriter *w, const char *name, FopsSpan value) {
        begin(w, name);
        fops_json_print_value(value, w->f);
}

void fops_json_string(FopsJsonWriter *w, const char *name, const char *value) {
        fops_json_span(w, name, fops_span_from_string(value));
}

void fops_json_u64(FopsJsonWriter *w, const char *name, uint64_t value) {
        begin(w, name);
        fprintf(w->f, "%ju", (uintmax_t) value);
}

void fops_json_bool(FopsJsonWriter *w, const char *name, bool value) {
        begin(w, name);
        fputs_unlocked(value ? "true" : "false", w->f);
}

void fops_json_seconds(FopsJsonWriter *w, const char *name, uint64_t usec) {
        begin(w, name);
        fprintf(w->f, "%ju.%06u", (uintmax_t) (usec / 1000000), (unsigned) (usec % 1000000));
}
