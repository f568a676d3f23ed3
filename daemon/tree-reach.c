/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Watched directories into what their rules reach of btrfs:
 *   /srv  →  the subvolume it is in, those in it, and in those; and the mounts below with all that is in them
 * btrfs lists the subvolumes of one without the tree being walked. They are put into the index, each in the directory it is in. */

#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "btrfs.h"
#include "path.h"
#include "tree-scan-internal.h"

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

/* What is found below a watched directory. */
typedef struct Found {
        const FopsTargets *targets; /* those before number @target may have rules in front of its; NULL: not asked for */
        size_t target;
        FopsReach reach;
        bool is_new; /* some weren't listed before, and have no rules of their own */
} Found;

static void found_done(Found *f) {
        free(f->reach.entries);
}

static int add_entry(FopsReach *r, FopsSubvolumeEntry entry) {
        FopsSubvolumeEntry *entries = reallocarray(r->entries, r->n_entries + 1, sizeof(FopsSubvolumeEntry));

        if (!entries)
                return -ENOMEM;
        r->entries = entries;
        r->entries[r->n_entries++] = entry;
        return 0;
}

/* Does a target that stands in front begin at @directory? */
static bool is_front(const TreeScan *s, const Found *found, FopsInodeKey directory) {
        const FopsTarget *targets = found->targets ? found->targets->items : NULL;

        for (size_t i = targets ? found->target : 0;
             i-- > 0 && targets[i].subvolume_of && targets[i].watch == targets[found->target].watch;)
                for (size_t j = 0; j < s->n_roots; j++)
                        if (fops_inode_key_equal(s->roots[j].key, directory) && strcmp(s->roots[j].path, targets[i].path) == 0)
                                return true;
        return false;
}

static int add_below(TreeScan *s, int fd, FopsSubvolumeEntry entry, unsigned depth, Found *found);

/* One subvolume that is directly in the one @fd is in, in its @directory. */
static int find_child(TreeScan *s, int fd, FopsInodeKey directory, uint64_t id, bool is_fronted, unsigned depth, Found *found) {
        FopsPathLink link = { .parent = directory, .is_directory = true };
        _cleanup_close_ int child_fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        FopsSubvolume *v;
        TreeOpened child;
        bool is_new;
        int r;

        child_fd = fops_btrfs_open_child(fd, id, directory.inode, &path);
        r = child_fd >= 0 ? tree_scan_identify(s, child_fd, &child) : child_fd;
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                found->reach.is_whole &= r == -EACCES || r == -ENOENT; /* not below, or deleted */
                return 0;
        }
        v = fops_subvolumes_get(fops_path_index_subvolumes(s->index), fops_subvolume_of(child.key));
        is_new = !v->is_listed;
        v->is_listed = true;
        is_fronted |= is_front(s, found, child.key);
        found->is_new |= is_new && !is_fronted;

        /* Where its parent isn't known it will be come upon. */
        link.name = fops_path_basename(fops_span_from_string(path));
        link.key = child.key;
        r = fops_path_index_put(s->index, &link, FOPS_PUT_SCANNED);
        if (r >= 0 && r != FOPS_INDEX_PARENT_UNKNOWN && is_new)
                r = tree_scan_enqueue(s, child.key);
        return r < 0 ? r
                     : add_below(s, child_fd, (FopsSubvolumeEntry){ .directory = child.key, .is_fronted = is_fronted }, depth + 1, found);
}

/* Adds @entry, which @fd is open on, and the subvolumes below. */
static int add_below(TreeScan *s, int fd, FopsSubvolumeEntry entry, unsigned depth, Found *found) {
        const size_t own = found->reach.n_entries;
        uint64_t id = 0, inode;
        int r;

        /* A mounted one may have been there before it was mounted here. */
        if (!entry.is_lasting)
                (void) fops_btrfs_birth(fd, &entry.since_usec);
        r = add_entry(&found->reach, entry);
        if (r < 0)
                return r;
        if (depth >= FOPS_BTRFS_DEPTH_MAX) {
                found->reach.is_whole = false;
                return 0;
        }
        while ((r = fops_btrfs_child(fd, id + 1, &id, &inode)) > 0) {
                found->reach.entries[own].newest_child = id;
                r = find_child(s, fd, fops_subvolume_key(entry.directory.dev_minor, inode), id, entry.is_fronted, depth, found);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                found->reach.is_whole = false;
        return 0;
}

/* What the rules on @path reach: what it is itself (@top, @fd), and what is mounted in it, with all below. */
static int find_region(TreeScan *s, FopsSpan path, int fd, const TreeOpened *top, Found *found) {
        int r = 0;

        found->reach.top = top->key;
        fops_reach_add_device(&found->reach, top->dev_major, top->dev_minor);
        if (top->has_subvolumes)
                r = add_below(s, fd, (FopsSubvolumeEntry){ .directory = top->key, .is_lasting = true }, 0, found);
        for (size_t i = 0; r >= 0 && i < s->mounts.n_items; i++) {
                const FopsMount *mount = s->mounts.items + i;
                FopsSpan mount_path = fops_span_from_string(mount->path);
                _cleanup_close_ int mount_fd = -EBADF;
                TreeOpened opened;

                if (fops_span_equal(mount_path, path) || !fops_path_is_below(mount_path, path))
                        continue;
                fops_reach_add_device(&found->reach, mount->dev_major, mount->dev_minor);
                if (!tree_scan_is_btrfs(mount))
                        continue;
                mount_fd = tree_scan_open_directory(s, mount_path);
                if (mount_fd == -ENOMEM)
                        return mount_fd;
                /* A file may be mounted, too. */
                if (mount_fd < 0 || tree_scan_identify(s, mount_fd, &opened) < 0 || opened.mount_id != mount->id) {
                        found->reach.is_whole &= mount_fd == -ENOTDIR;
                        continue;
                }
                r = add_below(s, mount_fd,
                              (FopsSubvolumeEntry){
                                      .directory = opened.key,
                                      .is_lasting = true,
                                      .is_fronted = is_front(s, found, opened.key),
                              },
                              0, found);
        }
        return r;
}

/* Looks at what is below @path, a watched directory. @ret_top: what that is. 0, or -errno. */
static int look_below(TreeScan *s, FopsSpan path, TreeOpened *ret_top, Found *found) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fops_arena_reset(&s->arena);
        fd = tree_scan_open_directory(s, path);
        r = fd < 0 ? fd : tree_scan_identify(s, fd, ret_top);
        return r < 0 ? r : find_region(s, path, fd, ret_top, found);
}

