/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Which watches want an operation. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "operation.h"
#include "rule-compiler.h"

#define DELETE FOPS_OP_BIT(FOPS_OP_DELETE)

static FopsWatch watches[] = {
        { .path = (char *) "/", .ops = FOPS_OP_BIT(FOPS_OP_MOUNT), .recursive = true },
        { .path = (char *) "/srv", .ops = DELETE, .recursive = true },
        { .path = (char *) "/srv/data", .ops = FOPS_OP_MASK_ALL, .recursive = true },
        { .path = (char *) "/srv/flat", .ops = DELETE | FOPS_OP_BIT(FOPS_OP_RENAME) },
        { .path = (char *) "/etc/passwd", .ops = FOPS_OP_MASK_ALL, .recursive = true },
        { .path = (char *) "/srv/data", .ops = DELETE, .recursive = true, .result = FOPS_RESULT_FAILED },
        { .path = (char *) "/later", .ops = FOPS_OP_MASK_ALL, .recursive = true },
};

static FopsTarget items[] = {
        { .watch = watches + 0, .path = (char *) "/", .is_directory = true },
        { .watch = watches + 1, .path = (char *) "/srv", .is_directory = true },
        { .watch = watches + 2, .path = (char *) "/srv/data", .is_directory = true },
        { .watch = watches + 3, .path = (char *) "/srv/flat", .is_directory = true },
        { .watch = watches + 4, .path = (char *) "/etc/passwd" },
        { .watch = watches + 5, .path = (char *) "/srv/data", .is_directory = true },
        { .watch = watches + 6, .path = (char *) "/later", .is_missing = true },
};

static const FopsTargets targets = { items, ELEMENTSOF(items) };

static FopsOperation operation(FopsOp op, const char *path) {
        return (FopsOperation){ .op = op, .outcome = FOPS_OUTCOME_SUCCESS, .path = fops_span_from_string(path) };
}

/* Matches against @t; @expected holds the watches' indices, ended by -1. */
static void assert_match_in(const FopsTargets *t, const FopsOperation *op, FopsSpan tag, const int *expected) {
        const FopsWatch *found[FOPS_WATCHES_PER_OPERATION_MAX];
        _cleanup_(fops_watch_set_freep) FopsWatchSet *s = fops_watch_set_new(t);
        FopsPlace place;
        size_t n;

        assert_non_null(s);
        n = fops_watch_set_match(s, op, tag, found, &place);
        for (size_t i = 0; i < n; i++) {
                assert_int_not_equal(expected[i], -1);
                assert_ptr_equal(found[i], watches + expected[i]);
        }
        assert_int_equal(expected[n], -1);
}

#define assert_match(op, tag, ...) assert_match_in(&targets, op, tag, (const int[]){ __VA_ARGS__ })
#define NO_TAG FOPS_SPAN_ABSENT

static FopsSpan tag_of(size_t target) {
        static char tag[FOPS_TAG_BYTES_MAX];

        fops_target_tag(items + target, tag);
        return fops_span_from_string(tag);
}

static void test_every_directory_above_the_path_is_asked_in_configuration_order(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_DELETE, "/srv/data/a/b");

        assert_match(&op, NO_TAG, 1, 2, -1);
        op = operation(FOPS_OP_DELETE, "/srv/data");
        assert_match(&op, NO_TAG, 1, 2, -1);
        op = operation(FOPS_OP_DELETE, "/srv");
        assert_match(&op, NO_TAG, 1, -1);
        op = operation(FOPS_OP_MOUNT, "/mnt/x");
        assert_match(&op, NO_TAG, 0, -1);
        op = operation(FOPS_OP_MOUNT, "/");
        assert_match(&op, NO_TAG, 0, -1);
        op = operation(FOPS_OP_DELETE, "/home/x");
        assert_match(&op, NO_TAG, -1);
}

static void test_a_name_that_only_begins_alike_is_another(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_CHMOD, "/srv/database");

        assert_match(&op, NO_TAG, -1);
        op = operation(FOPS_OP_CHMOD, "/etc/passwd-");
        assert_match(&op, NO_TAG, -1);
        op = operation(FOPS_OP_CHMOD, "/etc/passwd");
        assert_match(&op, NO_TAG, 4, -1);
}

static void test_a_file_holds_nothing_below_it(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_CHMOD, "/etc/passwd/x");

        assert_match(&op, NO_TAG, -1);
}

