/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The names of an operation into paths.
 *   cwd=/srv, unlinkat(AT_FDCWD, "link/x"), PARENT inode 7  →  /srv/data/x, if /srv/link leads to inode 7, which is /srv/data
 *
 * An object is found by its directory where the records have one (a PARENT item: names that are made and unmade), else by
 * itself. Every candidate is the text joined; the file system is asked whether it leads to the inode in the record. Time has
 * passed since the call, so "not there any more" is an answer, and a different one than "leads elsewhere". */

#include "resolver.h"

#include <sys/stat.h>

#include "path.h"
#include "resolver-index.h"

/* What reading directories may cost: a twentieth of the time, at 0.3 µs an entry and 10 µs a directory, and a burst of a second's
 * worth. A program that makes files by the thousand in a large directory doesn't make us read it for each. */
#define USEC_PER_ENTRY 6U
#define ENTRIES_PER_DIRECTORY ((size_t) 32)
#define CREDIT_MAX ((size_t) 160000)
/* An event is older than the newest by what its call took: no more than that, usually. */
#define STEP_BACK_USEC (UINT64_C(60) * 1000000)

typedef struct Found {
        FopsSpan path, dir;
        FopsPathSource source;
        bool is_open; /* what a descriptor is open on, whatever directory the records have */
        FopsSpan base; /* where a descriptor is open on now, from which a name led to it; else absent */
} Found;

typedef struct Context {
        FopsResolver *resolver;
        const FopsOperation *op;
        FopsArena *arena;
        FopsSpan cwd;       /* absent if relative names can't be joined to it */
        bool cwd_has_moved; /* perhaps: a directory was renamed, which may be an ancestor of it */
        FopsSpan watched;   /* the directory of the rule that reported it, or absent */
} Context;

static bool device_fits(const FopsResolver *r, const FopsInode *inode, const FopsItem *item) {
        const FopsSubvolume *v;

        if (item->subvolume > 0 && item->subvolume != FOPS_SUBVOLUME_UNTOLD) {
                v = fops_subvolumes_get(fops_path_index_subvolumes(r->index), item->subvolume);
                return v && inode->dev_major == v->stat_major && inode->dev_minor == v->stat_minor;
        }
        return !inode->dev_is_certain || (inode->dev_major == item->dev_major && inode->dev_minor == item->dev_minor);
}

static bool inode_fits(const FopsResolver *r, const FopsInode *inode, const FopsItem *item) {
        return item->has_inode && inode->inode == item->inode && item->subvolume != FOPS_SUBVOLUME_UNTOLD && device_fits(r, inode, item);
}

/* May @inode be the file of @item by another number? */
static bool may_be_renumbered(const FopsInode *inode, const FopsItem *item) {
        return inode->may_be_renumbered && item->has_inode && inode->dev_major == item->dev_major && inode->dev_minor == item->dev_minor;
}

static int world_canonicalize(const Context *c, FopsSpan path, FopsSpan *ret_path, FopsInode *ret_inode) {
        const FopsResolver *r = c->resolver;

        return r->world ? r->world->canonicalize(r->userdata, path, c->arena, ret_path, ret_inode) : -ENOSYS;
}

static int world_look_up(const Context *c, FopsSpan path, FopsInode *ret_inode) {
        const FopsResolver *r = c->resolver;

        return r->world ? r->world->look_up(r->userdata, path, ret_inode) : -ENOSYS;
}

static int world_shares_root(const Context *c) {
        const FopsResolver *r = c->resolver;

        return r->world ? r->world->shares_root(r->userdata, c->op->pid) : -ENOSYS;
}

/* Does @name go up from the directory it begins in? */
static bool climbs(FopsSpan name) {
        while (name.size > 1 && name.data[0] == '.' && name.data[1] == '/')
                do
                        name = fops_span_skip(name, 1);
                while (name.size > 0 && name.data[0] == '/');
        return fops_span_starts_with(name, FOPS_SPAN_LITERAL("../")) || fops_span_equal(name, FOPS_SPAN_LITERAL(".."));
}

