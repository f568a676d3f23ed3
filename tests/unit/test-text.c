/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Entries against the line that --print=text shows. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "text.h"

#define S(s) FOPS_SPAN_LITERAL(s)

static void assert_line(FopsSpan time, FopsSpan message, const char *expected) {
        _cleanup_free_ char *line = NULL;
        static FopsEntry e;
        size_t size;
        FILE *f = open_memstream(&line, &size);

        assert_non_null(f);
        fops_entry_begin(&e, FOPS_KIND_OPERATION, 6);
        fops_entry_add(&e, "MESSAGE", message);
        fops_entry_add(&e, "FOPSD_TIME", time);
        fops_text_print(&e, f);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(line, expected);
        assert_int_equal(strlen(line), size);
        fops_entry_done(&e);
}

static int set_zone(_unused_ void **state) {
        setenv("TZ", "<+02>-2", 1);
        tzset();
        return 0;
}

static void test_time_is_local(_unused_ void **state) {
        assert_line(S("1795309541.123"), S("alice deleted /x with rm[1]"),
                    "2026-11-22 03:05:41.123 alice deleted /x with rm[1]\n");
        assert_line(S("0.007"), S("m"), "1970-01-01 02:00:00.007 m\n");
}

static void test_what_is_no_time_is_left_out(_unused_ void **state) {
        assert_line(FOPS_SPAN_ABSENT, S("m"), "m\n");
        assert_line(S("1795309541"), S("m"), "m\n");
        assert_line(S("1795309541."), S("m"), "m\n");
        assert_line(S("1795309541.1234"), S("m"), "m\n");
        assert_line(S("1795309541.12x"), S("m"), "m\n");
        assert_line(S(".123"), S("m"), "m\n");
        assert_line(S("9223372036854775807.000"), S("m"), "m\n"); /* no year that an int can hold */
}

static void test_a_line_is_one_line(_unused_ void **state) {
        assert_line(FOPS_SPAN_ABSENT, S("a\nb\x1b[2J\xc2\x9b\xff\0\u202e"),
                    "a\\x0ab\\x1b[2J\\xc2\\x9b\\xff\\x00\\xe2\\x80\\xae\n");
}

static void test_an_escaped_message_is_not_escaped_again(_unused_ void **state) {
        assert_line(FOPS_SPAN_ABSENT, S("alice deleted /a\\x0ab"), "alice deleted /a\\x0ab\n");
}

static void assert_name(FopsSpan name, const char *expected) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        fops_text_print_name(name, f);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(text, expected);
}

static void test_a_name_cannot_forge_an_escape(_unused_ void **state) {
        assert_name(S("/srv/a b"), "/srv/a b");
        assert_name(S("a\nb"), "a\\x0ab");
        assert_name(S("a\\x0ab"), "a\\x5cx0ab");
        assert_name(S("a\\"), "a\\");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_time_is_local),
                cmocka_unit_test(test_what_is_no_time_is_left_out),
                cmocka_unit_test(test_a_line_is_one_line),
                cmocka_unit_test(test_an_escaped_message_is_not_escaped_again),
                cmocka_unit_test(test_a_name_cannot_forge_an_escape),
        };

        return cmocka_run_group_tests(tests, set_zone, NULL);
}
