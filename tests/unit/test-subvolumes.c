/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The table of subvolumes, and what rules reach. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "subvolumes.h"

#define TAG FOPS_SPAN_LITERAL("fopsd:tag")
#define PATH FOPS_SPAN_LITERAL("/srv")

static FopsSubvolume subvolume(uint64_t id, uint32_t stat_minor) {
        return (FopsSubvolume){ .id = id, .dev_minor = 40, .stat_minor = stat_minor };
}

static int put(FopsSubvolumes *s, uint64_t id, uint32_t stat_minor) {
        FopsSubvolume v = subvolume(id, stat_minor);

        return fops_subvolumes_put(s, &v);
}

static void test_a_number_is_kept_and_never_given_twice(void **state _unused_) {
        _cleanup_(fops_subvolumes_done) FopsSubvolumes s = {};

        assert_int_equal(put(&s, 256, 41), 1);
        assert_int_equal(put(&s, 257, 42), 2);
        assert_int_equal(put(&s, 256, 43), 1);
        assert_int_equal(fops_subvolumes_by_stat(&s, 0, 43), 1);
        assert_int_equal(fops_subvolumes_by_stat(&s, 0, 41), 0);
}

static void test_a_forgotten_one_leaves_the_others_their_numbers(void **state _unused_) {
        _cleanup_(fops_subvolumes_done) FopsSubvolumes s = {};

        for (unsigned i = 0; i < 5; i++)
                assert_int_equal(put(&s, 256 + i, 40 + i), 1 + i);
        fops_subvolumes_forget(&s, 2);
        fops_subvolumes_forget(&s, 2);
        assert_null(fops_subvolumes_get(&s, 2));
        assert_null(fops_subvolumes_get(&s, 0));
        for (uint32_t number = 3; number <= 5; number++)
                assert_int_equal(fops_subvolumes_get(&s, number)->id, 255 + number);
        assert_int_equal(put(&s, 257, 41), 6);
        assert_int_equal(fops_subvolumes_get(&s, 6)->id, 257);
}

static void test_a_device_of_stat_is_the_latest_subvolumes(void **state _unused_) {
        _cleanup_(fops_subvolumes_done) FopsSubvolumes s = {};

        put(&s, 256, 41);
        assert_int_equal(put(&s, 257, 41), 2);
        assert_int_equal(fops_subvolumes_by_stat(&s, 0, 41), 2);
}

static void test_an_unmounted_file_system_shares_nothing(void **state _unused_) {
        _cleanup_(fops_subvolumes_done) FopsSubvolumes s = {};

        put(&s, 256, 41);
        assert_true(fops_subvolumes_share(&s, 0, 40));
        assert_false(fops_subvolumes_share(&s, 0, 41));
        fops_subvolumes_forget_device(&s, 0, 40);
        assert_false(fops_subvolumes_share(&s, 0, 40));
        assert_int_equal(fops_subvolumes_by_stat(&s, 0, 41), 0);
        /* Another file system of that number: its subvolume 256 is another one. */
        assert_int_equal(put(&s, 256, 41), 2);
}

static void test_what_is_new_is_incomplete_until_all_is(void **state _unused_) {
        _cleanup_(fops_subvolumes_done) FopsSubvolumes s = {};

        put(&s, 256, 41);
        fops_subvolumes_set_complete(&s, 100);
        put(&s, 257, 42);
        fops_subvolumes_set_complete(&s, UINT64_MAX);
        assert_int_equal(fops_subvolumes_get(&s, 1)->complete_since_usec, 100);
        assert_true(fops_subvolumes_get(&s, 2)->complete_since_usec == UINT64_MAX);
        fops_subvolumes_set_complete(&s, 200);
        assert_int_equal(fops_subvolumes_get(&s, 1)->complete_since_usec, 100);
        assert_int_equal(fops_subvolumes_get(&s, 2)->complete_since_usec, 200);
}

static void test_keys_tell_their_subvolume(void **state _unused_) {
        FopsInodeKey key = fops_subvolume_key(7, 300);

        assert_int_equal(fops_subvolume_of(key), 7);
        assert_int_equal(key.inode, 300);
        assert_int_equal(fops_subvolume_of((FopsInodeKey){ 300, 0, 7 }), 0);
}

static void set(FopsSubvolumes *s, FopsSpan tag, const FopsSubvolumeEntry *entries, size_t n, uint64_t now_usec) {
        const FopsReach found = { .top = entries[0].directory, .entries = (FopsSubvolumeEntry *) entries, .n_entries = n, .is_whole = true };

        assert_int_equal(fops_subvolumes_set_region(s, tag, PATH, &found, now_usec), 0);
}

static void test_a_region_is_found_by_its_tag(void **state _unused_) {
        static const char *const tags[] = { "fopsd:3", "fopsd:1", "fopsd:22", "fopsd:2" };
        _cleanup_(fops_subvolumes_done) FopsSubvolumes s = {};

        for (size_t i = 0; i < ELEMENTSOF(tags); i++)
                set(&s, fops_span_from_string(tags[i]), &(FopsSubvolumeEntry){ .directory = fops_subvolume_key(1, i) }, 1, 0);
        for (size_t i = 0; i < ELEMENTSOF(tags); i++)
                assert_int_equal(fops_subvolumes_region(&s, fops_span_from_string(tags[i]))->reach.top.inode, i);
        assert_null(fops_subvolumes_region(&s, FOPS_SPAN_LITERAL("fopsd:")));
        assert_null(fops_subvolumes_region(&s, FOPS_SPAN_LITERAL("fopsd:222")));
        assert_null(fops_subvolumes_region(&s, FOPS_SPAN_ABSENT));
}

