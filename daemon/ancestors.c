/* SPDX-License-Identifier: GPL-2.0-or-later */

/* rename(2) tells inotify before it returns, and so before anything that is done at the new place: who asks behind that has heard of it. */

#include "ancestors.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "path.h"

/* Sorted by path: a thousand watches may stand in as many directories. */
typedef struct Ancestor {
        char *path;
        int wd;
        bool is_wanted; /* since _begin */
} Ancestor;

struct Ancestors {
        int fd;
        Ancestor *items;
        size_t n_items, n_allocated;
};

Ancestors *ancestors_new(void) {
        Ancestors *a = calloc(1, sizeof(Ancestors));

        if (!a)
                return NULL;
        a->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        return a->fd >= 0 ? a : ancestors_free(a);
}

Ancestors *ancestors_free(Ancestors *a) {
        if (!a)
                return NULL;
        for (size_t i = 0; i < a->n_items; i++)
                free(a->items[i].path);
        free(a->items);
        if (a->fd >= 0)
                close(a->fd);
        free(a);
        return NULL;
}

/* --- which ------------------------------------------------------------------------------------------------------------- */

/* Where @path is, or would be. */
static size_t find(const Ancestors *a, FopsSpan path, bool *ret_found) {
        size_t lo = 0, hi = a->n_items;

        *ret_found = false;
        while (lo < hi && !*ret_found) {
                size_t mid = lo + (hi - lo) / 2;
                int order = strncmp(a->items[mid].path, path.data, path.size);

                *ret_found = order == 0 && a->items[mid].path[path.size] == '\0';
                if (*ret_found || order >= 0)
                        hi = mid;
                else
                        lo = mid + 1;
        }
        return hi;
}

static int insert(Ancestors *a, size_t at, FopsSpan path) {
        _cleanup_free_ char *copy = strndup(path.data, path.size);

        if (!copy)
                return -ENOMEM;
        if (a->n_items == a->n_allocated) {
                size_t n = MAX(2 * a->n_allocated, (size_t) 16);
                Ancestor *items = reallocarray(a->items, n, sizeof(Ancestor));

                if (!items)
                        return -ENOMEM;
                a->items = items;
                a->n_allocated = n;
        }
        memmove(a->items + at + 1, a->items + at, (a->n_items - at) * sizeof(Ancestor));
        a->items[at] = (Ancestor){ .path = TAKE_PTR(copy), .wd = -1 };
        a->n_items++;
        return 0;
}

/* Another directory may stand at its path than before. */
static void follow(Ancestors *a, Ancestor *i) {
        int wd = inotify_add_watch(a->fd, i->path, IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW);

        if (i->wd >= 0 && i->wd != wd)
                (void) inotify_rm_watch(a->fd, i->wd);
        i->wd = wd;
}

void ancestors_begin(Ancestors *a) {
        for (size_t i = 0; i < a->n_items; i++)
                a->items[i].is_wanted = false;
}

int ancestors_add(Ancestors *a, FopsSpan path) {
        bool found = true;
        int r;

        for (FopsSpan above = fops_path_dirname(path); above.size > 1; above = fops_path_dirname(above)) {
                size_t at = find(a, above, &found);

                if (!found) {
                        r = insert(a, at, above);
                        if (r < 0)
                                return r;
                }
                /* And with it all that is above it. */
                if (a->items[at].is_wanted)
                        return 0;
                a->items[at].is_wanted = true;
                follow(a, a->items + at);
        }
        return 0;
}

void ancestors_end(Ancestors *a) {
        size_t n = 0;

        for (size_t i = 0; i < a->n_items; i++)
                if (a->items[i].is_wanted)
                        a->items[n++] = a->items[i];
                else {
                        if (a->items[i].wd >= 0)
                                (void) inotify_rm_watch(a->fd, a->items[i].wd);
                        free(a->items[i].path);
                }
        a->n_items = n;
}

/* --- what became of them ------------------------------------------------------------------------------------------------ */

static int tell(const Ancestors *a, const struct inotify_event *event, AncestorsMoved moved, void *userdata) {
        if (event->mask & IN_Q_OVERFLOW)
                return moved(userdata, FOPS_SPAN_ABSENT);
        if (!(event->mask & IN_MOVE_SELF))
                return 0;
        for (size_t i = 0; i < a->n_items; i++)
                if (a->items[i].wd == event->wd)
                        return moved(userdata, fops_span_from_string(a->items[i].path));
        /* Another one stands at its path by now. */
        return moved(userdata, FOPS_SPAN_ABSENT);
}

int ancestors_hear(Ancestors *a, AncestorsMoved moved, void *userdata) {
        /* Some hundred events: of directories none has a name in it. */
        char buffer[4096] __attribute__((aligned(8)));
        int r = 0;

        for (;;) {
                ssize_t n = read(a->fd, buffer, sizeof(buffer));

                if (n < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
                for (ssize_t at = 0; r >= 0 && at < n;) {
                        const void *here = buffer + at; /* aligned: the kernel pads names */
                        const struct inotify_event *event = here;

                        r = tell(a, event, moved, userdata);
                        at += (ssize_t) (sizeof(*event) + event->len);
                }
                if (r < 0 || n == 0)
                        return r;
        }
}
