/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Devices that stand for many subvolumes into the one that was meant.
 *   dev=00:28 inode=300, by a rule on /srv/a, which is in subvolume 257  →  257, where 300 is /srv/a/x
 *
 * The rule tells: its dir= is bound to inodes in the kernel's memory, not to numbers, and holds in every mount namespace and chroot.
 * It only tells what it reaches, so subvolumes have rules of their own (watch.h). Where that is several, as while one is new, the text
 * tells, of a process that is known to mean our root. What the index has doesn't tell: a snapshot has the numbers and the names
 * of its origin. What is left is untold: such an item has no key, and leads to no path. */

#include "resolver-subvolume.h"

#include <sys/stat.h>

#include "path.h"
#include "resolver-index.h"

/* The kernel dates an event when its call begins. A path may be walked a while after that: a directory is locked while a snapshot is
 * made in it, some ten milliseconds. */
#define WALK_USEC UINT64_C(200000)

/* What couldn't be looked up is tried again: a subvolume may have been deleted or moved at that moment. */
#define AGAIN_USEC UINT64_C(50000)

/* Subvolumes that are asked at every event whether there are new ones in them, 5 µs each. Where rules reach more, the text has to do,
 * and it is enough to look for new ones now and then. */
#define ASKED_MAX ((size_t) 16)
#define SELDOM_USEC UINT64_C(10000000)

typedef struct Context {
        FopsResolver *resolver;
        FopsSubvolumes *subvolumes;
        FopsOperation *op;
        FopsArena *arena;
        const FopsRegion *region; /* of the rule; NULL: not known */
        uint64_t event_usec;
        int shares_root;          /* of the process; -EAGAIN: not asked yet */
} Context;

/* Those items that were looked up in one subvolume. */
typedef struct Group {
        FopsItem *first;
        size_t n;
} Group;

static bool is_top(const FopsItem *item) {
        return item && item->has_inode && item->inode == FOPS_SUBVOLUME_TOP_INODE && S_ISDIR(item->mode);
}

static bool is_untold(const FopsItem *item) {
        return item && item->subvolume == FOPS_SUBVOLUME_UNTOLD;
}

/* ---- the rule ---- */

static bool is_reached(const Context *c, uint32_t number) {
        for (size_t i = 0; i < c->region->reach.n_entries; i++) {
                const FopsSubvolumeEntry *e = c->region->reach.entries + i;

                if (!e->is_fronted && fops_subvolume_of(e->directory) == number && c->event_usec + WALK_USEC >= e->since_usec &&
                    c->event_usec <= e->until_usec)
                        return true;
        }
        return false;
}

/* Is there none in @v that isn't known? It may also have gone, or moved. */
static bool has_none_newer(const Context *c, const FopsSubvolumeEntry *e, const FopsSubvolume *v, uint64_t *ret_usec) {
        const FopsResolver *r = c->resolver;
        const FopsInode expected = { .inode = e->directory.inode, .dev_major = v->stat_major, .dev_minor = v->stat_minor };
        FopsSpan path = fops_path_index_path(r->index, e->directory, true, c->arena);

        return path.data && r->world->has_newer_subvolume(r->userdata, path, &expected, e->newest_child + 1, ret_usec) == 0;
}

/* Is an item on the device of @v? */
static bool is_concerned(const Context *c, const FopsSubvolume *v) {
        for (size_t i = 0; i < c->op->n_items; i++) {
                const FopsItem *item = c->op->items + i;

                if (item->has_inode && item->dev_major == v->dev_major && item->dev_minor == v->dev_minor)
                        return true;
        }
        return false;
}

/* The subvolume of @e, if it may be one of the event's, and have new ones in it. Else NULL. */
static const FopsSubvolume *find_concerned(const Context *c, const FopsSubvolumeEntry *e) {
        const FopsSubvolume *v = fops_subvolumes_get(c->subvolumes, fops_subvolume_of(e->directory));

        return v && !e->is_fronted && e->until_usec == UINT64_MAX && is_concerned(c, v) ? v : NULL;
}

static bool is_too_much(const Context *c, const FopsRegion *region) {
        size_t n = 0;

        for (size_t i = 0; i < region->reach.n_entries; i++)
                n += find_concerned(c, region->reach.entries + i) != NULL;
        return n > ASKED_MAX;
}

