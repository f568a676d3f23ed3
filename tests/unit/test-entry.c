/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Operations and events made by hand against the fields of their entries, in order, as NAME=value lines. */

#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <syslog.h>

#include <cmocka.h>

#include "config.h"
#include "entry.h"
#include "names.h"

/* In the place of libc's, so that the same users exist everywhere. */
int getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret) {
        *ret = NULL;
        if (uid != 0 && uid != 1000)
                return 0;
        snprintf(buffer, size, "%s", uid == 0 ? "root" : "alice");
        *pw = (struct passwd){ .pw_name = buffer };
        *ret = pw;
        return 0;
}

int getgrgid_r(gid_t gid, struct group *gr, char *buffer, size_t size, struct group **ret) {
        *ret = NULL;
        if (gid != 50)
                return 0;
        snprintf(buffer, size, "staff");
        *gr = (struct group){ .gr_name = buffer };
        *ret = gr;
        return 0;
}

#define S(s) FOPS_SPAN_LITERAL(s)
#define HEADER "SYSLOG_IDENTIFIER=fopsd\nMESSAGE_ID=3dbd21cb70f143d0a5ce15885701b9d1\n"
#define TIME "FOPSD_EVENT=1795309541.049:12\nFOPSD_TIME=1795309541.049\n"

static const FopsEventId event_id = { .sec = 1795309541, .msec = 49, .serial = 12 };

/* Compares, and ends the entry. */
static void assert_fields(FopsEntry *e, const char *expected) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        for (size_t i = 0; i < e->n_fields; i++) {
                assert_true(fops_span_is_present(e->fields[i].value) && e->fields[i].value.size > 0);
                fprintf(f, "%s=", e->fields[i].name);
                fwrite(e->fields[i].value.data, 1, e->fields[i].value.size, f);
                fputc('\n', f);
        }
        assert_int_equal(fclose(f), 0);
        assert_string_equal(text, expected);
        fops_entry_done(e);
}

/* An operation of which nothing is known but that it was. */
static FopsOperation bare_operation(const FopsEvent *event, const FopsSyscall *call) {
        return (FopsOperation){
                .event = event,
                .op = FOPS_OP_DELETE,
                .nr = -1,
                .syscall = call,
                .new_uid = FOPS_ID_UNSET,
                .new_gid = FOPS_ID_UNSET,
                .uid = FOPS_ID_UNSET,
                .gid = FOPS_ID_UNSET,
                .euid = FOPS_ID_UNSET,
                .auid = FOPS_ID_UNSET,
                .session = FOPS_ID_UNSET,
        };
}

static void test_what_is_unknown_adds_nothing(_unused_ void **state) {
        FopsEvent event = { .id = event_id };
        FopsSyscall call = {};
        FopsOperation op = bare_operation(&event, &call);
        static FopsEntry e;

        fops_entry_from_operation(&e, &op, NULL, false);
        assert_fields(&e, HEADER "PRIORITY=6\nFOPSD_KIND=operation\n"
                                 "MESSAGE=somebody tried to delete something\n" TIME
                                 "FOPSD_OP=delete\nFOPSD_CLASS=write\nFOPSD_PATH_SOURCE=unresolved\n");
}

