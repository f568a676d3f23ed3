/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Targets sorted by what the kernel's rules for them would say but the path; those that say the same are a group:
 *   /home/a, /home/b, /home/c, /home/d (delete)  →  /run/fopsd/trees/6aa93c61ff4e1f4a.1795349826 */

#include "target-group.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <syslog.h>

#include "mountinfo.h"
#include "path.h"

#define ANCHOR_BYTES_MAX (sizeof(FOPS_ANCHORS_DIRECTORY) + FOPS_TAG_BYTES_MAX + sizeof(".4294967295"))

static char *no_keys[] = { NULL };

typedef struct Candidate {
        char tag[FOPS_TAG_BYTES_MAX];
        size_t target;
} Candidate;

static FopsWatch in_common(const FopsWatch *w) {
        return (FopsWatch){
                .ops = w->ops,
                .recursive = true,
                .keys = no_keys,
                .only = w->only,
                .n_only = w->n_only,
                .exclude = w->exclude,
                .n_exclude = w->n_exclude,
                .result = w->result,
                .priority = LOG_DEBUG,
                .priority_failed = LOG_DEBUG,
        };
}

static bool is_on_btrfs(const char *path) {
        struct statfs st;

        return statfs(path, &st) == 0 && st.f_type == BTRFS_SUPER_MAGIC;
}

static bool has_btrfs_below(const FopsMounts *mounts, const char *path) {
        for (size_t i = 0; i < mounts->n_items; i++)
                if (strcmp(mounts->items[i].type, "btrfs") == 0 &&
                    fops_path_is_below(fops_span_from_string(mounts->items[i].path), fops_span_from_string(path)))
                        return true;
        return false;
}

static bool may_share(const FopsTarget *t, const FopsMounts *mounts) {
        return t->watch->file && t->is_directory && !t->is_missing && !t->subvolume_of && t->subvolumes == 0 && !is_on_btrfs(t->path) &&
               !has_btrfs_below(mounts, t->path);
}

/* What isn't known isn't below. */
static int read_mounts(FopsMounts *ret) {
        _cleanup_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        int r = fd >= 0 ? fops_mounts_read(fd, ret) : 0;

        return r == -ENOMEM ? r : 0;
}

/* The root holds all members anyway. */
static bool holds_anchors(const FopsTarget *t) {
        return t->is_directory && strcmp(t->path, "/") != 0 &&
               fops_path_is_below(FOPS_SPAN_LITERAL(FOPS_ANCHORS_DIRECTORY), fops_span_from_string(t->path));
}

static int compare_candidates(const void *a, const void *b) {
        const Candidate *x = a, *y = b;
        int order = strcmp(x->tag, y->tag);

        return order != 0 ? order : (x->target > y->target) - (x->target < y->target);
}

/* How many of those from @first on are alike. */
static size_t count_alike(const Candidate *first, const Candidate *end) {
        size_t n = 0;

        while (first + n < end && strcmp(first[n].tag, first->tag) == 0)
                n++;
        return n;
}

static int fill(FopsTargetGroup *g, FopsTargets *t, const Candidate *first, size_t n, bool for_index, uint32_t generation) {
        *g = (FopsTargetGroup){
                .watch = in_common(t->items[first->target].watch),
                .anchor = {
                        .watch = for_index ? &fops_index_watch : &g->watch,
                        .group = g,
                        .is_directory = true,
                        .is_anchor = true,
                        .path = malloc(ANCHOR_BYTES_MAX),
                },
                .members = calloc(n, sizeof(size_t)),
        };
        if (!g->anchor.path || !g->members)
                return -ENOMEM;

        snprintf(g->anchor.path, ANCHOR_BYTES_MAX, FOPS_ANCHORS_DIRECTORY "/%s.%u", first->tag + strlen(FOPS_TAG_PREFIX), generation);
        for (size_t i = 0; i < n; i++) {
                FopsTarget *member = t->items + first[i].target;

                g->members[g->n_members++] = first[i].target;
                g->watch.priority = MIN(g->watch.priority, member->watch->priority);
                g->watch.priority_failed = MIN(g->watch.priority_failed, member->watch->priority_failed);
                member->group = g;
        }
        return 0;
}

