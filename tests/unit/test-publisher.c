/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Entries while journald is slow, away and back: each once, in order, and nobody kept waiting. And lines to a reader who
 * takes his time. */

#include "fake-journald.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "publisher.h"

#define EXIT_SKIPPED 77

#define MSEC UINT64_C(1000)
#define SEC (1000 * MSEC)

typedef struct Fixture {
        FakeJournald journald;
        sd_event *event;
        Publisher *publisher;
        FopsEntry entry;
        uint64_t n_published, n_received;
        unsigned n_told; /* entries that tell of a long wait, in between */
        unsigned n_unblocked;
} Fixture;

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static void on_unblocked(void *userdata) {
        Fixture *f = userdata;

        assert_false(publisher_is_blocked(f->publisher));
        assert_int_equal(publisher_n_queued(f->publisher), 0);
        f->n_unblocked++;
}

static void attach(Fixture *f) {
        assert_int_equal(publisher_attach(f->publisher, f->event, on_unblocked, f), 0);
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        assert_non_null(f);
        journald_init(&f->journald);
        journald_start(&f->journald);
        assert_true(sd_event_new(&f->event) >= 0);
        f->publisher = publisher_new(false, FOPS_PRINT_TEXT, f->journald.address.sun_path);
        assert_non_null(f->publisher);
        *state = f;
        return 0;
}

static int setup_attached(void **state) {
        assert_int_equal(setup(state), 0);
        attach(*state);
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        publisher_free(f->publisher);
        sd_event_unref(f->event);
        fops_entry_done(&f->entry);
        journald_done(&f->journald);
        free(f);
        return 0;
}

static void publish_sized(Fixture *f, FopsSpan value) {
        fops_entry_begin(&f->entry, FOPS_KIND_OPERATION, 6);
        fops_entry_add_u64(&f->entry, "FOPSD_NUMBER", f->n_published++);
        fops_entry_add(&f->entry, "FOPSD_RECORD", value);
        assert_int_equal(publisher_publish(f->publisher, &f->entry), 0);
}

static void publish(Fixture *f) {
        publish_sized(f, FOPS_SPAN_ABSENT);
}

static void publish_until_blocked(Fixture *f) {
        while (!publisher_is_blocked(f->publisher)) {
                assert_true(f->n_published < 100000);
                publish(f);
        }
}

/* Takes the next entry, which must be the next that was published; false if there is none. That journald took nothing for long is
 * told in between, where this machine makes it wait. */
static bool receive(Fixture *f) {
        uint64_t number;

        do
                if (!journald_receive(&f->journald))
                        return false;
        while (fops_span_equal_string(journald_get(&f->journald, "FOPSD_STATE"), "journal") && ++f->n_told > 0);
        assert_true(fops_span_to_u64(journald_get(&f->journald, "FOPSD_NUMBER"), &number));
        assert_int_equal(number, f->n_received);
        f->n_received++;
        return true;
}

/* Takes the next entry, which must be fopsd's own, of this state. */
static void receive_state(Fixture *f, const char *state) {
        assert_true(journald_receive(&f->journald));
        assert_true(fops_span_equal_string(journald_get(&f->journald, "FOPSD_STATE"), state));
}

/* journald reads and the loop turns until all that was published is there. */
static void receive_all(Fixture *f) {
        uint64_t until = now_usec() + 30 * SEC;

        while (f->n_received < f->n_published) {
                assert_true(now_usec() < until);
                while (f->n_received < f->n_published && receive(f))
                        ;
                assert_true(sd_event_run(f->event, 10 * MSEC) >= 0);
        }
}

static void turn_for(Fixture *f, uint64_t usec) {
        uint64_t now, until = now_usec() + usec;

        while ((now = now_usec()) < until)
                assert_true(sd_event_run(f->event, until - now) >= 0);
}

static void test_what_journald_takes_does_not_wait(void **state) {
        Fixture *f = *state;

        for (unsigned i = 0; i < 1000; i++) {
                publish(f);
                assert_true(receive(f));
        }
        assert_false(publisher_is_blocked(f->publisher));
        assert_int_equal(publisher_blocked_usec(f->publisher), 0);
        assert_int_equal(f->n_unblocked, 0);
}

