/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sets of operations. Those that have to do with paths go through the same calls again and again (every_at_call,
 * every_plain_call) and differ in how they say the path. */

#include "opsgen.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <utime.h>

#if HAVE_LIBURING
#  include <liburing.h>
#endif

/* Any user that is not root and owns nothing. */
#define OTHER_ID 65534

/* The calls that take a descriptor of the directory. @p's directory is there and empty; so it is left. */
static void every_at_call(const Place *p) {
        opens(p, "create", "f", O_CREAT | O_WRONLY);
        opens(p, "create", "excl", O_CREAT | O_EXCL | O_RDWR);
        opens(p, "modify", "f", O_CREAT | O_WRONLY);
        opens(p, "modify", "f", O_WRONLY);
        opens(p, "modify", "f", O_WRONLY | O_APPEND);
        opens(p, "modify", "f", O_WRONLY | O_TRUNC);
        opens(p, "modify", "f", O_RDWR);
        opens(p, "read", "f", O_RDONLY);
        opens_how(p, "create", "how", O_CREAT | O_WRONLY);
        opens_how(p, "modify", "how", O_RDWR);
        opens_how(p, "read", "how", O_RDONLY);
        makes_directory(p, "d");
        opens(p, "list", "d", O_RDONLY | O_DIRECTORY);
        opens(p, "list", "d", O_RDONLY);
        perform("mknodat", (Truth){ "mknod", truly(p, "fifo"), .flags = p->flags }, SYS_mknodat,
                ARGS(p->dirfd, L(said(p, "fifo")), S_IFIFO | 0600, 0));
        perform("mknodat", (Truth){ "mknod", truly(p, "node"), .flags = p->flags }, SYS_mknodat,
                ARGS(p->dirfd, L(said(p, "node")), S_IFREG | 0600, 0));
        symlinks(p, "no/such place", "sym");
        links(p, "f", p, "hard");
        changes_mode(p, "f", 0600);
        perform("fchmodat2", (Truth){ "chmod", truly(p, "f"), .flags = p->flags, .new_mode = 0640 }, SYS_fchmodat2,
                ARGS(p->dirfd, L(said(p, "f")), 0640, 0));
        perform("fchownat", (Truth){ "chown", truly(p, "f"), .flags = p->flags, .new_uid = 1234, .new_gid = 4321 },
                SYS_fchownat, ARGS(p->dirfd, L(said(p, "f")), 1234, 4321, 0));
        perform("fchownat", (Truth){ "chown", truly(p, "sym"), .flags = p->flags, .new_uid = 1234, .new_gid = 4321 },
                SYS_fchownat, ARGS(p->dirfd, L(said(p, "sym")), 1234, 4321, AT_SYMLINK_NOFOLLOW));
        perform("utimensat", (Truth){ "utime", truly(p, "f"), .flags = p->flags }, SYS_utimensat,
                ARGS(p->dirfd, L(said(p, "f")), 0, 0));
#ifdef SYS_futimesat
        perform("futimesat", (Truth){ "utime", truly(p, "f"), .flags = p->flags }, SYS_futimesat,
                ARGS(p->dirfd, L(said(p, "f")), 0));
#endif
        renames(p, "f", p, "g", 0);
        renames(p, "g", p, "h", RENAME_NOREPLACE);
        renames(p, "h", p, "excl", RENAME_EXCHANGE);
        renames(p, "h", p, "how", 0);
        renames(p, "how", p, "d/inner", 0);
#ifdef SYS_renameat
        perform("renameat", (Truth){ "rename", truly(p, "d/inner"), truly(p, "back"), .flags = p->flags }, SYS_renameat,
                ARGS(p->dirfd, L(said(p, "d/inner")), p->dirfd, L(said(p, "back"))));
#endif
        removes(p, "back");
        removes(p, "hard");
        removes(p, "excl");
        removes(p, "sym");
        removes(p, "fifo");
        removes(p, "node");
        removes_directory(p, "d");
}

