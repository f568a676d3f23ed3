/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-config-files.h"

#include <syslog.h>

static int setup(void **state) {
        Files *f = malloc(sizeof(Files));

        assert_non_null(f);
        files_init(f);
        assert_int_equal(mkdir(files_path(f, "etc"), 0755), 0);
        *state = f;
        return 0;
}

static int teardown(void **state) {
        files_done(*state);
        free(*state);
        return 0;
}

/* Loads what must be valid; notes are the caller's to look at. */
static void load(const Files *f, FopsConfig *c, FopsDiags *diags) {
        int r = files_load(f, c, diags);

        if (r != 0)
                fops_diags_print(diags, stderr);
        assert_int_equal(r, 0);
        assert_int_equal(diags->n_errors, 0);
}

static void load_text(const Files *f, const char *text, FopsConfig *c) {
        FopsDiags diags = {};

        files_write(f, "conf", text);
        load(f, c, &diags);
        assert_int_equal(diags.n_items, 0);
        fops_diags_done(&diags);
}

static void load_refused(const Files *f, const char *name, unsigned line, const char *fragment) {
        FopsDiags diags = {};
        FopsConfig c;

        assert_int_equal(files_load(f, &c, &diags), 1);
        if (diags.n_errors != 1 || !has_message(&diags, FOPS_ERROR, name, line, fragment)) {
                print_error("not one error in %s:%u with: %s\n", name, line, fragment);
                fops_diags_print(&diags, stderr);
                fail();
        }
        fops_diags_done(&diags);
}

static FopsOpMask mask(const char *word) {
        return fops_op_mask_from_word(fops_span_from_string(word));
}

static void assert_list(char *const *list, ...) {
        const char *expected;
        va_list ap;

        va_start(ap, list);
        while ((expected = va_arg(ap, const char *))) {
                assert_non_null(*list);
                assert_string_equal(*list++, expected);
        }
        va_end(ap);
        assert_null(*list);
}

static void assert_defaults(const FopsConfig *c) {
        assert_int_equal(c->n_watches, 0);
        assert_int_equal(c->n_rules, 0);
        assert_int_equal(c->kernel.backlog_limit, -1);
        assert_int_equal(c->kernel.backlog_wait_time, -1);
        assert_int_equal(c->kernel.rate_limit, -1);
        assert_int_equal(c->kernel.failure, FOPS_FAILURE_UNSET);
        assert_false(c->kernel.loginuid_immutable);
        assert_false(c->kernel.lock);
        assert_int_equal(c->source.mode, FOPS_SOURCE_AUTO);
        assert_int_equal(c->source.buffer_bytes, 64 << 20);
        assert_int_equal(c->source.foreign, FOPS_FOREIGN_JOURNAL);
        assert_int_equal(c->index_max_entries, 1000000);
        assert_true(c->attribution.unit);
        assert_true(c->attribution.container);
        assert_int_equal(c->attribution.ancestry, 4);
        assert_true(c->tamper_restore);
        assert_true(c->canary.startup);
        assert_int_equal(c->canary.interval_usec, 0);
        assert_false(c->journal_full);
}

static void test_an_empty_file_gives_the_defaults(void **state) {
        FopsConfig c;

        load_text(*state, "", &c);
        assert_defaults(&c);
        fops_config_done(&c);
}

static void test_every_top_level_setting_is_read(void **state) {
        FopsConfig c;

        load_text(*state,
                  "kernel = { backlog_limit = 8192; backlog_wait_time = 600000; rate_limit = 4294967295L;\n"
                  "  failure = \"panic\"; loginuid_immutable = true; lock = true; };\n"
                  "source = { mode = \"listener\"; buffer_mib = 4096; foreign = \"drop\"; };\n"
                  "index = { max_entries = 0; };\n"
                  "attribution = { unit = false; container = false; ancestry = 16; };\n"
                  "on_tamper = \"report\"; // a comment\n"
                  "canary = { startup = false; interval_s = 300; };\n"
                  "journal = { fields = \"full\"; }; /* and\nanother */\n",
                  &c);
        assert_int_equal(c.kernel.backlog_limit, 8192);
        assert_int_equal(c.kernel.backlog_wait_time, 600000);
        assert_int_equal(c.kernel.rate_limit, UINT32_MAX);
        assert_int_equal(c.kernel.failure, FOPS_FAILURE_PANIC);
        assert_true(c.kernel.loginuid_immutable);
        assert_true(c.kernel.lock);
        assert_int_equal(c.source.mode, FOPS_SOURCE_LISTENER);
        assert_int_equal(c.source.buffer_bytes, UINT64_C(4096) << 20);
        assert_int_equal(c.source.foreign, FOPS_FOREIGN_DROP);
        assert_int_equal(c.index_max_entries, 0);
        assert_false(c.attribution.unit);
        assert_false(c.attribution.container);
        assert_int_equal(c.attribution.ancestry, 16);
        assert_false(c.tamper_restore);
        assert_false(c.canary.startup);
        assert_int_equal(c.canary.interval_usec, 300000000);
        assert_true(c.journal_full);
        fops_config_done(&c);
}

