/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Packets into watches. */

#include "guests.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "path.h"

/* Rules are walked for every file that is opened below them: more followers at once than this is an accident. */
#define GUESTS_MAX 32U
/* Of one guest: about as many paths as fit a command line of some length. */
#define REQUEST_BYTES_MAX ((size_t) 65536)
/* Key of the entries, which are in the journal as those of every watch. */
#define KEY "follow"

typedef struct Guest {
        Guests *guests;
        sd_event_source *source;
        int fd; /* negative: a free place */
        char *request; /* NULL: hasn't asked yet */
        size_t size;
} Guest;

struct Guests {
        sd_event_source *source;
        int fd;
        struct sockaddr_un address;
        int (*changed)(void *userdata);
        void *userdata;
        Guest items[GUESTS_MAX];
};

static void guest_done(Guest *guest) {
        sd_event_source_disable_unref(guest->source);
        if (guest->fd >= 0)
                close(guest->fd);
        free(guest->request);
        *guest = (Guest){ .guests = guest->guests, .fd = -EBADF };
}

/* --- what a guest wants ----------------------------------------------------------------------------------------------- */

/* The string behind @s in a request; NULL at the end. */
static const char *next_string(const Guest *guest, const char *s) {
        s = s ? s + strlen(s) + 1 : guest->request;
        return s < guest->request + guest->size ? s : NULL;
}

static FopsOpMask ops_of(const char *words) {
        FopsOpMask mask = 0;

        for (const char *stop, *word = words; word; word = *stop ? stop + 1 : NULL) {
                stop = strchrnul(word, ',');
                mask |= fops_op_mask_from_word((FopsSpan){ word, (size_t) (stop - word) });
        }
        return mask;
}

static bool is_covered(const FopsConfig *c, const char *path, FopsOpMask ops, bool recursive) {
        for (size_t i = 0; i < c->n_watches; i++) {
                const FopsWatch *w = c->watches + i;
                bool is_the_same = strcmp(w->path, path) == 0;

                if (!w->is_glob && (w->ops & ops) == ops && w->n_only == 0 && w->n_exclude == 0 && w->result == FOPS_RESULT_ANY &&
                    w->coalesce_usec == 0 &&
                    (w->recursive ? fops_path_is_below(fops_span_from_string(path), fops_span_from_string(w->path))
                                  : is_the_same && !recursive))
                        return true;
        }
        return false;
}

/* 0, 1 with why not in @diags, or -ENOMEM. */
static int add_watch(FopsConfig *c, const char *path, const char *ops, bool recursive, FopsDiags *diags) {
        _cleanup_free_ char *escaped = fops_config_escape_path(path);
        size_t n_before = c->n_watches;
        int r;

        if (!escaped)
                return -ENOMEM;
        if (is_covered(c, path, ops_of(ops), recursive))
                return 0;
        r = fops_config_add_watch(c, escaped, ops, KEY, diags);
        /* Not if it was made one with a watch of the same path, which is recursive. */
        if (r == 0 && c->n_watches > n_before)
                c->watches[n_before].recursive = recursive;
        return r;
}

static int add_watches(const Guest *guest, FopsConfig *c, FopsDiags *diags) {
        const char *mode = next_string(guest, NULL), *ops = mode ? next_string(guest, mode) : NULL;
        int r = 0;

        for (const char *path = ops; r == 0 && path && (path = next_string(guest, path));)
                r = add_watch(c, path, ops, strcmp(mode, "recursive") == 0, diags);
        return r;
}

int guests_add_watches(const Guests *g, FopsConfig *c) {
        FopsDiags diags = {}; /* notes only: errors were found when the guest came */
        int r = 0;

        for (size_t i = 0; g && i < GUESTS_MAX && r >= 0; i++)
                if (g->items[i].request)
                        r = add_watches(g->items + i, c, &diags);
        fops_diags_done(&diags);
        return MIN(r, 0);
}

/* --- coming and going ------------------------------------------------------------------------------------------------- */

