/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Messages through the ring, and through the end of the process that had it. */

#include <fcntl.h>
#include <libaudit.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "test-records.h"

#include "ring.h"

#define SMALL RING_BYTES_MIN

static Ring *new_ring(uint64_t bytes) {
        Ring *r;

        assert_int_equal(ring_new(bytes, &r), 0);
        return r;
}

/* As the kernel would have put it there. */
static void land(Ring *r, unsigned i, uint32_t sender, uint16_t type, const char *text) {
        struct mmsghdr *m = ring_landing(r) + i;
        struct nlmsghdr header = { .nlmsg_len = (uint32_t) strlen(text), .nlmsg_type = type };
        struct sockaddr_nl *name = m->msg_hdr.msg_name;
        char *data = m->msg_hdr.msg_iov->iov_base;

        memcpy(data, &header, sizeof(header));
        memcpy(data + NLMSG_HDRLEN, text, strlen(text));
        *name = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_pid = sender };
        m->msg_len = (unsigned) (NLMSG_HDRLEN + strlen(text));
}

static void expect(Ring *r, const char *text, RingMessage *ret) {
        assert_true(ring_next(r, ret));
        assert_span(ret->text, text);
}

static void expect_none(Ring *r) {
        RingMessage message;

        assert_true(ring_is_empty(r));
        assert_false(ring_next(r, &message));
}

static void test_messages_come_out_in_order(void **state _unused_) {
        _cleanup_(ring_freep) Ring *r = new_ring(SMALL);
        RingMessage message;

        expect_none(r);
        land(r, 0, 0, AUDIT_SYSCALL, "one");
        land(r, 1, 0, AUDIT_PATH, "two, which is longer");
        ring_commit(r, 2);
        assert_true(ring_append(r, AUDIT_EOE, FOPS_SPAN_LITERAL("")));

        expect(r, "one", &message);
        assert_int_equal(message.type, AUDIT_SYSCALL);
        assert_true(message.position > 0);
        assert_false(message.replayed);
        expect(r, "two, which is longer", &message);
        assert_int_equal(message.type, AUDIT_PATH);
        expect(r, "", &message);
        expect_none(r);
        assert_int_equal(ring_stats(r).n_messages, 3);
}

static void test_only_records_of_the_kernel_count(void **state _unused_) {
        _cleanup_(ring_freep) Ring *r = new_ring(SMALL);
        RingMessage message;

        land(r, 0, 4711, AUDIT_SYSCALL, "forged");
        land(r, 1, 0, NLMSG_ERROR, "an answer");
        land(r, 2, 0, AUDIT_LOGIN, "a login");
        ring_landing(r)[2].msg_hdr.msg_flags |= MSG_TRUNC;
        ring_commit(r, 3);

        expect(r, "a login", &message);
        expect_none(r);
        assert_int_equal(ring_stats(r).n_forged, 1);
        assert_int_equal(ring_stats(r).n_truncated, 1);
        assert_int_equal(ring_stats(r).n_messages, 1);
}

static void test_room_is_freed_from_the_oldest_up(void **state _unused_) {
        _cleanup_(ring_freep) Ring *r = new_ring(SMALL);
        uint64_t all = ring_n_free(r);
        RingMessage a, b, c;

        assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("a")));
        assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("b")));
        assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("c")));
        expect(r, "a", &a);
        expect(r, "b", &b);
        expect(r, "c", &c);

        ring_done(r, b.position);
        assert_int_equal(ring_n_free(r), all - 3 * 16);
        ring_done(r, a.position);
        assert_int_equal(ring_n_free(r), all - 16);
        ring_done(r, c.position);
        assert_int_equal(ring_n_free(r), all);
        assert_int_equal(ring_stats(r).high_water_bytes, 3 * 16);
}

static void test_a_full_ring_takes_nothing(void **state _unused_) {
        static char text[RING_DATAGRAM_BYTES_MAX - 100];
        _cleanup_(ring_freep) Ring *r = new_ring(SMALL);
        RingMessage message;
        unsigned n = 0;

        memset(text, 'x', sizeof(text));
        while (ring_append(r, AUDIT_PATH, (FopsSpan){ text, sizeof(text) }))
                n++;
        assert_int_equal(n, SMALL / (sizeof(text) + 8));
        assert_true(ring_next(r, &message));
        ring_done(r, message.position);
        assert_true(ring_append(r, AUDIT_PATH, (FopsSpan){ text, sizeof(text) }));
        assert_false(ring_append(r, AUDIT_PATH, (FopsSpan){ text, sizeof(text) }));
}

