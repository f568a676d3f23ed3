/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Processes and files one after the other in one entry, against the same in an entry that never had another. */

#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "json.h"
#include "names.h"

#define S(s) FOPS_SPAN_LITERAL(s)

static struct {
        const char *user;
        int64_t now_sec;
        time_t changed_sec;
} world;

/* In the place of libc's. */
int getpwuid_r(uid_t uid _unused_, struct passwd *pw, char *buffer, size_t size, struct passwd **ret) {
        *ret = NULL;
        if (!world.user)
                return 0;
        snprintf(buffer, size, "%s", world.user);
        *pw = (struct passwd){ .pw_name = buffer };
        *ret = pw;
        return 0;
}

int stat(const char *path _unused_, struct stat *ret) {
        *ret = (struct stat){ .st_mtim.tv_sec = world.changed_sec };
        return 0;
}

int clock_gettime(clockid_t clock _unused_, struct timespec *ret) {
        *ret = (struct timespec){ .tv_sec = world.now_sec };
        return 0;
}

static const FopsEvent event;
static const FopsSyscall call = { .name = "unlink" };

static const FopsOperation rm = {
        .event = &event, .syscall = &call, .nr = 87, .new_uid = FOPS_ID_UNSET, .new_gid = FOPS_ID_UNSET,
        .pid = 4711, .ppid = 4700, .uid = 1, .gid = 2, .euid = 3, .auid = 4, .session = 5, .comm = { "rm", 2 },
        .exe = { "/usr/bin/rm", 11 }, .tty = { "pts0", 4 }, .subj = { "s", 1 },
        .cmdline = { "rm x", 4 }, .unit = { "u", 1 }, .container = { "c", 1 },
        .runtime = { "r", 1 }, .parents = { { "bash[1]", 7 }, { "init[1]", 7 } }, .n_parents = 2,
};

static void print(FopsEntry *e, const FopsOperation *op, FopsNames *names, char **ret) {
        size_t size;
        FILE *f = open_memstream(ret, &size);

        assert_non_null(f);
        fops_entry_from_operation(e, op, names, false);
        fops_json_print(e, f);
        assert_int_equal(fclose(f), 0);
}

static void check(FopsEntry *e, const FopsOperation *op, FopsNames *names) {
        _cleanup_free_ char *line = NULL, *expected = NULL;
        FopsEntry fresh = {};

        print(e, op, names, &line);
        print(&fresh, op, names, &expected);
        fops_entry_done(&fresh);
        assert_string_equal(line, expected);
}

static void test_a_process_is_not_taken_for_another(void **state _unused_) {
        FopsOperation others[] = { rm, rm, rm, rm, rm, rm, rm, rm, rm, rm, rm, rm, rm, rm, rm, rm, rm, rm, rm, rm, rm };
        FopsEntry e = {};
        size_t n = 1;

        others[n++].pid += 32;
        others[n++].ppid++;
        others[n++].uid++;
        others[n++].gid++;
        others[n++].euid++;
        others[n++].auid = FOPS_ID_UNSET;
        others[n++].session++;
        others[n++].comm = S("mv");
        others[n++].exe = S("/usr/bin/mv");
        others[n++].tty = FOPS_SPAN_ABSENT;
        others[n++].subj = S("\xff");
        others[n++].cmdline = S("rm\n\"x\"");
        others[n++].unit = S("v");
        others[n++].container = S("d");
        others[n++].runtime = S("s");
        others[n++].parents[1] = S("init[2]");
        others[n++].n_parents = 1;
        others[n++].n_parents = 0;
        others[n++].cmdline.data = "rm y";
        others[n++].pid = 0;
        assert_int_equal(n, ELEMENTSOF(others));

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                for (size_t j = 0; j < ELEMENTSOF(others); j++) {
                        check(&e, others + i, NULL);
                        check(&e, others + j, NULL);
                        check(&e, others + j, NULL);
                }
        fops_entry_done(&e);
}

static void test_a_file_is_not_taken_for_another(void **state _unused_) {
        const FopsItem file = { .has_inode = true, .inode = 7, .dev_major = 254, .dev_minor = 1, .mode = S_IFREG | 0644, .ogid = 1 };
        FopsItem others[] = { file, file, file, file, file, file, file, file, file, file, file };
        FopsOperation op = rm;
        FopsEntry e = {};
        size_t n = 1;

        others[n++].inode++;
        others[n++].dev_major++;
        others[n++].dev_minor += 32;
        others[n++].mode ^= 0777;
        others[n++].mode = S_IFDIR | 0644;
        others[n++].ouid += 32;
        others[n++].ouid = FOPS_ID_UNSET;
        others[n++].ogid++;
        others[n++].is_inferred = true;
        others[n++].has_inode = false;
        assert_int_equal(n, ELEMENTSOF(others));

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                for (size_t j = 0; j < ELEMENTSOF(others); j++)
                        for (size_t k = 0; k < 3; k++) {
                                op.object.item = others + (k == 0 ? i : j);
                                op.outcome = k == 1 ? FOPS_OUTCOME_FAILED : FOPS_OUTCOME_SUCCESS; /* of another priority */
                                check(&e, &op, NULL);
                        }
        fops_entry_done(&e);
}

