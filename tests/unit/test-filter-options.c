/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Command lines of search into queries. */

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "filter-options.h"

#define NOW (UINT64_C(1795313141) * 1000000)

/* What the last one said on standard error. */
static char said[4096];

#define parse(ret, ...) parse_words(ret, (const char *[]){ "search", __VA_ARGS__, NULL })

/* As verb-search does it. getopt_long() changes the order of the words, not the words. */
static int parse_words(FilterOptions *ret, const char **argv) {
        static const struct option options[] = { FILTER_OPTIONS_LONG, {} };
        int argc = 0, c, r = 0, kept = dup(STDERR_FILENO);
        FILE *err = tmpfile();

        while (argv[argc])
                argc++;
        assert_non_null(err);
        assert_true(dup2(fileno(err), STDERR_FILENO) >= 0);

        optind = 0; /* glibc: begin anew */
        filter_options_init(ret, NOW);
        while (r >= 0 && (c = getopt_long(argc, (char **) argv, FILTER_OPTIONS_SHORT, options, NULL)) >= 0)
                r = c == '?' ? -EINVAL : filter_options_take(ret, c, optarg);
        if (r >= 0)
                r = filter_options_finish(ret, (char **) argv + optind, (size_t) (argc - optind));

        assert_true(dup2(kept, STDERR_FILENO) >= 0);
        close(kept);
        rewind(err);
        said[fread(said, 1, sizeof(said) - 1, err)] = '\0';
        fclose(err);
        return r;
}

#define assert_refused(saying, ...)                                           \
        do {                                                                  \
                FilterOptions _o;                                             \
                assert_int_equal(parse(&_o, __VA_ARGS__), -EINVAL);           \
                filter_options_done(&_o);                                     \
                if (!strstr(said, saying)) {                                  \
                        print_error("said '%s', not '%s'\n", said, saying);   \
                        fail();                                               \
                }                                                             \
        } while (false)

/* Appends a line for each alternative, "FIELD how VALUE"; terms apart by an empty line. */
static void print_query(const Query *q, char *text, size_t size) {
        static const char *const how[] = {
                [QUERY_EQUAL] = "=",      [QUERY_PART] = "~",          [QUERY_LAST] = "last",
                [QUERY_BELOW] = "below",  [QUERY_SERIAL] = "serial",   [QUERY_ABSENT] = "absent",
        };
        FILE *f = fmemopen(text, size, "w");
        bool first = true;

        assert_non_null(f);
        for (size_t i = 0; i < QUERY_TERMS_MAX; i++) {
                if (q->terms[i].n_items > 0 && !first)
                        fprintf(f, "and ");
                for (size_t k = 0; k < q->terms[i].n_items; k++) {
                        const QueryAlternative *a = q->terms[i].items + k;

                        fprintf(f, "%s%s %s%s%.*s", k > 0 ? " or " : "", a->field, how[a->match], a->value.data ? " " : "",
                                (int) a->value.size, a->value.data ? a->value.data : "");
                }
                if (q->terms[i].n_items > 0) {
                        fprintf(f, "\n");
                        first = false;
                }
        }
        assert_int_equal(fclose(f), 0);
}

#define assert_query(expected, ...)                                           \
        do {                                                                  \
                char _text[4096] = "";                                        \
                FilterOptions _o;                                             \
                assert_int_equal(parse(&_o, __VA_ARGS__), 0);                 \
                print_query(&_o.query, _text, sizeof(_text));                 \
                filter_options_done(&_o);                                     \
                assert_string_equal(_text, expected);                         \
        } while (false)

static void test_a_directory_is_asked_for_with_all_below(_unused_ void **state) {
        static const char expected[] = "FOPSD_BELOW below /no/such\n";

        assert_query(expected, "-f", "/no/such");
        assert_query(expected, "-f", "//no/./such/");
        assert_refused("isn't a plain path", "-f", "/no/such/..");
}

static void test_a_whole_path_is_asked_for_alone(_unused_ void **state) {
        assert_query("FOPSD_PATH = /no/such or FOPSD_NEW_PATH = /no/such\n", "-f", "/no/such", "-w");
        assert_query("FOPSD_PATH = /no/such or FOPSD_NEW_PATH = /no/such\n", "--word", "--file=/no/such");
}

