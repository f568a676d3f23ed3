/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets in which the tree moves while it is used: renamed directories, inodes that are given away again at once, many processes,
 * many names of one file. Each keeps an account of where things are; nobody else touches them. */

#include "opsgen.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* More than there are processors, so that they get into each other's way. */
#define CROWD 6

static Place at(const char *dir, int fd) {
        return (Place){ dir, fd, "", 0 };
}

/* What can be done to a name in a directory, from nothing to nothing. */
static void some_calls(const Place *p) {
        opens(p, "create", "f", O_CREAT | O_WRONLY);
        changes_mode(p, "f", 0600);
        opens(p, "modify", "f", O_WRONLY);
        makes_directory(p, "d");
        renames(p, "f", p, "d/g", 0);
        links(p, "d/g", p, "hard");
        removes(p, "hard");
        removes(p, "d/g");
        removes_directory(p, "d");
}

/* Directories that were renamed: those who stand in them, hold them open or name what is below mean the new place. */
void set_moved(void) {
        Place h = here(), p;
        int fd, other;

        makes_directory(&h, "a");
        makes_directory(&h, "a/b");
        makes_directory(&h, "a/b/c");
        fd = directory_fd(&h, "a/b/c");
        enter(truly(&h, "a/b/c"));

        renames(&h, "a", &h, "z", 0);
        p = at(truly(&h, "z/b/c"), AT_FDCWD);
        some_calls(&p);
        p.dirfd = fd;
        some_calls(&p);

        /* The old name is another directory's now. */
        makes_directory(&h, "a");
        makes_directory(&h, "a/b");
        makes_directory(&h, "a/b/c");
        opens(&h, "create", "a/b/c/f", O_CREAT | O_WRONLY);
        p.dirfd = AT_FDCWD;
        some_calls(&p);
        p.dirfd = fd;
        some_calls(&p);

        /* From below one into the other. */
        renames(&h, "z/b", &h, "a/b/y", 0);
        p.dir = truly(&h, "a/b/y/c");
        some_calls(&p);
        other = directory_fd(&h, "a/b/c");
        renames(&h, "a/b/y/c", &h, "a/b/c", RENAME_EXCHANGE);
        p.dir = truly(&h, "a/b/c");
        some_calls(&p);
        p = at(truly(&h, "a/b/y/c"), other);
        removes(&p, "f");
        some_calls(&p);
        close(other);

        /* Over an empty one. */
        makes_directory(&h, "empty");
        renames(&h, "a/b/c", &h, "empty", 0);
        p = at(truly(&h, "empty"), fd);
        some_calls(&p);
        close(fd);

        removes_directory(&h, "empty");
        removes_directory(&h, "a/b/y/c");
        removes_directory(&h, "a/b/y");
        removes_directory(&h, "a/b");
        removes_directory(&h, "a");
        removes_directory(&h, "z");
}

/* How long it takes until a small tree that was brought in is known. */
#define LOOK_AROUND_USEC 300000

/* Out of the watched tree, changed there, and in again by another name. What is below is known when it was looked at, and not to
 * who is faster (@flags). */
static void brings(useconds_t pause_usec, unsigned flags) {
        Place h = here(), out = { world.outside, AT_FDCWD, text("%s/", world.outside), 0 }, p;
        int fd;

        makes_directory(&h, "a");
        makes_directory(&h, "a/b");
        opens(&h, "create", "a/b/f", O_CREAT | O_WRONLY);
        fd = directory_fd(&h, "a/b");
        renames(&h, "a", &out, "brought", 0);
        if (mkdir(truly(&out, "brought/b/new"), 0755) < 0)
                fail("mkdir");
        renames(&out, "brought", &h, "c", 0);
        usleep(pause_usec);

        h.flags = flags;
        p = (Place){ truly(&h, "c/b"), fd, "", flags };
        removes(&p, "f");
        some_calls(&p);
        close(fd);
        fd = directory_fd(&h, "c/b/new");
        p = (Place){ truly(&h, "c/b/new"), fd, "", flags };
        some_calls(&p);
        close(fd);
        removes_directory(&h, "c/b/new");
        removes_directory(&h, "c/b");
        h.flags = 0;
        removes_directory(&h, "c");
}

void set_brought(void) {
        brings(0, UNNAMED_BOTH | NAMELESS);
        brings(LOOK_AROUND_USEC, 0);
}

/* ext4 gives the inode of what was just removed to what is made next: a file's to a directory's, one directory's to another's. */
void set_reused(void) {
        Place h = here(), p;
        const char *dir;
        int fd;

        for (size_t i = 0; i < 40; i++) {
                dir = text("d%zu", i);
                makes_directory(&h, dir);
                fd = directory_fd(&h, dir);
                p = at(truly(&h, dir), fd);
                opens(&p, "create", "f", O_CREAT | O_WRONLY);
                makes_directory(&p, "sub");
                opens(&p, "create", "sub/g", O_CREAT | O_WRONLY);
                removes(&p, "f");
                removes(&p, "sub/g");
                removes_directory(&p, "sub");
                close(fd);
                removes_directory(&h, dir);
                dir = text("f%zu", i);
                opens(&h, "create", dir, O_CREAT | O_WRONLY);
                removes(&h, dir);
        }
}

static void waits_for_all(void) {
        int status;

        while (wait(&status) >= 0)
                if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                        fail("a child");
}

