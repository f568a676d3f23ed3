/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The process and its people into fields: FOPSD_PID=4711 FOPSD_EXE=/usr/bin/rm FOPSD_UID=0 FOPSD_USER=root …
 *
 * A third of an entry, and the same for all that a process does. So they are made once and kept as a group, with the operation that they
 * were made of; if all of it is the same again, they are. A user's name may change: they are made anew when names.c has looked. */

#include "entry.h"
#include "names.h"

/* Busy processes at once, found by their pids: 7 KB each. */
#define KNOWN_MAX 32U
/* A usual process has 500 bytes of values, one with a long command line a few thousand. */
#define KNOWN_BYTES_MAX ((size_t) 2048)

struct FopsKnownWho {
        struct Known {
                FopsOperation who;
                const FopsNames *names;
                uint64_t names_version;
                FopsFieldGroup group; /* empty: nobody is known here */
        } places[KNOWN_MAX];
};

FopsKnownWho *fops_known_who_free(FopsKnownWho *k) {
        for (size_t i = 0; k && i < KNOWN_MAX; i++)
                fops_arena_done(&k->places[i].group.arena);
        free(k);
        return NULL;
}

static bool same_who(const FopsOperation *a, const FopsOperation *b) {
        if (a->pid != b->pid || a->ppid != b->ppid || a->uid != b->uid || a->gid != b->gid || a->euid != b->euid ||
            a->auid != b->auid || a->session != b->session || a->n_parents != b->n_parents)
                return false;
        for (size_t i = 0; i < a->n_parents; i++)
                if (!fops_span_equal(a->parents[i], b->parents[i]))
                        return false;
        return fops_span_equal(a->exe, b->exe) && fops_span_equal(a->comm, b->comm) && fops_span_equal(a->cmdline, b->cmdline) &&
               fops_span_equal(a->tty, b->tty) && fops_span_equal(a->subj, b->subj) && fops_span_equal(a->unit, b->unit) &&
               fops_span_equal(a->container, b->container) && fops_span_equal(a->runtime, b->runtime);
}

static void add_id(FopsEntry *e, const char *name, uint32_t id) {
        if (id != FOPS_ID_UNSET)
                fops_entry_add_u64(e, name, id);
}

static void add_user(FopsEntry *e, const char *name, FopsNames *names, uint32_t uid) {
        if (uid != FOPS_ID_UNSET)
                fops_entry_add(e, name, fops_names_user(names, uid));
}

static void add_group(FopsEntry *e, const char *name, FopsNames *names, uint32_t gid) {
        if (gid != FOPS_ID_UNSET)
                fops_entry_add(e, name, fops_names_group(names, gid));
}

static void add_fields(FopsEntry *e, const FopsOperation *op, FopsNames *names) {
        if (op->pid != 0)
                fops_entry_add_u64(e, "FOPSD_PID", op->pid);
        if (op->ppid != 0)
                fops_entry_add_u64(e, "FOPSD_PPID", op->ppid);
        fops_entry_add(e, "FOPSD_EXE", op->exe);
        fops_entry_add(e, "FOPSD_COMM", op->comm);
        fops_entry_add(e, "FOPSD_CMDLINE", op->cmdline);

        add_id(e, "FOPSD_UID", op->uid);
        add_user(e, "FOPSD_USER", names, op->uid);
        add_id(e, "FOPSD_EUID", op->euid);
        add_id(e, "FOPSD_GID", op->gid);
        add_group(e, "FOPSD_GROUP", names, op->gid);
        add_id(e, "FOPSD_AUID", op->auid);
        add_user(e, "FOPSD_LOGIN_USER", names, op->auid);
        add_id(e, "FOPSD_SESSION", op->session);
        fops_entry_add(e, "FOPSD_TTY", op->tty);
        fops_entry_add(e, "FOPSD_SUBJ", op->subj);

        for (size_t i = 0; i < op->n_parents; i++)
                fops_entry_add(e, "FOPSD_PARENT", op->parents[i]);
        fops_entry_add(e, "FOPSD_UNIT", op->unit);
        fops_entry_add(e, "FOPSD_CONTAINER", op->container);
        fops_entry_add(e, "FOPSD_RUNTIME", op->runtime);
}

/* The place of @op's process, whoever is there; NULL if there is no memory for it. */
static struct Known *place_of(FopsEntry *e, const FopsOperation *op) {
        if (!e->known_who)
                e->known_who = calloc(1, sizeof(FopsKnownWho));
        return e->known_who ? e->known_who->places + op->pid % KNOWN_MAX : NULL;
}

/* Keeps the fields from @first on. */
static void learn(struct Known *known, const FopsEntry *e, size_t first, const FopsOperation *op, FopsNames *names) {
        FopsFieldGroup *g = &known->group;
        size_t n = e->n_fields - first, n_bytes = 0;

        fops_arena_reset(&g->arena);
        *g = (FopsFieldGroup){ .arena = g->arena };
        for (size_t i = 0; i < n; i++)
                n_bytes += e->fields[first + i].value.size;
        if (e->truncated || n > ELEMENTSOF(g->fields) || n_bytes > KNOWN_BYTES_MAX)
                return;

        for (size_t i = 0; i < n; i++) {
                g->fields[i] = e->fields[first + i];
                g->fields[i].value = fops_arena_copy(&g->arena, g->fields[i].value);
                if (!g->fields[i].value.data)
                        return;
        }
        known->who = fops_operation_copy_who(op, &g->arena);
        if (!same_who(&known->who, op)) /* memory is out */
                return;
        known->names = names;
        known->names_version = fops_names_version(names);
        g->n_fields = n;
}

void fops_entry_add_who(FopsEntry *e, const FopsOperation *op, FopsNames *names) {
        struct Known *known = place_of(e, op);
        const FopsFieldGroup *g = known ? &known->group : NULL;
        size_t first = e->n_fields;

        if (!known || g->n_fields == 0 || g->n_fields > ELEMENTSOF(e->fields) - first || known->names != names ||
            known->names_version != fops_names_version(names) || !same_who(&known->who, op)) {
                add_fields(e, op, names);
                if (known)
                        learn(known, e, first, op, names);
        } else {
                memcpy(e->fields + first, g->fields, g->n_fields * sizeof(FopsField));
                e->n_fields += g->n_fields;
        }
        if (known && g->n_fields > 0) {
                e->group = &known->group;
                e->group_first = first;
        }
}