static void test_a_watch_with_a_path_alone_has_the_defaults(void **state) {
        const FopsWatch *w;
        FopsConfig c;

        load_text(*state, "\nwatches = (\n  { path = \"/srv/data///\"; }\n);\n", &c);
        assert_int_equal(c.n_watches, 1);
        w = c.watches;
        assert_string_equal(w->path, "/srv/data");
        assert_false(w->is_glob);
        assert_int_equal(w->ops, mask("write") | mask("attr"));
        assert_true(w->recursive);
        assert_list(w->keys, "/srv/data", NULL);
        assert_int_equal(w->n_only, 0);
        assert_int_equal(w->n_exclude, 0);
        assert_int_equal(w->result, FOPS_RESULT_ANY);
        assert_int_equal(w->priority, LOG_INFO);
        assert_int_equal(w->priority_failed, LOG_NOTICE);
        assert_int_equal(w->coalesce_usec, 0);
        assert_string_equal(w->file, files_path(*state, "conf"));
        assert_int_equal(w->line, 3);
        fops_config_done(&c);
}

static void test_every_setting_of_a_watch_is_read(void **state) {
        const FopsFilterGroup *g;
        const FopsWatch *w;
        FopsConfig c;

        load_text(*state,
                  "watches = ( { path = \"/home/*/.ssh\"; ops = [\"delete\", \"read\"]; recursive = false; key = [\"a\", "
                  "\"b c\"];\n"
                  "  only = (\n"
                  "    { exe = \"/bin/*\"; comm = [\"vi*\"]; path = (\"*.swp\", \"/home/a/*\"); user = [\"root\", \"7\"]; "
                  "login_user = (\"unset\", 0);\n"
                  "      group = 4294967294L; ops = [\"exec\"]; result = \"success\"; unit = \"none\"; container = "
                  "[\"none\", \"ab*\"]; },\n"
                  "    { comm = \"x\"; } );\n"
                  "  exclude = ( { exe = \"*sshd\"; } );\n"
                  "  result = \"failed\"; priority = \"debug\"; priority_failed = \"emerg\"; coalesce_ms = 3600000; } );\n",
                  &c);
        w = c.watches;
        assert_string_equal(w->path, "/home/*/.ssh");
        assert_true(w->is_glob);
        assert_int_equal(w->ops, mask("delete") | mask("read"));
        assert_false(w->recursive);
        assert_list(w->keys, "a", "b c", NULL);
        assert_int_equal(w->result, FOPS_RESULT_FAILED);
        assert_int_equal(w->priority, LOG_DEBUG);
        assert_int_equal(w->priority_failed, LOG_EMERG);
        assert_int_equal(w->coalesce_usec, UINT64_C(3600000000));

        assert_int_equal(w->n_only, 2);
        g = w->only;
        assert_list(g->exe, "/bin/*", NULL);
        assert_list(g->comm, "vi*", NULL);
        assert_list(g->path, "*.swp", "/home/a/*", NULL);
        assert_list(g->unit, "none", NULL);
        assert_list(g->container, "none", "ab*", NULL);
        assert_int_equal(g->users.n_ids, 2);
        assert_int_equal(g->users.ids[0], 0);
        assert_int_equal(g->users.ids[1], 7);
        assert_int_equal(g->login_users.n_ids, 2);
        assert_int_equal(g->login_users.ids[0], UINT32_MAX);
        assert_int_equal(g->login_users.ids[1], 0);
        assert_int_equal(g->groups.n_ids, 1);
        assert_int_equal(g->groups.ids[0], UINT32_MAX - 1);
        assert_int_equal(g->ops, mask("exec"));
        assert_int_equal(g->result, FOPS_RESULT_SUCCESS);
        assert_int_equal(g->line, 3);
        assert_int_equal(w->only[1].line, 5);
        assert_null(w->only[1].exe);
        assert_int_equal(w->n_exclude, 1);
        assert_list(w->exclude->exe, "*sshd", NULL);
        fops_config_done(&c);
}

static void test_the_root_directory_keeps_its_slash(void **state) {
        FopsConfig c;

        load_text(*state, "watches = ( { path = \"//\"; key = \"all\"; } );", &c);
        assert_string_equal(c.watches->path, "/");
        fops_config_done(&c);
}

