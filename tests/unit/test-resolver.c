/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Events against a recorded world: what stands where, what is open, whose root is whose. */

#include <sys/stat.h>

#include "test-records.h"

#include "resolver.h"

/* What stands at a path; where a symlink leads, @canonical and its inode are the target's. */
typedef struct Place {
        const char *path;
        uint64_t inode;
        const char *canonical;   /* NULL: @path itself */
        uint64_t target_inode;   /* of what a symlink leads to; 0: no symlink */
} Place;

typedef struct OpenFile {
        int fd;
        const char *path; /* as /proc shows it */
        uint64_t inode;
} OpenFile;

typedef enum Root { ROOT_SHARED, ROOT_OWN, ROOT_GONE } Root; /* of the process */

typedef struct World {
        const Place *places;
        size_t n_places;
        const OpenFile *files;
        size_t n_files;
        Root root;
        bool dev_is_uncertain;
} World;

#define DEV_MAJOR 0xfe

static FopsInode inode_of(const World *w, uint64_t inode, bool is_symlink) {
        return (FopsInode){
                .inode = inode,
                .dev_major = w->dev_is_uncertain ? 0 : DEV_MAJOR,
                .is_symlink = is_symlink,
                .dev_is_certain = !w->dev_is_uncertain,
        };
}

static const Place *find_place(const World *w, FopsSpan path) {
        for (size_t i = 0; i < w->n_places; i++)
                if (fops_span_equal_string(path, w->places[i].path))
                        return w->places + i;
        return NULL;
}

static int fake_read_fd(void *userdata, uint32_t pid, int fd, FopsArena *arena, FopsSpan *ret_path, FopsInode *ret_inode) {
        const World *w = userdata;

        assert_int_equal(pid, 12);
        for (size_t i = 0; i < w->n_files; i++)
                if (w->files[i].fd == fd) {
                        *ret_path = fops_arena_copy(arena, fops_span_from_string(w->files[i].path));
                        *ret_inode = inode_of(w, w->files[i].inode, false);
                        return 0;
                }
        return -ENOENT;
}

static int fake_canonicalize(void *userdata, FopsSpan path, FopsArena *arena, FopsSpan *ret_path, FopsInode *ret_inode) {
        const World *w = userdata;
        const Place *p = find_place(w, path);

        if (!p)
                return -ENOENT;
        *ret_path = fops_arena_copy(arena, fops_span_from_string(p->canonical ? p->canonical : p->path));
        *ret_inode = inode_of(w, p->target_inode ? p->target_inode : p->inode, false);
        return 0;
}

static int fake_look_up(void *userdata, FopsSpan path, FopsInode *ret_inode) {
        const World *w = userdata;
        const Place *p = find_place(w, path);

        if (!p)
                return -ENOENT;
        *ret_inode = inode_of(w, p->inode, p->target_inode != 0);
        return 0;
}

static int fake_shares_root(void *userdata, uint32_t pid _unused_) {
        const World *w = userdata;

        return w->root == ROOT_SHARED ? 1 : w->root == ROOT_OWN ? 0 : -ESRCH;
}

static const FopsWorld fake_world = { fake_read_fd, fake_canonicalize, fake_look_up, fake_shares_root };

typedef struct Fixture {
        FopsSyscallTable *syscalls;
        FopsEvent *event;
        FopsOperation op;
        FopsResolverStats stats;
} Fixture;

static void resolve_in(Fixture *f, const World *world, const char *hint, const char *lines) {
        FopsResolver r = { .world = world ? &fake_world : NULL, .userdata = (void *) world };

        f->event = fops_event_free(f->event);
        f->event = event_from_lines(lines);
        assert_int_equal(fops_operation_from_event(f->event, f->syscalls, &f->op), FOPS_OPERATION_OK);
        fops_resolver_resolve(&r, &f->op, fops_span_from_string(hint), &f->event->arena);
        f->stats = r.stats;
}

