/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The kernel's audit settings. */

#include <linux/audit.h>

#include "examination.h"
#include "rule-compare.h"

/* Room for some 170 events of six records, three milliseconds of a busy process: about what a reader may be late. */
#define BACKLOG_LIMIT_MIN 1024U

#define MEND_COMMAND_LINE "take it from GRUB_CMDLINE_LINUX in /etc/default/grub, run update-grub, and reboot"

static bool is_off(FopsSpan value) {
        return fops_span_equal_string(value, "0") || fops_span_equal_string(value, "off");
}

void check_command_line(Examination *e) {
        if (is_off(command_line_value(e->command_line, "audit")))
                finding_add(e, VERDICT_PROBLEM, MEND_COMMAND_LINE, "audit=0 on the kernel's command line: there is no auditing at all");
        else if (e->kernel_error == -EPROTONOSUPPORT)
                finding_add(e, VERDICT_PROBLEM, "boot a kernel with CONFIG_AUDIT and CONFIG_AUDITSYSCALL", "this kernel has no auditing");
}

static bool cannot_ask(Examination *e) {
        if (e->kernel_error >= 0)
                return false;
        finding_add(e, VERDICT_UNKNOWN, NULL, "the kernel can't be asked: %s", strerror(-e->kernel_error));
        return true;
}

void check_enabled(Examination *e) {
        if (!cannot_ask(e) && e->kernel.enabled == 0)
                finding_add(e, VERDICT_PROBLEM,
                            "systemctl restart fopsd, or auditctl -e 1; and see to what turns it off (journald-audit below)",
                            "auditing is off: the kernel records nothing");
}

/* With all rules in, a lock takes nothing away, and may be meant. */
void check_lock(Examination *e) {
        Comparison c;
        bool differs;

        if (cannot_ask(e) || e->kernel.enabled != 2)
                return;
        if (e->config_error != 0 || e->rules_error < 0 || rules_compare(&e->wanted.rules, &e->rules, e->status.json, false, &c) < 0)
                differs = true;
        else {
                differs = c.n_differences > 0;
                comparison_done(&c);
        }
        if (differs)
                finding_add(e, VERDICT_PROBLEM, "take -e 2 out of /etc/audit/rules.d, let kernel.lock in /etc/fopsd.conf do it, and reboot",
                            "the rules are locked until the next boot, without those that fopsd wants");
        else
                finding_add(e, VERDICT_NOTE, NULL,
                            "the rules are locked until the next boot: a change of the configuration waits for that");
}

void check_backlog(Examination *e) {
        if (cannot_ask(e))
                return;
        /* 0 is no limit. */
        if (e->kernel.backlog_limit > 0 && e->kernel.backlog_limit < BACKLOG_LIMIT_MIN)
                finding_add(e, VERDICT_PROBLEM, "kernel = { backlog_limit = 8192; }; in /etc/fopsd.conf",
                            "the kernel's queue holds only %u records: a burst fills it", e->kernel.backlog_limit);
        if (e->kernel.backlog_wait_time == 0)
                finding_add(e, VERDICT_PROBLEM, "kernel = { backlog_wait_time = 60000; }; in /etc/fopsd.conf",
                            "backlog_wait_time is 0: with a full queue the kernel drops records at once");
        if (e->kernel.rate_limit > 0)
                finding_add(e, VERDICT_PROBLEM, "kernel = { rate_limit = 0; }; in /etc/fopsd.conf, and take -r out of /etc/audit/rules.d",
                            "rate_limit is %u: what is more than that in a second the kernel drops", e->kernel.rate_limit);
}
