/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The live machine, in a directory of the test's own. */

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "test-records.h"

#include "resolver.h"

#define EXIT_SKIPPED 77

typedef struct Fixture {
        char dir[32];
        FopsArena arena;
        FopsSpan path;
        FopsInode inode;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f)
                return -1;
        strcpy(f->dir, "/tmp/fops-test-world-XXXXXX");
        *state = f;
        return mkdtemp(f->dir) && chdir(f->dir) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st _unused_, int type _unused_, struct FTW *ftw _unused_) {
        return remove(path);
}

static int teardown(void **state) {
        Fixture *f = *state;
        int r;

        r = chdir("/");
        if (r == 0)
                r = nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        fops_arena_done(&f->arena);
        free(f);
        return r;
}

/* The path of @name in the test's directory. */
static FopsSpan at(Fixture *f, const char *name) {
        return fops_arena_printf(&f->arena, "%s/%s", f->dir, name);
}

static int make_file(const char *name) {
        int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        return fd;
}

static int canonicalize(Fixture *f, FopsSpan path) {
        return fops_world_live.canonicalize(NULL, path, &f->arena, &f->path, &f->inode);
}

static int look_up(Fixture *f, FopsSpan path) {
        return fops_world_live.look_up(NULL, path, &f->inode);
}

static int read_fd(Fixture *f, int fd) {
        return fops_world_live.read_fd(NULL, (uint32_t) getpid(), fd, &f->arena, &f->path, &f->inode);
}

static void assert_inode(const FopsInode *inode, const char *name) {
        struct stat st;

        assert_int_equal(lstat(name, &st), 0);
        assert_int_equal(inode->inode, st.st_ino);
        assert_int_equal(inode->dev_major, major(st.st_dev));
        assert_int_equal(inode->dev_minor, minor(st.st_dev));
        assert_int_equal(inode->is_symlink, S_ISLNK(st.st_mode));
}

static void test_symlinks_are_resolved_on_the_way_and_at_the_end(void **state) {
        Fixture *f = *state;

        close(make_file("file"));
        assert_int_equal(mkdir("dir", 0700), 0);
        assert_int_equal(symlink("../file", "dir/link"), 0);
        assert_int_equal(symlink("dir", "way"), 0);

        assert_int_equal(canonicalize(f, at(f, "way/link")), 0);
        assert_true(fops_span_equal(f->path, at(f, "file")));
        assert_inode(&f->inode, "file");
        assert_int_equal(canonicalize(f, at(f, "way/")), 0);
        assert_true(fops_span_equal(f->path, at(f, "dir")));
        assert_int_equal(canonicalize(f, FOPS_SPAN_LITERAL("/")), 0);
        assert_span(f->path, "/");
}

static void test_looking_up_does_not_follow_the_last_symlink(void **state) {
        Fixture *f = *state;

        assert_int_equal(mkdir("dir", 0700), 0);
        assert_int_equal(symlink("nowhere", "dir/link"), 0);
        assert_int_equal(symlink("dir", "way"), 0);
        assert_int_equal(look_up(f, at(f, "way/link")), 0);
        assert_inode(&f->inode, "dir/link");
        assert_true(f->inode.is_symlink);
        assert_int_equal(look_up(f, at(f, "dir")), 0);
        assert_inode(&f->inode, "dir");
}

static void test_what_is_not_there_is_said_so(void **state) {
        Fixture *f = *state;

        close(make_file("file"));
        assert_int_equal(symlink("loop", "loop"), 0);
        assert_int_equal(canonicalize(f, at(f, "none")), -ENOENT);
        assert_int_equal(look_up(f, at(f, "none")), -ENOENT);
        assert_int_equal(canonicalize(f, at(f, "file/x")), -ENOTDIR);
        assert_int_equal(look_up(f, at(f, "file/x")), -ENOTDIR);
        assert_int_equal(canonicalize(f, at(f, "loop")), -ELOOP);
}

