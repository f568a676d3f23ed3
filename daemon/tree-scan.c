/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Directories into the path index: getdents64(2) tells name, inode and type of each entry at once, so that no file is touched.
 *   /srv/data (7) → { "a" 8 file, "d" 9 directory } → put(7, "a", 8), put(7, "d", 9), and 9 is next
 *
 * A directory is opened by the path that the index has for it now, and only read if it is still the same inode: events may have
 * moved it since it was queued, or be about to: then it is put off. One that another file system is mounted on turns out to be another
 * inode: it becomes a root. */

#include "tree-scan-internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "path.h"

/* How long the scan may keep events waiting. */
#define SLICE_USEC UINT64_C(4000)
/* What a snapshot has in place of a subvolume that was in its origin: BTRFS_EMPTY_SUBVOL_DIR_OBJECTID. */
#define EMPTY_SUBVOLUME_INODE 2
/* A tree with more directories waiting than this is scanned as far as it goes; 24 bytes each. */
#define QUEUE_MAX ((size_t) 16 << 20)
/* The event that has moved a directory comes within this time, or with the next round, of twice that. The index is incomplete as long. */
#define PUT_OFF_USEC UINT64_C(10000)
#define PUT_OFF_ROUNDS_MAX 3U
/* What was queued of late isn't queued again. */
#define QUEUE_LOOK ((size_t) 32)

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

void tree_scan_set_incomplete(TreeScan *s, FopsInodeKey key) {
        FopsSubvolume *v = fops_subvolumes_get(fops_path_index_subvolumes(s->index), fops_subvolume_of(key));

        if (v)
                v->complete_since_usec = UINT64_MAX;
}

int tree_scan_enqueue(TreeScan *s, FopsInodeKey key) {
        tree_scan_set_incomplete(s, key);
        /* One directory with much to doubt in it is asked for again and again. */
        for (size_t i = s->n_queue; i > 0 && s->n_queue - i < QUEUE_LOOK; i--)
                if (fops_inode_key_equal(s->queue[i - 1], key))
                        return 0;
        if (s->n_queue >= QUEUE_MAX) {
                s->stats.n_failed++;
                return 0;
        }
        if (s->n_queue == s->n_allocated) {
                size_t n = MAX(s->n_allocated * 2, (size_t) 256);
                FopsInodeKey *queue = reallocarray(s->queue, n, sizeof(FopsInodeKey));

                if (!queue)
                        return -ENOMEM;
                s->queue = queue;
                s->n_allocated = n;
        }
        s->queue[s->n_queue++] = key;
        return sd_event_source_set_enabled(s->source, SD_EVENT_ON);
}

/* d_type isn't told by every file system; and an entry that is a subvolume, or that something is mounted on, shows another inode
 * there than it has when it is opened. Only directories need to be right. */
