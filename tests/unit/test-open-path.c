/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Both ways of opening, over every form of path: what openat2(2) says is what the steps must say. */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "test-records.h"

#include "open-path.h"

typedef struct Fixture {
        char root[PATH_MAX];
} Fixture;

static int setup(void **state) {
        static const char script[] = "cd '%s' && mkdir -p a/b/c other && echo x > a/b/file && ln -s b a/to-b && ln -s ../file a/b/c/up && "
                                     "ln -s '%s/a' absolute && ln -s self self && ln -s /nowhere/at/all dangling && ln -s a/b/ slashed && "
                                     "ln -s /proc/self/cwd magic && ln -s .. a/parent && ln -s a/to-b/c/up chain";
        char template[] = "/tmp/fops-test-XXXXXX";
        _cleanup_free_ char *command = NULL;
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f || !mkdtemp(template) || !realpath(template, f->root))
                return -1;
        *state = f;
        if (asprintf(&command, script, f->root, f->root) < 0)
                return -1;
        return system(command);
}

static int teardown(void **state) {
        _cleanup_free_ char *command = NULL;
        Fixture *f = *state;
        int r;

        if (asprintf(&command, "rm -rf '%s'", f->root) < 0)
                return -1;
        r = system(command);
        free(f);
        return r;
}

/* 0 and the inode of what was opened, or the error. */
static int inode_of(int fd, ino_t *ret) {
        struct stat st;

        *ret = 0;
        if (fd < 0)
                return fd;
        assert_int_equal(fstat(fd, &st), 0);
        close(fd);
        *ret = st.st_ino;
        return 0;
}

static ino_t steps(Fixture *f, const char *name, int flags, FopsLinks links, int expected) {
        char path[2 * PATH_MAX];
        ino_t inode;

        snprintf(path, sizeof(path), "%s/%s", f->root, name);
        assert_int_equal(inode_of(fops_open_path_by_steps(path, flags, links), &inode), expected);
        return inode;
}

static ino_t inode_at(Fixture *f, const char *name) {
        char path[2 * PATH_MAX];
        struct stat st;

        snprintf(path, sizeof(path), "%s/%s", f->root, name);
        assert_int_equal(lstat(path, &st), 0);
        return st.st_ino;
}

static void test_links_are_followed_to_what_they_name(void **state) {
        Fixture *f = *state;
        ino_t file = inode_at(f, "a/b/file");

        assert_int_equal(steps(f, "a/b/file", O_PATH, FOPS_LINKS_NO_MAGIC, 0), file);
        assert_int_equal(steps(f, "a/to-b/file", O_PATH, FOPS_LINKS_NO_MAGIC, 0), file);
        assert_int_equal(steps(f, "absolute/to-b/c/up", O_PATH, FOPS_LINKS_NO_MAGIC, 0), file);
        assert_int_equal(steps(f, "chain", O_PATH, FOPS_LINKS_NO_MAGIC, 0), file);
        assert_int_equal(steps(f, "slashed/file", O_PATH, FOPS_LINKS_NO_MAGIC, 0), file);
        assert_int_equal(steps(f, "a/parent/other/../chain", O_PATH, FOPS_LINKS_NO_MAGIC, 0), file);
        assert_int_equal(steps(f, "slashed", O_PATH, FOPS_LINKS_NO_MAGIC, 0), inode_at(f, "a/b"));
        steps(f, "self", O_PATH, FOPS_LINKS_NO_MAGIC, -ELOOP);
        steps(f, "dangling", O_PATH, FOPS_LINKS_NO_MAGIC, -ENOENT);
}

static void test_the_last_link_is_itself_if_asked_for(void **state) {
        Fixture *f = *state;

        assert_int_equal(steps(f, "chain", O_PATH | O_NOFOLLOW, FOPS_LINKS_NO_MAGIC, 0), inode_at(f, "chain"));
        assert_int_equal(steps(f, "dangling", O_PATH | O_NOFOLLOW, FOPS_LINKS_NONE, 0), inode_at(f, "dangling"));
        assert_int_equal(steps(f, "a/to-b/", O_PATH | O_NOFOLLOW, FOPS_LINKS_NO_MAGIC, 0), inode_at(f, "a/b"));
}

