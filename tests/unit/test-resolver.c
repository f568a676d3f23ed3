/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Events against a recorded world: what stands where, what is open, whose root is whose. */

#include <sys/stat.h>

#include "test-records.h"
#include "test-records-index.h"

#include "path.h"
#include "resolver.h"

/* What stands at a path; where a symlink leads, @canonical and its inode are the target's. */
typedef struct Place {
        const char *path;
        uint64_t inode;
        const char *canonical;   /* NULL: @path itself */
        uint64_t target_inode;   /* of what a symlink leads to; 0: no symlink */
        uint64_t changed_usec;
        uint64_t n_links;
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
        bool dev_is_uncertain, renumbers;
        uint64_t usec;   /* when a directory is read */
        size_t n_read;   /* entries of it */
        bool is_cut;     /* not all of them */
        int error;       /* of looking up */
} World;

#define DEV_MAJOR 0xfe

static FopsInode inode_of(const World *w, uint64_t inode, bool is_symlink) {
        return (FopsInode){
                .inode = inode,
                .dev_major = w->dev_is_uncertain ? 0 : DEV_MAJOR,
                .is_symlink = is_symlink,
                .dev_is_certain = !w->dev_is_uncertain,
                .may_be_renumbered = w->renumbers,
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
                return w->error < 0 ? w->error : -ENOENT;
        *ret_inode = inode_of(w, p->inode, p->target_inode != 0);
        ret_inode->changed_usec = p->changed_usec;
        ret_inode->n_links = p->n_links;
        return 0;
}

static int fake_shares_root(void *userdata, uint32_t pid _unused_) {
        const World *w = userdata;

        return w->root == ROOT_SHARED ? 1 : w->root == ROOT_OWN ? 0 : -ESRCH;
}

/* Of the places right below @path. */
static int fake_read_names(void *userdata, FopsSpan path, uint64_t inode, FopsArena *arena _unused_, FopsInodeNames *ret) {
        const World *w = userdata;
        const Place *p = find_place(w, path);
        FopsInodeNames names = { .usec = w->usec, .n_read = w->n_read };

        if (!p)
                return -ENOENT;
        names.directory = inode_of(w, p->inode, false);
        names.more = w->is_cut;
        for (size_t i = 0; i < w->n_places; i++) {
                FopsSpan place = fops_span_from_string(w->places[i].path);

                if (w->places[i].inode == inode && fops_span_equal(fops_path_dirname(place), path))
                        names.names[names.n++] = fops_path_basename(place);
        }
        *ret = names;
        return 0;
}

static const FopsWorld fake_world = {
        .read_fd = fake_read_fd,
        .canonicalize = fake_canonicalize,
        .look_up = fake_look_up,
        .read_names = fake_read_names,
        .shares_root = fake_shares_root,
};

typedef struct Fixture {
        FopsSyscallTable *syscalls;
        FopsEvent *event;
        FopsOperation op;
        FopsResolverStats stats;
        FopsPathIndex *index;
} Fixture;

static void resolve_with(Fixture *f, FopsResolver *r, const char *hint, const char *lines) {
        f->event = fops_event_free(f->event);
        f->event = event_from_lines(lines);
        assert_int_equal(fops_operation_from_event(f->event, f->syscalls, NULL, &f->op), FOPS_OPERATION_OK);
        fops_resolver_resolve(r, &f->op, fops_span_from_string(hint), &f->event->arena);
        f->stats = r->stats;
}

static void resolve_in(Fixture *f, const World *world, const char *hint, const char *lines) {
        FopsResolver r = { .world = world ? &fake_world : NULL, .userdata = (void *) world };

        resolve_with(f, &r, hint, lines);
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

/* A chroot's /etc/f, of a process that is gone; before the index had all. */
static void test_a_joined_name_is_in_the_watched_directory(void **state) {
        const World *w = WORLD(PLACES({ "/home", 1 }, { "/home/link", 5, "/srv/data", 2 }, { "/srv/data", 2 }), .root = ROOT_GONE);
        Fixture *f = *state;

        resolve_in(f, w, "/srv/data", CHMOD FILE_ITEM("/etc/f", 7, "NORMAL"));
        assert_path(NULL, NULL, "unresolved");
        resolve_in(f, w, "/srv/data", UNLINK(PARENT("/etc/", 6) FILE_ITEM("/etc/f", 7, "DELETE")));
        assert_path(NULL, NULL, "unresolved");
        resolve_in(f, w, "/srv/data", CALL_64("syscall=83 success=no exit=-17 a0=1 a1=1ed a2=0 a3=0") CWD("\"/\"") PARENT("/etc/", 6));
        assert_path(NULL, NULL, "unresolved");
        resolve_in(f, w, "/srv/data", CHMOD FILE_ITEM("/srv/data/f", 7, "NORMAL"));
        assert_path("/srv/data/f", "/srv/data", "joined");
        /* What leads into it is in it. */
        resolve_in(f, w, "/srv/data", CHMOD FILE_ITEM("/home/link/f", 7, "NORMAL"));
        assert_path("/srv/data/f", "/srv/data", "joined");
        /* Of ours it may have other names, or have been moved. */
        resolve_in(f, WORLD(), "/srv/data", CHMOD FILE_ITEM("/etc/f", 7, "NORMAL"));
        assert_path("/etc/f", "/etc", "joined");
        /* A rule of another, or one of programs. */
        resolve(f, w, CHMOD FILE_ITEM("/etc/f", 7, "NORMAL"));
        assert_path("/etc/f", "/etc", "joined");
}

/* open(O_CREAT) of what is there. The directory is that of the link or of what it leads to, as either was in the kernel's cache. */
#define OPEN_OR_MAKE(fd) CALL_64("syscall=257 success=yes exit=9 a0=" fd " a1=1 a2=41 a3=1b6") CWD("\"/srv\"")

static void test_what_is_written_to_through_a_symlink_is_called_as_what_it_leads_to(void **state) {
        const World *w = WORLD(PLACES({ "/srv", 1 }, { "/srv/data", 2 }, { "/srv/data/f", 7 }, { "/srv/sl", 5, "/srv/data/f", 7 },
                                      { "/srv/data/sl", 6, "/srv/data/f", 7 }), FILES({ 3, "/srv/data", 2 }));
        Fixture *f = *state;

        resolve(f, w, OPEN_OR_MAKE("ffffff9c") PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/f", 7, "NORMAL"));
        assert_path("/srv/data/f", "/srv/data", "verified");
        resolve(f, w, OPEN_OR_MAKE("ffffff9c") PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/sl", 7, "NORMAL"));
        assert_path("/srv/data/f", "/srv/data", "verified");
        resolve(f, w, OPEN_OR_MAKE("ffffff9c") PARENT("/srv", 2) FILE_ITEM("sl", 7, "NORMAL"));
        assert_path("/srv/data/f", "/srv/data", "verified");
        resolve(f, w, OPEN_OR_MAKE("ffffff9c") PARENT("/srv", 1) FILE_ITEM("sl", 7, "NORMAL"));
        assert_path("/srv/data/f", "/srv/data", "verified");
        resolve(f, w, OPEN_OR_MAKE("3") PARENT("/srv", 2) FILE_ITEM("sl", 7, "NORMAL"));
        assert_path("/srv/data/f", "/srv/data", "fd");
        /* It leads elsewhere now. */
        resolve(f, w, OPEN_OR_MAKE("ffffff9c") PARENT("/srv", 2) FILE_ITEM("sl", 8, "NORMAL"));
        assert_path(NULL, NULL, "unresolved");
        resolve_offline(f, OPEN_OR_MAKE("ffffff9c") PARENT("/srv", 2) FILE_ITEM("sl", 7, "NORMAL"));
        assert_path("/srv/sl", "/srv", "joined");
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

/* --- names that are read in their directory --------------------------------------------------------------------------- */

#define SIGHT_USEC UINT64_C(1795311569360000)
#define NAMELESS(ino, mode, type) ITEM("(null)", ino, mode, type)
#define URING_DONE(op) URINGOP("uring_op=" op " success=yes exit=0 items=2")
#define URING_CREATE(ino) URING_DONE("18") NAMELESS(2, "040755", "PARENT") NAMELESS(ino, "0100644", "CREATE")
#define URING_LINK(ino) URING_DONE("39") NAMELESS(2, "040755", "PARENT") NAMELESS(ino, "0100644", "CREATE")
#define URING_RENAME(ino, from) \
        URING_DONE("35") NAMELESS(from, "040755", "PARENT") NAMELESS(ino, "0100644", "DELETE") NAMELESS(2, "040755", "PARENT") \
                NAMELESS(ino, "0100644", "CREATE")

/* In an index that has /srv/data (2), and in it old (7), and sub (3) with g (8). */
static bool sight_with(Fixture *f, FopsResolver *r, const char *lines, FopsSighting *ret) {
        f->event = fops_event_free(f->event);
        f->event = event_from_lines(lines);
        assert_int_equal(fops_operation_from_event(f->event, f->syscalls, NULL, &f->op), FOPS_OPERATION_OK);
        fops_resolver_resolve(r, &f->op, FOPS_SPAN_ABSENT, &f->event->arena);
        return fops_resolver_sight(r, &f->op, &f->event->arena, ret);
}

static FopsResolver indexed(Fixture *f, const World *world) {
        f->index = fops_path_index_free(f->index);
        f->index = index_new();
        index_add_root(f->index, 2, "/srv/data");
        index_put(f->index, 2, "old", 7, false);
        index_put(f->index, 2, "sub", 3, true);
        index_put(f->index, 3, "g", 8, false);
        return (FopsResolver){
                .world = &fake_world, .userdata = (void *) world, .index = f->index, .index_is_complete = true, .index_was_complete = true,
        };
}

/* Of a process that is gone, with an index that lacks what it did. */
static void resolve_indexed(Fixture *f, const World *world, const char *hint, const char *lines) {
        FopsResolver r = indexed(f, world);

        resolve_with(f, &r, hint, lines);
}

static void test_where_inode_numbers_change_a_name_is_joined_in_the_watched_directory(void **state) {
        static const Place places[] = { { "/srv/data", 2 }, { "/srv/data/new", 31 }, { "/srv/data/new/f", 32 }, { "/etc", 5 } };
        const World keeps = { .places = places, .n_places = ELEMENTSOF(places), .root = ROOT_GONE };
        World renumbers = keeps;
        const char *removal = UNLINK(PARENT("/srv/data/new/", 21) FILE_ITEM("/srv/data/new/x", 22, "DELETE"));
        const char *change = CALL_64("syscall=90 success=yes exit=0 a0=1 a1=1a4 a2=0 a3=0") CWD("\"/srv\"")
                FILE_ITEM("/srv/data/new/f", 22, "NORMAL");
        Fixture *f = *state;

        renumbers.renumbers = true;
        resolve_indexed(f, &renumbers, "/srv/data", removal);
        assert_path("/srv/data/new/x", "/srv/data/new", "joined");
        resolve_indexed(f, &renumbers, "/srv/data", change);
        assert_path("/srv/data/new/f", "/srv/data/new", "joined");
        /* The directory itself is gone too. */
        resolve_indexed(f, &renumbers, "/srv/data", UNLINK(PARENT("/srv/data/a/b/", 21) FILE_ITEM("/srv/data/a/b/x", 22, "DELETE")));
        assert_path("/srv/data/a/b/x", "/srv/data/a/b", "joined");

        /* It may be another one there. */
        resolve_indexed(f, &keeps, "/srv/data", removal);
        assert_path(NULL, NULL, "unresolved");
        resolve_indexed(f, &keeps, "/srv/data", change);
        assert_path(NULL, NULL, "unresolved");
        /* Or the name was meant elsewhere: in a container, or by a rule of another. */
        resolve_indexed(f, &renumbers, "/srv/data", UNLINK(PARENT("/etc/", 21) FILE_ITEM("/etc/x", 22, "DELETE")));
        assert_path(NULL, NULL, "unresolved");
        resolve_indexed(f, &renumbers, NULL, removal);
        assert_path(NULL, NULL, "unresolved");
        renumbers.root = ROOT_OWN;
        resolve_indexed(f, &renumbers, "/srv/data", removal);
        assert_path(NULL, NULL, "unresolved");
}

/* As a rule of ours brought it. */
static void resolve_watched(Fixture *f, FopsResolver *r, const char *lines) {
        f->event = fops_event_free(f->event);
        f->event = event_from_lines(lines);
        assert_int_equal(fops_operation_from_event(f->event, f->syscalls, NULL, &f->op), FOPS_OPERATION_OK);
        f->op.tag = FOPS_SPAN_LITERAL("1");
        fops_resolver_resolve(r, &f->op, FOPS_SPAN_LITERAL("/srv/data"), &f->event->arena);
        f->stats = r->stats;
}

/* The event's, in µs. */
#define NOW UINT64_C(1795311569353000)

static void test_a_descriptor_is_believed_if_no_name_above_has_changed_since(void **state) {
        Place places[] = { { "/", 1 }, { "/srv", 5 }, { "/srv/other", 50 }, { "/srv/other/x", 51 } };
        const World world = { .places = places, .n_places = ELEMENTSOF(places), FILES({ 3, "/srv/other", 50 }) };
        const char *lines = UNLINKAT("3") PARENT("/srv", 50) FILE_ITEM("x", 51, "DELETE");
        Fixture *f = *state;
        FopsResolver r = indexed(f, &world);

        places[1].changed_usec = NOW - 1;
        places[2].changed_usec = NOW + 5; /* x went out of it */
        resolve_watched(f, &r, lines);
        assert_path("/srv/other/x", "/srv/other", "fd");
        places[1].changed_usec = NOW;
        resolve_watched(f, &r, lines);
        assert_path(NULL, NULL, "unresolved");

        /* For rules of others there is no index, and no better source. */
        resolve(f, &world, lines);
        assert_path("/srv/other/x", "/srv/other", "fd");
}

static void test_a_descriptor_that_a_half_scanned_index_denies_is_believed_no_more_than_another(void **state) {
        Place places[] = { { "/", 1 }, { "/srv", 5 }, { "/srv/other", 50 }, { "/srv/other/x", 7 } };
        const World world = { .places = places, .n_places = ELEMENTSOF(places), FILES({ 3, "/srv/other", 50 }) };
        const char *lines = CALL_64("syscall=265 success=yes exit=0 a0=3 a1=1 a2=4 a3=1") PARENT("y", 60)
                FILE_ITEM("x", 7, "NORMAL") FILE_ITEM("y", 7, "CREATE");
        Fixture *f = *state;
        FopsResolver r = indexed(f, &world);

        /* It may have two names. */
        r.index_is_complete = r.index_was_complete = false;
        resolve_watched(f, &r, lines);
        assert_path("/srv/other/x", "/srv/other", "fd");
        /* Or the one only since it was linked there, from where the descriptor was. */
        places[2].changed_usec = NOW;
        resolve_watched(f, &r, lines);
        assert_path(NULL, NULL, "unresolved");
}

static void test_a_name_that_climbs_from_a_descriptor_is_one_of_several_only_if_nothing_has_moved(void **state) {
        Place places[] = { { "/", 1 }, { "/srv", 5 }, { "/srv/data", 2 }, { "/srv/data/old", 7 }, { "/srv/data/sub", 3 },
                           { "/srv/data/sub/old", 7 }, { "/srv/data/sub/x", 50 }, { "/srv/data/sub/x/y", 51 } };
        const World world = { .places = places, .n_places = ELEMENTSOF(places), FILES({ 3, "/srv/data/sub/x/y", 51 }) };
        const char *lines = CALL_64("syscall=265 success=yes exit=0 a0=3 a1=1 a2=4 a3=1") PARENT("y", 60)
                FILE_ITEM("../../old", 7, "NORMAL") FILE_ITEM("y", 7, "CREATE");
        Fixture *f = *state;
        FopsResolver r = indexed(f, &world);

        /* /srv/data/sub/old, unless y was in another directory then. */
        index_put(f->index, 3, "old", 7, false);
        resolve_watched(f, &r, lines);
        assert_path("/srv/data/sub/old", "/srv/data/sub", "fd");
        places[6].changed_usec = NOW;
        resolve_watched(f, &r, lines);
        assert_path(NULL, NULL, "unresolved");
        places[6].changed_usec = 0;
        places[4].changed_usec = NOW;
        r.stats = (FopsResolverStats){};
        resolve_watched(f, &r, lines);
        assert_path(NULL, NULL, "unresolved");
}

static void test_what_is_open_is_believed_if_its_own_name_has_not_changed_either(void **state) {
        Place places[] = { { "/", 1 }, { "/srv", 5 }, { "/srv/other", 50 }, { "/srv/other/x", 51 } };
        const World world = { .places = places, .n_places = ELEMENTSOF(places), FILES({ 4, "/srv/other/x", 51 }) };
        const char *lines = CALL_64("syscall=257 success=yes exit=4 a0=3 a1=1 a2=41 a3=0") PARENT("/srv", 60) FILE_ITEM("y", 51, "CREATE");
        Fixture *f = *state;
        FopsResolver r = indexed(f, &world);

        resolve_watched(f, &r, lines);
        assert_path("/srv/other/x", "/srv/other", "fd");
        places[2].changed_usec = NOW;
        resolve_watched(f, &r, lines);
        assert_path(NULL, NULL, "unresolved");
}

#define TMPFILE CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=410002 a3=180") CWD("\"/srv\"")

static void test_a_tmpfiles_directory_is_called_as_it_is(void **state) {
        static const char lines[] = TMPFILE FILE_ITEM("ln", 7, "NORMAL");
        Place places[] = { { "/", 1 }, { "/srv", 5 }, { "/srv/ln", 6, "/data/real", 2 }, { "/data", 3 }, { "/data/real", 2 } };
        World world = { .places = places, .n_places = ELEMENTSOF(places) };
        Fixture *f = *state;

        resolve(f, &world, lines);
        assert_path(NULL, "/data/real", "unresolved");
        /* On another device, it is another one. */
        resolve(f, &world, TMPFILE ITEM_ON("fd:00", "\"ln\"", 7, "0100600", "NORMAL"));
        assert_path(NULL, NULL, "unresolved");
        /* The link may have led elsewhere, or the directory have been elsewhere. */
        places[1].changed_usec = NOW;
        resolve(f, &world, lines);
        assert_path(NULL, NULL, "unresolved");
        places[1].changed_usec = 0;
        places[3].changed_usec = NOW;
        resolve(f, &world, lines);
        assert_path(NULL, NULL, "unresolved");
        /* Files that come and go in it don't move it. */
        places[3].changed_usec = 0;
        places[4].changed_usec = NOW;
        resolve(f, &world, lines);
        assert_path(NULL, "/data/real", "unresolved");

        /* What is gone may have had another root. */
        world.root = ROOT_GONE;
        resolve_indexed(f, &world, NULL, lines);
        assert_path(NULL, NULL, "unresolved");
}

static void test_a_moved_directorys_climbing_name_is_not_verified(void **state) {
        const World *world = WORLD(PLACES({ "/", 1 }, { "/srv", 5 }, { "/srv/other", 50 }));
        const char *lines = CALL_64("syscall=82 success=yes exit=0 a0=5 a1=1 a2=5 a3=2") CWD("\"/srv/other/sub\"")
                PARENT("../", 50) PARENT("/tmp/", 70) DIR_ITEM("../x", 60, "DELETE") DIR_ITEM("/tmp/y", 60, "CREATE");
        Fixture *f = *state;
        FopsResolver r = indexed(f, world);

        resolve_with(f, &r, NULL, lines);
        assert_span(f->op.path, "/srv/other/x");
        resolve_watched(f, &r, lines);
        assert_span(f->op.path, NULL);
}

static void test_what_may_be_an_exchange_of_one_name_has_no_path(void **state) {
        const char *alike = CALL_64("syscall=316 success=yes exit=0 a0=5 a1=1 a2=5 a3=2") CWD("\"/srv\"") PARENT("/srv/data/", 2)
                PARENT("/srv/data/sub/", 3) FILE_ITEM("/srv/data/sub/x", 60, "DELETE") FILE_ITEM("/srv/data/sub/x", 60, "CREATE");
        const char *told = CALL_64("syscall=316 success=yes exit=0 a0=5 a1=1 a2=5 a3=2") CWD("\"/srv\"") PARENT("/srv/data/", 2)
                PARENT("/srv/data/sub/", 3) FILE_ITEM("/srv/data/x", 60, "DELETE") FILE_ITEM("/srv/data/sub/x", 60, "CREATE");
        Fixture *f = *state;
        FopsResolver r = indexed(f, WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/sub", 3 })));

        r.index_is_complete = false;
        resolve_with(f, &r, "/srv/data", alike);
        assert_true(f->op.may_be_exchange);
        assert_span(f->op.path, NULL);
        assert_span(f->op.new_path, NULL);
        assert_span(f->op.dir, NULL);

        resolve_with(f, &r, "/srv/data", told);
        assert_true(f->op.may_be_exchange);
        assert_span(f->op.path, "/srv/data/x");
        assert_span(f->op.new_path, "/srv/data/sub/x");
}

static void test_nothing_is_moved_to_where_it_was(void **state) {
        const char *lines = CALL_64("syscall=82 success=yes exit=0 a0=5 a1=1 a2=5 a3=2") CWD("\"/srv\"") PARENT("/srv/data/", 2)
                PARENT("/srv/data/", 2) FILE_ITEM("/srv/data/x", 60, "DELETE") FILE_ITEM("/srv/data/x", 60, "CREATE");
        Fixture *f = *state;
        FopsResolver r = indexed(f, WORLD(PLACES({ "/srv/data", 2 })));

        resolve_with(f, &r, "/srv/data", lines);
        assert_int_equal(f->op.op, FOPS_OP_RENAME);
        assert_span(f->op.path, NULL);
        assert_span(f->op.new_path, NULL);
        assert_span(f->op.dir, NULL);
}

/* fchmodat(5, "old"), and fchmodat(AT_FDCWD, "old"): the records have the file alone. */
#define CHMOD_AT(dirfd, ino) CALL_64("syscall=268 success=yes exit=0 a0=" dirfd " a1=1 a2=1a4 a3=0") CWD("\"/srv/data\"") \
        FILE_ITEM("old", ino, "NORMAL")

static void test_of_a_file_with_more_links_than_are_known_another_may_be_meant(void **state) {
        Place places[] = { { "/", 1 }, { "/srv", 5 }, { "/srv/data", 2 }, { "/srv/data/old", 7, .n_links = 1 } };
        const World world = { .places = places, .n_places = ELEMENTSOF(places) };
        Fixture *f = *state;
        FopsResolver r;

        resolve_indexed(f, &world, NULL, CHMOD_AT("5", 7));
        assert_path("/srv/data/old", "/srv/data", "index");
        places[3].n_links = 2;
        resolve_indexed(f, &world, NULL, CHMOD_AT("5", 7));
        assert_path(NULL, NULL, "unresolved");
        /* The name tells. */
        resolve_indexed(f, &world, NULL, CHMOD_AT("ffffff9c", 7));
        assert_path("/srv/data/old", "/srv/data", "index");
        /* Gone, or another one: it isn't known how many it had. */
        places[3] = (Place){ "/srv/data/old", 70, .n_links = 1 };
        resolve_indexed(f, &world, NULL, CHMOD_AT("5", 7));
        assert_path(NULL, NULL, "unresolved");

        /* None can be added unheard to those that were seen to be all. */
        places[3] = (Place){ "/srv/data/old", 7, .n_links = 1 };
        r = indexed(f, &world);
        resolve_with(f, &r, NULL, CHMOD_AT("5", 7));
        places[3].n_links = 2;
        resolve_with(f, &r, NULL, CHMOD_AT("5", 7));
        assert_span(f->op.path, "/srv/data/old");

        /* Of what an event made all were heard of. */
        r = indexed(f, &world);
        fops_path_index_put(f->index, &(FopsPathLink){ index_key(2), FOPS_SPAN_LITERAL("old"), index_key(9), false }, FOPS_PUT_CREATED);
        resolve_with(f, &r, NULL, CHMOD_AT("5", 9));
        assert_path("/srv/data/old", "/srv/data", "index");
}

/* openat(5, "x", O_CREAT), of a process that is gone; data/x is in no index. */
static void test_what_the_index_lacks_in_a_directory_is_looked_for_there(void **state) {
        Place places[] = { { "/", 1 }, { "/srv", 5 }, { "/srv/data", 2 }, { "/srv/data/x", 70 } };
        const World world = { .places = places, .n_places = ELEMENTSOF(places), .root = ROOT_GONE };
        const char *lines = OPEN_OR_MAKE("5") PARENT("/srv", 2) FILE_ITEM("x", 70, "NORMAL");
        Fixture *f = *state;
        FopsResolver r = indexed(f, &world);

        resolve_watched(f, &r, lines);
        assert_path("/srv/data/x", "/srv/data", "verified");
        /* It may have come to that name since. */
        places[2].changed_usec = NOW;
        resolve_watched(f, &r, lines);
        assert_path(NULL, NULL, "unresolved");
        places[2].changed_usec = 0;
        /* A symlink; or another file. */
        places[3] = (Place){ "/srv/data/x", 71, "/srv/f", 70 };
        resolve_watched(f, &r, lines);
        assert_span(f->op.path, NULL);
        assert_span(f->op.dir, NULL);
        places[3] = (Place){ "/srv/data/x", 71 };
        resolve_watched(f, &r, lines);
        assert_span(f->op.path, NULL);
}

static void test_an_index_that_may_be_late_is_not_asked(void **state) {
        const World *world = WORLD(PLACES({ "/", 1 }, { "/srv/data", 2 }), .root = ROOT_GONE);
        const char *lines = UNLINKAT("3") PARENT("/srv", 3) FILE_ITEM("x", 51, "DELETE");
        Fixture *f = *state;
        FopsResolver r = indexed(f, world);

        resolve_watched(f, &r, lines);
        assert_path("/srv/data/sub/x", "/srv/data/sub", "index");
        r.index_is_late = true;
        resolve_watched(f, &r, lines);
        assert_path(NULL, NULL, "unresolved");
}

static void assert_sighted_is(Fixture *f, const World *world, const char *lines, const char *path, const char *file, int line) {
        FopsResolver r = indexed(f, world);
        FopsSighting sighting = {};

        if (sight_with(f, &r, lines, &sighting) != !!path) {
                print_error("%s:%d: sighted is %d\n", file, line, !path);
                _fail(file, line);
        }
        assert_span_is(sighting.path, path, file, line);
}
#define assert_sighted(world, lines, path) assert_sighted_is(f, world, lines, path, __FILE__, __LINE__)

static void test_a_new_name_is_read_in_its_directory(void **state) {
        const World *w = WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/new", 9 }, { "/srv/data/other", 10 }), .usec = SIGHT_USEC);
        FopsSighting sighting;
        Fixture *f = *state;
        FopsResolver r = indexed(f, w);

        assert_true(sight_with(f, &r, URING_CREATE(9), &sighting));
        assert_span(sighting.path, "/srv/data/new");
        assert_int_equal(sighting.usec, SIGHT_USEC);
        assert_true(fops_inode_key_equal(sighting.key, index_key(9)));
        /* Until somebody says so it isn't told. */
        f->stats = r.stats;
        assert_path(NULL, "/srv/data", "unresolved");

        fops_resolver_believe(&r, &f->op, &sighting);
        f->stats = r.stats;
        assert_path("/srv/data/new", "/srv/data", "verified");
        assert_int_equal(r.stats.n_by_source[FOPS_PATH_UNRESOLVED], 0);
}

static void test_every_kind_of_new_object_is_looked_for(void **state) {
        const World *w = WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/new", 9 }));
        Fixture *f = *state;

        assert_sighted(w, URING_DONE("37") NAMELESS(2, "040755", "PARENT") NAMELESS(9, "040755", "CREATE"), "/srv/data/new");
        assert_sighted(w, URING_DONE("38") NAMELESS(2, "040755", "PARENT") NAMELESS(9, "0120777", "CREATE"), "/srv/data/new");
        /* Through a dangling symlink: the new file's items have no names there either. */
        assert_sighted(w, CALL_64("syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=41 a3=1a4") CWD("\"/srv\"") PARENT("/srv/", 1)
                               NAMELESS(2, "040755", "PARENT") NAMELESS(9, "0100644", "CREATE"), "/srv/data/new");
}

static void test_a_name_is_looked_for_only_where_it_can_be_the_new_one(void **state) {
        const World *w = WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/new", 9 }));
        Fixture *f = *state;

        /* It is in the records. */
        assert_sighted(w, CALL_64("syscall=258 success=yes exit=0 a0=5 a1=1 a2=1ed a3=0") PARENT("/w", 2) DIR_ITEM("new", 9, "CREATE"), NULL);
        /* A removed one. */
        assert_sighted(w, URING_DONE("36") NAMELESS(2, "040755", "PARENT") NAMELESS(9, "0100644", "DELETE"), NULL);
        assert_sighted(w, UNLINKAT("5") NAMELESS(2, "040755", "PARENT") NAMELESS(9, "0100644", "DELETE"), NULL);
        /* Exchanged: what is called so now is the other one. */
        assert_sighted(w, URING_DONE("35") NAMELESS(2, "040755", "PARENT") NAMELESS(8, "0100644", "DELETE")
                               NAMELESS(2, "040755", "PARENT") NAMELESS(8, "0100644", "CREATE") NAMELESS(9, "0100644", "CREATE"), NULL);
        assert_int_equal(f->op.op, FOPS_OP_EXCHANGE);
        /* A directory that isn't known. */
        assert_sighted(w, URING_DONE("37") NAMELESS(5, "040755", "PARENT") NAMELESS(9, "040755", "CREATE"), NULL);
        /* Refused, with an inode all the same. */
        assert_sighted(w, URINGOP("uring_op=37 success=no exit=-17 items=2") NAMELESS(2, "040755", "PARENT") NAMELESS(9, "040755", "CREATE"),
                       NULL);
}

static void test_what_is_not_there_any_more_is_not_named(void **state) {
        Fixture *f = *state;

        assert_sighted(WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/new", 10 })), URING_CREATE(9), NULL);
        /* Its directory is gone, or another one. */
        assert_sighted(WORLD(), URING_CREATE(9), NULL);
        assert_sighted(WORLD(PLACES({ "/srv/data", 99 }, { "/srv/data/new", 9 })), URING_CREATE(9), NULL);
}

static void test_of_two_names_none_is_taken(void **state) {
        Fixture *f = *state;

        assert_sighted(WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/new", 9 }, { "/srv/data/hard", 9 })), URING_CREATE(9), NULL);
        assert_sighted(WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/new", 9 }), .is_cut = true), URING_CREATE(9), NULL);
}

/* The scan was here between the event and now; or an older file had the inode. */
static void test_a_new_object_may_be_in_the_index_already(void **state) {
        const World *w = WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/old", 7 }));
        Fixture *f = *state;

        assert_sighted(w, URING_CREATE(7), "/srv/data/old");
}

static void test_of_a_link_the_name_that_was_there_before_is_not_the_new_one(void **state) {
        FopsSighting sighting;
        Fixture *f = *state;
        FopsResolver r;

        assert_sighted(WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/old", 7 }, { "/srv/data/hard", 7 })), URING_LINK(7), "/srv/data/hard");
        assert_span(f->op.path, "/srv/data/old");
        /* It has been removed again. */
        assert_sighted(WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/old", 7 })), URING_LINK(7), NULL);
        assert_span(f->op.new_path, NULL);
        /* The index doesn't know the older one. */
        assert_sighted(WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/a", 9 }, { "/srv/data/b", 9 })), URING_LINK(9), NULL);
        assert_span(f->op.path, NULL);

        /* What the index has by that name is another file, which was removed. */
        r = indexed(f, WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/old", 7 }, { "/srv/data/hard", 7 })));
        index_put(f->index, 2, "hard", 10, false);
        assert_true(sight_with(f, &r, URING_LINK(7), &sighting));
        assert_span(sighting.path, "/srv/data/hard");

        /* The index doesn't know all, and so perhaps not the link that was meant. */
        r = indexed(f, WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/old", 7 }, { "/srv/data/hard", 7 })));
        r.index_is_complete = false;
        assert_true(sight_with(f, &r, URING_LINK(7), &sighting));
        assert_span(f->op.path, NULL);
        fops_resolver_believe(&r, &f->op, &sighting);
        assert_int_equal(f->op.source, FOPS_PATH_VERIFIED);
        assert_span(f->op.path, NULL);
        assert_span(f->op.new_path, "/srv/data/hard");
}

static void test_of_several_links_the_renamed_one_is_that_which_is_gone(void **state) {
        FopsSighting sighting;
        Fixture *f = *state;
        FopsResolver r;

        r = indexed(f, WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/sub", 3 }, { "/srv/data/new", 8 }, { "/srv/data/sub/h", 8 })));
        index_put(f->index, 3, "h", 8, false);
        assert_true(sight_with(f, &r, URING_RENAME(8, 3), &sighting));
        assert_span(f->op.path, NULL);
        assert_span(sighting.path, "/srv/data/new");
        assert_span(sighting.old_path, "/srv/data/sub/g");
        f->op.source = FOPS_PATH_UNRESOLVED;
        fops_resolver_believe(&r, &f->op, &sighting);
        f->stats = r.stats;
        assert_path("/srv/data/sub/g", "/srv/data/sub", "verified");

        /* Within a directory. */
        r = indexed(f, WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/new", 7 }, { "/srv/data/h", 7 })));
        index_put(f->index, 2, "h", 7, false);
        assert_true(sight_with(f, &r, URING_RENAME(7, 2), &sighting));
        assert_span(sighting.path, "/srv/data/new");
        assert_span(sighting.old_path, "/srv/data/old");

        /* Two are gone. */
        r = indexed(f, WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/new", 7 })));
        index_put(f->index, 2, "h", 7, false);
        assert_true(sight_with(f, &r, URING_RENAME(7, 2), &sighting));
        assert_span(sighting.old_path, NULL);

        /* One of another directory has nothing to do with it. */
        r = indexed(f, WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/sub", 3 }, { "/srv/data/new", 7 }, { "/srv/data/h", 7 })));
        index_put(f->index, 2, "h", 7, false);
        index_put(f->index, 3, "far", 7, false);
        assert_true(sight_with(f, &r, URING_RENAME(7, 2), &sighting));
        assert_span(sighting.old_path, "/srv/data/old");
        index_put_elsewhere(f->index, 7);
        assert_true(sight_with(f, &r, URING_RENAME(7, 2), &sighting));
        assert_span(sighting.old_path, NULL);
}

static void test_a_name_is_no_surer_than_the_other_one(void **state) {
        const World *w = WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/sub", 3 }, { "/srv/data/new", 8 }));
        FopsSighting sighting;
        Fixture *f = *state;
        FopsResolver r = indexed(f, w);

        assert_true(sight_with(f, &r, URING_RENAME(8, 3), &sighting));
        assert_int_equal(f->op.source, FOPS_PATH_INDEX);
        r.stats.n_by_source[FOPS_PATH_JOINED] = 1;
        f->op.source = FOPS_PATH_JOINED;
        fops_resolver_believe(&r, &f->op, &sighting);
        assert_int_equal(f->op.source, FOPS_PATH_JOINED);
}

static void test_of_a_rename_both_names_are_found(void **state) {
        const World *w = WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/sub", 3 }, { "/srv/data/new", 8 }, { "/srv/data/renamed", 7 }));
        FopsSighting sighting;
        Fixture *f = *state;
        FopsResolver r = indexed(f, w);

        assert_sighted(w, URING_RENAME(8, 3), "/srv/data/new");
        assert_span(f->op.path, "/srv/data/sub/g");

        /* Within a directory, where the index has the old one still. */
        r = indexed(f, w);
        assert_true(sight_with(f, &r, URING_RENAME(7, 2), &sighting));
        assert_span(sighting.path, "/srv/data/renamed");
        assert_span(f->op.new_path, NULL);
        fops_resolver_believe(&r, &f->op, &sighting);
        assert_span(f->op.new_path, "/srv/data/renamed");
        f->stats = r.stats;
        assert_path("/srv/data/old", "/srv/data", "verified");
        assert_sighted(WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/old", 7 })), URING_RENAME(7, 2), NULL);
}

static void test_directories_are_read_at_a_bounded_rate(void **state) {
        const World *w = WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/new", 9 }), .n_read = 10000);
        static const char later[] =
                "type=URINGOP msg=audit(1795311569.453:7): uring_op=18 success=yes exit=0 items=2 ppid=11 pid=12 uid=0 gid=0 euid=0\n"
                "type=PATH msg=audit(1795311569.453:7): item=0 name=(null) inode=2 dev=fe:00 mode=040755 ouid=0 ogid=0 nametype=PARENT\n"
                "type=PATH msg=audit(1795311569.453:7): item=0 name=(null) inode=9 dev=fe:00 mode=0100644 ouid=0 ogid=0 nametype=CREATE\n";
        FopsSighting sighting;
        Fixture *f = *state;
        FopsResolver r = indexed(f, w);
        unsigned n = 0;

        while (n < 1000 && sight_with(f, &r, URING_CREATE(9), &sighting))
                n++;
        assert_int_equal(n, 16);
        /* A tenth of a second later, for 16,666 entries. */
        for (n = 0; n < 1000 && sight_with(f, &r, later, &sighting);)
                n++;
        assert_int_equal(n, 2);

        /* The clock was an hour ahead, and is set right. */
        r.paid_until_usec += UINT64_C(3600) * 1000000;
        assert_false(sight_with(f, &r, URING_CREATE(9), &sighting));
        for (n = 0; n < 1000 && sight_with(f, &r, later, &sighting);)
                n++;
        assert_int_equal(n, 2);
}

static void test_a_removal_by_io_uring_is_proved_by_its_absence(void **state) {
        static const char lines[] = URING_DONE("36") NAMELESS(2, "040755", "PARENT") NAMELESS(7, "0100644", "DELETE");
        const World *there = WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/old", 7 }));
        FopsSighting sighting;
        Fixture *f = *state;
        FopsResolver r = indexed(f, there);

        assert_false(sight_with(f, &r, lines, &sighting));
        assert_span(f->op.path, "/srv/data/old");
        assert_false(fops_resolver_is_gone(&r, &f->op));
        r.userdata = (void *) WORLD(PLACES({ "/srv/data", 2 }));
        assert_true(fops_resolver_is_gone(&r, &f->op));
        r.userdata = (void *) WORLD(PLACES({ "/srv/data", 2 }, { "/srv/data/old", 11 }));
        assert_true(fops_resolver_is_gone(&r, &f->op));
        r.userdata = (void *) WORLD(.error = -ENOTDIR);
        assert_true(fops_resolver_is_gone(&r, &f->op));
        r.userdata = (void *) WORLD(.error = -EACCES);
        assert_false(fops_resolver_is_gone(&r, &f->op));
        /* What a call did it says itself. */
        r.userdata = (void *) WORLD(PLACES({ "/srv/data", 2 }));
        assert_false(sight_with(f, &r, UNLINKAT("5") PARENT("/w", 2) FILE_ITEM("old", 7, "DELETE"), &sighting));
        assert_span(f->op.path, "/srv/data/old");
        assert_false(fops_resolver_is_gone(&r, &f->op));
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
        fops_path_index_free(f->index);
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
                TEST(test_a_joined_name_is_in_the_watched_directory),
                TEST(test_what_is_written_to_through_a_symlink_is_called_as_what_it_leads_to),
                TEST(test_a_refused_mkdir_still_has_its_directory),
                TEST(test_a_directory_at_a_descriptor_is_found_too),
                TEST(test_nameless_items_are_found_by_inode_only),
                TEST(test_a_create_through_a_dangling_symlink_guesses_no_directory),
                TEST(test_a_tmpfile_has_a_directory_and_no_path),
                TEST(test_a_tmpfiles_directory_is_called_as_it_is),
                TEST(test_a_rename_that_moves_the_current_directory_is_not_joined_to_the_new_one),
                TEST(test_a_rename_beside_the_current_directory_can_be_proved),
                TEST(test_renames_that_cannot_move_it_are_joined),
                TEST(test_a_new_name_is_read_in_its_directory),
                TEST(test_every_kind_of_new_object_is_looked_for),
                TEST(test_a_name_is_looked_for_only_where_it_can_be_the_new_one),
                TEST(test_what_is_not_there_any_more_is_not_named),
                TEST(test_of_two_names_none_is_taken),
                TEST(test_where_inode_numbers_change_a_name_is_joined_in_the_watched_directory),
                TEST(test_a_new_object_may_be_in_the_index_already),
                TEST(test_of_several_links_the_renamed_one_is_that_which_is_gone),
                TEST(test_a_name_is_no_surer_than_the_other_one),
                TEST(test_of_a_link_the_name_that_was_there_before_is_not_the_new_one),
                TEST(test_of_a_rename_both_names_are_found),
                TEST(test_directories_are_read_at_a_bounded_rate),
                TEST(test_a_removal_by_io_uring_is_proved_by_its_absence),
                TEST(test_a_descriptor_is_believed_if_no_name_above_has_changed_since),
                TEST(test_a_descriptor_that_a_half_scanned_index_denies_is_believed_no_more_than_another),
                TEST(test_a_name_that_climbs_from_a_descriptor_is_one_of_several_only_if_nothing_has_moved),
                TEST(test_what_is_open_is_believed_if_its_own_name_has_not_changed_either),
                TEST(test_a_moved_directorys_climbing_name_is_not_verified),
                TEST(test_what_may_be_an_exchange_of_one_name_has_no_path),
                TEST(test_nothing_is_moved_to_where_it_was),
                TEST(test_of_a_file_with_more_links_than_are_known_another_may_be_meant),
                TEST(test_what_the_index_lacks_in_a_directory_is_looked_for_there),
                TEST(test_an_index_that_may_be_late_is_not_asked),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
