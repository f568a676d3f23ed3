/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <libaudit.h>

#include "test-records.h"

#include "syscall-table.h"

#define X86_64 0xc000003eU
#define I386 0x40000003U

static FopsSyscallTable *table;

static int table_setup(void **state _unused_) {
        table = fops_syscall_table_new();
        return table ? 0 : -1;
}

static int table_teardown(void **state _unused_) {
        table = fops_syscall_table_free(table);
        return 0;
}

static void test_the_table_is_in_the_order_bisection_needs(void **state _unused_) {
        const FopsSyscall *last = NULL, *call;

        for (size_t i = 0; (call = fops_syscall_by_index(i)); i++) {
                if (last && strcmp(last->name, call->name) >= 0)
                        fail_msg("%s stands behind %s", call->name, last->name);
                last = call;
        }
        assert_non_null(last);
}

static void test_every_call_is_found_by_its_number(void **state _unused_) {
        static const uint32_t archs[] = { X86_64, I386 };
        const FopsSyscall *call;

        for (size_t i = 0; (call = fops_syscall_by_index(i)); i++) {
                unsigned n_found = 0;

                for (size_t j = 0; j < ELEMENTSOF(archs); j++) {
                        int nr = fops_syscall_number(call->name, audit_elf_to_machine(archs[j]));
                        const FopsSyscall *found;

                        if (nr < 0)
                                continue;
                        /* Once from libaudit, once from the cache. */
                        found = fops_syscall_table_get(table, archs[j], nr);
                        assert_ptr_equal(found, fops_syscall_table_get(table, archs[j], nr));
                        assert_string_equal(found->name, call->name);
                        assert_memory_equal(found, call, sizeof(*call));
                        n_found++;
                }
                if (n_found == 0)
                        fail_msg("%s: no such call", call->name);
        }
}

static void test_arguments_are_among_the_logged_ones(void **state _unused_) {
        const FopsSyscall *call;

        for (size_t i = 0; (call = fops_syscall_by_index(i)); i++) {
                const int8_t args[] = { call->fd,   call->dirfd, call->dirfd2, call->oflag,
                                        call->mode, call->uid,   call->gid,    call->atflag };

                for (size_t j = 0; j < ELEMENTSOF(args); j++)
                        assert_in_range(args[j] + 1, 0, 4);
                assert_true(call->fd < 0 || call->dirfd < 0);
                assert_in_range(call->op, 0, FOPS_OP_OTHER);
        }
}

static void test_one_number_means_another_call_elsewhere(void **state _unused_) {
        assert_string_equal(fops_syscall_table_get(table, X86_64, 87)->name, "unlink");
        assert_string_equal(fops_syscall_table_get(table, I386, 87)->name, "swapon");
        assert_string_equal(fops_syscall_table_get(table, I386, 10)->name, "unlink");
        assert_int_equal(fops_syscall_table_get(table, I386, 10)->op, FOPS_OP_DELETE);
}

static void test_calls_newer_than_libaudit_have_one_number_everywhere(void **state _unused_) {
        static const struct {
                int nr;
                const char *name;
                FopsOp op;
        } calls[] = {
                { 451, "cachestat", FOPS_OP_OTHER },        { 452, "fchmodat2", FOPS_OP_CHMOD },
                { 463, "setxattrat", FOPS_OP_SETXATTR },    { 466, "removexattrat", FOPS_OP_REMOVEXATTR },
                { 467, "open_tree_attr", FOPS_OP_OTHER },   { 469, "file_setattr", FOPS_OP_SETXATTR },
        };

        for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
                assert_string_equal(fops_syscall_table_get(table, X86_64, calls[i].nr)->name, calls[i].name);
                assert_string_equal(fops_syscall_table_get(table, I386, calls[i].nr)->name, calls[i].name);
                assert_int_equal(fops_syscall_table_get(table, X86_64, calls[i].nr)->op, calls[i].op);
                assert_int_equal(fops_syscall_number(calls[i].name, MACH_86_64), calls[i].nr);
                assert_int_equal(fops_syscall_number(calls[i].name, MACH_X86), calls[i].nr);
        }
        assert_int_equal(fops_syscall_number("nosuchcall", MACH_86_64), -1);
}

static void test_a_call_that_is_no_file_operation_still_has_its_name(void **state _unused_) {
        const FopsSyscall *call = fops_syscall_table_get(table, X86_64, 39);

        assert_string_equal(call->name, "getpid");
        assert_int_equal(call->op, FOPS_OP_OTHER);
        assert_true(call->flags & FOPS_SYSCALL_NOT_FILE);
        assert_int_equal(call->dirfd, -1);
        assert_int_equal(call->fd, -1);
}

static void test_unknown_numbers_mean_nothing(void **state _unused_) {
        static const int unknown[] = { -1, INT32_MIN, 1023, 1024, 0x40000000 | 257, INT32_MAX };

        for (size_t i = 0; i < ELEMENTSOF(unknown); i++)
                for (unsigned again = 0; again < 2; again++) {
                        const FopsSyscall *call = fops_syscall_table_get(table, X86_64, unknown[i]);

                        assert_null(call->name);
                        assert_int_equal(call->op, FOPS_OP_OTHER);
                }
}

static void test_more_architectures_than_are_cached_still_answer(void **state _unused_) {
        for (uint32_t i = 0; i < 50; i++)
                assert_null(fops_syscall_table_get(table, 0xdead0000 + i, 2)->name);
        assert_string_equal(fops_syscall_table_get(table, X86_64, 2)->name, "open");
        assert_string_equal(fops_syscall_table_get(table, I386, 5)->name, "open");
}

static void test_architectures_have_names(void **state _unused_) {
        assert_string_equal(fops_arch_to_string(X86_64), "x86_64");
        assert_string_equal(fops_arch_to_string(I386), "i386");
        assert_string_equal(fops_arch_to_string(0xc00000b7), "aarch64");
        assert_null(fops_arch_to_string(0xdeadbeef));
}

static void test_opcodes_of_io_uring_have_a_meaning_and_no_arguments(void **state _unused_) {
        const FopsSyscall *call;
        unsigned opcode = 0, last = 0;

        for (size_t i = 0; (call = fops_uring_op_by_index(i, &opcode)); i++) {
                assert_true(opcode > last);
                assert_ptr_equal(fops_uring_op_get(opcode), call);
                assert_int_equal(call->dirfd, -1);
                assert_int_equal(call->oflag, -1);
                last = opcode;
        }
        assert_string_equal(fops_uring_op_get(18)->name, "openat");
        assert_int_equal(fops_uring_op_get(36)->op, FOPS_OP_DELETE);
        assert_null(fops_uring_op_get(0)->name);
        assert_null(fops_uring_op_get(UINT32_MAX)->name);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_table_is_in_the_order_bisection_needs),
                cmocka_unit_test(test_every_call_is_found_by_its_number),
                cmocka_unit_test(test_arguments_are_among_the_logged_ones),
                cmocka_unit_test(test_one_number_means_another_call_elsewhere),
                cmocka_unit_test(test_calls_newer_than_libaudit_have_one_number_everywhere),
                cmocka_unit_test(test_a_call_that_is_no_file_operation_still_has_its_name),
                cmocka_unit_test(test_unknown_numbers_mean_nothing),
                cmocka_unit_test(test_more_architectures_than_are_cached_still_answer),
                cmocka_unit_test(test_architectures_have_names),
                cmocka_unit_test(test_opcodes_of_io_uring_have_a_meaning_and_no_arguments),
        };

        return cmocka_run_group_tests(tests, table_setup, table_teardown);
}
