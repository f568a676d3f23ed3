/* SPDX-License-Identifier: GPL-2.0-or-later */

/* (arch, number) or an io_uring opcode into what the call does to files.
 *   arch=c000003e syscall=263  →  unlinkat: delete (rmdir with AT_REMOVEDIR in a2), name relative to the descriptor in a0
 * The meaning hangs on the name, which is the same on every architecture; libaudit turns numbers into names. It is older than the
 * kernel it meets: calls from 451 on have one number on all architectures, and stand here.
 * What isn't in the table is no file operation to us; it still gets its name. */

#include "syscall-table.h"

#include <libaudit.h>

#define NONE (-1)

/* Each call states only what differs from "none"; overriding an initialiser is how C says that. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif

/* Names in byte order: looked up by bisection. */
static const FopsSyscall file_syscalls[] = {
#define CALL(n, o, ...)                                                                                                       \
        {                                                                                                                     \
                .name = n, .op = FOPS_OP_##o, .fd = NONE, .dirfd = NONE, .dirfd2 = NONE, .oflag = NONE, .mode = NONE,         \
                .uid = NONE, .gid = NONE, .atflag = NONE, __VA_ARGS__                                                         \
        }
        CALL("access", OTHER),
        CALL("acct", OTHER),
        CALL("bind", MKNOD, .flags = FOPS_SYSCALL_SOCKET),
        CALL("chdir", OTHER),
        CALL("chmod", CHMOD, .mode = 1),
        CALL("chown", CHOWN, .uid = 1, .gid = 2),
        CALL("chown32", CHOWN, .uid = 1, .gid = 2),
        CALL("chroot", OTHER),
        CALL("creat", MODIFY, .flags = FOPS_SYSCALL_OPEN, .mode = 1),
        CALL("execve", EXEC),
        CALL("execveat", EXEC, .dirfd = 0),
        CALL("faccessat", OTHER, .dirfd = 0),
        CALL("faccessat2", OTHER, .dirfd = 0),
        CALL("fallocate", OTHER, .fd = 0),
        CALL("fanotify_mark", OTHER, .dirfd = 3),
        CALL("fchdir", OTHER, .fd = 0),
        CALL("fchmod", CHMOD, .fd = 0, .mode = 1),
        CALL("fchmodat", CHMOD, .dirfd = 0, .mode = 2),
        CALL("fchmodat2", CHMOD, .dirfd = 0, .mode = 2, .atflag = 3, .flags = FOPS_SYSCALL_NO_PERM),
        CALL("fchown", CHOWN, .fd = 0, .uid = 1, .gid = 2),
        CALL("fchown32", CHOWN, .fd = 0, .uid = 1, .gid = 2),
        CALL("fchownat", CHOWN, .dirfd = 0, .uid = 2, .gid = 3),
        CALL("fgetxattr", OTHER, .fd = 0),
        CALL("file_getattr", OTHER, .dirfd = 0),
        CALL("file_setattr", SETXATTR, .dirfd = 0, .flags = FOPS_SYSCALL_NO_PERM),
        CALL("flistxattr", OTHER, .fd = 0),
        CALL("fremovexattr", REMOVEXATTR, .fd = 0),
        CALL("fsetxattr", SETXATTR, .fd = 0),
        CALL("fstatat64", OTHER, .dirfd = 0),
        CALL("ftruncate", TRUNCATE, .fd = 0),
        CALL("ftruncate64", TRUNCATE, .fd = 0),
        CALL("futimesat", UTIME, .dirfd = 0, .flags = FOPS_SYSCALL_NO_PERM),
        CALL("getxattr", OTHER),
        CALL("getxattrat", OTHER, .dirfd = 0),
        CALL("inotify_add_watch", OTHER),
        CALL("lchown", CHOWN, .uid = 1, .gid = 2),
        CALL("lchown32", CHOWN, .uid = 1, .gid = 2),
        CALL("lgetxattr", OTHER),
        CALL("link", LINK, .flags = FOPS_SYSCALL_TWO_NAMES),
        CALL("linkat", LINK, .dirfd = 0, .dirfd2 = 2, .flags = FOPS_SYSCALL_TWO_NAMES),
        CALL("listxattr", OTHER),
        CALL("listxattrat", OTHER, .dirfd = 0),
        CALL("llistxattr", OTHER),
        CALL("lremovexattr", REMOVEXATTR),
        CALL("lsetxattr", SETXATTR),
        CALL("lstat", OTHER),
        CALL("lstat64", OTHER),
        CALL("mkdir", MKDIR, .mode = 1),
        CALL("mkdirat", MKDIR, .dirfd = 0, .mode = 2),
        CALL("mknod", MKNOD, .mode = 1),
        CALL("mknodat", MKNOD, .dirfd = 0, .mode = 2),
        CALL("mount", MOUNT),
        CALL("mount_setattr", OTHER, .dirfd = 0),
        CALL("move_mount", MOUNT, .dirfd = 0, .dirfd2 = 2),
        CALL("name_to_handle_at", OTHER, .dirfd = 0),
        CALL("newfstatat", OTHER, .dirfd = 0),
        CALL("open", READ, .oflag = 1, .mode = 2, .flags = FOPS_SYSCALL_OPEN),
        CALL("open_by_handle_at", READ, .oflag = 2, .flags = FOPS_SYSCALL_OPEN),
        CALL("open_tree", OTHER, .dirfd = 0),
        CALL("open_tree_attr", OTHER, .dirfd = 0),
        CALL("openat", READ, .dirfd = 0, .oflag = 2, .mode = 3, .flags = FOPS_SYSCALL_OPEN),
        CALL("openat2", READ, .dirfd = 0, .flags = FOPS_SYSCALL_OPEN | FOPS_SYSCALL_OPEN_HOW),
        CALL("pivot_root", OTHER),
        CALL("quotactl", OTHER),
        CALL("readlink", OTHER),
        CALL("readlinkat", OTHER, .dirfd = 0),
        CALL("removexattr", REMOVEXATTR),
        CALL("removexattrat", REMOVEXATTR, .dirfd = 0, .flags = FOPS_SYSCALL_NO_PERM),
        CALL("rename", RENAME, .flags = FOPS_SYSCALL_TWO_NAMES),
        CALL("renameat", RENAME, .dirfd = 0, .dirfd2 = 2, .flags = FOPS_SYSCALL_TWO_NAMES),
        CALL("renameat2", RENAME, .dirfd = 0, .dirfd2 = 2, .flags = FOPS_SYSCALL_TWO_NAMES),
        CALL("rmdir", RMDIR),
        CALL("setxattr", SETXATTR),
        CALL("setxattrat", SETXATTR, .dirfd = 0, .flags = FOPS_SYSCALL_NO_PERM),
        CALL("stat", OTHER),
        CALL("stat64", OTHER),
        CALL("statfs", OTHER),
        CALL("statfs64", OTHER),
        CALL("statx", OTHER, .dirfd = 0),
        CALL("swapoff", OTHER),
        CALL("swapon", OTHER),
        CALL("symlink", SYMLINK),
        CALL("symlinkat", SYMLINK, .dirfd = 1),
        CALL("truncate", TRUNCATE),
        CALL("truncate64", TRUNCATE),
        CALL("umount", UMOUNT),
        CALL("umount2", UMOUNT),
        CALL("unlink", DELETE),
        CALL("unlinkat", DELETE, .dirfd = 0, .atflag = 2, .flags = FOPS_SYSCALL_UNLINKAT),
        CALL("uselib", EXEC),
        CALL("utime", UTIME, .flags = FOPS_SYSCALL_NO_PERM),
        CALL("utimensat", UTIME, .dirfd = 0, .flags = FOPS_SYSCALL_NO_PERM),
        CALL("utimensat_time64", UTIME, .dirfd = 0, .flags = FOPS_SYSCALL_NO_PERM),
        CALL("utimes", UTIME, .flags = FOPS_SYSCALL_NO_PERM),
};

