/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Operations in inotify's words, and the words of -e. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "inotify-event.h"

#define S(s) FOPS_SPAN_LITERAL(s)

static FopsEntry entry;

static int done(_unused_ void **state) {
        fops_entry_done(&entry);
        return 0;
}

static InotifySelection selection(const char *words) {
        InotifySelection s = {};
        FopsSpan unknown;

        assert_true(inotify_selection_add(&s, words, &unknown));
        return s;
}

/* "CREATE /p, MODIFY /p": what -e @words shows of an operation on /p (and /q). */
static void assert_shows(const char *words, FopsOp op, const char *expected) {
        InotifySelection s = *words ? selection(words) : (InotifySelection){};
        InotifyStep steps[INOTIFY_STEPS_MAX];
        char text[256] = "";
        size_t n;

        fops_entry_begin(&entry, FOPS_KIND_OPERATION, 6);
        fops_entry_add(&entry, "FOPSD_PATH", S("/p"));
        if (op == FOPS_OP_RENAME || op == FOPS_OP_EXCHANGE || op == FOPS_OP_LINK)
                fops_entry_add(&entry, "FOPSD_NEW_PATH", S("/q"));
        n = inotify_steps(&entry, op, steps);
        for (size_t i = 0; i < n; i++)
                if (inotify_selection_has(&s, op, steps + i, steps[i].event))
                        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %.*s", *text ? ", " : "",
                                 steps[i].event == INOTIFY_NONE ? "-" : inotify_event_to_string(steps[i].event),
                                 (int) steps[i].path.size, steps[i].path.data);
        assert_string_equal(text, expected);
}

static void test_without_a_choice_each_operation_has_one_name(_unused_ void **state) {
        assert_shows("", FOPS_OP_CREATE, "CREATE /p");
        assert_shows("", FOPS_OP_MODIFY, "MODIFY /p");
        assert_shows("", FOPS_OP_READ, "OPEN /p");
        assert_shows("", FOPS_OP_EXEC, "OPEN /p");
        assert_shows("", FOPS_OP_RMDIR, "DELETE /p");
        assert_shows("", FOPS_OP_UTIME, "ATTRIB /p");
        assert_shows("", FOPS_OP_UMOUNT, "UNMOUNT /p");
        assert_shows("", FOPS_OP_MOUNT, "- /p");
}

static void test_a_rename_has_two_names_and_an_exchange_four(_unused_ void **state) {
        assert_shows("", FOPS_OP_RENAME, "MOVED_FROM /p, MOVED_TO /q");
        assert_shows("moved_to", FOPS_OP_RENAME, "MOVED_TO /q");
        assert_shows("rename", FOPS_OP_RENAME, "MOVED_FROM /p, MOVED_TO /q");
        assert_shows("move", FOPS_OP_EXCHANGE, "MOVED_FROM /p, MOVED_TO /q, MOVED_FROM /q, MOVED_TO /p");
}

static void test_a_link_is_made_at_its_new_name(_unused_ void **state) {
        assert_shows("create", FOPS_OP_LINK, "CREATE /q");
        assert_shows("create", FOPS_OP_SYMLINK, "CREATE /p");
}

static void test_an_opening_stands_for_what_follows_if_asked(_unused_ void **state) {
        assert_shows("open,modify,close_write", FOPS_OP_MODIFY, "OPEN /p, MODIFY /p, CLOSE_WRITE /p");
        assert_shows("open,access,close", FOPS_OP_READ, "OPEN /p, ACCESS /p, CLOSE_NOWRITE /p");
        assert_shows("close_write", FOPS_OP_READ, "");
        assert_shows("close_write", FOPS_OP_CREATE, "CLOSE_WRITE /p");
        assert_shows("create,close_write", FOPS_OP_CREATE, "CREATE /p, CLOSE_WRITE /p");
}

static void test_a_new_file_is_modified_only_for_who_does_not_hear_of_its_making(_unused_ void **state) {
        assert_shows("modify", FOPS_OP_CREATE, "MODIFY /p");
        assert_shows("create,modify", FOPS_OP_CREATE, "CREATE /p");
        assert_shows("modify", FOPS_OP_MKDIR, "");
}

