/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "op.h"

#define S(s) FOPS_SPAN_LITERAL(s)
#define BITS(a, b) (FOPS_OP_BIT(FOPS_OP_##a) | FOPS_OP_BIT(FOPS_OP_##b))

static void test_every_operation_survives_its_name(void **state _unused_) {
        for (unsigned i = 0; i < _FOPS_OP_MAX; i++) {
                FopsOp op = _FOPS_OP_MAX;

                assert_non_null(fops_op_to_string((FopsOp) i));
                assert_true(fops_op_from_string(fops_span_from_string(fops_op_to_string((FopsOp) i)), &op));
                assert_int_equal(op, i);
                assert_non_null(fops_class_to_string(fops_op_class((FopsOp) i)));
        }
}

static void test_classes_are_as_the_journal_says_them(void **state _unused_) {
        assert_string_equal(fops_class_to_string(fops_op_class(FOPS_OP_LIST)), "read");
        assert_string_equal(fops_class_to_string(fops_op_class(FOPS_OP_TRUNCATE)), "write");
        assert_string_equal(fops_class_to_string(fops_op_class(FOPS_OP_EXEC)), "exec");
        assert_string_equal(fops_class_to_string(fops_op_class(FOPS_OP_UTIME)), "attr");
        assert_string_equal(fops_class_to_string(fops_op_class(FOPS_OP_UMOUNT)), "other");
}

static void test_a_word_covers_its_kin(void **state _unused_) {
        assert_int_equal(fops_op_mask_from_word(S("create")),
                         BITS(CREATE, MKDIR) | BITS(MKNOD, SYMLINK) | FOPS_OP_BIT(FOPS_OP_LINK));
        assert_int_equal(fops_op_mask_from_word(S("delete")), BITS(DELETE, RMDIR));
        assert_int_equal(fops_op_mask_from_word(S("rename")), BITS(RENAME, EXCHANGE));
        assert_int_equal(fops_op_mask_from_word(S("modify")), BITS(MODIFY, TRUNCATE));
        assert_int_equal(fops_op_mask_from_word(S("read")), BITS(READ, LIST));
        assert_int_equal(fops_op_mask_from_word(S("mkdir")), FOPS_OP_BIT(FOPS_OP_MKDIR));
        assert_int_equal(fops_op_mask_from_word(S("other")), FOPS_OP_BIT(FOPS_OP_OTHER));
        assert_int_equal(fops_op_mask_from_word(S("attr")),
                         BITS(CHMOD, CHOWN) | BITS(SETXATTR, REMOVEXATTR) | FOPS_OP_BIT(FOPS_OP_UTIME));
}

static void test_all_is_all_but_other(void **state _unused_) {
        FopsOpMask all = fops_op_mask_from_word(S("all"));

        for (unsigned i = 0; i < _FOPS_OP_MAX; i++)
                assert_int_equal((all & FOPS_OP_BIT(i)) != 0, i != FOPS_OP_OTHER);
        assert_int_equal(fops_op_mask_from_word(S("write")) & fops_op_mask_from_word(S("attr")), 0);
}

static void test_unknown_words_mean_nothing(void **state _unused_) {
        FopsOp op = FOPS_OP_MKDIR;

        assert_int_equal(fops_op_mask_from_word(S("opne")), 0);
        assert_int_equal(fops_op_mask_from_word(S("")), 0);
        assert_int_equal(fops_op_mask_from_word(S("Read")), 0);
        assert_int_equal(fops_op_mask_from_word(S("read\0")), 0);
        assert_int_equal(fops_op_mask_from_word(FOPS_SPAN_ABSENT), 0);
        assert_false(fops_op_from_string(S("write"), &op)); /* a class */
        assert_int_equal(op, FOPS_OP_MKDIR);
}

static void test_the_words_are_complete(void **state _unused_) {
        FopsOpMask seen = 0;
        size_t n = 0;

        for (const char *const *word = fops_op_words(); *word; word++, n++) {
                FopsOp op;

                assert_int_not_equal(fops_op_mask_from_word(fops_span_from_string(*word)), 0);
                if (fops_op_from_string(fops_span_from_string(*word), &op)) {
                        assert_int_equal(seen & FOPS_OP_BIT(op), 0);
                        seen |= FOPS_OP_BIT(op);
                }
        }
        assert_int_equal(seen, FOPS_OP_MASK_ALL | FOPS_OP_BIT(FOPS_OP_OTHER));
        assert_int_equal(n, _FOPS_OP_MAX + 3); /* write, attr, all; read and exec are both class and operation */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_operation_survives_its_name),
                cmocka_unit_test(test_classes_are_as_the_journal_says_them),
                cmocka_unit_test(test_a_word_covers_its_kin),
                cmocka_unit_test(test_all_is_all_but_other),
                cmocka_unit_test(test_unknown_words_mean_nothing),
                cmocka_unit_test(test_the_words_are_complete),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
