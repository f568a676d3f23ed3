/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Fields that many entries share, remembered with what was made of them: the first entry of rm[4711] makes its FOPSD_PID, FOPSD_EXE …,
 * the next takes them over, and with them their JSON and their bytes for journald. */

#include "entry-internal.h"

/* The fields of a usual process have 500 bytes of values, with a long command line a few thousand. */
#define GROUP_BYTES_MAX ((size_t) 2048)

FopsKnownGroups *fops_entry_known(FopsEntry *e) {
        if (!e->known)
                e->known = calloc(1, sizeof(FopsKnownGroups));
        return e->known;
}

FopsKnownGroups *fops_known_groups_free(FopsKnownGroups *k) {
        if (!k)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(k->heads); i++)
                for (size_t j = 0; j < ELEMENTSOF(k->heads[i]); j++)
                        fops_arena_done(&k->heads[i][j].arena);
        for (size_t i = 0; i < ELEMENTSOF(k->items); i++)
                fops_arena_done(&k->items[i].group.arena);
        for (size_t i = 0; i < ELEMENTSOF(k->who); i++)
                fops_arena_done(&k->who[i].group.arena);
        free(k);
        return NULL;
}

static void join(FopsEntry *e, FopsFieldGroup *g, size_t first) {
        e->groups[e->n_groups].group = g;
        e->groups[e->n_groups++].first = first;
}

bool fops_entry_add_group(FopsEntry *e, FopsFieldGroup *g) {
        if (g->n_fields > ELEMENTSOF(e->fields) - e->n_fields || e->n_groups == ELEMENTSOF(e->groups))
                return false;
        memcpy(e->fields + e->n_fields, g->fields, g->n_fields * sizeof(FopsField));
        join(e, g, e->n_fields);
        e->n_fields += g->n_fields;
        return true;
}

bool fops_entry_learn_group(FopsEntry *e, size_t first, FopsFieldGroup *g) {
        size_t n = e->n_fields - first, n_bytes = 0;

        fops_arena_reset(&g->arena);
        *g = (FopsFieldGroup){ .arena = g->arena };
        for (size_t i = 0; i < n; i++)
                n_bytes += e->fields[first + i].value.size;
        if (e->truncated || n > ELEMENTSOF(g->fields) || n_bytes > GROUP_BYTES_MAX || e->n_groups == ELEMENTSOF(e->groups))
                return false;

        for (size_t i = 0; i < n; i++) {
                g->fields[i] = e->fields[first + i];
                g->fields[i].value = fops_arena_copy(&g->arena, g->fields[i].value);
                if (!g->fields[i].value.data)
                        return false;
        }
        g->n_fields = n;
        join(e, g, first);
        return true;
}
