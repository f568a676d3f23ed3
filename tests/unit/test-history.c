/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Histories out of recorded operations, one a line: who made, moved, changed and removed what. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "history-sentence.h"
#include "path.h"

/* An operation each, one a second, from 01:05:41 on; in front of a failed one stands a '!', and what has an inode ends in #7. */
typedef const char *const Record[];

static FopsEntry entry;

static int done(_unused_ void **state) {
        fops_entry_done(&entry);
        return 0;
}

/* "rename /a /b #7" */
static void make_entry(const char *line, unsigned i) {
        char op[32], path[256] = "", new_path[256] = "";
        const char *hash = strchr(line, '#');
        int n;

        n = sscanf(line + (*line == '!'), "%31s %255[^ #] %255[^ #]", op, path, new_path);
        assert_true(n >= 1);
        fops_entry_begin(&entry, FOPS_KIND_OPERATION, 6);
        fops_entry_printf(&entry, "FOPSD_TIME", "%u.349", 1795309541 + i);
        fops_entry_printf(&entry, "FOPSD_EVENT", "%u.349:%u", 1795309541 + i, i);
        fops_entry_add(&entry, "FOPSD_OP", fops_arena_copy(&entry.arena, fops_span_from_string(op)));
        fops_entry_printf(&entry, "FOPSD_RESULT", "%s", *line == '!' ? "failed" : "success");
        if (*path != '-')
                fops_entry_printf(&entry, "FOPSD_PATH", "%s", path);
        if (*new_path)
                fops_entry_printf(&entry, "FOPSD_NEW_PATH", "%s", new_path);
        if (hash) {
                fops_entry_printf(&entry, "FOPSD_INODE", "%s", hash + 1);
                fops_entry_printf(&entry, "FOPSD_DEV", "8:1");
        }
        fops_entry_printf(&entry, "FOPSD_USER", "alice");
        fops_entry_printf(&entry, "FOPSD_EXE", "/bin/x");
}

/* Answers as the journal does: exactly what is asked for, so that a question that isn't asked is missed. */
static int answer(void *userdata, History *h, const HistoryQuestion *q) {
        const char *const *record = userdata;

        for (unsigned i = 0; record[i]; i++) {
                FopsSpan path, new_path, inode;
                bool fits = false;

                make_entry(record[i], i);
                path = fops_entry_get(&entry, "FOPSD_PATH");
                new_path = fops_entry_get(&entry, "FOPSD_NEW_PATH");
                inode = fops_entry_get(&entry, "FOPSD_INODE");
                if (q->kind == HISTORY_OF_NAME || q->kind == HISTORY_OF_CHANGES)
                        fits = fops_span_equal(path, q->path) || fops_span_equal(new_path, q->path);
                else if (q->kind == HISTORY_OF_DIRECTORIES)
                        fits = (path.data && !fops_span_equal(path, q->path) && fops_path_is_below(q->path, path)) ||
                               (new_path.data && !fops_span_equal(new_path, q->path) && fops_path_is_below(q->path, new_path));
                else
                        fits = fops_span_equal(inode, q->inode);
                if (fits && (1795309541 + i) * UINT64_C(1000000) + 349000 >= q->since_usec &&
                    (1795309541 + i) * UINT64_C(1000000) + 349000 <= q->until_usec)
                        assert_int_equal(history_take(h, &entry), 0);
        }
        return 0;
}

/* The timeline by the numbers of the record's lines, the newest first; the sentence; whether it has a beginning. */
static void assert_history(const char *path, Record record, const char *expected, bool begins, const char *expected_sentence) {
        History h = {};
        _cleanup_free_ char *sentence = NULL;
        char told[256] = "";
        size_t size;
        FILE *f = open_memstream(&sentence, &size);

        assert_non_null(f);
        assert_int_equal(history_trace(&h, fops_span_from_string(path), answer, (void *) record), 0);
        for (size_t i = h.n_notes; i-- > 0;)
                if (h.notes[i]->is_told)
                        snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s%u", *told ? " " : "",
                                 (unsigned) h.notes[i]->serial);
        assert_string_equal(told, expected);
        assert_int_equal(h.begins, begins);

        history_print_sentence(&h, fops_span_from_string(path), UINT64_C(1795309600000000), f);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(sentence, expected_sentence);
        history_done(&h);
}

static void test_made_changed_deleted(_unused_ void **state) {
        static Record record = { "create /d/x", "modify /d/x", "delete /d/y", "!delete /d/x", "delete /d/x", NULL };

        assert_history("/d/x", record, "4 3 1 0", true, "deleted 01:05:45 by alice with /bin/x");
}

