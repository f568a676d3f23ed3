/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Operations on a device that three subvolumes share, and the subvolume that they are told to have been in. Items are on fe:00. */

#include "test-records.h"

#include "index-feed.h"
#include "resolver-subvolume.h"

#define DONE_64(call) CALL_64(call " success=yes exit=0 a0=5 a1=1 a2=6 a3=0")
#define MKDIR DONE_64("syscall=83")
#define UNLINKAT DONE_64("syscall=263")
#define RMDIR DONE_64("syscall=84")
#define RENAMEAT DONE_64("syscall=264")
#define RENAME DONE_64("syscall=82")
#define RENAME_FAILED CALL_64("syscall=82 success=no exit=-18 a0=5 a1=1 a2=6 a3=0")
#define CREAT_OR_OPEN CALL_64("syscall=2 success=yes exit=3 a0=5 a1=41 a2=6 a3=0")
#define EXECVE DONE_64("syscall=59")
#define CHMOD DONE_64("syscall=90")

#define EVENT_USEC (UINT64_C(1795311569) * 1000000 + 353000)
#define OLD (EVENT_USEC - 10000000)

/* Two trees, /one and /two, alike to the last number, each in a subvolume, which /srv, another one, holds: d (300) with the file f
 * (301), and sub (310). */
enum { ONE = 1, TWO, TOP };

typedef struct Fixture {
        FopsSyscallTable *syscalls;
        FopsPathIndex *index;
        FopsEvent *event;
        FopsOperation op;
        int shares_root;
        const char *canonical; /* what /link leads to */
        uint64_t newer_than;   /* the highest id of subvolumes in any; 0: nobody can tell */
        unsigned n_asked;
        FopsInodeKey top;
} Fixture;

static void put(Fixture *f, FopsInodeKey parent, const char *name, FopsInodeKey key, bool is_directory) {
        FopsPathLink link = { .parent = parent, .name = fops_span_from_string(name), .key = key, .is_directory = is_directory };

        assert_int_equal(fops_path_index_put(f->index, &link, FOPS_PUT_SCANNED), FOPS_INDEX_DONE);
}

static void add_tree(Fixture *f, uint32_t number, const char *name) {
        put(f, fops_subvolume_key(TOP, 256), name, fops_subvolume_key(number, 256), true);
        put(f, fops_subvolume_key(number, 256), "d", fops_subvolume_key(number, 300), true);
        put(f, fops_subvolume_key(number, 300), "f", fops_subvolume_key(number, 301), false);
        put(f, fops_subvolume_key(number, 300), "sub", fops_subvolume_key(number, 310), true);
}

static int setup(void **state) {
        static const uint8_t seed[16] = { 7, 1, 9 };
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f)
                return -1;
        f->shares_root = -ESRCH;
        f->syscalls = fops_syscall_table_new();
        f->index = fops_path_index_new(1000, seed);
        for (uint32_t i = ONE; i <= TOP; i++) {
                FopsSubvolume v = { .id = 255 + i, .dev_major = 0xfe, .stat_minor = 40 + i };

                assert_int_equal(fops_subvolumes_put(fops_path_index_subvolumes(f->index), &v), i);
        }
        fops_subvolumes_set_complete(fops_path_index_subvolumes(f->index), OLD);
        fops_path_index_add_root(f->index, fops_subvolume_key(TOP, 256), FOPS_SPAN_LITERAL("/srv"));
        add_tree(f, ONE, "one");
        add_tree(f, TWO, "two");
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        fops_event_free(f->event);
        fops_path_index_free(f->index);
        fops_syscall_table_free(f->syscalls);
        free(f);
        return 0;
}

static int fake_canonicalize(void *userdata, FopsSpan path, FopsArena *arena _unused_, FopsSpan *ret_path, FopsInode *ret_inode) {
        const Fixture *f = userdata;

        if (!f->canonical || !fops_span_equal_string(path, "/link"))
                return -ENOENT;
        *ret_path = fops_span_from_string(f->canonical);
        *ret_inode = (FopsInode){};
        return 0;
}

static int fake_shares_root(void *userdata, uint32_t pid _unused_) {
        return ((const Fixture *) userdata)->shares_root;
}

static int fake_has_newer(void *userdata, FopsSpan path _unused_, const FopsInode *directory, uint64_t least, uint64_t *ret_usec) {
        Fixture *f = userdata;

        f->n_asked++;
        if (f->newer_than == 0 || directory->dev_major != 0)
                return -ENOENT;
        *ret_usec = EVENT_USEC + 500;
        return f->newer_than >= least;
}

