/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What fopsctl doctor looks at, gathered once, and what its checks find. A check (doctor-*.c) looks and adds findings; without one all
 * is well. */

#include "daemon-status.h"
#include "kernel-rules.h"
#include "wanted.h"

typedef enum Verdict {
        VERDICT_FINE,
        VERDICT_NOTE,    /* worth knowing, and nothing wrong */
        VERDICT_UNKNOWN, /* it can't be told: the check's question has no answer here */
        VERDICT_PROBLEM, /* events are missing because of it, or may be */
        _VERDICT_MAX,
} Verdict;

typedef struct Finding {
        const char *check;
        Verdict verdict;
        FopsSpan text, mend; /* mend: absent if there is none to tell */
        struct Finding *next;
} Finding;

/* Settings of journald, as its files say; absent: not there, and what stands commented out is the default. */
typedef struct JournaldSettings {
        FopsSpan storage, audit, rate_limit_interval, rate_limit_burst;
} JournaldSettings;

typedef struct Examination {
        /* Each with why it isn't there: a negative errno. */
        int status_error, kernel_error, rules_error, journald_error;
        DaemonStatus status;
        struct audit_status kernel;
        FopsKernelRules rules;
        JournaldSettings journald;
        int config_error;   /* 1: it has errors, in .diags */
        FopsDiags diags;
        Wanted wanted;
        bool is_ours;       /* the running fopsd has the configuration that is looked at */
        FopsSpan command_line; /* the kernel's */

        const char *check; /* that runs */
        Finding *first, **tail;
        size_t n[_VERDICT_MAX];
        FopsArena arena;
} Examination;

/* Looks at everything; @config_file as wanted_load(). What can't be had isn't an error. 0 or -ENOMEM. */
int examination_begin(Examination *e, const char *config_file);
void examination_done(Examination *e);

/* Of the check that runs. @mend: what to do about it, or NULL. */
void finding_add(Examination *e, Verdict verdict, const char *mend, const char *format, ...) _printf_(4, 5);

/* One function a check; its file is what it looks at. */
void check_command_line(Examination *e);   /* doctor-kernel.c */
void check_enabled(Examination *e);
void check_lock(Examination *e);
void check_backlog(Examination *e);
void check_old_processes(Examination *e);  /* doctor-process.c */
void check_never_task(Examination *e);     /* doctor-rules.c */
void check_never_rules(Examination *e);
void check_excluded_records(Examination *e);
void check_missing_rules(Examination *e);
void check_running(Examination *e);        /* doctor-daemon.c */
void check_configuration(Examination *e);
void check_watches(Examination *e);
void check_other_daemon(Examination *e);
void check_losses(Examination *e);
void check_index(Examination *e);
void check_masked_paths(Examination *e);   /* doctor-sandbox.c */
void check_rate_limit(Examination *e);     /* doctor-journald.c */
void check_dropped_entries(Examination *e);
void check_audit_socket(Examination *e);
void check_journald_audit(Examination *e);
void check_persistence(Examination *e);

/* Pure parts, for their tests: */

/* What a word of the kernel's command line is set to, the last of several; absent. "audit" in "quiet audit=1" → "1". */
FopsSpan command_line_value(FopsSpan command_line, const char *name);

/* A setting of what systemd-analyze cat-config prints: the last assignment, or, if there is none, a default that is commented out. */
FopsSpan journald_setting(FopsSpan text, const char *name);