static void test_a_journald_that_does_not_read_gets_every_entry_later_in_order(void **state) {
        Fixture *f = *state;
        uint64_t began = now_usec();

        for (unsigned i = 0; i < 5000; i++)
                publish(f);
        assert_true(now_usec() - began < 2 * SEC);
        assert_true(publisher_is_blocked(f->publisher));
        assert_true(publisher_n_queued(f->publisher) > 0);
        turn_for(f, 50 * MSEC);
        assert_int_equal(f->n_unblocked, 0);

        receive_all(f);
        assert_int_equal(f->n_unblocked, 1);
        assert_int_equal(publisher_n_failed(f->publisher), 0);
        assert_true(publisher_blocked_usec(f->publisher) >= 50 * MSEC);
        assert_false(receive(f));
}

static void test_entries_stay_behind_those_that_wait(void **state) {
        Fixture *f = *state;

        publish_until_blocked(f);
        /* There is room again, but not for newer ones. */
        while (receive(f))
                ;
        publish(f);
        assert_int_equal(publisher_n_queued(f->publisher), 2);
        receive_all(f);
        publish(f);
        assert_true(receive(f));
}

static void test_waiting_costs_no_work(void **state) {
        struct timespec before, after;
        Fixture *f = *state;

        publish_until_blocked(f);
        for (unsigned i = 0; i < 2; i++) {
                clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
                turn_for(f, 300 * MSEC);
                assert_int_equal(publisher_flush(f->publisher, 300 * MSEC), -ETIMEDOUT);
                clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
                assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 < 100);
                journald_stop(&f->journald); /* and then without a journald */
        }
}

static void test_a_journald_that_comes_back_gets_what_waited(void **state) {
        Fixture *f = *state;

        for (unsigned round = 0; round < 3; round++) {
                journald_stop(&f->journald);
                for (unsigned i = 0; i < 100; i++)
                        publish(f);
                assert_int_equal(publisher_n_queued(f->publisher), 100);
                turn_for(f, 150 * MSEC);
                assert_int_equal(publisher_n_queued(f->publisher), 100);
                journald_start(&f->journald);
                receive_all(f);
                assert_int_equal(f->n_unblocked, round + 1);
        }
        assert_int_equal(publisher_n_failed(f->publisher), 0);
}

static void test_a_journald_that_goes_while_entries_wait_is_no_end_of_it(void **state) {
        Fixture *f = *state;

        publish_until_blocked(f);
        for (unsigned i = 0; i < 100; i++)
                publish(f);
        /* What the dead one had in its socket is gone, as when systemd's socket unit is stopped: no sender can know. */
        f->n_received = f->n_published - publisher_n_queued(f->publisher);
        journald_stop(&f->journald);
        turn_for(f, 50 * MSEC);
        journald_start(&f->journald);
        receive_all(f);
        assert_int_equal(f->n_unblocked, 1);
}

static void test_a_long_wait_is_told_behind_what_waited(void **state) {
        FopsSpan message;
        Fixture *f = *state;

        publish_until_blocked(f);
        publish(f);
        turn_for(f, 1100 * MSEC);
        receive_all(f);
        receive_state(f, "journal");
        message = journald_get(&f->journald, "MESSAGE");
        if (!memmem(message.data, message.size, " s: 2 waited, 0 lost", 20))
                fail_msg("%.*s", (int) message.size, message.data);
        assert_true(fops_span_equal_string(journald_get(&f->journald, "PRIORITY"), "5"));
        assert_int_equal(f->n_unblocked, 1);
}

static void test_a_short_wait_is_not_told(void **state) {
        Fixture *f = *state;

        publish_until_blocked(f);
        turn_for(f, 300 * MSEC);
        receive_all(f);
        assert_false(receive(f));
        assert_true(f->n_told == 0 || publisher_blocked_usec(f->publisher) >= SEC);
}

static void test_that_the_telling_waits_too_is_not_told(void **state) {
        Fixture *f = *state;
        unsigned n = 0;

        publish_until_blocked(f);
        turn_for(f, 1100 * MSEC);
        /* Room for the one that waits, and none for the state entry behind it. */
        assert_true(receive(f));
        turn_for(f, 50 * MSEC);
        assert_int_equal(publisher_n_queued(f->publisher), 1);
        assert_int_equal(f->n_unblocked, 0);
        turn_for(f, 1100 * MSEC);
        receive_all(f);
        turn_for(f, 50 * MSEC);
        while (journald_receive(&f->journald))
                n++;
        assert_int_equal(n, 1);
        assert_int_equal(f->n_unblocked, 1);
}

