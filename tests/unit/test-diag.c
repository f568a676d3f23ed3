/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "diag.h"

static void add(FopsDiags *d, FopsSeverity severity, const char *file, unsigned line, const char *text) {
        assert_int_equal(fops_diags_add(d, severity, file, line, "%s", text), 0);
}

static void assert_printed(const FopsDiags *d, const char *expected) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        fops_diags_print(d, f);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(text, expected);
}

static void test_a_message_says_where(void **state _unused_) {
        FopsDiags d = {};

        add(&d, FOPS_ERROR, "/etc/fopsd.conf", 12, "unknown setting");
        add(&d, FOPS_NOTE, "/etc/fopsd.conf", 0, "empty");
        add(&d, FOPS_ERROR, NULL, 0, "-w: relative path");
        add(&d, FOPS_NOTE, NULL, 7, "merged");
        assert_int_equal(d.n_items, 4);
        assert_int_equal(d.n_errors, 2);
        assert_printed(&d, "/etc/fopsd.conf:12: unknown setting\n/etc/fopsd.conf: note: empty\n-w: relative path\nnote: merged\n");
        fops_diags_done(&d);
        assert_int_equal(d.n_errors, 0);
        assert_null(d.items);
}

static void test_texts_are_copied(void **state _unused_) {
        char file[] = "a", text[] = "b";
        FopsDiags d = {};

        assert_int_equal(fops_diags_add(&d, FOPS_ERROR, file, 1, "%s%d", text, 7), 0);
        file[0] = text[0] = 'X';
        assert_printed(&d, "a:1: b7\n");
        fops_diags_done(&d);
}

static void test_files_stay_in_the_order_in_which_they_came(void **state _unused_) {
        FopsDiags d = {};

        add(&d, FOPS_ERROR, "b", 2, "1");
        add(&d, FOPS_ERROR, "a", 9, "2");
        add(&d, FOPS_ERROR, "b", 1, "3");
        add(&d, FOPS_ERROR, NULL, 0, "4");
        add(&d, FOPS_ERROR, "a", 9, "5");
        add(&d, FOPS_ERROR, "a", 0, "6");
        add(&d, FOPS_ERROR, "c", 1, "7");
        add(&d, FOPS_ERROR, "b", 1, "8");
        fops_diags_sort(&d);
        assert_printed(&d, "b:1: 3\nb:1: 8\nb:2: 1\na: 6\na:9: 2\na:9: 5\n4\nc:1: 7\n");

        /* And again, with more. */
        add(&d, FOPS_ERROR, "a", 1, "9");
        add(&d, FOPS_ERROR, "d", 1, "10");
        fops_diags_sort(&d);
        assert_printed(&d, "b:1: 3\nb:1: 8\nb:2: 1\na: 6\na:1: 9\na:9: 2\na:9: 5\n4\nc:1: 7\nd:1: 10\n");
        fops_diags_done(&d);
}

static void test_nothing_is_sorted_and_printed_too(void **state _unused_) {
        FopsDiags d = {};

        fops_diags_sort(&d);
        assert_printed(&d, "");
        fops_diags_done(&d);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_message_says_where),
                cmocka_unit_test(test_texts_are_copied),
                cmocka_unit_test(test_files_stay_in_the_order_in_which_they_came),
                cmocka_unit_test(test_nothing_is_sorted_and_printed_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