static void test_every_setting_of_a_rule_is_read(void **state) {
        const FopsRuleConfig *r;
        FopsConfig c;

        load_text(*state,
                  "rules = (\n"
                  "  { syscalls = (\"ptrace\", 62); arch = [\"b64\"]; fields = [\"auid>=1000\", \"auid!=unset\"];\n"
                  "    compare = [\"uid!=euid\"]; key = [\"a\", \"b\"]; },\n"
                  "  { action = \"never\"; list = \"exclude\"; fields = [\"msgtype=CWD\"]; }\n"
                  ");\n",
                  &c);
        assert_int_equal(c.n_rules, 2);
        r = c.rules;
        assert_false(r->never);
        assert_false(r->prepend);
        assert_string_equal(r->list, "exit");
        assert_list(r->archs, "b64", NULL);
        assert_list(r->syscalls, "ptrace", "62", NULL);
        assert_list(r->fields, "auid>=1000", "auid!=unset", NULL);
        assert_list(r->compares, "uid!=euid", NULL);
        assert_list(r->keys, "a", "b", NULL);
        assert_string_equal(r->file, files_path(*state, "conf"));
        assert_int_equal(r->line, 2);
        assert_true(r[1].never);
        assert_string_equal(r[1].list, "exclude");
        assert_null(r[1].archs);
        assert_null(r[1].syscalls);
        assert_null(r[1].keys);
        assert_int_equal(r[1].line, 4);
        fops_config_done(&c);
}

static void test_drop_ins_come_in_byte_order_and_the_later_scalar_wins(void **state) {
        const Files *f = *state;
        FopsDiags diags = {};
        FopsConfig c;

        assert_int_equal(mkdir(files_path(f, "run"), 0755), 0);
        files_write(f, "conf", "watches = ( { path = \"/1\"; } ); index = { max_entries = 1; }; on_tamper = \"report\";\n");
        files_write(f, "etc/a.conf", "watches = ( { path = \"/4\"; } ); index = { max_entries = 3; };\n");
        files_write(f, "etc/B.conf", "watches = ( { path = \"/3\"; } ); index = { max_entries = 2; };\n");
        files_write(f, "etc/10.conf", "watches = ( { path = \"/2\"; } );\n");
        files_write(f, "run/0.conf", "watches = ( { path = \"/5\"; } ); source = { mode = \"daemon\"; };\n");
        files_write(f, "etc/.hidden.conf", "bad\n");
        files_write(f, "etc/a.conf~", "bad\n");
        files_write(f, "etc/a.conf.dpkg-old", "bad\n");

        load(f, &c, &diags);
        assert_int_equal(c.n_watches, 5);
        for (size_t i = 0; i < 5; i++)
                assert_int_equal(c.watches[i].path[1], '1' + (int) i);
        assert_string_equal(c.watches[4].file, files_path(f, "run/0.conf"));
        assert_int_equal(c.index_max_entries, 3);
        assert_false(c.tamper_restore);
        assert_int_equal(c.source.mode, FOPS_SOURCE_DAEMON);
        assert_int_equal(c.source.buffer_bytes, 64 << 20);
        fops_config_done(&c);
        fops_diags_done(&diags);
}

static void test_includes_are_relative_to_the_file_they_stand_in(void **state) {
        const Files *f = *state;
        FopsConfig c;

        assert_int_equal(mkdir(files_path(f, "sub"), 0755), 0);
        files_write(f, "sub/one", "\n  @include\t\"two\"\n{ path = \"/b\"; },");
        files_write(f, "sub/two", "{ path = \"/a\"; },");
        files_write(f, "three", "{ path = \"/d\"; }");
        load_text(f,
                  "watches = (\n"
                  "@include \"sub/one\" { path = \"/c\"; },\n"
                  "@include \"~/three\"\n"
                  "# @include \"none\"\n"
                  "/* \n@include \"none\"\n */\n"
                  ", { path = \"/e\"; } );\n",
                  &c);
        assert_int_equal(c.n_watches, 5);
        for (size_t i = 0; i < 5; i++)
                assert_int_equal(c.watches[i].path[1], 'a' + (int) i);
        assert_string_equal(c.watches[0].file, files_path(f, "sub/two"));
        assert_int_equal(c.watches[0].line, 1);
        assert_string_equal(c.watches[1].file, files_path(f, "sub/one"));
        assert_int_equal(c.watches[1].line, 3);
        assert_string_equal(c.watches[2].file, files_path(f, "conf"));
        assert_int_equal(c.watches[2].line, 2);
        assert_string_equal(c.watches[3].file, files_path(f, "three"));
        assert_int_equal(c.watches[4].line, 8);
        fops_config_done(&c);
}

static void test_strings_keep_what_looks_like_a_comment_or_an_include(void **state) {
        FopsConfig c;

        load_text(*state, "watches = ( { path = \"/a/*b*/c//d#e\\\"@include\\\\\"\n  \"/f\"; key = \"k\"; } );", &c);
        assert_string_equal(c.watches->path, "/a/*b*/c//d#e\"@include\\/f");
        fops_config_done(&c);
}

