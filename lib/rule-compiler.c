/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A target into the rules that miss nothing of what its watch asks for, and give as little else as the kernel can manage:
 *   /srv/data, write and attr  →  open with a1, openat with a2 & (O_ACCMODE|O_CREAT|O_TRUNC), all else by its number
 *
 * Why not perm=w: audit_match_perm() looks at the access mode alone, so open(O_RDONLY|O_CREAT) creates a file and
 * open(O_RDONLY|O_TRUNC) empties one unseen; utimensat, fchmodat2, setxattrat and others are in no permission class at all.
 * The open flags are an argument of the call, and AUDIT_BIT_MASK tests them. openat2's are behind a pointer, and
 * open_by_handle_at is in no class: the two are rare, and come without a condition.
 *
 * What the kernel decides is decided again by the watch set; so a filter goes into the rule only if it can't drop what the
 * watch set would keep. An excluded *group* stays out of it: `gid!=` in audit_filter_rules() looks at supplementary groups
 * too, the filter doesn't.
 *
 * Left out on purpose: perm, classes of calls, and rules that hold several paths. */

#include <fcntl.h>
#include <limits.h>

#include "rule-internal.h"
#include "target-group.h"

#define OPEN_READ_OPS (FOPS_OP_BIT(FOPS_OP_READ) | FOPS_OP_BIT(FOPS_OP_LIST))
#define OPEN_WRITE_OPS (FOPS_OP_BIT(FOPS_OP_CREATE) | FOPS_OP_BIT(FOPS_OP_MODIFY) | FOPS_OP_BIT(FOPS_OP_TRUNCATE))

#define IO_URING_ENTER_NR 426 /* on every architecture */

size_t fops_machine_abis(FopsAbi ret[static FOPS_ABIS_MAX]) {
        static const struct {
                int machine, compat;
        } pairs[] = {
                { MACH_86_64, MACH_X86 },
                { MACH_AARCH64, MACH_ARM },
                { MACH_PPC64, MACH_PPC },
                { MACH_S390X, MACH_S390 },
        };
        int machine = audit_detect_machine();
        size_t n = 0;

        if (machine < 0)
                return 0;
        ret[n++] = (FopsAbi){ .machine = machine, .arch = audit_machine_to_elf(machine) };

        /* libaudit asks uname(2): this is the kernel's machine, which runs the 32-bit programs too. */
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                if (pairs[i].machine == machine && audit_machine_to_elf(pairs[i].compat) != 0)
                        ret[n++] = (FopsAbi){ pairs[i].compat, audit_machine_to_elf(pairs[i].compat), true };
        return n;
}

/* --- tags ------------------------------------------------------------------------------------------------------------- */

/* Strings with their NUL, numbers whole, and a mark after each list: what differs hashes differently. */
static void hash_string(uint64_t *hash, const char *s) {
        *hash = fops_hash_continue(*hash, s, strlen(s) + 1);
}

static void hash_number(uint64_t *hash, uint64_t value) {
        unsigned char bytes[8];

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (unsigned char) (value >> (8 * i));
        *hash = fops_hash_continue(*hash, bytes, sizeof(bytes));
}

static void hash_strings(uint64_t *hash, char *const *list) {
        for (; list && *list; list++)
                hash_string(hash, *list);
        hash_string(hash, "");
}

static void hash_ids(uint64_t *hash, const FopsIdList *list) {
        hash_number(hash, list->n_ids);
        for (size_t i = 0; i < list->n_ids; i++)
                hash_number(hash, list->ids[i]);
}

static void hash_groups(uint64_t *hash, const FopsFilterGroup *groups, size_t n) {
        hash_number(hash, n);
        for (size_t i = 0; i < n; i++) {
                const FopsFilterGroup *g = groups + i;

                hash_strings(hash, g->exe);
                hash_strings(hash, g->comm);
                hash_strings(hash, g->path);
                hash_strings(hash, g->unit);
                hash_strings(hash, g->container);
                hash_ids(hash, &g->users);
                hash_ids(hash, &g->login_users);
                hash_ids(hash, &g->groups);
                hash_number(hash, g->ops);
                hash_number(hash, g->result);
        }
}

