/* SPDX-License-Identifier: GPL-2.0-or-later */

/* auditctl's -F and -C expressions into fields of a rule:
 *   auid>=1000      →  { AUDIT_LOGINUID, AUDIT_GREATER_THAN_OR_EQUAL, 1000 }
 *   exit=-EACCES    →  { AUDIT_EXIT, AUDIT_EQUAL, -13 }
 *   uid!=obj_uid    →  { AUDIT_FIELD_COMPARE, AUDIT_NOT_EQUAL, AUDIT_COMPARE_UID_TO_OBJ_UID }
 * libaudit has this too, but steers it by global variables and the order of calls, and prints its complaints. One table says
 * instead which operators, lists and values a field takes: those that the kernel acts on, which are fewer than those it
 * accepts. audit_filter(), which serves `user` and `exclude`, knows a dozen fields and stops at any other, and a field that
 * needs a system call never matches on `task`. */

#include <grp.h>
#include <linux/limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "rule-internal.h"

enum {
        ON_USER = 1 << AUDIT_FILTER_USER,
        ON_TASK = 1 << AUDIT_FILTER_TASK,
        ON_EXIT = 1 << AUDIT_FILTER_EXIT,
        ON_EXCLUDE = 1 << AUDIT_FILTER_EXCLUDE,
        ON_FS = 1 << AUDIT_FILTER_FS,
        ON_URING = 1 << AUDIT_FILTER_URING_EXIT,

        ON_CALLS = ON_EXIT | ON_URING,
        ON_TASKS = ON_CALLS | ON_TASK,
        ON_RECORDS = ON_USER | ON_EXCLUDE,
};

typedef enum Operators {
        OPS_ALL,
        OPS_ORDER,    /* all but the bit tests */
        OPS_EQUALITY, /* = and != */
        OPS_EQUAL,    /* = */
} Operators;

typedef enum ValueKind {
        VALUE_NUMBER,
        VALUE_UID,
        VALUE_LOGINUID, /* may be unset */
        VALUE_GID,
        VALUE_SESSION, /* may be unset */
        VALUE_BOOL,
        VALUE_EXIT,
        VALUE_MSGTYPE,
        VALUE_PERM,
        VALUE_FILETYPE,
        VALUE_FSTYPE,
        VALUE_FAMILY,
        VALUE_STRING,
        VALUE_FILE,      /* an absolute path without a slash at its end */
        VALUE_DIRECTORY, /* an absolute path */
} ValueKind;

typedef struct FieldInfo {
        const char *name;
        uint32_t field;
        ValueKind kind;
        Operators ops;
        unsigned lists;
} FieldInfo;