static void test_what_is_gone_was_there_until_then(void **state _unused_) {
        _cleanup_(fops_subvolumes_done) FopsSubvolumes s = {};
        const FopsSubvolumeEntry entries[] = {
                { .directory = fops_subvolume_key(1, 256) },
                { .directory = fops_subvolume_key(2, 256) },
                { .directory = fops_subvolume_key(3, 256), .is_lasting = true },
        };
        const FopsRegion *r;

        set(&s, TAG, entries, 3, 1000);
        set(&s, TAG, entries, 1, 2000);
        r = fops_subvolumes_region(&s, TAG);
        assert_int_equal(r->reach.n_entries, 3);
        assert_true(r->reach.entries[0].until_usec == UINT64_MAX);
        assert_int_equal(r->reach.entries[1].until_usec, 2000);
        assert_true(r->reach.entries[2].until_usec == UINT64_MAX);

        set(&s, TAG, entries, 1, 3000);
        assert_int_equal(fops_subvolumes_region(&s, TAG)->reach.entries[1].until_usec, 2000);
        /* Long after, nothing from then can come any more; but what the rules are bound to stays. */
        set(&s, TAG, entries, 1, UINT64_C(600000000));
        r = fops_subvolumes_region(&s, TAG);
        assert_int_equal(r->reach.n_entries, 2);
        assert_true(r->reach.entries[1].is_lasting);
}

static void test_what_stands_in_front_stays_there(void **state _unused_) {
        _cleanup_(fops_subvolumes_done) FopsSubvolumes s = {};
        FopsSubvolumeEntry entries[] = {
                { .directory = fops_subvolume_key(1, 256) },
                { .directory = fops_subvolume_key(2, 256), .is_fronted = true },
        };

        set(&s, TAG, entries, 2, 1000);
        entries[1].is_fronted = false;
        set(&s, TAG, entries, 2, 2000);
        assert_false(fops_subvolumes_region(&s, TAG)->reach.entries[0].is_fronted);
        assert_true(fops_subvolumes_region(&s, TAG)->reach.entries[1].is_fronted);
}

static void test_devices_stay_and_beyond_the_cap_it_may_be_any(void **state _unused_) {
        _cleanup_(fops_subvolumes_done) FopsSubvolumes s = {};
        FopsReach found = {};
        const FopsReach *r;

        fops_reach_add_device(&found, 0, 1);
        assert_int_equal(fops_subvolumes_set_region(&s, TAG, PATH, &found, 0), 0);
        found.devices[0].minor = 2;
        assert_int_equal(fops_subvolumes_set_region(&s, TAG, PATH, &found, 0), 0);
        r = &fops_subvolumes_region(&s, TAG)->reach;
        assert_true(fops_reach_has_device(r, 0, 1));
        assert_true(fops_reach_has_device(r, 0, 2));
        assert_false(fops_reach_has_device(r, 0, 3));
        assert_false(fops_reach_has_device(r, 1, 1));

        for (uint32_t i = 0; i < FOPS_REACH_DEVICES_MAX; i++)
                fops_reach_add_device(&found, 1, i);
        assert_true(fops_reach_has_device(&found, 9, 9));
        assert_int_equal(fops_subvolumes_set_region(&s, TAG, PATH, &found, 0), 0);
        assert_int_equal(fops_subvolumes_set_region(&s, TAG, PATH, &(FopsReach){}, 0), 0);
        assert_true(fops_reach_has_device(&fops_subvolumes_region(&s, TAG)->reach, 9, 9));
}

static void test_regions_of_rules_that_went_are_forgotten_later(void **state _unused_) {
        _cleanup_(fops_subvolumes_done) FopsSubvolumes s = {};
        const FopsSubvolumeEntry entry = { .directory = fops_subvolume_key(1, 256) };

        set(&s, TAG, &entry, 1, 1000);
        set(&s, FOPS_SPAN_LITERAL("fopsd:old"), &entry, 1, 1000);
        fops_subvolumes_renew_regions(&s, 2000);
        set(&s, TAG, &entry, 1, 2000);
        fops_subvolumes_renew_regions(&s, 3000);
        assert_non_null(fops_subvolumes_region(&s, FOPS_SPAN_LITERAL("fopsd:old")));

        set(&s, TAG, &entry, 1, 3000);
        fops_subvolumes_renew_regions(&s, UINT64_C(600000000));
        assert_null(fops_subvolumes_region(&s, FOPS_SPAN_LITERAL("fopsd:old")));
        assert_non_null(fops_subvolumes_region(&s, TAG));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_number_is_kept_and_never_given_twice),
                cmocka_unit_test(test_a_forgotten_one_leaves_the_others_their_numbers),
                cmocka_unit_test(test_a_device_of_stat_is_the_latest_subvolumes),
                cmocka_unit_test(test_an_unmounted_file_system_shares_nothing),
                cmocka_unit_test(test_what_is_new_is_incomplete_until_all_is),
                cmocka_unit_test(test_keys_tell_their_subvolume),
                cmocka_unit_test(test_a_region_is_found_by_its_tag),
                cmocka_unit_test(test_what_is_gone_was_there_until_then),
                cmocka_unit_test(test_what_stands_in_front_stays_there),
                cmocka_unit_test(test_devices_stay_and_beyond_the_cap_it_may_be_any),
                cmocka_unit_test(test_regions_of_rules_that_went_are_forgotten_later),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
