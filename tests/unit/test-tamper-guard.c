/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Rules that others removed, and what is said of them, in every order in which that can be heard of and mended. The kernel and the
 * journal are stand-ins. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tamper-guard.h"

#define N_RULES 3U
#define SEC UINT64_C(1000000)

static struct {
        size_t n_missing;      /* of the kernel's rules */
        int error;             /* that the kernel refuses rules with; 0: it takes them */
        TamperGuard *heard_by; /* while it is asked for rules, somebody hears of one more that was removed; NULL: nobody */
} kernel;

static struct {
        char text[256];
        unsigned n, n_gaps;
        uint64_t gap_from_usec;
} said;

/* --- stand-ins ----------------------------------------------------------------------------------------------------------- */

int fops_audit_control_get_status(FopsAuditControl *c _unused_, struct audit_status *ret) {
        *ret = (struct audit_status){ .enabled = 1 };
        return 0;
}

int audit_state_apply(AuditState *s _unused_, FopsAuditControl *c _unused_, const FopsConfig *config _unused_) {
        return 0;
}

uint32_t intake_registered_pid(const Intake *i _unused_) {
        return 0;
}

void fops_pipeline_own_changes_until(FopsPipeline *p _unused_, uint64_t realtime_usec _unused_) {}

FopsNames *fops_pipeline_names(FopsPipeline *p _unused_) {
        return NULL;
}

void ruleset_uncover(Ruleset *r _unused_) {}

void publisher_tamper(Publisher *p _unused_, const PublisherTamper *tamper, FopsNames *names _unused_) {
        snprintf(said.text, sizeof(said.text), "%s%s", tamper->deed, tamper->outcome);
        said.n++;
}

void publisher_gap(Publisher *p _unused_, const char *cause, uint64_t count, uint64_t from_usec, uint64_t until_usec) {
        assert_string_equal(cause, "rules were missing");
        assert_int_equal(count, 0);
        assert_true(from_usec <= until_usec);
        said.gap_from_usec = from_usec;
        said.n_gaps++;
}

static void hear(TamperGuard *g, uint64_t usec);

int fops_rule_loader_sync(FopsAuditControl *c _unused_, const FopsRules *wanted, FopsTargets *targets _unused_, bool keep_shared _unused_,
                          FopsRuleSync *ret) {
        *ret = (FopsRuleSync){ .errors = calloc(wanted->n_items, sizeof(int)), .is_late = kernel.error == -EBUSY };
        assert_non_null(ret->errors);
        for (size_t i = 0; i < kernel.n_missing; i++)
                ret->errors[i] = kernel.error;
        if (kernel.error == 0) {
                ret->n_installed = kernel.n_missing;
                kernel.n_missing = 0;
        }
        if (kernel.heard_by)
                hear(kernel.heard_by, 2 * SEC);
        return 0;
}

void fops_rule_sync_done(FopsRuleSync *s) {
        free(s->errors);
}

/* --- the tests ----------------------------------------------------------------------------------------------------------- */

static FopsRule rules[N_RULES];

static Ruleset wanted(void) {
        return (Ruleset){ .config = { .tamper_restore = true }, .rules = { .items = rules, .n_items = N_RULES } };
}

static void hear(TamperGuard *g, uint64_t usec) {
        const FopsAuditChange change = { .kind = FOPS_CHANGE_RULE_REMOVED, .is_request = true, .is_tagged = true };
        const FopsEvent event = { .id = { .sec = usec / SEC } };

        (void) tamper_guard_hear(g, &change, &(FopsOperation){ .event = &event, .pid = 4711 });
}

static int setup(void **state) {
        TamperGuard *g = calloc(1, sizeof(TamperGuard));

        memset(&kernel, 0, sizeof(kernel));
        memset(&said, 0, sizeof(said));
        *state = g;
        return g ? 0 : -1;
}

static int teardown(void **state) {
        tamper_guard_done(*state);
        free(*state);
        return 0;
}

static void look(TamperGuard *g) {
        Ruleset ruleset = wanted();

        assert_int_equal(tamper_guard_look(g, &ruleset), 0);
}

static void assert_said(const char *text, unsigned n_gaps) {
        assert_string_equal(said.text, text);
        assert_int_equal(said.n, 1);
        assert_int_equal(said.n_gaps, n_gaps);
        memset(&said, 0, sizeof(said));
}

static void assert_silence(void) {
        assert_int_equal(said.n + said.n_gaps, 0);
}

static void test_what_was_removed_comes_back(void **state) {
        TamperGuard *g = *state;

        kernel.n_missing = 2;
        hear(g, 1 * SEC);
        hear(g, 1 * SEC);
        look(g);
        assert_int_equal(kernel.n_missing, 0);
        assert_int_equal(said.gap_from_usec, 1 * SEC);
        assert_said("removed 2 rules of fopsd's; they are back", 1);
        look(g);
        assert_silence();
}

