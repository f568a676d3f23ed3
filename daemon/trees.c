/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Targets and mounts into roots of the scan. */

#include "trees.h"

#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <time.h>

#include "ancestors.h"

/* Events come nearly in the order of their dates: when there is one this much younger, the older ones have been. */
#define OVERDUE_USEC UINT64_C(1000000)

struct Trees {
        FopsPathIndex *index;
        TreeScan *scan;
        Ancestors *ancestors;
        FopsPipeline *pipeline;
        Publisher *publisher;
        WatchFollow *follow;
        bool said; /* that they are indexed, once */
};

static uint64_t realtime_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

int trees_new(uint64_t max_entries, Publisher *publisher, Trees **ret) {
        _cleanup_(trees_freep) Trees *t = calloc(1, sizeof(Trees));
        uint8_t seed[16];

        if (!t)
                return -ENOMEM;
        if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
                return -EIO;
        t->publisher = publisher;
        t->index = fops_path_index_new(max_entries, seed);
        if (!t->index)
                return -ENOMEM;
        t->ancestors = ancestors_new();
        if (!t->ancestors)
                return -errno;
        *ret = TAKE_PTR(t);
        return 0;
}

Trees *trees_free(Trees *t) {
        if (!t)
                return NULL;
        tree_scan_free(t->scan);
        ancestors_free(t->ancestors);
        fops_path_index_free(t->index);
        free(t);
        return NULL;
}

FopsPathIndex *trees_index(Trees *t) {
        return t->index;
}

/* Is all that is watched in the index now? What was cut for want of room may be anywhere. */
static void tell_pipeline(Trees *t, bool is_scanned) {
        FopsPathIndexStats index = fops_path_index_stats(t->index);
        uint64_t since_usec = is_scanned ? realtime_usec() : UINT64_MAX;

        fops_pipeline_set_index_scanned(t->pipeline, since_usec);
        fops_pipeline_set_index_complete(t->pipeline, index.n_refused + index.n_evicted == 0 ? since_usec : UINT64_MAX);
}

static void on_scanned(void *userdata) {
        Trees *t = userdata;
        FopsPathIndexStats index = fops_path_index_stats(t->index);
        TreeScanStats scan = tree_scan_stats(t->scan);

        tell_pipeline(t, true);
        if (!t->said)
                publisher_state(t->publisher, LOG_INFO, "indexed", "watched trees indexed: %ju directories, %ju files, in %ju ms",
                                (uintmax_t) (index.n_entries - index.n_files), (uintmax_t) index.n_files, (uintmax_t) scan.usec / 1000);
        t->said = true;
}

int trees_start(Trees *t, sd_event *event, FopsPipeline *pipeline, WatchFollow *follow) {
        t->follow = follow;
        t->pipeline = pipeline;
        return tree_scan_new(event, t->index, on_scanned, t, &t->scan);
}

/* That a watched path can't be read makes its paths unresolved: worth a word. That it isn't there is said elsewhere. */
static int add_root(Trees *t, const char *path, bool is_directory) {
        FopsSpan span = fops_span_from_string(path);
        int r = is_directory ? tree_scan_add_root(t->scan, span) : tree_scan_add_file(t->scan, span);

        if (r >= 0 || r == -ENOMEM)
                return MIN(r, 0);
        if (r != -ENOENT && r != -ENOTDIR)
                publisher_state(t->publisher, LOG_WARNING, "unindexed", "%s can't be read, so paths in it may be unresolved: %s", path,
                                strerror(-r));
        return 0;
}

/* Of a missing file the directory. */
static bool is_there(const FopsTarget *target) {
        return !target->is_missing || target->has_parent;
}

int trees_follow(Trees *t, const FopsTargets *targets) {
        int r = 0;

        ancestors_begin(t->ancestors);
        for (size_t i = 0; r >= 0 && i < targets->n_items; i++)
                if (is_there(targets->items + i))
                        r = ancestors_add(t->ancestors, fops_span_from_string(targets->items[i].path));
        ancestors_end(t->ancestors);
        return r;
}

static int add_roots(Trees *t, const FopsTargets *targets, bool are_directories) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < targets->n_items; i++) {
                const FopsTarget *target = targets->items + i;

                if (target->is_directory == are_directories && is_there(target))
                        r = add_root(t, target->path, are_directories);
        }
        return r;
}

int trees_add_targets(Trees *t, const FopsTargets *targets) {
        const uint64_t now_usec = realtime_usec();
        int r = tree_scan_read_mounts(t->scan);

        if (r >= 0)
                r = trees_follow(t, targets);
        tree_scan_begin_targets(t->scan);
        if (r >= 0)
                r = add_roots(t, targets, true);
        if (r >= 0)
                r = tree_scan_leave_trees(t->scan, targets, now_usec);
        if (r >= 0)
                r = add_roots(t, targets, false);
        if (r >= 0)
                r = tree_scan_leave_files(t->scan, targets, now_usec);
        fops_path_index_end_first_roots(t->index);
        if (r >= 0)
                r = tree_scan_find_reach(t->scan, targets);
        if (r > 0)
                r = watch_follow_look_again(t->follow);
        tell_pipeline(t, r >= 0 && !tree_scan_is_busy(t->scan));
        return r;
}

int trees_forget(Trees *t) {
        int r = tree_scan_forget(t->scan);

        tell_pipeline(t, false);
        return r;
}

static int on_moved(void *userdata, FopsSpan path) {
        Trees *t = userdata;
        int r = path.data ? tree_scan_remove_below(t->scan, path) : tree_scan_forget(t->scan);

        tell_pipeline(t, false);
        return r < 0 ? r : watch_follow_look_again(t->follow);
}

int trees_hear_moves(Trees *t) {
        return ancestors_hear(t->ancestors, on_moved, t);
}

int trees_read_mounts(Trees *t) {
        return tree_scan_read_mounts(t->scan);
}

int trees_add(Trees *t, const char *path) {
        return add_root(t, path, true);
}

int trees_remove(Trees *t, const FopsMount *mount) {
        return tree_scan_remove_mount(t->scan, mount);
}

void trees_follow_mounts(Trees *t) {
        (void) tree_scan_follow_mounts(t->scan);
}

void trees_add_unknown(Trees *t, FopsInodeKey directory) {
        int r = tree_scan_add_directory(t->scan, directory);

        if (r >= 0)
                tell_pipeline(t, false);
        if (r > 0)
                (void) watch_follow_look_again(t->follow);
}

int trees_leave(Trees *t, const char *path) {
        return tree_scan_leave_root(t->scan, fops_span_from_string(path), realtime_usec());
}

int trees_look(Trees *t, bool is_idle) {
        /* An event isn't from later than now, but for a clock that was set back since. */
        uint64_t now = realtime_usec(), heard_usec = is_idle ? now : MIN(fops_pipeline_stats(t->pipeline).newest_usec, now);

        if (fops_path_index_stats(t->index).n_evicted > 0)
                fops_pipeline_set_index_complete(t->pipeline, UINT64_MAX);
        return heard_usec > OVERDUE_USEC ? tree_scan_remove_left(t->scan, heard_usec - OVERDUE_USEC) : 0;
}

TreesStats trees_stats(const Trees *t) {
        return (TreesStats){
                .index = fops_path_index_stats(t->index), .scan = tree_scan_stats(t->scan), .is_scanning = tree_scan_is_busy(t->scan),
        };
}
