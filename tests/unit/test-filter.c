/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "operation.h"

#define S(s) FOPS_SPAN_LITERAL(s)
#define LIST(...) ((char **) (const char *[]){ __VA_ARGS__, NULL })
#define IDS(...) ((FopsIdList){ (uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t) })

/* alice, logged in as 1000, renames a to b as root with mv. */
static FopsOperation renaming(void) {
        return (FopsOperation){
                .op = FOPS_OP_RENAME,
                .outcome = FOPS_OUTCOME_SUCCESS,
                .uid = 0,
                .gid = 50,
                .auid = 1000,
                .comm = S("mv"),
                .exe = S("/usr/bin/mv"),
                .path = S("/srv/data/a.swp"),
                .new_path = S("/srv/data/sub/b"),
                .unit = S("ssh.service"),
        };
}

static bool matches(FopsFilterGroup g, FopsOperation op) {
        return fops_filter_group_match(&g, &op) == FOPS_FILTER_MATCH;
}

static bool unknown(FopsFilterGroup g, FopsOperation op) {
        return fops_filter_group_match(&g, &op) == FOPS_FILTER_UNKNOWN;
}

static void test_a_glob_must_match_the_whole_value(void **state _unused_) {
        FopsOperation op = renaming();

        assert_true(matches((FopsFilterGroup){ .exe = LIST("/usr/bin/mv") }, op));
        assert_true(matches((FopsFilterGroup){ .exe = LIST("/usr/*v") }, op)); /* crosses slashes */
        assert_true(matches((FopsFilterGroup){ .exe = LIST("/nothing", "/usr/bin/m[uv]") }, op));
        assert_false(matches((FopsFilterGroup){ .exe = LIST("/usr/bin/m") }, op));
        assert_false(matches((FopsFilterGroup){ .exe = LIST("mv") }, op));
        assert_true(matches((FopsFilterGroup){ .comm = LIST("m?") }, op));
        assert_false(matches((FopsFilterGroup){ .comm = LIST("m") }, op));
}

static void test_a_value_ends_with_its_span(void **state _unused_) {
        FopsOperation op = renaming();

        op.comm = (FopsSpan){ "mvx", 2 };
        assert_true(matches((FopsFilterGroup){ .comm = LIST("mv") }, op));
        assert_false(matches((FopsFilterGroup){ .comm = LIST("mvx") }, op));
}

static void test_a_nul_hides_nothing_behind_it(void **state _unused_) {
        FopsOperation op = renaming();

        op.comm = (FopsSpan){ "mv\0evil", 7 };
        assert_false(matches((FopsFilterGroup){ .comm = LIST("mv") }, op));
        assert_false(matches((FopsFilterGroup){ .comm = LIST("*") }, op));
}

static void test_an_overlong_value_matches_no_glob(void **state _unused_) {
        FopsOperation op = renaming();
        static char path[20000];

        memset(path, 'a', sizeof(path));
        path[0] = '/';
        op.path = (FopsSpan){ path, sizeof(path) };
        op.new_path = FOPS_SPAN_ABSENT;
        assert_false(matches((FopsFilterGroup){ .path = LIST("/*") }, op));
        op.path.size = 16384;
        assert_true(matches((FopsFilterGroup){ .path = LIST("/*") }, op));
}

static void test_a_path_glob_without_slash_matches_the_last_component(void **state _unused_) {
        FopsOperation op = renaming();

        assert_true(matches((FopsFilterGroup){ .path = LIST("*.swp") }, op));
        assert_false(matches((FopsFilterGroup){ .path = LIST("data") }, op));
        assert_true(matches((FopsFilterGroup){ .path = LIST("/srv/data/*.swp") }, op));
        assert_false(matches((FopsFilterGroup){ .path = LIST("/data/*") }, op));
}

static void test_a_path_glob_is_tried_on_the_new_path_too(void **state _unused_) {
        FopsOperation op = renaming();

        assert_true(matches((FopsFilterGroup){ .path = LIST("b") }, op));
        assert_true(matches((FopsFilterGroup){ .path = LIST("/srv/data/sub/*") }, op));
        op.new_path = FOPS_SPAN_ABSENT;
        assert_false(matches((FopsFilterGroup){ .path = LIST("b") }, op));
}

