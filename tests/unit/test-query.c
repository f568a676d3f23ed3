/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Entries held against queries. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "query.h"

#define S(s) FOPS_SPAN_LITERAL(s)

static FopsEntry entry;

static void begin_entry(void) {
        fops_entry_begin(&entry, FOPS_KIND_OPERATION, 6);
        fops_entry_add(&entry, "FOPSD_OP", S("rename"));
        fops_entry_add(&entry, "FOPSD_EVENT", S("1795309541.349:12"));
        fops_entry_add(&entry, "FOPSD_PATH", S("/srv/data/x"));
        fops_entry_add(&entry, "FOPSD_NEW_PATH", S("/etc/passwd"));
        fops_entry_add(&entry, "FOPSD_KEY", S("one"));
        fops_entry_add(&entry, "FOPSD_KEY", S("two"));
}

static int free_entry(_unused_ void **state) {
        fops_entry_done(&entry);
        return 0;
}

/* Does the entry match a query of this alternative alone? */
static bool matches(const char *field, QueryMatch match, FopsSpan value) {
        Query q = {};
        bool r;

        begin_entry();
        assert_int_equal(query_add(q.terms + 3, field, match, value), 0);
        r = query_matches(&q, 0, &entry);
        query_done(&q);
        return r;
}

static void test_an_empty_query_asks_for_everything(_unused_ void **state) {
        Query q = {};

        begin_entry();
        assert_true(query_matches(&q, 0, &entry));
}

static void test_equal_is_all_of_a_value(_unused_ void **state) {
        assert_true(matches("FOPSD_PATH", QUERY_EQUAL, S("/srv/data/x")));
        assert_false(matches("FOPSD_PATH", QUERY_EQUAL, S("/srv/data")));
        assert_false(matches("FOPSD_PATH", QUERY_EQUAL, S("/srv/data/xy")));
        assert_false(matches("FOPSD_EXE", QUERY_EQUAL, S("/srv/data/x")));
}

static void test_every_value_of_a_field_is_looked_at(_unused_ void **state) {
        assert_true(matches("FOPSD_KEY", QUERY_EQUAL, S("one")));
        assert_true(matches("FOPSD_KEY", QUERY_EQUAL, S("two")));
        assert_false(matches("FOPSD_KEY", QUERY_EQUAL, S("three")));
}

static void test_a_part_may_be_anywhere(_unused_ void **state) {
        assert_true(matches("FOPSD_PATH", QUERY_PART, S("/srv")));
        assert_true(matches("FOPSD_PATH", QUERY_PART, S("data")));
        assert_true(matches("FOPSD_PATH", QUERY_PART, S("/x")));
        assert_false(matches("FOPSD_PATH", QUERY_PART, S("/y")));
        assert_false(matches("FOPSD_EXE", QUERY_PART, S("x")));
}

static void test_the_last_component_is_whole(_unused_ void **state) {
        assert_true(matches("FOPSD_NEW_PATH", QUERY_LAST, S("passwd")));
        assert_false(matches("FOPSD_NEW_PATH", QUERY_LAST, S("pass")));
        assert_false(matches("FOPSD_NEW_PATH", QUERY_LAST, S("etc")));
        assert_false(matches("FOPSD_EXE", QUERY_LAST, S("passwd")));
}

static void test_below_ends_at_a_slash(_unused_ void **state) {
        assert_true(matches("FOPSD_BELOW", QUERY_BELOW, S("/srv/data/x")));
        assert_true(matches("FOPSD_BELOW", QUERY_BELOW, S("/srv")));
        assert_true(matches("FOPSD_BELOW", QUERY_BELOW, S("/")));
        assert_false(matches("FOPSD_BELOW", QUERY_BELOW, S("/srv/dat")));
        assert_false(matches("FOPSD_BELOW", QUERY_BELOW, S("/srv/data/x/y")));
}

