/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* From watches and rules of the configuration to the kernel's struct audit_rule_data. The only room that builds rules; where
 * libaudit 3.0.9 doesn't know what the kernel does (the io_uring exit list, newer system calls), fields are set by hand.
 *
 * A watch on /srv/data with ops write,attr becomes, on x86-64:
 *   -a always,exit -F arch=b64 -S open -F dir=/srv/data -F a1&FLAGS -k KEY␁fopsd:TAG      (O_WRONLY, O_CREAT, O_TRUNC …)
 *   -a always,exit -F arch=b64 -S openat -F dir=/srv/data -F a2&FLAGS -k KEY␁fopsd:TAG
 *   -a always,exit -F arch=b64 -S rename,unlink,…,utimensat -F dir=/srv/data -k KEY␁fopsd:TAG  (perm would miss some)
 *   -a always,exit -F arch=b32 -S open,openat,rename,…,utimensat -F dir=/srv/data -k KEY␁fopsd:TAG
 * and one for io_uring:
 *   -a always,io_uring -S openat,unlinkat,… -F dir=/srv/data -k KEY␁fopsd:TAG
 *
 * Every rule carries a tag as its last key, by which it is found again in the kernel, and by which an event finds its watch.
 * On the lists `user` and `exclude`, where a key stops the kernel's filter, a `pid!=` that is always true stands for it. */

#include <linux/audit.h>

#include "watch.h"

/* In front of every tag; keys are separated by \x01 in the kernel (AUDIT_KEY_SEPARATOR). */
#define FOPS_TAG_PREFIX "fopsd:"
#define FOPS_TAG_BYTES_MAX 40
/* A watch's tag goes on with hex digits, a config rule's with this, and that of the rule for fopsd's own pid is this. */
#define FOPS_TAG_RULE_PREFIX FOPS_TAG_PREFIX "r"
#define FOPS_TAG_SELF FOPS_TAG_PREFIX "self"
/* The first key, or the only one, of what a never rule would drop: for the index alone. */
#define FOPS_TAG_NEVER FOPS_TAG_PREFIX "never"

typedef enum FopsRuleOrigin {
        FOPS_RULE_SELF,   /* never,exit for fopsd's own process; first of all */
        FOPS_RULE_CONFIG, /* from `rules` or an imported file, or because of its never */
        FOPS_RULE_WATCH,
} FopsRuleOrigin;

typedef struct FopsRule {
        struct audit_rule_data *data; /* owned */
        FopsRuleOrigin origin;
        bool is_in_front; /* has to be in front of the never rules */
        bool optional; /* the kernel may not know it (io_uring list before 5.17): a refusal is a note, not a failure */
        const FopsTarget *target; /* for WATCH, and some of CONFIG, borrowed; of a group its anchor */
        const FopsRuleConfig *config; /* for CONFIG, borrowed */
} FopsRule;

typedef struct FopsRules {
        FopsRule *items; /* in the order in which they are to be in the kernel: self, what the index needs of what never drops, never,
                          * other config rules, watches */
        size_t n_items;
} FopsRules;

void fops_rules_done(FopsRules *r);

/* The whole size of @data: header and strings. */
size_t fops_rule_data_size(const struct audit_rule_data *data);

/* True if both say the same to the kernel. */
bool fops_rule_data_equal(const struct audit_rule_data *a, const struct audit_rule_data *b);

/* The tag among the keys of @data (with prefix), or absent: a rule of somebody else. Borrows from @data, or is static. */
FopsSpan fops_rule_data_tag(const struct audit_rule_data *data);

/* What follows `dir=` or `path=`; absent if neither is there. Borrows from @data. */
FopsSpan fops_rule_data_path(const struct audit_rule_data *data);

/* Writes the tag of a target's rules, NUL-terminated: a hash of path, ops and filters, the same in every run. Where subvolumes of a
 * btrfs come into it, a dot and a second hash, of these, follow: by that rules differ, not what is watched, so the first is that of the
 * configured target. Of an anchor the path is left out. */
void fops_target_tag(const FopsTarget *target, char ret[static FOPS_TAG_BYTES_MAX]);

/* The same of those that fops_rules_add_index_target() makes. */
void fops_index_target_tag(const FopsTarget *target, char ret[static FOPS_TAG_BYTES_MAX]);

/* Appends the rules of one target (for a missing one, those of a file: the kernel takes them if its directory is there). What the kernel
 * can filter is in the rule: result, and single- condition only/exclude groups of users, login users, groups and exact exe paths that
 * exist. Returns 0 or -ENOMEM. Asks the file system only for exe paths. */
int fops_rules_add_target(FopsRules *r, const FopsTarget *target);

/* Appends what else it takes to know all that changes names below a directory, so that the path index stays true: rules of their own
 * for a watch that doesn't record such operations, or not everybody's. Their events find no watch and are not published. None
 * for a file, a missing target, or a watch whose own rules do. Returns 0 or -ENOMEM. */
int fops_rules_add_index_target(FopsRules *r, const FopsTarget *target);
bool fops_target_needs_index_rules(const FopsTarget *target);

/* What these rules are made by, in place of @target's watch: they are the same for all but their directory. */
extern const FopsWatch fops_index_watch;

/* Appends the rules of one config rule, one for each arch. Returns 0, 1 with an error in @diags (unknown system call, field,
 * operator, value, a combination the list doesn't take), or -ENOMEM. Not thread-safe: asks getpwnam(3). */
int fops_rules_add_config(FopsRules *r, const FopsRuleConfig *config, FopsDiags *diags);

/* What keeps fopsd out of its own records, also before it has a pid: the next life must find the rule in the kernel, for making one
 * takes room in a queue that may be full then. A login uid of its own tells a service from somebody who runs the program. */
typedef struct FopsSelf {
        const char *exe;
        uint32_t uid, auid;
} FopsSelf;

/* Appends `never,exit exe=… uid=… auid=…`. */
int fops_rules_add_self(FopsRules *r, const FopsSelf *self);

/* Of the rules from the @n_first'th on: they are to be in front of all that is there. */
void fops_rules_put_in_front(FopsRules *r, size_t n_first);

/* All of a configuration: self (unless @self is NULL), config rules with never first, targets. Returns 0; 1: there are errors
 * in @diags, *@ret is untouched; -ENOMEM. */
int fops_rules_compile(const FopsConfig *config, const FopsTargets *targets, const FopsSelf *self, FopsRules *ret, FopsDiags *diags);

/* @data in auditctl -l's form ("-a always,exit -F arch=b64 -S unlink -F dir=/srv -F key=x"), malloced; unknown fields,
 * operators and lists as numbers. NULL when memory is out. */
char *fops_rule_data_to_string(const struct audit_rule_data *data);