static void test_words_of_both_kinds_in_any_case(_unused_ void **state) {
        InotifySelection s = {};
        FopsSpan unknown = {};

        assert_shows("CREATE,Moved_To", FOPS_OP_MKDIR, "CREATE /p");
        assert_shows("chmod,delete", FOPS_OP_CHMOD, "ATTRIB /p");
        assert_shows("chmod,delete", FOPS_OP_CHOWN, "");
        assert_shows("attr", FOPS_OP_CHOWN, "ATTRIB /p");
        assert_false(inotify_selection_add(&s, "create,nonsense", &unknown));
        assert_true(fops_span_equal_string(unknown, "nonsense"));
        assert_false(inotify_selection_add(&s, "create,", &unknown));
}

static void test_what_is_asked_for_says_what_must_be_recorded(_unused_ void **state) {
        InotifySelection everything = {}, s;

        assert_int_equal(inotify_selection_ops(&everything) & FOPS_OP_BIT(FOPS_OP_READ), 0);
        assert_true(inotify_selection_ops(&everything) & FOPS_OP_BIT(FOPS_OP_CHMOD));
        s = selection("modify");
        assert_int_equal(inotify_selection_ops(&s),
                         FOPS_OP_BIT(FOPS_OP_CREATE) | FOPS_OP_BIT(FOPS_OP_MODIFY) | FOPS_OP_BIT(FOPS_OP_TRUNCATE));
        s = selection("delete_self,chmod");
        assert_int_equal(inotify_selection_ops(&s),
                         FOPS_OP_BIT(FOPS_OP_DELETE) | FOPS_OP_BIT(FOPS_OP_RMDIR) | FOPS_OP_BIT(FOPS_OP_CHMOD));
        s = selection("access");
        assert_true(inotify_selection_ops(&s) & FOPS_OP_BIT(FOPS_OP_EXEC));
}

static void test_what_others_tell_of_closing_need_not_be_recorded(_unused_ void **state) {
        InotifySelection s = selection("close_write,delete");
        InotifyStep step = { .event = INOTIFY_CLOSE_WRITE, .path = S("/p") };

        assert_true(inotify_selection_asks_for(&s, INOTIFY_CLOSE_WRITE));
        assert_true(inotify_selection_has(&s, FOPS_OP_MODIFY, &step, INOTIFY_CLOSE_WRITE));
        s.knows_closing = true;
        assert_false(inotify_selection_has(&s, FOPS_OP_MODIFY, &step, INOTIFY_CLOSE_WRITE));
        assert_int_equal(inotify_selection_ops(&s), FOPS_OP_BIT(FOPS_OP_DELETE) | FOPS_OP_BIT(FOPS_OP_RMDIR));
        s = selection("close_write");
        s.knows_closing = true;
        assert_int_equal(inotify_selection_ops(&s), 0);
}

static void test_without_a_path_there_is_nothing_to_tell(_unused_ void **state) {
        InotifyStep steps[INOTIFY_STEPS_MAX];

        fops_entry_begin(&entry, FOPS_KIND_OPERATION, 6);
        assert_int_equal(inotify_steps(&entry, FOPS_OP_DELETE, steps), 0);
        fops_entry_add(&entry, "FOPSD_NEW_PATH", S("/q"));
        assert_int_equal(inotify_steps(&entry, FOPS_OP_RENAME, steps), 1);
        assert_int_equal(steps[0].event, INOTIFY_MOVED_TO);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_without_a_choice_each_operation_has_one_name),
                cmocka_unit_test(test_a_rename_has_two_names_and_an_exchange_four),
                cmocka_unit_test(test_a_link_is_made_at_its_new_name),
                cmocka_unit_test(test_an_opening_stands_for_what_follows_if_asked),
                cmocka_unit_test(test_a_new_file_is_modified_only_for_who_does_not_hear_of_its_making),
                cmocka_unit_test(test_words_of_both_kinds_in_any_case),
                cmocka_unit_test(test_what_is_asked_for_says_what_must_be_recorded),
                cmocka_unit_test(test_what_others_tell_of_closing_need_not_be_recorded),
                cmocka_unit_test(test_without_a_path_there_is_nothing_to_tell),
        };

        return cmocka_run_group_tests(tests, NULL, done);
}
