/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Configured watches against a directory of the test's own. */

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "watch.h"

static char root[PATH_MAX];

/* Paths relative to the directory; four at a time. */
static const char *at(const char *name) {
        static char paths[4][PATH_MAX];
        static unsigned next;

        next = (next + 1) % ELEMENTSOF(paths);
        assert_true(snprintf(paths[next], sizeof(paths[next]), "%s/%s", root, name) < PATH_MAX);
        return paths[next];
}

static int setup(void **state _unused_) {
        char template[] = "/tmp/fops-test-XXXXXX";
        int fd;

        if (!mkdtemp(template) || !realpath(template, root))
                return -1;
        fd = open(at("file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        close(fd);
        return mkdir(at("home"), 0700) || mkdir(at("home/alice"), 0700) || mkdir(at("home/bob"), 0700) ||
               mkdir(at("home/.hidden"), 0700) || symlink("alice", at("home/carol")) ||
               symlink("nowhere", at("home/dangling")) || symlink("file", at("link")) || symlink("loop", at("loop")) ||
               symlink("later", at("waiting"));
}

static int teardown(void **state _unused_) {
        static const char *const names[] = { "home/alice", "home/bob", "home/.hidden", "home/carol", "home/dangling", "home",
                                             "file", "link", "loop", "waiting" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                remove(at(names[i]));
        return rmdir(root);
}

static void expand(const FopsWatch *watches, size_t n, FopsTargets *ret, size_t n_notes) {
        FopsDiags diags = {};

        assert_int_equal(fops_targets_expand(watches, n, ret, &diags), 0);
        assert_int_equal(diags.n_items, n_notes);
        assert_int_equal(diags.n_errors, 0);
        fops_diags_done(&diags);
}

static void test_files_and_directories_are_told_apart_and_symlinks_followed(void **state _unused_) {
        FopsWatch w[] = { { .path = strdup(at("file")) }, { .path = strdup(at("home")) }, { .path = strdup(at("link")) },
                          { .path = strdup(at("home/carol")) } };
        FopsTargets t;

        expand(w, ELEMENTSOF(w), &t, 0);
        assert_int_equal(t.n_items, ELEMENTSOF(w));
        assert_string_equal(t.items[0].path, at("file"));
        assert_false(t.items[0].is_directory);
        assert_string_equal(t.items[1].path, at("home"));
        assert_true(t.items[1].is_directory);
        assert_string_equal(t.items[2].path, at("file"));
        assert_false(t.items[2].is_directory);
        assert_string_equal(t.items[3].path, at("home/alice"));
        assert_true(t.items[3].is_directory);
        for (size_t i = 0; i < ELEMENTSOF(w); i++) {
                assert_ptr_equal(t.items[i].watch, w + i);
                assert_false(t.items[i].is_missing);
                free(w[i].path);
        }
        fops_targets_done(&t);
}

static void test_what_is_not_there_is_missing_under_its_own_name(void **state _unused_) {
        FopsWatch w[] = { { .path = strdup(at("later")) }, { .path = strdup(at("file/below")) } };
        FopsTargets t;

        expand(w, ELEMENTSOF(w), &t, 0);
        assert_int_equal(t.n_items, ELEMENTSOF(w));
        for (size_t i = 0; i < ELEMENTSOF(w); i++) {
                assert_true(t.items[i].is_missing);
                assert_false(t.items[i].is_directory);
                assert_string_equal(t.items[i].path, w[i].path);
                free(w[i].path);
        }
        fops_targets_done(&t);
}

static void assert_has_parent(const char *path, bool expected, size_t n_notes) {
        FopsWatch w = { .path = strdup(path) };
        FopsTargets t;

        expand(&w, 1, &t, n_notes);
        assert_int_equal(t.n_items, 1);
        assert_true(t.items[0].is_missing);
        if (t.items[0].has_parent != expected)
                print_error("%s\n", path);
        assert_int_equal(t.items[0].has_parent, expected);
        fops_targets_done(&t);
        free(w.path);
}

static void test_a_file_can_be_waited_for_where_its_directory_is(void **state _unused_) {
        char name[NAME_MAX + 2] = {};

        assert_has_parent(at("later"), true, 0);
        assert_has_parent(at("home/alice/later"), true, 0);
        assert_has_parent("/fops-test-later", true, 0);

        assert_has_parent(at("nowhere/later"), false, 0);
        assert_has_parent(at("file/below"), false, 0);

        /* No file can be called so. */
        memset(name, 'x', sizeof(name) - 1);
        assert_has_parent(at(name), false, 1);
}

static void assert_awaited_at(const char *path, const char *place) {
        FopsWatch w = { .path = strdup(path) };
        FopsTargets t;

        expand(&w, 1, &t, 0);
        assert_int_equal(t.n_items, 1);
        assert_true(t.items[0].is_missing);
        assert_true(t.items[0].has_parent);
        assert_string_equal(t.items[0].path, place);
        fops_targets_done(&t);
        free(w.path);
}

static void test_a_file_behind_a_symlink_is_awaited_where_it_leads(void **state _unused_) {
        assert_awaited_at(at("waiting"), at("later"));
        assert_awaited_at(at("home/dangling"), at("home/nowhere"));
        assert_awaited_at(at("home/carol/later"), at("home/alice/later"));

        assert_int_equal(symlink("carol/later", at("home/twice")), 0);
        assert_awaited_at(at("home/twice"), at("home/alice/later"));
        assert_int_equal(unlink(at("home/twice")), 0);
        assert_int_equal(symlink("/fops-test-later", at("home/twice")), 0);
        assert_awaited_at(at("home/twice"), "/fops-test-later");
        assert_int_equal(unlink(at("home/twice")), 0);
        assert_int_equal(symlink("gone/later", at("home/twice")), 0);
        assert_has_parent(at("home/twice"), false, 0);
        assert_int_equal(unlink(at("home/twice")), 0);
}

static void test_what_is_there_waits_for_nothing(void **state _unused_) {
        FopsWatch w[] = { { .path = strdup(at("file")) }, { .path = strdup(at("home")) } };
        FopsTargets t;

        expand(w, ELEMENTSOF(w), &t, 0);
        for (size_t i = 0; i < ELEMENTSOF(w); i++) {
                assert_false(t.items[i].has_parent);
                free(w[i].path);
        }
        fops_targets_done(&t);
}

static void test_trouble_with_a_path_is_noted_and_waited_for(void **state _unused_) {
        FopsWatch w = { .path = strdup(at("loop")), .file = (char *) "conf", .line = 3 };
        FopsDiags diags = {};
        char expected[PATH_MAX + 128];
        FopsTargets t;

        assert_int_equal(fops_targets_expand(&w, 1, &t, &diags), 0);
        assert_int_equal(t.n_items, 1);
        assert_true(t.items[0].is_missing);
        assert_false(t.items[0].has_parent);
        assert_int_equal(diags.n_items, 1);
        assert_int_equal(diags.items[0].severity, FOPS_NOTE);
        assert_string_equal(diags.items[0].file, "conf");
        assert_int_equal(diags.items[0].line, 3);
        snprintf(expected, sizeof(expected), "can't look at '%s' yet: %s", w.path, strerror(ELOOP));
        assert_string_equal(diags.items[0].text, expected);
        fops_diags_done(&diags);
        fops_targets_done(&t);
        free(w.path);
}

static void test_a_pattern_gives_each_thing_once_and_no_dangling_links(void **state _unused_) {
        FopsWatch w = { .path = strdup(at("home/*")), .is_glob = true };
        FopsTargets t;

        expand(&w, 1, &t, 0);
        assert_int_equal(t.n_items, 2); /* carol is alice */
        assert_string_equal(t.items[0].path, at("home/alice"));
        assert_string_equal(t.items[1].path, at("home/bob"));
        assert_true(t.items[0].is_directory && t.items[1].is_directory);
        fops_targets_done(&t);
        free(w.path);
}

static void test_a_pattern_without_match_gives_nothing(void **state _unused_) {
        FopsWatch w = { .path = strdup(at("home/z*")), .is_glob = true };
        FopsTargets t;

        expand(&w, 1, &t, 0);
        assert_int_equal(t.n_items, 0);
        fops_targets_done(&t);
        free(w.path);
}

static void test_a_path_with_pattern_characters_is_a_pattern_only_if_said(void **state _unused_) {
        FopsWatch w = { .path = strdup(at("home/*")) };
        FopsTargets t;

        expand(&w, 1, &t, 0);
        assert_int_equal(t.n_items, 1);
        assert_true(t.items[0].is_missing);
        fops_targets_done(&t);
        free(w.path);
}

static void test_two_watches_of_one_thing_stay_two_targets(void **state _unused_) {
        FopsWatch w[] = { { .path = strdup(at("home/*")), .is_glob = true }, { .path = strdup(at("home/bob")) } };
        FopsTargets t;

        expand(w, 2, &t, 0);
        assert_int_equal(t.n_items, 3);
        assert_string_equal(t.items[1].path, t.items[2].path);
        assert_ptr_equal(t.items[1].watch, w);
        assert_ptr_equal(t.items[2].watch, w + 1);
        fops_targets_done(&t);
        free(w[0].path);
        free(w[1].path);
}

static void test_a_pattern_that_matches_too_much_is_cut_with_an_error(void **state _unused_) {
        FopsWatch w = { .path = strdup(at("many/*")), .is_glob = true };
        FopsDiags diags = {};
        char expected[PATH_MAX + 128];
        FopsTargets t;

        assert_int_equal(mkdir(at("many"), 0700), 0);
        for (unsigned i = 0; i <= FOPS_GLOB_MATCHES_MAX; i++) {
                char name[32];
                int fd;

                snprintf(name, sizeof(name), "many/%05u", i);
                fd = open(at(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                assert_true(fd >= 0);
                close(fd);
        }

        assert_int_equal(fops_targets_expand(&w, 1, &t, &diags), 0);
        assert_int_equal(t.n_items, FOPS_GLOB_MATCHES_MAX);
        assert_int_equal(diags.n_errors, 1);
        snprintf(expected, sizeof(expected), "'%s' matches 16385 paths, only the first 16384 are watched", w.path);
        assert_string_equal(diags.items[0].text, expected);

        for (unsigned i = 0; i <= FOPS_GLOB_MATCHES_MAX; i++) {
                char name[32];

                snprintf(name, sizeof(name), "many/%05u", i);
                unlink(at(name));
        }
        rmdir(at("many"));
        fops_diags_done(&diags);
        fops_targets_done(&t);
        free(w.path);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_files_and_directories_are_told_apart_and_symlinks_followed),
                cmocka_unit_test(test_what_is_not_there_is_missing_under_its_own_name),
                cmocka_unit_test(test_a_file_can_be_waited_for_where_its_directory_is),
                cmocka_unit_test(test_a_file_behind_a_symlink_is_awaited_where_it_leads),
                cmocka_unit_test(test_what_is_there_waits_for_nothing),
                cmocka_unit_test(test_trouble_with_a_path_is_noted_and_waited_for),
                cmocka_unit_test(test_a_pattern_gives_each_thing_once_and_no_dangling_links),
                cmocka_unit_test(test_a_pattern_without_match_gives_nothing),
                cmocka_unit_test(test_a_path_with_pattern_characters_is_a_pattern_only_if_said),
                cmocka_unit_test(test_two_watches_of_one_thing_stay_two_targets),
                cmocka_unit_test(test_a_pattern_that_matches_too_much_is_cut_with_an_error),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