/* Is @dir, as far as it is there, in the watched directory, and on the file system of @item, which the index can't know by number? */
static bool is_where_numbers_change(const Context *c, const FopsItem *item, FopsSpan dir) {
        FopsInode inode;
        int r = -ENOENT;

        if (!item || !c->watched.data)
                return false;
        for (; r < 0 && dir.data && fops_path_is_below(dir, c->watched); dir = fops_path_dirname(dir))
                r = world_look_up(c, dir, &inode);
        return r == 0 && may_be_renumbered(&inode, item);
}

/* Is @path in none of the directories that are watched by the rule? */
static bool is_out_of_reach(const Context *c, FopsSpan path) {
        const FopsResolver *r = c->resolver;

        if (c->watched.data)
                return !fops_path_is_below(path, c->watched);
        return r->watches && fops_watch_set_is_outside_group(r->watches, c->op->tag, path);
}

/* Nothing can be compared: the text stands, unless the process is known to have meant another root. One that is gone is taken
 * for an ordinary one if it names something in the directory that its rule watches, and the source says how little that is.
 *
 * CWD is logged at the call's end. A rename that moved an ancestor of the current directory, which a relative name can only reach
 * by climbing, logs the new one, while its names were meant from the old one: then a path that nothing proves isn't taken. */
static Found found_by_text(const Context *c, const FopsItem *item, FopsSpan name, FopsSpan joined, FopsSpan dir) {
        int shares_root = world_shares_root(c);

        if (shares_root == 0 || (c->cwd_has_moved && climbs(name)) ||
            (shares_root < 0 && is_out_of_reach(c, joined)) ||
            (c->resolver->index_was_complete && (shares_root < 0 || c->op->tag.data) && !is_where_numbers_change(c, item, dir)))
                return (Found){};
        return (Found){ .path = joined, .dir = dir, .source = FOPS_PATH_JOINED };
}

/* The path of a descriptor of the process, if it is still open on @item (NULL: on whatever it is). What /proc calls it is a path
 * of the process's own mounts; so it has to lead there from here, too. */
static FopsSpan path_of_fd(const Context *c, int fd, const FopsItem *item) {
        static const FopsSpan deleted = { " (deleted)", 10 };
        const FopsResolver *r = c->resolver;
        FopsInode inode, now;
        FopsSpan path;

        if (!r->world || c->op->pid == 0 || fd < 0)
                return FOPS_SPAN_ABSENT;
        if (r->world->read_fd(r->userdata, c->op->pid, fd, c->arena, &path, &inode) < 0)
                return FOPS_SPAN_ABSENT;
        if (path.size == 0 || path.data[0] != '/' || (item && !inode_fits(c->resolver, &inode, item)))
                return FOPS_SPAN_ABSENT;

        if (world_look_up(c, path, &now) == 0 && now.inode == inode.inode && now.dev_major == inode.dev_major &&
            now.dev_minor == inode.dev_minor)
                return path;

        /* A file that is gone is named as it was. */
        if (!fops_span_ends_with(path, deleted) || world_shares_root(c) != 1)
                return FOPS_SPAN_ABSENT;
        path.size -= deleted.size;

        /* "#123" is what the kernel calls a file that was opened without a name (O_TMPFILE). */
        if (fops_span_starts_with(fops_path_basename(path), FOPS_SPAN_LITERAL("#")))
                return FOPS_SPAN_ABSENT;
        return path;
}

static FopsSpan child(FopsArena *arena, FopsSpan dir, FopsSpan name) {
        return name.size > 0 && dir.size > 0 ? fops_path_join(arena, dir, fops_path_basename(name)) : FOPS_SPAN_ABSENT;
}

