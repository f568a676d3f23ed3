/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Command lines of fopsd. */

#include <fcntl.h>
#include <getopt.h>

#include "test-records.h"

#include "options.h"

/* What the last one said, on standard error and on standard output. */
static char said[4096], printed[4096];

static void take_over(int fd, int *ret_kept, FILE **ret_file) {
        *ret_file = tmpfile();
        assert_non_null(*ret_file);
        *ret_kept = dup(fd);
        assert_true(dup2(fileno(*ret_file), fd) >= 0);
}

static void give_back(int fd, int kept, FILE *file, char text[static 4096]) {
        assert_true(dup2(kept, fd) >= 0);
        close(kept);
        rewind(file);
        text[fread(text, 1, 4095, file)] = '\0';
        fclose(file);
}

#define parse(ret, ...) parse_words(ret, (const char *[]){ "fopsd", __VA_ARGS__, NULL })

/* getopt_long() changes the order of the words, not the words. */
static int parse_words(Options *ret, const char **argv) {
        FILE *out, *err;
        int argc = 0, r, kept_out, kept_err;

        while (argv[argc])
                argc++;
        optind = 0; /* glibc: begin anew */
        fflush(stdout);
        take_over(STDOUT_FILENO, &kept_out, &out);
        take_over(STDERR_FILENO, &kept_err, &err);
        r = options_parse(argc, (char **) argv, ret);
        fflush(stdout);
        give_back(STDERR_FILENO, kept_err, err, said);
        give_back(STDOUT_FILENO, kept_out, out, printed);
        return r;
}

static void assert_refused(int r, const char *message) {
        assert_int_equal(r, -EINVAL);
        assert_string_equal(said, message);
        assert_string_equal(printed, "");
}

static void test_nothing_given_means_the_systems_configuration(void **state _unused_) {
        Options o;

        assert_int_equal(parse_words(&o, (const char *[]){ "fopsd", NULL }), 1);
        assert_null(o.config_file);
        assert_int_equal(o.n_watches, 0);
        assert_false(o.has_mode);
        assert_false(o.print);
        assert_false(o.check);
        options_done(&o);
}

static void test_ops_and_key_belong_to_the_watch_before_them(void **state _unused_) {
        Options o;

        assert_int_equal(parse(&o, "-w", "/srv", "-o", "read", "-w/etc/passwd", "--key=identity", "--watch", "/tmp", "-k", "a",
                               "-k", "b"), 1);
        assert_int_equal(o.n_watches, 3);
        assert_string_equal(o.watches[0].path, "/srv");
        assert_string_equal(o.watches[0].ops, "read");
        assert_null(o.watches[0].key);
        assert_string_equal(o.watches[1].path, "/etc/passwd");
        assert_null(o.watches[1].ops);
        assert_string_equal(o.watches[1].key, "identity");
        assert_string_equal(o.watches[2].path, "/tmp");
        assert_null(o.watches[2].ops);
        assert_string_equal(o.watches[2].key, "b");
        options_done(&o);
}

static void test_what_belongs_to_no_watch_is_refused(void **state _unused_) {
        Options o;

        assert_refused(parse(&o, "-o", "read", "-w", "/srv"), "fopsd: -o belongs behind the -w that it is for\n");
        assert_refused(parse(&o, "--key", "k"), "fopsd: -k belongs behind the -w that it is for\n");
}

static void test_every_word_is_taken(void **state _unused_) {
        static const struct {
                const char *word;
                FopsSourceMode mode;
        } modes[] = { { "auto", FOPS_SOURCE_AUTO }, { "daemon", FOPS_SOURCE_DAEMON }, { "listener", FOPS_SOURCE_LISTENER } };
        Options o;

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                assert_int_equal(parse(&o, "--source", modes[i].word), 1);
                assert_true(o.has_mode);
                assert_int_equal(o.mode, modes[i].mode);
                options_done(&o);
        }

        assert_int_equal(parse(&o, "--print"), 1);
        assert_true(o.print);
        assert_int_equal(o.print_format, FOPS_PRINT_TEXT);
        options_done(&o);
        assert_int_equal(parse(&o, "--print=json", "--check", "-c", "/x.conf"), 1);
        assert_true(o.print);
        assert_int_equal(o.print_format, FOPS_PRINT_JSON);
        assert_true(o.check);
        assert_string_equal(o.config_file, "/x.conf");
        options_done(&o);
        assert_int_equal(parse(&o, "--print=text"), 1);
        assert_int_equal(o.print_format, FOPS_PRINT_TEXT);
        options_done(&o);
}

static void test_a_mistake_is_named_and_nothing_is_returned(void **state _unused_) {
        Options o = { .n_watches = 4711 };

        assert_refused(parse(&o, "-w", "/srv", "--source=demon"), "fopsd: unknown source mode 'demon': auto, daemon or listener\n");
        assert_refused(parse(&o, "-w", "/srv", "--print=xml"), "fopsd: unknown format 'xml': text or json\n");
        assert_refused(parse(&o, "-w", "/srv", "/etc"), "fopsd: unexpected argument '/etc'\n");
        assert_int_equal(parse(&o, "--wathc", "/srv"), -EINVAL);
        assert_non_null(strstr(said, "--wathc"));
        assert_int_equal(parse(&o, "-w"), -EINVAL);
        assert_int_equal(o.n_watches, 4711);
}