static void test_what_is_known_is_all_there(_unused_ void **state) {
        _cleanup_(fops_names_freep) FopsNames *names = fops_names_new();
        char data[] = "data", extra[] = "extra", third[] = "third", path[] = "/srv/data", other_path[] = "/srv";
        char *keys[] = { data, extra, NULL }, *other_keys[] = { extra, third, NULL };
        FopsWatch watch = { .path = path, .keys = keys, .priority = LOG_DEBUG, .priority_failed = LOG_ERR };
        FopsWatch other = { .path = other_path, .keys = other_keys, .priority = LOG_CRIT, .priority_failed = LOG_CRIT };
        FopsEventRecord record = { .type = 1300, .text = S("audit(1795309541.049:12): arch=c000003e") };
        FopsEvent event = { .id = event_id, .node = S("web1"), .records = &record, .n_records = 1 };
        FopsItem item = {
                .name = S("a"),
                .has_inode = true,
                .inode = 1065074,
                .dev_major = 254,
                .dev_minor = 1,
                .mode = S_IFREG | 04644,
                .ouid = 0,
                .ogid = 50,
        };
        FopsItem replaced = { .has_inode = true, .inode = 77 };
        FopsSyscall call = { .name = "renameat2" };
        FopsOperation op = {
                .event = &event,
                .op = FOPS_OP_RENAME,
                .outcome = FOPS_OUTCOME_FAILED,
                .has_exit = true,
                .exit = -EBUSY,
                .arch = 0xc000003e,
                .nr = 316,
                .syscall = &call,
                .n_args = 4,
                .args = { 0xffffff9c, 0x55d7015320d9, 0, UINT64_MAX },
                .object.item = &item,
                .has_two_names = true,
                .replaced = &replaced,
                .target = S("t"),
                .cwd = S("/srv/data"),
                .has_new_mode = true,
                .new_mode = S_IFREG | 0600,
                .new_uid = 1000,
                .new_gid = 50,
                .pid = 4711,
                .ppid = 4700,
                .uid = 0,
                .gid = 50,
                .euid = 0,
                .auid = 1000,
                .session = 3,
                .comm = S("mv"),
                .exe = S("/usr/bin/mv"),
                .tty = S("pts0"),
                .subj = S("unconfined"),
                .cmdline = S("mv a b"),
                .keys = { S("data"), S("rule") },
                .n_keys = 2,
                .path = S("/srv/data/a"),
                .new_path = S("/srv/data/b"),
                .dir = S("/srv/data"),
                .source = FOPS_PATH_VERIFIED,
                .unit = S("session-3.scope"),
                .container = S("c"),
                .runtime = S("lxc"),
                .parents = { S("bash[4700] /usr/bin/bash"), S("sshd[900] /usr/sbin/sshd") },
                .n_parents = 2,
                .watches = { &watch, &other },
                .n_watches = 2,
                .count = 3,
                .last_id = { .sec = 1795309542, .msec = 7, .serial = 15 },
                .replayed = true,
        };
        static FopsEntry e;

        fops_entry_from_operation(&e, &op, names, true);
        assert_fields(
                &e, HEADER
                "PRIORITY=3\nFOPSD_KIND=operation\n"
                "MESSAGE=alice as root failed (EBUSY) to rename /srv/data/a to /srv/data/b with mv[4711], 3 times\n" TIME
                "FOPSD_NODE=web1\n"
                "FOPSD_OP=rename\nFOPSD_CLASS=write\nFOPSD_RESULT=failed\nFOPSD_EXIT=-16\nFOPSD_ERRNO=EBUSY\n"
                "FOPSD_PATH=/srv/data/a\nFOPSD_NEW_PATH=/srv/data/b\nFOPSD_TARGET=t\nFOPSD_PATH_SOURCE=verified\n"
                "FOPSD_DIR=/srv/data\nFOPSD_BELOW=/srv\nFOPSD_BELOW=/srv/data\nFOPSD_NAME=a\nFOPSD_CWD=/srv/data\nFOPSD_REPLACED_INODE=77\n"
                "FOPSD_INODE=1065074\nFOPSD_DEV=254:1\nFOPSD_MODE=4644\nFOPSD_FILE_TYPE=file\nFOPSD_OUID=0\nFOPSD_OGID=50\n"
                "FOPSD_NEW_MODE=0600\nFOPSD_NEW_UID=1000\nFOPSD_NEW_GID=50\n"
                "FOPSD_KEY=data\nFOPSD_KEY=rule\nFOPSD_KEY=extra\nFOPSD_KEY=third\nFOPSD_WATCH=/srv/data\nFOPSD_WATCH=/srv\n"
                "FOPSD_SYSCALL=renameat2\nFOPSD_ARCH=x86_64\nFOPSD_ARGS=a0=ffffff9c a1=55d7015320d9 a2=0 "
                "a3=ffffffffffffffff\n"
                "FOPSD_PID=4711\nFOPSD_PPID=4700\nFOPSD_EXE=/usr/bin/mv\nFOPSD_COMM=mv\nFOPSD_CMDLINE=mv a b\n"
                "FOPSD_UID=0\nFOPSD_USER=root\nFOPSD_EUID=0\nFOPSD_GID=50\nFOPSD_GROUP=staff\nFOPSD_AUID=1000\n"
                "FOPSD_LOGIN_USER=alice\nFOPSD_SESSION=3\nFOPSD_TTY=pts0\nFOPSD_SUBJ=unconfined\n"
                "FOPSD_PARENT=bash[4700] /usr/bin/bash\nFOPSD_PARENT=sshd[900] /usr/sbin/sshd\n"
                "FOPSD_UNIT=session-3.scope\nFOPSD_CONTAINER=c\nFOPSD_RUNTIME=lxc\n"
                "FOPSD_COUNT=3\nFOPSD_LAST_TIME=1795309542.007\nFOPSD_REPLAYED=1\n"
                "FOPSD_RECORD=type=SYSCALL msg=audit(1795309541.049:12): arch=c000003e\n");
}