/* Where a field has two names, the one to print comes first. */
static const FieldInfo field_table[] = {
        { "pid", AUDIT_PID, VALUE_NUMBER, OPS_ORDER, ON_TASKS | ON_RECORDS },
        { "uid", AUDIT_UID, VALUE_UID, OPS_ORDER, ON_TASKS | ON_RECORDS },
        { "euid", AUDIT_EUID, VALUE_UID, OPS_ORDER, ON_TASKS },
        { "suid", AUDIT_SUID, VALUE_UID, OPS_ORDER, ON_TASKS },
        { "fsuid", AUDIT_FSUID, VALUE_UID, OPS_ORDER, ON_TASKS },
        { "gid", AUDIT_GID, VALUE_GID, OPS_ORDER, ON_TASKS | ON_RECORDS },
        { "egid", AUDIT_EGID, VALUE_GID, OPS_ORDER, ON_TASKS },
        { "sgid", AUDIT_SGID, VALUE_GID, OPS_ORDER, ON_TASKS },
        { "fsgid", AUDIT_FSGID, VALUE_GID, OPS_ORDER, ON_TASKS },
        { "auid", AUDIT_LOGINUID, VALUE_LOGINUID, OPS_ORDER, ON_TASKS | ON_RECORDS },
        { "loginuid", AUDIT_LOGINUID, VALUE_LOGINUID, OPS_ORDER, ON_TASKS | ON_RECORDS },
        { "pers", AUDIT_PERS, VALUE_NUMBER, OPS_ALL, ON_TASKS },
        { "msgtype", AUDIT_MSGTYPE, VALUE_MSGTYPE, OPS_ORDER, ON_RECORDS },
        { "subj_user", AUDIT_SUBJ_USER, VALUE_STRING, OPS_EQUALITY, ON_TASKS | ON_RECORDS },
        { "subj_role", AUDIT_SUBJ_ROLE, VALUE_STRING, OPS_EQUALITY, ON_TASKS | ON_RECORDS },
        { "subj_type", AUDIT_SUBJ_TYPE, VALUE_STRING, OPS_EQUALITY, ON_TASKS | ON_RECORDS },
        { "subj_sen", AUDIT_SUBJ_SEN, VALUE_STRING, OPS_ORDER, ON_TASKS | ON_RECORDS },
        { "subj_clr", AUDIT_SUBJ_CLR, VALUE_STRING, OPS_ORDER, ON_TASKS | ON_RECORDS },
        { "ppid", AUDIT_PPID, VALUE_NUMBER, OPS_ORDER, ON_CALLS },
        { "obj_user", AUDIT_OBJ_USER, VALUE_STRING, OPS_EQUALITY, ON_CALLS },
        { "obj_role", AUDIT_OBJ_ROLE, VALUE_STRING, OPS_EQUALITY, ON_CALLS },
        { "obj_type", AUDIT_OBJ_TYPE, VALUE_STRING, OPS_EQUALITY, ON_CALLS },
        { "obj_lev_low", AUDIT_OBJ_LEV_LOW, VALUE_STRING, OPS_ORDER, ON_CALLS },
        { "obj_lev_high", AUDIT_OBJ_LEV_HIGH, VALUE_STRING, OPS_ORDER, ON_CALLS },
        { "sessionid", AUDIT_SESSIONID, VALUE_SESSION, OPS_ORDER, ON_TASKS },
        { "devmajor", AUDIT_DEVMAJOR, VALUE_NUMBER, OPS_ORDER, ON_CALLS },
        { "devminor", AUDIT_DEVMINOR, VALUE_NUMBER, OPS_ALL, ON_CALLS },
        { "inode", AUDIT_INODE, VALUE_NUMBER, OPS_EQUALITY, ON_CALLS },
        { "exit", AUDIT_EXIT, VALUE_EXIT, OPS_ORDER, ON_CALLS },
        { "success", AUDIT_SUCCESS, VALUE_BOOL, OPS_ORDER, ON_CALLS },
        { "path", AUDIT_WATCH, VALUE_FILE, OPS_EQUAL, ON_CALLS },
        { "perm", AUDIT_PERM, VALUE_PERM, OPS_EQUALITY, ON_EXIT },
        { "dir", AUDIT_DIR, VALUE_DIRECTORY, OPS_EQUAL, ON_CALLS },
        { "filetype", AUDIT_FILETYPE, VALUE_FILETYPE, OPS_EQUALITY, ON_CALLS },
        { "fstype", AUDIT_FSTYPE, VALUE_FSTYPE, OPS_EQUALITY, ON_FS },
        { "obj_uid", AUDIT_OBJ_UID, VALUE_UID, OPS_ORDER, ON_CALLS },
        { "obj_gid", AUDIT_OBJ_GID, VALUE_GID, OPS_ORDER, ON_CALLS },
        { "a0", AUDIT_ARG0, VALUE_NUMBER, OPS_ALL, ON_EXIT },
        { "a1", AUDIT_ARG1, VALUE_NUMBER, OPS_ALL, ON_EXIT },
        { "a2", AUDIT_ARG2, VALUE_NUMBER, OPS_ALL, ON_EXIT },
        { "a3", AUDIT_ARG3, VALUE_NUMBER, OPS_ALL, ON_EXIT },
        { "exe", AUDIT_EXE, VALUE_FILE, OPS_EQUALITY, ON_CALLS | ON_RECORDS },
        { "saddr_fam", AUDIT_SADDR_FAM, VALUE_FAMILY, OPS_ORDER, ON_CALLS },
        /* Settings of their own to the configuration; here for their names. */
        { "arch", AUDIT_ARCH, VALUE_NUMBER, OPS_EQUALITY, ON_EXIT },
        { "key", AUDIT_FILTERKEY, VALUE_STRING, OPS_EQUAL, ON_TASKS | ON_FS },
};

