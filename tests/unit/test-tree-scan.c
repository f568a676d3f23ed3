/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A real directory into a real index. */

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "test-records.h"

#include "tree-scan.h"

typedef struct Fixture {
        char root[PATH_MAX];
        sd_event *event;
        FopsPathIndex *index;
        TreeScan *scan;
        FopsArena arena;
        unsigned n_done;
} Fixture;

static void on_done(void *userdata) {
        Fixture *f = userdata;

        f->n_done++;
}

static int setup(void **state) {
        static const uint8_t seed[16] = { 7, 1, 9 };
        char template[] = "/tmp/fops-test-XXXXXX";
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f || !mkdtemp(template) || !realpath(template, f->root) || sd_event_new(&f->event) < 0)
                return -1;
        f->index = fops_path_index_new(100000, seed);
        *state = f;
        return f->index && tree_scan_new(f->event, f->index, on_done, f, &f->scan) == 0 ? 0 : -1;
}

static int teardown(void **state) {
        _cleanup_free_ char *command = NULL;
        Fixture *f = *state;
        int r;

        tree_scan_free(f->scan);
        fops_path_index_free(f->index);
        fops_arena_done(&f->arena);
        sd_event_unref(f->event);
        if (asprintf(&command, "rm -rf '%s'", f->root) < 0)
                return -1;
        r = system(command);
        free(f);
        return r;
}

/* Paths below the root; four at a time. */
static const char *at(Fixture *f, const char *name) {
        static char paths[4][PATH_MAX + 64];
        static unsigned next;

        next = (next + 1) % ELEMENTSOF(paths);
        snprintf(paths[next], sizeof(paths[next]), "%s%s%s", f->root, name[0] ? "/" : "", name);
        return paths[next];
}

static void make_directory(Fixture *f, const char *name) {
        assert_int_equal(mkdir(at(f, name), 0700), 0);
}

