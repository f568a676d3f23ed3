/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What the path index says of an operation's objects. */

#include "test-records.h"
#include "test-records-index.h"

#include "resolver-index.h"

#define UNLINKAT CALL_64("syscall=263 success=yes exit=0 a0=5 a1=1 a2=0 a3=0")
#define RENAMEAT CALL_64("syscall=264 success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
#define LINKAT CALL_64("syscall=265 success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
#define FCHMOD CALL_64("syscall=91 success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
#define CHMOD CALL_64("syscall=90 success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
#define TMPFILE CALL_64("syscall=257 success=yes exit=3 a0=5 a1=1 a2=410001 a3=0")
#define OPEN_OR_MAKE CALL_64("syscall=257 success=yes exit=3 a0=5 a1=1 a2=41 a3=1b6")
#define URING_RENAME URINGOP("uring_op=35 success=yes exit=0")
#define URING_UNLINK URINGOP("uring_op=36 success=yes exit=0")
#define NAMELESS(ino, mode, type) ITEM("(null)", ino, mode, type)

/* /srv (2) with a (10) and b (11); the file f (20) in a; h (21) linked into both as h. */
typedef struct Fixture {
        FopsSyscallTable *syscalls;
        FopsPathIndex *index;
        FopsEvent *event;
        FopsOperation op;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f)
                return -1;
        f->syscalls = fops_syscall_table_new();
        f->index = index_new();
        index_add_root(f->index, 2, "/srv");
        index_put(f->index, 2, "a", 10, true);
        index_put(f->index, 2, "b", 11, true);
        index_put(f->index, 10, "f", 20, false);
        index_put(f->index, 10, "h", 21, false);
        index_put(f->index, 11, "h", 21, false);
        *state = f;
        return f->syscalls ? 0 : -1;
}

static int teardown(void **state) {
        Fixture *f = *state;

        fops_event_free(f->event);
        fops_path_index_free(f->index);
        fops_syscall_table_free(f->syscalls);
        free(f);
        return 0;
}

static void read_lines(Fixture *f, const char *lines) {
        f->event = fops_event_free(f->event);
        f->event = event_from_lines(lines);
        assert_int_equal(fops_operation_from_event(f->event, f->syscalls, NULL, &f->op), FOPS_OPERATION_OK);
}

static void assert_object(Fixture *f, bool is_complete, const FopsObject *object, const char *path, const char *dir) {
        FopsIndexFound found = fops_index_resolve(f->index, is_complete, &f->op, object, &f->event->arena);

        assert_span(found.path, path);
        assert_span(found.dir, dir);
}

static void assert_resolved(Fixture *f, bool is_complete, const char *lines, const char *path, const char *dir) {
        read_lines(f, lines);
        assert_object(f, is_complete, &f->op.object, path, dir);
}

static void test_an_item_without_inode_has_no_key(void **state _unused_) {
        FopsItem item = { .has_inode = true, .inode = 7, .dev_major = 8, .dev_minor = 9 };
        FopsInodeKey key = { 1, 2, 3 };

        assert_true(fops_item_key(&item, &key));
        assert_true(fops_inode_key_equal(key, (FopsInodeKey){ 7, 8, 9 }));
        item.has_inode = false;
        item.inode = 4711;
        assert_false(fops_item_key(&item, &key));
        assert_false(fops_item_key(NULL, &key));
        assert_int_equal(key.inode, 7);
}

