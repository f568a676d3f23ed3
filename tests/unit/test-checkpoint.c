/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Cursors in files. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "checkpoint.h"

static char directory[] = "/tmp/test-checkpoint-XXXXXX", path[64];

static int make_directory(_unused_ void **state) {
        if (!mkdtemp(directory))
                return -1;
        snprintf(path, sizeof(path), "%s/file", directory);
        return 0;
}

static int remove_directory(_unused_ void **state) {
        (void) unlink(path);
        return rmdir(directory);
}

static void put(const char *text) {
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static void test_what_is_written_is_read(_unused_ void **state) {
        _cleanup_free_ char *cursor = NULL, *second = NULL;

        assert_int_equal(checkpoint_write(path, "s=12;i=3"), 0);
        assert_int_equal(checkpoint_read(path, &cursor), 0);
        assert_string_equal(cursor, "s=12;i=3");
        assert_int_equal(checkpoint_write(path, "s=4"), 0);
        assert_int_equal(checkpoint_read(path, &second), 0);
        assert_string_equal(second, "s=4");
}

static void test_no_file_is_no_checkpoint_yet(_unused_ void **state) {
        char *cursor = path;

        (void) unlink(path);
        assert_int_equal(checkpoint_read(path, &cursor), 0);
        assert_null(cursor);
}

static void test_other_files_are_refused(_unused_ void **state) {
        char *cursor = path;

        put("");
        assert_int_equal(checkpoint_read(path, &cursor), -EINVAL);
        put("s=12");
        assert_int_equal(checkpoint_read(path, &cursor), -EINVAL);
        put("dev=0xFD00\n");
        assert_int_equal(checkpoint_read(path, &cursor), -EINVAL);
        assert_int_equal(checkpoint_read(directory, &cursor), -EISDIR);
        assert_ptr_equal(cursor, path);
}

static void test_a_failed_write_leaves_the_old_one_and_nothing_else(_unused_ void **state) {
        char blocked[80];

        assert_int_equal(checkpoint_write("/nonexistent/file", "s=1"), -ENOENT);
        /* A directory stands where the file is to go. */
        snprintf(blocked, sizeof(blocked), "%s/blocked", directory);
        assert_int_equal(mkdir(blocked, 0755), 0);
        assert_int_equal(checkpoint_write(blocked, "s=1"), -EISDIR);
        assert_int_equal(rmdir(blocked), 0);
        /* remove_directory() fails if a temporary file is left. */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_written_is_read),
                cmocka_unit_test(test_no_file_is_no_checkpoint_yet),
                cmocka_unit_test(test_other_files_are_refused),
                cmocka_unit_test(test_a_failed_write_leaves_the_old_one_and_nothing_else),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
