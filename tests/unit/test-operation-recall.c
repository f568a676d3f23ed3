/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Records that repeat others: whatever was remembered, each operation is what its own records say. */

#include "test-records.h"

#include "entry.h"

#include "../same-operation.h"

#define CALL "arch=c000003e syscall=87 success=yes exit=0 a0=7ffe a1=0 a2=0 a3=0 items=2 "
#define IDS " auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=2 "
#define SYSCALL(call, who) RECORD("SYSCALL", call "ppid=" who)
#define RM(pid) SYSCALL(CALL, "4700 pid=" #pid IDS "comm=\"rm\" exe=\"/usr/bin/rm\" subj=unconfined key=\"data\"")
#define REST " dev=fe:00 mode=0100644 ouid=0 ogid=0 rdev=00:00"
#define PATH(front, rest) RECORD("PATH", front REST " nametype=" rest)

/* Memory may be out for a while. */
static bool is_memory_out;
void *__real_fops_arena_alloc_slowly(FopsArena *a, size_t need);
void *__wrap_fops_arena_alloc_slowly(FopsArena *a, size_t need);

void *__wrap_fops_arena_alloc_slowly(FopsArena *a, size_t need) {
        return is_memory_out ? NULL : __real_fops_arena_alloc_slowly(a, need);
}

static FopsSyscallTable *syscalls;
static FopsOperationMemory *memory;

static int setup(void **state _unused_) {
        syscalls = fops_syscall_table_new();
        memory = fops_operation_memory_new();
        return syscalls && memory ? 0 : -1;
}

static int teardown(void **state _unused_) {
        syscalls = fops_syscall_table_free(syscalls);
        memory = fops_operation_memory_free(memory);
        return 0;
}

static void assert_same_arguments(const FopsOperation *op, const FopsOperation *expected) {
        FopsEntry e = {}, expected_e = {};

        fops_entry_from_operation(&e, op, NULL, false);
        fops_entry_from_operation(&expected_e, expected, NULL, false);
        assert_true(fops_span_equal(fops_entry_get(&e, "FOPSD_ARGS"), fops_entry_get(&expected_e, "FOPSD_ARGS")));
        fops_entry_done(&e);
        fops_entry_done(&expected_e);
}

/* What is read with all that was remembered up to here, and remembered from here on, is what the records alone say. */
static void check(const char *lines) {
        _cleanup_(fops_event_freep) FopsEvent *alone = event_from_lines(lines), *event = event_from_lines(lines);
        FopsOperation expected, op;

        assert_int_equal(fops_operation_from_event(alone, syscalls, NULL, &expected), FOPS_OPERATION_OK);
        assert_int_equal(fops_operation_from_event(event, syscalls, memory, &op), FOPS_OPERATION_OK);
        assert_true(same_operation(&op, &expected));
        assert_same_arguments(&op, &expected);
}

/* Each after each other, so that what one leaves behind could show in all. */
static void check_all(const char *const lines[], size_t n) {
        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < n; j++) {
                        check(lines[i]);
                        check(lines[j]);
                        check(lines[i]);
                }
}

static void test_a_process_is_not_taken_for_another(void **state _unused_) {
        static const char *const lines[] = {
                RM(4711), RM(4712), RM(47110),
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=\"mv\" exe=\"/usr/bin/rm\" subj=unconfined key=\"data\""),
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=\"rm\" exe=\"/usr/bin/mv\" subj=unconfined key=\"data\""),
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=\"rm\" exe=\"/usr/bin/rm\" subj=unconfined key=\"date\""),
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=\"rm\" exe=\"/usr/bin/rm\" subj=unconfined key=(null)"),
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=(null) exe=(null) key=(null)"),
                SYSCALL(CALL, "4700 pid=4711 auid=1000"), SYSCALL(CALL, "4700"), SYSCALL(CALL, ""),
        };

        check_all(lines, ELEMENTSOF(lines));
}

static void test_decoded_names_and_keys_are_remembered(void **state _unused_) {
        static const char *const lines[] = {
                /* "rm x", "/usr/bin/r m", "fopsd:1" and "data" with \x01 between */
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=726D2078 exe=2F7573722F62696E2F72206D key=666F7073643A310164617461"),
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=726D2078 exe=2F7573722F62696E2F72206D key=666F7073643A320164617461"),
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=726D2078 exe=\"/usr/bin/rm\" key=666F7073643A310164617461"),
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=726D2079 exe=\"/usr/bin/rm\" key=(null)"),
        };

        check_all(lines, ELEMENTSOF(lines));
}

