/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One entry of the configuration's `rules` into kernel rules, one for each ABI that has the calls:
 *   { syscalls = ["chown", "chown32"]; fields = ["auid>=1000"]; key = "own"; }
 *     →  -a always,exit -F arch=b64 -S chown -F auid>=1000 -F key=own -F key=fopsd:rule
 *        -a always,exit -F arch=b32 -S lchown,… (chown32 is there)
 * A rule that names no calls needs no arch and becomes one rule. Every mistake of an entry is said, each once, and an entry
 * with a mistake gives no rule. */

#include "rule-internal.h"

typedef struct Entry {
        const FopsRuleConfig *config;
        FopsDiags *diags;
        bool wrong;
        uint32_t list;
        struct audit_rule_data *fields; /* what all rules of the entry have in common, in order, but arch and key */
        char key[FOPS_KEY_BYTES_MAX + 1];
        size_t n_key;
        FopsAbi *abis;
        size_t n_abis;
} Entry;

/* Counts a mistake and goes on to the next; only a lack of memory ends the entry. */
static int go_on(Entry *e, int r) {
        if (r > 0)
                e->wrong = true;
        return MIN(r, 0);
}

#define entry_error(e, ...) go_on(e, fops_rule_error((e)->config, (e)->diags, __VA_ARGS__))

static int add_key(Entry *e, const char *key) {
        size_t n = strlen(key), separator = e->n_key > 0;

        /* On a list that takes none, and when it's already too long, one complaint is enough. */
        if (e->list == AUDIT_FILTER_USER || e->list == AUDIT_FILTER_EXCLUDE)
                return e->wrong ? 0 : entry_error(e, "rules of list '%s' take no key", e->config->list);
        if (e->n_key + separator + n > FOPS_KEY_BYTES_MAX)
                return entry_error(e, "keys are too long: %d bytes at most, with fopsd's own '%s'", FOPS_KEY_BYTES_MAX,
                                   FOPS_TAG_RULE);

        if (separator)
                e->key[e->n_key++] = AUDIT_KEY_SEPARATOR;
        memcpy(e->key + e->n_key, key, n + 1);
        e->n_key += n;
        return 0;
}

static int add_abi(Entry *e, FopsAbi abi) {
        FopsAbi *abis;

        for (size_t i = 0; i < e->n_abis; i++)
                if (e->abis[i].arch == abi.arch)
                        return 0;

        abis = reallocarray(e->abis, e->n_abis + 1, sizeof(FopsAbi));
        if (!abis)
                return -ENOMEM;
        e->abis = abis;
        e->abis[e->n_abis++] = abi;
        return 0;
}

/* "b64", "b32", a machine's name, or a number as the kernel logs it. */
static int find_abi(Entry *e, const char *name, FopsAbi *ret) {
        FopsAbi abis[FOPS_ABIS_MAX];
        size_t n = fops_machine_abis(abis);
        uint64_t number;
        int machine;

        if (strcmp(name, "b64") == 0 || strcmp(name, "b32") == 0) {
                uint32_t bits = name[1] == '6' ? __AUDIT_ARCH_64BIT : 0;

                for (size_t i = 0; i < n; i++)
                        if ((abis[i].arch & __AUDIT_ARCH_64BIT) == bits) {
                                *ret = abis[i];
                                return 1;
                        }
                return entry_error(e, "this machine has no calls of arch '%s'", name);
        }

        if (strncmp(name, "0x", 2) == 0 && fops_span_hex_to_u64(fops_span_from_string(name + 2), &number) &&
            number <= UINT32_MAX)
                machine = audit_elf_to_machine((unsigned) number);
        else
                machine = audit_name_to_machine(name);
        if (machine < 0)
                return entry_error(e, "unknown arch '%s', expected b64, b32 or a machine's name like x86_64", name);

        *ret = (FopsAbi){ .machine = machine, .arch = audit_machine_to_elf(machine) };
        return 1;
}

static int add_arch(Entry *e, const char *name, uint32_t op) {
        FopsAbi abis[FOPS_ABIS_MAX], abi;
        size_t n;
        int r;

        if (e->list != AUDIT_FILTER_EXIT)
                return e->wrong ? 0 : entry_error(e, "arch makes sense on list 'exit' only");

        r = find_abi(e, name, &abi);
        if (r <= 0)
                return r;
        if (op == AUDIT_EQUAL)
                return add_abi(e, abi);
        if (op != AUDIT_NOT_EQUAL)
                return entry_error(e, "operator '%s' doesn't fit field 'arch'", fops_rule_op_to_string(op));

        /* All but this one: what else the machine has. */
        n = fops_machine_abis(abis);
        for (size_t i = 0; i < n; i++)
                if (abis[i].arch != abi.arch) {
                        r = add_abi(e, abis[i]);
                        if (r < 0)
                                return r;
                }
        return e->n_abis > 0 ? 0 : entry_error(e, "this machine has no calls of another arch than '%s'", name);
}