static void test_all_errors_of_all_files_come_in_one_run(void **state) {
        const Files *f = *state;
        FopsDiags diags = {};
        FopsConfig c;

        files_write(f, "conf",
                    "watches = (\n"
                    "  { path = \"a\"; },\n"
                    "  { path = \"/b\"; ops = [\"red\"]; key = 1; }\n"
                    ");\n"
                    "watchlists = ( { file = \"~/list\"; } );\n"
                    "audit_rules = [ \"~/*.rules\" ];\n"
                    "nothing = 1;\n");
        files_write(f, "list", "c\n/d\ne\n");
        files_write(f, "a.rules", "-w f\n-x\n");
        files_write(f, "etc/1.conf", "syntax error\n");
        files_write(f, "etc/2.conf", "\nalso = 1;\n");

        assert_int_equal(files_load(f, &c, &diags), 1);
        assert_int_equal(diags.n_errors, 10);
        assert_true(has_message(&diags, FOPS_ERROR, "conf", 2, "absolute"));
        assert_true(has_message(&diags, FOPS_ERROR, "conf", 3, "'red'"));
        assert_true(has_message(&diags, FOPS_ERROR, "conf", 3, "key must be"));
        assert_true(has_message(&diags, FOPS_ERROR, "list", 1, "absolute"));
        assert_true(has_message(&diags, FOPS_ERROR, "list", 3, "absolute"));
        assert_true(has_message(&diags, FOPS_ERROR, "a.rules", 1, "absolute"));
        assert_true(has_message(&diags, FOPS_ERROR, "a.rules", 2, "'-x'"));
        assert_true(has_message(&diags, FOPS_ERROR, "conf", 7, "'nothing'"));
        assert_true(has_message(&diags, FOPS_ERROR, "1.conf", 1, "syntax error"));
        assert_true(has_message(&diags, FOPS_ERROR, "2.conf", 2, "'also'"));

        /* Sorted: each file's stand together. */
        for (size_t i = 0; i < 4; i++)
                assert_string_equal(diags.items[i].file, files_path(f, "conf"));
        assert_int_equal(diags.items[3].line, 7);
        fops_diags_done(&diags);
}

static void test_a_watch_list_gives_a_watch_for_each_line(void **state) {
        const Files *f = *state;
        FopsConfig c;

        files_write(f, "list", "# all\r\n\r\n/srv/a b\r\n \t/srv/c*/ \n\n  # more\n/srv/d");
        load_text(f,
                  "watchlists = (\n { file = \"~/list\"; ops = [\"read\"]; key = [\"k\", \"l\"]; recursive = false; } );\n",
                  &c);
        assert_int_equal(c.n_watches, 3);
        assert_string_equal(c.watches[0].path, "/srv/a b");
        assert_int_equal(c.watches[0].line, 3);
        assert_string_equal(c.watches[0].file, files_path(f, "list"));
        assert_int_equal(c.watches[0].ops, mask("read"));
        assert_false(c.watches[0].recursive);
        assert_list(c.watches[0].keys, "k", "l", NULL);
        assert_string_equal(c.watches[1].path, "/srv/c*");
        assert_true(c.watches[1].is_glob);
        assert_int_equal(c.watches[1].line, 4);
        assert_string_equal(c.watches[2].path, "/srv/d");
        assert_int_equal(c.watches[2].line, 7);
        fops_config_done(&c);

        load_text(f, "watchlists = ( { file = \"~/list\"; } );\n", &c);
        assert_int_equal(c.watches[2].ops, mask("write") | mask("attr"));
        assert_true(c.watches[2].recursive);
        assert_list(c.watches[2].keys, "/srv/d", NULL);
        fops_config_done(&c);
}