/* Is @dir the directory of @parent? Sets its canonical path. */
typedef enum Verdict { VERDICT_FITS, VERDICT_CONTRADICTED, VERDICT_OPEN } Verdict;

static Verdict check_dir(const Context *c, FopsSpan dir, const FopsItem *parent, FopsSpan *ret_canonical) {
        FopsSpan canonical;
        FopsInode inode;

        if (!parent || !parent->has_inode || world_canonicalize(c, dir, &canonical, &inode) < 0)
                return VERDICT_OPEN;
        if (!inode_fits(c->resolver, &inode, parent))
                return may_be_renumbered(&inode, parent) ? VERDICT_OPEN : VERDICT_CONTRADICTED;
        *ret_canonical = canonical;
        return VERDICT_FITS;
}

/* @name in a directory that the records hold: @joined is the whole path by its text, @dir its directory. */
static Found found_in_dir(const Context *c, const FopsObject *object, FopsSpan name, FopsSpan dir, FopsSpan joined,
                          FopsPathSource checked) {
        FopsSpan canonical;

        switch (check_dir(c, dir, object->parent, &canonical)) {
        case VERDICT_FITS:
                return (Found){ .path = child(c->arena, canonical, joined), .dir = canonical, .source = checked };
        case VERDICT_OPEN:
                return checked == FOPS_PATH_VERIFIED ? found_by_text(c, object->parent, name, joined, dir) : (Found){};
        case VERDICT_CONTRADICTED:
        default:
                return (Found){};
        }
}

/* An existing object that the records name without its directory: opened, changed, executed, linked from. */
static Found found_itself(const Context *c, const FopsObject *object, FopsSpan name, FopsSpan joined, FopsPathSource checked) {
        FopsSpan canonical, dir = fops_path_dirname(joined), path;
        FopsInode inode, target;
        int r;

        /* As it is named, its directory's symlinks resolved … */
        if (dir.data && world_canonicalize(c, dir, &canonical, &inode) == 0) {
                path = child(c->arena, canonical, joined);
                r = world_look_up(c, path, &inode);
                if (r == 0 && inode_fits(c->resolver, &inode, object->item))
                        return (Found){ .path = path, .dir = canonical, .source = checked };
                /* … or through a symlink at its end. */
                if (r == 0 && inode.is_symlink && world_canonicalize(c, path, &canonical, &target) == 0 &&
                    inode_fits(c->resolver, &target, object->item))
                        return (Found){ .path = canonical, .dir = fops_path_dirname(canonical), .source = checked };
                /* Something else stands there now: replaced since by another file, if this is where the process meant. */
                if (r == 0 && (inode.is_symlink || (world_shares_root(c) != 1 && !may_be_renumbered(&inode, object->item))))
                        return (Found){};
                joined = path;
                dir = fops_path_dirname(path);
        } else if (dir.data == NULL && world_canonicalize(c, joined, &canonical, &inode) == 0 &&
                   inode_fits(c->resolver, &inode, object->item))
                return (Found){ .path = canonical, .source = checked };

        return checked == FOPS_PATH_VERIFIED ? found_by_text(c, object->item, name, joined, dir) : (Found){};
}

static Found find_by_name(const Context *c, const FopsObject *object, FopsSpan base, FopsSpan name, FopsPathSource checked) {
        FopsSpan joined = fops_path_join(c->arena, base, name);
        FopsSpan dir = fops_path_dirname(joined);

        if (!joined.data)
                return (Found){};
        if (object->parent && dir.data)
                return found_in_dir(c, object, name, dir, joined, checked);
        if (object->item && object->item->has_inode)
                return found_itself(c, object, name, joined, checked);
        return checked == FOPS_PATH_VERIFIED ? found_by_text(c, NULL, name, joined, dir) : (Found){};
}

/* The records have the directory, but not the name: a refused mkdir, an unlink of what isn't there, io_uring. The kernel calls
 * the directory by the name's prefix, or, for a name of one component, by the current directory, whatever dirfd was. */
