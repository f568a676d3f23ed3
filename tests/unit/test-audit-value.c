/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-records.h"

#include <ctype.h>

#define BARE(s) ((FopsValue){ FOPS_SPAN_LITERAL(s), false })
#define QUOTED(s) ((FopsValue){ FOPS_SPAN_LITERAL(s), true })

static FopsArena arena;

static int arena_teardown(void **state _unused_) {
        fops_arena_done(&arena);
        return 0;
}

static void test_hex_becomes_bytes(void **state _unused_) {
        assert_span(fops_value_decode(BARE("2F7372762F737020616365"), &arena), "/srv/sp ace");
        assert_span(fops_value_decode(BARE("2f746d70"), &arena), "/tmp");
        assert_true(fops_span_equal(fops_value_decode(BARE("FFFE0a22"), &arena), FOPS_SPAN_LITERAL("\xff\xfe\n\"")));
        assert_true(fops_span_equal(fops_value_decode(BARE("0123456789abcdefABCDEF00"), &arena),
                                    FOPS_SPAN_LITERAL("\x01\x23\x45\x67\x89\xab\xcd\xef\xab\xcd\xef\x00")));
}

static void test_one_wrong_digit_anywhere_makes_it_no_hex(void **state _unused_) {
        static const char digits[] = "00112233445566778899aAbBcCdDeEfF0123456789ABCDEFabcdef";
        char text[sizeof(digits)];

        for (size_t size = 2; size < sizeof(digits); size += 2)
                for (size_t i = 0; i < size; i++)
                        for (unsigned c = 1; c < 256; c++) {
                                FopsValue v = { { text, size }, false };

                                memcpy(text, digits, sizeof(digits));
                                text[i] = (char) c;
                                assert_int_equal(fops_value_decode(v, &arena).size, isxdigit((int) c) ? size / 2 : size);
                                fops_arena_reset(&arena);
                        }
}

static void test_nul_in_hex_cuts_nothing(void **state _unused_) {
        assert_true(fops_span_equal(fops_value_decode(BARE("726D00782D00"), &arena), FOPS_SPAN_LITERAL("rm\0x-\0")));
        assert_true(fops_span_equal(fops_value_decode(BARE("00"), &arena), FOPS_SPAN_LITERAL("\0")));
}

static void test_what_is_no_hex_is_taken_as_it_is(void **state _unused_) {
        assert_span(fops_value_decode(BARE("2F7"), &arena), "2F7");
        assert_span(fops_value_decode(BARE("2G"), &arena), "2G");
        assert_span(fops_value_decode(BARE("G2"), &arena), "G2");
        assert_span(fops_value_decode(BARE("sshd"), &arena), "sshd");
        assert_span(fops_value_decode(BARE("\xc3\xa4"), &arena), "\xc3\xa4");
        assert_span(fops_value_decode(BARE(""), &arena), "");
}

static void test_quoted_values_are_never_hex(void **state _unused_) {
        assert_span(fops_value_decode(QUOTED("2F746D70"), &arena), "2F746D70");
        assert_span(fops_value_decode(QUOTED(""), &arena), "");
        assert_int_equal(arena.used_bytes, 0);
}

static void test_null_is_absent_unless_a_file_is_called_so(void **state _unused_) {
        const FopsValue nothing[] = { BARE("(null)"), BARE("(none)"), BARE("?"), { { NULL, 0 }, false } };

        for (size_t i = 0; i < ELEMENTSOF(nothing); i++) {
                assert_span(fops_value_decode(nothing[i], &arena), NULL);
                assert_span(fops_value_plain(nothing[i]), NULL);
        }
        assert_span(fops_value_decode(QUOTED("(null)"), &arena), "(null)");
        assert_span(fops_value_decode(QUOTED("?"), &arena), "?");
        assert_span(fops_value_plain(QUOTED("(none)")), "(none)");
}

static void test_trusted_values_are_never_hex(void **state _unused_) {
        assert_span(fops_value_plain(BARE("2F746D70")), "2F746D70");
        assert_span(fops_value_plain(BARE("pts0")), "pts0");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_hex_becomes_bytes, arena_teardown),
                cmocka_unit_test_teardown(test_one_wrong_digit_anywhere_makes_it_no_hex, arena_teardown),
                cmocka_unit_test_teardown(test_nul_in_hex_cuts_nothing, arena_teardown),
                cmocka_unit_test_teardown(test_what_is_no_hex_is_taken_as_it_is, arena_teardown),
                cmocka_unit_test_teardown(test_quoted_values_are_never_hex, arena_teardown),
                cmocka_unit_test_teardown(test_null_is_absent_unless_a_file_is_called_so, arena_teardown),
                cmocka_unit_test_teardown(test_trusted_values_are_never_hex, arena_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
