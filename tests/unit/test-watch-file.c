/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Paths into names of files, and into files that the configuration's reader takes for the same paths. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "config.h"
#include "watch-file.h"

static void assert_name(const char *path, const char *expected) {
        _cleanup_(fops_arena_done) FopsArena arena = {};
        FopsSpan name = watch_file_name(fops_span_from_string(path), &arena);

        assert_string_equal(name.data, expected);
}

static void test_names_can_be_read_and_not_mistaken(void **state _unused_) {
        assert_name("/srv/data", "watch-srv-data.conf");
        assert_name("/", "watch-.conf");
        assert_name("/home/*/.ssh", "watch-home-\\x2a-.ssh.conf");
        /* Whatever is in a path, no two come to one name, and none leaves the directory. */
        assert_name("/srv-data", "watch-srv\\x2ddata.conf");
        assert_name("/a\\x2db", "watch-a\\x5cx2db.conf");
        assert_name("/a\xff\n b", "watch-a\\xff\\x0a\\x20b.conf");
        assert_name("/../x", "watch-..-x.conf");
}

static void test_long_paths_differ_in_their_hash(void **state _unused_) {
        _cleanup_(fops_arena_done) FopsArena arena = {};
        char a[1000] = "/", b[1000] = "/";
        FopsSpan names[2];

        memset(a + 1, 'x', sizeof(a) - 2);
        memset(b + 1, 'x', sizeof(b) - 2);
        b[sizeof(b) - 2] = 'y';
        names[0] = watch_file_name(fops_span_from_string(a), &arena);
        names[1] = watch_file_name(fops_span_from_string(b), &arena);
        assert_true(names[0].size <= 255);
        assert_false(fops_span_equal(names[0], names[1]));
        assert_memory_equal(names[0].data, names[1].data, 200);
}

/* What is printed, read by the configuration's own reader. */
static void assert_read_back(const char *path, const char *ops, const char *key, FopsOpMask mask) {
        char directory[] = "/tmp/fopsd-watch-file-XXXXXX", file[64];
        FopsDiags diags = {};
        FopsConfig config;
        FILE *f;

        assert_non_null(mkdtemp(directory));
        snprintf(file, sizeof(file), "%s/x.conf", directory);
        f = fopen(file, "we");
        assert_non_null(f);
        assert_int_equal(fchmod(fileno(f), 0644), 0);
        watch_file_print(fops_span_from_string(path), ops, key, f);
        assert_int_equal(fclose(f), 0);

        assert_int_equal(fops_config_load(&(FopsConfigPaths){ .file = file }, &config, &diags), 0);
        assert_int_equal(config.n_watches, 1);
        assert_string_equal(config.watches[0].path, path);
        assert_string_equal(config.watches[0].keys[0], key ? key : path);
        assert_int_equal(config.watches[0].ops, mask);
        fops_config_done(&config);
        fops_diags_done(&diags);
        assert_int_equal(unlink(file), 0);
        assert_int_equal(rmdir(directory), 0);
}

static void test_what_is_written_is_read_back(void **state _unused_) {
        FopsOpMask delete = fops_op_mask_from_word(FOPS_SPAN_LITERAL("delete")), read = fops_op_mask_from_word(FOPS_SPAN_LITERAL("read")),
                   usual = fops_op_mask_from_word(FOPS_SPAN_LITERAL("write")) | fops_op_mask_from_word(FOPS_SPAN_LITERAL("attr"));

        if (geteuid() != 0)
                skip(); /* only root's files are read */
        assert_read_back("/srv/data", NULL, NULL, usual);
        assert_read_back("/srv/data", "read,delete", "a key", read | delete);
        assert_read_back("/srv/\"; } ); kernel = { lock = true; }; # \\", "read", "\"", read);
        assert_read_back("/\x1b\xff\x7f\t*", "delete", "\xc3\xa4\\x41", delete);
}

static void test_relative_paths_begin_here(void **state _unused_) {
        char directory[] = "/tmp/fopsd-watch-file-XXXXXX";
        _cleanup_(fops_arena_done) FopsArena arena = {};
        char expected[64];

        assert_non_null(mkdtemp(directory));
        assert_int_equal(chdir(directory), 0);
        snprintf(expected, sizeof(expected), "%s/a/b", directory);
        assert_string_equal(watch_file_path("./a//b/", &arena).data, expected);
        assert_string_equal(watch_file_path("../x", &arena).data, "/tmp/x");
        assert_string_equal(watch_file_path("/srv/./data/", &arena).data, "/srv/data");
        assert_false(fops_span_is_present(watch_file_path("a/../b", &arena)));
        assert_false(fops_span_is_present(watch_file_path("", &arena)));

        /* A pattern is one, unless it is the name of what is there. */
        snprintf(expected, sizeof(expected), "%s/[a]*", directory);
        assert_string_equal(watch_file_path("[a]*", &arena).data, expected);
        assert_int_equal(mkdir("[a]*", 0700), 0);
        snprintf(expected, sizeof(expected), "%s/\\[a]\\*", directory);
        assert_string_equal(watch_file_path("[a]*", &arena).data, expected);
        assert_int_equal(rmdir("[a]*"), 0);
        assert_int_equal(chdir("/"), 0);
        assert_int_equal(rmdir(directory), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names_can_be_read_and_not_mistaken),
                cmocka_unit_test(test_long_paths_differ_in_their_hash),
                cmocka_unit_test(test_what_is_written_is_read_back),
                cmocka_unit_test(test_relative_paths_begin_here),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