static void test_nothing_is_known_of_what_nobody_touched(_unused_ void **state) {
        static Record record = { "create /d/x", "mkdir /d/e", NULL };

        assert_history("/d/xy", record, "", false, "");
        assert_history("/d", record, "", false, "");
}

static void test_back_through_renames(_unused_ void **state) {
        static Record record = { "delete /d/a", "create /d/a", "chmod /d/a", "rename /d/a /d/b", "create /d/a", "rename /d/b /d/c",
                                 "modify /d/c", NULL };

        assert_history("/d/c", record, "6 5 3 2 1", true, "last opened for writing 01:05:47 by alice with /bin/x");
}

static void test_forward_to_where_it_is_now(_unused_ void **state) {
        static Record record = { "create /d/a", "rename /d/a /d/b", "rename /d/b /e/c", "modify /e/c", NULL };

        assert_history("/d/a", record, "3 2 1 0", true, "moved to /d/b 01:05:42 by alice with /bin/x; it is now /e/c");
}

static void test_forward_to_its_end_elsewhere(_unused_ void **state) {
        static Record record = { "create /d/a", "rename /d/a /d/b", "delete /d/b", "create /d/b", NULL };

        assert_history("/d/a", record, "2 1 0", true,
                       "moved to /d/b 01:05:42 by alice with /bin/x; then deleted 01:05:43 by alice with /bin/x");
}

static void test_overwritten_elsewhere(_unused_ void **state) {
        static Record record = { "rename /d/a /d/b", "rename /d/z /d/b", "delete /d/b", NULL };

        assert_history("/d/a", record, "1 0", false,
                       "moved to /d/b 01:05:41 by alice with /bin/x; then moved here from /d/z 01:05:42 by alice with /bin/x");
}

static void test_directories_above_are_renamed(_unused_ void **state) {
        static Record record = { "create /a/d/x", "rename /a /b", "modify /b/d/x", "rename /b/d /c", "delete /c/x", NULL };

        assert_history("/c/x", record, "4 3 2 1 0", true, "deleted 01:05:45 by alice with /bin/x");
        assert_history("/a/d/x", record, "4 3 2 1 0", true,
                       "moved with its directory, now /b 01:05:42 by alice with /bin/x; then deleted 01:05:45 by alice with /bin/x");
}

static void test_what_was_made_after_its_directory_came_did_not_come_with_it(_unused_ void **state) {
        static Record record = { "create /a/x", "delete /a/x", "rename /a /b", "create /b/x", NULL };

        assert_history("/b/x", record, "3", true, "created 01:05:44 by alice with /bin/x");
        assert_history("/a/x", record, "1 0", true, "deleted 01:05:42 by alice with /bin/x");
}

static void test_rm_rf_is_the_file_and_not_its_directories(_unused_ void **state) {
        static Record record = { "create /s/d/x", "delete /s/d/x", "rmdir /s/d", "rmdir /s", NULL };

        assert_history("/s/d/x", record, "1 0", true, "deleted 01:05:42 by alice with /bin/x");
}

static void test_a_directory_removed_from_over_it(_unused_ void **state) {
        static Record record = { "create /s/d/x", "rmdir /s/d", "rmdir /s", NULL };

        assert_history("/s/d/x", record, "1 0", true, "gone with its directory /s/d 01:05:42 by alice with /bin/x");
}

static void test_an_atomic_save_replaces_and_keeps_the_name(_unused_ void **state) {
        static Record record = { "create /d/c", "create /d/c.tmp", "modify /d/c.tmp", "rename /d/c.tmp /d/c", "create /d/c.tmp",
                                 "rename /d/c.tmp /d/c", NULL };

        assert_history("/d/c", record, "5 4 3 2 1 0", true, "moved here from /d/c.tmp 01:05:46 by alice with /bin/x");
}

static void test_a_backup_and_a_new_file(_unused_ void **state) {
        static Record record = { "create /d/c", "rename /d/c /d/c~", "create /d/c", "modify /d/c~", NULL };

        assert_history("/d/c", record, "2 1 0", true, "created 01:05:43 by alice with /bin/x");
}

static void test_exchanged_names(_unused_ void **state) {
        static Record record = { "create /d/a", "create /d/b", "exchange /d/a /d/b", "delete /d/a", NULL };

        assert_history("/d/b", record, "2 1 0", true, "exchanged with /d/a 01:05:43 by alice with /bin/x");
        assert_history("/d/a", record, "3 2 1 0", true, "deleted 01:05:44 by alice with /bin/x");
}

static void test_a_link_was_the_other_name_before(_unused_ void **state) {
        static Record record = { "create /d/a", "link /d/a /d/b", NULL };

        assert_history("/d/b", record, "1 0", true, "made a link to /d/a 01:05:42 by alice with /bin/x");
}