static void make_file(Fixture *f, const char *name) {
        int fd = open(at(f, name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        close(fd);
}

static void make_link(Fixture *f, const char *target, const char *name) {
        assert_int_equal(symlink(target, at(f, name)), 0);
}

static void scan(Fixture *f) {
        while (tree_scan_is_busy(f->scan))
                assert_true(sd_event_run(f->event, UINT64_MAX) >= 0);
}

static void add_root(Fixture *f, const char *name) {
        assert_int_equal(tree_scan_add_root(f->scan, fops_span_from_string(at(f, name))), 0);
}

static void add_no_root(Fixture *f, const char *name, int error) {
        assert_int_equal(tree_scan_add_root(f->scan, fops_span_from_string(at(f, name))), error);
}

static uint64_t inode_of(Fixture *f, const char *name) {
        struct stat st;

        assert_int_equal(lstat(at(f, name), &st), 0);
        return st.st_ino;
}

/* The device that the scan gave the root: whether it's the records' is shown by the live tests. */
static FopsInodeKey key_of(Fixture *f, const char *name) {
        char line[PATH_MAX * 2], mount[PATH_MAX];
        FopsInodeKey key = { .inode = inode_of(f, name) };
        FILE *mounts = fopen("/proc/self/mountinfo", "re");
        size_t best = 0;
        unsigned major, minor;

        assert_non_null(mounts);
        while (fgets(line, sizeof(line), mounts))
                if (sscanf(line, "%*d %*d %u:%u %*s %4095s", &major, &minor, mount) == 3 && strlen(mount) >= best &&
                    strncmp(mount, f->root, strlen(mount)) == 0 &&
                    (mount[1] == '\0' || f->root[strlen(mount)] == '/' || f->root[strlen(mount)] == '\0')) {
                        best = strlen(mount);
                        key.dev_major = major;
                        key.dev_minor = minor;
                }
        fclose(mounts);
        return key;
}

static void assert_path_of(Fixture *f, FopsInodeKey key, bool is_directory, const char *name) {
        assert_span(fops_path_index_path(f->index, key, is_directory, &f->arena), name ? at(f, name) : NULL);
}

static void assert_known(Fixture *f, const char *name, bool is_directory) {
        assert_path_of(f, key_of(f, name), is_directory, name);
}

static void test_a_tree_is_known_with_all_below(void **state) {
        Fixture *f = *state;

        make_directory(f, "a");
        make_directory(f, "a/b");
        make_directory(f, "a/b/c");
        make_file(f, "file");
        make_file(f, "a/b/c/deep");
        make_file(f, "a/b/sp ace\n\xff");
        add_root(f, "");
        assert_true(tree_scan_is_busy(f->scan));
        assert_known(f, "", true); /* at once */
        assert_path_of(f, key_of(f, "file"), false, NULL);

        scan(f);
        assert_int_equal(f->n_done, 1);
        assert_known(f, "a/b/c", true);
        assert_known(f, "file", false);
        assert_known(f, "a/b/c/deep", false);
        assert_known(f, "a/b/sp ace\n\xff", false);
        assert_int_equal(tree_scan_stats(f->scan).n_directories, 4);
        assert_int_equal(tree_scan_stats(f->scan).n_entries, 6);
        assert_int_equal(tree_scan_stats(f->scan).n_failed, 0);
        /* Nothing but what is there: "." and ".." are no names. */
        assert_int_equal(fops_path_index_stats(f->index).n_entries, 7);
}

static void test_symlinks_are_entries_and_not_followed(void **state) {
        Fixture *f = *state;

        make_directory(f, "tree");
        make_directory(f, "elsewhere");
        make_file(f, "elsewhere/file");
        make_link(f, "../elsewhere", "tree/link");
        make_link(f, ".", "tree/loop");
        add_root(f, "tree");
        scan(f);
        assert_known(f, "tree/link", false);
        assert_path_of(f, key_of(f, "elsewhere/file"), false, NULL);
        assert_path_of(f, key_of(f, "elsewhere"), true, NULL);
        assert_int_equal(tree_scan_stats(f->scan).n_directories, 1);

        /* Nor as a root. */
        add_no_root(f, "tree/link", -ENOTDIR);
        assert_false(tree_scan_is_busy(f->scan));
}

static void test_a_directory_renamed_while_it_waits_is_scanned_where_it_is(void **state) {
        FopsPathLink link;
        Fixture *f = *state;

        make_directory(f, "tree");
        make_directory(f, "tree/old");
        make_file(f, "tree/old/file");
        add_root(f, "tree");
        assert_int_equal(tree_scan_add_directory(f->scan, key_of(f, "tree/old")), 0);
        link = (FopsPathLink){ key_of(f, "tree"), FOPS_SPAN_LITERAL("old"), key_of(f, "tree/old"), true };
        assert_int_equal(fops_path_index_put(f->index, &link, FOPS_PUT_SCANNED), FOPS_INDEX_DONE);

        /* The event comes before its turn. */
        assert_int_equal(rename(at(f, "tree/old"), at(f, "tree/new")), 0);
        link.name = FOPS_SPAN_LITERAL("new");
        assert_int_equal(fops_path_index_rename(f->index, key_of(f, "tree"), FOPS_SPAN_LITERAL("old"), &link), FOPS_INDEX_DONE);
        scan(f);
        assert_known(f, "tree/new/file", false);
        assert_int_equal(tree_scan_stats(f->scan).n_failed, 0);
}

static void test_what_has_taken_the_place_of_a_waiting_directory_is_not_mistaken_for_it(void **state) {
        FopsInodeKey old, file;
        FopsPathLink link;
        Fixture *f = *state;

        make_directory(f, "tree");
        make_directory(f, "tree/d");
        old = key_of(f, "tree/d");
        add_root(f, "tree");
        link = (FopsPathLink){ key_of(f, "tree"), FOPS_SPAN_LITERAL("d"), old, true };
        assert_int_equal(fops_path_index_put(f->index, &link, FOPS_PUT_SCANNED), FOPS_INDEX_DONE);
        scan(f);

        /* Its event isn't there yet. */
        assert_int_equal(tree_scan_add_directory(f->scan, old), 0);
        assert_int_equal(rename(at(f, "tree/d"), at(f, "away")), 0);
        make_directory(f, "tree/d");
        make_file(f, "tree/d/file");
        file = key_of(f, "tree/d/file");
        scan(f);
        assert_path_of(f, file, false, NULL);
        assert_int_equal(tree_scan_stats(f->scan).n_failed, 1);
        /* Nor is it told where it isn't. */
        assert_path_of(f, old, true, NULL);
}

static void test_a_directory_whose_event_is_late_is_read_then(void **state) {
        Fixture *f = *state;
        FopsPathLink link;

        make_directory(f, "tree");
        make_directory(f, "tree/old");
        add_root(f, "tree");
        scan(f);
        make_file(f, "tree/old/file");
        assert_int_equal(tree_scan_add_directory(f->scan, key_of(f, "tree/old")), 0);
        assert_int_equal(rename(at(f, "tree/old"), at(f, "tree/new")), 0);
        assert_true(sd_event_run(f->event, UINT64_MAX) >= 0);
        assert_true(tree_scan_is_busy(f->scan));
        assert_int_equal(f->n_done, 1);

        link = (FopsPathLink){ key_of(f, "tree"), FOPS_SPAN_LITERAL("new"), key_of(f, "tree/new"), true };
        assert_int_equal(fops_path_index_rename(f->index, key_of(f, "tree"), FOPS_SPAN_LITERAL("old"), &link), FOPS_INDEX_DONE);
        scan(f);
        assert_known(f, "tree/new/file", false);
        assert_int_equal(f->n_done, 2);
        assert_int_equal(tree_scan_stats(f->scan).n_failed, 0);
}

static void test_what_is_not_there_is_told_and_passed_over(void **state) {
        FopsInodeKey gone;
        Fixture *f = *state;

        make_directory(f, "gone");
        gone = key_of(f, "gone");
        add_root(f, "gone");
        assert_int_equal(rmdir(at(f, "gone")), 0);
        scan(f);
        assert_int_equal(f->n_done, 1);
        assert_int_equal(tree_scan_stats(f->scan).n_failed, 1);
        assert_int_equal(tree_scan_stats(f->scan).n_directories, 0);

        make_file(f, "file");
        add_no_root(f, "nothing", -ENOENT);
        add_no_root(f, "file", -ENOTDIR);
        assert_false(tree_scan_is_busy(f->scan));
        assert_int_equal(tree_scan_add_directory(f->scan, (FopsInodeKey){ gone.inode + 1000000, gone.dev_major, gone.dev_minor }), 0);
        scan(f);
        assert_int_equal(f->n_done, 2);
        assert_int_equal(tree_scan_stats(f->scan).n_failed, 2);
}

/* More than one call of getdents64(2) gives. */
static void test_a_directory_of_many_entries_is_read_to_its_end(void **state) {
        Fixture *f = *state;
        char name[64];

        make_directory(f, "many");
        for (unsigned i = 0; i < 5000; i++) {
                snprintf(name, sizeof(name), "many/%05u", i);
                make_file(f, name);
        }
        add_root(f, "many");
        scan(f);
        assert_int_equal(tree_scan_stats(f->scan).n_entries, 5000);
        assert_int_equal(fops_path_index_stats(f->index).n_files, 5000);
        assert_known(f, "many/00000", false);
        assert_known(f, "many/02500", false);
        assert_known(f, "many/04999", false);
}

static void test_a_known_root_is_not_scanned_again_and_a_forgotten_one_is(void **state) {
        Fixture *f = *state;

        make_directory(f, "tree");
        make_file(f, "tree/file");
        add_root(f, "tree");
        scan(f);
        add_root(f, "tree");
        assert_false(tree_scan_is_busy(f->scan));

        assert_int_equal(tree_scan_remove_root(f->scan, fops_span_from_string(at(f, "tree"))), 0);
        assert_path_of(f, key_of(f, "tree"), true, NULL);
        assert_path_of(f, key_of(f, "tree/file"), false, NULL);
        add_root(f, "tree");
        assert_true(tree_scan_is_busy(f->scan));
        scan(f);
        assert_known(f, "tree/file", false);
        assert_int_equal(f->n_done, 2);
}

static void test_what_is_forgotten_is_seen_as_it_is_then(void **state) {
        Fixture *f = *state;

        make_directory(f, "tree");
        make_directory(f, "tree/a");
        make_directory(f, "tree/a/b");
        make_file(f, "tree/a/b/file");
        add_root(f, "tree");
        add_root(f, "tree/a/b");
        scan(f);
        assert_known(f, "tree/a/b/file", false);

        assert_int_equal(rename(at(f, "tree/a"), at(f, "tree/z")), 0);
        assert_int_equal(tree_scan_forget(f->scan), 0);
        assert_false(tree_scan_is_busy(f->scan));
        assert_path_of(f, key_of(f, "tree/z/b/file"), false, NULL);
        assert_path_of(f, key_of(f, "tree/z/b"), true, NULL);
        add_root(f, "tree");
        scan(f);
        assert_known(f, "tree/z/b/file", false);
        assert_known(f, "tree/z/b", true);

        /* In the midst of it, too. */
        add_root(f, "");
        assert_true(sd_event_run(f->event, UINT64_MAX) >= 0);
        assert_int_equal(tree_scan_forget(f->scan), 0);
        assert_false(tree_scan_is_busy(f->scan));
        assert_path_of(f, key_of(f, "tree"), true, NULL);
        add_root(f, "");
        scan(f);
        assert_known(f, "tree/z/b/file", false);
}

static void test_a_root_that_was_left_is_read_as_if_it_were_new(void **state) {
        FopsSpan root;
        Fixture *f = *state;

        make_directory(f, "tree");
        make_directory(f, "tree/old");
        make_file(f, "tree/old/file");
        make_directory(f, "tree/stays");
        add_root(f, "tree");
        add_root(f, "tree/stays");
        scan(f);
        root = fops_span_from_string(at(f, "tree"));
        assert_int_equal(tree_scan_leave_root(f->scan, root, 1000), 0);
        /* For what is on its way. */
        assert_known(f, "tree/old/file", false);

        assert_int_equal(rename(at(f, "tree/old"), at(f, "tree/new")), 0);
        add_root(f, "tree");
        assert_known(f, "tree", true);
        assert_path_of(f, key_of(f, "tree/new"), true, NULL);
        assert_path_of(f, key_of(f, "tree/new/file"), false, NULL);
        assert_known(f, "tree/stays", true);
        scan(f);
        assert_known(f, "tree/new/file", false);
        assert_int_equal(f->n_done, 2);
        /* It isn't left any more. */
        assert_int_equal(tree_scan_remove_left(f->scan, UINT64_MAX), 0);
        assert_known(f, "tree/new/file", false);
}

static void test_a_root_that_was_lost_is_looked_for_at_its_path(void **state) {
        const FopsInodeKey nowhere = {};
        FopsPathLink link = { nowhere, FOPS_SPAN_LITERAL("?"), nowhere, true };
        Fixture *f = *state;

        make_directory(f, "tree");
        make_file(f, "tree/file");
        make_directory(f, "other");
        add_root(f, "tree");
        fops_path_index_end_first_roots(f->index);
        scan(f);
        link.key = key_of(f, "tree");

        /* Another one is there. */
        assert_int_equal(rename(at(f, "tree"), at(f, "away")), 0);
        assert_int_equal(rename(at(f, "other"), at(f, "tree")), 0);
        assert_int_equal(fops_path_index_put(f->index, &link, FOPS_PUT_EVENT), FOPS_INDEX_PARENT_UNKNOWN);
        assert_int_equal(tree_scan_add_directory(f->scan, link.key), 0);
        scan(f);
        assert_path_of(f, link.key, true, NULL);
        assert_path_of(f, key_of(f, "away/file"), false, NULL);
        assert_path_of(f, key_of(f, "tree"), true, NULL);

        /* It is back, for what happens from now on. */
        assert_int_equal(rename(at(f, "tree"), at(f, "other")), 0);
        assert_int_equal(rename(at(f, "away/file"), at(f, "away/new")), 0);
        assert_int_equal(rename(at(f, "away"), at(f, "tree")), 0);
        assert_int_equal(tree_scan_add_directory(f->scan, link.key), 0);
        scan(f);
        assert_known(f, "tree", true);
        assert_known(f, "tree/new", false);
        fops_path_index_set_ahead(f->index, true);
        assert_path_of(f, link.key, true, NULL);
        fops_path_index_set_ahead(f->index, false);

        /* Or when it is added again. */
        assert_int_equal(fops_path_index_put(f->index, &link, FOPS_PUT_EVENT), FOPS_INDEX_PARENT_UNKNOWN);
        add_root(f, "tree");
        assert_path_of(f, key_of(f, "tree/new"), false, NULL);
        scan(f);
        assert_known(f, "tree/new", false);
        fops_path_index_set_ahead(f->index, true);
        assert_path_of(f, link.key, true, NULL);
}

/* From now on these, of which a directory ends in a slash. */
static void set_targets(Fixture *f, const char *const *names, uint64_t usec) {
        FopsTarget items[4] = {};
        char paths[4][PATH_MAX + 64];
        FopsTargets targets = { .items = items };

        for (; names[targets.n_items]; targets.n_items++) {
                char *path = paths[targets.n_items];
                size_t size = strlen(names[targets.n_items]);

                snprintf(path, sizeof(paths[0]), "%s/%s", f->root, names[targets.n_items]);
                items[targets.n_items].path = path;
                items[targets.n_items].is_directory = names[targets.n_items][size - 1] == '/';
                if (items[targets.n_items].is_directory)
                        path[strlen(path) - 1] = '\0';
        }
        tree_scan_begin_targets(f->scan);
        for (size_t i = 0; i < targets.n_items; i++)
                if (items[i].is_directory)
                        assert_int_equal(tree_scan_add_root(f->scan, fops_span_from_string(paths[i])), 0);
        assert_int_equal(tree_scan_leave_trees(f->scan, &targets, usec), 0);
        for (size_t i = 0; i < targets.n_items; i++)
                if (!items[i].is_directory)
                        assert_int_equal(tree_scan_add_file(f->scan, fops_span_from_string(paths[i])), 0);
        assert_int_equal(tree_scan_leave_files(f->scan, &targets, usec), 0);
}
#define SET_TARGETS(f, usec, ...) set_targets(f, (const char *const[]){ __VA_ARGS__, NULL }, usec)

static void test_what_is_watched_no_more_is_left_but_not_what_another_covers(void **state) {
        Fixture *f = *state;

        make_directory(f, "tree");
        make_directory(f, "tree/in");
        make_file(f, "tree/in/file");
        make_directory(f, "other");
        make_file(f, "other/file");
        make_directory(f, "etc");
        make_file(f, "etc/passwd");
        SET_TARGETS(f, 1000, "tree/", "tree/in/", "other/", "etc/passwd");
        scan(f);

        SET_TARGETS(f, 2000, "tree/");
        assert_false(tree_scan_is_busy(f->scan));
        assert_int_equal(tree_scan_remove_left(f->scan, 2000), 0);
        assert_known(f, "other/file", false);
        assert_known(f, "etc/passwd", false);
        assert_int_equal(tree_scan_remove_left(f->scan, 2001), 0);
        assert_path_of(f, key_of(f, "other/file"), false, NULL);
        assert_path_of(f, key_of(f, "etc"), true, NULL);
        assert_known(f, "tree/in/file", false);

        /* It was heard of all the time. */
        SET_TARGETS(f, 3000, "tree/", "tree/in/", "tree/in/file");
        assert_false(tree_scan_is_busy(f->scan));
        SET_TARGETS(f, 4000, "tree/", "tree/in/file");
        assert_int_equal(tree_scan_remove_left(f->scan, UINT64_MAX), 0);
        assert_false(tree_scan_is_busy(f->scan));
        assert_known(f, "tree/in/file", false);
}

static void test_a_tree_of_which_one_file_is_still_watched_is_left(void **state) {
        Fixture *f = *state;

        make_directory(f, "tree");
        make_directory(f, "tree/in");
        make_directory(f, "tree/in/old");
        make_file(f, "tree/in/file");
        SET_TARGETS(f, 1000, "tree/", "tree/in/file");
        scan(f);
        SET_TARGETS(f, 2000, "tree/in/file");
        assert_known(f, "tree/in/file", false);
        assert_path_of(f, key_of(f, "tree/in/old"), true, NULL);

        assert_int_equal(rename(at(f, "tree/in/old"), at(f, "tree/in/new")), 0);
        SET_TARGETS(f, 3000, "tree/in/");
        assert_path_of(f, key_of(f, "tree/in/new"), true, NULL);
        assert_true(tree_scan_is_busy(f->scan));
        scan(f);
        assert_known(f, "tree/in/new", true);
}

static void test_where_files_were_watched_there_is_more_to_read_when_all_is(void **state) {
        Fixture *f = *state;

        make_directory(f, "tree");
        make_file(f, "tree/file");
        make_file(f, "tree/neighbour");
        SET_TARGETS(f, 1000, "tree/file");
        SET_TARGETS(f, 2000, "tree/", "tree/file");
        assert_true(tree_scan_is_busy(f->scan));
        scan(f);
        assert_known(f, "tree/neighbour", false);
}

static void test_a_watched_file_is_known_without_its_neighbours(void **state) {
        Fixture *f = *state;

        make_directory(f, "etc");
        make_file(f, "etc/passwd");
        make_file(f, "etc/group");
        make_link(f, "group", "etc/link");
        assert_int_equal(tree_scan_add_file(f->scan, fops_span_from_string(at(f, "etc/passwd"))), 0);
        assert_false(tree_scan_is_busy(f->scan));
        assert_known(f, "etc", true);
        assert_known(f, "etc/passwd", false);
        assert_path_of(f, key_of(f, "etc/group"), false, NULL);

        /* One that isn't there yet: its directory. */
        make_directory(f, "var");
        assert_int_equal(tree_scan_add_file(f->scan, fops_span_from_string(at(f, "var/later"))), 0);
        assert_known(f, "var", true);
        assert_int_equal(tree_scan_add_file(f->scan, fops_span_from_string(at(f, "nowhere/later"))), -ENOENT);
        assert_int_equal(tree_scan_add_file(f->scan, FOPS_SPAN_LITERAL("/")), 0);
        assert_int_equal(fops_path_index_stats(f->index).n_entries, 3);
}

static void test_a_new_directory_of_a_known_one_is_scanned_when_asked(void **state) {
        FopsPathLink link;
        Fixture *f = *state;

        make_directory(f, "tree");
        add_root(f, "tree");
        scan(f);
        make_directory(f, "tree/in");
        make_file(f, "tree/in/file");
        link = (FopsPathLink){ key_of(f, "tree"), FOPS_SPAN_LITERAL("in"), key_of(f, "tree/in"), true };
        assert_int_equal(fops_path_index_put(f->index, &link, FOPS_PUT_EVENT), FOPS_INDEX_DONE);
        assert_int_equal(tree_scan_add_directory(f->scan, link.key), 0);
        assert_true(tree_scan_is_busy(f->scan));
        scan(f);
        assert_known(f, "tree/in/file", false);
        assert_int_equal(f->n_done, 2);
}

static void test_freeing_a_scan_at_work_leaves_nothing_open(void **state) {
        Fixture *f = *state;
        int before, after;

        before = dup(STDIN_FILENO);
        close(before);
        make_directory(f, "tree");
        add_root(f, "tree");
        f->scan = tree_scan_free(f->scan);
        assert_null(f->scan);
        assert_int_equal(sd_event_run(f->event, 0), 0);
        after = dup(STDIN_FILENO);
        close(after);
        assert_int_equal(after, before);
        assert_int_equal(f->n_done, 0);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_a_tree_is_known_with_all_below),
                TEST(test_symlinks_are_entries_and_not_followed),
                TEST(test_a_directory_renamed_while_it_waits_is_scanned_where_it_is),
                TEST(test_what_has_taken_the_place_of_a_waiting_directory_is_not_mistaken_for_it),
                TEST(test_a_directory_whose_event_is_late_is_read_then),
                TEST(test_what_is_not_there_is_told_and_passed_over),
                TEST(test_a_directory_of_many_entries_is_read_to_its_end),
                TEST(test_a_known_root_is_not_scanned_again_and_a_forgotten_one_is),
                TEST(test_what_is_forgotten_is_seen_as_it_is_then),
                TEST(test_a_root_that_was_left_is_read_as_if_it_were_new),
                TEST(test_a_root_that_was_lost_is_looked_for_at_its_path),
                TEST(test_what_is_watched_no_more_is_left_but_not_what_another_covers),
                TEST(test_a_tree_of_which_one_file_is_still_watched_is_left),
                TEST(test_where_files_were_watched_there_is_more_to_read_when_all_is),
                TEST(test_a_watched_file_is_known_without_its_neighbours),
                TEST(test_a_new_directory_of_a_known_one_is_scanned_when_asked),
                TEST(test_freeing_a_scan_at_work_leaves_nothing_open),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
