/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Targets and configured rules into kernel rules, compared as auditctl would print them. Texts with system calls are of
 * x86-64. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "rule-internal.h"

static char *keys[] = { (char *) "key", NULL };

static const FopsOpMask write_ops = FOPS_OP_BIT(FOPS_OP_CREATE) | FOPS_OP_BIT(FOPS_OP_MODIFY) |
                                    FOPS_OP_BIT(FOPS_OP_TRUNCATE) | FOPS_OP_BIT(FOPS_OP_DELETE);

static void skip_unless_x86_64(void) {
        if (audit_detect_machine() != MACH_86_64)
                skip();
}

static FopsRules compile_target(const FopsWatch *w, bool is_directory) {
        const FopsTarget t = { .watch = w, .path = w->path, .is_directory = is_directory };
        FopsRules r = {};

        assert_int_equal(fops_rules_add_target(&r, &t), 0);
        return r;
}

static bool has_call(const struct audit_rule_data *rule, const char *name, int machine) {
        int nr = fops_syscall_number(name, machine);

        assert_true(nr >= 0);
        return fops_rule_data_has_bit(rule, (unsigned) nr);
}

static const FopsRuleField *find_field(const struct audit_rule_data *rule, uint32_t field) {
        static FopsRuleField f;
        FopsRuleFieldReader reader = { .rule = rule };

        while (fops_rule_field_next(&reader, &f))
                if (f.field == field)
                        return &f;
        return NULL;
}

/* The first rule of @arch with call @name; NULL if none. */
static const struct audit_rule_data *find_rule(const FopsRules *r, uint32_t arch, const char *name) {
        for (size_t i = 0; i < r->n_items; i++) {
                const FopsRuleField *f = find_field(r->items[i].data, AUDIT_ARCH);

                if (f && f->value == arch && has_call(r->items[i].data, name, audit_elf_to_machine(arch)))
                        return r->items[i].data;
        }
        return NULL;
}

static void assert_field(const struct audit_rule_data *rule, uint32_t field, uint32_t op, uint32_t value) {
        const FopsRuleField *f = find_field(rule, field);

        assert_non_null(f);
        assert_int_equal(f->op, op);
        assert_int_equal(f->value, value);
}

static void test_a_write_watch_sees_opens_that_create_or_truncate_read_only(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/srv/data", .ops = write_ops, .recursive = true, .keys = keys };
        FopsRules r;
        const struct audit_rule_data *rule;

        skip_unless_x86_64();
        r = compile_target(&w, true);

        rule = find_rule(&r, AUDIT_ARCH_X86_64, "openat");
        assert_non_null(rule);
        assert_null(find_field(rule, AUDIT_PERM));
        assert_field(rule, AUDIT_ARG2, AUDIT_BIT_MASK, O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY));
        rule = find_rule(&r, AUDIT_ARCH_X86_64, "open");
        assert_non_null(rule);
        assert_false(has_call(rule, "openat", MACH_86_64));
        assert_field(rule, AUDIT_ARG1, AUDIT_BIT_MASK, O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY));

        fops_rules_done(&r);
}

static void test_each_operation_of_open_has_its_flags(void **state _unused_) {
        static const struct {
                FopsOp op;
                uint32_t flags;
        } cases[] = {
                { FOPS_OP_CREATE, O_CREAT | (O_TMPFILE & ~O_DIRECTORY) },
                { FOPS_OP_MODIFY, O_ACCMODE | O_TRUNC },
                { FOPS_OP_TRUNCATE, O_TRUNC },
        };

        skip_unless_x86_64();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FopsWatch w = { .path = (char *) "/srv", .ops = FOPS_OP_BIT(cases[i].op), .recursive = true, .keys = keys };
                FopsRules r = compile_target(&w, true);

                assert_field(find_rule(&r, AUDIT_ARCH_X86_64, "openat"), AUDIT_ARG2, AUDIT_BIT_MASK, cases[i].flags);
                fops_rules_done(&r);
        }
}

static void test_opens_whose_flags_no_rule_can_see_come_without_condition(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/srv/data", .ops = write_ops, .recursive = true, .keys = keys };
        static const char *const names[] = { "openat2", "open_by_handle_at", "creat", "unlinkat", "truncate" };
        FopsRules r;

        skip_unless_x86_64();
        r = compile_target(&w, true);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const struct audit_rule_data *rule = find_rule(&r, AUDIT_ARCH_X86_64, names[i]);

                assert_non_null(rule);
                assert_int_equal(rule->field_count, 3); /* arch, dir, key */
        }
        fops_rules_done(&r);
}

static void test_calls_in_no_permission_class_are_watched(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/srv/data", .ops = fops_op_mask_from_word(FOPS_SPAN_LITERAL("attr")),
                        .recursive = true, .keys = keys };
        static const char *const names[] = { "utimensat", "fchmodat2", "setxattrat", "removexattrat", "fchmod" };
        FopsRules r;

        skip_unless_x86_64();
        r = compile_target(&w, true);
        assert_int_equal(r.n_items, 3); /* b64, b32, io_uring */
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                assert_non_null(find_rule(&r, AUDIT_ARCH_X86_64, names[i]));
                assert_non_null(find_rule(&r, AUDIT_ARCH_I386, names[i]));
        }
        assert_null(find_rule(&r, AUDIT_ARCH_X86_64, "openat"));
        assert_null(find_rule(&r, AUDIT_ARCH_X86_64, "unlink"));
        fops_rules_done(&r);
}

static void test_a_read_watch_takes_the_kernels_word_for_the_access_mode(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/srv/data", .ops = fops_op_mask_from_word(FOPS_SPAN_LITERAL("read")),
                        .recursive = true, .keys = keys };
        const struct audit_rule_data *rule;
        FopsRules r;

        skip_unless_x86_64();
        r = compile_target(&w, true);
        rule = find_rule(&r, AUDIT_ARCH_X86_64, "openat");
        assert_non_null(rule);
        assert_true(has_call(rule, "open", MACH_86_64));
        assert_field(rule, AUDIT_PERM, AUDIT_EQUAL, AUDIT_PERM_READ);
        assert_null(find_rule(&r, AUDIT_ARCH_X86_64, "creat"));
        fops_rules_done(&r);
}

static void test_a_watch_of_reads_and_writes_asks_nothing_of_opens(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/etc/passwd", .ops = FOPS_OP_MASK_ALL, .recursive = true, .keys = keys };
        const struct audit_rule_data *rule;
        FopsRules r;

        skip_unless_x86_64();
        r = compile_target(&w, false);
        assert_int_equal(r.n_items, 3);
        rule = find_rule(&r, AUDIT_ARCH_X86_64, "openat");
        assert_non_null(rule);
        assert_null(find_field(rule, AUDIT_PERM));
        assert_null(find_field(rule, AUDIT_ARG2));
        assert_true(fops_span_equal_string(find_field(rule, AUDIT_WATCH)->string, "/etc/passwd"));
        assert_non_null(find_rule(&r, AUDIT_ARCH_X86_64, "execveat"));
        assert_null(find_rule(&r, AUDIT_ARCH_X86_64, "stat")); /* `other` has to be asked for */
        fops_rules_done(&r);
}

static void test_each_operation_that_a_call_can_mean_brings_the_call(void **state _unused_) {
        static const struct {
                FopsOp op;
                const char *call;
        } cases[] = {
                { FOPS_OP_RMDIR, "unlinkat" }, { FOPS_OP_RMDIR, "rmdir" },     { FOPS_OP_DELETE, "unlinkat" },
                { FOPS_OP_EXCHANGE, "renameat2" }, { FOPS_OP_RENAME, "rename" }, { FOPS_OP_CREATE, "mknodat" },
                { FOPS_OP_CREATE, "openat" },  { FOPS_OP_MODIFY, "creat" },    { FOPS_OP_TRUNCATE, "ftruncate" },
                { FOPS_OP_LIST, "openat" },    { FOPS_OP_EXEC, "execve" },     { FOPS_OP_MOUNT, "move_mount" },
        };

        skip_unless_x86_64();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FopsWatch w = { .path = (char *) "/srv", .ops = FOPS_OP_BIT(cases[i].op), .recursive = true, .keys = keys };
                FopsRules r = compile_target(&w, true);

                assert_non_null(find_rule(&r, AUDIT_ARCH_X86_64, cases[i].call));
                assert_non_null(find_rule(&r, AUDIT_ARCH_I386, cases[i].call));
                fops_rules_done(&r);
        }
}