static const struct {
        uint32_t a, b, value;
} compare_table[] = {
        { AUDIT_UID, AUDIT_OBJ_UID, AUDIT_COMPARE_UID_TO_OBJ_UID },
        { AUDIT_GID, AUDIT_OBJ_GID, AUDIT_COMPARE_GID_TO_OBJ_GID },
        { AUDIT_EUID, AUDIT_OBJ_UID, AUDIT_COMPARE_EUID_TO_OBJ_UID },
        { AUDIT_EGID, AUDIT_OBJ_GID, AUDIT_COMPARE_EGID_TO_OBJ_GID },
        { AUDIT_LOGINUID, AUDIT_OBJ_UID, AUDIT_COMPARE_AUID_TO_OBJ_UID },
        { AUDIT_SUID, AUDIT_OBJ_UID, AUDIT_COMPARE_SUID_TO_OBJ_UID },
        { AUDIT_SGID, AUDIT_OBJ_GID, AUDIT_COMPARE_SGID_TO_OBJ_GID },
        { AUDIT_FSUID, AUDIT_OBJ_UID, AUDIT_COMPARE_FSUID_TO_OBJ_UID },
        { AUDIT_FSGID, AUDIT_OBJ_GID, AUDIT_COMPARE_FSGID_TO_OBJ_GID },
        { AUDIT_UID, AUDIT_LOGINUID, AUDIT_COMPARE_UID_TO_AUID },
        { AUDIT_UID, AUDIT_EUID, AUDIT_COMPARE_UID_TO_EUID },
        { AUDIT_UID, AUDIT_FSUID, AUDIT_COMPARE_UID_TO_FSUID },
        { AUDIT_UID, AUDIT_SUID, AUDIT_COMPARE_UID_TO_SUID },
        { AUDIT_LOGINUID, AUDIT_FSUID, AUDIT_COMPARE_AUID_TO_FSUID },
        { AUDIT_LOGINUID, AUDIT_SUID, AUDIT_COMPARE_AUID_TO_SUID },
        { AUDIT_LOGINUID, AUDIT_EUID, AUDIT_COMPARE_AUID_TO_EUID },
        { AUDIT_EUID, AUDIT_SUID, AUDIT_COMPARE_EUID_TO_SUID },
        { AUDIT_EUID, AUDIT_FSUID, AUDIT_COMPARE_EUID_TO_FSUID },
        { AUDIT_SUID, AUDIT_FSUID, AUDIT_COMPARE_SUID_TO_FSUID },
        { AUDIT_GID, AUDIT_EGID, AUDIT_COMPARE_GID_TO_EGID },
        { AUDIT_GID, AUDIT_FSGID, AUDIT_COMPARE_GID_TO_FSGID },
        { AUDIT_GID, AUDIT_SGID, AUDIT_COMPARE_GID_TO_SGID },
        { AUDIT_EGID, AUDIT_FSGID, AUDIT_COMPARE_EGID_TO_FSGID },
        { AUDIT_EGID, AUDIT_SGID, AUDIT_COMPARE_EGID_TO_SGID },
        { AUDIT_SGID, AUDIT_FSGID, AUDIT_COMPARE_SGID_TO_FSGID },
};

static const char *const list_names[] = {
        [AUDIT_FILTER_USER] = "user",       [AUDIT_FILTER_TASK] = "task",     [AUDIT_FILTER_EXIT] = "exit",
        [AUDIT_FILTER_EXCLUDE] = "exclude", [AUDIT_FILTER_FS] = "filesystem", [AUDIT_FILTER_URING_EXIT] = "io_uring",
};

/* Two-character operators first, so that "<=" isn't taken for "<". */
static const struct {
        const char *text;
        uint32_t op;
} operator_table[] = {
        { "!=", AUDIT_NOT_EQUAL },    { ">=", AUDIT_GREATER_THAN_OR_EQUAL }, { "<=", AUDIT_LESS_THAN_OR_EQUAL },
        { "&=", AUDIT_BIT_TEST },     { "=", AUDIT_EQUAL },                  { ">", AUDIT_GREATER_THAN },
        { "<", AUDIT_LESS_THAN },     { "&", AUDIT_BIT_MASK },
};

