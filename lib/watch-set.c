/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An operation to the watches that want it. The kernel gives an event the keys of one rule only, the first that matched, so
 * the tag alone doesn't tell: the path does. Every directory above it is looked up in one hash table of target paths:
 *   /srv/data/a/x  →  /  /srv  /srv/data ✓  /srv/data/a  /srv/data/a/x
 * and the tag in another, for what no path tells: an operation without one, a file reached by another name or in another
 * mount namespace. Then each candidate's own conditions are asked. */

#include "operation.h"
#include "path.h"
#include "resolver-index.h"
#include "rule-compiler.h"
#include "target-group.h"

#define NONE UINT32_MAX

/* Buckets of target numbers, chained in ascending order. */
typedef struct Table {
        uint32_t *first; /* by hash & mask */
        uint32_t *next;  /* by target */
        size_t mask;
} Table;

struct FopsWatchSet {
        const FopsTargets *targets;
        FopsPathIndex *index; /* NULL: none */
        char (*tags)[FOPS_TAG_BYTES_MAX]; /* by target, and behind these by group */
        Table by_path, by_tag;
};

static FopsSpan target_path(const FopsWatchSet *s, uint32_t i) {
        return fops_span_from_string(s->targets->items[i].path);
}

/* Behind the targets the anchors of groups. */
static const FopsTarget *target_at(const FopsWatchSet *s, uint32_t i) {
        const FopsTargets *t = s->targets;

        return i < t->n_items ? t->items + i : &t->groups[i - t->n_items].anchor;
}

/* Without what is behind the dot: that changes with the subvolumes, and events of older rules are still on their way. */
static FopsSpan of_target(FopsSpan tag) {
        const char *dot = tag.data ? memchr(tag.data, '.', tag.size) : NULL;

        return dot ? (FopsSpan){ tag.data, (size_t) (dot - tag.data) } : tag;
}

static FopsSpan target_tag(const FopsWatchSet *s, uint32_t i) {
        return of_target(fops_span_from_string(s->tags[i]));
}

static bool table_fill(Table *t, const FopsWatchSet *s, size_t n, FopsSpan (*name)(const FopsWatchSet *, uint32_t)) {
        size_t n_buckets = 8;

        while (n_buckets < n * 2)
                n_buckets *= 2;
        t->first = malloc(n_buckets * sizeof(uint32_t));
        t->next = malloc(MAX(n, (size_t) 1) * sizeof(uint32_t));
        if (!t->first || !t->next)
                return false;
        t->mask = n_buckets - 1;

        for (size_t i = 0; i < n_buckets; i++)
                t->first[i] = NONE;
        for (size_t i = n; i-- > 0;) {
                size_t bucket = fops_span_hash(name(s, (uint32_t) i)) & t->mask;

                t->next[i] = t->first[bucket];
                t->first[bucket] = (uint32_t) i;
        }
        return true;
}

static void table_done(Table *t) {
        free(t->first);
        free(t->next);
}

FopsWatchSet *fops_watch_set_new(const FopsTargets *targets) {
        _cleanup_(fops_watch_set_freep) FopsWatchSet *s = NULL;
        size_t n_tags = targets->n_items + targets->n_groups;

        s = calloc(1, sizeof(FopsWatchSet));
        if (!s)
                return NULL;
        s->targets = targets;
        s->tags = calloc(MAX(n_tags, (size_t) 1), sizeof(*s->tags));
        if (!s->tags)
                return NULL;
        /* That of rules for the index is nobody's. */
        for (size_t i = 0; i < n_tags; i++)
                if (target_at(s, (uint32_t) i)->watch != &fops_index_watch)
                        fops_target_tag(target_at(s, (uint32_t) i), s->tags[i]);

        if (!table_fill(&s->by_path, s, targets->n_items, target_path) || !table_fill(&s->by_tag, s, n_tags, target_tag))
                return NULL;
        return TAKE_PTR(s);
}

FopsWatchSet *fops_watch_set_free(FopsWatchSet *s) {
        if (!s)
                return NULL;
        table_done(&s->by_path);
        table_done(&s->by_tag);
        free(s->tags);
        free(s);
        return NULL;
}

void fops_watch_set_use_index(FopsWatchSet *s, FopsPathIndex *index) {
        s->index = index;
}

typedef struct Matches {
        const FopsWatchSet *set;
        const FopsOperation *op;
        const FopsWatch **watches;
        uint32_t targets[FOPS_WATCHES_PER_OPERATION_MAX]; /* the first target that brought each watch; ascending */
        size_t n;
        const FopsTargetGroup *group; /* whose rule made the event */
        FopsPlace place;
} Matches;

static bool result_fits(FopsResultFilter result, FopsOutcome outcome) {
        /* Where the record doesn't say, the kernel's rule has said it already. */
        if (result == FOPS_RESULT_ANY || outcome == FOPS_OUTCOME_UNKNOWN)
                return true;
        return (result == FOPS_RESULT_SUCCESS) == (outcome == FOPS_OUTCOME_SUCCESS);
}

