/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Counting by value. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tally.h"

#define S(s) FOPS_SPAN_LITERAL(s)

static void assert_row(const TallyRow *row, FopsSpan value, uint64_t count, uint64_t failed) {
        assert_true(fops_span_equal(row->value, value));
        assert_int_equal(row->count, count);
        assert_int_equal(row->failed, failed);
}

static void test_values_are_counted_most_first(_unused_ void **state) {
        _cleanup_(tally_freep) Tally *t = tally_new();
        const TallyRow *rows;
        size_t n;

        assert_non_null(t);
        assert_int_equal(tally_add(t, S("a"), 1, false, 10), 0);
        assert_int_equal(tally_add(t, S("b"), 5, true, 20), 0);
        assert_int_equal(tally_add(t, S("a"), 2, true, 5), 0);
        assert_int_equal(tally_add(t, S("b\0"), 1, false, 20), 0);
        rows = tally_rows(t, TALLY_BY_COUNT, &n);
        assert_int_equal(n, 3);
        assert_row(rows + 0, S("b"), 5, 5);
        assert_row(rows + 1, S("a"), 3, 2);
        assert_row(rows + 2, S("b\0"), 1, 0);
        assert_int_equal(rows[1].first_usec, 5);
        assert_int_equal(rows[1].last_usec, 10);
}

static void test_equal_counts_are_in_order_of_values(_unused_ void **state) {
        _cleanup_(tally_freep) Tally *t = tally_new();
        const TallyRow *rows;
        size_t n;

        assert_non_null(t);
        assert_int_equal(tally_add(t, S("ab"), 1, false, 0), 0);
        assert_int_equal(tally_add(t, S("b"), 1, false, 0), 0);
        assert_int_equal(tally_add(t, S("a"), 1, false, 0), 0);
        rows = tally_rows(t, TALLY_BY_COUNT, &n);
        assert_row(rows + 0, S("a"), 1, 0);
        assert_row(rows + 1, S("ab"), 1, 0);
        assert_row(rows + 2, S("b"), 1, 0);
}

static void test_rows_may_be_in_order_of_values(_unused_ void **state) {
        _cleanup_(tally_freep) Tally *t = tally_new();
        const TallyRow *rows;
        size_t n;

        assert_non_null(t);
        assert_int_equal(tally_add(t, S("b"), 9, false, 0), 0);
        assert_int_equal(tally_add(t, S("a"), 1, false, 0), 0);
        rows = tally_rows(t, TALLY_BY_VALUE, &n);
        assert_row(rows + 0, S("a"), 1, 0);
        assert_row(rows + 1, S("b"), 9, 0);
}

static void test_an_empty_tally_has_no_rows(_unused_ void **state) {
        _cleanup_(tally_freep) Tally *t = tally_new();
        size_t n = 1;

        assert_non_null(t);
        (void) tally_rows(t, TALLY_BY_COUNT, &n);
        assert_int_equal(n, 0);
}

static void test_many_values_stay_apart_and_too_many_are_said(_unused_ void **state) {
        _cleanup_(tally_freep) Tally *t = tally_new();
        const TallyRow *rows;
        size_t n;

        assert_non_null(t);
        for (unsigned pass = 0; pass < 2; pass++)
                for (unsigned i = 0; i < TALLY_ROWS_MAX + 7; i++) {
                        char value[16];

                        snprintf(value, sizeof(value), "%u", i);
                        assert_int_equal(tally_add(t, fops_span_from_string(value), 3, false, i), 0);
                }
        rows = tally_rows(t, TALLY_BY_COUNT, &n);
        assert_int_equal(n, TALLY_ROWS_MAX);
        assert_int_equal(rows[0].count, 6);
        assert_int_equal(rows[n - 1].count, 6);
        assert_int_equal(tally_left_out(t), 7 * 2 * 3);
}

static void test_long_values_have_a_bound_together(_unused_ void **state) {
        _cleanup_(tally_freep) Tally *t = tally_new();
        size_t size = TALLY_BYTES_MAX / 4, n;
        _cleanup_free_ char *value = calloc(1, size);

        assert_non_null(t);
        assert_non_null(value);
        for (unsigned i = 0; i < 6; i++) {
                value[0] = (char) i;
                assert_int_equal(tally_add(t, (FopsSpan){ value, size }, 1, false, 0), 0);
        }
        (void) tally_rows(t, TALLY_BY_COUNT, &n);
        assert_in_range(n, 3, 4);
        assert_int_equal(tally_left_out(t), 6 - n);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values_are_counted_most_first),
                cmocka_unit_test(test_equal_counts_are_in_order_of_values),
                cmocka_unit_test(test_rows_may_be_in_order_of_values),
                cmocka_unit_test(test_an_empty_tally_has_no_rows),
                cmocka_unit_test(test_many_values_stay_apart_and_too_many_are_said),
                cmocka_unit_test(test_long_values_have_a_bound_together),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
