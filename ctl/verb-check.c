/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl check: validates the configuration and shows what each watch would install.
 *   /srv/data (write, attr), key "data": 5 rules
 *     -a always,exit -F arch=b64 -S open,… -F dir=/srv/data -F perm=w -F key=data */

#include <stdio.h>
#include <string.h>

#include "output.h"
#include "rule-json.h"
#include "target-group.h"
#include "verb.h"
#include "wanted.h"

static void print_target(const FopsTarget *t) {
        printf("%s", t->watch->path);
        if (strcmp(t->path, t->watch->path) != 0)
                printf(" → %s", t->path);
        if (t->watch->file)
                printf("  (%s:%u)", t->watch->file, t->watch->line);
        printf("\n");
}

/* What the rules are for that follow. */
static void print_heading(const FopsRule *rule, const FopsTargets *targets) {
        if (rule->config)
                printf("rule  (%s:%u)\n", rule->config->file, rule->config->line);
        else if (!rule->target)
                printf("rule\n");
        else if (!rule->target->is_anchor)
                print_target(rule->target);
        else
                for (size_t i = 0; i < rule->target->group->n_members; i++)
                        print_target(targets->items + rule->target->group->members[i]);
}

static int print_json(const FopsRules *rules, const FopsTargets *targets) {
        for (size_t i = 0; i < rules->n_items; i++) {
                const FopsRule *rule = rules->items + i;
                _cleanup_free_ char *text = fops_rule_data_to_string(rule->data);
                FopsJsonWriter w = { .f = stdout };

                if (!text)
                        return -ENOMEM;
                fops_json_open(&w, NULL, '{');
                rule_print_json(&w, text, rule, targets);
                fops_json_bool(&w, "optional", rule->optional);
                fops_json_close(&w, '}');
                putchar('\n');
        }
        for (size_t i = 0; i < targets->n_items; i++)
                if (targets->items[i].is_missing) {
                        FopsJsonWriter w = { .f = stdout };

                        fops_json_open(&w, NULL, '{');
                        fops_json_string(&w, "pending", targets->items[i].path);
                        fops_json_close(&w, '}');
                        putchar('\n');
                }
        return 0;
}

static int print_rules(const FopsRules *rules, const FopsTargets *targets) {
        const FopsRule *last = NULL;

        for (size_t i = 0; i < rules->n_items; i++) {
                const FopsRule *rule = rules->items + i;
                _cleanup_free_ char *text = fops_rule_data_to_string(rule->data);

                if (!text)
                        return -ENOMEM;
                if (!last || rule->target != last->target || rule->config != last->config)
                        print_heading(rule, targets);
                printf("  %s%s\n", text, rule->optional ? "  # if the kernel takes it" : "");
                last = rule;
        }

        for (size_t i = 0; i < targets->n_items; i++)
                if (targets->items[i].is_missing)
                        printf("%s\n  nothing there yet: armed when it appears\n", targets->items[i].path);
        return 0;
}

static void print_sum(size_t n_watches, size_t n_rules) {
        printf("%zu watches, %zu rules\n", n_watches, n_rules);
}

static int run(const Verb *verb, int argc, char **argv) {
        const char *file = NULL;
        bool json = false;
        const VerbOption options[] = {
                { "config", 'c', .argument = &file },
                { "output", 'o', .json = &json },
                {},
        };
        Wanted wanted;
        int r, code;

        if (!verb_take_options_only(verb, argc, argv, options, &r))
                return r;

        r = wanted_load_or_say(file, NULL, &wanted);
        if (r != 0)
                return r;
        r = json ? print_json(&wanted.rules, &wanted.targets) : print_rules(&wanted.rules, &wanted.targets);
        if (r == 0 && !json)
                print_sum(wanted.config.n_watches, wanted.rules.n_items);
        wanted_done(&wanted);
        return output_finish(r, &code) ? EXIT_FOUND : code;
}

const Verb verb_check = {
        .name = "check",
        .synopsis = "[-c FILE] [-o FORMAT]",
        .summary = "Validates the configuration and shows what each watch would install",
        .help = "  -c, --config FILE     check FILE and FILE.d, in place of " FOPS_CONFIG_PATH "\n"
                "  -o, --output FORMAT   text (default) or json\n",
        .run = run,
};
