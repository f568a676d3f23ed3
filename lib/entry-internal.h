/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Between the parts of the entry room: the groups of fields that are known from earlier entries (entry-group.c), each with what it was
 * made of, and found by that. An empty group is one that nothing is known of. */

#include <syslog.h>

#include "entry.h"
#include "names.h"

/* Busy processes at once, found by their pids, and kinds of files, by owner and mode: 6 KB each. */
#define FOPS_KNOWN_WHO_MAX 32U
#define FOPS_KNOWN_ITEMS_MAX 32U

typedef struct FopsKnownItem {
        uint32_t dev_major, dev_minor, mode, ouid, ogid, is_inferred;
        FopsFieldGroup group;
} FopsKnownItem;

typedef struct FopsKnownWho {
        FopsOperation who;
        const FopsNames *names;
        uint64_t names_version;
        FopsFieldGroup group;
} FopsKnownWho;

struct FopsKnownGroups {
        FopsFieldGroup heads[_FOPS_KIND_MAX][LOG_PRIMASK + 1];
        FopsKnownItem items[FOPS_KNOWN_ITEMS_MAX];
        FopsKnownWho who[FOPS_KNOWN_WHO_MAX];
};

/* All that is known to @e; NULL if there is no memory for it. */
FopsKnownGroups *fops_entry_known(FopsEntry *e);
FopsKnownGroups *fops_known_groups_free(FopsKnownGroups *k);

/* Adds the fields of @g, which isn't empty. False if there is no room. */
bool fops_entry_add_group(FopsEntry *e, FopsFieldGroup *g);

/* The fields of @e from @first on become @g, which forgets its own. False, and it is empty, if they are too many or too long. */
bool fops_entry_learn_group(FopsEntry *e, size_t first, FopsFieldGroup *g);
