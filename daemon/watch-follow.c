/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Paths and patterns into the directories whose entries decide what they mean:
 *   /home/alice/.ssh, of each user  →  "home" in /, any name in /home, ".ssh" in each directory there
 * Of a symlink also those that its text names: what it leads to may come, go or be another one.
 * Of a directory only the entries asked for count, so that a busy /tmp wakes nobody. */

#include "watch-follow.h"

#include <dirent.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>

#include "path.h"

/* Long enough to take the directories of one `mkdir -p` together, short enough to be armed within 100 ms. */
#define SETTLE_USEC UINT64_C(10000)
/* 0 would mean sd-event's default, a quarter of a second. */
#define SETTLE_ACCURACY_USEC UINT64_C(1000)
/* Components of symlinks' texts on the way of one path. The kernel follows 40 symlinks; what has more than this is made to keep us busy. */
#define LINK_STEPS_MAX 256U
/* inotify's default bound for a user is some thousands; a glob over more directories than this isn't followed whole. */
#define PLACES_MAX 8192U

/* A directory, and which of its entries count. */
typedef struct Place {
        WatchFollow *follow;
        sd_event_source *source;
        char *path;
        dev_t dev;
        ino_t inode; /* of what stood at the path: a symlink in it may lead elsewhere now */
        char **patterns; /* sorted: a thousand watches may be in one directory */
        size_t n_patterns;
        bool is_wanted; /* since the last set */
        bool is_gone;   /* the directory isn't at its path any more */
} Place;

struct WatchFollow {
        sd_event *event;
        sd_event_source *settle;
        WatchFollowChanged changed;
        void *userdata;
        Place **places; /* pointers: inotify sources hold them */
        size_t n_places;
        char *plain; /* a directory that was followed in this set, with no symlink on the way; NULL: none */
};

static void forget_patterns(Place *p) {
        for (size_t i = 0; i < p->n_patterns; i++)
                free(p->patterns[i]);
        free(p->patterns);
        p->patterns = NULL;
        p->n_patterns = 0;
}

static Place *place_free(Place *p) {
        if (!p)
                return NULL;
        sd_event_source_disable_unref(p->source);
        forget_patterns(p);
        free(p->path);
        free(p);
        return NULL;
}
FOPS_DEFINE_CLEANUP(Place *, place_free)

static void forget_unwanted(WatchFollow *f) {
        size_t n = 0;

        for (size_t i = 0; i < f->n_places; i++)
                if (f->places[i]->is_wanted)
                        f->places[n++] = f->places[i];
                else
                        place_free(f->places[i]);
        f->n_places = n;
}

WatchFollow *watch_follow_free(WatchFollow *f) {
        if (!f)
                return NULL;
        for (size_t i = 0; i < f->n_places; i++)
                place_free(f->places[i]);
        free(f->places);
        free(f->plain);
        sd_event_source_disable_unref(f->settle);
        free(f);
        return NULL;
}

static int on_settled(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        WatchFollow *f = userdata;

        return f->changed(f->userdata);
}

int watch_follow_new(sd_event *event, WatchFollowChanged changed, void *userdata, WatchFollow **ret) {
        _cleanup_(watch_follow_freep) WatchFollow *f = calloc(1, sizeof(WatchFollow));
        int r;

        if (!f)
                return -ENOMEM;
        f->event = event;
        f->changed = changed;
        f->userdata = userdata;

        r = sd_event_add_time(event, &f->settle, CLOCK_MONOTONIC, 0, SETTLE_ACCURACY_USEC, on_settled, f);
        if (r >= 0)
                r = sd_event_source_set_enabled(f->settle, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}

int watch_follow_look_again(WatchFollow *f) {
        int enabled, r;

        r = sd_event_source_get_enabled(f->settle, &enabled);
        if (r < 0 || enabled != SD_EVENT_OFF)
                return r;
        r = sd_event_source_set_time_relative(f->settle, SETTLE_USEC);
        return r < 0 ? r : sd_event_source_set_enabled(f->settle, SD_EVENT_ONESHOT);
}

static bool counts(Place *p, const struct inotify_event *event) {
        /* What an overflow has swallowed may have been this. */
        if (event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_Q_OVERFLOW)) {
                p->is_gone = true;
                return true;
        }
        /* Literally too: a path that is no pattern may hold a backslash. */
        for (size_t i = 0; event->len > 0 && i < p->n_patterns; i++)
                if (strcmp(p->patterns[i], event->name) == 0 || fnmatch(p->patterns[i], event->name, FNM_PERIOD) == 0)
                        return true;
        return false;
}

