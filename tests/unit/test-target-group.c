/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Which directories share rules, what these rules are, and which watches want what they bring. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "operation.h"
#include "path-index.h"
#include "rule-compiler.h"
#include "target-group.h"
#include "watch-history.h"

#define DELETE FOPS_OP_BIT(FOPS_OP_DELETE)
#define CREATE FOPS_OP_BIT(FOPS_OP_CREATE)
#define GENERATION 17U

enum { N_MAX = 16 };

static char *keys[] = { (char *) "k", NULL };

/* None of the paths is there: what is on btrfs is asked of the file system. */
typedef struct Fixture {
        FopsWatch watches[N_MAX];
        FopsTargets targets;
} Fixture;

static void add(Fixture *f, const char *path, FopsOpMask ops) {
        size_t n = f->targets.n_items;

        if (!f->targets.items)
                f->targets.items = calloc(N_MAX, sizeof(FopsTarget));
        assert_true(n < N_MAX);
        f->watches[n] = (FopsWatch){ .path = (char *) path, .ops = ops, .recursive = true, .keys = keys, .file = (char *) "conf" };
        f->targets.items[n] = (FopsTarget){ .watch = f->watches + n, .path = strdup(path), .is_directory = true };
        f->targets.n_items++;
}

static void add_homes(Fixture *f, size_t n) {
        static const char *const paths[] = { "/home/a", "/home/b", "/home/c", "/home/d", "/home/e", "/home/f" };

        for (size_t i = 0; i < n; i++)
                add(f, paths[i], DELETE);
}

static void group(Fixture *f) {
        assert_int_equal(fops_targets_group(&f->targets, GENERATION), 0);
}

static size_t count_rules(const Fixture *f, const char *path) {
        const FopsConfig config = {};
        FopsDiags diags = {};
        FopsRules rules;
        size_t n = 0;

        assert_int_equal(fops_rules_compile(&config, &f->targets, NULL, &rules, &diags), 0);
        for (size_t i = 0; i < rules.n_items; i++)
                n += fops_span_equal_string(fops_rule_data_path(rules.items[i].data), path);
        fops_rules_done(&rules);
        fops_diags_done(&diags);
        return n;
}

static FopsOperation deletion(const char *path) {
        return (FopsOperation){ .op = FOPS_OP_DELETE, .outcome = FOPS_OUTCOME_SUCCESS, .path = fops_span_from_string(path) };
}

static FopsSpan tag_of(const FopsTarget *t) {
        static char tag[FOPS_TAG_BYTES_MAX];

        fops_target_tag(t, tag);
        return fops_span_from_string(tag);
}

static void test_few_directories_keep_rules_of_their_own(void **state _unused_) {
        Fixture f = {};

        add_homes(&f, FOPS_GROUP_MEMBERS_MIN - 1);
        group(&f);
        assert_int_equal(f.targets.n_groups, 0);
        assert_true(count_rules(&f, "/home/a") > 0);
        fops_targets_done(&f.targets);
}

static void test_directories_watched_alike_share_rules(void **state _unused_) {
        uint32_t generation;
        Fixture f = {};
        char *anchor;

        add_homes(&f, 5);
        f.watches[1].recursive = false;
        f.watches[2].priority = 3;
        f.watches[3].keys = NULL;
        group(&f);
        assert_int_equal(f.targets.n_groups, 1);
        assert_int_equal(f.targets.groups[0].n_members, 5);
        anchor = f.targets.groups[0].anchor.path;
        assert_int_equal(count_rules(&f, "/home/a"), 0);
        assert_true(count_rules(&f, anchor) > 0);
        assert_true(fops_anchor_generation(fops_span_from_string(anchor), &generation));
        assert_int_equal(generation, GENERATION);
        assert_false(fops_anchor_generation(FOPS_SPAN_LITERAL("/home/a.17"), &generation));
        assert_false(fops_anchor_generation(FOPS_SPAN_LITERAL(FOPS_ANCHORS_DIRECTORY "/x.y"), &generation));
        fops_targets_done(&f.targets);
}

static void test_what_rules_would_differ_in_keeps_directories_apart(void **state _unused_) {
        FopsFilterGroup exclude = { .ops = CREATE };
        Fixture f = {};

        add_homes(&f, 4);
        add(&f, "/srv/a", CREATE);
        add(&f, "/srv/b", DELETE);
        f.watches[5].result = FOPS_RESULT_FAILED;
        add(&f, "/srv/c", DELETE);
        f.watches[6].exclude = &exclude;
        f.watches[6].n_exclude = 1;
        group(&f);
        assert_int_equal(f.targets.n_groups, 1);
        assert_int_equal(f.targets.groups[0].n_members, 4);
        for (size_t i = 4; i < 7; i++)
                assert_null(f.targets.items[i].group);
        fops_targets_done(&f.targets);
}