static void test_io_uring_has_one_rule_without_arch_perm_and_result(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/srv/data", .ops = write_ops, .recursive = true, .keys = keys,
                        .result = FOPS_RESULT_FAILED };
        FopsRules r = compile_target(&w, true);
        size_t n = 0;

        for (size_t i = 0; i < r.n_items; i++) {
                const struct audit_rule_data *rule = r.items[i].data;

                assert_int_equal(r.items[i].optional, rule->flags == AUDIT_FILTER_URING_EXIT);
                if (!r.items[i].optional) {
                        assert_field(rule, AUDIT_SUCCESS, AUDIT_EQUAL, 0);
                        continue;
                }
                n++;
                assert_int_equal(rule->field_count, 2); /* dir, key */
                assert_true(fops_rule_data_has_bit(rule, 18));  /* openat */
                assert_true(fops_rule_data_has_bit(rule, 36));  /* unlinkat */
                assert_false(fops_rule_data_has_bit(rule, 42)); /* setxattr */
                assert_false(fops_rule_data_has_bit(rule, 426));
        }
        assert_int_equal(n, 1);
        fops_rules_done(&r);
}

static void test_io_uring_finds_a_path_rule_by_the_number_of_io_uring_enter(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/etc/passwd", .ops = write_ops, .recursive = true, .keys = keys };
        FopsRules r = compile_target(&w, false);
        const struct audit_rule_data *last = r.items[r.n_items - 1].data;

        assert_int_equal(last->flags, AUDIT_FILTER_URING_EXIT);
        assert_true(fops_rule_data_has_bit(last, 426));
        assert_true(fops_rule_data_has_bit(last, 0));
        fops_rules_done(&r);
}

static void test_io_uring_gets_no_rule_where_it_has_no_operation(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/bin/su", .ops = FOPS_OP_BIT(FOPS_OP_EXEC), .recursive = true, .keys = keys };
        FopsRules r = compile_target(&w, false);

        for (size_t i = 0; i < r.n_items; i++)
                assert_int_equal(r.items[i].data->flags, AUDIT_FILTER_EXIT);
        fops_rules_done(&r);
}

static void test_a_missing_target_has_no_rules(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/srv/later", .ops = FOPS_OP_MASK_ALL, .recursive = true, .keys = keys };
        const FopsTarget t = { .watch = &w, .path = w.path, .is_missing = true };
        FopsRules r = {};

        assert_int_equal(fops_rules_add_target(&r, &t), 0);
        assert_int_equal(r.n_items, 0);
}

static char *text_of_first(const FopsRules *r) {
        assert_true(r->n_items > 0);
        return fops_rule_data_to_string(r->items[0].data);
}

/* The conditions that stand in the rules of a watch on deletions, between the path and the keys. */
static void assert_conditions(const FopsWatch *filters, const char *expected) {
        FopsWatch w = *filters;
        _cleanup_free_ char *text = NULL;
        FopsRules r;
        char *from, *to;

        w.path = (char *) "/srv/x";
        w.ops = FOPS_OP_BIT(FOPS_OP_DELETE);
        w.keys = keys;
        r = compile_target(&w, true);
        text = text_of_first(&r);
        from = strstr(text, " -F dir=/srv/x") + strlen(" -F dir=/srv/x");
        to = strstr(text, " -F key=");
        *to = '\0';
        assert_string_equal(from, expected);
        fops_rules_done(&r);
}

static void test_a_missing_file_is_waited_for_in_its_directory(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/etc/later", .ops = write_ops, .recursive = true, .keys = keys };
        const FopsTarget missing = { .watch = &w, .path = w.path, .is_missing = true, .has_parent = true };
        FopsRules r = {}, there = compile_target(&w, false);

        /* The same as if it were there: then nothing changes in the kernel when it comes. */
        assert_int_equal(fops_rules_add_target(&r, &missing), 0);
        assert_true(r.n_items > 0);
        assert_int_equal(r.n_items, there.n_items);
        for (size_t i = 0; i < r.n_items; i++) {
                assert_true(fops_rule_data_equal(r.items[i].data, there.items[i].data));
                assert_true(fops_span_equal_string(find_field(r.items[i].data, AUDIT_WATCH)->string, "/etc/later"));
        }
        fops_rules_done(&r);
        fops_rules_done(&there);
}

#define INDEX_OPS                                                                                                       \
        (FOPS_OP_BIT(FOPS_OP_CREATE) | FOPS_OP_BIT(FOPS_OP_MKDIR) | FOPS_OP_BIT(FOPS_OP_MKNOD) | FOPS_OP_BIT(FOPS_OP_SYMLINK) | \
         FOPS_OP_BIT(FOPS_OP_LINK) | FOPS_OP_BIT(FOPS_OP_DELETE) | FOPS_OP_BIT(FOPS_OP_RMDIR) | FOPS_OP_BIT(FOPS_OP_RENAME) |  \
         FOPS_OP_BIT(FOPS_OP_EXCHANGE))

static FopsRules compile_index_target(const FopsTarget *t) {
        FopsRules r = {};

        assert_int_equal(fops_rules_add_index_target(&r, t), 0);
        return r;
}

static void assert_index_rules(const FopsWatch *w, bool expected) {
        const FopsTarget t = { .watch = w, .path = w->path, .is_directory = true };
        FopsRules r = compile_index_target(&t);

        assert_int_equal(r.n_items > 0, expected);
        fops_rules_done(&r);
}

static void test_a_watch_without_directory_changes_gets_rules_for_them(void **state _unused_) {
        static const char *const calls[] = { "mkdirat", "mknodat", "symlinkat", "linkat", "unlinkat", "rmdir", "rename", "renameat2", "creat" };
        FopsWatch w = { .path = (char *) "/srv/data", .ops = FOPS_OP_BIT(FOPS_OP_CHMOD), .recursive = true, .keys = keys };
        const FopsTarget t = { .watch = &w, .path = w.path, .is_directory = true };
        char tag[FOPS_TAG_BYTES_MAX];
        FopsRules r;

        skip_unless_x86_64();
        r = compile_index_target(&t);
        for (size_t i = 0; i < ELEMENTSOF(calls); i++)
                assert_non_null(find_rule(&r, AUDIT_ARCH_X86_64, calls[i]));
        assert_field(find_rule(&r, AUDIT_ARCH_X86_64, "openat"), AUDIT_ARG2, AUDIT_BIT_MASK, O_CREAT | (O_TMPFILE & ~O_DIRECTORY));
        assert_null(find_rule(&r, AUDIT_ARCH_X86_64, "fchmodat"));
        assert_int_equal(r.items[r.n_items - 1].data->flags, AUDIT_FILTER_URING_EXIT);

        /* Whose they are is said; but their events are not the watch's. */
        fops_target_tag(&t, tag);
        for (size_t i = 0; i < r.n_items; i++) {
                assert_ptr_equal(r.items[i].target, &t);
                assert_int_equal(r.items[i].origin, FOPS_RULE_WATCH);
                assert_true(fops_tag_is_ours(fops_rule_data_tag(r.items[i].data)));
                assert_false(fops_span_equal_string(fops_rule_data_tag(r.items[i].data), tag));
                assert_true(fops_span_equal_string(find_field(r.items[i].data, AUDIT_DIR)->string, "/srv/data"));
        }
        fops_rules_done(&r);
}

