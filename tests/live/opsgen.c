/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File operations of known truth: performs real system calls, in every way of naming a path, and writes what it did:
 *
 *   {"set":"dirfd","call":"unlinkat","op":"delete","path":"/srv/data/dirfd/d/f","result":"success","exit":0,
 *    "pid":4711,"uid":0,"comm":"opsgen","inode":77,"named":false,"recorded":true}
 *
 * A live test compares these lines with what fopsd said. Paths are true absolute paths on the host, known from how the tree
 * was built and never asked of the kernel. Bytes outside printable ASCII are written as \u00XX, one character a byte.
 *   named     false: the kernel's records alone don't tell the object's path, so it may be absent. It may never be wrong
 *   new_named the same for new_path
 *   recorded  false: no rule on a directory makes the kernel record this call
 *   held      false: not even the last component of a path is in the records
 *
 * Every call that touches the watched tree goes through perform(), scaffolding too, so that the whole of a run is accounted
 * for. Each set runs in a process of its own and in a directory of its own, DIR/SET; what lies outside is in DIR.outside.
 * Calls are made by syscall(2), since the C library makes other calls of some (open becomes openat).
 *
 * opsgen list               the sets that this build has
 * opsgen run SET DIR TRUTH  performs SET ("all": every one) below DIR, appends to TRUTH
 *                           Pauses for OPSGEN_PAUSE_USEC after each operation if that is in the environment, leaves the
 *                           kernel's cache of names alone with OPSGEN_KEEP_NAMES, and with OPSGEN_ROOT, a mount point,
 *                           does it in a mount namespace whose root that is: DIR and the paths of the truth are from there
 * opsgen many N DIR         N operations at full speed; prints how many of which as JSON */

#include "opsgen.h"

#include <linux/openat2.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

World world = { .truth_fd = -1 };

void fail(const char *what) {
        fprintf(stderr, "opsgen: %s: %s\n", what, strerror(errno));
        exit(2);
}

char *text(const char *format, ...) {
        va_list ap;
        char *s;
        int r;

        va_start(ap, format);
        r = vasprintf(&s, format, ap);
        va_end(ap);
        if (r < 0)
                fail("memory");
        return s;
}

long call(long nr, const long *a) {
        long r = syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);

        return r < 0 ? -errno : r;
}

static void json_string(FILE *f, const char *name, const char *value) {
        fprintf(f, ",\"%s\":\"", name);
        for (const unsigned char *p = (const unsigned char *) value; *p; p++)
                if (*p < 0x20 || *p > 0x7e || *p == '"' || *p == '\\')
                        fprintf(f, "\\u%04x", *p);
                else
                        fputc(*p, f);
        fputc('"', f);
}

/* One line, by one write(2): several processes append to the file. */
void tell(const char *call_name, const Truth *t, long result, pid_t pid, const char *comm, uint64_t inode,
          uint64_t replaced) {
        char *line = NULL;
        size_t size = 0;
        FILE *f;

        f = open_memstream(&line, &size);
        if (!f)
                fail("memory");
        fprintf(f, "{\"set\":\"%s\"", world.set);
        json_string(f, "call", call_name);
        json_string(f, "op", t->op);
        if (t->path)
                json_string(f, "path", t->path);
        if (t->new_path)
                json_string(f, "new_path", t->new_path);
        if (t->target)
                json_string(f, "target", t->target);
        fprintf(f, ",\"result\":\"%s\",\"exit\":%ld", result < 0 ? "failed" : "success", result);
        if (result < 0)
                json_string(f, "errno", strerrorname_np((int) -result));
        fprintf(f, ",\"pid\":%d,\"uid\":%u,\"gid\":%u", pid, (unsigned) getuid(), (unsigned) getgid());
        json_string(f, "comm", comm);
        if (inode)
                fprintf(f, ",\"inode\":%llu", (unsigned long long) inode);
        if (replaced)
                fprintf(f, ",\"replaced\":%llu", (unsigned long long) replaced);
        if (t->new_mode)
                fprintf(f, ",\"new_mode\":%d", t->new_mode);
        if (t->new_uid)
                fprintf(f, ",\"new_uid\":%ld,\"new_gid\":%ld", t->new_uid, t->new_gid);
        fprintf(f, ",\"named\":%s,\"new_named\":%s,\"recorded\":%s,\"held\":%s,\"uring\":%s}\n",
                t->flags & UNNAMED ? "false" : "true",
                t->flags & UNNAMED_NEW ? "false" : "true", t->flags & SILENT ? "false" : "true",
                t->flags & NAMELESS ? "false" : "true", t->flags & URING ? "true" : "false");
        if (fclose(f) != 0 || write(world.truth_fd, line, size) != (ssize_t) size)
                fail("cannot write the truth");
        free(line);
        usleep(world.pause_usec);
}