static bool entry_is_directory(int fd, const struct dirent64 *entry) {
        struct stat st;

        if (entry->d_type != DT_UNKNOWN)
                return entry->d_type == DT_DIR;
        return fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Something is mounted on the entry @name of the directory that is being read. */
static int add_mounted(TreeScan *s, FopsSpan name, const TreeOpened *mounted) {
        FopsSpan path;
        int r;

        fops_arena_reset(&s->arena);
        path = fops_path_index_path(s->index, s->opened.key, true, &s->arena);
        path = path.data ? fops_path_join(&s->arena, path, name) : path;
        if (!path.data)
                return 0;
        r = tree_scan_make_root(s, mounted, path);
        return r < 0 ? r : tree_scan_enqueue(s, mounted->key);
}

/* A directory of btrfs that is the top of another subvolume, or that has something mounted on it, shows as an entry the id of that
 * subvolume in place of its inode, which others have. Gives it its own key, or sets *@ret_is_elsewhere: it is no child of this
 * directory, or none that anything can be in. 0 or -ENOMEM. */
static int look_across(TreeScan *s, int fd, FopsPathLink *link, bool *ret_is_elsewhere) {
        const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        _cleanup_close_ int child_fd = -EBADF;
        struct statx st;
        TreeOpened child;
        int r;

        *ret_is_elsewhere = true;
        if (statx(fd, link->name.data, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, &st) < 0)
                return 0;
        if (st.stx_mnt_id == s->opened.mount_id && st.stx_dev_major == s->opened.stat_major && st.stx_dev_minor == s->opened.stat_minor) {
                *ret_is_elsewhere = st.stx_ino == EMPTY_SUBVOLUME_INODE;
                return 0;
        }

        child_fd = openat(fd, link->name.data, flags);
        if (child_fd < 0)
                return 0;
        r = tree_scan_identify(s, child_fd, &child);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        if (child.mount_id != s->opened.mount_id)
                return add_mounted(s, link->name, &child);
        link->key = child.key;
        *ret_is_elsewhere = false;
        return 0;
}

static int put_entry(TreeScan *s, int fd, FopsInodeKey parent, const struct dirent64 *entry) {
        FopsPathLink link = {
                .parent = parent,
                .name = fops_span_from_string(entry->d_name),
                .key = { .inode = entry->d_ino, .dev_major = parent.dev_major, .dev_minor = parent.dev_minor },
                .is_directory = entry_is_directory(fd, entry),
        };
        bool is_elsewhere = false;
        struct statx st;
        int r;

        if (fops_span_equal(link.name, FOPS_SPAN_LITERAL(".")) || fops_span_equal(link.name, FOPS_SPAN_LITERAL("..")))
                return 0;

        if (s->opened.has_subvolumes && link.is_directory) {
                r = look_across(s, fd, &link, &is_elsewhere);
                if (r < 0 || is_elsewhere)
                        return r;
        }
        if ((s->opened.is_overlay || !s->opened.has_lasting_numbers) &&
            statx(fd, entry->d_name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_INO, &st) == 0)
                link.key.inode = st.stx_ino;

        s->stats.n_entries++;
        r = fops_path_index_put(s->index, &link, FOPS_PUT_SCANNED);
        if (r < 0)
                return r;
        if (link.is_directory && r != FOPS_INDEX_INVALID && r != FOPS_INDEX_FULL)
                return tree_scan_enqueue(s, link.key);
        return 0;
}

/* One call's worth of entries: a directory may have millions. */
static int read_entries(TreeScan *s) {
        long n = syscall(SYS_getdents64, s->fd, s->dents, sizeof(s->dents));

        for (long at = 0; at < n;) {
                const struct dirent64 *entry = (const void *) (s->dents + at); /* the kernel aligns each */
                int r = put_entry(s, s->fd, s->opened.key, entry);

                if (r < 0)
                        return r;
                at += entry->d_reclen;
        }

        if (n <= 0) {
                /* The end; or it is gone, or unreadable: what was seen stays. */
                close(s->fd);
                s->fd = -EBADF;
        }
        return 0;
}

/* It isn't where the index has it: perhaps the event that tells where it is now is still on its way. */
static int put_off(TreeScan *s, FopsInodeKey key) {
        FopsPathCandidates places;
        bool is_gone = fops_path_index_is_ghost(s->index, key);

        if (fops_path_index_candidates(s->index, key, true, &s->arena, &places) < 0)
                return -ENOMEM;
        if (places.n > 0 && !is_gone && s->n_rounds < PUT_OFF_ROUNDS_MAX && s->n_put_off < ELEMENTSOF(s->put_off)) {
                s->put_off[s->n_put_off++] = key;
                return 0;
        }

        s->stats.n_failed++;
        /* Where it isn't, nothing below it is. Its event brings it back, if there is one. */
        if (places.n == 1 && !places.more && !is_gone && s->n_rounds == PUT_OFF_ROUNDS_MAX)
                return MIN(fops_path_index_remove_below(s->index, key), 0);
        return 0;
}

static int begin_directory(TreeScan *s, FopsInodeKey key) {
        _cleanup_close_ int fd = -EBADF;
        FopsSpan path;
        TreeOpened opened;
        int r;

        fops_arena_reset(&s->arena);
        path = fops_path_index_path(s->index, key, true, &s->arena);
        fd = path.data ? tree_scan_open_directory(s, path) : -ENOENT;
        if (fd == -ENOMEM)
                return fd;
        if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
                return put_off(s, key);
        if (fd < 0 || tree_scan_identify(s, fd, &opened) < 0) {
                s->stats.n_failed++;
                return 0;
        }

        if (!fops_inode_key_equal(opened.key, key)) {
                /* Something is mounted there; or it was replaced. */
                if (opened.key.dev_major == key.dev_major && opened.key.dev_minor == key.dev_minor)
                        return opened.has_lasting_numbers ? put_off(s, key) : 0;
                r = tree_scan_make_root(s, &opened, path);
                if (r < 0)
                        return r;
        }

        s->stats.n_directories++;
        s->opened = opened;
        s->fd = TAKE_FD(fd);
        return 0;
}

static bool has_work(const TreeScan *s) {
        return s->n_queue > 0 || s->fd >= 0;
}

/* The next round, of what was put off. */
static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        TreeScan *s = userdata;
        size_t n = s->n_put_off;
        int r = 0;

        s->n_rounds++;
        s->n_put_off = 0;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = tree_scan_enqueue(s, s->put_off[i]);
        return r;
}

