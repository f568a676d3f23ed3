/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Between the three parts of the path index: the entries and the tables that find them (path-index-store.c), the walks up
 * to a root (path-index-walk.c), and what is learnt and forgotten (path-index.c). Entries are known by number. */

#include "path-index.h"

#define NONE UINT32_C(0)
#define TOP UINT32_C(1) /* the parent of all roots; in no table */

/* Numbers of entries have as many bits in a table's slots; the other six there tell most strangers without a look at the
 * entry. */
#define ENTRY_BITS 26

typedef enum EntryState {
        ENTRY_FREE,
        ENTRY_LIVE,
        ENTRY_GHOST, /* removed, but still found by key; not by name */
        ENTRY_DEAD,  /* found by nothing, without a place; there while it has children */
} EntryState;

/* One place of a directory or file. */
typedef struct Entry {
        uint64_t inode;
        uint32_t dev;
        uint32_t name; /* NONE: no place. Of a free entry the next free one */
        uint32_t parent : ENTRY_BITS;
        uint32_t state : 2;
        uint32_t is_directory : 1;
        uint32_t is_further : 1;  /* a directory's, besides its node. Of a file: fops_path_has_all_links() */
        uint32_t has_further : 1; /* a node with such */
        uint32_t has_more : 1;    /* the key has links that aren't held */
        uint32_t n_children : ENTRY_BITS;
        uint32_t sides : 2;      /* which half of each table it is in */
        uint32_t mark : 1;       /* a file's: asked for or named by an event since the hand passed. Of a directory: fops_path_was_away() */
        uint32_t is_since : 1;   /* put, or seen again, since the parent was away */
        uint32_t scan : 2;       /* put by the scan of that number, and by no event; 0: by an event, or long ago */
} Entry;

_Static_assert(sizeof(Entry) == 24, "there are millions of them");

typedef struct Key {
        uint64_t inode;
        uint32_t dev;
} Key;

typedef enum TableBy {
        BY_KEY,
        BY_NAME, /* and parent */
        _BY_MAX,
} TableBy;

typedef struct TableSide {
        uint32_t *slots;
        uint32_t n, n_taken; /* taken: by entries, and by those that have left */
} TableSide;

/* Open addressing. An entry that was removed leaves a mark behind. When three quarters are taken, the entries move to
 * another side of the right size, a few with each call; until then both are searched. */
typedef struct Table {
        TableSide sides[2];
        unsigned side;   /* the one that entries are added to */
        uint32_t cursor; /* entries from here on may be on the other; NONE: none is */
        uint32_t n_entries;
} Table;

struct FopsPathIndex {
        Entry **blocks;
        uint32_t n_blocks, n_slots, first_free;
        uint32_t max_entries, n_used, n_files, n_ghosts, n_dead;
        uint32_t hand;
        uint32_t name_cursor; /* names of entries from here on may be on the side of the pool that is left; NONE: none is */
        uint32_t next_ghost;
        uint32_t scan;        /* the latest, 1 and 2 in turn */
        uint32_t scan_cursor; /* entries from here on may bear the other number; NONE: none does */
        bool has_first_roots;
        bool is_ahead; /* what that has put is too new for the event at hand */
        Table tables[_BY_MAX];
        FopsNamePool names;
        uint64_t n_evicted, n_refused;
        FopsSubvolumes subvolumes;
        uint8_t seed[16];
        uint64_t usec; /* of the event at hand */
        uint32_t ghosts[FOPS_PATH_GHOSTS_MAX];
        uint64_t ghost_usec[FOPS_PATH_GHOSTS_MAX]; /* of their removals */
};

static inline bool fops_path_is_too_new(const FopsPathIndex *x, const Entry *e) {
        return x->is_ahead && e->scan == x->scan;
}

static inline void fops_path_touch(Entry *e) {
        if (!e->is_directory)
                e->mark = true;
}

/* A directory: what was known to be in it is from before. */
static inline bool fops_path_was_away(const Entry *directory) {
        return directory->mark;
}

/* A file: all its links are held, or were heard of. */
static inline bool fops_path_has_all_links(const Entry *file) {
        return file->is_further;
}

#define BLOCK_ENTRIES UINT32_C(2048) /* 48 KiB */

static inline Entry *entry(const FopsPathIndex *x, uint32_t i) {
        return &x->blocks[i / BLOCK_ENTRIES][i % BLOCK_ENTRIES];
}

/* From before its parent was away: it may have gone meanwhile. */
static inline bool fops_path_is_former(const FopsPathIndex *x, const Entry *e) {
        return fops_path_was_away(entry(x, e->parent)) && !e->is_since;
}

static inline Key key_of(const Entry *e) {
        return (Key){ e->inode, e->dev };
}

bool fops_path_key_pack(FopsInodeKey key, Key *ret);
FopsInodeKey fops_path_key_unpack(Key key);

int fops_path_store_init(FopsPathIndex *x);
void fops_path_store_done(FopsPathIndex *x);

/* Moves what is to be moved a step on. Returns 0 if there is space in the tables for the additions of one call, or
 * -ENOMEM. */
int fops_path_store_maintain(FopsPathIndex *x);

