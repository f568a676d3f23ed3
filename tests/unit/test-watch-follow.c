/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A real event loop over a real directory: what wakes the follower and what doesn't. */

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "test-records.h"

#include "watch-follow.h"

/* Ten times as long as it settles; and how long a busy machine may take. */
#define QUIET_USEC UINT64_C(100000)
#define PATIENCE_USEC UINT64_C(5000000)

typedef struct Fixture {
        char root[PATH_MAX];
        sd_event *event;
        WatchFollow *follow;
        FopsWatch watches[2];
        size_t n_watches;
        unsigned n_changed;
} Fixture;

static int on_changed(void *userdata) {
        Fixture *f = userdata;

        f->n_changed++;
        return 0;
}

static int setup(void **state) {
        char template[] = "/tmp/fops-test-XXXXXX";
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f || !mkdtemp(template) || !realpath(template, f->root) || sd_event_new(&f->event) < 0 ||
            watch_follow_new(f->event, on_changed, f, &f->follow) < 0)
                return -1;
        *state = f;
        return 0;
}

static int teardown(void **state) {
        _cleanup_free_ char *command = NULL;
        Fixture *f = *state;
        int r;

        watch_follow_free(f->follow);
        sd_event_unref(f->event);
        for (size_t i = 0; i < ELEMENTSOF(f->watches); i++)
                free(f->watches[i].path);
        if (asprintf(&command, "rm -rf '%s'", f->root) < 0)
                return -1;
        r = system(command);
        free(f);
        return r;
}

/* Paths below the root; four at a time. */
static const char *at(Fixture *f, const char *name) {
        static char paths[4][PATH_MAX + 64];
        static unsigned next;

        next = (next + 1) % ELEMENTSOF(paths);
        snprintf(paths[next], sizeof(paths[next]), "%s/%s", f->root, name);
        return paths[next];
}

static void make_directory(Fixture *f, const char *name) {
        assert_int_equal(mkdir(at(f, name), 0700), 0);
}

