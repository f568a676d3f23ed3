/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-records.h"

#include "memo.h"

static FopsMemo *memo;

static int setup(void **state _unused_) {
        memo = fops_memo_new(sizeof(uint32_t));
        return memo ? 0 : -1;
}

static int teardown(void **state _unused_) {
        memo = fops_memo_free(memo);
        return 0;
}

static FopsSpan numbered(char buffer[static 64], unsigned n) {
        return (FopsSpan){ buffer, (size_t) snprintf(buffer, 64, " pid=%u uid=0 comm=\"rm\" key=\"data\"", n) };
}

static void test_a_text_is_found_by_all_its_bytes(void **state _unused_) {
        FopsSpan text = FOPS_SPAN_LITERAL(" dev=fe:00 mode=0100644 nametype=NORMAL cap_fp=0");
        char other[64];

        assert_null(fops_memo_recall(memo, text));
        *(uint32_t *) (void *) fops_memo_remember(memo, text)->value = 7;
        assert_int_equal(*(uint32_t *) (void *) fops_memo_recall(memo, text)->value, 7);

        for (size_t i = 0; i < text.size; i++) {
                memcpy(other, text.data, text.size);
                other[i] ^= 1;
                assert_null(fops_memo_recall(memo, (FopsSpan){ other, text.size }));
                assert_null(fops_memo_recall(memo, (FopsSpan){ text.data, i }));
        }
}

static void test_of_many_texts_the_latest_are_kept(void **state _unused_) {
        char buffer[64];
        unsigned n_kept = 0;

        for (unsigned n = 0; n < 10000; n++) {
                FopsMemoPlace *place = fops_memo_remember(memo, numbered(buffer, n));

                *(uint32_t *) (void *) place->value = n;
                assert_ptr_equal(fops_memo_recall(memo, numbered(buffer, n)), place);
        }
        for (unsigned n = 0; n < 10000; n++) {
                FopsMemoPlace *place = fops_memo_recall(memo, numbered(buffer, n));

                if (!place)
                        continue;
                assert_int_equal(*(uint32_t *) (void *) place->value, n);
                n_kept++;
        }
        assert_in_range(n_kept, (1U << FOPS_MEMO_PLACES_BITS) / 2, 1U << FOPS_MEMO_PLACES_BITS);
}

static void test_what_is_too_long_or_too_short_is_not_remembered(void **state _unused_) {
        char text[FOPS_MEMO_TEXT_BYTES_MAX + 1];

        memset(text, 'x', sizeof(text));
        assert_non_null(fops_memo_remember(memo, (FopsSpan){ text, sizeof(text) - 1 }));
        assert_non_null(fops_memo_recall(memo, (FopsSpan){ text, sizeof(text) - 1 }));
        assert_null(fops_memo_remember(memo, (FopsSpan){ text, sizeof(text) }));
        assert_null(fops_memo_recall(memo, (FopsSpan){ text, sizeof(text) }));
        assert_null(fops_memo_remember(memo, (FopsSpan){ text, 3 }));
        assert_null(fops_memo_recall(memo, FOPS_SPAN_ABSENT));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_text_is_found_by_all_its_bytes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_of_many_texts_the_latest_are_kept, setup, teardown),
                cmocka_unit_test_setup_teardown(test_what_is_too_long_or_too_short_is_not_remembered, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
