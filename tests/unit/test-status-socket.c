/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Those who ask get all of the text, however slowly they read, and cost no more than their share. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

#include "status-socket.h"
#include "util.h"

/* Far more than a socket holds. */
#define LARGE_BYTES ((size_t) 4 << 20)

typedef struct Fixture {
        char directory[32], path[64];
        sd_event *event;
        StatusSocket *socket;
        size_t size;
        unsigned n_printed;
} Fixture;

static void print(void *userdata, FILE *f) {
        Fixture *x = userdata;

        x->n_printed++;
        for (size_t i = 0; i < x->size; i++)
                putc_unlocked('a' + (int) (i % 26), f);
}

static int set_up(void **state) {
        Fixture *x = calloc(1, sizeof(Fixture));

        assert_non_null(x);
        strcpy(x->directory, "/tmp/fopsd-status-XXXXXX");
        assert_non_null(mkdtemp(x->directory));
        snprintf(x->path, sizeof(x->path), "%s/status", x->directory);
        assert_true(sd_event_new(&x->event) >= 0);
        x->size = 100;
        assert_int_equal(status_socket_new(x->event, x->directory, print, x, &x->socket), 0);
        *state = x;
        return 0;
}

static int tear_down(void **state) {
        Fixture *x = *state;

        status_socket_free(x->socket);
        sd_event_unref(x->event);
        /* The socket is gone, or this fails. */
        assert_int_equal(rmdir(x->directory), 0);
        free(x);
        return 0;
}

static int ask(const Fixture *x) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        assert_true(fd >= 0);
        strcpy(address.sun_path, x->path);
        assert_int_equal(connect(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
        return fd;
}

/* What there is to do now. */
static void serve(Fixture *x) {
        while (sd_event_run(x->event, 0) > 0)
                ;
}

/* Reads to the end, in turns with the other side; the number of bytes that were as they should be. */
static size_t read_all(Fixture *x, int fd) {
        size_t n_read = 0;
        char buffer[65536];

        for (;;) {
                ssize_t n = read(fd, buffer, sizeof(buffer));

                if (n < 0 && errno == EAGAIN) {
                        assert_true(sd_event_run(x->event, UINT64_C(30) * 1000000) > 0);
                        continue;
                }
                if (n <= 0)
                        break;
                for (ssize_t i = 0; i < n; i++)
                        assert_int_equal(buffer[i], 'a' + (int) ((n_read + (size_t) i) % 26));
                n_read += (size_t) n;
        }
        close(fd);
        return n_read;
}

static void test_who_connects_gets_the_text_and_its_end(void **state) {
        Fixture *x = *state;

        assert_int_equal(read_all(x, ask(x)), x->size);
        assert_int_equal(x->n_printed, 1);
}

static void test_a_text_larger_than_the_socket_comes_whole(void **state) {
        Fixture *x = *state;

        x->size = LARGE_BYTES;
        assert_int_equal(read_all(x, ask(x)), LARGE_BYTES);
}

static void test_anybody_may_ask(void **state) {
        Fixture *x = *state;
        mode_t before = umask(0077);
        struct stat st;

        status_socket_free(x->socket);
        assert_int_equal(status_socket_new(x->event, x->directory, print, x, &x->socket), 0);
        umask(before);
        assert_int_equal(stat(x->path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0666);
}

static void test_what_is_said_to_it_is_not_heard(void **state) {
        Fixture *x = *state;
        int fd = ask(x);

        assert_int_equal(write(fd, "GET / HTTP/1.0\n", 15), 15);
        assert_int_equal(read_all(x, fd), x->size);
}

static void test_who_does_not_read_keeps_nobody_out(void **state) {
        Fixture *x = *state;
        int idle[10];

        x->size = LARGE_BYTES;
        for (size_t i = 0; i < ELEMENTSOF(idle); i++) {
                idle[i] = ask(x);
                serve(x);
        }
        assert_int_equal(x->n_printed, ELEMENTSOF(idle));
        /* The oldest are cut short, the youngest is not. */
        assert_true(read_all(x, idle[0]) < LARGE_BYTES);
        assert_int_equal(read_all(x, idle[9]), LARGE_BYTES);
        for (size_t i = 1; i < 9; i++)
                close(idle[i]);
        assert_int_equal(read_all(x, ask(x)), LARGE_BYTES);
}

static void test_who_goes_away_is_forgotten(void **state) {
        Fixture *x = *state;
        int fd = ask(x);

        close(fd);
        serve(x);
        assert_int_equal(read_all(x, ask(x)), x->size);
}

static void test_what_was_left_behind_is_replaced(void **state) {
        Fixture *x = *state;
        StatusSocket *second;

        assert_int_equal(status_socket_new(x->event, x->directory, print, x, &second), 0);
        status_socket_free(x->socket);
        x->socket = second;
        assert_int_equal(status_socket_new(x->event, x->directory, print, x, &second), 0);
        status_socket_free(x->socket);
        x->socket = status_socket_free(second);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_who_connects_gets_the_text_and_its_end, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_text_larger_than_the_socket_comes_whole, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_anybody_may_ask, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_is_said_to_it_is_not_heard, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_who_does_not_read_keeps_nobody_out, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_who_goes_away_is_forgotten, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_was_left_behind_is_replaced, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