const char *fops_rule_field_to_string(uint32_t field) {
        for (size_t i = 0; i < ELEMENTSOF(field_table); i++)
                if (field_table[i].field == field)
                        return field_table[i].name;
        return NULL;
}

const char *fops_rule_op_to_string(uint32_t op) {
        for (size_t i = 0; i < ELEMENTSOF(operator_table); i++)
                if (operator_table[i].op == op)
                        return operator_table[i].text;
        return NULL;
}

const char *fops_rule_list_to_string(uint32_t list) {
        return list < ELEMENTSOF(list_names) ? list_names[list] : NULL;
}

bool fops_rule_list_from_string(const char *name, uint32_t *ret) {
        for (size_t i = 0; i < ELEMENTSOF(list_names); i++)
                if (list_names[i] && strcmp(list_names[i], name) == 0) {
                        *ret = (uint32_t) i;
                        return true;
                }
        return false;
}

bool fops_rule_compare_to_fields(uint32_t value, uint32_t *ret_a, uint32_t *ret_b) {
        for (size_t i = 0; i < ELEMENTSOF(compare_table); i++)
                if (compare_table[i].value == value) {
                        *ret_a = compare_table[i].a;
                        *ret_b = compare_table[i].b;
                        return true;
                }
        return false;
}

bool fops_rule_expression_split(const char *text, FopsRuleExpression *ret) {
        size_t n = strcspn(text, "!<>&=");

        for (size_t i = 0; n > 0 && i < ELEMENTSOF(operator_table); i++) {
                size_t l = strlen(operator_table[i].text);

                if (strncmp(text + n, operator_table[i].text, l) != 0)
                        continue;
                if (text[n + l] == '\0')
                        return false;
                *ret = (FopsRuleExpression){ { text, n }, operator_table[i].op, text + n + l };
                return true;
        }

        return false;
}

static const FieldInfo *find_field(FopsSpan name) {
        for (size_t i = 0; i < ELEMENTSOF(field_table); i++)
                if (fops_span_equal_string(name, field_table[i].name))
                        return field_table + i;
        return NULL;
}

static bool operator_fits(Operators ops, uint32_t op) {
        switch (ops) {
        case OPS_ALL:
                return true;
        case OPS_ORDER:
                return op != AUDIT_BIT_MASK && op != AUDIT_BIT_TEST;
        case OPS_EQUALITY:
                return op == AUDIT_EQUAL || op == AUDIT_NOT_EQUAL;
        case OPS_EQUAL:
                return op == AUDIT_EQUAL;
        }
        return false;
}

/* Decimal, 0x hexadecimal or 0 octal; negative ones as two's complement, as the kernel compares 32 bits without sign. */
static bool parse_number(const char *text, uint32_t *ret) {
        long long value;
        char *end;

        if (*text != '-' && (*text < '0' || *text > '9'))
                return false;

        errno = 0;
        value = strtoll(text, &end, 0);
        if (errno != 0 || end == text || *end != '\0' || value < INT32_MIN || value > (long long) UINT32_MAX)
                return false;

        *ret = (uint32_t) value;
        return true;
}

static bool parse_user(const char *text, uint32_t *ret) {
        const struct passwd *pw;

        if (parse_number(text, ret))
                return true;
        pw = getpwnam(text);
        if (!pw)
                return false;
        *ret = pw->pw_uid;
        return true;
}

static bool parse_group(const char *text, uint32_t *ret) {
        const struct group *gr;

        if (parse_number(text, ret))
                return true;
        gr = getgrnam(text);
        if (!gr)
                return false;
        *ret = gr->gr_gid;
        return true;
}

static bool parse_perm(const char *text, uint32_t *ret) {
        uint32_t value = 0;

        for (; *text; text++)
                switch (*text) {
                case 'r':
                        value |= AUDIT_PERM_READ;
                        break;
                case 'w':
                        value |= AUDIT_PERM_WRITE;
                        break;
                case 'x':
                        value |= AUDIT_PERM_EXEC;
                        break;
                case 'a':
                        value |= AUDIT_PERM_ATTR;
                        break;
                default:
                        return false;
                }

        *ret = value;
        return true;
}

