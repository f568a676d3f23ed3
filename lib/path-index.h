/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* (device, inode) → parent directory and name, for millions of files; a path is built by walking up to a root. Told by a
 * scan and by events what is where; does no I/O, so it can be wrong only where it was told wrong or not at all. Not
 * thread-safe: one owner.
 *
 * A directory has one place; a file may have several (hard links). What is known of a key that may be wrong is not told
 * as right: then there are several candidates, or more than are known, and the caller has to look. */

#include "arena.h"
#include "inode-key.h"
#include "name-pool.h"
#include "subvolumes.h"

/* @key stands in @parent as @name: any bytes but NUL and '/', 1 to FOPS_NAME_BYTES_MAX of them, not "." or "..".
 * Borrowed. */
typedef struct FopsPathLink {
        FopsInodeKey parent;
        FopsSpan name;
        FopsInodeKey key;
        bool is_directory;
} FopsPathLink;

typedef enum FopsPutHow {
        /* Seen there by a scan. A directory that is known elsewhere isn't moved: the scan may be ahead of the events, or behind;
         * both places are then candidates. */
        FOPS_PUT_SCANNED,
        /* An event put it there: a directory moves with all below it, a file gets one more link. So of a file that wasn't
         * known before there are other links. */
        FOPS_PUT_EVENT,
        /* An event made it there: mkdir, create, mknod, symlink. Whatever had the key before is gone: inodes are reused. */
        FOPS_PUT_CREATED,
} FopsPutHow;

typedef enum FopsPathOutcome {
        FOPS_INDEX_DONE,
        FOPS_INDEX_KNOWN,          /* nothing new */
        FOPS_INDEX_UNKNOWN,        /* remove, child: nothing of that name is known */
        FOPS_INDEX_STALE,          /* remove: another inode has that name now */
        FOPS_INDEX_PARENT_UNKNOWN, /* the parent is no directory that is known. put by an event: the old place is off */
        FOPS_INDEX_AMBIGUOUS,      /* put: one more candidate, or too many; remove, child: can't tell which, nothing done */
        FOPS_INDEX_LOOP,           /* put: a directory below itself: what was known is stale. Its place is forgotten */
        FOPS_INDEX_FULL,           /* put: no room, and nothing that may go for it; counted */
        FOPS_INDEX_INVALID,        /* no such name, path or key can be */
} FopsPathOutcome;

/* Places of one key that are held. Trees made by cp -al have a few links a file; a file may have 65,000 (ext4), and each
 * lookup walks them all. Of a key with more it is only known that there are more. */
#define FOPS_PATH_LINKS_MAX ((size_t) 16)

/* PATH_MAX / 2: no deeper path can be typed. mkdirat() in a loop makes deeper ones; those stay unknown, and a walk stays
 * short. */
#define FOPS_PATH_DEPTH_MAX 2048

/* Removed directories that still have a path, for events that come late. An rm -rf removes 50,000 directories a second; events arrive out
 * of order by some milliseconds. 40 bytes and a name each. */
#define FOPS_PATH_GHOSTS_MAX UINT32_C(4096)

/* How long before its removal an event in a removed directory may have begun. More than any system call takes that nobody holds up; and
 * so long only are events taken for older ones when the clock is set back. */
#define FOPS_PATH_GHOST_USEC_MAX UINT64_C(1000000)

/* The most that a bound may be: numbers of entries have 26 bits. 4 GiB of memory. */
#define FOPS_PATH_ENTRIES_MAX ((UINT32_C(1) << 26) - 2 * FOPS_PATH_GHOSTS_MAX)

typedef struct FopsPathCandidates {
        FopsSpan paths[FOPS_PATH_LINKS_MAX];
        size_t n;
        bool more;    /* there may be others */
        bool newer;   /* of a file: others are held that are too new for the event at hand */
        bool partial; /* of a file: there may be others that a scan hasn't come to yet */
        bool whole;   /* of a file: all its links were heard of since an event made it, or set_whole(); otherwise some may be outside */
} FopsPathCandidates;

typedef struct FopsPathIndexStats {
        uint64_t n_entries;     /* places of directories and files, at most max_entries, and n_unreachable */
        uint64_t n_files;       /* of these */
        uint64_t n_unreachable; /* of these: directories without a place, whose contents are still being taken out */
        uint64_t n_ghosts;      /* besides these */
        uint64_t n_evicted;     /* files that had to go, ever */
        uint64_t n_refused;     /* puts that found no room, ever */
        uint64_t bytes;         /* allocated, all included */
} FopsPathIndexStats;

typedef struct FopsPathIndex FopsPathIndex;

/* At most @max_entries places (FOPS_PATH_ENTRIES_MAX if more); memory is taken as they come and reused, not given back.
 * @seed: from getrandom(2) and told to nobody, so that nobody can make names that collide. NULL when memory is out. _free
 * takes NULL and returns NULL. */
FopsPathIndex *fops_path_index_new(uint64_t max_entries, const uint8_t seed[static 16]);
FopsPathIndex *fops_path_index_free(FopsPathIndex *x);
FOPS_DEFINE_CLEANUP(FopsPathIndex *, fops_path_index_free)

/* All that return int: a FopsPathOutcome, or -ENOMEM. After -ENOMEM or FULL the index holds less than it was told,
 * nothing false: a name that was to be replaced is gone. Each takes a bounded time, whatever the size of the index. */

/* A directory known by its absolute path: a watch's, a mount point. Where a parent is known too, the path through the parent
 * counts, since it follows renames, and @path only while there is none. Another directory at @path is replaced. */
int fops_path_index_add_root(FopsPathIndex *x, FopsInodeKey key, FopsSpan path);