static FopsSpan find_dir(const Context *c, const FopsObject *object, FopsSpan hint) {
        const FopsItem *parent = object->parent;
        FopsSpan base = object->base == FOPS_BASE_FD ? path_of_fd(c, object->fd, NULL) : c->cwd, canonical;
        const FopsSpan named = fops_path_join(c->arena, base, parent->name), candidates[] = { named, base, c->cwd, hint };

        for (size_t i = 0; i < ELEMENTSOF(candidates); i++)
                if (candidates[i].data && check_dir(c, candidates[i], parent, &canonical) == VERDICT_FITS)
                        return canonical;

        /* Nothing to compare, offline or because it is gone already: its name, where no descriptor is in it, is as good as a
         * joined path. */
        if (object->base == FOPS_BASE_CWD && named.data && check_dir(c, named, parent, &canonical) == VERDICT_OPEN)
                return found_by_text(c, parent, parent->name, named, named).dir;
        return FOPS_SPAN_ABSENT;
}

static Found found_open(FopsSpan path) {
        return path.data ? (Found){ .path = path, .dir = fops_path_dirname(path), .source = FOPS_PATH_FD, .is_open = true } : (Found){};
}

/* What the world says, as it is now. */
static Found look_for(const Context *c, const FopsObject *object) {
        const FopsOperation *op = c->op;
        FopsSpan name = object->item ? object->item->name : FOPS_SPAN_ABSENT;
        bool absolute = name.size > 0 && name.data[0] == '/';
        Found found = {};

        if (object->is_fd)
                return object->item ? found_open(path_of_fd(c, object->fd, object->item)) : (Found){};

        /* It is from another directory than CWD says, and what is there now says nothing. */
        if (op->tag.data && c->cwd_has_moved && object->base == FOPS_BASE_CWD && climbs(name))
                return (Found){};

        if (name.size > 0 && (absolute || object->base == FOPS_BASE_CWD))
                found = find_by_name(c, object, c->cwd, name, FOPS_PATH_VERIFIED);
        else if (name.size > 0 && object->base == FOPS_BASE_FD) {
                FopsSpan base = path_of_fd(c, object->fd, NULL);

                found = find_by_name(c, object, base, name, FOPS_PATH_FD);
                found.base = base;
        }

        /* What was opened may still be open. By its inode alone, which is given away again at once: not against a name. */
        if (!found.path.data && (op->syscall->flags & FOPS_SYSCALL_OPEN) &&
            op->outcome == FOPS_OUTCOME_SUCCESS && op->has_exit && op->exit >= 0 && op->exit <= INT32_MAX && object->item)
                return found_open(path_of_fd(c, (int) op->exit, object->item));
        return found;
}

/* Is what is at @path now there since before the operation? It is if no name has changed in any directory above. */
static bool has_stood(const Context *c, FopsSpan path) {
        FopsInode above;

        while ((path = fops_path_dirname(path)).data)
                if (world_look_up(c, path, &above) < 0 || above.changed_usec >= fops_event_id_usec(c->op->event->id))
                        return false;
        return true;
}

/* The world is asked too late: it may have been renamed since, while the index is as old as the event. What a descriptor is open on
 * may even be another object of that inode, since both are given away again at once. */
static bool is_contradicted(const Context *c, const FopsObject *object, Found found) {
        const FopsResolver *r = c->resolver;
        FopsIndexView view = FOPS_INDEX_SILENT;

        if (!r->index)
                return false;
        if (!r->index_is_late)
                view = fops_index_view(r->index, object, found.path, found.dir, c->arena);
        if (view == FOPS_INDEX_AGREES || (view == FOPS_INDEX_AGREES_AMONG && found.is_open))
                return false;
        /* Until all was scanned there may be places that it doesn't know. */
        if (view == FOPS_INDEX_DENIES && r->index_was_complete)
                return true;
        return found.source == FOPS_PATH_FD && c->op->tag.data &&
               !(has_stood(c, object->parent && !found.is_open ? found.dir : found.path) && (!found.base.data || has_stood(c, found.base)));
}