/* The calls that know no descriptor. The same contract. */
static void every_plain_call(const Place *p) {
        static const char value[] = "v";
        static const struct utimbuf past = { 1000000000, 1000000000 };
        long fd;

#ifdef SYS_open
        fd = perform("open", (Truth){ "create", truly(p, "f"), .flags = p->flags }, SYS_open,
                     ARGS(L(said(p, "f")), O_CREAT | O_RDWR, 0644));
        close((int) fd);
        fd = perform("open", (Truth){ "modify", truly(p, "f"), .flags = p->flags }, SYS_open,
                     ARGS(L(said(p, "f")), O_WRONLY));
        close((int) fd);
        fd = perform("open", (Truth){ "read", truly(p, "f"), .flags = p->flags }, SYS_open, ARGS(L(said(p, "f")), O_RDONLY));
        close((int) fd);
        fd = perform("creat", (Truth){ "create", truly(p, "c"), .flags = p->flags }, SYS_creat, ARGS(L(said(p, "c")), 0644));
        close((int) fd);
        fd = perform("creat", (Truth){ "modify", truly(p, "c"), .flags = p->flags }, SYS_creat, ARGS(L(said(p, "c")), 0644));
        close((int) fd);
        perform("mkdir", (Truth){ "mkdir", truly(p, "d"), .flags = p->flags }, SYS_mkdir, ARGS(L(said(p, "d")), 0755));
        perform("mknod", (Truth){ "mknod", truly(p, "fifo"), .flags = p->flags }, SYS_mknod,
                ARGS(L(said(p, "fifo")), S_IFIFO | 0600, 0));
        perform("symlink", (Truth){ "symlink", truly(p, "sym"), .target = "f", .flags = p->flags }, SYS_symlink,
                ARGS(L("f"), L(said(p, "sym"))));
        perform("link", (Truth){ "link", truly(p, "f"), truly(p, "hard"), .flags = p->flags }, SYS_link,
                ARGS(L(said(p, "f")), L(said(p, "hard"))));
        perform("chmod", (Truth){ "chmod", truly(p, "f"), .flags = p->flags, .new_mode = 0600 }, SYS_chmod,
                ARGS(L(said(p, "f")), 0600));
        perform("chown", (Truth){ "chown", truly(p, "f"), .flags = p->flags, .new_uid = 1234, .new_gid = 4321 }, SYS_chown,
                ARGS(L(said(p, "f")), 1234, 4321));
        perform("lchown", (Truth){ "chown", truly(p, "sym"), .flags = p->flags, .new_uid = 1234, .new_gid = 4321 },
                SYS_lchown, ARGS(L(said(p, "sym")), 1234, 4321));
        perform("utime", (Truth){ "utime", truly(p, "f"), .flags = p->flags }, SYS_utime, ARGS(L(said(p, "f")), L(&past)));
        perform("utimes", (Truth){ "utime", truly(p, "f"), .flags = p->flags }, SYS_utimes, ARGS(L(said(p, "f")), 0));
#else
        opens(p, "create", "f", O_CREAT | O_RDWR);
        opens(p, "create", "c", O_CREAT | O_RDWR);
        makes_directory(p, "d");
        symlinks(p, "f", "sym");
        links(p, "f", p, "hard");
        (void) past;
        (void) fd;
#endif
        perform("truncate", (Truth){ "truncate", truly(p, "f"), .flags = p->flags }, SYS_truncate,
                ARGS(L(said(p, "f")), 10));
        perform("setxattr", (Truth){ "setxattr", truly(p, "f"), .flags = p->flags }, SYS_setxattr,
                ARGS(L(said(p, "f")), L("trusted.fops"), L(value), 1, 0));
        perform("lsetxattr", (Truth){ "setxattr", truly(p, "sym"), .flags = p->flags }, SYS_lsetxattr,
                ARGS(L(said(p, "sym")), L("trusted.fops"), L(value), 1, 0));
        perform("removexattr", (Truth){ "removexattr", truly(p, "f"), .flags = p->flags }, SYS_removexattr,
                ARGS(L(said(p, "f")), L("trusted.fops")));
        perform("lremovexattr", (Truth){ "removexattr", truly(p, "sym"), .flags = p->flags }, SYS_lremovexattr,
                ARGS(L(said(p, "sym")), L("trusted.fops")));
#ifdef SYS_open
        perform("rename", (Truth){ "rename", truly(p, "c"), truly(p, "r"), .flags = p->flags }, SYS_rename,
                ARGS(L(said(p, "c")), L(said(p, "r"))));
        perform("rename", (Truth){ "rename", truly(p, "r"), truly(p, "hard"), .flags = p->flags }, SYS_rename,
                ARGS(L(said(p, "r")), L(said(p, "hard"))));
        perform("rename", (Truth){ "rename", truly(p, "d"), truly(p, "e"), .flags = p->flags }, SYS_rename,
                ARGS(L(said(p, "d")), L(said(p, "e"))));
        perform("unlink", (Truth){ "delete", truly(p, "hard"), .flags = p->flags }, SYS_unlink, ARGS(L(said(p, "hard"))));
        perform("unlink", (Truth){ "delete", truly(p, "fifo"), .flags = p->flags }, SYS_unlink, ARGS(L(said(p, "fifo"))));
        perform("unlink", (Truth){ "delete", truly(p, "sym"), .flags = p->flags }, SYS_unlink, ARGS(L(said(p, "sym"))));
        perform("unlink", (Truth){ "delete", truly(p, "f"), .flags = p->flags }, SYS_unlink, ARGS(L(said(p, "f"))));
        perform("rmdir", (Truth){ "rmdir", truly(p, "e"), .flags = p->flags }, SYS_rmdir, ARGS(L(said(p, "e"))));
#else
        removes(p, "hard");
        removes(p, "c");
        removes(p, "sym");
        removes(p, "f");
        removes_directory(p, "d");
#endif
}

static void set_absolute(void) {
        Place p = here();

        every_at_call(&p);
        every_plain_call(&p);
}

static void set_relative(void) {
        Place h = here(), below;

        makes_directory(&h, "sub");

        enter(h.dir);
        below = (Place){ truly(&h, "sub"), AT_FDCWD, "sub/", 0 };
        every_at_call(&below);
        every_plain_call(&below);

        enter(below.dir);
        below.prefix = "";
        every_at_call(&below);
        every_plain_call(&below);

        removes_directory(&h, "sub");
}

/* "..", "." and doubled slashes where text alone tells what is meant. */
static void set_dotted(void) {
        Place h = here(), p;

        makes_directory(&h, "sub");
        makes_directory(&h, "cwd");
        enter(truly(&h, "cwd"));

        p = (Place){ truly(&h, "sub"), AT_FDCWD, "../sub/", 0 };
        every_at_call(&p);
        every_plain_call(&p);
        p.prefix = "./..//sub/././";
        every_plain_call(&p);
        p.prefix = text("%s/./%s//sub///", world.top, world.set);
        every_plain_call(&p);

        removes_directory(&h, "cwd");
        removes_directory(&h, "sub");
}

