/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arena.h"

static void test_every_object_is_aligned_and_its_own(void **state _unused_) {
        static const size_t sizes[] = { 0, 1, 15, 16, 17, 4000, 4064, 4065, 100000, 3, 0 };
        unsigned char *objects[ELEMENTSOF(sizes)];
        FopsArena a = {};

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                objects[i] = fops_arena_alloc(&a, sizes[i]);
                assert_non_null(objects[i]);
                assert_int_equal((uintptr_t) objects[i] % _Alignof(max_align_t), 0);
                memset(objects[i], (int) i, sizes[i]);
        }

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
                for (size_t j = 0; j < sizes[i]; j++)
                        assert_int_equal(objects[i][j], i);
        fops_arena_done(&a);
}

static void test_used_bytes_count_what_was_handed_out(void **state _unused_) {
        FopsArena a = {};

        assert_non_null(fops_arena_alloc(&a, 1));
        assert_int_equal(a.used_bytes, _Alignof(max_align_t));
        assert_non_null(fops_arena_alloc(&a, 1 << 20));
        assert_int_equal(a.used_bytes, _Alignof(max_align_t) + (1 << 20));
        fops_arena_done(&a);
        assert_int_equal(a.used_bytes, 0);
        assert_null(a.head);
}

static void test_a_large_object_leaves_the_rest_of_the_block_in_use(void **state _unused_) {
        FopsArena a = {};
        char *first = fops_arena_alloc(&a, 16), *next;

        assert_non_null(fops_arena_alloc(&a, 1 << 20));
        next = fops_arena_alloc(&a, 16);
        assert_ptr_equal(next, first + 16);
        fops_arena_done(&a);
}

static void test_reset_keeps_one_block_and_drops_the_huge(void **state _unused_) {
        FopsArena a = {};
        char *first = fops_arena_alloc(&a, 16);

        for (size_t i = 0; i < 10; i++)
                assert_non_null(fops_arena_alloc(&a, 3000));
        assert_non_null(fops_arena_alloc(&a, 1 << 20));
        fops_arena_reset(&a);
        assert_int_equal(a.used_bytes, 0);
        assert_non_null(a.head);
        assert_non_null(fops_arena_alloc(&a, 4000));
        fops_arena_done(&a);

        /* Where nothing but a huge one was, nothing is kept. */
        first = fops_arena_alloc(&a, 1 << 20);
        assert_non_null(first);
        fops_arena_reset(&a);
        assert_null(a.head);
        fops_arena_reset(&a);
        fops_arena_done(&a);
}

static void test_sizes_that_overflow_are_refused(void **state _unused_) {
        /* Not constants: gcc would warn of just what is tried here. */
        volatile size_t huge = SIZE_MAX;
        FopsArena a = {};

        assert_null(fops_arena_alloc(&a, huge));
        assert_null(fops_arena_alloc(&a, huge - 16));
        assert_null(fops_arena_calloc(&a, huge / 2, 3));
        assert_false(fops_span_is_present(fops_arena_copy(&a, (FopsSpan){ "", huge })));
        assert_int_equal(a.used_bytes, 0);
        fops_arena_done(&a);
}

static void test_calloc_clears_used_memory(void **state _unused_) {
        FopsArena a = {};
        char *p = fops_arena_alloc(&a, 4000);

        memset(p, 0xff, 4000);
        fops_arena_reset(&a);
        p = fops_arena_calloc(&a, 1000, 4);
        for (size_t i = 0; i < 4000; i++)
                assert_int_equal(p[i], 0);
        assert_non_null(fops_arena_calloc(&a, 0, 4));
        assert_non_null(fops_arena_calloc(&a, 4, 0));
        fops_arena_done(&a);
}

static void test_a_copy_ends_in_nul_and_absent_stays_absent(void **state _unused_) {
        FopsArena a = {};
        FopsSpan copy = fops_arena_copy(&a, FOPS_SPAN_LITERAL("a\0b"));

        assert_true(fops_span_equal(copy, FOPS_SPAN_LITERAL("a\0b")));
        assert_int_equal(copy.data[3], '\0');
        copy = fops_arena_copy(&a, FOPS_SPAN_LITERAL(""));
        assert_true(fops_span_is_present(copy));
        assert_int_equal(copy.data[0], '\0');
        assert_false(fops_span_is_present(fops_arena_copy(&a, FOPS_SPAN_ABSENT)));
        fops_arena_done(&a);
}

static void test_printf_is_as_long_as_it_takes(void **state _unused_) {
        FopsArena a = {};
        FopsSpan s = fops_arena_printf(&a, "%0*d", 10000, 7);

        assert_int_equal(s.size, 10000);
        assert_int_equal(s.data[9999], '7');
        assert_true(fops_span_equal_string(fops_arena_printf(&a, "%s-%d", "x", -1), "x--1"));
        fops_arena_done(&a);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_object_is_aligned_and_its_own),
                cmocka_unit_test(test_used_bytes_count_what_was_handed_out),
                cmocka_unit_test(test_a_large_object_leaves_the_rest_of_the_block_in_use),
                cmocka_unit_test(test_reset_keeps_one_block_and_drops_the_huge),
                cmocka_unit_test(test_sizes_that_overflow_are_refused),
                cmocka_unit_test(test_calloc_clears_used_memory),
                cmocka_unit_test(test_a_copy_ends_in_nul_and_absent_stays_absent),
                cmocka_unit_test(test_printf_is_as_long_as_it_takes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