/* Until the next message would begin at the start again: more than fits into a processor's cache was touched. */
static void go_far(Ring *r) {
        static char text[RING_DATAGRAM_BYTES_MAX - 100];

        while (ring_head(r) % ring_n_bytes(r) <= SMALL) {
                RingMessage message;

                assert_true(ring_append(r, AUDIT_PATH, (FopsSpan){ text, sizeof(text) }));
                assert_true(ring_next(r, &message));
                ring_done(r, message.position);
        }
}

static void test_what_is_left_out_at_the_start_again_is_not_in_use(void **state _unused_) {
        _cleanup_(ring_freep) Ring *r = new_ring(16 * SMALL);
        uint64_t all = ring_n_free(r), high;
        RingMessage message;

        go_far(r);
        high = ring_stats(r).high_water_bytes;
        for (unsigned i = 0; i < 3; i++) {
                assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("again")));
                assert_int_equal(ring_n_free(r), all - 16);
                assert_int_equal(ring_stats(r).high_water_bytes, high);
                expect(r, "again", &message);
                assert_int_equal(message.position % ring_n_bytes(r), 0);
                expect_none(r);
                ring_done(r, message.position);
                assert_int_equal(ring_n_free(r), all);
                go_far(r);
        }
}

/* The writer may have gone on for a whole round before the reader looks. */
static void test_what_is_left_out_may_be_written_on_before_it_is_passed(void **state _unused_) {
        static char text[RING_DATAGRAM_BYTES_MAX - 100];
        _cleanup_(ring_freep) Ring *r = new_ring(4 * SMALL);
        RingMessage message;
        unsigned n = 0;

        go_far(r);
        memset(text, 'x', sizeof(text));
        while (ring_append(r, AUDIT_PATH, (FopsSpan){ text, sizeof(text) }))
                n++;
        assert_int_equal(n, 4 * SMALL / (sizeof(text) + 8));
        for (unsigned i = 0; i < n; i++) {
                assert_true(ring_next(r, &message));
                assert_int_equal(message.text.size, sizeof(text));
                assert_memory_equal(message.text.data, text, sizeof(text));
                ring_done(r, message.position);
        }
        expect_none(r);
        assert_int_equal(ring_n_free(r), ring_n_bytes(r));
}

static void put(Ring *r, off_t offset, const void *bytes, size_t n) {
        assert_int_equal(pwrite(ring_fd(r), bytes, n, offset), n);
}

/* The tail as it was, wherever it is: the only word of the header that says @tail, and then @left. */
static void put_tail_back(Ring *r, uint64_t tail, uint64_t left) {
        static uint64_t words[4096]; /* more than the header up to there */
        size_t at = 0;

        assert_int_equal(pread(ring_fd(r), words, sizeof(words), 0), sizeof(words));
        for (size_t i = 0; i + 1 < ELEMENTSOF(words); i++)
                if (words[i] == tail && words[i + 1] == left) {
                        assert_int_equal(at, 0);
                        at = i;
                }
        assert_int_not_equal(at, 0);
        put(r, (off_t) (at * sizeof(uint64_t)), &left, sizeof(left));
}

/* The reader has what was committed, and is done with it, before the tail is moved. */
static void test_the_reader_may_be_quicker_than_the_tail(void **state _unused_) {
        _cleanup_(ring_freep) Ring *r = new_ring(16 * SMALL);
        RingMessage message;
        uint64_t left;

        go_far(r);
        left = ring_head(r);
        assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("again")));
        put_tail_back(r, 16 * SMALL, left);
        expect(r, "again", &message);
        ring_done(r, message.position);
        assert_int_equal(ring_n_free(r), ring_n_bytes(r));
        assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("and again")));
        expect(r, "and again", &message);
        ring_done(r, message.position);
        assert_int_equal(ring_n_free(r), ring_n_bytes(r));
}

