/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl doctor: why events could be missing, each with its mend.
 *   fine     auditing is on
 *   PROBLEM  never-task: processes started while there is this rule are never audited, not even later: -a never,task
 *            mend: auditctl -d never,task, and take it out of /etc/audit/rules.d */

#include <stdio.h>
#include <string.h>

#include "examination.h"
#include "json-writer.h"
#include "pager.h"
#include "text.h"
#include "verb.h"

#define RED "\x1b[31m"
#define YELLOW "\x1b[33m"
#define GREEN "\x1b[32m"
#define NORMAL "\x1b[0m"

typedef struct Check {
        const char *name;
        const char *fine; /* what is so if it finds nothing */
        void (*run)(Examination *e);
} Check;

/* In the order in which they are run and shown. */
static const Check checks[] = {
        { "command-line", "the kernel's command line doesn't turn auditing off", check_command_line },
        { "enabled", "auditing is on", check_enabled },
        { "lock", "the rules can be changed", check_lock },
        { "backlog", "the kernel's queue has room, and makes processes wait before it loses something", check_backlog },
        { "old-processes", "all processes are audited", check_old_processes },
        { "never-task", "no rule keeps processes from being audited", check_never_task },
        { "never-rules", "no rule of others hides operations from fopsd's", check_never_rules },
        { "excluded-records", "no rule keeps out records that fopsd needs", check_excluded_records },
        { "running", "fopsd is running", check_running },
        { "configuration", "the configuration has no errors", check_configuration },
        { "watches", "all watches are armed", check_watches },
        { "missing-rules", "the kernel has the rules that are wanted", check_missing_rules },
        { "masked-paths", "fopsd sees what is watched", check_masked_paths },
        { "other-daemon", "no other audit daemon is registered", check_other_daemon },
        { "losses", "nothing was lost since fopsd started", check_losses },
        { "index", "the index has room for all paths", check_index },
        { "rate-limit", "journald takes any number of entries from fopsd", check_rate_limit },
        { "dropped-entries", "journald dropped no entries of fopsd since the boot", check_dropped_entries },
        { "audit-socket", "journald doesn't store the raw records as well", check_audit_socket },
        { "journald-audit", "journald leaves auditing on when it starts", check_journald_audit },
        { "persistence", "the journal outlives a reboot", check_persistence },
};

static const struct {
        const char *name, *word, *colour;
} verdicts[_VERDICT_MAX] = {
        [VERDICT_FINE] = { "fine", "fine", GREEN },
        [VERDICT_NOTE] = { "note", "note", "" },
        [VERDICT_UNKNOWN] = { "unknown", "unknown", YELLOW },
        [VERDICT_PROBLEM] = { "problem", "PROBLEM", RED },
};

static void print_text(const Finding *f, bool colours) {
        const char *colour = colours ? verdicts[f->verdict].colour : "";

        printf("%s%-7s%s  ", colour, verdicts[f->verdict].word, *colour ? NORMAL : "");
        if (f->verdict != VERDICT_FINE)
                printf("%s: ", f->check);
        fops_text_print_value(f->text, stdout);
        putchar('\n');
        if (!fops_span_is_present(f->mend))
                return;
        printf("         mend: ");
        fops_text_print_value(f->mend, stdout);
        putchar('\n');
}

static void print_json(const Finding *f) {
        FopsJsonWriter w = { .f = stdout };

        fops_json_open(&w, NULL, '{');
        fops_json_string(&w, "check", f->check);
        fops_json_string(&w, "verdict", verdicts[f->verdict].name);
        fops_json_span(&w, "message", f->text);
        if (fops_span_is_present(f->mend))
                fops_json_span(&w, "mend", f->mend);
        fops_json_close(&w, '}');
        putchar('\n');
}

static int examine(const char *config_file, bool json, bool no_pager) {
        bool colours = pager_colours();
        Examination e;
        Pager pager;
        int code;

        if (examination_begin(&e, config_file) < 0) {
                fprintf(stderr, "fopsctl: %s\n", strerror(ENOMEM));
                return EXIT_USAGE;
        }
        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                Finding **mine = e.tail;

                e.check = checks[i].name;
                checks[i].run(&e);
                if (!*mine)
                        finding_add(&e, VERDICT_FINE, NULL, "%s", checks[i].fine);
        }

        pager_start(&pager, !no_pager && !json);
        for (const Finding *f = e.first; f; f = f->next)
                if (json)
                        print_json(f);
                else
                        print_text(f, colours);
        pager_wait(&pager);
        code = e.n[VERDICT_PROBLEM] > 0 ? EXIT_NOTHING : e.n[VERDICT_UNKNOWN] > 0 ? EXIT_USAGE : EXIT_FOUND;
        examination_done(&e);
        return code;
}

static int run(const Verb *verb, int argc, char **argv) {
        bool json = false, no_pager = false;
        const char *file = NULL;
        const VerbOption options[] = {
                { "config", 'c', .argument = &file },
                { "output", 'o', .json = &json },
                { "no-pager", .flag = &no_pager },
                {},
        };
        int code;

        return verb_take_options_only(verb, argc, argv, options, &code) ? examine(file, json, no_pager) : code;
}

const Verb verb_doctor = {
        .name = "doctor",
        .synopsis = "[-c FILE] [-o FORMAT]",
        .summary = "Says why events could be missing, and what to do about it",
        .help = "Takes root to see all.\n\n"
                "  -c, --config FILE     what fopsd was started with, in place of " FOPS_CONFIG_PATH "\n"
                "  -o, --output FORMAT   text (default) or json\n"
                "      --no-pager        don't start a pager\n",
        .run = run,
};