static void test_audit_rules_lines_become_watches_and_rules(void **state) {
        const Files *f = *state;
        const FopsRuleConfig *r;
        FopsDiags diags = {};
        FopsConfig c;

        files_write(f, "conf", "audit_rules = [ \"~/x.rules\" ];");
        files_write(f, "x.rules",
                    "## a comment\r\n"
                    "-w /etc/passwd -p wa -k identity\r\n"
                    "  -w /srv/with\\ space\\\\x/\n"
                    "\t-w /etc/group -prx -kone -k two\n"
                    "-a always,exit -F arch=b64 -F arch=b32 -S unlink,rename -S 87 -F dir=/srv -F perm=wa -F auid>=1000 -C "
                    "uid!=euid "
                    "-k key -F key=more\n"
                    "-A exit,never -F exe=/usr/bin/true\n"
                    "-a never,task -F uid=12\n"
                    "-b 8192\n"
                    "-f 2 -r 100\n"
                    "--backlog_wait_time 60000\n"
                    "--loginuid-immutable\n"
                    "-e 2\n");
        load(f, &c, &diags);
        assert_int_equal(diags.n_items, 0);

        assert_int_equal(c.n_watches, 3);
        assert_string_equal(c.watches[0].path, "/etc/passwd");
        assert_int_equal(c.watches[0].ops, mask("write") | mask("attr"));
        assert_list(c.watches[0].keys, "identity", NULL);
        assert_true(c.watches[0].recursive);
        assert_int_equal(c.watches[0].line, 2);
        assert_string_equal(c.watches[0].file, files_path(f, "x.rules"));
        assert_string_equal(c.watches[1].path, "/srv/with space\\x");
        assert_int_equal(c.watches[1].ops, mask("read") | mask("write") | mask("exec") | mask("attr"));
        assert_list(c.watches[1].keys, "/srv/with space\\x", NULL);
        assert_int_equal(c.watches[2].ops, mask("read") | mask("exec"));
        assert_list(c.watches[2].keys, "one", "two", NULL);

        assert_int_equal(c.n_rules, 3);
        r = c.rules;
        assert_false(r->never);
        assert_false(r->prepend);
        assert_string_equal(r->list, "exit");
        assert_list(r->archs, "b64", "b32", NULL);
        assert_list(r->syscalls, "unlink", "rename", "87", NULL);
        assert_list(r->fields, "dir=/srv", "perm=wa", "auid>=1000", NULL);
        assert_list(r->compares, "uid!=euid", NULL);
        assert_list(r->keys, "key", "more", NULL);
        assert_int_equal(r->line, 5);
        assert_true(r[1].never);
        assert_true(r[1].prepend);
        assert_null(r[1].archs);
        assert_null(r[1].syscalls);
        assert_list(r[1].fields, "exe=/usr/bin/true", NULL);
        assert_string_equal(r[2].list, "task");

        assert_int_equal(c.kernel.backlog_limit, 8192);
        assert_int_equal(c.kernel.failure, FOPS_FAILURE_PANIC);
        assert_int_equal(c.kernel.rate_limit, 100);
        assert_int_equal(c.kernel.backlog_wait_time, 60000);
        assert_true(c.kernel.loginuid_immutable);
        assert_true(c.kernel.lock);
        fops_config_done(&c);
        fops_diags_done(&diags);
}

static void test_audit_rules_lines_without_a_meaning_here_are_noted(void **state) {
        const Files *f = *state;
        FopsDiags diags = {};
        FopsConfig c;

        files_write(f, "conf", "audit_rules = [ \"~/x.rules\" ];");
        files_write(f, "x.rules",
                    "-D\n-i\n-c\n-d always,exit -S open\n-W /etc/passwd -p w\n-q /a,/b\n--reset-lost\n"
                    "-e 0\n-a never,task\n-w /a/*\n-e 1\n");
        load(f, &c, &diags);
        for (unsigned line = 1; line <= 7; line++)
                assert_true(has_message(&diags, FOPS_NOTE, "x.rules", line, "is passed over"));
        assert_true(has_message(&diags, FOPS_NOTE, "x.rules", 4, "-d "));
        assert_true(has_message(&diags, FOPS_NOTE, "x.rules", 8, "-e 0"));
        assert_true(has_message(&diags, FOPS_NOTE, "x.rules", 9, "hides every process"));
        assert_true(has_message(&diags, FOPS_NOTE, "x.rules", 10, "pattern"));
        assert_int_equal(diags.n_items, 10);
        assert_int_equal(c.n_watches, 1);
        assert_int_equal(c.n_rules, 1);
        assert_int_equal(c.kernel.failure, FOPS_FAILURE_UNSET);
        assert_false(c.kernel.lock);
        fops_config_done(&c);
        fops_diags_done(&diags);
}

static void test_audit_rules_globs_match_in_byte_order(void **state) {
        const Files *f = *state;
        FopsDiags diags = {};
        FopsConfig c;

        files_write(f, "conf", "audit_rules = [ \"~/*.rules\",\n \"~/none/*.rules\" ];");
        files_write(f, "b.rules", "-w /3\n");
        files_write(f, "C.rules", "-w /2\n");
        files_write(f, "10.rules", "-w /1\n");
        load(f, &c, &diags);
        assert_int_equal(c.n_watches, 3);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(c.watches[i].path[1], '1' + (int) i);
        assert_int_equal(diags.n_items, 1);
        assert_true(has_message(&diags, FOPS_NOTE, "conf", 2, "nothing matches"));
        fops_config_done(&c);
        fops_diags_done(&diags);
}

