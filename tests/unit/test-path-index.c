/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The index against sentences of what it does, and against a tree of pointers that is too simple to be wrong. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "path-index.h"
#include "path.h"
#include "siphash.h"

static const uint8_t seed[16] = { 7, 1, 9 };

static const FopsInodeKey root = { .inode = 2, .dev_major = 8, .dev_minor = 1 };

static FopsInodeKey key(uint64_t inode) {
        return (FopsInodeKey){ .inode = inode, .dev_major = 8, .dev_minor = 1 };
}

/* What is asked for is asked for a late event, unless a test says otherwise: then removed directories have their paths. */
#define LATE_USEC (10 * FOPS_PATH_GHOST_USEC_MAX)
#define NOW_USEC (LATE_USEC + 1)

static uint64_t random_state;

static unsigned random_below(size_t n) {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        return (unsigned) (random_state % n);
}

static FopsPathIndex *make_index(uint64_t max_entries) {
        FopsPathIndex *x = fops_path_index_new(max_entries, seed);

        assert_non_null(x);
        assert_int_equal(fops_path_index_add_root(x, root, FOPS_SPAN_LITERAL("/srv")), FOPS_INDEX_DONE);
        fops_path_index_set_time(x, LATE_USEC);
        return x;
}

static int put(FopsPathIndex *x, uint64_t parent, const char *name, uint64_t inode, bool is_directory, FopsPutHow how) {
        FopsPathLink link = { key(parent), fops_span_from_string(name), key(inode), is_directory };

        return fops_path_index_put(x, &link, how);
}

static int put_directory(FopsPathIndex *x, uint64_t parent, const char *name, uint64_t inode) {
        return put(x, parent, name, inode, true, FOPS_PUT_EVENT);
}

static int put_file(FopsPathIndex *x, uint64_t parent, const char *name, uint64_t inode) {
        return put(x, parent, name, inode, false, FOPS_PUT_CREATED);
}

static int link_file(FopsPathIndex *x, uint64_t parent, const char *name, uint64_t inode) {
        return put(x, parent, name, inode, false, FOPS_PUT_EVENT);
}

static int remove_name(FopsPathIndex *x, uint64_t parent, const char *name, uint64_t inode) {
        FopsInodeKey k = key(inode);
        int r;

        fops_path_index_set_time(x, NOW_USEC);
        r = fops_path_index_remove(x, key(parent), fops_span_from_string(name), inode == 0 ? NULL : &k);
        fops_path_index_set_time(x, LATE_USEC);
        return r;
}

static int rename_to(FopsPathIndex *x, uint64_t old_parent, const char *old_name, uint64_t parent, const char *name,
                     uint64_t inode, bool is_directory) {
        FopsPathLink link = { key(parent), fops_span_from_string(name), key(inode), is_directory };

        return fops_path_index_rename(x, key(old_parent), fops_span_from_string(old_name), &link);
}

/* NULL: no single path. */
static void assert_path(FopsPathIndex *x, uint64_t inode, bool is_directory, const char *path) {
        FopsArena arena = {};
        FopsSpan p = fops_path_index_path(x, key(inode), is_directory, &arena);

        if (path)
                assert_string_equal(p.data ? p.data : "(absent)", path);
        else
                assert_false(fops_span_is_present(p));
        fops_arena_done(&arena);
}

#define assert_directory(x, inode, path) assert_path(x, inode, true, path)
#define assert_file(x, inode, path) assert_path(x, inode, false, path)

/* @paths in any order, until NULL. */
static void assert_candidates(FopsPathIndex *x, uint64_t inode, bool is_directory, bool more, const char *const *paths) {
        FopsPathCandidates c;
        FopsArena arena = {};
        size_t n = 0;

        assert_int_equal(fops_path_index_candidates(x, key(inode), is_directory, &arena, &c), 0);
        for (; paths[n]; n++) {
                bool found = false;

                for (size_t i = 0; i < c.n; i++)
                        found = found || fops_span_equal_string(c.paths[i], paths[n]);
                assert_true(found);
        }
        assert_int_equal(c.n, n);
        assert_int_equal(c.more, more);
        fops_arena_done(&arena);
}

static bool may_be(FopsPathIndex *x, uint64_t inode, bool is_directory, const char *path) {
        FopsArena arena = {};
        FopsPathCandidates c;
        bool found = false;

        assert_int_equal(fops_path_index_doubtful_candidates(x, key(inode), is_directory, &arena, &c), 0);
        for (size_t i = 0; i < c.n; i++)
                found |= fops_span_equal_string(c.paths[i], path);
        fops_arena_done(&arena);
        return found;
}

static bool is_whole(FopsPathIndex *x, uint64_t inode) {
        FopsArena arena = {};
        FopsPathCandidates c;

        assert_int_equal(fops_path_index_candidates(x, key(inode), false, &arena, &c), 0);
        fops_arena_done(&arena);
        return c.whole;
}

#define PATHS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- hashing and names ---- */

static void test_siphash_gives_what_others_give(void **state _unused_) {
        /* CPython's hash() of these bytes under a seed of zeroes: sys.hash_info.algorithm is siphash13. */
        static const struct {
                const char *text;
                uint64_t hash;
        } vectors[] = {
                { "a", UINT64_C(0x407448d2b89b1813) },
                { "abcdefg", UINT64_C(0x6db12aae9070f506) },
                { "abcdefgh", UINT64_C(0x3f7b849c0b8e35ea) },
                { "abcdefghi", UINT64_C(0xf89b34a3d11eb6e5) },
                { "/srv/data/a file of some length", UINT64_C(0xa5fb64460d781670) },
        };
        static const uint8_t zeroes[16], other[16] = { [15] = 1 };

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                assert_true(fops_siphash13(zeroes, vectors[i].text, strlen(vectors[i].text)) == vectors[i].hash);
                assert_true(fops_siphash13(other, vectors[i].text, strlen(vectors[i].text)) != vectors[i].hash);
        }
}

static void test_names_of_every_length_are_kept(void **state _unused_) {
        uint32_t handles[FOPS_NAME_BYTES_MAX + 1];
        char text[FOPS_NAME_BYTES_MAX];
        FopsNamePool pool = {};

        for (size_t round = 0; round < 2; round++) {
                for (size_t n = 0; n <= FOPS_NAME_BYTES_MAX; n++) {
                        memset(text, (int) (n + round), sizeof(text));
                        handles[n] = fops_name_pool_put(&pool, (FopsSpan){ text, n });
                        assert_int_not_equal(handles[n], 0);
                }
                for (size_t n = 0; n <= FOPS_NAME_BYTES_MAX; n++) {
                        memset(text, (int) (n + round), sizeof(text));
                        assert_true(fops_span_equal(fops_name_pool_get(&pool, handles[n]), (FopsSpan){ text, n }));
                }
                for (size_t n = 0; n <= FOPS_NAME_BYTES_MAX; n++)
                        fops_name_pool_drop(&pool, handles[n]);
        }
        fops_name_pool_done(&pool);
}

static void test_names_that_change_length_do_not_pile_up(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(10000);
        uint64_t worst = 0;
        char path[256];

        for (size_t size = 204; size >= 12; size -= 4) {
                for (uint64_t i = 0; i < 8000; i++) {
                        memset(path, 'x', size);
                        path[snprintf(path, sizeof(path), "/srv/%u", (unsigned) i)] = 'x';
                        path[size] = '\0';
                        assert_int_equal(put(x, 2, path + 5, 100 + i, false, FOPS_PUT_CREATED), FOPS_INDEX_DONE);
                        if (size < 100)
                                worst = MAX(worst, fops_path_index_stats(x).bytes);
                }
                for (uint64_t i = 0; i < 8000; i++) {
                        memset(path, 'x', size);
                        path[snprintf(path, sizeof(path), "/srv/%u", (unsigned) i)] = 'x';
                        path[size] = '\0';
                        assert_file(x, 100 + i, path);
                }
        }
        /* 8,000 names of all those lengths would be 40 MB; three times the longest 8,000 are 2.4. */
        assert_true(worst < 6000000);
}

static void test_names_that_move_are_not_lost_when_exchanged(void **state _unused_) {
        enum { N = 8000, BEFORE = 200, AFTER = 12 };
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(10000);
        uint64_t owners[N]; /* of each name */
        char path[256];

        random_state = 99;
        for (unsigned round = 0; round < 2; round++)
                for (unsigned i = 0; i < N; i++) {
                        unsigned size = round == 0 ? BEFORE : AFTER;
                        FopsPathLink links[2];
                        char names[2][256];
                        uint64_t owner;

                        if (round == 0)
                                owners[i] = 100 + i;
                        snprintf(path, sizeof(path), "%0*u", (int) size, i);
                        assert_int_equal(put(x, 2, path, owners[i], false, FOPS_PUT_CREATED), FOPS_INDEX_DONE);

                        /* With all of them moved or not, and in any order. */
                        for (unsigned j = 0; j < 2; j++) {
                                unsigned other = random_below(round == 0 ? i + 1 : N);

                                size = round == 1 && other <= i ? AFTER : BEFORE;
                                snprintf(names[j], sizeof(names[j]), "%0*u", (int) size, other);
                                links[j] = (FopsPathLink){ root, fops_span_from_string(names[j]), key(owners[other]),
                                                           false };
                                if (j == 0)
                                        owner = other;
                                else if (other != owner) {
                                        assert_int_equal(fops_path_index_exchange(x, &links[0], &links[1]), FOPS_INDEX_DONE);
                                        owners[owner] = links[1].key.inode;
                                        owners[other] = links[0].key.inode;
                                }
                        }
                }

        for (unsigned i = 0; i < N; i++) {
                snprintf(path, sizeof(path), "/srv/%0*u", AFTER, i);
                assert_file(x, owners[i], path);
        }
}

