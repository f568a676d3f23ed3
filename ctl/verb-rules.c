/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl rules: the rules that the configuration wants, beside those that the kernel has.
 *   = -a always,exit -F arch=b64 -S open -F dir=/srv/data -F key=data -F key=fopsd:6aa93c61ff4e1f4a
 *   + -a always,exit -F arch=b32 -S open -F dir=/srv/data -F key=data -F key=fopsd:6aa93c61ff4e1f4a */

#include <stdio.h>
#include <string.h>

#include "daemon-status.h"
#include "pager.h"
#include "rule-compare.h"
#include "rule-json.h"
#include "target-group.h"
#include "text.h"
#include "verb.h"
#include "wanted.h"

/* Of a group: enough to tell which it is. */
#define MEMBERS_SHOWN 3U

#define RED "\x1b[31m"
#define GREEN "\x1b[32m"
#define GREY "\x1b[90m"
#define NORMAL "\x1b[0m"

static const struct {
        const char *name, *colour;
        char mark;
} states[_RULE_STATE_MAX] = {
        [RULE_FOREIGN] = { "foreign", "", ' ' },
        [RULE_OWN] = { "own", GREY, '=' },
        [RULE_INSTALLED] = { "installed", "", '=' },
        [RULE_MISSING] = { "missing", GREEN, '+' },
        [RULE_UNSUPPORTED] = { "unsupported", GREY, '~' },
        [RULE_UNWANTED] = { "unwanted", RED, '-' },
};

static void print_text(const ComparedRule *rule, const char *text, bool colours) {
        const char *colour = colours ? states[rule->state].colour : "";

        printf("%s%c ", colour, states[rule->state].mark);
        fops_text_print_value(fops_span_from_string(text), stdout);
        fputs(*colour ? NORMAL "\n" : "\n", stdout);
}

/* Whose rules follow; the first few. */
static void print_members(const FopsTargets *targets, const FopsTargetGroup *g) {
        printf("# %s stands for", g->anchor.path);
        for (size_t i = 0; i < MIN(g->n_members, (size_t) MEMBERS_SHOWN); i++) {
                fputs(i > 0 ? ", " : " ", stdout);
                fops_text_print_value(fops_span_from_string(targets->items[g->members[i]].path), stdout);
        }
        if (g->n_members > MEMBERS_SHOWN)
                printf(" and %zu more", g->n_members - MEMBERS_SHOWN);
        putchar('\n');
}

static void print_json(const ComparedRule *rule, const FopsTargets *targets, const char *text) {
        FopsJsonWriter w = { .f = stdout };

        fops_json_open(&w, NULL, '{');
        fops_json_string(&w, "state", states[rule->state].name);
        rule_print_json(&w, text, rule->wanted, targets);
        fops_json_close(&w, '}');
        putchar('\n');
}

static int print(const Comparison *c, const FopsTargets *targets, bool by_kernel, bool json, bool colours) {
        const FopsTarget *last = NULL;

        for (size_t i = 0; i < c->n_items; i++) {
                const ComparedRule *rule = c->items + i;
                _cleanup_free_ char *text = NULL;

                if (!by_kernel && (rule->state == RULE_FOREIGN || rule->state == RULE_OWN))
                        continue;
                text = fops_rule_data_to_string(rule->data);
                if (!text)
                        return -ENOMEM;
                if (json) {
                        print_json(rule, targets, text);
                        continue;
                }
                if (rule->wanted && rule->wanted->target != last) {
                        last = rule->wanted->target;
                        if (last && last->is_anchor)
                                print_members(targets, last->group);
                }
                print_text(rule, text, colours);
        }
        return 0;
}

static int ask_kernel(FopsKernelRules *ret) {
        FopsAuditControl control;
        int r;

        r = fops_audit_control_open(&control);
        if (r < 0)
                return r;
        r = fops_kernel_rules_list(&control, ret);
        fops_audit_control_done(&control);
        return r;
}

static int compare(const char *file, bool by_kernel, bool json, bool no_pager) {
        _cleanup_(fops_kernel_rules_done) FopsKernelRules kernel = {};
        _cleanup_(daemon_status_done) DaemonStatus status = {};
        _cleanup_(comparison_done) Comparison c = {};
        bool colours = pager_colours();
        Wanted wanted;
        Pager pager;
        int r;

        (void) daemon_status_read(&status);
        r = wanted_load_or_say(file, status.json, &wanted);
        if (r != 0)
                return r;
        r = ask_kernel(&kernel);
        if (r < 0)
                fprintf(stderr, "fopsctl: asking the kernel for its rules: %s\n",
                        r == -EPERM ? "not permitted: it takes CAP_AUDIT_CONTROL, or root" : strerror(-r));
        else
                r = rules_compare(&wanted.rules, &kernel, status.json, by_kernel, &c);
        if (r >= 0) {
                pager_start(&pager, !no_pager && !json);
                r = print(&c, &wanted.targets, by_kernel, json, colours);
                pager_wait(&pager);
        }
        wanted_done(&wanted);
        return r < 0 ? EXIT_USAGE : c.n_differences > 0 ? EXIT_NOTHING : EXIT_FOUND;
}

static int run(const Verb *verb, int argc, char **argv) {
        bool by_kernel = false, json = false, no_pager = false;
        const char *file = NULL;
        const VerbOption options[] = {
                { "kernel", .flag = &by_kernel },
                { "config", 'c', .argument = &file },
                { "output", 'o', .json = &json },
                { "no-pager", .flag = &no_pager },
                {},
        };
        int code;

        return verb_take_options_only(verb, argc, argv, options, &code) ? compare(file, by_kernel, json, no_pager) : code;
}

const Verb verb_rules = {
        .name = "rules",
        .synopsis = "[--kernel] [-c FILE] [-o FORMAT]",
        .summary = "Shows the kernel rules that the configuration wants, and whether they are there",
        .help = "  =  as wanted        +  wanted, but not in the kernel      ~  the same, but a kernel need not know it\n"
                "                      -  fopsd's, but not wanted\n\n"
                "      --kernel          all the kernel's rules in its order, those of others too\n"
                "  -c, --config FILE     of FILE and FILE.d, in place of " FOPS_CONFIG_PATH "\n"
                "  -o, --output FORMAT   text (default) or json\n"
                "      --no-pager        don't start a pager\n",
        .run = run,
};