static void test_what_memory_was_out_for_is_not_remembered(void **state _unused_) {
        static const char lines[] =
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=726D2078 exe=2F7573722F62696E2F72206D key=666F7073643A310164617461");

        /* What is left of the arena is enough for an item, and for none, one or two of the three texts. */
        const size_t item = (sizeof(FopsItem) + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);

        for (size_t n = 0; n < 3; n++) {
                _cleanup_(fops_event_freep) FopsEvent *event = event_from_lines(lines);
                FopsArena *arena = &event->arena;
                FopsOperation op;

                while (arena->head->size - arena->head->used >= item + (n + 1) * _Alignof(max_align_t))
                        assert_non_null(fops_arena_alloc(arena, 1));
                is_memory_out = true;
                assert_int_equal(fops_operation_from_event(event, syscalls, memory, &op), FOPS_OPERATION_OK);
                is_memory_out = false;
                assert_false(op.comm.data && op.exe.data && op.tag.data);
                check(lines);
                fops_operation_memory_free(memory);
                memory = fops_operation_memory_new();
                assert_non_null(memory);
        }
}

static void test_the_call_is_read_each_time(void **state _unused_) {
#define WHO "4700 pid=4711" IDS "comm=\"rm\" exe=\"/usr/bin/rm\" key=\"data\""
        static const char *const lines[] = {
                SYSCALL(CALL, WHO),
                SYSCALL("arch=40000003 syscall=10 success=no exit=-13 a0=ffffffffffffffff a1=1 a2=2 a3=3 items=1 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=no exit=-9223372036854775808 a0=1 a1=2 a2=3 a3=4 items=1 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=yes exit=0 a0=7ffe a1=0 a2=0 a3=00000000000000000 items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=yes exit=0 a0=7ffe a1=0 a2=0 a3= items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=yes exit=0 a0=7ffe a1=00 a2=0 a3=0 items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=yes exit=0 a0=7ffe a1=0 a2=A a3=0 items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=yes exit=0 a0=F a1=ff a2=0 a3=f items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=yes exit=0 a0=0 a1=0 a2=0 a3=Abcdef0123456789 items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=yes exit= a0=7ffe a1=0 a2=0 a3=0 items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=yes exit=-\"5\" a0=7ffe a1=0 a2=0 a3=0 items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=yes exit=-5 a0=7ffe a1=0 a2=0 a3=0 items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=yes exit=0x a0=7ffe a1=0 a2=0 a3=0 items=2 ", WHO),
                SYSCALL("arch=1c000003e syscall=4294967296 success=yes exit=0 a0=7ffe a1=0 a2=0 a3=0 items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=3000000000 success=? exit=18446744073709551616 a0=g a1=0 a2=0 a3=0 items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 per=8 success=yes exit=0 a0=7ffe a1=0 a2=0 a3=0 items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 a0=7ffe a1=0 a2=0 a3=0 items=2 ", WHO),
                SYSCALL("pid=1 arch=c000003e syscall=87 success=yes exit=0 a0=7ffe a1=0 a2=0 a3=0 items=2 ", WHO),
                SYSCALL("arch=c000003e syscall=87 success=yes exit=0 a0=7ffe a1=0 a2=0 a3=0 items=2 comm=\"y\" ", WHO),
        };

        check_all(lines, ELEMENTSOF(lines));
}

/* The first of a field counts, so what stands in a name or behind it changes nothing, neither read nor remembered. */
static void test_the_caller_cannot_speak_of_the_call(void **state _unused_) {
        static const char *const lines[] = {
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=\"success=no exit=-13\" exe=\"/x\" subj=a arch=1 syscall=2 success=no a0=5 key=\"k\""),
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=\"rm\" exe=\"/x\" pid=1 uid=77 comm=\"sh\" key=\"a\" key=\"b\""),
                RECORD("URINGOP", "uring_op=18 success=yes exit=0 items=1 ppid=" WHO),
                RECORD("URINGOP", CALL "ppid=4700 pid=4711" IDS "comm=\"x\" exe=\"/x\" uring_op=18 key=\"k\""),
                SYSCALL(CALL, "4700 pid=4711" IDS "comm=\"x\" exe=\"/x\" uring_op=18 key=\"k\""),
        };

        check_all(lines, ELEMENTSOF(lines));
}