static void test_a_ring_has_neither_arch_nor_arguments(_unused_ void **state) {
        FopsEvent event = { .id = event_id };
        FopsSyscall call = { .name = "unlinkat" }, unknown = {};
        FopsOperation op = bare_operation(&event, &call);
        static FopsEntry e;

        op.is_uring = true;
        op.nr = 36;
        fops_entry_from_operation(&e, &op, NULL, false);
        assert_true(fops_span_equal_string(fops_entry_get(&e, "FOPSD_SYSCALL"), "io_uring:unlinkat"));
        assert_false(fops_span_is_present(fops_entry_get(&e, "FOPSD_ARCH")));
        assert_false(fops_span_is_present(fops_entry_get(&e, "FOPSD_ARGS")));

        op.syscall = &unknown;
        fops_entry_from_operation(&e, &op, NULL, false);
        assert_true(fops_span_equal_string(fops_entry_get(&e, "FOPSD_SYSCALL"), "io_uring:36"));
        fops_entry_done(&e);
}

static void test_unknown_calls_and_machines_are_numbers(_unused_ void **state) {
        FopsEvent event = { .id = event_id };
        FopsSyscall call = {};
        FopsOperation op = bare_operation(&event, &call);
        static FopsEntry e;

        op.nr = 4321;
        op.arch = 0xdeadbeef;
        fops_entry_from_operation(&e, &op, NULL, false);
        assert_true(fops_span_equal_string(fops_entry_get(&e, "FOPSD_SYSCALL"), "4321"));
        assert_true(fops_span_equal_string(fops_entry_get(&e, "FOPSD_ARCH"), "deadbeef"));
        fops_entry_done(&e);
}

static void test_an_errno_is_named_only_of_a_failure(_unused_ void **state) {
        static const struct {
                FopsOutcome outcome;
                int64_t exit;
                const char *name;
        } cases[] = {
                { FOPS_OUTCOME_FAILED, -EACCES, "EACCES" }, { FOPS_OUTCOME_FAILED, -512, NULL },
                { FOPS_OUTCOME_FAILED, INT64_MIN, NULL },   { FOPS_OUTCOME_FAILED, 0, NULL },
                { FOPS_OUTCOME_SUCCESS, 13, NULL },         { FOPS_OUTCOME_SUCCESS, -13, NULL },
        };
        FopsEvent event = { .id = event_id };
        FopsSyscall call = {};
        static FopsEntry e;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FopsOperation op = bare_operation(&event, &call);

                op.outcome = cases[i].outcome;
                op.has_exit = true;
                op.exit = cases[i].exit;
                fops_entry_from_operation(&e, &op, NULL, false);
                assert_true(fops_span_equal_string(fops_entry_get(&e, "FOPSD_ERRNO"), cases[i].name));
                assert_int_equal(e.priority, cases[i].outcome == FOPS_OUTCOME_FAILED ? LOG_NOTICE : LOG_INFO);
        }
        fops_entry_done(&e);
}

static void test_a_nameless_file_has_its_own_inode(_unused_ void **state) {
        FopsEvent event = { .id = event_id };
        FopsSyscall call = {};
        FopsItem item = { .name = S("/srv"), .has_inode = true, .inode = 5, .mode = S_IFREG | 0600 };
        FopsOperation op = bare_operation(&event, &call);
        static FopsEntry e;

        op.op = FOPS_OP_CREATE;
        op.object.parent = &item;
        op.object.is_nameless = true;
        fops_entry_from_operation(&e, &op, NULL, false);
        assert_true(fops_span_equal_string(fops_entry_get(&e, "FOPSD_INODE"), "5"));
        assert_false(fops_span_is_present(fops_entry_get(&e, "FOPSD_NAME")));
        fops_entry_done(&e);
}