static void make_file(Fixture *f, const char *name) {
        int fd = open(at(f, name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        close(fd);
}

static void move(Fixture *f, const char *from, const char *to) {
        assert_int_equal(rename(at(f, from), at(f, to)), 0);
}

static void follow_again(Fixture *f) {
        assert_int_equal(watch_follow_set(f->follow, f->watches, f->n_watches), 0);
}

static void follow(Fixture *f, const char *path, bool is_glob) {
        FopsWatch *w = f->watches + f->n_watches++;

        *w = (FopsWatch){ .path = strdup(at(f, path)), .is_glob = is_glob };
        follow_again(f);
}

static void run(Fixture *f, uint64_t usec) {
        unsigned n = f->n_changed;

        while (f->n_changed == n) {
                int r = sd_event_run(f->event, usec);

                assert_true(r >= 0);
                if (r == 0)
                        return;
        }
}

#define assert_wakes(f)                             \
        do {                                        \
                unsigned n_ = (f)->n_changed;       \
                run(f, PATIENCE_USEC);              \
                assert_int_equal((f)->n_changed, n_ + 1); \
        } while (0)

#define assert_quiet(f)                             \
        do {                                        \
                unsigned n_ = (f)->n_changed;       \
                run(f, QUIET_USEC);                 \
                assert_int_equal((f)->n_changed, n_); \
        } while (0)

static void test_a_path_that_appears_goes_and_is_replaced_wakes(void **state) {
        Fixture *f = *state;

        follow(f, "file", false);
        make_file(f, "file");
        assert_wakes(f);
        make_file(f, "other");
        assert_quiet(f);
        move(f, "other", "file");
        assert_wakes(f);
        assert_int_equal(unlink(at(f, "file")), 0);
        assert_wakes(f);
}

static void test_neighbours_and_contents_wake_nobody(void **state) {
        Fixture *f = *state;

        make_directory(f, "dir");
        make_file(f, "dir/file");
        follow(f, "dir", false);
        make_file(f, "dir/new");
        move(f, "dir/file", "dir/renamed");
        make_file(f, "dirt");
        make_file(f, "di");
        assert_int_equal(unlink(at(f, "dirt")), 0);
        assert_quiet(f);
}

static void test_several_changes_at_once_wake_seldom(void **state) {
        Fixture *f = *state;
        unsigned n;

        follow(f, "file", false);
        for (unsigned i = 0; i < 50; i++) {
                make_file(f, "file");
                assert_int_equal(unlink(at(f, "file")), 0);
        }
        /* Once; where this process had to wait while it took them in, again. */
        do {
                n = f->n_changed;
                run(f, n == 0 ? PATIENCE_USEC : QUIET_USEC);
        } while (f->n_changed > n);
        assert_in_range(f->n_changed, 1, 10);
        make_file(f, "file");
        assert_wakes(f);
}

static void test_a_steady_stream_of_changes_puts_nothing_off(void **state) {
        Fixture *f = *state;

        follow(f, "file", false);
        for (unsigned i = 0; i < 100 && f->n_changed == 0; i++) {
                make_file(f, "file");
                assert_int_equal(unlink(at(f, "file")), 0);
                run(f, 2000);
        }
        assert_int_equal(f->n_changed, 1);
}

static void test_directories_above_are_waited_for_one_by_one(void **state) {
        Fixture *f = *state;

        follow(f, "a/b/file", false);
        make_directory(f, "b");
        assert_quiet(f);
        make_directory(f, "a");
        assert_wakes(f);
        follow_again(f);
        make_directory(f, "a/b");
        assert_wakes(f);
        follow_again(f);
        make_file(f, "a/b/file");
        assert_wakes(f);
}

static void test_a_directory_above_that_moves_away_is_followed_no_longer(void **state) {
        Fixture *f = *state;

        make_directory(f, "a");
        make_directory(f, "a/b");
        follow(f, "a/b/file", false);
        move(f, "a", "moved");
        assert_wakes(f);
        follow_again(f);
        make_file(f, "moved/b/file");
        assert_quiet(f);

        make_directory(f, "a");
        assert_wakes(f);
        follow_again(f);
        make_directory(f, "a/b");
        assert_wakes(f);
        follow_again(f);
        make_file(f, "a/b/file");
        assert_wakes(f);
}

static void test_a_directory_that_is_replaced_is_followed_as_the_new_one(void **state) {
        Fixture *f = *state;

        make_directory(f, "a");
        follow(f, "a/file", false);
        assert_int_equal(rmdir(at(f, "a")), 0);
        make_directory(f, "a");
        assert_wakes(f);
        follow_again(f);
        make_file(f, "a/file");
        assert_wakes(f);
}

static void test_each_match_of_a_pattern_wakes_and_no_other_name(void **state) {
        Fixture *f = *state;

        make_directory(f, "home");
        make_directory(f, "home/alice");
        follow(f, "home/*/.ssh", true);
        make_directory(f, "home/alice/.ssh");
        assert_wakes(f);
        make_directory(f, "home/alice/.config");
        make_directory(f, "home/.hidden"); /* "*" isn't for these */
        assert_quiet(f);
        make_directory(f, "home/bob");
        assert_wakes(f);
        follow_again(f);
        make_directory(f, "home/bob/.ssh");
        assert_wakes(f);
        make_file(f, "home/file");
        assert_wakes(f);
        follow_again(f);
}

static void test_a_directory_called_like_a_pattern_is_none(void **state) {
        Fixture *f = *state;

        make_directory(f, "[x]");
        make_directory(f, "*");
        make_directory(f, "x");
        make_directory(f, "x/no");
        follow(f, "[[*]*/*/file", true);
        make_directory(f, "[x]/sub");
        assert_wakes(f);
        follow_again(f);
        make_file(f, "[x]/sub/file");
        assert_wakes(f);
        make_file(f, "x/no/file");
        assert_quiet(f);
}

static void test_a_path_that_is_no_pattern_is_taken_by_its_bytes(void **state) {
        Fixture *f = *state;

        make_directory(f, "a[b]");
        follow(f, "a[b]/c\\d", false);
        make_file(f, "a[b]/c\\d");
        assert_wakes(f);
        make_directory(f, "ab");
        make_file(f, "ab/c\\d");
        assert_int_equal(f->n_changed, 1);
}

static void test_a_symlinked_directory_leads_on(void **state) {
        Fixture *f = *state;

        make_directory(f, "real");
        make_directory(f, "real2");
        assert_int_equal(symlink("real", at(f, "link")), 0);
        follow(f, "link/file", false);
        make_file(f, "real/file");
        assert_wakes(f);
        assert_int_equal(unlink(at(f, "link")), 0);
        assert_int_equal(symlink("real2", at(f, "link")), 0);
        assert_wakes(f);
        follow_again(f);
        make_file(f, "real2/file");
        assert_wakes(f);
}

static void test_what_a_dangling_symlink_leads_to_is_waited_for(void **state) {
        Fixture *f = *state;

        make_directory(f, "links");
        assert_int_equal(symlink("../dir//./file", at(f, "links/link")), 0);
        assert_int_equal(symlink("links/link", at(f, "first")), 0);
        follow(f, "first", false);
        make_directory(f, "dir");
        assert_wakes(f);
        follow_again(f);
        make_file(f, "dir/file");
        assert_wakes(f);
        make_file(f, "dir/other");
        assert_quiet(f);

        /* It leads round and round, at each step twice. */
        assert_int_equal(unlink(at(f, "links/link")), 0);
        assert_int_equal(symlink("../first/../first", at(f, "links/link")), 0);
        assert_wakes(f);
        follow_again(f);
}

static void test_what_is_no_longer_asked_for_wakes_nobody(void **state) {
        Fixture *f = *state;

        follow(f, "one", false);
        follow(f, "two", false);
        make_file(f, "one");
        assert_wakes(f);
        assert_int_equal(watch_follow_set(f->follow, f->watches + 1, 1), 0);
        assert_int_equal(unlink(at(f, "one")), 0);
        assert_quiet(f);
        make_file(f, "two");
        assert_wakes(f);
        assert_int_equal(watch_follow_set(f->follow, NULL, 0), 0);
        assert_int_equal(unlink(at(f, "two")), 0);
        assert_quiet(f);
}

static void test_a_directory_that_is_no_longer_asked_for_may_go_unnoticed(void **state) {
        Fixture *f = *state;

        make_directory(f, "sub");
        follow(f, "sub/file", false);
        assert_int_equal(watch_follow_set(f->follow, NULL, 0), 0);
        assert_int_equal(rmdir(at(f, "sub")), 0);
        assert_quiet(f);
}

static void test_what_overflows_the_queue_is_looked_at_anew(void **state) {
        Fixture *f = *state;
        unsigned max = 16384;
        FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "re");

        if (limit) {
                assert_int_equal(fscanf(limit, "%u", &max), 1);
                fclose(limit);
        }
        if (max > 100000)
                skip();

        make_directory(f, "a");
        follow(f, "a/file", false);
        for (unsigned i = 0; i <= max / 2; i++) {
                make_file(f, "x");
                assert_int_equal(unlink(at(f, "x")), 0);
        }
        /* Of this nothing is heard. */
        move(f, "a", "b");
        make_directory(f, "a");
        assert_wakes(f);
        follow_again(f);
        make_file(f, "a/file");
        assert_wakes(f);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_a_path_that_appears_goes_and_is_replaced_wakes),
                TEST(test_neighbours_and_contents_wake_nobody),
                TEST(test_several_changes_at_once_wake_seldom),
                TEST(test_a_steady_stream_of_changes_puts_nothing_off),
                TEST(test_directories_above_are_waited_for_one_by_one),
                TEST(test_a_directory_above_that_moves_away_is_followed_no_longer),
                TEST(test_a_directory_that_is_replaced_is_followed_as_the_new_one),
                TEST(test_each_match_of_a_pattern_wakes_and_no_other_name),
                TEST(test_a_directory_called_like_a_pattern_is_none),
                TEST(test_a_path_that_is_no_pattern_is_taken_by_its_bytes),
                TEST(test_a_symlinked_directory_leads_on),
                TEST(test_what_a_dangling_symlink_leads_to_is_waited_for),
                TEST(test_what_is_no_longer_asked_for_wakes_nobody),
                TEST(test_a_directory_that_is_no_longer_asked_for_may_go_unnoticed),
                TEST(test_what_overflows_the_queue_is_looked_at_anew),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
