/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Who feeds systemd's watchdog, and who doesn't. What there is to move is a stand-in. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "manager-parts.h"
#include "notify.h"

#define PATIENCE "4000"
#define TICKS 10U

static struct {
        bool is_behind, is_blocked, is_deaf;
        unsigned n_asked, n_fed;
} world;

/* --- stand-ins ----------------------------------------------------------------------------------------------------------- */

int notify(const char *format, ...) {
        assert_string_equal(format, "WATCHDOG=1");
        world.n_fed++;
        return world.is_deaf ? -EAGAIN : 1;
}

bool intake_is_behind(const Intake *i _unused_) {
        world.n_asked++;
        return world.is_behind;
}

bool publisher_is_blocked(const Publisher *p _unused_) {
        return world.is_blocked;
}

/* --- the tests ----------------------------------------------------------------------------------------------------------- */

static Manager begin(const char *patience) {
        Manager m = {};

        memset(&world, 0, sizeof(world));
        assert_int_equal(patience ? setenv("WATCHDOG_USEC", patience, true) : unsetenv("WATCHDOG_USEC"), 0);
        assert_int_equal(unsetenv("WATCHDOG_PID"), 0);
        assert_true(sd_event_new(&m.event) >= 0);
        return m;
}

static void attach(Manager *m) {
        assert_true(manager_attach_watchdog(m) >= 0);
}

/* Until the clock has come by so often. */
static void run(Manager *m) {
        unsigned until = world.n_asked + TICKS;

        while (world.n_asked < until)
                assert_true(sd_event_run(m->event, UINT64_MAX) >= 0);
}

static void test_who_has_nothing_to_do_is_alive(void **state _unused_) {
        Manager m = begin(PATIENCE);

        attach(&m);
        run(&m);
        assert_int_equal(world.n_fed, TICKS);
        sd_event_unref(m.event);
}

static void test_who_has_something_to_do_and_does_not_is_not(void **state _unused_) {
        Manager m = begin(PATIENCE);

        attach(&m);
        world.is_behind = true;
        run(&m);
        assert_int_equal(world.n_fed, 0);
        /* It waits for journald. */
        world.is_blocked = true;
        run(&m);
        assert_int_equal(world.n_fed, TICKS);
        sd_event_unref(m.event);
}

static void test_who_does_something_is_alive_and_says_so_now_and_then(void **state _unused_) {
        Manager m = begin(PATIENCE);

        attach(&m);
        manager_feed_watchdog(&m);
        m.patience_usec = UINT64_C(3600) * 1000000;
        for (unsigned i = 0; i < 1000; i++)
                manager_feed_watchdog(&m);
        assert_int_equal(world.n_fed, 1);
        sd_event_unref(m.event);
}

static void test_what_was_not_heard_is_said_again(void **state _unused_) {
        Manager m = begin(PATIENCE);

        attach(&m);
        world.is_deaf = true;
        manager_feed_watchdog(&m);
        manager_feed_watchdog(&m);
        assert_int_equal(world.n_fed, 2);
        sd_event_unref(m.event);
}

static void test_without_a_watchdog_nothing_is_said(void **state _unused_) {
        Manager m = begin(NULL);

        attach(&m);
        manager_feed_watchdog(&m);
        assert_int_equal(sd_event_run(m.event, 0), 0);
        assert_int_equal(world.n_fed, 0);
        sd_event_unref(m.event);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_has_nothing_to_do_is_alive),
                cmocka_unit_test(test_who_has_something_to_do_and_does_not_is_not),
                cmocka_unit_test(test_who_does_something_is_alive_and_says_so_now_and_then),
                cmocka_unit_test(test_what_was_not_heard_is_said_again),
                cmocka_unit_test(test_without_a_watchdog_nothing_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
