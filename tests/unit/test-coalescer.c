/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "coalescer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define S(s) FOPS_SPAN_LITERAL(s)

static FopsEvent *event(uint64_t serial) {
        FopsEvent *e = calloc(1, sizeof(FopsEvent));

        assert_non_null(e);
        e->id = (FopsEventId){ .sec = 100 + (int64_t) serial, .msec = 7, .serial = serial };
        return e;
}

static FopsOperation modifying(const FopsEvent *e, uint32_t pid, FopsSpan path) {
        return (FopsOperation){ .event = e, .op = FOPS_OP_MODIFY, .outcome = FOPS_OUTCOME_SUCCESS, .pid = pid, .path = path };
}

static void hold(FopsCoalescer *c, uint64_t serial, uint32_t pid, FopsSpan path, uint64_t deadline) {
        FopsEvent *e = event(serial);
        FopsOperation op = modifying(e, pid, path);

        assert_int_equal(fops_coalescer_hold(c, e, &op, deadline), 0);
}

static uint64_t pop(FopsCoalescer *c, uint64_t now, bool all, uint64_t *ret_count) {
        FopsCoalesced *h = fops_coalescer_pop(c, now, all);
        uint64_t serial;

        if (!h)
                return 0;
        serial = h->event->id.serial;
        if (ret_count)
                *ret_count = h->operation.count;
        fops_event_free(h->event);
        free(h);
        return serial;
}

static void test_what_is_alike_becomes_one_with_a_count_and_the_last_time(void **state _unused_) {
        FopsEvent *second = event(2), *third = event(3);
        FopsOperation op = modifying(second, 7, S("/srv/x"));
        FopsCoalesced *h;
        FopsCoalescer c;

        fops_coalescer_init(&c);
        hold(&c, 1, 7, S("/srv/x"), 50);
        assert_true(fops_coalescer_merge(&c, &op));
        op.event = third;
        assert_true(fops_coalescer_merge(&c, &op));

        h = fops_coalescer_pop(&c, 50, false);
        assert_non_null(h);
        assert_int_equal(h->operation.count, 3);
        assert_int_equal(h->operation.last_id.serial, 3);
        assert_int_equal(h->event->id.serial, 1);
        fops_event_free(h->event);
        free(h);
        fops_event_free(second);
        fops_event_free(third);
        fops_coalescer_done(&c);
}

static void test_another_process_path_operation_or_result_stays_apart(void **state _unused_) {
        FopsEvent *e = event(2);
        FopsOperation op;
        FopsCoalescer c;

        fops_coalescer_init(&c);
        hold(&c, 1, 7, S("/srv/x"), 50);

        op = modifying(e, 8, S("/srv/x"));
        assert_false(fops_coalescer_merge(&c, &op));
        op = modifying(e, 7, S("/srv/y"));
        assert_false(fops_coalescer_merge(&c, &op));
        op = modifying(e, 7, S("/srv/x"));
        op.op = FOPS_OP_CHMOD;
        assert_false(fops_coalescer_merge(&c, &op));
        op = modifying(e, 7, S("/srv/x"));
        op.outcome = FOPS_OUTCOME_FAILED;
        assert_false(fops_coalescer_merge(&c, &op));
        op = modifying(e, 7, S("/srv/x"));
        op.new_path = S("/srv/z");
        assert_false(fops_coalescer_merge(&c, &op));

        fops_event_free(e);
        fops_coalescer_done(&c);
}