/* What it was a root by goes, and it is one by another, since an event at hand or before it. */
int fops_path_index_move_root(FopsPathIndex *x, FopsInodeKey key, FopsSpan from, FopsSpan to);

/* The directory is no root by @path (absent: by none) any longer. Without another place it is forgotten with all below. */
int fops_path_index_remove_root(FopsPathIndex *x, FopsInodeKey key, FopsSpan path);

/* Forgets all places of the directory (unmounted), and all below that isn't known by another way (a root of its own). At
 * once for lookups; the memory is reclaimed bit by bit by later calls. */
int fops_path_index_remove_below(FopsPathIndex *x, FopsInodeKey key);

/* The directory was out of the trees, or may have been: nothing was heard of what is below, so that isn't told until it is put again
 * there. To be called before it is put in its new place. */
int fops_path_index_doubt_below(FopsPathIndex *x, FopsInodeKey key);

/* Learns a link. What else has that name in that parent is replaced (but not in a parent that stands for two
 * directories). When full, files give way: to directories always, to files of events, not to files of a scan. */
int fops_path_index_put(FopsPathIndex *x, const FopsPathLink *link, FopsPutHow how);

/* unlink, rmdir: the name is gone; @key, if not NULL, is whose it was. A directory without another place becomes a ghost:
 * it and what is below keep their paths for events from before the one at hand, until FOPS_PATH_GHOSTS_MAX others were removed, or its
 * inode is put again. For later events it has none: its inode may have been given away where nothing is heard of it, and in a removed
 * directory nothing succeeds. */
int fops_path_index_remove(FopsPathIndex *x, FopsInodeKey parent, FopsSpan name, const FopsInodeKey *key);

/* rename: the object @link->key was @old_name in @old_parent and is what @link says now. Unlike put() for hard links, and
 * where a directory has several candidates, it moves that one place. If the old place isn't known the new one is learnt,
 * as a file's only one. */
int fops_path_index_rename(FopsPathIndex *x, FopsInodeKey old_parent, FopsSpan old_name, const FopsPathLink *link);

/* RENAME_EXCHANGE: @a and @b as they were before. Returns the worse outcome of the two. */
int fops_path_index_exchange(FopsPathIndex *x, const FopsPathLink *a, const FopsPathLink *b);

/* Who has that name: DONE with *@ret_key and *@ret_is_directory, or UNKNOWN, PARENT_UNKNOWN, AMBIGUOUS. */
int fops_path_index_child(FopsPathIndex *x, FopsInodeKey parent, FopsSpan name, FopsInodeKey *ret_key,
                          bool *ret_is_directory);

/* True if there is a path for the key, as a directory or as another file. Ghosts have one for older events. */
bool fops_path_index_is_known(const FopsPathIndex *x, FopsInodeKey key);

/* True if it is a directory that is known by an absolute path of its own. */
bool fops_path_index_is_root(const FopsPathIndex *x, FopsInodeKey key);

/* True if it has any place, also one that isn't told yet. */
bool fops_path_index_is_held(const FopsPathIndex *x, FopsInodeKey key);

/* True if that link is held, perhaps too new, but not from before the parent was away. */
bool fops_path_index_has_seen(const FopsPathIndex *x, const FopsPathLink *link);

/* A scan sees what is there now, and so things that the events at hand are too old for: inodes that were given to other files in
 * the meantime. What is put as SCANNED from here on isn't told while @is_ahead is set, as it is to be for such events. If
 * scans come so soon one after another that the entries can't be looked through in between, two count as one. */
void fops_path_index_begin_scan(FopsPathIndex *x);

/* The roots until now were there from the beginning, and are told to all events. Those from here on may have come from elsewhere, and are
 * too new for the same events as what was scanned. */
void fops_path_index_end_first_roots(FopsPathIndex *x);

void fops_path_index_set_ahead(FopsPathIndex *x, bool is_ahead);

/* The event at hand began at @usec, by which ghosts are told from what bears their inodes now. */
void fops_path_index_set_time(FopsPathIndex *x, uint64_t usec);

/* A directory that was removed: what bears its key now may be another one, of which nothing was heard yet. */
bool fops_path_index_is_ghost(const FopsPathIndex *x, FopsInodeKey key);

/* Of now on no removed directory has a path: their inodes may have been given to directories that come in from elsewhere. */
void fops_path_index_forget_ghosts(FopsPathIndex *x);

/* The path, if there is exactly one; else absent, also when memory is out. Put into @arena. A file that is asked for is kept
 * longer. @is_directory: a key can have been both. */
FopsSpan fops_path_index_path(FopsPathIndex *x, FopsInodeKey key, bool is_directory, FopsArena *arena);

/* All paths that are known for the key, for the caller to verify. Returns 0, or -ENOMEM with *@ret untouched. */
int fops_path_index_candidates(FopsPathIndex *x, FopsInodeKey key, bool is_directory, FopsArena *arena,
                               FopsPathCandidates *ret);

/* The same with those that aren't told: too new for the event at hand, or from before their directory was away. */
int fops_path_index_doubtful_candidates(FopsPathIndex *x, FopsInodeKey key, bool is_directory, FopsArena *arena, FopsPathCandidates *ret);

/* The file has no other links than those that are held, by its number of links. */
void fops_path_index_set_whole(FopsPathIndex *x, FopsInodeKey file);

/* What is known of subvolumes: whose keys they are. Borrowed. */
FopsSubvolumes *fops_path_index_subvolumes(FopsPathIndex *x);

FopsPathIndexStats fops_path_index_stats(const FopsPathIndex *x);