static void test_files_missing_ones_subvolumes_and_watches_of_no_file_share_nothing(void **state _unused_) {
        Fixture f = {};

        add_homes(&f, 5);
        f.targets.items[0].is_directory = false;
        f.targets.items[1].is_missing = true;
        f.targets.items[2].subvolumes = 1;
        f.watches[3].file = NULL;
        group(&f);
        assert_int_equal(f.targets.n_groups, 0);
        fops_targets_done(&f.targets);
}

static void test_nothing_is_shared_where_a_watch_holds_the_anchors(void **state _unused_) {
        Fixture f = {};

        add_homes(&f, 5);
        add(&f, "/run", CREATE);
        group(&f);
        assert_int_equal(f.targets.n_groups, 0);
        fops_targets_done(&f.targets);

        f = (Fixture){};
        add_homes(&f, 5);
        add(&f, "/", CREATE);
        group(&f);
        assert_int_equal(f.targets.n_groups, 1);
        fops_targets_done(&f.targets);
}

/* Each by operations of its own; all but the last leave the index something to ask for. */
static void add_unlike(Fixture *f) {
        static const FopsOp ops[] = { FOPS_OP_DELETE, FOPS_OP_CREATE, FOPS_OP_CHMOD, FOPS_OP_EXEC, FOPS_OP_CHOWN };
        static const char *const paths[] = { "/srv/a", "/srv/b", "/srv/c", "/srv/d", "/srv/e" };

        for (size_t i = 0; i < ELEMENTSOF(ops); i++)
                add(f, paths[i], FOPS_OP_BIT(ops[i]));
        add(f, "/srv/all", (FOPS_OP_BIT(_FOPS_OP_MAX) - 1));
}

static void test_directories_watched_in_different_ways_share_the_rules_for_the_index(void **state _unused_) {
        Fixture f = {};
        size_t n_own, n_shared;

        add_unlike(&f);
        n_own = count_rules(&f, "/srv/c");
        group(&f);
        assert_int_equal(f.targets.n_groups, 1);
        assert_true(fops_group_is_for_index(f.targets.groups));
        assert_int_equal(f.targets.groups[0].n_members, 5);
        for (size_t i = 0; i < 5; i++)
                assert_int_equal(f.targets.groups[0].members[i], i);
        assert_null(f.targets.items[5].group);

        n_shared = count_rules(&f, f.targets.groups[0].anchor.path);
        assert_true(n_shared > 0);
        assert_true(count_rules(&f, "/srv/c") > 0);
        assert_int_equal(count_rules(&f, "/srv/c") + n_shared, n_own);
        fops_targets_done(&f.targets);
}

static void test_few_keep_their_rules_for_the_index_too(void **state _unused_) {
        Fixture f = {};

        add_unlike(&f);
        f.targets.items[0].is_directory = false;
        f.watches[1].file = NULL;
        group(&f);
        assert_int_equal(f.targets.n_groups, 0);
        fops_targets_done(&f.targets);
}

static void test_who_shares_all_rules_has_those_for_the_index_among_them(void **state _unused_) {
        Fixture f = {};

        add_unlike(&f);
        add_homes(&f, 3);
        group(&f);
        assert_int_equal(f.targets.n_groups, 2);
        /* /srv/a is watched as the homes are. */
        assert_false(fops_group_is_for_index(f.targets.groups));
        assert_int_equal(f.targets.groups[0].n_members, 4);
        assert_true(fops_group_is_for_index(f.targets.groups + 1));
        assert_int_equal(f.targets.groups[1].n_members, 4);
        assert_ptr_equal(f.targets.items[0].group, f.targets.groups);
        assert_string_not_equal(f.targets.groups[0].anchor.path, f.targets.groups[1].anchor.path);
        fops_targets_done(&f.targets);
}

/* --- what the rules bring ------------------------------------------------------------------------------------------------- */