/* Of the @n_candidates as many groups as there are tags that enough of them have. 0 or -ENOMEM. */
static int group_alike(FopsTargets *t, Candidate *candidates, size_t n_candidates, bool for_index, uint32_t generation) {
        int r = 0;

        qsort(candidates, n_candidates, sizeof(Candidate), compare_candidates);
        for (size_t i = 0, n; r == 0 && i < n_candidates; i += n) {
                n = count_alike(candidates + i, candidates + n_candidates);
                if (n >= FOPS_GROUP_MEMBERS_MIN)
                        r = fill(t->groups + t->n_groups++, t, candidates + i, n, for_index, generation);
        }
        return r;
}

/* How many may share rules; what they would say but the path is their tag. */
static size_t find_candidates(const FopsTargets *t, const FopsMounts *mounts, Candidate *ret) {
        size_t n = 0;

        for (size_t i = 0; i < t->n_items; i++) {
                FopsWatch watch;

                if (!may_share(t->items + i, mounts))
                        continue;
                watch = in_common(t->items[i].watch);
                fops_target_tag(&(FopsTarget){ .watch = &watch, .is_anchor = true }, ret[n].tag);
                ret[n++].target = i;
        }
        return n;
}

/* How many of them are in no group, and have rules for the index. These are alike. */
static size_t keep_for_index(const FopsTargets *t, Candidate *candidates, size_t n_candidates) {
        size_t n = 0;

        for (size_t i = 0; i < n_candidates; i++) {
                const FopsTarget *target = t->items + candidates[i].target;

                if (target->group || !fops_target_needs_index_rules(target))
                        continue;
                fops_target_tag(&(FopsTarget){ .watch = &fops_index_watch, .is_anchor = true }, candidates[n].tag);
                candidates[n++].target = candidates[i].target;
        }
        return n;
}

int fops_targets_group(FopsTargets *t, uint32_t generation) {
        _cleanup_free_ Candidate *candidates = calloc(MAX(t->n_items, (size_t) 1), sizeof(Candidate));
        _cleanup_(fops_mounts_done) FopsMounts mounts = {};
        size_t n;
        int r;

        if (!candidates || read_mounts(&mounts) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_items; i++)
                if (holds_anchors(t->items + i))
                        return 0;

        n = find_candidates(t, &mounts, candidates);
        t->groups = calloc(n / FOPS_GROUP_MEMBERS_MIN + 1, sizeof(FopsTargetGroup));
        if (!t->groups)
                return -ENOMEM;
        r = group_alike(t, candidates, n, false, generation);
        if (r == 0)
                r = group_alike(t, candidates, keep_for_index(t, candidates, n), true, generation);
        if (r < 0)
                fops_targets_ungroup(t);
        return r;
}

void fops_targets_ungroup(FopsTargets *t) {
        for (size_t i = 0; i < t->n_items; i++)
                t->items[i].group = NULL;
        for (size_t i = 0; i < t->n_groups; i++) {
                free(t->groups[i].anchor.path);
                free(t->groups[i].members);
        }
        free(t->groups);
        t->groups = NULL;
        t->n_groups = 0;
}

const FopsTargetGroup *fops_targets_find_group(const FopsTargets *t, FopsSpan path) {
        for (size_t i = 0; i < t->n_groups; i++)
                if (fops_span_equal_string(path, t->groups[i].anchor.path))
                        return t->groups + i;
        return NULL;
}

bool fops_anchor_generation(FopsSpan path, uint32_t *ret_generation) {
        static const FopsSpan directory = { FOPS_ANCHORS_DIRECTORY "/", sizeof(FOPS_ANCHORS_DIRECTORY) };
        const char *dot;

        if (!fops_span_is_present(path) || !fops_span_starts_with(path, directory))
                return false;
        dot = memrchr(path.data, '.', path.size);
        return dot && fops_span_to_u32(fops_span_skip(path, (size_t) (dot + 1 - path.data)), ret_generation);
}
