/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Entries in the Journal Export Format. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "export.h"

#define S(s) FOPS_SPAN_LITERAL(s)

static void test_text_is_in_lines_and_the_rest_has_its_size(_unused_ void **state) {
        static const char expected[] = "A=plain=\tx\nB\n\3\0\0\0\0\0\0\0a\nb\nC\n\2\0\0\0\0\0\0\0\xff\0\n\n";
        _cleanup_free_ char *text = NULL;
        static FopsEntry e;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        fops_entry_add(&e, "A", S("plain=\tx"));
        fops_entry_add(&e, "B", S("a\nb"));
        fops_entry_add(&e, "C", S("\xff\0"));
        fops_export_print(&e, f);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(size, sizeof(expected) - 1);
        assert_memory_equal(text, expected, size);
        fops_entry_done(&e);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_text_is_in_lines_and_the_rest_has_its_size),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