static int on_inotify(sd_event_source *source _unused_, const struct inotify_event *event, void *userdata) {
        Place *p = userdata;

        return counts(p, event) ? watch_follow_look_again(p->follow) : 0;
}

static int place_add_pattern(Place *p, FopsSpan component) {
        size_t lo = 0, hi = p->n_patterns;
        char **patterns, *copy;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;
                int order = strncmp(p->patterns[mid], component.data, component.size);

                if (order == 0 && p->patterns[mid][component.size] == '\0')
                        return 0;
                if (order < 0)
                        lo = mid + 1;
                else
                        hi = mid;
        }

        copy = strndup(component.data, component.size);
        if (!copy)
                return -ENOMEM;
        patterns = reallocarray(p->patterns, p->n_patterns + 1, sizeof(char *));
        if (!patterns) {
                free(copy);
                return -ENOMEM;
        }
        memmove(patterns + lo + 1, patterns + lo, (p->n_patterns - lo) * sizeof(char *));
        patterns[lo] = copy;
        p->patterns = patterns;
        p->n_patterns++;
        return 0;
}

static int follow_entry(WatchFollow *f, const char *directory, FopsSpan component) {
        _cleanup_(place_freep) Place *p = NULL;
        struct stat st;
        Place **places;
        int r;

        if (stat(directory, &st) < 0)
                return 0;
        for (size_t i = 0; i < f->n_places; i++) {
                const Place *known = f->places[i];

                if (!known->is_gone && known->dev == st.st_dev && known->inode == st.st_ino && strcmp(known->path, directory) == 0) {
                        f->places[i]->is_wanted = true;
                        return place_add_pattern(f->places[i], component);
                }
        }
        if (f->n_places >= PLACES_MAX)
                return 0;

        places = reallocarray(f->places, f->n_places + 1, sizeof(Place *));
        if (!places)
                return -ENOMEM;
        f->places = places;

        p = calloc(1, sizeof(Place));
        if (!p)
                return -ENOMEM;
        p->follow = f;
        p->is_wanted = true;
        p->dev = st.st_dev;
        p->inode = st.st_ino;
        p->path = strdup(directory);
        if (!p->path)
                return -ENOMEM;
        r = place_add_pattern(p, component);
        if (r < 0)
                return r;

        r = sd_event_add_inotify(f->event, &p->source, directory,
                                 IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR,
                                 on_inotify, p);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return 0; /* gone, no directory, or there are no inotify watches left */

        f->places[f->n_places++] = TAKE_PTR(p);
        return 0;
}

/* One watch's path. */
typedef struct Walk {
        WatchFollow *follow;
        unsigned n_link_steps; /* so far: a text may lead through other symlinks, again and again */
} Walk;

static int follow_below(Walk *w, const char *directory, FopsSpan rest, bool is_glob);

/* Follows @rest in what @name in @directory is now, if that is a directory. */
static int follow_in(Walk *w, const char *directory, FopsSpan name, FopsSpan rest, bool is_glob) {
        _cleanup_free_ char *path = NULL;
        struct stat st;

        if (asprintf(&path, "%s/%.*s", strcmp(directory, "/") == 0 ? "" : directory, (int) name.size, name.data) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? follow_below(w, path, rest, is_glob) : 0;
}

/* Not glob(3), for which the names that it has found would be patterns again: anybody may call a directory "*". */
static int follow_matches(Walk *w, const char *directory, FopsSpan component, FopsSpan rest) {
        const unsigned n_link_steps = w->n_link_steps;
        _cleanup_free_ char *pattern = strndup(component.data, component.size);
        const struct dirent *entry;
        DIR *d;
        int r = 0;

        if (!pattern)
                return -ENOMEM;
        d = opendir(directory);
        if (!d)
                return errno == ENOMEM ? -ENOMEM : 0;
        while (r >= 0 && (entry = readdir(d)))
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                    fnmatch(pattern, entry->d_name, FNM_PERIOD) == 0) {
                        w->n_link_steps = n_link_steps;
                        r = follow_in(w, directory, fops_span_from_string(entry->d_name), rest, true);
                }
        closedir(d);
        return r;
}