/* Is what is known of @region true for this event? */
static bool is_up_to_date(const Context *c, FopsRegion *region, bool too_much) {
        uint64_t usec, since = UINT64_MAX;

        if (too_much)
                return region->checked_usec + SELDOM_USEC >= c->event_usec;
        if (!region->reach.is_whole)
                return region->checked_usec + AGAIN_USEC >= c->event_usec;
        if (!c->resolver->world || !c->resolver->world->has_newer_subvolume || region->checked_usec >= c->event_usec + WALK_USEC)
                return true;

        for (size_t i = 0; i < region->reach.n_entries; i++) {
                const FopsSubvolumeEntry *e = region->reach.entries + i;
                const FopsSubvolume *v = find_concerned(c, e);

                if (!v)
                        continue;
                if (!has_none_newer(c, e, v, &usec))
                        return false;
                since = MIN(since, usec);
        }
        if (since != UINT64_MAX)
                region->checked_usec = since;
        return true;
}

/* Has the index all of it, as it was at the time? What was left out for want of room may be anywhere. */
static bool has_all_of(const Context *c, const FopsSubvolume *v) {
        FopsPathIndexStats stats = fops_path_index_stats(c->resolver->index);

        return v->complete_since_usec <= c->event_usec && !v->is_doubtful && stats.n_evicted + stats.n_refused == 0;
}

static bool is_in(const Group *g, const FopsItem *item) {
        return item && item >= g->first && item < g->first + g->n;
}

/* Could @item be what the rule has matched? */
static bool may_have_matched(const Context *c, const FopsItem *item) {
        FopsPathIndex *index = c->resolver->index;
        FopsInodeKey key;

        if (!item->has_inode || !fops_reach_has_device(&c->region->reach, item->dev_major, item->dev_minor))
                return false;
        if (!is_untold(item))
                return !c->resolver->index_is_complete || !fops_item_key(item, &key) || fops_path_index_is_known(index, key);
        for (size_t i = 0; i < c->subvolumes->n_items; i++) {
                const FopsSubvolume *v = c->subvolumes->items + i;

                if (is_reached(c, v->number) &&
                    (!has_all_of(c, v) || fops_path_index_is_known(index, fops_subvolume_key(v->number, item->inode))))
                        return true;
        }
        return false;
}

/* One of the items was matched by the rule. Was it one of @g? */
static bool is_by_rule(const Context *c, const Group *g) {
        if (!c->region)
                return false;
        for (size_t i = 0; i < c->op->n_items; i++) {
                FopsItem *item = c->op->items + i;

                if (!is_in(g, item) && may_have_matched(c, item))
                        return false;
        }
        return true;
}

/* ---- the text ---- */

/* Opened so that it would have been made if it weren't there: the name may be a symlink's, and what the rule has matched the symlink's
 * directory, in another subvolume. Made where a dangling one leads it has no name; by io_uring nothing has. */
static bool may_be_symlink(const FopsOperation *op) {
        const FopsItem *item = op->object.item;

        return (op->syscall->flags & FOPS_SYSCALL_OPEN) && op->object.parent &&
               !(item && item->nametype == FOPS_NAMETYPE_CREATE && (item->name.data || op->is_uring));
}

/* CWD is logged at the call's end; a directory that was moved may be above it. */
static bool may_have_moved_cwd(const FopsOperation *op) {
        return (op->op == FOPS_OP_RENAME || op->op == FOPS_OP_EXCHANGE) &&
               ((op->object.item && S_ISDIR(op->object.item->mode)) || (op->new_object.item && S_ISDIR(op->new_object.item->mode)));
}

/* What the process called the directory of @object, or the object if the records have only that. Absent if it can't be known. */
static FopsSpan text_of(const Context *c, const FopsObject *object) {
        const FopsOperation *op = c->op;
        FopsSpan name = object->item ? object->item->name : FOPS_SPAN_ABSENT, path;
        bool is_absolute = name.size > 0 && name.data[0] == '/';

        if (!is_absolute && (object->base != FOPS_BASE_CWD || !op->cwd_is_certain || may_have_moved_cwd(op)))
                return FOPS_SPAN_ABSENT;
        if (name.size == 0)
                return object->parent ? fops_path_join(c->arena, op->cwd, object->parent->name) : FOPS_SPAN_ABSENT;
        path = fops_path_join(c->arena, op->cwd, name);
        return object->parent && path.data ? fops_path_dirname(path) : path;
}

static bool has_path(const Context *c, FopsInodeKey key, bool is_directory, FopsSpan path) {
        FopsPathCandidates candidates;

        if (fops_path_index_candidates(c->resolver->index, key, is_directory, c->arena, &candidates) < 0)
                return false;
        for (size_t i = 0; i < candidates.n; i++)
                if (fops_span_equal(candidates.paths[i], path))
                        return true;
        return false;
}