static Ring *next_life(Ring *r, int expected) {
        int fd = fcntl(ring_fd(r), F_DUPFD_CLOEXEC, 3);
        Ring *next = NULL;

        assert_true(fd >= 0);
        ring_free(r);
        assert_int_equal(ring_adopt(fd, &next), expected);
        if (expected < 0)
                close(fd);
        return next;
}

static void test_the_next_life_finds_what_was_not_done(void **state _unused_) {
        Ring *r = new_ring(SMALL);
        RingMessage message;

        assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("a")));
        assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("b")));
        assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("c")));
        expect(r, "a", &message);
        expect(r, "b", &message);
        ring_done(r, message.position);
        ring_notes(r)->kernel_lost = 17;
        ring_set_n_refused(r, 3);

        r = next_life(r, 0);
        assert_int_equal(ring_notes(r)->kernel_lost, 17);
        assert_int_equal(ring_n_refused(r), 3);
        assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("d")));
        expect(r, "a", &message);
        assert_true(message.replayed);
        ring_done(r, message.position);
        expect(r, "c", &message);
        assert_true(message.replayed);
        expect(r, "d", &message);
        assert_false(message.replayed);
        expect_none(r);
        ring_free(r);
}

static void test_what_had_landed_when_the_process_was_killed_is_found(void **state _unused_) {
        Ring *r = new_ring(SMALL);
        RingMessage message;

        land(r, 0, 0, AUDIT_SYSCALL, "committed");
        ring_commit(r, 1);
        land(r, 0, 0, AUDIT_PATH, "landed");
        land(r, 1, 0, AUDIT_PATH, "landed too");
        r = next_life(r, 0);
        expect(r, "committed", &message);
        expect(r, "landed", &message);
        expect(r, "landed too", &message);
        assert_true(message.replayed);
        expect_none(r);

        /* And once only. */
        r = next_life(r, 0);
        expect(r, "committed", &message);
        expect(r, "landed", &message);
        expect(r, "landed too", &message);
        expect_none(r);
        ring_free(r);
}

static void test_killed_on_the_way_to_the_start_nothing_is_lost(void **state _unused_) {
        Ring *r = new_ring(16 * SMALL);
        RingMessage message;
        uint64_t left;

        /* Before the tail is moved, and after. */
        for (unsigned i = 0; i < 2; i++) {
                go_far(r);
                left = ring_head(r);
                assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("again")));
                if (i == 0)
                        put_tail_back(r, 16 * SMALL, left);
                r = next_life(r, 0);
                assert_int_equal(ring_n_free(r), ring_n_bytes(r) - 16);
                expect(r, "again", &message);
                expect_none(r);
                ring_done(r, message.position);
                assert_int_equal(ring_n_free(r), ring_n_bytes(r));
        }
        ring_free(r);
}

static void test_what_was_left_in_good_order_is_not_doubted(void **state _unused_) {
        Ring *r = new_ring(SMALL);
        RingMessage message;

        assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("half an event")));
        expect(r, "half an event", &message);
        ring_set_clean(r);
        r = next_life(r, 0);
        expect(r, "half an event", &message);
        assert_false(message.replayed);

        /* Which holds for one life. */
        r = next_life(r, 0);
        expect(r, "half an event", &message);
        assert_true(message.replayed);
        ring_free(r);
}


static void test_a_ring_of_another_version_is_not_read(void **state _unused_) {
        Ring *r = new_ring(SMALL);

        put(r, 8, &(uint32_t){ 99 }, 4);
        assert_null(next_life(r, -EPROTO));
}

static void test_a_damaged_ring_is_not_read(void **state _unused_) {
        const uint64_t magic = 1, data_bytes = SMALL / 2;
        Ring *r;
        int fd;

        r = new_ring(SMALL);
        put(r, 0, &magic, sizeof(magic));
        assert_null(next_life(r, -EBADMSG));

        r = new_ring(SMALL);
        put(r, 16, &data_bytes, sizeof(data_bytes));
        assert_null(next_life(r, -EBADMSG));

        /* An entry that is longer than what is there. */
        r = new_ring(SMALL);
        assert_true(ring_append(r, AUDIT_PATH, FOPS_SPAN_LITERAL("a")));
        put(r, (off_t) (lseek(ring_fd(r), 0, SEEK_END) - (off_t) ring_n_bytes(r) + 8), &(uint32_t){ 4096 }, 4);
        assert_null(next_life(r, -EBADMSG));

        r = new_ring(SMALL);
        assert_int_equal(ftruncate(ring_fd(r), 4096), 0);
        fd = fcntl(ring_fd(r), F_DUPFD_CLOEXEC, 3);
        assert_int_equal(ring_adopt(fd, &(Ring *){ NULL }), -EBADMSG);
        close(fd);
        ring_free(r);
}