/* Nothing is left to do now. */
static int come_to_end(TreeScan *s) {
        int r;

        r = sd_event_source_set_enabled(s->source, SD_EVENT_OFF);
        if (r >= 0 && s->n_put_off > 0) {
                r = sd_event_source_set_time_relative(s->timer, PUT_OFF_USEC << s->n_rounds);
                return r < 0 ? r : sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
        }
        s->n_rounds = 0;
        /* Where something is mounted may have been read after that. */
        if (r >= 0)
                r = tree_scan_follow_mounts(s);
        if (r >= 0)
                s->done(s->userdata);
        return r;
}

static int on_slice(sd_event_source *source _unused_, void *userdata) {
        TreeScan *s = userdata;
        uint64_t start = now_usec(), now = start;

        while (has_work(s) && now < start + SLICE_USEC) {
                int r = s->fd >= 0 ? read_entries(s) : begin_directory(s, s->queue[--s->n_queue]);

                if (r < 0)
                        return r;
                now = now_usec();
        }
        s->stats.usec += now - start;
        return has_work(s) ? 0 : come_to_end(s);
}

int tree_scan_new(sd_event *event, FopsPathIndex *index, TreeScanDone done, void *userdata, TreeScan **ret) {
        _cleanup_(tree_scan_freep) TreeScan *s = calloc(1, sizeof(TreeScan));
        int r;

        if (!s)
                return -ENOMEM;
        s->fd = -EBADF;
        s->index = index;
        s->done = done;
        s->userdata = userdata;

        r = tree_scan_read_mounts(s);
        if (r < 0)
                return r;
        r = sd_event_add_defer(event, &s->source, on_slice, s);
        if (r < 0)
                return r;
        /* Of the records' priority, so that both come in turn: what has moved in has to be known while there is work, too. */
        r = sd_event_source_set_enabled(s->source, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &s->timer, CLOCK_MONOTONIC, 0, PUT_OFF_USEC / 10, on_timer, s);
        if (r >= 0)
                r = sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

TreeScan *tree_scan_free(TreeScan *s) {
        if (!s)
                return NULL;
        sd_event_source_disable_unref(s->source);
        sd_event_source_disable_unref(s->timer);
        fops_mounts_done(&s->mounts);
        fops_arena_done(&s->arena);
        if (s->fd >= 0)
                close(s->fd);
        for (size_t i = 0; i < s->n_roots; i++)
                free(s->roots[i].path);
        free(s->roots);
        free(s->queue);
        free(s);
        return NULL;
}

bool tree_scan_is_busy(const TreeScan *s) {
        return has_work(s) || s->n_put_off > 0;
}

TreeScanStats tree_scan_stats(const TreeScan *s) {
        return s->stats;
}
