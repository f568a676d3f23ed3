/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Documents against what is found in them, and what isn't JSON. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "json-reader.h"

#define S(s) FOPS_SPAN_LITERAL(s)

static const FopsJson *parse(const char *text, FopsArena *arena) {
        const FopsJson *j = fops_json_parse(fops_span_from_string(text), arena);

        assert_non_null(j);
        return j;
}

static void assert_span(FopsSpan got, FopsSpan expected) {
        assert_true(fops_span_equal(got, expected));
}

static void test_members_are_found_by_their_names(_unused_ void **state) {
        _cleanup_(fops_arena_done) FopsArena arena = {};
        const FopsJson *j = parse(" { \"a\" : 1 , \"b\" : { \"c\" : \"x\" , \"d\" : { \"e\" : true } } } ", &arena);

        assert_int_equal(fops_json_number(fops_json_member(j, "a")), 1);
        assert_span(fops_json_at(j, "b.c")->text, S("x"));
        assert_true(fops_json_is_true(fops_json_at(j, "b.d.e")));
        assert_null(fops_json_at(j, "b.d.f"));
        assert_null(fops_json_at(j, "a.c"));
        assert_null(fops_json_member(NULL, "a"));
        assert_false(fops_json_is_true(fops_json_member(j, "a")));
}

static void test_elements_keep_their_order(_unused_ void **state) {
        _cleanup_(fops_arena_done) FopsArena arena = {};
        const FopsJson *j = parse("[null,false,-1.5e+3,[],{}]", &arena);
        const FopsJsonType types[] = { FOPS_JSON_NULL, FOPS_JSON_FALSE, FOPS_JSON_NUMBER, FOPS_JSON_ARRAY, FOPS_JSON_OBJECT };

        j = j->first;
        for (size_t i = 0; i < ELEMENTSOF(types); i++, j = j->next) {
                assert_non_null(j);
                assert_int_equal(j->type, types[i]);
                if (j->type == FOPS_JSON_NUMBER)
                        assert_span(j->text, S("-1.5e+3"));
        }
        assert_null(j);
}

static void test_escapes_stand_for_characters(_unused_ void **state) {
        _cleanup_(fops_arena_done) FopsArena arena = {};

        assert_span(parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", &arena)->text, S("\"\\/\b\f\n\r\t"));
        assert_span(parse("\"a\\u0000\\u00e4\\u20ac\\ud83d\\ude00\"", &arena)->text, S("a\0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
}

static void test_bytes_come_from_a_string_or_an_array(_unused_ void **state) {
        _cleanup_(fops_arena_done) FopsArena arena = {};

        assert_span(fops_json_bytes(parse("\"/srv\"", &arena), &arena), S("/srv"));
        assert_span(fops_json_bytes(parse("[47,255,0]", &arena), &arena), S("/\xff\0"));
        assert_span(fops_json_bytes(parse("[47,256]", &arena), &arena), FOPS_SPAN_ABSENT);
        assert_span(fops_json_bytes(parse("[\"a\"]", &arena), &arena), FOPS_SPAN_ABSENT);
        assert_span(fops_json_bytes(NULL, &arena), FOPS_SPAN_ABSENT);
}

static void test_a_number_that_does_not_fit_is_none(_unused_ void **state) {
        _cleanup_(fops_arena_done) FopsArena arena = {};

        assert_int_equal(fops_json_number(parse("18446744073709551615", &arena)), UINT64_MAX);
        assert_int_equal(fops_json_number(parse("18446744073709551616", &arena)), 0);
        assert_int_equal(fops_json_number(parse("-1", &arena)), 0);
        assert_int_equal(fops_json_number(parse("\"1\"", &arena)), 0);
}

static void test_what_is_not_json_is_refused(_unused_ void **state) {
        static const char *const wrong[] = {
                "", " ", "{", "}", "[", "[1", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "\"", "\"\\\"", "\"\\x\"",
                "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"a\nb\"", "01", "1.", ".5", "1e", "+1", "-", "nul",
                "nulls", "1 2", "{}{}", "[1}",
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_(fops_arena_done) FopsArena arena = {};

                if (fops_json_parse(fops_span_from_string(wrong[i]), &arena))
                        fail_msg("taken: %s", wrong[i]);
        }
}

static void test_depth_is_bounded(_unused_ void **state) {
        _cleanup_(fops_arena_done) FopsArena arena = {};
        char text[2 * (FOPS_JSON_DEPTH_MAX + 2)];

        for (size_t n = FOPS_JSON_DEPTH_MAX + 1; n <= FOPS_JSON_DEPTH_MAX + 2; n++) {
                memset(text, '[', n);
                memset(text + n, ']', n);
                assert_int_equal(!!fops_json_parse((FopsSpan){ text, 2 * n }, &arena), n == FOPS_JSON_DEPTH_MAX + 1);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_members_are_found_by_their_names),
                cmocka_unit_test(test_elements_keep_their_order),
                cmocka_unit_test(test_escapes_stand_for_characters),
                cmocka_unit_test(test_bytes_come_from_a_string_or_an_array),
                cmocka_unit_test(test_a_number_that_does_not_fit_is_none),
                cmocka_unit_test(test_what_is_not_json_is_refused),
                cmocka_unit_test(test_depth_is_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