uint64_t inode_of(const char *path) {
        struct stat st;

        return path && !world.is_elsewhere && lstat(path, &st) >= 0 ? st.st_ino : 0;
}

const char *own_comm(void) {
        static char comm[16];

        if (prctl(PR_GET_NAME, comm) < 0)
                fail("prctl");
        return comm;
}

long perform(const char *name, Truth t, long nr, const long *args) {
        uint64_t inode = inode_of(t.path), replaced = 0;
        long r;

        if (strcmp(t.op, "rename") == 0)
                replaced = inode_of(t.new_path);

        r = call(nr, args);

        if (inode == 0)
                inode = inode_of(t.path);
        tell(name, &t, r, getpid(), own_comm(), inode, r >= 0 ? replaced : 0);
        return r;
}

const char *said(const Place *p, const char *leaf) {
        return text("%s%s", p->prefix, leaf);
}

const char *truly(const Place *p, const char *leaf) {
        return *leaf ? text("%s/%s", p->dir, leaf) : p->dir;
}

long opens_as(const Place *p, const char *op, const char *leaf, int flags, unsigned more) {
        return perform("openat", (Truth){ op, truly(p, leaf), .flags = p->flags | more }, SYS_openat,
                       ARGS(p->dirfd, L(said(p, leaf)), flags, 0644));
}

void opens(const Place *p, const char *op, const char *leaf, int flags) {
        long fd = opens_as(p, op, leaf, flags, 0);

        if (fd >= 0)
                close((int) fd);
}

long opens_how(const Place *p, const char *op, const char *leaf, uint64_t flags) {
        struct open_how how = { .flags = flags, .mode = flags & O_CREAT ? 0644 : 0 };
        long fd;

        fd = perform("openat2", (Truth){ op, truly(p, leaf), .flags = p->flags }, SYS_openat2,
                     ARGS(p->dirfd, L(said(p, leaf)), L(&how), sizeof how));
        if (fd >= 0)
                close((int) fd);
        return fd;
}

long makes_directory(const Place *p, const char *leaf) {
        return perform("mkdirat", (Truth){ "mkdir", truly(p, leaf), .flags = p->flags }, SYS_mkdirat,
                       ARGS(p->dirfd, L(said(p, leaf)), 0755));
}

long removes(const Place *p, const char *leaf) {
        return perform("unlinkat", (Truth){ "delete", truly(p, leaf), .flags = p->flags }, SYS_unlinkat,
                       ARGS(p->dirfd, L(said(p, leaf)), 0));
}

long removes_directory(const Place *p, const char *leaf) {
        return perform("unlinkat", (Truth){ "rmdir", truly(p, leaf), .flags = p->flags }, SYS_unlinkat,
                       ARGS(p->dirfd, L(said(p, leaf)), AT_REMOVEDIR));
}

unsigned flags_of_two(const Place *from, const Place *to) {
        return (from->flags & UNNAMED) | (to->flags & UNNAMED ? UNNAMED_NEW : 0) | ((from->flags | to->flags) & NAMELESS);
}

long renames(const Place *from, const char *leaf, const Place *to, const char *new_leaf, unsigned flags) {
        return perform("renameat2",
                       (Truth){ flags & RENAME_EXCHANGE ? "exchange" : "rename", truly(from, leaf), truly(to, new_leaf),
                                .flags = flags_of_two(from, to) },
                       SYS_renameat2, ARGS(from->dirfd, L(said(from, leaf)), to->dirfd, L(said(to, new_leaf)), flags));
}

long links(const Place *from, const char *leaf, const Place *to, const char *new_leaf) {
        return perform("linkat",
                       (Truth){ "link", truly(from, leaf), truly(to, new_leaf),
                                .flags = flags_of_two(from, to) },
                       SYS_linkat, ARGS(from->dirfd, L(said(from, leaf)), to->dirfd, L(said(to, new_leaf)), 0));
}

long symlinks(const Place *p, const char *target, const char *leaf) {
        return perform("symlinkat", (Truth){ "symlink", truly(p, leaf), .target = target, .flags = p->flags }, SYS_symlinkat,
                       ARGS(L(target), p->dirfd, L(said(p, leaf))));
}

