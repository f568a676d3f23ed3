/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <libaudit.h>

#include "test-records.h"

static FopsCorrelator *new_correlator(FopsCorrelatorOptions options) {
        FopsCorrelator *c = fops_correlator_new(&options);

        assert_non_null(c);
        return c;
}

static FopsCorrelator *new_live(void) {
        return new_correlator(FOPS_CORRELATOR_OPTIONS_DEFAULT);
}

static FopsCorrelator *new_offline(void) {
        FopsCorrelatorOptions options = FOPS_CORRELATOR_OPTIONS_DEFAULT;

        options.offline = true;
        return new_correlator(options);
}

static void push_body(FopsCorrelator *c, uint16_t type, uint64_t serial, FopsSpan body, uint64_t now) {
        FopsRecord record = { .type = type, .id = { .sec = 1, .serial = serial }, .text = body, .body = body };
        int r = fops_correlator_push(c, &record, now, now);

        /* It tells whether it is time to look. */
        assert_int_equal(r > 0, fops_correlator_next_deadline(c) <= now);
}

static void push(FopsCorrelator *c, uint16_t type, uint64_t serial, uint64_t now) {
        push_body(c, type, serial, FOPS_SPAN_LITERAL("a=b"), now);
}

/* The next event has this serial, this reason and so many records; NULL would be none. */
#define assert_next(c, now, serial_, reason_, n)                        \
        do {                                                            \
                FopsEvent *_e = fops_correlator_pop(c, now);            \
                                                                        \
                assert_non_null(_e);                                    \
                assert_int_equal(_e->id.serial, serial_);               \
                assert_int_equal(_e->reason, reason_);                  \
                assert_int_equal(_e->n_records, n);                     \
                fops_correlator_recycle(c, _e);                         \
        } while (false)

#define assert_none(c, now) assert_null(fops_correlator_pop(c, now))

static void test_interleaved_events_stay_apart(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_live();

        push(c, AUDIT_SYSCALL, 7, 0);
        push(c, AUDIT_SYSCALL, 8, 0);
        push(c, AUDIT_PATH, 7, 0);
        push(c, AUDIT_PATH, 8, 0);
        push(c, AUDIT_PATH, 8, 0);
        push(c, AUDIT_EOE, 8, 0);
        assert_next(c, 0, 8, FOPS_EVENT_COMPLETE, 3);
        assert_none(c, 0);
        push(c, AUDIT_EOE, 7, 0);
        assert_next(c, 0, 7, FOPS_EVENT_COMPLETE, 2);
        assert_none(c, 0);
}

static void test_ids_are_compared_whole(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_live();

        push_lines(c,
                   "type=SYSCALL msg=audit(1.001:7): a=b\n"
                   "type=SYSCALL msg=audit(1.002:7): a=b\n"
                   "type=SYSCALL msg=audit(2.001:7): a=b\n"
                   "node=a type=SYSCALL msg=audit(1.001:7): a=b\n"
                   "node=b type=SYSCALL msg=audit(1.001:7): a=b\n"
                   "node=a type=PATH msg=audit(1.001:7): a=b\n",
                   0);
        assert_int_equal(fops_correlator_stats(c).n_waiting, 5);
        fops_correlator_flush(c);
        for (unsigned i = 0; i < 3; i++)
                assert_next(c, 0, 7, FOPS_EVENT_FLUSHED, 1);
        assert_next(c, 0, 7, FOPS_EVENT_FLUSHED, 2);
        assert_next(c, 0, 7, FOPS_EVENT_FLUSHED, 1);
        assert_none(c, 0);
}

static void test_an_event_owns_its_records(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_live();
        char line[] = "node=web1 type=USER_LOGIN msg=audit(1.002:3): op=x\x1dUID=\"root\"";
        FopsEvent *e;

        push_lines(c, line, 0);
        memset(line, 'X', sizeof(line) - 1);
        e = fops_correlator_pop(c, 0);
        assert_non_null(e);
        assert_span(e->node, "web1");
        assert_int_equal(e->n_records, 1);
        assert_int_equal(e->records[0].type, AUDIT_USER_LOGIN);
        assert_span(e->records[0].text, "audit(1.002:3): op=x");
        assert_span(e->records[0].body, "op=x");
        assert_span(e->records[0].enriched, "UID=\"root\"");
        fops_event_free(e);
}

