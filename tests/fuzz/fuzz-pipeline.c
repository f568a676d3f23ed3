/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz-pipeline.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#include "json.h"
#include "text.h"
#include "utf8.h"

/* In the place of libc's, so that no name server is asked and every machine finds the same. */
int getpwuid_r(uid_t uid _unused_, struct passwd *pw _unused_, char *buffer _unused_, size_t size _unused_, struct passwd **ret) {
        *ret = NULL;
        return 0;
}

int getgrgid_r(gid_t gid _unused_, struct group *gr _unused_, char *buffer _unused_, size_t size _unused_, struct group **ret) {
        *ret = NULL;
        return 0;
}

static void check(bool promise) {
        if (!promise)
                abort();
}

/* One line, nothing in it that a terminal obeys or that isn't text. */
static void check_line(FopsSpan s) {
        size_t n;

        for (; s.size > 0; s = fops_span_skip(s, n)) {
                uint32_t c;

                n = fops_utf8_decode(s, &c);
                check(n > 0 && fops_utf8_is_safe(c));
        }
}

/* --- JSON: a string, a number, an array, or an object, off the front of *@s ------------------------------------------------ */

static bool take(FopsSpan *s, char c) {
        if (s->size == 0 || s->data[0] != c)
                return false;
        *s = fops_span_skip(*s, 1);
        return true;
}

static void check_string(FopsSpan *s) {
        check(take(s, '"'));
        while (!take(s, '"')) {
                check(s->size > 0 && (unsigned char) s->data[0] >= ' ');
                if (take(s, '\\'))
                        check(s->size > 0 && strchr("\"\\nt", s->data[0]));
                *s = fops_span_skip(*s, 1);
        }
}

static void check_value(FopsSpan *s) {
        unsigned n = 0, digits = 0;

        if (s->size > 0 && s->data[0] == '"') {
                check_string(s);
                return;
        }
        if (take(s, '[')) {
                do
                        check_value(s);
                while (take(s, ','));
                check(take(s, ']'));
                return;
        }
        for (; s->size > 0 && s->data[0] >= '0' && s->data[0] <= '9'; digits++) {
                n = n * 10 + (unsigned) (s->data[0] - '0');
                *s = fops_span_skip(*s, 1);
        }
        check(digits > 0 && digits <= 3 && n <= 255);
}

static void check_object(FopsSpan s) {
        check(take(&s, '{'));
        do {
                check_string(&s);
                check(take(&s, ':'));
                check_value(&s);
        } while (take(&s, ','));
        check(take(&s, '}') && take(&s, '\n') && s.size == 0);
}

/* What @print makes of @entry. */
static FopsSpan printed(const FopsEntry *entry, void (*print)(const FopsEntry *, FILE *), char **text) {
        size_t size;
        FILE *f = open_memstream(text, &size);

        check(f != NULL);
        print(entry, f);
        check(fclose(f) == 0);
        return (FopsSpan){ *text, size };
}

int check_entry(void *userdata _unused_, const FopsEntry *entry, const FopsOperation *op) {
        _cleanup_free_ char *json = NULL, *text = NULL;
        FopsSpan line;

        check((entry->kind == FOPS_KIND_OPERATION) == (op != NULL));
        for (size_t i = 0; i < entry->n_fields; i++)
                check(entry->fields[i].name && entry->fields[i].value.data && entry->fields[i].value.size > 0);
        if (op) {
                check(op->path.data ? op->path.data[0] == '/' : op->source != FOPS_PATH_VERIFIED || op->new_path.data);
                check(fops_entry_get(entry, "MESSAGE").size > 0);
                check_line(fops_entry_get(entry, "MESSAGE"));
        }

        check_object(printed(entry, fops_json_print, &json));
        line = printed(entry, fops_text_print, &text);
        check(line.size > 0 && line.data[--line.size] == '\n');
        check_line(line);
        return 0;
}
