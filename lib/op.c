/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op.h"

static const struct {
        const char *name;
        FopsClass class;
        FopsOpMask covers; /* besides itself */
} op_table[_FOPS_OP_MAX] = {
        [FOPS_OP_CREATE] = { "create", FOPS_CLASS_WRITE,
                             FOPS_OP_BIT(FOPS_OP_MKDIR) | FOPS_OP_BIT(FOPS_OP_MKNOD) | FOPS_OP_BIT(FOPS_OP_SYMLINK) |
                             FOPS_OP_BIT(FOPS_OP_LINK) },
        [FOPS_OP_MKDIR] = { "mkdir", FOPS_CLASS_WRITE, 0 },
        [FOPS_OP_MKNOD] = { "mknod", FOPS_CLASS_WRITE, 0 },
        [FOPS_OP_SYMLINK] = { "symlink", FOPS_CLASS_WRITE, 0 },
        [FOPS_OP_LINK] = { "link", FOPS_CLASS_WRITE, 0 },
        [FOPS_OP_DELETE] = { "delete", FOPS_CLASS_WRITE, FOPS_OP_BIT(FOPS_OP_RMDIR) },
        [FOPS_OP_RMDIR] = { "rmdir", FOPS_CLASS_WRITE, 0 },
        [FOPS_OP_RENAME] = { "rename", FOPS_CLASS_WRITE, FOPS_OP_BIT(FOPS_OP_EXCHANGE) },
        [FOPS_OP_EXCHANGE] = { "exchange", FOPS_CLASS_WRITE, 0 },
        [FOPS_OP_MODIFY] = { "modify", FOPS_CLASS_WRITE, FOPS_OP_BIT(FOPS_OP_TRUNCATE) },
        [FOPS_OP_TRUNCATE] = { "truncate", FOPS_CLASS_WRITE, 0 },
        [FOPS_OP_READ] = { "read", FOPS_CLASS_READ, FOPS_OP_BIT(FOPS_OP_LIST) },
        [FOPS_OP_LIST] = { "list", FOPS_CLASS_READ, 0 },
        [FOPS_OP_EXEC] = { "exec", FOPS_CLASS_EXEC, 0 },
        [FOPS_OP_CHMOD] = { "chmod", FOPS_CLASS_ATTR, 0 },
        [FOPS_OP_CHOWN] = { "chown", FOPS_CLASS_ATTR, 0 },
        [FOPS_OP_SETXATTR] = { "setxattr", FOPS_CLASS_ATTR, 0 },
        [FOPS_OP_REMOVEXATTR] = { "removexattr", FOPS_CLASS_ATTR, 0 },
        [FOPS_OP_UTIME] = { "utime", FOPS_CLASS_ATTR, 0 },
        [FOPS_OP_MOUNT] = { "mount", FOPS_CLASS_OTHER, 0 },
        [FOPS_OP_UMOUNT] = { "umount", FOPS_CLASS_OTHER, 0 },
        [FOPS_OP_OTHER] = { "other", FOPS_CLASS_OTHER, 0 },
};

static const char *const class_names[_FOPS_CLASS_MAX] = {
        [FOPS_CLASS_READ] = "read", [FOPS_CLASS_WRITE] = "write", [FOPS_CLASS_EXEC] = "exec",
        [FOPS_CLASS_ATTR] = "attr", [FOPS_CLASS_OTHER] = "other",
};

const char *fops_op_to_string(FopsOp op) {
        return op_table[op].name;
}

const char *fops_class_to_string(FopsClass c) {
        return class_names[c];
}

FopsClass fops_op_class(FopsOp op) {
        return op_table[op].class;
}

FopsOpMask fops_op_mask_from_word(FopsSpan word) {
        FopsOp op;

        if (fops_span_equal_string(word, "all"))
                return FOPS_OP_MASK_ALL;

        if (fops_op_from_string(word, &op))
                return FOPS_OP_BIT(op) | op_table[op].covers;

        for (size_t c = 0; c < _FOPS_CLASS_MAX; c++)
                if (fops_span_equal_string(word, class_names[c])) {
                        FopsOpMask mask = 0;

                        for (size_t i = 0; i < _FOPS_OP_MAX; i++)
                                if (op_table[i].class == (FopsClass) c)
                                        mask |= FOPS_OP_BIT(i);
                        return mask;
                }

        return 0;
}

bool fops_op_from_string(FopsSpan name, FopsOp *ret) {
        for (size_t i = 0; i < _FOPS_OP_MAX; i++)
                if (fops_span_equal_string(name, op_table[i].name)) {
                        *ret = (FopsOp) i;
                        return true;
                }
        return false;
}

const char *const *fops_op_words(void) {
        static const char *const words[] = {
                "read", "write", "exec", "attr", "all", "create", "mkdir", "mknod", "symlink", "link", "delete",
                "rmdir", "rename", "exchange", "modify", "truncate", "list", "chmod", "chown", "setxattr",
                "removexattr", "utime", "mount", "umount", "other", NULL,
        };

        return words;
}