/* ".." behind a name: the name could be a symlink, here it is one. */
static void set_dotdot(void) {
        Place h = here(), p;

        makes_directory(&h, "sub");
        makes_directory(&h, "deep");
        makes_directory(&h, "deep/sub");
        makes_directory(&h, "deep/end");
        symlinks(&h, "deep/end", "ln");
        enter(h.dir);

        p = (Place){ truly(&h, "sub"), AT_FDCWD, "deep/../sub/", UNNAMED_BOTH };
        every_at_call(&p);
        p = (Place){ truly(&h, "deep/sub"), AT_FDCWD, "ln/../sub/", UNNAMED_BOTH };
        every_at_call(&p);
        every_plain_call(&p);

        removes(&h, "ln");
        removes_directory(&h, "deep/end");
        removes_directory(&h, "deep/sub");
        removes_directory(&h, "deep");
        removes_directory(&h, "sub");
}

static void set_dirfd(void) {
        Place h = here(), p;
        int fd;

        makes_directory(&h, "sub");
        fd = directory_fd(&h, "sub");
        enter("/");
        p = (Place){ truly(&h, "sub"), fd, "", UNNAMED_BOTH };
        every_at_call(&p);
        close(fd);
        removes_directory(&h, "sub");
}

/* Several components behind a descriptor, with the same names below the current directory to be taken in by. */
static void set_dirfd_deep(void) {
        Place h = here(), p;
        int fd;

        makes_directory(&h, "a");
        makes_directory(&h, "a/b");
        makes_directory(&h, "a/b/c");
        makes_directory(&h, "b");
        makes_directory(&h, "b/c");
        opens(&h, "create", "b/c/f", O_CREAT | O_WRONLY);
        opens(&h, "create", "b/c/g", O_CREAT | O_WRONLY);
        opens(&h, "create", "b/c/excl", O_CREAT | O_WRONLY);

        fd = directory_fd(&h, "a");
        enter(h.dir);
        p = (Place){ truly(&h, "a/b/c"), fd, "b/c/", UNNAMED_BOTH };
        every_at_call(&p);
        p = (Place){ truly(&h, "b/c"), fd, "../b/c/", UNNAMED_BOTH };
        removes(&p, "f");
        removes(&p, "g");
        removes(&p, "excl");
        close(fd);

        removes_directory(&h, "b/c");
        removes_directory(&h, "b");
        removes_directory(&h, "a/b/c");
        removes_directory(&h, "a/b");
        removes_directory(&h, "a");
}

/* Two names with different bases: two descriptors, a descriptor and the current directory,
        a descriptor and an absolute name. */
static void set_mixed(void) {
        Place h = here(), a, b;

        makes_directory(&h, "a");
        makes_directory(&h, "b");
        enter(truly(&h, "b"));

        a = (Place){ truly(&h, "a"), directory_fd(&h, "a"), "", UNNAMED_BOTH };
        b = (Place){ truly(&h, "b"), directory_fd(&h, "b"), "", UNNAMED_BOTH };
        opens(&a, "create", "f", O_CREAT | O_WRONLY);
        renames(&a, "f", &b, "f", 0);
        links(&b, "f", &a, "hard");
        removes(&a, "hard");
        b = (Place){ b.dir, AT_FDCWD, "", 0 };
        renames(&b, "f", &a, "f", 0);
        renames(&a, "f", &b, "g", 0);
        links(&b, "g", &a, "hard");
        removes(&a, "hard");
        b.prefix = text("%s/", b.dir);
        renames(&b, "g", &a, "g", 0);
        renames(&a, "g", &b, "h", 0);
        opens(&a, "create", "h", O_CREAT | O_WRONLY);
        renames(&a, "h", &b, "h", RENAME_EXCHANGE);
        renames(&b, "h", &a, "h", 0);
        removes(&a, "h");

        removes_directory(&h, "a");
        removes_directory(&h, "b");
}

/* Nothing but a descriptor of the object itself. */
static void fd_calls(const char *path, int fd) {
        static const char value[] = "v";

        perform("fchmod", (Truth){ "chmod", path, .flags = UNNAMED | NAMELESS, .new_mode = 0600 }, SYS_fchmod, ARGS(fd, 0600));
        perform("fchown", (Truth){ "chown", path, .flags = UNNAMED | NAMELESS, .new_uid = 1234, .new_gid = 4321 }, SYS_fchown,
                ARGS(fd, 1234, 4321));
        perform("fchownat", (Truth){ "chown", path, .flags = UNNAMED | NAMELESS, .new_uid = 4321, .new_gid = 1234 }, SYS_fchownat,
                ARGS(fd, L(""), 4321, 1234, AT_EMPTY_PATH));
        perform("fsetxattr", (Truth){ "setxattr", path, .flags = UNNAMED | NAMELESS }, SYS_fsetxattr,
                ARGS(fd, L("trusted.fops"), L(value), 1, 0));
        perform("fremovexattr", (Truth){ "removexattr", path, .flags = UNNAMED | NAMELESS }, SYS_fremovexattr,
                ARGS(fd, L("trusted.fops")));
        perform("ftruncate", (Truth){ "truncate", path, .flags = UNNAMED | NAMELESS | SILENT }, SYS_ftruncate, ARGS(fd, 5));
        perform("utimensat", (Truth){ "utime", path, .flags = UNNAMED | NAMELESS | SILENT }, SYS_utimensat, ARGS(fd, 0, 0, 0));
}

