/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Counters looked at again and again, and what is said of them. */

#include "test-records.h"

#include "gaps.h"

/* The room's own publisher: what it was told. */
struct Publisher {
        struct {
                const char *cause;
                uint64_t count, from_usec, until_usec;
        } gaps[16];
        size_t n;
};

void publisher_gap(Publisher *p, const char *cause, uint64_t count, uint64_t from_usec, uint64_t until_usec) {
        assert_true(p->n < ELEMENTSOF(p->gaps));
        p->gaps[p->n].cause = cause;
        p->gaps[p->n].count = count;
        p->gaps[p->n].from_usec = from_usec;
        p->gaps[p->n++].until_usec = until_usec;
}

void publisher_waits(Publisher *p, const char *cause, uint64_t msec, uint64_t from_usec, uint64_t until_usec) {
        publisher_gap(p, cause, msec, from_usec, until_usec);
}

static void assert_gap(const Publisher *p, size_t i, const char *cause, uint64_t count, uint64_t from_usec, uint64_t until_usec) {
        assert_true(i < p->n);
        assert_string_equal(p->gaps[i].cause, cause);
        assert_int_equal(p->gaps[i].count, count);
        assert_int_equal(p->gaps[i].from_usec, from_usec);
        assert_int_equal(p->gaps[i].until_usec, until_usec);
}

static void test_what_was_lost_before_our_time_is_no_gap(void **state _unused_) {
        uint64_t counts[_GAP_CAUSE_MAX] = { [GAP_KERNEL_LOST] = 4711, [GAP_JOURNAL] = 3 };
        Publisher p = {};
        Gaps g;

        gaps_init(&g, counts, 100);
        gaps_look(&g, counts, 200, &p);
        assert_int_equal(p.n, 0);
}

static void test_a_gap_is_what_has_grown_since_the_last_look(void **state _unused_) {
        uint64_t counts[_GAP_CAUSE_MAX] = { [GAP_KERNEL_LOST] = 10 };
        Publisher p = {};
        Gaps g;

        gaps_init(&g, counts, 100);
        counts[GAP_KERNEL_LOST] = 17;
        counts[GAP_JOURNAL] = 1;
        gaps_look(&g, counts, 200, &p);
        assert_int_equal(p.n, 2);
        assert_gap(&p, 0, "records lost by the kernel", 7, 100, 200);
        assert_gap(&p, 1, "entries that the journal didn't take", 1, 100, 200);

        gaps_look(&g, counts, 300, &p);
        assert_int_equal(p.n, 2);
        counts[GAP_JOURNAL] = 5;
        gaps_look(&g, counts, 400, &p);
        assert_int_equal(p.n, 3);
        assert_gap(&p, 2, "entries that the journal didn't take", 4, 300, 400);
}

static void test_a_counter_that_was_reset_starts_anew(void **state _unused_) {
        uint64_t counts[_GAP_CAUSE_MAX] = { [GAP_KERNEL_LOST] = 100 };
        Publisher p = {};
        Gaps g;

        gaps_init(&g, counts, 100);
        counts[GAP_KERNEL_LOST] = 0;
        gaps_look(&g, counts, 200, &p);
        assert_int_equal(p.n, 0);
        counts[GAP_KERNEL_LOST] = 2;
        gaps_look(&g, counts, 300, &p);
        assert_gap(&p, 0, "records lost by the kernel", 2, 200, 300);

        /* Reset and grown since one look. */
        counts[GAP_KERNEL_LOST] = 1;
        gaps_look(&g, counts, 400, &p);
        assert_int_equal(p.n, 2);
        assert_gap(&p, 1, "records lost by the kernel", 1, 300, 400);
}

static void test_waits_are_told_when_they_add_up_and_once_a_minute(void **state _unused_) {
        const uint64_t second = 1000000;
        uint64_t counts[_GAP_CAUSE_MAX] = { [GAP_WRITERS_WAITED] = 100 };
        Publisher p = {};
        Gaps g;

        gaps_init(&g, counts, 10 * second);
        counts[GAP_WRITERS_WAITED] = 900;
        gaps_look(&g, counts, 12 * second, &p);
        gaps_look(&g, counts, 14 * second, &p);
        assert_int_equal(p.n, 0);
        counts[GAP_WRITERS_WAITED] = 1200;
        gaps_look(&g, counts, 16 * second, &p);
        assert_int_equal(p.n, 1);
        assert_gap(&p, 0, "writers waited", 1100, 10 * second, 16 * second);

        counts[GAP_WRITERS_WAITED] = 9200;
        gaps_look(&g, counts, 18 * second, &p);
        gaps_look(&g, counts, 75 * second, &p);
        assert_int_equal(p.n, 1);
        counts[GAP_WRITERS_WAITED] = 9300;
        gaps_look(&g, counts, 76 * second, &p);
        assert_int_equal(p.n, 2);
        assert_gap(&p, 1, "writers waited", 8100, 16 * second, 76 * second);

        /* Reset by another meanwhile. */
        counts[GAP_WRITERS_WAITED] = 1500;
        gaps_look(&g, counts, 200 * second, &p);
        assert_gap(&p, 2, "writers waited", 1500, 76 * second, 200 * second);

        /* The clock is set back. */
        counts[GAP_WRITERS_WAITED] = 3500;
        gaps_look(&g, counts, 20 * second, &p);
        assert_int_equal(p.n, 4);
        assert_gap(&p, 3, "writers waited", 2000, 20 * second, 20 * second);
        counts[GAP_WRITERS_WAITED] = 5500;
        gaps_look(&g, counts, 22 * second, &p);
        assert_int_equal(p.n, 4);
}

static void test_every_cause_has_its_own_words(void **state _unused_) {
        uint64_t counts[_GAP_CAUSE_MAX] = {};
        Publisher p = {};
        Gaps g;

        gaps_init(&g, counts, 0);
        for (size_t i = 0; i < _GAP_CAUSE_MAX; i++)
                counts[i] = 1000 + i;
        gaps_look(&g, counts, 1, &p);
        assert_int_equal(p.n, _GAP_CAUSE_MAX);
        for (size_t i = 0; i < _GAP_CAUSE_MAX; i++) {
                assert_int_equal(p.gaps[i].count, 1000 + i);
                assert_non_null(p.gaps[i].cause);
                assert_int_equal(g.told[i], 1000 + i);
                for (size_t j = 0; j < i; j++) {
                        assert_string_not_equal(p.gaps[i].cause, p.gaps[j].cause);
                        assert_string_not_equal(gap_cause_to_string((GapCause) i), gap_cause_to_string((GapCause) j));
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_was_lost_before_our_time_is_no_gap),
                cmocka_unit_test(test_a_gap_is_what_has_grown_since_the_last_look),
                cmocka_unit_test(test_a_counter_that_was_reset_starts_anew),
                cmocka_unit_test(test_waits_are_told_when_they_add_up_and_once_a_minute),
                cmocka_unit_test(test_every_cause_has_its_own_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