static int read_fields(Entry *e) {
        const FopsRuleConfig *c = e->config;
        int r;

        for (char **f = c->fields; f && *f; f++) {
                FopsRuleExpression x;

                if (fops_rule_expression_split(*f, &x) && fops_span_equal_string(x.name, "arch"))
                        r = add_arch(e, x.value, x.op);
                else if (fops_rule_expression_split(*f, &x) && fops_span_equal_string(x.name, "key") && x.op == AUDIT_EQUAL)
                        r = add_key(e, x.value);
                else
                        r = go_on(e, fops_rule_add_field(&e->fields, *f, c, e->diags));
                if (r < 0)
                        return r;
        }

        for (char **f = c->compares; f && *f; f++) {
                r = go_on(e, fops_rule_add_compare(&e->fields, *f, c, e->diags));
                if (r < 0)
                        return r;
        }

        for (char **a = c->archs; a && *a; a++) {
                r = add_arch(e, *a, AUDIT_EQUAL);
                if (r < 0)
                        return r;
        }

        for (char **k = c->keys; k && *k; k++) {
                r = add_key(e, *k);
                if (r < 0)
                        return r;
        }

        return 0;
}

static int unknown_syscall(Entry *e, const char *name, const FopsAbi *abis, size_t n_abis) {
        FopsNearest nearest = { .word = name };
        FopsAbi machine[FOPS_ABIS_MAX];
        size_t n = fops_machine_abis(machine);
        unsigned opcode;
        const FopsSyscall *call;

        if (e->list == AUDIT_FILTER_URING_EXIT) {
                for (size_t i = 0; (call = fops_uring_op_by_index(i, &opcode)); i++)
                        fops_nearest_try(&nearest, call->name);
        } else {
                for (size_t i = 0; n_abis == 1 && i < n; i++)
                        if (fops_syscall_number(name, machine[i].machine) >= 0)
                                return entry_error(e, "arch '%s' has no system call '%s'",
                                                   audit_machine_to_name(abis[0].machine), name);

                for (size_t i = 0; i < n_abis; i++)
                        for (int nr = 0; nr < FOPS_SYSCALL_NR_MAX; nr++) {
                                const char *known = audit_syscall_to_name(nr, abis[i].machine);

                                if (known)
                                        fops_nearest_try(&nearest, known);
                        }
                for (size_t i = 0; (call = fops_syscall_by_index(i)); i++)
                        fops_nearest_try(&nearest, call->name);
        }

        if (nearest.best)
                return entry_error(e, "unknown system call '%s', did you mean '%s'?", name, nearest.best);
        return entry_error(e, "unknown system call '%s'", name);
}

static int uring_opcode(const char *name) {
        const FopsSyscall *call;
        unsigned opcode;

        for (size_t i = 0; (call = fops_uring_op_by_index(i, &opcode)); i++)
                if (strcmp(call->name, name) == 0)
                        return (int) opcode;
        return -1;
}

/* Sets the calls' bits in @rules, one for each of @abis. A call that only some of the ABIs have is none of the others'. */
static int read_syscalls(Entry *e, const FopsAbi *abis, size_t n_abis, struct audit_rule_data **rules) {
        for (char **s = e->config->syscalls; s && *s; s++) {
                uint32_t number;
                bool known = false;
                int r;

                if (fops_span_to_u32(fops_span_from_string(*s), &number)) {
                        if (number > FOPS_SYSCALL_NR_MAX) {
                                r = entry_error(e, "system call %s is out of range, the kernel's rules end at %d", *s,
                                                FOPS_SYSCALL_NR_MAX);
                                if (r < 0)
                                        return r;
                                continue;
                        }
                        for (size_t i = 0; i < n_abis; i++)
                                fops_rule_data_set_bit(rules[i], number);
                        continue;
                }

                for (size_t i = 0; i < n_abis; i++) {
                        int nr = e->list == AUDIT_FILTER_URING_EXIT ? uring_opcode(*s)
                                                                    : fops_syscall_number(*s, abis[i].machine);

                        if (strcmp(*s, "all") == 0)
                                fops_rule_data_set_all(rules[i]);
                        else if (nr >= 0 && nr <= FOPS_SYSCALL_NR_MAX)
                                fops_rule_data_set_bit(rules[i], (unsigned) nr);
                        else
                                continue;
                        known = true;
                }

                if (!known) {
                        r = unknown_syscall(e, *s, abis, n_abis);
                        if (r < 0)
                                return r;
                }
        }

        return 0;
}

