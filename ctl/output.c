/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Entries into text, JSON, CSV, records, or the export format. */

#include "output.h"

#include "csv.h"
#include "export.h"
#include "json.h"
#include "query.h"
#include "text.h"
#include "verb.h"

#define RED "\x1b[31m"
#define BOLD_YELLOW "\x1b[1;33m"
#define GREY "\x1b[90m"
#define NORMAL "\x1b[0m"

static const char *const format_names[_OUTPUT_FORMAT_MAX] = {
        [OUTPUT_TEXT] = "text",     [OUTPUT_JSON] = "json", [OUTPUT_CSV] = "csv", [OUTPUT_RAW] = "raw",
        [OUTPUT_EXPORT] = "export",
};

bool output_format_from_string(const char *word, OutputFormat n_known, OutputFormat *ret) {
        for (OutputFormat f = 0; f < n_known; f++)
                if (strcmp(word, format_names[f]) == 0) {
                        *ret = f;
                        return true;
                }

        fprintf(stderr, "fopsctl: unknown output format '%s':", word);
        for (OutputFormat f = 0; f < n_known; f++)
                fprintf(stderr, " %s%s", format_names[f], f + 1 < n_known ? "," : "\n");
        return false;
}

static const char *const text_fields[] = {
        "MESSAGE", "FOPSD_TIME", "FOPSD_KIND", "FOPSD_RESULT", "_HOSTNAME", "FOPSD_NODE", NULL,
};

static const char *const raw_fields[] = { "FOPSD_RECORD", NULL };

/* The columns; the names in the first line are those of the fields, but for what is put together here. */
static const char *const csv_fields[] = {
        "FOPSD_TIME",  "_HOSTNAME",   "FOPSD_NODE",   "FOPSD_KIND",    "FOPSD_EVENT",      "FOPSD_OP",        "FOPSD_RESULT",
        "FOPSD_ERRNO", "FOPSD_PATH",  "FOPSD_NEW_PATH", "FOPSD_DIR",   "FOPSD_USER",       "FOPSD_UID",       "FOPSD_EUID",
        "FOPSD_LOGIN_USER", "FOPSD_AUID", "FOPSD_SESSION", "FOPSD_TTY", "FOPSD_EXE",       "FOPSD_COMM",      "FOPSD_PID",
        "FOPSD_PPID",  "FOPSD_UNIT",  "FOPSD_CONTAINER", "FOPSD_SYSCALL", "FOPSD_EXIT",    "FOPSD_KEY",       "FOPSD_COUNT",
        "MESSAGE",     NULL,
};

const char *const *output_fields(OutputFormat format) {
        switch (format) {
        case OUTPUT_TEXT:
                return text_fields;
        case OUTPUT_CSV:
                return csv_fields;
        case OUTPUT_RAW:
                return raw_fields;
        default:
                return NULL;
        }
}

void output_begin(Output *o) {
        if (o->format != OUTPUT_CSV)
                return;
        for (const char *const *f = csv_fields; *f; f++)
                fprintf(o->file, "%s%s", f == csv_fields ? "" : ",", *f);
        putc_unlocked('\n', o->file);
}

static const char *colour_of(const FopsEntry *e) {
        FopsSpan kind = fops_entry_get(e, "FOPSD_KIND");

        if (fops_span_equal_string(kind, "gap") || fops_span_equal_string(kind, "tamper"))
                return BOLD_YELLOW;
        if (fops_span_equal_string(kind, "state") || fops_span_equal_string(kind, "record"))
                return GREY;
        return fops_span_equal_string(fops_entry_get(e, "FOPSD_RESULT"), "failed") ? RED : "";
}

static void print_text(const Output *o, const FopsEntry *e) {
        const char *colour = o->colours ? colour_of(e) : "";
        FopsSpan host = fops_entry_get(e, "_HOSTNAME");

        if (!fops_span_is_present(host))
                host = fops_entry_get(e, "FOPSD_NODE");

        fputs_unlocked(colour, o->file);
        if (fops_text_print_time(fops_entry_get(e, "FOPSD_TIME"), o->file))
                putc_unlocked(' ', o->file);
        if (o->with_host && fops_span_is_present(host)) {
                fops_text_print_name(host, o->file);
                putc_unlocked(' ', o->file);
        }
        fops_text_print_value(fops_entry_get(e, "MESSAGE"), o->file);
        fputs_unlocked(*colour ? NORMAL "\n" : "\n", o->file);
}