static void test_what_the_records_do_not_tell_is_unknown(void **state _unused_) {
        FopsOperation op = { .is_uring = true, .auid = FOPS_ID_UNSET, .uid = FOPS_ID_UNSET, .gid = FOPS_ID_UNSET };

        assert_true(unknown((FopsFilterGroup){ .exe = LIST("*") }, op));
        assert_true(unknown((FopsFilterGroup){ .comm = LIST("*") }, op));
        assert_true(unknown((FopsFilterGroup){ .path = LIST("*") }, op));
        assert_true(unknown((FopsFilterGroup){ .login_users = IDS(UINT32_MAX) }, op));
        assert_true(unknown((FopsFilterGroup){ .users = IDS(0) }, op));
        assert_true(unknown((FopsFilterGroup){ .groups = IDS(0) }, op));
        assert_true(unknown((FopsFilterGroup){ .result = FOPS_RESULT_FAILED }, op));
        assert_false(unknown((FopsFilterGroup){ .unit = LIST("*") }, op));
        assert_false(unknown((FopsFilterGroup){ .container = LIST("*") }, op));
        /* What is known decides all the same. */
        assert_false(unknown((FopsFilterGroup){ .exe = LIST("*"), .ops = FOPS_OP_BIT(FOPS_OP_LIST) }, op));
}

static void test_the_name_stands_in_for_a_path_that_is_not_known(void **state _unused_) {
        FopsItem item = { .name = S("../x/notes.conf") };
        FopsOperation op = { .op = FOPS_OP_DELETE, .object.item = &item };

        assert_true(matches((FopsFilterGroup){ .path = LIST("*.conf") }, op));
        assert_false(matches((FopsFilterGroup){ .path = LIST("*.log") }, op));
        assert_false(unknown((FopsFilterGroup){ .path = LIST("*.log") }, op));
        assert_true(unknown((FopsFilterGroup){ .path = LIST("*.log", "/etc/*") }, op));
}

static void test_an_only_keeps_what_is_unknown(void **state _unused_) {
        FopsFilterGroup only = { .exe = LIST("/usr/bin/mv") };
        FopsOperation op = { .op = FOPS_OP_DELETE, .is_uring = true };

        assert_true(fops_filter_keep(&only, 1, NULL, 0, &op));
        op.exe = S("/usr/bin/rm");
        assert_false(fops_filter_keep(&only, 1, NULL, 0, &op));
}

static void test_none_is_the_absence_of_a_unit_or_container(void **state _unused_) {
        FopsOperation op = renaming();

        assert_false(matches((FopsFilterGroup){ .unit = LIST("none") }, op));
        assert_true(matches((FopsFilterGroup){ .unit = LIST("none", "ssh.*") }, op));
        assert_true(matches((FopsFilterGroup){ .container = LIST("none") }, op));
        assert_true(matches((FopsFilterGroup){ .container = LIST("ab*", "none") }, op));
        op.container = S("abc");
        assert_false(matches((FopsFilterGroup){ .container = LIST("none") }, op));
        op.comm = FOPS_SPAN_ABSENT;
        assert_false(matches((FopsFilterGroup){ .comm = LIST("none") }, op));
}

static void test_ids_match_any_of_the_list(void **state _unused_) {
        FopsOperation op = renaming();

        assert_true(matches((FopsFilterGroup){ .users = IDS(7, 0) }, op));
        assert_false(matches((FopsFilterGroup){ .users = IDS(1000) }, op));
        assert_true(matches((FopsFilterGroup){ .login_users = IDS(1000) }, op));
        assert_false(matches((FopsFilterGroup){ .login_users = IDS(0, UINT32_MAX) }, op));
        assert_true(matches((FopsFilterGroup){ .groups = IDS(50) }, op));
        assert_false(matches((FopsFilterGroup){ .groups = IDS(0) }, op));
        op.auid = FOPS_ID_UNSET;
        assert_true(matches((FopsFilterGroup){ .login_users = IDS(UINT32_MAX) }, op));
}

