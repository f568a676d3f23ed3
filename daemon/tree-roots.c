/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Where trees begin: what is watched, and what is mounted in it. The index has each by its path; here it is known which those are, so that
 * they can be taken out again. */

#include "tree-scan-internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "path.h"

static TreeRoot *find_root(TreeScan *s, FopsSpan path) {
        for (size_t n = 0; n < s->n_roots; n++) {
                size_t i = (s->next_root + n) % s->n_roots;

                if (fops_span_equal_string(path, s->roots[i].path)) {
                        s->next_root = i + 1;
                        return s->roots + i;
                }
        }
        return NULL;
}

/* What of @root follows from what is open there. */
static int note_mount(TreeScan *s, TreeRoot *root, const TreeOpened *opened) {
        const FopsMount *mount = fops_mounts_by_id(&s->mounts, opened->mount_id);
        FopsSpan path = fops_span_from_string(root->path);
        _cleanup_close_ int fd = -EBADF;
        TreeOpened above;

        root->mount_id = 0;
        root->is_in_index = false;
        if (!mount || !fops_span_equal_string(path, mount->path) || !fops_path_dirname(path).data)
                return 0;
        fd = tree_scan_open_directory(s, fops_path_dirname(path));
        if (fd < 0)
                return fd == -ENOMEM ? fd : 0;
        if (tree_scan_identify(s, fd, &above) < 0)
                return 0;
        root->mount_id = mount->id;
        root->above = above.key;
        root->is_in_index = fops_path_index_is_held(s->index, above.key);
        return 0;
}

static int remember(TreeScan *s, FopsSpan path, FopsInodeKey key, bool is_tree) {
        _cleanup_free_ char *copy = strndup(path.data, path.size);
        TreeRoot *roots;

        if (!copy)
                return -ENOMEM;
        roots = reallocarray(s->roots, s->n_roots + 1, sizeof(TreeRoot));
        if (!roots)
                return -ENOMEM;
        s->roots = roots;
        s->roots[s->n_roots++] = (TreeRoot){ .path = TAKE_PTR(copy), .key = key, .is_wanted = true, .is_tree = is_tree };
        return 0;
}

/* Is all that is done in it heard of as of what is in another root? */
static bool is_in_tree(const TreeScan *s, const TreeRoot *root) {
        for (size_t i = 0; i < s->n_roots; i++) {
                const TreeRoot *other = s->roots + i;

                if (other != root && other->is_tree && other->gone_usec == 0 &&
                    fops_path_is_below(fops_span_from_string(root->path), fops_span_from_string(other->path)))
                        return true;
        }
        return false;
}

/* @root is there again. What the index has of it is from before, and of what was done meanwhile nothing was heard. */
static int forget_unheard(TreeScan *s, const TreeRoot *root) {
        int r;

        tree_scan_set_incomplete(s, root->key);
        r = fops_path_index_remove_root(s->index, root->key, fops_span_from_string(root->path));
        if (r >= 0 && !(is_in_tree(s, root) && fops_path_index_is_known(s->index, root->key)))
                r = fops_path_index_remove_below(s->index, root->key);
        return MIN(r, 0);
}

/* As tree_scan_make_root(). KNOWN: so is all that is to be known of what is below. */
static int make_root(TreeScan *s, const TreeOpened *opened, FopsSpan path, bool is_tree) {
        const FopsInodeKey key = opened->key;
        TreeRoot *known = find_root(s, path);
        bool was_away, is_back, was_tree;
        int r;

        if (!known) {
                r = remember(s, path, key, is_tree);
                if (r >= 0)
                        r = note_mount(s, s->roots + s->n_roots - 1, opened);
                return r < 0 ? r : fops_path_index_add_root(s->index, key, path);
        }

        /* Left; or an event has taken it to where nobody knows. */
        was_away = known->gone_usec > 0 || !fops_path_index_is_held(s->index, known->key);
        is_back = was_away && fops_inode_key_equal(known->key, key);
        was_tree = known->is_tree && !was_away;
        r = is_back ? forget_unheard(s, known) : 0;
        if (r >= 0)
                r = note_mount(s, known, opened);
        if (r < 0)
                return r;
        known->key = key;
        known->gone_usec = 0;
        known->is_wanted = true;
        known->is_tree = was_tree || is_tree;
        r = fops_path_index_add_root(s->index, key, path);
        return r == FOPS_INDEX_KNOWN && is_tree && !was_tree ? FOPS_INDEX_DONE : r;
}

