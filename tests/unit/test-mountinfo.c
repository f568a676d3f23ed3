/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Lines as proc_pid_mountinfo(5) has them into mounts. */

#include "test-records.h"

#include "mountinfo.h"

static FopsMounts parse(const char *text) {
        FopsMounts m = { .n_items = 4711 };

        assert_int_equal(fops_mounts_parse(fops_span_from_string(text), &m), 0);
        return m;
}

static void assert_mount(const FopsMount *m, uint64_t id, uint32_t dev_major, uint32_t dev_minor, const char *root, const char *path,
                         const char *type) {
        assert_non_null(m);
        assert_int_equal(m->id, id);
        assert_int_equal(m->dev_major, dev_major);
        assert_int_equal(m->dev_minor, dev_minor);
        assert_string_equal(m->root, root);
        assert_string_equal(m->path, path);
        assert_string_equal(m->type, type);
}

static void test_any_number_of_tags_stands_before_the_dash(void **state _unused_) {
        FopsMounts m = parse("21 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
                             "36 21 98:1 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
                             "37 21 0:41 /@home /home rw shared:7 master:3 propagate_from:2 unbindable - btrfs /dev/vdb rw,subvolid=256\n");

        assert_int_equal(m.n_items, 3);
        assert_int_equal(m.n_malformed, 0);
        assert_mount(m.items, 21, 254, 0, "/", "/", "ext4");
        assert_mount(m.items + 1, 36, 98, 1, "/mnt1", "/mnt2", "ext3");
        assert_mount(m.items + 2, 37, 0, 41, "/@home", "/home", "btrfs");
        fops_mounts_done(&m);
        assert_null(m.items);
        assert_int_equal(m.n_items, 0);
}

static void test_the_last_line_needs_no_newline(void **state _unused_) {
        FopsMounts m = parse("21 1 254:0 / / rw - ext4 /dev/vda rw\n22 21 0:5 / /dev rw - devtmpfs udev rw");

        assert_int_equal(m.n_items, 2);
        assert_mount(m.items + 1, 22, 0, 5, "/", "/dev", "devtmpfs");
        fops_mounts_done(&m);
}

static void test_an_empty_text_has_no_mounts(void **state _unused_) {
        FopsMounts m = parse("");

        assert_int_equal(m.n_items, 0);
        assert_int_equal(m.n_malformed, 0);
        fops_mounts_done(&m);
}

static void test_octal_escapes_are_undone_and_nothing_else_is(void **state _unused_) {
        FopsMounts m = parse("1 1 1:1 /a\\040b /c\\011d\\012e\\134\\043 rw - fuse.x\\040y z rw\n"
                             /* At the end, cut short, not octal, over a byte, a NUL; and what an escape makes is no escape. */
                             "2 1 1:1 / /\\377 rw - t s rw\n"
                             "3 1 1:1 / /\\04 rw - t s rw\n"
                             "4 1 1:1 / /\\0x0\\999 rw - t s rw\n"
                             "5 1 1:1 / /\\400 rw - t s rw\n"
                             "6 1 1:1 / /\\000 rw - t s rw\n"
                             "7 1 1:1 / /\\134040 rw - t s rw\n");

        assert_int_equal(m.n_items, 7);
        assert_mount(m.items, 1, 1, 1, "/a b", "/c\td\ne\\#", "fuse.x y");
        assert_string_equal(m.items[1].path, "/\xff");
        assert_string_equal(m.items[2].path, "/\\04");
        assert_string_equal(m.items[3].path, "/\\0x0\\999");
        assert_string_equal(m.items[4].path, "/\\400");
        assert_string_equal(m.items[5].path, "/\\000");
        assert_string_equal(m.items[6].path, "/\\040");
        fops_mounts_done(&m);
}

