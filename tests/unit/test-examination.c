/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What no test may bring about on a kernel that others use too: a lock, an unconditional never,task, a refused watch. And the readers of
 * what is text. The rest is in tests/live/test_doctor.py. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "examination.h"
#include "rule-internal.h"
#include "target-group.h"

#define S(s) FOPS_SPAN_LITERAL(s)

/* One with nothing found yet; what it looked at stays. */
static Examination *begin(Examination *e) {
        e->first = NULL;
        e->tail = &e->first;
        memset(e->n, 0, sizeof(e->n));
        return e;
}

static void assert_found(const Examination *e, size_t n, Verdict verdict, const char *text, const char *mend) {
        size_t n_found = 0;

        for (const Finding *f = e->first; f; f = f->next)
                n_found++;
        assert_int_equal(n_found, n);
        if (n == 0)
                return;
        assert_int_equal(e->n[verdict], n);
        assert_true(fops_span_equal_string(e->first->text, text));
        if (mend)
                assert_true(fops_span_equal_string(e->first->mend, mend));
}

static struct audit_rule_data *make(uint32_t list, uint32_t action, const char *key) {
        struct audit_rule_data *rule = fops_rule_data_new(list, action);

        assert_non_null(rule);
        if (key)
                assert_int_equal(fops_rule_data_add_string(&rule, AUDIT_FILTERKEY, AUDIT_EQUAL, fops_span_from_string(key)), 0);
        return rule;
}

static void test_a_lock_is_a_problem_if_rules_are_not_in(void **state _unused_) {
        struct audit_rule_data *rules[] = { make(AUDIT_FILTER_EXIT, AUDIT_ALWAYS, "k\x01" "fopsd:0123456789abcdef") };
        Examination e = { .kernel.enabled = 2, .rules = { .items = rules, .n_items = 1 } };
        struct audit_rule_data *same = make(AUDIT_FILTER_EXIT, AUDIT_ALWAYS, "k\x01" "fopsd:0123456789abcdef");

        check_lock(begin(&e));
        assert_found(&e, 1, VERDICT_PROBLEM, "the rules are locked until the next boot, without those that fopsd wants", NULL);

        assert_int_equal(fops_rules_append(&e.wanted.rules, &same, (FopsRule){}), 0);
        check_lock(begin(&e));
        assert_found(&e, 1, VERDICT_NOTE, "the rules are locked until the next boot: a change of the configuration waits for that", NULL);

        e.kernel.enabled = 1;
        check_lock(begin(&e));
        assert_found(&e, 0, VERDICT_FINE, NULL, NULL);
        fops_rules_done(&e.wanted.rules);
        fops_arena_done(&e.arena);
        free(rules[0]);
}

static void test_never_task_is_found_with_its_mend(void **state _unused_) {
        struct audit_rule_data *rules[] = { make(AUDIT_FILTER_TASK, AUDIT_ALWAYS, NULL), make(AUDIT_FILTER_TASK, AUDIT_NEVER, NULL) };
        Examination e = { .rules = { .items = rules, .n_items = 1 } };

        check_never_task(begin(&e));
        assert_found(&e, 0, VERDICT_FINE, NULL, NULL);
        e.rules.n_items = 2;
        check_never_task(begin(&e));
        assert_found(&e, 1, VERDICT_PROBLEM, "processes started while there is this rule are never audited, not even later: -a never,task",
                     "auditctl -d never,task, and take it out of /etc/audit/rules.d");
        fops_arena_done(&e.arena);
        free(rules[0]);
        free(rules[1]);
}

static struct audit_rule_data *make_in(uint32_t action, const char *directory, const char *key) {
        struct audit_rule_data *rule = make(AUDIT_FILTER_EXIT, action, key);

        fops_rule_data_set_all(rule);
        assert_int_equal(fops_rule_data_add_string(&rule, AUDIT_DIR, AUDIT_EQUAL, fops_span_from_string(directory)), 0);
        return rule;
}

static void test_who_shares_rules_only_the_configuration_tells(void **state _unused_) {
        static const char anchor[] = FOPS_ANCHORS_DIRECTORY "/0123456789abcdef.17";
        struct audit_rule_data *rules[] = {
                make_in(AUDIT_NEVER, "/home/a", NULL), make_in(AUDIT_ALWAYS, anchor, "fopsd:0123456789abcdef"),
        };
        FopsTarget member = { .path = (char *) "/home/a" };
        FopsTargetGroup shared = { .anchor.path = (char *) anchor, .members = (size_t[]) { 0 }, .n_members = 1 };
        Examination e = {
                .is_ours = true, .rules = { .items = rules, .n_items = 2 },
                .wanted.targets = { .items = &member, .n_items = 1, .groups = &shared, .n_groups = 1 },
        };

        check_never_rules(begin(&e));
        assert_found(&e, 1, VERDICT_PROBLEM,
                     "a rule of another's hides what it matches, from 1 of fopsd's rules: -a never,exit -S all -F dir=/home/a",
                     "auditctl -d never,exit -S all -F dir=/home/a, and take it out of /etc/audit/rules.d");
        e.is_ours = false;
        check_never_rules(begin(&e));
        assert_found(&e, 1, VERDICT_UNKNOWN, "what shares fopsd's rules isn't known: fopsd isn't running on this configuration", NULL);
        e.is_ours = true;
        member.path = (char *) "/home/b";
        check_never_rules(begin(&e));
        assert_found(&e, 0, VERDICT_FINE, NULL, NULL);
        /* An older one, that is about to go. */
        e.wanted.targets.n_groups = 0;
        check_never_rules(begin(&e));
        assert_found(&e, 0, VERDICT_FINE, NULL, NULL);
        fops_arena_done(&e.arena);
        free(rules[0]);
        free(rules[1]);
}

