/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A status against the metrics that come of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "prometheus.h"

static char *print(const char *status) {
        _cleanup_(fops_arena_done) FopsArena arena = {};
        const FopsJson *j = status ? fops_json_parse(fops_span_from_string(status), &arena) : NULL;
        char *text;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        assert_true(!status || j);
        prometheus_print(j, f);
        assert_int_equal(fclose(f), 0);
        return text;
}

static void assert_has(const char *text, const char *lines) {
        if (!strstr(text, lines))
                fail_msg("no \"%s\" in: %s", lines, text);
}

static void test_no_status_is_a_metric_too(_unused_ void **state) {
        _cleanup_free_ char *text = print(NULL);

        assert_string_equal(text, "# HELP fopsd_up Whether fopsd is running.\n# TYPE fopsd_up gauge\nfopsd_up 0\n");
}

static void test_what_is_not_known_is_left_out(_unused_ void **state) {
        _cleanup_free_ char *text = print("{\"operations\":{}}");

        assert_has(text, "fopsd_up 1\n");
        assert_null(strstr(text, "fopsd_operations_total"));
        assert_null(strstr(text, "fopsd_rules"));
}

static void test_numbers_and_truths_are_values(_unused_ void **state) {
        _cleanup_free_ char *text = print("{\"since\":1.25,\"rules\":7,\"index\":{\"scanning\":true},\"kernel\":{\"lost\":3}}");

        assert_has(text, " gauge\nfopsd_start_time_seconds 1.25\n");
        assert_has(text, " gauge\nfopsd_rules 7\n");
        assert_has(text, " gauge\nfopsd_index_scanning 1\n");
        assert_has(text, " counter\nfopsd_kernel_lost_total 3\n");
}

static void test_names_of_members_are_labels(_unused_ void **state) {
        _cleanup_free_ char *text = print("{\"lost\":{\"missing\":1,\"journal\":2},"
                                          "\"operations\":{\"create\":{\"success\":3,\"failed\":4},\"rename\":{\"success\":5}}}");

        assert_has(text, " counter\nfopsd_lost_total{cause=\"missing\"} 1\nfopsd_lost_total{cause=\"journal\"} 2\n");
        assert_has(text, " counter\nfopsd_operations_total{op=\"create\",result=\"success\"} 3\n"
                         "fopsd_operations_total{op=\"create\",result=\"failed\"} 4\n"
                         "fopsd_operations_total{op=\"rename\",result=\"success\"} 5\n");
}

static void test_labels_are_escaped(_unused_ void **state) {
        _cleanup_free_ char *text = print("{\"version\":\"a\\\"b\\\\c\\nd\"}");

        assert_has(text, "fopsd_version_info{version=\"a\\\"b\\\\c\\nd\"} 1\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_status_is_a_metric_too),
                cmocka_unit_test(test_what_is_not_known_is_left_out),
                cmocka_unit_test(test_numbers_and_truths_are_values),
                cmocka_unit_test(test_names_of_members_are_labels),
                cmocka_unit_test(test_labels_are_escaped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