static void test_the_path_tells_which_member_it_was(void **state _unused_) {
        const FopsWatch *found[FOPS_WATCHES_PER_OPERATION_MAX];
        FopsOperation op = deletion("/home/c/x");
        FopsWatchSet *s;
        FopsPlace place;
        Fixture f = {};
        FopsSpan tag;

        add_homes(&f, 5);
        group(&f);
        s = fops_watch_set_new(&f.targets);
        tag = tag_of(&f.targets.groups[0].anchor);

        assert_int_equal(fops_watch_set_match(s, &op, tag, found, &place), 1);
        assert_ptr_equal(found[0], f.watches + 2);
        assert_int_equal(place, FOPS_PLACE_TARGET);

        /* Too deep for a watch that isn't recursive: nobody's, though its rule has brought it. */
        f.watches[2].recursive = false;
        op = deletion("/home/c/x/y");
        assert_int_equal(fops_watch_set_match(s, &op, tag, found, &place), 0);
        assert_int_equal(place, FOPS_PLACE_TARGET);

        fops_watch_set_free(s);
        fops_targets_done(&f.targets);
}

static void test_without_a_path_it_is_the_group_s(void **state _unused_) {
        const FopsWatch *found[FOPS_WATCHES_PER_OPERATION_MAX];
        const char *const paths[] = { NULL, "/mnt/x" };
        FopsWatchSet *s;
        FopsPlace place;
        Fixture f = {};

        add_homes(&f, 5);
        group(&f);
        s = fops_watch_set_new(&f.targets);

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                FopsOperation op = deletion(paths[i]);

                assert_int_equal(fops_watch_set_match(s, &op, tag_of(&f.targets.groups[0].anchor), found, &place), 1);
                assert_ptr_equal(found[0], &f.targets.groups[0].watch);
                assert_null(found[0]->path);
                assert_null(found[0]->keys[0]);
                assert_int_equal(place, FOPS_PLACE_GROUP);
        }

        fops_watch_set_free(s);
        fops_targets_done(&f.targets);
}

enum { INTERPRETER = 7, LOADER, TOP, OTHER_TOP };

/* /home/c/bin/sh; and in @directory, which may be the same, @name, which may be another name of the same file. */
static FopsPathIndex *know_interpreter(const char *directory, const char *name, uint64_t inode) {
        static const uint8_t seed[16] = { 1 };
        const FopsInodeKey bin = { .inode = TOP }, other = { .inode = strcmp(directory, "/home/c/bin") == 0 ? TOP : OTHER_TOP };
        FopsPathIndex *index = fops_path_index_new(100, seed);
        FopsPathLink link = { .parent = bin, .name = FOPS_SPAN_LITERAL("sh"), .key.inode = INTERPRETER };

        assert_non_null(index);
        assert_int_equal(fops_path_index_add_root(index, bin, FOPS_SPAN_LITERAL("/home/c/bin")), FOPS_INDEX_DONE);
        assert_true(fops_path_index_add_root(index, other, fops_span_from_string(directory)) >= 0);
        assert_int_equal(fops_path_index_put(index, &link, FOPS_PUT_SCANNED), FOPS_INDEX_DONE);
        link = (FopsPathLink){ .parent = other, .name = fops_span_from_string(name), .key.inode = inode };
        assert_true(fops_path_index_put(index, &link, FOPS_PUT_SCANNED) >= 0);
        return index;
}

/* /usr/local/bin/script, run by INTERPRETER, was brought by the members' rule. */
static void assert_run_by(Fixture *f, FopsPathIndex *index, const FopsWatch *expected) {
        const FopsWatch *found[FOPS_WATCHES_PER_OPERATION_MAX];
        FopsItem items[] = { { .has_inode = true, .inode = 99 }, { .has_inode = true, .inode = INTERPRETER } };
        const FopsOperation op = {
                .op = FOPS_OP_EXEC, .outcome = FOPS_OUTCOME_SUCCESS, .path = FOPS_SPAN_LITERAL("/usr/local/bin/script"),
                .items = items, .n_items = ELEMENTSOF(items), .object.item = items,
        };
        FopsWatchSet *s = fops_watch_set_new(&f->targets);
        FopsPlace place;

        fops_watch_set_use_index(s, index);
        assert_int_equal(fops_watch_set_match(s, &op, tag_of(&f->targets.groups[0].anchor), found, &place), expected ? 1 : 0);
        if (expected)
                assert_ptr_equal(found[0], expected);
        assert_int_equal(place, expected == &f->targets.groups[0].watch ? FOPS_PLACE_GROUP : FOPS_PLACE_TARGET);
        fops_watch_set_free(s);
        fops_path_index_free(index);
}

