/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Values as fields of comma-separated lines. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "csv.h"

#define S(s) FOPS_SPAN_LITERAL(s)

static void assert_field(FopsSpan value, bool is_name, const char *expected) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        fops_csv_print_value(value, is_name, f);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(text, expected);
        assert_int_equal(strlen(text), size);
}

static void test_plain_values_stay_plain(_unused_ void **state) {
        assert_field(S("/srv/data/x"), true, "/srv/data/x");
        assert_field(S("/srv/d\xc3\xa4ta"), true, "/srv/d\xc3\xa4ta");
        assert_field(FOPS_SPAN_ABSENT, true, "");
}

static void test_commas_quotes_and_blanks_are_quoted(_unused_ void **state) {
        assert_field(S("a,b"), true, "\"a,b\"");
        assert_field(S("a b"), true, "\"a b\"");
        assert_field(S("a\"b"), true, "\"a\"\"b\"");
        assert_field(S("\""), true, "\"\"\"\"");
        assert_field(S("\"\",\""), true, "\"\"\"\"\",\"\"\"");
}

static void test_a_value_stays_in_its_line(_unused_ void **state) {
        assert_field(S("a\nb"), true, "a\\x0ab");
        assert_field(S("a\r\n\"b"), true, "\"a\\x0d\\x0a\"\"b\"");
        assert_field(S("a\0b\x1b[31m"), true, "a\\x00b\\x1b[31m");
        assert_field(S("\xff"), true, "\\xff");
}

static void test_names_cannot_forge_an_escape(_unused_ void **state) {
        assert_field(S("a\\x0ab"), true, "a\\x5cx0ab");
        assert_field(S("a\\x0ab"), false, "a\\x0ab");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain_values_stay_plain),
                cmocka_unit_test(test_commas_quotes_and_blanks_are_quoted),
                cmocka_unit_test(test_a_value_stays_in_its_line),
                cmocka_unit_test(test_names_cannot_forge_an_escape),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