static void test_help_and_version_are_all_that_is_done(void **state _unused_) {
        Options o = { .n_watches = 4711 };

        assert_int_equal(parse(&o, "-w", "/srv", "--help"), 0);
        assert_non_null(strstr(printed, "--source MODE"));
        assert_string_equal(said, "");
        assert_int_equal(parse(&o, "-V"), 0);
        assert_string_equal(printed, "fopsd " FOPS_VERSION "\n");
        assert_int_equal(o.n_watches, 4711);
}

static void test_watches_of_the_command_line_need_no_file(void **state _unused_) {
        FopsDiags diags = {};
        FopsConfig config;
        Options o;

        assert_int_equal(parse(&o, "-w", "/srv", "-o", "read,delete", "-k", "data", "--source", "listener"), 1);
        assert_int_equal(options_load_config(&o, &config, &diags), 0);
        assert_int_equal(diags.n_items, 0);
        assert_int_equal(config.n_watches, 1);
        assert_string_equal(config.watches[0].path, "/srv");
        assert_int_equal(config.watches[0].ops, fops_op_mask_from_word(FOPS_SPAN_LITERAL("read")) |
                                                        fops_op_mask_from_word(FOPS_SPAN_LITERAL("delete")));
        assert_string_equal(config.watches[0].keys[0], "data");
        assert_int_equal(config.source.mode, FOPS_SOURCE_LISTENER);
        assert_int_equal(config.kernel.backlog_limit, 8192);
        fops_config_done(&config);
        options_done(&o);
}

static void test_a_file_is_read_beside_the_watches_if_it_is_named(void **state _unused_) {
        char path[] = "/tmp/fops-test-XXXXXX";
        int fd = mkstemp(path);
        FopsDiags diags = {};
        FopsConfig config;
        Options o;

        assert_true(fd >= 0);
        assert_true(dprintf(fd, "watches = ( { path = \"/etc\"; } );\nsource = { mode = \"daemon\"; };\n") > 0);
        close(fd);
        assert_int_equal(parse(&o, "-c", path, "-w", "/srv"), 1);
        assert_int_equal(options_load_config(&o, &config, &diags), 0);
        assert_int_equal(config.n_watches, 2);
        assert_string_equal(config.watches[0].path, "/etc");
        assert_string_equal(config.watches[1].path, "/srv");
        assert_int_equal(config.source.mode, FOPS_SOURCE_DAEMON);
        assert_int_equal(config.kernel.backlog_limit, -1);
        fops_config_done(&config);
        options_done(&o);
        unlink(path);
}

static void test_all_wrong_watches_are_told_at_once(void **state _unused_) {
        FopsConfig config = { .n_watches = 4711 };
        FopsDiags diags = {};
        Options o;

        assert_int_equal(parse(&o, "-w", "relative", "-w", "/srv", "-o", "opne"), 1);
        assert_int_equal(options_load_config(&o, &config, &diags), 1);
        assert_int_equal(diags.n_errors, 2);
        assert_int_equal(config.n_watches, 4711);
        fops_diags_done(&diags);
        options_done(&o);

        /* A right one doesn't mend the wrong one before it. */
        diags = (FopsDiags){};
        assert_int_equal(parse(&o, "-w", "relative", "-w", "/srv"), 1);
        assert_int_equal(options_load_config(&o, &config, &diags), 1);
        assert_int_equal(diags.n_errors, 1);
        fops_diags_done(&diags);
        options_done(&o);
}

static void test_a_missing_file_is_an_error_of_the_configuration(void **state _unused_) {
        FopsDiags diags = {};
        FopsConfig config;
        Options o;

        assert_int_equal(parse(&o, "-c", "/tmp/fops-test-there-is-none", "-w", "/srv"), 1);
        assert_int_equal(options_load_config(&o, &config, &diags), 1);
        assert_int_equal(diags.n_errors, 1);
        fops_diags_done(&diags);
        options_done(&o);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_given_means_the_systems_configuration),
                cmocka_unit_test(test_ops_and_key_belong_to_the_watch_before_them),
                cmocka_unit_test(test_what_belongs_to_no_watch_is_refused),
                cmocka_unit_test(test_every_word_is_taken),
                cmocka_unit_test(test_a_mistake_is_named_and_nothing_is_returned),
                cmocka_unit_test(test_help_and_version_are_all_that_is_done),
                cmocka_unit_test(test_watches_of_the_command_line_need_no_file),
                cmocka_unit_test(test_a_file_is_read_beside_the_watches_if_it_is_named),
                cmocka_unit_test(test_all_wrong_watches_are_told_at_once),
                cmocka_unit_test(test_a_missing_file_is_an_error_of_the_configuration),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