static void test_operations_and_results_are_asked_for(void **state _unused_) {
        FopsOperation op = renaming();

        assert_true(matches((FopsFilterGroup){ .ops = FOPS_OP_BIT(FOPS_OP_RENAME) | FOPS_OP_BIT(FOPS_OP_READ) }, op));
        assert_false(matches((FopsFilterGroup){ .ops = FOPS_OP_BIT(FOPS_OP_READ) }, op));
        assert_true(matches((FopsFilterGroup){ .result = FOPS_RESULT_SUCCESS }, op));
        assert_false(matches((FopsFilterGroup){ .result = FOPS_RESULT_FAILED }, op));
        op.outcome = FOPS_OUTCOME_FAILED;
        assert_false(matches((FopsFilterGroup){ .result = FOPS_RESULT_SUCCESS }, op));
        assert_true(matches((FopsFilterGroup){ .result = FOPS_RESULT_FAILED }, op));
        op.outcome = FOPS_OUTCOME_UNKNOWN;
        assert_false(matches((FopsFilterGroup){ .result = FOPS_RESULT_SUCCESS }, op));
        assert_false(matches((FopsFilterGroup){ .result = FOPS_RESULT_FAILED }, op));
        assert_true(matches((FopsFilterGroup){ .result = FOPS_RESULT_ANY }, op));
}

static void test_all_settings_of_a_group_must_hold(void **state _unused_) {
        FopsFilterGroup g = {
                .exe = LIST("/usr/bin/*"), .comm = LIST("mv"), .path = LIST("*.swp"), .unit = LIST("ssh.service"),
                .container = LIST("none"), .users = IDS(0), .login_users = IDS(1000), .groups = IDS(50),
                .ops = FOPS_OP_BIT(FOPS_OP_RENAME), .result = FOPS_RESULT_SUCCESS,
        };

        assert_true(matches(g, renaming()));
#define WITHOUT(change)                                 \
        ({                                              \
                FopsOperation op = renaming();          \
                op.change;                              \
                assert_false(matches(g, op));           \
        })
        WITHOUT(exe = S("/bin/mv"));
        WITHOUT(comm = S("cp"));
        WITHOUT(path = S("/srv/a"));
        WITHOUT(unit = S("cron.service"));
        WITHOUT(container = S("c"));
        WITHOUT(uid = 1);
        WITHOUT(auid = 1);
        WITHOUT(gid = 1);
        WITHOUT(op = FOPS_OP_LINK);
        WITHOUT(outcome = FOPS_OUTCOME_FAILED);
#undef WITHOUT
}

static void test_kept_is_what_any_only_takes_and_no_exclude(void **state _unused_) {
        FopsFilterGroup mv = { .comm = LIST("mv") }, cp = { .comm = LIST("cp") };
        FopsFilterGroup both[] = { cp, mv };
        FopsOperation op = renaming();

        assert_true(fops_filter_keep(NULL, 0, NULL, 0, &op));
        assert_true(fops_filter_keep(&mv, 1, NULL, 0, &op));
        assert_true(fops_filter_keep(both, 2, NULL, 0, &op));
        assert_false(fops_filter_keep(&cp, 1, NULL, 0, &op));
        assert_true(fops_filter_keep(NULL, 0, &cp, 1, &op));
        assert_false(fops_filter_keep(NULL, 0, both, 2, &op));
        assert_false(fops_filter_keep(&mv, 1, &mv, 1, &op));
        assert_true(fops_filter_keep(&mv, 1, &cp, 1, &op));
}

static void test_an_exclude_never_hides_what_is_unknown(void **state _unused_) {
        FopsFilterGroup exclude = { .path = LIST("*") };
        FopsOperation op = { .op = FOPS_OP_DELETE };

        assert_true(fops_filter_keep(NULL, 0, &exclude, 1, &op));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_glob_must_match_the_whole_value),
                cmocka_unit_test(test_a_value_ends_with_its_span),
                cmocka_unit_test(test_a_nul_hides_nothing_behind_it),
                cmocka_unit_test(test_an_overlong_value_matches_no_glob),
                cmocka_unit_test(test_a_path_glob_without_slash_matches_the_last_component),
                cmocka_unit_test(test_a_path_glob_is_tried_on_the_new_path_too),
                cmocka_unit_test(test_what_the_records_do_not_tell_is_unknown),
                cmocka_unit_test(test_the_name_stands_in_for_a_path_that_is_not_known),
                cmocka_unit_test(test_an_only_keeps_what_is_unknown),
                cmocka_unit_test(test_none_is_the_absence_of_a_unit_or_container),
                cmocka_unit_test(test_ids_match_any_of_the_list),
                cmocka_unit_test(test_operations_and_results_are_asked_for),
                cmocka_unit_test(test_all_settings_of_a_group_must_hold),
                cmocka_unit_test(test_kept_is_what_any_only_takes_and_no_exclude),
                cmocka_unit_test(test_an_exclude_never_hides_what_is_unknown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