/* Calls that Debian 12's libaudit 3.0.9 can't name. */
static const struct {
        const char *name;
        int nr;
} new_syscalls[] = {
        { "cachestat", 451 },     { "fchmodat2", 452 },         { "map_shadow_stack", 453 }, { "futex_wake", 454 },
        { "futex_wait", 455 },    { "futex_requeue", 456 },     { "statmount", 457 },        { "listmount", 458 },
        { "lsm_get_self_attr", 459 }, { "lsm_set_self_attr", 460 }, { "lsm_list_modules", 461 }, { "mseal", 462 },
        { "setxattrat", 463 },    { "getxattrat", 464 },        { "listxattrat", 465 },      { "removexattrat", 466 },
        { "open_tree_attr", 467 }, { "file_getattr", 468 },     { "file_setattr", 469 },
};

/* enum io_uring_op of the kernel's include/uapi/linux/io_uring.h, those that take a name, or a file's content or attributes.
 * The rest has no PATH record and is never asked for. */
static const struct {
        unsigned opcode;
        FopsSyscall call;
} uring_ops[] = {
        { 18, CALL("openat", READ, .flags = FOPS_SYSCALL_OPEN) },
        { 21, CALL("statx", OTHER) },
        { 28, CALL("openat2", READ, .flags = FOPS_SYSCALL_OPEN | FOPS_SYSCALL_OPEN_HOW) },
        { 35, CALL("renameat", RENAME, .flags = FOPS_SYSCALL_TWO_NAMES) },
        { 36, CALL("unlinkat", DELETE, .flags = FOPS_SYSCALL_UNLINKAT) },
        { 37, CALL("mkdirat", MKDIR) },
        { 38, CALL("symlinkat", SYMLINK) },
        { 39, CALL("linkat", LINK, .flags = FOPS_SYSCALL_TWO_NAMES) },
        { 41, CALL("fsetxattr", SETXATTR) },
        { 42, CALL("setxattr", SETXATTR) },
        { 43, CALL("fgetxattr", OTHER) },
        { 44, CALL("getxattr", OTHER) },
        { 55, CALL("ftruncate", TRUNCATE) },
};