static const FopsWorld world = {
        .canonicalize = fake_canonicalize,
        .shares_root = fake_shares_root,
        .has_newer_subvolume = fake_has_newer,
};

/* The rules with that tag reach the tops of these, and were looked at long after the event. */
static FopsRegion *reach(Fixture *f, const char *tag, uint32_t first, uint32_t last) {
        FopsSubvolumes *s = fops_path_index_subvolumes(f->index);
        FopsSubvolumeEntry entries[TOP];
        FopsReach found = { .top = fops_subvolume_key(first, 256), .entries = entries, .is_whole = true };

        for (uint32_t i = first; i <= last; i++)
                entries[found.n_entries++] = (FopsSubvolumeEntry){ .directory = fops_subvolume_key(i, 256), .newest_child = 300 };
        fops_reach_add_device(&found, 0xfe, 0);
        assert_int_equal(fops_subvolumes_set_region(s, fops_span_from_string(tag), FOPS_SPAN_LITERAL("/srv"), &found, EVENT_USEC + 10000000), 0);
        return fops_subvolumes_region(s, fops_span_from_string(tag));
}

static int tell(Fixture *f, const char *tag, const char *lines) {
        FopsResolver r = { .world = &world, .userdata = f, .index = f->index, .index_is_complete = true, .index_was_complete = true };

        f->event = fops_event_free(f->event);
        f->event = event_from_lines(lines);
        assert_int_equal(fops_operation_from_event(f->event, f->syscalls, NULL, &f->op), FOPS_OPERATION_OK);
        f->op.tag = fops_span_from_string(tag);
        return fops_resolver_tell_subvolumes(&r, &f->op, false, &f->event->arena, &f->top);
}

#define assert_told(f, tag, lines, number)                                      \
        do {                                                                    \
                assert_int_equal(tell(f, tag, lines), 0);                       \
                for (size_t i_ = 0; i_ < (f)->op.n_items; i_++)                 \
                        assert_int_equal((f)->op.items[i_].subvolume, number);  \
        } while (0)
#define assert_untold(f, tag, lines) assert_told(f, tag, lines, FOPS_SUBVOLUME_UNTOLD)

static void assert_path(Fixture *f, uint32_t number, uint64_t inode, bool is_directory, const char *path) {
        FopsArena arena = {};

        assert_span(fops_path_index_path(f->index, fops_subvolume_key(number, inode), is_directory, &arena), path);
        fops_arena_done(&arena);
}