static void test_what_is_in_none_of_the_members_is_outside_of_the_group(void **state _unused_) {
        _cleanup_(fops_watch_set_freep) FopsWatchSet *s = NULL;
        Fixture f = {};
        FopsSpan tag;

        add_homes(&f, 4);
        add(&f, "/srv", CREATE);
        group(&f);
        s = fops_watch_set_new(&f.targets);
        tag = tag_of(&f.targets.groups[0].anchor);
        assert_false(fops_watch_set_is_outside_group(s, tag, FOPS_SPAN_LITERAL("/home/c/x")));
        assert_false(fops_watch_set_is_outside_group(s, tag, FOPS_SPAN_LITERAL("/home/d")));
        assert_true(fops_watch_set_is_outside_group(s, tag, FOPS_SPAN_LITERAL("/home")));
        assert_true(fops_watch_set_is_outside_group(s, tag, FOPS_SPAN_LITERAL("/srv/x")));
        /* Of other rules it isn't known. */
        assert_false(fops_watch_set_is_outside_group(s, tag_of(f.targets.items + 4), FOPS_SPAN_LITERAL("/home/a")));
        assert_false(fops_watch_set_is_outside_group(s, FOPS_SPAN_ABSENT, FOPS_SPAN_LITERAL("/etc/x")));
        fops_targets_done(&f.targets);
}

static void test_an_interpreter_tells_which_member_it_was(void **state _unused_) {
        const FopsWatch *nobody;
        Fixture f = {};

        add_homes(&f, 5);
        for (size_t i = 0; i < 5; i++)
                f.watches[i].ops = FOPS_OP_BIT(FOPS_OP_EXEC);
        group(&f);
        nobody = &f.targets.groups[0].watch;

        assert_run_by(&f, know_interpreter("/home/d", "ld.so", LOADER), f.watches + 2);
        /* Two names in one directory are no doubt, in two they are. */
        assert_run_by(&f, know_interpreter("/home/c/bin", "bash", INTERPRETER), f.watches + 2);
        assert_run_by(&f, know_interpreter("/home/d", "bash", INTERPRETER), nobody);
        assert_run_by(&f, know_interpreter("/opt", "bash", INTERPRETER), nobody);
        assert_run_by(&f, NULL, nobody);

        /* Too deep for this one. */
        f.watches[2].recursive = false;
        assert_run_by(&f, know_interpreter("/home/d", "ld.so", LOADER), NULL);
        fops_targets_done(&f.targets);
}

static void test_what_rules_for_the_index_bring_is_who_wants_it_s_by_its_path_alone(void **state _unused_) {
        const FopsWatch *found[FOPS_WATCHES_PER_OPERATION_MAX];
        FopsOperation op = deletion("/srv/a/x");
        FopsWatchSet *s;
        FopsPlace place;
        Fixture f = {};
        FopsSpan tag;

        add_unlike(&f);
        group(&f);
        s = fops_watch_set_new(&f.targets);
        tag = tag_of(&f.targets.groups[0].anchor);
        assert_false(fops_watch_set_has_group(s, tag));

        assert_int_equal(fops_watch_set_match(s, &op, tag, found, &place), 1);
        assert_ptr_equal(found[0], f.watches);
        op = deletion("/srv/b/x");
        assert_int_equal(fops_watch_set_match(s, &op, tag, found, &place), 0);
        op = deletion(NULL);
        assert_int_equal(fops_watch_set_match(s, &op, tag, found, &place), 0);
        assert_int_equal(place, FOPS_PLACE_NONE);

        fops_watch_set_free(s);
        fops_targets_done(&f.targets);
}

/* --- before and after ------------------------------------------------------------------------------------------------------- */

typedef struct Change {
        Fixture before, after;
        FopsWatchSet *sets[2];
        FopsWatchHistory history;
} Change;

/* At 1000 µs what @before has is replaced by what @after has. */
static void change(Change *c) {
        group(&c->before);
        group(&c->after);
        c->sets[0] = fops_watch_set_new(&c->before.targets);
        c->sets[1] = fops_watch_set_new(&c->after.targets);
        c->history = (FopsWatchHistory){};
        fops_watch_history_push(&c->history, c->sets[0], 0);
        fops_watch_history_push(&c->history, c->sets[1], 1000);
}

static void change_done(Change *c) {
        fops_watch_set_free(c->sets[0]);
        fops_watch_set_free(c->sets[1]);
        fops_targets_done(&c->before.targets);
        fops_targets_done(&c->after.targets);
}

