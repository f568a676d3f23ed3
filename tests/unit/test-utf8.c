/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Which bytes are looked at eight at once, against each by itself. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "utf8.h"

static void test_every_byte_that_is_not_plain_is_found_everywhere(_unused_ void **state) {
        char text[24];

        for (unsigned c = 0; c < 256; c++)
                for (size_t place = 0; place < sizeof(text); place++) {
                        bool plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';

                        memset(text, 'a', sizeof(text));
                        text[place] = (char) c;
                        assert_int_equal(fops_utf8_plain_size((FopsSpan){ text, sizeof(text) }), plain ? sizeof(text) : place);
                        assert_int_equal(fops_utf8_plain_size((FopsSpan){ text, place }), place);
                }
}

static void test_nothing_is_plain_of_nothing(_unused_ void **state) {
        assert_int_equal(fops_utf8_plain_size(FOPS_SPAN_ABSENT), 0);
}

static void test_what_is_not_plain_may_be_printable(_unused_ void **state) {
        assert_true(fops_utf8_is_printable(FOPS_SPAN_LITERAL("a \"\\\n\tb \xc3\xa4 /srv/data/x")));
        assert_false(fops_utf8_is_printable(FOPS_SPAN_LITERAL("/srv/data/\x1b")));
        assert_false(fops_utf8_is_printable(FOPS_SPAN_LITERAL("/srv/data/\xff/srv/data")));
        assert_false(fops_utf8_is_printable(FOPS_SPAN_LITERAL("/srv/data/\x7f")));
        assert_false(fops_utf8_is_printable(FOPS_SPAN_LITERAL("/srv/data/\0")));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_byte_that_is_not_plain_is_found_everywhere),
                cmocka_unit_test(test_nothing_is_plain_of_nothing),
                cmocka_unit_test(test_what_is_not_plain_may_be_printable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
