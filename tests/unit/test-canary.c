/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The canary's directory and song, and which operations it takes for its own. */

#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test-records.h"

#include "canary.h"
#include "rule-compiler.h"

typedef struct Fixture {
        char root[64];
        Canary canary;
        FopsPairing pairing;
        FopsSyscallTable *syscalls;
        FopsEvent *event;
        FopsOperation op;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f)
                return -1;
        strcpy(f->root, "/tmp/fops-test-XXXXXX");
        f->syscalls = fops_syscall_table_new();
        *state = f;
        if (!f->syscalls || !mkdtemp(f->root))
                return -1;
        canary_init(&f->canary, f->root);
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;
        int r;

        canary_done(&f->canary, false);
        fops_event_free(f->event);
        fops_syscall_table_free(f->syscalls);
        r = rmdir(f->root); /* nothing is left behind */
        free(f);
        return r;
}

static bool exists(Fixture *f, const char *name) {
        char path[PATH_MAX];
        struct stat st;

        snprintf(path, sizeof(path), "%s/%s", f->root, name);
        return lstat(path, &st) == 0;
}

/* A rename from directory 20 to 21 by the process 12, under the rule tagged @tag. */
static FopsOperation *rename_tagged(Fixture *f, const char *tag) {
        char lines[4096];

        snprintf(lines, sizeof(lines), "%s key=\"%s\"\n%s",
                 "type=SYSCALL " EVENT_ID "arch=c000003e syscall=82 success=yes exit=0 a0=1 a1=2 a2=0 a3=0 ppid=11 pid=12", tag,
                 PARENT("/w", 21) PARENT("/w", 20) FILE_ITEM("x", 9, "DELETE") FILE_ITEM("x", 9, "CREATE"));
        f->event = fops_event_free(f->event);
        f->event = event_from_lines(lines);
        assert_int_equal(fops_operation_from_event(f->event, f->syscalls, NULL, &f->op), FOPS_OPERATION_OK);
        return &f->op;
}

/* The same under the canary's own rule. */
static FopsOperation *rename_own(Fixture *f) {
        char tag[FOPS_TAG_BYTES_MAX];
        FopsTarget target;

        assert_true(canary_target(&f->canary, &target));
        fops_target_tag(&target, tag);
        return rename_tagged(f, tag);
}

static void test_its_directory_is_private_and_goes_with_it(void **state) {
        Fixture *f = *state;
        char path[PATH_MAX];
        struct stat st;

        assert_true(exists(f, "canary/old") && exists(f, "canary/new"));
        snprintf(path, sizeof(path), "%s/canary", f->root);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        snprintf(path, sizeof(path), "%s/canary/old", f->root);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(f->canary.old_parent_inode, st.st_ino);

        canary_done(&f->canary, false);
        assert_false(exists(f, "canary"));
        assert_null(f->canary.directory);
}

static void test_what_a_killed_one_left_is_taken_over(void **state) {
        Fixture *f = *state;
        Canary second;

        canary_init(&second, f->root);
        assert_non_null(second.directory);
        assert_int_equal(second.old_parent_inode, f->canary.old_parent_inode);
        canary_done(&second, false);
}

static void test_without_a_directory_there_is_no_canary(void **state) {
        Fixture *f = *state;
        FopsTarget target;
        Canary none;

        canary_init(&none, NULL);
        assert_false(canary_target(&none, &target));
        assert_int_equal(canary_sing(&none, 1), 0);
        assert_int_equal(none.sung_usec, 0);
        assert_false(canary_hear(&none, rename_own(f), &f->pairing, 2));
        canary_done(&none, false);
        canary_init(&none, "/proc/nowhere");
        assert_null(none.directory);
}

static void test_its_rules_are_for_renames_below_its_directory(void **state) {
        Fixture *f = *state;
        FopsTarget target;
        FopsRules r = {};

        assert_true(canary_target(&f->canary, &target));
        assert_string_equal(target.path, f->canary.directory);
        assert_true(target.is_directory);
        assert_false(target.is_missing);
        assert_true(target.watch->ops & FOPS_OP_BIT(FOPS_OP_RENAME));
        assert_int_equal(fops_rules_add_target(&r, &target), 0);
        assert_true(r.n_items > 0);
        fops_rules_done(&r);
}