static void set_fd(void) {
        Place h = here();
        int fd;

        fd = (int) opens_as(&h, "create", "f", O_CREAT | O_RDWR, 0);
        fd_calls(truly(&h, "f"), fd);
        renames(&h, "f", &h, "g", 0);
        fd_calls(truly(&h, "g"), fd);
        removes(&h, "g");
        /* The file has no name any more, and another one has it: what it was called is the most that can be said. */
        opens(&h, "create", "g", O_CREAT | O_WRONLY);
        world.is_elsewhere = true;
        fd_calls(truly(&h, "g"), fd);
        world.is_elsewhere = false;
        removes(&h, "g");
        close(fd);
}

/* The way leads through a symlink: the true path is another one than the one that was said. */
static void set_symlink(void) {
        Place h = here(), p;

        makes_directory(&h, "real");
        symlinks(&h, "real", "ln");
        p = (Place){ truly(&h, "real"), AT_FDCWD, truly(&h, "ln/"), UNNAMED_BOTH };
        every_at_call(&p);
        every_plain_call(&p);
        enter(h.dir);
        p.prefix = "ln/";
        every_at_call(&p);

        /* The last component is the symlink. */
        opens(&h, "create", "real/f", O_CREAT | O_WRONLY);
        symlinks(&h, "real/f", "fl");
        p = (Place){ truly(&h, "real"), AT_FDCWD, truly(&h, ""), UNNAMED };
        for (size_t i = 0; i < 2; i++) {
                long fd;

                fd = perform("openat", (Truth){ i ? "modify" : "read", truly(&h, "real/f"), .flags = UNNAMED | NAMELESS }, SYS_openat,
                             ARGS(AT_FDCWD, L(truly(&h, "fl")), i ? O_WRONLY : O_RDONLY));
                close((int) fd);
        }
        perform("fchmodat", (Truth){ "chmod", truly(&h, "real/f"), .flags = UNNAMED | NAMELESS, .new_mode = 0600 }, SYS_fchmodat,
                ARGS(AT_FDCWD, L(truly(&h, "fl")), 0600));
        removes(&h, "fl");
        removes(&h, "real/f");

        /* A dangling one: the new file's name is nowhere in the records. */
        symlinks(&h, "real/made", "dangling");
        p.prefix = "";
        perform("openat", (Truth){ "create", truly(&h, "real/made"), .flags = UNNAMED | NAMELESS }, SYS_openat,
                ARGS(AT_FDCWD, L("dangling"), O_CREAT | O_WRONLY, 0644));
        removes(&h, "dangling");
        removes(&h, "real/made");

        removes(&h, "ln");
        removes_directory(&h, "real");
}

static void in_chroot(void) {
        Place h = here(), p;

        if (chroot(h.dir) < 0)
                fail("chroot");
        enter("/sub");
        world.is_elsewhere = true;

        p = (Place){ truly(&h, "sub"), AT_FDCWD, "/sub/", UNNAMED_BOTH };
        every_at_call(&p);
        p.prefix = "";
        every_at_call(&p);
        every_plain_call(&p);
}

static void set_chroot(void) {
        Place h = here();

        makes_directory(&h, "sub");
        apart(in_chroot);
        removes_directory(&h, "sub");
}

/* Another mount namespace in which DIR/namespace/sub is DIR/namespace/decoy, whose path the records then carry. */
static void in_namespace(void) {
        Place h = here(), p;

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                fail("namespace");
        perform("mount", (Truth){ "mount", truly(&h, "decoy"), .flags = UNNAMED }, SYS_mount,
                ARGS(L(truly(&h, "sub")), L(truly(&h, "decoy")), 0, MS_BIND, 0));
        world.is_elsewhere = true;

        p = (Place){ truly(&h, "sub"), AT_FDCWD, truly(&h, "decoy/"), UNNAMED_BOTH };
        every_at_call(&p);
        every_plain_call(&p);
        enter(truly(&h, "decoy"));
        p.prefix = "";
        every_at_call(&p);
}

static void set_namespace(void) {
        Place h = here();

        makes_directory(&h, "sub");
        makes_directory(&h, "decoy");
        /* So that the wrong path has something of that name. */
        opens(&h, "create", "decoy/f", O_CREAT | O_WRONLY);
        apart(in_namespace);
        removes(&h, "decoy/f");
        removes_directory(&h, "decoy");
        removes_directory(&h, "sub");
}

/* A current directory that is gone, that only looks so, and one that moves while it is used. */
static void set_cwd(void) {
        Place h = here(), p;

        makes_directory(&h, "gone");
        enter(truly(&h, "gone"));
        p = (Place){ h.dir, AT_FDCWD, "../", UNNAMED_BOTH };
        removes_directory(&p, "gone");
        p = (Place){ truly(&h, "gone"), AT_FDCWD, "", UNNAMED_BOTH | SILENT };
        opens(&p, "create", "f", O_CREAT | O_WRONLY);

        makes_directory(&h, "x (deleted)");
        enter(truly(&h, "x (deleted)"));
        p = (Place){ truly(&h, "x (deleted)"), AT_FDCWD, "", UNNAMED_BOTH };
        opens(&p, "create", "f", O_CREAT | O_WRONLY);
        removes(&p, "f");
        removes_directory(&h, "x (deleted)");

        makes_directory(&h, "a");
        makes_directory(&h, "a/b");
        enter(truly(&h, "a/b"));
        p = (Place){ h.dir, AT_FDCWD, "../../", UNNAMED_BOTH };
        renames(&p, "a", &p, "c", 0);
        p = (Place){ truly(&h, "c/b"), AT_FDCWD, "", 0 };
        opens(&p, "create", "f", O_CREAT | O_WRONLY);
        removes(&p, "f");
        p = (Place){ truly(&h, "c"), AT_FDCWD, "../", UNNAMED_BOTH };
        renames(&p, "b", &h, "b", 0);
        removes_directory(&h, "b");
        removes_directory(&h, "c");
}

