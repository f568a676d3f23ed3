/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Operations made by hand against the exact line that people get to read. */

#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "entry.h"
#include "names.h"

/* In the place of libc's, so that the same users exist everywhere. */
int getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret) {
        static const struct {
                uid_t uid;
                const char *name;
        } users[] = { { 0, "root" },   { 33, "www-data" },    { 1000, "alice" },
                      { 1001, "bob" }, { 2000, "CORP\\eve" }, { 2001, "two words" } };

        *ret = NULL;
        for (size_t i = 0; i < ELEMENTSOF(users); i++)
                if (users[i].uid == uid) {
                        snprintf(buffer, size, "%s", users[i].name);
                        *pw = (struct passwd){ .pw_name = buffer };
                        *ret = pw;
                }
        return 0;
}

int getgrgid_r(gid_t gid, struct group *gr, char *buffer, size_t size, struct group **ret) {
        *ret = NULL;
        if (gid == 50) {
                snprintf(buffer, size, "staff");
                *gr = (struct group){ .gr_name = buffer };
                *ret = gr;
        }
        return 0;
}

#define S(s) FOPS_SPAN_LITERAL(s)

#define WITH(program) .comm = S(program), .pid = 1

typedef struct Case {
        const char *expected;
        FopsOp op;
        int64_t exit; /* below 0: failed */
        bool unknown_outcome, without_exit, is_uring, has_new_mode, is_nameless;
        FopsSpan path, new_path, dir, name, new_name, target, comm;
        const char *syscall;
        mode_t mode;
        mode_t new_mode;
        uint32_t new_uid, new_gid; /* 0: not changed */
        uint64_t inode, parent_inode;
        uint64_t count;
        uint32_t pid;
} Case;

static void check(const Case *c, uint32_t auid, uint32_t uid, uint32_t euid) {
        _cleanup_(fops_names_freep) FopsNames *names = fops_names_new();
        FopsItem item = {
                .name = c->name, .has_inode = c->inode != 0, .inode = c->inode, .dev_major = 254, .mode = c->mode
        };
        FopsItem new_item = { .name = c->new_name };
        FopsItem parent = { .has_inode = true, .inode = c->parent_inode, .dev_major = 8, .dev_minor = 1 };
        FopsSyscall call = { .name = c->syscall };
        FopsEvent event = {};
        FopsArena arena = {};
        FopsOperation op = {
                .event = &event,
                .op = c->op,
                .outcome = c->unknown_outcome ? FOPS_OUTCOME_UNKNOWN
                           : c->exit < 0      ? FOPS_OUTCOME_FAILED
                                              : FOPS_OUTCOME_SUCCESS,
                .has_exit = !c->without_exit,
                .exit = c->exit,
                .nr = 999,
                .is_uring = c->is_uring,
                .syscall = &call,
                .object.item = fops_span_is_present(c->name) || c->inode != 0 ? &item : NULL,
                .object.parent = c->parent_inode != 0 ? &parent : NULL,
                .object.is_nameless = c->is_nameless,
                .new_object.item = fops_span_is_present(c->new_name) ? &new_item : NULL,
                .target = c->target,
                .has_new_mode = c->has_new_mode,
                .new_mode = c->new_mode,
                .new_uid = c->new_uid != 0 ? c->new_uid : FOPS_ID_UNSET,
                .new_gid = c->new_gid != 0 ? c->new_gid : FOPS_ID_UNSET,
                .pid = c->pid,
                .auid = auid,
                .uid = uid,
                .euid = euid,
                .comm = c->comm,
                .path = c->path,
                .new_path = c->new_path,
                .dir = c->dir,
                .count = c->count,
        };
        FopsSpan message;
        char text[1024];

        message = fops_message_from_operation(&arena, &op, names);
        assert_true(message.size < sizeof(text));
        memcpy(text, message.data, message.size);
        text[message.size] = '\0';
        assert_string_equal(text, c->expected);
        assert_int_equal(strlen(text), message.size);
        fops_arena_done(&arena);
}

static void check_all(const Case *cases, size_t n_cases) {
        for (size_t i = 0; i < n_cases; i++)
                check(cases + i, 1000, 1000, 1000);
}

