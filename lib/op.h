/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The kinds of file operation fopsd tells apart, their classes and their names: one table that configuration, rule compiler,
 * journal fields and fopsctl share. All functions are pure and thread-safe. */

#include "span.h"

typedef enum FopsOp {
        FOPS_OP_CREATE,
        FOPS_OP_MKDIR,
        FOPS_OP_MKNOD,
        FOPS_OP_SYMLINK,
        FOPS_OP_LINK,
        FOPS_OP_DELETE,
        FOPS_OP_RMDIR,
        FOPS_OP_RENAME,
        FOPS_OP_EXCHANGE,
        FOPS_OP_MODIFY,   /* opened for writing */
        FOPS_OP_TRUNCATE, /* truncate(2), ftruncate(2) */
        FOPS_OP_READ,     /* opened for reading */
        FOPS_OP_LIST,     /* a directory opened for reading */
        FOPS_OP_EXEC,
        FOPS_OP_CHMOD,
        FOPS_OP_CHOWN,
        FOPS_OP_SETXATTR,
        FOPS_OP_REMOVEXATTR,
        FOPS_OP_UTIME,
        FOPS_OP_MOUNT,
        FOPS_OP_UMOUNT,
        FOPS_OP_OTHER,
        _FOPS_OP_MAX,
} FopsOp;

typedef enum FopsClass {
        FOPS_CLASS_READ,
        FOPS_CLASS_WRITE,
        FOPS_CLASS_EXEC,
        FOPS_CLASS_ATTR,
        FOPS_CLASS_OTHER,
        _FOPS_CLASS_MAX,
} FopsClass;

/* A set of operations, bit 1 << FopsOp each. */
typedef uint32_t FopsOpMask;
#define FOPS_OP_BIT(op) ((FopsOpMask) 1 << (op))
/* "all": everything but `other`, which has to be asked for by name (readlink, getxattr and the like would drown the rest). */
#define FOPS_OP_MASK_ALL (((FopsOpMask) 1 << FOPS_OP_OTHER) - 1)

/* "delete", "setxattr" … Static strings. */
const char *fops_op_to_string(FopsOp op);
const char *fops_class_to_string(FopsClass c);
FopsClass fops_op_class(FopsOp op);

/* The set meant by one word of a configuration's `ops`: a class, "all", or an operation with those it covers
 * (create: mkdir mknod symlink link; delete: rmdir; rename: exchange; modify: truncate; read: list). Note that the class
 * words `read` and the operation word `read` mean the same set. Returns 0 for an unknown word. */
FopsOpMask fops_op_mask_from_word(FopsSpan word);

/* Exactly this operation, without what it covers; false for an unknown name. */
bool fops_op_from_string(FopsSpan name, FopsOp *ret);

/* The words of the configuration, for messages and completions: NULL-terminated, static. */
const char *const *fops_op_words(void);
