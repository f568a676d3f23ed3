/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An operation against the filter groups of a watch: { exe = "/usr/sbin/sshd"; ops = ["read"]; } matches what sshd reads.
 * What the records don't tell (io_uring's have no exe, comm or login user; a path may be unresolved) is neither a match nor none:
 * `only` keeps it and `exclude` doesn't hide it, for an entry too many is better than one lost. */

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

/* Of a path that isn't known the last component often is. */
static FopsFilterVerdict path_verdict(char *const *globs, FopsSpan path, const FopsObject *object) {
        FopsSpan name = object->item ? object->item->name : FOPS_SPAN_ABSENT;
        bool unknown = false;

        for (; *globs; globs++) {
                bool whole = strchr(*globs, '/') != NULL;

                if (path.data ? glob_matches(*globs, whole ? path : fops_path_basename(path)) :
                                !whole && glob_matches(*globs, fops_path_basename(name)))
                        return FOPS_FILTER_MATCH;
                unknown |= !path.data && (whole || !name.data);
        }
        return unknown ? FOPS_FILTER_UNKNOWN : FOPS_FILTER_NO_MATCH;
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

static FopsFilterVerdict verdict_of(bool known, bool matches) {
        return !known ? FOPS_FILTER_UNKNOWN : matches ? FOPS_FILTER_MATCH : FOPS_FILTER_NO_MATCH;
}

static FopsFilterVerdict result_verdict(FopsResultFilter result, FopsOutcome outcome) {
        return verdict_of(outcome != FOPS_OUTCOME_UNKNOWN,
                          (result == FOPS_RESULT_SUCCESS) == (outcome == FOPS_OUTCOME_SUCCESS));
}

/* NO_MATCH is 0: together they are as the weakest of them. */
static FopsFilterVerdict both(FopsFilterVerdict a, FopsFilterVerdict b) {
        return MIN(a, b);
}

FopsFilterVerdict fops_filter_group_match(const FopsFilterGroup *g, const FopsOperation *op) {
        FopsFilterVerdict v = FOPS_FILTER_MATCH;

        if (g->ops != 0)
                v = both(v, verdict_of(true, (g->ops & FOPS_OP_BIT(op->op)) != 0));
        if (g->result != FOPS_RESULT_ANY)
                v = both(v, result_verdict(g->result, op->outcome));
        if (g->users.n_ids > 0)
                v = both(v, verdict_of(op->uid != FOPS_ID_UNSET, ids_match(g->users, op->uid)));
        if (g->login_users.n_ids > 0)
                v = both(v, verdict_of(!op->is_uring, ids_match(g->login_users, op->auid)));
        if (g->groups.n_ids > 0)
                v = both(v, verdict_of(op->gid != FOPS_ID_UNSET, ids_match(g->groups, op->gid)));
        if (g->exe)
                v = both(v, verdict_of(fops_span_is_present(op->exe), globs_match(g->exe, op->exe)));
        if (g->comm)
                v = both(v, verdict_of(fops_span_is_present(op->comm), globs_match(g->comm, op->comm)));
        if (g->path) {
                FopsFilterVerdict p = path_verdict(g->path, op->path, &op->object);

                if (op->has_two_names || op->new_path.data)
                        p = MAX(p, path_verdict(g->path, op->new_path, &op->new_object));
                v = both(v, p);
        }
        if (g->unit)
                v = both(v, verdict_of(true, globs_match_or_none(g->unit, op->unit)));
        if (g->container)
                v = both(v, verdict_of(true, globs_match_or_none(g->container, op->container)));
        return v;
}

/* The most that any group says. */
static FopsFilterVerdict best_of(const FopsFilterGroup *groups, size_t n_groups, const FopsOperation *op) {
        FopsFilterVerdict best = FOPS_FILTER_NO_MATCH;

        for (size_t i = 0; i < n_groups && best != FOPS_FILTER_MATCH; i++)
                best = MAX(best, fops_filter_group_match(groups + i, op));
        return best;
}

bool fops_filter_keep(const FopsFilterGroup *only, size_t n_only, const FopsFilterGroup *exclude, size_t n_exclude,
                      const FopsOperation *op) {
        return (n_only == 0 || best_of(only, n_only, op) != FOPS_FILTER_NO_MATCH) &&
               best_of(exclude, n_exclude, op) != FOPS_FILTER_MATCH;
}