static void test_a_kernel_without_auditing(void **state _unused_) {
        Examination e = { .kernel_error = -EPROTONOSUPPORT };

        check_command_line(begin(&e));
        assert_found(&e, 1, VERDICT_PROBLEM, "this kernel has no auditing", NULL);
        e.command_line = S("root=/dev/vda audit=0");
        check_command_line(begin(&e));
        assert_found(&e, 1, VERDICT_PROBLEM, "audit=0 on the kernel's command line: there is no auditing at all", NULL);
        fops_arena_done(&e.arena);
}

static void test_what_the_kernel_refused_is_told(void **state _unused_) {
        Examination e = {};

        e.status.json =
                fops_json_parse(S("{\"watches\":[{\"path\":\"/a\",\"state\":\"armed\"},"
                                  "{\"path\":\"/*\",\"target\":\"/b\",\"state\":\"refused\",\"reason\":\"No space left on device\"}]}"), &e.arena);
        assert_non_null(e.status.json);
        check_watches(begin(&e));
        assert_found(&e, 1, VERDICT_PROBLEM, "/b isn't watched: No space left on device", "journalctl -t fopsd FOPSD_STATE=refused");
        fops_arena_done(&e.arena);
}

static void test_only_some_of_many_are_shown(void **state _unused_) {
        const Finding *last;
        Examination e = {};

        e.status.json =
                fops_json_parse(S("{\"watches\":[{\"path\":\"/1\"},{\"path\":\"/2\"},{\"path\":\"/3\"},{\"path\":\"/4\"},{\"path\":\"/5\"},"
                                  "{\"path\":\"/6\"},{\"path\":\"/7\"}]}"), &e.arena);
        assert_non_null(e.status.json);
        check_watches(begin(&e));
        assert_int_equal(e.n[VERDICT_PROBLEM], 5);
        assert_int_equal(e.n[VERDICT_NOTE], 1);
        last = e.first;
        while (last->next)
                last = last->next;
        assert_true(fops_span_equal_string(last->text, "2 more aren't watched"));
        fops_arena_done(&e.arena);
}

static void test_losses_are_told_by_cause(void **state _unused_) {
        Examination e = {};

        e.status.json = fops_json_parse(S("{\"lost\":{\"kernel_lost\":0,\"missing\":3},\"last_gap\":{\"cause\":\"x\",\"count\":3}}"), &e.arena);
        assert_non_null(e.status.json);
        check_losses(begin(&e));
        assert_found(&e, 1, VERDICT_PROBLEM, "3 lost: missing", NULL);
        fops_arena_done(&e.arena);
}

static void assert_value(FopsSpan line, const char *expected) {
        assert_true(fops_span_equal_string(command_line_value(line, "audit"), expected));
}

static void test_the_last_word_of_the_command_line_counts(void **state _unused_) {
        assert_value(S("quiet audit=1\n"), "1");
        assert_value(S("audit=0 audit=on"), "on");
        assert_value(S("audit=1 -- audit=0"), "1");
        assert_value(S("noaudit=1 audit audit_backlog_limit=64"), NULL);
        assert_value(S(""), NULL);
        assert_value(FOPS_SPAN_ABSENT, NULL);
        assert_value(S("audit="), "");
}

static void test_the_last_assignment_counts_and_else_the_default(void **state _unused_) {
        static const char text[] = "# /etc/systemd/journald.conf\n[Journal]\n#Storage=auto\n#Audit=no\n#RateLimitBurst=10000\nRateLimitBurst=5\n\n"
                                   "# /run/x.conf\n[Journal]\nAudit=\nRateLimitBurst=0";

        assert_true(fops_span_equal_string(journald_setting(fops_span_from_string(text), "Storage"), "auto"));
        assert_true(fops_span_equal_string(journald_setting(fops_span_from_string(text), "Audit"), ""));
        assert_true(fops_span_equal_string(journald_setting(fops_span_from_string(text), "RateLimitBurst"), "0"));
        assert_false(fops_span_is_present(journald_setting(fops_span_from_string(text), "RateLimit")));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_lock_is_a_problem_if_rules_are_not_in),
                cmocka_unit_test(test_never_task_is_found_with_its_mend),
                cmocka_unit_test(test_who_shares_rules_only_the_configuration_tells),
                cmocka_unit_test(test_a_kernel_without_auditing),
                cmocka_unit_test(test_what_the_kernel_refused_is_told),
                cmocka_unit_test(test_only_some_of_many_are_shown),
                cmocka_unit_test(test_losses_are_told_by_cause),
                cmocka_unit_test(test_the_last_word_of_the_command_line_counts),
                cmocka_unit_test(test_the_last_assignment_counts_and_else_the_default),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
