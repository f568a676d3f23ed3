/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Events as Linux 6.18 logs them (tests/data/) into operations. */

#include <fcntl.h>
#include <sys/stat.h>

#include "test-records.h"

#include "operation.h"
#include "rule-compiler.h"

typedef struct Fixture {
        FopsSyscallTable *syscalls;
        FopsEvent *event;
        FopsOperation op;
} Fixture;

static void read_lines(Fixture *f, const char *lines) {
        f->event = fops_event_free(f->event);
        f->event = event_from_lines(lines);
        assert_int_equal(fops_operation_from_event(f->event, f->syscalls, NULL, &f->op), FOPS_OPERATION_OK);
        assert_ptr_equal(f->op.event, f->event);
        assert_non_null(f->op.syscall);
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f)
                return -1;
        f->syscalls = fops_syscall_table_new();
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        fops_event_free(f->event);
        fops_syscall_table_free(f->syscalls);
        free(f);
        return 0;
}

/* The object is the item of that index, by the name it was logged with. */
#define assert_item(item_, i) assert_ptr_equal(item_, f->op.items + (i))

/* --- who and how ------------------------------------------------------------------------------------------------------ */

static void test_the_process_is_read_from_the_call(void **state) {
        Fixture *f = *state;

        read_lines(f, RECORD("SYSCALL", "arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=56289148205a a2=41 a3=1a4 items=2 "
                                        "ppid=25293 pid=25294 auid=1000 uid=1 gid=2 euid=3 suid=4 fsuid=5 egid=6 sgid=7 fsgid=8 tty=pts0 "
                                        "ses=9 comm=\"opsgen\" exe=2F612062 subj=unconfined key=\"data\""));
        assert_int_equal(f->op.arch, 0xc000003e);
        assert_int_equal(f->op.nr, 257);
        assert_string_equal(f->op.syscall->name, "openat");
        assert_true(f->op.has_exit);
        assert_int_equal(f->op.exit, 3);
        assert_int_equal(f->op.outcome, FOPS_OUTCOME_SUCCESS);
        assert_int_equal(f->op.n_args, 4);
        assert_int_equal(f->op.args[1], 0x56289148205a);
        assert_int_equal(f->op.ppid, 25293);
        assert_int_equal(f->op.pid, 25294);
        assert_int_equal(f->op.auid, 1000);
        assert_int_equal(f->op.uid, 1);
        assert_int_equal(f->op.gid, 2);
        assert_int_equal(f->op.euid, 3);
        assert_int_equal(f->op.session, 9);
        assert_span(f->op.tty, "pts0");
        assert_span(f->op.comm, "opsgen");
        assert_span(f->op.exe, "/a b");
        assert_span(f->op.subj, "unconfined");
}

static void test_what_is_unset_or_missing_is_unknown(void **state) {
        Fixture *f = *state;

        read_lines(f, RECORD("SYSCALL", "arch=c000003e syscall=87 a0=1 a1=2 a2=3 auid=4294967295 uid=-1 tty=(none) comm=(null) key=(null)"));
        assert_int_equal(f->op.auid, FOPS_ID_UNSET);
        assert_int_equal(f->op.uid, FOPS_ID_UNSET);
        assert_int_equal(f->op.session, FOPS_ID_UNSET);
        assert_int_equal(f->op.pid, 0);
        assert_int_equal(f->op.outcome, FOPS_OUTCOME_UNKNOWN);
        assert_int_equal(f->op.n_args, 0);
        assert_false(f->op.has_exit);
        assert_span(f->op.tty, NULL);
        assert_span(f->op.comm, NULL);
        assert_int_equal(f->op.n_keys, 0);
        assert_span(f->op.tag, NULL);
}

static void test_an_event_without_a_call_is_no_operation(void **state) {
        Fixture *f = *state;
        FopsOperation op = { .pid = 4711 };

        f->event = event_from_lines(PARENT("/srv/", 2) FILE_ITEM("/srv/x", 7, "DELETE"));
        assert_int_equal(fops_operation_from_event(f->event, f->syscalls, NULL, &op), FOPS_OPERATION_NONE);
        assert_int_equal(op.pid, 4711);
}

static void test_comm_cannot_forge_a_key(void **state) {
        Fixture *f = *state;

        read_lines(f, RECORD("SYSCALL", "arch=c000003e syscall=87 pid=1 comm=\"key=x\" exe=\"/key=y\" key=\"data\""));
        assert_int_equal(f->op.n_keys, 1);
        assert_span(f->op.keys[0], "data");
        assert_span(f->op.comm, "key=x");

        read_lines(f, RECORD("SYSCALL", "arch=c000003e syscall=87 pid=1 comm=\"key=x\" exe=\"/x\" key=(null)"));
        assert_int_equal(f->op.n_keys, 0);

        read_lines(f, RECORD("SYSCALL", "arch=c000003e syscall=87 pid=1 comm=6B65793D2278222070 exe=\"/x\" key=\"k\""));
        assert_span(f->op.comm, "key=\"x\" p");
        assert_span(f->op.keys[0], "k");
}

static void test_the_second_key_counts(void **state) {
        Fixture *f = *state;

        /* A security module prints its label as it is; the kernel's key is always behind it. */
        read_lines(f, RECORD("SYSCALL", "arch=c000003e syscall=87 pid=1 comm=\"x\" subj=a key=\"forged\" pid=2 key=\"true\""));
        assert_int_equal(f->op.n_keys, 1);
        assert_span(f->op.keys[0], "true");
        assert_int_equal(f->op.pid, 1);
}

static void test_joined_keys_come_apart_and_the_tag_is_ours(void **state) {
        Fixture *f = *state;

        /* "one" 01 "two" 01 "fopsd:w1" */
        read_lines(f, RECORD("SYSCALL", "arch=c000003e syscall=87 key=6F6E650174776F01666F7073643A7731"));
        assert_int_equal(f->op.n_keys, 2);
        assert_span(f->op.keys[0], "one");
        assert_span(f->op.keys[1], "two");
        assert_span(f->op.tag, FOPS_TAG_PREFIX "w1");

        /* Nothing between separators is no key; those over the bound are left out. */
        read_lines(f, RECORD("SYSCALL", "arch=c000003e syscall=87 key=01016101"));
        assert_int_equal(f->op.n_keys, 1);
        read_lines(f, RECORD("SYSCALL", "arch=c000003e syscall=87 "
                                        "key=6101610161016101610161016101610161016101610161016101610161016101610161"));
        assert_int_equal(f->op.n_keys, FOPS_KEYS_PER_OPERATION_MAX);
}

/* "fopsd:never" 01 "fopsd:12" */
static void test_what_never_drops_is_unwanted_whatever_else_is_in_the_key(void **state) {
        Fixture *f = *state;

        read_lines(f, RECORD("SYSCALL", "arch=c000003e syscall=87 key=666F7073643A6E6576657201666F7073643A3132"));
        assert_true(f->op.is_unwanted);
        assert_span(f->op.tag, FOPS_TAG_PREFIX "12");
        read_lines(f, RECORD("SYSCALL", "arch=c000003e syscall=87 key=\"fopsd:neverx\""));
        assert_false(f->op.is_unwanted);
}

