/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "test-records.h"

#include "serials.h"

static FopsSerials s;

static int reset(void **state _unused_) {
        s = (FopsSerials){};
        return 0;
}

static void hear_all(uint64_t from, uint64_t until) {
        for (uint64_t i = from; i < until; i++)
                fops_serials_hear(&s, (uint32_t) i);
}

static void test_none_is_missing_when_all_come(void **state _unused_) {
        hear_all(1000, 500000);
        assert_int_equal(fops_serials_settle(&s), 0);
        assert_int_equal(fops_serials_settle(&s), 0);
}

static void test_a_hole_is_told_when_it_has_had_its_time(void **state _unused_) {
        hear_all(7, 9);
        hear_all(12, 20);
        assert_int_equal(fops_serials_settle(&s), 0);
        assert_int_equal(fops_serials_settle(&s), 3);
        assert_int_equal(fops_serials_settle(&s), 3);
}

static void test_what_comes_late_is_not_missing(void **state _unused_) {
        hear_all(7, 9);
        hear_all(12, 20);
        assert_int_equal(fops_serials_settle(&s), 0);
        hear_all(9, 12);
        assert_int_equal(fops_serials_settle(&s), 0);
}

static void test_what_comes_too_late_is_told_once(void **state _unused_) {
        hear_all(7, 9);
        hear_all(12, 20);
        fops_serials_settle(&s);
        assert_int_equal(fops_serials_settle(&s), 3);
        hear_all(9, 12);
        fops_serials_settle(&s);
        assert_int_equal(fops_serials_settle(&s), 3);
}

static void test_the_records_of_one_event_are_one(void **state _unused_) {
        for (int i = 0; i < 6; i++)
                fops_serials_hear(&s, 7);
        hear_all(8, 10);
        fops_serials_settle(&s);
        assert_int_equal(fops_serials_settle(&s), 0);
}

static void test_what_was_before_the_first_is_not_missed(void **state _unused_) {
        fops_serials_hear(&s, 5000);
        fops_serials_hear(&s, 4990);
        hear_all(5001, 5010);
        fops_serials_settle(&s);
        assert_int_equal(fops_serials_settle(&s), 0);
}

static void test_holes_that_fall_out_of_view_count(void **state _unused_) {
        hear_all(1, 100);
        hear_all(200, 200 + FOPS_SERIALS_WINDOW + 50);
        assert_int_equal(s.n_missing, 100);
        fops_serials_settle(&s);
        assert_int_equal(fops_serials_settle(&s), 100);
}

static void test_a_leap_costs_no_more_than_the_view(void **state _unused_) {
        hear_all(1, 11);
        fops_serials_hear(&s, UINT32_C(1) << 30);
        fops_serials_settle(&s);
        assert_int_equal(fops_serials_settle(&s), (UINT64_C(1) << 30) - 11);
}

/* The kernel counts in 32 bits, and goes on at 0. */
static void test_what_comes_after_the_last_number_goes_on(void **state _unused_) {
        hear_all(UINT32_MAX - 100, (uint64_t) UINT32_MAX + 1);
        hear_all(0, 50);
        fops_serials_settle(&s);
        assert_int_equal(fops_serials_settle(&s), 0);
        hear_all(53, 60);
        fops_serials_hear(&s, 51);
        fops_serials_settle(&s);
        assert_int_equal(fops_serials_settle(&s), 2);
        hear_all(60, 2 * FOPS_SERIALS_WINDOW);
        fops_serials_settle(&s);
        assert_int_equal(fops_serials_settle(&s), 2);
}

static void test_a_hole_at_the_last_number_is_told(void **state _unused_) {
        hear_all(UINT32_MAX - 100, (uint64_t) UINT32_MAX - 2);
        hear_all(3, 50);
        /* From before the first of all, and late. */
        fops_serials_hear(&s, UINT32_MAX - 1000);
        fops_serials_hear(&s, UINT32_MAX);
        fops_serials_settle(&s);
        assert_int_equal(fops_serials_settle(&s), 5);
}

static void test_the_first_number_may_be_any(void **state _unused_) {
        fops_serials_hear(&s, 0);
        fops_serials_hear(&s, UINT32_MAX); /* late: from before */
        hear_all(2, 10);
        fops_serials_settle(&s);
        assert_int_equal(fops_serials_settle(&s), 1);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup(t, reset)
        const struct CMUnitTest tests[] = {
                TEST(test_none_is_missing_when_all_come),
                TEST(test_a_hole_is_told_when_it_has_had_its_time),
                TEST(test_what_comes_late_is_not_missing),
                TEST(test_what_comes_too_late_is_told_once),
                TEST(test_the_records_of_one_event_are_one),
                TEST(test_what_was_before_the_first_is_not_missed),
                TEST(test_holes_that_fall_out_of_view_count),
                TEST(test_a_leap_costs_no_more_than_the_view),
                TEST(test_what_comes_after_the_last_number_goes_on),
                TEST(test_a_hole_at_the_last_number_is_told),
                TEST(test_the_first_number_may_be_any),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
