/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A kernel rule as auditctl -l prints it:
 *   -a always,exit -F arch=b64 -S chmod,fchmod -F dir=/srv/data -F auid!=-1 -F key=data
 *   -w /etc/passwd -p wa -k identity
 * so that both lists can be compared line by line; but auditctl 3.0.9 prints "=" for any operator of exe and perm, and has
 * no names for list 7 and calls newer than itself. What has no name here is a number: a rule of a newer kernel prints, if
 * less beautifully. */

#include <stdio.h>

#include "rule-internal.h"

/* auditctl prints a rule as -w if it has all system calls and no field but these. */
static bool is_watch(const struct audit_rule_data *rule) {
        FopsRuleFieldReader reader = { .rule = rule };
        FopsRuleField f;
        bool perm = false, object = false;

        while (fops_rule_field_next(&reader, &f)) {
                if (f.field == AUDIT_PERM)
                        perm = true;
                else if (f.field == AUDIT_DIR || f.field == AUDIT_WATCH)
                        object = true;
                else if (f.field != AUDIT_FILTERKEY)
                        return false;
        }

        return perm && object && fops_rule_data_list(rule) == AUDIT_FILTER_EXIT && fops_rule_data_is_all(rule);
}

static void print_op(FILE *out, uint32_t op) {
        const char *text = fops_rule_op_to_string(op);

        if (text)
                fputs(text, out);
        else
                fprintf(out, "[0x%x]", op);
}

static void print_span(FILE *out, FopsSpan s) {
        fwrite(s.data, 1, s.size, out);
}

static const char *syscall_name(unsigned nr, int machine) {
        const char *name = machine >= 0 ? audit_syscall_to_name((int) nr, machine) : NULL;
        const FopsSyscall *call;

        for (size_t i = 0; !name && machine >= 0 && (call = fops_syscall_by_index(i)); i++)
                if (fops_syscall_number(call->name, machine) == (int) nr)
                        name = call->name;
        return name;
}

static void print_calls(FILE *out, const struct audit_rule_data *rule, int machine) {
        uint32_t list = fops_rule_data_list(rule);
        const char *separator = " -S ";

        if (list != AUDIT_FILTER_EXIT && list != AUDIT_FILTER_URING_EXIT)
                return;

        if (fops_rule_data_is_all(rule)) {
                fputs(" -S all", out);
                return;
        }

        for (unsigned nr = 0; nr < AUDIT_BITMASK_SIZE * 32; nr++) {
                const char *name;

                if (!fops_rule_data_has_bit(rule, nr))
                        continue;
                name = list == AUDIT_FILTER_URING_EXIT ? fops_uring_op_get(nr)->name : syscall_name(nr, machine);
                fputs(separator, out);
                if (name)
                        fputs(name, out);
                else
                        fprintf(out, "%u", nr);
                separator = ",";
        }
}

/* Prints the arch field, if there is one, and returns the machine whose numbers the calls are. */
static int print_arch(FILE *out, const struct audit_rule_data *rule) {
        FopsRuleFieldReader reader = { .rule = rule };
        int machine = audit_detect_machine();
        FopsRuleField f;

        while (fops_rule_field_next(&reader, &f)) {
                if (f.field != AUDIT_ARCH)
                        continue;
                machine = audit_elf_to_machine(f.value);
                fputs(" -F arch", out);
                print_op(out, f.op);
                if (machine < 0)
                        fprintf(out, "0x%X", f.value);
                else
                        fputs(f.value & __AUDIT_ARCH_64BIT ? "b64" : "b32", out);
        }

        return machine;
}

static void print_keys(FILE *out, FopsSpan keys, bool watch) {
        while (keys.size > 0) {
                const char *end = memchr(keys.data, AUDIT_KEY_SEPARATOR, keys.size);
                FopsSpan key = { keys.data, end ? (size_t) (end - keys.data) : keys.size };

                fputs(watch ? " -k " : " -F key=", out);
                print_span(out, key);
                keys = fops_span_skip(keys, key.size + !!end);
        }
}

