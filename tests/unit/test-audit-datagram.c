/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/audit.h>
#include <linux/netlink.h>

#include "test-records.h"

#include "audit-socket.h"

/* A datagram as the kernel sends it, its header saying @length. */
static FopsSpan make_datagram(char *buffer, uint32_t length, const char *text) {
        struct nlmsghdr header = { .nlmsg_len = length, .nlmsg_type = 1300 };

        memcpy(buffer, &header, sizeof(header));
        memcpy(buffer + sizeof(header), text, strlen(text));
        return (FopsSpan){ buffer, sizeof(header) + strlen(text) };
}

static void test_a_datagram_is_a_type_and_a_text(void **state _unused_) {
        FopsSpan text = FOPS_SPAN_ABSENT;
        uint16_t type = 0;
        char buffer[64];

        assert_true(audit_datagram_parse(make_datagram(buffer, 16 + 15, "audit(1.002:3):"), 0, &type, &text));
        assert_int_equal(type, 1300);
        assert_span(text, "audit(1.002:3):");
}

/* Unicast records say the payload's length, and anything may be said by who can't be trusted. */
static void test_the_length_that_came_counts_not_the_one_it_says(void **state _unused_) {
        static const uint32_t lengths[] = { 0, 15, 16, 17, 1000000, UINT32_MAX };

        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                FopsSpan text = FOPS_SPAN_ABSENT;
                uint16_t type = 0;
                char buffer[64];

                assert_true(audit_datagram_parse(make_datagram(buffer, lengths[i], "audit(1.002:3):"), 0, &type, &text));
                assert_span(text, "audit(1.002:3):");
        }
}

static void test_only_the_kernel_is_believed(void **state _unused_) {
        FopsSpan text = FOPS_SPAN_LITERAL("untouched");
        uint16_t type = 7;
        char buffer[64];

        assert_false(audit_datagram_parse(make_datagram(buffer, 31, "audit(1.002:3):"), 4711, &type, &text));
        assert_int_equal(type, 7);
        assert_span(text, "untouched");
}

static void test_less_than_a_header_is_nothing(void **state _unused_) {
        FopsSpan text = FOPS_SPAN_LITERAL("untouched"), datagram;
        uint16_t type = 7;
        char buffer[64];

        datagram = make_datagram(buffer, 16, "");
        assert_true(audit_datagram_parse(datagram, 0, &type, &text));
        assert_span(text, "");
        for (datagram.size = 0; datagram.size < NLMSG_HDRLEN; datagram.size++)
                assert_false(audit_datagram_parse(datagram, 0, &type, &text));
        assert_false(audit_datagram_parse(FOPS_SPAN_ABSENT, 0, &type, &text));
}

static void test_questions_and_answers_are_no_records(void **state _unused_) {
        assert_true(audit_datagram_is_record(AUDIT_SYSCALL));
        assert_true(audit_datagram_is_record(AUDIT_FIRST_USER_MSG));
        assert_true(audit_datagram_is_record(AUDIT_LOGIN));
        assert_true(audit_datagram_is_record(1420));
        assert_false(audit_datagram_is_record(NLMSG_ERROR));
        assert_false(audit_datagram_is_record(AUDIT_GET));
        assert_false(audit_datagram_is_record(AUDIT_REPLACE));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_questions_and_answers_are_no_records),
                cmocka_unit_test(test_a_datagram_is_a_type_and_a_text),
                cmocka_unit_test(test_the_length_that_came_counts_not_the_one_it_says),
                cmocka_unit_test(test_only_the_kernel_is_believed),
                cmocka_unit_test(test_less_than_a_header_is_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
