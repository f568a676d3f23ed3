/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Directories into the path index: getdents64(2) tells name, inode and type of each entry at once, so that no file is touched.
 *   /srv/data (7) → { "a" 8 file, "d" 9 directory } → put(7, "a", 8), put(7, "d", 9), and 9 is next
 *
 * A directory is opened by the path that the index has for it now, and only read if it is still the same inode: events may have
 * moved it since it was queued. One that another file system is mounted on turns out to be another inode: it becomes a root. */

#include "tree-scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "mountinfo.h"
#include "open-path.h"
#include "path.h"

/* How long the scan may keep events waiting. */
#define SLICE_USEC UINT64_C(4000)
/* Some 800 entries a call. */
#define DENTS_BYTES ((size_t) 32 << 10)
/* A tree with more directories waiting than this is scanned as far as it goes; 24 bytes each. */
#define QUEUE_MAX ((size_t) 16 << 20)

/* A root that was added from outside, so that it can be taken out again. */
typedef struct Root {
        char *path;
        FopsInodeKey key;
} Root;

struct TreeScan {
        sd_event_source *source;
        FopsPathIndex *index;
        TreeScanDone done;
        void *userdata;
        FopsMounts mounts;
        Root *roots;
        size_t n_roots;
        FopsInodeKey *queue; /* a stack: a tree is walked in depth, so that it stays small */
        size_t n_queue, n_allocated;
        int fd; /* the directory that is being read; negative: none */
        FopsInodeKey key;
        bool entries_are_of_layers;
        FopsArena arena;
        TreeScanStats stats;
        char dents[DENTS_BYTES] __attribute__((aligned(8)));
};

/* What is open on a descriptor, as audit records would show it. */
typedef struct Opened {
        FopsInodeKey key;
        bool subvolumes_share_device; /* btrfs */
        bool entries_are_of_layers;   /* overlayfs: getdents64(2) may tell a layer's inode numbers */
} Opened;

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static int identify(const TreeScan *s, int fd, Opened *ret) {
        struct statx st;
        const FopsMount *mount;

        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, &st) < 0)
                return -errno;

        mount = st.stx_mask & STATX_MNT_ID ? fops_mounts_by_id(&s->mounts, st.stx_mnt_id) : NULL;
        *ret = (Opened){
                .key = {
                        .inode = st.stx_ino,
                        .dev_major = mount ? mount->dev_major : st.stx_dev_major,
                        .dev_minor = mount ? mount->dev_minor : st.stx_dev_minor,
                },
                .subvolumes_share_device = mount && strcmp(mount->type, "btrfs") == 0,
                .entries_are_of_layers = mount && strcmp(mount->type, "overlay") == 0,
        };
        return 0;
}

/* No symlink anywhere in the path: the index's are canonical, and one that was put in a directory's place since leads elsewhere. */
static int open_directory(TreeScan *s, FopsSpan path) {
        const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        FopsSpan copy = fops_arena_copy(&s->arena, path);
        int fd;

        if (!copy.data)
                return -ENOMEM;
        fd = fops_open_path(copy.data, flags | O_NOATIME, FOPS_LINKS_NONE);
        if (fd == -EPERM) /* O_NOATIME is for the owner, and root */
                fd = fops_open_path(copy.data, flags, FOPS_LINKS_NONE);
        return fd;
}