static void test_a_call_made_within_a_ring_is_both(void **state _unused_) {
        static const char *const lines[] = {
                RECORD("URINGOP", "uring_op=18 success=yes exit=0 items=1 ppid=1 pid=2 uid=3") SYSCALL(CALL, WHO),
                SYSCALL(CALL, WHO),
        };

        check_all(lines, ELEMENTSOF(lines));
}

static void test_items_keep_their_own_names_and_inodes(void **state _unused_) {
        static const char *const lines[] = {
                RM(1) PATH("item=0 name=\"/srv/a\" inode=7", "DELETE cap_fp=0") PATH("item=1 name=\"/srv/b\" inode=8", "DELETE cap_fp=0"),
                RM(1) PATH("item=0 name=\"/srv/a\" inode=7", "PARENT cap_fp=0") PATH("item=1 name=2F7372762F6120 inode=7", "CREATE"),
                RM(1) PATH("item=0 name=(null) inode=18446744073709551615", "NORMAL cap_fp=0"),
                RM(1) PATH("item=0 name=\"/srv/a", "NORMAL cap_fp=0"), RM(1) PATH("item=0 inode=7 name=\"/a\"", "NORMAL cap_fp=0"),
                RM(1) PATH("item=x name=\"/srv/a\" inode=7", "NORMAL cap_fp=0"),
                RM(1) PATH("item=0 name=\"/srv/a\" inode=99999999999999999999", "NORMAL cap_fp=0"),
        };

        check_all(lines, ELEMENTSOF(lines));
}

/* A security module's label may hold anything: what is another name to a nameless item is none to one that has a name. */
static void test_a_label_cannot_name_an_item_of_another_event(void **state _unused_) {
        static const char *const lines[] = {
                RM(1) RECORD("PATH", "item=0 name=\"/srv/a\" inode=7" REST " obj=a name=\"/evil\" item=9 inode=5 dev=1:1 nametype=DELETE"),
                RM(1) RECORD("PATH", "item=0 name=(null) inode=7" REST " obj=a name=\"/evil\" item=9 inode=5 dev=1:1 nametype=DELETE"),
                RM(1) RECORD("PATH", "item=0 name=(null) inode=7" REST " obj=a nametype=CREATE cap_fp=0 nametype=DELETE"),
        };

        check_all(lines, ELEMENTSOF(lines));
}

static void test_command_lines_are_told_apart(void **state _unused_) {
        static const char *const lines[] = {
                RM(1) RECORD("PROCTITLE", "proctitle=726D002D7266002F7372762F61"), RM(1) RECORD("PROCTITLE", "proctitle=726D002D7266002F7372762F62"),
                RM(1) RECORD("PROCTITLE", "proctitle=726D002D7266002F7372762F000000"), RM(1) RECORD("PROCTITLE", "proctitle=\"rm\""),
                RM(1) RECORD("PROCTITLE", "proctitle=(null)"), RM(1) RECORD("PROCTITLE", "proctitle=0000000000000000"), RM(1),
                RM(1) RECORD("EXECVE", "argc=1 a0=\"x\"") RECORD("PROCTITLE", "proctitle=726D002D7266002F7372762F61"),
        };

        check_all(lines, ELEMENTSOF(lines));
}

static void test_long_records_are_read_each_time(void **state _unused_) {
        char exe[2 * 512 + 1], line[2048];

        memset(exe, 'x', sizeof(exe) - 1);
        for (size_t size = 400; size < sizeof(exe); size += 7) {
                snprintf(line, sizeof(line), SYSCALL(CALL, "1 pid=2" IDS "comm=\"c\" exe=\"/%.*s\" key=\"data\""), (int) size, exe);
                check(line);
                check(line);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_process_is_not_taken_for_another, setup, teardown),
                cmocka_unit_test_setup_teardown(test_decoded_names_and_keys_are_remembered, setup, teardown),
                cmocka_unit_test_setup_teardown(test_what_memory_was_out_for_is_not_remembered, setup, teardown),
                cmocka_unit_test_setup_teardown(test_the_call_is_read_each_time, setup, teardown),
                cmocka_unit_test_setup_teardown(test_the_caller_cannot_speak_of_the_call, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_call_made_within_a_ring_is_both, setup, teardown),
                cmocka_unit_test_setup_teardown(test_items_keep_their_own_names_and_inodes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_label_cannot_name_an_item_of_another_event, setup, teardown),
                cmocka_unit_test_setup_teardown(test_command_lines_are_told_apart, setup, teardown),
                cmocka_unit_test_setup_teardown(test_long_records_are_read_each_time, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
