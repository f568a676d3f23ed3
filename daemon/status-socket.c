/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A text for each who connects, written as fast as they read. */

#include "status-socket.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "util.h"

/* At once. Each has a text of its own, some hundred bytes a watch; who is slower than seven others loses the place. */
#define CLIENTS_MAX 8U
/* A text is a millisecond's work for thousands of watches: who asks all the time takes no more than a few of a hundred. */
#define CLIENTS_PER_INTERVAL_MAX 20U
#define INTERVAL_USEC (UINT64_C(1) * 1000000)

typedef struct Client {
        StatusSocket *owner;
        int fd;
        sd_event_source *writable;
        char *text;
        size_t size, n_written;
} Client;

struct StatusSocket {
        int fd;
        char *path;
        sd_event_source *source;
        void (*print)(void *userdata, FILE *f);
        void *userdata;
        Client *clients[CLIENTS_MAX]; /* oldest first */
        size_t n_clients;
};

static void client_free(Client *c) {
        sd_event_source_disable_unref(c->writable);
        if (c->fd >= 0)
                close(c->fd);
        free(c->text);
        free(c);
}

static void drop(StatusSocket *s, size_t i) {
        client_free(s->clients[i]);
        s->n_clients--;
        memmove(s->clients + i, s->clients + i + 1, (s->n_clients - i) * sizeof(Client *));
}

static int on_writable(sd_event_source *source _unused_, int fd, uint32_t events _unused_, void *userdata) {
        Client *c = userdata;
        StatusSocket *s = c->owner;
        ssize_t n;

        n = send(fd, c->text + c->n_written, c->size - c->n_written, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        c->n_written += (size_t) MAX(n, 0);
        if (n >= 0 && c->n_written < c->size)
                return 0;

        for (size_t i = 0; i < s->n_clients; i++)
                if (s->clients[i] == c) {
                        drop(s, i);
                        break;
                }
        return 0;
}

static int serve(StatusSocket *s, Client *c) {
        FILE *f = open_memstream(&c->text, &c->size);
        bool failed;

        if (!f)
                return -ENOMEM;
        s->print(s->userdata, f);
        failed = ferror(f);
        if (fclose(f) != 0 || failed)
                return -ENOMEM;
        return sd_event_add_io(sd_event_source_get_event(s->source), &c->writable, c->fd, EPOLLOUT, on_writable, c);
}

/* That one can't be served is no reason to end. */
static int on_client(sd_event_source *source _unused_, int fd, uint32_t events _unused_, void *userdata) {
        StatusSocket *s = userdata;
        _cleanup_close_ int client_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        Client *c;

        if (client_fd < 0)
                return 0;
        c = calloc(1, sizeof(Client));
        if (!c)
                return 0;
        c->owner = s;
        c->fd = TAKE_FD(client_fd);
        if (serve(s, c) < 0) {
                client_free(c);
                return 0;
        }
        if (s->n_clients == CLIENTS_MAX)
                drop(s, 0);
        s->clients[s->n_clients++] = c;
        return 0;
}

static int listen_at(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = -EBADF;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, path, strlen(path));

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (unlink(path) < 0 && errno != ENOENT)
                return -errno;
        /* Connecting takes the right to write. */
        if (bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 || chmod(path, 0666) < 0 || listen(fd, (int) CLIENTS_MAX) < 0)
                return -errno;
        return TAKE_FD(fd);
}

FOPS_DEFINE_CLEANUP(StatusSocket *, status_socket_free)

int status_socket_new(sd_event *event, const char *directory, void (*print)(void *userdata, FILE *f), void *userdata, StatusSocket **ret) {
        _cleanup_(status_socket_freep) StatusSocket *s = calloc(1, sizeof(StatusSocket));
        int r;

        if (!s)
                return -ENOMEM;
        s->fd = -EBADF;
        s->print = print;
        s->userdata = userdata;
        if (asprintf(&s->path, "%s/status", directory) < 0) {
                s->path = NULL;
                return -ENOMEM;
        }

        s->fd = listen_at(s->path);
        if (s->fd < 0)
                return s->fd;
        r = sd_event_add_io(event, &s->source, s->fd, EPOLLIN, on_client, s);
        if (r >= 0)
                r = sd_event_source_set_ratelimit(s->source, INTERVAL_USEC, CLIENTS_PER_INTERVAL_MAX);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

StatusSocket *status_socket_free(StatusSocket *s) {
        if (!s)
                return NULL;
        while (s->n_clients > 0)
                drop(s, 0);
        sd_event_source_disable_unref(s->source);
        if (s->fd >= 0) {
                (void) unlink(s->path);
                close(s->fd);
        }
        free(s->path);
        free(s);
        return NULL;
}
