/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Times as typed, in a zone with daylight saving. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "time-form.h"

#define SEC UINT64_C(1000000)
/* Sun 2026-11-22 02:05:41 UTC, 03:05:41 in Berlin. */
#define NOW (UINT64_C(1795313141) * SEC)
/* Sun 2026-11-22 00:00:00 in Berlin. */
#define MIDNIGHT (UINT64_C(1795302000) * SEC)

static int set_zone(_unused_ void **state) {
        setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        tzset();
        return 0;
}

static void assert_time(const char *text, uint64_t expected) {
        uint64_t usec = 1;

        if (time_form_parse(text, NOW, &usec) != 0 || usec != expected) {
                print_error("'%s': %ju, expected %ju\n", text, (uintmax_t) usec, (uintmax_t) expected);
                fail();
        }
}

static void assert_no_time(const char *text) {
        uint64_t usec = 1;

        if (time_form_parse(text, NOW, &usec) != -EINVAL || usec != 1) {
                print_error("'%s' was taken for a time\n", text);
                fail();
        }
}

static void test_words_name_midnights(_unused_ void **state) {
        assert_time("now", NOW);
        assert_time("today", MIDNIGHT);
        assert_time("yesterday", MIDNIGHT - 86400 * SEC);
        assert_time("tomorrow", MIDNIGHT + 86400 * SEC);
}

static void test_dates_are_local(_unused_ void **state) {
        assert_time("2026-11-22", MIDNIGHT);
        assert_time("2026-11-22 10:00", MIDNIGHT + 36000 * SEC);
        assert_time("2026-11-22 10:00:30", MIDNIGHT + 36030 * SEC);
        assert_time("2026-11-22T10:00:30", MIDNIGHT + 36030 * SEC);
        assert_time("2026-11-22T10:00", MIDNIGHT + 36000 * SEC);
        assert_time("2026-11-22 10:00:30.25", MIDNIGHT + 36030 * SEC + SEC / 4);
        assert_time(" 2026-11-22 10:00 ", MIDNIGHT + 36000 * SEC);
}

static void test_a_time_alone_is_of_today(_unused_ void **state) {
        assert_time("10:00", MIDNIGHT + 36000 * SEC);
        assert_time("10:00:30", MIDNIGHT + 36030 * SEC);
        assert_time("00:00:00.001", MIDNIGHT + 1000);
}

static void test_zones_are_utc_and_the_local_one(_unused_ void **state) {
        assert_time("2026-11-22 10:00 UTC", MIDNIGHT + 39600 * SEC);
        assert_time("2026-11-22T10:00:00Z", MIDNIGHT + 39600 * SEC);
        assert_time("2026-11-22 10:00 CET", MIDNIGHT + 36000 * SEC);
        assert_no_time("2026-11-22 10:00 EST");
        assert_no_time("2026-11-22 10:00 +0100");
}

static void test_daylight_saving_is_that_of_the_day(_unused_ void **state) {
        /* 10:00 CEST is 08:00 UTC. */
        assert_time("2026-07-01 10:00", UINT64_C(1782892800) * SEC);
        assert_time("2026-07-01 08:00 UTC", UINT64_C(1782892800) * SEC);
}

static void test_weekdays_may_stand_in_front(_unused_ void **state) {
        assert_time("Sun 2026-11-22", MIDNIGHT);
        assert_time("sunday 2026-11-22 10:00", MIDNIGHT + 36000 * SEC);
        assert_no_time("Sund 2026-11-22");
        assert_no_time("foo 2026-11-22");
}

static void test_spans_are_back_from_now_or_ahead(_unused_ void **state) {
        assert_time("-1h", NOW - 3600 * SEC);
        assert_time("-90", NOW - 90 * SEC);
        assert_time("-1h30min", NOW - 5400 * SEC);
        assert_time("- 1h 30min", NOW - 5400 * SEC);
        assert_time("-1.5h", NOW - 5400 * SEC);
        assert_time("-2d", NOW - 172800 * SEC);
        assert_time("-1week", NOW - 604800 * SEC);
        assert_time("-2 M", NOW - 2 * 2629800 * SEC);
        assert_time("-2m", NOW - 120 * SEC);
        assert_time("-250ms", NOW - SEC / 4);
        assert_time("+5min", NOW + 300 * SEC);
        assert_time("1h ago", NOW - 3600 * SEC);
        assert_time("1h 5s ago", NOW - 3605 * SEC);
        assert_time("90 ago", NOW - 90 * SEC);
        assert_time("2 days left", NOW + 172800 * SEC);
}

static void test_a_span_beyond_the_epoch_ends_there(_unused_ void **state) {
        assert_time("-1000 years", 0);
        assert_no_time("+600000 years");
        assert_no_time("+99999999999999999999s");
}

static void test_an_at_sign_gives_seconds_since_the_epoch(_unused_ void **state) {
        assert_time("@0", 0);
        assert_time("@1795309541", UINT64_C(1795309541) * SEC);
        assert_time("@1795309541.349", UINT64_C(1795309541349000));
        assert_time("@1.0000019", SEC + 1);
        assert_no_time("@");
        assert_no_time("@-1");
        assert_no_time("@1795309541:12");
}

static void test_what_is_no_time_is_refused(_unused_ void **state) {
        assert_no_time("");
        assert_no_time("todayx");
        assert_no_time("2026-02-30");
        assert_no_time("2026-11-31");
        assert_no_time("2026-13-01");
        assert_no_time("2026-11-22 25:00");
        assert_no_time("2026-11-22 10:61");
        assert_no_time("2026-11-22 10:00x");
        assert_no_time("2026-11-22 10:00:30.");
        assert_no_time("1969-12-31");
        assert_no_time("-");
        assert_no_time("-1x");
        assert_no_time("-h");
        assert_no_time("ago");
        assert_no_time("1h agox");
        assert_no_time("5");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_words_name_midnights),
                cmocka_unit_test(test_dates_are_local),
                cmocka_unit_test(test_a_time_alone_is_of_today),
                cmocka_unit_test(test_zones_are_utc_and_the_local_one),
                cmocka_unit_test(test_daylight_saving_is_that_of_the_day),
                cmocka_unit_test(test_weekdays_may_stand_in_front),
                cmocka_unit_test(test_spans_are_back_from_now_or_ahead),
                cmocka_unit_test(test_a_span_beyond_the_epoch_ends_there),
                cmocka_unit_test(test_an_at_sign_gives_seconds_since_the_epoch),
                cmocka_unit_test(test_what_is_no_time_is_refused),
        };

        return cmocka_run_group_tests(tests, set_zone, NULL);
}
