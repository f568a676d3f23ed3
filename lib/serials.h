/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which events were heard of, by serial number. The kernel counts its events one by one, and hands each out to whoever gets all
 * records, so a number that never comes is an event that was lost, whoever counted it or not. No pointers: it may lie in memory
 * that another process goes on with. */

#include <stdbool.h>
#include <stdint.h>

/* Numbers in view: two seconds' worth at 60,000 events a second. */
#define FOPS_SERIALS_WINDOW UINT32_C(131072)

typedef struct FopsSerials {
        /* In 64 bits, of which the kernel's numbers are the lower half. */
        uint64_t first;  /* the oldest in view; 0: none was heard of yet */
        uint64_t last;   /* the newest that was heard of */
        uint64_t mark;   /* those up to here have had their time when they are settled next */
        uint64_t n_missing;
        uint64_t heard[FOPS_SERIALS_WINDOW / 64];
} FopsSerials;

/* An event of that number was heard of. Of what falls out of view unheard each counts as missing. */
void fops_serials_hear(FopsSerials *s, uint32_t number);

/* Counts what is missing among those that were due at the last call, so that each has had the time between two calls to come. Returns
 * how many are missing in all. */
uint64_t fops_serials_settle(FopsSerials *s);