static void test_the_last_name_is_a_name_or_none(void **state _unused_) {
        static const struct {
                const char *name, *last;
        } cases[] = {
                { "x", "x" }, { "a/b/x", "x" }, { "/srv/x", "x" }, { "x/", "x" }, { "a/x//", "x" }, { "...", "..." }, { ".x", ".x" },
                { "a/..", NULL }, { "..", NULL }, { ".", NULL }, { "a/./", NULL }, { "/", NULL }, { "//", NULL }, { "", NULL }, { NULL, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FopsItem item = { .name = fops_span_from_string(cases[i].name) };

                assert_span(fops_object_last_name(&(FopsObject){ .item = &item }), cases[i].last);
        }
        assert_span(fops_object_last_name(&(FopsObject){}), NULL);
}

static void test_a_name_is_found_by_its_directorys_inode_whatever_the_text_says(void **state) {
        Fixture *f = *state;

        assert_resolved(f, false, UNLINKAT PARENT("/etc", 10) FILE_ITEM("/etc/x", 99, "DELETE"), "/srv/a/x", "/srv/a");
        assert_resolved(f, false, UNLINKAT PARENT("/lies/", 2) FILE_ITEM("/lies/x/", 99, "DELETE"), "/srv/x", "/srv");
        assert_resolved(f, false, UNLINKAT PARENT("/etc", 77) FILE_ITEM("x", 20, "DELETE"), NULL, NULL);
        assert_resolved(f, false, UNLINKAT INODELESS("\"/srv/a\"", "PARENT") FILE_ITEM("f", 20, "DELETE"), NULL, NULL);
}

static void test_a_name_in_the_root_has_one_slash(void **state) {
        Fixture *f = *state;

        index_add_root(f->index, 3, "/");
        assert_resolved(f, false, UNLINKAT PARENT("/", 3) FILE_ITEM("x", 99, "DELETE"), "/x", "/");
}

static void test_without_a_name_the_directory_is_known_alone(void **state) {
        Fixture *f = *state;

        assert_resolved(f, true, UNLINKAT PARENT("/w", 10), NULL, "/srv/a");
        assert_resolved(f, true, UNLINKAT PARENT("/w", 10) FILE_ITEM("x/..", 20, "DELETE"), NULL, "/srv/a");
        /* O_TMPFILE's file has no name in it. */
        assert_resolved(f, true, TMPFILE DIR_ITEM("/srv/a", 10, "NORMAL"), NULL, NULL);
}

static void test_a_nameless_object_is_known_by_its_inode_in_that_directory(void **state) {
        Fixture *f = *state;

        assert_resolved(f, true, URING_UNLINK NAMELESS(10, "040755", "PARENT") NAMELESS(20, "0100644", "DELETE"),
                        "/srv/a/f", "/srv/a");
        /* Of its two places, the one in the directory that it was removed from. */
        assert_resolved(f, true, URING_UNLINK NAMELESS(11, "040755", "PARENT") NAMELESS(21, "0100644", "DELETE"),
                        "/srv/b/h", "/srv/b");
        /* Not of one that it isn't in. */
        assert_resolved(f, true, URING_UNLINK NAMELESS(11, "040755", "PARENT") NAMELESS(20, "0100644", "DELETE"),
                        NULL, "/srv/b");
}

static void test_two_names_in_one_directory_are_one_too_many(void **state) {
        Fixture *f = *state;

        index_put(f->index, 10, "f2", 20, false);
        assert_resolved(f, true, URING_UNLINK NAMELESS(10, "040755", "PARENT") NAMELESS(20, "0100644", "DELETE"),
                        NULL, "/srv/a");
}

static void test_a_removed_directory_counts_for_late_events_when_all_is_known(void **state) {
        static const char lines[] = UNLINKAT PARENT("/w", 10) FILE_ITEM("x", 99, "DELETE");
        FopsInodeKey a = index_key(10);
        Fixture *f = *state;

        fops_path_index_set_time(f->index, 2000);
        assert_int_equal(fops_path_index_remove(f->index, index_key(2), FOPS_SPAN_LITERAL("a"), &a), FOPS_INDEX_DONE);
        assert_true(fops_path_index_is_ghost(f->index, a));
        assert_resolved(f, true, lines, NULL, NULL);
        fops_path_index_set_time(f->index, 1000);
        assert_resolved(f, true, lines, "/srv/a/x", "/srv/a");
        assert_resolved(f, false, lines, NULL, NULL);
}

static void test_an_existing_object_is_found_by_its_own_inode(void **state) {
        Fixture *f = *state;

        assert_resolved(f, true, FCHMOD NAMELESS(20, "0100644", "NORMAL"), "/srv/a/f", "/srv/a");
        assert_resolved(f, false, FCHMOD NAMELESS(20, "0100644", "NORMAL"), NULL, NULL); /* there may be other links */
        assert_resolved(f, false, CHMOD DIR_ITEM("/lies/b", 11, "NORMAL"), "/srv/b", "/srv");
        assert_resolved(f, false, CHMOD DIR_ITEM("..", 11, "NORMAL"), "/srv/b", "/srv"); /* a directory has no other links */
        assert_resolved(f, false, CHMOD FILE_ITEM("/lies/f", 20, "NORMAL"), "/srv/a/f", "/srv/a");
        assert_resolved(f, true, CHMOD FILE_ITEM("/srv/nothing", 77, "NORMAL"), NULL, NULL);
}

static void test_another_name_may_be_another_file(void **state) {
        static const char lines[] = CHMOD FILE_ITEM("/tmp/symlink", 20, "NORMAL");
        Fixture *f = *state;

        assert_resolved(f, false, lines, NULL, NULL);
        assert_resolved(f, true, lines, NULL, NULL);
        assert_resolved(f, true, CHMOD DIR_ITEM("/tmp/symlink", 11, "NORMAL"), NULL, NULL);
}

static void test_what_a_symlink_leads_to_is_not_called_as_the_symlink(void **state) {
        Fixture *f = *state;

        index_put(f->index, 10, "l", 30, false);
        index_put(f->index, 11, "l", 31, false);
        assert_resolved(f, true, OPEN_OR_MAKE PARENT("/lies", 10) FILE_ITEM("f", 20, "NORMAL"), "/srv/a/f", "/srv/a");
        assert_resolved(f, false, OPEN_OR_MAKE PARENT("/lies", 10) FILE_ITEM("h", 21, "NORMAL"), "/srv/a/h", "/srv/a");
        assert_resolved(f, true, OPEN_OR_MAKE PARENT("/lies", 10) FILE_ITEM("l", 30, "NORMAL"), "/srv/a/l", "/srv/a");
        /* The directory is what it leads to's, or its own. */
        assert_resolved(f, true, OPEN_OR_MAKE PARENT("/srv/a/", 10) FILE_ITEM("/srv/a/l", 20, "NORMAL"), NULL, NULL);
        assert_resolved(f, true, OPEN_OR_MAKE PARENT("/srv/b/", 10) FILE_ITEM("/srv/b/l", 20, "NORMAL"), NULL, NULL);
        assert_resolved(f, true, OPEN_OR_MAKE PARENT("/srv/b/", 11) FILE_ITEM("/srv/b/l", 20, "NORMAL"), NULL, NULL);
        /* What isn't known there may be one. */
        assert_resolved(f, false, OPEN_OR_MAKE PARENT("/srv/a/", 10) FILE_ITEM("/srv/a/x", 77, "NORMAL"), NULL, NULL);
}

static void test_a_descriptor_in_the_shape_of_a_name_is_one(void **state) {
        Fixture *f = *state;

        assert_resolved(f, true, CHMOD FILE_ITEM("/proc/self/fd/3", 20, "NORMAL"), "/srv/a/f", "/srv/a");
        assert_resolved(f, false, CHMOD FILE_ITEM("/proc/self/fd/3", 20, "NORMAL"), NULL, NULL);
        assert_resolved(f, true, CHMOD DIR_ITEM("/dev/fd/3", 11, "NORMAL"), "/srv/b", "/srv");
}

static void test_of_several_links_the_name_tells_or_nothing_does(void **state) {
        Fixture *f = *state;

        assert_resolved(f, true, CHMOD FILE_ITEM("/srv/a/h", 21, "NORMAL"), NULL, NULL);
        assert_resolved(f, true, FCHMOD NAMELESS(21, "0100644", "NORMAL"), NULL, NULL);
        index_put(f->index, 11, "other", 20, false);
        assert_resolved(f, true, CHMOD FILE_ITEM("../x/other", 20, "NORMAL"), "/srv/b/other", "/srv/b");
        assert_resolved(f, true, CHMOD FILE_ITEM("../x/f", 20, "NORMAL"), "/srv/a/f", "/srv/a");
        assert_resolved(f, true, CHMOD FILE_ITEM("../x/unheard", 20, "NORMAL"), NULL, NULL);
}

static void test_a_new_name_in_no_certain_directory_is_not_where_its_inode_was(void **state) {
        Fixture *f = *state;

        read_lines(f, RENAMEAT PARENT("/w", 70) PARENT("/w", 71) FILE_ITEM("f", 20, "DELETE") FILE_ITEM("f", 20, "CREATE"));
        assert_null(f->op.new_object.parent);
        assert_object(f, true, &f->op.object, NULL, NULL);
        assert_object(f, true, &f->op.new_object, NULL, NULL);
}

static void test_what_is_not_certain_is_told_where_the_process_says_it_is(void **state) {
        Fixture *f = *state;

        assert_int_equal(fops_path_index_doubt_below(f->index, index_key(2)), FOPS_INDEX_DONE);
        assert_resolved(f, true, UNLINKAT PARENT("/w/", 10) FILE_ITEM("/lies/x", 50, "DELETE"), NULL, NULL);
        assert_resolved(f, true, UNLINKAT PARENT("/srv/a/", 10) FILE_ITEM("/srv/a/x", 50, "DELETE"), "/srv/a/x", "/srv/a");
        assert_resolved(f, true, UNLINKAT CWD("\"/srv/b\"") PARENT("../a/", 10) FILE_ITEM("../a/x", 50, "DELETE"), NULL, NULL);
        assert_resolved(f, true, CHMOD FILE_ITEM("/srv/a/f", 20, "NORMAL"), "/srv/a/f", "/srv/a");
        assert_resolved(f, true, CHMOD CWD("\"/srv/b\"") FILE_ITEM("../a/f", 20, "NORMAL"), "/srv/a/f", "/srv/a");
        assert_resolved(f, true, CHMOD CWD("\"/srv/b\"") FILE_ITEM("f", 20, "NORMAL"), NULL, NULL);
        assert_resolved(f, true, CHMOD FILE_ITEM("/srv/b/f", 20, "NORMAL"), NULL, NULL);

        /* What a rename calls a name from where it has moved itself isn't what it was. */
        read_lines(f, RENAMEAT CWD("\"/srv/b\"") PARENT("../a/", 10) PARENT("/tmp/", 99) DIR_ITEM("../a/x", 50, "DELETE")
                   DIR_ITEM("/tmp/x", 50, "CREATE"));
        assert_object(f, true, &f->op.object, NULL, NULL);
}

static void test_a_link_that_is_too_new_may_be_the_one_that_is_meant(void **state) {
        Fixture *f = *state;

        fops_path_index_begin_scan(f->index);
        index_put(f->index, 11, "f", 20, false);
        fops_path_index_set_ahead(f->index, true);
        assert_resolved(f, true, CHMOD CWD("\"/tmp\"") FILE_ITEM("f", 20, "NORMAL"), NULL, NULL);
        assert_resolved(f, true, CHMOD FILE_ITEM("/srv/a/f", 20, "NORMAL"), "/srv/a/f", "/srv/a");
        index_put(f->index, 10, "other", 22, false);
        index_put(f->index, 11, "new", 22, false);
        assert_resolved(f, true, FCHMOD NAMELESS(22, "0100644", "NORMAL"), NULL, NULL);
}

static void test_a_link_that_no_scan_has_come_to_may_be_the_one_that_is_meant(void **state) {
        const FopsPathLink made = { index_key(10), FOPS_SPAN_LITERAL("made"), index_key(23), false };
        const FopsPathLink link = { index_key(11), FOPS_SPAN_LITERAL("link"), index_key(23), false };
        Fixture *f = *state;

        assert_int_equal(fops_path_index_put(f->index, &made, FOPS_PUT_CREATED), FOPS_INDEX_DONE);
        fops_path_index_begin_scan(f->index);
        fops_path_index_set_ahead(f->index, true);
        assert_resolved(f, true, CHMOD CWD("\"/tmp\"") FILE_ITEM("f", 20, "NORMAL"), NULL, NULL);
        /* But by a whole path that it has. */
        assert_resolved(f, true, CHMOD CWD("\"/tmp\"") FILE_ITEM("h", 21, "NORMAL"), NULL, NULL);
        assert_resolved(f, true, CHMOD CWD("\"/tmp\"") FILE_ITEM("/srv/b/h", 21, "NORMAL"), "/srv/b/h", "/srv/b");
        assert_resolved(f, true, CHMOD CWD("\"/tmp\"") FILE_ITEM("/srv/other/h", 21, "NORMAL"), NULL, NULL);
        /* Of what was made by an event all links were heard of, if they are all in the trees. */
        assert_resolved(f, true, CHMOD CWD("\"/tmp\"") FILE_ITEM("made", 23, "NORMAL"), "/srv/a/made", "/srv/a");
        assert_int_equal(fops_path_index_put(f->index, &link, FOPS_PUT_EVENT), FOPS_INDEX_DONE);
        assert_resolved(f, true, CHMOD CWD("\"/tmp\"") FILE_ITEM("made", 23, "NORMAL"), "/srv/a/made", "/srv/a");
        fops_path_index_doubt_below(f->index, index_key(11));
        assert_resolved(f, true, CHMOD CWD("\"/tmp\"") FILE_ITEM("made", 23, "NORMAL"), NULL, NULL);
        fops_path_index_set_ahead(f->index, false);
        assert_resolved(f, true, CHMOD CWD("\"/tmp\"") FILE_ITEM("made", 23, "NORMAL"), "/srv/a/made", "/srv/a");
}

static FopsIndexView view(Fixture *f, const char *path, const char *dir) {
        return fops_index_view(f->index, &f->op.object, fops_span_from_string(path), fops_span_from_string(dir), &f->event->arena);
}

static void test_what_the_index_has_elsewhere_it_denies(void **state) {
        FopsPathLink link = { .parent = index_key(500), .name = FOPS_SPAN_LITERAL("out"), .key = index_key(20) };
        Fixture *f = *state;

        read_lines(f, CHMOD FILE_ITEM("f", 20, "NORMAL"));
        assert_int_equal(view(f, "/srv/a/f", "/srv/a"), FOPS_INDEX_AGREES);
        assert_int_equal(view(f, "/tmp/f", "/tmp"), FOPS_INDEX_DENIES);
        read_lines(f, CHMOD FILE_ITEM("h", 21, "NORMAL"));
        assert_int_equal(view(f, "/srv/b/h", "/srv/b"), FOPS_INDEX_AGREES_AMONG);

        /* With a directory it is the directory that has to be right. */
        read_lines(f, UNLINKAT PARENT("/w", 10) FILE_ITEM("f", 20, "DELETE"));
        assert_int_equal(view(f, "/tmp/f", "/srv/a"), FOPS_INDEX_AGREES);
        assert_int_equal(view(f, "/srv/a/f", "/tmp"), FOPS_INDEX_DENIES);

        /* Once there are links that it doesn't hold, it can't. */
        assert_int_equal(fops_path_index_put(f->index, &link, FOPS_PUT_EVENT), FOPS_INDEX_PARENT_UNKNOWN);
        read_lines(f, CHMOD FILE_ITEM("f", 20, "NORMAL"));
        assert_int_equal(view(f, "/tmp/f", "/tmp"), FOPS_INDEX_SILENT);
        assert_int_equal(view(f, "/srv/a/f", "/srv/a"), FOPS_INDEX_AGREES_AMONG);
}

static void test_of_what_the_index_does_not_know_it_says_nothing(void **state) {
        Fixture *f = *state;

        read_lines(f, CHMOD FILE_ITEM("f", 77, "NORMAL"));
        assert_int_equal(view(f, "/tmp/f", "/tmp"), FOPS_INDEX_SILENT);
        read_lines(f, CHMOD INODELESS("\"f\"", "NORMAL"));
        assert_int_equal(view(f, "/tmp/f", "/tmp"), FOPS_INDEX_SILENT);
        read_lines(f, UNLINKAT PARENT("/w", 77) FILE_ITEM("f", 20, "DELETE"));
        assert_int_equal(view(f, "/tmp/f", "/tmp"), FOPS_INDEX_SILENT);
}

static void assert_paired(Fixture *f, const char *lines, uint64_t old, uint64_t new) {
        read_lines(f, lines);
        fops_index_pair_parents(f->index, &f->op, &f->event->arena);
        assert_int_equal(f->op.object.parent ? f->op.object.parent->inode : 0, old);
        assert_int_equal(f->op.new_object.parent ? f->op.new_object.parent->inode : 0, new);
}

static void test_the_directory_in_which_it_stood_is_the_old_one(void **state) {
        Fixture *f = *state;

        assert_paired(f, RENAMEAT PARENT("/w", 11) PARENT("/w", 10) FILE_ITEM("f", 20, "DELETE") FILE_ITEM("f", 20, "CREATE"), 10, 11);
        assert_paired(f, RENAMEAT PARENT("/w", 10) PARENT("/w", 11) FILE_ITEM("f", 20, "DELETE") FILE_ITEM("f", 20, "CREATE"), 10, 11);
        /* It need not know the other. */
        assert_paired(f, RENAMEAT PARENT("/w", 500) PARENT("/w", 10) FILE_ITEM("f", 20, "DELETE") FILE_ITEM("f", 20, "CREATE"), 10, 500);
}

static void test_neither_or_both_tell_nothing(void **state) {
        Fixture *f = *state;

        assert_paired(f, RENAMEAT PARENT("/w", 11) PARENT("/w", 10) FILE_ITEM("x", 20, "DELETE") FILE_ITEM("x", 20, "CREATE"), 0, 0);
        assert_paired(f, RENAMEAT PARENT("/w", 11) PARENT("/w", 10) FILE_ITEM("f", 99, "DELETE") FILE_ITEM("f", 99, "CREATE"), 0, 0);
        assert_paired(f, RENAMEAT PARENT("/w", 11) PARENT("/w", 10) FILE_ITEM("h", 21, "DELETE") FILE_ITEM("h", 21, "CREATE"), 0, 0);
        assert_paired(f, RENAMEAT PARENT("/w", 11) PARENT("/w", 10) PARENT("/w", 12) FILE_ITEM("f", 20, "DELETE") FILE_ITEM("f", 20, "CREATE"),
                      0, 0);
}

static void test_io_uring_renames_are_paired_by_their_only_place(void **state) {
        Fixture *f = *state;

        assert_paired(f, URING_RENAME NAMELESS(11, "040755", "PARENT") NAMELESS(10, "040755", "PARENT")
                      NAMELESS(20, "0100644", "DELETE") NAMELESS(20, "0100644", "CREATE"), 10, 11);
        assert_paired(f, URING_RENAME NAMELESS(11, "040755", "PARENT") NAMELESS(10, "040755", "PARENT")
                      NAMELESS(21, "0100644", "DELETE") NAMELESS(21, "0100644", "CREATE"), 0, 0);

        /* As it comes, the new one twice. */
        assert_paired(f, URING_RENAME NAMELESS(10, "040755", "PARENT") NAMELESS(20, "0100644", "DELETE") NAMELESS(11, "040755", "PARENT")
                      NAMELESS(11, "040755", "PARENT") NAMELESS(20, "0100644", "CREATE"), 10, 11);
        assert_paired(f, URING_RENAME NAMELESS(10, "040755", "PARENT") NAMELESS(20, "0100644", "DELETE") NAMELESS(11, "040755", "PARENT")
                      NAMELESS(12, "040755", "PARENT") NAMELESS(20, "0100644", "CREATE"), 0, 0);

        /* What isn't known stands nowhere. */
        assert_paired(f, URING_RENAME NAMELESS(10, "040755", "PARENT") NAMELESS(99, "0100644", "DELETE") NAMELESS(500, "040755", "PARENT")
                      NAMELESS(99, "0100644", "CREATE"), 0, 0);

        /* All of its links are in the one directory, if all are known. */
        index_put(f->index, 10, "another", 20, false);
        assert_paired(f, URING_RENAME NAMELESS(11, "040755", "PARENT") NAMELESS(10, "040755", "PARENT")
                      NAMELESS(20, "0100644", "DELETE") NAMELESS(20, "0100644", "CREATE"), 10, 11);
        index_put_elsewhere(f->index, 20);
        assert_paired(f, URING_RENAME NAMELESS(11, "040755", "PARENT") NAMELESS(10, "040755", "PARENT")
                      NAMELESS(20, "0100644", "DELETE") NAMELESS(20, "0100644", "CREATE"), 0, 0);
}

static void test_what_the_names_tell_is_left_alone(void **state) {
        Fixture *f = *state;

        assert_paired(f, RENAMEAT PARENT("/new/", 10) PARENT("/old/", 11) FILE_ITEM("/old/f", 20, "DELETE") FILE_ITEM("/new/f", 20, "CREATE"),
                      11, 10);
        /* Nothing but renames has two. */
        assert_paired(f, LINKAT PARENT("/w", 11) PARENT("/w", 10) FILE_ITEM("f", 20, "NORMAL") FILE_ITEM("f", 20, "CREATE"), 0, 0);
}

static void test_layers_are_not_counted(void **state) {
        Fixture *f = *state;

        assert_paired(f, RENAMEAT NAMELESS(90, "040755", "PARENT") PARENT("/w", 11) NAMELESS(91, "040755", "PARENT") PARENT("/w", 10)
                      FILE_ITEM("f", 20, "DELETE") FILE_ITEM("f", 20, "CREATE"), 10, 11);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_an_item_without_inode_has_no_key),
                TEST(test_the_last_name_is_a_name_or_none),
                TEST(test_a_name_is_found_by_its_directorys_inode_whatever_the_text_says),
                TEST(test_a_name_in_the_root_has_one_slash),
                TEST(test_without_a_name_the_directory_is_known_alone),
                TEST(test_a_nameless_object_is_known_by_its_inode_in_that_directory),
                TEST(test_two_names_in_one_directory_are_one_too_many),
                TEST(test_a_removed_directory_counts_for_late_events_when_all_is_known),
                TEST(test_an_existing_object_is_found_by_its_own_inode),
                TEST(test_another_name_may_be_another_file),
                TEST(test_what_a_symlink_leads_to_is_not_called_as_the_symlink),
                TEST(test_a_descriptor_in_the_shape_of_a_name_is_one),
                TEST(test_of_several_links_the_name_tells_or_nothing_does),
                TEST(test_a_new_name_in_no_certain_directory_is_not_where_its_inode_was),
                TEST(test_what_is_not_certain_is_told_where_the_process_says_it_is),
                TEST(test_a_link_that_is_too_new_may_be_the_one_that_is_meant),
                TEST(test_a_link_that_no_scan_has_come_to_may_be_the_one_that_is_meant),
                TEST(test_what_the_index_has_elsewhere_it_denies),
                TEST(test_of_what_the_index_does_not_know_it_says_nothing),
                TEST(test_the_directory_in_which_it_stood_is_the_old_one),
                TEST(test_neither_or_both_tell_nothing),
                TEST(test_io_uring_renames_are_paired_by_their_only_place),
                TEST(test_what_the_names_tell_is_left_alone),
                TEST(test_layers_are_not_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
