/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Entries on their way into a journald that is there, away, back, or not reading. */

#include "fake-journald.h"

#include "sink-journal.h"

typedef struct Fixture {
        FakeJournald journald;
        FopsSinkJournal *sink;
        FopsEntry entry;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        assert_non_null(f);
        journald_init(&f->journald);
        f->sink = fops_sink_journal_new(f->journald.address.sun_path);
        assert_non_null(f->sink);
        *state = f;
        return 0;
}

static int setup_with_journald(void **state) {
        Fixture *f;

        assert_int_equal(setup(state), 0);
        f = *state;
        journald_start(&f->journald);
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        fops_sink_journal_free(f->sink);
        fops_entry_done(&f->entry);
        journald_done(&f->journald);
        free(f);
        return 0;
}

static int send_entry(Fixture *f) {
        FopsSpan datagram;

        assert_int_equal(fops_sink_journal_compose(f->sink, &f->entry, &datagram), 0);
        return fops_sink_journal_send(f->sink, datagram);
}

static int send_numbered(Fixture *f, uint64_t number) {
        fops_entry_begin(&f->entry, FOPS_KIND_OPERATION, 6);
        fops_entry_add_u64(&f->entry, "FOPSD_NUMBER", number);
        return send_entry(f);
}

static void assert_field(Fixture *f, const char *name, FopsSpan expected) {
        FopsSpan value = journald_get(&f->journald, name);

        if (!fops_span_equal(value, expected))
                fail_msg("%s is \"%.*s\"", name, (int) value.size, value.data ? value.data : "");
}

/* The next entry is there and is that one. */
static void assert_received(Fixture *f, uint64_t number) {
        uint64_t got;

        assert_true(journald_receive(&f->journald));
        assert_true(fops_span_to_u64(journald_get(&f->journald, "FOPSD_NUMBER"), &got));
        assert_int_equal(got, number);
}

static void assert_nothing_waits(Fixture *f) {
        assert_false(journald_receive(&f->journald));
}

static void test_fields_arrive_as_they_are(void **state) {
        Fixture *f = *state;
        FopsSpan binary = FOPS_SPAN_LITERAL("\0=\xff\x01 \t="), lines = FOPS_SPAN_LITERAL("\n\0one\ntwo\n");

        fops_entry_begin(&f->entry, FOPS_KIND_OPERATION, 6);
        fops_entry_add(&f->entry, "MESSAGE", FOPS_SPAN_LITERAL("alice deleted /srv/data/x with rm[4711]"));
        fops_entry_add(&f->entry, "FOPSD_PATH", binary);
        fops_entry_add(&f->entry, "FOPSD_NAME", lines);
        fops_entry_add(&f->entry, "FOPSD_COMM", FOPS_SPAN_LITERAL("rm"));
        assert_int_equal(send_entry(f), 0);

        assert_true(journald_receive(&f->journald));
        assert_false(f->journald.was_memfd);
        assert_int_equal(journald_n_fields(&f->journald), 8);
        assert_field(f, "SYSLOG_IDENTIFIER", FOPS_SPAN_LITERAL("fopsd"));
        assert_field(f, "PRIORITY", FOPS_SPAN_LITERAL("6"));
        assert_field(f, "MESSAGE", FOPS_SPAN_LITERAL("alice deleted /srv/data/x with rm[4711]"));
        assert_field(f, "FOPSD_PATH", binary);
        assert_field(f, "FOPSD_NAME", lines);
        assert_field(f, "FOPSD_COMM", FOPS_SPAN_LITERAL("rm"));
        assert_nothing_waits(f);
}

static void test_what_is_known_of_a_process_is_the_same_each_time(void **state) {
        const FopsOperation who = { .pid = 4711, .comm = FOPS_SPAN_LITERAL("r\nm"), .cmdline = FOPS_SPAN_LITERAL("r\nm \xff") };
        char first[512];
        Fixture *f = *state;
        FopsSpan datagram;

        for (unsigned i = 0; i < 3; i++) {
                fops_entry_begin(&f->entry, FOPS_KIND_OPERATION, 6);
                fops_entry_add(&f->entry, "FOPSD_OP", FOPS_SPAN_LITERAL("delete"));
                fops_entry_add_who(&f->entry, &who, NULL);
                fops_entry_add(&f->entry, "FOPSD_REPLAYED", FOPS_SPAN_LITERAL("1"));
                assert_int_equal(fops_sink_journal_compose(f->sink, &f->entry, &datagram), 0);
                assert_true(datagram.size < sizeof(first));
                if (i == 0)
                        memcpy(first, datagram.data, datagram.size);
                assert_memory_equal(datagram.data, first, datagram.size);

                assert_int_equal(send_entry(f), 0);
                assert_true(journald_receive(&f->journald));
                assert_int_equal(journald_n_fields(&f->journald), f->entry.n_fields);
                assert_field(f, "FOPSD_OP", FOPS_SPAN_LITERAL("delete"));
                assert_field(f, "FOPSD_PID", FOPS_SPAN_LITERAL("4711"));
                assert_field(f, "FOPSD_COMM", who.comm);
                assert_field(f, "FOPSD_CMDLINE", who.cmdline);
                assert_field(f, "FOPSD_REPLAYED", FOPS_SPAN_LITERAL("1"));
        }
}

