/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Titles against programs, with a /proc made of files for the cases of doubt. */

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "command-lines.h"

#define PID 4711

#define TITLE(s) ((FopsSpan){ s, sizeof(s) - 1 })

typedef struct Fixture {
        FopsCommandLines command_lines;
        FopsProcessTable *processes;
} Fixture;

static char proc_path[] = "/tmp/fops-proc-XXXXXX";

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));
        char path[64];

        strcpy(strrchr(proc_path, '-'), "-XXXXXX");
        if (!f || !mkdtemp(proc_path))
                return -1;
        snprintf(path, sizeof(path), "%s/%u", proc_path, PID);
        if (mkdir(path, 0700) < 0)
                return -1;
        f->processes = fops_process_table_new(open(proc_path, O_PATH | O_DIRECTORY | O_CLOEXEC));
        *state = f;
        return f->processes ? 0 : -1;
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type, _unused_ struct FTW *ftw) {
        return remove(path);
}

static int teardown(void **state) {
        Fixture *f = *state;

        fops_process_table_free(f->processes);
        free(f);
        return nftw(proc_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void set_arguments(FopsSpan arguments) {
        char path[64];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%u/cmdline", proc_path, PID);
        file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(arguments.data, 1, arguments.size, file), arguments.size);
        assert_int_equal(fclose(file), 0);
}

static bool keeps(Fixture *f, FopsOp what, FopsSpan title, const char *exe, const char *comm) {
        FopsOperation op = {
                .op = what, .outcome = FOPS_OUTCOME_SUCCESS, .pid = PID, .title = title, .cmdline = FOPS_SPAN_LITERAL("its line"),
                .cmdline_is_title = true, .exe = fops_span_from_string(exe), .comm = fops_span_from_string(comm),
        };

        fops_command_lines_judge(&f->command_lines, f->processes, &op);
        return op.cmdline.data != NULL;
}

static void test_the_titles_of_ordinary_programs_are_theirs(void **state) {
        Fixture *f = *state;

        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("rm\0-rf\0d"), "/usr/bin/rm", "rm"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("/bin/rm\0x"), "/usr/bin/rm", "rm"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("rm\0x"), "/usr/bin/busybox", "rm"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("rm\0y"), "/usr/bin/rm (deleted)", "thread"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("-bash"), "/usr/bin/bash", "bash"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("vi\0x"), "/usr/bin/vim.basic", "vi"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("/usr/bin/python3\0/opt/tidy"), "/usr/bin/python3.11", "tidy"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("/bin/sh\0-e\0/usr/bin/a-script-of-long-name"), "/usr/bin/dash", "a-script-of-lon"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("/usr/lib/a-program-of-long-name\0x"), "/usr/lib/run", "a-program-of-lo"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("/opt/My App/app\0x"), "/opt/My App/app", "renamed"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("sshd: alice [priv]"), "/usr/sbin/sshd", "sshd"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("nginx: worker process"), "/usr/sbin/nginx", "nginx"));
        assert_true(keeps(f, FOPS_OP_DELETE, TITLE("php-fpm: pool www"), "/usr/sbin/php-fpm8.2", "php-fpm8.2"));
}

static void test_a_title_from_before_an_exec_is_not_told(void **state) {
        Fixture *f = *state;

        assert_true(keeps(f, FOPS_OP_CREATE, TITLE("bash\0-c\0: > x; rm x"), "/usr/bin/bash", "bash"));
        assert_false(keeps(f, FOPS_OP_DELETE, TITLE("bash\0-c\0: > x; rm x"), "/usr/bin/rm", "rm"));
        assert_false(keeps(f, FOPS_OP_DELETE, TITLE("sh\0-c\0rm x"), "/usr/bin/rm", "rm"));
        assert_false(keeps(f, FOPS_OP_DELETE, TITLE("sh\0-c\0./tool"), "/srv/tool", "tool"));
        assert_false(keeps(f, FOPS_OP_DELETE, TITLE("sh\0-c\0x"), "/usr/bin/shred", "shred"));
        assert_false(keeps(f, FOPS_OP_DELETE, TITLE(":"), "/usr/bin/rm", ""));
        assert_false(keeps(f, FOPS_OP_DELETE, TITLE("/"), "/usr/bin/rm", "rm"));
}

static void test_one_shell_script_after_another_is_another_program(void **state) {
        Fixture *f = *state;

        assert_true(keeps(f, FOPS_OP_CREATE, TITLE("/bin/bash\0./a.sh"), "/usr/bin/bash", "a.sh"));
        assert_false(keeps(f, FOPS_OP_DELETE, TITLE("/bin/bash\0./a.sh"), "/usr/bin/bash", "b.sh"));
        /* Now it is known, whatever /proc says. */
        set_arguments(TITLE("/bin/bash\0./a.sh\0"));
        assert_false(keeps(f, FOPS_OP_DELETE, TITLE("/bin/bash\0./a.sh"), "/usr/bin/bash", "b.sh"));
}

