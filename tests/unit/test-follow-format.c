/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Lines of --format. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "follow-format.h"

#define S(s) FOPS_SPAN_LITERAL(s)

static FopsEntry entry;

static int done(_unused_ void **state) {
        fops_entry_done(&entry);
        return 0;
}

static void assert_prints(FollowFormat f, FollowLine line, FopsSpan expected) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        follow_format_print(&f, &line, out);
        assert_int_equal(fclose(out), 0);
        assert_int_equal(size, expected.size);
        assert_memory_equal(text, expected.data, size);
}

static FollowLine new_directory(void) {
        fops_entry_begin(&entry, FOPS_KIND_OPERATION, 6);
        fops_entry_add(&entry, "FOPSD_TIME", S("1795309541.349"));
        fops_entry_add(&entry, "FOPSD_EVENT", S("1795309541.349:12"));
        fops_entry_add(&entry, "FOPSD_UID", S("7"));
        fops_entry_add(&entry, "FOPSD_PID", S("4711"));
        fops_entry_add(&entry, "FOPSD_EXE", S("/usr/bin/mk\ndir"));
        return (FollowLine){
                .entry = &entry,
                .op = FOPS_OP_MKDIR,
                .event = INOTIFY_CREATE,
                .is_directory = true,
                .place = { .watched = S("/srv/"), .name = S("a b") },
        };
}

static void test_lines_of_inotifywait(_unused_ void **state) {
        FollowLine line = new_directory();

        assert_prints((FollowFormat){ .format = "%w %e %f" }, line, S("/srv/ CREATE,ISDIR a b\n"));
        assert_prints((FollowFormat){ .format = "%;e|%:e%%", .no_newline = true }, line, S("CREATE;ISDIR|CREATE:ISDIR%"));
        assert_prints((FollowFormat){ .format = "%w%f%0", .no_newline = true }, line, S("/srv/a b\0"));
        assert_prints((FollowFormat){ .format = "%n%c" }, line, S("\n0\n"));
        line.event = INOTIFY_MOVED_TO;
        assert_prints((FollowFormat){ .format = "%c" }, line, S("12\n"));
        line.event = INOTIFY_CLOSE_WRITE;
        line.is_directory = false;
        assert_prints((FollowFormat){ .format = "%e" }, line, S("CLOSE_WRITE,CLOSE\n"));
        line.event = INOTIFY_DELETE_SELF;
        line.is_directory = true;
        assert_prints((FollowFormat){ .format = "%e" }, line, S("DELETE_SELF\n"));
        line.event = INOTIFY_NONE;
        line.op = FOPS_OP_MOUNT;
        line.is_directory = false;
        assert_prints((FollowFormat){ .format = "%e" }, line, S("MOUNT\n"));
}

static void test_who_and_when(_unused_ void **state) {
        FollowLine line = new_directory();

        assert_prints((FollowFormat){ .format = "%T %u %p %i", .time_format = "%F %T" }, line,
                      S("2026-11-22 01:05:41 7 4711 1795309541.349:12\n"));
        assert_prints((FollowFormat){ .format = "[%l%k%C]" }, line, S("[]\n"));
        fops_entry_add(&entry, "FOPSD_USER", S("alice"));
        assert_prints((FollowFormat){ .format = "%u" }, line, S("alice\n"));
}

static void test_names_are_raw_but_for_a_terminal(_unused_ void **state) {
        FollowLine line = new_directory();

        assert_prints((FollowFormat){ .format = "%x" }, line, S("/usr/bin/mk\ndir\n"));
        assert_prints((FollowFormat){ .format = "%x", .to_terminal = true }, line, S("/usr/bin/mk\\x0adir\n"));
}

static void test_conversions_that_do_not_exist_are_found(_unused_ void **state) {
        static const char *const right[] = { "", "x", "%%", "%w%f", "%;e", "%e", "100%%", "%,e%T" };
        static const char *const wrong[] = { "%", "x%", "%z", "%w%q", "%;f", "%%%" };

        for (size_t i = 0; i < ELEMENTSOF(right); i++)
                assert_null(follow_format_check(right[i]));
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_non_null(follow_format_check(wrong[i]));
        assert_string_equal(follow_format_check("%w%q"), "%q");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines_of_inotifywait),
                cmocka_unit_test(test_who_and_when),
                cmocka_unit_test(test_names_are_raw_but_for_a_terminal),
                cmocka_unit_test(test_conversions_that_do_not_exist_are_found),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, done);
}