static int enqueue(TreeScan *s, FopsInodeKey key) {
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

static int put_entry(TreeScan *s, int fd, FopsInodeKey parent, const struct dirent64 *entry) {
        FopsPathLink link = {
                .parent = parent,
                .name = fops_span_from_string(entry->d_name),
                .key = { .inode = entry->d_ino, .dev_major = parent.dev_major, .dev_minor = parent.dev_minor },
                .is_directory = entry_is_directory(fd, entry),
        };
        struct statx st;
        int r;

        if (fops_span_equal(link.name, FOPS_SPAN_LITERAL(".")) || fops_span_equal(link.name, FOPS_SPAN_LITERAL("..")))
                return 0;

        if (s->entries_are_of_layers && statx(fd, entry->d_name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_INO, &st) == 0)
                link.key.inode = st.stx_ino;

        s->stats.n_entries++;
        r = fops_path_index_put(s->index, &link, FOPS_PUT_SCANNED);
        if (r < 0)
                return r;
        if (link.is_directory && r != FOPS_INDEX_INVALID && r != FOPS_INDEX_FULL)
                return enqueue(s, link.key);
        return 0;
}

/* One call's worth of entries: a directory may have millions. */
static int read_entries(TreeScan *s) {
        long n = syscall(SYS_getdents64, s->fd, s->dents, sizeof(s->dents));

        for (long at = 0; at < n;) {
                const struct dirent64 *entry = (const void *) (s->dents + at); /* the kernel aligns each */
                int r = put_entry(s, s->fd, s->key, entry);

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

static int remember_root(TreeScan *s, FopsSpan path, FopsInodeKey key) {
        _cleanup_free_ char *copy = NULL;
        Root *roots;

        for (size_t i = 0; i < s->n_roots; i++)
                if (fops_span_equal_string(path, s->roots[i].path)) {
                        s->roots[i].key = key;
                        return 0;
                }

        copy = strndup(path.data, path.size);
        if (!copy)
                return -ENOMEM;
        roots = reallocarray(s->roots, s->n_roots + 1, sizeof(Root));
        if (!roots)
                return -ENOMEM;
        s->roots = roots;
        s->roots[s->n_roots++] = (Root){ .path = TAKE_PTR(copy), .key = key };
        return 0;
}

static int begin_directory(TreeScan *s, FopsInodeKey key) {
        _cleanup_close_ int fd = -EBADF;
        FopsSpan path;
        Opened opened;
        int r;

        fops_arena_reset(&s->arena);
        path = fops_path_index_path(s->index, key, true, &s->arena);
        fd = path.data ? open_directory(s, path) : -ENOENT;
        if (fd == -ENOMEM)
                return fd;
        if (fd < 0 || identify(s, fd, &opened) < 0) {
                s->stats.n_failed++;
                return 0;
        }

        if (!fops_inode_key_equal(opened.key, key)) {
                /* Something is mounted there, or it is a subvolume; or it was replaced, then events tell. */
                if (opened.key.dev_major == key.dev_major && opened.key.dev_minor == key.dev_minor && !opened.subvolumes_share_device) {
                        s->stats.n_failed++;
                        return 0;
                }
                r = remember_root(s, path, opened.key);
                if (r >= 0)
                        r = fops_path_index_add_root(s->index, opened.key, path);
                if (r < 0)
                        return r;
        }

        s->stats.n_directories++;
        s->key = opened.key;
        s->entries_are_of_layers = opened.entries_are_of_layers;
        s->fd = TAKE_FD(fd);
        return 0;
}

static int on_slice(sd_event_source *source, void *userdata) {
        TreeScan *s = userdata;
        uint64_t start = now_usec(), now = start;

        while (tree_scan_is_busy(s) && now < start + SLICE_USEC) {
                int r = s->fd >= 0 ? read_entries(s) : begin_directory(s, s->queue[--s->n_queue]);

                if (r < 0)
                        return r;
                now = now_usec();
        }
        s->stats.usec += now - start;

        if (!tree_scan_is_busy(s)) {
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
                s->done(s->userdata);
        }
        return 0;
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
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

TreeScan *tree_scan_free(TreeScan *s) {
        if (!s)
                return NULL;
        sd_event_source_disable_unref(s->source);
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

int tree_scan_read_mounts(TreeScan *s) {
        _cleanup_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        FopsMounts mounts;
        int r;

        if (fd < 0)
                return -errno;
        r = fops_mounts_read(fd, &mounts);
        if (r < 0)
                return r;
        fops_mounts_done(&s->mounts);
        s->mounts = mounts;
        return 0;
}

int tree_scan_remove_root(TreeScan *s, FopsSpan path) {
        for (size_t i = 0; i < s->n_roots; i++)
                if (fops_span_equal_string(path, s->roots[i].path)) {
                        int r = fops_path_index_remove_root(s->index, s->roots[i].key, path);

                        free(s->roots[i].path);
                        s->roots[i] = s->roots[--s->n_roots];
                        return MIN(r, 0);
                }
        return 0;
}

/* Opens @path and makes it a root. Returns a descriptor, an outcome of the index in *@ret_outcome, or -errno: it isn't there. */
static int add_root(TreeScan *s, FopsSpan path, Opened *ret_opened, int *ret_outcome) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fops_arena_reset(&s->arena);
        fd = open_directory(s, path);
        if (fd < 0)
                return fd;
        r = identify(s, fd, ret_opened);
        if (r >= 0)
                r = remember_root(s, path, ret_opened->key);
        if (r >= 0)
                r = fops_path_index_add_root(s->index, ret_opened->key, path);
        if (r < 0)
                return r;
        *ret_outcome = r;
        return TAKE_FD(fd);
}

int tree_scan_add_root(TreeScan *s, FopsSpan path) {
        _cleanup_close_ int fd = -EBADF;
        Opened opened;
        int outcome;

        fd = add_root(s, path, &opened, &outcome);
        if (fd < 0)
                return fd;
        /* What is known has been scanned, or is being. */
        return outcome != FOPS_INDEX_KNOWN ? enqueue(s, opened.key) : 0;
}

int tree_scan_add_file(TreeScan *s, FopsSpan path) {
        _cleanup_close_ int fd = -EBADF, file_fd = -EBADF;
        Opened directory, file;
        FopsPathLink link;
        int outcome, r;

        if (!fops_path_dirname(path).data)
                return 0;
        fd = add_root(s, fops_path_dirname(path), &directory, &outcome);
        if (fd < 0)
                return fd;

        link = (FopsPathLink){ .parent = directory.key, .name = fops_arena_copy(&s->arena, fops_path_basename(path)) };
        if (!link.name.data)
                return -ENOMEM;
        file_fd = openat(fd, link.name.data, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (file_fd < 0 || identify(s, file_fd, &file) < 0)
                return 0;
        link.key = file.key;
        r = fops_path_index_put(s->index, &link, FOPS_PUT_SCANNED);
        return MIN(r, 0);
}

int tree_scan_add_directory(TreeScan *s, FopsInodeKey directory) {
        return enqueue(s, directory);
}

bool tree_scan_is_busy(const TreeScan *s) {
        return s->n_queue > 0 || s->fd >= 0;
}

TreeScanStats tree_scan_stats(const TreeScan *s) {
        return s->stats;
}
