/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A filter group of the configuration, `{ exe = "/usr/sbin/sshd"; ops = ["read"]; }`, and its match against an operation.
 * All settings of a group are AND-ed, the values of one setting OR-ed. */

#include "op.h"

typedef enum FopsResultFilter {
        FOPS_RESULT_ANY,
        FOPS_RESULT_SUCCESS,
        FOPS_RESULT_FAILED,
} FopsResultFilter;

/* (uid_t) -1 in login_users stands for "unset". */
typedef struct FopsIdList {
        uint32_t *ids;
        size_t n_ids;
} FopsIdList;

typedef struct FopsFilterGroup {
        char **exe, **comm, **path;  /* globs, NULL-terminated lists; NULL: not asked. fnmatch(3) with FNM_PATHNAME off:
                                      * '*' crosses slashes, as in auditd's and journald's globs. A path glob without a
                                      * slash matches the last component */
        char **unit, **container;    /* globs; "none": the process has none */
        FopsIdList users;            /* uid of the process, resolved at load */
        FopsIdList login_users;
        FopsIdList groups;           /* gid of the process */
        FopsOpMask ops;              /* 0: not asked */
        FopsResultFilter result;
        unsigned line;               /* where it stands, for messages */
} FopsFilterGroup;

void fops_filter_group_done(FopsFilterGroup *g);

typedef struct FopsOperation FopsOperation; /* operation.h */

/* Weakest first. */
typedef enum FopsFilterVerdict {
        FOPS_FILTER_NO_MATCH,
        FOPS_FILTER_UNKNOWN, /* the records don't tell */
        FOPS_FILTER_MATCH,
} FopsFilterVerdict;

/* MATCH if every setting that is asked holds, NO_MATCH if one doesn't, UNKNOWN if that hangs on something the records don't hold.
 * A path glob is tried against the path, and the new path of a rename, exchange or link; a glob for the last component also against
 * the name as the process gave it, if the path isn't known. A unit or container that isn't known is taken for none. Pure. */
FopsFilterVerdict fops_filter_group_match(const FopsFilterGroup *g, const FopsOperation *op);

/* The setting's rule: kept if any of @only matches or might (or there is none) and none of @exclude does for certain. */
bool fops_filter_keep(const FopsFilterGroup *only, size_t n_only, const FopsFilterGroup *exclude, size_t n_exclude,
                      const FopsOperation *op);