/* How often x was moved out of a directory that @fd watches and into one. */
static unsigned count_moves(int fd) {
        char buffer[4096] __attribute__((aligned(8)));
        ssize_t size = read(fd, buffer, sizeof(buffer));
        unsigned n = 0;

        for (ssize_t at = 0; at < size;) {
                const struct inotify_event *event = (const void *) (buffer + at);

                assert_string_equal(event->name, "x");
                assert_int_equal(event->mask, n % 2 == 0 ? IN_MOVED_FROM : IN_MOVED_TO);
                n++;
                at += (ssize_t) (sizeof(*event) + event->len);
        }
        return n / 2;
}

static void test_a_song_is_of_each_call_and_leaves_nothing_behind(void **state) {
        _cleanup_close_ int moves = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        Fixture *f = *state;
        char path[PATH_MAX];
        unsigned n = 1; /* renameat2 */
        int status;

#ifdef SYS_renameat
        n++;
#endif
#ifdef SYS_rename
        n++;
#endif
        snprintf(path, sizeof(path), "%s/old", f->canary.directory);
        assert_true(inotify_add_watch(moves, path, IN_MOVED_FROM) >= 0);
        snprintf(path, sizeof(path), "%s/new", f->canary.directory);
        assert_true(inotify_add_watch(moves, path, IN_MOVED_TO) >= 0);

        assert_int_equal(canary_sing(&f->canary, 4711), 0);
        assert_int_equal(f->canary.sung_usec, 4711);
        assert_true(f->canary.pid > 0);
        assert_int_equal(waitpid(f->canary.pid, &status, 0), f->canary.pid);
        assert_int_equal(status, 0);
        assert_int_equal(count_moves(moves), n);
        assert_false(exists(f, "canary/old/x"));
        assert_false(exists(f, "canary/new/x"));
}

static void test_what_its_child_did_is_learnt_from_and_timed(void **state) {
        Fixture *f = *state;

        f->canary.pid = 12;
        f->canary.sung_usec = 1000;
        f->canary.old_parent_inode = 20;
        assert_true(canary_hear(&f->canary, rename_own(f), &f->pairing, 1250));
        assert_int_equal(f->pairing.rename, FOPS_PARENTS_NEW_FIRST);
        assert_int_equal(f->canary.latency_usec, 250);
        assert_int_equal(f->canary.sung_usec, 0);

        /* The first of a song counts. */
        assert_true(canary_hear(&f->canary, rename_own(f), &f->pairing, 9000));
        assert_int_equal(f->canary.latency_usec, 250);

        /* 0 would say that there was none. */
        f->canary.sung_usec = 1000;
        assert_true(canary_hear(&f->canary, rename_own(f), &f->pairing, 1000));
        assert_int_equal(f->canary.latency_usec, 1);
}

static void test_what_others_do_in_there_teaches_nothing(void **state) {
        static const FopsPairing nothing = {};
        Fixture *f = *state;

        f->canary.pid = 13;
        f->canary.sung_usec = 1000;
        f->canary.old_parent_inode = 20;
        assert_true(canary_hear(&f->canary, rename_own(f), &f->pairing, 1250));
        assert_memory_equal(&f->pairing, &nothing, sizeof(nothing));
        assert_int_equal(f->canary.sung_usec, 1000);
        assert_int_equal(f->canary.latency_usec, 0);
}

static void test_operations_of_other_rules_are_not_its_own(void **state) {
        Fixture *f = *state;

        f->canary.pid = 12;
        f->canary.sung_usec = 1000;
        assert_false(canary_hear(&f->canary, rename_tagged(f, FOPS_TAG_PREFIX "0123456789abcdef"), &f->pairing, 1250));
        assert_false(canary_hear(&f->canary, rename_tagged(f, "fopsd's canary"), &f->pairing, 1250));
        assert_int_equal(f->canary.sung_usec, 1000);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_its_directory_is_private_and_goes_with_it),
                TEST(test_what_a_killed_one_left_is_taken_over),
                TEST(test_without_a_directory_there_is_no_canary),
                TEST(test_its_rules_are_for_renames_below_its_directory),
                TEST(test_a_song_is_of_each_call_and_leaves_nothing_behind),
                TEST(test_what_its_child_did_is_learnt_from_and_timed),
                TEST(test_what_others_do_in_there_teaches_nothing),
                TEST(test_operations_of_other_rules_are_not_its_own),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