static void test_lines_that_make_no_sense_are_counted_and_left_out(void **state _unused_) {
        static const char *const lines[] = {
                "",
                "36",
                "x 35 98:0 / /mnt rw - ext4 /dev/x rw",
                "-1 35 98:0 / /mnt rw - ext4 /dev/x rw",
                "36 35 98 / /mnt rw - ext4 /dev/x rw",
                "36 35 98: / /mnt rw - ext4 /dev/x rw",
                "36 35 :0 / /mnt rw - ext4 /dev/x rw",
                "36 35 4294967296:0 / /mnt rw - ext4 /dev/x rw",
                "36 35 98:4294967296 / /mnt rw - ext4 /dev/x rw",
                "36 35 98:0 /",
                "36 35 98:0 / mnt rw - ext4 /dev/x rw",
                "36 35 98:0 / /mnt rw",
                "36 35 98:0 / /mnt rw shared:1 ext4 /dev/x rw",
                "36 35 98:0 / /mnt rw -ext4 /dev/x rw",
                "36 35 98:0 / /mnt rw -",
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                _cleanup_free_ char *text = NULL;
                FopsMounts m;

                assert_true(asprintf(&text, "1 1 1:1 / /a rw - t s rw\n%s\n2 1 1:1 / /b rw - t s rw\n", lines[i]) > 0);
                m = parse(text);
                if (m.n_malformed != 1)
                        print_error("taken: %s\n", lines[i]);
                assert_int_equal(m.n_malformed, 1);
                assert_int_equal(m.n_items, 2);
                assert_int_equal(m.items[0].id, 1);
                assert_int_equal(m.items[1].id, 2);
                fops_mounts_done(&m);
        }
}

static void test_a_mount_point_cannot_forge_the_dash(void **state _unused_) {
        /* mkdir '/mnt/ - evil'; the kernel escapes the spaces, and only those. */
        FopsMounts m = parse("36 35 98:0 / /mnt/\\040-\\040evil rw - ext4 /dev/x rw - evil\n");

        assert_int_equal(m.n_items, 1);
        assert_mount(m.items, 36, 98, 0, "/", "/mnt/ - evil", "ext4");
        fops_mounts_done(&m);
}

static void test_a_mount_is_found_by_its_id_alone(void **state _unused_) {
        FopsMounts m = parse("36 35 98:0 / /a rw - ext4 x rw\n18446744073709551615 36 98:1 / /b rw - ext4 x rw\n");

        assert_ptr_equal(fops_mounts_by_id(&m, 36), m.items);
        assert_ptr_equal(fops_mounts_by_id(&m, UINT64_MAX), m.items + 1);
        assert_null(fops_mounts_by_id(&m, 35));
        fops_mounts_done(&m);
}

static void test_of_two_mounts_at_one_path_the_later_is_on_top(void **state _unused_) {
        FopsMounts m = parse("1 1 1:1 / / rw - ext4 x rw\n2 1 1:2 / /mnt rw - ext4 x rw\n3 2 1:3 / /mnt rw - xfs x rw\n"
                             "4 1 1:4 / /mnt/a rw - ext4 x rw\n");

        assert_ptr_equal(fops_mounts_at(&m, FOPS_SPAN_LITERAL("/mnt")), m.items + 2);
        assert_ptr_equal(fops_mounts_at(&m, FOPS_SPAN_LITERAL("/")), m.items);
        assert_null(fops_mounts_at(&m, FOPS_SPAN_LITERAL("/mn")));
        assert_null(fops_mounts_at(&m, FOPS_SPAN_LITERAL("/mnt/")));
        assert_null(fops_mounts_at(&m, FOPS_SPAN_ABSENT));
        fops_mounts_done(&m);
}

static void test_this_machines_own_mounts_are_understood(void **state _unused_) {
        static char text[1 << 20];
        FILE *f = fopen("/proc/self/mountinfo", "re");
        FopsMounts m;

        if (!f)
                skip();
        text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
        fclose(f);
        m = parse(text);
        assert_int_equal(m.n_malformed, 0);
        assert_non_null(fops_mounts_at(&m, FOPS_SPAN_LITERAL("/proc")));
        assert_string_equal(fops_mounts_at(&m, FOPS_SPAN_LITERAL("/proc"))->type, "proc");
        fops_mounts_done(&m);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_any_number_of_tags_stands_before_the_dash),
                cmocka_unit_test(test_the_last_line_needs_no_newline),
                cmocka_unit_test(test_an_empty_text_has_no_mounts),
                cmocka_unit_test(test_octal_escapes_are_undone_and_nothing_else_is),
                cmocka_unit_test(test_lines_that_make_no_sense_are_counted_and_left_out),
                cmocka_unit_test(test_a_mount_point_cannot_forge_the_dash),
                cmocka_unit_test(test_a_mount_is_found_by_its_id_alone),
                cmocka_unit_test(test_of_two_mounts_at_one_path_the_later_is_on_top),
                cmocka_unit_test(test_this_machines_own_mounts_are_understood),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