static void test_the_lines_of_the_manual(_unused_ void **state) {
        static const Case deleted = { "alice deleted /srv/data/x with rm[4711]", FOPS_OP_DELETE, .path = S("/srv/data/x"),
                                      .comm = S("rm"), .pid = 4711 };
        static const Case renamed = { "alice as root renamed A to B with mv[4712]",
                                      FOPS_OP_RENAME,
                                      .path = S("A"),
                                      .new_path = S("B"),
                                      .comm = S("mv"),
                                      .pid = 4712 };
        static const Case denied = { "bob was denied (EACCES) modifying /etc/shadow with vi[4713]",
                                     FOPS_OP_MODIFY,
                                     .exit = -EACCES,
                                     .path = S("/etc/shadow"),
                                     .comm = S("vi"),
                                     .pid = 4713 };

        check(&deleted, 1000, 1000, 1000);
        check(&renamed, 1000, 0, 0);
        check(&denied, 1001, 1001, 1001);
}

static void test_every_operation_has_its_verb(_unused_ void **state) {
        static const Case cases[] = {
                { "alice created /x with p[1]", FOPS_OP_CREATE, .path = S("/x"), WITH("p") },
                { "alice created directory /x with p[1]", FOPS_OP_MKDIR, .path = S("/x"), WITH("p") },
                { "alice created node /x with p[1]", FOPS_OP_MKNOD, .path = S("/x"), WITH("p") },
                { "alice created device /x with p[1]", FOPS_OP_MKNOD, .path = S("/x"), .inode = 5, .mode = S_IFCHR | 0600,
                  WITH("p") },
                { "alice created fifo /x with p[1]", FOPS_OP_MKNOD, .path = S("/x"), .inode = 5, .mode = S_IFIFO | 0600,
                  WITH("p") },
                { "alice created symlink /a -> target with ln[1]", FOPS_OP_SYMLINK, .path = S("/a"), .target = S("target"),
                  WITH("ln") },
                { "alice linked /a to /b with ln[1]", FOPS_OP_LINK, .path = S("/a"), .new_path = S("/b"), WITH("ln") },
                { "alice deleted /x with p[1]", FOPS_OP_DELETE, .path = S("/x"), WITH("p") },
                { "alice removed directory /x with p[1]", FOPS_OP_RMDIR, .path = S("/x"), WITH("p") },
                { "alice renamed /a to /b with mv[1]", FOPS_OP_RENAME, .path = S("/a"), .new_path = S("/b"), WITH("mv") },
                { "alice exchanged /a and /b with mv[1]", FOPS_OP_EXCHANGE, .path = S("/a"), .new_path = S("/b"),
                  WITH("mv") },
                { "alice modified /x with p[1]", FOPS_OP_MODIFY, .path = S("/x"), WITH("p") },
                { "alice truncated /x with p[1]", FOPS_OP_TRUNCATE, .path = S("/x"), WITH("p") },
                { "alice read /x with p[1]", FOPS_OP_READ, .path = S("/x"), WITH("p") },
                { "alice listed /x with p[1]", FOPS_OP_LIST, .path = S("/x"), WITH("p") },
                { "alice executed /x with p[1]", FOPS_OP_EXEC, .path = S("/x"), WITH("p") },
                { "alice changed mode of /x to 0600 with p[1]", FOPS_OP_CHMOD, .path = S("/x"), .has_new_mode = true,
                  .new_mode = 0100600, WITH("p") },
                { "alice changed mode of /x with p[1]", FOPS_OP_CHMOD, .path = S("/x"), WITH("p") },
                { "alice changed owner of /x to bob:staff with p[1]", FOPS_OP_CHOWN, .path = S("/x"), .new_uid = 1001,
                  .new_gid = 50, WITH("p") },
                { "alice changed owner of /x to 77 with p[1]", FOPS_OP_CHOWN, .path = S("/x"), .new_uid = 77, WITH("p") },
                { "alice changed owner of /x to :51 with p[1]", FOPS_OP_CHOWN, .path = S("/x"), .new_gid = 51, WITH("p") },
                { "alice changed owner of /x with p[1]", FOPS_OP_CHOWN, .path = S("/x"), WITH("p") },
                { "alice set an extended attribute of /x with p[1]", FOPS_OP_SETXATTR, .path = S("/x"), WITH("p") },
                { "alice removed an extended attribute of /x with p[1]", FOPS_OP_REMOVEXATTR, .path = S("/x"), WITH("p") },
                { "alice changed times of /x with p[1]", FOPS_OP_UTIME, .path = S("/x"), WITH("p") },
                { "alice mounted /x with p[1]", FOPS_OP_MOUNT, .path = S("/x"), WITH("p") },
                { "alice unmounted /x with p[1]", FOPS_OP_UMOUNT, .path = S("/x"), WITH("p") },
                { "alice called getxattr on /x with p[1]", FOPS_OP_OTHER, .path = S("/x"), .syscall = "getxattr",
                  WITH("p") },
                { "alice called setuid with p[1]", FOPS_OP_OTHER, .syscall = "setuid", WITH("p") },
                { "alice called system call 999 with p[1]", FOPS_OP_OTHER, WITH("p") },
                { "alice modified /x with p[1], 12 times", FOPS_OP_MODIFY, .path = S("/x"), WITH("p"), .count = 12 },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_a_failure_says_why(_unused_ void **state) {
        static const Case cases[] = {
                { "alice was denied (EPERM) changing owner of /x with p[1]", FOPS_OP_CHOWN, .exit = -EPERM, .path = S("/x"),
                  WITH("p") },
                { "alice was denied (EROFS) creating directory /x with p[1]", FOPS_OP_MKDIR, .exit = -EROFS, .path = S("/x"),
                  WITH("p") },
                { "alice failed (ENOENT) to delete /x with rm[1]", FOPS_OP_DELETE, .exit = -ENOENT, .path = S("/x"),
                  WITH("rm") },
                { "alice failed (error -512) to read /x with p[1]", FOPS_OP_READ, .exit = -512, .path = S("/x"), WITH("p") },
                { "alice failed (error -9223372036854775808) to read /x with p[1]", FOPS_OP_READ, .exit = INT64_MIN,
                  .path = S("/x"), WITH("p") },
                { "alice failed to read /x with p[1]", FOPS_OP_READ, .exit = -1, .without_exit = true, .path = S("/x"),
                  WITH("p") },
                { "alice tried to read /x with p[1]", FOPS_OP_READ, .unknown_outcome = true, .path = S("/x"), WITH("p") },
                { "alice failed (EEXIST) to create a directory in /srv with mkdir[1]", FOPS_OP_MKDIR, .exit = -EEXIST,
                  .dir = S("/srv"), WITH("mkdir") },
                { "alice was denied (EACCES) renaming /a to an unknown name with mv[1]", FOPS_OP_RENAME, .exit = -EACCES,
                  .path = S("/a"), WITH("mv") },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_an_unknown_path_is_not_passed_off_as_one(_unused_ void **state) {
        static const Case cases[] = {
                { "alice deleted \"x\" in /srv/data (path unresolved) with rm[1]", FOPS_OP_DELETE, .name = S("x"),
                  .dir = S("/srv/data"), WITH("rm") },
                { "alice modified \"x\" (unresolved) with p[1]", FOPS_OP_MODIFY, .name = S("x"), .inode = 7, WITH("p") },
                { "alice removed directory \"x\" (unresolved) with p[1]", FOPS_OP_RMDIR, .name = S("x"), WITH("p") },
                { "alice deleted something in /srv/data with rm[1]", FOPS_OP_DELETE, .dir = S("/srv/data"), WITH("rm") },
                { "alice deleted something in /srv/data with rm[1]", FOPS_OP_DELETE, .inode = 7, .dir = S("/srv/data"),
                  WITH("rm") },
                { "alice changed mode of inode 123 on 254:0 with p[1]", FOPS_OP_CHMOD, .inode = 123, WITH("p") },
                { "alice deleted something in inode 12 on 8:1 with p[1]", FOPS_OP_DELETE, .parent_inode = 12, WITH("p") },
                { "alice created something with p[1]", FOPS_OP_CREATE, WITH("p") },
                { "alice created a symlink -> t with p[1]", FOPS_OP_SYMLINK, .target = S("t"), WITH("p") },
                { "alice created a nameless file in /srv with p[1]", FOPS_OP_CREATE, .is_nameless = true, .parent_inode = 9,
                  .dir = S("/srv"), WITH("p") },
                { "alice created a nameless file with p[1]", FOPS_OP_CREATE, .is_nameless = true, .parent_inode = 9,
                  WITH("p") },
                { "alice renamed /a to \"b\" (unresolved) with mv[1]", FOPS_OP_RENAME, .path = S("/a"), .new_name = S("b"),
                  WITH("mv") },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_people_are_named_by_login_and_effective_user(_unused_ void **state) {
        static const Case plain = { "www-data read /x with p[1]", FOPS_OP_READ, .path = S("/x"), WITH("p") };
        static const Case setuid = { "alice as root read /x with p[1]", FOPS_OP_READ, .path = S("/x"), WITH("p") };
        static const Case su = { "alice as bob read /x with p[1]", FOPS_OP_READ, .path = S("/x"), WITH("p") };
        static const Case unknown = { "uid 1234 as uid 815 read /x with p[1]", FOPS_OP_READ, .path = S("/x"), WITH("p") };
        static const Case nobody = { "somebody read /x with p[1]", FOPS_OP_READ, .path = S("/x"), WITH("p") };
        static const Case only_euid = { "root read /x with p[1]", FOPS_OP_READ, .path = S("/x"), WITH("p") };
        static const Case domain = { "CORP\\eve as \"two words\" read /x with p[1]", FOPS_OP_READ, .path = S("/x"),
                                     WITH("p") };

        check(&plain, FOPS_ID_UNSET, 33, 33);
        check(&setuid, FOPS_ID_UNSET, 1000, 0);
        check(&su, 1000, 1001, 1001);
        check(&unknown, 1234, 1234, 815);
        check(&nobody, FOPS_ID_UNSET, FOPS_ID_UNSET, FOPS_ID_UNSET);
        check(&only_euid, FOPS_ID_UNSET, FOPS_ID_UNSET, 0);
        check(&domain, 2000, 2001, 2001);
}

static void test_a_deed_is_told_as_an_operation_is(_unused_ void **state) {
        static const char somebody[] = "somebody removed 4 rules", alice[] = "alice as root removed 4 rules with auditctl[4711]";
        _cleanup_(fops_names_freep) FopsNames *names = fops_names_new();
        FopsOperation who = { .uid = FOPS_ID_UNSET, .auid = FOPS_ID_UNSET, .euid = FOPS_ID_UNSET };
        FopsArena arena = {};

        assert_true(fops_span_equal_string(fops_message_from_deed(&arena, &who, names, "removed 4 rules"), somebody));
        who = (FopsOperation){ .pid = 4711, .auid = 1000, .euid = 0, .comm = S("auditctl") };
        assert_true(fops_span_equal_string(fops_message_from_deed(&arena, &who, names, "removed 4 rules"), alice));
        fops_arena_done(&arena);
}

static void test_a_ring_has_no_program_name(_unused_ void **state) {
        static const Case cases[] = {
                { "alice deleted /x through io_uring[4711]", FOPS_OP_DELETE, .is_uring = true, .path = S("/x"),
                  .pid = 4711 },
                { "alice deleted /x through io_uring", FOPS_OP_DELETE, .is_uring = true, .path = S("/x") },
                { "alice called io_uring operation 999 through io_uring[4711]", FOPS_OP_OTHER, .is_uring = true,
                  .pid = 4711 },
                { "alice deleted /x with pid 4711", FOPS_OP_DELETE, .path = S("/x"), .pid = 4711 },
                { "alice deleted /x", FOPS_OP_DELETE, .path = S("/x") },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_hostile_names_stay_within_the_line(_unused_ void **state) {
        static const Case cases[] = {
                { "alice deleted /a\\x0ab with p\\x1b[1]", FOPS_OP_DELETE, .path = S("/a\nb"), WITH("p\x1b") },
                { "alice deleted /a\\xff\\xfeb with p[1]", FOPS_OP_DELETE,
                  .path = S("/a\xff\xfe"
                            "b"),
                  WITH("p") },
                { "alice deleted /a\\x00b with p[1]", FOPS_OP_DELETE, .path = S("/a\0b"), WITH("p") },
                { "alice deleted /a\\xe2\\x80\\xaegpj.exe with p[1]", FOPS_OP_DELETE, .path = S("/a\u202egpj.exe"),
                  WITH("p") },
                { "alice deleted /a\\xe2\\x81\\xa6\\xe2\\x80\\x8b\\xe2\\x80\\xa9\\xef\\xbb\\xbf with p[1]", FOPS_OP_DELETE,
                  .path = S("/a\u2066\u200b\u2029\ufeff"), WITH("p") },
                { "alice deleted /a\\xc2\\x9b with p[1]", FOPS_OP_DELETE, .path = S("/a\xc2\x9b"), WITH("p") },
                /* a surrogate, an overlong slash, a truncated character */
                { "alice deleted /\\xed\\xa0\\x80\\xc0\\xaf\\xe2\\x82 with p[1]", FOPS_OP_DELETE,
                  .path = S("/\xed\xa0\x80\xc0\xaf\xe2\x82"), WITH("p") },
                /* what looks like an escape in the name isn't one in the line */
                { "alice deleted /\\x5cx0a\\\\x5cxff\\n\\ with p[1]", FOPS_OP_DELETE, .path = S("/\\x0a\\\\xff\\n\\"),
                  WITH("p") },
                { "alice deleted /häß→日本.txt with p[1]", FOPS_OP_DELETE, .path = S("/häß→日本.txt"), WITH("p") },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_a_name_with_blanks_cannot_forge_the_rest(_unused_ void **state) {
        static const Case cases[] = {
                { "alice deleted \"/srv/x with rm[1]\" with evil[2]", FOPS_OP_DELETE, .path = S("/srv/x with rm[1]"),
                  .comm = S("evil"), .pid = 2 },
                { "alice deleted \"/a\\x22 with rm[1]\" with \"tmux: server\"[2]", FOPS_OP_DELETE,
                  .path = S("/a\" with rm[1]"), .comm = S("tmux: server"), .pid = 2 },
                { "alice deleted \"/a\\x22b\" with p[2]", FOPS_OP_DELETE, .path = S("/a\"b"), .comm = S("p"), .pid = 2 },
                { "alice deleted \"/a\u00a0with\u00a0rm[1]\" with p[2]", FOPS_OP_DELETE,
                  .path = S("/a\u00a0with\u00a0rm[1]"), .comm = S("p"), .pid = 2 },
                { "alice deleted \"x\\x22 in /etc\" in /srv (path unresolved) with p[2]", FOPS_OP_DELETE,
                  .name = S("x\" in /etc"), .dir = S("/srv"), .comm = S("p"), .pid = 2 },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_a_long_path_is_not_cut(_unused_ void **state) {
        static char path[16000];
        FopsSyscall call = {};
        FopsEvent event = {};
        FopsArena arena = {};
        FopsOperation op = {
                .event = &event,
                .op = FOPS_OP_RENAME,
                .outcome = FOPS_OUTCOME_SUCCESS,
                .syscall = &call,
                .auid = FOPS_ID_UNSET,
                .uid = 7,
                .euid = 7,
                .path = { path, sizeof(path) },
                .new_path = { path, sizeof(path) },
                .new_uid = FOPS_ID_UNSET,
                .new_gid = FOPS_ID_UNSET,
        };
        FopsSpan message;

        memset(path, '\x01', sizeof(path));
        message = fops_message_from_operation(&arena, &op, NULL);
        assert_int_equal(message.size, strlen("uid 7 renamed  to ") + 2 * 4 * sizeof(path));
        assert_memory_equal(message.data, "uid 7 renamed \\x01\\x01", 22);
        assert_memory_equal(message.data + message.size - 8, "\\x01\\x01", 8);
        fops_arena_done(&arena);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_lines_of_the_manual),
                cmocka_unit_test(test_every_operation_has_its_verb),
                cmocka_unit_test(test_a_failure_says_why),
                cmocka_unit_test(test_an_unknown_path_is_not_passed_off_as_one),
                cmocka_unit_test(test_people_are_named_by_login_and_effective_user),
                cmocka_unit_test(test_a_deed_is_told_as_an_operation_is),
                cmocka_unit_test(test_a_ring_has_no_program_name),
                cmocka_unit_test(test_hostile_names_stay_within_the_line),
                cmocka_unit_test(test_a_name_with_blanks_cannot_forge_the_rest),
                cmocka_unit_test(test_a_long_path_is_not_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
