/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <time.h>

#include "arena.h"

/* How often the files are looked at: a new user is known within a second, and an event costs no stat(2). */
#define CHECK_INTERVAL_MSEC INT64_C(1000)
/* An id without a name is asked for again after this: a directory server may come up later than fopsd does. */
#define RETRY_INTERVAL_MSEC INT64_C(60000)
/* getpwuid_r(3) says ERANGE until the buffer is large enough; a group of tens of thousands of members fits into this. */
#define BUFFER_BYTES_MAX ((size_t) 4 << 20)

#define ITEMS_MAX ((size_t) FOPS_NAMES_MAX + FOPS_NAMES_AT_ONCE)

typedef struct Name {
        uint32_t id;
        FopsSpan name; /* absent: there is none */
        int64_t asked_msec;
} Name;

/* Answers of one kind, sorted by id. */
typedef struct Cache {
        const char *path;
        int (*ask)(uint32_t id, char *buffer, size_t size, const char **ret); /* 0 with *@ret or NULL, or an errno */
        struct stat file; /* as it was when the answers were given; all zero: not there */
        int64_t checked_msec;
        Name *items;
        size_t n_items;
        FopsArena arena; /* the names */
} Cache;

struct FopsNames {
        Cache users, groups;
        int64_t now_msec;
        uint64_t n_checks; /* of the files, and of who had no name; between two of them answers stay the same */
        char *buffer;
        size_t buffer_bytes;
};

static int ask_user(uint32_t id, char *buffer, size_t size, const char **ret) {
        struct passwd pw, *found;
        int r = getpwuid_r(id, &pw, buffer, size, &found);

        *ret = r == 0 && found ? found->pw_name : NULL;
        return r;
}

static int ask_group(uint32_t id, char *buffer, size_t size, const char **ret) {
        struct group gr, *found;
        int r = getgrgid_r(id, &gr, buffer, size, &found);

        *ret = r == 0 && found ? found->gr_name : NULL;
        return r;
}

FopsNames *fops_names_new(void) {
        _cleanup_(fops_names_freep) FopsNames *n = calloc(1, sizeof(FopsNames));

        if (!n)
                return NULL;

        n->users = (Cache){ .path = "/etc/passwd", .ask = ask_user, .checked_msec = INT64_MIN };
        n->groups = (Cache){ .path = "/etc/group", .ask = ask_group, .checked_msec = INT64_MIN };
        n->buffer_bytes = 1024;
        n->buffer = malloc(n->buffer_bytes);
        n->users.items = calloc(ITEMS_MAX, sizeof(Name));
        n->groups.items = calloc(ITEMS_MAX, sizeof(Name));
        if (!n->buffer || !n->users.items || !n->groups.items)
                return NULL;
        return TAKE_PTR(n);
}

FopsNames *fops_names_free(FopsNames *n) {
        if (!n)
                return NULL;

        fops_arena_done(&n->users.arena);
        fops_arena_done(&n->groups.arena);
        free(n->users.items);
        free(n->groups.items);
        free(n->buffer);
        free(n);
        return NULL;
}

static int64_t now_msec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
        return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void cache_empty(Cache *c) {
        c->n_items = 0;
        fops_arena_reset(&c->arena);
}

static bool same_file(const struct stat *a, const struct stat *b) {
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* False if it isn't time yet. */
static bool cache_refresh(Cache *c, int64_t now) {
        struct stat file;

        if (c->n_items > FOPS_NAMES_MAX)
                cache_empty(c);
        if (c->checked_msec != INT64_MIN && now - c->checked_msec < CHECK_INTERVAL_MSEC)
                return false;
        c->checked_msec = now;

        if (stat(c->path, &file) < 0)
                file = (struct stat){};
        if (!same_file(&file, &c->file))
                cache_empty(c);
        c->file = file;
        return true;
}

/* The place of @id, or where it belongs. */
static size_t cache_place(const Cache *c, uint32_t id) {
        size_t low = 0, high = c->n_items;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (c->items[middle].id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static FopsSpan ask(FopsNames *n, Cache *c, uint32_t id) {
        const char *name;

        while (c->ask(id, n->buffer, n->buffer_bytes, &name) == ERANGE) {
                char *larger;

                if (n->buffer_bytes >= BUFFER_BYTES_MAX)
                        return FOPS_SPAN_ABSENT;
                larger = realloc(n->buffer, n->buffer_bytes * 2);
                if (!larger)
                        return FOPS_SPAN_ABSENT;
                n->buffer = larger;
                n->buffer_bytes *= 2;
        }
        return fops_arena_copy(&c->arena, fops_span_from_string(name));
}

static FopsSpan cache_get(FopsNames *n, Cache *c, uint32_t id) {
        size_t i = cache_place(c, id);
        bool is_new = i == c->n_items || c->items[i].id != id;

        if (!is_new && (fops_span_is_present(c->items[i].name) || n->now_msec - c->items[i].asked_msec < RETRY_INTERVAL_MSEC))
                return c->items[i].name;

        if (is_new) {
                if (c->n_items == ITEMS_MAX)
                        return FOPS_SPAN_ABSENT;
                memmove(c->items + i + 1, c->items + i, (c->n_items - i) * sizeof(Name));
                c->n_items++;
        }
        c->items[i] = (Name){ .id = id, .name = ask(n, c, id), .asked_msec = n->now_msec };
        return c->items[i].name;
}

void fops_names_begin(FopsNames *n) {
        if (!n)
                return;
        n->now_msec = now_msec();
        n->n_checks += cache_refresh(&n->users, n->now_msec);
        n->n_checks += cache_refresh(&n->groups, n->now_msec);
}

uint64_t fops_names_version(const FopsNames *n) {
        return n ? n->n_checks : 0;
}

FopsSpan fops_names_user(FopsNames *n, uint32_t uid) {
        return n ? cache_get(n, &n->users, uid) : FOPS_SPAN_ABSENT;
}

FopsSpan fops_names_group(FopsNames *n, uint32_t gid) {
        return n ? cache_get(n, &n->groups, gid) : FOPS_SPAN_ABSENT;
}