long changes_mode(const Place *p, const char *leaf, int mode) {
        return perform("fchmodat", (Truth){ "chmod", truly(p, leaf), .flags = p->flags, .new_mode = mode }, SYS_fchmodat,
                       ARGS(p->dirfd, L(said(p, leaf)), mode));
}

Place here(void) {
        const char *dir = text("%s/%s", world.top, world.set);

        return (Place){ dir, AT_FDCWD, text("%s/", dir), 0 };
}

void enter(const char *path) {
        if (chdir(path) < 0)
                fail(path);
}

int directory_fd(const Place *p, const char *leaf) {
        long fd = opens_as(p, "list", leaf, O_RDONLY | O_DIRECTORY, 0);

        if (fd < 0) {
                errno = (int) -fd;
                fail(truly(p, leaf));
        }
        return (int) fd;
}

void apart(void (*f)(void)) {
        int status;
        pid_t pid;

        pid = fork();
        if (pid < 0)
                fail("fork");
        if (pid == 0) {
                f();
                _exit(0);
        }
        if (waitpid(pid, &status, 0) < 0)
                fail("waitpid");
        if (!WIFEXITED(status) || WEXITSTATUS(status) == 2) {
                fprintf(stderr, "opsgen: a part of set %s failed\n", world.set);
                exit(2);
        }
}

static void run_set(void) {
        Place top = { world.top, AT_FDCWD, text("%s/", world.top), 0 };

        if (makes_directory(&top, world.set) < 0)
                fail(world.set);
        for (size_t i = 0; i < n_sets; i++)
                if (strcmp(sets[i].name, world.set) == 0)
                        sets[i].run();
}

/* As containers do it. */
static void enter_root(const char *root) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || chdir(root) < 0 ||
            syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                fail(root);
}

static int run(const char *name, const char *dir, const char *truth) {
        const char *pause = getenv("OPSGEN_PAUSE_USEC"), *root = getenv("OPSGEN_ROOT");
        bool found = false;

        world.truth_fd = open(truth, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (world.truth_fd < 0)
                fail(truth);
        if (pause)
                world.pause_usec = (useconds_t) strtoul(pause, NULL, 10);
        if (root)
                enter_root(root);
        world.top = dir;
        world.outside = text("%s.outside", dir);
        if (mkdir(world.outside, 0755) < 0 && errno != EEXIST)
                fail(world.outside);
        umask(0);

        for (size_t i = 0; i < n_sets; i++)
                if (strcmp(name, "all") == 0 || strcmp(name, sets[i].name) == 0) {
                        world.set = sets[i].name;
                        apart(run_set);
                        found = true;
                }

        if (!found)
                fprintf(stderr, "opsgen: no set %s\n", name);
        return found ? 0 : 2;
}

/* Four operations a round, one of each kind, on a name of its own; what remains of @n are creations. */
static int many(unsigned long n, const char *dir) {
        unsigned long rounds = n / 4, rest = n % 4;
        char old[32], new[32];
        int fd;

        umask(0);
        enter(dir);
        for (unsigned long i = 0; i < rounds + rest; i++) {
                snprintf(old, sizeof old, "f%lu", i);
                snprintf(new, sizeof new, "r%lu", i);
                fd = openat(AT_FDCWD, old, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
                if (fd < 0)
                        fail(old);
                close(fd);
                if (i >= rounds)
                        continue;
                if (syscall(SYS_fchmodat, AT_FDCWD, old, 0600) < 0 || syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new,
                                                                              0) < 0 ||
                    syscall(SYS_unlinkat, AT_FDCWD, new, 0) < 0)
                        fail(old);
        }
        printf("{\"pid\":%d,\"create\":%lu,\"chmod\":%lu,\"rename\":%lu,\"delete\":%lu}\n", getpid(), rounds + rest, rounds,
               rounds,
               rounds);
        return 0;
}

int main(int argc, char **argv) {
        if (argc == 2 && strcmp(argv[1], "list") == 0) {
                for (size_t i = 0; i < n_sets; i++)
                        puts(sets[i].name);
                return 0;
        }
        if (argc == 5 && strcmp(argv[1], "run") == 0)
                return run(argv[2], argv[3], argv[4]);
        if (argc == 4 && strcmp(argv[1], "many") == 0)
                return many(strtoul(argv[2], NULL, 10), argv[3]);

        fprintf(stderr, "usage: opsgen list | run SET DIR TRUTH | many N DIR\n");
        return 2;
}
