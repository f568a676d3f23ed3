/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Millions of short strings, each behind a 32-bit handle, for a quarter of what malloc(3) takes beside them. One owner. */

#include "span.h"

/* What getname() lets into the kernel is shorter than PATH_MAX, whatever a file system calls its limit: 255 characters of
 * vfat or NTFS are up to 765 bytes. */
#define FOPS_NAME_BYTES_MAX ((size_t) 4095)

/* Strings of one length class follow each other in its free list; two bytes of length stand before each. */
#define FOPS_NAME_UNIT_BYTES ((size_t) 4)
#define FOPS_NAME_CLASSES ((2 + FOPS_NAME_BYTES_MAX + FOPS_NAME_UNIT_BYTES - 1) / FOPS_NAME_UNIT_BYTES + 1)

typedef struct FopsNameSide {
        char **blocks;
        uint32_t n_blocks, n_units, n_live_units;
        uint32_t free[FOPS_NAME_CLASSES]; /* first free place of so many units; 0: none */
} FopsNameSide;

/* All zero is an empty pool. _done frees everything. */
typedef struct FopsNamePool {
        FopsNameSide sides[2];
        unsigned side; /* where new names go */
} FopsNamePool;

void fops_name_pool_done(FopsNamePool *p);

/* Copies @name, of 0 to FOPS_NAME_BYTES_MAX bytes. Returns its handle, 0 when memory is out. */
uint32_t fops_name_pool_put(FopsNamePool *p, FopsSpan name);

/* Borrowed until the name is dropped or moved. @handle isn't 0. */
FopsSpan fops_name_pool_get(const FopsNamePool *p, uint32_t handle);

/* Takes the name out; 0 does nothing. */
void fops_name_pool_drop(FopsNamePool *p, uint32_t handle);

/* Moving house, since places of one length can't serve another: when _is_wasteful says that more is free than in use, the
 * owner calls _begin_move, then _move for each of its handles in its own time, using the pool meanwhile, then _end_move,
 * which frees the old blocks. _move returns false when memory is out; the handle stays good then, and must be moved
 * before _end_move. */
bool fops_name_pool_is_wasteful(const FopsNamePool *p);
void fops_name_pool_begin_move(FopsNamePool *p);
bool fops_name_pool_move(FopsNamePool *p, uint32_t *handle);
void fops_name_pool_end_move(FopsNamePool *p);

/* Allocated in all. */
size_t fops_name_pool_bytes(const FopsNamePool *p);