static void print_perm(FILE *out, uint32_t value) {
        if (value & AUDIT_PERM_READ)
                fputc('r', out);
        if (value & AUDIT_PERM_WRITE)
                fputc('w', out);
        if (value & AUDIT_PERM_EXEC)
                fputc('x', out);
        if (value & AUDIT_PERM_ATTR)
                fputc('a', out);
}

static void print_value(FILE *out, const FopsRuleField *f) {
        int32_t number = (int32_t) f->value;
        const char *name = NULL;

        switch (f->field) {
        case AUDIT_PERM:
                print_perm(out, f->value);
                return;
        case AUDIT_ARG0:
        case AUDIT_ARG1:
        case AUDIT_ARG2:
        case AUDIT_ARG3:
                fprintf(out, "0x%X", f->value);
                return;
        case AUDIT_INODE:
                fprintf(out, "%u", f->value);
                return;
        case AUDIT_EXIT:
                name = number < 0 && number > INT32_MIN ? audit_errno_to_name(-number) : NULL;
                fputs(name ? "-" : "", out);
                break;
        case AUDIT_MSGTYPE:
                name = audit_msg_type_to_name(number);
                break;
        case AUDIT_FSTYPE:
                name = audit_fstype_to_name(number);
                break;
        }

        if (name)
                fputs(name, out);
        else
                fprintf(out, "%d", number);
}

static void print_field(FILE *out, const FopsRuleField *f) {
        const char *name = fops_rule_field_to_string(f->field);
        uint32_t a, b;

        if (f->field == AUDIT_FIELD_COMPARE && fops_rule_compare_to_fields(f->value, &a, &b)) {
                fprintf(out, " -C %s", fops_rule_field_to_string(a));
                print_op(out, f->op);
                fputs(fops_rule_field_to_string(b), out);
                return;
        }

        fputs(" -F ", out);
        if (name)
                fputs(name, out);
        else
                fprintf(out, "f%u", f->field);
        print_op(out, f->op);
        if (fops_span_is_present(f->string))
                print_span(out, f->string);
        else
                print_value(out, f);
}

static void print_as_watch(FILE *out, const struct audit_rule_data *rule) {
        FopsRuleFieldReader reader = { .rule = rule };
        FopsRuleField f;

        while (fops_rule_field_next(&reader, &f))
                if (f.field == AUDIT_FILTERKEY)
                        print_keys(out, f.string, true);
                else if (f.field == AUDIT_PERM) {
                        fputs(" -p ", out);
                        print_perm(out, f.value);
                } else {
                        fputs("-w ", out);
                        print_span(out, f.string);
                }
}

static void print_as_rule(FILE *out, const struct audit_rule_data *rule) {
        FopsRuleFieldReader reader = { .rule = rule };
        const char *list = fops_rule_list_to_string(fops_rule_data_list(rule));
        FopsRuleField f;

        if (rule->action == AUDIT_NEVER || rule->action == AUDIT_ALWAYS)
                fputs(rule->action == AUDIT_NEVER ? "-a never," : "-a always,", out);
        else
                fprintf(out, "-a %u,", rule->action);
        if (list)
                fputs(list, out);
        else
                fprintf(out, "%u", fops_rule_data_list(rule));

        print_calls(out, rule, print_arch(out, rule));

        while (fops_rule_field_next(&reader, &f))
                if (f.field == AUDIT_FILTERKEY)
                        print_keys(out, f.string, false);
                else if (f.field != AUDIT_ARCH)
                        print_field(out, &f);
}

char *fops_rule_data_to_string(const struct audit_rule_data *data) {
        char *text = NULL;
        size_t size;
        FILE *out;
        bool failed;

        out = open_memstream(&text, &size);
        if (!out)
                return NULL;

        if (is_watch(data))
                print_as_watch(out, data);
        else
                print_as_rule(out, data);

        failed = ferror(out);
        if (fclose(out) != 0 || failed) {
                free(text);
                return NULL;
        }
        return text;
}