/* Over the edge of the watched tree. */
static void set_edge(void) {
        Place h = here(), same = h, out;

        out = (Place){ world.outside, AT_FDCWD, text("%s/", world.outside), 0 };
        opens(&h, "create", "f", O_CREAT | O_WRONLY);
        makes_directory(&h, "d");
        opens(&h, "create", "d/in", O_CREAT | O_WRONLY);
        renames(&h, "f", &out, "f", 0);
        renames(&out, "f", &h, "f", 0);
        links(&h, "f", &out, "hard");
        renames(&out, "hard", &h, "hard", 0);
        /* Two names of one file: success, nothing done, and no names in the records. */
        same.flags = UNNAMED_BOTH | NAMELESS;
        renames(&same, "hard", &same, "f", 0);
        renames(&h, "d", &out, "d", 0);
        renames(&out, "d", &h, "e", 0);
        opens(&h, "modify", "e/in", O_WRONLY);
        removes(&h, "e/in");
        removes_directory(&h, "e");
        removes(&h, "hard");
        removes(&h, "f");
}

/* Refused and impossible calls. Those whose records lack the last name are UNNAMED, those without any SILENT. */
static void as_somebody_else(void) {
        Place h = here(), p = h;

        if (setresgid(OTHER_ID, OTHER_ID, OTHER_ID) < 0 || setresuid(OTHER_ID, OTHER_ID, OTHER_ID) < 0)
                fail("setresuid");

        opens(&h, "modify", "secret", O_WRONLY);
        opens(&h, "read", "secret", O_RDONLY);
        changes_mode(&h, "secret", 0777);
        perform("fchownat", (Truth){ "chown", truly(&h, "secret"), .new_uid = OTHER_ID, .new_gid = OTHER_ID }, SYS_fchownat,
                ARGS(AT_FDCWD, L(said(&h, "secret")), OTHER_ID, OTHER_ID, 0));
        perform("truncate", (Truth){ "truncate", truly(&h, "secret") }, SYS_truncate, ARGS(L(said(&h, "secret")), 0));
        removes(&h, "secret");
        removes_directory(&h, "full");
        p.flags = UNNAMED_BOTH | NAMELESS;
        opens(&p, "create", "new", O_CREAT | O_WRONLY);
        makes_directory(&p, "newdir");
        symlinks(&p, "x", "newlink");
        links(&p, "secret", &p, "newhard");
        renames(&p, "secret", &p, "other", 0);
        /* Its own, in a directory for everybody. */
        opens(&h, "create", "open/mine", O_CREAT | O_WRONLY);
        opens(&h, "modify", "open/mine", O_WRONLY);
        changes_mode(&h, "open/mine", 0600);
        removes(&h, "open/mine");
}

static void set_failed(void) {
        Place h = here(), p = h;

        opens(&h, "create", "secret", O_CREAT | O_WRONLY);
        changes_mode(&h, "secret", 0600);
        makes_directory(&h, "full");
        opens(&h, "create", "full/x", O_CREAT | O_WRONLY);
        makes_directory(&h, "open");
        changes_mode(&h, "open", 0777);

        removes_directory(&h, "full");
        removes_directory(&h, "secret");
        removes(&h, "full");
        p.flags = UNNAMED_BOTH | NAMELESS;
        removes(&p, "nothing");
        removes_directory(&p, "nothing");
        makes_directory(&p, "full");
        opens(&p, "create", "secret", O_CREAT | O_EXCL | O_WRONLY);
        links(&p, "secret", &p, "full");
        symlinks(&p, "x", "secret");
        renames(&p, "nothing", &p, "something", 0);
        renames(&p, "secret", &p, "full", RENAME_NOREPLACE);
        renames(&p, "full", &p, "full/y", 0);
        p.flags = UNNAMED_BOTH | NAMELESS | SILENT;
        opens(&p, "read", "nothing", O_RDONLY);
        opens(&p, "modify", "nothing", O_WRONLY);
        opens(&p, "modify", "secret/below", O_WRONLY);

        apart(as_somebody_else);

        removes(&h, "full/x");
        removes_directory(&h, "full");
        removes_directory(&h, "open");
        removes(&h, "secret");
}