static void test_what_a_watchs_own_rules_bring_needs_no_others(void **state _unused_) {
        FopsFilterGroup group = { .users = { .ids = (uint32_t[]){ 1000 }, .n_ids = 1 } };
        FopsWatch w = { .path = (char *) "/srv/data", .ops = INDEX_OPS, .recursive = true, .keys = keys };

        assert_index_rules(&w, false);
        w.ops = FOPS_OP_MASK_ALL;
        assert_index_rules(&w, false);
        w.result = FOPS_RESULT_SUCCESS; /* what failed changed nothing */
        assert_index_rules(&w, false);

        w.result = FOPS_RESULT_FAILED;
        assert_index_rules(&w, true);
        w.result = FOPS_RESULT_ANY;
        for (FopsOp op = 0; op < _FOPS_OP_MAX; op++) {
                w.ops = FOPS_OP_MASK_ALL & ~FOPS_OP_BIT(op);
                assert_index_rules(&w, (INDEX_OPS & FOPS_OP_BIT(op)) != 0);
        }

        w.ops = FOPS_OP_MASK_ALL;
        w.only = &group;
        w.n_only = 1;
        assert_index_rules(&w, true);
        w.exclude = &group;
        w.n_exclude = 1;
        w.n_only = 0;
        assert_index_rules(&w, true);
}

static void test_rules_for_the_index_have_no_conditions(void **state _unused_) {
        FopsFilterGroup group = { .users = { .ids = (uint32_t[]){ 1000 }, .n_ids = 1 } };
        FopsWatch w = { .path = (char *) "/srv/data", .ops = FOPS_OP_MASK_ALL, .recursive = true, .keys = keys,
                        .only = &group, .n_only = 1, .result = FOPS_RESULT_FAILED };
        const FopsTarget t = { .watch = &w, .path = w.path, .is_directory = true };
        FopsRules r = compile_index_target(&t);

        assert_true(r.n_items > 0);
        for (size_t i = 0; i < r.n_items; i++) {
                assert_null(find_field(r.items[i].data, AUDIT_UID));
                assert_true(!find_field(r.items[i].data, AUDIT_SUCCESS) || find_field(r.items[i].data, AUDIT_SUCCESS)->value == 1);
        }
        fops_rules_done(&r);
}

static void test_a_file_or_a_missing_target_has_nothing_below(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/srv/data", .ops = FOPS_OP_BIT(FOPS_OP_CHMOD), .recursive = true, .keys = keys };
        const FopsTarget file = { .watch = &w, .path = w.path };
        const FopsTarget missing = { .watch = &w, .path = w.path, .is_missing = true, .has_parent = true };
        FopsRules r = {};

        assert_int_equal(fops_rules_add_index_target(&r, &file), 0);
        assert_int_equal(fops_rules_add_index_target(&r, &missing), 0);
        assert_int_equal(r.n_items, 0);
}

static void test_rules_for_the_index_come_last(void **state _unused_) {
        FopsWatch w[] = {
                { .path = (char *) "/srv/a", .ops = FOPS_OP_BIT(FOPS_OP_CHMOD), .recursive = true, .keys = keys },
                { .path = (char *) "/srv/a/b", .ops = FOPS_OP_MASK_ALL, .recursive = true, .keys = keys },
        };
        FopsTarget t[] = { { .watch = w, .path = w[0].path, .is_directory = true }, { .watch = w + 1, .path = w[1].path, .is_directory = true } };
        const FopsTargets targets = { t, ELEMENTSOF(t) };
        char tags[2][FOPS_TAG_BYTES_MAX];
        const FopsConfig config = {};
        FopsDiags diags = {};
        bool index = false;
        FopsRules r;

        for (size_t i = 0; i < ELEMENTSOF(t); i++)
                fops_target_tag(t + i, tags[i]);
        assert_int_equal(fops_rules_compile(&config, &targets, NULL, &r, &diags), 0);
        for (size_t i = 0; i < r.n_items; i++) {
                FopsSpan tag = fops_rule_data_tag(r.items[i].data);
                bool own = fops_span_equal_string(tag, tags[0]) || fops_span_equal_string(tag, tags[1]);

                /* The first rule that fits gives an event its keys. */
                assert_false(own && index);
                index |= !own;
        }
        assert_true(index);
        fops_rules_done(&r);
}

static void test_one_only_group_goes_into_the_rule_value_by_value(void **state _unused_) {
        FopsFilterGroup g = { .users = { (uint32_t[]){ 1000 }, 1 }, .login_users = { (uint32_t[]){ UINT32_MAX }, 1 },
                              .groups = { (uint32_t[]){ 50 }, 1 }, .result = FOPS_RESULT_SUCCESS };
        FopsFilterGroup two[2] = { g, g };

        assert_conditions(&(FopsWatch){ .only = &g, .n_only = 1 }, " -F uid=1000 -F auid=-1 -F gid=50 -F success=1");
        assert_conditions(&(FopsWatch){ .only = two, .n_only = 2 }, "");
}

static void test_a_choice_of_users_is_left_to_the_watch_set(void **state _unused_) {
        FopsFilterGroup g = { .users = { (uint32_t[]){ 1000, 1001 }, 2 } };

        assert_conditions(&(FopsWatch){ .only = &g, .n_only = 1 }, "");
}

static void test_excluded_users_are_all_unequal(void **state _unused_) {
        FopsFilterGroup g[2] = { { .users = { (uint32_t[]){ 1000, 1001 }, 2 } },
                                 { .login_users = { (uint32_t[]){ UINT32_MAX }, 1 } } };

        assert_conditions(&(FopsWatch){ .exclude = g, .n_exclude = 2 }, " -F uid!=1000 -F uid!=1001 -F auid!=-1");
}

static void test_an_excluded_pair_of_conditions_is_no_condition(void **state _unused_) {
        FopsFilterGroup g = { .users = { (uint32_t[]){ 1000 }, 1 }, .ops = FOPS_OP_BIT(FOPS_OP_READ) };

        assert_conditions(&(FopsWatch){ .exclude = &g, .n_exclude = 1 }, "");
}

/* The kernel would look at supplementary groups, too, and drop what the filter keeps. */
static void test_excluded_groups_stay_out_of_the_kernel(void **state _unused_) {
        FopsFilterGroup g = { .groups = { (uint32_t[]){ 50 }, 1 } };

        assert_conditions(&(FopsWatch){ .exclude = &g, .n_exclude = 1 }, "");
}

static void test_more_excluded_users_than_fields_leave_room_for_the_key(void **state _unused_) {
        uint32_t ids[200];
        FopsFilterGroup g = { .users = { ids, ELEMENTSOF(ids) } };
        FopsWatch w = { .path = (char *) "/srv", .ops = write_ops, .keys = keys, .exclude = &g, .n_exclude = 1 };
        FopsRules r;

        for (uint32_t i = 0; i < ELEMENTSOF(ids); i++)
                ids[i] = i;
        r = compile_target(&w, true);
        for (size_t i = 0; i < r.n_items; i++) {
                assert_int_equal(r.items[i].data->field_count, AUDIT_MAX_FIELDS);
                assert_true(fops_span_is_present(fops_rule_data_tag(r.items[i].data)));
        }
        fops_rules_done(&r);
}

