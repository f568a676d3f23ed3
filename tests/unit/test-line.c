/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Text composed in memory of limited size. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "line.h"

static void assert_line(const FopsLine *l, const char *expected) {
        assert_true(l->size <= l->room);
        assert_true(fops_span_equal_string(fops_line_span(l), expected));
}

static void test_numbers_print_as_printf_prints_them(_unused_ void **state) {
        static const uint64_t values[] = { 0, 1, 7, 8, 9, 10, 99, 4711, UINT32_MAX, INT64_MAX, (uint64_t) INT64_MAX + 1, UINT64_MAX };

        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                char buffer[128], expected[128];
                FopsLine l = { .data = buffer, .room = sizeof(buffer) };

                fops_line_put_u64(&l, values[i]);
                fops_line_put_string(&l, " ");
                fops_line_put_i64(&l, (int64_t) values[i]);
                fops_line_put_string(&l, " ");
                fops_line_put_bits(&l, values[i], 4, 1);
                fops_line_put_string(&l, " ");
                fops_line_put_bits(&l, values[i], 3, 4);
                snprintf(expected, sizeof(expected), "%" PRIu64 " %" PRId64 " %" PRIx64 " %04" PRIo64, values[i], (int64_t) values[i],
                         values[i], values[i]);
                assert_line(&l, expected);
        }
}

static void test_what_finds_no_room_is_counted(_unused_ void **state) {
        char buffer[8] = "........";
        FopsLine l = { .data = buffer, .room = 6 };

        fops_line_put_string(&l, "1234");
        fops_line_put_string(&l, "567");
        assert_int_equal(l.size, 7);
        fops_line_put_string(&l, "8");
        assert_int_equal(l.size, 8);
        assert_memory_equal(buffer, "1234....", 8);
}

static void test_the_last_byte_of_the_room_is_used(_unused_ void **state) {
        char buffer[5] = "....!";
        FopsLine l = { .data = buffer, .room = 4 };

        fops_line_put_string(&l, "12");
        fops_line_put_u64(&l, 34);
        assert_line(&l, "1234");
        assert_int_equal(buffer[4], '!');
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers_print_as_printf_prints_them),
                cmocka_unit_test(test_what_finds_no_room_is_counted),
                cmocka_unit_test(test_the_last_byte_of_the_room_is_used),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
