/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The first source of the resolver: what the path index knows of an object's directory, or of the object. */

#include "operation.h"
#include "path-index.h"

/* The key of an item, as the index has it. False if the record has no inode, or it isn't known in which subvolume. */
bool fops_item_key(const FopsItem *item, FopsInodeKey *ret);

/* The name of @object in its directory: the last component of what the process gave, or absent if that is none ("..", "/", nothing
 * logged). Borrowed. */
FopsSpan fops_object_last_name(const FopsObject *object);

typedef struct FopsIndexFound {
        FopsSpan path;  /* absent if the index doesn't know it for certain */
        FopsSpan dir;   /* absent if it doesn't even know the directory */
        size_t n_links; /* 0, or @path is only certain of a file that has no more than so many: others would be outside, and may be meant */
        FopsSpan unseen; /* if not absent: where it stands, unless a symlink of that name was followed */
} FopsIndexFound;

/* What the index knows of @object's place. @is_complete: it holds all that is in the watched trees, so that what it has in one place has
 * no other there. Strings go to @arena. */
FopsIndexFound fops_index_resolve(FopsPathIndex *index, bool is_complete, const FopsOperation *op, const FopsObject *object,
                                  FopsArena *arena);

typedef enum FopsIndexView {
        FOPS_INDEX_SILENT,
        FOPS_INDEX_AGREES,
        FOPS_INDEX_AGREES_AMONG, /* it has other links, too */
        FOPS_INDEX_DENIES,
} FopsIndexView;

/* What the index says to the object being at @path, or its directory at @dir if the records have that. */
FopsIndexView fops_index_view(FopsPathIndex *index, const FopsObject *object, FopsSpan path, FopsSpan dir, FopsArena *arena);

/* Whether what the records call a rename is a RENAME_EXCHANGE of two names that end alike, for which they may be the same: then what it
 * was exchanged for stood at the old name, or the object at the new one. Sets op->op, and objects and parents of @op; or
 * op->may_be_exchange, where the index doesn't know enough. Of what is called an exchange it sets the inodes that the records leave out. */
void fops_index_tell_exchange(FopsPathIndex *index, bool is_complete, FopsOperation *op);

/* Which of two PARENT items is the old name's and which the new one's, where the records alone don't tell: the index knows in which
 * of them the renamed object stood. Sets op->object.parent and op->new_object.parent, or leaves them. @arena is for
 * scratch. */
void fops_index_pair_parents(FopsPathIndex *index, FopsOperation *op, FopsArena *arena);
