/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Configured paths into what stands there now:
 *   /srv/site-*   →  /srv/site-a (directory), /srv/site-b (directory)
 *   /etc/mtab     →  /proc/1/mounts (the symlink's end: a rule is bound to an inode, and this is the one that is opened)
 *   /srv/later    →  missing
 *   /srv/dangling →  missing, and expected where the symlink leads
 * One moment's picture: what changes afterwards is the daemon's to notice and to expand again. */

#include "watch-internal.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "target-group.h"

/* As many as the kernel follows (MAXSYMLINKS). */
#define SYMLINKS_MAX 40

void fops_targets_done(FopsTargets *t) {
        for (size_t i = 0; i < t->n_items; i++) {
                free(t->items[i].path);
                free(t->items[i].subvolume_of);
        }
        fops_targets_ungroup(t);
        free(t->items);
        *t = (FopsTargets){};
}

int fops_targets_append(FopsTargets *t, FopsTarget target) {
        bool is_subvolume = target.subvolume_of != NULL;

        target.path = strdup(target.path);
        target.subvolume_of = is_subvolume ? strdup(target.subvolume_of) : NULL;
        if (!target.path || (is_subvolume && !target.subvolume_of))
                goto failed;

        /* Grows at powers of two; the count itself says when. */
        if ((t->n_items & (t->n_items - 1)) == 0) {
                FopsTarget *items = reallocarray(t->items, t->n_items ? t->n_items * 2 : 1, sizeof(FopsTarget));

                if (!items)
                        goto failed;
                t->items = items;
        }

        t->items[t->n_items++] = target;
        return 0;

failed:
        free(target.path);
        free(target.subvolume_of);
        return -ENOMEM;
}

/* What stands at @path, into @*ret, whose path is then @buffer. 0 or -errno. */
static int look(const char *path, char buffer[static PATH_MAX], FopsTarget *ret) {
        struct stat st;

        if (!realpath(path, buffer) || stat(buffer, &st) < 0)
                return -errno;
        ret->path = buffer;
        ret->is_directory = S_ISDIR(st.st_mode);
        if (ret->is_directory) {
                ret->device = st.st_dev;
                ret->inode = st.st_ino;
        }
        return 0;
}

/* Where the file that is missing at @path comes to be, when it is made: its name in a directory that is there, by its real path. A
 * symlink that leads nowhere is followed to where it leads. False if there is no such directory. */
static bool find_place(const char *path, char ret[static PATH_MAX]) {
        char next[PATH_MAX], link[PATH_MAX];
        size_t size;
        ssize_t n;

        if (snprintf(next, sizeof(next), "%s", path) >= PATH_MAX)
                return false;
        for (unsigned i = 0; i < SYMLINKS_MAX; i++) {
                char *slash = strrchr(next, '/');

                *slash = '\0';
                if (!realpath(slash == next ? "/" : next, ret))
                        return false;
                size = strcmp(ret, "/") == 0 ? 0 : strlen(ret);
                if (snprintf(ret + size, PATH_MAX - size, "/%s", slash + 1) >= (int) (PATH_MAX - size))
                        return false;
                n = readlink(ret, link, sizeof(link));
                if (n < 0)
                        return errno == ENOENT;
                if (snprintf(next, sizeof(next), "%.*s%s%.*s", link[0] == '/' ? 0 : (int) size, ret, link[0] == '/' ? "" : "/", (int) n,
                             link) >= PATH_MAX)
                        return false;
        }
        return false;
}

static int expand_path(const FopsWatch *w, FopsTargets *t, FopsDiags *diags) {
        FopsTarget target = { .watch = w };
        char buffer[PATH_MAX];
        int r;

        r = look(w->path, buffer, &target);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                target.is_missing = true;
                target.has_parent = r == -ENOENT && find_place(w->path, buffer);
                target.path = target.has_parent ? buffer : w->path;
                /* Not being there is what a watch may wait for. */
                if (r != -ENOENT && r != -ENOTDIR) {
                        r = fops_diags_add(diags, FOPS_NOTE, w->file, w->line, "can't look at '%s' yet: %s", w->path,
                                           strerror(-r));
                        if (r < 0)
                                return r;
                }
        }

        return fops_targets_append(t, target);
}

static int compare_targets(const void *a, const void *b) {
        const FopsTarget *x = a, *y = b;

        return strcmp(x->path, y->path);
}

/* Two matches can be one thing, through symlinks; the kernel would refuse the second rule. */
static void drop_duplicates(FopsTargets *t, size_t first) {
        size_t n = first;

        if (t->n_items == first)
                return;

        qsort(t->items + first, t->n_items - first, sizeof(FopsTarget), compare_targets);
        for (size_t i = first; i < t->n_items; i++)
                if (i > first && strcmp(t->items[n - 1].path, t->items[i].path) == 0)
                        free(t->items[i].path);
                else
                        t->items[n++] = t->items[i];
        t->n_items = n;
}

static int expand_matches(const FopsWatch *w, const glob_t *matches, FopsTargets *t, FopsDiags *diags) {
        size_t n = MIN(matches->gl_pathc, (size_t) FOPS_GLOB_MATCHES_MAX), first = t->n_items;

        for (size_t i = 0; i < n; i++) {
                FopsTarget target = { .watch = w };
                char buffer[PATH_MAX];
                int r;

                /* A dangling symlink, or gone since: the pattern says what may come, a single name of it doesn't. */
                r = look(matches->gl_pathv[i], buffer, &target);
                if (r == 0)
                        r = fops_targets_append(t, target);
                if (r == -ENOMEM)
                        return r;
        }
        drop_duplicates(t, first);

        if (matches->gl_pathc > n)
                return fops_diags_add(diags, FOPS_ERROR, w->file, w->line,
                                      "'%s' matches %zu paths, only the first %zu are watched", w->path,
                                      (size_t) matches->gl_pathc, n);
        return 0;
}

static int expand_glob(const FopsWatch *w, FopsTargets *t, FopsDiags *diags) {
        glob_t matches = {};
        int r;

        r = glob(w->path, 0, NULL, &matches);
        if (r == 0)
                r = expand_matches(w, &matches, t, diags);
        else
                r = r == GLOB_NOSPACE ? -ENOMEM : 0;
        globfree(&matches);
        return r;
}

int fops_targets_expand(const FopsWatch *watches, size_t n_watches, FopsTargets *ret, FopsDiags *diags) {
        _cleanup_(fops_targets_done) FopsTargets named = {}, t = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n_watches; i++)
                r = watches[i].is_glob ? expand_glob(watches + i, &named, diags) : expand_path(watches + i, &named, diags);
        if (r >= 0)
                r = fops_targets_add_subvolumes(&named, &t);
        if (r < 0)
                return r;

        *ret = t;
        t = (FopsTargets){};
        return 0;
}
