/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The table against a /proc made of files in a temporary directory. */

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "process-table.h"

static char proc_path[] = "/tmp/fops-proc-XXXXXX";

static void write_file(unsigned pid, const char *name, const char *text, size_t size) {
        char path[128];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%u/%s", proc_path, pid, name);
        f = fopen(path, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(text, 1, size, f), size);
        assert_int_equal(fclose(f), 0);
}

/* @exe or @cgroup may be NULL: the file is missing. */
static void add_process(unsigned pid, unsigned ppid, const char *comm, const char *exe, const char *cgroup,
                        unsigned long long start) {
        char path[128], text[512];
        int n;

        snprintf(path, sizeof(path), "%s/%u", proc_path, pid);
        assert_int_equal(mkdir(path, 0700), 0);

        n = snprintf(text, sizeof(text), "%u (%s) S %u 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %llu 1000 10\n", pid, comm,
                     ppid, start);
        write_file(pid, "stat", text, (size_t) n);
        if (cgroup)
                write_file(pid, "cgroup", cgroup, strlen(cgroup));
        if (exe) {
                snprintf(path, sizeof(path), "%s/%u/exe", proc_path, pid);
                assert_int_equal(symlink(exe, path), 0);
        }
}

static int make_proc(_unused_ void **state) {
        if (!mkdtemp(proc_path))
                return -1;

        add_process(1, 0, "systemd", "/usr/lib/systemd/systemd", "0::/init.scope\n", 1);
        add_process(900, 1, "sshd", "/usr/sbin/sshd", "0::/system.slice/ssh.service\n", 50);
        add_process(4700, 900, "bash", "/usr/bin/bash", "0::/user.slice/user-1000.slice/session-3.scope\n", 100);
        add_process(4711, 4700, "rm", "/usr/bin/rm", "0::/user.slice/user-1000.slice/session-3.scope\n", 200);
        return 0;
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type, _unused_ struct FTW *ftw) {
        return remove(path);
}