/* A file may have links outside of what is watched, of which the index knows nothing. If it has none now, all to come will be heard
 * of. */
static bool may_mean_another_link(const Context *c, const FopsObject *object, const FopsIndexFound *known) {
        FopsInodeKey key;
        FopsInode inode;

        if (known->n_links == 0)
                return false;
        if (world_look_up(c, known->path, &inode) < 0 || (object->item && !inode_fits(c->resolver, &inode, object->item)) ||
            inode.n_links > known->n_links)
                return true;
        if (fops_item_key(object->item, &key))
                fops_path_index_set_whole(c->resolver->index, key);
        return false;
}

/* What was opened as @path, of which the index knows the directory alone: it is if that isn't a symlink, and wasn't then. */
static Found find_unseen(const Context *c, const FopsObject *object, FopsSpan path) {
        FopsInode inode;

        if (!path.data || world_look_up(c, path, &inode) < 0 || !inode_fits(c->resolver, &inode, object->item) || !has_stood(c, path))
                return (Found){};
        return (Found){ .path = path, .dir = fops_path_dirname(path), .source = FOPS_PATH_VERIFIED };
}

/* O_TMPFILE: what the item is called is the directory, and what it is is the file. No inode tells whether the name leads there still. */
static FopsSpan find_nameless_dir(const Context *c, const FopsObject *object) {
        FopsSpan named, canonical;
        FopsInode inode;

        if (!object->parent || object->base != FOPS_BASE_CWD)
                return FOPS_SPAN_ABSENT;
        named = fops_path_join(c->arena, c->cwd, object->parent->name);
        if (named.data && world_canonicalize(c, named, &canonical, &inode) == 0) {
                if (!device_fits(c->resolver, &inode, object->parent))
                        return FOPS_SPAN_ABSENT;
                if (world_shares_root(c) == 1)
                        return has_stood(c, named) && has_stood(c, canonical) ? canonical : FOPS_SPAN_ABSENT;
                named = canonical;
        }
        return found_by_text(c, NULL, object->parent->name, named, named).dir;
}

static Found find_object(const Context *c, const FopsObject *object, FopsSpan hint) {
        const FopsResolver *r = c->resolver;
        FopsObject itself = *object;
        FopsSpan known_dir = FOPS_SPAN_ABSENT;
        FopsIndexFound known = {};
        Found found = {};

        if (r->index && !r->index_is_late) {
                known = fops_index_resolve(r->index, r->index_is_complete, c->op, object, c->arena);
                if (known.path.data && !may_mean_another_link(c, object, &known))
                        return (Found){ .path = known.path, .dir = known.dir, .source = FOPS_PATH_INDEX };
                if (!known.path.data)
                        found.dir = known_dir = known.dir;
        }

        if (object->is_nameless) {
                found.dir = find_nameless_dir(c, object);
                return found;
        }

        /* Without what may be another directory. */
        if (object->is_followed) {
                itself.parent = NULL;
                object = &itself;
        }
        found = look_for(c, object);
        if (found.path.data && is_contradicted(c, object, found))
                found = (Found){};
        if (!found.path.data)
                found = find_unseen(c, object, known.unseen);

        if (!found.path.data)
                found.dir = known_dir;
        if (!found.path.data && !found.dir.data && object->parent) {
                /* Some of the places where it looks are guesses, as good as a descriptor. */
                found = (Found){ .dir = find_dir(c, object, hint), .source = FOPS_PATH_FD };
                if (!found.dir.data || is_contradicted(c, object, found))
                        found = (Found){};
        }
        return found;
}