static void test_duplicate_watches_are_merged_with_a_note(void **state) {
        const Files *f = *state;
        FopsDiags diags = {};
        FopsConfig c;

        files_write(
                f, "conf",
                "watches = (\n"
                "  { path = \"/b\"; ops = [\"read\"]; key = [\"k\", \"l\"]; only = ( { user = 0; comm = \"vi\"; } ); },\n"
                "  { path = \"/a\"; },\n"
                "  { path = \"/b\"; ops = [\"exec\"]; key = \"k\"; },\n"
                "  { path = \"/b/\"; ops = [\"delete\"]; key = [\"m\", \"k\"]; only = ( { user = \"root\"; comm = \"vi\"; } "
                "); },\n"
                "  { path = \"/b\"; only = ( { user = 1; comm = \"vi\"; } ); },\n"
                "  { path = \"/b\"; recursive = false; }\n"
                ");\n");
        files_write(f, "etc/1.conf", "watches = ( { path = \"/a\"; ops = [\"read\"]; } );");
        load(f, &c, &diags);

        assert_int_equal(c.n_watches, 5);
        assert_string_equal(c.watches[0].path, "/b");
        assert_int_equal(c.watches[0].ops, mask("read") | mask("delete"));
        assert_list(c.watches[0].keys, "k", "l", "m", NULL);
        assert_int_equal(c.watches[0].line, 2);
        assert_string_equal(c.watches[1].path, "/a");
        assert_int_equal(c.watches[1].ops, mask("read") | mask("write") | mask("attr"));
        assert_list(c.watches[1].keys, "/a", NULL);
        assert_int_equal(c.watches[2].line, 4);
        assert_int_equal(c.watches[3].line, 6);
        assert_int_equal(c.watches[4].line, 7);

        assert_int_equal(diags.n_items, 2);
        assert_true(has_message(&diags, FOPS_NOTE, "conf", 5, "conf:2 already"));
        assert_true(has_message(&diags, FOPS_NOTE, "1.conf", 1, "conf:3 already"));
        fops_config_done(&c);
        fops_diags_done(&diags);
}

static void test_merged_keys_must_fit_into_a_rule(void **state) {
        char a[201], b[201], text[1024];

        memset(a, 'a', 200);
        memset(b, 'b', 200);
        a[200] = b[200] = '\0';
        snprintf(text, sizeof(text), "watches = ( { path = \"/x\"; key = \"%s\"; },\n{ path = \"/x\"; key = \"%s\"; } );", a,
                 b);
        files_write(*state, "conf", text);
        load_refused(*state, "conf", 2, "256 bytes");
}

static void test_files_that_others_may_write_are_refused(void **state) {
        static const struct {
                const char *name;
                unsigned line; /* of conf; 0: the file itself is named */
        } cases[] = { { "conf", 0 }, { "etc/1.conf", 0 }, { "inc", 1 }, { "list", 2 }, { "x.rules", 3 } };
        const Files *f = *state;
        FopsDiags diags = {};
        FopsConfig c;

        files_write(f, "conf",
                    "@include \"inc\"\nwatchlists = ( { file = \"~/list\"; } );\naudit_rules = [ \"~/x.rules\" ];\n");
        files_write(f, "etc/1.conf", "");
        files_write(f, "inc", "");
        files_write(f, "list", "");
        files_write(f, "x.rules", "");
        load(f, &c, &diags);
        fops_config_done(&c);
        fops_diags_done(&diags);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *path = strdup(files_path(f, cases[i].name));

                assert_non_null(path);
                for (size_t j = 0; j < 2; j++) {
                        assert_int_equal(chmod(path, j == 0 ? 0664 : 0646), 0);
                        load_refused(f, cases[i].line > 0 ? "conf" : strrchr(path, '/') + 1, cases[i].line,
                                     "writable by others than root");
                }
                assert_int_equal(chmod(path, 0400), 0);

                /* A user namespace of one user has nobody else to give the file to. */
                if (chown(path, 65534, 0) == 0) {
                        load_refused(f, cases[i].line > 0 ? "conf" : strrchr(path, '/') + 1, cases[i].line,
                                     "not owned by root");
                        assert_int_equal(chown(path, 0, 0), 0);
                }
        }

        assert_int_equal(chmod(files_path(f, "etc"), 0777), 0);
        load_refused(f, "etc", 0, "writable by others than root");
}