int tree_scan_make_root(TreeScan *s, const TreeOpened *opened, FopsSpan path) {
        return make_root(s, opened, path, true);
}

/* What was mounted and isn't in @now. */
static void forget_unmounted(TreeScan *s, const FopsMounts *now) {
        for (size_t i = 0; i < s->mounts.n_items; i++) {
                const FopsMount *mount = s->mounts.items + i;
                bool is_there = false;

                for (size_t j = 0; j < now->n_items && tree_scan_is_btrfs(mount); j++)
                        is_there |= now->items[j].dev_major == mount->dev_major && now->items[j].dev_minor == mount->dev_minor;
                if (tree_scan_is_btrfs(mount) && !is_there)
                        fops_subvolumes_forget_device(fops_path_index_subvolumes(s->index), mount->dev_major, mount->dev_minor);
        }
}

int tree_scan_read_mounts(TreeScan *s) {
        _cleanup_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        FopsMounts mounts;
        int r;

        if (fd < 0)
                return -errno;
        r = fops_mounts_read(fd, &mounts);
        if (r < 0)
                return r;
        forget_unmounted(s, &mounts);
        fops_mounts_done(&s->mounts);
        s->mounts = mounts;
        return 0;
}

/* The last one takes its place. */
static int remove_root(TreeScan *s, TreeRoot *root) {
        int r = fops_path_index_remove_root(s->index, root->key, fops_span_from_string(root->path));

        tree_scan_set_incomplete(s, root->key);
        free(root->path);
        *root = s->roots[--s->n_roots];
        return MIN(r, 0);
}

int tree_scan_remove_root(TreeScan *s, FopsSpan path) {
        TreeRoot *root = find_root(s, path);

        return root ? remove_root(s, root) : 0;
}

int tree_scan_remove_below(TreeScan *s, FopsSpan path) {
        int r = 0;

        for (size_t i = s->n_roots; r >= 0 && i-- > 0;)
                if (fops_path_is_below(fops_span_from_string(s->roots[i].path), path))
                        r = remove_root(s, s->roots + i);
        return r;
}

int tree_scan_remove_mount(TreeScan *s, const FopsMount *mount) {
        for (size_t i = 0; i < s->n_roots; i++)
                if (s->roots[i].mount_id == mount->id)
                        return remove_root(s, s->roots + i);
        return tree_scan_remove_root(s, fops_span_from_string(mount->path));
}

/* @root is at @path now. */
static int move_root(TreeScan *s, TreeRoot *root, FopsSpan path) {
        char *copy = strndup(path.data, path.size);
        int r;

        if (!copy)
                return -ENOMEM;
        r = fops_path_index_move_root(s->index, root->key, fops_span_from_string(root->path), path);
        free(root->path);
        root->path = copy;
        /* It isn't gone, if that is what the watch's path said. */
        if (is_in_tree(s, root))
                root->gone_usec = 0;
        return MIN(r, 0);
}

/* 1 if @root is elsewhere now, or, if @are_all_moved, is one no more; 0, or -errno. */
static int follow_mount(TreeScan *s, TreeRoot *root, bool are_all_moved) {
        FopsSpan path = fops_span_from_string(root->path);
        FopsPathCandidates above;
        int r;

        fops_arena_reset(&s->arena);
        r = fops_path_index_candidates(s->index, root->above, true, &s->arena, &above);
        if (r < 0)
                return r;
        for (size_t i = 0; i < above.n; i++)
                if (fops_span_equal(above.paths[i], fops_path_dirname(path))) {
                        root->is_in_index = true;
                        return 0;
                }
        /* A directory mounted in itself isn't where it is by itself. */
        if (above.n == 1 && !above.more && !fops_path_is_below(above.paths[0], path)) {
                path = fops_path_join(&s->arena, above.paths[0], fops_path_basename(path));
                r = path.data ? move_root(s, root, path) : -ENOMEM;
        } else if (are_all_moved && root->is_in_index)
                r = remove_root(s, root);
        else
                return 0;
        return r < 0 ? r : 1;
}

