/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Operations told to a path index, and what it says afterwards. */

#include "test-records.h"
#include "test-records-index.h"

#include "index-feed.h"
#include "resolver-index.h"

#define DONE_64(call) CALL_64(call " success=yes exit=0 a0=5 a1=1 a2=6 a3=0")
#define MKDIRAT DONE_64("syscall=258")
#define OPENAT_CREAT CALL_64("syscall=257 success=yes exit=3 a0=5 a1=1 a2=41 a3=0")
#define OPENAT_TMPFILE CALL_64("syscall=257 success=yes exit=3 a0=5 a1=1 a2=410001 a3=0")
#define UNLINKAT DONE_64("syscall=263")
#define RENAMEAT DONE_64("syscall=264")
#define RENAMEAT2 DONE_64("syscall=316")
#define LINKAT DONE_64("syscall=265")
#define SYMLINKAT DONE_64("syscall=266")
#define NAMELESS_FILE(ino, type) ITEM("(null)", ino, "0100644", type)
#define NAMELESS_DIR(ino, type) ITEM("(null)", ino, "040755", type)

/* /srv (2) with a (10) and b (11), in a the file f (20) and the directory d (12) with g (21). */
typedef struct Fixture {
        FopsSyscallTable *syscalls;
        FopsPathIndex *index;
        FopsEvent *event;
        FopsOperation op;
        FopsFed fed;
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
        index_put(f->index, 10, "d", 12, true);
        index_put(f->index, 12, "g", 21, false);
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

static void tell(Fixture *f) {
        f->fed = (FopsFed){ true, { { 4711, 0, 0 } }, 1 };
        assert_int_equal(fops_index_feed(f->index, &f->op, &f->fed), 0);
}

static void feed(Fixture *f, const char *lines) {
        read_lines(f, lines);
        tell(f);
}

static void test_what_is_made_is_known_from_then_on(void **state) {
        Fixture *f = *state;

        feed(f, MKDIRAT PARENT("/x", 10) DIR_ITEM("new", 30, "CREATE"));
        assert_indexed(f->index, 30, true, "/srv/a/new");
        assert_true(f->fed.learnt);
        assert_int_equal(f->fed.n_new_trees, 0);

        feed(f, OPENAT_CREAT PARENT("/x", 30) FILE_ITEM("../new/file", 31, "CREATE"));
        assert_indexed(f->index, 31, false, "/srv/a/new/file");
        assert_false(f->fed.learnt); /* nobody waits for a file */

        feed(f, SYMLINKAT PARENT("/x", 30) ITEM("\"link\"", 32, "0120777", "CREATE") INODELESS("\"/etc\"", "UNKNOWN"));
        assert_indexed(f->index, 32, false, "/srv/a/new/link");
}

static void test_what_failed_or_may_have_changes_nothing(void **state) {
        Fixture *f = *state;

        feed(f, CALL_64("syscall=263 success=no exit=-13 a0=5 a1=1 a2=0 a3=0") PARENT("/x", 10) FILE_ITEM("f", 20, "DELETE"));
        assert_indexed(f->index, 20, false, "/srv/a/f");
        feed(f, CALL_64("syscall=263 a0=5 a1=1 a2=0 a3=0") PARENT("/x", 10) FILE_ITEM("f", 20, "DELETE"));
        assert_indexed(f->index, 20, false, "/srv/a/f");
        feed(f, URINGOP("uring_op=36 success=yes exit=0") PARENT("/x", 10) NAMELESS_FILE(20, "DELETE"));
        assert_indexed(f->index, 20, false, "/srv/a/f");
        assert_false(f->fed.learnt);
        assert_int_equal(f->fed.n_new_trees, 0);
        assert_int_equal(f->fed.new_trees[0].inode, 0);
}

static void test_what_is_removed_is_known_no_more(void **state) {
        Fixture *f = *state;

        feed(f, UNLINKAT PARENT("/x", 10) FILE_ITEM("f", 20, "DELETE"));
        assert_indexed(f->index, 20, false, NULL);

        feed(f, UNLINKAT PARENT("/x", 12) FILE_ITEM("g", 21, "DELETE"));
        feed(f, CALL_64("syscall=263 success=yes exit=0 a0=5 a1=1 a2=200 a3=0") PARENT("/x", 10) DIR_ITEM("d", 12, "DELETE"));
        assert_true(fops_path_index_is_ghost(f->index, index_key(12)));
}

static void test_a_late_removal_spares_what_has_the_name_now(void **state) {
        Fixture *f = *state;

        feed(f, UNLINKAT PARENT("/x", 10) FILE_ITEM("f", 99, "DELETE"));
        assert_indexed(f->index, 20, false, "/srv/a/f");
}

static void test_a_new_file_with_an_old_inode_is_only_where_it_was_made(void **state) {
        Fixture *f = *state;

        feed(f, OPENAT_CREAT PARENT("/x", 11) FILE_ITEM("h", 20, "CREATE"));
        assert_indexed(f->index, 20, false, "/srv/b/h");
}

static void test_a_file_made_without_a_name_has_none(void **state) {
        Fixture *f = *state;

        /* The item bears the directory's name and the file's inode, which may be anybody's old one. */
        feed(f, OPENAT_TMPFILE FILE_ITEM("/srv/a", 40, "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_CREATE);
        assert_indexed(f->index, 40, false, NULL);
        assert_indexed(f->index, 10, true, "/srv/a");
}

static void test_a_renamed_directory_takes_along_what_is_below(void **state) {
        Fixture *f = *state;

        feed(f, RENAMEAT PARENT("/y/", 11) PARENT("/x/", 10) DIR_ITEM("/x/d", 12, "DELETE") DIR_ITEM("/y/e", 12, "CREATE"));
        assert_indexed(f->index, 12, true, "/srv/b/e");
        assert_indexed(f->index, 21, false, "/srv/b/e/g");
        assert_true(f->fed.learnt);
        assert_int_equal(f->fed.n_new_trees, 0);
}

static void test_what_moves_a_directory_is_told(void **state) {
        Fixture *f = *state;

        feed(f, RENAMEAT PARENT("/x", 10) PARENT("/x", 10) DIR_ITEM("d", 12, "DELETE") DIR_ITEM("e", 12, "CREATE"));
        assert_true(f->fed.moved);
        feed(f, RENAMEAT PARENT("/x", 10) PARENT("/x", 10) FILE_ITEM("f", 20, "DELETE") FILE_ITEM("g", 20, "CREATE"));
        assert_false(f->fed.moved);
        feed(f, MKDIRAT PARENT("/x", 10) DIR_ITEM("new", 30, "CREATE"));
        assert_false(f->fed.moved);
        /* Out of the trees. */
        feed(f, RENAMEAT PARENT("/x", 10) PARENT("/tmp", 500) DIR_ITEM("e", 12, "DELETE") DIR_ITEM("/tmp/e", 12, "CREATE"));
        assert_true(f->fed.moved);
}

static void test_a_rename_replaces_what_had_the_name(void **state) {
        Fixture *f = *state;

        index_put(f->index, 11, "f", 22, false);
        feed(f, RENAMEAT PARENT("/y/", 11) PARENT("/x/", 10) FILE_ITEM("/x/f", 20, "DELETE") FILE_ITEM("/y/f", 22, "DELETE")
                         FILE_ITEM("/y/f", 20, "CREATE"));
        assert_indexed(f->index, 20, false, "/srv/b/f");
        assert_indexed(f->index, 22, false, NULL);
        assert_false(f->fed.learnt);
}

static void test_what_is_moved_out_of_the_trees_is_forgotten(void **state) {
        Fixture *f = *state;

        feed(f, RENAMEAT PARENT("/tmp/", 500) PARENT("/x/", 10) DIR_ITEM("/x/d", 12, "DELETE") DIR_ITEM("/tmp/d", 12, "CREATE"));
        assert_indexed(f->index, 12, true, NULL);
        assert_indexed(f->index, 21, false, NULL);
        assert_false(f->fed.learnt);
        assert_int_equal(f->fed.n_new_trees, 0);
}

static void test_a_watched_directory_that_is_renamed_is_to_be_looked_for(void **state) {
        Fixture *f = *state;

        feed(f, RENAMEAT PARENT("/", 1) PARENT("/", 1) DIR_ITEM("srv", 2, "DELETE") DIR_ITEM("srv.old", 2, "CREATE"));
        assert_indexed(f->index, 2, true, NULL);
        assert_indexed(f->index, 20, false, NULL);
        assert_int_equal(f->fed.n_new_trees, 1);
        assert_int_equal(f->fed.new_trees[0].inode, 2);

        /* What wasn't watched, and has its name now: nothing that was known. */
        feed(f, RENAMEAT PARENT("/", 1) PARENT("/", 1) DIR_ITEM("srv.new", 50, "DELETE") DIR_ITEM("srv", 50, "CREATE"));
        assert_int_equal(f->fed.n_new_trees, 0);
}

static void test_a_watched_directory_that_is_exchanged_is_to_be_looked_for(void **state) {
        Fixture *f = *state;

        feed(f, RENAMEAT2 PARENT("/", 1) PARENT("/", 1) DIR_ITEM("srv", 2, "DELETE") DIR_ITEM("srv.new", 50, "DELETE")
                     DIR_ITEM("srv.new", 2, "CREATE") DIR_ITEM("srv", 50, "CREATE"));
        assert_indexed(f->index, 2, true, NULL);
        assert_indexed(f->index, 20, false, NULL);
        assert_int_equal(f->fed.n_new_trees, 1);
        assert_int_equal(f->fed.new_trees[0].inode, 2);
}

static void test_a_directory_from_outside_is_a_new_tree(void **state) {
        Fixture *f = *state;

        feed(f, RENAMEAT PARENT("/tmp/", 500) PARENT("/x/", 10) DIR_ITEM("/tmp/t", 50, "DELETE") DIR_ITEM("/x/t", 50, "CREATE"));
        assert_indexed(f->index, 50, true, "/srv/a/t");
        assert_true(f->fed.learnt);
        assert_int_equal(f->fed.n_new_trees, 1);
        assert_true(fops_inode_key_equal(f->fed.new_trees[0], index_key(50)));

        /* A file has nothing below. */
        feed(f, RENAMEAT PARENT("/tmp/", 500) PARENT("/x/", 10) FILE_ITEM("/tmp/u", 51, "DELETE") FILE_ITEM("/x/u", 51, "CREATE"));
        assert_indexed(f->index, 51, false, "/srv/a/u");
        assert_int_equal(f->fed.n_new_trees, 0);
}

static void test_a_directory_from_outside_is_new_also_with_the_inode_of_a_removed_one(void **state) {
        Fixture *f = *state;

        feed(f, UNLINKAT PARENT("/x", 12) FILE_ITEM("g", 21, "DELETE"));
        feed(f, CALL_64("syscall=263 success=yes exit=0 a0=5 a1=1 a2=200 a3=0") PARENT("/x", 10) DIR_ITEM("d", 12, "DELETE"));
        feed(f, RENAMEAT PARENT("/tmp/", 500) PARENT("/x/", 10) DIR_ITEM("/tmp/t", 12, "DELETE") DIR_ITEM("/x/t", 12, "CREATE"));
        assert_indexed(f->index, 12, true, "/srv/a/t");
        assert_int_equal(f->fed.n_new_trees, 1);
        assert_true(fops_inode_key_equal(f->fed.new_trees[0], index_key(12)));
}

static void test_exchanged_names_change_places(void **state) {
        Fixture *f = *state;

        feed(f, RENAMEAT PARENT("/y/", 2) PARENT("/x/", 10) DIR_ITEM("/x/d", 12, "DELETE") DIR_ITEM("/y/b", 11, "DELETE")
                         DIR_ITEM("/y/b", 12, "CREATE") DIR_ITEM("/x/d", 11, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_indexed(f->index, 12, true, "/srv/b");
        assert_indexed(f->index, 21, false, "/srv/b/g");
        assert_indexed(f->index, 11, true, "/srv/a/d");
        assert_true(f->fed.learnt);
        assert_int_equal(f->fed.n_new_trees, 0);
}

static void test_a_directory_from_outside_may_come_by_exchange(void **state) {
        Fixture *f = *state;

        feed(f, RENAMEAT PARENT("/tmp/", 500) PARENT("/x/", 10) DIR_ITEM("/x/d", 12, "DELETE") DIR_ITEM("/tmp/t", 50, "DELETE")
                         DIR_ITEM("/tmp/t", 12, "CREATE") DIR_ITEM("/x/d", 50, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_indexed(f->index, 50, true, "/srv/a/d");
        assert_indexed(f->index, 12, true, NULL);
        assert_true(f->fed.learnt);
        assert_int_equal(f->fed.n_new_trees, 1);
        assert_true(fops_inode_key_equal(f->fed.new_trees[0], index_key(50)));

        /* The other way round it is the same. */
        feed(f, RENAMEAT PARENT("/tmp/", 500) PARENT("/x/", 10) DIR_ITEM("/tmp/t", 51, "DELETE") DIR_ITEM("/x/d", 50, "DELETE")
                         DIR_ITEM("/x/d", 51, "CREATE") DIR_ITEM("/tmp/t", 50, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_indexed(f->index, 51, true, "/srv/a/d");
        assert_int_equal(f->fed.n_new_trees, 1);
        assert_true(fops_inode_key_equal(f->fed.new_trees[0], index_key(51)));
}

/* /srv/a/d and /srv/b/d, by whatever call; @ino is in all the records. */
#define ALIKE(call, ino) call PARENT("/y/", 11) PARENT("/x/", 10) DIR_ITEM("/x/d", ino, "DELETE") DIR_ITEM("/y/d", ino, "CREATE")

static void test_an_exchange_of_names_that_end_alike_is_told_by_the_index(void **state) {
        Fixture *f = *state;

        index_put(f->index, 11, "d", 13, true);
        read_lines(f, ALIKE(RENAMEAT2, 13));
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        fops_index_tell_exchange(f->index, true, &f->op);
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_true(f->op.object.item->is_inferred);
        assert_int_equal(f->op.object.item->inode, 12);
        assert_int_equal(f->op.new_object.item->inode, 13);
        tell(f);
        assert_indexed(f->index, 13, true, "/srv/a/d");
        assert_indexed(f->index, 12, true, "/srv/b/d");
        assert_indexed(f->index, 21, false, "/srv/b/d/g");

        /* And back, by descriptors: nothing but the index tells which directory is which. */
        read_lines(f, RENAMEAT2 PARENT("/x", 11) PARENT("/x", 10) DIR_ITEM("d", 12, "DELETE") DIR_ITEM("d", 12, "CREATE"));
        fops_index_tell_exchange(f->index, true, &f->op);
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        tell(f);
        assert_indexed(f->index, 12, true, "/srv/a/d");
        assert_indexed(f->index, 13, true, "/srv/b/d");
}

static void test_what_came_in_for_what_is_known_was_exchanged(void **state) {
        Fixture *f = *state;

        /* 12 is /srv/a/d, and a rename doesn't take 50 from there. */
        read_lines(f, ALIKE(RENAMEAT2, 50));
        fops_index_tell_exchange(f->index, true, &f->op);
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_int_equal(f->op.object.item->inode, 12);
        assert_int_equal(f->op.object.parent->inode, 10);
        assert_int_equal(f->op.new_object.item->inode, 50);
        tell(f);
        assert_indexed(f->index, 12, true, "/srv/b/d");
        assert_indexed(f->index, 50, true, "/srv/a/d");
        assert_int_equal(f->fed.n_new_trees, 1);
        assert_int_equal(f->fed.new_trees[0].inode, 50);

        /* What is known of the new name would be in the records of an exchange: the index is wrong there. */
        assert_int_equal(fops_path_index_remove(f->index, index_key(10), FOPS_SPAN_LITERAL("d"), NULL), FOPS_INDEX_DONE);
        read_lines(f, ALIKE(RENAMEAT2, 51));
        fops_index_tell_exchange(f->index, false, &f->op);
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        assert_true(f->op.may_be_exchange);
        tell(f);
        assert_indexed(f->index, 12, true, NULL);
}

static void test_of_two_directories_that_are_not_told_apart_neither_has_its_name(void **state) {
        Fixture *f = *state;

        index_put(f->index, 11, "e", 30, false);
        index_put(f->index, 11, "other", 31, false);
        feed(f, RENAMEAT PARENT("/x", 10) PARENT("/x", 11) DIR_ITEM("d", 12, "DELETE") DIR_ITEM("e", 12, "CREATE"));
        assert_indexed(f->index, 12, true, NULL);
        assert_indexed(f->index, 21, false, NULL);
        assert_indexed(f->index, 30, false, NULL);
        assert_indexed(f->index, 31, false, "/srv/b/other");
        assert_true(f->fed.n_new_trees >= 2);
        assert_int_equal(f->fed.new_trees[0].inode, 10);
        assert_int_equal(f->fed.new_trees[1].inode, 11);
}

static void test_what_the_records_leave_out_of_an_exchange_the_index_knows(void **state) {
        Fixture *f = *state;

        index_put(f->index, 11, "d", 13, true);
        /* An overlay's: of /srv/a/d there is the layer's inode. */
        read_lines(f, RENAMEAT2 PARENT("/y/", 11) PARENT("/x/", 10) ITEM_ON("fd:00", "\"/x/d\"", 90, "040755", "DELETE")
                           DIR_ITEM("/y/d", 13, "DELETE") DIR_ITEM("/y/d", 13, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_false(f->op.object.item->has_inode);
        fops_index_tell_exchange(f->index, true, &f->op);
        assert_int_equal(f->op.object.item->inode, 12);
        assert_true(f->op.object.item->is_inferred);
        tell(f);
        assert_indexed(f->index, 12, true, "/srv/b/d");
        assert_indexed(f->index, 13, true, "/srv/a/d");
}

static void test_what_it_was_exchanged_for_may_be_unknown(void **state) {
        Fixture *f = *state;

        index_put(f->index, 11, "d", 13, true);
        assert_int_equal(fops_path_index_remove(f->index, index_key(10), FOPS_SPAN_LITERAL("d"), NULL), FOPS_INDEX_DONE);
        read_lines(f, ALIKE(RENAMEAT2, 13));
        fops_index_tell_exchange(f->index, false, &f->op);
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_false(f->op.object.item->has_inode);
        tell(f);
        assert_indexed(f->index, 13, true, NULL);
}

static void test_a_rename_is_none(void **state) {
        Fixture *f = *state;

        read_lines(f, ALIKE(RENAMEAT2, 12));
        fops_index_tell_exchange(f->index, false, &f->op);
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        assert_false(f->op.may_be_exchange);
        tell(f);
        assert_indexed(f->index, 12, true, "/srv/b/d");

        /* What is there was renamed over, or it is what rename(2) has moved: that can't exchange. */
        read_lines(f, RENAMEAT2 PARENT("/y/", 11) PARENT("/x/", 10) DIR_ITEM("/x/d", 12, "DELETE") DIR_ITEM("/y/d", 50, "CREATE"));
        fops_index_tell_exchange(f->index, false, &f->op);
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        read_lines(f, ALIKE(RENAMEAT, 12));
        fops_index_tell_exchange(f->index, false, &f->op);
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        assert_false(f->op.may_be_exchange);
}

static void test_while_the_index_lacks_some_it_may_be_either(void **state) {
        Fixture *f = *state;

        index_put(f->index, 11, "d", 13, true);
        read_lines(f, ALIKE(RENAMEAT2, 50));
        fops_index_tell_exchange(f->index, false, &f->op);
        assert_true(f->op.may_be_exchange);
        tell(f);
        /* Both are looked at again. */
        assert_indexed(f->index, 50, true, NULL);
        assert_indexed(f->index, 12, true, NULL);
        assert_indexed(f->index, 21, false, NULL);
        assert_indexed(f->index, 13, true, NULL);
        assert_int_equal(f->fed.n_new_trees, 2);
        assert_true(fops_inode_key_equal(f->fed.new_trees[0], index_key(10)));
        assert_true(fops_inode_key_equal(f->fed.new_trees[1], index_key(11)));
}

static void test_a_linked_file_has_two_places(void **state) {
        FopsPathCandidates candidates;
        Fixture *f = *state;
        FopsArena arena = {};

        feed(f, LINKAT PARENT("/y/", 11) FILE_ITEM("/x/f", 20, "NORMAL") FILE_ITEM("/y/h", 20, "CREATE"));
        assert_int_equal(fops_path_index_candidates(f->index, index_key(20), false, &arena, &candidates), 0);
        assert_int_equal(candidates.n, 2);
        assert_false(candidates.more);
        fops_arena_done(&arena);
}

static void test_a_link_out_of_the_trees_leaves_the_name_in_them(void **state) {
        FopsPathCandidates candidates;
        Fixture *f = *state;
        FopsArena arena = {};

        feed(f, LINKAT PARENT("/tmp/", 500) FILE_ITEM("/x/f", 20, "NORMAL") FILE_ITEM("/tmp/h", 20, "CREATE"));
        assert_int_equal(fops_path_index_candidates(f->index, index_key(20), false, &arena, &candidates), 0);
        assert_int_equal(candidates.n, 1);
        assert_span(candidates.paths[0], "/srv/a/f");
        assert_true(candidates.more);
        fops_arena_done(&arena);
}

static void test_where_the_directory_is_not_certain_the_old_place_counts_no_more(void **state) {
        Fixture *f = *state;

        /* Two directories of one name: which is which isn't told. */
        feed(f, RENAMEAT PARENT("/w", 11) PARENT("/w", 10) DIR_ITEM("d", 12, "DELETE") DIR_ITEM("d", 12, "CREATE"));
        assert_null(f->op.object.parent);
        assert_indexed(f->index, 12, true, NULL);
        assert_indexed(f->index, 21, false, NULL);

        feed(f, RENAMEAT PARENT("/w", 11) PARENT("/w", 10) FILE_ITEM("f", 20, "DELETE") FILE_ITEM("f", 20, "CREATE"));
        assert_indexed(f->index, 20, false, NULL);
        assert_false(f->fed.learnt);
}

static void test_a_name_that_io_uring_leaves_out_is_taken_from_the_path(void **state) {
        Fixture *f = *state;

        /* mkdirat, whose new inode proves it; the resolver found the path by another way. */
        read_lines(f, URINGOP("uring_op=37 success=yes exit=0") ITEM("(null)", 10, "040755", "PARENT") NAMELESS_DIR(60, "CREATE"));
        f->op.path = FOPS_SPAN_LITERAL("/srv/a/ring");
        tell(f);
        assert_indexed(f->index, 60, true, "/srv/a/ring");
        assert_true(f->fed.learnt);

        /* Without one nothing is known of it, nor of what had its inode. */
        feed(f, URINGOP("uring_op=37 success=yes exit=0") ITEM("(null)", 10, "040755", "PARENT") NAMELESS_DIR(12, "CREATE"));
        assert_indexed(f->index, 12, true, NULL);
        assert_false(f->fed.learnt);
}

static void test_a_rename_whose_old_name_nobody_knows_has_a_new_one(void **state) {
        FopsPathCandidates candidates;
        Fixture *f = *state;
        FopsArena arena = {};

        read_lines(f, URINGOP("uring_op=35 success=yes exit=0") ITEM("(null)", 10, "040755", "PARENT") NAMELESS_FILE(70, "DELETE")
                      ITEM("(null)", 10, "040755", "PARENT") NAMELESS_FILE(70, "CREATE"));
        f->op.new_path = FOPS_SPAN_LITERAL("/srv/a/final");
        tell(f);
        assert_indexed(f->index, 70, false, "/srv/a/final");

        /* Of two links one remains, and it isn't known which. */
        index_put(f->index, 10, "h", 20, false);
        read_lines(f, URINGOP("uring_op=35 success=yes exit=0") ITEM("(null)", 10, "040755", "PARENT") NAMELESS_FILE(20, "DELETE")
                      ITEM("(null)", 11, "040755", "PARENT") NAMELESS_FILE(20, "CREATE"));
        f->op.object.parent = f->op.items;
        f->op.new_object.parent = f->op.items + 2;
        f->op.new_path = FOPS_SPAN_LITERAL("/srv/b/moved");
        tell(f);
        assert_int_equal(fops_path_index_candidates(f->index, index_key(20), false, &arena, &candidates), 0);
        assert_int_equal(candidates.n, 3);
        assert_true(candidates.more);
        fops_arena_done(&arena);
}

static void test_a_name_that_is_no_name_is_no_path_either(void **state) {
        Fixture *f = *state;

        read_lines(f, MKDIRAT PARENT("/x", 10) DIR_ITEM("x/..", 61, "CREATE"));
        f->op.path = FOPS_SPAN_LITERAL("/srv/a/wrong");
        tell(f);
        assert_indexed(f->index, 61, true, NULL);
}

static void test_other_operations_change_nothing(void **state) {
        Fixture *f = *state;

        feed(f, CALL_64("syscall=268 success=yes exit=0 a0=5 a1=1 a2=1a4 a3=0") FILE_ITEM("f", 20, "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_CHMOD);
        assert_indexed(f->index, 20, false, "/srv/a/f");
        assert_false(f->fed.learnt);
}

static void test_what_was_away_with_its_tree_is_not_told_until_it_is_seen(void **state) {
        Fixture *f = *state;

        index_put(f->index, 12, "below", 13, true);
        feed(f, RENAMEAT PARENT("/srv/", 2) PARENT("/tmp/", 99) DIR_ITEM("/srv/a", 10, "DELETE") DIR_ITEM("/tmp/gone", 10, "CREATE"));
        assert_indexed(f->index, 12, true, NULL);

        /* One of its directories comes in by itself; what was in that may have been moved meanwhile. */
        feed(f, RENAMEAT PARENT("/tmp/gone/", 10) PARENT("/srv/b/", 11) DIR_ITEM("/tmp/gone/d", 12, "DELETE")
                DIR_ITEM("/srv/b/d", 12, "CREATE"));
        assert_indexed(f->index, 12, true, "/srv/b/d");
        assert_indexed(f->index, 13, true, NULL);
        assert_indexed(f->index, 21, false, NULL);
        assert_int_equal(f->fed.n_new_trees, 1);

        /* What is made in it is there. */
        feed(f, MKDIRAT PARENT("/x", 12) DIR_ITEM("new", 14, "CREATE"));
        assert_indexed(f->index, 14, true, "/srv/b/d/new");

        /* Then the whole. */
        feed(f, RENAMEAT PARENT("/tmp/", 99) PARENT("/srv/", 2) DIR_ITEM("/tmp/gone", 10, "DELETE") DIR_ITEM("/srv/again", 10, "CREATE"));
        assert_indexed(f->index, 10, true, "/srv/again");
        assert_indexed(f->index, 20, false, NULL);
        assert_indexed(f->index, 14, true, "/srv/b/d/new");
}

static void test_what_an_exchange_brings_is_not_known_below(void **state) {
        Fixture *f = *state;

        index_put(f->index, 11, "c", 13, true);
        feed(f, RENAMEAT PARENT("/srv/", 10) PARENT("/tmp/", 99) DIR_ITEM("/srv/a/d", 12, "DELETE") DIR_ITEM("/tmp/d", 12, "CREATE"));
        feed(f, RENAMEAT2 PARENT("/srv/b/", 11) PARENT("/tmp/", 99) DIR_ITEM("/srv/b/c", 13, "DELETE") DIR_ITEM("/tmp/d", 12, "DELETE")
                DIR_ITEM("/tmp/d", 13, "CREATE") DIR_ITEM("/srv/b/c", 12, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_indexed(f->index, 12, true, "/srv/b/c");
        assert_indexed(f->index, 21, false, NULL);
        assert_int_equal(f->fed.n_new_trees, 1);
}

static void test_what_only_a_scan_saw_comes_from_elsewhere_unless_it_was_seen_where_it_was(void **state) {
        Fixture *f = *state;

        fops_path_index_begin_scan(f->index);
        index_put(f->index, 11, "came", 14, true);
        index_put(f->index, 14, "below", 15, true);
        fops_path_index_set_ahead(f->index, true);
        feed(f, RENAMEAT PARENT("/srv/b/", 11) PARENT("/srv/a/", 10) DIR_ITEM("/srv/b/came", 14, "DELETE") DIR_ITEM("/srv/a/x", 14, "CREATE"));
        assert_int_equal(f->fed.n_new_trees, 0);
        feed(f, RENAMEAT PARENT("/tmp/", 99) PARENT("/srv/a/", 10) DIR_ITEM("/tmp/below", 15, "DELETE") DIR_ITEM("/srv/a/y", 15, "CREATE"));
        assert_int_equal(f->fed.n_new_trees, 1);
        assert_int_equal(f->fed.new_trees[0].inode, 15);
}

static void test_of_an_operation_of_whatever_time_the_names_are_not_known(void **state) {
        Fixture *f = *state;

        read_lines(f, RENAMEAT PARENT("/srv/a/", 10) PARENT("/srv/a/", 10) DIR_ITEM("/srv/a/d", 12, "DELETE") DIR_ITEM("/srv/a/e", 12, "CREATE"));
        assert_int_equal(fops_index_doubt(f->index, &f->op, &f->fed), 0);
        assert_indexed(f->index, 12, true, NULL);
        assert_indexed(f->index, 20, false, "/srv/a/f");
        assert_true(f->fed.n_new_trees > 0);
        assert_int_equal(f->fed.new_trees[0].inode, 10);

        /* What it only names it doesn't change. */
        read_lines(f, CALL_64("syscall=257 success=yes exit=3 a0=5 a1=1 a2=41 a3=0") PARENT("/srv/a/", 10) FILE_ITEM("/srv/a/f", 20, "NORMAL"));
        assert_int_equal(fops_index_doubt(f->index, &f->op, &f->fed), 0);
        assert_indexed(f->index, 20, false, "/srv/a/f");
        assert_int_equal(f->fed.n_new_trees, 0);
}

static void test_of_two_names_that_end_alike_one_outside_may_be_exchanged(void **state) {
        Fixture *f = *state;

        /* 20 stood in 10; 99 isn't known. By descriptors: which is the old one isn't told. */
        read_lines(f, RENAMEAT2 PARENT("/x", 10) PARENT("/x", 99) FILE_ITEM("f", 20, "DELETE") FILE_ITEM("f", 20, "CREATE"));
        fops_index_tell_exchange(f->index, true, &f->op);
        assert_true(f->op.may_be_exchange);
        /* In the other one, all of which is known, there is no such name. */
        read_lines(f, RENAMEAT2 PARENT("/x", 10) PARENT("/x", 11) FILE_ITEM("f", 20, "DELETE") FILE_ITEM("f", 20, "CREATE"));
        fops_index_tell_exchange(f->index, true, &f->op);
        assert_false(f->op.may_be_exchange);
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_what_is_made_is_known_from_then_on),
                TEST(test_what_failed_or_may_have_changes_nothing),
                TEST(test_what_is_removed_is_known_no_more),
                TEST(test_a_late_removal_spares_what_has_the_name_now),
                TEST(test_a_new_file_with_an_old_inode_is_only_where_it_was_made),
                TEST(test_a_file_made_without_a_name_has_none),
                TEST(test_a_renamed_directory_takes_along_what_is_below),
                TEST(test_what_moves_a_directory_is_told),
                TEST(test_a_rename_replaces_what_had_the_name),
                TEST(test_what_is_moved_out_of_the_trees_is_forgotten),
                TEST(test_a_watched_directory_that_is_renamed_is_to_be_looked_for),
                TEST(test_a_watched_directory_that_is_exchanged_is_to_be_looked_for),
                TEST(test_a_directory_from_outside_is_a_new_tree),
                TEST(test_a_directory_from_outside_is_new_also_with_the_inode_of_a_removed_one),
                TEST(test_exchanged_names_change_places),
                TEST(test_a_directory_from_outside_may_come_by_exchange),
                TEST(test_an_exchange_of_names_that_end_alike_is_told_by_the_index),
                TEST(test_what_came_in_for_what_is_known_was_exchanged),
                TEST(test_of_two_directories_that_are_not_told_apart_neither_has_its_name),
                TEST(test_what_the_records_leave_out_of_an_exchange_the_index_knows),
                TEST(test_what_it_was_exchanged_for_may_be_unknown),
                TEST(test_a_rename_is_none),
                TEST(test_while_the_index_lacks_some_it_may_be_either),
                TEST(test_a_linked_file_has_two_places),
                TEST(test_a_link_out_of_the_trees_leaves_the_name_in_them),
                TEST(test_where_the_directory_is_not_certain_the_old_place_counts_no_more),
                TEST(test_a_name_that_io_uring_leaves_out_is_taken_from_the_path),
                TEST(test_a_rename_whose_old_name_nobody_knows_has_a_new_one),
                TEST(test_a_name_that_is_no_name_is_no_path_either),
                TEST(test_other_operations_change_nothing),
                TEST(test_what_was_away_with_its_tree_is_not_told_until_it_is_seen),
                TEST(test_what_an_exchange_brings_is_not_known_below),
                TEST(test_what_only_a_scan_saw_comes_from_elsewhere_unless_it_was_seen_where_it_was),
                TEST(test_of_an_operation_of_whatever_time_the_names_are_not_known),
                TEST(test_of_two_names_that_end_alike_one_outside_may_be_exchanged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
