/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Processes that no rule reaches. A task gets its audit context when it is started (audit_alloc()), and only if auditing was on at some
 * time before; nothing in /proc shows whether it has one. What can be known: with audit=1 all have; without, those that are younger
 * than a time at which auditing was on. fopsd turns it on when it starts. */

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>

#include "examination.h"

#define NAMED_MAX 5U
/* In /proc/PID/stat, PF_KTHREAD: kernel threads touch no files of their own accord. */
#define KERNEL_THREAD_FLAG 0x00200000U

#define MEND "audit=1 in GRUB_CMDLINE_LINUX of /etc/default/grub, update-grub, and a reboot; or restart these services"

typedef struct Process {
        char comm[64];
        unsigned flags;
        unsigned long long start_ticks;
} Process;

static bool read_process(const char *pid, Process *ret) {
        char path[64], line[1024], *end;
        FILE *f;
        bool ok;

        snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
        f = fopen(path, "re");
        if (!f)
                return false;
        ok = fgets(line, sizeof(line), f);
        fclose(f);
        /* The name may hold anything, parentheses too. */
        end = ok ? strrchr(line, ')') : NULL;
        if (!end || sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &ret->flags,
                           &ret->start_ticks) != 2)
                return false;
        *end = '\0';
        snprintf(ret->comm, sizeof(ret->comm), "%s", strchr(line, '(') ? strchr(line, '(') + 1 : "?");
        return true;
}

void check_old_processes(Examination *e) {
        FopsSpan audit = command_line_value(e->command_line, "audit");
        char pid[32], *names = NULL;
        size_t size, n = 0;
        Process fopsd, p;
        DIR *proc;
        FILE *f;

        if (fops_span_equal_string(audit, "1") || fops_span_equal_string(audit, "on"))
                return;
        snprintf(pid, sizeof(pid), "%u", e->status_error < 0 ? 0 : e->status.pid);
        if (e->status_error < 0 || !read_process(pid, &fopsd)) {
                finding_add(e, VERDICT_UNKNOWN, MEND, "the kernel was started without audit=1, and when auditing was first on isn't known");
                return;
        }

        proc = opendir("/proc");
        f = open_memstream(&names, &size);
        for (struct dirent *d; proc && f && (d = readdir(proc));)
                if (isdigit((unsigned char) d->d_name[0]) && read_process(d->d_name, &p) && !(p.flags & KERNEL_THREAD_FLAG) &&
                    p.start_ticks < fopsd.start_ticks && n++ < NAMED_MAX)
                        fprintf(f, "%s%s[%s]", n > 1 ? ", " : "", p.comm, d->d_name);
        if (proc)
                closedir(proc);
        if (f && fclose(f) == 0 && n > 0)
                finding_add(e, VERDICT_PROBLEM, MEND,
                            "the kernel was started without audit=1, and %zu processes are older than fopsd: those older than auditing "
                            "are never recorded: %s%s", n, names, n > NAMED_MAX ? " …" : "");
        free(names);
}
