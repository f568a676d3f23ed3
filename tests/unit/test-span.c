/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "span.h"

#define S(s) FOPS_SPAN_LITERAL(s)

static void test_absent_is_not_empty(void **state _unused_) {
        assert_false(fops_span_equal(FOPS_SPAN_ABSENT, S("")));
        assert_true(fops_span_equal(FOPS_SPAN_ABSENT, fops_span_from_string(NULL)));
        assert_true(fops_span_equal(S(""), fops_span_from_string("")));
        assert_false(fops_span_equal_string(FOPS_SPAN_ABSENT, ""));
}

static void test_nul_is_a_byte_like_any_other(void **state _unused_) {
        assert_true(fops_span_equal(S("a\0b"), S("a\0b")));
        assert_false(fops_span_equal(S("a\0b"), S("a\0c")));
        assert_false(fops_span_equal_string(S("a\0b"), "a"));
}

static void test_nothing_starts_or_ends_with_more_than_itself(void **state _unused_) {
        assert_true(fops_span_starts_with(S("abc"), S("ab")));
        assert_true(fops_span_ends_with(S("abc"), S("bc")));
        assert_true(fops_span_starts_with(S("abc"), S("")));
        assert_false(fops_span_starts_with(S("ab"), S("abc")));
        assert_false(fops_span_ends_with(S("bc"), S("abc")));
        assert_false(fops_span_starts_with(FOPS_SPAN_ABSENT, S("")));
        assert_false(fops_span_ends_with(S("x"), FOPS_SPAN_ABSENT));
}

static void test_skipping_stops_at_the_end(void **state _unused_) {
        FopsSpan s = S("abc");

        assert_true(fops_span_equal(fops_span_skip(s, 1), S("bc")));
        assert_true(fops_span_equal(fops_span_skip(s, 3), S("")));
        assert_ptr_equal(fops_span_skip(s, 4).data, s.data + 3);
        assert_int_equal(fops_span_skip(s, SIZE_MAX).size, 0);
}

static void test_a_number_is_digits_and_nothing_else(void **state _unused_) {
        static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x1", "1.", "a", "1\n" };
        uint64_t n = 7;

        assert_true(fops_span_to_u64(S("0"), &n));
        assert_int_equal(n, 0);
        assert_true(fops_span_to_u64(S("0012"), &n));
        assert_int_equal(n, 12);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(fops_span_to_u64(fops_span_from_string(bad[i]), &n));
        assert_false(fops_span_to_u64(S("1\0"), &n));
        assert_false(fops_span_to_u64(FOPS_SPAN_ABSENT, &n));
        assert_int_equal(n, 12);
}

static void test_numbers_end_where_their_types_end(void **state _unused_) {
        uint64_t u64 = 7;
        uint32_t u32 = 7;
        int64_t i64 = 7;

        assert_true(fops_span_to_u64(S("18446744073709551615"), &u64));
        assert_true(u64 == UINT64_MAX);
        assert_false(fops_span_to_u64(S("18446744073709551616"), &u64));
        assert_false(fops_span_to_u64(S("99999999999999999999"), &u64));

        assert_true(fops_span_to_u32(S("4294967295"), &u32));
        assert_true(u32 == UINT32_MAX);
        assert_false(fops_span_to_u32(S("4294967296"), &u32));

        assert_true(fops_span_to_i64(S("9223372036854775807"), &i64));
        assert_true(i64 == INT64_MAX);
        assert_true(fops_span_to_i64(S("-9223372036854775808"), &i64));
        assert_true(i64 == INT64_MIN);
        assert_false(fops_span_to_i64(S("9223372036854775808"), &i64));
        assert_false(fops_span_to_i64(S("-9223372036854775809"), &i64));
        assert_false(fops_span_to_i64(S("-"), &i64));
        assert_false(fops_span_to_i64(S("--1"), &i64));
        assert_true(i64 == INT64_MIN);
}

static void test_hex_and_octal_know_their_digits(void **state _unused_) {
        uint64_t n = 0;

        assert_true(fops_span_hex_to_u64(S("c000003E"), &n));
        assert_int_equal(n, 0xc000003e);
        assert_true(fops_span_hex_to_u64(S("ffffffffffffff9c"), &n));
        assert_true(n == (uint64_t) -100);
        assert_false(fops_span_hex_to_u64(S("10000000000000000"), &n));
        assert_false(fops_span_hex_to_u64(S("0x1"), &n));
        assert_false(fops_span_hex_to_u64(S("g"), &n));
        assert_false(fops_span_hex_to_u64(S("@"), &n));
        assert_false(fops_span_hex_to_u64(S(""), &n));

        assert_true(fops_span_octal_to_u64(S("0100644"), &n));
        assert_int_equal(n, 0100644);
        assert_true(fops_span_octal_to_u64(S("1777777777777777777777"), &n));
        assert_true(n == UINT64_MAX);
        assert_false(fops_span_octal_to_u64(S("2000000000000000000000"), &n));
        assert_false(fops_span_octal_to_u64(S("8"), &n));
        assert_false(fops_span_octal_to_u64(S("a"), &n));
}

static void test_a_hash_may_be_taken_in_pieces(void **state _unused_) {
        uint64_t whole = fops_span_hash(S("foobar"));

        assert_true(whole == UINT64_C(0x85944171f73967e8)); /* as FNV-1a's authors publish it */
        assert_true(fops_hash_continue(fops_span_hash(S("foo")), "bar", 3) == whole);
        assert_true(fops_span_hash(FOPS_SPAN_ABSENT) == FOPS_HASH_INIT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_absent_is_not_empty),
                cmocka_unit_test(test_nul_is_a_byte_like_any_other),
                cmocka_unit_test(test_nothing_starts_or_ends_with_more_than_itself),
                cmocka_unit_test(test_skipping_stops_at_the_end),
                cmocka_unit_test(test_a_number_is_digits_and_nothing_else),
                cmocka_unit_test(test_numbers_end_where_their_types_end),
                cmocka_unit_test(test_hex_and_octal_know_their_digits),
                cmocka_unit_test(test_a_hash_may_be_taken_in_pieces),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
