/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-records.h"

#include "path.h"

#define S(s) FOPS_SPAN_LITERAL(s)

typedef struct Case {
        const char *base, *name, *path;
} Case;

static void assert_joins(const Case *cases, size_t n) {
        FopsArena arena = {};

        for (size_t i = 0; i < n; i++) {
                FopsSpan joined = fops_path_join(&arena, fops_span_from_string(cases[i].base), fops_span_from_string(cases[i].name));

                if (!fops_span_equal_string(joined, cases[i].path))
                        fail_msg("%s + %s is %.*s, not %s", cases[i].base, cases[i].name, (int) joined.size,
                                 joined.data ? joined.data : "", cases[i].path);
                if (joined.data)
                        assert_int_equal(joined.data[joined.size], '\0');
        }
        fops_arena_done(&arena);
}

static void test_a_name_is_joined_to_its_directory(void **state _unused_) {
        static const Case cases[] = {
                { "/srv", "x", "/srv/x" },      { "/srv", "a/b", "/srv/a/b" }, { "/", "x", "/x" },         { "/srv/", "x", "/srv/x" },
                { "/srv", "x y\n", "/srv/x y\n" }, { "/srv", "..x", "/srv/..x" }, { "/srv", "x..", "/srv/x.." }, { "/srv", "...", "/srv/..." },
        };

        assert_joins(cases, ELEMENTSOF(cases));
}

static void test_an_absolute_name_needs_no_directory(void **state _unused_) {
        static const Case cases[] = { { "/srv", "/x", "/x" }, { NULL, "/x/y", "/x/y" }, { "rel", "/x", "/x" }, { NULL, "/", "/" } };

        assert_joins(cases, ELEMENTSOF(cases));
}

static void test_slashes_and_dots_go(void **state _unused_) {
        static const Case cases[] = {
                { "/srv", "a//b///c/", "/srv/a/b/c" }, { "/srv", "./a/./b/.", "/srv/a/b" }, { NULL, "//x//", "/x" },
                { "/srv", ".", "/srv" },               { "/srv", "./", "/srv" },            { NULL, "/.", "/" },
                { "///", "x", "/x" },                  { "/", ".", "/" },
        };

        assert_joins(cases, ELEMENTSOF(cases));
}

static void test_climbing_starts_from_the_directory(void **state _unused_) {
        static const Case cases[] = {
                { "/srv/data", "..", "/srv" },       { "/srv/data", "../x", "/srv/x" }, { "/srv/data", "../../x", "/x" },
                { "/srv/data", ".././../x", "/x" },  { "/srv", "../../../x", "/x" },    { "/", "../x", "/x" },
                { NULL, "/../x", "/x" },             { "/srv", "..", "/" },
        };

        assert_joins(cases, ELEMENTSOF(cases));
}

/* Behind a symlink ".." is another directory than its text says. */
static void test_climbing_behind_a_name_is_refused(void **state _unused_) {
        static const Case cases[] = {
                { "/srv", "a/..", NULL }, { "/srv", "a/../b", NULL }, { NULL, "/a/../b", NULL }, { "/srv", "../a/..", NULL },
                { "/srv", "./a/./../b", NULL },
        };

        assert_joins(cases, ELEMENTSOF(cases));
}

static void test_what_cannot_be_known_is_absent(void **state _unused_) {
        static const Case cases[] = {
                { "/srv", "", NULL }, { "/srv", NULL, NULL }, { NULL, "x", NULL }, { "", "x", NULL }, { "rel", "x", NULL },
                { "(unreachable)/x", "x", NULL },
        };

        assert_joins(cases, ELEMENTSOF(cases));
}

static void test_a_path_has_a_longest_length(void **state _unused_) {
        static char name[FOPS_PATH_BYTES_MAX];
        FopsArena arena = {};

        memset(name, 'x', sizeof(name));
        assert_int_equal(fops_path_join(&arena, S("/"), (FopsSpan){ name, FOPS_PATH_BYTES_MAX - 3 }).size, FOPS_PATH_BYTES_MAX - 2);
        assert_span(fops_path_join(&arena, S("/"), (FopsSpan){ name, FOPS_PATH_BYTES_MAX - 2 }), NULL);
        assert_span(fops_path_join(&arena, (FopsSpan){ name, sizeof(name) }, S("/x")), "/x");
        fops_arena_done(&arena);
}

static void test_directory_and_name_come_apart(void **state _unused_) {
        static const struct {
                const char *path, *dir, *base;
        } cases[] = {
                { "/srv/x", "/srv", "x" }, { "/x", "/", "x" },     { "/", NULL, "/" },     { "//", NULL, "/" },    { "/srv/x//", "/srv", "x" },
                { "//x", "/", "x" },       { "/a//b", "/a", "b" }, { "a/b", NULL, "b" },   { "a", NULL, "a" },     { "a/", NULL, "a" },
                { "", NULL, "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_span(fops_path_dirname(fops_span_from_string(cases[i].path)), cases[i].dir);
                assert_span(fops_path_basename(fops_span_from_string(cases[i].path)), cases[i].base);
        }
        assert_span(fops_path_dirname(FOPS_SPAN_ABSENT), NULL);
}

static void test_prefixes_come_from_the_top(void **state _unused_) {
        FopsSpan path = S("/srv/data/x"), prefix;

        prefix = fops_path_next_prefix(path, FOPS_SPAN_ABSENT);
        assert_span(prefix, "/srv");
        prefix = fops_path_next_prefix(path, prefix);
        assert_span(prefix, "/srv/data");
        prefix = fops_path_next_prefix(path, prefix);
        assert_span(prefix, "/srv/data/x");
        assert_span(fops_path_next_prefix(path, prefix), NULL);
        assert_span(fops_path_next_prefix(S("/"), FOPS_SPAN_ABSENT), NULL);
        assert_span(fops_path_next_prefix(FOPS_SPAN_ABSENT, FOPS_SPAN_ABSENT), NULL);
}

static void test_below_ends_at_a_slash(void **state _unused_) {
        assert_true(fops_path_is_below(S("/srv"), S("/srv")));
        assert_true(fops_path_is_below(S("/srv/x"), S("/srv")));
        assert_true(fops_path_is_below(S("/srv/x"), S("/srv/")));
        assert_true(fops_path_is_below(S("/x"), S("/")));
        assert_true(fops_path_is_below(S("/"), S("/")));
        assert_false(fops_path_is_below(S("/srvx"), S("/srv")));
        assert_false(fops_path_is_below(S("/sr"), S("/srv")));
        assert_false(fops_path_is_below(S("x"), S("/")));
        assert_false(fops_path_is_below(FOPS_SPAN_ABSENT, S("/")));
        assert_false(fops_path_is_below(S("/"), FOPS_SPAN_ABSENT));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_name_is_joined_to_its_directory),
                cmocka_unit_test(test_an_absolute_name_needs_no_directory),
                cmocka_unit_test(test_slashes_and_dots_go),
                cmocka_unit_test(test_climbing_starts_from_the_directory),
                cmocka_unit_test(test_climbing_behind_a_name_is_refused),
                cmocka_unit_test(test_what_cannot_be_known_is_absent),
                cmocka_unit_test(test_a_path_has_a_longest_length),
                cmocka_unit_test(test_directory_and_name_come_apart),
                cmocka_unit_test(test_prefixes_come_from_the_top),
                cmocka_unit_test(test_below_ends_at_a_slash),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