static void test_the_wire_form_is_the_documented_one(void **state) {
        Fixture *f = *state;
        FopsSpan datagram;

        f->entry.n_fields = 0;
        fops_entry_add(&f->entry, "FOO", FOPS_SPAN_LITERAL("BAR"));
        fops_entry_add(&f->entry, "BINARY_BLOB", FOPS_SPAN_LITERAL("xx\nx"));
        f->entry.fields[f->entry.n_fields++] = (FopsField){ "EMPTY", FOPS_SPAN_LITERAL(""), strlen("EMPTY") };
        assert_int_equal(fops_sink_journal_compose(f->sink, &f->entry, &datagram), 0);
        assert_true(fops_span_equal(datagram,
                                    FOPS_SPAN_LITERAL("FOO=BAR\nBINARY_BLOB\n\004\0\0\0\0\0\0\0xx\nx\nEMPTY=\n")));
}

static void test_a_newline_cannot_forge_a_field(void **state) {
        Fixture *f = *state;
        FopsSpan hostile = FOPS_SPAN_LITERAL("x\nPRIORITY=0\nFOPSD_PATH=/etc/shadow\n\n");

        fops_entry_begin(&f->entry, FOPS_KIND_OPERATION, 6);
        fops_entry_add(&f->entry, "FOPSD_NAME", hostile);
        assert_int_equal(send_entry(f), 0);

        assert_true(journald_receive(&f->journald));
        assert_int_equal(journald_n_fields(&f->journald), 5);
        assert_field(f, "FOPSD_NAME", hostile);
        assert_field(f, "PRIORITY", FOPS_SPAN_LITERAL("6"));
        assert_field(f, "FOPSD_PATH", FOPS_SPAN_ABSENT);
        assert_nothing_waits(f);
}

static void test_what_is_too_large_for_a_datagram_comes_as_a_sealed_file(void **state) {
        _cleanup_free_ char *large = malloc(20 << 20);
        FopsSpan value = { large, 20 << 20 };
        Fixture *f = *state;

        assert_non_null(large);
        for (size_t i = 0; i < value.size; i++)
                large[i] = (char) (i * 7 + i / 256);
        assert_int_equal(send_numbered(f, 1), 0);
        fops_entry_begin(&f->entry, FOPS_KIND_RECORD, 6);
        fops_entry_add(&f->entry, "FOPSD_RECORD", value);
        fops_entry_add(&f->entry, "FOPSD_COMM", FOPS_SPAN_LITERAL("rm"));
        assert_int_equal(send_entry(f), 0);
        assert_int_equal(send_numbered(f, 2), 0);

        assert_received(f, 1);
        assert_true(journald_receive(&f->journald));
        assert_true(f->journald.was_memfd);
        assert_field(f, "FOPSD_RECORD", value);
        assert_field(f, "FOPSD_COMM", FOPS_SPAN_LITERAL("rm"));
        assert_received(f, 2);
        assert_false(f->journald.was_memfd);
}

static void test_what_no_journald_takes_is_refused(void **state) {
        _cleanup_free_ char *larger = calloc(1, FOPS_JOURNAL_ENTRY_BYTES_MAX);
        FopsSpan datagram = FOPS_SPAN_LITERAL("untouched");
        Fixture *f = *state;

        assert_non_null(larger);
        fops_entry_begin(&f->entry, FOPS_KIND_RECORD, 6);
        fops_entry_add(&f->entry, "FOPSD_RECORD", (FopsSpan){ larger, FOPS_JOURNAL_ENTRY_BYTES_MAX });
        assert_int_equal(fops_sink_journal_compose(f->sink, &f->entry, &datagram), -E2BIG);
        assert_true(fops_span_equal_string(datagram, "untouched"));
        assert_int_equal(send_numbered(f, 1), 0);
        assert_received(f, 1);
}