static void test_below_is_any_of_the_paths(_unused_ void **state) {
        Query q = {};

        assert_true(matches("FOPSD_BELOW", QUERY_BELOW, S("/etc")));
        fops_entry_begin(&entry, FOPS_KIND_OPERATION, 6);
        fops_entry_add(&entry, "FOPSD_DIR", S("/home/alice"));
        assert_int_equal(query_add(q.terms, "FOPSD_BELOW", QUERY_BELOW, S("/home")), 0);
        assert_true(query_matches(&q, 0, &entry));
        query_done(&q);
}

static void test_a_serial_is_all_of_the_number(_unused_ void **state) {
        assert_true(matches("FOPSD_EVENT", QUERY_SERIAL, S("12")));
        assert_false(matches("FOPSD_EVENT", QUERY_SERIAL, S("2")));
        assert_false(matches("FOPSD_EVENT", QUERY_SERIAL, S("112")));
}

static void test_absent_is_of_operations_only(_unused_ void **state) {
        Query q = {};

        assert_true(matches("FOPSD_UNIT", QUERY_ABSENT, FOPS_SPAN_ABSENT));
        assert_false(matches("FOPSD_PATH", QUERY_ABSENT, FOPS_SPAN_ABSENT));

        fops_entry_begin(&entry, FOPS_KIND_STATE, 6);
        assert_int_equal(query_add(q.terms, "FOPSD_UNIT", QUERY_ABSENT, FOPS_SPAN_ABSENT), 0);
        assert_false(query_matches(&q, 0, &entry));
        query_done(&q);
}

static void test_terms_are_all_needed_and_alternatives_one(_unused_ void **state) {
        Query q = {};

        begin_entry();
        assert_int_equal(query_add(q.terms + 0, "FOPSD_OP", QUERY_EQUAL, S("delete")), 0);
        assert_int_equal(query_add(q.terms + 0, "FOPSD_OP", QUERY_EQUAL, S("rename")), 0);
        assert_true(query_matches(&q, 0, &entry));
        assert_int_equal(query_add(q.terms + 1, "FOPSD_KEY", QUERY_EQUAL, S("three")), 0);
        assert_false(query_matches(&q, 0, &entry));
        assert_true(query_matches(&q, UINT32_C(1) << 1, &entry));
        assert_false(query_matches(&q, UINT32_C(1) << 0, &entry));
        query_done(&q);
}

static void test_times_include_both_ends(_unused_ void **state) {
        Query q = { .since_usec = 10, .until_usec = 20 };

        assert_false(query_time_matches(&q, 9));
        assert_true(query_time_matches(&q, 10));
        assert_true(query_time_matches(&q, 20));
        assert_false(query_time_matches(&q, 21));
}

static void test_event_times_have_milliseconds(_unused_ void **state) {
        uint64_t usec = 0;

        assert_true(query_parse_time(S("1795309541.349"), &usec));
        assert_int_equal(usec, UINT64_C(1795309541349000));
        assert_false(query_parse_time(S("1795309541"), &usec));
        assert_false(query_parse_time(S("1795309541.34"), &usec));
        assert_false(query_parse_time(S(".349"), &usec));
        assert_false(query_parse_time(S("18446744073709551615.349"), &usec));
        assert_false(query_parse_time(FOPS_SPAN_ABSENT, &usec));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_empty_query_asks_for_everything),
                cmocka_unit_test(test_equal_is_all_of_a_value),
                cmocka_unit_test(test_every_value_of_a_field_is_looked_at),
                cmocka_unit_test(test_a_part_may_be_anywhere),
                cmocka_unit_test(test_the_last_component_is_whole),
                cmocka_unit_test(test_below_ends_at_a_slash),
                cmocka_unit_test(test_below_is_any_of_the_paths),
                cmocka_unit_test(test_a_serial_is_all_of_the_number),
                cmocka_unit_test(test_absent_is_of_operations_only),
                cmocka_unit_test(test_terms_are_all_needed_and_alternatives_one),
                cmocka_unit_test(test_times_include_both_ends),
                cmocka_unit_test(test_event_times_have_milliseconds),
        };

        return cmocka_run_group_tests(tests, NULL, free_entry);
}