static void test_what_is_too_much_is_lost_and_counted_and_that_can_be_said(void **state) {
        _cleanup_free_ char *large = calloc(1, 1 << 19);
        FopsSpan value = { large, 1 << 19 };
        uint64_t n_kept;
        Fixture *f = *state;

        assert_non_null(large);
        while (publisher_n_failed(f->publisher) == 0) {
                publish_sized(f, value);
                assert_true(f->n_published < 1000);
        }
        n_kept = publisher_n_queued(f->publisher);
        assert_in_range(n_kept, (64 << 20) / ((1 << 19) + 4096), (64 << 20) / (1 << 19));
        f->n_published--; /* the lost one */

        /* Up to the last byte. */
        while (publisher_n_failed(f->publisher) == 1)
                publish(f);
        n_kept = publisher_n_queued(f->publisher);
        f->n_published--;
        publisher_gap(f->publisher, "entries that the journal didn't take", 2, 1, 2);
        assert_int_equal(publisher_n_failed(f->publisher), 2);
        assert_int_equal(publisher_n_queued(f->publisher), n_kept + 1);

        receive_all(f);
        turn_for(f, 20 * MSEC);
        assert_true(journald_receive(&f->journald));
        assert_true(fops_span_equal_string(journald_get(&f->journald, "FOPSD_GAP_COUNT"), "2"));
        assert_int_equal(f->n_unblocked, 1);

        /* There is as much room as before. */
        while (publisher_n_queued(f->publisher) < 100)
                publish_sized(f, value);
        assert_int_equal(publisher_n_failed(f->publisher), 2);
}

static void test_an_entry_too_large_is_counted_and_holds_up_nothing(void **state) {
        _cleanup_free_ char *large = calloc(1, FOPS_JOURNAL_ENTRY_BYTES_MAX);
        Fixture *f = *state;

        assert_non_null(large);
        publish(f);
        publish_sized(f, (FopsSpan){ large, FOPS_JOURNAL_ENTRY_BYTES_MAX });
        assert_int_equal(publisher_n_failed(f->publisher), 1);
        f->n_published--;
        publish(f);
        receive_all(f);
}

/* A journald that begins to read after a while, in a thread. */
typedef struct Reader {
        Fixture *f;
        uint64_t after_usec;
        bool starts;       /* makes its socket then */
        uint64_t n_wanted; /* reads so many */
        pthread_t thread;
} Reader;

static void *read_later(void *userdata) {
        Reader *r = userdata;
        struct pollfd p;

        usleep((useconds_t) r->after_usec);
        if (r->starts)
                journald_start(&r->f->journald);
        p = (struct pollfd){ .fd = r->f->journald.fd, .events = POLLIN };
        while (r->f->n_received < r->n_wanted && poll(&p, 1, 10000) > 0)
                (void) receive(r->f);
        return NULL;
}

static void start_reader(Reader *r) {
        assert_int_equal(pthread_create(&r->thread, NULL, read_later, r), 0);
}

static void join_reader(Reader *r) {
        assert_int_equal(pthread_join(r->thread, NULL), 0);
        assert_int_equal(r->f->n_received, r->n_wanted);
}

static void test_without_a_loop_publishing_waits_for_journald(void **state) {
        Fixture *f = *state;
        Reader r = { f, .after_usec = 300 * MSEC, .starts = true, .n_wanted = 2000 };

        journald_stop(&f->journald);
        start_reader(&r);
        for (unsigned i = 0; i < 2000; i++) {
                publish(f);
                assert_false(publisher_is_blocked(f->publisher));
        }
        join_reader(&r);
        assert_true(publisher_blocked_usec(f->publisher) >= 200 * MSEC);
}

static void test_without_a_loop_a_journald_that_stays_away_is_waited_for_once(void **state) {
        uint64_t began = now_usec();
        Fixture *f = *state;

        journald_stop(&f->journald);
        publish(f);
        assert_in_range(now_usec() - began, 4 * SEC, 10 * SEC);
        assert_int_equal(publisher_n_queued(f->publisher), 1);

        began = now_usec();
        for (unsigned i = 0; i < 1000; i++)
                publish(f);
        assert_true(now_usec() - began < 2 * SEC);
        assert_int_equal(publisher_n_queued(f->publisher), 1001);

        /* A loop takes over. */
        attach(f);
        journald_start(&f->journald);
        receive_all(f);
        receive_state(f, "journal");
        assert_int_equal(publisher_n_failed(f->publisher), 0);
}