#define resolve(f, world, lines) resolve_in(f, world, NULL, lines)
#define resolve_offline(f, lines) resolve_in(f, NULL, NULL, lines)

#define PLACES(...)                                        \
        .places = (const Place[]){ __VA_ARGS__ },          \
        .n_places = ELEMENTSOF(((const Place[]){ __VA_ARGS__ }))
#define FILES(...)                                         \
        .files = (const OpenFile[]){ __VA_ARGS__ },        \
        .n_files = ELEMENTSOF(((const OpenFile[]){ __VA_ARGS__ }))
#define WORLD(...) (&(const World){ __VA_ARGS__ })

#define assert_path(path_, dir_, source_)                                                     \
        do {                                                                                  \
                assert_span(f->op.path, path_);                                               \
                assert_span(f->op.dir, dir_);                                                 \
                assert_string_equal(fops_path_source_to_string(f->op.source), source_);       \
                assert_int_equal(f->stats.n_by_source[f->op.source], 1);                      \
        } while (false)

#define UNLINK(path) CALL_64("syscall=87 success=yes exit=0 a0=1 a1=2 a2=0 a3=0") CWD("\"/srv\"") path
#define UNLINKAT(fd) CALL_64("syscall=263 success=yes exit=0 a0=" fd " a1=2 a2=0 a3=0") CWD("\"/srv\"")
#define CHMOD CALL_64("syscall=90 success=yes exit=0 a0=1 a1=180 a2=0 a3=0") CWD("\"/srv\"")
#define OPEN_AT(fd, exit) CALL_64("syscall=257 success=yes exit=" exit " a0=" fd " a1=2 a2=0 a3=0") CWD("\"/srv\"")

/* --- names in a directory that the records hold ------------------------------------------------------------------------- */