static bool watch_wants(const FopsWatch *w, const FopsOperation *op) {
        return (w->ops & FOPS_OP_BIT(op->op)) && result_fits(w->result, op->outcome) &&
               fops_filter_keep(w->only, w->n_only, w->exclude, w->n_exclude, op);
}

/* Each watch once, in configuration order; the lowest FOPS_WATCHES_PER_OPERATION_MAX. */
static void add_match(Matches *m, uint32_t i) {
        const FopsWatch *w = target_at(m->set, i)->watch;
        size_t at = m->n;

        for (size_t j = 0; j < m->n; j++)
                if (m->watches[j] == w)
                        return;
        if (!watch_wants(w, m->op))
                return;

        while (at > 0 && m->targets[at - 1] > i)
                at--;
        if (at == FOPS_WATCHES_PER_OPERATION_MAX)
                return;
        m->n = MIN(m->n + 1, (size_t) FOPS_WATCHES_PER_OPERATION_MAX);
        memmove(m->watches + at + 1, m->watches + at, (m->n - at - 1) * sizeof(m->watches[0]));
        memmove(m->targets + at + 1, m->targets + at, (m->n - at - 1) * sizeof(m->targets[0]));
        m->watches[at] = w;
        m->targets[at] = i;
}

/* How many components lie between @dir and @path below it; -1 if it isn't below. */
static int depth_below(FopsSpan path, FopsSpan dir) {
        FopsSpan rest;
        int depth = 0;

        if (dir.size == 1)
                dir.size = 0; /* the root */
        if (!fops_span_is_present(path) || !fops_span_starts_with(path, dir))
                return -1;
        rest = fops_span_skip(path, dir.size);
        if (rest.size == 0 || (rest.size == 1 && dir.size == 0))
                return 0;
        if (rest.data[0] != '/')
                return -1;
        for (size_t i = 0; i < rest.size; i++)
                depth += rest.data[i] == '/';
        return depth;
}

/* True unless the target is a directory of which only the children are wanted, and what is at @depth isn't one. */
static bool reaches(const FopsTarget *t, int depth) {
        return t->watch->recursive || depth <= 1;
}

/* The targets that stand exactly at @prefix, for an object @depth components below it. */
static void match_prefix(Matches *m, FopsSpan prefix, uint64_t hash, int depth) {
        const Table *t = &m->set->by_path;

        for (uint32_t i = t->first[hash & t->mask]; i != NONE; i = t->next[i]) {
                const FopsTarget *target = m->set->targets->items + i;

                if (!fops_span_equal(target_path(m->set, i), prefix))
                        continue;
                /* A file holds nothing but itself. What was missing may be a directory by now. */
                if (depth > 0 && !target->is_directory && !target->is_missing)
                        continue;
                if (!m->group || target->group == m->group)
                        m->place = FOPS_PLACE_TARGET;
                if (reaches(target, depth))
                        add_match(m, i);
        }
}

/* All directories above @path, and itself. @below: how much deeper the object lies (1: only its directory is known). */
static void match_path(Matches *m, FopsSpan path, int below) {
        uint64_t hash = FOPS_HASH_INIT;
        int depth = below;

        if (!fops_span_is_present(path) || path.size == 0 || path.data[0] != '/')
                return;

        for (size_t i = 0; path.size > 1 && i < path.size; i++)
                depth += path.data[i] == '/';
        match_prefix(m, (FopsSpan){ path.data, 1 }, fops_hash_continue(hash, "/", 1), depth);

        for (size_t i = 1, hashed = 0; path.size > 1 && i <= path.size; i++) {
                if (i < path.size && path.data[i] != '/')
                        continue;
                hash = fops_hash_continue(hash, path.data + hashed, i - hashed);
                hashed = i;
                match_prefix(m, (FopsSpan){ path.data, i }, hash, --depth);
        }
}

/* The directory that all names of the file are in; absent if there may be others. */
static FopsSpan find_directory(FopsPathIndex *index, const FopsItem *item, FopsArena *arena) {
        FopsSpan directory = FOPS_SPAN_ABSENT;
        FopsPathCandidates known;
        FopsInodeKey key;

        if (!fops_item_key(item, &key) || fops_path_index_candidates(index, key, false, arena, &known) < 0 || known.more || known.partial)
                return FOPS_SPAN_ABSENT;
        for (size_t i = 0; i < known.n; i++) {
                FopsSpan d = fops_path_dirname(known.paths[i]);

                if (i > 0 && !fops_span_equal(d, directory))
                        return FOPS_SPAN_ABSENT;
                directory = d;
        }
        return directory;
}

/* What runs is one file, what it is run by are others: the rule may be about these. Their names are as the process sees them, through
 * symlinks or in another mount namespace; their inodes aren't. */