static void test_an_event_without_eoe_leaves_at_its_deadline_with_no_new_input(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_live();

        assert_true(fops_correlator_next_deadline(c) == UINT64_MAX);
        push(c, AUDIT_SYSCALL, 7, 1000);
        push(c, AUDIT_PATH, 7, 1500); /* doesn't put it off */
        assert_int_equal(fops_correlator_next_deadline(c), 1000 + FOPS_CORRELATOR_TIMEOUT_USEC);
        assert_none(c, 1000 + FOPS_CORRELATOR_TIMEOUT_USEC - 1);
        assert_next(c, 1000 + FOPS_CORRELATOR_TIMEOUT_USEC, 7, FOPS_EVENT_TIMED_OUT, 2);
        assert_true(fops_correlator_next_deadline(c) == UINT64_MAX);
        assert_int_equal(fops_correlator_stats(c).n_timed_out, 1);
}

static void test_one_incomplete_event_holds_back_no_other(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_live();

        push(c, AUDIT_SYSCALL, 7, 0);
        for (uint64_t i = 8; i < 100; i++) {
                push(c, AUDIT_SYSCALL, i, 1);
                push(c, AUDIT_EOE, i, 1);
                assert_int_equal(fops_correlator_next_deadline(c), 0);
                assert_next(c, 1, i, FOPS_EVENT_COMPLETE, 1);
        }
        assert_next(c, FOPS_CORRELATOR_TIMEOUT_USEC, 7, FOPS_EVENT_TIMED_OUT, 1);
}

static void test_messages_of_user_space_are_events_at_once(void **state _unused_) {
        static const uint16_t types[] = { AUDIT_USER_LOGIN, AUDIT_DAEMON_START, AUDIT_KERNEL, AUDIT_ANOM_LOGIN_FAILURES, 2999 };
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_live();

        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                push(c, types[i], i, 0);
                assert_next(c, 0, i, FOPS_EVENT_COMPLETE, 1);
        }
}

static void test_records_that_may_belong_to_a_call_wait_for_it(void **state _unused_) {
        static const uint16_t types[] = { AUDIT_LOGIN, AUDIT_CONFIG_CHANGE, AUDIT_AVC, AUDIT_ANOM_PROMISCUOUS, AUDIT_PROCTITLE };
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_live();

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                push(c, types[i], 7, 0);
        assert_none(c, 0);
        push(c, AUDIT_EOE, 7, 0);
        assert_next(c, 0, 7, FOPS_EVENT_COMPLETE, ELEMENTSOF(types));
}

static void test_an_end_without_an_event_is_nothing(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_live();

        push(c, AUDIT_EOE, 7, 0);
        assert_none(c, UINT64_MAX);
        assert_int_equal(fops_correlator_stats(c).n_events, 0);
}

static void test_proctitle_ends_events_offline(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_offline();

        push(c, AUDIT_SYSCALL, 7, 0);
        push(c, AUDIT_PATH, 7, 0);
        assert_none(c, 0);
        push(c, AUDIT_PROCTITLE, 7, 0);
        assert_next(c, 0, 7, FOPS_EVENT_COMPLETE, 3);
        /* Some logs do have it: then it isn't another event. */
        push(c, AUDIT_EOE, 7, 0);
        assert_none(c, UINT64_MAX);
}

static void test_io_uring_ends_with_its_announced_items_offline(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_offline();

        push_body(c, AUDIT_URINGOP, 7, FOPS_SPAN_LITERAL("uring_op=18 success=yes exit=0 items=2 pid=1"), 0);
        push(c, AUDIT_CWD, 7, 0);
        push(c, AUDIT_PATH, 7, 0);
        assert_none(c, 0);
        push(c, AUDIT_PATH, 7, 0);
        assert_next(c, 0, 7, FOPS_EVENT_COMPLETE, 4);

        /* Announcing none it may be alone, or followed by its call. */
        push_body(c, AUDIT_URINGOP, 8, FOPS_SPAN_LITERAL("uring_op=18 items=0"), 0);
        assert_none(c, 0);
        assert_next(c, FOPS_CORRELATOR_TIMEOUT_USEC, 8, FOPS_EVENT_TIMED_OUT, 1);
}