/* What is mounted in something mounted follows that: with each round at least one is where it belongs. */
static int follow_all_mounts(TreeScan *s, bool are_all_moved) {
        bool any = true;
        int r = 0;

        for (size_t n = s->n_roots; r >= 0 && any && n > 0; n--) {
                any = false;
                for (size_t i = s->n_roots; r >= 0 && i-- > 0;)
                        if (s->roots[i].mount_id > 0) {
                                r = follow_mount(s, s->roots + i, are_all_moved);
                                any |= r > 0;
                        }
        }
        return MIN(r, 0);
}

int tree_scan_follow_mounts(TreeScan *s) {
        /* Of two that change places the first takes the other's away for a while. */
        int r = follow_all_mounts(s, false);

        return r < 0 ? r : follow_all_mounts(s, true);
}

int tree_scan_forget(TreeScan *s) {
        int r;

        s->n_queue = s->n_put_off = 0;
        s->n_rounds = 0;
        r = sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
        if (s->fd >= 0)
                close(s->fd);
        s->fd = -EBADF;
        while (r >= 0 && s->n_roots > 0)
                r = remove_root(s, s->roots + s->n_roots - 1);
        fops_path_index_forget_ghosts(s->index);
        return r;
}

static bool is_mounted(const TreeScan *s, FopsInodeKey key) {
        for (size_t i = 0; i < s->mounts.n_items; i++)
                if (s->mounts.items[i].dev_major == key.dev_major && s->mounts.items[i].dev_minor == key.dev_minor)
                        return true;
        return false;
}

static int leave_root(TreeScan *s, TreeRoot *root, uint64_t usec) {
        /* The next file system may have its device number, and its inodes. */
        if (!is_mounted(s, root->key))
                return remove_root(s, root);
        root->gone_usec = usec;
        return 0;
}

int tree_scan_leave_root(TreeScan *s, FopsSpan path, uint64_t usec) {
        TreeRoot *root = find_root(s, path);

        return root ? leave_root(s, root, usec) : 0;
}

void tree_scan_begin_targets(TreeScan *s) {
        for (size_t i = 0; i < s->n_roots; i++)
                s->roots[i].is_wanted = false;
}

static bool is_in_target(const FopsTargets *targets, const TreeRoot *root) {
        for (size_t i = 0; i < targets->n_items; i++) {
                const FopsTarget *t = targets->items + i;

                if (t->is_directory && !t->is_missing &&
                    fops_path_is_below(fops_span_from_string(root->path), fops_span_from_string(t->path)))
                        return true;
        }
        return false;
}

int tree_scan_leave_trees(TreeScan *s, const FopsTargets *targets, uint64_t usec) {
        int r = 0;

        for (size_t i = s->n_roots; r >= 0 && i-- > 0;) {
                TreeRoot *root = s->roots + i;

                if (root->is_tree && root->gone_usec == 0 && !root->is_wanted && !is_in_target(targets, root))
                        r = leave_root(s, root, usec);
        }
        return r;
}

int tree_scan_leave_files(TreeScan *s, const FopsTargets *targets, uint64_t usec) {
        int r = 0;

        for (size_t i = s->n_roots; r >= 0 && i-- > 0;) {
                TreeRoot *root = s->roots + i;

                if (root->is_tree || root->gone_usec > 0)
                        continue;
                root->is_tree = is_in_target(targets, root);
                if (!root->is_tree && !root->is_wanted)
                        r = leave_root(s, root, usec);
        }
        return r;
}

int tree_scan_remove_left(TreeScan *s, uint64_t usec) {
        int r = 0;

        for (size_t i = s->n_roots; r >= 0 && i-- > 0;)
                if (s->roots[i].gone_usec > 0 && s->roots[i].gone_usec < usec)
                        r = remove_root(s, s->roots + i);
        return r;
}