static void test_numbers_beyond_their_type_are_no_numbers(void **state) {
        Fixture *f = *state;

        read_lines(f, RECORD("SYSCALL", "arch=1c000003e syscall=4294967296 exit=9223372036854775808 pid=4294967296 a0=1 a1=2 a2=3 a3=x")
                           ITEM("\"x\"", 18446744073709551616, "0100644", "NORMAL")
                           RECORD("PATH", "name=\"y\" inode=7 dev=1fffffffe:00 nametype=NORMAL"));
        assert_int_equal(f->op.arch, 0);
        assert_int_equal(f->op.nr, -1);
        assert_false(f->op.has_exit);
        assert_int_equal(f->op.pid, 0);
        assert_int_equal(f->op.n_args, 0);
        assert_false(f->op.items[0].has_inode);
        assert_false(f->op.items[1].has_inode);
}

/* --- items ------------------------------------------------------------------------------------------------------------ */

static void test_an_item_is_read_whole(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=87") RECORD("PATH", "item=3 name=2F612062 inode=247064 dev=fe:1a mode=0100640 ouid=5 ogid=6 "
                                                           "rdev=00:00 obj=system_u:object_r:etc_t:s0 nametype=DELETE cap_fp=0"));
        assert_int_equal(f->op.n_items, 1);
        assert_int_equal(f->op.items[0].index, 3);
        assert_span(f->op.items[0].name, "/a b");
        assert_true(f->op.items[0].has_inode);
        assert_int_equal(f->op.items[0].inode, 247064);
        assert_int_equal(f->op.items[0].dev_major, 0xfe);
        assert_int_equal(f->op.items[0].dev_minor, 0x1a);
        assert_int_equal(f->op.items[0].mode, 0100640);
        assert_int_equal(f->op.items[0].ouid, 5);
        assert_int_equal(f->op.items[0].ogid, 6);
        assert_int_equal(f->op.items[0].nametype, FOPS_NAMETYPE_DELETE);
}

static void test_a_file_name_cannot_forge_an_item(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=87")
                           FILE_ITEM("/srv/nametype=DELETE", 7, "CREATE")
                           FILE_ITEM("(null)", 8, "NORMAL")
                           ITEM("(null)", 9, "0100644", "NORMAL")
                           ITEM("78206E616D65747970653D44454C45544520696E6F64653D31", 10, "0100644", "NORMAL")
                           FILE_ITEM("it's=1", 11, "NORMAL"));
        assert_int_equal(f->op.items[0].nametype, FOPS_NAMETYPE_CREATE);
        assert_span(f->op.items[0].name, "/srv/nametype=DELETE");
        assert_span(f->op.items[1].name, "(null)");
        assert_span(f->op.items[2].name, NULL);
        assert_span(f->op.items[3].name, "x nametype=DELETE inode=1");
        assert_int_equal(f->op.items[3].nametype, FOPS_NAMETYPE_NORMAL);
        assert_int_equal(f->op.items[3].inode, 10);
        assert_span(f->op.items[4].name, "it's=1");
}

static void test_old_kernels_called_it_objtype(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=87 success=yes exit=0") CWD("\"/srv\"")
                           RECORD("PATH", "item=0 name=\"/srv/\" inode=2 dev=fe:00 mode=040755 ouid=0 ogid=0 rdev=00:00 objtype=PARENT")
                           RECORD("PATH", "item=1 name=\"/srv/x\" inode=7 dev=fe:00 mode=0100644 ouid=0 ogid=0 rdev=00:00 objtype=DELETE"));
        assert_item(f->op.object.item, 1);
        assert_item(f->op.object.parent, 0);
}

static void test_a_current_directory_that_is_gone_is_not_certain(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=87") CWD("\"/srv\""));
        assert_span(f->op.cwd, "/srv");
        assert_true(f->op.cwd_is_certain);

        read_lines(f, CALL_64("syscall=87") CWD("2F7372762F646174612F676F6E65202864656C6574656429"));
        assert_span(f->op.cwd, "/srv/data/gone (deleted)");
        assert_false(f->op.cwd_is_certain);

        read_lines(f, CALL_64("syscall=87") CWD("\"<too_long>\""));
        assert_span(f->op.cwd, NULL);
        assert_false(f->op.cwd_is_certain);

        read_lines(f, CALL_64("syscall=87") CWD("\"(unreachable)/x\""));
        assert_false(f->op.cwd_is_certain);
        read_lines(f, CALL_64("syscall=87") CWD("(null)"));
        assert_span(f->op.cwd, NULL);
}

/* --- opening ---------------------------------------------------------------------------------------------------------- */

static void test_what_an_open_is_depends_on_its_flags(void **state) {
        static const struct {
                const char *flags;
                FopsOp op;
        } cases[] = {
                { "0", FOPS_OP_READ },        { "8000", FOPS_OP_READ },    { "1", FOPS_OP_MODIFY },  { "2", FOPS_OP_MODIFY },
                { "401", FOPS_OP_MODIFY },    { "200", FOPS_OP_MODIFY },   { "40", FOPS_OP_READ },   { "241", FOPS_OP_MODIFY },
                { "200000", FOPS_OP_OTHER },  { "200241", FOPS_OP_OTHER }, { "680002", FOPS_OP_OTHER },
        };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char lines[1024];

                snprintf(lines, sizeof(lines), CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=%s a3=0")
                         FILE_ITEM("x", 7, "NORMAL"), cases[i].flags);
                read_lines(f, lines);
                assert_int_equal(f->op.op, cases[i].op);
                assert_item(f->op.object.item, 0);
        }
}

