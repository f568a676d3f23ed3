/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/mman.h>

#include "test-records.h"

#include "line-reader.h"

/* A reader of a file that holds @size bytes at @data. */
static LineReader *reader_of(const char *data, size_t size, int *ret_fd) {
        LineReader *r;

        *ret_fd = memfd_create("lines", MFD_CLOEXEC);
        assert_true(*ret_fd >= 0);
        assert_int_equal(write(*ret_fd, data, size), (ssize_t) size);
        assert_int_equal(lseek(*ret_fd, 0, SEEK_SET), 0);
        r = line_reader_new(*ret_fd);
        assert_non_null(r);
        return r;
}

static void assert_line(LineReader *r, const char *expected) {
        FopsSpan line;

        assert_int_equal(line_reader_next(r, &line), 1);
        assert_span(line, expected);
}

static void assert_end(LineReader *r) {
        FopsSpan line;

        assert_int_equal(line_reader_next(r, &line), 0);
        assert_int_equal(line_reader_next(r, &line), 0);
}

static void test_lines_come_without_their_newlines(void **state _unused_) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_(line_reader_freep) LineReader *r = reader_of("one\n\ntwo\n", 9, &fd);

        assert_line(r, "one");
        assert_line(r, "");
        assert_line(r, "two");
        assert_end(r);
}

static void test_the_last_line_needs_no_newline(void **state _unused_) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_(line_reader_freep) LineReader *r = reader_of("one\ntwo", 7, &fd);

        assert_line(r, "one");
        assert_line(r, "two");
        assert_end(r);
}

static void test_an_empty_file_has_no_line(void **state _unused_) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_(line_reader_freep) LineReader *r = reader_of("", 0, &fd);

        assert_end(r);
}

static void test_a_line_may_hold_any_byte(void **state _unused_) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_(line_reader_freep) LineReader *r = reader_of("a\0b\r\xff\nc", 7, &fd);
        FopsSpan line;

        assert_int_equal(line_reader_next(r, &line), 1);
        assert_true(fops_span_equal(line, FOPS_SPAN_LITERAL("a\0b\r\xff")));
        assert_line(r, "c");
        assert_end(r);
}

static void test_a_line_may_come_in_pieces(void **state _unused_) {
        _cleanup_(line_reader_freep) LineReader *r = NULL;
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        r = line_reader_new(fds[0]);
        assert_non_null(r);
        assert_int_equal(write(fds[1], "one\ntwo", 7), 7);
        assert_line(r, "one");
        assert_int_equal(write(fds[1], "\nthree", 6), 6);
        close(fds[1]);
        assert_line(r, "two");
        assert_line(r, "three");
        assert_end(r);
        close(fds[0]);
}

static void test_an_error_is_handed_up(void **state _unused_) {
        _cleanup_(line_reader_freep) LineReader *r = line_reader_new(-1);
        FopsSpan line;

        assert_non_null(r);
        assert_int_equal(line_reader_next(r, &line), -EBADF);
}

static void test_lines_over_the_edge_of_the_buffer_are_whole(void **state _unused_) {
        _cleanup_(line_reader_freep) LineReader *r = NULL;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *data = NULL;
        size_t size = 5 * LINE_BYTES_MAX / 2;
        FopsSpan line;

        data = malloc(size);
        assert_non_null(data);
        for (size_t i = 0; i < size; i++)
                data[i] = i % 1000 == 999 ? '\n' : (char) ('a' + i / 1000 % 26);
        r = reader_of(data, size, &fd);
        for (size_t i = 0; i < size / 1000; i++) {
                assert_int_equal(line_reader_next(r, &line), 1);
                assert_int_equal(line.size, 999);
                assert_memory_equal(line.data, data + i * 1000, 999);
        }
        assert_int_equal(line_reader_next(r, &line), 1);
        assert_int_equal(line.size, size % 1000);
        assert_end(r);
}

static void test_what_is_no_line_comes_in_pieces(void **state _unused_) {
        _cleanup_(line_reader_freep) LineReader *r = NULL;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *data = NULL;
        size_t size = 2 * LINE_BYTES_MAX + 10;
        FopsSpan line;

        data = malloc(size);
        assert_non_null(data);
        memset(data, 'x', size);
        data[size - 5] = '\n';
        r = reader_of(data, size, &fd);
        for (unsigned i = 0; i < 2; i++) {
                assert_int_equal(line_reader_next(r, &line), 1);
                assert_int_equal(line.size, LINE_BYTES_MAX);
        }
        assert_line(r, "xxxxx");
        assert_line(r, "xxxx");
        assert_end(r);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines_come_without_their_newlines),
                cmocka_unit_test(test_the_last_line_needs_no_newline),
                cmocka_unit_test(test_an_empty_file_has_no_line),
                cmocka_unit_test(test_a_line_may_hold_any_byte),
                cmocka_unit_test(test_a_line_may_come_in_pieces),
                cmocka_unit_test(test_an_error_is_handed_up),
                cmocka_unit_test(test_lines_over_the_edge_of_the_buffer_are_whole),
                cmocka_unit_test(test_what_is_no_line_comes_in_pieces),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
