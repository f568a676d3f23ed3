/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What journalctl takes for text. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "utf8.h"

static void test_control_characters_and_stray_bytes_are_not_printable(_unused_ void **state) {
        assert_true(fops_utf8_is_printable(FOPS_SPAN_LITERAL("a \"\\\n\tb \xc3\xa4 /srv/data/x")));
        assert_false(fops_utf8_is_printable(FOPS_SPAN_LITERAL("/srv/data/\x1b")));
        assert_false(fops_utf8_is_printable(FOPS_SPAN_LITERAL("/srv/data/\xff/srv/data")));
        assert_false(fops_utf8_is_printable(FOPS_SPAN_LITERAL("/srv/data/\x7f")));
        assert_false(fops_utf8_is_printable(FOPS_SPAN_LITERAL("/srv/data/\0")));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_control_characters_and_stray_bytes_are_not_printable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
