/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Real directories, moved. */

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "test-records.h"

#include "ancestors.h"

typedef struct Fixture {
        char root[PATH_MAX];
        Ancestors *ancestors;
        char heard[PATH_MAX + 64]; /* the last one's path below the root */
        unsigned n_heard, n_unknown;
} Fixture;

static int setup(void **state) {
        char template[] = "/tmp/fops-test-XXXXXX";
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f || !mkdtemp(template) || !realpath(template, f->root))
                return -1;
        f->ancestors = ancestors_new();
        *state = f;
        return f->ancestors ? 0 : -1;
}

static int teardown(void **state) {
        _cleanup_free_ char *command = NULL;
        Fixture *f = *state;
        int r;

        ancestors_free(f->ancestors);
        if (asprintf(&command, "rm -rf '%s'", f->root) < 0)
                return -1;
        r = system(command);
        free(f);
        return r;
}

/* Paths below the root; two at a time. */
static const char *at(const Fixture *f, const char *name) {
        static char paths[2][PATH_MAX + 64];
        static unsigned next;

        next ^= 1;
        snprintf(paths[next], sizeof(paths[next]), "%s/%s", f->root, name);
        return paths[next];
}

static void make(const Fixture *f, const char *name) {
        assert_int_equal(mkdir(at(f, name), 0700), 0);
}

static void move(const Fixture *f, const char *from, const char *to) {
        assert_int_equal(rename(at(f, from), at(f, to)), 0);
}

static void follow(Fixture *f, const char *const *names) {
        ancestors_begin(f->ancestors);
        for (; *names; names++)
                assert_int_equal(ancestors_add(f->ancestors, fops_span_from_string(at(f, *names))), 0);
        ancestors_end(f->ancestors);
}

static int on_moved(void *userdata, FopsSpan path) {
        Fixture *f = userdata;

        f->n_heard++;
        f->n_unknown += !path.data;
        f->heard[0] = '\0';
        if (path.data && path.size > strlen(f->root))
                snprintf(f->heard, sizeof(f->heard), "%.*s", (int) (path.size - strlen(f->root) - 1), path.data + strlen(f->root) + 1);
        return 0;
}

/* What was heard since the last time. */
static unsigned hear(Fixture *f) {
        f->n_heard = f->n_unknown = 0;
        assert_int_equal(ancestors_hear(f->ancestors, on_moved, f), 0);
        return f->n_heard;
}

static void a_move_above_is_heard_at_once(void **state) {
        Fixture *f = *state;

        make(f, "a");
        make(f, "a/b");
        make(f, "a/b/watched");
        follow(f, (const char *const[]){ "a/b/watched", NULL });
        assert_int_equal(hear(f), 0);

        move(f, "a", "c");
        assert_int_equal(hear(f), 1);
        assert_string_equal(f->heard, "a");
        assert_int_equal(hear(f), 0);

        move(f, "c/b", "c/d");
        assert_int_equal(hear(f), 1);
        assert_string_equal(f->heard, "a/b");
}

static void others_are_not(void **state) {
        Fixture *f = *state;

        make(f, "a");
        make(f, "a/watched");
        make(f, "a/beside");
        make(f, "b");
        follow(f, (const char *const[]){ "a/watched", NULL });

        /* Of the watched one itself an event tells. */
        move(f, "a/watched", "a/moved");
        move(f, "a/beside", "b/beside");
        make(f, "a/watched");
        assert_int_equal(hear(f), 0);
}

static void what_is_not_named_again_is_not_followed(void **state) {
        Fixture *f = *state;

        make(f, "a");
        make(f, "a/watched");
        make(f, "b");
        make(f, "b/watched");
        follow(f, (const char *const[]){ "a/watched", "b/watched", NULL });
        follow(f, (const char *const[]){ "b/watched", NULL });
        move(f, "a", "c");
        assert_int_equal(hear(f), 0);
        move(f, "b", "d");
        assert_int_equal(hear(f), 1);
        assert_string_equal(f->heard, "b");
}

static void another_at_its_path_is_followed(void **state) {
        Fixture *f = *state;

        make(f, "a");
        make(f, "a/watched");
        follow(f, (const char *const[]){ "a/watched", NULL });
        move(f, "a", "b");
        make(f, "a");
        follow(f, (const char *const[]){ "a/watched", NULL });

        /* Which it was isn't known any more, that something was is. */
        assert_int_equal(hear(f), 1);
        assert_int_equal(f->n_unknown, 1);

        move(f, "b", "c");
        assert_int_equal(hear(f), 0);
        move(f, "a", "b");
        assert_int_equal(hear(f), 1);
        assert_string_equal(f->heard, "a");
}

static void what_is_not_there_is_passed_over(void **state) {
        Fixture *f = *state;

        follow(f, (const char *const[]){ "none/watched", NULL });
        assert_int_equal(hear(f), 0);
        make(f, "none");
        follow(f, (const char *const[]){ "none/watched", NULL });
        move(f, "none", "some");
        assert_int_equal(hear(f), 1);
        assert_string_equal(f->heard, "none");
}

static void many_are_found(void **state) {
        Fixture *f = *state;
        char names[200][16];
        const char *list[201] = {};

        for (unsigned i = 0; i < 200; i++) {
                /* In no order. */
                snprintf(names[i], sizeof(names[i]), "%u/watched", i * 77 % 200);
                list[i] = names[i];
                make(f, (snprintf(f->heard, sizeof(f->heard), "%u", i), f->heard));
        }
        follow(f, list);
        for (unsigned i = 0; i < 200; i++) {
                char from[16], to[16];

                snprintf(from, sizeof(from), "%u", i);
                snprintf(to, sizeof(to), "m%u", i);
                move(f, from, to);
        }
        assert_int_equal(hear(f), 200);
        assert_string_equal(f->heard, "199");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_move_above_is_heard_at_once, setup, teardown),
                cmocka_unit_test_setup_teardown(others_are_not, setup, teardown),
                cmocka_unit_test_setup_teardown(what_is_not_named_again_is_not_followed, setup, teardown),
                cmocka_unit_test_setup_teardown(another_at_its_path_is_followed, setup, teardown),
                cmocka_unit_test_setup_teardown(what_is_not_there_is_passed_over, setup, teardown),
                cmocka_unit_test_setup_teardown(many_are_found, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