static void test_what_was_missing_may_have_become_a_directory(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_CHMOD, "/later/x");

        assert_match(&op, NO_TAG, 6, -1);
}

static void test_a_new_path_counts_as_the_old_one(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_RENAME, "/home/x");

        op.new_path = FOPS_SPAN_LITERAL("/srv/data/x");
        assert_match(&op, NO_TAG, 2, -1);
        op = operation(FOPS_OP_RENAME, "/srv/data/x");
        op.new_path = FOPS_SPAN_LITERAL("/srv/data/y");
        assert_match(&op, NO_TAG, 2, -1); /* once */
}

static void test_a_flat_watch_wants_itself_and_its_children(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_DELETE, "/srv/flat/x");

        assert_match(&op, NO_TAG, 1, 3, -1);
        assert_match(&op, tag_of(3), 1, 3, -1);
        op = operation(FOPS_OP_DELETE, "/srv/flat");
        assert_match(&op, NO_TAG, 1, 3, -1);
        op = operation(FOPS_OP_DELETE, "/srv/flat/x/y");
        assert_match(&op, NO_TAG, 1, -1);
        assert_match(&op, tag_of(3), 1, -1); /* the kernel's dir= knows no depth */
        op = operation(FOPS_OP_RENAME, "/srv/flat/x/y");
        op.new_path = FOPS_SPAN_LITERAL("/srv/flat/y");
        assert_match(&op, tag_of(3), 3, -1);
}

static void test_the_tag_finds_the_watch_without_a_path_or_by_another_name(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_CHMOD, NULL);

        assert_match(&op, NO_TAG, -1);
        assert_match(&op, tag_of(4), 4, -1);
        op = operation(FOPS_OP_CHMOD, "/home/hardlink");
        assert_match(&op, tag_of(4), 4, -1);
        op = operation(FOPS_OP_DELETE, "/mnt/bind/x/y");
        assert_match(&op, tag_of(3), 3, -1);
}

static void test_a_tag_doesnt_overrule_what_its_watch_wants(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_CHMOD, NULL);

        assert_match(&op, tag_of(1), -1);
}

static void test_a_tag_of_yesterday_finds_nothing(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_CHMOD, NULL);

        assert_match(&op, FOPS_SPAN_LITERAL("fopsd:0123456789abcdef"), -1);
}

static void test_a_directory_known_without_the_name_is_enough(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_DELETE, NULL);

        op.dir = FOPS_SPAN_LITERAL("/srv/flat");
        assert_match(&op, NO_TAG, 1, 3, -1);
        op.dir = FOPS_SPAN_LITERAL("/srv/flat/x");
        assert_match(&op, NO_TAG, 1, -1);
        assert_match(&op, tag_of(3), 1, -1);
        op.dir = FOPS_SPAN_LITERAL("/etc"); /* perhaps passwd, perhaps not */
        assert_match(&op, NO_TAG, -1);
}

static void test_the_result_is_asked_where_it_is_known(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_DELETE, "/srv/data/x");

        op.outcome = FOPS_OUTCOME_FAILED;
        assert_match(&op, NO_TAG, 1, 2, 5, -1);
        op.outcome = FOPS_OUTCOME_UNKNOWN;
        assert_match(&op, NO_TAG, 1, 2, 5, -1);
        op.outcome = FOPS_OUTCOME_SUCCESS;
        assert_match(&op, NO_TAG, 1, 2, -1);
}

static void test_filters_are_asked(void **state _unused_) {
        FopsFilterGroup root = { .users = { (uint32_t[]){ 0 }, 1 } };
        FopsOperation op = operation(FOPS_OP_CHMOD, "/etc/passwd");

        watches[4].exclude = &root;
        watches[4].n_exclude = 1;
        assert_match(&op, NO_TAG, -1);
        op.uid = 1000;
        assert_match(&op, NO_TAG, 4, -1);
        watches[4].exclude = NULL;
        watches[4].n_exclude = 0;
}

static void test_a_watch_with_several_targets_is_named_once(void **state _unused_) {
        FopsTarget two[] = { { .watch = watches + 2, .path = (char *) "/srv/data", .is_directory = true },
                             { .watch = watches + 1, .path = (char *) "/srv/data/b", .is_directory = true },
                             { .watch = watches + 2, .path = (char *) "/srv/data/b", .is_directory = true } };
        const FopsTargets t = { two, ELEMENTSOF(two) };
        FopsOperation op = operation(FOPS_OP_DELETE, "/srv/data/b/x");

        assert_match_in(&t, &op, NO_TAG, (const int[]){ 2, 1, -1 });
}