static void test_a_directory_opened_for_reading_is_listed(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=10000 a3=0") DIR_ITEM("/srv", 7, "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_LIST);
        read_lines(f, CALL_32("syscall=5 success=yes exit=3 a0=1 a1=98800 a2=0 a3=0") DIR_ITEM("/srv", 7, "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_LIST);
}

static void test_an_open_that_makes_the_file_is_a_create(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=41 a3=1a4") CWD("\"/srv\"")
                           PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/a", 7, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_CREATE);
        assert_item(f->op.object.item, 1);
        assert_item(f->op.object.parent, 0);
        assert_int_equal(f->op.object.base, FOPS_BASE_CWD);
        assert_false(f->op.has_new_mode);

        read_lines(f, CALL_64("syscall=85 success=yes exit=3 a0=1 a1=1a4 a2=0 a3=0") CWD("\"/srv\"")
                           PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/a", 7, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_CREATE);
        read_lines(f, CALL_64("syscall=85 success=yes exit=3 a0=1 a1=1a4 a2=0 a3=0") FILE_ITEM("/srv/data/a", 7, "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_MODIFY);
}

static void test_a_refused_create_has_only_its_directory(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=257 success=no exit=-13 a0=ffffff9c a1=1 a2=41 a3=1a4") CWD("\"/srv\"") PARENT("/srv/data/", 2));
        assert_int_equal(f->op.op, FOPS_OP_CREATE);
        assert_int_equal(f->op.outcome, FOPS_OUTCOME_FAILED);
        assert_int_equal(f->op.exit, -13);
        assert_null(f->op.object.item);
        assert_item(f->op.object.parent, 0);

        /* O_EXCL: what stood there is in the records. */
        read_lines(f, CALL_64("syscall=257 success=no exit=-17 a0=ffffff9c a1=1 a2=c1 a3=1a4") FILE_ITEM("/srv/data/x", 7, "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_CREATE);
        assert_item(f->op.object.item, 0);
        /* Another refusal is of the file itself. */
        read_lines(f, CALL_64("syscall=257 success=no exit=-13 a0=ffffff9c a1=1 a2=41 a3=1a4") FILE_ITEM("/srv/data/x", 7, "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_MODIFY);
}

static void test_a_tmpfile_is_made_without_a_name(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=410002 a3=180") CWD("\"/srv\"")
                           FILE_ITEM("/srv/data", 7, "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_CREATE);
        assert_true(f->op.object.is_nameless);
        assert_null(f->op.object.item);
        assert_item(f->op.object.parent, 0);
}

static void test_openat2_says_its_flags_in_octal(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=437 success=yes exit=3 a0=ffffff9c a1=1 a2=7ffc a3=18")
                           RECORD("OPENAT2", "oflag=0101 mode=0644 resolve=0x8") CWD("\"/srv\"")
                           PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/a", 7, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_CREATE);
        read_lines(f, CALL_64("syscall=437 success=yes exit=3 a0=ffffff9c a1=1 a2=7ffc a3=18")
                           RECORD("OPENAT2", "oflag=01 mode=00 resolve=0x8") FILE_ITEM("/srv/data/a", 7, "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_MODIFY);
        /* The third argument is a pointer, not flags. */
        read_lines(f, CALL_64("syscall=437 success=yes exit=3 a0=ffffff9c a1=1 a2=41 a3=18") FILE_ITEM("/srv/data/a", 7, "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_OTHER);
}

/* What was there is perhaps reached by a symlink, which is what the records then name. */
static void test_what_is_opened_for_making_and_was_there_may_have_been_reached_by_a_symlink(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=41 a3=1a4") CWD("\"/srv\"")
                           PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/a", 7, "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_MODIFY);
        assert_item(f->op.object.parent, 0);
        assert_true(f->op.object.is_followed);
        read_lines(f, CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=41 a3=1a4") CWD("\"/srv\"")
                           PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/a", 7, "CREATE"));
        assert_false(f->op.object.is_followed);
        read_lines(f, CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=41 a3=1a4") FILE_ITEM("/srv/data/a", 7, "NORMAL"));
        assert_false(f->op.object.is_followed);
        read_lines(f, CALL_64("syscall=257 success=no exit=-13 a0=ffffff9c a1=1 a2=41 a3=1a4") PARENT("/srv/data/", 2));
        assert_false(f->op.object.is_followed);
}

/* The second pair is what was made; the first one's name is the link's directory. */
static void test_a_create_through_a_dangling_symlink_has_no_name(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=41 a3=1a4") CWD("\"/srv\"")
                           PARENT("/srv/data/", 2) ITEM("(null)", 2, "040755", "PARENT") ITEM("(null)", 7, "0100644", "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_CREATE);
        assert_item(f->op.object.item, 2);
        assert_item(f->op.object.parent, 1);
}


static void test_overlayfs_adds_nameless_items_of_its_layers(void **state) {
        Fixture *f = *state;

        /* A copy-up on an open for writing isn't a create. */
        read_lines(f, CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=241 a3=1b6") CWD("\"/merged\"")
                           ITEM("(null)", 90, "040755", "PARENT") ITEM("(null)", 91, "0100644", "CREATE")
                           FILE_ITEM("/merged/a", 7, "NORMAL") ITEM("(null)", 92, "0100644", "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_MODIFY);
        assert_item(f->op.object.item, 2);

        read_lines(f, CALL_64("syscall=87 success=yes exit=0 a0=1 a1=1 a2=1 a3=1") CWD("\"/merged\"")
                           ITEM("(null)", 90, "040755", "PARENT") ITEM("(null)", 91, "0100644", "DELETE")
                           PARENT("/merged/", 2) FILE_ITEM("/merged/a", 7, "DELETE"));
        assert_item(f->op.object.item, 3);
        assert_item(f->op.object.parent, 2);
}

/* What overlayfs does in its upper layer finds the items of the same name, and puts the layer's inode into them. */
static void test_an_inode_of_a_layer_is_nobodys(void **state) {
#define LAYER_ITEM(name, ino, type) ITEM_ON("fd:00", name, ino, "0100644", type)
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=87 success=yes exit=0 a0=1 a1=1 a2=1 a3=1") PARENT("/merged/", 2)
                           LAYER_ITEM("\"/merged/a\"", 7, "DELETE"));
        assert_item(f->op.object.item, 1);
        assert_false(f->op.object.item->has_inode);

        /* A layer that comes later is the home of nothing. */
        read_lines(f, CALL_64("syscall=87 success=yes exit=0 a0=1 a1=1 a2=1 a3=1") PARENT("/merged/", 2)
                           LAYER_ITEM("\"/upper/\"", 90, "PARENT") FILE_ITEM("/merged/a", 7, "DELETE"));
        assert_item(f->op.object.item, 2);
        assert_true(f->op.object.item->has_inode);

        /* Items without a name, beside named ones, are the layer's own; and what was there before is on whatever it was. */
        read_lines(f, CALL_64("syscall=265 success=yes exit=0 a0=3 a1=1 a2=4 a3=1") PARENT("/merged/", 2)
                           LAYER_ITEM("\"/merged/a\"", 7, "NORMAL") FILE_ITEM("/merged/b", 7, "CREATE") LAYER_ITEM("(null)", 91, "CREATE"));
        assert_item(f->op.object.item, 1);
        assert_true(f->op.object.item->has_inode);
        assert_item(f->op.new_object.item, 2);
        assert_true(f->op.new_object.item->has_inode);
        assert_true(f->op.items[3].has_inode);
}

/* --- making and unmaking ---------------------------------------------------------------------------------------------- */

static void test_unlinkat_may_remove_a_directory(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=263 success=yes exit=0 a0=3 a1=1 a2=200 a3=0") CWD("\"/srv\"")
                           PARENT("/srv", 2) DIR_ITEM("dd", 7, "DELETE"));
        assert_int_equal(f->op.op, FOPS_OP_RMDIR);
        assert_int_equal(f->op.object.base, FOPS_BASE_FD);
        assert_int_equal(f->op.object.fd, 3);
        assert_item(f->op.object.item, 1);
        assert_item(f->op.object.parent, 0);

        read_lines(f, CALL_64("syscall=263 success=yes exit=0 a0=3 a1=1 a2=0 a3=0") PARENT("/srv", 2) FILE_ITEM("n", 7, "DELETE"));
        assert_int_equal(f->op.op, FOPS_OP_DELETE);
        read_lines(f, CALL_64("syscall=84 success=yes exit=0 a0=1 a1=1 a2=1 a3=1") PARENT("/srv/", 2) DIR_ITEM("/srv/d", 7, "DELETE"));
        assert_int_equal(f->op.op, FOPS_OP_RMDIR);
}

static void test_failed_calls_have_only_the_directory(void **state) {
        static const char *const calls[] = {
                CALL_64("syscall=83 success=no exit=-17 a0=1 a1=1ed a2=0 a3=0"), CALL_64("syscall=87 success=no exit=-2 a0=1 a1=2 a2=0 a3=0"),
                CALL_64("syscall=133 success=no exit=-17 a0=1 a1=1 a2=0 a3=0"),
        };
        static const FopsOp ops[] = { FOPS_OP_MKDIR, FOPS_OP_DELETE, FOPS_OP_MKNOD };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
                char lines[1024];

                snprintf(lines, sizeof(lines), "%s%s", calls[i], CWD("\"/srv\"") PARENT("/srv/data/", 2));
                read_lines(f, lines);
                assert_int_equal(f->op.op, ops[i]);
                assert_int_equal(f->op.outcome, FOPS_OUTCOME_FAILED);
                assert_null(f->op.object.item);
                assert_item(f->op.object.parent, 0);
        }
}

static void test_a_symlink_has_a_target(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=266 success=yes exit=0 a0=1 a1=4 a2=2 a3=0") CWD("\"/srv\"")
                           PARENT("/srv", 2) INODELESS("\"sub/in\"", "UNKNOWN") ITEM("\"ln\"", 7, "0120777", "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_SYMLINK);
        assert_span(f->op.target, "sub/in");
        assert_item(f->op.object.item, 2);
        assert_item(f->op.object.parent, 0);
        assert_int_equal(f->op.object.base, FOPS_BASE_FD);
        assert_int_equal(f->op.object.fd, 4);

        /* Refused before the link's own name was looked up: which is which isn't said. */
        read_lines(f, CALL_64("syscall=88 success=no exit=-2 a0=1 a1=4 a2=2 a3=0") CWD("\"/srv\"")
                           INODELESS("\"no/ln\"", "UNKNOWN") INODELESS("\"sub/in\"", "UNKNOWN"));
        assert_span(f->op.target, NULL);
}

static void test_a_link_has_an_old_and_a_new_name(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=265 success=yes exit=0 a0=3 a1=1 a2=4 a3=1") CWD("\"/srv\"")
                           PARENT("/srv", 2) FILE_ITEM("n3", 7, "NORMAL") FILE_ITEM("n4", 7, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_LINK);
        assert_true(f->op.has_two_names);
        assert_item(f->op.object.item, 1);
        assert_null(f->op.object.parent);
        assert_int_equal(f->op.object.fd, 3);
        assert_item(f->op.new_object.item, 2);
        assert_item(f->op.new_object.parent, 0);
        assert_int_equal(f->op.new_object.fd, 4);

        /* AT_EMPTY_PATH: what the descriptor is open on. */
        read_lines(f, CALL_64("syscall=265 success=yes exit=0 a0=3 a1=1 a2=ffffff9c a3=1") CWD("\"/srv\"")
                           PARENT("/srv", 2) FILE_ITEM("", 7, "NORMAL") FILE_ITEM("n4", 7, "CREATE"));
        assert_true(f->op.object.is_fd);
        assert_int_equal(f->op.object.fd, 3);
        assert_int_equal(f->op.new_object.base, FOPS_BASE_CWD);
}

static void test_bind_makes_the_node_of_a_unix_socket_only(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=49 success=yes exit=0 a0=3 a1=1 a2=10 a3=1") CWD("\"/srv\"")
                           PARENT("/srv/", 2) ITEM("\"/srv/s\"", 7, "0140755", "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_MKNOD);
        assert_item(f->op.object.item, 1);
        assert_int_equal(f->op.object.base, FOPS_BASE_CWD);
        read_lines(f, CALL_64("syscall=49 success=yes exit=0 a0=3 a1=1 a2=10 a3=1") RECORD("SOCKADDR", "saddr=0200"));
        assert_int_equal(f->op.op, FOPS_OP_OTHER);
}

/* --- renaming --------------------------------------------------------------------------------------------------------- */

#define RENAME CALL_64("syscall=82 success=yes exit=0 a0=1 a1=2 a2=0 a3=0") CWD("\"/srv\"")

static void test_a_rename_pairs_each_name_with_its_directory(void **state) {
        Fixture *f = *state;

        /* As captured: the new parent first. */
        read_lines(f, RENAME PARENT("/srv/", 1) PARENT("/srv/data/", 2)
                           FILE_ITEM("/srv/data/b", 8, "DELETE") FILE_ITEM("/srv/outside", 8, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        assert_item(f->op.object.item, 2);
        assert_item(f->op.object.parent, 1);
        assert_item(f->op.new_object.item, 3);
        assert_item(f->op.new_object.parent, 0);
        assert_null(f->op.replaced);

        /* The other way round it is the same. */
        read_lines(f, RENAME PARENT("/srv/data/", 2) PARENT("/srv/", 1)
                           FILE_ITEM("/srv/data/b", 8, "DELETE") FILE_ITEM("/srv/outside", 8, "CREATE"));
        assert_item(f->op.object.parent, 0);
        assert_item(f->op.new_object.parent, 1);
}

static void test_a_name_of_one_component_belongs_to_the_current_directory(void **state) {
        Fixture *f = *state;

        read_lines(f, RENAME PARENT("sub/", 3) PARENT("/srv", 1) FILE_ITEM("b", 8, "DELETE") FILE_ITEM("sub/c", 8, "CREATE"));
        assert_item(f->op.object.parent, 1);
        assert_item(f->op.new_object.parent, 0);
        /* Doubled and trailing slashes count as the kernel counts them. */
        read_lines(f, RENAME PARENT("sub//", 3) PARENT("/srv", 1) DIR_ITEM("b/", 8, "DELETE") DIR_ITEM("sub//c//", 8, "CREATE"));
        assert_item(f->op.object.parent, 1);
        assert_item(f->op.new_object.parent, 0);
}

static void test_directories_that_cannot_be_told_apart_stay_open(void **state) {
        Fixture *f = *state;

        /* renameat(3, "n1", 4, "n2"): both PARENTs are called as the current directory, which is neither. */
        read_lines(f, CALL_64("syscall=264 success=yes exit=0 a0=3 a1=1 a2=4 a3=1") CWD("\"/srv\"")
                           PARENT("/srv", 2) PARENT("/srv", 3) FILE_ITEM("n1", 8, "DELETE") FILE_ITEM("n2", 8, "CREATE"));
        assert_null(f->op.object.parent);
        assert_null(f->op.new_object.parent);
        assert_int_equal(f->op.object.fd, 3);
        assert_int_equal(f->op.new_object.fd, 4);

        /* One directory under two descriptors is certain again. */
        read_lines(f, CALL_64("syscall=264 success=yes exit=0 a0=3 a1=1 a2=4 a3=1") CWD("\"/srv\"")
                           PARENT("/srv", 2) PARENT("/srv", 2) FILE_ITEM("n1", 8, "DELETE") FILE_ITEM("n2", 8, "CREATE"));
        assert_non_null(f->op.object.parent);
        assert_int_equal(f->op.object.parent->inode, 2);
        assert_int_equal(f->op.new_object.parent->inode, 2);
}

static void test_a_rename_over_a_file_replaces_it(void **state) {
        Fixture *f = *state;

        read_lines(f, RENAME PARENT("/srv/data/", 2) PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/a", 8, "DELETE")
                           FILE_ITEM("/srv/data/b", 9, "DELETE") FILE_ITEM("/srv/data/b", 8, "CREATE"));
        assert_item(f->op.object.item, 2);
        assert_item(f->op.new_object.item, 4);
        assert_item(f->op.replaced, 3);

        /* Whatever their order. */
        read_lines(f, RENAME PARENT("/srv/data/", 2) PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/b", 9, "DELETE")
                           FILE_ITEM("/srv/data/a", 8, "DELETE") FILE_ITEM("/srv/data/b", 8, "CREATE"));
        assert_item(f->op.object.item, 3);
        assert_item(f->op.replaced, 2);
}

/* renameat(a, p, b, p): the kernel has one name for the two, and the new one gets it. */
static void test_one_pointer_for_both_names_leaves_the_old_one_nameless(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=264 success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
                           PARENT("/tmp/w", 20)
                           ITEM("(null)", 21, "040755", "PARENT")
                           ITEM("(null)", 22, "0100644", "DELETE")
                           FILE_ITEM("y", 22, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        assert_item(f->op.object.item, 2);
        assert_span(f->op.object.item->name, "y");
        assert_item(f->op.object.parent, 1);
        assert_item(f->op.new_object.item, 3);
        assert_item(f->op.new_object.parent, 0);
        assert_null(f->op.replaced);
}

static void test_one_pointer_for_both_names_of_an_exchange(void **state) {
        Fixture *f = *state;

        /* 22 was in 21, 23 in 20, both as "y". */
        read_lines(f, CALL_64("syscall=316 success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
                           PARENT("/tmp/w", 20)
                           ITEM("(null)", 21, "040755", "PARENT")
                           ITEM("(null)", 22, "0100644", "DELETE")
                           ITEM("\"y\"", 23, "040755", "DELETE")
                           ITEM("\"y\"", 23, "040755", "CREATE")
                           ITEM("(null)", 21, "040755", "PARENT"));
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_item(f->op.object.item, 2);
        assert_int_equal(f->op.object.item->inode, 22);
        assert_span(f->op.object.item->name, "y");
        assert_item(f->op.object.parent, 1);
        assert_item(f->op.new_object.item, 4);
        assert_int_equal(f->op.new_object.item->inode, 23);
        assert_item(f->op.new_object.parent, 0);
        assert_null(f->op.replaced);

        /* renameat() can't. */
        read_lines(f, CALL_64("syscall=264 success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
                           PARENT("/tmp/w", 20)
                           ITEM("(null)", 21, "040755", "PARENT")
                           ITEM("(null)", 22, "0100644", "DELETE")
                           ITEM("\"y\"", 23, "040755", "DELETE")
                           ITEM("\"y\"", 23, "040755", "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
}

static void test_what_is_called_as_before_was_exchanged_with_what_else_was_removed(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=316 success=yes exit=0 a0=ffffff9c a1=1 a2=ffffff9c a3=2") CWD("\"/srv/a/b/c\"")
                           PARENT("/srv/a/b/c", 20) PARENT("../../", 21)
                           FILE_ITEM("../../f", 22, "DELETE") FILE_ITEM("f", 23, "DELETE") FILE_ITEM("f", 23, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_item(f->op.object.item, 2);
        assert_item(f->op.object.parent, 1);
        assert_item(f->op.new_object.item, 4);
        assert_item(f->op.new_object.parent, 0);
        assert_null(f->op.replaced);

        /* What may be one has its directories only by the order of their items, or by the index. */
        read_lines(f, CALL_64("syscall=316 success=yes exit=0 a0=ffffff9c a1=1 a2=ffffff9c a3=2") CWD("\"/srv/a/b/c\"")
                           PARENT("/srv/a/b/c", 20) PARENT("../../", 21)
                           FILE_ITEM("../../f", 23, "DELETE") FILE_ITEM("../../f", 23, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        assert_null(f->op.object.parent);
        assert_null(f->op.new_object.parent);

        /* rename() over it isn't. */
        read_lines(f, CALL_64("syscall=316 success=yes exit=0 a0=ffffff9c a1=1 a2=ffffff9c a3=2") CWD("\"/srv/a/b/c\"")
                           PARENT("/srv/a/b/c", 20) PARENT("../../", 21)
                           FILE_ITEM("../../f", 22, "DELETE") FILE_ITEM("f", 23, "DELETE") FILE_ITEM("f", 22, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        assert_item(f->op.replaced, 3);
}

static void test_exchanges_in_an_overlay_have_the_layers_inodes_in_some_items(void **state) {
        Fixture *f = *state;

        /* The old name's, which isn't known then. */
        read_lines(f, CALL_64("syscall=316 success=yes exit=0 a0=ffffff9c a1=1 a2=ffffff9c a3=2") CWD("\"/m/b\"")
                           ITEM("\"/m/b\"", 20, "040755", "PARENT") ITEM("\"../a/\"", 21, "040755", "PARENT")
                           ITEM_ON("fd:00", "\"../a/h\"", 90, "0100644", "DELETE") ITEM("\"h\"", 23, "0100644", "DELETE")
                           ITEM_ON("fd:00", "(null)", 91, "040755", "PARENT") ITEM_ON("fd:00", "(null)", 90, "0100644", "CREATE")
                           ITEM("\"h\"", 23, "0100644", "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_item(f->op.object.item, 2);
        assert_false(f->op.object.item->has_inode);
        assert_item(f->op.object.parent, 1);
        assert_item(f->op.new_object.item, 6);
        assert_item(f->op.new_object.parent, 0);

        /* The new name's, by one pointer for both. */
        read_lines(f, CALL_64("syscall=316 success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
                           ITEM("\"/m/b\"", 20, "040755", "PARENT") ITEM("(null)", 21, "040755", "PARENT")
                           ITEM("(null)", 22, "0100644", "DELETE") ITEM_ON("fd:00", "\"h\"", 90, "0100644", "DELETE")
                           ITEM_ON("fd:00", "(null)", 91, "040755", "PARENT") ITEM_ON("fd:00", "(null)", 90, "0100644", "CREATE")
                           ITEM("\"h\"", 23, "0100644", "CREATE") ITEM("(null)", 21, "040755", "PARENT"));
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_item(f->op.object.item, 2);
        assert_item(f->op.object.parent, 1);
        assert_item(f->op.new_object.item, 6);
        assert_item(f->op.new_object.parent, 0);

        /* A rename, of which that is so too. */
        read_lines(f, CALL_64("syscall=316 success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
                           ITEM("\"/m/b\"", 20, "040755", "PARENT") ITEM("\"../a/\"", 21, "040755", "PARENT")
                           ITEM_ON("fd:00", "\"../a/h\"", 90, "0100644", "DELETE") ITEM("\"h\"", 22, "0100644", "CREATE")
                           ITEM_ON("fd:00", "(null)", 91, "040755", "PARENT"));
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        assert_int_equal(f->op.object.item->inode, 22);
}

static void test_a_nameless_removal_of_another_inode_is_not_the_old_name(void **state) {
        Fixture *f = *state;

        /* Nor is one without a directory of its own. */
        read_lines(f, CALL_64("syscall=264 success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
                           PARENT("/tmp/w", 20)
                           ITEM("(null)", 21, "040755", "PARENT")
                           ITEM("(null)", 23, "0100644", "DELETE")
                           FILE_ITEM("y", 22, "CREATE"));
        assert_null(f->op.object.item);
        read_lines(f, CALL_64("syscall=264 success=yes exit=0 a0=5 a1=1 a2=6 a3=1")
                           PARENT("/tmp/w", 20)
                           ITEM("(null)", 22, "0100644", "DELETE")
                           FILE_ITEM("y", 22, "CREATE"));
        assert_null(f->op.object.item);
}

static void test_crossed_inodes_are_an_exchange(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=316 success=yes exit=0 a0=ffffff9c a1=1 a2=ffffff9c a3=2") CWD("\"/srv\"")
                           PARENT("/srv/data/sub/", 3) PARENT("/srv/data/", 2)
                           FILE_ITEM("/srv/data/in", 8, "DELETE") FILE_ITEM("/srv/data/sub/y", 9, "DELETE")
                           FILE_ITEM("/srv/data/sub/y", 8, "CREATE") FILE_ITEM("/srv/data/in", 9, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_item(f->op.object.item, 2);
        assert_item(f->op.object.parent, 1);
        assert_item(f->op.new_object.item, 3);
        assert_item(f->op.new_object.parent, 0);
        assert_null(f->op.replaced);

        /* The same name in two directories: the second DELETE went into the first one's item. */
        read_lines(f, CALL_64("syscall=316 success=yes exit=0 a0=4 a1=1 a2=ffffff9c a3=2") CWD("\"/srv/b\"")
                           PARENT("/srv/b/", 3) PARENT("/srv/b", 2) FILE_ITEM("h", 9, "DELETE")
                           FILE_ITEM("/srv/b/h", 8, "CREATE") FILE_ITEM("h", 9, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        assert_item(f->op.object.item, 2);
        assert_int_equal(f->op.object.item->inode, 8);
        assert_item(f->op.object.parent, 1);
        assert_int_equal(f->op.new_object.item->inode, 9);
        assert_span(f->op.new_object.item->name, "/srv/b/h");
        assert_item(f->op.new_object.parent, 0);
        assert_null(f->op.replaced);
}

/* mv x sub/, where sub/x is: audit_inode_child() finds the item of "x" again for the file that goes. */
static void test_a_rename_over_the_same_name_elsewhere_keeps_its_inode(void **state) {
        Fixture *f = *state;

        read_lines(f, RENAME PARENT("/srv", 2) PARENT("sub/", 3) ITEM("\"x\"", 9, "0100600", "DELETE") FILE_ITEM("sub/x", 8, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        assert_item(f->op.object.item, 2);
        assert_int_equal(f->op.object.item->inode, 8);
        assert_int_equal(f->op.object.item->mode, 0100644);
        assert_span(f->op.object.item->name, "x");
        assert_item(f->op.object.parent, 0);
        assert_item(f->op.new_object.item, 3);
        assert_item(f->op.new_object.parent, 1);
        assert_non_null(f->op.replaced);
        assert_int_equal(f->op.replaced->inode, 9);
        assert_int_equal(f->op.replaced->mode, 0100600);
        assert_span(f->op.replaced->name, "sub/x");
        assert_int_equal(f->op.n_items, 4);
}

static void test_a_refused_rename_names_what_it_has(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=82 success=no exit=-1 a0=1 a1=2 a2=0 a3=0") CWD("\"/srv\"")
                           PARENT("/srv/a/", 2) PARENT("/srv/b/", 3) FILE_ITEM("/srv/b/x", 8, "DELETE"));
        assert_item(f->op.object.item, 2);
        assert_item(f->op.object.parent, 1);
        assert_null(f->op.new_object.item);
        assert_null(f->op.new_object.parent); /* which of the two isn't said */

        read_lines(f, CALL_64("syscall=82 success=no exit=-39 a0=1 a1=2 a2=0 a3=0") CWD("\"/srv\"")
                           PARENT("/srv/a/", 2) PARENT("/srv/b/", 3) DIR_ITEM("/srv/b/x", 8, "DELETE") DIR_ITEM("/srv/a/y", 9, "DELETE"));
        assert_item(f->op.object.item, 2);
        assert_item(f->op.new_object.item, 3);
        assert_item(f->op.new_object.parent, 0);
}

static void test_a_rename_on_overlayfs_is_between_its_names(void **state) {
        Fixture *f = *state;

        read_lines(f, RENAME PARENT("/merged/", 2) PARENT("/merged/", 2) ITEM("(null)", 90, "040755", "PARENT")
                           ITEM("(null)", 91, "0100644", "DELETE") ITEM("(null)", 91, "0100644", "CREATE")
                           FILE_ITEM("/merged/a", 8, "DELETE") FILE_ITEM("/merged/b", 8, "CREATE"));
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        assert_item(f->op.object.item, 5);
        assert_item(f->op.object.parent, 0);
        assert_item(f->op.new_object.item, 6);
        assert_item(f->op.new_object.parent, 0);
        assert_null(f->op.replaced);
}

/* --- attributes and descriptors --------------------------------------------------------------------------------------- */

static void test_fchmod_is_of_what_the_descriptor_is_open_on(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=91 success=yes exit=0 a0=3 a1=1180 a2=0 a3=0") CWD("\"/srv\"") ITEM("(null)", 7, "0100644", "NORMAL"));
        assert_int_equal(f->op.op, FOPS_OP_CHMOD);
        assert_true(f->op.object.is_fd);
        assert_int_equal(f->op.object.fd, 3);
        assert_int_equal(f->op.object.base, FOPS_BASE_UNKNOWN);
        assert_item(f->op.object.item, 0);
        assert_true(f->op.has_new_mode);
        assert_int_equal(f->op.new_mode, 0600);

        read_lines(f, CALL_64("syscall=260 success=yes exit=0 a0=5 a1=1 a2=3e8 a3=ffffffff") ITEM("(null)", 7, "0100644", "NORMAL"));
        assert_true(f->op.object.is_fd); /* fchownat(5, "", …, AT_EMPTY_PATH) */
        assert_int_equal(f->op.object.fd, 5);
}

static void test_the_current_directory_is_one_descriptor_in_any_width(void **state) {
        static const char *const forms[] = { "ffffff9c", "ffffffffffffff9c", "deadbeefffffff9c" };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                char lines[1024];

                snprintf(lines, sizeof(lines), CALL_64("syscall=268 success=yes exit=0 a0=%s a1=1 a2=180 a3=0") FILE_ITEM("n", 7, "NORMAL"),
                         forms[i]);
                read_lines(f, lines);
                assert_int_equal(f->op.object.base, FOPS_BASE_CWD);
        }
        read_lines(f, CALL_64("syscall=268 success=yes exit=0 a0=0 a1=1 a2=180 a3=0") FILE_ITEM("n", 7, "NORMAL"));
        assert_int_equal(f->op.object.base, FOPS_BASE_FD);
        assert_int_equal(f->op.object.fd, 0);
}

static void test_unchanged_owners_are_not_new_ones(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=92 success=yes exit=0 a0=1 a1=3e8 a2=ffffffff a3=0") FILE_ITEM("n", 7, "NORMAL"));
        assert_int_equal(f->op.new_uid, 1000);
        assert_int_equal(f->op.new_gid, FOPS_ID_UNSET);
        read_lines(f, CALL_64("syscall=92 success=yes exit=0 a0=1 a1=ffff a2=ffffffffffffffff a3=0") FILE_ITEM("n", 7, "NORMAL"));
        assert_int_equal(f->op.new_uid, 65535);
        assert_int_equal(f->op.new_gid, FOPS_ID_UNSET);

        /* i386: chown takes 16 bits, chown32 and fchownat 32. */
        read_lines(f, CALL_32("syscall=182 success=yes exit=0 a0=1 a1=ffff a2=3e8 a3=0") FILE_ITEM("n", 7, "NORMAL"));
        assert_int_equal(f->op.new_uid, FOPS_ID_UNSET);
        assert_int_equal(f->op.new_gid, 1000);
        read_lines(f, CALL_32("syscall=212 success=yes exit=0 a0=1 a1=ffff a2=ffffffff a3=0") FILE_ITEM("n", 7, "NORMAL"));
        assert_int_equal(f->op.new_uid, 65535);
        assert_int_equal(f->op.new_gid, FOPS_ID_UNSET);
        read_lines(f, CALL_32("syscall=298 success=yes exit=0 a0=ffffff9c a1=1 a2=ffff a3=1") FILE_ITEM("n", 7, "NORMAL"));
        assert_int_equal(f->op.new_uid, 65535);
}

/* --- command lines ---------------------------------------------------------------------------------------------------- */

static void test_a_command_line_is_put_together(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4")
                           RECORD("EXECVE", "argc=4 a0=\"sh\" a1=\"-c\" a2=6563686F2078 a3=\"\"") CWD("\"/srv\"")
                           FILE_ITEM("/bin/sh", 7, "NORMAL") FILE_ITEM("/lib64/ld-linux-x86-64.so.2", 8, "NORMAL")
                           RECORD("PROCTITLE", "proctitle=7368"));
        assert_int_equal(f->op.op, FOPS_OP_EXEC);
        assert_span(f->op.cmdline, "sh -c echo x ");
        assert_item(f->op.object.item, 0);
}

static void test_an_argument_in_pieces_over_several_records_is_one(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4")
                           RECORD("EXECVE", "argc=3 a0=\"sh\" a1_len=6 a1[0]=6162")
                           RECORD("EXECVE", "a1[1]=63 a1[2]=64")
                           RECORD("EXECVE", "a2=\"z\" a3=\"argc=3\" axe=1 a99999999999=\"n\""));
        assert_span(f->op.cmdline, "sh abcd z argc=3");
}

static void test_a_command_line_is_cut_at_its_bound(void **state) {
        static char lines[200000];
        Fixture *f = *state;
        size_t n = (size_t) snprintf(lines, sizeof(lines), "%s", CALL_64("syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4"));

        for (unsigned i = 0; i < 30; i++) {
                n += (size_t) snprintf(lines + n, sizeof(lines) - n, "type=EXECVE " EVENT_ID "a%u=\"", i);
                memset(lines + n, 'x', 1000);
                n += 1000;
                n += (size_t) snprintf(lines + n, sizeof(lines) - n, "\"\n");
        }
        read_lines(f, lines);
        assert_int_equal(f->op.cmdline.size, 16384);
        assert_int_equal(f->op.cmdline.data[1000], ' ');
        assert_int_equal(f->op.cmdline.data[16383], 'x');
}

static void test_without_an_execve_the_title_is_the_command_line(void **state) {
        Fixture *f = *state;

        read_lines(f, CALL_64("syscall=87") RECORD("PROCTITLE", "proctitle=726D002D7266002F737276002F646174610000"));
        assert_span(f->op.cmdline, "rm -rf /srv /data");
        read_lines(f, CALL_64("syscall=87") RECORD("PROCTITLE", "proctitle=\"bash\""));
        assert_span(f->op.cmdline, "bash");
        read_lines(f, CALL_64("syscall=87") RECORD("PROCTITLE", "proctitle=(null)"));
        assert_span(f->op.cmdline, NULL);
}

/* --- io_uring --------------------------------------------------------------------------------------------------------- */

static void test_io_uring_success_is_only_believed_of_a_new_inode(void **state) {
        Fixture *f = *state;

        read_lines(f, URINGOP("uring_op=18 success=yes exit=0 items=4") CWD("\"/srv/data\"")
                           ITEM("(null)", 2, "040755", "PARENT") INODELESS("(null)", "CREATE")
                           ITEM("(null)", 2, "040755", "PARENT") ITEM("(null)", 7, "0100644", "CREATE"));
        assert_true(f->op.is_uring);
        assert_int_equal(f->op.nr, 18);
        assert_string_equal(f->op.syscall->name, "openat");
        assert_int_equal(f->op.op, FOPS_OP_CREATE);
        assert_int_equal(f->op.outcome, FOPS_OUTCOME_SUCCESS);
        assert_item(f->op.object.item, 3);
        assert_int_equal(f->op.object.parent->inode, 2);
        assert_int_equal(f->op.object.base, FOPS_BASE_UNKNOWN);
        assert_int_equal(f->op.n_args, 0);

        read_lines(f, URINGOP("uring_op=36 success=yes exit=0 items=2") CWD("\"/srv/data\"")
                           ITEM("(null)", 2, "040755", "PARENT") ITEM("(null)", 7, "0100644", "DELETE"));
        assert_int_equal(f->op.op, FOPS_OP_DELETE);
        assert_int_equal(f->op.outcome, FOPS_OUTCOME_UNKNOWN);
        read_lines(f, URINGOP("uring_op=36 success=no exit=-2 items=1") ITEM("(null)", 2, "040755", "PARENT"));
        assert_int_equal(f->op.outcome, FOPS_OUTCOME_FAILED);
        read_lines(f, URINGOP("uring_op=36 success=yes exit=0 items=2") ITEM("(null)", 7, "040755", "DELETE"));
        assert_int_equal(f->op.op, FOPS_OP_RMDIR);
        read_lines(f, URINGOP("uring_op=18 success=yes exit=0 items=0"));
        assert_int_equal(f->op.op, FOPS_OP_OTHER);
        read_lines(f, URINGOP("uring_op=250 success=yes exit=0 items=0"));
        assert_int_equal(f->op.nr, 250);
        assert_null(f->op.syscall->name);
}

/* Done within io_uring_enter(), whose own records follow. */
static void test_io_uring_within_a_call_is_its_process_operation(void **state) {
        Fixture *f = *state;

        read_lines(f, URINGOP("uring_op=37 success=yes exit=0 items=2")
                           RECORD("SYSCALL", "arch=c000003e syscall=426 success=yes exit=1 a0=4 a1=1 a2=1 a3=1 items=2 ppid=11 pid=12 "
                                             "auid=1000 uid=5 gid=0 euid=0 tty=pts0 ses=3 comm=\"ring\" exe=\"/bin/ring\" key=\"other\"")
                           CWD("\"/srv\"") PARENT("/srv/", 2) DIR_ITEM("/srv/d", 7, "CREATE") RECORD("PROCTITLE", "proctitle=7368"));
        assert_true(f->op.is_uring);
        assert_int_equal(f->op.op, FOPS_OP_MKDIR);
        assert_int_equal(f->op.nr, 37);
        assert_int_equal(f->op.n_args, 0);
        assert_int_equal(f->op.exit, 0);
        assert_span(f->op.comm, "ring");
        assert_span(f->op.exe, "/bin/ring");
        assert_span(f->op.tty, "pts0");
        assert_int_equal(f->op.auid, 1000);
        assert_int_equal(f->op.session, 3);
        assert_int_equal(f->op.uid, 0); /* the ring's may be others than the caller's */
        assert_int_equal(f->op.n_keys, 0);
}

/* --- hostile ---------------------------------------------------------------------------------------------------------- */

/* As many items as an event may hold take no longer for being many. */
static void test_an_event_of_many_items_is_read_in_one_go(void **state) {
        static const char item[] = "type=PATH msg=audit(1795311569.353:600296): name=\"/a/%u\" inode=%u dev=0:0 nametype=%s\n";
        static char lines[6 << 20];
        Fixture *f = *state;
        size_t n = (size_t) snprintf(lines, sizeof(lines), "%s", RENAME);

        for (unsigned i = 0; i < 30000; i++)
                n += (size_t) snprintf(lines + n, sizeof(lines) - n, item, i, i,
                                       i % 3 == 0 ? "PARENT" : i % 3 == 1 ? "DELETE" : "CREATE");
        read_lines(f, lines);
        assert_int_equal(f->op.n_items, 30000);
        assert_true(f->op.has_two_names);
        assert_null(f->op.object.parent);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_the_process_is_read_from_the_call),
                TEST(test_what_is_unset_or_missing_is_unknown),
                TEST(test_an_event_without_a_call_is_no_operation),
                TEST(test_comm_cannot_forge_a_key),
                TEST(test_the_second_key_counts),
                TEST(test_joined_keys_come_apart_and_the_tag_is_ours),
                TEST(test_what_never_drops_is_unwanted_whatever_else_is_in_the_key),
                TEST(test_numbers_beyond_their_type_are_no_numbers),
                TEST(test_an_item_is_read_whole),
                TEST(test_a_file_name_cannot_forge_an_item),
                TEST(test_old_kernels_called_it_objtype),
                TEST(test_a_current_directory_that_is_gone_is_not_certain),
                TEST(test_what_an_open_is_depends_on_its_flags),
                TEST(test_a_directory_opened_for_reading_is_listed),
                TEST(test_an_open_that_makes_the_file_is_a_create),
                TEST(test_a_refused_create_has_only_its_directory),
                TEST(test_a_tmpfile_is_made_without_a_name),
                TEST(test_what_is_opened_for_making_and_was_there_may_have_been_reached_by_a_symlink),
                TEST(test_openat2_says_its_flags_in_octal),
                TEST(test_a_create_through_a_dangling_symlink_has_no_name),
                TEST(test_overlayfs_adds_nameless_items_of_its_layers),
                TEST(test_an_inode_of_a_layer_is_nobodys),
                TEST(test_unlinkat_may_remove_a_directory),
                TEST(test_failed_calls_have_only_the_directory),
                TEST(test_a_symlink_has_a_target),
                TEST(test_a_link_has_an_old_and_a_new_name),
                TEST(test_bind_makes_the_node_of_a_unix_socket_only),
                TEST(test_a_rename_pairs_each_name_with_its_directory),
                TEST(test_a_name_of_one_component_belongs_to_the_current_directory),
                TEST(test_directories_that_cannot_be_told_apart_stay_open),
                TEST(test_a_rename_over_a_file_replaces_it),
                TEST(test_one_pointer_for_both_names_leaves_the_old_one_nameless),
                TEST(test_one_pointer_for_both_names_of_an_exchange),
                TEST(test_what_is_called_as_before_was_exchanged_with_what_else_was_removed),
                TEST(test_exchanges_in_an_overlay_have_the_layers_inodes_in_some_items),
                TEST(test_a_nameless_removal_of_another_inode_is_not_the_old_name),
                TEST(test_crossed_inodes_are_an_exchange),
                TEST(test_a_rename_over_the_same_name_elsewhere_keeps_its_inode),
                TEST(test_a_refused_rename_names_what_it_has),
                TEST(test_a_rename_on_overlayfs_is_between_its_names),
                TEST(test_fchmod_is_of_what_the_descriptor_is_open_on),
                TEST(test_the_current_directory_is_one_descriptor_in_any_width),
                TEST(test_unchanged_owners_are_not_new_ones),
                TEST(test_a_command_line_is_put_together),
                TEST(test_an_argument_in_pieces_over_several_records_is_one),
                TEST(test_a_command_line_is_cut_at_its_bound),
                TEST(test_without_an_execve_the_title_is_the_command_line),
                TEST(test_io_uring_success_is_only_believed_of_a_new_inode),
                TEST(test_io_uring_within_a_call_is_its_process_operation),
                TEST(test_an_event_of_many_items_is_read_in_one_go),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