static void test_without_a_journald_it_is_tried_again(void **state) {
        Fixture *f = *state;

        assert_int_equal(send_numbered(f, 1), -EAGAIN);
        journald_start(&f->journald);
        assert_int_equal(send_numbered(f, 1), 0);
        assert_received(f, 1);
        assert_nothing_waits(f);
}

static void test_a_socket_that_nobody_has_open_is_no_journald(void **state) {
        Fixture *f = *state;

        journald_stop(&f->journald);
        assert_int_equal(send_numbered(f, 1), -EAGAIN);
}

static void test_a_journald_that_was_started_anew_is_found_at_once(void **state) {
        Fixture *f = *state;

        for (uint64_t i = 0; i < 5; i++) {
                assert_int_equal(send_numbered(f, i), 0);
                assert_received(f, i);
                journald_stop(&f->journald);
                journald_start(&f->journald);
        }
}

static void test_a_journald_that_went_is_missed_and_found_again(void **state) {
        Fixture *f = *state;
        int fd = fops_sink_journal_fd(f->sink);

        assert_int_equal(send_numbered(f, 1), 0);
        assert_received(f, 1);
        journald_stop(&f->journald);
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(send_numbered(f, 2), -EAGAIN);
        journald_start(&f->journald);
        assert_int_equal(send_numbered(f, 2), 0);
        assert_received(f, 2);
        assert_nothing_waits(f);
        assert_int_equal(fops_sink_journal_fd(f->sink), fd);
}

static void test_a_journald_that_does_not_read_is_not_waited_for(void **state) {
        Fixture *f = *state;
        uint64_t n_sent = 0, n_received = 0;

        /* Every entry is tried until it is taken; whatever is refused must not have been sent. */
        while (n_sent < 1000) {
                int r = send_numbered(f, n_sent);

                if (r == 0)
                        n_sent++;
                else {
                        assert_int_equal(r, -EAGAIN);
                        assert_received(f, n_received++);
                }
        }
        assert_true(n_received > 0);
        while (n_received < n_sent)
                assert_received(f, n_received++);
        assert_nothing_waits(f);
}

static void test_large_entries_do_not_wait_either(void **state) {
        _cleanup_free_ char *large = calloc(1, 20 << 20);
        Fixture *f = *state;
        unsigned n_sent = 0;
        int r;

        assert_non_null(large);
        fops_entry_begin(&f->entry, FOPS_KIND_RECORD, 6);
        fops_entry_add(&f->entry, "FOPSD_RECORD", (FopsSpan){ large, 20 << 20 });
        while ((r = send_entry(f)) == 0) {
                n_sent++;
                assert_true(n_sent < 1000);
        }
        assert_int_equal(r, -EAGAIN);
        while (n_sent-- > 0)
                assert_true(journald_receive(&f->journald) && f->journald.was_memfd);
        assert_nothing_waits(f);
}

static void test_too_long_a_path_is_refused(void **state _unused_) {
        char path[sizeof(((struct sockaddr_un *) NULL)->sun_path) + 1] = {};

        memset(path, 'x', sizeof(path) - 1);
        assert_null(fops_sink_journal_new(path));
        path[sizeof(path) - 2] = 0;
        fops_sink_journal_free(fops_sink_journal_new(path));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_fields_arrive_as_they_are, setup_with_journald, teardown),
                cmocka_unit_test_setup_teardown(test_what_is_known_of_a_process_is_the_same_each_time, setup_with_journald, teardown),
                cmocka_unit_test_setup_teardown(test_the_wire_form_is_the_documented_one, setup_with_journald, teardown),
                cmocka_unit_test_setup_teardown(test_a_newline_cannot_forge_a_field, setup_with_journald, teardown),
                cmocka_unit_test_setup_teardown(test_what_is_too_large_for_a_datagram_comes_as_a_sealed_file,
                                                setup_with_journald, teardown),
                cmocka_unit_test_setup_teardown(test_what_no_journald_takes_is_refused, setup_with_journald, teardown),
                cmocka_unit_test_setup_teardown(test_without_a_journald_it_is_tried_again, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_socket_that_nobody_has_open_is_no_journald, setup_with_journald,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_a_journald_that_was_started_anew_is_found_at_once, setup_with_journald,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_a_journald_that_went_is_missed_and_found_again, setup_with_journald,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_a_journald_that_does_not_read_is_not_waited_for, setup_with_journald,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_large_entries_do_not_wait_either, setup_with_journald, teardown),
                cmocka_unit_test(test_too_long_a_path_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
