/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What fopsd says of itself, and what is known of it if it says nothing. */

#include <stdio.h>
#include <sys/stat.h>

#include "examination.h"

/* Of findings of a kind; fopsctl check and status show all. */
#define SHOWN_MAX 5U

static uint64_t number_at(const Examination *e, const char *path) {
        return fops_json_number(fops_json_at(e->status.json, path));
}

static FopsSpan text_at(const FopsJson *j, const char *name) {
        j = fops_json_member(j, name);
        return j && j->type == FOPS_JSON_STRING ? j->text : FOPS_SPAN_LITERAL("?");
}

static bool cannot_ask(Examination *e) {
        if (e->status_error >= 0)
                return false;
        finding_add(e, VERDICT_UNKNOWN, NULL, "fopsd doesn't say");
        return true;
}

typedef struct Unit {
        char state[64], result[64]; /* empty: systemd doesn't run, or doesn't say */
        unsigned n_restarts;
} Unit;

static Unit ask_systemd(void) {
        Unit u = {};
        struct stat st;
        FILE *f;

        if (lstat("/run/systemd/system", &st) < 0)
                return u;
        f = popen("systemctl show --property=ActiveState --property=Result --property=NRestarts fopsd.service 2>/dev/null", "re");
        if (!f)
                return u;
        for (char line[128]; fgets(line, sizeof(line), f);)
                if (sscanf(line, "ActiveState=%63s", u.state) != 1 && sscanf(line, "Result=%63s", u.result) != 1)
                        (void) sscanf(line, "NRestarts=%u", &u.n_restarts);
        pclose(f);
        return u;
}

void check_running(Examination *e) {
        Unit unit = ask_systemd();
        FopsSpan state;

        switch (-e->status_error) {
        case 0:
                break;
        case ENOENT:
                finding_add(e, VERDICT_PROBLEM, "systemctl enable --now fopsd; if that fails: journalctl -b -u fopsd", "fopsd isn't running%s%s%s%s",
                            unit.state[0] ? "; systemd says of it: " : "", unit.state, unit.state[0] ? ", " : "", unit.result);
                return;
        default:
                finding_add(e, VERDICT_PROBLEM, "journalctl -b -u fopsd; systemctl restart fopsd", "fopsd doesn't answer: %s",
                            strerror(-e->status_error));
                return;
        }

        if (unit.n_restarts > 0)
                finding_add(e, VERDICT_NOTE, "journalctl -b -u fopsd; coredumpctl list fopsd", "systemd had to start fopsd again %u times", unit.n_restarts);
        state = text_at(e->status.json, "state");
        if (fops_span_equal_string(state, "blocked"))
                finding_add(e, VERDICT_PROBLEM, "journalctl -b -u systemd-journald; systemctl restart systemd-journald",
                            "journald takes nothing: entries wait, and soon the audited processes");
        if (!e->is_ours)
                finding_add(e, VERDICT_NOTE, NULL, "the fopsd that runs, pid %u, was started with -c or -w: it doesn't read " FOPS_CONFIG_PATH,
                            e->status.pid);
}

void check_configuration(Examination *e) {
        size_t n_shown = 0;

        if (e->config_error == 0)
                return;
        for (size_t i = 0; i < e->diags.n_items; i++) {
                const FopsDiag *d = e->diags.items + i;

                if (d->severity == FOPS_ERROR && n_shown++ < SHOWN_MAX)
                        finding_add(e, VERDICT_PROBLEM, "mend it, see fopsctl check, and systemctl reload fopsd",
                                    d->line > 0 ? "%s: %s, line %u" : "%s: %s", d->file ? d->file : "-", d->text, d->line);
        }
        if (n_shown > SHOWN_MAX)
                finding_add(e, VERDICT_PROBLEM, "fopsctl check", "%zu more errors", n_shown - SHOWN_MAX);
}