static void test_by_inode_what_has_no_path(_unused_ void **state) {
        static Record record = { "chmod - #7", "create /d/x #7", "chmod - #7", "chmod - #8", "delete /d/x #7", "chmod - #7", NULL };

        assert_history("/d/x", record, "4 2 1", true, "deleted 01:05:45 by alice with /bin/x");
}

static void test_renames_in_a_circle_have_an_end(_unused_ void **state) {
        static char lines[400][32];
        static const char *record[ELEMENTSOF(lines) + 1];
        History h = {};

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                snprintf(lines[i], sizeof(lines[i]), i % 2 ? "rename /d/b /d/a" : "rename /d/a /d/b");
                record[i] = lines[i];
        }
        assert_int_equal(history_trace(&h, FOPS_SPAN_LITERAL("/d/a"), answer, (void *) record), 0);
        assert_true(h.n_names <= HISTORY_NAMES_MAX);
        assert_int_equal(h.state, HISTORY_PRESENT);
        history_done(&h);
}

static void test_the_sentence_says_who_and_how(_unused_ void **state) {
        _cleanup_free_ char *text = NULL;
        HistoryNote *notes[1];
        History h = {};
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        make_entry("delete /srv/x", 0);
        entry.n_fields -= 2;
        fops_entry_printf(&entry, "FOPSD_EXE", "/usr/bin/rm");
        fops_entry_printf(&entry, "FOPSD_USER", "root");
        fops_entry_printf(&entry, "FOPSD_LOGIN_USER", "alice");
        fops_entry_printf(&entry, "FOPSD_CMDLINE", "rm -rf /srv\n\x1b[2J");
        fops_entry_printf(&entry, "FOPSD_PID", "4711");
        fops_entry_printf(&entry, "FOPSD_SESSION", "3");
        fops_entry_printf(&entry, "FOPSD_UNIT", "user@1000.service");
        fops_entry_printf(&entry, "FOPSD_PARENT", "bash[4700] /usr/bin/bash");
        fops_entry_printf(&entry, "FOPSD_PARENT", "sshd[4600] /usr/sbin/sshd");
        assert_int_equal(history_take(&h, &entry), 0);
        notes[0] = h.notes[0];
        h.last = notes[0];
        h.state = HISTORY_DELETED;
        /* Two days later. */
        history_print_sentence(&h, FOPS_SPAN_LITERAL("/srv/x"), UINT64_C(1795482400000000), f);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(text, "deleted 2026-11-22 01:05:41 by alice as root with rm -rf /srv\\x0a\\x1b[2J (pid 4711, "
                                  "in ssh session 3, unit user@1000.service)");
        history_done(&h);
}

static void test_an_entry_is_taken_once_and_a_gap_always(_unused_ void **state) {
        History h = {};

        make_entry("delete /srv/x", 0);
        assert_int_equal(history_take(&h, &entry), 0);
        assert_int_equal(history_take(&h, &entry), 0);
        assert_int_equal(h.n_notes, 1);
        fops_entry_begin(&entry, FOPS_KIND_GAP, 4);
        fops_entry_printf(&entry, "FOPSD_TIME", "1795309541.349");
        assert_int_equal(history_take(&h, &entry), 0);
        assert_int_equal(h.n_notes, 2);
        assert_true(h.notes[1]->is_told);
        history_done(&h);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_made_changed_deleted),
                cmocka_unit_test(test_nothing_is_known_of_what_nobody_touched),
                cmocka_unit_test(test_back_through_renames),
                cmocka_unit_test(test_forward_to_where_it_is_now),
                cmocka_unit_test(test_forward_to_its_end_elsewhere),
                cmocka_unit_test(test_overwritten_elsewhere),
                cmocka_unit_test(test_directories_above_are_renamed),
                cmocka_unit_test(test_what_was_made_after_its_directory_came_did_not_come_with_it),
                cmocka_unit_test(test_rm_rf_is_the_file_and_not_its_directories),
                cmocka_unit_test(test_a_directory_removed_from_over_it),
                cmocka_unit_test(test_an_atomic_save_replaces_and_keeps_the_name),
                cmocka_unit_test(test_a_backup_and_a_new_file),
                cmocka_unit_test(test_exchanged_names),
                cmocka_unit_test(test_a_link_was_the_other_name_before),
                cmocka_unit_test(test_by_inode_what_has_no_path),
                cmocka_unit_test(test_renames_in_a_circle_have_an_end),
                cmocka_unit_test(test_the_sentence_says_who_and_how),
                cmocka_unit_test(test_an_entry_is_taken_once_and_a_gap_always),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, done);
}