/* Names that want to be something else. */
static void set_hostile(void) {
        static const char *const names[] = {
                "sp ace", "new\nline", "quo\"te", "apo'strophe", "back\\slash", "tab\there", "esc\x1b[31mred\x1b[0m",
                        "\xff\xfe",
                "caf\xc3\xa9", "bidi\xe2\x80\xae" "txt.exe", "\x01", "\x7f", "key=x", "nametype=DELETE", "(null)", "(none)",
                        "?",
                "x\" inode=1", "x\" nametype=CREATE name=\"y", "<too_long>", "deadbeef", "2F6574632F706173737764",
                "name=(null)", "type=SYSCALL msg=audit(1.000:1): pid=1", "a\x1d" "b", "MESSAGE=x\nFOPSD_PATH=y",
                "f (deleted)", "-rf", "*", "%s%n", "$(id)", " ", "\n", "~", "...",
        };
        Place h = here();
        char n255[256], hex255[256];
        const char *all[sizeof names / sizeof *names + 2];
        size_t n_all = sizeof names / sizeof *names;

        memset(n255, 'n', 255);
        memset(hex255, '\xee', 255);
        n255[255] = hex255[255] = '\0';
        memcpy(all, names, sizeof names);
        all[n_all++] = n255;
        all[n_all++] = hex255;

        for (size_t i = 0; i < n_all; i++) {
                opens(&h, "create", all[i], O_CREAT | O_WRONLY);
                changes_mode(&h, all[i], 0600);
                symlinks(&h, all[i], "link");
                removes(&h, "link");
                renames(&h, all[i], &h, all[(i + 1) % n_all], 0);
                opens(&h, "modify", all[(i + 1) % n_all], O_WRONLY);
                removes(&h, all[(i + 1) % n_all]);
                makes_directory(&h, all[i]);
                opens(&h, "create", text("%s/in", all[i]), O_CREAT | O_WRONLY);
                enter(truly(&h, all[i]));
                /* Here the cwd is what is hostile. One that ends so can't be told from a deleted one. */
                removes(&(Place){ truly(&h, all[i]), AT_FDCWD, "", strcmp(all[i], "f (deleted)") == 0 ? UNNAMED_BOTH : 0 },
                        "in");
                enter("/");
                removes_directory(&h, all[i]);
        }
}

/* Paths as long as a call takes them, and a current directory longer than that. */
static void set_long(void) {
        Place h = here(), p;
        char *path, part[201];
        size_t n = 0;

        memset(part, 'p', 200);
        part[200] = '\0';

        /* 4,000 bytes and more: the last one that one name can still say. */
        for (path = part; strlen(h.prefix) + strlen(path) + 1 + 200 < 4090; path = text("%s/%s", path, part), n++)
                makes_directory(&h, path);
        opens(&h, "create", path, O_CREAT | O_WRONLY);
        changes_mode(&h, path, 0600);
        opens(&h, "modify", path, O_WRONLY);
        removes(&h, path);

        /* The same depth with names that are logged in hex, twice as long. */
        memset(part, '\xc3', 200);
        for (path = part, n = 0; strlen(h.prefix) + strlen(path) + 1 + 200 < 4090; path = text("%s/%s", path, part), n++)
                makes_directory(&h, path);
        opens(&h, "create", path, O_CREAT | O_WRONLY);
        removes(&h, path);

        /* Further than a path can be said: cwd is logged as <too_long>. */
        path = text("%s", h.dir);
        enter(h.dir);
        memset(part, 'q', 200);
        for (n = 0; n < 25; n++) {
                p = (Place){ path, AT_FDCWD, "", strlen(path) >= 3900 ? UNNAMED_BOTH : 0 };
                makes_directory(&p, part);
                path = text("%s/%s", path, part);
                enter(part);
        }
        p = (Place){ path, AT_FDCWD, "", UNNAMED_BOTH };
        opens(&p, "create", "f", O_CREAT | O_WRONLY);
        removes(&p, "f");
}

/* A process that calls itself something else. */
static void set_comm(void) {
        static const char *const names[] = {
                "key=x", "x\" inode=1", "(null)", "nametype=CREAT", "a\nb", "\xff\xfe", "sp ace", "success=no", "\x1b[2J",
                        "",
        };
        Place h = here();

        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                prctl(PR_SET_NAME, names[i]);
                opens(&h, "create", "f", O_CREAT | O_WRONLY);
                removes(&h, "f");
        }
}

static void executes(const char *call_name, Truth t, long nr, const long *args, const char *comm) {
        uint64_t inode = inode_of(t.path);
        int fds[2], status;
        long r = 0;
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                fail("pipe");
        pid = fork();
        if (pid < 0)
                fail("fork");
        if (pid == 0) {
                r = call(nr, args);
                (void) !write(fds[1], &r, sizeof r);
                _exit(0);
        }
        close(fds[1]);
        if (read(fds[0], &r, sizeof r) < 0)
                fail("pipe");
        close(fds[0]);
        if (waitpid(pid, &status, 0) < 0)
                fail("waitpid");
        tell(call_name, &t, r, pid, r < 0 ? own_comm() : comm, inode, 0);
}

static void copies(const Place *p, const char *from, const char *leaf) {
        char buffer[65536];
        int in, out;
        ssize_t n;

        in = open(from, O_RDONLY | O_CLOEXEC);
        out = (int) opens_as(p, "create", leaf, O_CREAT | O_WRONLY | O_CLOEXEC, 0);
        if (in < 0 || out < 0)
                fail(from);
        while ((n = read(in, buffer, sizeof buffer)) > 0)
                if (write(out, buffer, (size_t) n) != n)
                        fail(leaf);
        close(in);
        close(out);
        changes_mode(p, leaf, 0755);
}