static bool may_be(const Context *c, const Group *g, const FopsSubvolume *v, bool is_by_rule) {
        return v->dev_major == g->first->dev_major && v->dev_minor == g->first->dev_minor && (!is_by_rule || is_reached(c, v->number));
}

/* The only subvolume in which the index calls @item so, or 0. */
static uint32_t find_by_path(const Context *c, const Group *g, const FopsItem *item, bool is_directory, FopsSpan path, bool is_by_rule) {
        uint32_t found = 0;

        for (size_t i = 0; i < c->subvolumes->n_items; i++) {
                const FopsSubvolume *v = c->subvolumes->items + i;

                if (!may_be(c, g, v, is_by_rule) || !has_path(c, fops_subvolume_key(v->number, item->inode), is_directory, path))
                        continue;
                if (found > 0)
                        return 0;
                found = v->number;
        }
        return found;
}

static bool means_our_root(Context *c) {
        const FopsResolver *r = c->resolver;

        if (c->shares_root == -EAGAIN)
                c->shares_root = r->world ? r->world->shares_root(r->userdata, c->op->pid) : -ENOSYS;
        return c->shares_root == 1;
}

static uint32_t tell_by_text(Context *c, const Group *g, FopsObject object, bool is_by_rule) {
        const FopsResolver *r = c->resolver;
        FopsSpan path, canonical;
        const FopsItem *item;
        bool is_directory;
        FopsInode inode;
        uint32_t v;

        /* The text is the way to a symlink, the directory perhaps that of what it leads to. */
        if (object.is_followed)
                object.parent = NULL;
        else if (may_be_symlink(c->op))
                return 0;
        item = object.parent ? object.parent : object.item;
        if (!is_in(g, item) || !item->has_inode)
                return 0;
        path = text_of(c, &object);
        if (!path.data || !means_our_root(c))
                return 0;

        is_directory = object.parent || S_ISDIR(item->mode);
        v = find_by_path(c, g, item, is_directory, path, is_by_rule);
        if (v > 0 || r->world->canonicalize(r->userdata, path, c->arena, &canonical, &inode) < 0)
                return v;
        return find_by_path(c, g, item, is_directory, canonical, is_by_rule);
}

/* ---- together ---- */

/* Is it the object itself that stands in its directory by that name, and not what a symlink of that name leads to? */
static bool is_no_symlink(const Context *c, uint32_t number) {
        const FopsObject *object = &c->op->object;
        FopsInodeKey parent = fops_subvolume_key(number, object->parent->inode), found;
        FopsSpan path = text_of(c, object);
        bool is_directory;

        return object->item &&
               fops_path_index_child(c->resolver->index, parent, fops_object_last_name(object), &found,
                                     &is_directory) == FOPS_INDEX_DONE &&
               found.inode == object->item->inode && (!path.data || has_path(c, parent, true, path));
}

/* That the index lacks something proves nothing: what made it may be about to be heard of. */
static uint32_t tell(Context *c, const Group *g) {
        const bool by_rule = is_by_rule(c, g);
        FopsOperation *op = c->op;
        uint32_t only = 0, number;
        size_t n = 0;

        for (size_t i = 0; i < c->subvolumes->n_items; i++)
                if (may_be(c, g, c->subvolumes->items + i, by_rule)) {
                        only = c->subvolumes->items[i].number;
                        n++;
                }
        if (by_rule && n == 1 && (!may_be_symlink(op) || is_no_symlink(c, only)))
                return only;

        number = tell_by_text(c, g, op->object, by_rule);
        return number > 0 || !op->has_two_names ? number : tell_by_text(c, g, op->new_object, by_rule);
}

/* A subvolume's top stands in the subvolume that its parent is in, but is itself in another one. What was renamed is what it was. */
static void tell_top(const Context *c, FopsItem *item) {
        const FopsOperation *op = c->op;
        const FopsObject *object = op->op == FOPS_OP_EXCHANGE && item == op->new_object.item ? &op->new_object : &op->object;
        FopsInodeKey parent, found;
        bool is_directory;

        item->subvolume = FOPS_SUBVOLUME_UNTOLD;
        if ((item == op->object.item || item == op->new_object.item) && fops_item_key(object->parent, &parent) &&
            fops_path_index_child(c->resolver->index, parent, fops_object_last_name(object), &found, &is_directory) == FOPS_INDEX_DONE &&
            found.inode == FOPS_SUBVOLUME_TOP_INODE && fops_subvolume_of(found) > 0)
                item->subvolume = fops_subvolume_of(found);
}