static void test_a_name_without_slash_in_front_is_part_of_a_path(_unused_ void **state) {
        assert_query("FOPSD_PATH ~ pass or FOPSD_NEW_PATH ~ pass or FOPSD_NAME ~ pass\n", "-f", "pass");
        assert_query("FOPSD_PATH last passwd or FOPSD_NEW_PATH last passwd or FOPSD_NAME last passwd\n", "-wf", "passwd");
}

static void test_symlinks_in_a_path_are_followed(_unused_ void **state) {
        char dir[] = "/tmp/test-filter-XXXXXX", link[64], name[80], expected[3 * PATH_MAX], real[PATH_MAX];

        assert_non_null(mkdtemp(dir));
        assert_non_null(realpath(dir, real));
        snprintf(link, sizeof(link), "%s/link", dir);
        snprintf(name, sizeof(name), "%s/gone", link);
        assert_int_equal(symlink(dir, link), 0);
        snprintf(expected, sizeof(expected),
                 "FOPSD_PATH = %s or FOPSD_NEW_PATH = %s or FOPSD_PATH = %s/gone or FOPSD_NEW_PATH = %s/gone\n",
                 name, name, real, real);
        assert_query(expected, "-w", "-f", name);
        unlink(link);
        rmdir(dir);
}

static void test_a_path_may_begin_here(_unused_ void **state) {
        assert_int_equal(chdir("/"), 0);
        assert_query("FOPSD_PATH = /no-such or FOPSD_NEW_PATH = /no-such\n", "-wf", "./no-such");
        assert_query("FOPSD_PATH = / or FOPSD_NEW_PATH = /\n", "-wf", ".");
}

static void test_names_are_parts_unless_whole_words_are_wanted(_unused_ void **state) {
        assert_query("FOPSD_EXE ~ sshd\nand FOPSD_COMM ~ rm\nand FOPSD_KEY ~ k\nand FOPSD_TTY ~ pts\n",
                     "-x", "sshd", "-c", "rm", "-k", "k", "--tty", "pts");
        assert_query("FOPSD_EXE last sshd\nand FOPSD_COMM = rm\nand FOPSD_KEY = k\nand FOPSD_TTY = pts\n",
                     "-x", "sshd", "-c", "rm", "-k", "k", "--tty", "pts", "-w");
        assert_query("FOPSD_EXE = /usr/sbin/sshd\n", "-w", "-x", "/usr/sbin/sshd");
        assert_query("_HOSTNAME ~ web or FOPSD_NODE ~ web\n", "--host", "web");
}

static void test_units_and_containers_may_be_none(_unused_ void **state) {
        assert_query("FOPSD_UNIT ~ nginx\nand FOPSD_CONTAINER absent\n", "--unit", "nginx", "--container", "none");
}

static void test_an_option_given_twice_asks_for_either(_unused_ void **state) {
        assert_query("FOPSD_PID = 1 or FOPSD_PID = 2\nand FOPSD_PPID = 3\n", "-p", "1", "--ppid", "3", "-p", "2");
        assert_query("FOPSD_RESULT = success or FOPSD_RESULT = failed\n", "--success", "--failed");
}

static void test_numbers_are_as_the_journal_has_them(_unused_ void **state) {
        assert_query("FOPSD_PID = 7\nand FOPSD_SESSION = 3\n", "-p", "007", "--session", "3");
        assert_refused("--pid: 'x' is no number", "-p", "x");
        assert_refused("--session: '1x' is no number", "--session", "1x");
}

static void test_users_are_names_or_numbers(_unused_ void **state) {
        assert_query("FOPSD_USER = alice or FOPSD_UID = 1000\n", "-u", "alice", "-u", "1000");
        assert_query("FOPSD_LOGIN_USER = bob or FOPSD_AUID = 0\n", "--login-user", "bob", "--login-user", "0");
        assert_query("FOPSD_AUID absent\n", "--login-user", "unset");
}

static void test_operations_bring_those_they_cover(_unused_ void **state) {
        assert_query("FOPSD_OP = delete or FOPSD_OP = rmdir or FOPSD_OP = chmod\n", "--op", "delete,chmod");
        assert_query("FOPSD_OP = rmdir\n", "--op", "rmdir");
        assert_refused("unknown operation 'delte'; did you mean 'delete'?", "--op", "delte");
        assert_refused("unknown operation ''", "--op", "delete,");
        assert_refused("nothing given", "--op", "");
}