/* ---- paths ---- */

static void test_a_path_is_walked_up_to_the_root(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        assert_int_equal(put_directory(x, 2, "a", 10), FOPS_INDEX_DONE);
        assert_int_equal(put_directory(x, 10, "b", 11), FOPS_INDEX_DONE);
        assert_int_equal(put_file(x, 11, "f", 12), FOPS_INDEX_DONE);
        assert_int_equal(put_file(x, 11, "f", 12), FOPS_INDEX_KNOWN);
        assert_directory(x, 2, "/srv");
        assert_directory(x, 11, "/srv/a/b");
        assert_file(x, 12, "/srv/a/b/f");
        assert_file(x, 11, NULL);
        assert_directory(x, 12, NULL);
        assert_true(fops_path_index_is_known(x, key(12)));
        assert_false(fops_path_index_is_known(x, key(13)));
        assert_false(fops_path_index_is_known(x, (FopsInodeKey){ 12, 8, 2 }));
}

static void test_below_the_root_of_all_there_is_one_slash(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = fops_path_index_new(100, seed);

        assert_int_equal(fops_path_index_add_root(x, root, FOPS_SPAN_LITERAL("/")), FOPS_INDEX_DONE);
        put_file(x, 2, "f", 12);
        assert_directory(x, 2, "/");
        assert_file(x, 12, "/f");
}

static void test_names_are_any_bytes_but_two(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        char longest[FOPS_NAME_BYTES_MAX + 2];
        FopsPathLink link = { root, FOPS_SPAN_LITERAL("\xff\n\""), key(10), false };

        assert_int_equal(fops_path_index_put(x, &link, FOPS_PUT_CREATED), FOPS_INDEX_DONE);
        assert_file(x, 10, "/srv/\xff\n\"");

        link.name = FOPS_SPAN_LITERAL("a\0b");
        assert_int_equal(fops_path_index_put(x, &link, FOPS_PUT_EVENT), FOPS_INDEX_INVALID);
        assert_int_equal(put_file(x, 2, "a/b", 10), FOPS_INDEX_INVALID);
        assert_int_equal(put_file(x, 2, "", 10), FOPS_INDEX_INVALID);
        assert_int_equal(put_file(x, 2, ".", 10), FOPS_INDEX_INVALID);
        assert_int_equal(put_file(x, 2, "..", 10), FOPS_INDEX_INVALID);
        assert_int_equal(put_file(x, 2, NULL, 10), FOPS_INDEX_INVALID);
        assert_int_equal(put_file(x, 2, "...", 11), FOPS_INDEX_DONE);

        memset(longest, 'n', sizeof(longest));
        link = (FopsPathLink){ root, { longest, FOPS_NAME_BYTES_MAX + 1 }, key(12), false };
        assert_int_equal(fops_path_index_put(x, &link, FOPS_PUT_EVENT), FOPS_INDEX_INVALID);
        link.name.size--;
        assert_int_equal(fops_path_index_put(x, &link, FOPS_PUT_EVENT), FOPS_INDEX_DONE);
        assert_true(fops_path_index_is_known(x, key(12)));
        assert_int_equal(fops_path_index_remove(x, root, (FopsSpan){ longest, sizeof(longest) }, NULL), FOPS_INDEX_UNKNOWN);
        assert_int_equal(fops_path_index_add_root(x, key(13), FOPS_SPAN_LITERAL("srv")), FOPS_INDEX_INVALID);
        assert_int_equal(fops_path_index_add_root(x, key(13), FOPS_SPAN_ABSENT), FOPS_INDEX_INVALID);
}

static void test_a_device_the_kernel_cannot_have_is_refused(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        FopsPathLink link = { root, FOPS_SPAN_LITERAL("f"), { 10, 4095, 1048575 }, false };

        assert_int_equal(fops_path_index_put(x, &link, FOPS_PUT_EVENT), FOPS_INDEX_DONE);
        assert_true(fops_path_index_is_known(x, link.key));
        link.key.dev_minor++;
        assert_int_equal(fops_path_index_put(x, &link, FOPS_PUT_EVENT), FOPS_INDEX_INVALID);
        assert_false(fops_path_index_is_known(x, link.key));
}

static void test_paths_too_long_or_too_deep_stay_unknown(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(10000);
        FopsArena arena = {};
        char name[256] = {};
        size_t size = strlen("/srv");
        uint64_t i;

        for (i = 10; size + 201 <= FOPS_PATH_BYTES_MAX; i++, size += 201) {
                memset(name, 'd', 200);
                put_directory(x, i == 10 ? 2 : i - 1, name, i);
        }
        assert_int_equal(fops_path_index_path(x, key(i - 1), true, &arena).size, size);
        put_directory(x, i - 1, name, i);
        assert_directory(x, i, NULL);
        assert_false(fops_path_index_is_known(x, key(i)));

        for (i = 1000; i < 1000 + FOPS_PATH_DEPTH_MAX; i++)
                put_directory(x, i == 1000 ? 2 : i - 1, "d", i);
        assert_int_equal(fops_path_index_path(x, key(i - 2), true, &arena).size, 4 + 2 * (FOPS_PATH_DEPTH_MAX - 1));
        assert_directory(x, i - 1, NULL);
        fops_arena_done(&arena);
}

static void test_a_link_in_an_unknown_parent_is_not_taken(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_file(x, 2, "f", 20);
        assert_int_equal(put_file(x, 99, "g", 12), FOPS_INDEX_PARENT_UNKNOWN);
        assert_int_equal(put_file(x, 20, "g", 12), FOPS_INDEX_PARENT_UNKNOWN); /* a file is no parent */
        assert_false(fops_path_index_is_known(x, key(12)));
        assert_int_equal(remove_name(x, 99, "g", 12), FOPS_INDEX_PARENT_UNKNOWN);
}

static void test_a_child_is_found_by_name(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        FopsInodeKey k = {};
        bool is_directory = false;

        put_directory(x, 2, "a", 10);
        put_file(x, 10, "f", 12);
        assert_int_equal(fops_path_index_child(x, root, FOPS_SPAN_LITERAL("a"), &k, &is_directory), FOPS_INDEX_DONE);
        assert_true(fops_inode_key_equal(k, key(10)) && is_directory);
        assert_int_equal(fops_path_index_child(x, k, FOPS_SPAN_LITERAL("f"), &k, &is_directory), FOPS_INDEX_DONE);
        assert_true(fops_inode_key_equal(k, key(12)) && !is_directory);
        assert_int_equal(fops_path_index_child(x, root, FOPS_SPAN_LITERAL("f"), &k, &is_directory), FOPS_INDEX_UNKNOWN);
        assert_int_equal(fops_path_index_child(x, k, FOPS_SPAN_LITERAL("f"), &k, &is_directory), FOPS_INDEX_PARENT_UNKNOWN);
}

/* ---- links, moves ---- */