/* Are all items of one subvolume? btrfs links and moves nothing from one to another but subvolumes themselves; what failed may have
 * failed for that. */
static bool is_joint(const FopsOperation *op) {
        size_t n_parents = 0, n_others = 0;

        /* It stands in one, and is in another. */
        if (is_top(op->object.item) && (op->object.parent || op->has_two_names))
                return false;
        if (op->has_two_names)
                return op->outcome == FOPS_OUTCOME_SUCCESS && !is_top(op->new_object.item);

        for (size_t i = 0; i < op->n_items; i++) {
                const FopsItem *item = op->items + i;

                if (!item->has_inode)
                        continue;
                n_parents += item->nametype == FOPS_NAMETYPE_PARENT;
                n_others += item->nametype != FOPS_NAMETYPE_PARENT;
        }
        return n_parents <= 1 && n_others <= 1;
}

static void add_candidate(FopsOperation *op, uint32_t number) {
        for (size_t i = 0; i < op->n_untold_in; i++)
                if (op->untold_in[i] == number)
                        return;
        op->untold_in[op->n_untold_in++] = number;
}

static void note_candidates(const Context *c, const Group *g) {
        const bool by_rule = is_by_rule(c, g);

        for (size_t i = 0; i < c->subvolumes->n_items; i++)
                if (may_be(c, g, c->subvolumes->items + i, by_rule))
                        add_candidate(c->op, c->subvolumes->items[i].number);
}

static void tell_group(Context *c, const Group *g) {
        uint32_t number = tell(c, g);

        for (size_t i = 0; number > 0 && i < g->n; i++)
                if (is_untold(g->first + i))
                        g->first[i].subvolume = number;
        if (number == 0)
                note_candidates(c, g);
}

/* Behind the items: one that was made up, if there is one (operation.c). */
static FopsItem *items_end(const FopsOperation *op) {
        FopsItem *end = op->items + op->n_items;

        return op->new_object.item == end || op->replaced == end ? end + 1 : end;
}

int fops_resolver_tell_subvolumes(FopsResolver *r, FopsOperation *op, bool is_new, FopsArena *arena, FopsInodeKey *ret_top) {
        Context c = { .resolver = r, .op = op, .arena = arena, .shares_root = -EAGAIN };
        FopsItem *first = NULL, *end = items_end(op);
        FopsRegion *region;
        bool is_old, too_much;

        c.subvolumes = r->index ? fops_path_index_subvolumes(r->index) : NULL;
        if (!c.subvolumes || c.subvolumes->n_items == 0)
                return 0;
        for (FopsItem *item = op->items; item < end; item++) {
                item->subvolume = 0;
                if (!item->has_inode || !fops_subvolumes_share(c.subvolumes, item->dev_major, item->dev_minor))
                        continue;
                item->subvolume = FOPS_SUBVOLUME_UNTOLD;
                if (!first)
                        first = item;
        }
        if (!first)
                return 0;
        op->n_untold_in = 0;
        op->untold_in = fops_arena_calloc(arena, c.subvolumes->n_items, sizeof(uint32_t));
        if (!op->untold_in)
                return -ENOMEM;

        c.event_usec = (uint64_t) op->event->id.sec * 1000000 + op->event->id.msec * UINT64_C(1000);
        region = fops_subvolumes_region(c.subvolumes, op->tag);
        /* What was known of one that is gone was true until then. */
        if (region && region->until_usec < c.event_usec)
                region = NULL;
        too_much = region && is_too_much(&c, region);
        is_old = region && region->until_usec == UINT64_MAX && !is_new && !is_up_to_date(&c, region, too_much);
        c.region = region && region->reach.is_whole && !too_much && !is_old ? region : NULL;

        if (is_joint(op))
                tell_group(&c, &(Group){ first, (size_t) (end - first) });
        else
                for (FopsItem *item = first; item < end; item++)
                        if (is_untold(item))
                                tell_group(&c, &(Group){ item, 1 });

        for (FopsItem *item = first; item < end; item++) {
                if (is_top(item) && item->nametype != FOPS_NAMETYPE_PARENT && (op->object.parent || op->new_object.parent))
                        tell_top(&c, item);
                if (item->subvolume > 0 && !is_untold(item))
                        add_candidate(op, item->subvolume);
        }

        if (!is_old)
                return 0;
        *ret_top = region->reach.top;
        return 1;
}
