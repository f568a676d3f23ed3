/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "notify.h"

/* Binds a socket for systemd's to the abstract name @name, and gives it to the environment. */
static int listen_at(const char *name) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char value[sizeof(address.sun_path) + 1];
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        assert_true(fd >= 0);
        snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s-%d", name, (int) getpid());
        snprintf(value, sizeof(value), "@%s", address.sun_path + 1);
        assert_int_equal(bind(fd, (const struct sockaddr *) &address, (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(value))), 0);
        assert_int_equal(setenv("NOTIFY_SOCKET", value, true), 0);
        return fd;
}

static void assert_heard(int fd, const char *expected) {
        char text[128] = "";

        assert_true(recv(fd, text, sizeof(text) - 1, 0) >= 0);
        assert_string_equal(text, expected);
}

static void test_what_is_said_is_one_message(void **state _unused_) {
        _cleanup_close_ int fd = listen_at("fopsd-test-said");

        assert_int_equal(notify("READY=1\nSTATUS=%d of %s", 1, "two"), 1);
        assert_heard(fd, "READY=1\nSTATUS=1 of two");
}

static void test_a_path_will_do_too(void **state _unused_) {
        char directory[] = "/tmp/fopsd-test-XXXXXX", path[64];
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        assert_non_null(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/notify", directory);
        strcpy(address.sun_path, path);
        assert_int_equal(bind(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
        assert_int_equal(setenv("NOTIFY_SOCKET", path, true), 0);
        assert_int_equal(notify("STOPPING=1"), 1);
        assert_heard(fd, "STOPPING=1");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(notify("STOPPING=1"), -ENOENT);
        assert_int_equal(rmdir(directory), 0);
}

/* A notify() that waited would wait for ever. */
static void test_a_full_queue_is_not_waited_for(void **state _unused_) {
        _cleanup_close_ int fd = listen_at("fopsd-test-full");
        size_t n = 0;
        int r;

        while ((r = notify("STATUS=%zu", n)) > 0)
                n++;
        assert_int_equal(r, -EAGAIN);
        assert_true(n > 0);
        assert_heard(fd, "STATUS=0");
        assert_int_equal(notify("STATUS=again"), 1);
}

static void test_nobody_is_to_be_told(void **state _unused_) {
        assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
        assert_int_equal(notify("READY=1"), 0);
}

static void test_what_is_no_address_is_refused(void **state _unused_) {
        char path[200] = "/";

        memset(path + 1, 'x', sizeof(path) - 2);
        assert_int_equal(setenv("NOTIFY_SOCKET", path, true), 0);
        assert_int_equal(notify("READY=1"), -EINVAL);
        assert_int_equal(setenv("NOTIFY_SOCKET", "", true), 0);
        assert_int_equal(notify("READY=1"), -EINVAL);
        assert_int_equal(setenv("NOTIFY_SOCKET", "vsock:2:1234", true), 0);
        assert_int_equal(notify("READY=1"), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_said_is_one_message),
                cmocka_unit_test(test_a_path_will_do_too),
                cmocka_unit_test(test_a_full_queue_is_not_waited_for),
                cmocka_unit_test(test_nobody_is_to_be_told),
                cmocka_unit_test(test_what_is_no_address_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
