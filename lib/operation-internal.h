/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Between the parts of the operation room: what the records of one event say (operation-records.c), what of it was read before
 * (operation-recall.c), and what it means (operation.c; operation-rename.c). */

#include "operation.h"

/* What the meaning needs and the operation doesn't keep. */
typedef struct FopsRawCall {
        bool has_success, success;
        bool has_oflag;
        uint64_t oflag;      /* from an OPENAT2 record */
} FopsRawCall;

/* What stands behind the call in a SYSCALL record: who made it, and the rule's keys. */
typedef enum FopsCallerText {
        FOPS_CALLER_TTY,
        FOPS_CALLER_COMM,
        FOPS_CALLER_EXE,
        FOPS_CALLER_SUBJ,
        FOPS_CALLER_KEYS,
        _FOPS_CALLER_TEXT_MAX,
} FopsCallerText;

typedef struct FopsCaller {
        uint32_t ppid, pid; /* 0: unknown */
        uint32_t auid, uid, gid, euid, session;
        FopsSpan texts[_FOPS_CALLER_TEXT_MAX];
} FopsCaller;

/* Reads every record of @event, which has a call, into @op: process, call, items, cwd, command line, keys. @memory
 * may be NULL. Returns 0 or -ENOMEM. */
int fops_operation_read_records(FopsEvent *event, FopsSyscallTable *syscalls, FopsOperationMemory *memory, FopsOperation *op,
                                FopsRawCall *ret);

/* Reads a SYSCALL, or a PATH, whose first fields are those that the kernel writes first, and whose rest was in a record before. False
 * if it is otherwise, and the record is to be read as any; if only the rest is new, *@ret_rest is set to it, to be remembered with
 * what was read; else to absent. What isn't in the record itself is copied to @arena. */
bool fops_operation_recall_call(FopsOperationMemory *m, FopsSpan body, FopsArena *arena, FopsOperation *op, FopsRawCall *raw,
                                FopsCaller *ret, FopsSpan *ret_rest);
bool fops_operation_recall_item(FopsOperationMemory *m, FopsSpan body, FopsArena *arena, FopsItem *ret, FopsSpan *ret_rest);

/* @rest: as set by _recall; absent: nothing is done. */
void fops_operation_remember_call(FopsOperationMemory *m, FopsSpan rest, const FopsCaller *caller);
void fops_operation_remember_item(FopsOperationMemory *m, FopsSpan rest, const FopsItem *item);

/* The same of a PROCTITLE's @body: its title, and that with blanks for NULs. */
bool fops_operation_recall_title(FopsOperationMemory *m, FopsSpan body, FopsArena *arena, FopsSpan *ret_title, FopsSpan *ret_line);
void fops_operation_remember_title(FopsOperationMemory *m, FopsSpan body, FopsSpan title, FopsSpan line);

/* Sets both objects of a rename, what it replaced, and op->op if it is an exchange; their directories only where the items tell them by
 * more than names. True if names are to tell them. */
bool fops_operation_find_renamed(FopsOperation *op);