/* Several values of a field stand in one column, with semicolons between. */
static FopsSpan join_values(FopsArena *arena, const FopsEntry *e, const char *name) {
        FopsSpan joined = FOPS_SPAN_ABSENT;

        for (size_t i = 0; i < e->n_fields; i++) {
                FopsSpan value = e->fields[i].value;
                char *p;

                if (strcmp(e->fields[i].name, name) != 0)
                        continue;
                if (!joined.data) {
                        joined = value;
                        continue;
                }
                p = fops_arena_alloc(arena, joined.size + 1 + value.size);
                if (!p)
                        break;
                memcpy(p, joined.data, joined.size);
                p[joined.size] = ';';
                memcpy(p + joined.size + 1, value.data, value.size);
                joined = (FopsSpan){ p, joined.size + 1 + value.size };
        }
        return joined;
}

static void print_csv(const Output *o, const FopsEntry *e) {
        _cleanup_(fops_arena_done) FopsArena arena = {};

        for (const char *const *f = csv_fields; *f; f++) {
                if (f != csv_fields)
                        putc_unlocked(',', o->file);
                if (f == csv_fields)
                        (void) fops_text_print_time(fops_entry_get(e, *f), o->file);
                else
                        fops_csv_print_value(join_values(&arena, e, *f), strcmp(*f, "MESSAGE") != 0, o->file);
        }
        putc_unlocked('\n', o->file);
}

/* 0 if the entry has no records. */
static unsigned print_raw(const Output *o, const FopsEntry *e) {
        unsigned n = 0;

        for (size_t i = 0; i < e->n_fields; i++) {
                FopsSpan value = e->fields[i].value;

                if (strcmp(e->fields[i].name, "FOPSD_RECORD") != 0)
                        continue;
                /* For ausearch(8) and its like byte by byte, but nothing moves a terminal's cursor. */
                if (o->to_terminal)
                        fops_text_print_value(value, o->file);
                else
                        fwrite_unlocked(value.data, 1, value.size, o->file);
                putc_unlocked('\n', o->file);
                n++;
        }
        return n;
}

/* What came from an audit log has no time of receipt; its own does, so that systemd-journal-remote takes it in. */
static void print_export(const Output *o, const FopsEntry *e) {
        uint64_t usec;

        if (!fops_span_is_present(fops_entry_get(e, "__REALTIME_TIMESTAMP")) &&
            query_parse_time(fops_entry_get(e, "FOPSD_TIME"), &usec))
                fprintf(o->file, "__REALTIME_TIMESTAMP=%ju\n", (uintmax_t) usec);
        fops_export_print(e, o->file);
}

int output_print(Output *o, const FopsEntry *e) {
        errno = 0;
        switch (o->format) {
        case OUTPUT_TEXT:
                print_text(o, e);
                break;
        case OUTPUT_JSON:
                fops_json_print(e, o->file);
                break;
        case OUTPUT_CSV:
                print_csv(o, e);
                break;
        case OUTPUT_RAW:
                if (print_raw(o, e) == 0) {
                        o->n_recordless++;
                        return 0;
                }
                break;
        default:
                print_export(o, e);
                break;
        }
        o->n_printed++;
        return !ferror(o->file) ? 0 : errno > 0 ? -errno : -EIO;
}

bool output_finish(int r, int *ret_exit) {
        errno = 0;
        if (r >= 0 && fflush(stdout) != 0)
                r = errno > 0 ? -errno : -EIO;
        if (r >= 0)
                return true;
        if (r != -EPIPE)
                fprintf(stderr, "fopsctl: %s\n", strerror(-r));
        *ret_exit = r == -EPIPE ? EXIT_FOUND : EXIT_USAGE;
        return false;
}