static void answer(const Guest *guest, const char *text) {
        (void) send(guest->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Tries it on a configuration without anything. */
static int check_request(const Guest *guest) {
        FopsDiags diags = {};
        FopsConfig config;
        int r;

        fops_config_init(&config);
        r = add_watches(guest, &config, &diags);
        if (r > 0 && diags.n_items > 0)
                answer(guest, diags.items[0].text);
        fops_config_done(&config);
        fops_diags_done(&diags);
        return r;
}

/* True if the guest stays. */
static bool take_request(Guest *guest) {
        _cleanup_free_ char *request = malloc(REQUEST_BYTES_MAX);
        ssize_t n = request ? recv(guest->fd, request, REQUEST_BYTES_MAX, MSG_DONTWAIT) : -1;

        if (n <= 0 || guest->request || request[n - 1] != '\0')
                return false;
        guest->request = TAKE_PTR(request);
        guest->size = (size_t) n;
        if (check_request(guest) == 0)
                return true;
        free(TAKE_PTR(guest->request));
        return false;
}

static int on_guest(sd_event_source *source _unused_, int fd _unused_, uint32_t revents, void *userdata) {
        Guest *guest = userdata;
        Guests *g = guest->guests;
        bool had_asked = guest->request;
        int r;

        if (revents & EPOLLIN && take_request(guest)) {
                r = g->changed(g->userdata);
                answer(guest, r == 0 ? "watched" : "the configuration can't be loaded at present; see the journal of fopsd");
                return MIN(r, 0);
        }
        guest_done(guest);
        return had_asked ? MIN(g->changed(g->userdata), 0) : 0;
}

static int on_connection(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata) {
        _cleanup_close_ int guest_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        struct ucred peer = { .uid = (uid_t) -1 };
        socklen_t size = sizeof(peer);
        Guests *g = userdata;

        if (guest_fd < 0 || getsockopt(guest_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != 0)
                return 0;
        for (size_t i = 0; i < GUESTS_MAX; i++) {
                Guest *guest = g->items + i;

                if (guest->fd >= 0)
                        continue;
                if (sd_event_add_io(sd_event_source_get_event(g->source), &guest->source, guest_fd, EPOLLIN, on_guest, guest) >= 0)
                        guest->fd = TAKE_FD(guest_fd);
                return 0;
        }
        return 0;
}

/* --- the socket ------------------------------------------------------------------------------------------------------- */

static int listen_at(Guests *g, const char *directory) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int n = snprintf(g->address.sun_path, sizeof(g->address.sun_path), "%s/follow", directory);

        if (fd < 0)
                return -errno;
        if (n < 0 || (size_t) n >= sizeof(g->address.sun_path))
                return -ENAMETOOLONG;
        g->address.sun_family = AF_UNIX;
        (void) unlink(g->address.sun_path); /* of a life before */
        /* What the mode is made of is the umask, which is the whole process's. */
        if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *) &g->address, sizeof(g->address)) < 0 ||
            listen(fd, (int) GUESTS_MAX) < 0)
                return -errno;
        g->fd = TAKE_FD(fd);
        return 0;
}

int guests_new(sd_event *event, const char *runtime_directory, int (*changed)(void *userdata), void *userdata, Guests **ret) {
        _cleanup_(guests_freep) Guests *g = calloc(1, sizeof(Guests));
        int r;

        if (!g)
                return -ENOMEM;
        g->fd = -EBADF;
        g->changed = changed;
        g->userdata = userdata;
        for (size_t i = 0; i < GUESTS_MAX; i++)
                g->items[i] = (Guest){ .guests = g, .fd = -EBADF };

        r = runtime_directory ? listen_at(g, runtime_directory) : 0;
        if (r >= 0 && g->fd >= 0)
                r = sd_event_add_io(event, &g->source, g->fd, EPOLLIN, on_connection, g);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(g);
        return 0;
}

Guests *guests_free(Guests *g) {
        if (!g)
                return NULL;
        for (size_t i = 0; i < GUESTS_MAX; i++)
                guest_done(g->items + i);
        sd_event_source_disable_unref(g->source);
        if (g->fd >= 0) {
                close(g->fd);
                (void) unlink(g->address.sun_path);
        }
        free(g);
        return NULL;
}
