/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Mistyped words and what was meant. */

#include "test-records.h"

#include "nearest.h"

static size_t distance(const char *word, const char *known) {
        return fops_word_distance(fops_span_from_string(word), known);
}

static const char *nearest(const char *word, const char *const *candidates) {
        FopsNearest n = { .word = word };

        for (; *candidates; candidates++)
                fops_nearest_try(&n, *candidates);
        return n.best;
}

static void test_each_kind_of_mistake_counts_once(void **state _unused_) {
        assert_int_equal(distance("open", "open"), 0);
        assert_int_equal(distance("oxpen", "open"), 1); /* too many */
        assert_int_equal(distance("opn", "open"), 1);   /* too few */
        assert_int_equal(distance("opan", "open"), 1);  /* another */
        assert_int_equal(distance("opne", "open"), 1);  /* exchanged */
        assert_int_equal(distance("poen", "open"), 1);
        assert_int_equal(distance("pone", "open"), 2);
        assert_int_equal(distance("kitten", "sitting"), 3);
        assert_int_equal(distance("abcd", "wxyz"), 4);
        assert_int_equal(distance("", "open"), 4);
        assert_int_equal(distance("open", ""), 4);
        assert_int_equal(distance("", ""), 0);
        assert_int_equal(fops_word_distance(FOPS_SPAN_ABSENT, "ab"), 2);
}

static void test_the_word_need_not_end_in_nul(void **state _unused_) {
        assert_int_equal(fops_word_distance((FopsSpan){ "openXYZ", 4 }, "open"), 0);
}

static void test_a_beginning_is_at_most_one_away(void **state _unused_) {
        assert_int_equal(distance("warn", "warning"), 1);
        assert_int_equal(distance("war", "warning"), 1);
        assert_int_equal(distance("wa", "warning"), 5); /* of two letters much begins */
        assert_int_equal(distance("warning", "warn"), 3);
        assert_string_equal(nearest("warn", (const char *const[]){ "err", "warning", NULL }), "warning");
}

static void test_of_several_the_nearest_is_kept_and_of_equals_the_first(void **state _unused_) {
        assert_string_equal(nearest("opne", (const char *const[]){ "opened", "open", "opens", NULL }), "open");
        assert_string_equal(nearest("opan", (const char *const[]){ "open", "oban", NULL }), "open");
        assert_string_equal(nearest("chmd", (const char *const[]){ "chown", "chmod", NULL }), "chmod");
}

static void test_a_third_may_be_wrong_and_no_more(void **state _unused_) {
        assert_string_equal(nearest("xaths", (const char *const[]){ "path", NULL }), "path"); /* 2 of 5 */
        assert_null(nearest("xatx", (const char *const[]){ "parh", NULL }));                  /* 3 of 4 */
        assert_string_equal(nearest("oyyn", (const char *const[]){ "open", NULL }), "open");   /* 2 of 4 */
        assert_null(nearest("key", (const char *const[]){ "kid", NULL }));                    /* 2 of 3 */
        assert_string_equal(nearest("oyen", (const char *const[]){ "open", NULL }), "open");
        assert_null(nearest("wxyz", (const char *const[]){ "open", "path", NULL }));
        assert_null(nearest("", (const char *const[]){ "open", NULL }));
        assert_null(nearest("open", (const char *const[]){ NULL }));
}

/* A third of a long word is more than the whole of a short one. */
static void test_no_length_makes_a_word_like_every_other(void **state _unused_) {
        char word[201] = {};

        memset(word, 'x', sizeof(word) - 1);
        assert_null(nearest(word, (const char *const[]){ "path", "backlog_wait_time", NULL }));
        assert_int_equal(distance(word, "path"), 32);

        memcpy(word, "io_uring_register_restrictions_are_long", 39);
        assert_string_equal(nearest(word, (const char *const[]){ "io_uring_register_restrictions", NULL }),
                            "io_uring_register_restrictions");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_kind_of_mistake_counts_once),
                cmocka_unit_test(test_the_word_need_not_end_in_nul),
                cmocka_unit_test(test_a_beginning_is_at_most_one_away),
                cmocka_unit_test(test_of_several_the_nearest_is_kept_and_of_equals_the_first),
                cmocka_unit_test(test_a_third_may_be_wrong_and_no_more),
                cmocka_unit_test(test_no_length_makes_a_word_like_every_other),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