static void test_a_nul_cuts_no_path(void **state) {
        Fixture *f = *state;

        assert_int_equal(canonicalize(f, FOPS_SPAN_LITERAL("/\0x")), -EINVAL);
        assert_int_equal(look_up(f, FOPS_SPAN_LITERAL("/\0x")), -EINVAL);
        assert_int_equal(look_up(f, FOPS_SPAN_ABSENT), -EINVAL);
}

static void test_any_byte_may_be_in_a_name(void **state) {
        Fixture *f = *state;

        close(make_file("\n\xff \" (deleted)"));
        assert_int_equal(canonicalize(f, at(f, "\n\xff \" (deleted)")), 0);
        assert_true(fops_span_equal(f->path, at(f, "\n\xff \" (deleted)")));
}

/* A canonical path longer than /proc shows isn't cut. */
static void test_paths_that_are_too_long_are_not_cut(void **state) {
        Fixture *f = *state;
        char name[201];

        memset(name, 'x', 200);
        name[200] = '\0';
        for (unsigned i = 0; i < 25; i++) {
                assert_int_equal(mkdir(name, 0700), 0);
                assert_int_equal(chdir(name), 0);
        }
        {
                _cleanup_close_ int fd = open(".", O_PATH | O_CLOEXEC);

                assert_true(fd >= 0);
                assert_int_equal(read_fd(f, fd), -ENAMETOOLONG);
        }
        for (unsigned i = 0; i < 25; i++) {
                assert_int_equal(chdir(".."), 0);
                assert_int_equal(rmdir(name), 0);
        }
}

/* They lead into other mounts, and /proc/self to the wrong process. */
static void test_the_links_of_proc_are_not_followed(void **state) {
        Fixture *f = *state;
        FopsSpan cwd = fops_arena_printf(&f->arena, "/proc/%d/cwd", getpid());

        assert_int_equal(canonicalize(f, FOPS_SPAN_LITERAL("/proc/self/cwd")), -ELOOP);
        assert_int_equal(canonicalize(f, FOPS_SPAN_LITERAL("/proc/self/root/tmp")), -ELOOP);
        assert_int_equal(canonicalize(f, FOPS_SPAN_LITERAL("/proc/self/fd/0")), -ELOOP);
        assert_int_equal(canonicalize(f, cwd), -ELOOP);
        assert_int_equal(canonicalize(f, FOPS_SPAN_LITERAL("/proc/self/status")), -ELOOP);
        assert_int_equal(canonicalize(f, FOPS_SPAN_LITERAL("/proc/thread-self")), -ELOOP);
        assert_int_equal(canonicalize(f, FOPS_SPAN_LITERAL("/proc/1/status")), 0);
        assert_span(f->path, "/proc/1/status");
}

static void test_a_descriptor_has_a_path_and_an_inode(void **state) {
        Fixture *f = *state;
        _cleanup_close_ int fd = make_file("file");

        assert_int_equal(read_fd(f, fd), 0);
        assert_true(fops_span_equal(f->path, at(f, "file")));
        assert_inode(&f->inode, "file");

        assert_int_equal(rename("file", "moved"), 0);
        assert_int_equal(read_fd(f, fd), 0);
        assert_true(fops_span_equal(f->path, at(f, "moved")));

        assert_int_equal(unlink("moved"), 0);
        assert_int_equal(read_fd(f, fd), 0);
        assert_true(fops_span_equal(f->path, at(f, "moved (deleted)")));
        assert_int_equal(read_fd(f, 12345), -ENOENT);
}

static void test_a_pipe_has_no_path(void **state) {
        Fixture *f = *state;
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        assert_int_equal(read_fd(f, fds[0]), 0);
        assert_true(fops_span_starts_with(f->path, FOPS_SPAN_LITERAL("pipe:")));
        close(fds[0]);
        close(fds[1]);
}

/* A child that changed its world with @change, or skips if it may not; ends when the returned descriptor is closed. */
static pid_t child_after(int (*change)(void), int *ret_fd) {
        int ready[2], stop[2];
        char done = 0;
        pid_t pid;

        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(stop[1]);
                if (change() == 0)
                        done = 1;
                if (write(ready[1], &done, 1) == 1)
                        (void) !read(stop[0], &done, 1);
                _exit(0);
        }
        close(ready[1]);
        close(stop[0]);
        assert_int_equal(read(ready[0], &done, 1), 1);
        close(ready[0]);
        *ret_fd = stop[1];
        if (!done) {
                close(stop[1]);
                waitpid(pid, NULL, 0);
                skip();
        }
        return pid;
}

