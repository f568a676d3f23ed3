/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "examination.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

void finding_add(Examination *e, Verdict verdict, const char *mend, const char *format, ...) {
        Finding *f = fops_arena_calloc(&e->arena, 1, sizeof(Finding));
        _cleanup_free_ char *text = NULL;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&text, format, ap);
        va_end(ap);
        if (n < 0)
                text = NULL;
        e->n[verdict]++;
        if (!f)
                return;
        f->check = e->check;
        f->verdict = verdict;
        f->text = fops_arena_copy(&e->arena, fops_span_from_string(text));
        f->mend = fops_arena_copy(&e->arena, fops_span_from_string(mend));
        *e->tail = f;
        e->tail = &f->next;
}

/* --- gathering ---------------------------------------------------------------------------------------------------------- */

FopsSpan command_line_value(FopsSpan command_line, const char *name) {
        FopsSpan found = FOPS_SPAN_ABSENT, left = command_line;
        size_t length = strlen(name);

        while (left.size > 0) {
                size_t n = 0;

                while (n < left.size && !memchr(" \t\n", left.data[n], 3))
                        n++;
                if (n > length && left.data[length] == '=' && memcmp(left.data, name, length) == 0)
                        found = (FopsSpan){ left.data + length + 1, n - length - 1 };
                /* What follows is init's. */
                if (n == 2 && memcmp(left.data, "--", 2) == 0)
                        break;
                left = fops_span_skip(left, n + 1);
        }
        return found;
}

FopsSpan journald_setting(FopsSpan text, const char *name) {
        FopsSpan set = FOPS_SPAN_ABSENT, standard = FOPS_SPAN_ABSENT;
        size_t length = strlen(name);

        while (text.size > 0) {
                const char *newline = memchr(text.data, '\n', text.size);
                FopsSpan line = { text.data, newline ? (size_t) (newline - text.data) : text.size };
                bool is_comment = line.size > 0 && line.data[0] == '#';

                text = fops_span_skip(text, line.size + 1);
                line = fops_span_skip(line, is_comment);
                if (line.size <= length || line.data[length] != '=' || memcmp(line.data, name, length) != 0)
                        continue;
                *(is_comment ? &standard : &set) = fops_span_skip(line, length + 1);
        }
        return fops_span_is_present(set) ? set : standard;
}

static FopsSpan read_stream(FILE *f, FopsArena *arena) {
        char buffer[65536]; /* what is read here has some kilobytes */

        return fops_arena_copy(arena, (FopsSpan){ buffer, fread(buffer, 1, sizeof(buffer), f) });
}

static FopsSpan read_command_line(FopsArena *arena) {
        FILE *f = fopen("/proc/cmdline", "re");
        FopsSpan text = FOPS_SPAN_ABSENT;

        if (f) {
                text = read_stream(f, arena);
                fclose(f);
        }
        return text;
}

/* Which files there are, and which counts, systemd knows best. */
static int read_journald(FopsArena *arena, JournaldSettings *ret) {
        FILE *f = popen("systemd-analyze --no-pager cat-config systemd/journald.conf 2>/dev/null", "re");
        FopsSpan text;

        if (!f)
                return -errno;
        text = read_stream(f, arena);
        if (pclose(f) != 0 || text.size == 0)
                return -ENOENT;
        *ret = (JournaldSettings){
                .storage = journald_setting(text, "Storage"),
                .audit = journald_setting(text, "Audit"),
                .rate_limit_interval = journald_setting(text, "RateLimitIntervalSec"),
                .rate_limit_burst = journald_setting(text, "RateLimitBurst"),
        };
        return 0;
}

static void ask_kernel(Examination *e) {
        FopsAuditControl control;
        int r;

        r = fops_audit_control_open(&control);
        if (r < 0) {
                e->kernel_error = e->rules_error = r;
                return;
        }
        e->kernel_error = fops_audit_control_get_status(&control, &e->kernel);
        e->rules_error = fops_kernel_rules_list(&control, &e->rules);
        fops_audit_control_done(&control);
}

int examination_begin(Examination *e, const char *config_file) {
        *e = (Examination){ .tail = &e->first };

        e->status_error = daemon_status_read(&e->status);
        e->config_error = wanted_load(config_file, e->status_error >= 0 ? e->status.json : NULL, &e->wanted, &e->diags);
        if (e->config_error == -ENOMEM)
                return -ENOMEM;
        e->is_ours = e->status_error >= 0 &&
                     (config_file || fops_json_is_true(fops_json_at(e->status.json, "configuration.system")));
        ask_kernel(e);
        e->journald_error = read_journald(&e->arena, &e->journald);
        e->command_line = read_command_line(&e->arena);
        return 0;
}

void examination_done(Examination *e) {
        daemon_status_done(&e->status);
        fops_kernel_rules_done(&e->rules);
        fops_diags_done(&e->diags);
        if (e->config_error == 0)
                wanted_done(&e->wanted);
        fops_arena_done(&e->arena);
}