static void test_a_multi_call_program_is_what_it_is_called(void **state) {
        Fixture *f = *state;

        assert_true(keeps(f, FOPS_OP_CREATE, TITLE("sh\0-c\0: > x; rm x"), "/bin/busybox", "sh"));
        assert_false(keeps(f, FOPS_OP_DELETE, TITLE("sh\0-c\0: > x; rm x"), "/bin/busybox", "rm"));
}

static void test_proc_decides_whose_thread_has_another_name(void **state) {
        Fixture *f = *state;

        set_arguments(TITLE("java\0-jar\0x.jar\0"));
        assert_true(keeps(f, FOPS_OP_CREATE, TITLE("java\0-jar\0x.jar"), "/usr/bin/java", "java"));
        assert_true(keeps(f, FOPS_OP_CREATE, TITLE("java\0-jar\0x.jar"), "/usr/bin/java", "pool-1-thread-1"));
        /* It isn't asked again. */
        set_arguments(TITLE(""));
        assert_true(keeps(f, FOPS_OP_CREATE, TITLE("java\0-jar\0x.jar"), "/usr/bin/java", "pool-1-thread-2"));
        assert_false(keeps(f, FOPS_OP_CREATE, TITLE("java\0-jar\0x.jar"), "/usr/bin/rm", "rm"));
}

static void test_proc_decides_whose_name_is_its_own_choice(void **state) {
        Fixture *f = *state;

        set_arguments(TITLE("puma 5.6 [app]\0"));
        assert_true(keeps(f, FOPS_OP_CREATE, TITLE("puma 5.6 [app]"), "/usr/bin/ruby3.1", "ruby"));
        set_arguments(TITLE("other\0-c\0"));
        assert_false(keeps(f, FOPS_OP_CREATE, TITLE("other"), "/usr/bin/bash", "bash"));
        assert_true(keeps(f, FOPS_OP_CREATE, TITLE("other\0-c"), "/usr/bin/bash", "bash"));
        assert_false(keeps(f, FOPS_OP_CREATE, TITLE("other\0-c\0x"), "/usr/bin/bash", "bash"));
}

static void test_an_exec_ends_a_title(void **state) {
        Fixture *f = *state;

        /* The process's first record may be of the exec itself: then the title is the new program's. */
        assert_true(keeps(f, FOPS_OP_EXEC, TITLE("sh\0a"), "/usr/bin/sh", "sh"));
        assert_true(keeps(f, FOPS_OP_CREATE, TITLE("sh\0a"), "/usr/bin/sh", "sh"));
        assert_false(keeps(f, FOPS_OP_EXEC, TITLE("sh\0a"), "/usr/bin/sh", "sh"));
        assert_false(keeps(f, FOPS_OP_DELETE, TITLE("sh\0a"), "/usr/bin/sh", "sh"));
}

static void test_what_an_execve_says_stands(void **state) {
        Fixture *f = *state;
        FopsOperation op = {
                .op = FOPS_OP_EXEC, .outcome = FOPS_OUTCOME_SUCCESS, .pid = PID, .title = TITLE("sh\0-c\0x"),
                .cmdline = FOPS_SPAN_LITERAL("rm x"), .exe = FOPS_SPAN_LITERAL("/usr/bin/rm"), .comm = FOPS_SPAN_LITERAL("rm"),
        };

        fops_command_lines_judge(&f->command_lines, f->processes, &op);
        assert_true(fops_span_equal_string(op.cmdline, "rm x"));
}

static void test_without_a_program_nothing_is_judged(void **state) {
        Fixture *f = *state;
        FopsOperation op = { .pid = PID, .title = TITLE("x"), .cmdline = FOPS_SPAN_LITERAL("x"), .cmdline_is_title = true };

        fops_command_lines_judge(&f->command_lines, f->processes, &op);
        assert_non_null(op.cmdline.data);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_the_titles_of_ordinary_programs_are_theirs),
                TEST(test_a_title_from_before_an_exec_is_not_told),
                TEST(test_one_shell_script_after_another_is_another_program),
                TEST(test_a_multi_call_program_is_what_it_is_called),
                TEST(test_proc_decides_whose_thread_has_another_name),
                TEST(test_proc_decides_whose_name_is_its_own_choice),
                TEST(test_an_exec_ends_a_title),
                TEST(test_what_an_execve_says_stands),
                TEST(test_without_a_program_nothing_is_judged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
