/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Conversions. A field that isn't known is nothing, as inotifywait's %f can be. */

#include "follow-format.h"

#include <ctype.h>
#include <time.h>

#include "query.h"
#include "text.h"

/* A time of strftime(3): as much as anybody wants in front of a line. */
#define TIME_BYTES_MAX 256U

static const struct {
        char letter;
        const char *fields[2]; /* the second if the first isn't there */
} field_conversions[] = {
        { 'u', { "FOPSD_USER", "FOPSD_UID" } },
        { 'l', { "FOPSD_LOGIN_USER", "FOPSD_AUID" } },
        { 'p', { "FOPSD_PID", NULL } },
        { 'x', { "FOPSD_EXE", NULL } },
        { 'C', { "FOPSD_COMM", NULL } },
        { 'o', { "FOPSD_OP", NULL } },
        { 'r', { "FOPSD_RESULT", NULL } },
        { 'k', { "FOPSD_KEY", NULL } },
        { 'i', { "FOPSD_EVENT", NULL } },
        { 'h', { "_HOSTNAME", "FOPSD_NODE" } },
        { 'm', { "MESSAGE", NULL } },
};

static size_t field_conversion(char letter) {
        size_t i = 0;

        while (i < ELEMENTSOF(field_conversions) && field_conversions[i].letter != letter)
                i++;
        return i;
}

const char *follow_format_check(const char *format) {
        for (const char *p = strchr(format, '%'); p; p = strchr(p + 2, '%')) {
                bool is_known = p[1] != '\0' && (strchr("wfeTcn0%", p[1]) || field_conversion(p[1]) < ELEMENTSOF(field_conversions));

                if (p[1] == '\0')
                        return p;
                /* %Xe, with any X that is no conversion of its own. */
                if (!is_known && p[2] == 'e')
                        continue;
                if (!is_known)
                        return p;
        }
        return NULL;
}

static void print_name(const FollowFormat *f, FopsSpan name, FILE *out) {
        if (f->to_terminal)
                fops_text_print_name(name, out);
        else
                fwrite_unlocked(name.data, 1, name.size, out);
}

static void print_event(const FollowLine *line, char separator, FILE *out) {
        bool is_self = line->event == INOTIFY_DELETE_SELF || line->event == INOTIFY_MOVE_SELF;

        if (line->event == INOTIFY_NONE)
                for (const char *p = fops_op_to_string(line->op); *p; p++)
                        putc_unlocked(toupper((unsigned char) *p), out);
        else
                fputs_unlocked(inotify_event_to_string(line->event), out);
        if (line->event == INOTIFY_CLOSE_WRITE || line->event == INOTIFY_CLOSE_NOWRITE)
                fprintf(out, "%cCLOSE", separator);
        if (line->is_directory && !is_self)
                fprintf(out, "%cISDIR", separator);
}

static void print_time(const FollowFormat *f, const FopsEntry *e, FILE *out) {
        char text[TIME_BYTES_MAX];
        struct tm tm;
        uint64_t usec;
        time_t t;

        if (!query_parse_time(fops_entry_get(e, "FOPSD_TIME"), &usec))
                return;
        t = (time_t) (usec / 1000000);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* it is the user's */
        if (localtime_r(&t, &tm) && strftime(text, sizeof(text), f->time_format, &tm) > 0)
                fputs_unlocked(text, out);
#pragma GCC diagnostic pop
}

/* What the two names of a rename have in common, as inotify's cookie: the event's serial number. */
static void print_cookie(const FollowLine *line, FILE *out) {
        FopsSpan event = fops_entry_get(line->entry, "FOPSD_EVENT");
        const char *colon = event.data ? memrchr(event.data, ':', event.size) : NULL;
        bool has_cookie = line->event == INOTIFY_MOVED_FROM || line->event == INOTIFY_MOVED_TO;

        if (colon && has_cookie)
                fwrite_unlocked(colon + 1, 1, (size_t) (event.data + event.size - colon - 1), out);
        else
                putc_unlocked('0', out);
}

static void print_field(const FollowFormat *f, const FopsEntry *e, size_t conversion, FILE *out) {
        const char *const *fields = field_conversions[conversion].fields;
        FopsSpan value = fops_entry_get(e, fields[0]);

        if (!value.data && fields[1])
                value = fops_entry_get(e, fields[1]);
        if (!value.data)
                return;
        if (strcmp(fields[0], "MESSAGE") == 0)
                fops_text_print_value(value, out);
        else
                print_name(f, value, out);
}

static void print_conversion(const FollowFormat *f, const FollowLine *line, char letter, FILE *out) {
        switch (letter) {
        case 'w':
                print_name(f, line->place.watched, out);
                break;
        case 'f':
                print_name(f, line->place.name, out);
                break;
        case 'e':
                print_event(line, ',', out);
                break;
        case 'T':
                print_time(f, line->entry, out);
                break;
        case 'c':
                print_cookie(line, out);
                break;
        case 'n':
                putc_unlocked('\n', out);
                break;
        case '0':
                putc_unlocked('\0', out);
                break;
        case '%':
                putc_unlocked('%', out);
                break;
        default:
                print_field(f, line->entry, field_conversion(letter), out);
        }
}

void follow_format_print(const FollowFormat *f, const FollowLine *line, FILE *out) {
        for (const char *p = f->format; *p; p++)
                if (*p != '%')
                        putc_unlocked(*p, out);
                else if (p[2] == 'e' && !strchr("wfeTcn0%", p[1]) && field_conversion(p[1]) == ELEMENTSOF(field_conversions)) {
                        print_event(line, p[1], out);
                        p += 2;
                } else
                        print_conversion(f, line, *++p, out);
        if (!f->no_newline)
                putc_unlocked('\n', out);
}