static void test_a_name_whose_directory_is_the_records_is_verified(void **state) {
        Fixture *f = *state;

        resolve(f, WORLD(PLACES({ "/srv/data", 2 })), UNLINK(PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/x", 7, "DELETE")));
        assert_path("/srv/data/x", "/srv/data", "verified");
        resolve(f, WORLD(PLACES({ "/srv", 2 })), UNLINK(PARENT("/srv", 2) FILE_ITEM("x", 7, "DELETE")));
        assert_path("/srv/x", "/srv", "verified");
        resolve(f, WORLD(PLACES({ "/", 2 })), UNLINK(PARENT("../", 2) FILE_ITEM("../x", 7, "DELETE")));
        assert_path("/x", "/", "verified");
}

static void test_symlinks_of_the_directory_are_resolved(void **state) {
        Fixture *f = *state;

        resolve(f, WORLD(PLACES({ "/srv/link", 5, "/srv/data", 2 })), UNLINK(PARENT("link/", 2) FILE_ITEM("link/x", 7, "DELETE")));
        assert_path("/srv/data/x", "/srv/data", "verified");
}

static void test_another_directory_there_is_a_contradiction(void **state) {
        Fixture *f = *state;

        /* A chroot's /srv/data, or one that was replaced since. */
        resolve(f, WORLD(PLACES({ "/srv/data", 99 })), UNLINK(PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/x", 7, "DELETE")));
        assert_path(NULL, NULL, "unresolved");
        /* Though the number is the same, on another device. */
        resolve(f, WORLD(PLACES({ "/srv/data", 2 })),
                UNLINK(RECORD("PATH", "item=0 name=\"/srv/data/\" inode=2 dev=fd:00 mode=040755 nametype=PARENT")
                       FILE_ITEM("/srv/data/x", 7, "DELETE")));
        assert_path(NULL, NULL, "unresolved");
        /* Where stat() shows another device than audit, the number has to do. */
        resolve(f, WORLD(PLACES({ "/srv/data", 2 }), .dev_is_uncertain = true),
                UNLINK(PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/x", 7, "DELETE")));
        assert_path("/srv/data/x", "/srv/data", "verified");
}

static void test_a_directory_that_is_gone_leaves_the_joined_name(void **state) {
        Fixture *f = *state;

        resolve(f, WORLD(), UNLINK(PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/x", 7, "DELETE")));
        assert_path("/srv/data/x", "/srv/data", "joined");
        /* Of a process that is gone it is taken too, of one with a root of its own it isn't. */
        resolve(f, WORLD(.root = ROOT_GONE), UNLINK(PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/x", 7, "DELETE")));
        assert_path("/srv/data/x", "/srv/data", "joined");
        resolve(f, WORLD(.root = ROOT_OWN), UNLINK(PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/x", 7, "DELETE")));
        assert_path(NULL, NULL, "unresolved");
}

static void test_a_chrooted_process_is_known_by_its_directory(void **state) {
        Fixture *f = *state;

        /* It said /sub/cr; /sub is another directory here, the record's is the hint. */
        resolve_in(f, WORLD(PLACES({ "/sub", 98 }, { "/srv/data/sub", 3 }), .root = ROOT_OWN), "/srv/data/sub",
                   CALL_64("syscall=87 success=yes exit=0 a0=1 a1=2 a2=0 a3=0") CWD("\"/sub\"") PARENT("/sub/", 3)
                           FILE_ITEM("/sub/cr", 7, "DELETE"));
        assert_path(NULL, "/srv/data/sub", "unresolved");
}

static void test_offline_the_text_stands(void **state) {
        Fixture *f = *state;

        resolve_offline(f, UNLINK(PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/x", 7, "DELETE")));
        assert_path("/srv/data/x", "/srv/data", "joined");
        resolve_offline(f, UNLINK(PARENT("/srv", 2) FILE_ITEM("x", 7, "DELETE")));
        assert_path("/srv/x", "/srv", "joined");
        resolve_offline(f, UNLINKAT("3") PARENT("/srv", 2) FILE_ITEM("x", 7, "DELETE"));
        assert_path(NULL, NULL, "unresolved"); /* what 3 was open on nobody knows */
        resolve_offline(f, UNLINKAT("3") PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/x", 7, "DELETE"));
        assert_path("/srv/data/x", "/srv/data", "joined");
}

static void test_what_the_text_cannot_tell_is_left_out(void **state) {
        Fixture *f = *state;

        resolve_offline(f, UNLINK(PARENT("a/../", 2) FILE_ITEM("a/../x", 7, "DELETE")));
        assert_path(NULL, NULL, "unresolved");
        resolve_offline(f, CALL_64("syscall=87 success=yes exit=0 a0=1 a1=2 a2=0 a3=0") CWD("2F7372762F646174612F676F6E65202864656C6574656429")
                                   PARENT("../", 2) DIR_ITEM("../gone", 7, "DELETE"));
        assert_path(NULL, NULL, "unresolved");
        resolve_offline(f, CALL_64("syscall=87 success=yes exit=0 a0=1 a1=2 a2=0 a3=0") CWD("\"<too_long>\"")
                                   PARENT("<too_long>", 2) FILE_ITEM("x", 7, "DELETE"));
        assert_path(NULL, NULL, "unresolved");
        resolve_offline(f, CALL_64("syscall=87 success=yes exit=0 a0=1 a1=2 a2=0 a3=0") PARENT("(unreachable)/", 2)
                                   FILE_ITEM("(unreachable)/x", 7, "DELETE"));
        assert_path(NULL, NULL, "unresolved");
}

/* --- descriptors ------------------------------------------------------------------------------------------------------ */

static void test_a_name_at_a_descriptor_is_found_by_it(void **state) {
        const World *w = WORLD(PLACES({ "/srv/data/sub", 3 }, { "/srv", 1 }), FILES({ 3, "/srv/data/sub", 3 }, { 4, "/srv", 1 }));
        Fixture *f = *state;

        resolve(f, w, UNLINKAT("3") PARENT("/srv", 3) FILE_ITEM("x", 7, "DELETE"));
        assert_path("/srv/data/sub/x", "/srv/data/sub", "fd");
        /* The descriptor is another file by now. */
        resolve(f, w, UNLINKAT("4") PARENT("/srv", 3) FILE_ITEM("x", 7, "DELETE"));
        assert_path(NULL, NULL, "unresolved");
        /* The process is gone. */
        resolve(f, w, UNLINKAT("5") PARENT("/srv", 3) FILE_ITEM("x", 7, "DELETE"));
        assert_path(NULL, NULL, "unresolved");
        /* The hint fits. */
        resolve_in(f, w, "/srv/data/sub", UNLINKAT("5") PARENT("/srv", 3) FILE_ITEM("x", 7, "DELETE"));
        assert_path(NULL, "/srv/data/sub", "unresolved");
        resolve_in(f, w, "/srv", UNLINKAT("5") PARENT("/srv", 3) FILE_ITEM("x", 7, "DELETE"));
        assert_path(NULL, NULL, "unresolved");
}

static void test_a_rename_between_descriptors_has_two_paths(void **state) {
        Fixture *f = *state;

        resolve(f, WORLD(PLACES({ "/srv/a", 2 }, { "/srv/b", 3 }, { "/srv/b/sub", 4 }, { "/srv/b/sub/n2", 8 }),
                         FILES({ 3, "/srv/a", 2 }, { 4, "/srv/b", 3 })),
                CALL_64("syscall=264 success=yes exit=0 a0=3 a1=1 a2=4 a3=1") CWD("\"/srv\"") PARENT("sub/", 4) PARENT("/srv", 2)
                        FILE_ITEM("n1", 8, "DELETE") FILE_ITEM("sub/n2", 8, "CREATE"));
        assert_path("/srv/a/n1", "/srv/a", "fd");
        assert_span(f->op.new_path, "/srv/b/sub/n2");
}

static void test_fchmod_is_found_by_its_descriptor_if_it_is_the_same_file(void **state) {
        static const char lines[] = CALL_64("syscall=91 success=yes exit=0 a0=3 a1=180 a2=0 a3=0") CWD("\"/srv\"")
                                            ITEM("(null)", 7, "0100644", "NORMAL");
        Fixture *f = *state;

        resolve(f, WORLD(PLACES({ "/srv/f", 7 }), FILES({ 3, "/srv/f", 7 })), lines);
        assert_path("/srv/f", "/srv", "fd");
        resolve(f, WORLD(PLACES({ "/srv/f", 8 }), FILES({ 3, "/srv/f", 8 })), lines);
        assert_path(NULL, NULL, "unresolved");
        resolve(f, WORLD(FILES({ 3, "pipe:[7]", 7 })), lines);
        assert_path(NULL, NULL, "unresolved");
        resolve_offline(f, lines);
        assert_path(NULL, NULL, "unresolved");
}

/* /proc/PID/fd shows a container's /etc/passwd as /etc/passwd. */
static void test_a_descriptor_of_other_mounts_is_not_believed(void **state) {
        static const char lines[] = CALL_64("syscall=91 success=yes exit=0 a0=3 a1=180 a2=0 a3=0") ITEM("(null)", 7, "0100644", "NORMAL");
        Fixture *f = *state;

        resolve(f, WORLD(PLACES({ "/etc/passwd", 100 }), FILES({ 3, "/etc/passwd", 7 }), .root = ROOT_OWN), lines);
        assert_path(NULL, NULL, "unresolved");
        resolve(f, WORLD(FILES({ 3, "/etc/passwd", 7 }), .root = ROOT_OWN), lines);
        assert_path(NULL, NULL, "unresolved");
        resolve(f, WORLD(FILES({ 3, "/etc/passwd (deleted)", 7 }), .root = ROOT_OWN), lines);
        assert_path(NULL, NULL, "unresolved");
}

static void test_a_deleted_file_is_called_as_it_was(void **state) {
        static const char lines[] = CALL_64("syscall=91 success=yes exit=0 a0=3 a1=180 a2=0 a3=0") ITEM("(null)", 7, "0100644", "NORMAL");
        Fixture *f = *state;

        resolve(f, WORLD(FILES({ 3, "/srv/f (deleted)", 7 })), lines);
        assert_path("/srv/f", "/srv", "fd");
        /* Unless it really is called so. */
        resolve(f, WORLD(PLACES({ "/srv/f (deleted)", 7 }), FILES({ 3, "/srv/f (deleted)", 7 })), lines);
        assert_path("/srv/f (deleted)", "/srv", "fd");
}

static void test_what_was_opened_may_still_be_open(void **state) {
        Fixture *f = *state;

        resolve(f, WORLD(PLACES({ "/srv/data/n1", 7 }), FILES({ 5, "/srv/data/n1", 7 })), OPEN_AT("3", "5") FILE_ITEM("n1", 7, "NORMAL"));
        assert_path("/srv/data/n1", "/srv/data", "fd");
        /* It isn't better than a name: its inode may be another file's by now. */
        resolve(f, WORLD(PLACES({ "/new/n1", 7 }), FILES({ 5, "/new/n1", 7 })), OPEN_AT("ffffff9c", "5") FILE_ITEM("n1", 7, "NORMAL"));
        assert_path("/srv/n1", "/srv", "joined");
        /* But not if the descriptor means another file already. */
        resolve(f, WORLD(PLACES({ "/srv/data/n2", 8 }), FILES({ 5, "/srv/data/n2", 8 })), OPEN_AT("3", "5") FILE_ITEM("n1", 7, "NORMAL"));
        assert_path(NULL, NULL, "unresolved");
}

/* --- existing objects without their directory ------------------------------------------------------------------------- */

static void test_an_existing_object_is_verified_by_itself(void **state) {
        Fixture *f = *state;

        resolve(f, WORLD(PLACES({ "/srv/link", 5, "/srv/data", 2 }, { "/srv/data/f", 7 })), CHMOD FILE_ITEM("link/f", 7, "NORMAL"));
        assert_path("/srv/data/f", "/srv/data", "verified");
        resolve(f, WORLD(PLACES({ "/", 2 })), CHMOD DIR_ITEM("/", 2, "NORMAL"));
        assert_path("/", NULL, "verified");
}

static void test_a_symlink_at_the_end_is_followed_or_meant(void **state) {
        const World *w = WORLD(PLACES({ "/srv", 1 }, { "/srv/sl", 5, "/data/f", 7 }));
        Fixture *f = *state;

        resolve(f, w, CHMOD FILE_ITEM("/srv/sl", 7, "NORMAL"));
        assert_path("/data/f", "/data", "verified");
        /* lchown: the link itself */
        resolve(f, w, CHMOD ITEM("\"/srv/sl\"", 5, "0120777", "NORMAL"));
        assert_path("/srv/sl", "/srv", "verified");
        /* It leads elsewhere now. */
        resolve(f, w, CHMOD FILE_ITEM("/srv/sl", 6, "NORMAL"));
        assert_path(NULL, NULL, "unresolved");
}

static void test_a_file_that_was_replaced_since_keeps_its_joined_name(void **state) {
        const World here = { PLACES({ "/srv", 1 }, { "/srv/f", 8 }) };
        World elsewhere = here;
        Fixture *f = *state;

        resolve(f, &here, CHMOD FILE_ITEM("/srv/f", 7, "NORMAL"));
        assert_path("/srv/f", "/srv", "joined");
        elsewhere.root = ROOT_OWN;
        resolve(f, &elsewhere, CHMOD FILE_ITEM("/srv/f", 7, "NORMAL"));
        assert_path(NULL, NULL, "unresolved");
        /* Gone, it can't be told from one of a container. */
        elsewhere.root = ROOT_GONE;
        resolve(f, &elsewhere, CHMOD FILE_ITEM("/srv/f", 7, "NORMAL"));
        assert_path(NULL, NULL, "unresolved");
}

static void test_a_file_that_is_gone_keeps_its_joined_name(void **state) {
        Fixture *f = *state;

        resolve(f, WORLD(PLACES({ "/srv/link", 5, "/srv/data", 2 })), CHMOD FILE_ITEM("/srv/link/f", 7, "NORMAL"));
        assert_path("/srv/data/f", "/srv/data", "joined");
        resolve(f, WORLD(), CHMOD FILE_ITEM("/srv/link/f", 7, "NORMAL"));
        assert_path("/srv/link/f", "/srv/link", "joined");
        resolve(f, WORLD(PLACES({ "/srv", 1 }), .root = ROOT_OWN), CHMOD FILE_ITEM("/srv/f", 7, "NORMAL"));
        assert_path(NULL, NULL, "unresolved");
}

/* --- directories without a name --------------------------------------------------------------------------------------- */

#define MKDIR_FAILED CALL_64("syscall=83 success=no exit=-17 a0=1 a1=1ed a2=0 a3=0")

static void test_a_refused_mkdir_still_has_its_directory(void **state) {
        Fixture *f = *state;

        resolve_offline(f, MKDIR_FAILED CWD("\"/srv\"") PARENT("/srv/data/", 2));
        assert_path(NULL, "/srv/data", "unresolved");
        resolve_offline(f, MKDIR_FAILED CWD("\"/srv\"") PARENT("sub/", 2));
        assert_path(NULL, "/srv/sub", "unresolved");
        resolve(f, WORLD(PLACES({ "/srv/link", 5, "/srv/data", 2 })), MKDIR_FAILED CWD("\"/srv\"") PARENT("link/", 2));
        assert_path(NULL, "/srv/data", "unresolved");
        resolve(f, WORLD(PLACES({ "/srv/data", 99 })), MKDIR_FAILED CWD("\"/srv\"") PARENT("/srv/data/", 2));
        assert_path(NULL, NULL, "unresolved");
        resolve(f, WORLD(), MKDIR_FAILED CWD("\"/srv\"") PARENT("/srv/data/", 2));
        assert_path(NULL, "/srv/data", "unresolved");
        resolve(f, WORLD(.root = ROOT_OWN), MKDIR_FAILED CWD("\"/srv\"") PARENT("/srv/data/", 2));
        assert_path(NULL, NULL, "unresolved");
}

static void test_a_directory_at_a_descriptor_is_found_too(void **state) {
        const World *w = WORLD(PLACES({ "/srv", 1 }, { "/srv/data", 2 }, { "/srv/data/sub", 3 }), FILES({ 3, "/srv/data", 2 }));
        Fixture *f = *state;

        resolve(f, w, CALL_64("syscall=258 success=no exit=-17 a0=3 a1=1 a2=1ed a3=0") CWD("\"/srv\"") PARENT("sub/", 3));
        assert_path(NULL, "/srv/data/sub", "unresolved");
        resolve(f, w, CALL_64("syscall=258 success=no exit=-17 a0=3 a1=1 a2=1ed a3=0") CWD("\"/srv\"") PARENT("/srv", 2));
        assert_path(NULL, "/srv/data", "unresolved");
        /* The root as current directory looks like a prefix. */
        resolve(f, w, CALL_64("syscall=258 success=no exit=-17 a0=3 a1=1 a2=1ed a3=0") CWD("\"/\"") PARENT("/", 2));
        assert_path(NULL, "/srv/data", "unresolved");
        resolve_offline(f, CALL_64("syscall=258 success=no exit=-17 a0=3 a1=1 a2=1ed a3=0") CWD("\"/srv\"") PARENT("/srv", 2));
        assert_path(NULL, NULL, "unresolved");
}

/* io_uring's items have no names, and the current directory is no more than a guess. */
static void test_nameless_items_are_found_by_inode_only(void **state) {
        static const char lines[] = URINGOP("uring_op=36 success=yes exit=0 items=2") CWD("\"/srv/data\"")
                                            ITEM("(null)", 2, "040755", "PARENT") ITEM("(null)", 7, "0100644", "DELETE");
        Fixture *f = *state;

        resolve(f, WORLD(PLACES({ "/srv/data", 2 })), lines);
        assert_path(NULL, "/srv/data", "unresolved");
        resolve_in(f, WORLD(PLACES({ "/srv/data", 98 }, { "/watched", 2 })), "/watched", lines);
        assert_path(NULL, "/watched", "unresolved");
        resolve_offline(f, lines);
        assert_path(NULL, NULL, "unresolved");
}

/* The link's directory is in the records, the new file's isn't. */
static void test_a_create_through_a_dangling_symlink_guesses_no_directory(void **state) {
        static const char lines[] = CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=41 a3=1a4") CWD("\"/srv\"")
                                            PARENT("/srv/data/", 2) ITEM("(null)", 2, "040755", "PARENT") ITEM("(null)", 7, "0100644", "CREATE");
        Fixture *f = *state;

        resolve_offline(f, lines);
        assert_path(NULL, NULL, "unresolved");
        resolve(f, WORLD(PLACES({ "/srv/data", 98 }, { "/srv", 1 })), lines);
        assert_path(NULL, NULL, "unresolved");
        resolve(f, WORLD(PLACES({ "/target", 2 }, { "/target/new", 7 }), FILES({ 3, "/target/new", 7 })), lines);
        assert_path("/target/new", "/target", "fd");
}

static void test_a_tmpfile_has_a_directory_and_no_path(void **state) {
        static const char lines[] = CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=410002 a3=180") CWD("\"/srv\"")
                                            FILE_ITEM("data", 7, "NORMAL");
        Fixture *f = *state;

        resolve_offline(f, lines);
        assert_path(NULL, "/srv/data", "unresolved");
        resolve(f, WORLD(.root = ROOT_OWN), lines);
        assert_path(NULL, NULL, "unresolved");
}

/* --- renames that move the current directory -------------------------------------------------------------------------- */

/* mv ../b ../x/y/b in /a/b: what is logged as the current directory is /a/x/y/b already. */
static void test_a_rename_that_moves_the_current_directory_is_not_joined_to_the_new_one(void **state) {
        static const char lines[] = CALL_64("syscall=82 success=yes exit=0 a0=1 a1=2 a2=0 a3=0") CWD("\"/a/x/y/b\"")
                                            PARENT("../x/y/", 4) PARENT("../", 2) DIR_ITEM("../b", 8, "DELETE")
                                            DIR_ITEM("../x/y/b", 8, "CREATE");
        Fixture *f = *state;

        resolve_offline(f, lines);
        assert_path(NULL, NULL, "unresolved");
        assert_span(f->op.new_path, NULL);
        resolve(f, WORLD(PLACES({ "/a", 2 }, { "/a/x/y", 4 }, { "/a/x/y/b", 8 })), lines);
        assert_path(NULL, NULL, "unresolved");
        assert_span(f->op.new_path, NULL);
}

static void test_a_rename_beside_the_current_directory_can_be_proved(void **state) {
        static const char lines[] = CALL_64("syscall=82 success=yes exit=0 a0=1 a1=2 a2=0 a3=0") CWD("\"/a/z\"") PARENT("../", 2)
                                            PARENT("../", 2) DIR_ITEM("../b", 8, "DELETE") DIR_ITEM("../c", 8, "CREATE");
        Fixture *f = *state;

        resolve(f, WORLD(PLACES({ "/a", 2 }, { "/a/c", 8 })), lines);
        assert_path("/a/b", "/a", "verified");
        assert_span(f->op.new_path, "/a/c");
        resolve_offline(f, lines);
        assert_path(NULL, NULL, "unresolved");
}

static void test_renames_that_cannot_move_it_are_joined(void **state) {
        Fixture *f = *state;

        /* A file */
        resolve_offline(f, CALL_64("syscall=82 success=yes exit=0 a0=1 a1=2 a2=0 a3=0") CWD("\"/a/z\"") PARENT("../", 2)
                                   PARENT("../", 2) FILE_ITEM("../b", 8, "DELETE") FILE_ITEM("../c", 8, "CREATE"));
        assert_path("/a/b", "/a", "joined");
        assert_span(f->op.new_path, "/a/c");
        /* Below it, and with whole paths */
        resolve_offline(f, CALL_64("syscall=82 success=yes exit=0 a0=1 a1=2 a2=0 a3=0") CWD("\"/a/z\"") PARENT("/a/z", 2)
                                   PARENT("/q/", 3) DIR_ITEM("./b", 8, "DELETE") DIR_ITEM("/q/../c", 8, "CREATE"));
        assert_path("/a/z/b", "/a/z", "joined");
        resolve_offline(f, CALL_64("syscall=82 success=yes exit=0 a0=1 a1=2 a2=0 a3=0") CWD("\"/a/c\"") PARENT("/a/", 2)
                                   PARENT("/a/", 2) DIR_ITEM("/a/b", 8, "DELETE") DIR_ITEM("/a/c", 8, "CREATE"));
        assert_path("/a/b", "/a", "joined");
        assert_span(f->op.new_path, "/a/c");
        /* Refused */
        resolve_offline(f, CALL_64("syscall=82 success=no exit=-39 a0=1 a1=2 a2=0 a3=0") CWD("\"/a/z\"") PARENT("../", 2)
                                   PARENT("../", 2) DIR_ITEM("../b", 8, "DELETE") DIR_ITEM(".//../c", 9, "DELETE"));
        assert_path("/a/b", "/a", "joined");
        assert_span(f->op.new_path, "/a/c");
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

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_a_name_whose_directory_is_the_records_is_verified),
                TEST(test_symlinks_of_the_directory_are_resolved),
                TEST(test_another_directory_there_is_a_contradiction),
                TEST(test_a_directory_that_is_gone_leaves_the_joined_name),
                TEST(test_a_chrooted_process_is_known_by_its_directory),
                TEST(test_offline_the_text_stands),
                TEST(test_what_the_text_cannot_tell_is_left_out),
                TEST(test_a_name_at_a_descriptor_is_found_by_it),
                TEST(test_a_rename_between_descriptors_has_two_paths),
                TEST(test_fchmod_is_found_by_its_descriptor_if_it_is_the_same_file),
                TEST(test_a_descriptor_of_other_mounts_is_not_believed),
                TEST(test_a_deleted_file_is_called_as_it_was),
                TEST(test_what_was_opened_may_still_be_open),
                TEST(test_an_existing_object_is_verified_by_itself),
                TEST(test_a_symlink_at_the_end_is_followed_or_meant),
                TEST(test_a_file_that_was_replaced_since_keeps_its_joined_name),
                TEST(test_a_file_that_is_gone_keeps_its_joined_name),
                TEST(test_a_refused_mkdir_still_has_its_directory),
                TEST(test_a_directory_at_a_descriptor_is_found_too),
                TEST(test_nameless_items_are_found_by_inode_only),
                TEST(test_a_create_through_a_dangling_symlink_guesses_no_directory),
                TEST(test_a_tmpfile_has_a_directory_and_no_path),
                TEST(test_a_rename_that_moves_the_current_directory_is_not_joined_to_the_new_one),
                TEST(test_a_rename_beside_the_current_directory_can_be_proved),
                TEST(test_renames_that_cannot_move_it_are_joined),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