/* Follows the text of the symlink @name in @directory, if it is one. */
static int follow_link(Walk *w, const char *directory, FopsSpan name) {
        _cleanup_free_ char *path = NULL;
        char text[PATH_MAX];
        ssize_t n;

        if (asprintf(&path, "%s/%.*s", strcmp(directory, "/") == 0 ? "" : directory, (int) name.size, name.data) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        n = readlink(path, text, sizeof(text));
        if (n <= 0)
                return 0;
        w->n_link_steps++;
        for (ssize_t i = 0; i < n; i++)
                w->n_link_steps += text[i] == '/';
        if (w->n_link_steps > LINK_STEPS_MAX)
                return 0;
        return follow_below(w, text[0] == '/' ? "/" : directory, (FopsSpan){ text, (size_t) n }, false);
}

/* Follows the first component of @rest in @directory, and the others in what it leads to now. */
static int follow_below(Walk *w, const char *directory, FopsSpan rest, bool is_glob) {
        FopsSpan component;
        bool is_pattern = false;
        const char *stop;
        int r;

        while (rest.size > 0 && rest.data[0] == '/')
                rest = fops_span_skip(rest, 1);
        if (rest.size == 0)
                return 0;
        stop = memchr(rest.data, '/', rest.size);
        component = (FopsSpan){ rest.data, stop ? (size_t) (stop - rest.data) : rest.size };
        for (size_t i = 0; is_glob && i < component.size; i++)
                is_pattern |= strchr("*?[\\", component.data[i]) != NULL;

        r = follow_entry(w->follow, directory, component);
        if (r >= 0 && !is_pattern)
                r = follow_link(w, directory, component);
        if (r < 0 || !stop)
                return r;
        rest = fops_span_skip(rest, component.size + 1);
        return is_pattern ? follow_matches(w, directory, component, rest) : follow_in(w, directory, component, rest, is_glob);
}

static int remember_if_plain(WatchFollow *f, FopsSpan directory) {
        _cleanup_free_ char *path = strndup(directory.data, directory.size);
        char resolved[PATH_MAX];

        if (!path)
                return -ENOMEM;
        if (!realpath(path, resolved) || strcmp(path, resolved) != 0)
                return 0;
        free(f->plain);
        f->plain = TAKE_PTR(path);
        return 0;
}

/* Of a thousand watches in one directory the way there is gone once. */
static int follow_watch(WatchFollow *f, const FopsWatch *watch) {
        FopsSpan path = fops_span_from_string(watch->path), directory = fops_path_dirname(path);
        Walk walk = { .follow = f };
        int r;

        if (!watch->is_glob && f->plain && fops_span_equal_string(directory, f->plain))
                return follow_below(&walk, f->plain, fops_path_basename(path), false);
        r = follow_below(&walk, "/", path, watch->is_glob);
        return r < 0 || watch->is_glob || !fops_span_is_present(directory) ? r : remember_if_plain(f, directory);
}

int watch_follow_set(WatchFollow *f, const FopsWatch *watches, size_t n_watches) {
        int r = 0;

        /* What stays is kept: an inotify descriptor that is closed makes the kernel wait a long while. */
        for (size_t i = 0; i < f->n_places; i++) {
                f->places[i]->is_wanted = false;
                forget_patterns(f->places[i]);
        }
        for (size_t i = 0; r >= 0 && i < n_watches; i++)
                r = follow_watch(f, watches + i);
        free(f->plain);
        f->plain = NULL;
        forget_unwanted(f);
        return r;
}