/* The key will be looked up soon. */
void fops_path_store_prefetch(const FopsPathIndex *x, Key key);

/* Adds an entry like @kind. Returns its number, NONE when memory is out. */
uint32_t fops_path_store_add(FopsPathIndex *x, Key key, uint32_t parent, FopsSpan name, Entry kind);

/* Removes a live entry that nothing points at: a file's link, or a directory's further place. */
void fops_path_store_remove(FopsPathIndex *x, uint32_t i);

/* A node without a further place becomes what finds it less: 0 for @state FREE if it has no children, DEAD if it has. */
void fops_path_store_retire(FopsPathIndex *x, uint32_t node);
void fops_path_store_make_ghost(FopsPathIndex *x, uint32_t node);

/* Gives a live entry, or a ghost that lives again by it, another place. 0, or -ENOMEM and nothing happened. */
int fops_path_store_move(FopsPathIndex *x, uint32_t i, uint32_t parent, FopsSpan name);

/* A ghost's: whether the event at hand may be from before its removal. Not if it may be of the same time: a tick of the clock is
 * enough to remove a directory and make another one of its inode. */
bool fops_path_store_is_recent(const FopsPathIndex *x, uint32_t ghost);

/* A ghost's: it has no path from here on. */
void fops_path_store_drop_place(FopsPathIndex *x, uint32_t ghost);

/* Two live entries change places; or @i takes that of @from, which is removed. */
void fops_path_store_exchange(FopsPathIndex *x, uint32_t i, uint32_t j);
void fops_path_store_take_over(FopsPathIndex *x, uint32_t i, uint32_t from);

/* Iterates over the entries of a key and kind, or of a name in a parent, in no order. The index must not change
 * meanwhile. */
typedef struct Probe {
        const FopsPathIndex *x;
        TableBy by;
        bool is_second, is_directory;
        Key key;
        uint32_t parent, tag, slot;
        FopsSpan name;
        uint64_t hash;
} Probe;

Probe fops_path_probe_key(const FopsPathIndex *x, Key key, bool is_directory);
Probe fops_path_probe_name(const FopsPathIndex *x, uint32_t parent, FopsSpan name);
uint32_t fops_path_probe_next(Probe *p); /* NONE: no more */

#define FOREACH_OF_KEY(i, x, key, is_directory)                                            \
        for (Probe _p = fops_path_probe_key(x, key, is_directory); (i = fops_path_probe_next(&_p)) != NONE;)
#define FOREACH_OF_NAME(i, x, parent, name)                                                \
        for (Probe _p = fops_path_probe_name(x, parent, name); (i = fops_path_probe_next(&_p)) != NONE;)

static inline size_t fops_path_count_of_key(const FopsPathIndex *x, Key key, bool is_directory) {
        size_t n = 0;
        uint32_t i;

        FOREACH_OF_KEY(i, x, key, is_directory)
                n++;
        return n;
}

static inline uint32_t fops_path_first_of_key(const FopsPathIndex *x, Key key, bool is_directory) {
        Probe p = fops_path_probe_key(x, key, is_directory);

        return fops_path_probe_next(&p);
}

/* A directory's, a ghost's too. */
uint32_t fops_path_find_node(const FopsPathIndex *x, Key key);

/* The entry of that very place, or NONE. */
uint32_t fops_path_find_place(const FopsPathIndex *x, uint32_t parent, FopsSpan name, Key key, bool is_directory);
uint32_t fops_path_find_name(const FopsPathIndex *x, uint32_t parent, FopsSpan name); /* any of that name */

/* A directory's places under a parent, which a root's path isn't: how many, and one of them. The same for a root's paths. */
size_t fops_path_count_parents(const FopsPathIndex *x, Key key, uint32_t *ret_one);
size_t fops_path_count_roots(const FopsPathIndex *x, Key key, uint32_t *ret_one);

/* The parent's key stands for several directories. */
bool fops_path_is_ambiguous(const FopsPathIndex *x, uint32_t node);

bool fops_path_is_valid_name(FopsSpan name);

/* Whether @node, put into @parent, would be below itself. */
bool fops_path_would_loop(const FopsPathIndex *x, uint32_t node, uint32_t parent);

/* --- path-index-forget.c ------------------------------------------------------------------------------------------------- */

/* All links of a file; all places of a directory, by its node; one place, of either. */
void fops_path_forget_file(FopsPathIndex *x, Key key);
void fops_path_forget_directory(FopsPathIndex *x, uint32_t node);
void fops_path_forget_place(FopsPathIndex *x, uint32_t i);

/* As an event says it: the name at @i is somebody's no longer; a directory was taken to where nobody knows. */
void fops_path_unlink_place(FopsPathIndex *x, uint32_t i);
void fops_path_lose_directory(FopsPathIndex *x, uint32_t node);

/* What every change does first, before it looks anything up: entries may go. 0 or -ENOMEM. */
int fops_path_maintain(FopsPathIndex *x);

/* As many entries as there may be; room for one more, for which files go if @may_evict. */
bool fops_path_is_full(const FopsPathIndex *x);
bool fops_path_make_room(FopsPathIndex *x, bool may_evict);
