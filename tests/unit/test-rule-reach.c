/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Pairs of rules that one event can match, and pairs that none can. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rule-internal.h"
#include "rule-reach.h"

typedef struct audit_rule_data Rule;

static Rule *make(uint32_t list, uint32_t arch, int call, uint32_t path_field, const char *path) {
        Rule *rule = fops_rule_data_new(list, AUDIT_NEVER);

        assert_non_null(rule);
        if (call < 0)
                fops_rule_data_set_all(rule);
        else
                fops_rule_data_set_bit(rule, (unsigned) call);
        if (arch)
                assert_int_equal(fops_rule_data_add(rule, AUDIT_ARCH, AUDIT_EQUAL, arch), 0);
        if (path)
                assert_int_equal(fops_rule_data_add_string(&rule, path_field, AUDIT_EQUAL, fops_span_from_string(path)), 0);
        return rule;
}

static void assert_meet(Rule *a, Rule *b, bool expected) {
        assert_int_equal(fops_rules_can_meet(a, b), expected);
        assert_int_equal(fops_rules_can_meet(b, a), expected);
        free(a);
        free(b);
}

#define EXIT AUDIT_FILTER_EXIT

static void test_rules_of_one_call_meet(void **state _unused_) {
        assert_meet(make(EXIT, 0, 5, 0, NULL), make(EXIT, 0, 5, 0, NULL), true);
        assert_meet(make(EXIT, 0, 5, 0, NULL), make(EXIT, 0, 6, 0, NULL), false);
        assert_meet(make(EXIT, 0, -1, 0, NULL), make(EXIT, 0, 6, 0, NULL), true);
        assert_meet(make(EXIT, 0, 5, 0, NULL), make(AUDIT_FILTER_URING_EXIT, 0, 5, 0, NULL), false);
}

static void test_rules_of_two_abis_do_not_meet(void **state _unused_) {
        assert_meet(make(EXIT, AUDIT_ARCH_X86_64, 5, 0, NULL), make(EXIT, AUDIT_ARCH_I386, 5, 0, NULL), false);
        assert_meet(make(EXIT, AUDIT_ARCH_X86_64, 5, 0, NULL), make(EXIT, AUDIT_ARCH_X86_64, 5, 0, NULL), true);
        assert_meet(make(EXIT, AUDIT_ARCH_X86_64, 5, 0, NULL), make(EXIT, 0, 5, 0, NULL), true);
}

static void test_places_meet_above_and_below_each_other(void **state _unused_) {
        assert_meet(make(EXIT, 0, -1, AUDIT_DIR, "/srv"), make(EXIT, 0, 5, AUDIT_DIR, "/srv/data"), true);
        assert_meet(make(EXIT, 0, -1, AUDIT_WATCH, "/srv/data/x"), make(EXIT, 0, 5, AUDIT_DIR, "/srv/data"), true);
        assert_meet(make(EXIT, 0, -1, AUDIT_DIR, "/srv/dat"), make(EXIT, 0, 5, AUDIT_DIR, "/srv/data"), false);
        assert_meet(make(EXIT, 0, -1, 0, NULL), make(EXIT, 0, 5, AUDIT_DIR, "/srv/data"), true);
}

static void assert_excludes(uint32_t list, uint32_t op, uint32_t value, uint32_t type, bool expected) {
        Rule *rule = make(list, 0, -1, 0, NULL);

        if (value > 0)
                assert_int_equal(fops_rule_data_add(rule, AUDIT_MSGTYPE, op, value), 0);
        assert_int_equal(fops_rule_excludes(rule, type), expected);
        free(rule);
}

static void test_records_are_excluded_by_their_type(void **state _unused_) {
        assert_excludes(AUDIT_FILTER_EXCLUDE, AUDIT_EQUAL, AUDIT_PATH, AUDIT_PATH, true);
        assert_excludes(AUDIT_FILTER_EXCLUDE, AUDIT_EQUAL, AUDIT_CWD, AUDIT_PATH, false);
        assert_excludes(AUDIT_FILTER_EXCLUDE, AUDIT_NOT_EQUAL, AUDIT_AVC, AUDIT_PATH, true);
        assert_excludes(AUDIT_FILTER_EXCLUDE, AUDIT_LESS_THAN, AUDIT_PATH, AUDIT_PATH, false);
        assert_excludes(AUDIT_FILTER_EXCLUDE, AUDIT_LESS_THAN_OR_EQUAL, AUDIT_PATH, AUDIT_PATH, true);
        assert_excludes(AUDIT_FILTER_EXCLUDE, AUDIT_GREATER_THAN, AUDIT_PATH, AUDIT_PATH, false);
        assert_excludes(AUDIT_FILTER_EXCLUDE, AUDIT_GREATER_THAN_OR_EQUAL, AUDIT_PATH, AUDIT_PATH, true);
        assert_excludes(AUDIT_FILTER_EXCLUDE, 0, 0, AUDIT_PATH, true);
        assert_excludes(AUDIT_FILTER_EXIT, AUDIT_EQUAL, AUDIT_PATH, AUDIT_PATH, false);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rules_of_one_call_meet),
                cmocka_unit_test(test_rules_of_two_abis_do_not_meet),
                cmocka_unit_test(test_places_meet_above_and_below_each_other),
                cmocka_unit_test(test_records_are_excluded_by_their_type),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