static void match_interpreters(Matches *m) {
        _cleanup_(fops_arena_done) FopsArena arena = {};

        for (size_t i = 0; i < m->op->n_items; i++)
                if (m->op->items + i != m->op->object.item)
                        match_path(m, find_directory(m->set->index, m->op->items + i, &arena), 1);
}

/* The rule's own target wants the operation whatever its path is called; a path can only show that it's too deep. */
static bool tag_reaches(const FopsTarget *t, const FopsOperation *op) {
        FopsSpan top = fops_span_from_string(t->path);
        int dir = fops_span_is_present(op->path) ? -1 : depth_below(op->dir, top);
        int depths[] = { depth_below(op->path, top), depth_below(op->new_path, top), dir < 0 ? -1 : dir + 1 };
        bool known = false;

        for (size_t i = 0; i < ELEMENTSOF(depths); i++) {
                if (depths[i] < 0)
                        continue;
                if (reaches(t, depths[i]))
                        return true;
                known = true;
        }
        return !known;
}

static uint32_t first_tagged(const FopsWatchSet *s, FopsSpan tag) {
        return fops_span_is_present(tag) ? s->by_tag.first[fops_span_hash(tag) & s->by_tag.mask] : NONE;
}

/* The group of which @tag is; NULL: of none. */
static const FopsTargetGroup *find_group(const FopsWatchSet *s, FopsSpan tag) {
        for (uint32_t i = first_tagged(s, tag); i != NONE; i = s->by_tag.next[i])
                if (i >= s->targets->n_items && fops_span_equal(target_tag(s, i), tag))
                        return s->targets->groups + (i - s->targets->n_items);
        return NULL;
}

/* By the directory that the name was looked up in. What is opened has another name, perhaps, than the one that is known. */
static bool is_known_elsewhere(const FopsOperation *op) {
        return fops_span_is_present(op->path) && op->source == FOPS_PATH_INDEX && op->object.parent;
}

static void match_tag(Matches *m, FopsSpan tag) {
        for (uint32_t i = first_tagged(m->set, tag); i != NONE; i = m->set->by_tag.next[i]) {
                const FopsTarget *target = target_at(m->set, i);

                if (!fops_span_equal(target_tag(m->set, i), tag))
                        continue;
                /* Which of the members it was in only a path can tell. */
                if (target->is_anchor ? m->place == FOPS_PLACE_TARGET || is_known_elsewhere(m->op) : !tag_reaches(target, m->op))
                        continue;
                m->place = MAX(m->place, target->is_anchor ? FOPS_PLACE_GROUP : FOPS_PLACE_TAG);
                add_match(m, i);
        }
}

size_t fops_watch_set_match(const FopsWatchSet *s, const FopsOperation *op, FopsSpan tag, const FopsWatch **ret, FopsPlace *ret_place) {
        const FopsSpan name = of_target(tag);
        Matches m = { .set = s, .op = op, .watches = ret, .group = find_group(s, name) };

        match_path(&m, op->path, 0);
        match_path(&m, op->new_path, 0);
        if (!fops_span_is_present(op->path))
                match_path(&m, op->dir, 1);
        if (m.group && m.place != FOPS_PLACE_TARGET && op->op == FOPS_OP_EXEC && s->index)
                match_interpreters(&m);
        match_tag(&m, name);
        *ret_place = m.place;
        return m.n;
}

bool fops_watch_set_has_group(const FopsWatchSet *s, FopsSpan tag) {
        return find_group(s, of_target(tag)) != NULL;
}

bool fops_watch_set_is_outside_group(const FopsWatchSet *s, FopsSpan tag, FopsSpan path) {
        const FopsTargetGroup *g = find_group(s, of_target(tag));

        for (size_t i = 0; g && i < g->n_members; i++)
                if (fops_path_is_below(path, target_path(s, (uint32_t) g->members[i])))
                        return false;
        return g;
}

bool fops_tag_is_ours(FopsSpan tag) {
        return fops_span_starts_with(tag, FOPS_SPAN_LITERAL(FOPS_TAG_PREFIX));
}

bool fops_tag_is_rule(FopsSpan tag) {
        return fops_span_starts_with(tag, FOPS_SPAN_LITERAL(FOPS_TAG_RULE_PREFIX));
}

FopsSpan fops_watch_set_directory(const FopsWatchSet *s, FopsSpan tag) {
        const Table *t = &s->by_tag;

        if (!fops_span_is_present(tag))
                return FOPS_SPAN_ABSENT;

        for (uint32_t i = t->first[fops_span_hash(of_target(tag)) & t->mask]; i != NONE; i = t->next[i])
                if (i < s->targets->n_items && fops_span_equal_string(tag, s->tags[i])) {
                        FopsSpan path = target_path(s, i);

                        return s->targets->items[i].is_directory ? path : fops_path_dirname(path);
                }
        return FOPS_SPAN_ABSENT;
}