static bool is_directory(const FopsItem *item) {
        return item && S_ISDIR(item->mode);
}

void fops_resolver_resolve(FopsResolver *r, FopsOperation *op, FopsSpan hint, FopsArena *arena) {
        bool renamed = (op->op == FOPS_OP_RENAME || op->op == FOPS_OP_EXCHANGE) && op->outcome != FOPS_OUTCOME_FAILED;
        const Context c = {
                .resolver = r,
                .op = op,
                .arena = arena,
                .cwd = op->cwd_is_certain ? op->cwd : FOPS_SPAN_ABSENT,
                .watched = hint,
                .cwd_has_moved = renamed && (is_directory(op->object.item) || is_directory(op->new_object.item)),
        };
        Found old, new = {};

        fops_pairing_apply(&r->pairing, op);
        if (r->index && !r->index_is_late) {
                fops_index_tell_exchange(r->index, r->index_is_complete, op);
                fops_index_pair_parents(r->index, op, arena);
        }

        old = find_object(&c, &op->object, hint);
        if (op->has_two_names)
                new = find_object(&c, &op->new_object, hint);
        /* Of an exchange the records may call both names by one: which is where isn't known then. And nothing was moved to where it was. */
        if ((op->may_be_exchange && fops_span_equal(op->object.item->name, op->new_object.item->name)) ||
            (renamed && op->object.item && op->new_object.item && old.path.data && fops_span_equal(old.path, new.path)))
                old = new = (Found){};

        op->path = old.path;
        op->new_path = new.path;
        op->dir = old.dir;

        if (old.path.data && new.path.data)
                op->source = MIN(old.source, new.source);
        else
                op->source = old.path.data ? old.source : new.path.data ? new.source : FOPS_PATH_UNRESOLVED;
        r->stats.n_by_source[op->source]++;
}

/* --- names that aren't in the records ----------------------------------------------------------------------------------- */

static bool pay(FopsResolver *r, uint64_t event_usec) {
        /* The clock was set back. Or somebody's call took as long, who then gets a burst's worth for it. */
        if (event_usec + STEP_BACK_USEC < r->paid_until_usec)
                r->paid_until_usec = event_usec;
        if (event_usec > r->paid_until_usec) {
                r->credit = (size_t) MIN(r->credit + (event_usec - r->paid_until_usec) / USEC_PER_ENTRY, (uint64_t) CREDIT_MAX);
                r->paid_until_usec = event_usec;
        }
        return r->credit >= ENTRIES_PER_DIRECTORY;
}

/* The object that got a name by @op which nothing tells yet; NULL if there is none. */
static const FopsObject *find_unnamed(const FopsOperation *op) {
        const FopsObject *object = op->has_two_names ? &op->new_object : &op->object;
        FopsSpan path = op->has_two_names ? op->new_path : op->path;

        /* What was exchanged is where the other one was. */
        if (op->outcome != FOPS_OUTCOME_SUCCESS || op->op == FOPS_OP_EXCHANGE || path.data)
                return NULL;
        return object->item && object->item->nametype == FOPS_NAMETYPE_CREATE ? object : NULL;
}

/* What @object's inode is called now in its directory, which the index knows: *@ret_dir. */
static bool read_names(FopsResolver *r, const FopsOperation *op, const FopsObject *object, FopsArena *arena, FopsSpan *ret_dir,
                       FopsInodeNames *ret) {
        FopsSpan dir;

        if (!object->parent || !object->parent->has_inode || !object->item || !object->item->has_inode)
                return false;
        dir = fops_index_resolve(r->index, r->index_is_complete, op, object, arena).dir;
        if (!dir.data || !pay(r, fops_event_id_usec(op->event->id)))
                return false;
        if (r->world->read_names(r->userdata, dir, object->item->inode, arena, ret) < 0)
                return false;
        r->credit -= MIN(r->credit, ret->n_read + ENTRIES_PER_DIRECTORY);

        *ret_dir = dir;
        return !ret->more && inode_fits(r, &ret->directory, object->parent);
}