/* Returns NULL and sets *@ret, or says what is expected instead. */
static const char *parse_value(const FieldInfo *info, uint32_t op, const char *text, uint32_t *ret) {
        int n;

        switch (info->kind) {
        case VALUE_NUMBER:
                return parse_number(text, ret) ? NULL : "a number of 32 bits";

        case VALUE_UID:
                /* -1 is no uid to the kernel, make_kuid() refuses it. */
                return parse_user(text, ret) && *ret != UINT32_MAX ? NULL : "a user's name or number";

        case VALUE_LOGINUID:
                if (strcmp(text, "unset") == 0)
                        *ret = UINT32_MAX;
                else if (!parse_user(text, ret))
                        return "a user's name or number, or unset";
                /* The kernel makes it a test for "has a login uid", which has no order. */
                return *ret != UINT32_MAX || operator_fits(OPS_EQUALITY, op) ? NULL : "a user, for this operator";

        case VALUE_GID:
                return parse_group(text, ret) && *ret != UINT32_MAX ? NULL : "a group's name or number";

        case VALUE_SESSION:
                if (strcmp(text, "unset") == 0)
                        *ret = UINT32_MAX;
                else if (!parse_number(text, ret))
                        return "a number or unset";
                return NULL;

        case VALUE_BOOL:
                return parse_number(text, ret) && *ret <= 1 ? NULL : "0 or 1";

        case VALUE_EXIT:
                if (parse_number(text, ret))
                        return NULL;
                n = audit_name_to_errno(text);
                if (n == 0)
                        return "a number, or an errno name like -EACCES";
                *ret = (uint32_t) n;
                return NULL;

        case VALUE_MSGTYPE:
                if (parse_number(text, ret))
                        return NULL;
                n = audit_name_to_msg_type(text);
                if (n <= 0)
                        return "a record type's name or number";
                *ret = (uint32_t) n;
                return NULL;

        case VALUE_PERM:
                return parse_perm(text, ret) ? NULL : "letters of rwxa";

        case VALUE_FILETYPE:
                n = audit_name_to_ftype(text);
                if (n < 0)
                        return "file, dir, socket, symlink, character, block or fifo";
                *ret = (uint32_t) n;
                return NULL;

        case VALUE_FSTYPE:
                if (parse_number(text, ret))
                        return NULL;
                n = audit_name_to_fstype(text);
                if (n == -1)
                        return "tracefs, debugfs or a number";
                *ret = (uint32_t) n;
                return NULL;

        case VALUE_FAMILY:
                return parse_number(text, ret) && *ret < AF_MAX ? NULL : "an address family's number";

        case VALUE_STRING:
                return strlen(text) < PATH_MAX ? NULL : "something shorter";

        case VALUE_FILE:
                return text[0] == '/' && text[strlen(text) - 1] != '/' && strlen(text) < PATH_MAX ? NULL :
                               "an absolute path without a slash at its end";

        case VALUE_DIRECTORY:
                return text[0] == '/' && strlen(text) < PATH_MAX ? NULL : "an absolute path";
        }

        return "a value";
}

static bool has_one_of(const struct audit_rule_data *rule, const uint32_t *fields, size_t n_fields) {
        for (uint32_t i = 0; i < rule->field_count; i++)
                for (size_t j = 0; j < n_fields; j++)
                        if (rule->fields[i] == fields[j])
                                return true;
        return false;
}

/* The kernel keeps one of each kind in a rule (audit_to_watch(), audit_make_tree(), audit_to_inode(); krule->exe). */
static const char *conflict(const struct audit_rule_data *rule, uint32_t field) {
        static const uint32_t objects[] = { AUDIT_WATCH, AUDIT_DIR, AUDIT_INODE }, exes[] = { AUDIT_EXE };

        if (field == AUDIT_EXE)
                return has_one_of(rule, exes, ELEMENTSOF(exes)) ? "a rule takes one exe" : NULL;
        if (field == AUDIT_WATCH || field == AUDIT_DIR || field == AUDIT_INODE)
                return has_one_of(rule, objects, ELEMENTSOF(objects)) ? "a rule takes one of path, dir and inode" : NULL;
        return NULL;
}