static void test_a_rule_that_reaches_one_tells_it(void **state) {
        Fixture *f = *state;

        reach(f, "one", ONE, ONE);
        reach(f, "two", TWO, TWO);
        assert_told(f, "one", UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"), ONE);
        assert_told(f, "two", UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"), TWO);
        /* The index needn't have it. */
        assert_told(f, "two", UNLINKAT PARENT("/", 999) FILE_ITEM("f", 998, "DELETE"), TWO);
}

static void test_without_a_rule_of_ours_nothing_is_told(void **state) {
        Fixture *f = *state;

        assert_untold(f, "one", UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"));
        assert_untold(f, NULL, UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"));
}

static void test_other_devices_are_left_alone(void **state) {
        Fixture *f = *state;

        fops_subvolumes_forget_device(fops_path_index_subvolumes(f->index), 0xfe, 0);
        reach(f, "one", ONE, ONE);
        assert_told(f, "one", UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"), 0);
}

static void test_of_two_that_are_alike_neither_is_told(void **state) {
        Fixture *f = *state;

        reach(f, "both", ONE, TWO);
        assert_untold(f, "both", UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"));
}

static void test_that_the_index_lacks_something_proves_nothing(void **state) {
        Fixture *f = *state;

        reach(f, "both", ONE, TWO);
        put(f, fops_subvolume_key(TWO, 300), "only", fops_subvolume_key(TWO, 400), false);
        assert_untold(f, "both", UNLINKAT PARENT("/", 300) FILE_ITEM("only", 400, "DELETE"));
        assert_int_equal(f->op.n_untold_in, 2);
}

static void test_what_has_rules_in_front_isn_t_reached(void **state) {
        Fixture *f = *state;

        reach(f, "both", ONE, TWO)->reach.entries[0].is_fronted = true;
        assert_told(f, "both", UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"), TWO);
}

static void test_what_was_gone_or_not_made_yet_isn_t_reached(void **state) {
        Fixture *f = *state;
        FopsRegion *r = reach(f, "both", ONE, TWO);

        r->reach.entries[0].until_usec = EVENT_USEC - 1;
        assert_told(f, "both", UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"), TWO);
        r->reach.entries[0].until_usec = EVENT_USEC;
        assert_untold(f, "both", UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"));
        r->reach.entries[1].since_usec = EVENT_USEC + 1000000;
        assert_told(f, "both", UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"), ONE);
        /* The call may have taken a while to come to it. */
        r->reach.entries[1].since_usec = EVENT_USEC + 10000;
        assert_untold(f, "both", UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"));
}

static void test_the_text_of_a_process_with_our_root_tells(void **state) {
        static const char lines[] = UNLINKAT CWD("\"/\"") PARENT("/srv/two/d/", 300) FILE_ITEM("/srv/two/d/f", 301, "DELETE");
        Fixture *f = *state;

        reach(f, "both", ONE, TWO);
        f->shares_root = 1;
        assert_told(f, "both", lines, TWO);
        assert_told(f, "foreign", lines, TWO);
        f->shares_root = 0;
        assert_untold(f, "both", lines);
        f->shares_root = -ESRCH;
        assert_untold(f, "both", lines);
}

static void test_a_current_directory_that_may_have_moved_tells_nothing(void **state) {
        static const char lines[] = RENAME CWD("\"/srv/two/d\"") PARENT("/srv/two/d", 300) PARENT("/srv/two/d", 300);
        char of_file[2048], of_directory[2048];
        Fixture *f = *state;

        f->shares_root = 1;
        snprintf(of_file, sizeof(of_file), "%s%s", lines, FILE_ITEM("f", 301, "DELETE") FILE_ITEM("g", 301, "CREATE"));
        snprintf(of_directory, sizeof(of_directory), "%s%s", lines, DIR_ITEM("sub", 310, "DELETE") DIR_ITEM("new", 310, "CREATE"));
        assert_told(f, NULL, of_file, TWO);
        assert_untold(f, NULL, of_directory);
}

static void test_a_text_through_a_symlink_is_followed(void **state) {
        Fixture *f = *state;

        f->shares_root = 1;
        f->canonical = "/srv/two/d";
        assert_told(f, NULL, UNLINKAT CWD("\"/\"") PARENT("/link/", 300) FILE_ITEM("/link/f", 301, "DELETE"), TWO);
        f->canonical = "/elsewhere";
        assert_untold(f, NULL, UNLINKAT CWD("\"/\"") PARENT("/link/", 300) FILE_ITEM("/link/f", 301, "DELETE"));
}

static void test_the_text_doesn_t_outweigh_the_rule(void **state) {
        Fixture *f = *state;

        f->shares_root = 1;
        reach(f, "one", ONE, ONE);
        assert_told(f, "one", UNLINKAT CWD("\"/\"") PARENT("/srv/two/d/", 300) FILE_ITEM("/srv/two/d/f", 301, "DELETE"), ONE);
}

static void test_new_subvolumes_are_looked_for(void **state) {
        static const char lines[] = UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE");
        Fixture *f = *state;
        FopsRegion *r = reach(f, "one", ONE, ONE);
        FopsResolver resolver = { .world = &world, .userdata = f, .index = f->index };

        assert_told(f, "one", lines, ONE);
        assert_int_equal(f->n_asked, 0);

        r->checked_usec = EVENT_USEC - 1000;
        f->newer_than = 300;
        assert_told(f, "one", lines, ONE);
        assert_int_equal(f->n_asked, 1);
        assert_int_equal(r->checked_usec, EVENT_USEC + 500);

        f->newer_than = 301;
        assert_int_equal(tell(f, "one", lines), 1);
        assert_true(fops_inode_key_equal(f->top, fops_subvolume_key(ONE, 256)));
        assert_int_equal(f->op.items[0].subvolume, FOPS_SUBVOLUME_UNTOLD);
        /* Looked up just now. */
        assert_int_equal(fops_resolver_tell_subvolumes(&resolver, &f->op, true, &f->event->arena, &f->top), 0);
        assert_int_equal(f->op.items[0].subvolume, ONE);

        /* It can't be asked: gone, or moved. */
        f->newer_than = 0;
        assert_int_equal(tell(f, "one", lines), 1);
        r->until_usec = EVENT_USEC;
        assert_told(f, "one", lines, ONE);
        r->until_usec = EVENT_USEC - 1;
        assert_untold(f, "one", lines);
}

static void test_what_couldn_t_be_looked_up_whole_tells_nothing(void **state) {
        static const char lines[] = UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE");
        Fixture *f = *state;
        FopsRegion *r = reach(f, "one", ONE, ONE);

        r->reach.is_whole = false;
        assert_untold(f, "one", lines);
        assert_int_equal(f->n_asked, 0);
        /* Not with every event is it tried again. */
        r->checked_usec = EVENT_USEC - 1000;
        assert_untold(f, "one", lines);
        r->checked_usec = EVENT_USEC - 1000000;
        assert_int_equal(tell(f, "one", lines), 1);
}

static void test_what_is_on_another_device_isn_t_asked_for_new_ones(void **state) {
        static const char lines[] = UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE");
        Fixture *f = *state;
        FopsSubvolumes *s = fops_path_index_subvolumes(f->index);
        FopsRegion *r = reach(f, "both", ONE, TWO);

        r->checked_usec = EVENT_USEC - 1000;
        f->newer_than = 300;
        fops_subvolumes_get(s, TWO)->dev_major = 0xfd;
        assert_told(f, "both", lines, ONE);
        assert_int_equal(f->n_asked, 1);

        /* Nor what isn't mounted any more. */
        r->checked_usec = EVENT_USEC - 1000;
        fops_subvolumes_forget_device(s, 0xfd, 0);
        assert_told(f, "both", lines, ONE);
        assert_int_equal(f->n_asked, 2);
}

static void test_where_rules_reach_many_only_the_text_tells(void **state) {
        static const char lines[] = UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE");
        Fixture *f = *state;
        FopsSubvolumes *s = fops_path_index_subvolumes(f->index);
        FopsReach found = { .top = fops_subvolume_key(ONE, 256), .is_whole = true };
        FopsSubvolumeEntry entries[20] = { { .directory = fops_subvolume_key(ONE, 256), .newest_child = 300 } };

        f->newer_than = 300;
        f->shares_root = 1;
        for (found.n_entries = 1; found.n_entries < ELEMENTSOF(entries); found.n_entries++) {
                FopsSubvolume v = { .id = 300 + found.n_entries, .dev_major = 0xfe, .stat_minor = 60 };
                int number = fops_subvolumes_put(s, &v);

                assert_true(number > TOP);
                entries[found.n_entries] = (FopsSubvolumeEntry){ .directory = fops_subvolume_key((uint32_t) number, 256) };
        }
        found.entries = entries;
        fops_reach_add_device(&found, 0xfe, 0);
        assert_int_equal(fops_subvolumes_set_region(s, FOPS_SPAN_LITERAL("many"), FOPS_SPAN_LITERAL("/srv"), &found, EVENT_USEC), 0);

        assert_untold(f, "many", lines);
        assert_told(f, "many", UNLINKAT CWD("\"/\"") PARENT("/srv/two/d/", 300) FILE_ITEM("/srv/two/d/f", 301, "DELETE"), TWO);
        assert_int_equal(f->n_asked, 0);
        /* Now and then new ones are looked for. */
        fops_subvolumes_region(s, FOPS_SPAN_LITERAL("many"))->checked_usec = EVENT_USEC - 60000000;
        assert_int_equal(tell(f, "many", lines), 1);
}

static void test_a_failed_rename_may_be_between_two(void **state) {
        static const char lines[] = RENAME_FAILED CWD("\"/\"") PARENT("/srv/one/d/", 300) PARENT("/srv/two/d/sub", 310);
        Fixture *f = *state;

        reach(f, "one", ONE, ONE);
        assert_untold(f, "one", lines);
        /* What isn't in the watched tree can't have been what the rule matched. */
        assert_int_equal(tell(f, "one", RENAME_FAILED PARENT("/srv/one/d/", 300) PARENT("/x", 999)), 0);
        assert_int_equal(f->op.items[0].subvolume, ONE);
        assert_int_equal(f->op.items[1].subvolume, FOPS_SUBVOLUME_UNTOLD);
}

static void test_a_rename_that_succeeded_is_in_one(void **state) {
        Fixture *f = *state;

        reach(f, "two", TWO, TWO);
        assert_told(f, "two", RENAMEAT PARENT("/", 300) PARENT("/", 310) FILE_ITEM("f", 301, "DELETE") FILE_ITEM("g", 301, "CREATE"), TWO);
}

static void test_an_exchange_is_in_one_with_what_is_made_up_of_it(void **state) {
        Fixture *f = *state;

        reach(f, "two", TWO, TWO);
        assert_told(f, "two", RENAMEAT PARENT("/", 300) PARENT("/", 310) FILE_ITEM("f", 302, "DELETE") FILE_ITEM("f", 301, "CREATE"), TWO);
        assert_non_null(f->op.replaced);
        assert_int_equal(f->op.replaced->subvolume, TWO);
}

static void test_the_top_of_a_subvolume_is_in_itself(void **state) {
        Fixture *f = *state;

        /* The rules on it match its removal, whose name is in another one. */
        reach(f, "one", ONE, ONE);
        assert_int_equal(tell(f, "one", RMDIR PARENT("/srv/", 256) DIR_ITEM("/srv/one", 256, "DELETE")), 0);
        assert_int_equal(f->op.items[0].subvolume, FOPS_SUBVOLUME_UNTOLD);

        f->shares_root = 1;
        assert_int_equal(tell(f, "one", RMDIR CWD("\"/\"") PARENT("/srv/", 256) DIR_ITEM("/srv/one", 256, "DELETE")), 0);
        assert_int_equal(f->op.items[0].subvolume, TOP);
        assert_int_equal(f->op.items[1].subvolume, ONE);
}

static void test_a_subvolume_is_renamed_with_all_in_it(void **state) {
        Fixture *f = *state;
        FopsFed fed;

        reach(f, "top", TOP, TOP);
        f->shares_root = 1;
        assert_int_equal(tell(f, "top", RENAMEAT CWD("\"/\"") PARENT("/srv/", 256) PARENT("/srv/", 256) DIR_ITEM("/srv/one", 256, "DELETE")
                              DIR_ITEM("/srv/three", 256, "CREATE")), 0);
        assert_int_equal(f->op.object.item->subvolume, ONE);
        assert_int_equal(f->op.new_object.item->subvolume, ONE);
        assert_int_equal(fops_index_feed(f->index, &f->op, &fed), 0);
        assert_path(f, ONE, 301, false, "/srv/three/d/f");
}

static void test_a_link_that_is_opened_for_making_may_lead_elsewhere(void **state) {
        Fixture *f = *state;

        reach(f, "one", ONE, ONE);
        assert_told(f, "one", CREAT_OR_OPEN CWD("\"/srv/one/d\"") PARENT("/x", 300) FILE_ITEM("f", 301, "NORMAL"), ONE);
        /* A link of the same name as what it leads to, in another directory. */
        assert_untold(f, "one", CREAT_OR_OPEN CWD("\"/srv/one/d/sub\"") PARENT("/x", 300) FILE_ITEM("f", 301, "NORMAL"));
        assert_untold(f, "one", CREAT_OR_OPEN CWD("\"/\"") PARENT("/x", 300) FILE_ITEM("link", 301, "NORMAL"));
        assert_told(f, "one", CREAT_OR_OPEN CWD("\"/\"") PARENT("/x", 300) FILE_ITEM("new", 999, "CREATE"), ONE);
        /* Dangling: the items behind have no names. */
        assert_int_equal(tell(f, "one", CREAT_OR_OPEN CWD("\"/\"") PARENT("/x", 300) ITEM("(null)", 999, "0100644", "CREATE")), 0);
        assert_int_equal(f->op.items[1].subvolume, FOPS_SUBVOLUME_UNTOLD);
        assert_untold(f, "one", CREAT_OR_OPEN CWD("\"/\"") PARENT("/x", 300) ITEM("(null)", 300, "040755", "PARENT")
                                ITEM("(null)", 999, "0100644", "CREATE"));
}

static void test_a_symlinks_directory_is_not_told_by_the_number_of_another(void **state) {
        Fixture *f = *state;

        reach(f, "top", ONE, TOP);
        f->shares_root = 1;
        assert_told(f, "top", CREAT_OR_OPEN CWD("\"/srv/one/d\"") PARENT("/srv/one/d", 300) FILE_ITEM("f", 301, "NORMAL"), ONE);
        /* d is both that of the link and that of what it leads to. */
        assert_untold(f, "top", CREAT_OR_OPEN CWD("\"/srv/one/d\"") PARENT("/srv/one/d", 300) FILE_ITEM("link", 301, "NORMAL"));
        f->canonical = "/srv/two/d/f";
        assert_told(f, "top", CREAT_OR_OPEN CWD("\"/\"") PARENT("/", 300) FILE_ITEM("link", 301, "NORMAL"), TWO);
        /* Dangling, or refused. */
        assert_untold(f, "top", CREAT_OR_OPEN CWD("\"/srv/one/d\"") PARENT("/srv/one/d", 300) ITEM("(null)", 300, "040755", "PARENT")
                                ITEM("(null)", 999, "0100644", "CREATE"));
        assert_told(f, "top", CREAT_OR_OPEN CWD("\"/srv/one/d\"") PARENT("/srv/one/d", 300) FILE_ITEM("new", 999, "CREATE"), ONE);
}

static void test_an_interpreter_may_be_what_the_rule_matched(void **state) {
        Fixture *f = *state;

        reach(f, "one", ONE, ONE);
        assert_untold(f, "one", EXECVE FILE_ITEM("/srv/two/d/f", 301, "NORMAL") FILE_ITEM("/srv/one/d/f", 301, "NORMAL"));
        assert_int_equal(tell(f, "one", EXECVE FILE_ITEM("/srv/one/d/f", 301, "NORMAL") FILE_ITEM("/lib/ld.so", 999, "NORMAL")), 0);
        assert_int_equal(f->op.items[0].subvolume, ONE);
        assert_int_equal(f->op.items[1].subvolume, FOPS_SUBVOLUME_UNTOLD);
}

static void test_what_is_on_a_device_that_the_rule_doesn_t_reach_wasn_t_matched(void **state) {
        static const char elsewhere[] = "type=PATH " EVENT_ID "item=1 name=\"/lib/ld.so\" inode=7 dev=fd:00 mode=0100755 nametype=NORMAL\n";
        char lines[1024];
        Fixture *f = *state;
        FopsRegion *r = reach(f, "one", ONE, ONE);

        /* The index has it, by another way. */
        assert_int_equal(fops_path_index_add_root(f->index, (FopsInodeKey){ 7, 0xfd, 0 }, FOPS_SPAN_LITERAL("/lib")), FOPS_INDEX_DONE);
        snprintf(lines, sizeof(lines), "%s%s", EXECVE FILE_ITEM("/srv/one/d/f", 301, "NORMAL"), elsewhere);
        assert_int_equal(tell(f, "one", lines), 0);
        assert_int_equal(f->op.items[0].subvolume, ONE);
        fops_reach_add_device(&r->reach, 0xfd, 0);
        assert_int_equal(tell(f, "one", lines), 0);
        assert_int_equal(f->op.items[0].subvolume, FOPS_SUBVOLUME_UNTOLD);
}

static void test_an_object_without_its_directory_is_told_by_its_path(void **state) {
        Fixture *f = *state;

        reach(f, "both", ONE, TWO);
        f->shares_root = 1;
        assert_told(f, "both", CHMOD CWD("\"/srv/one/d\"") FILE_ITEM("f", 301, "NORMAL"), ONE);
        assert_told(f, "both", CHMOD CWD("\"/srv/two/d\"") FILE_ITEM("f", 301, "NORMAL"), TWO);
        assert_untold(f, "both", CHMOD CWD("\"/srv\"") FILE_ITEM("f", 301, "NORMAL"));
}

static void feed(Fixture *f, FopsFed *ret) {
        assert_int_equal(fops_index_feed(f->index, &f->op, ret), 0);
}

static void test_what_is_told_changes_its_subvolume_only(void **state) {
        Fixture *f = *state;
        FopsFed fed;

        reach(f, "two", TWO, TWO);
        assert_told(f, "two", RENAMEAT PARENT("/", 300) PARENT("/", 256) DIR_ITEM("sub", 310, "DELETE") DIR_ITEM("moved", 310, "CREATE"), TWO);
        f->op.object.parent = f->op.items;
        f->op.new_object.parent = f->op.items + 1;
        feed(f, &fed);
        assert_int_equal(fed.n_new_trees, 0);
        assert_path(f, ONE, 310, true, "/srv/one/d/sub");
        assert_path(f, TWO, 310, true, "/srv/two/moved");
}

static void test_what_is_untold_is_doubted_wherever_it_may_have_been(void **state) {
        Fixture *f = *state;
        FopsFed fed;

        reach(f, "both", ONE, TWO);
        assert_untold(f, "both", RENAMEAT PARENT("/", 300) PARENT("/", 300) DIR_ITEM("sub", 310, "DELETE") DIR_ITEM("moved", 310, "CREATE"));
        feed(f, &fed);
        /* Neither the old path nor the new one is told, and both directories are looked at again. */
        assert_path(f, ONE, 310, true, NULL);
        assert_path(f, TWO, 310, true, NULL);
        assert_path(f, ONE, 301, false, "/srv/one/d/f");
        assert_int_equal(fed.n_new_trees, 4);
        for (size_t i = 0; i < fed.n_new_trees; i++)
                assert_true(fops_inode_key_equal(fed.new_trees[i], fops_subvolume_key(i < 2 ? ONE : TWO, 300)));
}

static void test_a_new_file_gives_no_cause_to_doubt_and_a_directory_does(void **state) {
        Fixture *f = *state;
        FopsFed fed;

        reach(f, "both", ONE, TWO);
        assert_untold(f, "both", CREAT_OR_OPEN CWD("\"/\"") PARENT("/x", 300) FILE_ITEM("new", 999, "CREATE"));
        feed(f, &fed);
        assert_int_equal(fed.n_new_trees, 0);
        assert_path(f, ONE, 301, false, "/srv/one/d/f");
        assert_path(f, TWO, 999, false, NULL);

        assert_untold(f, "both", MKDIR CWD("\"/\"") PARENT("/x", 300) DIR_ITEM("new", 999, "CREATE"));
        feed(f, &fed);
        assert_int_equal(fed.n_new_trees, 2);
        assert_path(f, TWO, 999, true, NULL);
}

static void test_what_a_rule_doesn_t_reach_isn_t_doubted(void **state) {
        Fixture *f = *state;
        FopsFed fed;

        reach(f, "others", TWO, TOP);
        assert_untold(f, "others", UNLINKAT PARENT("/", 300) FILE_ITEM("f", 301, "DELETE"));
        feed(f, &fed);
        assert_path(f, ONE, 301, false, "/srv/one/d/f");
        assert_path(f, TWO, 301, false, NULL);
        assert_path(f, TOP, 256, true, "/srv");
        assert_int_equal(fed.n_new_trees, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_a_rule_that_reaches_one_tells_it),
                TEST(test_without_a_rule_of_ours_nothing_is_told),
                TEST(test_other_devices_are_left_alone),
                TEST(test_of_two_that_are_alike_neither_is_told),
                TEST(test_that_the_index_lacks_something_proves_nothing),
                TEST(test_what_has_rules_in_front_isn_t_reached),
                TEST(test_what_was_gone_or_not_made_yet_isn_t_reached),
                TEST(test_the_text_of_a_process_with_our_root_tells),
                TEST(test_a_current_directory_that_may_have_moved_tells_nothing),
                TEST(test_a_text_through_a_symlink_is_followed),
                TEST(test_the_text_doesn_t_outweigh_the_rule),
                TEST(test_new_subvolumes_are_looked_for),
                TEST(test_what_couldn_t_be_looked_up_whole_tells_nothing),
                TEST(test_what_is_on_another_device_isn_t_asked_for_new_ones),
                TEST(test_where_rules_reach_many_only_the_text_tells),
                TEST(test_a_failed_rename_may_be_between_two),
                TEST(test_a_rename_that_succeeded_is_in_one),
                TEST(test_an_exchange_is_in_one_with_what_is_made_up_of_it),
                TEST(test_the_top_of_a_subvolume_is_in_itself),
                TEST(test_a_subvolume_is_renamed_with_all_in_it),
                TEST(test_a_link_that_is_opened_for_making_may_lead_elsewhere),
                TEST(test_a_symlinks_directory_is_not_told_by_the_number_of_another),
                TEST(test_an_interpreter_may_be_what_the_rule_matched),
                TEST(test_what_is_on_a_device_that_the_rule_doesn_t_reach_wasn_t_matched),
                TEST(test_an_object_without_its_directory_is_told_by_its_path),
                TEST(test_what_is_told_changes_its_subvolume_only),
                TEST(test_what_is_untold_is_doubted_wherever_it_may_have_been),
                TEST(test_a_new_file_gives_no_cause_to_doubt_and_a_directory_does),
                TEST(test_what_a_rule_doesn_t_reach_isn_t_doubted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
