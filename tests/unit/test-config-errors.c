/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A table of malformed configurations: each must give exactly one error, at that line, with that text. '~' stands for the
 * test's directory, where `other` is a second file. */

#include "test-config-files.h"

#define KEY_128 "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk" \
                "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define PATH_300 "/" KEY_128 "/" KEY_128 "/kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define WATCH(settings) "watches = (\n  { path = \"/srv\"; " settings " }\n);\n"
#define LIST "watchlists = ( { file = \"~/other\"; } );\n"
#define RULES "audit_rules = [ \"~/other\" ];\n"

typedef struct Malformed {
        const char *name, *text;
        unsigned line;
        const char *fragment;
        const char *other; /* then the error is in there */
        bool here;         /* with .other: in the main file all the same */
} Malformed;

static const Malformed table[] = {
        /* syntax */
        { "a word alone", "watches\n", 2, "syntax error" },
        { "a group not closed", "source = {\n  mode = \"auto\";\n", 3, "syntax error" },
        { "a list not closed", "watches = (\n { path = \"/srv\"; }\n", 3, "syntax error" },
        { "a string not closed", "on_tamper = \"report\n;\n", 1, "not closed" },
        { "a string not closed at the end", "\non_tamper = \"report", 2, "not closed" },
        { "a comment not closed", "\n/* more\n\n", 2, "comment is not closed" },
        { "a NUL in a string", "watches = (\n { path = \"/srv/\\x00a\"; }\n);\n", 2, "NUL" },
        { "no value", "on_tamper = ;\n", 1, "syntax error" },
        { "a duplicate", "on_tamper = \"report\";\non_tamper = \"restore\";\n", 2, "duplicate setting" },
        { "a duplicate in a group", "source = {\n mode = \"auto\";\n\n mode = \"daemon\";\n};\n", 4, "duplicate setting" },
        { "mixed types in an array", WATCH("ops = [ \"read\", 1 ];"), 2, "mismatched element type" },
        { "an at sign", "\n  x @ y\n", 2, "@include" },
        { "an include in a line", "on_tamper = @include \"other\"\n", 1, "@include" },
        { "an include without a name", "\n@include other\n", 2, "needs a file name in quotes" },
        { "an include of nothing", "@include \"\"\n", 1, "needs a file name" },
        { "a missing include", "\n@include \"nothing-here\"\n", 2, "No such file" },
        { "an include of a directory", "@include \".\"\n", 1, "not a regular file" },
        { "an include of itself", "@include \"conf\"\n", 1, "include itself" },
        { "a bad include", "\n\n@include \"other\"\n", 2, "unknown setting 'lok'",
          .other = "kernel = {\n lok = true;\n};\n" },
        { "a syntax error in an include", "\n\n@include \"other\"\n", 2, "syntax error", .other = "#\nkernel = {{\n" },
        { "an error behind an include", "@include \"other\"\nx = 1;\n", 2, "unknown setting 'x'", .other = "#\n#\n#",
          .here = true },

        /* unknown settings, everywhere */
        { "unknown at the top", "\n\nwatch = ();\n", 3, "unknown setting 'watch', did you mean 'watches'?" },
        { "unknown in a watch", WATCH("opps = [\"read\"];"), 2, "unknown setting 'opps', did you mean 'ops'?" },
        { "unknown in a filter", WATCH("only = (\n { exec = \"/bin/a\"; } );"), 3,
          "unknown setting 'exec', did you mean 'exe'?" },
        { "unknown in a rule", "rules = (\n{ syscals = [\"open\"]; } );", 2,
          "unknown setting 'syscals', did you mean 'syscalls'?" },
        { "unknown in a watch list", "watchlists = (\n{ file = \"~/other\";\n keys = \"a\"; } );", 3,
          "unknown setting 'keys', did you mean 'key'?", .other = "", .here = true },
        { "unknown in kernel", "kernel = { backlog = 1; };", 1, "unknown setting 'backlog', did you mean 'backlog_limit'?" },
        { "unknown in source", "source = {\n bufer_mib = 1; };", 2,
          "unknown setting 'bufer_mib', did you mean 'buffer_mib'?" },
        { "unknown in index", "index = { entries = 1; };", 1, "unknown setting 'entries', did you mean 'max_entries'?" },
        { "unknown in attribution", "attribution = { units = true; };", 1, "unknown setting 'units', did you mean 'unit'?" },
        { "unknown in canary", "canary = { interval = 1; };", 1, "unknown setting 'interval', did you mean 'interval_s'?" },
        { "unknown in journal", "journal = { field = \"full\"; };", 1, "unknown setting 'field', did you mean 'fields'?" },

        /* wrong types */
        { "watches a group", "watches = { path = \"/srv\"; };", 1, "watches must be a list of groups, not a group" },
        { "watches of strings", "watches = (\n \"/srv\"\n);", 2, "watches must be a list of groups, not a string" },
        { "path a number", "watches = ( { path = 1; } );", 1, "path must be a string, not a number" },
        { "path a list", "watches = ( {\n path = [\"/srv\"]; } );", 2, "path must be a string, not an array" },
        { "ops a string", WATCH("ops = \"read\";"), 2, "ops must be a list of strings, not a string" },
        { "ops of numbers", WATCH("ops = (\n\"read\",\n 1 );"), 4, "ops must be a list of strings, not a number" },
        { "recursive a number", WATCH("recursive = 1;"), 2, "recursive must be true or false, not a number" },
        { "recursive a string", WATCH("recursive = \"yes\";"), 2, "recursive must be true or false, not a string" },
        { "key a bool", WATCH("key = true;"), 2, "key must be a string or a list of strings, not a bool" },
        { "only a group", WATCH("only = { comm = \"vi\"; };"), 2, "only must be a list of groups, not a group" },
        { "result a bool", WATCH("result = true;"), 2, "result must be a string, not a bool" },
        { "priority a number", WATCH("priority = 6;"), 2, "priority must be a string, not a number" },
        { "coalesce_ms a string", WATCH("coalesce_ms = \"12\";"), 2, "coalesce_ms must be a whole number, not a string" },
        { "coalesce_ms a fraction", WATCH("coalesce_ms = 1.5;"), 2, "not a number with a point" },
        { "user a bool", WATCH("only = ( { user = true; } );"), 2, "user must be a name, a number or a list" },
        { "user a group", WATCH("only = ( { user = {}; } );"), 2, "user must be a name, a number or a list" },
        { "kernel a list", "kernel = ( 1 );", 1, "kernel must be a group, not a list" },
        { "kernel a string", "kernel = \"silent\";", 1, "kernel must be a group, not a string" },
        { "backlog_limit a bool", "kernel = { backlog_limit = true; };", 1,
          "backlog_limit must be a whole number, not a bool" },
        { "backlog_limit in hexadecimal", "kernel = { backlog_limit = 0x100000001; };", 1, "decimal" },
        { "audit_rules a string", "audit_rules = \"/etc/audit/audit.rules\";", 1, "audit_rules must be a list of strings" },
        { "audit_rules of numbers", "audit_rules = [ 1 ];", 1, "audit_rules must be a list of strings, not a number" },
        { "syscalls a string", "rules = ( { syscalls = \"open\"; } );", 1,
          "syscalls must be a list of strings, not a string" },

        /* empty things */
        { "no watches", "watches = ();", 1, "watches is empty" },
        { "no ops", WATCH("ops = [];"), 2, "ops is empty" },
        { "no keys", WATCH("key = [];"), 2, "key is empty" },
        { "an empty key", WATCH("key = \"\";"), 2, "key holds an empty string" },
        { "no filters", WATCH("exclude = ();"), 2, "exclude is empty" },
        { "an empty filter", WATCH("exclude = (\n{} );"), 3, "a filter group without settings matches everything" },
        { "an empty rule", "rules = (\n{} );", 2, "a rule without settings" },
        { "no audit_rules", "audit_rules = [];", 1, "audit_rules is empty" },
        { "a watch without path", "watches = (\n{ key = \"a\"; } );", 2, "path is missing" },
        { "a watch list without file", "watchlists = (\n{ key = \"a\"; } );", 2, "file is missing" },
        { "an empty path", "watches = ( { path = \"\"; } );", 1, "path must be an absolute path" },

        /* values */
        { "a relative path", "watches = (\n { path = \"srv/data\"; } );", 2,
          "path must be an absolute path, not 'srv/data'" },
        { "a path with dots", "watches = ( { path = \"/srv/../etc\"; } );", 1, "must not hold '.' or '..'" },
        { "a path with a dot at the end", "watches = ( { path = \"/srv/.\"; } );", 1, "must not hold '.' or '..'" },
        { "a long path without key", "watches = ( { path = \"" PATH_300 "\"; } );", 1, "key must be set" },
        { "a control byte in a path without key", "watches = ( { path = \"/srv/a\\nb\"; } );", 1, "key must be set" },
        { "an unknown operation", WATCH("ops = [\"delet\"];"), 2, "unknown operation 'delet', did you mean 'delete'?" },
        { "an unknown operation lines below", WATCH("ops = [\n\"read\",\n\"wirte\"\n];"), 4, "did you mean 'write'?" },
        { "an unknown priority", WATCH("priority = \"warn\";"), 2, "priority cannot be 'warn', did you mean 'warning'?" },
        { "an unknown result", WATCH("result = \"fail\";"), 2, "did you mean 'failed'?" },
        { "a negative time", WATCH("coalesce_ms = -1;"), 2, "coalesce_ms must be from 0 to 3600000, not -1" },
        { "a long time", WATCH("coalesce_ms = 3600001;"), 2, "coalesce_ms must be from 0 to 3600000" },
        { "a long key", WATCH("key = [\"" KEY_128 "\", \"" KEY_128 "\"];"), 2, "key is longer than 256 bytes in all" },
        { "a separator in a key", WATCH("key = \"a\\x01b\";"), 2, "key 'a\\x01b' holds control bytes" },
        { "a newline in a key", WATCH("key = \"a\\n\";"), 2, "holds control bytes" },
        { "a key like fopsd's own", WATCH("key = \"fopsd:w1\";"), 2, "marks fopsd's own" },
        { "an unknown user", WATCH("only = ( { user = \"no-such-user\"; } );"), 2, "user: there is no 'no-such-user'" },
        { "an unknown login user", WATCH("only = ( { login_user = [\"unset\", \"nobody-here\"]; } );"), 2,
          "login_user: there is no 'nobody-here'" },
        { "an unset user", WATCH("only = ( { user = \"unset\"; } );"), 2, "user: there is no 'unset'" },
        { "an unknown group", WATCH("only = (\n{ group = \"no-such-group\"; } );"), 3,
          "group: there is no 'no-such-group'" },
        { "a negative user", WATCH("only = ( { user = -1; } );"), 2, "user must be from 0 to 4294967294, not -1" },
        { "the unset user's number", WATCH("only = ( { user = 4294967295L; } );"), 2, "user must be from 0 to 4294967294" },
        { "a relative exe", WATCH("exclude = ( { exe = \"sshd\"; } );"), 2, "exe must be an absolute path, not 'sshd'" },
        { "a relative path filter", WATCH("exclude = ( { path = \"a/b\"; } );"), 2,
          "path must be an absolute path, not 'a/b'" },
        { "a long comm", WATCH("exclude = ( { comm = \"sixteen-byte-com\"; } );"), 2, "never matches" },
        { "a unit that isn't collected", WATCH("only = (\n{ unit = \"a.service\"; } );") "attribution = { unit = false; };",
          3, "attribution.unit is false" },
        { "a container that isn't collected",
          WATCH("exclude = ( { container = \"none\"; } );") "attribution = { container = false; };", 2,
          "attribution.container is false" },
        { "an unknown mode", "source = { mode = \"demon\"; };", 1, "mode cannot be 'demon', did you mean 'daemon'?" },
        { "no buffer", "source = { buffer_mib = 0; };", 1, "buffer_mib must be from 1 to 4096, not 0" },
        { "an immense buffer", "source = { buffer_mib = 9999999999; };", 1, "buffer_mib must be from 1 to 4096" },
        { "an unknown foreign", "source = { foreign = \"keep\"; };", 1, "foreign cannot be 'keep'" },
        { "an unknown failure", "kernel = { failure = \"panik\"; };", 1,
          "failure cannot be 'panik', did you mean 'panic'?" },
        { "a negative limit", "kernel = { rate_limit = -5; };", 1, "rate_limit must be from 0 to 4294967295, not -5" },
        { "a number beyond 32 bits", "kernel = { backlog_limit = 4294967296L; };", 1,
          "backlog_limit must be from 0 to 4294967295" },
        { "a number beyond 64 bits", "kernel = { backlog_limit = 99999999999999999999999; };", 1, "" },
        { "a wait the kernel refuses", "kernel = { backlog_wait_time = 600001; };", 1,
          "backlog_wait_time must be from 0 to 600000" },
        { "too many ancestors", "attribution = { ancestry = 17; };", 1, "ancestry must be from 0 to 16, not 17" },
        { "a negative interval", "canary = { interval_s = -1; };", 1, "interval_s must be from 0" },
        { "an index too large", "index = { max_entries = 100000001; };", 1, "max_entries must be from 0 to 100000000" },
        { "an unknown on_tamper", "on_tamper = \"ignore\";", 1, "on_tamper cannot be 'ignore'" },
        { "unknown journal fields", "journal = { fields = \"ful\"; };", 1, "fields cannot be 'ful', did you mean 'full'?" },
        { "an unknown action", "rules = ( { action = \"possible\"; syscalls = [\"open\"]; } );", 1,
          "action cannot be 'possible'" },
        { "an unknown list", "rules = ( { list = \"entry\"; syscalls = [\"open\"]; } );", 1, "list cannot be 'entry'" },
        { "an unknown system call", "rules = (\n { syscalls = [\"nosuchcall\"]; } );", 2, "nosuchcall" },
        { "an unknown field", "rules = (\n\n { fields = [\"nosuchfield=1\"]; } );", 3, "nosuchfield" },
        { "an unknown arch", "rules = ( { arch = [\"b63\"]; syscalls = [\"open\"]; } );", 1, "b63" },
        { "a wrong comparison", "rules = ( { syscalls = [\"open\"]; compare = [\"uid<euid\"]; } );", 1, "comparison" },
        { "a long rule key", "rules = (\n { syscalls = [\"open\"]; key = [\"" KEY_128 "\", \"" KEY_128 "\"]; } );", 2,
          "256" },

        /* watch lists */
        { "a relative watch list", "watchlists = ( { file = \"other\"; } );", 1, "file must be an absolute path" },
        { "a missing watch list", "watchlists = (\n{ file = \"~/none\"; } );", 2, "No such file" },
        { "a watch list that is a directory", "watchlists = (\n{ file = \"~\"; } );", 2, "not a regular file" },
        { "a relative line", LIST, 3, "path must be an absolute path, not 'srv'", .other = "# a\n/etc\nsrv\n" },
        { "a bad last line without newline", LIST, 2, "must be an absolute path", .other = "/etc\nx" },
        { "a line with a comment behind", LIST, 1, "must be an absolute path", .other = "etc # all of it\n" },
        { "a line with dots", LIST, 2, "must not hold", .other = "\r\n/srv/../etc\r\n" },
        { "a long line", LIST, 1, "key must be set", .other = PATH_300 "\n" },

        /* audit.rules */
        { "a relative glob", "audit_rules = [ \"rules.d/*\" ];", 1, "audit_rules must be an absolute path" },
        { "a missing file of rules", "audit_rules = [\n\"~/none.rules\"\n];", 2, "No such file" },
        { "an unknown option", RULES, 2, "unknown option '-Z'", .other = "# a\n-Z 1\n" },
        { "an unknown long option", RULES, 1, "unknown option '--lock'", .other = "--lock\n" },
        { "a word without option", RULES, 1, "'here' belongs to no option", .other = "-w /etc/passwd here\n" },
        { "a comment behind a rule", RULES, 1, "'#' belongs to no option", .other = "-w /etc/passwd -p w # why\n" },
        { "an option without value", RULES, 1, "-k needs a value", .other = "-w /etc/passwd -k\n" },
        { "an unknown permission", RULES, 1, "unknown permission in 'rwz'", .other = "-w /etc/passwd -p rwz\n" },
        { "a relative watch", RULES, 3, "path must be an absolute path", .other = "\n\n-w etc/passwd\n" },
        { "two watches in a line", RULES, 1, "one watch", .other = "-w /etc/passwd -w /etc/group\n" },
        { "a watch with fields", RULES, 1, "-w takes only -p and -k", .other = "-w /etc/passwd -F uid=0\n" },
        { "a key alone", RULES, 1, "needs -w or -a", .other = "-k key\n" },
        { "two rules in a line", RULES, 1, "one rule", .other = "-a always,exit -S open -a never,exit\n" },
        { "a deprecated action", RULES, 1, "'possible,exit' is no action and list", .other = "-a possible,exit -S open\n" },
        { "a list that is gone", RULES, 1, "unknown list 'entry'", .other = "-a always,entry -S open\n" },
        { "a rule with -p", RULES, 1, "-p belongs to -w", .other = "-a always,exit -S open -p w\n" },
        { "an unknown call in a rule", RULES, 2, "nosuchcall", .other = "#\n-a always,exit -F arch=b64 -S nosuchcall\n" },
        { "an unknown field in a rule", RULES, 1, "nosuchfield", .other = "-a always,exit -S open -F nosuchfield=1\n" },
        { "a wrong failure mode", RULES, 1, "-f must be 0, 1 or 2, not '3'", .other = "-f 3\n" },
        { "a wrong enabled flag", RULES, 1, "-e must be 0, 1 or 2, not '10'", .other = "-e 10\n" },
        { "a backlog that is no number", RULES, 1, "backlog_limit must be a whole number, not 'many'",
          .other = "-b many\n" },
        { "a negative rate", RULES, 1, "rate_limit must be from 0", .other = "-r -1\n" },
        { "a nested file", RULES, 1, "-R is not taken", .other = "-R /etc/audit/more.rules\n" },
        { "a control byte in a rule's key", RULES, 1, "holds control bytes", .other = "-w /etc/passwd -k a\001b\n" },
};

static void test_each_malformed_configuration_gives_one_error_at_its_line(void **state _unused_) {
        size_t n_wrong = 0;
        Files f;

        files_init(&f);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const Malformed *m = table + i;
                FopsConfig c, untouched;
                FopsDiags diags = {};
                int r;

                memset(&c, 0xa5, sizeof(c));
                memset(&untouched, 0xa5, sizeof(untouched));
                files_write(&f, "conf", m->text);
                if (m->other)
                        files_write(&f, "other", m->other);

                r = files_load(&f, &c, &diags);
                if (r != 1 || diags.n_errors != 1 || memcmp(&c, &untouched, sizeof(c)) != 0 ||
                    !has_message(&diags, FOPS_ERROR, m->other && !m->here ? "other" : "conf", m->line, m->fragment)) {
                        print_error("%s: not one error at line %u with: %s\n", m->name, m->line, m->fragment);
                        fops_diags_print(&diags, stderr);
                        n_wrong++;
                }
                if (r == 0)
                        fops_config_done(&c);
                fops_diags_done(&diags);
        }
        files_done(&f);
        assert_int_equal(n_wrong, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_malformed_configuration_gives_one_error_at_its_line),
        };

        if (!become_root())
                return EXIT_SKIPPED;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
