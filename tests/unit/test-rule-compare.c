/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Two lists of rules, and what becomes of each rule in either. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rule-compare.h"
#include "rule-internal.h"

#define TAG "\x01" "fopsd:0123456789abcdef"

static struct audit_rule_data *make(const char *dir, const char *key) {
        struct audit_rule_data *rule = fops_rule_data_new(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);

        assert_non_null(rule);
        fops_rule_data_set_all(rule);
        assert_int_equal(fops_rule_data_add_string(&rule, AUDIT_DIR, AUDIT_EQUAL, fops_span_from_string(dir)), 0);
        assert_int_equal(fops_rule_data_add_string(&rule, AUDIT_FILTERKEY, AUDIT_EQUAL, fops_span_from_string(key)), 0);
        return rule;
}

static void want(FopsRules *rules, struct audit_rule_data *data, bool optional) {
        assert_int_equal(fops_rules_append(rules, &data, (FopsRule){ .origin = FOPS_RULE_WATCH, .optional = optional }), 0);
}

static void assert_compared(const FopsRules *wanted, const FopsKernelRules *kernel, bool by_kernel, size_t n, const RuleState *states,
                            const char *const *dirs, size_t n_differences) {
        Comparison c;

        assert_int_equal(rules_compare(wanted, kernel, NULL, by_kernel, &c), 0);
        assert_int_equal(c.n_items, n);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(c.items[i].state, states[i]);
                assert_true(fops_span_equal_string(fops_rule_data_path(c.items[i].data), dirs[i]));
                assert_int_equal(!!c.items[i].wanted,
                                 states[i] == RULE_INSTALLED || states[i] == RULE_MISSING || states[i] == RULE_UNSUPPORTED);
        }
        assert_int_equal(c.n_differences, n_differences);
        comparison_done(&c);
}

static void test_each_rule_is_told_from_where_it_stands(void **state _unused_) {
        struct audit_rule_data *in_kernel[] = {
                make("/foreign", "k"), make("/both", "k" TAG), make("/gone", "k" TAG), make("/run/fopsd/canary", "k" TAG),
                make("/self", "fopsd:self"),
        };
        const FopsKernelRules kernel = { .items = in_kernel, .n_items = ELEMENTSOF(in_kernel) };
        FopsRules wanted = {};

        want(&wanted, make("/new", "k" TAG), false);
        want(&wanted, make("/both", "k" TAG), false);
        want(&wanted, make("/uring", "k" TAG), true);

        assert_compared(&wanted, &kernel, false, 7,
                        (const RuleState[]){ RULE_MISSING, RULE_INSTALLED, RULE_UNSUPPORTED, RULE_FOREIGN, RULE_UNWANTED, RULE_OWN, RULE_OWN },
                        (const char *const[]){ "/new", "/both", "/uring", "/foreign", "/gone", "/run/fopsd/canary", "/self" }, 2);
        assert_compared(&wanted, &kernel, true, 7,
                        (const RuleState[]){ RULE_FOREIGN, RULE_INSTALLED, RULE_UNWANTED, RULE_OWN, RULE_OWN, RULE_MISSING, RULE_UNSUPPORTED },
                        (const char *const[]){ "/foreign", "/both", "/gone", "/run/fopsd/canary", "/self", "/new", "/uring" }, 2);

        fops_rules_done(&wanted);
        for (size_t i = 0; i < ELEMENTSOF(in_kernel); i++)
                free(in_kernel[i]);
}

static void test_a_rule_wanted_twice_is_there_twice(void **state _unused_) {
        struct audit_rule_data *in_kernel[] = { make("/both", "k" TAG) };
        const FopsKernelRules kernel = { .items = in_kernel, .n_items = 1 };
        FopsRules wanted = {};

        want(&wanted, make("/both", "k" TAG), false);
        want(&wanted, make("/both", "k" TAG), false);
        assert_compared(&wanted, &kernel, false, 2, (const RuleState[]){ RULE_INSTALLED, RULE_INSTALLED },
                        (const char *const[]){ "/both", "/both" }, 0);
        assert_compared(&wanted, &kernel, true, 1, (const RuleState[]){ RULE_INSTALLED }, (const char *const[]){ "/both" }, 0);
        fops_rules_done(&wanted);
        free(in_kernel[0]);
}

static void test_rules_of_watches_that_no_file_has_are_no_difference(void **state _unused_) {
        struct audit_rule_data *in_kernel[] = { make("/for/a/time", "k" TAG), make("/target", "k" TAG), make("/edited", "k" TAG) };
        const FopsKernelRules kernel = { .items = in_kernel, .n_items = ELEMENTSOF(in_kernel) };
        _cleanup_(fops_arena_done) FopsArena arena = {};
        const FopsJson *status = fops_json_parse(FOPS_SPAN_LITERAL("{\"watches\":[{\"path\":\"/for/a/time\"},{\"path\":\"/t*\",\"target\":\"/target\"},"
                                                                   "{\"path\":\"/edited\",\"file\":\"/etc/fopsd.conf\"}]}"), &arena);
        Comparison c;

        assert_non_null(status);
        assert_int_equal(rules_compare(&(const FopsRules){}, &kernel, status, true, &c), 0);
        assert_int_equal(c.items[0].state, RULE_OWN);
        assert_int_equal(c.items[1].state, RULE_OWN);
        assert_int_equal(c.items[2].state, RULE_UNWANTED);
        assert_int_equal(c.n_differences, 1);
        comparison_done(&c);
        for (size_t i = 0; i < ELEMENTSOF(in_kernel); i++)
                free(in_kernel[i]);
}

static void test_shared_rules_of_an_older_generation_are_about_to_go(void **state _unused_) {
        struct audit_rule_data *in_kernel[] = {
                make("/run/fopsd/trees/12.7", "k" TAG), make("/run/fopsd/trees/12.8", "k" TAG), make("/run/fopsd/trees/13", "k" TAG),
        };
        const FopsKernelRules kernel = { .items = in_kernel, .n_items = ELEMENTSOF(in_kernel) };
        _cleanup_(fops_arena_done) FopsArena arena = {};
        const FopsJson *status = fops_json_parse(FOPS_SPAN_LITERAL("{\"generation\":8}"), &arena);
        Comparison c;

        assert_non_null(status);
        assert_int_equal(rules_compare(&(const FopsRules){}, &kernel, status, true, &c), 0);
        assert_int_equal(c.items[0].state, RULE_OWN);
        assert_int_equal(c.items[1].state, RULE_UNWANTED);
        assert_int_equal(c.items[2].state, RULE_UNWANTED);
        comparison_done(&c);

        /* Of an fopsd that is gone nobody lets them go. */
        assert_int_equal(rules_compare(&(const FopsRules){}, &kernel, NULL, true, &c), 0);
        assert_int_equal(c.items[0].state, RULE_UNWANTED);
        comparison_done(&c);
        for (size_t i = 0; i < ELEMENTSOF(in_kernel); i++)
                free(in_kernel[i]);
}

static void test_nothing_wanted_and_nothing_there_is_no_difference(void **state _unused_) {
        assert_compared(&(const FopsRules){}, &(const FopsKernelRules){}, false, 0, NULL, NULL, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_rule_is_told_from_where_it_stands),
                cmocka_unit_test(test_a_rule_wanted_twice_is_there_twice),
                cmocka_unit_test(test_rules_of_watches_that_no_file_has_are_no_difference),
                cmocka_unit_test(test_shared_rules_of_an_older_generation_are_about_to_go),
                cmocka_unit_test(test_nothing_wanted_and_nothing_there_is_no_difference),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
