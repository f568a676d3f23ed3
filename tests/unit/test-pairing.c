/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What one rename between known directories teaches of the next one. */

#include "test-records.h"

#include "pairing.h"

#define CALL(call) CALL_64(call " success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
#define RENAME "syscall=82"
#define RENAMEAT "syscall=264"
#define RENAMEAT2 "syscall=316"

/* Two names alike in directories that the names don't tell apart. */
#define TWO_PARENTS(a, b) PARENT("/w", a) PARENT("/w", b) FILE_ITEM("x", 9, "DELETE") FILE_ITEM("x", 9, "CREATE")

typedef struct Fixture {
        FopsSyscallTable *syscalls;
        FopsEvent *event;
        FopsOperation op;
        FopsPairing pairing;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f)
                return -1;
        f->syscalls = fops_syscall_table_new();
        *state = f;
        return f->syscalls ? 0 : -1;
}

static int teardown(void **state) {
        Fixture *f = *state;

        fops_event_free(f->event);
        fops_syscall_table_free(f->syscalls);
        free(f);
        return 0;
}

static FopsOperation *read_lines(Fixture *f, const char *lines) {
        f->event = fops_event_free(f->event);
        f->event = event_from_lines(lines);
        assert_int_equal(fops_operation_from_event(f->event, f->syscalls, NULL, &f->op), FOPS_OPERATION_OK);
        return &f->op;
}

static bool learn(Fixture *f, const char *lines, uint64_t old_parent) {
        return fops_pairing_learn(&f->pairing, read_lines(f, lines), old_parent);
}

static void assert_parents(Fixture *f, const char *lines, uint64_t old, uint64_t new) {
        FopsOperation *op = read_lines(f, lines);

        fops_pairing_apply(&f->pairing, op);
        assert_int_equal(op->object.parent ? op->object.parent->inode : 0, old);
        assert_int_equal(op->new_object.parent ? op->new_object.parent->inode : 0, new);
}

static void test_what_is_learnt_of_one_rename_tells_of_the_next(void **state) {
        Fixture *f = *state;

        assert_parents(f, CALL(RENAMEAT) TWO_PARENTS(7, 8), 0, 0);
        assert_true(learn(f, CALL(RENAMEAT) TWO_PARENTS(20, 21), 20));
        assert_int_equal(f->pairing.renameat, FOPS_PARENTS_OLD_FIRST);
        assert_parents(f, CALL(RENAMEAT) TWO_PARENTS(7, 8), 7, 8);

        assert_true(learn(f, CALL(RENAMEAT) TWO_PARENTS(21, 20), 20));
        assert_int_equal(f->pairing.renameat, FOPS_PARENTS_NEW_FIRST);
        assert_parents(f, CALL(RENAMEAT) TWO_PARENTS(7, 8), 8, 7);
}

static void test_each_call_is_learnt_by_itself(void **state) {
        Fixture *f = *state;

        assert_true(learn(f, CALL(RENAME) TWO_PARENTS(20, 21), 20));
        assert_false(fops_pairing_is_complete(&f->pairing));
        assert_parents(f, CALL(RENAMEAT) TWO_PARENTS(7, 8), 0, 0);
        assert_true(learn(f, CALL(RENAMEAT) TWO_PARENTS(20, 21), 21));
        assert_false(fops_pairing_is_complete(&f->pairing));
        assert_parents(f, CALL(RENAMEAT2) TWO_PARENTS(7, 8), 0, 0);
        assert_true(learn(f, CALL(RENAMEAT2) TWO_PARENTS(20, 21), 20));
        assert_true(fops_pairing_is_complete(&f->pairing));

        assert_parents(f, CALL(RENAME) TWO_PARENTS(7, 8), 7, 8);
        assert_parents(f, CALL(RENAMEAT) TWO_PARENTS(7, 8), 8, 7);
        assert_parents(f, CALL(RENAMEAT2) TWO_PARENTS(7, 8), 7, 8);
}