static void test_a_call_without_a_file_has_no_path_source(_unused_ void **state) {
        FopsEvent event = { .id = event_id };
        FopsSyscall call = { .name = "setuid", .flags = FOPS_SYSCALL_NOT_FILE };
        FopsOperation op = bare_operation(&event, &call);
        static FopsEntry e;

        op.op = FOPS_OP_OTHER;
        fops_entry_from_operation(&e, &op, NULL, false);
        assert_false(fops_span_is_present(fops_entry_get(&e, "FOPSD_PATH_SOURCE")));
        fops_entry_done(&e);
}

static void test_bytes_of_a_name_stay_what_they_are(_unused_ void **state) {
        FopsEvent event = { .id = event_id };
        FopsSyscall call = {};
        FopsOperation op = bare_operation(&event, &call);
        static FopsEntry e;

        op.path = S("/a\n\0\xff\u202e");
        fops_entry_from_operation(&e, &op, NULL, false);
        assert_true(fops_span_equal(fops_entry_get(&e, "FOPSD_PATH"), op.path));
        fops_entry_done(&e);
}

static void test_a_foreign_event_is_published_raw(_unused_ void **state) {
        FopsEventRecord records[] = {
                { .type = 1400, .text = S("audit(1795309541.049:12): avc:  denied") },
                { .type = 65000, .text = S("audit(1795309541.049:12): x") },
                { .type = 1400, .text = S("audit(1795309541.049:12): avc:  granted") },
        };
        FopsEvent event = { .id = event_id, .records = records, .n_records = ELEMENTSOF(records) };
        static FopsEntry e;

        fops_entry_from_event(&e, &event);
        assert_fields(&e,
                      "SYSLOG_IDENTIFIER=fopsd\nMESSAGE_ID=41ad0a18214a43febf3dc0dda8049555\nPRIORITY=6\nFOPSD_KIND=record\n"
                      "MESSAGE=type=AVC msg=audit(1795309541.049:12): avc:  denied\n" TIME
                      "FOPSD_RECORD_TYPE=AVC\nFOPSD_RECORD_TYPE=UNKNOWN[65000]\n"
                      "FOPSD_RECORD=type=AVC msg=audit(1795309541.049:12): avc:  denied\n"
                      "FOPSD_RECORD=type=UNKNOWN[65000] msg=audit(1795309541.049:12): x\n"
                      "FOPSD_RECORD=type=AVC msg=audit(1795309541.049:12): avc:  granted\n");
}

static void test_an_id_is_written_one_way_however_it_was_read(_unused_ void **state) {
        static const struct {
                FopsSpan text;
                const char *event, *time;
        } ids[] = {
                { S("audit(1795309541.049:12): x"), "1795309541.049:12", "1795309541.049" },
                { S("audit(1795309541.049:12):x"), "1795309541.049:12", "1795309541.049" },
                { S("audit(1795309541.049:0): x"), "1795309541.049:0", "1795309541.049" },
                { S("audit(1795309541.049:012): x"), "1795309541.049:12", "1795309541.049" },
                { S("audit(1795309541.0049:12): x"), "1795309541.049:12", "1795309541.049" },
                { S("audit(1795309541.49:1234): x"), "1795309541.049:1234", "1795309541.049" },
                { S("audit(0179530954.049:12): x"), "179530954.049:12", "179530954.049" },
                { S("audit(179530954.049:123): x"), "179530954.049:123", "179530954.049" },
                { S("audit(17953095410.049:1): x"), "17953095410.049:1", "17953095410.049" },
                { S("audit(7.9:1): x"), "7.009:1", "7.009" },
                { S("audit(1795309541.049:12): "), "1795309541.049:12", "1795309541.049" },
        };
        static FopsEntry e;

        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                FopsRecordDiag diag;
                FopsRecord parsed;
                FopsEventRecord record;
                FopsEvent event;

                assert_int_equal(fops_record_parse(1400, ids[i].text, NULL, &parsed, &diag), FOPS_RECORD_OK);
                record = (FopsEventRecord){ .type = 1400, .text = parsed.text, .body = parsed.body };
                event = (FopsEvent){ .id = parsed.id, .records = &record, .n_records = 1 };
                fops_entry_from_event(&e, &event);
                assert_true(fops_span_equal_string(fops_entry_get(&e, "FOPSD_EVENT"), ids[i].event));
                assert_true(fops_span_equal_string(fops_entry_get(&e, "FOPSD_TIME"), ids[i].time));
        }
}

