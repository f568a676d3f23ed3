/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The process and its people into fields: FOPSD_PID=4711 FOPSD_EXE=/usr/bin/rm FOPSD_UID=0 FOPSD_USER=root …
 *
 * A third of an entry, and the same for all that a process does. So they are made once and kept as a group, with what they were made
 * of; if all of that is the same again, they are. A user's name may change: they are made anew when names.c has looked. */

#include "entry-internal.h"

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

void fops_entry_add_who(FopsEntry *e, const FopsOperation *op, FopsNames *names) {
        FopsKnownGroups *known = fops_entry_known(e);
        FopsKnownWho *k = known ? known->who + op->pid % ELEMENTSOF(known->who) : NULL;
        size_t first = e->n_fields;

        if (k && k->group.n_fields > 0 && k->names == names && k->names_version == fops_names_version(names) &&
            fops_operation_same_who(&k->who, op) && fops_entry_add_group(e, &k->group))
                return;

        add_fields(e, op, names);
        if (!k || !fops_entry_learn_group(e, first, &k->group))
                return;
        k->who = fops_operation_copy_who(op, &k->group.arena);
        if (!fops_operation_same_who(&k->who, op)) /* memory is out */
                k->group.n_fields = 0;
        k->names = names;
        k->names_version = fops_names_version(names);
}