static void test_it_borrows_from_no_earlier_event(void **state _unused_) {
        _cleanup_free_ char *line = NULL;
        char comm[] = "rm", again[] = "rm";
        FopsOperation op = rm;
        FopsEntry e = {};

        op.comm.data = comm;
        check(&e, &op, NULL);
        memset(comm, 'x', 2);
        op.comm.data = again;
        print(&e, &op, NULL, &line);
        assert_int_equal(e.n_groups, 2);
        assert_non_null(strstr(line, "\"FOPSD_COMM\":\"rm\""));
        fops_entry_done(&e);
}

static void test_who_is_renamed_or_gets_a_name_is_called_by_it(void **state _unused_) {
        static const char *const users[] = { NULL, "alice", "alicia", NULL, "bob" };
        _cleanup_(fops_names_freep) FopsNames *names = fops_names_new();
        FopsEntry e = {};

        for (size_t i = 0; i < ELEMENTSOF(users); i++) {
                world.user = users[i];
                world.changed_sec++;
                world.now_sec += 2;
                check(&e, &rm, names);
                assert_int_equal(fops_span_is_present(fops_entry_get(&e, "FOPSD_USER")), users[i] != NULL);
                if (users[i])
                        assert_true(fops_span_equal_string(fops_entry_get(&e, "FOPSD_USER"), users[i]));
                check(&e, &rm, NULL);
                assert_false(fops_span_is_present(fops_entry_get(&e, "FOPSD_USER")));
        }

        /* A directory server that was away for a while; the files are as they were. */
        world.user = NULL;
        world.changed_sec++;
        world.now_sec += 2;
        check(&e, &rm, names);
        world.user = "carol";
        world.now_sec += 120;
        check(&e, &rm, names);
        assert_true(fops_span_equal_string(fops_entry_get(&e, "FOPSD_USER"), "carol"));
        fops_entry_done(&e);
}

static void test_long_command_lines_are_whole_and_not_kept(void **state _unused_) {
        static char cmdline[16384];
        FopsOperation op = rm;
        FopsEntry e = {};

        memset(cmdline, '"', sizeof(cmdline));
        for (size_t size = 100; size < sizeof(cmdline); size = size * 3 / 2) {
                op.cmdline = (FopsSpan){ cmdline, size };
                check(&e, &op, NULL);
                check(&e, &op, NULL);
                assert_int_equal(e.n_groups, size < 1900 ? 2 : 1);
        }
        fops_entry_done(&e);
}

static void test_an_entry_without_room_keeps_nothing(void **state _unused_) {
        FopsEntry e = {};

        fops_entry_begin(&e, FOPS_KIND_OPERATION, 6);
        while (e.n_fields < ELEMENTSOF(e.fields) - 3)
                fops_entry_add(&e, "FOPSD_KEY", S("k"));
        fops_entry_add_who(&e, &rm, NULL);
        assert_true(e.truncated);
        assert_int_equal(e.n_fields, ELEMENTSOF(e.fields));
        assert_int_equal(e.n_groups, 1);
        check(&e, &rm, NULL);

        fops_entry_begin(&e, FOPS_KIND_OPERATION, 6);
        while (e.n_fields < ELEMENTSOF(e.fields) - 3)
                fops_entry_add(&e, "FOPSD_KEY", S("k"));
        fops_entry_add_who(&e, &rm, NULL);
        assert_true(e.truncated);
        assert_int_equal(e.n_fields, ELEMENTSOF(e.fields));
        fops_entry_done(&e);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_process_is_not_taken_for_another),
                cmocka_unit_test(test_a_file_is_not_taken_for_another),
                cmocka_unit_test(test_it_borrows_from_no_earlier_event),
                cmocka_unit_test(test_who_is_renamed_or_gets_a_name_is_called_by_it),
                cmocka_unit_test(test_long_command_lines_are_whole_and_not_kept),
                cmocka_unit_test(test_an_entry_without_room_keeps_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
