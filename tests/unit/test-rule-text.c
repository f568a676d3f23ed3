/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Kernel rules in auditctl -l's form: as auditctl 3.0.9 prints the same rules, where it has a name for what is in them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "rule-internal.h"

static struct audit_rule_data *new_rule(uint32_t list, uint32_t action) {
        struct audit_rule_data *rule = fops_rule_data_new(list, action);

        assert_non_null(rule);
        return rule;
}

static void add(struct audit_rule_data *rule, uint32_t field, uint32_t op, uint32_t value) {
        assert_int_equal(fops_rule_data_add(rule, field, op, value), 0);
}

static void add_string(struct audit_rule_data **rule, uint32_t field, uint32_t op, const char *value) {
        assert_int_equal(fops_rule_data_add_string(rule, field, op, fops_span_from_string(value)), 0);
}

/* Frees @rule. */
static void assert_text(struct audit_rule_data *rule, const char *expected) {
        _cleanup_free_ char *text = fops_rule_data_to_string(rule);

        assert_string_equal(text, expected);
        free(rule);
}

static void test_a_rule_with_all_calls_a_path_and_a_perm_is_a_watch(void **state _unused_) {
        struct audit_rule_data *rule = new_rule(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);

        fops_rule_data_set_all(rule);
        add_string(&rule, AUDIT_WATCH, AUDIT_EQUAL, "/etc/passwd");
        add(rule, AUDIT_PERM, AUDIT_EQUAL, AUDIT_PERM_WRITE | AUDIT_PERM_ATTR);
        add_string(&rule, AUDIT_FILTERKEY, AUDIT_EQUAL, "a\x01" "b");
        assert_text(rule, "-w /etc/passwd -p wa -k a -k b");
}

static void test_one_field_more_and_it_is_a_rule(void **state _unused_) {
        struct audit_rule_data *rule = new_rule(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);

        fops_rule_data_set_all(rule);
        add_string(&rule, AUDIT_DIR, AUDIT_EQUAL, "/etc");
        add(rule, AUDIT_PERM, AUDIT_EQUAL, 15);
        add(rule, AUDIT_LOGINUID, AUDIT_NOT_EQUAL, UINT32_MAX);
        add_string(&rule, AUDIT_FILTERKEY, AUDIT_EQUAL, "k");
        assert_text(rule, "-a always,exit -S all -F dir=/etc -F perm=rwxa -F auid!=-1 -F key=k");
}

static void test_calls_are_named_by_the_arch_that_stands_anywhere(void **state _unused_) {
        struct audit_rule_data *rule = new_rule(AUDIT_FILTER_EXIT, AUDIT_NEVER);

        fops_rule_data_set_bit(rule, 10);
        fops_rule_data_set_bit(rule, 452);
        fops_rule_data_set_bit(rule, 2000);
        add(rule, AUDIT_UID, AUDIT_EQUAL, 0);
        add(rule, AUDIT_ARCH, AUDIT_EQUAL, AUDIT_ARCH_I386);
        assert_text(rule, "-a never,exit -F arch=b32 -S unlink,fchmodat2,2000 -F uid=0");

        rule = new_rule(AUDIT_FILTER_EXIT, AUDIT_NEVER);
        fops_rule_data_set_bit(rule, 10);
        add(rule, AUDIT_ARCH, AUDIT_EQUAL, 0x12345);
        assert_text(rule, "-a never,exit -F arch=0x12345 -S 10");
}

static void test_io_uring_opcodes_have_names(void **state _unused_) {
        struct audit_rule_data *rule = new_rule(AUDIT_FILTER_URING_EXIT, AUDIT_ALWAYS);

        fops_rule_data_set_bit(rule, 0);
        fops_rule_data_set_bit(rule, 18);
        fops_rule_data_set_bit(rule, 36);
        add_string(&rule, AUDIT_DIR, AUDIT_EQUAL, "/srv");
        assert_text(rule, "-a always,io_uring -S 0,openat,unlinkat -F dir=/srv");
}

static void test_values_print_in_their_own_manner(void **state _unused_) {
        struct audit_rule_data *rule = new_rule(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);

        add(rule, AUDIT_EXIT, AUDIT_EQUAL, (uint32_t) -13);
        add(rule, AUDIT_EXIT, AUDIT_GREATER_THAN_OR_EQUAL, 3);
        add(rule, AUDIT_EXIT, AUDIT_NOT_EQUAL, (uint32_t) INT32_MIN);
        add(rule, AUDIT_INODE, AUDIT_EQUAL, 4000000000);
        add(rule, AUDIT_ARG2, AUDIT_BIT_MASK, 0x243);
        add(rule, AUDIT_PERS, AUDIT_BIT_TEST, 8);
        add(rule, AUDIT_FILETYPE, AUDIT_EQUAL, 0100000);
        add(rule, AUDIT_SESSIONID, AUDIT_EQUAL, UINT32_MAX);
        add(rule, AUDIT_FIELD_COMPARE, AUDIT_NOT_EQUAL, AUDIT_COMPARE_AUID_TO_OBJ_UID);
        add_string(&rule, AUDIT_SUBJ_TYPE, AUDIT_NOT_EQUAL, "a_t");
        add_string(&rule, AUDIT_EXE, AUDIT_EQUAL, "/bin/x");
        assert_text(rule, "-a always,exit -F exit=-EACCES -F exit>=3 -F exit!=-2147483648 -F inode=4000000000 -F a2&0x243 "
                          "-F pers&=8 -F filetype=32768 -F sessionid=-1 -C auid!=obj_uid -F subj_type!=a_t -F exe=/bin/x");
}

static void test_other_lists_print_without_calls(void **state _unused_) {
        struct audit_rule_data *rule = new_rule(AUDIT_FILTER_EXCLUDE, AUDIT_ALWAYS);

        fops_rule_data_set_all(rule);
        add(rule, AUDIT_MSGTYPE, AUDIT_EQUAL, AUDIT_CWD);
        add(rule, AUDIT_MSGTYPE, AUDIT_NOT_EQUAL, 4711);
        assert_text(rule, "-a always,exclude -F msgtype=CWD -F msgtype!=4711");

        rule = new_rule(AUDIT_FILTER_FS, AUDIT_NEVER);
        add(rule, AUDIT_FSTYPE, AUDIT_EQUAL, 0x74726163);
        assert_text(rule, "-a never,filesystem -F fstype=tracefs");
}

static void test_what_has_no_name_is_a_number(void **state _unused_) {
        struct audit_rule_data *rule = new_rule(9, 7);

        add(rule, 240, AUDIT_EQUAL, 5);
        add(rule, AUDIT_UID, 0x1, 5);
        add(rule, AUDIT_FIELD_COMPARE, AUDIT_EQUAL, 99);
        assert_text(rule, "-a 7,9 -F f240=5 -F uid[0x1]5 -F f111=99");
}

static void test_a_rule_without_anything_prints(void **state _unused_) {
        assert_text(new_rule(AUDIT_FILTER_TASK, AUDIT_NEVER), "-a never,task");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_rule_with_all_calls_a_path_and_a_perm_is_a_watch),
                cmocka_unit_test(test_one_field_more_and_it_is_a_rule),
                cmocka_unit_test(test_calls_are_named_by_the_arch_that_stands_anywhere),
                cmocka_unit_test(test_io_uring_opcodes_have_names),
                cmocka_unit_test(test_values_print_in_their_own_manner),
                cmocka_unit_test(test_other_lists_print_without_calls),
                cmocka_unit_test(test_what_has_no_name_is_a_number),
                cmocka_unit_test(test_a_rule_without_anything_prints),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
