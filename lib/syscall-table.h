/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* (arch, number) → name, operation, and how to read the arguments. Names of most calls come from libaudit; the calls that are
 * newer than libaudit 3.0.9, and the io_uring opcodes, from tables here. An unknown call has a number and no meaning. */

#include "op.h"

typedef enum FopsSyscallFlags {
        FOPS_SYSCALL_OPEN = 1 << 0,    /* operation depends on the open flags */
        FOPS_SYSCALL_OPEN_HOW = 1 << 1, /* … which are in an OPENAT2 record */
        FOPS_SYSCALL_UNLINKAT = 1 << 2, /* AT_REMOVEDIR makes it rmdir */
        FOPS_SYSCALL_TWO_NAMES = 1 << 3, /* rename, link: an old and a new name */
        FOPS_SYSCALL_NOT_FILE = 1 << 4, /* has no path */
        FOPS_SYSCALL_NO_PERM = 1 << 5,  /* in no permission class of the kernel's (utimensat): watched without perm */
        FOPS_SYSCALL_SOCKET = 1 << 6,   /* bind: makes a node for a Unix socket, and nothing for any other */
} FopsSyscallFlags;

/* Argument positions are 0 to 3, those the record shows; -1: none (or beyond the fourth, which isn't logged). */
typedef struct FopsSyscall {
        const char *name;
        FopsOp op;
        unsigned flags;
        int8_t fd;       /* fchmod's descriptor: the object itself */
        int8_t dirfd;    /* the base of the (first) name; -1: the current directory */
        int8_t dirfd2;   /* the base of the second name */
        int8_t oflag, mode, uid, gid, atflag;
} FopsSyscall;

typedef struct FopsSyscallTable FopsSyscallTable;

/* A cache over libaudit's tables; not thread-safe. NULL when memory is out. */
FopsSyscallTable *fops_syscall_table_new(void);
FopsSyscallTable *fops_syscall_table_free(FopsSyscallTable *t);
FOPS_DEFINE_CLEANUP(FopsSyscallTable *, fops_syscall_table_free)

/* Never NULL: a call without meaning to us has op OTHER, one without even a name has .name NULL. @arch is AUDIT_ARCH_*, as logged. */
const FopsSyscall *fops_syscall_table_get(FopsSyscallTable *t, uint32_t arch, int nr);

/* The same for an io_uring opcode (uring_op=18: openat). Its arguments aren't logged: all positions are -1. Pure. */
const FopsSyscall *fops_uring_op_get(unsigned opcode);

/* "x86_64", or NULL for an arch that libaudit doesn't know. Static. */
const char *fops_arch_to_string(uint32_t arch);

/* Number of call @name on @machine (libaudit's machine: audit_elf_to_machine()), newer calls included; -1 if there is none such there. */
int fops_syscall_number(const char *name, int machine);

/* Walks every call that means an operation on a file, in table order: index from 0; NULL at the end. For the rule compiler. */
const FopsSyscall *fops_syscall_by_index(size_t index);

/* Walks the io_uring opcodes with a meaning: sets *@opcode. NULL at the end. */
const FopsSyscall *fops_uring_op_by_index(size_t index, unsigned *ret_opcode);