static void test_what_proves_nothing_is_not_learnt_from(void **state) {
        static const FopsPairing nothing = {};
        Fixture *f = *state;

        /* Neither is the old parent; both are; it failed; one item; three; no inode; no rename; io_uring. */
        assert_false(learn(f, CALL(RENAME) TWO_PARENTS(20, 21), 22));
        assert_false(learn(f, CALL(RENAME) TWO_PARENTS(20, 20), 20));
        assert_false(learn(f, CALL_64(RENAME " success=no exit=-13") TWO_PARENTS(20, 21), 20));
        assert_false(learn(f, CALL_64(RENAME " exit=0") TWO_PARENTS(20, 21), 20));
        assert_false(learn(f, CALL(RENAME) PARENT("/w", 20) FILE_ITEM("x", 9, "DELETE") FILE_ITEM("x", 9, "CREATE"), 20));
        assert_false(learn(f, CALL(RENAME) PARENT("/w", 22) TWO_PARENTS(20, 21), 20));
        assert_false(learn(f, CALL(RENAME) INODELESS("\"/w\"", "PARENT") PARENT("/w", 20) FILE_ITEM("x", 9, "CREATE"), 20));
        assert_false(learn(f, CALL("syscall=87") TWO_PARENTS(20, 21), 20));
        assert_false(learn(f, URINGOP("uring_op=35 success=yes exit=0") TWO_PARENTS(20, 21), 20));
        assert_memory_equal(&f->pairing, &nothing, sizeof(nothing));
}

static void test_calls_of_another_abi_are_other_functions(void **state) {
        Fixture *f = *state;

        assert_true(learn(f, CALL(RENAME) TWO_PARENTS(20, 21), 20));
        assert_true(learn(f, CALL(RENAMEAT) TWO_PARENTS(20, 21), 20));
        assert_parents(f, CALL_32("syscall=38 success=yes exit=0") TWO_PARENTS(7, 8), 0, 0);

        /* What was learnt of one doesn't pass for the other's. */
        assert_true(learn(f, CALL_32("syscall=38 success=yes exit=0") TWO_PARENTS(20, 21), 21));
        assert_parents(f, CALL_32("syscall=38 success=yes exit=0") TWO_PARENTS(7, 8), 8, 7);
        assert_parents(f, CALL_32("syscall=302 success=yes exit=0") TWO_PARENTS(7, 8), 0, 0);
        assert_parents(f, CALL(RENAME) TWO_PARENTS(7, 8), 0, 0);
}

static void test_io_uring_and_layers_get_nothing_from_it(void **state) {
        Fixture *f = *state;

        assert_true(learn(f, CALL(RENAMEAT) TWO_PARENTS(20, 21), 20));
        assert_parents(f, URINGOP("uring_op=35 success=yes exit=0") TWO_PARENTS(7, 8), 0, 0);
        assert_parents(f, CALL(RENAMEAT) PARENT("/w", 6) TWO_PARENTS(7, 8), 0, 0);
        assert_parents(f, CALL("syscall=265") TWO_PARENTS(7, 8), 0, 0); /* linkat */
}

static void test_what_the_names_tell_stays(void **state) {
        Fixture *f = *state;

        /* The names say that the new directory stands first, though the last rename had it second. */
        assert_true(learn(f, CALL(RENAMEAT) TWO_PARENTS(20, 21), 20));
        assert_parents(f, CALL(RENAMEAT) PARENT("/new/", 7) PARENT("/old/", 8) FILE_ITEM("/old/x", 9, "DELETE")
                                       FILE_ITEM("/new/x", 9, "CREATE"), 8, 7);
        /* One directory for both is no pair to be put in order. */
        assert_parents(f, CALL(RENAMEAT) PARENT("/w", 7) PARENT("/w", 7) FILE_ITEM("x", 9, "DELETE") FILE_ITEM("y", 9, "CREATE"), 7, 7);
}

static void test_an_exchange_follows_the_same_order(void **state) {
        Fixture *f = *state;

        assert_true(learn(f, CALL(RENAMEAT2) TWO_PARENTS(20, 21), 21));
        assert_parents(f, CALL(RENAMEAT2) PARENT("/w", 7) PARENT("/w", 8) FILE_ITEM("x", 9, "DELETE") FILE_ITEM("x", 10, "DELETE")
                                       FILE_ITEM("x", 9, "CREATE") FILE_ITEM("x", 10, "CREATE"), 8, 7);
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_what_is_learnt_of_one_rename_tells_of_the_next),
                TEST(test_each_call_is_learnt_by_itself),
                TEST(test_what_proves_nothing_is_not_learnt_from),
                TEST(test_calls_of_another_abi_are_other_functions),
                TEST(test_io_uring_and_layers_get_nothing_from_it),
                TEST(test_what_the_names_tell_stays),
                TEST(test_an_exchange_follows_the_same_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
