/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The cache against a user database, files and a clock of the test's own: libc's functions are replaced here. */

#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "names.h"

static struct {
        const char *user_1000; /* NULL: there is none */
        bool server_down;
        size_t buffer_needed;
        unsigned n_asked;
        int64_t now_msec;
        time_t passwd_changed, group_changed;
} world;

int getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret) {
        *ret = NULL;
        world.n_asked++;
        if (world.server_down)
                return EIO;
        if (size < world.buffer_needed)
                return ERANGE;
        if (uid == 1000 && !world.user_1000)
                return 0;

        if (uid == 1000)
                snprintf(buffer, size, "%s", world.user_1000);
        else
                snprintf(buffer, size, "user%u", (unsigned) uid);
        *pw = (struct passwd){ .pw_name = buffer };
        *ret = pw;
        return 0;
}

int getgrgid_r(gid_t gid, struct group *gr, char *buffer, size_t size, struct group **ret) {
        world.n_asked++;
        snprintf(buffer, size, "group%u", (unsigned) gid);
        *gr = (struct group){ .gr_name = buffer };
        *ret = gr;
        return 0;
}

int stat(const char *path, struct stat *ret) {
        *ret = (struct stat){ .st_mtim.tv_sec =
                                      strcmp(path, "/etc/passwd") == 0 ? world.passwd_changed : world.group_changed };
        return 0;
}

int clock_gettime(_unused_ clockid_t clock, struct timespec *ret) {
        *ret = (struct timespec){ .tv_sec = world.now_msec / 1000, .tv_nsec = world.now_msec % 1000 * 1000000 };
        return 0;
}

static FopsNames *new_world(void) {
        FopsNames *n;

        memset(&world, 0, sizeof(world));
        world.user_1000 = "alice";
        world.passwd_changed = world.group_changed = 1;
        n = fops_names_new();
        assert_non_null(n);
        return n;
}

static void assert_name(FopsSpan name, const char *expected) {
        if (!expected)
                assert_false(fops_span_is_present(name));
        else {
                assert_int_equal(name.size, strlen(expected));
                assert_memory_equal(name.data, expected, name.size);
        }
}

static FopsSpan user_now(FopsNames *n, uint32_t uid) {
        fops_names_begin(n);
        return fops_names_user(n, uid);
}

static FopsSpan group_now(FopsNames *n, uint32_t gid) {
        fops_names_begin(n);
        return fops_names_group(n, gid);
}

static void test_an_id_is_asked_once(_unused_ void **state) {
        _cleanup_(fops_names_freep) FopsNames *n = new_world();

        for (unsigned i = 0; i < 3; i++) {
                assert_name(user_now(n, 1000), "alice");
                assert_name(user_now(n, 7), "user7");
                assert_name(group_now(n, 1000), "group1000");
        }
        assert_int_equal(world.n_asked, 3);
}

static void test_a_changed_file_is_seen_within_a_second(_unused_ void **state) {
        _cleanup_(fops_names_freep) FopsNames *n = new_world();

        assert_name(user_now(n, 1000), "alice");
        assert_name(group_now(n, 5), "group5");
        world.user_1000 = "alicia";
        world.passwd_changed++;
        world.now_msec = 999;
        assert_name(user_now(n, 1000), "alice");
        world.now_msec = 1000;
        assert_name(user_now(n, 1000), "alicia");
        assert_name(group_now(n, 5), "group5");
        assert_int_equal(world.n_asked, 3); /* the groups are as they were */
}

static void test_an_id_without_a_name_is_asked_again_later(_unused_ void **state) {
        _cleanup_(fops_names_freep) FopsNames *n = new_world();

        world.server_down = true;
        assert_name(user_now(n, 1000), NULL);
        world.server_down = false;
        world.user_1000 = NULL;
        world.now_msec = 59999;
        assert_name(user_now(n, 1000), NULL);
        assert_int_equal(world.n_asked, 1);
        world.now_msec = 60000;
        assert_name(user_now(n, 1000), NULL);
        assert_int_equal(world.n_asked, 2);
        world.user_1000 = "alice";
        world.now_msec = 120000;
        assert_name(user_now(n, 1000), "alice");
        assert_int_equal(world.n_asked, 3);
}

static void test_a_large_entry_gets_a_large_buffer(_unused_ void **state) {
        _cleanup_(fops_names_freep) FopsNames *n = new_world();

        world.buffer_needed = 1 << 20;
        assert_name(user_now(n, 1000), "alice");
        world.buffer_needed = SIZE_MAX; /* a server that can't be satisfied */
        assert_name(user_now(n, 1001), NULL);
}

static void test_a_full_cache_begins_anew(_unused_ void **state) {
        _cleanup_(fops_names_freep) FopsNames *n = new_world();
        char expected[16];

        for (uint32_t uid = 5000 + FOPS_NAMES_MAX; uid > 5000; uid--) {
                snprintf(expected, sizeof(expected), "user%u", (unsigned) uid);
                assert_name(user_now(n, uid), expected);
        }
        assert_int_equal(world.n_asked, FOPS_NAMES_MAX);
        assert_name(user_now(n, 5001), "user5001");
        assert_int_equal(world.n_asked, FOPS_NAMES_MAX);

        assert_name(user_now(n, 7000000), "user7000000");
        assert_name(fops_names_user(n, 7000000), "user7000000");
        assert_int_equal(world.n_asked, FOPS_NAMES_MAX + 1);
        assert_name(user_now(n, 5001), "user5001");
        assert_int_equal(world.n_asked, FOPS_NAMES_MAX + 2);
}

static void test_names_that_are_needed_together_live_as_long(_unused_ void **state) {
        _cleanup_(fops_names_freep) FopsNames *n = new_world();
        FopsSpan name;

        fops_names_begin(n);
        for (uint32_t uid = 1; uid < FOPS_NAMES_MAX; uid++)
                assert_true(fops_span_is_present(fops_names_user(n, uid)));
        fops_names_begin(n);
        name = fops_names_user(n, 8000000);
        world.passwd_changed++;
        world.now_msec = 5000;
        for (uint32_t uid = 8000001; uid < 8000000 + FOPS_NAMES_AT_ONCE; uid++)
                assert_true(fops_span_is_present(fops_names_user(n, uid)));
        assert_name(name, "user8000000");
        /* Beyond what was announced nothing is given up for it. */
        for (uint32_t uid = 9000000; uid < 9000000 + FOPS_NAMES_AT_ONCE; uid++)
                (void) fops_names_user(n, uid);
        assert_false(fops_span_is_present(fops_names_user(n, 9999999)));
        assert_name(name, "user8000000");
}

static void test_without_a_cache_there_are_no_names(_unused_ void **state) {
        assert_name(fops_names_user(NULL, 0), NULL);
        assert_name(fops_names_group(NULL, 0), NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_id_is_asked_once),
                cmocka_unit_test(test_a_changed_file_is_seen_within_a_second),
                cmocka_unit_test(test_an_id_without_a_name_is_asked_again_later),
                cmocka_unit_test(test_a_large_entry_gets_a_large_buffer),
                cmocka_unit_test(test_a_full_cache_begins_anew),
                cmocka_unit_test(test_names_that_are_needed_together_live_as_long),
                cmocka_unit_test(test_without_a_cache_there_are_no_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