void check_watches(Examination *e) {
        const FopsJson *watches;
        size_t n_shown = 0;

        if (cannot_ask(e))
                return;
        watches = fops_json_member(e->status.json, "watches");
        for (const FopsJson *w = watches ? watches->first : NULL; w; w = w->next) {
                FopsSpan path = fops_json_bytes(fops_json_member(w, "target"), &e->arena), state = text_at(w, "state"), reason = text_at(w, "reason");
                bool is_pending = fops_span_equal_string(state, "pending");

                if (!fops_span_is_present(path))
                        path = fops_json_bytes(fops_json_member(w, "path"), &e->arena);
                if (fops_span_equal_string(state, "armed") || n_shown++ >= SHOWN_MAX)
                        continue;
                finding_add(e, is_pending ? VERDICT_NOTE : VERDICT_PROBLEM,
                            is_pending ? "none is needed: it is watched from when it appears" : "journalctl -t fopsd FOPSD_STATE=refused",
                            "%.*s isn't watched: %.*s", (int) path.size, path.data, (int) reason.size, reason.data);
        }
        if (n_shown > SHOWN_MAX)
                finding_add(e, VERDICT_NOTE, "fopsctl status", "%zu more aren't watched", n_shown - SHOWN_MAX);
}

static void name_of(uint32_t pid, char ret[static 32]) {
        char path[32];
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%u/comm", pid);
        f = fopen(path, "re");
        if (!f || fscanf(f, "%31[^\n]", ret) != 1)
                snprintf(ret, 32, "a process");
        if (f)
                fclose(f);
}

/* Beside another daemon records come by multicast, which the kernel drops when the buffer is full. */
void check_other_daemon(Examination *e) {
        bool is_wanted = e->config_error == 0 && e->wanted.config.source.mode == FOPS_SOURCE_LISTENER;
        char name[32];

        if (e->kernel_error < 0) {
                finding_add(e, VERDICT_UNKNOWN, NULL, "the kernel can't be asked: %s", strerror(-e->kernel_error));
                return;
        }
        if (e->kernel.pid == 0)
                return;
        /* It may be the fopsd that doesn't answer. */
        if (e->status_error != -ENOENT && cannot_ask(e))
                return;
        /* After a restart it is fopsd's predecessor that is registered, by the socket that was handed on. */
        if (e->status_error >= 0 && fops_span_equal_string(fops_json_bytes(fops_json_member(e->status.json, "mode"), NULL), "daemon"))
                return;
        name_of(e->kernel.pid, name);
        finding_add(e, is_wanted ? VERDICT_NOTE : VERDICT_PROBLEM,
                    is_wanted ? NULL : "systemctl disable --now auditd && systemctl restart fopsd; or source.mode = \"listener\" if it is to stay",
                    "%s[%u] is registered as the audit daemon: fopsd listens beside it, and loses what it can't read in time", name, e->kernel.pid);
}

void check_losses(Examination *e) {
        const FopsJson *lost, *last;

        if (cannot_ask(e))
                return;
        lost = fops_json_member(e->status.json, "lost");
        last = fops_json_member(e->status.json, "last_gap");
        for (const FopsJson *i = lost ? lost->first : NULL; i; i = i->next)
                if (fops_json_number(i) > 0)
                        finding_add(e, VERDICT_PROBLEM, "fopsctl report gaps says when; a larger source.buffer_mib and kernel.backlog_limit help with bursts",
                                    "%ju lost: %.*s", (uintmax_t) fops_json_number(i), (int) i->name.size, i->name.data);
        if (last && !fops_json_member(last, "count"))
                finding_add(e, VERDICT_PROBLEM, "fopsctl report gaps says when", "an unknown number lost: %.*s",
                            (int) text_at(last, "cause").size, text_at(last, "cause").data);
}

void check_index(Examination *e) {
        uint64_t n;

        if (cannot_ask(e))
                return;
        n = number_at(e, "index.refused") + number_at(e, "index.evicted");
        if (n > 0)
                finding_add(e, VERDICT_PROBLEM, "a larger index.max_entries in /etc/fopsd.conf, some 55 bytes of memory each; then systemctl restart fopsd",
                            "%ju paths had no room in the index: names in there may come without their path", (uintmax_t) n);
}