static void *read_slowly(void *userdata) {
        Fixture *f = userdata;

        do
                usleep(700000);
        while (receive(f));
        return NULL;
}

static void test_without_a_loop_a_journald_that_is_slow_is_waited_for(void **state) {
        Fixture *f = *state;
        uint64_t began;
        pthread_t thread;

        publish_until_blocked(f);
        while (publisher_n_queued(f->publisher) < 10)
                publish(f);
        assert_int_equal(publisher_attach(f->publisher, NULL, NULL, NULL), 0);

        began = now_usec();
        assert_int_equal(pthread_create(&thread, NULL, read_slowly, f), 0);
        publish(f);
        assert_false(publisher_is_blocked(f->publisher));
        assert_true(now_usec() - began > 6 * SEC);
        pthread_cancel(thread);
        pthread_join(thread, NULL);
}

static void test_after_detaching_the_loop_does_nothing_and_publishing_waits(void **state) {
        Fixture *f = *state;
        Reader r = { f, .after_usec = 200 * MSEC };

        publish_until_blocked(f);
        assert_int_equal(publisher_attach(f->publisher, NULL, NULL, NULL), 0);
        assert_true(receive(f));
        turn_for(f, 150 * MSEC);
        assert_int_equal(publisher_n_queued(f->publisher), 1);

        r.n_wanted = f->n_published + 500;
        start_reader(&r);
        for (unsigned i = 0; i < 500; i++) {
                publish(f);
                assert_false(publisher_is_blocked(f->publisher));
        }
        join_reader(&r);
        assert_int_equal(f->n_unblocked, 0);
}

static void test_a_finished_loop_is_as_good_as_none(void **state) {
        Fixture *f = *state;
        Reader r = { f, .after_usec = 200 * MSEC, .n_wanted = 500 };

        assert_int_equal(sd_event_exit(f->event, 0), 0);
        assert_int_equal(sd_event_loop(f->event), 0);
        start_reader(&r);
        for (unsigned i = 0; i < 500; i++) {
                publish(f);
                assert_false(publisher_is_blocked(f->publisher));
        }
        join_reader(&r);
}

static void test_flushing_sends_what_waits_or_gives_up_in_time(void **state) {
        Fixture *f = *state;
        Reader r = { f, .after_usec = 100 * MSEC };
        uint64_t began;

        assert_int_equal(publisher_flush(f->publisher, 0), 0);
        publish_until_blocked(f);
        for (unsigned i = 0; i < 1000; i++)
                publish(f);

        began = now_usec();
        assert_int_equal(publisher_flush(f->publisher, 250 * MSEC), -ETIMEDOUT);
        assert_in_range(now_usec() - began, 250 * MSEC, 2 * SEC);
        assert_true(publisher_is_blocked(f->publisher));

        r.n_wanted = f->n_published;
        start_reader(&r);
        assert_int_equal(publisher_flush(f->publisher, 20 * SEC), 0);
        join_reader(&r);
        assert_int_equal(f->n_unblocked, 1);
        assert_int_equal(publisher_n_failed(f->publisher), 0);

        /* The loop goes on. */
        turn_for(f, 150 * MSEC);
        publish_until_blocked(f);
        receive_all(f);
        assert_int_equal(f->n_unblocked, 2);
}

/* --- lines ------------------------------------------------------------------------------------------------------------- */

typedef struct Lines {
        int fd;
        pthread_t thread;
        size_t n_lines, n_bytes;
        bool whole; /* every line ends with its end */
} Lines;

/* Reads slowly, in pieces that fit no line. */
static void *read_lines(void *userdata) {
        Lines *l = userdata;
        char piece[1777], before = '\n';
        ssize_t n;

        l->whole = true;
        while ((n = read(l->fd, piece, sizeof(piece))) > 0) {
                for (ssize_t i = 0; i < n; before = piece[i++])
                        if (piece[i] == '\n') {
                                l->n_lines++;
                                l->whole &= before == '$';
                        }
                l->n_bytes += (size_t) n;
                usleep(100);
        }
        return NULL;
}

static void on_alarm(int signal_number _unused_) {
}

