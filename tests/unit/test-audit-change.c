/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "test-records.h"

#include "audit-change.h"
#include "operation.h"

static FopsAuditChange read_change(const char *body) {
        return fops_audit_change_read(fops_span_from_string(body));
}

static void test_a_setting_has_its_name_and_both_values(void **state _unused_) {
        FopsAuditChange c = read_change("op=set audit_enabled=0 old=1 auid=1000 ses=2 subj=unconfined res=1");

        assert_int_equal(c.kind, FOPS_CHANGE_SETTING);
        assert_span(c.setting, "audit_enabled");
        assert_int_equal(c.value, 0);
        assert_int_equal(c.old, 1);
        assert_int_equal(c.auid, 1000);
        assert_int_equal(c.session, 2);
        assert_int_equal(c.pid, 0);
        assert_int_equal(c.uid, FOPS_ID_UNSET);
        assert_span(c.subj, "unconfined");
        assert_true(c.is_request);
        assert_false(c.is_refused);

        c = read_change("op=set lost=0 old=239 auid=4294967295 ses=4294967295 res=1");
        assert_span(c.setting, "lost");
        assert_int_equal(c.old, 239);
        assert_int_equal(c.auid, FOPS_ID_UNSET);

        assert_true(read_change("op=set audit_pid=28437 old=28427 auid=0 ses=1 res=0").is_refused);
}

static void test_a_rule_of_ours_is_known_by_its_key(void **state _unused_) {
        /* 0x01 keeps keys apart: identity, fopsd:12 */
        FopsAuditChange c = read_change("auid=0 ses=1 op=remove_rule key=6964656E7469747901666F7073643A3132 list=4 res=1");

        assert_int_equal(c.kind, FOPS_CHANGE_RULE_REMOVED);
        assert_true(c.is_tagged);
        assert_true(c.is_request);
        assert_false(fops_span_is_present(c.setting));

        c = read_change("auid=0 ses=1 op=add_rule key=\"mine\" list=4 res=1");
        assert_int_equal(c.kind, FOPS_CHANGE_RULE_ADDED);
        assert_false(c.is_tagged);
        assert_false(read_change("auid=0 ses=1 op=remove_rule key=(null) list=4 res=1").is_tagged);
}

static void test_a_trim_and_the_end_of_an_anchor_are_known(void **state _unused_) {
        FopsAuditChange c = read_change("pid=7 uid=0 auid=1000 ses=2 subj=unconfined op=trim res=1");

        assert_int_equal(c.kind, FOPS_CHANGE_TRIMMED);
        assert_true(c.is_request);
        assert_int_equal(c.pid, 7);

        c = read_change("op=remove_rule dir=\"/run/fopsd/trees/12.7\" key=\"fopsd:1\" list=4 res=1");
        assert_true(c.is_of_anchor && c.is_tagged);
        assert_false(read_change("op=remove_rule dir=\"/srv/data\" key=\"fopsd:1\" list=4 res=1").is_of_anchor);
}

/* The object of a rule is gone: a directory, a file with its directory, a file that is another one now. */
static void test_what_the_kernel_does_by_itself_nobody_asked_for(void **state _unused_) {
        assert_false(read_change("op=remove_rule dir=\"/srv/data\" key=\"fopsd:1\" list=4 res=1").is_request);
        assert_false(read_change("auid=0 ses=1 op=remove_rule path=\"/srv/x\" key=\"fopsd:1\" list=4 res=1").is_request);
        assert_false(read_change("auid=0 ses=1 op=updated_rules path=\"/srv/x\" key=\"fopsd:1\" list=4 res=1").is_request);
        assert_int_equal(read_change("auid=0 ses=1 op=updated_rules path=\"/srv/x\" key=(null) list=4 res=1").kind, FOPS_CHANGE_OTHER);
}

static void test_a_request_while_locked_says_who(void **state _unused_) {
        FopsAuditChange c = read_change("pid=4711 uid=0 auid=1000 ses=2 op=remove_rule audit_enabled=2 res=0");

        assert_int_equal(c.kind, FOPS_CHANGE_RULE_REMOVED);
        assert_true(c.is_refused);
        assert_int_equal(c.pid, 4711);
        assert_int_equal(c.uid, 0);
}

static void test_what_is_cut_or_strange_is_nothing_in_particular(void **state _unused_) {
        static const char *bodies[] = { "", "op", "op=", "op=set", "op=set audit_enabled", "op=set audit_enabled=x old=y", "res=1" };

        for (size_t i = 0; i < ELEMENTSOF(bodies); i++) {
                FopsAuditChange c = read_change(bodies[i]);

                assert_int_equal(c.value, 0);
                assert_int_equal(c.old, 0);
                assert_false(c.is_refused);
                assert_false(c.is_tagged);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_setting_has_its_name_and_both_values),
                cmocka_unit_test(test_a_rule_of_ours_is_known_by_its_key),
                cmocka_unit_test(test_a_trim_and_the_end_of_an_anchor_are_known),
                cmocka_unit_test(test_what_the_kernel_does_by_itself_nobody_asked_for),
                cmocka_unit_test(test_a_request_while_locked_says_who),
                cmocka_unit_test(test_what_is_cut_or_strange_is_nothing_in_particular),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
