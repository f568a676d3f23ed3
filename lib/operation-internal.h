/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Between the two halves of the operation room: what the records of one event say (operation-records.c), and what that means
 * (operation.c). */

#include "operation.h"

/* What the meaning needs and the operation doesn't keep. */
typedef struct FopsRawCall {
        bool found;          /* a SYSCALL or URINGOP record was there */
        bool has_success, success;
        bool has_oflag;
        uint64_t oflag;      /* from an OPENAT2 record */
} FopsRawCall;

/* Reads every record of op->event into @op: process, call, items, cwd, command line, keys. Returns 0 or -ENOMEM. */
int fops_operation_read_records(FopsEvent *event, FopsSyscallTable *syscalls, FopsOperation *op, FopsRawCall *ret);