static int note_region(TreeScan *s, FopsSpan tag, FopsSpan path, const Found *found, uint64_t now) {
        return found->reach.n_entries == 0 ? 0 : fops_subvolumes_set_region(fops_path_index_subvolumes(s->index), tag, path, &found->reach,
                                                                            now);
}

/* 1 if there are new ones, 0, or -ENOMEM. */
static int find_reach(TreeScan *s, const FopsTargets *targets, size_t target) {
        const FopsTarget *t = targets->items + target;
        _cleanup_(found_done) Found found = { .targets = targets, .target = target, .reach.is_whole = true };
        FopsSpan path = fops_span_from_string(t->path);
        uint64_t now = now_usec();
        char tag[FOPS_TAG_BYTES_MAX];
        TreeOpened top;
        int r;

        r = look_below(s, path, &top, &found);
        if (r < 0)
                return r == -ENOMEM ? r : 0;

        fops_target_tag(t, tag);
        r = note_region(s, fops_span_from_string(tag), path, &found, now);
        fops_index_target_tag(t, tag);
        if (r >= 0)
                r = note_region(s, fops_span_from_string(tag), path, &found, now);
        return r < 0 ? r : found.is_new;
}

static bool is_reached(const FopsSubvolumes *subvolumes, uint32_t number) {
        for (size_t i = 0; i < subvolumes->n_regions; i++) {
                const FopsReach *reach = &subvolumes->regions[i].reach;

                for (size_t j = 0; j < reach->n_entries; j++)
                        if (fops_subvolume_of(reach->entries[j].directory) == number)
                                return true;
        }
        return false;
}

/* Deleted ones, and what the index has of them. */
static int forget_gone(TreeScan *s) {
        FopsSubvolumes *subvolumes = fops_path_index_subvolumes(s->index);
        int r = 0;

        for (size_t i = subvolumes->n_items; r >= 0 && i-- > 0;) {
                const uint32_t number = subvolumes->items[i].number;
                bool is_root = false;

                for (size_t j = 0; j < s->n_roots; j++)
                        is_root |= fops_subvolume_of(s->roots[j].key) == number;
                if (is_root || is_reached(subvolumes, number))
                        continue;
                r = fops_path_index_remove_below(s->index, fops_subvolume_key(number, FOPS_SUBVOLUME_TOP_INODE));
                fops_subvolumes_forget(subvolumes, number);
        }
        return MIN(r, 0);
}

static bool has_btrfs(const TreeScan *s) {
        for (size_t i = 0; i < s->mounts.n_items; i++)
                if (tree_scan_is_btrfs(s->mounts.items + i))
                        return true;
        return false;
}

int tree_scan_find_reach(TreeScan *s, const FopsTargets *targets) {
        bool has_any = has_btrfs(s), has_new = false;
        int r = 0;

        fops_subvolumes_renew_regions(fops_path_index_subvolumes(s->index), now_usec());
        for (size_t i = 0; has_any && r >= 0 && i < targets->n_items; i++)
                if (targets->items[i].is_directory && !targets->items[i].is_missing) {
                        r = find_reach(s, targets, i);
                        has_new |= r > 0;
                }
        if (r >= 0)
                r = forget_gone(s);
        return r < 0 ? r : has_new;
}

int tree_scan_look_again(TreeScan *s, FopsInodeKey directory, FopsSpan path) {
        FopsSubvolumes *subvolumes = fops_path_index_subvolumes(s->index);
        _cleanup_(found_done) Found found = { .reach.is_whole = true };
        uint64_t now = now_usec();
        TreeOpened top;
        int r;

        r = look_below(s, path, &top, &found);
        if (r == -ENOMEM)
                return r;
        for (size_t i = 0; i < subvolumes->n_regions; i++) {
                FopsRegion *region = subvolumes->regions + i;

                if (!fops_inode_key_equal(region->reach.top, directory) || !fops_span_equal_string(path, region->path))
                        continue;
                if (r < 0 || !fops_inode_key_equal(top.key, directory)) {
                        /* Gone, moved, or covered by a mount. */
                        found.is_new |= region->until_usec == UINT64_MAX;
                        region->until_usec = MIN(region->until_usec, now);
                } else if (note_region(s, fops_span_from_string(region->tag), path, &found, now) < 0)
                        return -ENOMEM;
        }
        return found.is_new;
}
