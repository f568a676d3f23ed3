/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Which bytes are looked at sixteen at once, against each by itself. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "plain.h"

static void test_every_byte_that_is_not_plain_is_found_everywhere(_unused_ void **state) {
        char text[40], copy[40];

        for (unsigned c = 0; c < 256; c++)
                for (size_t size = 1; size <= sizeof(text); size++)
                        for (size_t place = 0; place < size; place++) {
                                bool plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';

                                memset(text, 'a', sizeof(text));
                                text[place] = (char) c;
                                assert_int_equal(fops_plain_size((FopsSpan){ text, size }), plain ? size : place);
                                assert_int_equal(fops_plain_copy(copy, (FopsSpan){ text, size }), plain);
                                if (plain)
                                        assert_memory_equal(copy, text, size);
                        }
}

static void test_nothing_is_plain_and_copies_nothing(_unused_ void **state) {
        char copy = '!';

        assert_int_equal(fops_plain_size(FOPS_SPAN_ABSENT), 0);
        assert_true(fops_plain_copy(&copy, FOPS_SPAN_ABSENT));
        assert_int_equal(copy, '!');
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_byte_that_is_not_plain_is_found_everywhere),
                cmocka_unit_test(test_nothing_is_plain_and_copies_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