static void test_no_link_is_followed_where_none_may_be(void **state) {
        Fixture *f = *state;
        const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

        assert_int_equal(steps(f, "a/b", flags, FOPS_LINKS_NONE, 0), inode_at(f, "a/b"));
        assert_int_equal(steps(f, "a//b/.//c/..", flags, FOPS_LINKS_NONE, 0), inode_at(f, "a/b"));
        assert_int_equal(steps(f, "", flags, FOPS_LINKS_NONE, 0), inode_at(f, "."));
        steps(f, "absolute/b", flags, FOPS_LINKS_NONE, -ELOOP);
        steps(f, "a/to-b/", flags, FOPS_LINKS_NONE, -ELOOP);
        steps(f, "a/b/file", flags, FOPS_LINKS_NONE, -ENOTDIR);
        steps(f, "a/b/file/", flags, FOPS_LINKS_NONE, -ENOTDIR);
        steps(f, "a/b/file/x", flags, FOPS_LINKS_NONE, -ENOTDIR);
}

static void test_links_of_proc_lead_nowhere(void **state) {
        ino_t inode;

        steps(*state, "magic", O_PATH, FOPS_LINKS_NO_MAGIC, -ELOOP);
        assert_int_equal(inode_of(fops_open_path("/proc/self/root/tmp", O_PATH, FOPS_LINKS_NO_MAGIC), &inode), -ELOOP);
        assert_int_equal(inode_of(fops_open_path_by_steps("/proc/self/root/tmp", O_PATH, FOPS_LINKS_NO_MAGIC), &inode), -ELOOP);
}

static void test_both_ways_agree(void **state) {
        static const char *const names[] = {
                "a/b/file", "a/to-b/file", "absolute/to-b/c/up", "chain", "slashed", "slashed/", "slashed/file", "self", "self/x",
                "dangling", "dangling/", "a/parent/a/parent/other", "a/b/file/", "a/b/file/..", "nothing", "nothing/x", ".", "..",
                "../..", "../../../../../tmp", "a/.", "a/b/c/up/", "a//to-b//c///up", "other/../../", "absolute", "absolute/",
        };
        static const int flags[] = { O_PATH, O_PATH | O_NOFOLLOW, O_RDONLY | O_DIRECTORY | O_NOFOLLOW };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                for (size_t j = 0; j < ELEMENTSOF(flags); j++)
                        for (FopsLinks links = FOPS_LINKS_NONE; links <= FOPS_LINKS_NO_MAGIC; links++) {
                                char path[2 * PATH_MAX];
                                ino_t by_kernel, by_steps;
                                int r;

                                if (links == FOPS_LINKS_NONE && !(flags[j] & O_NOFOLLOW))
                                        continue; /* nobody asks for that */
                                snprintf(path, sizeof(path), "%s/%s", f->root, names[i]);
                                r = inode_of(fops_open_path(path, flags[j], links), &by_kernel);
                                if (inode_of(fops_open_path_by_steps(path, flags[j], links), &by_steps) != r || by_kernel != by_steps)
                                        fail_msg("%s, flags %#x, links %d: %d against %d", names[i], (unsigned) flags[j], (int) links, r,
                                                 inode_of(fops_open_path_by_steps(path, flags[j], links), &by_steps));
                        }
}

static void test_what_is_too_long_or_relative_is_refused(void **state) {
        char name[NAME_MAX + 3], path[PATH_MAX + 2];

        memset(name, 'n', NAME_MAX + 1);
        name[NAME_MAX + 1] = '\0';
        steps(*state, name, O_PATH, FOPS_LINKS_NONE, -ENAMETOOLONG);

        memset(path, '/', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        assert_int_equal(fops_open_path_by_steps(path, O_PATH, FOPS_LINKS_NONE), -ENAMETOOLONG);
        assert_int_equal(fops_open_path_by_steps("tmp", O_PATH, FOPS_LINKS_NONE), -EINVAL);
        assert_int_equal(fops_open_path_by_steps("", O_PATH, FOPS_LINKS_NONE), -ENOENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_links_are_followed_to_what_they_name),
                cmocka_unit_test(test_the_last_link_is_itself_if_asked_for),
                cmocka_unit_test(test_no_link_is_followed_where_none_may_be),
                cmocka_unit_test(test_links_of_proc_lead_nowhere),
                cmocka_unit_test(test_both_ways_agree),
                cmocka_unit_test(test_what_is_too_long_or_relative_is_refused),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