static void test_io_uring_within_a_call_ends_with_the_call_offline(void **state _unused_) {
        static const char *const operations[] = { "uring_op=18 items=0", "uring_op=18 items=1" };
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_offline();

        for (size_t i = 0; i < ELEMENTSOF(operations); i++) {
                push_body(c, AUDIT_URINGOP, i, fops_span_from_string(operations[i]), 0);
                push(c, AUDIT_SYSCALL, i, 0);
                push(c, AUDIT_PATH, i, 0);
                push(c, AUDIT_PATH, i, 0);
                assert_none(c, 0);
                push(c, AUDIT_PROCTITLE, i, 0);
                assert_next(c, 0, i, FOPS_EVENT_COMPLETE, 5);
        }
}

static void test_live_only_eoe_ends_events(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_live();

        push(c, AUDIT_PROCTITLE, 7, 0);
        push_body(c, AUDIT_URINGOP, 8, FOPS_SPAN_LITERAL("uring_op=18 items=0"), 0);
        assert_none(c, 0);
        assert_int_equal(fops_correlator_stats(c).n_waiting, 2);
}

static void test_changes_outside_of_calls_make_room_and_are_not_given_up(void **state _unused_) {
        FopsCorrelatorOptions options = FOPS_CORRELATOR_OPTIONS_DEFAULT;
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = NULL;

        options.n_events_max = 2;
        c = new_correlator(options);
        for (uint64_t serial = 1; serial <= 5; serial++)
                push(c, AUDIT_CONFIG_CHANGE, serial, 0);
        assert_int_equal(fops_correlator_stats(c).n_waiting, 2);
        assert_int_equal(fops_correlator_stats(c).n_evicted, 0);

        push(c, AUDIT_SYSCALL, 6, 0);
        push(c, AUDIT_CONFIG_CHANGE, 7, 0);
        push(c, AUDIT_CONFIG_CHANGE, 8, 0);
        assert_int_equal(fops_correlator_stats(c).n_evicted, 1);
}

static void test_too_many_events_evict_the_oldest_first(void **state _unused_) {
        FopsCorrelatorOptions options = FOPS_CORRELATOR_OPTIONS_DEFAULT;
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = NULL;

        options.n_events_max = 2;
        c = new_correlator(options);
        push(c, AUDIT_SYSCALL, 7, 0);
        push(c, AUDIT_SYSCALL, 8, 0);
        push(c, AUDIT_PATH, 7, 0); /* no younger for that */
        assert_none(c, 0);
        push(c, AUDIT_SYSCALL, 9, 0);
        assert_next(c, 0, 7, FOPS_EVENT_EVICTED, 2);
        assert_none(c, 0);
        assert_int_equal(fops_correlator_stats(c).n_evicted, 1);
        assert_int_equal(fops_correlator_stats(c).n_waiting, 2);
}

/* Also when no new event begins: the ones that wait may all grow. */
static void test_all_events_together_stay_below_their_cap(void **state _unused_) {
        FopsCorrelatorOptions options = FOPS_CORRELATOR_OPTIONS_DEFAULT;
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = NULL;
        static char text[1000];
        FopsSpan body = { text, sizeof(text) };
        FopsEvent *e;

        options.total_bytes_max = 20000;
        c = new_correlator(options);
        push(c, AUDIT_SYSCALL, 7, 0);
        push(c, AUDIT_SYSCALL, 8, 0);
        for (unsigned i = 0; i < 10; i++)
                push_body(c, AUDIT_PATH, 8, body, 0);
        assert_none(c, 0);
        for (unsigned i = 0; i < 10; i++)
                push_body(c, AUDIT_PATH, 8, body, 0);
        assert_next(c, 0, 7, FOPS_EVENT_EVICTED, 1);

        /* And the one that grows may be the oldest itself. */
        e = fops_correlator_pop(c, 0);
        assert_non_null(e);
        assert_int_equal(e->id.serial, 8);
        assert_int_equal(e->reason, FOPS_EVENT_EVICTED);
        assert_true(e->arena.used_bytes <= options.total_bytes_max);
        push(c, AUDIT_EOE, 8, 0);
        assert_next(c, 0, 8, FOPS_EVENT_COMPLETE, 21 - e->n_records);
        assert_none(c, 0);
        fops_event_free(e);
}

static void test_a_huge_event_is_truncated(void **state _unused_) {
        FopsCorrelatorOptions options = FOPS_CORRELATOR_OPTIONS_DEFAULT;
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = NULL;
        static char text[1000];
        FopsSpan body = { text, sizeof(text) };
        FopsEvent *e;

        options.event_bytes_max = 5000;
        options.offline = true;
        c = new_correlator(options);
        for (unsigned i = 0; i < 100; i++)
                push_body(c, AUDIT_PATH, 7, body, 0);
        push_body(c, AUDIT_PROCTITLE, 7, body, 0); /* left out too, but the end it is */
        e = fops_correlator_pop(c, 0);
        assert_non_null(e);
        assert_true(e->truncated);
        assert_in_range(e->n_records, 3, 5);
        assert_true(e->arena.used_bytes <= 5000);
        assert_int_equal(fops_correlator_stats(c).n_truncated, 1);
        fops_event_free(e);
}