static void test_exits_are_numbers_or_names_of_errors(_unused_ void **state) {
        assert_query("FOPSD_EXIT = -13 or FOPSD_EXIT = 3 or FOPSD_ERRNO = EACCES or FOPSD_ERRNO = EAGAIN\n",
                     "-e", "-13", "-e", "3", "-e", "-EACCES", "--exit=EWOULDBLOCK");
        assert_query("FOPSD_ERRNO = EACCES\n", "-e", "EACCES");
        assert_refused("unknown error 'EFOO'", "-e", "EFOO");
}

static void test_system_calls_are_names_or_numbers_of_this_machine(_unused_ void **state) {
        assert_query("FOPSD_SYSCALL = openat\n", "--syscall", "openat");
        assert_query("FOPSD_SYSCALL = 99999\n", "--syscall", "99999");
#ifdef __x86_64__
        assert_query("FOPSD_SYSCALL = unlinkat\n", "--syscall", "263");
#endif
}

static void test_events_are_ids_or_serials(_unused_ void **state) {
        assert_query("FOPSD_EVENT = 1795309541.349:12\n", "-a", "1795309541.349:12");
        assert_query("FOPSD_EVENT serial 12\n", "-a", "12");
        assert_refused("is no event", "-a", "x");
        assert_refused("is no event", "-a", "1795309541:12");
        assert_refused("is no event", "-a", "1795309541.349:");
}

static void test_times_bound_the_query(_unused_ void **state) {
        FilterOptions o;

        assert_int_equal(parse(&o, "-S", "-1h", "-U", "now"), 0);
        assert_int_equal(o.query.since_usec, NOW - UINT64_C(3600000000));
        assert_int_equal(o.query.until_usec, NOW);
        filter_options_done(&o);
        assert_int_equal(parse(&o, "-w"), 0);
        assert_int_equal(o.query.since_usec, 0);
        assert_true(o.query.until_usec == UINT64_MAX);
        filter_options_done(&o);
        assert_refused("'nonsense' is no time", "-S", "nonsense");
        assert_refused("--since is after --until", "-S", "now", "-U", "-1h");
}

static void test_arguments_behind_an_input_are_more_of_it(_unused_ void **state) {
        FilterOptions o;

        assert_int_equal(parse(&o, "-i", "a", "b", "-n", "5", "c"), 0);
        assert_int_equal(o.n_files, 3);
        assert_string_equal(o.files[0], "a");
        assert_string_equal(o.files[1], "b");
        assert_string_equal(o.files[2], "c");
        assert_int_equal(o.lines, 5);
        filter_options_done(&o);
        assert_refused("unexpected argument 'b'", "-k", "a", "b");
        assert_refused("don't go with it", "-i", "a", "-m");
        assert_refused("is no number of lines", "-n", "0");
        assert_refused("is no number of lines", "-n", "-3");
}

static void test_what_is_no_filter_is_left_to_the_verb(_unused_ void **state) {
        FilterOptions o;

        filter_options_init(&o, NOW);
        assert_int_equal(filter_options_take(&o, 'o', "json"), 0);
        assert_int_equal(filter_options_take(&o, FILTER_OPTION_END, NULL), 0);
        filter_options_done(&o);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_directory_is_asked_for_with_all_below),
                cmocka_unit_test(test_a_whole_path_is_asked_for_alone),
                cmocka_unit_test(test_a_name_without_slash_in_front_is_part_of_a_path),
                cmocka_unit_test(test_symlinks_in_a_path_are_followed),
                cmocka_unit_test(test_a_path_may_begin_here),
                cmocka_unit_test(test_names_are_parts_unless_whole_words_are_wanted),
                cmocka_unit_test(test_units_and_containers_may_be_none),
                cmocka_unit_test(test_an_option_given_twice_asks_for_either),
                cmocka_unit_test(test_numbers_are_as_the_journal_has_them),
                cmocka_unit_test(test_users_are_names_or_numbers),
                cmocka_unit_test(test_operations_bring_those_they_cover),
                cmocka_unit_test(test_exits_are_numbers_or_names_of_errors),
                cmocka_unit_test(test_system_calls_are_names_or_numbers_of_this_machine),
                cmocka_unit_test(test_events_are_ids_or_serials),
                cmocka_unit_test(test_times_bound_the_query),
                cmocka_unit_test(test_arguments_behind_an_input_are_more_of_it),
                cmocka_unit_test(test_what_is_no_filter_is_left_to_the_verb),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
