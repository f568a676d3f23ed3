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
        const FopsTargets none = {};

        assert_int_equal(fops_rules_can_meet(a, b, &none), expected);
        assert_int_equal(fops_rules_can_meet(b, a, &none), expected);
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

#define ANCHOR FOPS_ANCHORS_DIRECTORY "/0123456789abcdef.17"
#define OTHER_ANCHOR FOPS_ANCHORS_DIRECTORY "/fedcba9876543210.17"

/* A rule on @path, and one of ours for /home/a and /srv/b, or whoever shares @anchor. */
static void assert_meets_shared(const char *path, int call, const char *anchor, bool expected) {
        FopsTarget members[] = { { .path = (char *) "/x" }, { .path = (char *) "/home/a" }, { .path = (char *) "/srv/b" } };
        FopsTargetGroup groups[] = { { .anchor.path = (char *) ANCHOR, .members = (size_t[]) { 1, 2 }, .n_members = 2 } };
        const FopsTargets targets = { .items = members, .n_items = ELEMENTSOF(members), .groups = groups, .n_groups = 1 };
        Rule *another = make(EXIT, 0, call, AUDIT_DIR, path), *ours = make(EXIT, 0, 5, AUDIT_DIR, anchor);

        assert_int_equal(fops_rules_can_meet(another, ours, &targets), expected);
        free(another);
        free(ours);
}

static void test_shared_rules_are_met_where_their_members_are(void **state _unused_) {
        assert_meets_shared("/home/a", -1, ANCHOR, true);
        assert_meets_shared("/srv/b/c", 5, ANCHOR, true);
        assert_meets_shared("/srv", 5, ANCHOR, true);
        assert_meets_shared("/srv/b", 6, ANCHOR, false);
        assert_meets_shared("/home/ab", -1, ANCHOR, false);
        assert_meets_shared("/x", -1, ANCHOR, false);
        assert_meets_shared("/run", -1, ANCHOR, false);
        assert_meets_shared(NULL, -1, ANCHOR, true);
        assert_meets_shared("/x", -1, OTHER_ANCHOR, true);
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
                cmocka_unit_test(test_shared_rules_are_met_where_their_members_are),
                cmocka_unit_test(test_records_are_excluded_by_their_type),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