#define INDEX_OPS                                                                                                     \
        (FOPS_OP_BIT(FOPS_OP_CREATE) | FOPS_OP_BIT(FOPS_OP_MKDIR) | FOPS_OP_BIT(FOPS_OP_MKNOD) | FOPS_OP_BIT(FOPS_OP_SYMLINK) | \
         FOPS_OP_BIT(FOPS_OP_LINK) | FOPS_OP_BIT(FOPS_OP_DELETE) | FOPS_OP_BIT(FOPS_OP_RMDIR) | FOPS_OP_BIT(FOPS_OP_RENAME) |  \
         FOPS_OP_BIT(FOPS_OP_EXCHANGE))

static char *no_keys[] = { NULL };
const FopsWatch fops_index_watch = { .ops = INDEX_OPS, .recursive = true, .keys = no_keys };

/* What names two directories. */
static const FopsWatch moves_watch = {
        .ops = FOPS_OP_BIT(FOPS_OP_LINK) | FOPS_OP_BIT(FOPS_OP_RENAME) | FOPS_OP_BIT(FOPS_OP_EXCHANGE),
        .recursive = true,
        .keys = no_keys,
};

/* An anchor's name changes, what it stands for doesn't; what its index rules bring isn't what a group wants that looks like them. */
static const char *path_in_tag(const FopsTarget *t) {
        if (t->is_anchor)
                return t->watch == &fops_index_watch ? "index" : "";
        return t->subvolume_of ? t->subvolume_of : t->path;
}

void fops_target_tag(const FopsTarget *target, char ret[static FOPS_TAG_BYTES_MAX]) {
        const FopsWatch *w = target->watch;
        uint64_t hash = FOPS_HASH_INIT;

        hash_string(&hash, path_in_tag(target));
        hash_number(&hash, w->ops);
        hash_number(&hash, w->recursive);
        hash_number(&hash, w->result);
        hash_groups(&hash, w->only, w->n_only);
        hash_groups(&hash, w->exclude, w->n_exclude);
        if (target->subvolumes == 0)
                snprintf(ret, FOPS_TAG_BYTES_MAX, FOPS_TAG_PREFIX "%016llx", (unsigned long long) hash);
        else
                snprintf(ret, FOPS_TAG_BYTES_MAX, FOPS_TAG_PREFIX "%016llx.%016llx", (unsigned long long) hash,
                         (unsigned long long) target->subvolumes);
}

/* --- conditions ------------------------------------------------------------------------------------------------------- */

/* How many settings of a group are asked: a group of one can be turned around. */
static unsigned n_conditions(const FopsFilterGroup *g) {
        return (unsigned) !!g->exe + !!g->comm + !!g->path + !!g->unit + !!g->container + (g->users.n_ids > 0) +
               (g->login_users.n_ids > 0) + (g->groups.n_ids > 0) + (g->ops != 0) + (g->result != FOPS_RESULT_ANY);
}

/* True for the path of an executable that the kernel's inode and the record's text agree on: there, without symlinks. */
static bool exe_is_exact(const char *exe) {
        char resolved[PATH_MAX];

        return exe[0] == '/' && !strpbrk(exe, "*?[\\") && realpath(exe, resolved) && strcmp(exe, resolved) == 0;
}

/* A condition that finds no room is left to the watch set; one place is kept for the key. */
static int add_condition(struct audit_rule_data *rule, uint32_t field, uint32_t op, uint32_t value) {
        return rule->field_count < AUDIT_MAX_FIELDS - 1 ? fops_rule_data_add(rule, field, op, value) : 0;
}

static int add_ids(struct audit_rule_data *rule, uint32_t field, const FopsIdList *list, bool exclude) {
        int r = 0;

        /* Several values are a choice, which the fields of a rule can't say; excluded, they are all to be unequal. */
        if (list->n_ids > 1 && !exclude)
                return 0;
        for (size_t i = 0; r == 0 && i < list->n_ids; i++)
                /* make_kuid() takes no -1, but for a login uid. */
                if (list->ids[i] != UINT32_MAX || field == AUDIT_LOGINUID)
                        r = add_condition(rule, field, exclude ? AUDIT_NOT_EQUAL : AUDIT_EQUAL, list->ids[i]);
        return r;
}

static bool has_exe(const struct audit_rule_data *rule) {
        for (uint32_t i = 0; i < rule->field_count; i++)
                if (rule->fields[i] == AUDIT_EXE)
                        return true;
        return false;
}