static void test_what_is_no_regular_file_is_refused_at_once(void **state) {
        const Files *f = *state;

        alarm(10);
        files_write(f, "conf", "");
        assert_int_equal(mkfifo(files_path(f, "etc/1.conf"), 0600), 0);
        load_refused(f, "1.conf", 0, "not a regular file");
        assert_int_equal(unlink(files_path(f, "etc/1.conf")), 0);

        assert_int_equal(mkdir(files_path(f, "etc/1.conf"), 0700), 0);
        load_refused(f, "1.conf", 0, "not a regular file");
        assert_int_equal(rmdir(files_path(f, "etc/1.conf")), 0);

        assert_int_equal(mkfifo(files_path(f, "fifo"), 0600), 0);
        files_write(f, "conf", "\n@include \"fifo\"\n");
        load_refused(f, "conf", 2, "not a regular file");
        files_write(f, "conf", "watchlists = ( { file = \"~/fifo\"; } );");
        load_refused(f, "conf", 1, "not a regular file");
        files_write(f, "conf", "audit_rules = [ \"~/fif*\" ];");
        load_refused(f, "conf", 1, "not a regular file");
        alarm(0);
}

static void test_a_missing_file_is_an_error_and_none_is_not(void **state) {
        FopsDiags diags = {};
        FopsConfig c;

        load_refused(*state, "conf", 0, "No such file");

        assert_int_equal(fops_config_load(&(FopsConfigPaths){}, &c, &diags), 0);
        assert_int_equal(diags.n_items, 0);
        fops_config_done(&c);
}

static void test_a_drop_in_directory_that_is_a_file_is_an_error(void **state) {
        files_write(*state, "conf", "");
        files_write(*state, "run", "");
        load_refused(*state, "run", 0, "Not a directory");
}

static void test_a_file_that_is_no_text_is_refused(void **state) {
        static const char conf[] = "on_tamper = \"report\";\n\0journal = 1;\n", list[] = "/a\n/b\0c\n",
                          rules[] = "\n\n-w /a\0b\n";
        const Files *f = *state;

        write_text(files_path(f, "conf"), conf, sizeof(conf) - 1);
        load_refused(f, "conf", 2, "NUL");
        files_write(f, "conf", "watchlists = ( { file = \"~/list\"; } );");
        write_text(files_path(f, "list"), list, sizeof(list) - 1);
        load_refused(f, "list", 2, "NUL");
        files_write(f, "conf", "audit_rules = [ \"~/x.rules\" ];");
        write_text(files_path(f, "x.rules"), rules, sizeof(rules) - 1);
        load_refused(f, "x.rules", 3, "NUL");
}

static void test_a_file_too_large_is_refused(void **state) {
        const char *path = files_write(*state, "conf", "");

        assert_int_equal(truncate(path, (4 << 20) + 1), 0);
        load_refused(*state, "conf", 0, "too large");
}

static void test_includes_cannot_grow_without_bound(void **state) {
        const Files *f = *state;
        FopsDiags diags = {};
        char text[4096];
        FopsConfig c;

        /* Eight files, each including the next 40 times: 40^8. */
        for (unsigned i = 0; i < 8; i++) {
                char name[4] = { 'i', (char) ('0' + i) }, next[40];

                snprintf(next, sizeof(next), "@include \"i%u\"\n", i + 1);
                text[0] = '\0';
                for (size_t j = 0; j < 40; j++)
                        strcat(text, next);
                files_write(f, name, text);
        }
        files_write(f, "i8", "#\n");
        files_write(f, "conf", "@include \"i0\"\n");
        alarm(60);
        assert_int_equal(files_load(f, &c, &diags), 1);
        alarm(0);
        assert_int_equal(diags.n_errors, 1);
        assert_non_null(strstr(diags.items[0].text, "too many includes"));
        fops_diags_done(&diags);
}

static void test_the_thousandth_error_is_the_last_one_said(void **state) {
        _cleanup_free_ char *text = malloc(5001 * 2);
        const Files *f = *state;
        FopsDiags diags = {};
        FopsConfig c;

        assert_non_null(text);
        for (size_t i = 0; i < 5000; i++)
                memcpy(text + 2 * i, "x\n", 3);
        files_write(f, "list", text);
        files_write(f, "conf", "watchlists = ( { file = \"~/list\"; } );");
        assert_int_equal(files_load(f, &c, &diags), 1);
        assert_int_equal(diags.n_items, 1001);
        assert_string_equal(diags.items[1000].text, "further messages are left out");
        fops_diags_done(&diags);
}

