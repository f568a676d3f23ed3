/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One line in a file beside the anchors:
 *   1795349826 6aa93c61ff4e1f4a */

#include "covered.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rule-compiler.h"
#include "target-group.h"

#define COVERED_PATH FOPS_ANCHORS_DIRECTORY "/covered"

uint64_t covered_hash(const FopsTargets *targets) {
        uint64_t hash = FOPS_HASH_INIT;

        for (size_t i = 0; i < targets->n_items; i++) {
                const FopsTarget *t = targets->items + i;
                char tag[FOPS_TAG_BYTES_MAX];

                if (!t->group)
                        continue;
                fops_target_tag(&t->group->anchor, tag);
                hash = fops_hash_continue(hash, tag, strlen(tag) + 1);
                hash = fops_hash_continue(hash, t->path, strlen(t->path) + 1);
                hash = fops_hash_continue(hash, &t->inode, sizeof(t->inode));
                hash = fops_hash_continue(hash, &t->device, sizeof(t->device));
        }
        return hash;
}

bool covered_read(uint32_t *ret_generation, uint64_t *ret_hash) {
        FILE *f = fopen(COVERED_PATH, "re");
        uint32_t generation;
        uint64_t hash;
        int n;

        if (!f)
                return false;
        n = fscanf(f, "%" SCNu32 " %" SCNx64, &generation, &hash);
        fclose(f);
        if (n != 2)
                return false;
        *ret_generation = generation;
        *ret_hash = hash;
        return true;
}

void covered_write(const FopsTargets *targets, uint32_t generation) {
        FILE *f = targets->n_groups > 0 ? fopen(COVERED_PATH, "we") : NULL;

        if (!f)
                return;
        fprintf(f, "%" PRIu32 " %" PRIx64 "\n", generation, covered_hash(targets));
        /* Torn it is as good as none. */
        if (fclose(f) != 0)
                covered_forget();
}

void covered_forget(void) {
        (void) unlink(COVERED_PATH);
}
