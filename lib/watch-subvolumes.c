/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A watched directory into those that stand in front of it: the btrfs subvolumes in it.
 *   /srv (btrfs), in which there are subvolumes  →  /srv/a/nested, /srv/a, /srv/b, /srv
 *
 * Records show one device for all subvolumes of a file system, and in each inode numbers begin anew. Which one an operation was in is
 * told by the rule that matched, the first in the kernel's list. So what is further in comes first. */

#include "watch-internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "btrfs.h"
#include "mountinfo.h"
#include "path.h"

/* What is to stand in front of a target. */
typedef struct Fronts {
        char *paths[FOPS_TARGET_SUBVOLUMES_MAX];
        size_t n;
        bool is_too_much;
} Fronts;

static void fronts_done(Fronts *f) {
        for (size_t i = 0; i < f->n; i++)
                free(f->paths[i]);
}

/* Takes @path over. */
static void add_front(Fronts *f, char *path) {
        f->is_too_much |= f->n == ELEMENTSOF(f->paths);
        if (f->n == ELEMENTSOF(f->paths))
                free(path);
        else
                f->paths[f->n++] = path;
}

static uint64_t hash_number(uint64_t hash, uint64_t number) {
        for (unsigned i = 0; i < sizeof(number); i++) {
                char byte = (char) (number >> 8 * i);

                hash = fops_hash_continue(hash, &byte, 1);
        }
        return hash;
}

/* Those directly in the one that @target is in, and below it. Makes that one part of *@hash. 0 or -ENOMEM. */
static int find_subvolumes(const FopsTarget *target, Fronts *f, uint64_t *hash) {
        const char *top = strcmp(target->path, "/") == 0 ? "" : target->path;
        _cleanup_close_ int fd = open(target->path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
        uint64_t id = 0, own, directory;

        if (fd < 0 || fops_btrfs_subvolume(fd, &own) < 0)
                return 0;
        *hash = hash_number(*hash, own);
        while (!f->is_too_much && fops_btrfs_child(fd, id + 1, &id, &directory) > 0) {
                _cleanup_free_ char *below = NULL;
                _cleanup_close_ int child_fd = fops_btrfs_open_child(fd, id, directory, &below);
                char *path;

                if (child_fd == -ENOMEM)
                        return child_fd;
                if (child_fd < 0)
                        continue;
                if (asprintf(&path, "%s/%s", top, below) < 0)
                        return -ENOMEM;
                add_front(f, path);
        }
        return 0;
}

/* Is what stands at @path on the file system of @mount? */
static bool is_on(const FopsMounts *mounts, const char *path, const FopsMount *mount) {
        const FopsMount *own;
        struct statx st;

        if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0)
                return false;
        own = fops_mounts_by_id(mounts, st.stx_mnt_id);
        return own && own->dev_major == mount->dev_major && own->dev_minor == mount->dev_minor;
}

static bool is_btrfs_below(const FopsMount *mount, FopsSpan top) {
        FopsSpan path = fops_span_from_string(mount->path);

        return strcmp(mount->type, "btrfs") == 0 && !fops_span_equal(path, top) && fops_path_is_below(path, top);
}

/* Is the file system of @mount below @target more than once, or both there and what @target is on? */
static bool is_shared(const FopsTarget *target, const FopsMounts *mounts, const FopsMount *mount) {
        for (size_t i = 0; i < mounts->n_items; i++) {
                const FopsMount *other = mounts->items + i;

                if (other != mount && other->dev_major == mount->dev_major && other->dev_minor == mount->dev_minor &&
                    is_btrfs_below(other, fops_span_from_string(target->path)))
                        return true;
        }
        return is_on(mounts, target->path, mount);
}

static int compare_backwards(const void *a, const void *b) {
        return strcmp(*(char *const *) b, *(char *const *) a);
}

static bool is_directory(const char *path) {
        struct stat st;

        return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool has_subvolumes(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
        uint64_t id, directory;

        return fd >= 0 && fops_btrfs_child(fd, 0, &id, &directory) > 0;
}

/* What is mounted in the target of a file system that is there more than once, or that has subvolumes. 0 or -ENOMEM. */
static int find_mounted(const FopsTarget *target, const FopsMounts *mounts, Fronts *f) {
        for (size_t i = 0; i < mounts->n_items; i++) {
                const FopsMount *mount = mounts->items + i;
                char *path;

                if (!is_btrfs_below(mount, fops_span_from_string(target->path)) ||
                    fops_mounts_at(mounts, fops_span_from_string(mount->path)) != mount ||
                    !is_on(mounts, mount->path, mount) || !is_directory(mount->path) ||
                    !(is_shared(target, mounts, mount) || has_subvolumes(mount->path)))
                        continue;
                path = strdup(mount->path);
                if (!path)
                        return -ENOMEM;
                add_front(f, path);
        }
        /* What is mounted in another mount first. */
        qsort(f->paths, f->n, sizeof(f->paths[0]), compare_backwards);
        return 0;
}

/* One configured target's. */
typedef struct Expansion {
        FopsTargets *targets;
        char *top;
        size_t n_left; /* subvolumes that may still become targets */
} Expansion;

/* Appends @target behind what is in it: @mounts (NULL: known already), and subvolumes. If that is too much, alone. */
static int append_with_subvolumes(Expansion *x, FopsTarget target, const FopsMounts *mounts, unsigned depth) {
        _cleanup_(fronts_done) Fronts f = {};
        uint64_t hash = 0;
        int r;

        if (!target.is_directory || target.is_missing || !target.watch->recursive || depth >= FOPS_BTRFS_DEPTH_MAX)
                return fops_targets_append(x->targets, target);
        r = mounts ? find_mounted(&target, mounts, &f) : 0;
        if (r >= 0)
                r = find_subvolumes(&target, &f, &hash);
        if (r < 0)
                return r;

        if (target.subvolume_of)
                hash = fops_hash_continue(hash, target.path, strlen(target.path));
        if (!f.is_too_much && f.n <= x->n_left) {
                x->n_left -= f.n;
                for (size_t i = 0; i < f.n; i++) {
                        FopsTarget front = { .watch = target.watch, .path = f.paths[i], .is_directory = true, .subvolume_of = x->top };

                        r = append_with_subvolumes(x, front, NULL, depth + 1);
                        if (r < 0)
                                return r;
                        hash = fops_hash_continue(hash, f.paths[i], strlen(f.paths[i]) + 1);
                        hash = hash_number(hash, x->targets->items[x->targets->n_items - 1].subvolumes);
                }
        }
        target.subvolumes = hash;
        return fops_targets_append(x->targets, target);
}

int fops_targets_add_subvolumes(const FopsTargets *from, FopsTargets *t) {
        _cleanup_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        _cleanup_(fops_mounts_done) FopsMounts mounts = {};
        int r;

        /* Without /proc there is but what can be seen. */
        r = fd >= 0 ? fops_mounts_read(fd, &mounts) : 0;
        if (r == -ENOMEM)
                return r;
        for (size_t i = 0; i < from->n_items; i++) {
                Expansion x = { .targets = t, .top = from->items[i].path, .n_left = FOPS_TARGET_SUBVOLUMES_MAX };

                r = append_with_subvolumes(&x, from->items[i], &mounts, 0);
                if (r < 0)
                        return r;
        }
        return 0;
}