/* True if the entry's calls have numbers that depend on the arch. */
static bool names_calls(const FopsRuleConfig *c) {
        for (char **s = c->syscalls; s && *s; s++)
                if (strcmp(*s, "all") != 0)
                        return true;
        return false;
}

static int finish(Entry *e, struct audit_rule_data **rule) {
        int r;

        r = fops_rule_data_add_all(rule, e->fields);
        if (r == 0 && e->n_key > 0)
                r = fops_rule_data_add_string(rule, AUDIT_FILTERKEY, AUDIT_EQUAL, (FopsSpan){ e->key, e->n_key });
        else if (r == 0)
                r = fops_rule_data_add(*rule, AUDIT_PID, AUDIT_NOT_EQUAL, FOPS_MARK_PID);
        return r == -E2BIG ? entry_error(e, "too many fields, a rule takes %d with fopsd's own key", AUDIT_MAX_FIELDS) : r;
}

static int build(Entry *e, FopsRules *rules) {
        bool calls = e->list == AUDIT_FILTER_EXIT || e->list == AUDIT_FILTER_URING_EXIT;
        bool by_arch = e->list == AUDIT_FILTER_EXIT && (e->n_abis > 0 || names_calls(e->config));
        FopsAbi machine[FOPS_ABIS_MAX];
        size_t n_machine = fops_machine_abis(machine), n = !by_arch ? 1 : e->n_abis > 0 ? e->n_abis : n_machine;
        const FopsAbi *abis = e->n_abis > 0 ? e->abis : machine;
        struct audit_rule_data **data = calloc(n, sizeof(*data));
        int r = data ? 0 : -ENOMEM;

        for (size_t i = 0; r == 0 && i < n; i++) {
                data[i] = fops_rule_data_new(e->list, e->config->never ? AUDIT_NEVER : AUDIT_ALWAYS);
                if (!data[i])
                        r = -ENOMEM;
                else if (by_arch)
                        r = fops_rule_data_add(data[i], AUDIT_ARCH, AUDIT_EQUAL, abis[i].arch);
                if (r == 0 && calls && !(e->config->syscalls && e->config->syscalls[0]))
                        fops_rule_data_set_all(data[i]);
        }

        if (r == 0 && calls)
                r = read_syscalls(e, abis, n, data);
        for (size_t i = 0; r == 0 && !e->wrong && i < n; i++)
                r = finish(e, data + i);

        for (size_t i = 0; r == 0 && !e->wrong && i < n; i++)
                if (!calls || !fops_rule_data_is_empty(data[i]))
                        r = fops_rules_append(rules, data + i,
                                              (FopsRule){ .origin = FOPS_RULE_CONFIG, .config = e->config });

        for (size_t i = 0; data && i < n; i++)
                free(data[i]);
        free(data);
        return r;
}

int fops_rules_add_config(FopsRules *r, const FopsRuleConfig *config, FopsDiags *diags) {
        Entry e = { .config = config, .diags = diags };
        int q;

        if (!fops_rule_list_from_string(config->list, &e.list))
                return fops_rule_error(config, diags, "unknown list '%s', expected exit, task, user, exclude, filesystem or "
                                       "io_uring", config->list);

        e.fields = fops_rule_data_new(e.list, AUDIT_ALWAYS);
        q = e.fields ? read_fields(&e) : -ENOMEM;
        if (q == 0 && e.list != AUDIT_FILTER_USER && e.list != AUDIT_FILTER_EXCLUDE)
                q = add_key(&e, FOPS_TAG_RULE);
        if (q == 0 && config->syscalls && config->syscalls[0] && e.list != AUDIT_FILTER_EXIT &&
            e.list != AUDIT_FILTER_URING_EXIT)
                q = entry_error(&e, "rules of list '%s' take no system calls", config->list);
        if (q == 0)
                q = build(&e, r);

        free(e.fields);
        free(e.abis);
        return q < 0 ? q : e.wrong;
}