/* Many at once, each by a descriptor, with directories of their own that come and go next to each other. */
void set_crowd(void) {
        Place h = here();

        for (size_t i = 0; i < CROWD; i++) {
                pid_t pid = fork();

                if (pid < 0)
                        fail("fork");
                if (pid == 0) {
                        for (size_t j = 0; j < 8; j++) {
                                const char *dir = text("p%zu-%zu", i, j);
                                Place p = h;
                                int fd;

                                makes_directory(&h, dir);
                                fd = directory_fd(&h, dir);
                                p = at(truly(&h, dir), fd);
                                some_calls(&p);
                                close(fd);
                                removes_directory(&h, dir);
                        }
                        _exit(0);
                }
        }
        waits_for_all();
}

/* Processes that do one thing and are gone before anybody can look; each other one by a descriptor that it inherited. */
void set_brief(void) {
        Place h = here(), p;
        int fd;

        makes_directory(&h, "sub");
        fd = directory_fd(&h, "sub");
        p = at(truly(&h, "sub"), fd);
        for (size_t i = 0; i < 40; i++) {
                const Place *where = i % 2 ? &p : &h;
                const char *f = text("f%zu", i), *g = text("g%zu", i);

                for (size_t j = 0; j < 3; j++) {
                        pid_t pid = fork();

                        if (pid < 0)
                                fail("fork");
                        if (pid == 0) {
                                if (j == 0)
                                        opens(where, "create", f, O_CREAT | O_WRONLY);
                                else if (j == 1)
                                        renames(where, f, i % 4 < 2 ? where : &h, g, 0);
                                else
                                        removes(i % 4 < 2 ? where : &h, g);
                                _exit(0);
                        }
                        waits_for_all();
                }
        }
        close(fd);
        removes_directory(&h, "sub");
}

/* One file, many names, in several directories: each call means the name that it gives. */
void set_hard(void) {
        Place h = here(), p, q;

        makes_directory(&h, "a");
        makes_directory(&h, "b");
        p = at(truly(&h, "a"), directory_fd(&h, "a"));
        q = at(truly(&h, "b"), directory_fd(&h, "b"));

        opens(&p, "create", "one", O_CREAT | O_WRONLY);
        links(&p, "one", &p, "two");
        links(&p, "two", &q, "three");
        links(&q, "three", &h, "four");
        opens(&p, "modify", "two", O_WRONLY);
        opens(&q, "read", "three", O_RDONLY);
        changes_mode(&p, "one", 0600);
        changes_mode(&q, "three", 0640);
        changes_mode(&h, "four", 0600);
        renames(&p, "two", &q, "five", 0);
        changes_mode(&q, "five", 0640);
        removes(&p, "one");
        opens(&q, "modify", "five", O_RDWR);
        removes(&h, "four");
        removes(&q, "three");
        changes_mode(&q, "five", 0600);
        opens(&q, "modify", "five", O_WRONLY);
        removes(&q, "five");

        /* More names than are kept of one file: where only its inode tells which file it is, it isn't told. */
        opens(&p, "create", "f", O_CREAT | O_WRONLY);
        for (size_t i = 0; i < 20; i++) {
                p.flags = i < 14 ? 0 : UNNAMED | NAMELESS;
                links(&p, "f", &q, text("l%zu", i));
        }
        q.flags = p.flags = UNNAMED_BOTH | NAMELESS;
        changes_mode(&q, "l7", 0600);
        q.flags = 0;
        for (size_t i = 0; i < 20; i++)
                removes(&q, text("l%zu", i));
        changes_mode(&p, "f", 0640);
        p.flags = 0;
        removes(&p, "f");

        close(p.dirfd);
        close(q.dirfd);
        removes_directory(&h, "a");
        removes_directory(&h, "b");
}

static int opens_handle(const char *path, int flags) {
        char buffer[sizeof(struct file_handle) + MAX_HANDLE_SZ] __attribute__((aligned(8)));
        struct file_handle *handle = (struct file_handle *) buffer;
        int mount_id, mount_fd, fd;

        handle->handle_bytes = MAX_HANDLE_SZ;
        if (name_to_handle_at(AT_FDCWD, path, handle, &mount_id, 0) < 0)
                return -1;
        /* Any descriptor on the file system; O_PATH is no operation. */
        mount_fd = open(path, O_PATH | O_CLOEXEC);
        fd = mount_fd < 0 ? -1 : open_by_handle_at(mount_fd, handle, flags);
        if (mount_fd >= 0)
                close(mount_fd);
        return fd;
}

/* open_by_handle_at(2) leaves no record; what is done through its descriptor does. */
void set_handle(void) {
        Place h = here(), p;
        int fd;

        makes_directory(&h, "sub");
        opens(&h, "create", "sub/f", O_CREAT | O_WRONLY);
        fd = opens_handle(truly(&h, "sub/f"), O_RDWR);
        if (fd >= 0) {
                perform("fchmod", (Truth){ "chmod", truly(&h, "sub/f"), .flags = UNNAMED | NAMELESS, .new_mode = 0600 },
                        SYS_fchmod, ARGS(fd, 0600));
                renames(&h, "sub/f", &h, "g", 0);
                perform("fchmod", (Truth){ "chmod", truly(&h, "g"), .flags = UNNAMED | NAMELESS, .new_mode = 0640 }, SYS_fchmod,
                        ARGS(fd, 0640));
                renames(&h, "g", &h, "sub/f", 0);
                close(fd);
        }
        removes(&h, "sub/f");
        fd = opens_handle(truly(&h, "sub"), O_RDONLY | O_DIRECTORY);
        if (fd >= 0) {
                p = at(truly(&h, "sub"), fd);
                some_calls(&p);
                close(fd);
        }
        removes_directory(&h, "sub");
}
