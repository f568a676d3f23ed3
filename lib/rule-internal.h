/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the rule rooms share among themselves: building and reading struct audit_rule_data, the table of fields, the ABIs of
 * the machine. Nobody else includes this. */

#include <libaudit.h>

#include "nearest.h"
#include "rule-compiler.h"
#include "syscall-table.h"

/* Since Linux 5.16; libaudit 3.0.9 and older kernel headers lack it. */
#ifndef AUDIT_FILTER_URING_EXIT
#define AUDIT_FILTER_URING_EXIT 7
#endif

#define FOPS_TAG_RULE FOPS_TAG_PREFIX "rule"

/* On the lists `user` and `exclude` a key would spoil the rule and all behind it: audit_filter() leaves its loop at a field
 * that it doesn't know, and it doesn't know AUDIT_FILTERKEY. There `pid!=` a number that no process can have (PID_MAX_LIMIT
 * is 2^22) is always true, and marks the rule as ours. */
#define FOPS_MARK_PID UINT32_C(0xf095d001)

/* The highest 16 bits of the mask aren't system calls but classes of them (AUDIT_SYSCALL_CLASSES). */
#define FOPS_SYSCALL_NR_MAX (AUDIT_BITMASK_SIZE * 32 - 16 - 1)

/* --- data ------------------------------------------------------------------------------------------------------------- */

/* An empty rule, malloced; NULL when memory is out. @list is AUDIT_FILTER_*, perhaps with AUDIT_FILTER_PREPEND. */
struct audit_rule_data *fops_rule_data_new(uint32_t list, uint32_t action);

/* Adds a field. 0, -E2BIG (AUDIT_MAX_FIELDS are there already), -ENOMEM; @*rule is then unchanged. */
int fops_rule_data_add(struct audit_rule_data *rule, uint32_t field, uint32_t op, uint32_t value);
int fops_rule_data_add_string(struct audit_rule_data **rule, uint32_t field, uint32_t op, FopsSpan value);

/* Adds all fields of @from to @*rule. As above. */
int fops_rule_data_add_all(struct audit_rule_data **rule, const struct audit_rule_data *from);

void fops_rule_data_set_bit(struct audit_rule_data *rule, unsigned nr);
void fops_rule_data_set_all(struct audit_rule_data *rule);
bool fops_rule_data_has_bit(const struct audit_rule_data *rule, unsigned nr);
bool fops_rule_data_is_all(const struct audit_rule_data *rule);
bool fops_rule_data_is_empty(const struct audit_rule_data *rule); /* no system call at all */

static inline uint32_t fops_rule_data_list(const struct audit_rule_data *rule) {
        return rule->flags & ~(uint32_t) AUDIT_FILTER_PREPEND;
}

/* Walks the fields. Never reads beyond buflen, whatever the lengths say. */
typedef struct FopsRuleField {
        uint32_t field, op, value;
        FopsSpan string; /* absent: the field's value is a number */
} FopsRuleField;

typedef struct FopsRuleFieldReader {
        const struct audit_rule_data *rule;
        uint32_t index, offset;
} FopsRuleFieldReader;

bool fops_rule_field_next(FopsRuleFieldReader *r, FopsRuleField *ret);

/* Appends to @r, which takes @*data over. 0 or -ENOMEM (then it is still the caller's). */
int fops_rules_append(FopsRules *r, struct audit_rule_data **data, FopsRule rule);

/* --- fields ----------------------------------------------------------------------------------------------------------- */

/* "uid>=1000" taken apart; spans borrow. */
typedef struct FopsRuleExpression {
        FopsSpan name;
        uint32_t op; /* AUDIT_EQUAL … */
        const char *value;
} FopsRuleExpression;

/* False if there is no operator, or nothing on one of its sides. */
bool fops_rule_expression_split(const char *text, FopsRuleExpression *ret);

/* Adds a -F expression (any field but key and arch, which aren't fields to the configuration) or a -C expression to @*rule,
 * checked against its list. 0; 1: an error is in @diags, as of @config's line; -ENOMEM. Not thread-safe (getpwnam). */
int fops_rule_add_field(struct audit_rule_data **rule, const char *text, const FopsRuleConfig *config, FopsDiags *diags);
int fops_rule_add_compare(struct audit_rule_data **rule, const char *text, const FopsRuleConfig *config, FopsDiags *diags);

/* Static names, NULL if unknown. */
const char *fops_rule_field_to_string(uint32_t field);
const char *fops_rule_op_to_string(uint32_t op);
const char *fops_rule_list_to_string(uint32_t list);

/* The two fields of an AUDIT_COMPARE_* value; false if unknown. */
bool fops_rule_compare_to_fields(uint32_t value, uint32_t *ret_a, uint32_t *ret_b);

/* "exit" to AUDIT_FILTER_EXIT …; false if unknown. */
bool fops_rule_list_from_string(const char *name, uint32_t *ret);

/* Adds an error of @config's line to @diags. 1 or -ENOMEM. */
#define fops_rule_error(config, diags, ...)                                                                     \
        ({                                                                                                      \
                int _e = fops_diags_add(diags, FOPS_ERROR, (config)->file, (config)->line, __VA_ARGS__);        \
                _e < 0 ? _e : 1;                                                                                \
        })

/* --- never ------------------------------------------------------------------------------------------------------------ */

/* Appends what it takes to hear of the changes that the rules @never drop. @changes: rules of the watched directories that bring all
 * changes of names; @moves: of those of one directory the ones for calls with two names. 0, 1 with an error in @diags, or -ENOMEM. Asks
 * the file system for the place of a never rule. */
int fops_rules_hear_never(FopsRules *r, const FopsRules *never, const FopsTargets *targets, const FopsRules *changes,
                          const FopsRules *moves, FopsDiags *diags);

/* --- ABIs ------------------------------------------------------------------------------------------------------------- */

typedef struct FopsAbi {
        int machine;    /* libaudit's */
        uint32_t arch;  /* AUDIT_ARCH_* */
        bool is_compat; /* 32-bit programs under a 64-bit kernel */
} FopsAbi;

/* The calling conventions this machine's kernel may offer, its own first. */
#define FOPS_ABIS_MAX 2
size_t fops_machine_abis(FopsAbi ret[static FOPS_ABIS_MAX]);
