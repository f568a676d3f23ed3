/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A socket that takes entries as journald does, at a path of its own: away, there, not reading, back again. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include <endian.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "entry.h"

/* All seals that journald of systemd 252 wants, and not one more. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

typedef struct FakeJournald {
        char directory[32];
        struct sockaddr_un address;
        int fd;
        char *data; /* of the entry received last */
        size_t size;
        bool was_memfd;
} FakeJournald;

static inline void journald_start(FakeJournald *j) {
        (void) unlink(j->address.sun_path);
        j->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(j->fd >= 0);
        assert_int_equal(bind(j->fd, (struct sockaddr *) &j->address, sizeof(j->address)), 0);
}

/* What it hasn't read is lost with it. */
static inline void journald_stop(FakeJournald *j) {
        fops_closep(&j->fd);
        j->fd = -EBADF;
}

/* Makes the place, but nobody there. */
static inline void journald_init(FakeJournald *j) {
        *j = (FakeJournald){ .directory = "/tmp/fops-test-XXXXXX", .address.sun_family = AF_UNIX, .fd = -EBADF };
        assert_non_null(mkdtemp(j->directory));
        snprintf(j->address.sun_path, sizeof(j->address.sun_path), "%s/socket", j->directory);
}

static inline void journald_done(FakeJournald *j) {
        journald_stop(j);
        (void) unlink(j->address.sun_path);
        assert_int_equal(rmdir(j->directory), 0);
        free(j->data);
        j->data = NULL;
}

static inline void journald_map(FakeJournald *j, int fd) {
        struct stat st;
        char *p;

        assert_int_equal(fcntl(fd, F_GET_SEALS), SEALS);
        assert_int_equal(fstat(fd, &st), 0);
        j->size = (size_t) st.st_size;
        p = mmap(NULL, j->size, PROT_READ, MAP_PRIVATE, fd, 0);
        assert_ptr_not_equal(p, MAP_FAILED);
        j->data = realloc(j->data, j->size);
        assert_non_null(j->data);
        memcpy(j->data, p, j->size);
        munmap(p, j->size);
        close(fd);
}

/* Takes the next entry; false if none waits. */
static inline bool journald_receive(FakeJournald *j) {
        static char datagram[1 << 20];
        struct iovec iovec = { datagram, sizeof(datagram) };
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(8 * sizeof(int))];
        } control;
        struct msghdr message = {
                .msg_iov = &iovec, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
        };
        struct cmsghdr *c;
        ssize_t n;
        int fd;

        n = recvmsg(j->fd, &message, MSG_CMSG_CLOEXEC);
        if (n < 0) {
                assert_int_equal(errno, EAGAIN);
                return false;
        }
        assert_int_equal(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC), 0);

        c = CMSG_FIRSTHDR(&message);
        j->was_memfd = c;
        if (c) {
                /* One descriptor and nothing beside it, or journald passes the datagram over. */
                assert_int_equal(n, 0);
                assert_int_equal(c->cmsg_type, SCM_RIGHTS);
                assert_int_equal(c->cmsg_len, CMSG_LEN(sizeof(int)));
                memcpy(&fd, CMSG_DATA(c), sizeof(fd));
                journald_map(j, fd);
        } else {
                j->size = (size_t) n;
                j->data = realloc(j->data, j->size);
                assert_non_null(j->data);
                memcpy(j->data, datagram, j->size);
        }
        return true;
}

/* Takes the next field off the front of *@rest, as journald reads it; false at the end. */
static inline bool journald_next_field(FopsSpan *rest, FopsSpan *name, FopsSpan *value) {
        const char *newline, *equals;
        uint64_t size;

        if (rest->size == 0)
                return false;
        newline = memchr(rest->data, '\n', rest->size);
        assert_non_null(newline);
        equals = memchr(rest->data, '=', (size_t) (newline - rest->data));
        if (equals) {
                *name = (FopsSpan){ rest->data, (size_t) (equals - rest->data) };
                *value = (FopsSpan){ equals + 1, (size_t) (newline - equals - 1) };
                *rest = fops_span_skip(*rest, (size_t) (newline + 1 - rest->data));
                return true;
        }

        *name = (FopsSpan){ rest->data, (size_t) (newline - rest->data) };
        *rest = fops_span_skip(*rest, name->size + 1);
        assert_true(rest->size > sizeof(size));
        memcpy(&size, rest->data, sizeof(size));
        size = le64toh(size);
        assert_true(size < rest->size - sizeof(size));
        *value = (FopsSpan){ rest->data + sizeof(size), size };
        *rest = fops_span_skip(*rest, sizeof(size) + size);
        assert_int_equal(rest->data[0], '\n');
        *rest = fops_span_skip(*rest, 1);
        return true;
}

/* The first field of that name in the entry received last, absent if there is none. */
static inline FopsSpan journald_get(const FakeJournald *j, const char *field) {
        FopsSpan rest = { j->data, j->size }, name, value;

        while (journald_next_field(&rest, &name, &value))
                if (fops_span_equal_string(name, field))
                        return value;
        return FOPS_SPAN_ABSENT;
}

static inline size_t journald_n_fields(const FakeJournald *j) {
        FopsSpan rest = { j->data, j->size }, name, value;
        size_t n = 0;

        while (journald_next_field(&rest, &name, &value))
                n++;
        return n;
}