static void test_only_exact_executables_that_exist_are_asked_of_the_kernel(void **state _unused_) {
        char directory[] = "/tmp/fops-test-XXXXXX", real[64], link[64], expected[128];
        char *globs[] = { (char *) "/usr/*/cat", (char *) "/nowhere/at/all", link, real, real, NULL };
        char *one[] = { real, NULL };
        FopsFilterGroup g = { .exe = globs }, h = { .exe = one };
        int fd;

        assert_non_null(mkdtemp(directory));
        snprintf(real, sizeof(real), "%s/exe", directory);
        snprintf(link, sizeof(link), "%s/link", directory);
        fd = open(real, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(symlink(real, link), 0);

        snprintf(expected, sizeof(expected), " -F exe!=%s", real); /* once: the kernel takes one */
        assert_conditions(&(FopsWatch){ .exclude = &g, .n_exclude = 1 }, expected);
        snprintf(expected, sizeof(expected), " -F exe=%s", real);
        assert_conditions(&(FopsWatch){ .only = &h, .n_only = 1 }, expected);
        one[0] = link;
        assert_conditions(&(FopsWatch){ .only = &h, .n_only = 1 }, "");

        unlink(link);
        unlink(real);
        rmdir(directory);
}

static void test_operations_that_filters_take_away_bring_no_calls(void **state _unused_) {
        FopsFilterGroup reads = { .ops = FOPS_OP_BIT(FOPS_OP_READ) | FOPS_OP_BIT(FOPS_OP_LIST) };
        FopsWatch w = { .path = (char *) "/srv", .ops = FOPS_OP_BIT(FOPS_OP_READ) | FOPS_OP_BIT(FOPS_OP_DELETE),
                        .keys = keys, .exclude = &reads, .n_exclude = 1 };
        FopsRules r;

        skip_unless_x86_64();
        r = compile_target(&w, true);
        assert_null(find_rule(&r, AUDIT_ARCH_X86_64, "openat"));
        assert_non_null(find_rule(&r, AUDIT_ARCH_X86_64, "unlinkat"));
        fops_rules_done(&r);

        w.only = &reads;
        w.n_only = 1;
        r = compile_target(&w, true);
        assert_int_equal(r.n_items, 0);
}

static void test_the_tag_tells_apart_all_that_makes_other_rules(void **state _unused_) {
        char *exes[] = { (char *) "/bin/a", NULL }, *comms[] = { (char *) "/bin/a", NULL };
        FopsFilterGroup by_exe = { .exe = exes }, by_comm = { .comm = comms };
        FopsFilterGroup by_user = { .users = { (uint32_t[]){ 1 }, 1 } }, by_group = { .groups = { (uint32_t[]){ 1 }, 1 } };
        FopsWatch watches[] = {
                { .path = (char *) "/a", .ops = 1, .recursive = true },
                { .path = (char *) "/b", .ops = 1, .recursive = true },
                { .path = (char *) "/a", .ops = 2, .recursive = true },
                { .path = (char *) "/a", .ops = 1 },
                { .path = (char *) "/a", .ops = 1, .recursive = true, .result = FOPS_RESULT_FAILED },
                { .path = (char *) "/a", .ops = 1, .recursive = true, .only = &by_exe, .n_only = 1 },
                { .path = (char *) "/a", .ops = 1, .recursive = true, .exclude = &by_exe, .n_exclude = 1 },
                { .path = (char *) "/a", .ops = 1, .recursive = true, .exclude = &by_comm, .n_exclude = 1 },
                { .path = (char *) "/a", .ops = 1, .recursive = true, .exclude = &by_user, .n_exclude = 1 },
                { .path = (char *) "/a", .ops = 1, .recursive = true, .exclude = &by_group, .n_exclude = 1 },
        };
        char tags[ELEMENTSOF(watches)][FOPS_TAG_BYTES_MAX];

        for (size_t i = 0; i < ELEMENTSOF(watches); i++) {
                const FopsTarget t = { .watch = watches + i, .path = watches[i].path };

                fops_target_tag(&t, tags[i]);
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(tags[i], tags[j]);
        }

        /* The same in every run, and on every machine. */
        assert_string_equal(tags[0], "fopsd:0b3cab294de8edb7");
}

static void test_the_tag_stands_behind_the_keys_or_alone(void **state _unused_) {
        char long_key[FOPS_KEY_BYTES_MAX];
        char *two[] = { (char *) "a", (char *) "b", NULL }, *too_long[] = { long_key, NULL };
        FopsWatch w = { .path = (char *) "/srv", .ops = write_ops, .keys = two };
        const FopsTarget t = { .watch = &w, .path = w.path, .is_directory = true };
        char tag[FOPS_TAG_BYTES_MAX], expected[64];
        FopsRules r = compile_target(&w, true);

        fops_target_tag(&t, tag);
        snprintf(expected, sizeof(expected), "a\x01" "b\x01%s", tag);
        assert_true(fops_span_equal_string(find_field(r.items[0].data, AUDIT_FILTERKEY)->string, expected));
        assert_true(fops_span_equal_string(fops_rule_data_tag(r.items[0].data), tag));
        fops_rules_done(&r);

        memset(long_key, 'k', sizeof(long_key) - 1);
        long_key[sizeof(long_key) - 1] = '\0';
        w.keys = too_long;
        r = compile_target(&w, true);
        assert_true(fops_span_equal_string(find_field(r.items[0].data, AUDIT_FILTERKEY)->string, tag));
        fops_rules_done(&r);

        /* To the byte: what fits is there. */
        long_key[FOPS_KEY_BYTES_MAX - 1 - strlen(tag)] = '\0';
        r = compile_target(&w, true);
        assert_int_equal(find_field(r.items[0].data, AUDIT_FILTERKEY)->string.size, FOPS_KEY_BYTES_MAX);
        fops_rules_done(&r);
}

static void test_a_tag_with_subvolumes_is_one_too(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/srv", .ops = write_ops, .keys = keys };
        const FopsTarget t = { .watch = &w, .path = w.path, .is_directory = true, .subvolumes = 1 };
        char tag[FOPS_TAG_BYTES_MAX], other[FOPS_TAG_BYTES_MAX];
        FopsRules r = {};

        assert_int_equal(fops_rules_add_target(&r, &t), 0);
        fops_target_tag(&t, tag);
        assert_true(fops_span_equal_string(fops_rule_data_tag(r.items[0].data), tag));
        fops_index_target_tag(&t, other);
        assert_string_not_equal(tag, other);
        fops_rules_done(&r);
}

static void test_keys_of_others_are_no_tags(void **state _unused_) {
        static const char *const foreign[] = { "identity", "fopsd:", "fopsd:x", "fopsd:0123456789abcde",
                                               "fopsd:0123456789abcdefg", "fopsd:0123456789abcdef\x01x",
                                               "xfopsd:0123456789abcdef", "fopsd:0123456789abcdef.",
                                               "fopsd:0123456789abcdef.0123456789abcde", "fopsd:0123456789abcdef.0123456789abcdeg",
                                               "fopsd:0123456789abcdef-0123456789abcdef" };

        for (size_t i = 0; i < ELEMENTSOF(foreign); i++) {
                struct audit_rule_data *rule = fops_rule_data_new(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);

                assert_non_null(rule);
                assert_int_equal(fops_rule_data_add_string(&rule, AUDIT_FILTERKEY, AUDIT_EQUAL,
                                                           fops_span_from_string(foreign[i])), 0);
                assert_false(fops_span_is_present(fops_rule_data_tag(rule)));
                free(rule);
        }
}

static void test_a_kernel_rule_with_lying_lengths_is_read_within_its_buffer(void **state _unused_) {
        struct audit_rule_data *rule = fops_rule_data_new(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
        _cleanup_free_ char *text = NULL;

        assert_non_null(rule);
        assert_int_equal(fops_rule_data_add_string(&rule, AUDIT_DIR, AUDIT_EQUAL, FOPS_SPAN_LITERAL("/srv")), 0);
        assert_int_equal(fops_rule_data_add_string(&rule, AUDIT_FILTERKEY, AUDIT_EQUAL, FOPS_SPAN_LITERAL("k")), 0);
        rule->values[0] = 4000;
        text = fops_rule_data_to_string(rule);
        assert_string_equal(text, "-a always,exit -F dir=/srvk");
        assert_int_equal(find_field(rule, AUDIT_DIR)->string.size, strlen("/srvk"));
        assert_int_equal(find_field(rule, AUDIT_FILTERKEY)->string.size, 0);
        assert_false(fops_span_is_present(fops_rule_data_tag(rule)));
        free(rule);
}

static const FopsSelf self = { .exe = "/usr/sbin/fopsd", .uid = 998, .auid = UINT32_MAX };

static void test_fopsd_keeps_out_of_its_own_records(void **state _unused_) {
        FopsRules r = {};
        char *line;

        assert_int_equal(fops_rules_add_self(&r, &self), 0);
        line = fops_rule_data_to_string(r.items[0].data);
        assert_string_equal(line, "-a never,exit -S all -F uid=998 -F auid=-1 -F exe=/usr/sbin/fopsd -F key=fopsd:self");
        free(line);
        fops_rules_done(&r);
}

static void test_equality_forgets_the_place_and_nothing_else(void **state _unused_) {
        FopsRules a = {}, b = {};

        assert_int_equal(fops_rules_add_self(&a, &self), 0);
        assert_int_equal(fops_rules_add_self(&b, &self), 0);
        assert_true(a.items[0].data->flags & AUDIT_FILTER_PREPEND);
        b.items[0].data->flags &= ~(uint32_t) AUDIT_FILTER_PREPEND;
        assert_true(fops_rule_data_equal(a.items[0].data, b.items[0].data));
        b.items[0].data->mask[3] ^= 1;
        assert_false(fops_rule_data_equal(a.items[0].data, b.items[0].data));
        b.items[0].data->mask[3] ^= 1;
        b.items[0].data->values[0]++;
        assert_false(fops_rule_data_equal(a.items[0].data, b.items[0].data));
        b.items[0].data->values[0]--;
        b.items[0].data->fieldflags[0] = AUDIT_NOT_EQUAL;
        assert_false(fops_rule_data_equal(a.items[0].data, b.items[0].data));
        b.items[0].data->fieldflags[0] = AUDIT_EQUAL;
        b.items[0].data->buf[0] ^= 1;
        assert_false(fops_rule_data_equal(a.items[0].data, b.items[0].data));
        fops_rules_done(&a);
        fops_rules_done(&b);
}

/* --- configured rules ------------------------------------------------------------------------------------------------- */

#define LIST(...) ((char *[]){ __VA_ARGS__, NULL })

/* Compiles @config; returns all rules as lines, or the errors. */
static char *compile_config(const FopsRuleConfig *config) {
        FopsDiags diags = {};
        FopsRules r = {};
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        int q;

        assert_non_null(f);
        q = fops_rules_add_config(&r, config, &diags);
        assert_int_equal(q, diags.n_errors > 0);
        assert_true(q == 0 || r.n_items == 0);
        for (size_t i = 0; i < r.n_items; i++) {
                _cleanup_free_ char *line = fops_rule_data_to_string(r.items[i].data);

                fprintf(f, "%s\n", line);
                assert_int_equal(r.items[i].origin, FOPS_RULE_CONFIG);
                assert_ptr_equal(r.items[i].config, config);
                assert_true(fops_tag_is_ours(fops_rule_data_tag(r.items[i].data)));
        }
        fops_diags_print(&diags, f);
        fclose(f);
        fops_rules_done(&r);
        fops_diags_done(&diags);
        return text;
}

static void assert_config(const FopsRuleConfig *config, const char *expected) {
        _cleanup_free_ char *text = compile_config(config);

        assert_string_equal(text, expected);
}

static void test_names_become_rules_for_both_abis(void **state _unused_) {
        skip_unless_x86_64();
        assert_config(&(FopsRuleConfig){ .list = (char *) "exit", .syscalls =
                                         LIST((char *) "openat", (char *) "chown32", (char *) "41") },
                      "-a always,exit -F arch=b64 -S socket,openat -F key=fopsd:rule\n"
                      "-a always,exit -F arch=b32 -S dup,chown32,openat -F key=fopsd:rule\n");
        assert_config(&(FopsRuleConfig){ .list = (char *) "exit", .syscalls = LIST((char *) "chown32") },
                      "-a always,exit -F arch=b32 -S chown32 -F key=fopsd:rule\n");
        assert_config(&(FopsRuleConfig){ .list = (char *) "exit", .syscalls = LIST((char *) "all"), .never = true },
                      "-a never,exit -S all -F key=fopsd:rule\n");
        assert_config(&(FopsRuleConfig){ .list = (char *) "exit", .syscalls = LIST((char *) "all"),
                                         .archs = LIST((char *) "b32") },
                      "-a always,exit -F arch=b32 -S all -F key=fopsd:rule\n");
        assert_config(&(FopsRuleConfig){ .list = (char *) "exit", .syscalls = LIST((char *) "kill"),
                                         .fields = LIST((char *) "arch!=b64", (char *) "key=a"),
                                         .keys = LIST((char *) "b") },
                      "-a always,exit -F arch=b32 -S kill -F key=a -F key=b -F key=fopsd:rule\n");
        assert_config(&(FopsRuleConfig){ .list = (char *) "exit", .syscalls = LIST((char *) "fchmodat2"),
                                         .archs = LIST((char *) "x86_64") },
                      "-a always,exit -F arch=b64 -S fchmodat2 -F key=fopsd:rule\n");
}

static void test_every_field_takes_its_values(void **state _unused_) {
        static const struct {
                const char *list, *field, *expected;
        } cases[] = {
                { "exit", "pid=1", "pid=1" },
                { "exit", "uid!=root", "uid!=0" },
                { "exit", "euid>1000", "euid>1000" },
                { "exit", "suid<1000", "suid<1000" },
                { "exit", "fsuid>=1000", "fsuid>=1000" },
                { "exit", "gid<=root", "gid<=0" },
                { "exit", "egid=0", "egid=0" },
                { "exit", "sgid=0", "sgid=0" },
                { "exit", "fsgid=0", "fsgid=0" },
                { "exit", "auid!=unset", "auid!=-1" },
                { "exit", "auid!=-1", "auid!=-1" },
                { "exit", "auid!=4294967295", "auid!=-1" },
                { "exit", "loginuid=0", "auid=0" },
                { "exit", "pers&=8", "pers&=8" },
                { "exit", "ppid=1", "ppid=1" },
                { "exit", "sessionid=unset", "sessionid=-1" },
                { "exit", "devmajor=8", "devmajor=8" },
                { "exit", "devminor&0x1", "devminor&1" },
                { "exit", "inode=4026531840", "inode=4026531840" },
                { "exit", "exit=-ENOENT", "exit=-ENOENT" },
                { "exit", "exit=-2", "exit=-ENOENT" },
                { "exit", "exit>=0", "exit>=0" },
                { "exit", "success=0", "success=0" },
                { "exit", "path=/etc/shadow", "path=/etc/shadow" },
                { "exit", "dir=/etc/", "dir=/etc/" },
                { "exit", "perm=wa", "perm=wa" },
                { "exit", "filetype=dir", "filetype=16384" },
                { "exit", "obj_uid=0", "obj_uid=0" },
                { "exit", "obj_gid=0", "obj_gid=0" },
                { "exit", "a0=0x10", "a0=0x10" },
                { "exit", "a1&0100", "a1&0x40" },
                { "exit", "a2&=3", "a2&=0x3" },
                { "exit", "a3!=-1", "a3!=0xFFFFFFFF" },
                { "exit", "exe!=/usr/bin/true", "exe!=/usr/bin/true" },
                { "exit", "saddr_fam=2", "saddr_fam=2" },
                { "exit", "subj_type=unconfined_t", "subj_type=unconfined_t" },
                { "exit", "obj_lev_low>=s0", "obj_lev_low>=s0" },
                { "task", "uid=33", "uid=33" },
                { "user", "msgtype=USER_LOGIN", "msgtype=USER_LOGIN" },
                { "exclude", "msgtype=1307", "msgtype=CWD" },
                { "filesystem", "fstype=debugfs", "fstype=debugfs" },
                { "io_uring", "uid=33", "uid=33" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FopsRuleConfig c = { .list = (char *) cases[i].list, .fields = LIST((char *) cases[i].field) };
                _cleanup_free_ char *text = compile_config(&c);
                char expected[128];

                snprintf(expected, sizeof(expected), " -F %s ", cases[i].expected);
                if (!strstr(text, expected))
                        fail_msg("%s gave %s", cases[i].field, text);
        }
}

static void test_every_mistake_has_its_message(void **state _unused_) {
        static const struct {
                const char *list, *syscall, *field, *compare, *message;
        } cases[] = {
                { "exit", "opne", NULL, NULL, "unknown system call 'opne', did you mean 'open'?" },
                { "exit", "frobnicate_the_thing", NULL, NULL, "unknown system call 'frobnicate_the_thing'" },
                { "exit", "5000", NULL, NULL, "system call 5000 is out of range, the kernel's rules end at 2031" },
                { "io_uring", "unlinkta", NULL, NULL, "unknown system call 'unlinkta', did you mean 'unlinkat'?" },
                { "task", "open", NULL, NULL, "rules of list 'task' take no system calls" },
                { "exits", NULL, NULL, NULL,
                  "unknown list 'exits', expected exit, task, user, exclude, filesystem or io_uring" },
                { "exit", NULL, "aud>=1000", NULL, "unknown field 'aud' in 'aud>=1000', did you mean 'auid'?" },
                { "exit", NULL, "uid", NULL, "'uid' is no comparison, expected FIELD OPERATOR VALUE as in 'uid>=1'" },
                { "exit", NULL, "uid=", NULL, "'uid=' is no comparison, expected FIELD OPERATOR VALUE as in 'uid>=1'" },
                { "exit", NULL, "=1", NULL, "'=1' is no comparison, expected FIELD OPERATOR VALUE as in 'uid>=1'" },
                { "exit", NULL, "uid&1", NULL, "operator '&' doesn't fit field 'uid'" },
                { "exit", NULL, "dir!=/x", NULL, "operator '!=' doesn't fit field 'dir'" },
                { "exit", NULL, "arch>b64", NULL, "operator '>' doesn't fit field 'arch'" },
                { "exit", NULL, "arch=b65", NULL, "unknown arch 'b65', expected b64, b32 or a machine's name like x86_64" },
                { "exit", NULL, "uid=no-such-user", NULL,
                  "wrong value 'no-such-user' for field 'uid', expected a user's name or number" },
                { "exit", NULL, "uid=unset", NULL, "wrong value 'unset' for field 'uid', expected a user's name or number" },
                { "exit", NULL, "uid=-1", NULL, "wrong value '-1' for field 'uid', expected a user's name or number" },
                { "exit", NULL, "auid>unset", NULL,
                  "wrong value 'unset' for field 'auid', expected a user, for this operator" },
                { "exit", NULL, "gid=no-such-group", NULL,
                  "wrong value 'no-such-group' for field 'gid', expected a group's name or number" },
                { "exit", NULL, "pid=12x", NULL, "wrong value '12x' for field 'pid', expected a number of 32 bits" },
                { "exit", NULL, "a0=0x100000000", NULL,
                  "wrong value '0x100000000' for field 'a0', expected a number of 32 bits" },
                { "exit", NULL, "exit=-ENOSUCH", NULL,
                  "wrong value '-ENOSUCH' for field 'exit', expected a number, or an errno name like -EACCES" },
                { "exit", NULL, "success=2", NULL, "wrong value '2' for field 'success', expected 0 or 1" },
                { "exit", NULL, "perm=z", NULL, "wrong value 'z' for field 'perm', expected letters of rwxa" },
                { "exit", NULL, "filetype=folder", NULL,
                  "wrong value 'folder' for field 'filetype', "
                  "expected file, dir, socket, symlink, character, block or fifo" },
                { "exit", NULL, "path=etc", NULL,
                  "wrong value 'etc' for field 'path', expected an absolute path without a slash at its end" },
                { "exit", NULL, "path=/etc/", NULL,
                  "wrong value '/etc/' for field 'path', expected an absolute path without a slash at its end" },
                { "exit", NULL, "saddr_fam=4711", NULL,
                  "wrong value '4711' for field 'saddr_fam', expected an address family's number" },
                { "exit", NULL, "msgtype=CWD", NULL, "field 'msgtype' doesn't work on list 'exit'" },
                { "exclude", NULL, "msgtype=CWDX", NULL,
                  "wrong value 'CWDX' for field 'msgtype', expected a record type's name or number" },
                { "exclude", NULL, "exit=0", NULL, "field 'exit' doesn't work on list 'exclude'" },
                { "user", NULL, "euid=0", NULL, "field 'euid' doesn't work on list 'user'" },
                { "user", NULL, "key=x", NULL, "rules of list 'user' take no key" },
                { "task", NULL, "ppid=1", NULL, "field 'ppid' doesn't work on list 'task'" },
                { "filesystem", NULL, "uid=0", NULL, "field 'uid' doesn't work on list 'filesystem'" },
                { "io_uring", NULL, "perm=w", NULL, "field 'perm' doesn't work on list 'io_uring'" },
                { "io_uring", NULL, "arch=b64", NULL, "arch makes sense on list 'exit' only" },
                { "exit", NULL, NULL, "uid>euid", "operator '>' doesn't fit a comparison of fields, expected = or !=" },
                { "exit", NULL, NULL, "uid=gid", "fields 'uid' and 'gid' can't be compared" },
                { "exit", NULL, NULL, "uid=eudi", "unknown field 'eudi' in 'uid=eudi', did you mean 'euid'?" },
                { "task", NULL, NULL, "uid=euid", "fields can't be compared on list 'task'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FopsRuleConfig c = { .list = (char *) cases[i].list, .file = (char *) "f", .line = 7 };
                char expected[256];

                c.syscalls = cases[i].syscall ? LIST((char *) cases[i].syscall) : NULL;
                c.fields = cases[i].field ? LIST((char *) cases[i].field) : NULL;
                c.compares = cases[i].compare ? LIST((char *) cases[i].compare) : NULL;
                snprintf(expected, sizeof(expected), "f:7: %s\n", cases[i].message);
                assert_config(&c, expected);
        }
}

static void test_all_mistakes_of_a_rule_are_said_once(void **state _unused_) {
        FopsRuleConfig c = { .list = (char *) "exit", .syscalls = LIST((char *) "opne", (char *) "unlink"),
                             .fields = LIST((char *) "uid&1", (char *) "nothing=1"), .compares = LIST((char *) "uid=gid") };

        assert_config(&c, "operator '&' doesn't fit field 'uid'\nunknown field 'nothing' in 'nothing=1'\n"
                          "fields 'uid' and 'gid' can't be compared\nunknown system call 'opne', did you mean 'open'?\n");
}

static void test_what_the_kernel_keeps_once_is_given_once(void **state _unused_) {
        assert_config(&(FopsRuleConfig){ .list = (char *) "exit", .fields = LIST((char *) "dir=/a", (char *) "path=/b") },
                      "'path=/b' is one too many: a rule takes one of path, dir and inode\n");
        assert_config(&(FopsRuleConfig){ .list = (char *) "exit", .fields = LIST((char *) "exe=/a", (char *) "exe!=/b") },
                      "'exe!=/b' is one too many: a rule takes one exe\n");
}

static void test_too_many_fields_are_an_error_also_when_only_the_key_is_too_many(void **state _unused_) {
        char *fields[AUDIT_MAX_FIELDS + 2] = {};
        FopsRuleConfig c = { .list = (char *) "exit", .fields = fields };

        for (size_t i = 0; i < AUDIT_MAX_FIELDS - 1; i++)
                fields[i] = (char *) "pid=1";
        {
                _cleanup_free_ char *text = compile_config(&c);

                assert_non_null(strstr(text, "-F key=fopsd:rule"));
        }
        fields[AUDIT_MAX_FIELDS - 1] = (char *) "pid=1";
        assert_config(&c, "too many fields, a rule takes 64 with fopsd's own key\n");
        fields[AUDIT_MAX_FIELDS] = (char *) "pid=1";
        assert_config(&c, "too many fields, a rule takes 64\n");
}

static void test_keys_that_leave_no_room_for_the_tag_are_an_error(void **state _unused_) {
        char key[FOPS_KEY_BYTES_MAX];
        FopsRuleConfig c = { .list = (char *) "exit", .keys = LIST(key) };

        memset(key, 'k', sizeof(key));
        key[FOPS_KEY_BYTES_MAX - strlen("fopsd:rule")] = '\0';
        assert_config(&c, "keys are too long: 256 bytes at most, with fopsd's own 'fopsd:rule'\n");
        key[FOPS_KEY_BYTES_MAX - strlen("fopsd:rule") - 1] = '\0';
        {
                _cleanup_free_ char *text = compile_config(&c);

                assert_non_null(strstr(text, "k -F key=fopsd:rule\n"));
        }
}

/* A key there would end the kernel's walk through the list. */
static void test_rules_without_keys_are_known_by_an_impossible_pid(void **state _unused_) {
        assert_config(&(FopsRuleConfig){ .list = (char *) "exclude", .fields = LIST((char *) "msgtype=CWD") },
                      "-a always,exclude -F msgtype=CWD -F pid!=-258617343\n");
        assert_config(&(FopsRuleConfig){ .list = (char *) "user", .never = true, .fields = LIST((char *) "uid=33") },
                      "-a never,user -F uid=33 -F pid!=-258617343\n");
}

static void test_every_pair_of_fields_compares_in_both_orders(void **state _unused_) {
        for (uint32_t value = 1; value <= AUDIT_MAX_FIELD_COMPARE; value++) {
                char forward[64], backward[64], expected[128];
                uint32_t a, b;

                assert_true(fops_rule_compare_to_fields(value, &a, &b));
                snprintf(forward, sizeof(forward), "%s!=%s", fops_rule_field_to_string(a), fops_rule_field_to_string(b));
                snprintf(backward, sizeof(backward), "%s!=%s", fops_rule_field_to_string(b), fops_rule_field_to_string(a));
                snprintf(expected, sizeof(expected), "-a always,exit -S all -C %s -F key=fopsd:rule\n", forward);
                assert_config(&(FopsRuleConfig){ .list = (char *) "exit", .compares = LIST(forward) }, expected);
                assert_config(&(FopsRuleConfig){ .list = (char *) "exit", .compares = LIST(backward) }, expected);
        }
}

static void test_never_rules_come_first_and_prepended_ones_before_them(void **state _unused_) {
        FopsRuleConfig rules[] = {
                { .list = (char *) "exit", .fields = LIST((char *) "pid=1") },
                { .list = (char *) "exit", .fields = LIST((char *) "pid=2"), .never = true },
                { .list = (char *) "exit", .fields = LIST((char *) "pid=3"), .prepend = true },
                { .list = (char *) "exit", .fields = LIST((char *) "pid=4"), .never = true, .prepend = true },
                { .list = (char *) "exit", .fields = LIST((char *) "pid=5"), .prepend = true },
                { .list = (char *) "exit", .fields = LIST((char *) "pid=6"), .never = true },
        };
        static const uint32_t expected[] = { 4, 2, 6, 5, 3, 1 };
        size_t first = 1;
        FopsWatch w = { .path = (char *) "/srv", .ops = write_ops, .keys = keys };
        FopsTarget t = { .watch = &w, .path = w.path, .is_directory = true };
        const FopsConfig config = { .rules = rules, .n_rules = ELEMENTSOF(rules) };
        const FopsTargets targets = { &t, 1 };
        FopsDiags diags = {};
        FopsRules r;

        assert_int_equal(fops_rules_compile(&config, &targets, &self, &r, &diags), 0);
        assert_int_equal(r.items[0].origin, FOPS_RULE_SELF);
        /* In front of them is what the index hears of what they drop. */
        while (r.items[first].is_in_front)
                first++;
        assert_true(first > 1);
        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                assert_field(r.items[first + i].data, AUDIT_PID, AUDIT_EQUAL, expected[i]);
        assert_int_equal(r.items[first + ELEMENTSOF(expected)].origin, FOPS_RULE_WATCH);
        assert_ptr_equal(r.items[first + ELEMENTSOF(expected)].target, &t);
        for (size_t i = first; i < r.n_items; i++)
                assert_false(r.items[i].is_in_front);
        fops_rules_done(&r);
}

/* All rules that a never rule gets besides itself, with watches on /srv/a and /usr/bin, as auditctl prints them, in order; owned. */
static char *compile_heard(FopsRuleConfig *never, size_t n_rules, FopsTargets targets) {
        const FopsConfig config = { .rules = never, .n_rules = n_rules };
        FopsDiags diags = {};
        char *all = NULL;
        size_t size;
        FopsRules r;
        FILE *f;

        assert_int_equal(fops_rules_compile(&config, &targets, &self, &r, &diags), 0);
        f = open_memstream(&all, &size);
        for (size_t i = 0; i < r.n_items; i++) {
                _cleanup_free_ char *text = fops_rule_data_to_string(r.items[i].data);

                assert_int_equal(r.items[i].is_in_front, strstr(text, FOPS_TAG_NEVER) != NULL);
                if (!r.items[i].is_in_front)
                        continue;
                assert_true(fops_tag_is_ours(fops_rule_data_tag(r.items[i].data)));
                assert_int_equal(r.items[i].data->action, AUDIT_ALWAYS);
                assert_ptr_equal(r.items[i].config, never);
                fprintf(f, "%s\n", text);
        }
        fclose(f);
        fops_rules_done(&r);
        return all;
}

static size_t count_lines(const char *text, const char *with) {
        size_t n = 0;

        for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
                const char *found = strstr(text, with);

                n += found && found < end;
        }
        return n;
}

static char *hear(FopsRuleConfig never) {
        FopsWatch w[] = { { .path = (char *) "/srv/a", .ops = write_ops, .recursive = true, .keys = keys },
                          { .path = (char *) "/usr/bin", .ops = FOPS_OP_MASK_ALL, .recursive = true, .keys = keys } };
        FopsTarget t[] = { { .watch = w, .path = w[0].path, .is_directory = true },
                           { .watch = w + 1, .path = w[1].path, .is_directory = true } };

        never.list = (char *) "exit";
        never.never = true;
        return compile_heard(&never, 1, (FopsTargets){ t, ELEMENTSOF(t) });
}

static void test_what_a_never_rule_drops_the_index_hears_of(void **state _unused_) {
        _cleanup_free_ char *all = NULL, *some = NULL, *none = NULL, *b32 = NULL;

        skip_unless_x86_64();
        all = hear((FopsRuleConfig){ .fields = LIST((char *) "exe=/usr/bin/mv", (char *) "auid!=7") });
        assert_int_equal(count_lines(all, " -F exe=/usr/bin/mv -F auid!=7 "), 8);
        assert_int_equal(count_lines(all, ""), 8);
        assert_int_equal(count_lines(all, " -F dir=/srv/a "), 4);
        assert_int_equal(count_lines(all, " -F dir=/usr/bin "), 4);
        assert_int_equal(count_lines(all, "rename"), 4);

        some = hear((FopsRuleConfig){ .syscalls = LIST((char *) "rename", (char *) "chmod"), .fields = LIST((char *) "uid=1") });
        assert_int_equal(count_lines(some, "-S rename -F dir="), 4);
        assert_int_equal(count_lines(some, "chmod"), 0);
        assert_int_equal(count_lines(some, ""), 4);

        none = hear((FopsRuleConfig){ .syscalls = LIST((char *) "chmod"), .fields = LIST((char *) "uid=1") });
        assert_string_equal(none, "");
        b32 = hear((FopsRuleConfig){ .archs = LIST((char *) "b32"), .fields = LIST((char *) "uid=1") });
        assert_int_equal(count_lines(b32, ""), 2);
        assert_int_equal(count_lines(b32, "arch=b32"), 2);
}

static void test_where_a_never_rule_has_a_place_the_index_hears_of_that(void **state _unused_) {
        _cleanup_free_ char *below = NULL, *above = NULL, *apart = NULL, *file = NULL;

        skip_unless_x86_64();
        below = hear((FopsRuleConfig){ .fields = LIST((char *) "dir=/usr/bin/x", (char *) "uid=1") });
        above = hear((FopsRuleConfig){ .fields = LIST((char *) "dir=/usr", (char *) "uid=1") });
        assert_int_equal(count_lines(below, " -F dir=/usr/bin/x -F uid=1 -F key=fopsd:never"), 4);
        assert_int_equal(count_lines(below, ""), 4);
        assert_int_equal(count_lines(above, " -F dir=/usr -F uid=1 -F key=fopsd:never"), 4);
        assert_int_equal(count_lines(above, "mkdir"), 2);

        /* From there into a watch, or back: nothing else. */
        apart = hear((FopsRuleConfig){ .fields = LIST((char *) "dir=/dev") });
        assert_int_equal(count_lines(apart, "rename"), 2);
        assert_int_equal(count_lines(apart, ""), 2);
        assert_int_equal(count_lines(apart, "mkdir"), 0);
        file = hear((FopsRuleConfig){ .fields = LIST((char *) "path=/srv/a/f") });
        assert_int_equal(count_lines(file, " -F path=/srv/a/f -F key=fopsd:never"), 4);
}

static void test_for_many_watches_a_never_rule_is_heard_of_everywhere(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/srv/a", .ops = write_ops, .recursive = true, .keys = keys };
        FopsRuleConfig never = { .list = (char *) "exit", .fields = LIST((char *) "uid=1"), .never = true };
        _cleanup_free_ char *text = NULL;
        FopsTarget t[100];
        char paths[100][8];

        skip_unless_x86_64();
        for (size_t i = 0; i < ELEMENTSOF(t); i++) {
                snprintf(paths[i], sizeof(paths[i]), "/srv/%zu", i);
                t[i] = (FopsTarget){ .watch = &w, .path = paths[i], .is_directory = true };
        }
        text = compile_heard(&never, 1, (FopsTargets){ t, ELEMENTSOF(t) });
        assert_int_equal(count_lines(text, ""), 4);
        assert_int_equal(count_lines(text, "dir="), 0);
}

static void test_two_never_rules_alike_are_heard_of_once(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/srv/a", .ops = write_ops, .recursive = true, .keys = keys };
        FopsTarget t = { .watch = &w, .path = w.path, .is_directory = true };
        FopsRuleConfig never[] = {
                { .list = (char *) "exit", .fields = LIST((char *) "uid=1"), .never = true, .keys = LIST((char *) "a") },
                { .list = (char *) "exit", .fields = LIST((char *) "uid=1"), .never = true, .keys = LIST((char *) "b") },
        };
        _cleanup_free_ char *text = NULL;

        skip_unless_x86_64();
        text = compile_heard(never, ELEMENTSOF(never), (FopsTargets){ &t, 1 });
        assert_int_equal(count_lines(text, ""), 4);
}

static void test_a_never_rule_without_room_for_what_it_takes_to_hear_of_it_is_an_error(void **state _unused_) {
        FopsWatch w = { .path = (char *) "/srv/a", .ops = write_ops, .recursive = true, .keys = keys };
        FopsTarget t = { .watch = &w, .path = w.path, .is_directory = true };
        char *fields[AUDIT_MAX_FIELDS] = {};
        FopsRuleConfig never = { .list = (char *) "exit", .fields = fields, .never = true };
        const FopsConfig config = { .rules = &never, .n_rules = 1 };
        const FopsTargets targets = { &t, 1 };
        FopsDiags diags = {};
        FopsRules r;

        for (size_t i = 0; i < AUDIT_MAX_FIELDS - 4; i++)
                fields[i] = (char *) "pid=1";
        assert_int_equal(fops_rules_compile(&config, &targets, NULL, &r, &diags), 0);
        fops_rules_done(&r);
        fields[AUDIT_MAX_FIELDS - 4] = (char *) "pid=1";
        assert_int_equal(fops_rules_compile(&config, &targets, NULL, &r, &diags), 1);
        assert_int_equal(diags.n_errors, 1);
        fops_diags_done(&diags);
}

static void test_a_wrong_rule_spoils_the_whole_and_touches_nothing(void **state _unused_) {
        FopsRuleConfig rule = { .list = (char *) "exit", .fields = LIST((char *) "uid=") };
        const FopsConfig config = { .rules = &rule, .n_rules = 1 };
        FopsRules r = { .n_items = 4711 };
        const FopsTargets none = {};
        FopsDiags diags = {};

        assert_int_equal(fops_rules_compile(&config, &none, NULL, &r, &diags), 1);
        assert_int_equal(r.n_items, 4711);
        assert_int_equal(diags.n_errors, 1);
        fops_diags_done(&diags);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_write_watch_sees_opens_that_create_or_truncate_read_only),
                cmocka_unit_test(test_each_operation_of_open_has_its_flags),
                cmocka_unit_test(test_opens_whose_flags_no_rule_can_see_come_without_condition),
                cmocka_unit_test(test_calls_in_no_permission_class_are_watched),
                cmocka_unit_test(test_a_read_watch_takes_the_kernels_word_for_the_access_mode),
                cmocka_unit_test(test_a_watch_of_reads_and_writes_asks_nothing_of_opens),
                cmocka_unit_test(test_each_operation_that_a_call_can_mean_brings_the_call),
                cmocka_unit_test(test_io_uring_has_one_rule_without_arch_perm_and_result),
                cmocka_unit_test(test_io_uring_finds_a_path_rule_by_the_number_of_io_uring_enter),
                cmocka_unit_test(test_io_uring_gets_no_rule_where_it_has_no_operation),
                cmocka_unit_test(test_a_missing_target_has_no_rules),
                cmocka_unit_test(test_a_missing_file_is_waited_for_in_its_directory),
                cmocka_unit_test(test_a_watch_without_directory_changes_gets_rules_for_them),
                cmocka_unit_test(test_what_a_watchs_own_rules_bring_needs_no_others),
                cmocka_unit_test(test_rules_for_the_index_have_no_conditions),
                cmocka_unit_test(test_a_file_or_a_missing_target_has_nothing_below),
                cmocka_unit_test(test_rules_for_the_index_come_last),
                cmocka_unit_test(test_one_only_group_goes_into_the_rule_value_by_value),
                cmocka_unit_test(test_a_choice_of_users_is_left_to_the_watch_set),
                cmocka_unit_test(test_excluded_users_are_all_unequal),
                cmocka_unit_test(test_an_excluded_pair_of_conditions_is_no_condition),
                cmocka_unit_test(test_excluded_groups_stay_out_of_the_kernel),
                cmocka_unit_test(test_more_excluded_users_than_fields_leave_room_for_the_key),
                cmocka_unit_test(test_only_exact_executables_that_exist_are_asked_of_the_kernel),
                cmocka_unit_test(test_operations_that_filters_take_away_bring_no_calls),
                cmocka_unit_test(test_the_tag_tells_apart_all_that_makes_other_rules),
                cmocka_unit_test(test_the_tag_stands_behind_the_keys_or_alone),
                cmocka_unit_test(test_a_tag_with_subvolumes_is_one_too),
                cmocka_unit_test(test_keys_of_others_are_no_tags),
                cmocka_unit_test(test_a_kernel_rule_with_lying_lengths_is_read_within_its_buffer),
                cmocka_unit_test(test_fopsd_keeps_out_of_its_own_records),
                cmocka_unit_test(test_equality_forgets_the_place_and_nothing_else),
                cmocka_unit_test(test_names_become_rules_for_both_abis),
                cmocka_unit_test(test_every_field_takes_its_values),
                cmocka_unit_test(test_every_mistake_has_its_message),
                cmocka_unit_test(test_all_mistakes_of_a_rule_are_said_once),
                cmocka_unit_test(test_what_the_kernel_keeps_once_is_given_once),
                cmocka_unit_test(test_too_many_fields_are_an_error_also_when_only_the_key_is_too_many),
                cmocka_unit_test(test_keys_that_leave_no_room_for_the_tag_are_an_error),
                cmocka_unit_test(test_rules_without_keys_are_known_by_an_impossible_pid),
                cmocka_unit_test(test_every_pair_of_fields_compares_in_both_orders),
                cmocka_unit_test(test_never_rules_come_first_and_prepended_ones_before_them),
                cmocka_unit_test(test_what_a_never_rule_drops_the_index_hears_of),
                cmocka_unit_test(test_where_a_never_rule_has_a_place_the_index_hears_of_that),
                cmocka_unit_test(test_for_many_watches_a_never_rule_is_heard_of_everywhere),
                cmocka_unit_test(test_two_never_rules_alike_are_heard_of_once),
                cmocka_unit_test(test_a_never_rule_without_room_for_what_it_takes_to_hear_of_it_is_an_error),
                cmocka_unit_test(test_a_wrong_rule_spoils_the_whole_and_touches_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
