/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What journald does to fopsd's entries, and to auditing. */

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

#include "examination.h"

/* Where systemd hands a unit's own settings on to journald (src/core/unit.c, unit_export_state_files()). */
#define UNITS "/run/systemd/units/"
#define JOURNAL_DROPPED "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e" /* SD_MESSAGE_JOURNAL_DROPPED */

static bool cannot_read(Examination *e) {
        if (e->journald_error >= 0)
                return false;
        finding_add(e, VERDICT_UNKNOWN, NULL, "systemd-analyze doesn't tell journald's settings");
        return true;
}

static bool is_zero(FopsSpan value) {
        size_t n = 0;

        while (n < value.size && (value.data[n] == '0' || isspace((unsigned char) value.data[n])))
                n++;
        /* "0", "0s", "0min" */
        return n > 0 && (n == value.size || isalpha((unsigned char) value.data[n]));
}

/* A unit's interval of 0 isn't handed on: then journald's own counts. */
void check_rate_limit(Examination *e) {
        struct stat st;

        if (cannot_read(e) || is_zero(e->journald.rate_limit_interval) || is_zero(e->journald.rate_limit_burst))
                return;
        if (lstat(UNITS "log-rate-limit-interval:fopsd.service", &st) == 0)
                return;
        finding_add(e, VERDICT_PROBLEM,
                    "LogRateLimitIntervalSec=1us for fopsd.service (systemctl edit fopsd; 0 has no effect), and restart it",
                    "journald drops what is more than %.*s entries in %.*s", (int) e->journald.rate_limit_burst.size,
                    e->journald.rate_limit_burst.data ? e->journald.rate_limit_burst.data : "", (int) e->journald.rate_limit_interval.size,
                    e->journald.rate_limit_interval.data ? e->journald.rate_limit_interval.data : "");
}

static bool is_of_fopsd(sd_journal *j) {
        const void *data;
        size_t size;

        /* "MESSAGE=Suppressed 4711 messages from fopsd.service" */
        return sd_journal_get_data(j, "MESSAGE", &data, &size) >= 0 &&
               fops_span_ends_with((FopsSpan){ data, size }, FOPS_SPAN_LITERAL(" from fopsd.service"));
}

void check_dropped_entries(Examination *e) {
        char match[sizeof("_BOOT_ID=") + 32] = "_BOOT_ID=";
        sd_id128_t boot;
        sd_journal *j;
        size_t n = 0;

        if (sd_id128_get_boot(&boot) < 0 || sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY) < 0) {
                finding_add(e, VERDICT_UNKNOWN, NULL, "the journal can't be read");
                return;
        }
        sd_id128_to_string(boot, match + strlen(match));
        if (sd_journal_add_match(j, match, 0) >= 0 && sd_journal_add_match(j, JOURNAL_DROPPED, 0) >= 0 &&
            sd_journal_add_match(j, "_UID=0", 0) >= 0)
                while (sd_journal_next(j) > 0)
                        n += is_of_fopsd(j);
        sd_journal_close(j);
        if (n > 0)
                finding_add(e, VERDICT_PROBLEM,
                            "LogRateLimitIntervalSec=1us for fopsd.service, and restart it; journalctl -b " JOURNAL_DROPPED " shows them",
                            "%zu times journald dropped entries of fopsd since the boot", n);
}

/* Does a process of that name have the socket? */
static bool has_socket(const char *pid, const char *name, unsigned long inode) {
        char path[64], comm[32] = "", wanted[64];
        struct dirent *d;
        bool found = false;
        DIR *fds;
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
        f = fopen(path, "re");
        if (!f || !fgets(comm, sizeof(comm), f))
                comm[0] = '\0';
        if (f)
                fclose(f);
        /* The kernel keeps 15 bytes of it. */
        if (strncmp(comm, name, 15) != 0)
                return false;

        snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
        snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
        fds = opendir(path);
        while (fds && !found && (d = readdir(fds))) {
                char target[64];
                ssize_t n = readlinkat(dirfd(fds), d->d_name, target, sizeof(target) - 1);

                found = n > 0 && (size_t) n == strlen(wanted) && memcmp(target, wanted, (size_t) n) == 0;
        }
        if (fds)
                closedir(fds);
        return found;
}

static bool journald_has_socket(unsigned long inode) {
        DIR *proc = opendir("/proc");
        bool found = false;
        struct dirent *d;

        while (proc && !found && (d = readdir(proc)))
                found = isdigit((unsigned char) d->d_name[0]) && has_socket(d->d_name, "systemd-journald", inode);
        if (proc)
                closedir(proc);
        return found;
}

/* Who is in the multicast group, from the kernel's own list: sk, protocol, portid, groups … inode. */
void check_audit_socket(Examination *e) {
        FILE *f = fopen("/proc/net/netlink", "re");
        bool found = false;
        char line[256];

        while (f && !found && fgets(line, sizeof(line), f)) {
                unsigned long inode;
                unsigned protocol, groups;

                /* NETLINK_AUDIT, AUDIT_NLGRP_READLOG */
                found = sscanf(line, "%*s %u %*u %x %*s %*s %*s %*s %*s %lu", &protocol, &groups, &inode) == 3 && protocol == 9 &&
                        (groups & 1) && journald_has_socket(inode);
        }
        if (f)
                fclose(f);
        if (found)
                finding_add(e, VERDICT_PROBLEM, "systemctl mask --now systemd-journald-audit.socket && systemctl restart systemd-journald",
                            "journald stores each raw record too: it keeps a fraction of the time, at several times the work");
}

static bool is_one_of(FopsSpan value, const char *const *words) {
        for (; *words; words++)
                if (fops_span_equal_string(value, *words))
                        return true;
        return false;
}

void check_journald_audit(Examination *e) {
        static const char *const harmless[] = { "", "yes", "true", "on", "1", "y", "t", NULL };
        FopsSpan audit = e->journald.audit;

        if (cannot_read(e) || !fops_span_is_present(audit) || is_one_of(audit, harmless))
                return;
        finding_add(e, VERDICT_PROBLEM, "\"[Journal]\" and \"Audit=\" (nothing behind it) in /etc/systemd/journald.conf.d/audit.conf",
                    "journald turns auditing off whenever it starts (Audit=%.*s); until fopsd has it on again nothing is recorded",
                    (int) audit.size, audit.data);
}

void check_persistence(Examination *e) {
        FopsSpan storage = e->journald.storage;
        struct stat st;

        if (cannot_read(e))
                return;
        if (fops_span_equal_string(storage, "none"))
                finding_add(e, VERDICT_PROBLEM, "Storage=persistent in /etc/systemd/journald.conf",
                            "journald stores nothing (Storage=none)");
        else if (fops_span_equal_string(storage, "volatile") ||
                 (!fops_span_equal_string(storage, "persistent") && stat("/var/log/journal", &st) < 0))
                finding_add(e, VERDICT_PROBLEM, "mkdir /var/log/journal && systemctl restart systemd-journald, and no Storage=volatile",
                            "the journal is in memory only: a reboot clears it");
}
