/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the shared rules in the kernel cover, left to the next life: the kernel doesn't tell, and who makes rules anew without need may
 * miss a call that has begun under the old ones and ends under the new. */

#include "watch.h"

/* For comparing: of the groups and of which directories are in them, whatever the generation. */
uint64_t covered_hash(const FopsTargets *targets);

/* False: nothing is known. */
bool covered_read(uint32_t *ret_generation, uint64_t *ret_hash);

/* The rules of @generation cover these, and nothing else. */
void covered_write(const FopsTargets *targets, uint32_t generation);

/* They are about to change. */
void covered_forget(void);
