/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The other end of daemon/guests.c. */

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "follow-source.h"

#define SOCKET_PATH "/run/fopsd/follow"
/* An answer is one line. */
#define ANSWER_BYTES_MAX 1024U
/* systemd starts a fopsd again within a tenth of a second, and its first rules take some more. */
#define AGAIN_USEC UINT64_C(200000)

struct FollowWatch {
        FollowHandlers handlers;
        sd_event *event; /* borrowed */
        sd_event_source *source, *again;
        int fd;
        char *request;
        size_t size;
        bool is_ready, is_gone;
};

static void disconnect(FollowWatch *w) {
        sd_event_source_disable_unref(w->source);
        w->source = NULL;
        if (w->fd >= 0)
                close(w->fd);
        w->fd = -EBADF;
}

FollowWatch *follow_watch_free(FollowWatch *w) {
        if (!w)
                return NULL;
        disconnect(w);
        sd_event_source_disable_unref(w->again);
        free(w->request);
        free(w);
        return NULL;
}

static int on_answer(sd_event_source *source, int fd, uint32_t revents, void *userdata);

/* -ENOENT: nobody is there. */
static int ask(FollowWatch *w) {
        const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET_PATH };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        int r;

        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return errno == ECONNREFUSED ? -ENOENT : -errno;
        if (send(fd, w->request, w->size, MSG_NOSIGNAL) < 0)
                return errno == EPIPE || errno == ECONNRESET ? -ENOENT : -errno;
        r = sd_event_add_io(w->event, &w->source, fd, EPOLLIN, on_answer, w);
        if (r < 0)
                return r;
        w->fd = TAKE_FD(fd);
        return 0;
}

static int on_again(sd_event_source *source, uint64_t usec _unused_, void *userdata) {
        FollowWatch *w = userdata;
        int r;

        r = ask(w);
        if (r == -ENOENT) {
                r = sd_event_source_set_time_relative(source, AGAIN_USEC);
                return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        }
        return r < 0 ? follow_end(w->event, r) : 0;
}

static int lost(FollowWatch *w) {
        int r;

        disconnect(w);
        if (!w->is_gone)
                fprintf(stderr, "fopsctl: fopsd has ended; until it is back nothing is seen\n");
        w->is_gone = true;
        w->again = sd_event_source_disable_unref(w->again);
        r = sd_event_add_time_relative(w->event, &w->again, CLOCK_MONOTONIC, AGAIN_USEC, 0, on_again, w);
        return r < 0 ? follow_end(w->event, r) : 0;
}

static int on_answer(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata) {
        char answer[ANSWER_BYTES_MAX];
        FollowWatch *w = userdata;
        ssize_t n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0)
                return lost(w);
        if (!fops_span_equal_string((FopsSpan){ answer, (size_t) n }, "watched")) {
                fprintf(stderr, "fopsctl: %.*s\n", (int) n, answer);
                return follow_end(w->event, FOLLOW_SAID);
        }
        if (w->is_gone)
                fprintf(stderr, "fopsctl: fopsd is back\n");
        w->is_gone = false;
        if (!w->is_ready)
                w->handlers.ready(w->handlers.userdata);
        w->is_ready = true;
        return 0;
}

/* recursive NUL write,attr NUL /srv/data NUL */
static int compose(FollowWatch *w, const char *const *paths, const char *ops, bool recursive) {
        FILE *f = open_memstream(&w->request, &w->size);

        if (!f)
                return -ENOMEM;
        fprintf(f, "%s%c%s%c", recursive ? "recursive" : "flat", '\0', ops, '\0');
        for (; *paths; paths++)
                fprintf(f, "%s%c", *paths, '\0');
        return fclose(f) == 0 ? 0 : -ENOMEM;
}

int follow_watch_new(sd_event *event, FollowHandlers handlers, const char *const *paths, const char *ops, bool recursive,
                     FollowWatch **ret) {
        _cleanup_(follow_watch_freep) FollowWatch *w = calloc(1, sizeof(FollowWatch));
        int r;

        if (!w)
                return -ENOMEM;
        *w = (FollowWatch){ .handlers = handlers, .event = event, .fd = -EBADF };
        r = compose(w, paths, ops, recursive);
        if (r >= 0)
                r = ask(w);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}
