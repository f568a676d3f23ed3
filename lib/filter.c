/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An operation against the filter groups of a watch: { exe = "/usr/sbin/sshd"; ops = ["read"]; } matches what sshd reads.
 * What isn't known of an operation matches no glob, so an `exclude` never hides what it can't be sure of. */

#include "filter.h"

#include <fnmatch.h>

#include "operation.h"
#include "path.h"

static void free_list(char **list) {
        for (char **p = list; p && *p; p++)
                free(*p);
        free(list);
}

void fops_filter_group_done(FopsFilterGroup *g) {
        free_list(g->exe);
        free_list(g->comm);
        free_list(g->path);
        free_list(g->unit);
        free_list(g->container);
        free(g->users.ids);
        free(g->login_users.ids);
        free(g->groups.ids);
        *g = (FopsFilterGroup){};
}

/* fnmatch(3) wants a NUL behind the text, which a span needn't have; one with a NUL inside is nobody's pattern. */
static bool glob_matches(const char *glob, FopsSpan text) {
        char buffer[FOPS_PATH_BYTES_MAX + 1];

        if (!fops_span_is_present(text) || text.size > FOPS_PATH_BYTES_MAX || memchr(text.data, '\0', text.size))
                return false;

        memcpy(buffer, text.data, text.size);
        buffer[text.size] = '\0';
        return fnmatch(glob, buffer, 0) == 0;
}

static bool globs_match(char *const *globs, FopsSpan text) {
        for (; *globs; globs++)
                if (glob_matches(*globs, text))
                        return true;
        return false;
}

static bool path_globs_match(char *const *globs, FopsSpan path) {
        for (; *globs; globs++)
                if (glob_matches(*globs, strchr(*globs, '/') ? path : fops_path_basename(path)))
                        return true;
        return false;
}

static bool globs_match_or_none(char *const *globs, FopsSpan text) {
        for (char *const *g = globs; *g; g++)
                if (!fops_span_is_present(text) && strcmp(*g, "none") == 0)
                        return true;
        return globs_match(globs, text);
}

static bool ids_match(FopsIdList list, uint32_t id) {
        for (size_t i = 0; i < list.n_ids; i++)
                if (list.ids[i] == id)
                        return true;
        return false;
}

bool fops_filter_group_match(const FopsFilterGroup *g, const FopsOperation *op) {
        if (g->ops != 0 && (g->ops & FOPS_OP_BIT(op->op)) == 0)
                return false;
        if (g->result == FOPS_RESULT_SUCCESS && op->outcome != FOPS_OUTCOME_SUCCESS)
                return false;
        if (g->result == FOPS_RESULT_FAILED && op->outcome != FOPS_OUTCOME_FAILED)
                return false;
        if (g->users.n_ids > 0 && !ids_match(g->users, op->uid))
                return false;
        if (g->login_users.n_ids > 0 && !ids_match(g->login_users, op->auid))
                return false;
        if (g->groups.n_ids > 0 && !ids_match(g->groups, op->gid))
                return false;
        if (g->exe && !globs_match(g->exe, op->exe))
                return false;
        if (g->comm && !globs_match(g->comm, op->comm))
                return false;
        if (g->path && !path_globs_match(g->path, op->path) && !path_globs_match(g->path, op->new_path))
                return false;
        if (g->unit && !globs_match_or_none(g->unit, op->unit))
                return false;
        if (g->container && !globs_match_or_none(g->container, op->container))
                return false;
        return true;
}

static bool any_matches(const FopsFilterGroup *groups, size_t n_groups, const FopsOperation *op) {
        for (size_t i = 0; i < n_groups; i++)
                if (fops_filter_group_match(groups + i, op))
                        return true;
        return false;
}

bool fops_filter_keep(const FopsFilterGroup *only, size_t n_only, const FopsFilterGroup *exclude, size_t n_exclude,
                      const FopsOperation *op) {
        return (n_only == 0 || any_matches(only, n_only, op)) && !any_matches(exclude, n_exclude, op);
}