static int add_exe(struct audit_rule_data **rule, char *const *exes, bool exclude) {
        if (!exes || (!exclude && exes[0] && exes[1]))
                return 0;

        for (; *exes; exes++) {
                int r;

                if ((*rule)->field_count >= AUDIT_MAX_FIELDS - 1 || has_exe(*rule) || !exe_is_exact(*exes))
                        continue;
                r = fops_rule_data_add_string(rule, AUDIT_EXE, exclude ? AUDIT_NOT_EQUAL : AUDIT_EQUAL,
                                              fops_span_from_string(*exes));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_result(struct audit_rule_data *rule, FopsResultFilter result) {
        /* An io_uring operation is logged as a success whatever became of it: the request was taken. */
        if (result == FOPS_RESULT_ANY || fops_rule_data_list(rule) == AUDIT_FILTER_URING_EXIT)
                return 0;
        return add_condition(rule, AUDIT_SUCCESS, AUDIT_EQUAL, result == FOPS_RESULT_SUCCESS);
}

static int add_conditions(struct audit_rule_data **rule, const FopsWatch *w) {
        int r;

        r = add_result(*rule, w->result);

        if (r == 0 && w->n_only == 1) {
                const FopsFilterGroup *g = w->only;

                r = add_ids(*rule, AUDIT_UID, &g->users, false);
                if (r == 0)
                        r = add_ids(*rule, AUDIT_LOGINUID, &g->login_users, false);
                if (r == 0)
                        r = add_ids(*rule, AUDIT_GID, &g->groups, false);
                if (r == 0)
                        r = add_exe(rule, g->exe, false);
                if (r == 0)
                        r = add_result(*rule, g->result);
        }

        for (size_t i = 0; r == 0 && i < w->n_exclude; i++) {
                const FopsFilterGroup *g = w->exclude + i;

                if (n_conditions(g) != 1)
                        continue;
                r = add_ids(*rule, AUDIT_UID, &g->users, true);
                if (r == 0)
                        r = add_ids(*rule, AUDIT_LOGINUID, &g->login_users, true);
                if (r == 0)
                        r = add_exe(rule, g->exe, true);
        }

        return r;
}

/* The operations that are left when the filters which look at nothing else have had their say. */
static FopsOpMask wanted_ops(const FopsWatch *w) {
        FopsOpMask ops = w->ops;

        if (w->n_only == 1 && w->only[0].ops != 0)
                ops &= w->only[0].ops;
        for (size_t i = 0; i < w->n_exclude; i++)
                if (n_conditions(w->exclude + i) == 1)
                        ops &= ~w->exclude[i].ops;
        return ops;
}

/* --- calls ------------------------------------------------------------------------------------------------------------ */

/* Everything that operation.h may make of this call. */
static FopsOpMask reachable_ops(const FopsSyscall *call) {
        FopsOpMask ops = FOPS_OP_BIT(call->op);

        if (call->flags & FOPS_SYSCALL_OPEN)
                ops |= OPEN_WRITE_OPS;
        if (call->op == FOPS_OP_READ)
                ops |= FOPS_OP_BIT(FOPS_OP_LIST);
        if (call->flags & FOPS_SYSCALL_UNLINKAT)
                ops |= FOPS_OP_BIT(FOPS_OP_RMDIR);
        if (call->op == FOPS_OP_RENAME)
                ops |= FOPS_OP_BIT(FOPS_OP_EXCHANGE);
        if (call->op == FOPS_OP_MKNOD)
                ops |= FOPS_OP_BIT(FOPS_OP_CREATE);
        return ops;
}

static bool is_wanted(const FopsSyscall *call, FopsOpMask ops) {
        return call->name && !(call->flags & FOPS_SYSCALL_NOT_FILE) && (reachable_ops(call) & ops) != 0;
}

/* The calls whose flags a rule looks at. Where every open is wanted, there is nothing to look at. 32-bit programs are few,
 * while each rule costs every system call of every program a look, and 12 ms when it's removed (an RCU grace period): theirs
 * get one rule, and the watch set sorts out what they read. */
static bool is_judged_by_flags(const FopsSyscall *call, FopsOpMask ops, FopsAbi abi) {
        bool read = ops & OPEN_READ_OPS, write = ops & OPEN_WRITE_OPS;

        return read != write && !abi.is_compat && (strcmp(call->name, "open") == 0 || strcmp(call->name, "openat") == 0);
}

static uint32_t wanted_open_flags(FopsOpMask ops) {
        uint32_t flags = 0;

        if (ops & FOPS_OP_BIT(FOPS_OP_CREATE))
                flags |= O_CREAT | (O_TMPFILE & ~O_DIRECTORY);
        if (ops & FOPS_OP_BIT(FOPS_OP_MODIFY))
                flags |= O_ACCMODE | O_TRUNC;
        if (ops & FOPS_OP_BIT(FOPS_OP_TRUNCATE))
                flags |= O_TRUNC;
        return flags;
}

/* --- rules ------------------------------------------------------------------------------------------------------------ */

static int add_keys(struct audit_rule_data **rule, const FopsTarget *target) {
        char tag[FOPS_TAG_BYTES_MAX], keys[FOPS_KEY_BYTES_MAX];
        size_t n = 0, n_tag;

        fops_target_tag(target, tag);
        n_tag = strlen(tag);

        /* The tag finds the watch, and the watch has the keys: here they are for other readers, while there's room. */
        for (char **k = target->watch->keys; *k; k++) {
                size_t l = strlen(*k);

                if (n + l + 1 + n_tag > sizeof(keys)) {
                        n = 0;
                        break;
                }
                memcpy(keys + n, *k, l);
                n += l;
                keys[n++] = AUDIT_KEY_SEPARATOR;
        }

        memcpy(keys + n, tag, n_tag);
        return fops_rule_data_add_string(rule, AUDIT_FILTERKEY, AUDIT_EQUAL, (FopsSpan){ keys, n + n_tag });
}

/* Completes @rule, which has its list, calls and arch, with the target, a field more if @field isn't 0, conditions and keys;
 * a rule without calls isn't needed. Takes @rule over in every case. */
static int finish_rule(FopsRules *rules, const FopsTarget *target, struct audit_rule_data *rule, uint32_t field, uint32_t op,
                       uint32_t value) {
        _cleanup_free_ struct audit_rule_data *data = rule;
        int r;

        if (fops_rule_data_is_empty(data))
                return 0;

        r = fops_rule_data_add_string(&data, target->is_directory ? AUDIT_DIR : AUDIT_WATCH, AUDIT_EQUAL,
                                      fops_span_from_string(target->path));
        if (r == 0 && field != 0)
                r = fops_rule_data_add(data, field, op, value);
        if (r == 0)
                r = add_conditions(&data, target->watch);
        if (r == 0)
                r = add_keys(&data, target);
        if (r < 0)
                return r;

        return fops_rules_append(rules, &data, (FopsRule){
                .origin = FOPS_RULE_WATCH,
                .optional = fops_rule_data_list(data) == AUDIT_FILTER_URING_EXIT,
                .target = target,
        });
}

static struct audit_rule_data *new_exit_rule(uint32_t arch) {
        struct audit_rule_data *rule = fops_rule_data_new(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);

        if (rule)
                (void) fops_rule_data_add(rule, AUDIT_ARCH, AUDIT_EQUAL, arch);
        return rule;
}

/* The flags are in a1 of open and in a2 of openat: a rule each. The kernel's own test of the access mode serves both. */
static int add_open_rules(FopsRules *rules, const FopsTarget *target, FopsOpMask ops, FopsAbi abi) {
        _cleanup_free_ struct audit_rule_data *readers = new_exit_rule(abi.arch);
        const FopsSyscall *call;

        if (!readers)
                return -ENOMEM;

        for (size_t i = 0; (call = fops_syscall_by_index(i)); i++) {
                int nr = fops_syscall_number(call->name, abi.machine), r;
                struct audit_rule_data *writers;

                if (nr < 0 || !is_wanted(call, ops) || !is_judged_by_flags(call, ops, abi))
                        continue;
                if (ops & OPEN_READ_OPS) {
                        fops_rule_data_set_bit(readers, (unsigned) nr);
                        continue;
                }

                writers = new_exit_rule(abi.arch);
                if (!writers)
                        return -ENOMEM;
                fops_rule_data_set_bit(writers, (unsigned) nr);
                r = finish_rule(rules, target, writers, AUDIT_ARG0 + (uint32_t) call->oflag, AUDIT_BIT_MASK,
                                wanted_open_flags(ops));
                if (r < 0)
                        return r;
        }

        return finish_rule(rules, target, TAKE_PTR(readers), AUDIT_PERM, AUDIT_EQUAL, AUDIT_PERM_READ);
}

static int add_other_rule(FopsRules *rules, const FopsTarget *target, FopsOpMask ops, FopsAbi abi) {
        struct audit_rule_data *rule = new_exit_rule(abi.arch);
        const FopsSyscall *call;

        if (!rule)
                return -ENOMEM;

        for (size_t i = 0; (call = fops_syscall_by_index(i)); i++) {
                int nr = fops_syscall_number(call->name, abi.machine);

                if (nr >= 0 && nr <= FOPS_SYSCALL_NR_MAX && is_wanted(call, ops) && !is_judged_by_flags(call, ops, abi))
                        fops_rule_data_set_bit(rule, (unsigned) nr);
        }

        return finish_rule(rules, target, rule, 0, 0, 0);
}

/* io_uring operations pass the exit list unseen; list 7 has them, by opcode, without arch and without perm. */
static int add_uring_rule(FopsRules *rules, const FopsTarget *target, FopsOpMask ops) {
        struct audit_rule_data *rule;
        const FopsSyscall *call;
        unsigned opcode;

        rule = fops_rule_data_new(AUDIT_FILTER_URING_EXIT, AUDIT_ALWAYS);
        if (!rule)
                return -ENOMEM;

        for (size_t i = 0; (call = fops_uring_op_by_index(i, &opcode)); i++)
                if (is_wanted(call, ops))
                        fops_rule_data_set_bit(rule, opcode);

        /* A path= rule is found by inode, and audit_filter_inode_name() looks for the number of the *system call* in its
         * mask: that of io_uring_enter, or 0 in a worker thread. The opcodes stay, for a kernel that does as it says. */
        if (!target->is_directory && !fops_rule_data_is_empty(rule)) {
                fops_rule_data_set_bit(rule, 0);
                fops_rule_data_set_bit(rule, IO_URING_ENTER_NR);
        }

        return finish_rule(rules, target, rule, 0, 0, 0);
}

int fops_rules_add_target(FopsRules *r, const FopsTarget *target) {
        FopsOpMask ops = wanted_ops(target->watch);
        FopsAbi abis[FOPS_ABIS_MAX];
        size_t n;
        int q;

        if ((target->is_missing && !target->has_parent) || ops == 0)
                return 0;

        n = fops_machine_abis(abis);
        for (size_t i = 0; i < n; i++) {
                q = add_open_rules(r, target, ops, abis[i]);
                if (q == 0)
                        q = add_other_rule(r, target, ops, abis[i]);
                if (q < 0)
                        return q;
        }

        return add_uring_rule(r, target, ops);
}

void fops_index_target_tag(const FopsTarget *target, char ret[static FOPS_TAG_BYTES_MAX]) {
        FopsTarget of_index = *target;

        of_index.watch = &fops_index_watch;
        fops_target_tag(&of_index, ret);
}

bool fops_target_needs_index_rules(const FopsTarget *target) {
        const FopsWatch *w = target->watch;

        return target->is_directory && (w == &fops_index_watch || (wanted_ops(w) & INDEX_OPS) != INDEX_OPS || w->n_only > 0 ||
                                        w->n_exclude > 0 || w->result == FOPS_RESULT_FAILED);
}

static int add_as(FopsRules *r, const FopsTarget *target, const FopsWatch *watch) {
        FopsTarget copy = *target;
        size_t n_before = r->n_items;
        int q;

        copy.watch = watch;
        q = fops_rules_add_target(r, &copy);
        for (size_t i = n_before; i < r->n_items; i++)
                r->items[i].target = target;
        return q;
}

int fops_rules_add_index_target(FopsRules *r, const FopsTarget *target) {
        return fops_target_needs_index_rules(target) ? add_as(r, target, &fops_index_watch) : 0;
}

int fops_rules_add_self(FopsRules *r, const FopsSelf *self) {
        _cleanup_free_ struct audit_rule_data *rule = NULL;
        int q;

        rule = fops_rule_data_new(AUDIT_FILTER_EXIT | AUDIT_FILTER_PREPEND, AUDIT_NEVER);
        if (!rule)
                return -ENOMEM;
        fops_rule_data_set_all(rule);

        /* The cheap tests first: they fail for nearly everybody. */
        q = fops_rule_data_add(rule, AUDIT_UID, AUDIT_EQUAL, self->uid);
        if (q == 0)
                q = fops_rule_data_add(rule, AUDIT_LOGINUID, AUDIT_EQUAL, self->auid);
        if (q == 0)
                q = fops_rule_data_add_string(&rule, AUDIT_EXE, AUDIT_EQUAL, fops_span_from_string(self->exe));
        if (q == 0)
                q = fops_rule_data_add_string(&rule, AUDIT_FILTERKEY, AUDIT_EQUAL, FOPS_SPAN_LITERAL(FOPS_TAG_SELF));
        if (q < 0)
                return q;
        return fops_rules_append(r, &rule, (FopsRule){ .origin = FOPS_RULE_SELF });
}

void fops_rules_put_in_front(FopsRules *r, size_t n_first) {
        for (size_t i = n_first; i < r->n_items; i++)
                r->items[i].data->flags |= AUDIT_FILTER_PREPEND;
}

/* One of the four parts of the `rules` setting: -A lines come before -a lines, the last one first. */
static int add_config_rules(FopsRules *r, const FopsConfig *config, bool never, bool prepend, FopsDiags *diags,
                            bool *ret_wrong) {
        for (size_t i = 0; i < config->n_rules; i++) {
                const FopsRuleConfig *c = config->rules + (prepend ? config->n_rules - 1 - i : i);
                int q;

                if (c->never != never || c->prepend != prepend)
                        continue;
                q = fops_rules_add_config(r, c, diags);
                if (q < 0)
                        return q;
                if (q > 0)
                        *ret_wrong = true;
        }
        return 0;
}

/* What the rules of the @i'th target, or those for the index alone, are made for: itself or its group. NULL: they are made already, where
 * those of the group's first member are. */
static const FopsTarget *in_rules(const FopsTargets *targets, size_t i, bool for_index) {
        const FopsTargetGroup *group = targets->items[i].group;

        if (!group || (fops_group_is_for_index(group) && !for_index))
                return targets->items + i;
        return group->members[0] == i ? &group->anchor : NULL;
}

/* The never rules of the configuration, and in front of them what the index needs of what they drop. */
static int add_never_rules(FopsRules *rules, const FopsConfig *config, const FopsTargets *targets, FopsDiags *diags, bool *ret_wrong) {
        _cleanup_(fops_rules_done) FopsRules never = {}, changes = {}, moves = {};
        const FopsTarget *target;
        int r;

        r = add_config_rules(&never, config, true, true, diags, ret_wrong);
        if (r == 0)
                r = add_config_rules(&never, config, true, false, diags, ret_wrong);
        for (size_t i = 0; r == 0 && i < targets->n_items; i++) {
                if (!targets->items[i].is_directory || targets->items[i].is_missing || !(target = in_rules(targets, i, true)))
                        continue;
                r = add_as(&changes, target, &fops_index_watch);
                if (r == 0 && moves.n_items == 0)
                        r = add_as(&moves, target, &moves_watch);
        }
        if (r == 0 && !*ret_wrong)
                r = fops_rules_hear_never(rules, &never, targets, &changes, &moves, diags);
        if (r > 0)
                *ret_wrong = true;
        for (size_t i = 0; r == 0 && i < never.n_items; i++)
                r = fops_rules_append(rules, &never.items[i].data, never.items[i]);
        return MIN(r, 0);
}

int fops_rules_compile(const FopsConfig *config, const FopsTargets *targets, const FopsSelf *self, FopsRules *ret,
                       FopsDiags *diags) {
        _cleanup_(fops_rules_done) FopsRules rules = {};
        const FopsTarget *target;
        bool wrong = false;
        int r = 0;

        if (self)
                r = fops_rules_add_self(&rules, self);
        if (r == 0)
                r = add_never_rules(&rules, config, targets, diags, &wrong);
        if (r == 0)
                r = add_config_rules(&rules, config, false, true, diags, &wrong);
        if (r == 0)
                r = add_config_rules(&rules, config, false, false, diags, &wrong);
        for (size_t i = 0; r == 0 && i < targets->n_items; i++)
                if ((target = in_rules(targets, i, false)))
                        r = fops_rules_add_target(&rules, target);
        for (size_t i = 0; r == 0 && i < targets->n_items; i++)
                if ((target = in_rules(targets, i, true)))
                        r = fops_rules_add_index_target(&rules, target);
        if (r < 0)
                return r;
        if (wrong)
                return 1;

        *ret = rules;
        rules = (FopsRules){};
        return 0;
}
