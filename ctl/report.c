/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <string.h>
#include <time.h>

const Report reports[REPORTS_MAX + 1] = {
        { "totals", "KIND", COUNT_TOTAL, true, false, { "FOPSD_KIND" } },
        { "ops", "OPERATION", COUNT_FIRST, true, false, { "FOPSD_OP" } },
        { "users", "USER", COUNT_FIRST, true, false, { "FOPSD_LOGIN_USER", "FOPSD_AUID", "FOPSD_USER", "FOPSD_UID" } },
        { "exes", "PROGRAM", COUNT_FIRST, true, false, { "FOPSD_EXE", "FOPSD_COMM" } },
        { "files", "FILE", COUNT_EACH, true, false, { "FOPSD_PATH", "FOPSD_NEW_PATH" } },
        { "failures", "FAILURE", COUNT_JOINED, true, true, { "FOPSD_ERRNO", "FOPSD_PATH", "FOPSD_DIR" } },
        { "keys", "KEY", COUNT_EACH, true, false, { "FOPSD_KEY" } },
        { "units", "UNIT", COUNT_FIRST, true, false, { "FOPSD_UNIT" } },
        { "containers", "CONTAINER", COUNT_FIRST, true, false, { "FOPSD_CONTAINER" } },
        { "hosts", "HOST", COUNT_FIRST, true, false, { "_HOSTNAME", "FOPSD_NODE" } },
        { "hours", "HOUR", COUNT_HOUR, true, false, { "FOPSD_TIME" } },
        { "syscalls", "SYSTEM CALL", COUNT_FIRST, false, false, { "FOPSD_SYSCALL" } },
        { "pids", "PROCESS", COUNT_JOINED, false, false, { "FOPSD_PID", "FOPSD_EXE", "FOPSD_COMM" } },
        { "events", NULL, LISTED, false, false,
          { "FOPSD_TIME", "FOPSD_EVENT", "FOPSD_OP", "FOPSD_RESULT", "FOPSD_USER", "FOPSD_PATH" } },
        { "gaps", NULL, LISTED, false, false,
          { "FOPSD_TIME", "FOPSD_GAP_COUNT", "FOPSD_GAP_FROM", "FOPSD_GAP_UNTIL", "FOPSD_GAP_CAUSE" } },
};

const char *const report_fields[] = {
        "FOPSD_TIME",      "FOPSD_KIND",      "FOPSD_COUNT",    "FOPSD_RESULT",   "FOPSD_OP",       "FOPSD_LOGIN_USER",
        "FOPSD_AUID",      "FOPSD_USER",      "FOPSD_UID",      "FOPSD_EXE",      "FOPSD_COMM",     "FOPSD_PATH",
        "FOPSD_NEW_PATH",  "FOPSD_ERRNO",     "FOPSD_DIR",      "FOPSD_KEY",      "FOPSD_UNIT",     "FOPSD_CONTAINER",
        "_HOSTNAME",       "FOPSD_NODE",      "FOPSD_SYSCALL",  "FOPSD_PID",      "FOPSD_EVENT",    "FOPSD_GAP_CAUSE",
        "FOPSD_GAP_COUNT", "FOPSD_GAP_FROM",  "FOPSD_GAP_UNTIL", NULL,
};

const Report *report_find(const char *name) {
        for (const Report *r = reports; r->name; r++)
                if (strcmp(r->name, name) == 0)
                        return r;
        return NULL;
}

static FopsSpan first_value(const FopsEntry *e, const char *const *names) {
        FopsSpan value = FOPS_SPAN_ABSENT;

        for (; *names && !fops_span_is_present(value); names++)
                value = fops_entry_get(e, *names);
        return value;
}

static FopsSpan joined_value(FopsArena *arena, const FopsEntry *e, const char *const *names) {
        FopsSpan a = fops_entry_get(e, names[0]), b = first_value(e, names + 1);
        char *p;

        if (!a.data || !b.data)
                return a;
        p = fops_arena_alloc(arena, a.size + 1 + b.size);
        if (!p)
                return a;
        memcpy(p, a.data, a.size);
        p[a.size] = ' ';
        memcpy(p + a.size + 1, b.data, b.size);
        return (FopsSpan){ p, a.size + 1 + b.size };
}

static FopsSpan hour_value(FopsArena *arena, uint64_t usec) {
        time_t t = (time_t) (usec / 1000000);
        struct tm tm;

        return localtime_r(&t, &tm) ? fops_arena_printf(arena, "%02d", tm.tm_hour) : FOPS_SPAN_ABSENT;
}

static int count_each(Tally *t, const Report *report, const FopsEntry *e, uint64_t count, bool failed, uint64_t usec) {
        for (size_t i = 0; i < e->n_fields; i++)
                for (const char *const *name = report->fields; *name; name++)
                        if (strcmp(e->fields[i].name, *name) == 0) {
                                int r = tally_add(t, e->fields[i].value, count, failed, usec);

                                if (r < 0)
                                        return r;
                        }
        return 0;
}

int report_count(const Report *report, Tally *tally, FopsArena *arena, const FopsEntry *e, uint64_t usec) {
        bool failed = fops_span_equal_string(fops_entry_get(e, "FOPSD_RESULT"), "failed");
        FopsSpan value = FOPS_SPAN_ABSENT;
        uint64_t count = 1;

        if (report->failed_only && !failed)
                return 0;
        (void) fops_span_to_u64(fops_entry_get(e, "FOPSD_COUNT"), &count);

        switch (report->counting) {
        case COUNT_EACH:
                return count_each(tally, report, e, count, failed, usec);
        case COUNT_FIRST:
        case COUNT_TOTAL:
                value = first_value(e, report->fields);
                break;
        case COUNT_JOINED:
                value = joined_value(arena, e, report->fields);
                break;
        case COUNT_HOUR:
                value = hour_value(arena, usec);
                break;
        case LISTED:
                break;
        }
        return fops_span_is_present(value) ? tally_add(tally, value, count, failed, usec) : 0;
}