static void set_exec(void) {
        static const char script[] = "#!/bin/true\n";
        static char *const empty[] = { NULL };
        static char *const hostile[] = { (char *) "key=\"x\"", (char *) "a1=\"new\nline\"", (char *) "\xff", (char *) "",
                                        NULL };
        Place h = here();
        int fd, dir;

        copies(&h, "/bin/true", "bin");
        fd = (int) opens_as(&h, "create", "script", O_CREAT | O_WRONLY | O_CLOEXEC, 0);
        if (write(fd, script, sizeof script - 1) < 0)
                fail("script");
        close(fd);

        executes("execve", (Truth){ "exec", truly(&h, "script") }, SYS_execve,
                 ARGS(L(said(&h, "script")), L(hostile), L(empty)),
                 "script");
        changes_mode(&h, "script", 0755);
        executes("execve", (Truth){ "exec", truly(&h, "bin") }, SYS_execve, ARGS(L(said(&h, "bin")), L(hostile), L(empty)),
                 "bin");
        executes("execve", (Truth){ "exec", truly(&h, "script") }, SYS_execve,
                 ARGS(L(said(&h, "script")), L(hostile), L(empty)),
                 "script");
        enter(h.dir);
        executes("execve", (Truth){ "exec", truly(&h, "bin") }, SYS_execve, ARGS(L("./bin"), L(hostile), L(empty)), "bin");
        dir = directory_fd(&h, "");
        enter("/");
        executes("execveat", (Truth){ "exec", truly(&h, "bin"), .flags = UNNAMED }, SYS_execveat,
                 ARGS(dir, L("bin"), L(hostile), L(empty), 0), "bin");
        close(dir);

        removes(&h, "bin");
        removes(&h, "script");
}

static void set_mount(void) {
        Place h = here();

        makes_directory(&h, "m");
        perform("mount", (Truth){ "mount", truly(&h, "m") }, SYS_mount,
                ARGS(L("tmpfs"), L(said(&h, "m")), L("tmpfs"), 0, 0));
        /* What is below is another file system now; whether its root is watched is the watch's affair. */
        perform("umount2", (Truth){ "umount", truly(&h, "m"), .flags = SILENT }, SYS_umount2, ARGS(L(said(&h, "m")), 0));
        removes_directory(&h, "m");
}

/* A file without a name that gets one. */
static void set_tmpfile(void) {
        Place h = here();
        int fd;

        fd = (int) perform("openat", (Truth){ "create", NULL, .flags = UNNAMED | NAMELESS }, SYS_openat,
                           ARGS(AT_FDCWD, L(h.dir), O_TMPFILE | O_RDWR, 0600));
        if (fd < 0)
                return;
        perform("linkat", (Truth){ "link", NULL, truly(&h, "f"), .flags = UNNAMED }, SYS_linkat,
                ARGS(fd, L(""), AT_FDCWD, L(said(&h, "f")), AT_EMPTY_PATH));
        close(fd);
        removes(&h, "f");
}

/* The newest calls, where the kernel has them. */
static void set_newest(void) {
        struct {
                uint64_t value;
                uint32_t size, flags;
        } args = { (uint64_t) (uintptr_t) "v", 1, 0 };
        Place h = here();

        opens(&h, "create", "f", O_CREAT | O_WRONLY);
        if (syscall(SYS_setxattrat, -1, NULL, 0, NULL, NULL, 0) < 0 && errno != ENOSYS) {
                perform("setxattrat", (Truth){ "setxattr", truly(&h, "f") }, SYS_setxattrat,
                        ARGS(AT_FDCWD, L(said(&h, "f")), 0, L("trusted.fops"), L(&args), sizeof args));
                perform("removexattrat", (Truth){ "removexattr", truly(&h, "f") }, SYS_removexattrat,
                        ARGS(AT_FDCWD, L(said(&h, "f")), 0, L("trusted.fops")));
        }
        removes(&h, "f");
}

#ifdef __x86_64__
static long call_i386(long nr, long a, long b, long c) {
        long r;

        __asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
        return (int32_t) r;
}

/* The other ABI of the machine, from the same process: a rule for b64 alone sees nothing of it. */
static void set_i386(void) {
        enum { CREAT = 8, UNLINK = 10, CHMOD = 15, RENAME = 38, MKDIR = 39, RMDIR = 40, OPENAT = 295, UNLINKAT = 301 };
        Place h = here();
        const char *f = truly(&h, "f"), *g = truly(&h, "g"), *d = truly(&h, "d");
        const struct {
                const char *name;
                long nr, b;
                Truth t;
        } calls[] = {
                { "creat", CREAT, 0644, { "create", f } },
                { "chmod", CHMOD, 0600, { "chmod", f, .new_mode = 0600 } },
                { "rename", RENAME, 1, { "rename", f, g } },
                { "unlink", UNLINK, 0, { "delete", g } },
                { "mkdir", MKDIR, 0755, { "mkdir", d } },
                { "rmdir", RMDIR, 0, { "rmdir", d } },
        };
        char *low;
        pid_t pid;
        int status;

        pid = fork();
        if (pid < 0)
                fail("fork");
        if (pid == 0)
                _exit(call_i386(20, 0, 0, 0) == getpid() ? 0 : 1);
        if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return; /* the kernel has no such ABI */

        /* Pointers have 32 bits there. */
        low = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
        if (low == MAP_FAILED)
                fail("mmap");
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
                Truth t = calls[i].t;
                uint64_t inode = inode_of(t.path);
                long r;

                snprintf(low, 4096, "%s", t.path);
                if (t.new_path)
                        snprintf(low + 4096, 4096, "%s", t.new_path);
                r = call_i386(calls[i].nr, L(low), t.new_path ? L(low + 4096) : calls[i].b, 0);
                tell(calls[i].name, &t, r, getpid(), own_comm(), inode ? inode : inode_of(t.path), 0);
                if (calls[i].nr == CREAT)
                        close((int) r);
        }
}
#endif