/* Of the names that the index has for @op's object in its old directory, the one that isn't there any more. */
static FopsSpan find_left(FopsResolver *r, const FopsOperation *op, FopsInodeKey key, FopsArena *arena) {
        FopsSpan dir, left = FOPS_SPAN_ABSENT;
        FopsPathCandidates candidates;
        FopsInodeNames names;

        if (!read_names(r, op, &op->object, arena, &dir, &names) ||
            fops_path_index_candidates(r->index, key, false, arena, &candidates) < 0 || candidates.more)
                return FOPS_SPAN_ABSENT;

        for (size_t i = 0; i < candidates.n; i++) {
                FopsSpan path = candidates.paths[i];
                bool is_there = false;

                if (!fops_span_equal(fops_path_dirname(path), dir))
                        continue;
                for (size_t j = 0; j < names.n; j++)
                        is_there |= fops_span_equal(names.names[j], fops_path_basename(path));
                if (is_there)
                        continue;
                if (left.data)
                        return FOPS_SPAN_ABSENT;
                left = path;
        }
        return left;
}

bool fops_resolver_sight(FopsResolver *r, const FopsOperation *op, FopsArena *arena, FopsSighting *ret) {
        const FopsObject *object = find_unnamed(op);
        FopsInodeKey parent, key, known;
        FopsSighting sighting = {};
        FopsInodeNames names;
        bool is_directory;
        FopsSpan dir;

        if (!object || !r->index || !r->world || !fops_item_key(object->parent, &parent) || !fops_item_key(object->item, &key))
                return false;
        /* The old directory first: .usec is of the last look. */
        if (op->op == FOPS_OP_RENAME && !op->path.data && !S_ISDIR(object->item->mode))
                sighting.old_path = find_left(r, op, key, arena);
        if (!read_names(r, op, object, arena, &dir, &names))
                return false;

        for (size_t i = 0; i < names.n; i++) {
                /* A link has an older name too, perhaps there; what was made just now has none. */
                if (op->has_two_names &&
                    fops_path_index_child(r->index, parent, names.names[i], &known, &is_directory) == FOPS_INDEX_DONE &&
                    fops_inode_key_equal(known, key))
                        continue;
                if (sighting.path.data)
                        return false;
                sighting.path = child(arena, dir, names.names[i]);
        }
        if (!sighting.path.data)
                return false;

        sighting.key = key;
        sighting.usec = names.usec;
        *ret = sighting;
        return true;
}

void fops_resolver_believe(FopsResolver *r, FopsOperation *op, const FopsSighting *sighting) {
        FopsPathSource before = op->source;

        if (op->has_two_names) {
                op->new_path = sighting->path;
                if (sighting->old_path.data) {
                        op->path = sighting->old_path;
                        op->dir = fops_path_dirname(op->path);
                        op->source = FOPS_PATH_VERIFIED;
                }
                op->source = op->path.data ? MIN(op->source, FOPS_PATH_VERIFIED) : FOPS_PATH_VERIFIED;
        } else {
                op->path = sighting->path;
                op->source = FOPS_PATH_VERIFIED;
        }
        r->stats.n_by_source[before]--;
        r->stats.n_by_source[op->source]++;
}

bool fops_resolver_is_gone(const FopsResolver *r, const FopsOperation *op) {
        FopsInode inode;
        int s;

        if ((op->op != FOPS_OP_DELETE && op->op != FOPS_OP_RMDIR) || op->outcome != FOPS_OUTCOME_UNKNOWN || !op->path.data ||
            !op->object.item || !r->world)
                return false;
        s = r->world->look_up(r->userdata, op->path, &inode);
        return s == -ENOENT || s == -ENOTDIR || (s == 0 && !inode_fits(r, &inode, op->object.item));
}