static void test_flush_makes_all_ready_in_their_order(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_live();

        for (uint64_t i = 1; i <= 3; i++)
                push(c, AUDIT_SYSCALL, i, 0);
        push(c, AUDIT_EOE, 2, 0);
        fops_correlator_flush(c);
        assert_next(c, 0, 2, FOPS_EVENT_COMPLETE, 1);
        assert_next(c, 0, 1, FOPS_EVENT_FLUSHED, 1);
        assert_next(c, 0, 3, FOPS_EVENT_FLUSHED, 1);
        assert_none(c, 0);
}

static void test_a_recycled_event_remembers_nothing(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_offline();
        FopsEvent *e;

        push_lines(c, "node=web1 type=USER_LOGIN msg=audit(1.002:3): a=b\n", 0);
        e = fops_correlator_pop(c, 0);
        assert_non_null(e);
        e->truncated = true;
        fops_correlator_recycle(c, e);
        fops_correlator_recycle(c, NULL);

        push(c, AUDIT_SYSCALL, 4, 0);
        fops_correlator_flush(c);
        assert_ptr_equal(fops_correlator_pop(c, 0), e);
        assert_span(e->node, NULL);
        assert_false(e->truncated);
        assert_int_equal(e->n_records, 1);
        assert_null(e->hash_next);
        fops_event_free(e);
}

static void test_thousands_of_events_are_all_found_again(void **state _unused_) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = new_live();
        FopsCorrelatorStats stats;
        uint64_t n = 0;
        FopsEvent *e;

        for (uint64_t i = 0; i < FOPS_CORRELATOR_EVENTS_MAX; i++)
                push(c, AUDIT_SYSCALL, i * 16384, 0); /* serials that share their low bits */
        for (uint64_t i = 0; i < FOPS_CORRELATOR_EVENTS_MAX; i++)
                push(c, AUDIT_PATH, i * 16384, 0);
        for (uint64_t i = 0; i < FOPS_CORRELATOR_EVENTS_MAX; i++)
                push(c, AUDIT_EOE, i * 16384, 0);
        while ((e = fops_correlator_pop(c, 0))) {
                assert_int_equal(e->id.serial, n++ * 16384);
                assert_int_equal(e->n_records, 2);
                fops_correlator_recycle(c, e);
        }
        stats = fops_correlator_stats(c);
        assert_int_equal(stats.n_events, FOPS_CORRELATOR_EVENTS_MAX);
        assert_int_equal(stats.n_waiting, 0);
        assert_int_equal(stats.n_evicted, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_interleaved_events_stay_apart),
                cmocka_unit_test(test_ids_are_compared_whole),
                cmocka_unit_test(test_an_event_owns_its_records),
                cmocka_unit_test(test_an_event_without_eoe_leaves_at_its_deadline_with_no_new_input),
                cmocka_unit_test(test_one_incomplete_event_holds_back_no_other),
                cmocka_unit_test(test_messages_of_user_space_are_events_at_once),
                cmocka_unit_test(test_records_that_may_belong_to_a_call_wait_for_it),
                cmocka_unit_test(test_an_end_without_an_event_is_nothing),
                cmocka_unit_test(test_proctitle_ends_events_offline),
                cmocka_unit_test(test_io_uring_ends_with_its_announced_items_offline),
                cmocka_unit_test(test_io_uring_within_a_call_ends_with_the_call_offline),
                cmocka_unit_test(test_live_only_eoe_ends_events),
                cmocka_unit_test(test_changes_outside_of_calls_make_room_and_are_not_given_up),
                cmocka_unit_test(test_too_many_events_evict_the_oldest_first),
                cmocka_unit_test(test_all_events_together_stay_below_their_cap),
                cmocka_unit_test(test_a_huge_event_is_truncated),
                cmocka_unit_test(test_flush_makes_all_ready_in_their_order),
                cmocka_unit_test(test_a_recycled_event_remembers_nothing),
                cmocka_unit_test(test_thousands_of_events_are_all_found_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