static int too_many_fields(int r, const FopsRuleConfig *config, FopsDiags *diags) {
        return r == -E2BIG ? fops_rule_error(config, diags, "too many fields, a rule takes %d", AUDIT_MAX_FIELDS) : r;
}

static int unknown_field(FopsSpan name, const char *text, const FopsRuleConfig *config, FopsDiags *diags) {
        _cleanup_free_ char *word = strndup(name.data, name.size);
        FopsNearest nearest = { .word = word };

        if (!word)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(field_table); i++)
                fops_nearest_try(&nearest, field_table[i].name);
        if (nearest.best)
                return fops_rule_error(config, diags, "unknown field '%s' in '%s', did you mean '%s'?", word, text,
                                       nearest.best);
        return fops_rule_error(config, diags, "unknown field '%s' in '%s'", word, text);
}

int fops_rule_add_field(struct audit_rule_data **rule, const char *text, const FopsRuleConfig *config, FopsDiags *diags) {
        uint32_t list = fops_rule_data_list(*rule), value = 0;
        FopsRuleExpression e;
        const FieldInfo *info;
        const char *trouble;
        int r;

        if (!fops_rule_expression_split(text, &e))
                return fops_rule_error(config, diags, "'%s' is no comparison, expected FIELD OPERATOR VALUE as in 'uid>=1'",
                                       text);

        info = find_field(e.name);
        if (!info)
                return unknown_field(e.name, text, config, diags);

        if (!(info->lists & (1U << list)))
                return fops_rule_error(config, diags, "field '%s' doesn't work on list '%s'", info->name,
                                       fops_rule_list_to_string(list));

        if (!operator_fits(info->ops, e.op))
                return fops_rule_error(config, diags, "operator '%s' doesn't fit field '%s'", fops_rule_op_to_string(e.op),
                                       info->name);

        trouble = parse_value(info, e.op, e.value, &value);
        if (trouble)
                return fops_rule_error(config, diags, "wrong value '%s' for field '%s', expected %s", e.value, info->name,
                                       trouble);

        trouble = conflict(*rule, info->field);
        if (trouble)
                return fops_rule_error(config, diags, "'%s' is one too many: %s", text, trouble);

        if (info->kind >= VALUE_STRING)
                r = fops_rule_data_add_string(rule, info->field, e.op, fops_span_from_string(e.value));
        else
                r = fops_rule_data_add(*rule, info->field, e.op, value);
        return too_many_fields(r, config, diags);
}

int fops_rule_add_compare(struct audit_rule_data **rule, const char *text, const FopsRuleConfig *config, FopsDiags *diags) {
        uint32_t list = fops_rule_data_list(*rule);
        FopsRuleExpression e;
        const FieldInfo *a, *b;

        if (!fops_rule_expression_split(text, &e))
                return fops_rule_error(config, diags, "'%s' is no comparison, expected two fields like 'uid!=euid'", text);

        a = find_field(e.name);
        if (!a)
                return unknown_field(e.name, text, config, diags);
        b = find_field(fops_span_from_string(e.value));
        if (!b)
                return unknown_field(fops_span_from_string(e.value), text, config, diags);

        if (!(ON_CALLS & (1U << list)))
                return fops_rule_error(config, diags, "fields can't be compared on list '%s'",
                                       fops_rule_list_to_string(list));
        if (!operator_fits(OPS_EQUALITY, e.op))
                return fops_rule_error(config, diags, "operator '%s' doesn't fit a comparison of fields, expected = or !=",
                                       fops_rule_op_to_string(e.op));

        for (size_t i = 0; i < ELEMENTSOF(compare_table); i++) {
                uint32_t x = compare_table[i].a, y = compare_table[i].b;

                if ((x == a->field && y == b->field) || (x == b->field && y == a->field)) {
                        int r = fops_rule_data_add(*rule, AUDIT_FIELD_COMPARE, e.op, compare_table[i].value);

                        return too_many_fields(r, config, diags);
                }
        }

        return fops_rule_error(config, diags, "fields '%s' and '%s' can't be compared", a->name, b->name);
}