/* Who wants the deletion of @path at @usec; NULL: nobody. */
static const FopsWatch *who_wants(Change *c, const char *path, FopsSpan tag, uint64_t usec) {
        const FopsWatch *found[FOPS_WATCHES_PER_OPERATION_MAX];
        FopsOperation op = deletion(path);
        size_t n = fops_watch_history_match(&c->history, &op, tag, usec, found);

        assert_true(n <= 1);
        return n > 0 ? found[0] : NULL;
}

static void test_what_is_on_its_way_when_its_watch_goes_is_that_watch_s(void **state _unused_) {
        Change c = {};
        FopsSpan tag;

        add(&c.before, "/home/a", DELETE);
        add(&c.before, "/srv", DELETE);
        add(&c.after, "/home/a", DELETE);
        change(&c);
        tag = tag_of(c.before.targets.items + 1);

        assert_ptr_equal(who_wants(&c, "/srv/x", tag, 999), c.before.watches + 1);
        assert_ptr_equal(who_wants(&c, NULL, tag, 999), c.before.watches + 1);
        assert_null(who_wants(&c, "/srv/x", tag, 1000));
        assert_null(who_wants(&c, NULL, tag, 1000));
        assert_ptr_equal(who_wants(&c, "/home/a/x", tag_of(c.after.targets.items), 999), c.after.watches);
        change_done(&c);
}

static void test_what_shared_rules_still_bring_of_one_that_has_left_is_nobody_s(void **state _unused_) {
        Change c = {};
        FopsSpan tag;

        add_homes(&c.before, 6);
        add_homes(&c.after, 5);
        change(&c);
        tag = tag_of(&c.after.targets.groups[0].anchor);

        assert_ptr_equal(who_wants(&c, "/home/f/x", tag, 999), c.before.watches + 5);
        assert_null(who_wants(&c, "/home/f/x", tag, 1000));
        assert_ptr_equal(who_wants(&c, "/home/a/x", tag, 1000), c.after.watches);
        assert_ptr_equal(who_wants(&c, NULL, tag, 1000), &c.after.targets.groups[0].watch);
        change_done(&c);
}

static void test_what_is_long_past_is_forgotten(void **state _unused_) {
        Change c = {};

        add_homes(&c.before, 1);
        add_homes(&c.after, 1);
        change(&c);
        assert_true(fops_watch_history_has(&c.history, c.sets[0]));
        (void) who_wants(&c, "/home/a/x", FOPS_SPAN_ABSENT, 1000);
        assert_true(fops_watch_history_has(&c.history, c.sets[0]));
        (void) who_wants(&c, "/home/a/x", FOPS_SPAN_ABSENT, UINT64_C(3600) * 1000000);
        assert_false(fops_watch_history_has(&c.history, c.sets[0]));
        assert_true(fops_watch_history_has(&c.history, c.sets[1]));

        for (size_t i = 0; i < FOPS_PAST_WATCHES_MAX + 1; i++)
                fops_watch_history_push(&c.history, c.sets[0], UINT64_C(3600) * 1000000);
        assert_int_equal(c.history.n_past, FOPS_PAST_WATCHES_MAX);
        assert_false(fops_watch_history_has(&c.history, c.sets[1]));
        change_done(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_few_directories_keep_rules_of_their_own),
                cmocka_unit_test(test_directories_watched_alike_share_rules),
                cmocka_unit_test(test_what_rules_would_differ_in_keeps_directories_apart),
                cmocka_unit_test(test_files_missing_ones_subvolumes_and_watches_of_no_file_share_nothing),
                cmocka_unit_test(test_nothing_is_shared_where_a_watch_holds_the_anchors),
                cmocka_unit_test(test_directories_watched_in_different_ways_share_the_rules_for_the_index),
                cmocka_unit_test(test_few_keep_their_rules_for_the_index_too),
                cmocka_unit_test(test_who_shares_all_rules_has_those_for_the_index_among_them),
                cmocka_unit_test(test_the_path_tells_which_member_it_was),
                cmocka_unit_test(test_without_a_path_it_is_the_group_s),
                cmocka_unit_test(test_what_is_in_none_of_the_members_is_outside_of_the_group),
                cmocka_unit_test(test_an_interpreter_tells_which_member_it_was),
                cmocka_unit_test(test_what_rules_for_the_index_bring_is_who_wants_it_s_by_its_path_alone),
                cmocka_unit_test(test_what_is_on_its_way_when_its_watch_goes_is_that_watch_s),
                cmocka_unit_test(test_what_shared_rules_still_bring_of_one_that_has_left_is_nobody_s),
                cmocka_unit_test(test_what_is_long_past_is_forgotten),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
