/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Do two operations say the same of what their records hold? */

#include "operation.h"

static inline bool same_item(const FopsItem *a, const FopsItem *b) {
        return a->index == b->index && a->nametype == b->nametype && fops_span_equal(a->name, b->name) &&
               a->has_inode == b->has_inode && a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
               a->mode == b->mode && a->ouid == b->ouid && a->ogid == b->ogid;
}

static inline bool same_operation(const FopsOperation *a, const FopsOperation *b) {
        for (size_t i = 0; i < a->n_items && a->n_items == b->n_items; i++)
                if (!same_item(a->items + i, b->items + i))
                        return false;
        for (size_t i = 0; i < a->n_keys && a->n_keys == b->n_keys; i++)
                if (!fops_span_equal(a->keys[i], b->keys[i]))
                        return false;
        for (unsigned i = 0; i < a->n_args && a->n_args == b->n_args; i++)
                if (a->args[i] != b->args[i])
                        return false;
        return a->op == b->op && a->outcome == b->outcome && a->has_exit == b->has_exit && (!a->has_exit || a->exit == b->exit) &&
               a->arch == b->arch && a->nr == b->nr && a->is_uring == b->is_uring && a->syscall == b->syscall &&
               a->n_args == b->n_args && a->n_items == b->n_items && fops_span_equal(a->cwd, b->cwd) &&
               a->pid == b->pid && a->ppid == b->ppid && a->uid == b->uid && a->gid == b->gid && a->euid == b->euid &&
               a->auid == b->auid && a->session == b->session && fops_span_equal(a->comm, b->comm) &&
               fops_span_equal(a->exe, b->exe) && fops_span_equal(a->tty, b->tty) && fops_span_equal(a->subj, b->subj) &&
               fops_span_equal(a->cmdline, b->cmdline) && fops_span_equal(a->title, b->title) && a->n_keys == b->n_keys &&
               fops_span_equal(a->tag, b->tag);
}