static const FopsSyscall nameless_call = CALL(NULL, OTHER, .flags = FOPS_SYSCALL_NOT_FILE);
#pragma GCC diagnostic pop
#undef CALL

/* Numbers above this are remembered by nobody; x86-64's x32 calls (bit 30) are among them. */
#define CACHED_NR_MAX 1024
/* Architectures met at once: a machine has two, merged logs a few more. */
#define CACHED_ARCHS_MAX 8

typedef struct ArchCache {
        uint32_t arch;
        FopsSyscall *calls; /* by number; .name NULL and .flags 0: not asked yet */
} ArchCache;

struct FopsSyscallTable {
        ArchCache archs[CACHED_ARCHS_MAX];
        size_t n_archs;
        FopsSyscall uncached;
};

FopsSyscallTable *fops_syscall_table_new(void) {
        return calloc(1, sizeof(FopsSyscallTable));
}

FopsSyscallTable *fops_syscall_table_free(FopsSyscallTable *t) {
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n_archs; i++)
                free(t->archs[i].calls);
        free(t);
        return NULL;
}

static const FopsSyscall *find_file_syscall(const char *name) {
        size_t lo = 0, hi = ELEMENTSOF(file_syscalls);

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;
                int r = strcmp(name, file_syscalls[mid].name);

                if (r == 0)
                        return file_syscalls + mid;
                if (r < 0)
                        hi = mid;
                else
                        lo = mid + 1;
        }

        return NULL;
}

static FopsSyscall look_up(uint32_t arch, int nr) {
        int machine = audit_elf_to_machine(arch);
        const char *name = machine >= 0 ? audit_syscall_to_name(nr, machine) : NULL;
        const FopsSyscall *known;
        FopsSyscall call = nameless_call;

        for (size_t i = 0; !name && i < ELEMENTSOF(new_syscalls); i++)
                if (new_syscalls[i].nr == nr)
                        name = new_syscalls[i].name;

        if (!name)
                return call;

        known = find_file_syscall(name);
        if (known)
                return *known;

        call.name = name;
        return call;
}

const FopsSyscall *fops_syscall_table_get(FopsSyscallTable *t, uint32_t arch, int nr) {
        ArchCache *cache = NULL;
        FopsSyscall *call;

        if (nr < 0)
                return &nameless_call;

        for (size_t i = 0; i < t->n_archs; i++)
                if (t->archs[i].arch == arch)
                        cache = t->archs + i;

        if (!cache && t->n_archs < CACHED_ARCHS_MAX) {
                FopsSyscall *calls = calloc(CACHED_NR_MAX, sizeof(FopsSyscall));

                if (calls) {
                        cache = t->archs + t->n_archs++;
                        *cache = (ArchCache){ .arch = arch, .calls = calls };
                }
        }

        if (!cache || nr >= CACHED_NR_MAX) {
                t->uncached = look_up(arch, nr);
                return &t->uncached;
        }

        call = cache->calls + nr;
        if (!call->name && call->flags == 0)
                *call = look_up(arch, nr);
        return call;
}

const FopsSyscall *fops_uring_op_get(unsigned opcode) {
        for (size_t i = 0; i < ELEMENTSOF(uring_ops); i++)
                if (uring_ops[i].opcode == opcode)
                        return &uring_ops[i].call;
        return &nameless_call;
}

const char *fops_arch_to_string(uint32_t arch) {
        int machine = audit_elf_to_machine(arch);

        return machine >= 0 ? audit_machine_to_name(machine) : NULL;
}

int fops_syscall_number(const char *name, int machine) {
        int nr = audit_name_to_syscall(name, machine);

        for (size_t i = 0; nr < 0 && machine != MACH_ALPHA && i < ELEMENTSOF(new_syscalls); i++)
                if (strcmp(new_syscalls[i].name, name) == 0)
                        nr = new_syscalls[i].nr;
        return nr;
}

const FopsSyscall *fops_syscall_by_index(size_t index) {
        return index < ELEMENTSOF(file_syscalls) ? file_syscalls + index : NULL;
}

const FopsSyscall *fops_uring_op_by_index(size_t index, unsigned *ret_opcode) {
        if (index >= ELEMENTSOF(uring_ops))
                return NULL;
        *ret_opcode = uring_ops[index].opcode;
        return &uring_ops[index].call;
}