static void test_what_a_reload_has_brought_back_is_back_too(void **state) {
        TamperGuard *g = *state;

        hear(g, 1 * SEC);
        look(g);
        assert_int_equal(said.gap_from_usec, 1 * SEC);
        assert_said("removed 1 rule of fopsd's; they are back", 1);
}

static void test_a_removal_that_is_heard_of_when_all_is_back_is_told_so(void **state) {
        TamperGuard *g = *state;

        kernel.n_missing = 2;
        hear(g, 1 * SEC);
        look(g);
        assert_said("removed 1 rule of fopsd's; they are back", 1);
        hear(g, 1 * SEC);
        look(g);
        assert_said("removed 1 rule of fopsd's; they are back", 1);
}

static void test_nothing_is_told_while_the_kernel_is_busy(void **state) {
        TamperGuard *g = *state;

        kernel.n_missing = 1;
        kernel.error = -EBUSY;
        hear(g, 1 * SEC);
        for (unsigned i = 0; i < 100; i++)
                look(g);
        assert_silence();
        kernel.error = 0;
        look(g);
        assert_int_equal(kernel.n_missing, 0);
        assert_said("removed 1 rule of fopsd's; they are back", 1);
}

/* It may have been removed when the kernel had listed its rules already. */
static void test_a_removal_heard_of_meanwhile_is_told_when_it_has_been_looked_for(void **state) {
        TamperGuard *g = *state;

        kernel.n_missing = 1;
        kernel.heard_by = g;
        hear(g, 1 * SEC);
        look(g);
        assert_silence();
        kernel.heard_by = NULL;
        kernel.n_missing = 1;
        look(g);
        assert_int_equal(kernel.n_missing, 0);
        assert_int_equal(said.gap_from_usec, 1 * SEC);
        assert_said("removed 2 rules of fopsd's; they are back", 1);
}

static void test_what_is_missing_for_no_known_reason_is_told(void **state) {
        TamperGuard *g = *state;

        g->complete_usec = 1 * SEC;
        g->is_due = true;
        look(g);
        assert_silence();
        g->complete_usec = 1 * SEC;
        g->is_due = true;
        kernel.n_missing = 1;
        look(g);
        assert_int_equal(said.gap_from_usec, 1 * SEC);
        assert_said("rules of fopsd's were missing; they are back", 1);
}

static void test_what_is_locked_does_not_come_back(void **state) {
        TamperGuard *g = *state;

        kernel.n_missing = 1;
        kernel.error = -EPERM;
        hear(g, 1 * SEC);
        look(g);
        assert_said("removed 1 rule of fopsd's", 0);
}

/* As those for io_uring on an old kernel. */
static void test_what_the_kernel_never_took_was_not_removed(void **state) {
        TamperGuard *g = *state;

        kernel.n_missing = 1;
        kernel.error = -EINVAL;
        hear(g, 1 * SEC);
        look(g);
        assert_said("removed 1 rule of fopsd's; they are back", 1);
}

static void test_when_a_fight_is_over_the_rules_come_back(void **state) {
        TamperGuard *g = *state;

        do {
                assert_true(said.n < 100);
                kernel.n_missing = 1;
                hear(g, 1 * SEC);
                look(g);
        } while (kernel.n_missing == 0);
        assert_string_equal(said.text, "removed 1 rule of fopsd's");
        assert_true(said.n_gaps > 1);
        memset(&said, 0, sizeof(said));

        look(g);
        assert_int_equal(kernel.n_missing, 1);
        assert_silence();
        g->restorations_usec -= 61 * SEC;
        look(g);
        assert_int_equal(kernel.n_missing, 0);
        assert_said("rules of fopsd's were missing; they are back", 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_what_was_removed_comes_back, setup, teardown),
                cmocka_unit_test_setup_teardown(test_what_a_reload_has_brought_back_is_back_too, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_removal_that_is_heard_of_when_all_is_back_is_told_so, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nothing_is_told_while_the_kernel_is_busy, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_removal_heard_of_meanwhile_is_told_when_it_has_been_looked_for, setup, teardown),
                cmocka_unit_test_setup_teardown(test_what_is_missing_for_no_known_reason_is_told, setup, teardown),
                cmocka_unit_test_setup_teardown(test_what_is_locked_does_not_come_back, setup, teardown),
                cmocka_unit_test_setup_teardown(test_what_the_kernel_never_took_was_not_removed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_when_a_fight_is_over_the_rules_come_back, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