#if HAVE_LIBURING
static struct io_uring ring;

static long submit(const char *name, Truth t, uint64_t inode) {
        struct io_uring_cqe *cqe = NULL;
        long r;

        if (io_uring_submit_and_wait(&ring, 1) < 0 || io_uring_wait_cqe(&ring, &cqe) < 0)
                fail("io_uring");
        r = cqe->res;
        io_uring_cqe_seen(&ring, cqe);
        t.flags |= URING | UNNAMED_BOTH | NAMELESS;
        tell(name, &t, r, getpid(), own_comm(), inode ? inode : inode_of(t.path), 0);
        return r;
}

/* Requests that pass every ordinary rule. What an open of an existing file is for, the records don't tell; and whether there
 * are any depends on the kernel and on who carries the request out. */
static void uring_requests(const Place *p) {
        struct io_uring_sqe *sqe;
        long fd;

        sqe = io_uring_get_sqe(&ring);
        io_uring_prep_openat(sqe, p->dirfd, said(p, "f"), O_CREAT | O_WRONLY, 0644);
        fd = submit("io_uring:openat", (Truth){ "create", truly(p, "f") }, 0);
        close((int) fd);
        sqe = io_uring_get_sqe(&ring);
        io_uring_prep_openat(sqe, p->dirfd, said(p, "f"), O_RDONLY, 0);
        fd = submit("io_uring:openat", (Truth){ "other", truly(p, "f"), .flags = SILENT }, 0);
        close((int) fd);
        sqe = io_uring_get_sqe(&ring);
        io_uring_prep_mkdirat(sqe, p->dirfd, said(p, "d"), 0755);
        submit("io_uring:mkdirat", (Truth){ "mkdir", truly(p, "d") }, 0);
        sqe = io_uring_get_sqe(&ring);
        io_uring_prep_symlinkat(sqe, "f", p->dirfd, said(p, "sym"));
        submit("io_uring:symlinkat", (Truth){ "symlink", truly(p, "sym"), .target = "f" }, 0);
        sqe = io_uring_get_sqe(&ring);
        io_uring_prep_linkat(sqe, p->dirfd, said(p, "f"), p->dirfd, said(p, "hard"), 0);
        submit("io_uring:linkat", (Truth){ "link", truly(p, "f"), truly(p, "hard") }, 0);
        sqe = io_uring_get_sqe(&ring);
        io_uring_prep_renameat(sqe, p->dirfd, said(p, "f"), p->dirfd, said(p, "d/g"), 0);
        submit("io_uring:renameat", (Truth){ "rename", truly(p, "f"), truly(p, "d/g") }, inode_of(truly(p, "f")));

        for (size_t i = 0; i < 4; i++) {
                static const char *const leaves[] = { "d/g", "hard", "sym", "d" };

                sqe = io_uring_get_sqe(&ring);
                io_uring_prep_unlinkat(sqe, p->dirfd, said(p, leaves[i]), i == 3 ? AT_REMOVEDIR : 0);
                submit("io_uring:unlinkat", (Truth){ i == 3 ? "rmdir" : "delete", truly(p, leaves[i]) },
                       inode_of(truly(p, leaves[i])));
        }

        sqe = io_uring_get_sqe(&ring);
        io_uring_prep_unlinkat(sqe, p->dirfd, said(p, "nothing"), 0);
        submit("io_uring:unlinkat", (Truth){ "delete", truly(p, "nothing") }, 0);
}

static void set_uring(void) {
        Place h = here(), p;
        int r;

        r = io_uring_queue_init(8, &ring, 0);
        if (r < 0) {
                errno = -r;
                fail("io_uring");
        }
        makes_directory(&h, "sub");
        uring_requests(&(Place){ truly(&h, "sub"), AT_FDCWD, truly(&h, "sub/"), 0 });
        enter(truly(&h, "sub"));
        uring_requests(&(Place){ truly(&h, "sub"), AT_FDCWD, "", 0 });
        enter("/");
        p = (Place){ truly(&h, "sub"), directory_fd(&h, "sub"), "", 0 };
        uring_requests(&p);
        close(p.dirfd);
        removes_directory(&h, "sub");
        io_uring_queue_exit(&ring);
}
#endif

const Set sets[] = {
        { "absolute", set_absolute },
        { "relative", set_relative },
        { "dotted", set_dotted },
        { "dotdot", set_dotdot },
        { "dirfd", set_dirfd },
        { "dirfd-deep", set_dirfd_deep },
        { "mixed", set_mixed },
        { "alike", set_alike },
        { "fd", set_fd },
        { "symlink", set_symlink },
        { "followed", set_followed },
        { "chroot", set_chroot },
        { "namespace", set_namespace },
        { "cwd", set_cwd },
        { "moved", set_moved },
        { "brought", set_brought },
        { "reused", set_reused },
        { "crowd", set_crowd },
        { "brief", set_brief },
        { "hard", set_hard },
        { "handle", set_handle },
        { "edge", set_edge },
        { "failed", set_failed },
        { "hostile", set_hostile },
        { "long", set_long },
        { "comm", set_comm },
        { "exec", set_exec },
        { "mount", set_mount },
        { "tmpfile", set_tmpfile },
        { "newest", set_newest },
#ifdef __x86_64__
        { "i386", set_i386 },
#endif
#if HAVE_LIBURING
        { "uring", set_uring },
#endif
};

const size_t n_sets = sizeof sets / sizeof *sets;