static void test_a_target_is_found_by_tags_that_differ_in_subvolumes(void **state _unused_) {
        FopsTarget one[] = { { .watch = watches + 2, .path = (char *) "/srv/data", .is_directory = true, .subvolumes = 7 } };
        const FopsTargets t = { one, ELEMENTSOF(one) };
        FopsOperation op = operation(FOPS_OP_DELETE, NULL);
        char tag[FOPS_TAG_BYTES_MAX], older[FOPS_TAG_BYTES_MAX];

        fops_target_tag(one, tag);
        one[0].subvolumes = 6;
        fops_target_tag(one, older);
        one[0].subvolumes = 7;
        assert_string_not_equal(tag, older);
        assert_match_in(&t, &op, fops_span_from_string(tag), (const int[]){ 2, -1 });
        assert_match_in(&t, &op, fops_span_from_string(older), (const int[]){ 2, -1 });
}

static void test_what_a_subvolume_s_rules_bring_is_its_watch_s_when_they_are_gone(void **state _unused_) {
        FopsTarget front = { .watch = watches + 2, .path = (char *) "/srv/data/sub", .is_directory = true, .subvolumes = 7,
                             .subvolume_of = (char *) "/srv/data" };
        FopsTarget one[] = { { .watch = watches + 2, .path = (char *) "/srv/data", .is_directory = true, .subvolumes = 6 } };
        const FopsTargets t = { one, ELEMENTSOF(one) };
        FopsOperation op = operation(FOPS_OP_DELETE, NULL);
        char tag[FOPS_TAG_BYTES_MAX];

        fops_target_tag(&front, tag);
        assert_match_in(&t, &op, fops_span_from_string(tag), (const int[]){ 2, -1 });
}

static void test_nesting_beyond_the_cap_keeps_the_first_watches(void **state _unused_) {
        FopsWatch many[FOPS_WATCHES_PER_OPERATION_MAX + 4];
        FopsTarget nested[ELEMENTSOF(many)];
        const FopsTargets t = { nested, ELEMENTSOF(many) };
        FopsPlace place;
        const FopsWatch *found[FOPS_WATCHES_PER_OPERATION_MAX];
        char path[128];
        FopsOperation op;
        FopsWatchSet *s;

        /* The deepest first, so that they are found in the opposite order. */
        for (size_t i = 0; i < ELEMENTSOF(many); i++) {
                size_t depth = ELEMENTSOF(many) - i;

                for (size_t j = 0; j < depth; j++)
                        memcpy(path + 2 * j, "/d", 3);
                many[i] = (FopsWatch){ .ops = DELETE, .recursive = true };
                nested[i] = (FopsTarget){ .watch = many + i, .path = strdup(path), .is_directory = true };
        }

        s = fops_watch_set_new(&t);
        assert_non_null(s);
        op = operation(FOPS_OP_DELETE, nested[0].path);
        assert_int_equal(fops_watch_set_match(s, &op, NO_TAG, found, &place), FOPS_WATCHES_PER_OPERATION_MAX);
        for (size_t i = 0; i < FOPS_WATCHES_PER_OPERATION_MAX; i++)
                assert_ptr_equal(found[i], many + i);

        fops_watch_set_free(s);
        for (size_t i = 0; i < ELEMENTSOF(many); i++)
                free(nested[i].path);
}

static void test_a_set_of_nothing_matches_nothing(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_DELETE, "/srv/data/x");
        const FopsTargets none = {};

        assert_match_in(&none, &op, tag_of(2), (const int[]){ -1 });
}

static void test_a_path_that_is_none_matches_nothing(void **state _unused_) {
        FopsOperation op = operation(FOPS_OP_DELETE, "srv/data");

        assert_match(&op, NO_TAG, -1);
        op = operation(FOPS_OP_DELETE, "");
        assert_match(&op, NO_TAG, -1);
}