static int remove_proc(_unused_ void **state) {
        return nftw(proc_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static FopsProcess lookup(uint32_t pid, uint32_t ppid, unsigned ancestry, FopsArena *arena) {
        _cleanup_(fops_process_table_freep) FopsProcessTable *t =
                fops_process_table_new(open(proc_path, O_PATH | O_DIRECTORY | O_CLOEXEC));
        FopsProcess p;

        assert_non_null(t);
        fops_process_table_lookup(t, pid, ppid, 0, ancestry, arena, &p);
        return p;
}

static void assert_span(FopsSpan s, const char *expected) {
        if (!fops_span_equal_string(s, expected))
                fail_msg("\"%.*s\" instead of \"%s\"", (int) s.size, s.data ? s.data : "", expected ? expected : "(absent)");
}

static void test_a_process_has_unit_and_ancestors(_unused_ void **state) {
        FopsArena arena = {};
        FopsProcess p = lookup(4711, 4700, 4, &arena);

        assert_span(p.cgroup.unit, "session-3.scope");
        assert_span(p.cgroup.container, NULL);
        assert_int_equal(p.n_parents, 3);
        assert_span(p.parents[0], "bash[4700] /usr/bin/bash");
        assert_span(p.parents[1], "sshd[900] /usr/sbin/sshd");
        assert_span(p.parents[2], "systemd[1] /usr/lib/systemd/systemd");
        fops_arena_done(&arena);
}

static void test_ancestry_is_bounded(_unused_ void **state) {
        FopsArena arena = {};

        assert_int_equal(lookup(4711, 4700, 0, &arena).n_parents, 0);
        assert_int_equal(lookup(4711, 4700, 2, &arena).n_parents, 2);

        for (unsigned pid = 20000; pid < 20040; pid++)
                add_process(pid, pid == 20000 ? 1 : pid - 1, "deep", NULL, NULL, 300);
        assert_int_equal(lookup(20039, 20038, 1000, &arena).n_parents, ELEMENTSOF(((FopsProcess *) NULL)->parents));
        fops_arena_done(&arena);
}

static void test_a_process_that_has_gone_has_no_unit_but_its_parent(_unused_ void **state) {
        FopsArena arena = {};
        FopsProcess p = lookup(9999, 4700, 1, &arena);

        assert_span(p.cgroup.unit, NULL);
        assert_int_equal(p.n_parents, 1);
        assert_span(p.parents[0], "bash[4700] /usr/bin/bash");

        p = lookup(9999, 9998, 4, &arena);
        assert_int_equal(p.n_parents, 0);
        fops_arena_done(&arena);
}

static void test_a_parent_younger_than_its_child_is_another_process(_unused_ void **state) {
        FopsArena arena = {};
        FopsProcess p;

        add_process(5000, 1, "young", "/usr/bin/young", NULL, 500);
        add_process(5001, 5000, "old", "/usr/bin/old", "0::/system.slice/old.service\n", 400);
        p = lookup(5001, 5000, 4, &arena);
        assert_span(p.cgroup.unit, "old.service");
        assert_int_equal(p.n_parents, 0);

        /* further up, too */
        add_process(5002, 5001, "new", NULL, NULL, 600);
        p = lookup(5002, 5001, 4, &arena);
        assert_int_equal(p.n_parents, 1);
        assert_span(p.parents[0], "old[5001] /usr/bin/old");
        fops_arena_done(&arena);
}

static void test_a_reused_pid_is_not_the_process_of_the_record(_unused_ void **state) {
        FopsArena arena = {};
        FopsProcess p;

        /* The record says parent 4700, which still lives; this one's parent is another. */
        add_process(6000, 900, "other", "/usr/bin/other", "0::/system.slice/other.service\n", 700);
        p = lookup(6000, 4700, 1, &arena);
        assert_span(p.cgroup.unit, NULL);
        assert_int_equal(p.n_parents, 1);
        assert_span(p.parents[0], "bash[4700] /usr/bin/bash");

        /* The record's parent is dead: the process was given to another. */
        p = lookup(6000, 8888, 4, &arena);
        assert_span(p.cgroup.unit, "other.service");
        assert_int_equal(p.n_parents, 0);
        fops_arena_done(&arena);
}

static void test_an_unknown_parent_is_asked_of_proc(_unused_ void **state) {
        FopsArena arena = {};
        FopsProcess p = lookup(4711, 0, 1, &arena);

        assert_int_equal(p.n_parents, 1);
        assert_span(p.parents[0], "bash[4700] /usr/bin/bash");
        fops_arena_done(&arena);
}

static void test_a_comm_cannot_forge_its_stat(_unused_ void **state) {
        FopsArena arena = {};
        FopsProcess p;

        add_process(7000, 4700, "x) S 1 1 (\ny", NULL, NULL, 800);
        add_process(7001, 7000, "child", NULL, NULL, 900);
        p = lookup(7001, 7000, 2, &arena);
        assert_int_equal(p.n_parents, 2);
        assert_span(p.parents[0], "x) S 1 1 (\ny[7000]");
        assert_span(p.parents[1], "bash[4700] /usr/bin/bash");
        fops_arena_done(&arena);
}

static void test_a_ring_of_parents_ends(_unused_ void **state) {
        FopsArena arena = {};

        add_process(8000, 8001, "a", NULL, NULL, 5);
        add_process(8001, 8000, "b", NULL, NULL, 5);
        assert_int_equal(lookup(8000, 8001, 4, &arena).n_parents, 4);
        fops_arena_done(&arena);
}

static void test_a_broken_stat_says_nothing(_unused_ void **state) {
        static const char *const texts[] = { "",
                                             "4711",
                                             "10001 (x",
                                             "10001 (x)",
                                             "10001 (x) S",
                                             "10001 (x) S 1 1 1",
                                             ")(",
                                             "10001 (x) S x 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 1000 10\n" };
        FopsArena arena = {};

        add_process(10001, 1, "x", NULL, NULL, 1);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                write_file(10001, "stat", texts[i], strlen(texts[i]));
                assert_int_equal(lookup(10002, 10001, 4, &arena).n_parents, 0);
        }
        fops_arena_done(&arena);
}

static void test_a_cgroup_text_that_does_not_fit_is_not_used(_unused_ void **state) {
        static char text[20000];
        FopsArena arena = {};

        add_process(11000, 1, "x", NULL, NULL, 1);
        memset(text, 'x', sizeof(text));
        memcpy(text, "0::/system.slice/x.service\n", 27);
        write_file(11000, "cgroup", text, 10000);
        assert_span(lookup(11000, 1, 0, &arena).cgroup.unit, "x.service");
        write_file(11000, "cgroup", text, sizeof(text));
        assert_span(lookup(11000, 1, 0, &arena).cgroup.unit, NULL);
        fops_arena_done(&arena);
}

static void test_a_table_without_proc_knows_nothing(_unused_ void **state) {
        _cleanup_(fops_process_table_freep) FopsProcessTable *t = fops_process_table_new(-EBADF);
        FopsArena arena = {};
        FopsProcess p;

        assert_non_null(t);
        fops_process_table_lookup(t, 1, 1, 0, 4, &arena, &p);
        assert_span(p.cgroup.unit, NULL);
        assert_int_equal(p.n_parents, 0);
}

static void test_the_live_proc_has_this_process(_unused_ void **state) {
        _cleanup_(fops_process_table_freep) FopsProcessTable *t =
                fops_process_table_new(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
        FopsArena arena = {};
        char head[32];
        FopsProcess p;

        assert_non_null(t);
        fops_process_table_lookup(t, (uint32_t) getpid(), (uint32_t) getppid(), 0, 1, &arena, &p);
        if (getppid() == 0)
                skip(); /* its parent is in another pid namespace */
        assert_int_equal(p.n_parents, 1);
        snprintf(head, sizeof(head), "[%u]", (unsigned) getppid());
        assert_non_null(memmem(p.parents[0].data, p.parents[0].size, head, strlen(head)));
        fops_arena_done(&arena);
}

/* Event times far before and far after now: no clock is waited for. */
static void test_an_answer_is_good_for_what_was_done_before_it_only(_unused_ void **state) {
        _cleanup_(fops_process_table_freep) FopsProcessTable *t =
                fops_process_table_new(open(proc_path, O_PATH | O_DIRECTORY | O_CLOEXEC));
        FopsArena arena = {};
        FopsProcess p;

        assert_non_null(t);
        add_process(7100, 900, "cp", "/usr/bin/cp", "0::/system.slice/old.service\n", 300);
        fops_process_table_lookup(t, 7100, 900, 0, 1, &arena, &p);
        assert_span(p.cgroup.unit, "old.service");

        write_file(7100, "cgroup", "0::/system.slice/new.service\n", strlen("0::/system.slice/new.service\n"));
        fops_process_table_lookup(t, 7100, 900, 1, 1, &arena, &p);
        assert_span(p.cgroup.unit, "old.service");
        assert_span(p.parents[0], "sshd[900] /usr/sbin/sshd");
        /* Of another pid in the same place, another parent, or with more ancestors, it isn't. */
        fops_process_table_lookup(t, 7100 + 64, 900, 1, 1, &arena, &p);
        assert_span(p.cgroup.unit, NULL);
        fops_process_table_lookup(t, 7100, 900, 1, 1, &arena, &p);
        assert_span(p.cgroup.unit, "new.service");

        write_file(7100, "cgroup", "0::/system.slice/newest.service\n", strlen("0::/system.slice/newest.service\n"));
        fops_process_table_lookup(t, 7100, 900, UINT64_MAX, 1, &arena, &p);
        assert_span(p.cgroup.unit, "newest.service");
        write_file(7100, "cgroup", "0::/system.slice/last.service\n", strlen("0::/system.slice/last.service\n"));
        fops_process_table_lookup(t, 7100, 900, 1, 2, &arena, &p);
        assert_span(p.cgroup.unit, "last.service");
        assert_int_equal(p.n_parents, 2);

        /* All of a batch is told to have been done before it began, whatever the clock says. */
        fops_process_table_begin_batch(t);
        fops_process_table_lookup(t, 7100, 900, UINT64_MAX, 1, &arena, &p);
        write_file(7100, "cgroup", "0::/system.slice/later.service\n", strlen("0::/system.slice/later.service\n"));
        fops_process_table_lookup(t, 7100, 900, UINT64_MAX, 1, &arena, &p);
        assert_span(p.cgroup.unit, "last.service");
        fops_process_table_begin_batch(t);
        fops_process_table_lookup(t, 7100, 900, UINT64_MAX, 1, &arena, &p);
        assert_span(p.cgroup.unit, "later.service");
        fops_arena_done(&arena);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_process_has_unit_and_ancestors),
                cmocka_unit_test(test_ancestry_is_bounded),
                cmocka_unit_test(test_a_process_that_has_gone_has_no_unit_but_its_parent),
                cmocka_unit_test(test_a_parent_younger_than_its_child_is_another_process),
                cmocka_unit_test(test_a_reused_pid_is_not_the_process_of_the_record),
                cmocka_unit_test(test_an_unknown_parent_is_asked_of_proc),
                cmocka_unit_test(test_a_comm_cannot_forge_its_stat),
                cmocka_unit_test(test_a_ring_of_parents_ends),
                cmocka_unit_test(test_a_broken_stat_says_nothing),
                cmocka_unit_test(test_a_cgroup_text_that_does_not_fit_is_not_used),
                cmocka_unit_test(test_a_table_without_proc_knows_nothing),
                cmocka_unit_test(test_the_live_proc_has_this_process),
                cmocka_unit_test(test_an_answer_is_good_for_what_was_done_before_it_only),
        };

        return cmocka_run_group_tests(tests, make_proc, remove_proc);
}