/* --- two threads ------------------------------------------------------------------------------------------------------- */

#define N_STRESS 400000U

static unsigned random_below(unsigned *state, unsigned n) {
        *state = *state * 1103515245U + 12345U;
        return (*state >> 16) % n;
}

static void *write_numbers(void *userdata) {
        Ring *r = userdata;
        unsigned random = 1;

        for (unsigned next = 0; next < N_STRESS;) {
                unsigned n = 1 + random_below(&random, RING_BATCH);

                n = MIN(n, N_STRESS - next);

                if (ring_n_free(r) < RING_BATCH_BYTES)
                        continue;
                for (unsigned i = 0; i < n; i++) {
                        char text[600];
                        int size = snprintf(text, sizeof(text), "%u %0*d", next + i, (int) random_below(&random, 500) + 1, 0);

                        assert_true(size > 0);
                        land(r, i, 0, AUDIT_PATH, text);
                }
                ring_commit(r, n);
                next += n;
        }
        return NULL;
}

static void check_two_threads(uint64_t bytes) {
        _cleanup_(ring_freep) Ring *r = new_ring(bytes);
        uint64_t late[64] = {};
        unsigned random = 7;
        pthread_t writer;

        assert_int_equal(pthread_create(&writer, NULL, write_numbers, r), 0);
        for (unsigned next = 0; next < N_STRESS;) {
                unsigned i = random_below(&random, ELEMENTSOF(late));
                RingMessage message;

                if (!ring_next(r, &message)) {
                        /* Now and then all is done, so that the writer goes back to the start. */
                        for (i = 0; i < ELEMENTSOF(late); i++) {
                                if (late[i] > 0)
                                        ring_done(r, late[i]);
                                late[i] = 0;
                        }
                        continue;
                }
                if (strtoul(message.text.data, NULL, 10) != next)
                        fail_msg("%.*s instead of %u", (int) MIN(message.text.size, (size_t) 20), message.text.data, next);
                next++;
                /* Some are done long after others. */
                if (late[i] > 0)
                        ring_done(r, late[i]);
                late[i] = message.position;
        }
        assert_int_equal(pthread_join(writer, NULL), 0);
        assert_int_equal(ring_stats(r).n_messages, N_STRESS);
}

static void test_two_threads_lose_nothing(void **state _unused_) {
        check_two_threads(SMALL);
}

/* One that is never full, and so often empty that the writer goes back to the start. */
static void test_two_threads_lose_nothing_in_a_large_ring(void **state _unused_) {
        check_two_threads(16 * SMALL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_messages_come_out_in_order),
                cmocka_unit_test(test_only_records_of_the_kernel_count),
                cmocka_unit_test(test_room_is_freed_from_the_oldest_up),
                cmocka_unit_test(test_a_full_ring_takes_nothing),
                cmocka_unit_test(test_what_is_left_out_at_the_start_again_is_not_in_use),
                cmocka_unit_test(test_what_is_left_out_may_be_written_on_before_it_is_passed),
                cmocka_unit_test(test_the_reader_may_be_quicker_than_the_tail),
                cmocka_unit_test(test_the_next_life_finds_what_was_not_done),
                cmocka_unit_test(test_what_had_landed_when_the_process_was_killed_is_found),
                cmocka_unit_test(test_killed_on_the_way_to_the_start_nothing_is_lost),
                cmocka_unit_test(test_what_was_left_in_good_order_is_not_doubted),
                cmocka_unit_test(test_a_ring_of_another_version_is_not_read),
                cmocka_unit_test(test_a_damaged_ring_is_not_read),
                cmocka_unit_test(test_two_threads_lose_nothing),
                cmocka_unit_test(test_two_threads_lose_nothing_in_a_large_ring),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