static void test_thousands_of_targets_are_found_by_path_and_tag(void **state _unused_) {
        enum { N = 5000 };
        FopsWatch *many = calloc(N, sizeof(FopsWatch));
        FopsTarget *list = calloc(N, sizeof(FopsTarget));
        const FopsTargets t = { list, N };
        FopsPlace place;
        const FopsWatch *found[FOPS_WATCHES_PER_OPERATION_MAX];
        char path[64], tag[FOPS_TAG_BYTES_MAX];
        FopsWatchSet *s;

        assert_true(many && list);
        for (size_t i = 0; i < N; i++) {
                snprintf(path, sizeof(path), "/home/%zu", i);
                many[i] = (FopsWatch){ .ops = DELETE, .recursive = true };
                list[i] = (FopsTarget){ .watch = many + i, .path = strdup(path), .is_directory = true };
        }
        s = fops_watch_set_new(&t);
        assert_non_null(s);

        for (size_t i = 0; i < N; i++) {
                FopsOperation op;

                snprintf(path, sizeof(path), "/home/%zu/.ssh/id", i);
                op = operation(FOPS_OP_DELETE, path);
                assert_int_equal(fops_watch_set_match(s, &op, NO_TAG, found, &place), 1);
                assert_ptr_equal(found[0], many + i);
                op.path = FOPS_SPAN_ABSENT;
                fops_target_tag(list + i, tag);
                assert_int_equal(fops_watch_set_match(s, &op, fops_span_from_string(tag), found, &place), 1);
                assert_ptr_equal(found[0], many + i);
        }

        fops_watch_set_free(s);
        for (size_t i = 0; i < N; i++)
                free(list[i].path);
        free(list);
        free(many);
}

static void test_tags_are_told_from_keys(void **state _unused_) {
        assert_true(fops_tag_is_ours(FOPS_SPAN_LITERAL("fopsd:0123456789abcdef")));
        assert_true(fops_tag_is_ours(FOPS_SPAN_LITERAL("fopsd:rule")));
        assert_false(fops_tag_is_ours(FOPS_SPAN_LITERAL("fops")));
        assert_false(fops_tag_is_ours(FOPS_SPAN_ABSENT));
        assert_true(fops_tag_is_rule(FOPS_SPAN_LITERAL("fopsd:rule")));
        assert_false(fops_tag_is_rule(FOPS_SPAN_LITERAL("fopsd:0123456789abcdef")));
}

static void test_a_tag_leads_to_the_watched_directory(void **state _unused_) {
        _cleanup_(fops_watch_set_freep) FopsWatchSet *s = fops_watch_set_new(&targets);

        assert_non_null(s);
        assert_true(fops_span_equal_string(fops_watch_set_directory(s, tag_of(2)), "/srv/data"));
        assert_true(fops_span_equal_string(fops_watch_set_directory(s, tag_of(4)), "/etc"));
        assert_true(fops_span_equal_string(fops_watch_set_directory(s, tag_of(0)), "/"));
        assert_false(fops_span_is_present(fops_watch_set_directory(s, NO_TAG)));
        assert_false(fops_span_is_present(fops_watch_set_directory(s, FOPS_SPAN_LITERAL("fopsd:0123456789abcdef"))));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_directory_above_the_path_is_asked_in_configuration_order),
                cmocka_unit_test(test_a_name_that_only_begins_alike_is_another),
                cmocka_unit_test(test_a_file_holds_nothing_below_it),
                cmocka_unit_test(test_what_was_missing_may_have_become_a_directory),
                cmocka_unit_test(test_a_new_path_counts_as_the_old_one),
                cmocka_unit_test(test_a_flat_watch_wants_itself_and_its_children),
                cmocka_unit_test(test_the_tag_finds_the_watch_without_a_path_or_by_another_name),
                cmocka_unit_test(test_a_tag_doesnt_overrule_what_its_watch_wants),
                cmocka_unit_test(test_a_tag_of_yesterday_finds_nothing),
                cmocka_unit_test(test_a_directory_known_without_the_name_is_enough),
                cmocka_unit_test(test_the_result_is_asked_where_it_is_known),
                cmocka_unit_test(test_filters_are_asked),
                cmocka_unit_test(test_a_watch_with_several_targets_is_named_once),
                cmocka_unit_test(test_a_target_is_found_by_tags_that_differ_in_subvolumes),
                cmocka_unit_test(test_what_a_subvolume_s_rules_bring_is_its_watch_s_when_they_are_gone),
                cmocka_unit_test(test_nesting_beyond_the_cap_keeps_the_first_watches),
                cmocka_unit_test(test_a_set_of_nothing_matches_nothing),
                cmocka_unit_test(test_a_path_that_is_none_matches_nothing),
                cmocka_unit_test(test_thousands_of_targets_are_found_by_path_and_tag),
                cmocka_unit_test(test_tags_are_told_from_keys),
                cmocka_unit_test(test_a_tag_leads_to_the_watched_directory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