static void test_a_field_is_never_empty(_unused_ void **state) {
        static FopsEntry e;

        fops_entry_begin(&e, FOPS_KIND_STATE, LOG_INFO);
        fops_entry_add(&e, "A", FOPS_SPAN_ABSENT);
        fops_entry_add(&e, "B", S(""));
        fops_entry_printf(&e, "C", "%s", "");
        fops_entry_add_u64(&e, "D", UINT64_MAX);
        fops_entry_add_i64(&e, "E", INT64_MIN);
        assert_fields(&e,
                      "SYSLOG_IDENTIFIER=fopsd\nMESSAGE_ID=bc4470ef77b74f9eb26a85465ef3dfbe\nPRIORITY=6\nFOPSD_KIND=state\n"
                      "D=18446744073709551615\nE=-9223372036854775808\n");
}

static void test_a_long_text_is_formatted_whole(_unused_ void **state) {
        static FopsEntry e;
        char text[1000];

        for (size_t size = 120; size < sizeof(text); size += size < 135 ? 1 : 500) {
                memset(text, 'x', size);
                text[size] = '\0';
                fops_entry_begin(&e, FOPS_KIND_GAP, LOG_INFO);
                fops_entry_printf(&e, "A", "%s", text);
                assert_true(fops_span_equal_string(fops_entry_get(&e, "A"), text));
        }
        fops_entry_done(&e);
}

static void test_a_full_entry_says_so(_unused_ void **state) {
        static FopsEntry e;

        fops_entry_begin(&e, FOPS_KIND_RECORD, LOG_INFO);
        while (e.n_fields < FOPS_ENTRY_FIELDS_MAX)
                fops_entry_add(&e, "A", S("x"));
        assert_false(e.truncated);
        fops_entry_add(&e, "B", S(""));
        assert_false(e.truncated);
        fops_entry_add(&e, "B", S("x"));
        assert_true(e.truncated);
        assert_int_equal(e.n_fields, FOPS_ENTRY_FIELDS_MAX);

        fops_entry_begin(&e, FOPS_KIND_RECORD, LOG_INFO);
        assert_false(e.truncated);
        assert_int_equal(e.n_fields, 4);
        fops_entry_done(&e);
}

static void test_every_kind_has_its_own_message_id(_unused_ void **state) {
        for (size_t i = 0; i < _FOPS_KIND_MAX; i++) {
                assert_int_equal(strlen(fops_kind_message_id((FopsKind) i)), 32);
                assert_int_equal(strspn(fops_kind_message_id((FopsKind) i), "0123456789abcdef"), 32);
                for (size_t j = 0; j < i; j++) {
                        assert_string_not_equal(fops_kind_message_id((FopsKind) i), fops_kind_message_id((FopsKind) j));
                        assert_string_not_equal(fops_kind_to_string((FopsKind) i), fops_kind_to_string((FopsKind) j));
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_unknown_adds_nothing),
                cmocka_unit_test(test_what_is_known_is_all_there),
                cmocka_unit_test(test_a_ring_has_neither_arch_nor_arguments),
                cmocka_unit_test(test_unknown_calls_and_machines_are_numbers),
                cmocka_unit_test(test_an_errno_is_named_only_of_a_failure),
                cmocka_unit_test(test_a_nameless_file_has_its_own_inode),
                cmocka_unit_test(test_a_call_without_a_file_has_no_path_source),
                cmocka_unit_test(test_bytes_of_a_name_stay_what_they_are),
                cmocka_unit_test(test_a_foreign_event_is_published_raw),
                cmocka_unit_test(test_an_id_is_written_one_way_however_it_was_read),
                cmocka_unit_test(test_a_field_is_never_empty),
                cmocka_unit_test(test_a_long_text_is_formatted_whole),
                cmocka_unit_test(test_a_full_entry_says_so),
                cmocka_unit_test(test_every_kind_has_its_own_message_id),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