static void test_the_command_line_adds_watches(void **state _unused_) {
        FopsDiags diags = {};
        FopsConfig c;

        fops_config_init(&c);
        assert_int_equal(fops_config_add_watch(&c, "/srv/", NULL, NULL, &diags), 0);
        assert_int_equal(fops_config_add_watch(&c, "/etc/*", "read,delete", "k,l", &diags), 0);
        assert_int_equal(diags.n_items, 0);
        assert_int_equal(c.n_watches, 2);
        assert_string_equal(c.watches[0].path, "/srv");
        assert_int_equal(c.watches[0].ops, mask("write") | mask("attr"));
        assert_list(c.watches[0].keys, "/srv", NULL);
        assert_null(c.watches[0].file);
        assert_int_equal(c.watches[1].ops, mask("read") | mask("delete"));
        assert_list(c.watches[1].keys, "k,l", NULL);
        assert_true(c.watches[1].is_glob);

        assert_int_equal(fops_config_add_watch(&c, "/srv", "exec", "x", &diags), 0);
        assert_int_equal(c.n_watches, 2);
        assert_int_equal(c.watches[0].ops, mask("write") | mask("attr") | mask("exec"));
        assert_int_equal(diags.n_items, 1);
        assert_int_equal(diags.n_errors, 0);

        assert_int_equal(fops_config_add_watch(&c, "srv", NULL, NULL, &diags), 1);
        assert_int_equal(fops_config_add_watch(&c, "/a", "red", NULL, &diags), 1);
        assert_int_equal(fops_config_add_watch(&c, "/a", "read,", NULL, &diags), 1);
        assert_int_equal(fops_config_add_watch(&c, "/a", NULL, "", &diags), 1);
        assert_int_equal(fops_config_add_watch(&c, "/a", NULL, "a\001b", &diags), 1);
        assert_int_equal(c.n_watches, 2);
        assert_int_equal(diags.n_errors, 5);
        for (size_t i = 0; i < diags.n_items; i++) {
                assert_null(diags.items[i].file);
                assert_int_equal(diags.items[i].line, 0);
        }
        fops_config_done(&c);
        fops_diags_done(&diags);
}

static void test_the_installed_default_is_valid_with_and_without_its_examples(void **state) {
        const char *data = getenv("FOPS_TEST_DATA"), *conf = files_path(*state, "conf");
        char command[512];
        FopsDiags diags = {};
        FopsConfig c;

        if (!data)
                skip();
        /* A copy: the original is owned by whoever built this. */
        snprintf(command, sizeof(command), "cat '%s/../../conf/fopsd.conf' >'%s'", data, conf);
        assert_int_equal(system(command), 0);
        load(*state, &c, &diags);
        assert_int_equal(diags.n_items, 0);
        assert_int_equal(c.kernel.backlog_limit, 8192);
        c.kernel.backlog_limit = -1; /* that is all it sets */
        assert_defaults(&c);
        fops_config_done(&c);

        files_write(*state, "fopsd.watchlist", "/srv/www\n");
        files_write(*state, "audit.rules", "-w /srv/rules\n");
        snprintf(command, sizeof(command),
                 "sed -i '/^##/d; s/^#//; s:/etc/audit/rules.d/:%s/:; s:/etc/fopsd.watchlist:%s/fopsd.watchlist:' '%s'",
                 ((const Files *) *state)->dir, ((const Files *) *state)->dir, files_path(*state, "conf"));
        assert_int_equal(system(command), 0);
        load(*state, &c, &diags);
        assert_int_equal(diags.n_items, 0);
        assert_int_equal(c.n_watches, 5);
        assert_int_equal(c.n_rules, 1);
        fops_config_done(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(test_an_empty_file_gives_the_defaults),
                TEST(test_every_top_level_setting_is_read),
                TEST(test_a_watch_with_a_path_alone_has_the_defaults),
                TEST(test_every_setting_of_a_watch_is_read),
                TEST(test_the_root_directory_keeps_its_slash),
                TEST(test_every_setting_of_a_rule_is_read),
                TEST(test_drop_ins_come_in_byte_order_and_the_later_scalar_wins),
                TEST(test_includes_are_relative_to_the_file_they_stand_in),
                TEST(test_strings_keep_what_looks_like_a_comment_or_an_include),
                TEST(test_all_errors_of_all_files_come_in_one_run),
                TEST(test_a_watch_list_gives_a_watch_for_each_line),
                TEST(test_audit_rules_lines_become_watches_and_rules),
                TEST(test_audit_rules_lines_without_a_meaning_here_are_noted),
                TEST(test_audit_rules_globs_match_in_byte_order),
                TEST(test_duplicate_watches_are_merged_with_a_note),
                TEST(test_merged_keys_must_fit_into_a_rule),
                TEST(test_files_that_others_may_write_are_refused),
                TEST(test_what_is_no_regular_file_is_refused_at_once),
                TEST(test_a_missing_file_is_an_error_and_none_is_not),
                TEST(test_a_drop_in_directory_that_is_a_file_is_an_error),
                TEST(test_a_file_that_is_no_text_is_refused),
                TEST(test_a_file_too_large_is_refused),
                TEST(test_includes_cannot_grow_without_bound),
                TEST(test_the_thousandth_error_is_the_last_one_said),
                TEST(test_the_command_line_adds_watches),
                TEST(test_the_installed_default_is_valid_with_and_without_its_examples),
#undef TEST
        };

        if (!become_root())
                return EXIT_SKIPPED;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