static void test_a_directory_moves_with_all_below(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_directory(x, 2, "a", 10);
        put_directory(x, 10, "b", 11);
        put_file(x, 11, "f", 12);
        put_directory(x, 2, "c", 20);
        assert_int_equal(put_directory(x, 20, "b2", 11), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/c/b2/f");
        assert_int_equal(rename_to(x, 20, "b2", 2, "b3", 11, true), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/b3/f");
        assert_int_equal(fops_path_index_stats(x).n_entries, 5);
}

static void test_a_file_has_a_path_for_each_link(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_file(x, 2, "a", 12);
        assert_int_equal(link_file(x, 2, "b", 12), FOPS_INDEX_DONE);
        assert_file(x, 12, NULL);
        assert_candidates(x, 12, false, false, PATHS("/srv/a", "/srv/b"));
        assert_int_equal(remove_name(x, 2, "a", 12), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/b");
        assert_int_equal(remove_name(x, 2, "b", 0), FOPS_INDEX_DONE);
        assert_false(fops_path_index_is_known(x, key(12)));
}

static void test_all_links_are_known_of_what_an_event_made_until_one_is_lost(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put(x, 2, "d", 10, true, FOPS_PUT_CREATED);
        put(x, 2, "seen", 12, false, FOPS_PUT_SCANNED);
        assert_false(is_whole(x, 12));
        put(x, 2, "made", 13, false, FOPS_PUT_CREATED);
        link_file(x, 10, "far", 13);
        assert_true(is_whole(x, 13));

        /* Its directory is forgotten: at once for lookups, then in fact. */
        fops_path_index_remove_below(x, key(10));
        assert_file(x, 13, "/srv/made");
        assert_false(is_whole(x, 13));
        while (fops_path_index_stats(x).n_unreachable > 0)
                remove_name(x, 2, "none", 0);
        assert_file(x, 13, "/srv/made");
        assert_false(is_whole(x, 13));
}

static void test_of_too_many_links_it_is_known_that_there_are_more(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        char name[16];

        put_file(x, 2, "0", 12);
        for (unsigned i = 1; i <= FOPS_PATH_LINKS_MAX; i++) {
                snprintf(name, sizeof(name), "%u", i);
                assert_int_equal(link_file(x, 2, name, 12),
                                 i < FOPS_PATH_LINKS_MAX ? FOPS_INDEX_DONE : FOPS_INDEX_AMBIGUOUS);
        }
        for (unsigned i = 1; i < FOPS_PATH_LINKS_MAX; i++) {
                snprintf(name, sizeof(name), "%u", i);
                assert_int_equal(remove_name(x, 2, name, 12), FOPS_INDEX_DONE);
        }
        assert_file(x, 12, NULL);
        assert_candidates(x, 12, false, true, PATHS("/srv/0"));
}

static void test_renaming_one_link_leaves_the_others(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_file(x, 2, "a", 12);
        link_file(x, 2, "b", 12);
        assert_int_equal(rename_to(x, 2, "a", 2, "c", 12, false), FOPS_INDEX_DONE);
        assert_candidates(x, 12, false, false, PATHS("/srv/b", "/srv/c"));
        assert_int_equal(rename_to(x, 2, "a", 2, "d", 12, false), FOPS_INDEX_DONE); /* not known there: one more */
        assert_candidates(x, 12, false, false, PATHS("/srv/b", "/srv/c", "/srv/d"));
}

static void test_a_rename_the_scan_has_seen_leaves_one_link(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put(x, 2, "a", 12, false, FOPS_PUT_CREATED);
        put(x, 2, "b", 12, false, FOPS_PUT_SCANNED);
        assert_int_equal(rename_to(x, 2, "a", 2, "b", 12, false), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/b");
}

static void test_a_rename_replaces_what_had_the_name(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_file(x, 2, "a", 12);
        put_file(x, 2, "b", 13);
        assert_int_equal(rename_to(x, 2, "a", 2, "b", 12, false), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/b");
        assert_false(fops_path_index_is_known(x, key(13)));
        assert_int_equal(remove_name(x, 2, "a", 0), FOPS_INDEX_UNKNOWN);
}

static void test_a_stale_removal_takes_nothing_away(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_file(x, 2, "a", 13);
        assert_int_equal(remove_name(x, 2, "a", 12), FOPS_INDEX_STALE);
        assert_int_equal(remove_name(x, 2, "b", 12), FOPS_INDEX_UNKNOWN);
        assert_file(x, 13, "/srv/a");
}

static void test_exchanged_objects_have_each_others_names(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        FopsPathLink a, b;

        put_directory(x, 2, "a", 10);
        put_file(x, 10, "f", 12);
        put_directory(x, 2, "c", 20);
        put_file(x, 20, "g", 13);
        a = (FopsPathLink){ root, FOPS_SPAN_LITERAL("a"), key(10), true };
        b = (FopsPathLink){ key(20), FOPS_SPAN_LITERAL("g"), key(13), false };
        assert_int_equal(fops_path_index_exchange(x, &a, &b), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/c/g/f");
        assert_file(x, 13, "/srv/a");
}

static void test_an_exchange_of_which_half_is_known_is_learnt_whole(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        FopsPathLink a, b;

        put_directory(x, 2, "a", 10);
        put_file(x, 10, "f", 12);
        a = (FopsPathLink){ root, FOPS_SPAN_LITERAL("a"), key(10), true };
        b = (FopsPathLink){ root, FOPS_SPAN_LITERAL("b"), key(13), false };
        assert_int_equal(fops_path_index_exchange(x, &a, &b), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/b/f");
        assert_file(x, 13, "/srv/a");

        /* The first put of these two replaces the known one, the second brings it back with what is below. */
        a = (FopsPathLink){ root, FOPS_SPAN_LITERAL("c"), key(14), true };
        b = (FopsPathLink){ root, FOPS_SPAN_LITERAL("b"), key(10), true };
        assert_int_equal(fops_path_index_exchange(x, &a, &b), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/c/f");
        assert_directory(x, 14, "/srv/b");
}

static void test_a_directory_below_itself_has_no_path(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_directory(x, 2, "a", 10);
        put_directory(x, 10, "b", 11);
        put_directory(x, 11, "c", 12);
        assert_int_equal(put_directory(x, 12, "a", 10), FOPS_INDEX_LOOP);
        assert_directory(x, 10, NULL);
        assert_directory(x, 12, NULL);
        assert_false(fops_path_index_is_known(x, key(12)));

        /* What was stale is told, and all is there again. */
        assert_int_equal(put_directory(x, 2, "x", 11), FOPS_INDEX_DONE);
        assert_int_equal(put_directory(x, 12, "a", 10), FOPS_INDEX_DONE);
        assert_directory(x, 10, "/srv/x/c/a");
        assert_int_equal(put_directory(x, 10, "y", 10), FOPS_INDEX_LOOP);
        assert_directory(x, 10, NULL);
}

static void test_a_directory_that_leaves_the_known_comes_back_in_doubt(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_directory(x, 2, "a", 10);
        put_file(x, 10, "f", 12);
        assert_int_equal(rename_to(x, 2, "a", 99, "b", 10, true), FOPS_INDEX_PARENT_UNKNOWN);
        assert_directory(x, 10, NULL);
        assert_file(x, 12, NULL);
        put_directory(x, 2, "new", 99);
        assert_int_equal(put(x, 99, "b", 10, true, FOPS_PUT_SCANNED), FOPS_INDEX_DONE);
        assert_directory(x, 10, "/srv/new/b");
        assert_file(x, 12, NULL);
        assert_true(may_be(x, 12, false, "/srv/new/b/f"));
        put_file(x, 10, "f", 12);
        assert_file(x, 12, "/srv/new/b/f");
}

static void test_what_is_in_a_directory_that_was_away_is_told_when_it_is_seen_there(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        FopsInodeKey found;
        bool is_directory;

        put_directory(x, 2, "a", 10);
        put_directory(x, 10, "d", 11);
        put_directory(x, 11, "e", 12);
        put_file(x, 10, "f", 20);
        put_file(x, 11, "g", 21);
        assert_int_equal(fops_path_index_doubt_below(x, key(10)), FOPS_INDEX_DONE);
        assert_int_equal(fops_path_index_doubt_below(x, key(99)), FOPS_INDEX_UNKNOWN);
        assert_directory(x, 10, "/srv/a");
        assert_file(x, 20, NULL);
        assert_false(fops_path_index_is_known(x, key(21)));
        assert_true(fops_path_index_is_held(x, key(21)));
        assert_int_equal(fops_path_index_child(x, key(10), FOPS_SPAN_LITERAL("f"), &found, &is_directory), FOPS_INDEX_UNKNOWN);
        assert_true(may_be(x, 21, false, "/srv/a/d/g"));
        assert_false(may_be(x, 21, false, "/srv/a/g"));

        /* What is put since is certain. */
        put_file(x, 10, "new", 22);
        assert_file(x, 22, "/srv/a/new");

        /* A scan sees a directory again: what is in that isn't seen yet. */
        assert_int_equal(put(x, 10, "d", 11, true, FOPS_PUT_SCANNED), FOPS_INDEX_KNOWN);
        assert_directory(x, 11, "/srv/a/d");
        assert_file(x, 21, NULL);
        put(x, 11, "g", 21, false, FOPS_PUT_SCANNED);
        assert_file(x, 21, "/srv/a/d/g");
        assert_directory(x, 12, NULL);
        put(x, 11, "e", 12, true, FOPS_PUT_SCANNED);
        assert_directory(x, 12, "/srv/a/d/e");

        /* Away once more: nothing of it is left. */
        fops_path_index_doubt_below(x, key(10));
        put_directory(x, 2, "a", 10);
        assert_directory(x, 10, "/srv/a");
        assert_false(may_be(x, 20, false, "/srv/a/f"));
        assert_file(x, 22, NULL);
}

static void test_a_link_is_seen_where_it_is_held_and_not_from_before(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        FopsPathLink link = { .parent = key(10), .name = FOPS_SPAN_LITERAL("d"), .key = key(11), .is_directory = true };

        put_directory(x, 2, "a", 10);
        assert_false(fops_path_index_has_seen(x, &link));
        put(x, 10, "d", 11, true, FOPS_PUT_SCANNED);
        fops_path_index_set_ahead(x, true);
        assert_false(fops_path_index_is_known(x, key(11)));
        assert_true(fops_path_index_is_held(x, key(11)));
        assert_true(fops_path_index_has_seen(x, &link));
        fops_path_index_doubt_below(x, key(10));
        assert_false(fops_path_index_has_seen(x, &link));
}

static void test_an_exchange_that_a_scan_has_seen_leaves_one_place(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        FopsPathLink a = { key(10), FOPS_SPAN_LITERAL("a"), key(12), true }, b = { key(11), FOPS_SPAN_LITERAL("b"), key(13), true };

        put_directory(x, 2, "c", 10);
        put_directory(x, 2, "e", 11);
        put_directory(x, 10, "a", 12);
        put_directory(x, 11, "b", 13);
        /* What stands in a directory of two places is not replaced. */
        put(x, 2, "moved", 10, true, FOPS_PUT_SCANNED);
        put(x, 11, "b", 12, true, FOPS_PUT_SCANNED);
        fops_path_index_exchange(x, &a, &b);
        assert_directory(x, 12, "/srv/e/b");
}

static void test_a_file_linked_to_where_nobody_knows_has_more_paths(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_file(x, 2, "a", 12);
        assert_int_equal(link_file(x, 99, "b", 12), FOPS_INDEX_PARENT_UNKNOWN);
        assert_file(x, 12, NULL);
        assert_candidates(x, 12, false, true, PATHS("/srv/a"));
        link_file(x, 2, "b", 12);
        remove_name(x, 2, "a", 12);
        assert_candidates(x, 12, false, true, PATHS("/srv/b"));

        put_file(x, 2, "c", 13);
        assert_int_equal(rename_to(x, 2, "c", 99, "c", 13, false), FOPS_INDEX_PARENT_UNKNOWN);
        assert_false(fops_path_index_is_known(x, key(13)));

        /* Linked from there: the name that it had before isn't known. Moved from there: it had one. */
        assert_int_equal(link_file(x, 2, "d", 14), FOPS_INDEX_DONE);
        assert_candidates(x, 14, false, true, PATHS("/srv/d"));
        assert_int_equal(rename_to(x, 99, "e", 2, "e", 15, false), FOPS_INDEX_DONE);
        assert_file(x, 15, "/srv/e");
}

/* ---- inode reuse and ghosts ---- */

static void test_what_is_below_a_removed_directory_still_has_its_path(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_directory(x, 2, "a", 10);
        put_directory(x, 10, "b", 11);
        assert_int_equal(remove_name(x, 10, "b", 11), FOPS_INDEX_DONE);
        assert_int_equal(remove_name(x, 2, "a", 10), FOPS_INDEX_DONE);
        assert_directory(x, 11, "/srv/a/b");
        assert_int_equal(fops_path_index_stats(x).n_ghosts, 2);
        assert_int_equal(fops_path_index_stats(x).n_entries, 1);

        /* The name is free, and another may have it. */
        put_directory(x, 2, "a", 20);
        assert_directory(x, 20, "/srv/a");
        assert_directory(x, 10, "/srv/a");
}

static void test_ghosts_are_forgotten_in_the_order_of_their_removal(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        uint64_t n = FOPS_PATH_GHOSTS_MAX;

        for (uint64_t i = 0; i <= n; i++) {
                assert_int_equal(put_directory(x, 2, "d", 100 + i), FOPS_INDEX_DONE);
                if (i == n)
                        assert_directory(x, 100, "/srv/d");
                assert_int_equal(remove_name(x, 2, "d", 100 + i), FOPS_INDEX_DONE);
        }
        assert_directory(x, 100, NULL);
        assert_directory(x, 101, "/srv/d");
        assert_int_equal(fops_path_index_stats(x).n_ghosts, n);
}

static void test_a_removed_directory_has_a_path_for_older_events_only(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        FopsPathCandidates c;
        FopsArena arena = {};

        put_directory(x, 2, "a", 10);
        put_directory(x, 10, "b", 11);
        remove_name(x, 2, "a", 10);
        assert_directory(x, 10, "/srv/a");
        assert_directory(x, 11, "/srv/a/b");

        /* Within a tick of the clock its inode may be given away again, where nobody hears of it. */
        fops_path_index_set_time(x, NOW_USEC);
        assert_directory(x, 10, NULL);
        assert_directory(x, 11, NULL);
        assert_false(fops_path_index_is_known(x, key(10)));
        assert_int_equal(fops_path_index_doubtful_candidates(x, key(10), true, &arena, &c), 0);
        assert_int_equal(c.n, 0);
        fops_path_index_set_time(x, NOW_USEC - FOPS_PATH_GHOST_USEC_MAX);
        assert_directory(x, 10, "/srv/a");
        fops_path_index_set_time(x, NOW_USEC - FOPS_PATH_GHOST_USEC_MAX - 1);
        assert_directory(x, 10, NULL);

        /* It is put again: then it is there. */
        fops_path_index_set_time(x, NOW_USEC);
        put_directory(x, 2, "c", 10);
        assert_directory(x, 10, "/srv/c");
        assert_directory(x, 11, "/srv/c/b");
        fops_arena_done(&arena);
}

static bool is_ghost(const FopsPathIndex *x, uint64_t inode) {
        return fops_path_index_is_ghost(x, key(inode));
}

static void test_a_ghost_is_told_from_what_is_there(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(1000);

        assert_false(is_ghost(x, 10));
        put_directory(x, 2, "d", 10);
        put_file(x, 2, "f", 11);
        assert_false(is_ghost(x, 10));
        remove_name(x, 2, "d", 10);
        remove_name(x, 2, "f", 11);
        assert_true(is_ghost(x, 10));
        assert_false(is_ghost(x, 11)); /* only directories are */
        put_directory(x, 2, "e", 10);
        assert_false(is_ghost(x, 10));
}

static void test_all_ghosts_can_be_forgotten_at_once(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(1000);

        put_directory(x, 2, "stays", 30);
        put_file(x, 30, "f", 31);
        for (uint64_t i = 0; i < 10; i++) {
                put_directory(x, 2, "d", 10 + i);
                remove_name(x, 2, "d", 10 + i);
        }
        assert_int_equal(fops_path_index_stats(x).n_ghosts, 10);
        fops_path_index_forget_ghosts(x);
        assert_int_equal(fops_path_index_stats(x).n_ghosts, 0);
        for (uint64_t i = 0; i < 10; i++) {
                assert_false(is_ghost(x, 10 + i));
                assert_directory(x, 10 + i, NULL);
        }
        assert_file(x, 31, "/srv/stays/f");
}

static void test_roots_after_the_first_are_too_new_for_older_events(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        fops_path_index_end_first_roots(x);
        assert_int_equal(fops_path_index_add_root(x, key(50), FOPS_SPAN_LITERAL("/later")), FOPS_INDEX_DONE);
        put_directory(x, 50, "heard", 51);
        fops_path_index_set_ahead(x, true);
        assert_directory(x, 2, "/srv");
        assert_directory(x, 50, NULL);
        assert_directory(x, 51, NULL);
        fops_path_index_set_ahead(x, false);
        assert_directory(x, 50, "/later");
        assert_directory(x, 51, "/later/heard");
}

static void test_what_the_latest_scan_saw_is_too_new_for_older_events(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(1000);

        put(x, 2, "first", 10, true, FOPS_PUT_SCANNED);
        fops_path_index_set_ahead(x, true);
        assert_directory(x, 10, NULL);
        fops_path_index_set_ahead(x, false);
        for (unsigned i = 0; i < 4; i++) {
                fops_path_index_begin_scan(x);
                put(x, 2, "scanned", 20 + i, true, FOPS_PUT_SCANNED);
                put(x, 20 + i, "f", 30 + i, false, FOPS_PUT_SCANNED);
                put_directory(x, 2, "heard", 40 + i);

                fops_path_index_set_ahead(x, true);
                assert_false(fops_path_index_is_known(x, key(20 + i)));
                assert_directory(x, 20 + i, NULL);
                assert_file(x, 30 + i, NULL);
                assert_directory(x, 40 + i, "/srv/heard");
                assert_directory(x, 10, "/srv/first");

                fops_path_index_set_ahead(x, false);
                assert_true(fops_path_index_is_known(x, key(20 + i)));
                assert_file(x, 30 + i, "/srv/scanned/f");

                /* What an event says too isn't from the scan alone. */
                put_directory(x, 2, "scanned", 20 + i);
                fops_path_index_set_ahead(x, true);
                assert_directory(x, 20 + i, "/srv/scanned");
                assert_file(x, 30 + i, NULL);
                fops_path_index_set_ahead(x, false);
        }

        /* Those of the scan before are as old as any. */
        fops_path_index_begin_scan(x);
        fops_path_index_set_ahead(x, true);
        assert_file(x, 33, "/srv/scanned/f");
}

static void test_a_scanned_place_stays_too_new_when_it_is_the_only_one_left(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(1000);

        put_directory(x, 2, "d", 10);
        fops_path_index_begin_scan(x);
        put(x, 2, "e", 10, true, FOPS_PUT_SCANNED);
        remove_name(x, 2, "d", 10);
        fops_path_index_set_ahead(x, true);
        assert_directory(x, 10, NULL);
        fops_path_index_set_ahead(x, false);
        assert_directory(x, 10, "/srv/e");
}

static void test_a_reused_inode_replaces_the_ghost(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_directory(x, 2, "a", 10);
        put_file(x, 10, "lost", 12); /* its unlink was missed */
        remove_name(x, 2, "a", 10);
        assert_file(x, 12, "/srv/a/lost");
        assert_int_equal(put(x, 2, "b", 10, true, FOPS_PUT_CREATED), FOPS_INDEX_DONE);
        assert_directory(x, 10, "/srv/b");
        assert_file(x, 12, NULL);
        assert_int_equal(fops_path_index_stats(x).n_ghosts, 0);
}

static void test_a_created_file_has_no_links_from_before(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_file(x, 2, "a", 12);
        assert_int_equal(put(x, 2, "b", 12, false, FOPS_PUT_CREATED), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/b");
        link_file(x, 2, "c", 12);
        assert_int_equal(put(x, 2, "c", 12, false, FOPS_PUT_CREATED), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/c");
}

static void test_an_inode_that_changes_kind_is_another_object(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_directory(x, 2, "a", 10);
        put_file(x, 2, "b", 10);
        assert_directory(x, 10, NULL);
        assert_file(x, 10, "/srv/b");
        put_directory(x, 2, "c", 10);
        assert_file(x, 10, NULL);
        assert_directory(x, 10, "/srv/c");
}

static void test_a_late_mkdir_leaves_what_the_scan_found_below(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put(x, 2, "a", 10, true, FOPS_PUT_SCANNED);
        put(x, 10, "f", 12, false, FOPS_PUT_SCANNED);
        assert_int_equal(put(x, 2, "a", 10, true, FOPS_PUT_CREATED), FOPS_INDEX_KNOWN);
        assert_file(x, 12, "/srv/a/f");
}

/* ---- ambiguity ---- */

static void test_a_directory_scanned_in_two_places_is_ambiguous(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);
        FopsInodeKey k;
        bool is_directory;

        put(x, 2, "a", 10, true, FOPS_PUT_SCANNED);
        put(x, 10, "f", 12, false, FOPS_PUT_SCANNED);
        assert_int_equal(put(x, 2, "b", 10, true, FOPS_PUT_SCANNED), FOPS_INDEX_AMBIGUOUS);
        assert_directory(x, 10, NULL);
        assert_candidates(x, 10, true, false, PATHS("/srv/a", "/srv/b"));
        assert_candidates(x, 12, false, false, PATHS("/srv/a/f", "/srv/b/f"));

        /* Two subvolumes, two files of the name. */
        put(x, 10, "f", 13, false, FOPS_PUT_SCANNED);
        assert_candidates(x, 12, false, false, PATHS("/srv/a/f", "/srv/b/f"));
        assert_candidates(x, 13, false, false, PATHS("/srv/a/f", "/srv/b/f"));
        assert_int_equal(fops_path_index_child(x, key(10), FOPS_SPAN_LITERAL("f"), &k, &is_directory), FOPS_INDEX_AMBIGUOUS);
        assert_int_equal(remove_name(x, 10, "f", 0), FOPS_INDEX_AMBIGUOUS);
        assert_int_equal(remove_name(x, 10, "f", 12), FOPS_INDEX_DONE);
        assert_candidates(x, 13, false, false, PATHS("/srv/a/f", "/srv/b/f"));

        /* A rename tells which; when one is left it is certain again. */
        assert_int_equal(rename_to(x, 2, "a", 2, "c", 10, true), FOPS_INDEX_DONE);
        assert_candidates(x, 10, true, false, PATHS("/srv/b", "/srv/c"));
        assert_int_equal(remove_name(x, 2, "b", 10), FOPS_INDEX_DONE);
        assert_directory(x, 10, "/srv/c");
        assert_file(x, 13, "/srv/c/f");
}

static void test_either_place_of_an_ambiguous_directory_can_go_first(void **state _unused_) {
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

                put(x, 2, "a", 10, true, FOPS_PUT_SCANNED);
                put(x, 2, "b", 10, true, FOPS_PUT_SCANNED);
                put_file(x, 10, "f", 12);
                assert_int_equal(remove_name(x, 2, i == 0 ? "a" : "b", 10), FOPS_INDEX_DONE);
                assert_file(x, 12, i == 0 ? "/srv/b/f" : "/srv/a/f");
                assert_int_equal(fops_path_index_stats(x).n_ghosts, 0);
        }
}

static void test_a_subvolume_with_the_key_of_its_parent_is_never_certain(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put(x, 2, "d", 10, true, FOPS_PUT_SCANNED);
        assert_int_equal(put(x, 10, "sub", 2, true, FOPS_PUT_SCANNED), FOPS_INDEX_AMBIGUOUS);
        assert_directory(x, 2, NULL);
        assert_directory(x, 10, NULL);
        assert_candidates(x, 10, true, true, PATHS("/srv/d"));
        assert_int_equal(put(x, 2, "f", 2, false, FOPS_PUT_SCANNED), FOPS_INDEX_DONE);
        assert_candidates(x, 2, true, true, PATHS("/srv"));
}

static void test_many_ambiguous_directories_below_each_other_end_the_walk(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(1000);
        FopsPathCandidates c;
        FopsArena arena = {};

        for (uint64_t i = 10; i < 50; i++) {
                put(x, i == 10 ? 2 : i - 1, "a", i, true, FOPS_PUT_SCANNED);
                put(x, i == 10 ? 2 : i - 1, "b", i, true, FOPS_PUT_SCANNED);
        }
        assert_int_equal(fops_path_index_candidates(x, key(49), true, &arena, &c), 0);
        assert_int_equal(c.n, FOPS_PATH_LINKS_MAX);
        assert_true(c.more);
        fops_arena_done(&arena);
}

/* ---- roots ---- */

static void test_a_root_that_gets_a_parent_follows_it(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        assert_int_equal(fops_path_index_add_root(x, key(50), FOPS_SPAN_LITERAL("/srv/a/mnt///")), FOPS_INDEX_DONE);
        put_file(x, 50, "f", 12);
        assert_file(x, 12, "/srv/a/mnt/f");

        put_directory(x, 2, "a", 10);
        assert_int_equal(put(x, 10, "mnt", 50, true, FOPS_PUT_SCANNED), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/a/mnt/f");
        rename_to(x, 2, "a", 2, "b", 10, true);
        assert_file(x, 12, "/srv/b/mnt/f");

        /* The outer tree goes; the inner root stays, with its own path. */
        assert_int_equal(fops_path_index_remove_below(x, root), FOPS_INDEX_DONE);
        assert_file(x, 12, "/srv/a/mnt/f");
        assert_directory(x, 10, NULL);
        assert_int_equal(fops_path_index_remove_root(x, key(50), FOPS_SPAN_ABSENT), FOPS_INDEX_DONE);
        assert_file(x, 12, NULL);
}

static void test_an_inner_root_that_is_no_longer_one_stays_below_the_outer(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        fops_path_index_add_root(x, key(10), FOPS_SPAN_LITERAL("/srv/a"));
        put_directory(x, 2, "a", 10);
        assert_int_equal(fops_path_index_remove_root(x, key(10), FOPS_SPAN_LITERAL("/srv/b")), FOPS_INDEX_UNKNOWN);
        assert_int_equal(fops_path_index_remove_root(x, key(10), FOPS_SPAN_LITERAL("/srv/a/")), FOPS_INDEX_DONE);
        assert_directory(x, 10, "/srv/a");
        assert_int_equal(fops_path_index_remove_root(x, key(10), FOPS_SPAN_ABSENT), FOPS_INDEX_UNKNOWN);
}

static void test_a_removed_root_is_gone_by_all_its_paths(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        fops_path_index_add_root(x, key(10), FOPS_SPAN_LITERAL("/bound"));
        put_directory(x, 2, "a", 10);
        assert_int_equal(remove_name(x, 2, "a", 10), FOPS_INDEX_DONE);
        assert_directory(x, 10, "/srv/a"); /* as a ghost */
        assert_int_equal(fops_path_index_remove_root(x, key(10), FOPS_SPAN_ABSENT), FOPS_INDEX_UNKNOWN);
}

static void test_a_root_that_is_moved_to_where_nobody_knows_is_not_where_it_was(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_file(x, 2, "f", 12);
        /* It was made before it was a root. */
        assert_int_equal(put(x, 99, "srv", 2, true, FOPS_PUT_CREATED), FOPS_INDEX_PARENT_UNKNOWN);
        assert_file(x, 12, "/srv/f");
        assert_true(fops_path_index_is_root(x, root));
        assert_int_equal(put(x, 99, "srv.old", 2, true, FOPS_PUT_EVENT), FOPS_INDEX_PARENT_UNKNOWN);
        assert_file(x, 12, NULL);
        assert_directory(x, 2, NULL);
        assert_false(fops_path_index_is_root(x, root));
        assert_false(fops_path_index_is_held(x, root));

        /* Nor one in another tree, whose path as a root counted no longer. */
        fops_path_index_add_root(x, key(3), FOPS_SPAN_LITERAL("/tree"));
        fops_path_index_add_root(x, key(10), FOPS_SPAN_LITERAL("/tree/in"));
        put_directory(x, 3, "in", 10);
        rename_to(x, 3, "in", 3, "out", 10, true);
        assert_directory(x, 10, "/tree/out");
        rename_to(x, 3, "out", 99, "away", 10, true);
        assert_directory(x, 10, NULL);
}

static void test_a_root_that_was_found_again_is_not_known_to_have_been_there(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        fops_path_index_end_first_roots(x);
        put(x, 99, "srv.old", 2, true, FOPS_PUT_EVENT);
        fops_path_index_remove_below(x, root);
        assert_int_equal(fops_path_index_add_root(x, root, FOPS_SPAN_LITERAL("/srv")), FOPS_INDEX_DONE);
        assert_directory(x, 2, "/srv");
        fops_path_index_set_ahead(x, true);
        assert_directory(x, 2, NULL);
        fops_path_index_set_ahead(x, false);
        assert_directory(x, 2, "/srv");
}

static void test_a_root_made_again_replaces_the_old(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        put_file(x, 2, "f", 12);
        assert_int_equal(fops_path_index_add_root(x, key(3), FOPS_SPAN_LITERAL("/srv")), FOPS_INDEX_DONE);
        assert_directory(x, 3, "/srv");
        assert_int_equal(fops_path_index_stats(x).n_ghosts, 1);
        assert_int_equal(put_file(x, 3, "g", 13), FOPS_INDEX_DONE);
        assert_file(x, 13, "/srv/g");
}

static void test_one_directory_mounted_twice_has_both_paths(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100);

        assert_int_equal(fops_path_index_add_root(x, root, FOPS_SPAN_LITERAL("/mnt")), FOPS_INDEX_DONE);
        put_file(x, 2, "f", 12);
        assert_candidates(x, 12, false, false, PATHS("/srv/f", "/mnt/f"));
        assert_int_equal(fops_path_index_remove_root(x, root, FOPS_SPAN_LITERAL("/srv")), FOPS_INDEX_DONE);
        assert_file(x, 12, "/mnt/f");
}

static void test_a_forgotten_tree_is_reclaimed_bit_by_bit(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(100000);
        uint64_t bytes;
        unsigned n;

        for (unsigned round = 0; round < 2; round++) {
                fops_path_index_add_root(x, key(9), FOPS_SPAN_LITERAL("/tree"));
                for (uint64_t i = 0; i < 2000; i++) {
                        char name[16];

                        snprintf(name, sizeof(name), "%u", (unsigned) i);
                        put_directory(x, i < 10 ? 9 : 1000 + i / 10, name, 1000 + i);
                        put_file(x, 1000 + i, name, 5000 + i);
                }
                bytes = fops_path_index_stats(x).bytes;
                assert_int_equal(fops_path_index_remove_below(x, key(9)), FOPS_INDEX_DONE);
                assert_false(fops_path_index_is_known(x, key(6000)));
                assert_int_equal(fops_path_index_stats(x).n_entries, 4002 + round);
                for (n = 0; fops_path_index_stats(x).n_unreachable > 0; n++)
                        assert_int_equal(put_file(x, 2, "f", 12), n == 0 && round == 0 ? FOPS_INDEX_DONE : FOPS_INDEX_KNOWN);
                assert_true(n > 100 && n < 2000);
                assert_int_equal(fops_path_index_stats(x).n_entries, 2);
        }
        assert_int_equal(fops_path_index_stats(x).bytes, bytes); /* reused */
}

/* ---- the bound ---- */

static void test_files_give_way_to_directories(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(4);

        put_file(x, 2, "f", 10);
        put_file(x, 2, "g", 11);
        put_file(x, 2, "h", 12);
        assert_int_equal(put_directory(x, 2, "a", 20), FOPS_INDEX_DONE);
        assert_int_equal(put_directory(x, 20, "b", 21), FOPS_INDEX_DONE);
        assert_int_equal(put_directory(x, 21, "c", 22), FOPS_INDEX_DONE);
        assert_int_equal(put_directory(x, 22, "d", 23), FOPS_INDEX_FULL);
        assert_int_equal(put_file(x, 22, "f", 24), FOPS_INDEX_FULL);
        assert_directory(x, 22, "/srv/a/b/c");
        assert_directory(x, 23, NULL);
        assert_int_equal(fops_path_index_stats(x).n_evicted, 3);
        assert_int_equal(fops_path_index_stats(x).n_refused, 2);
        assert_int_equal(fops_path_index_stats(x).n_entries, 4);
        assert_int_equal(rename_to(x, 20, "b", 2, "b", 21, true), FOPS_INDEX_DONE); /* takes no room */
        assert_directory(x, 22, "/srv/b/c");
}

static void test_the_file_that_is_asked_for_stays(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(11);

        for (uint64_t i = 0; i < 10; i++)
                put(x, 2, (char[]){ (char) ('a' + i), '\0' }, 10 + i, false, FOPS_PUT_SCANNED);
        for (uint64_t i = 0; i < 100; i++) {
                char name[16];

                assert_file(x, 13, "/srv/d");
                snprintf(name, sizeof(name), "new%u", (unsigned) i);
                assert_int_equal(put_file(x, 2, name, 100 + i), FOPS_INDEX_DONE);
        }
        assert_file(x, 14, NULL);
        assert_file(x, 199, "/srv/new99");
}

static void test_files_of_a_scan_do_not_push_others_out(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(3);

        put(x, 2, "a", 10, false, FOPS_PUT_SCANNED);
        put(x, 2, "b", 11, false, FOPS_PUT_SCANNED);
        assert_int_equal(put(x, 2, "c", 12, false, FOPS_PUT_SCANNED), FOPS_INDEX_FULL);
        assert_int_equal(put(x, 2, "b", 11, false, FOPS_PUT_SCANNED), FOPS_INDEX_KNOWN);
        assert_file(x, 10, "/srv/a");
        assert_int_equal(put(x, 2, "d", 13, true, FOPS_PUT_SCANNED), FOPS_INDEX_DONE);
        assert_int_equal(fops_path_index_stats(x).n_evicted, 1);
}

static void test_a_name_that_found_no_room_is_not_its_old_owners(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(3);

        put_directory(x, 2, "a", 10);
        put_directory(x, 2, "b", 11);
        assert_int_equal(put_directory(x, 2, "b", 12), FOPS_INDEX_FULL);
        assert_int_equal(remove_name(x, 2, "b", 0), FOPS_INDEX_UNKNOWN);
        assert_int_equal(put_directory(x, 2, "b", 12), FOPS_INDEX_DONE);
}

static void test_a_file_loses_all_its_links_or_none(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(5);

        put(x, 2, "a", 12, false, FOPS_PUT_SCANNED);
        put(x, 2, "b", 12, false, FOPS_PUT_SCANNED);
        put(x, 2, "c", 13, false, FOPS_PUT_EVENT);
        put(x, 2, "d", 14, false, FOPS_PUT_EVENT);
        put_directory(x, 2, "e", 20);
        assert_candidates(x, 12, false, false, &(const char *){ NULL });
        assert_int_equal(fops_path_index_stats(x).n_entries, 4);

        /* Its own other links had to go for this one: then it isn't the only one. */
        put_file(x, 2, "l", 15);
        for (unsigned i = 0; i < 10; i++) {
                char name[8];

                snprintf(name, sizeof(name), "l%u", i);
                assert_int_equal(link_file(x, 2, name, 15), FOPS_INDEX_DONE);
        }
        assert_file(x, 15, NULL);

        /* So too for a link that comes by a rename of a name that wasn't known. */
        put_file(x, 2, "m", 16);
        for (unsigned i = 0; i < 10; i++)
                assert_int_equal(rename_to(x, 99, "m", 20, (char[]){ (char) ('a' + i), '\0' }, 16, false), FOPS_INDEX_DONE);
        assert_file(x, 16, NULL);
}

/* ---- everything at once, against a model ---- */

#define N_OBJECTS 600
#define N_NAMES 12
#define N_INODES 400 /* fewer than objects that were ever made: inodes are reused */

typedef struct Object Object;
typedef struct Place {
        Object *parent;
        unsigned name;
} Place;

/* Objects are never freed while a ghost may refer to them: a run makes some hundred thousand small ones. */
struct Object {
        Object *next; /* of all */
        uint64_t inode;
        bool is_directory, is_live, is_forgotten;
        uint64_t removal; /* of a directory: the number of that */
        Place places[4];
        size_t n_places, n_children;
};

typedef struct Model {
        FopsPathIndex *x;
        Object *all, *top, *live[N_OBJECTS];
        Object *by_inode[N_INODES + 1]; /* the last one that had it */
        size_t n_live;
        uint64_t n_removed;
        bool is_bounded, evicts;
} Model;

static FopsSpan name_of(unsigned name, char buffer[static 32]) {
        return (FopsSpan){ buffer, (size_t) snprintf(buffer, 32, "%s%u", name % 3 == 0 ? "a-longer-name-" : "n", name) };
}

/* The place's path into @buffer; false if there is none. */
static bool model_path(const Model *m, const Place *place, FopsArena *arena, FopsSpan *ret) {
        char buffer[32];
        FopsSpan name = name_of(place->name, buffer), below;
        const Object *p = place->parent;

        if (p == m->top)
                below = FOPS_SPAN_LITERAL("/srv");
        else {
                if (!p->is_live && (p->is_forgotten || p->removal + FOPS_PATH_GHOSTS_MAX <= m->n_removed))
                        return false;
                if (!model_path(m, &p->places[0], arena, &below))
                        return false;
        }
        *ret = fops_arena_printf(arena, "%.*s/%.*s", (int) below.size, below.data, (int) name.size, name.data);
        return true;
}

static Object *find_in(const Model *m, const Object *parent, unsigned name, size_t *ret_place) {
        for (size_t i = 0; i < m->n_live; i++)
                for (size_t j = 0; j < m->live[i]->n_places; j++)
                        if (m->live[i]->places[j].parent == parent && m->live[i]->places[j].name == name) {
                                *ret_place = j;
                                return m->live[i];
                        }
        return NULL;
}

static bool is_inside(const Model *m, const Object *o, const Object *directory) {
        for (; o != m->top; o = o->places[0].parent)
                if (o == directory)
                        return true;
        return false;
}

static void model_remove(Model *m, Object *o, size_t place) {
        o->places[place].parent->n_children--;
        if (o->n_places > 1) {
                o->places[place] = o->places[--o->n_places];
                return;
        }
        o->is_live = false;
        if (o->is_directory)
                o->removal = m->n_removed++;
        for (size_t i = 0; i < m->n_live; i++)
                if (m->live[i] == o) {
                        m->live[i] = m->live[--m->n_live];
                        break;
                }
}

static FopsPathLink link_of(const Object *o, Place place, char buffer[static 32]) {
        return (FopsPathLink){ key(place.parent->inode), name_of(place.name, buffer), key(o->inode), o->is_directory };
}

static Object *random_object(const Model *m) {
        return m->n_live > 0 ? m->live[random_below(m->n_live)] : NULL;
}

static Object *random_directory(const Model *m) {
        for (unsigned i = 0; i < 8; i++) {
                Object *o = random_object(m);

                if (o && o->is_directory)
                        return o;
        }
        return m->top;
}

/* In the bounded run a parent may be among the refused. */
static void assert_outcome(const Model *m, int r, int expected) {
        if (m->is_bounded)
                assert_true(r >= 0 && r != FOPS_INDEX_INVALID);
        else
                assert_int_equal(r, expected);
}

static void step_create(Model *m) {
        Place place = { random_directory(m), random_below(N_NAMES) };
        uint64_t inode = 3 + random_below(N_INODES - 3);
        Object *o = m->by_inode[inode];
        FopsPathLink link;
        char buffer[32];
        size_t j;

        if (m->n_live == N_OBJECTS || (o && o->is_live) || find_in(m, place.parent, place.name, &j))
                return;
        if (o)
                o->is_forgotten = true;

        o = calloc(1, sizeof(Object));
        *o = (Object){ .next = m->all, .inode = inode, .is_directory = random_below(3) == 0, .is_live = true };
        o->places[o->n_places++] = place;
        m->all = o;
        m->by_inode[inode] = o;
        m->live[m->n_live++] = o;
        place.parent->n_children++;

        link = link_of(o, place, buffer);
        assert_outcome(m, fops_path_index_put(m->x, &link, FOPS_PUT_CREATED), FOPS_INDEX_DONE);
}

static void step_link(Model *m) {
        Place place = { random_directory(m), random_below(N_NAMES) };
        Object *o = random_object(m);
        FopsPathLink link;
        char buffer[32];
        size_t j;

        if (!o || o->is_directory || o->n_places == ELEMENTSOF(o->places) || find_in(m, place.parent, place.name, &j))
                return;
        o->places[o->n_places++] = place;
        place.parent->n_children++;
        link = link_of(o, place, buffer);
        assert_outcome(m, fops_path_index_put(m->x, &link, FOPS_PUT_EVENT), FOPS_INDEX_DONE);
}

static void step_remove(Model *m) {
        Object *o = random_object(m);
        char buffer[32];
        FopsPathLink link;
        size_t j;

        if (!o || o->n_children > 0)
                return;
        j = random_below(o->n_places);
        link = link_of(o, o->places[j], buffer);
        model_remove(m, o, j);
        assert_outcome(m,
                       fops_path_index_remove(m->x, link.parent, link.name, random_below(2) == 0 ? &link.key : NULL),
                       FOPS_INDEX_DONE);
}

static void step_rename(Model *m) {
        Place to = { random_directory(m), random_below(N_NAMES) }, from;
        Object *o = random_object(m), *over;
        char buffer[32], old_buffer[32];
        size_t i, j = 0;
        FopsPathLink link;

        if (!o || (o->is_directory && is_inside(m, to.parent, o)))
                return;
        over = find_in(m, to.parent, to.name, &j);
        if (over && (over == o || over->is_directory != o->is_directory || over->n_children > 0))
                return;
        if (over)
                model_remove(m, over, j);

        i = random_below(o->n_places);
        from = o->places[i];
        from.parent->n_children--;
        to.parent->n_children++;
        o->places[i] = to;
        link = link_of(o, to, buffer);
        assert_outcome(m, fops_path_index_rename(m->x, key(from.parent->inode), name_of(from.name, old_buffer), &link),
                       FOPS_INDEX_DONE);
}

static void step_exchange(Model *m) {
        Object *a = random_object(m), *b = random_object(m);
        char buffer_a[32], buffer_b[32];
        FopsPathLink link_a, link_b;
        size_t i, j;
        Place place;

        if (!a || a == b)
                return;
        i = random_below(a->n_places);
        j = random_below(b->n_places);
        if ((a->is_directory && is_inside(m, b->places[j].parent, a)) ||
            (b->is_directory && is_inside(m, a->places[i].parent, b)))
                return;
        link_a = link_of(a, a->places[i], buffer_a);
        link_b = link_of(b, b->places[j], buffer_b);
        place = a->places[i];
        a->places[i] = b->places[j];
        b->places[j] = place;
        assert_outcome(m, fops_path_index_exchange(m->x, &link_a, &link_b), FOPS_INDEX_DONE);
}

/* Without a bound: all that is known is right and nothing else is. With one: what is known is right, of directories
 * everything unless one was refused. */
static void check(Model *m, const Object *o) {
        FopsArena arena = {};
        FopsPathCandidates c;
        size_t n = 0;

        assert_int_equal(fops_path_index_candidates(m->x, key(o->inode), o->is_directory, &arena, &c), 0);
        for (size_t i = 0; i < o->n_places; i++) {
                bool found = false;
                FopsSpan path;

                if (!o->is_live && (!o->is_directory || o->is_forgotten || o->removal + FOPS_PATH_GHOSTS_MAX < m->n_removed))
                        continue;
                if (!model_path(m, &o->places[i], &arena, &path))
                        continue;
                for (size_t j = 0; j < c.n; j++)
                        found = found || fops_span_equal(c.paths[j], path);
                if (!m->is_bounded || (m->evicts && o->is_directory && fops_path_index_stats(m->x).n_refused == 0))
                        assert_true(found);
                n += found;
        }
        /* Every candidate is one of them. */
        if (!o->is_forgotten)
                assert_int_equal(c.n, n);
        if (!m->is_bounded)
                assert_false(c.more);
        assert_true(fops_path_index_is_known(m->x, key(o->inode)) || n == 0);
        fops_arena_done(&arena);
}

static void run_model(uint64_t max_entries, bool evicts, unsigned n_steps, uint64_t random_seed) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(max_entries);
        Object top = { .inode = root.inode, .is_directory = true, .is_live = true }, *next;
        Model m = { .x = x, .top = &top, .is_bounded = max_entries < N_OBJECTS, .evicts = evicts };

        random_state = random_seed;
        for (unsigned i = 0; i < n_steps; i++) {
                unsigned what = random_below(100);

                fops_path_index_set_time(x, NOW_USEC);
                if (what < 40)
                        step_create(&m);
                else if (what < 48)
                        step_link(&m);
                else if (what < 72)
                        step_remove(&m);
                else if (what < 95)
                        step_rename(&m);
                else
                        step_exchange(&m);
                fops_path_index_set_time(x, LATE_USEC);

                for (unsigned j = 0; j < 2; j++) {
                        const Object *o = m.by_inode[3 + random_below(N_INODES - 3)];

                        if (o)
                                check(&m, o);
                }
                if (i % 1000 == 0)
                        for (size_t j = 0; j < m.n_live; j++)
                                check(&m, m.live[j]);
                assert_true(fops_path_index_stats(x).n_entries - fops_path_index_stats(x).n_unreachable <= max_entries);
        }
        if (evicts)
                assert_true(fops_path_index_stats(x).n_evicted > n_steps / 100);

        for (Object *o = m.all; o; o = next) {
                next = o->next;
                free(o);
        }
}

static void test_200000_random_operations_agree_with_a_simple_tree(void **state _unused_) {
        run_model(100000, false, 200000, 88172645463325252);
}

static void test_a_full_index_knows_all_directories_and_nothing_wrong(void **state _unused_) {
        run_model(220, true, 50000, 1234567);
}

static void test_an_index_full_of_directories_knows_nothing_wrong(void **state _unused_) {
        run_model(30, true, 50000, 7654321);
}

/* Any call in any order, as from events out of order, lost, forged: nothing breaks, and nothing stays behind. */
static void test_calls_without_sense_leave_nothing_behind(void **state _unused_) {
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = make_index(500);

        random_state = 424242;
        for (unsigned i = 0; i < 200000; i++) {
                char buffers[2][32];
                FopsPathLink link = { key(2 + random_below(60)), name_of(random_below(8), buffers[0]),
                                      key(2 + random_below(60)), random_below(4) > 0 };
                FopsPathLink other = { key(2 + random_below(60)), name_of(random_below(8), buffers[1]),
                                       key(2 + random_below(60)), random_below(4) > 0 };
                FopsArena arena = {};
                FopsPathCandidates c;
                int r = 0;

                switch (random_below(12)) {
                case 0 ... 3:
                        r = fops_path_index_put(x, &link, FOPS_PUT_SCANNED);
                        break;
                case 4:
                        r = fops_path_index_put(x, &link, FOPS_PUT_EVENT);
                        break;
                case 5:
                        r = fops_path_index_put(x, &link, FOPS_PUT_CREATED);
                        break;
                case 6:
                        r = fops_path_index_rename(x, other.parent, other.name, &link);
                        break;
                case 7:
                        r = fops_path_index_exchange(x, &link, &other);
                        break;
                case 8:
                case 9:
                        r = fops_path_index_remove(x, link.parent, link.name, random_below(2) == 0 ? &link.key : NULL);
                        break;
                case 10:
                        r = fops_path_index_add_root(x, link.key, fops_span_from_string(random_below(2) == 0 ? "/a" : "/b"));
                        break;
                default:
                        r = random_below(2) == 0 ? fops_path_index_remove_root(x, link.key, FOPS_SPAN_ABSENT) :
                                                   fops_path_index_remove_below(x, link.key);
                }
                assert_in_range(r, 0, FOPS_INDEX_FULL);

                assert_int_equal(fops_path_index_candidates(x, other.key, other.is_directory, &arena, &c), 0);
                assert_true(c.n == 0 || fops_path_index_is_known(x, other.key));
                for (size_t j = 0; j < c.n; j++)
                        assert_int_equal(c.paths[j].data[0], '/');
                fops_arena_done(&arena);
        }

        for (uint64_t i = 2; i < 62; i++)
                fops_path_index_remove_below(x, key(i));
        assert_int_equal(fops_path_index_add_root(x, key(100), FOPS_SPAN_LITERAL("/c")), FOPS_INDEX_DONE);
        for (unsigned i = 0; i < FOPS_PATH_GHOSTS_MAX; i++) {
                put_directory(x, 100, "d", 101 + i);
                remove_name(x, 100, "d", 101 + i);
        }
        assert_int_equal(fops_path_index_stats(x).n_entries, 1);
        assert_int_equal(fops_path_index_stats(x).n_unreachable, 0);
        assert_int_equal(fops_path_index_stats(x).n_files, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_siphash_gives_what_others_give),
                cmocka_unit_test(test_names_of_every_length_are_kept),
                cmocka_unit_test(test_names_that_change_length_do_not_pile_up),
                cmocka_unit_test(test_names_that_move_are_not_lost_when_exchanged),
                cmocka_unit_test(test_a_path_is_walked_up_to_the_root),
                cmocka_unit_test(test_below_the_root_of_all_there_is_one_slash),
                cmocka_unit_test(test_names_are_any_bytes_but_two),
                cmocka_unit_test(test_a_device_the_kernel_cannot_have_is_refused),
                cmocka_unit_test(test_paths_too_long_or_too_deep_stay_unknown),
                cmocka_unit_test(test_a_link_in_an_unknown_parent_is_not_taken),
                cmocka_unit_test(test_a_child_is_found_by_name),
                cmocka_unit_test(test_a_directory_moves_with_all_below),
                cmocka_unit_test(test_a_file_has_a_path_for_each_link),
                cmocka_unit_test(test_all_links_are_known_of_what_an_event_made_until_one_is_lost),
                cmocka_unit_test(test_of_too_many_links_it_is_known_that_there_are_more),
                cmocka_unit_test(test_renaming_one_link_leaves_the_others),
                cmocka_unit_test(test_a_rename_the_scan_has_seen_leaves_one_link),
                cmocka_unit_test(test_a_rename_replaces_what_had_the_name),
                cmocka_unit_test(test_a_stale_removal_takes_nothing_away),
                cmocka_unit_test(test_exchanged_objects_have_each_others_names),
                cmocka_unit_test(test_an_exchange_of_which_half_is_known_is_learnt_whole),
                cmocka_unit_test(test_a_directory_below_itself_has_no_path),
                cmocka_unit_test(test_a_directory_that_leaves_the_known_comes_back_in_doubt),
                cmocka_unit_test(test_what_is_in_a_directory_that_was_away_is_told_when_it_is_seen_there),
                cmocka_unit_test(test_a_link_is_seen_where_it_is_held_and_not_from_before),
                cmocka_unit_test(test_an_exchange_that_a_scan_has_seen_leaves_one_place),
                cmocka_unit_test(test_a_file_linked_to_where_nobody_knows_has_more_paths),
                cmocka_unit_test(test_what_is_below_a_removed_directory_still_has_its_path),
                cmocka_unit_test(test_ghosts_are_forgotten_in_the_order_of_their_removal),
                cmocka_unit_test(test_a_removed_directory_has_a_path_for_older_events_only),
                cmocka_unit_test(test_a_ghost_is_told_from_what_is_there),
                cmocka_unit_test(test_all_ghosts_can_be_forgotten_at_once),
                cmocka_unit_test(test_roots_after_the_first_are_too_new_for_older_events),
                cmocka_unit_test(test_what_the_latest_scan_saw_is_too_new_for_older_events),
                cmocka_unit_test(test_a_scanned_place_stays_too_new_when_it_is_the_only_one_left),
                cmocka_unit_test(test_a_reused_inode_replaces_the_ghost),
                cmocka_unit_test(test_a_created_file_has_no_links_from_before),
                cmocka_unit_test(test_an_inode_that_changes_kind_is_another_object),
                cmocka_unit_test(test_a_late_mkdir_leaves_what_the_scan_found_below),
                cmocka_unit_test(test_a_directory_scanned_in_two_places_is_ambiguous),
                cmocka_unit_test(test_either_place_of_an_ambiguous_directory_can_go_first),
                cmocka_unit_test(test_a_subvolume_with_the_key_of_its_parent_is_never_certain),
                cmocka_unit_test(test_many_ambiguous_directories_below_each_other_end_the_walk),
                cmocka_unit_test(test_a_root_that_gets_a_parent_follows_it),
                cmocka_unit_test(test_an_inner_root_that_is_no_longer_one_stays_below_the_outer),
                cmocka_unit_test(test_a_removed_root_is_gone_by_all_its_paths),
                cmocka_unit_test(test_a_root_that_is_moved_to_where_nobody_knows_is_not_where_it_was),
                cmocka_unit_test(test_a_root_that_was_found_again_is_not_known_to_have_been_there),
                cmocka_unit_test(test_a_root_made_again_replaces_the_old),
                cmocka_unit_test(test_one_directory_mounted_twice_has_both_paths),
                cmocka_unit_test(test_a_forgotten_tree_is_reclaimed_bit_by_bit),
                cmocka_unit_test(test_files_give_way_to_directories),
                cmocka_unit_test(test_the_file_that_is_asked_for_stays),
                cmocka_unit_test(test_files_of_a_scan_do_not_push_others_out),
                cmocka_unit_test(test_a_name_that_found_no_room_is_not_its_old_owners),
                cmocka_unit_test(test_a_file_loses_all_its_links_or_none),
                cmocka_unit_test(test_200000_random_operations_agree_with_a_simple_tree),
                cmocka_unit_test(test_a_full_index_knows_all_directories_and_nothing_wrong),
                cmocka_unit_test(test_an_index_full_of_directories_knows_nothing_wrong),
                cmocka_unit_test(test_calls_without_sense_leave_nothing_behind),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