/* What an entry says of one is so for all that it counts. */
static void test_other_people_and_other_values_stay_apart(void **state _unused_) {
        static const FopsItem item = { .has_inode = true, .inode = 5, .dev_major = 254 };
        static const FopsItem others[] = {
                { .has_inode = true, .inode = 6, .dev_major = 254 },
                { .has_inode = true, .inode = 5, .dev_major = 254, .dev_minor = 1 },
                {},
        };
        FopsEvent *e = event(2), *held = event(1);
        FopsOperation op = modifying(held, 7, S("/srv/x")), other;
        FopsCoalescer c;

        op.op = FOPS_OP_CHMOD;
        op.exe = S("/bin/a");
        op.object.item = &item;
        fops_coalescer_init(&c);
        assert_int_equal(fops_coalescer_hold(&c, held, &op, 50), 0);
        op.event = e;

#define STAYS_APART(field, value)                               \
        do {                                                    \
                other = op;                                     \
                other.field = value;                            \
                assert_false(fops_coalescer_merge(&c, &other)); \
        } while (false)
        STAYS_APART(uid, 1000);
        STAYS_APART(gid, 1000);
        STAYS_APART(euid, 1000);
        STAYS_APART(auid, 1000);
        STAYS_APART(session, 3);
        STAYS_APART(exe, S("/bin/b"));
        STAYS_APART(comm, S("b"));
        STAYS_APART(has_new_mode, true);
        STAYS_APART(new_mode, 04755);
        STAYS_APART(new_uid, 1000);
        STAYS_APART(new_gid, 1000);
        STAYS_APART(target, S("y"));
        STAYS_APART(object.item, NULL);
        STAYS_APART(object.parent, &item);
        STAYS_APART(replaced, &item);
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                STAYS_APART(object.item, others + i);
        assert_true(fops_coalescer_merge(&c, &op));

        fops_event_free(e);
        fops_coalescer_done(&c);
}

static void test_what_has_no_path_is_never_merged(void **state _unused_) {
        FopsEvent *e = event(2);
        FopsOperation op = modifying(e, 7, FOPS_SPAN_ABSENT);
        FopsCoalescer c;

        fops_coalescer_init(&c);
        hold(&c, 1, 7, FOPS_SPAN_ABSENT, 50);
        assert_false(fops_coalescer_merge(&c, &op));
        fops_event_free(e);
        fops_coalescer_done(&c);
}

static void test_each_goes_at_its_own_deadline(void **state _unused_) {
        FopsCoalescer c;

        fops_coalescer_init(&c);
        assert_true(fops_coalescer_next_deadline(&c) == UINT64_MAX);
        hold(&c, 1, 7, S("/a"), 90);
        hold(&c, 2, 7, S("/b"), 40);
        hold(&c, 3, 7, S("/c"), 90);
        assert_int_equal(fops_coalescer_next_deadline(&c), 40);
        assert_int_equal(pop(&c, 39, false, NULL), 0);
        assert_int_equal(pop(&c, 40, false, NULL), 2);
        assert_int_equal(pop(&c, 40, false, NULL), 0);
        assert_int_equal(fops_coalescer_next_deadline(&c), 90);
        /* The tail is right after a removal from the middle and from the end. */
        assert_int_equal(pop(&c, 90, false, NULL), 1);
        assert_int_equal(pop(&c, 90, false, NULL), 3);
        hold(&c, 4, 7, S("/d"), 100);
        assert_int_equal(pop(&c, 0, true, NULL), 4);
        fops_coalescer_done(&c);
}

static void test_too_many_send_the_oldest_on(void **state _unused_) {
        uint64_t count = 9;
        FopsCoalescer c;

        fops_coalescer_init(&c);
        for (uint64_t i = 1; i <= FOPS_COALESCED_MAX; i++)
                hold(&c, i, (uint32_t) i, S("/a"), 1000);
        assert_int_equal(pop(&c, 0, false, NULL), 0);
        hold(&c, FOPS_COALESCED_MAX + 1, 99999, S("/a"), 1000);
        assert_int_equal(pop(&c, 0, false, &count), 1);
        assert_int_equal(count, 0);
        assert_int_equal(pop(&c, 0, false, NULL), 0);
        fops_coalescer_done(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_alike_becomes_one_with_a_count_and_the_last_time),
                cmocka_unit_test(test_another_process_path_operation_or_result_stays_apart),
                cmocka_unit_test(test_other_people_and_other_values_stay_apart),
                cmocka_unit_test(test_what_has_no_path_is_never_merged),
                cmocka_unit_test(test_each_goes_at_its_own_deadline),
                cmocka_unit_test(test_too_many_send_the_oldest_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