/* Opens @path and makes it a root. Returns a descriptor, an outcome of the index in *@ret_outcome, or -errno: it isn't there. */
static int add_root(TreeScan *s, FopsSpan path, bool is_tree, TreeOpened *ret_opened, int *ret_outcome) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fops_arena_reset(&s->arena);
        fd = tree_scan_open_directory(s, path);
        if (fd < 0)
                return fd;
        r = tree_scan_identify(s, fd, ret_opened);
        if (r >= 0)
                r = make_root(s, ret_opened, path, is_tree);
        if (r < 0)
                return r;
        *ret_outcome = r;
        return TAKE_FD(fd);
}

/* A subvolume that was found in another root, and scanned with it. */
static bool has_all_of(const TreeScan *s, FopsInodeKey directory) {
        const FopsSubvolume *v = fops_subvolumes_get(fops_path_index_subvolumes(s->index), fops_subvolume_of(directory));

        return v && directory.inode == FOPS_SUBVOLUME_TOP_INODE && v->complete_since_usec != UINT64_MAX;
}

int tree_scan_add_root(TreeScan *s, FopsSpan path) {
        _cleanup_close_ int fd = -EBADF;
        TreeOpened opened;
        int outcome;

        fd = add_root(s, path, true, &opened, &outcome);
        if (fd < 0)
                return fd;
        /* What is known has been scanned, or is being. */
        return outcome != FOPS_INDEX_KNOWN && !has_all_of(s, opened.key) ? tree_scan_enqueue(s, opened.key) : 0;
}

int tree_scan_add_file(TreeScan *s, FopsSpan path) {
        _cleanup_close_ int fd = -EBADF, file_fd = -EBADF;
        TreeOpened directory, file;
        FopsPathLink link;
        int outcome, r;

        if (!fops_path_dirname(path).data)
                return 0;
        fd = add_root(s, fops_path_dirname(path), false, &directory, &outcome);
        if (fd < 0)
                return fd;

        link = (FopsPathLink){ .parent = directory.key, .name = fops_arena_copy(&s->arena, fops_path_basename(path)) };
        if (!link.name.data)
                return -ENOMEM;
        file_fd = openat(fd, link.name.data, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (file_fd < 0 || tree_scan_identify(s, file_fd, &file) < 0)
                return 0;
        link.key = file.key;
        r = fops_path_index_put(s->index, &link, FOPS_PUT_SCANNED);
        return MIN(r, 0);
}

/* Is @root, which an event has taken to where nobody knows, at its path? What else is there isn't watched yet. */
static int look_for(TreeScan *s, const TreeRoot *root) {
        FopsSpan path = fops_span_from_string(root->path);
        _cleanup_close_ int fd = -EBADF;
        TreeOpened opened;

        fops_arena_reset(&s->arena);
        fd = tree_scan_open_directory(s, path);
        if (fd < 0)
                return fd == -ENOMEM ? fd : 0;
        if (tree_scan_identify(s, fd, &opened) < 0 || !fops_inode_key_equal(opened.key, root->key))
                return 0;
        return MIN(make_root(s, &opened, path, root->is_tree), 0);
}

int tree_scan_add_directory(TreeScan *s, FopsInodeKey directory) {
        bool has_new = false, is_bare = false;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < s->n_roots; i++) {
                const TreeRoot *root = s->roots + i;

                if (!fops_inode_key_equal(root->key, directory))
                        continue;
                r = tree_scan_look_again(s, directory, fops_span_from_string(root->path));
                has_new |= r > 0;
                is_bare |= !root->is_tree;
                if (r >= 0 && root->gone_usec == 0 && !fops_path_index_is_held(s->index, directory))
                        r = look_for(s, root);
        }
        /* Of what is beside watched files nothing is heard later. */
        if (r >= 0)
                r = has_new || is_bare ? sd_event_source_set_enabled(s->source, SD_EVENT_ON) : tree_scan_enqueue(s, directory);
        return r < 0 ? r : has_new;
}