static int shares_root_after(int (*change)(void)) {
        int fd, r;
        pid_t pid = child_after(change, &fd);

        r = fops_world_live.shares_root(NULL, (uint32_t) pid);
        close(fd);
        waitpid(pid, NULL, 0);
        assert_int_equal(fops_world_live.shares_root(NULL, (uint32_t) pid), -ESRCH);
        return r;
}

static int change_nothing(void) {
        return 0;
}

static int change_root(void) {
        return chroot(".");
}

static int change_mounts(void) {
        return unshare(CLONE_NEWNS);
}

static void test_a_process_like_us_shares_our_root_until_it_is_gone(void **state _unused_) {
        assert_int_equal(fops_world_live.shares_root(NULL, (uint32_t) getpid()), 1);
        assert_int_equal(shares_root_after(change_nothing), 1);
}

static void test_a_chroot_is_another_root(void **state _unused_) {
        assert_int_equal(shares_root_after(change_root), 0);
}

static void test_mounts_of_its_own_are_another_root(void **state _unused_) {
        assert_int_equal(shares_root_after(change_mounts), 0);
}

/* --- names in a directory ---------------------------------------------------------------------------------------------- */

static uint64_t inode_number(const char *name) {
        struct stat st;

        assert_int_equal(lstat(name, &st), 0);
        return st.st_ino;
}

static int read_names(Fixture *f, const char *directory, uint64_t inode, FopsInodeNames *ret) {
        return fops_world_live.read_names(NULL, at(f, directory), inode, &f->arena, ret);
}

static void test_an_inode_is_found_by_its_names_in_a_directory(void **state) {
        struct timespec before, after;
        FopsInodeNames names = {};
        Fixture *f = *state;

        assert_int_equal(mkdir("dir", 0700), 0);
        assert_int_equal(mkdir("dir/sub", 0700), 0);
        assert_int_equal(symlink("sub", "dir/link"), 0);
        close(make_file("dir/file"));
        close(make_file("dir/other"));

        clock_gettime(CLOCK_REALTIME, &before);
        assert_int_equal(read_names(f, "dir", inode_number("dir/file"), &names), 0);
        clock_gettime(CLOCK_REALTIME, &after);
        assert_int_equal(names.n, 1);
        assert_span(names.names[0], "file");
        assert_false(names.more);
        assert_int_equal(names.n_read, 6); /* "." and ".." */
        assert_inode(&names.directory, "dir");
        assert_in_range(names.usec, before.tv_sec * 1000000 + before.tv_nsec / 1000, after.tv_sec * 1000000 + after.tv_nsec / 1000);

        assert_int_equal(read_names(f, "dir", inode_number("dir/sub"), &names), 0);
        assert_int_equal(names.n, 1);
        assert_span(names.names[0], "sub");
        assert_int_equal(read_names(f, "dir", inode_number("dir/link"), &names), 0);
        assert_int_equal(names.n, 1);
        assert_span(names.names[0], "link");

        assert_int_equal(unlink("dir/file"), 0);
        assert_int_equal(read_names(f, "dir", inode_number("dir"), &names), 0);
        assert_int_equal(names.n, 0); /* "." is no name of it */
}

static void test_all_links_of_an_inode_are_found_or_it_is_said_that_there_are_more(void **state) {
        FopsInodeNames names = {};
        Fixture *f = *state;
        char name[16];

        assert_int_equal(mkdir("dir", 0700), 0);
        close(make_file("dir/0"));
        for (unsigned i = 1; i < FOPS_PATH_LINKS_MAX; i++) {
                snprintf(name, sizeof(name), "dir/%u", i);
                assert_int_equal(link("dir/0", name), 0);
        }
        assert_int_equal(read_names(f, "dir", inode_number("dir/0"), &names), 0);
        assert_int_equal(names.n, FOPS_PATH_LINKS_MAX);
        assert_int_equal(link("dir/0", "dir/one-more"), 0);
        assert_int_equal(read_names(f, "dir", inode_number("dir/0"), &names), 0);
        assert_int_equal(names.n, FOPS_PATH_LINKS_MAX);
        assert_true(names.more);
}

