/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Connects to the status socket, and reads to the end. */

#include "daemon-status.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* 16,384 matches of a pattern with paths of a kilobyte each. */
#define TEXT_BYTES_MAX ((size_t) 32 << 20)
/* It answers when it has done what it is at: installing a thousand rules takes seconds. */
#define ANSWER_SEC 30

void daemon_status_done(DaemonStatus *d) {
        fops_arena_done(&d->arena);
        *d = (DaemonStatus){};
}

static int connect_to(uint32_t *ret_pid) {
        static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = DAEMON_STATUS_SOCKET };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const struct timeval timeout = { .tv_sec = ANSWER_SEC };
        struct ucred peer;
        socklen_t size = sizeof(peer);

        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                /* A socket that nobody listens on: it was killed. */
                return errno == ECONNREFUSED ? -ENOENT : errno == EAGAIN ? -ETIMEDOUT : -errno;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return -errno;
        *ret_pid = (uint32_t) peer.pid;
        return TAKE_FD(fd);
}

static int read_to_end(int fd, FopsArena *arena, FopsSpan *ret) {
        _cleanup_free_ char *text = NULL;
        size_t n = 0, n_allocated = 0;

        for (;;) {
                ssize_t k;

                if (n == n_allocated) {
                        char *larger = n < TEXT_BYTES_MAX ? realloc(text, MAX(n * 2, (size_t) 65536)) : NULL;

                        if (!larger)
                                return n < TEXT_BYTES_MAX ? -ENOMEM : -EBADMSG;
                        text = larger;
                        n_allocated = MAX(n * 2, (size_t) 65536);
                }
                k = read(fd, text + n, n_allocated - n);
                if (k < 0 && errno != EINTR)
                        return errno == EAGAIN ? -ETIMEDOUT : -errno;
                if (k == 0)
                        break;
                n += (size_t) MAX(k, 0);
        }
        *ret = fops_arena_copy(arena, (FopsSpan){ text, n });
        return fops_span_is_present(*ret) ? 0 : -ENOMEM;
}

int daemon_status_read(DaemonStatus *ret) {
        _cleanup_(daemon_status_done) DaemonStatus d = {};
        _cleanup_close_ int fd = connect_to(&d.pid);
        int r;

        if (fd < 0)
                return fd;
        r = read_to_end(fd, &d.arena, &d.text);
        if (r < 0)
                return r;
        d.json = fops_json_parse(d.text, &d.arena);
        if (!d.json || d.json->type != FOPS_JSON_OBJECT)
                return -EBADMSG;
        *ret = d;
        d = (DaemonStatus){};
        return 0;
}

void daemon_status_complain(int error) {
        switch (-error) {
        case ENOENT:
                fprintf(stderr, "fopsctl: fopsd isn't running\n");
                break;
        case ETIMEDOUT:
                fprintf(stderr, "fopsctl: fopsd is running, but doesn't answer\n");
                break;
        case EBADMSG:
                fprintf(stderr, "fopsctl: what answers at " DAEMON_STATUS_SOCKET " isn't fopsd\n");
                break;
        default:
                fprintf(stderr, "fopsctl: asking fopsd: %s\n", strerror(-error));
                break;
        }
}