static void print_through(bool nonblocking) {
        struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = {};
        struct sigaction action = { .sa_handler = on_alarm }; /* no SA_RESTART */
        _cleanup_free_ char *text = malloc(100000);
        FopsEntry entry = {};
        FopsSinkPrint *sink;
        Lines lines = {};
        int fds[2];

        assert_non_null(text);
        memset(text, 'x', 100000);
        text[99999] = '$';
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        if (nonblocking)
                assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
        lines.fd = fds[0];
        assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
        assert_int_equal(pthread_create(&lines.thread, NULL, read_lines, &lines), 0);
        assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);

        sink = fops_sink_print_new(fds[1], FOPS_PRINT_TEXT);
        assert_non_null(sink);
        for (unsigned i = 0; i < 20; i++) {
                fops_entry_begin(&entry, FOPS_KIND_OPERATION, 6);
                fops_entry_add(&entry, "MESSAGE", (FopsSpan){ text, 100000 });
                assert_int_equal(fops_sink_print_write(sink, &entry), 0);
        }

        assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
        close(fds[1]);
        assert_int_equal(pthread_join(lines.thread, NULL), 0);
        assert_int_equal(lines.n_lines, 20);
        assert_int_equal(lines.n_bytes, 20 * 100001);
        assert_true(lines.whole);
        close(fds[0]);
        fops_sink_print_free(sink);
        fops_entry_done(&entry);
}

static void test_lines_are_whole_for_a_slow_reader_among_signals(void **state _unused_) {
        print_through(false);
}

static void test_lines_are_whole_where_somebody_left_the_output_nonblocking(void **state _unused_) {
        print_through(true);
}

static void test_a_reader_who_goes_is_an_error_and_no_death(void **state _unused_) {
        FopsEntry entry = {};
        FopsSinkPrint *sink;
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        sink = fops_sink_print_new(fds[1], FOPS_PRINT_JSON);
        assert_non_null(sink);
        close(fds[0]);
        fops_entry_begin(&entry, FOPS_KIND_OPERATION, 6);
        assert_int_equal(fops_sink_print_write(sink, &entry), -EPIPE);
        close(fds[1]);
        fops_sink_print_free(sink);
        fops_entry_done(&entry);
}

#define WITH(test, with) cmocka_unit_test_setup_teardown(test, with, teardown)

/* Under valgrind a signal every millisecond leaves no time for anything else, and nothing is soon; AddressSanitizer looks as well. */
static bool is_slowed_down(void) {
        const char *preloaded = getenv("LD_PRELOAD");

        return preloaded && strstr(preloaded, "vgpreload");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH(test_what_journald_takes_does_not_wait, setup_attached),
                WITH(test_a_journald_that_does_not_read_gets_every_entry_later_in_order, setup_attached),
                WITH(test_entries_stay_behind_those_that_wait, setup_attached),
                WITH(test_waiting_costs_no_work, setup_attached),
                WITH(test_a_journald_that_comes_back_gets_what_waited, setup_attached),
                WITH(test_a_journald_that_goes_while_entries_wait_is_no_end_of_it, setup_attached),
                WITH(test_a_long_wait_is_told_behind_what_waited, setup_attached),
                WITH(test_a_short_wait_is_not_told, setup_attached),
                WITH(test_that_the_telling_waits_too_is_not_told, setup_attached),
                WITH(test_what_is_too_much_is_lost_and_counted_and_that_can_be_said, setup_attached),
                WITH(test_an_entry_too_large_is_counted_and_holds_up_nothing, setup_attached),
                WITH(test_without_a_loop_publishing_waits_for_journald, setup),
                WITH(test_without_a_loop_a_journald_that_stays_away_is_waited_for_once, setup),
                WITH(test_without_a_loop_a_journald_that_is_slow_is_waited_for, setup_attached),
                WITH(test_after_detaching_the_loop_does_nothing_and_publishing_waits, setup_attached),
                WITH(test_a_finished_loop_is_as_good_as_none, setup_attached),
                WITH(test_flushing_sends_what_waits_or_gives_up_in_time, setup_attached),
                cmocka_unit_test(test_lines_are_whole_for_a_slow_reader_among_signals),
                cmocka_unit_test(test_lines_are_whole_where_somebody_left_the_output_nonblocking),
                cmocka_unit_test(test_a_reader_who_goes_is_an_error_and_no_death),
        };

        if (is_slowed_down())
                return EXIT_SKIPPED;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