static void test_of_a_large_directory_a_part_is_read(void **state) {
        FopsInodeNames names = {};
        Fixture *f = *state;
        char name[16];

        assert_int_equal(mkdir("dir", 0700), 0);
        for (unsigned i = 0; i < FOPS_ENTRIES_READ_MAX - 2; i++) {
                snprintf(name, sizeof(name), "dir/%u", i);
                assert_int_equal(symlink("x", name), 0);
        }
        assert_int_equal(read_names(f, "dir", inode_number("dir/17"), &names), 0);
        assert_int_equal(names.n, 1);
        assert_int_equal(names.n_read, FOPS_ENTRIES_READ_MAX);
        assert_false(names.more);
        close(make_file("dir/one-more"));
        assert_int_equal(read_names(f, "dir", inode_number("dir/17"), &names), 0);
        assert_true(names.more);
}

/* The name is still that of the directory below, but who goes there comes elsewhere. */
static int mount_over_sub(void) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", "none", MS_REC | MS_PRIVATE, NULL) < 0)
                return -1;
        return mount("tmpfs", "dir/sub", "tmpfs", 0, NULL);
}

static void test_a_mount_point_is_not_what_its_entry_says(void **state) {
        FopsInodeNames names = {};
        Fixture *f = *state;
        uint64_t below;
        int status;
        pid_t pid;

        assert_int_equal(mkdir("dir", 0700), 0);
        assert_int_equal(mkdir("dir/sub", 0700), 0);
        below = inode_number("dir/sub");
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (mount_over_sub() < 0)
                        _exit(EXIT_SKIPPED);
                _exit(read_names(f, "dir", below, &names) < 0 || names.n != 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WEXITSTATUS(status) == EXIT_SKIPPED)
                skip();
        assert_int_equal(status, 0);
}

static void test_no_symlink_leads_to_a_directory_that_is_read(void **state) {
        FopsInodeNames names = {};
        Fixture *f = *state;

        assert_int_equal(mkdir("dir", 0700), 0);
        close(make_file("dir/file"));
        assert_int_equal(symlink("dir", "way"), 0);
        assert_int_equal(read_names(f, "way", inode_number("dir/file"), &names), -ELOOP);
        assert_int_equal(read_names(f, "none", 1, &names), -ENOENT);
        assert_int_equal(read_names(f, "dir/file", 1, &names), -ENOTDIR);
        assert_int_equal(fops_world_live.read_names(NULL, FOPS_SPAN_ABSENT, 1, &f->arena, &names), -EINVAL);
        assert_int_equal(fops_world_live.read_names(NULL, FOPS_SPAN_LITERAL("/tmp\0x"), 1, &f->arena, &names), -EINVAL);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_symlinks_are_resolved_on_the_way_and_at_the_end),
                TEST(test_looking_up_does_not_follow_the_last_symlink),
                TEST(test_what_is_not_there_is_said_so),
                TEST(test_a_nul_cuts_no_path),
                TEST(test_any_byte_may_be_in_a_name),
                TEST(test_paths_that_are_too_long_are_not_cut),
                TEST(test_the_links_of_proc_are_not_followed),
                TEST(test_a_descriptor_has_a_path_and_an_inode),
                TEST(test_a_pipe_has_no_path),
                TEST(test_a_process_like_us_shares_our_root_until_it_is_gone),
                TEST(test_a_chroot_is_another_root),
                TEST(test_mounts_of_its_own_are_another_root),
                TEST(test_an_inode_is_found_by_its_names_in_a_directory),
                TEST(test_all_links_of_an_inode_are_found_or_it_is_said_that_there_are_more),
                TEST(test_of_a_large_directory_a_part_is_read),
                TEST(test_a_mount_point_is_not_what_its_entry_says),
                TEST(test_no_symlink_leads_to_a_directory_that_is_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
