/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Paths as they are shown, below the paths as they were given. */

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "follow-scope.h"

static char directory[PATH_MAX];

static int set_up(_unused_ void **state) {
        char template[] = "/tmp/test-follow-scope-XXXXXX";

        return !mkdtemp(template) || !realpath(template, directory) || chdir(directory) < 0 || mkdir("data", 0700) < 0 ||
               mkdir("data/sub", 0700) < 0 || symlink("data", "link") < 0;
}

static int tear_down(_unused_ void **state) {
        return unlink("link") < 0 || rmdir("data/sub") < 0 || rmdir("data") < 0 || chdir("/") < 0 || rmdir(directory) < 0;
}

/* @below stands below the test's directory. NULL: not followed. */
static void assert_place(const FollowScope *s, const char *below, const char *expected_watched, const char *expected_name) {
        _cleanup_(fops_arena_done) FopsArena arena = {};
        char path[PATH_MAX + 64];
        FollowPlace place;

        snprintf(path, sizeof(path), "%s/%s", directory, below);
        assert_int_equal(follow_scope_place(s, &arena, fops_span_from_string(path), false, &place), expected_watched != NULL);
        if (!expected_watched)
                return;
        assert_true(fops_span_equal_string(place.watched, expected_watched));
        assert_true(fops_span_equal_string(place.name, expected_name));
        assert_int_equal(place.is_root, *expected_name == '\0');
}

static void test_paths_are_shown_as_they_were_given(_unused_ void **state) {
        static const struct {
                const char *given, *at_root, *below;
        } cases[] = {
                { "data", "data/", "data/sub/" },     { "data/", "data/", "data/sub/" },   { "./data//", "./data/", "./data/sub/" },
                { "link", "link/", "link/sub/" },     { "link/", "link/", "link/sub/" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(follow_scope_done) FollowScope s = { .recursive = true };

                assert_int_equal(follow_scope_add(&s, cases[i].given), 0);
                assert_place(&s, "data", cases[i].at_root, "");
                assert_place(&s, "data/x", cases[i].at_root, "x");
                assert_place(&s, "data/sub/x", cases[i].below, "x");
                assert_place(&s, "data2/x", NULL, NULL);
                assert_place(&s, "x", NULL, NULL);
        }
}

static void test_without_recursion_only_what_is_directly_there(_unused_ void **state) {
        _cleanup_(follow_scope_done) FollowScope s = {};

        assert_int_equal(follow_scope_add(&s, "data"), 0);
        assert_place(&s, "data/x", "data/", "x");
        assert_place(&s, "data/sub", "data/", "sub");
        assert_place(&s, "data/sub/x", NULL, NULL);
}

static void test_a_file_is_shown_itself_and_need_not_exist(_unused_ void **state) {
        _cleanup_(follow_scope_done) FollowScope s = {};

        assert_int_equal(follow_scope_add(&s, "link/none"), 0);
        assert_place(&s, "data/none", "link/none", "");
        assert_place(&s, "data/none/x", "link/none/", "x");
        assert_int_equal(follow_scope_add(&s, ""), -EINVAL);
}

static void test_without_paths_everything_is_followed(_unused_ void **state) {
        _cleanup_(fops_arena_done) FopsArena arena = {};
        FollowScope s = {};
        FollowPlace place;

        assert_true(follow_scope_place(&s, &arena, FOPS_SPAN_LITERAL("/srv/x"), false, &place));
        assert_true(fops_span_equal_string(place.watched, "/srv/"));
        assert_true(fops_span_equal_string(place.name, "x"));
        assert_true(follow_scope_place(&s, &arena, FOPS_SPAN_LITERAL("/x"), false, &place));
        assert_true(fops_span_equal_string(place.watched, "/"));
}

static void test_patterns_see_the_path_as_shown(_unused_ void **state) {
        _cleanup_(follow_scope_done) FollowScope s = { .recursive = true };

        assert_int_equal(follow_scope_add(&s, "data"), 0);
        assert_int_equal(follow_scope_include(&s, "^data/.*\\.TXT$", true), 0);
        assert_int_equal(follow_scope_exclude(&s, "nothing", false), 0);
        assert_int_equal(follow_scope_exclude(&s, "/sub/", false), 0);
        assert_place(&s, "data/a.txt", "data/", "a.txt");
        assert_place(&s, "data/a.txt~", NULL, NULL);
        assert_place(&s, "data/sub/a.txt", NULL, NULL);
        assert_int_not_equal(follow_scope_include(&s, "(", false), 0);
}

static void test_a_directory_alone_is_enough_for_who_has_no_path(_unused_ void **state) {
        _cleanup_(follow_scope_done) FollowScope s = {};
        char dir[PATH_MAX + 16];

        assert_true(follow_scope_has_directory(&s, FOPS_SPAN_LITERAL("/anywhere")));
        assert_int_equal(follow_scope_add(&s, "data"), 0);
        snprintf(dir, sizeof(dir), "%s/data/sub", directory);
        assert_false(follow_scope_has_directory(&s, fops_span_from_string(dir)));
        s.recursive = true;
        assert_true(follow_scope_has_directory(&s, fops_span_from_string(dir)));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_paths_are_shown_as_they_were_given),
                cmocka_unit_test(test_without_recursion_only_what_is_directly_there),
                cmocka_unit_test(test_a_file_is_shown_itself_and_need_not_exist),
                cmocka_unit_test(test_without_paths_everything_is_followed),
                cmocka_unit_test(test_patterns_see_the_path_as_shown),
                cmocka_unit_test(test_a_directory_alone_is_enough_for_who_has_no_path),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
