/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An event's records into one operation: which kind, on which object, in which directory, to which new name.
 *   SYSCALL syscall=82 success=yes · PATH PARENT "/srv/" · PATH PARENT "/srv/data/" · PATH DELETE "/srv/data/b" inode=8
 *   · PATH CREATE "/srv/outside" inode=8   →   rename, object DELETE, new object CREATE, each with its PARENT
 *
 * What the kernel doesn't say for certain stays NULL. The order of items is no information: in Linux 6.18 a rename has the new
 * parent first, by accident of argument evaluation; overlayfs mixes in nameless items of its layers; io_uring's have no names. */

#include <fcntl.h>
#include <linux/audit.h>
#include <sys/stat.h>

#include "operation-internal.h"
#include "operation-items.h"

/* Flags of open(2) as the generic ABI numbers them (x86, arm, riscv, s390, ppc): what records hold is not always of this machine. */
#define OPEN_ACCMODE 03U
#define OPEN_CREAT 0100U
#define OPEN_TRUNC 01000U
#define OPEN_PATH 010000000U
#define OPEN_TMPFILE 020000000U

/* What a PARENT item is called by the kernel for a child of this name: all up to its last slash; empty for a single component,
 * for which the kernel prints the current directory. */
static FopsSpan parent_prefix(FopsSpan name) {
        while (name.size > 0 && name.data[name.size - 1] == '/')
                name.size--;
        while (name.size > 0 && name.data[name.size - 1] != '/')
                name.size--;
        return name;
}

static bool parent_fits(const FopsItem *parent, const FopsItem *child, const FopsOperation *op) {
        FopsSpan prefix;

        if (!parent->name.data || !child->name.data)
                return !parent->name.data && !child->name.data;
        prefix = parent_prefix(child->name);
        return fops_span_equal(parent->name, prefix.size > 0 ? prefix : op->cwd);
}

/* The PARENT of @child, if it is certain: only one is there, all are the same directory, or only one (by inode) bears the
 * name that the child's implies. */
static const FopsItem *find_parent(const FopsOperation *op, const FopsItem *child) {
        const FopsItem *any = NULL, *fitting = NULL;
        bool several = false, several_fit = false;

        for (size_t i = 0; i < op->n_items; i++) {
                const FopsItem *item = op->items + i;

                if (!item_is(item, FOPS_NAMETYPE_PARENT))
                        continue;
                /* overlayfs's nameless items beside named ones are of another layer. */
                if (child && child->name.data && !item->name.data)
                        continue;

                several |= any && !same_inode(any, item);
                if (!any)
                        any = item;

                if (child && parent_fits(item, child, op)) {
                        several_fit |= fitting && !same_inode(fitting, item);
                        if (!fitting)
                                fitting = item;
                }
        }

        /* Of doublets the one that is called as the child implies: the other may bear the name of a symlink's directory. */
        if (!several)
                return fitting ? fitting : any;
        return several_fit ? NULL : fitting;
}

/* overlayfs makes and removes names in its upper layer by the same functions, which find the item of that name, or of none, and put
 * the layer's inode into it. A name is on the file system that its directory is on, and that was looked up first. */
static void disown_layers(FopsOperation *op) {
        const FopsItem *home = NULL;

        for (size_t i = 0; i < op->n_items; i++) {
                FopsItem *item = op->items + i;

                if (!home && item_is(item, FOPS_NAMETYPE_PARENT) && item->has_inode)
                        home = item;
                else if (home && (item_is(item, FOPS_NAMETYPE_DELETE) || item_is(item, FOPS_NAMETYPE_CREATE)) &&
                         !item->name.data == !home->name.data && !same_device(item, home))
                        item->has_inode = false;
        }
}

/* A name created by @op, and nothing else: for mkdir, mknod, symlink, create. */
static void find_created(FopsOperation *op) {
        op->object.item = best_item(op, FOPS_NAMETYPE_CREATE);
        op->object.parent = find_parent(op, op->object.item);
}

static uint64_t open_flags(const FopsOperation *op, const FopsRawCall *raw, bool *ret_known) {
        const FopsSyscall *call = op->syscall;

        uint64_t flags = 0;

        *ret_known = true;
        if (raw->has_oflag)
                flags = raw->oflag;
        else if (call->oflag >= 0 && op->n_args > 0)
                flags = op->args[call->oflag];
        else if (!op->is_uring && call->name && strcmp(call->name, "creat") == 0)
                flags = OPEN_CREAT | OPEN_TRUNC | 1;
        else
                *ret_known = false;

        /* build_open_flags() ignores what else is asked for. */
        return flags & OPEN_PATH ? OPEN_PATH : flags;
}

static void find_opened(FopsOperation *op, const FopsRawCall *raw) {
        const FopsItem *created = best_item(op, FOPS_NAMETYPE_CREATE), *normal = best_item(op, FOPS_NAMETYPE_NORMAL);
        bool known;
        uint64_t flags = open_flags(op, raw, &known);

        if (known && (flags & OPEN_TMPFILE)) {
                /* The name is the directory's, inode and mode are the nameless file's. */
                op->op = FOPS_OP_CREATE;
                op->object.parent = normal;
                op->object.is_nameless = true;
                return;
        }

        /* overlayfs adds nameless CREATE items when an ordinary open for writing copies a file up. */
        if (created && (!known || (flags & OPEN_CREAT)) && (created->name.data || !normal)) {
                op->op = FOPS_OP_CREATE;
                find_created(op);
                return;
        }

        op->object.item = normal;
        op->object.parent = best_item(op, FOPS_NAMETYPE_PARENT) ? find_parent(op, normal) : NULL;
        op->object.is_followed = normal && op->object.parent;

        if (!known || (flags & OPEN_PATH))
                op->op = FOPS_OP_OTHER;
        else if ((flags & OPEN_CREAT) && op->outcome == FOPS_OUTCOME_FAILED && (!normal || (op->has_exit && op->exit == -EEXIST)))
                op->op = FOPS_OP_CREATE; /* refused: only the directory is in the records, or what stood there (O_EXCL) */
        else if ((flags & OPEN_ACCMODE) != 0 || (flags & OPEN_TRUNC))
                op->op = FOPS_OP_MODIFY;
        else
                op->op = normal && S_ISDIR(normal->mode) ? FOPS_OP_LIST : FOPS_OP_READ;
}

/* The text of a symlink is the item that the kernel never looked up. If there are two, the link's name wasn't either. */
static void find_target(FopsOperation *op) {
        unsigned n = 0;

        for (size_t i = 0; i < op->n_items; i++)
                if (item_is(op->items + i, FOPS_NAMETYPE_UNKNOWN)) {
                        op->target = n == 0 ? op->items[i].name : FOPS_SPAN_ABSENT;
                        n++;
                }
}

static void find_objects(FopsOperation *op, const FopsRawCall *raw) {
        const FopsSyscall *call = op->syscall;

        op->op = call->op;
        if (call->flags & FOPS_SYSCALL_OPEN) {
                find_opened(op, raw);
                return;
        }

        switch (op->op) {
        case FOPS_OP_MKDIR:
        case FOPS_OP_MKNOD:
                find_created(op);
                if ((call->flags & FOPS_SYSCALL_SOCKET) && op->n_items == 0)
                        op->op = FOPS_OP_OTHER;
                break;

        case FOPS_OP_SYMLINK:
                find_created(op);
                find_target(op);
                break;

        case FOPS_OP_LINK:
                op->has_two_names = true;
                op->object.item = best_item(op, FOPS_NAMETYPE_NORMAL);
                op->new_object.item = best_item(op, FOPS_NAMETYPE_CREATE);
                op->new_object.parent = find_parent(op, op->new_object.item);
                break;

        case FOPS_OP_RENAME:
                op->has_two_names = true;
                if (fops_operation_find_renamed(op)) {
                        op->object.parent = find_parent(op, op->object.item);
                        op->new_object.parent = find_parent(op, op->new_object.item);
                }
                break;

        case FOPS_OP_DELETE:
        case FOPS_OP_RMDIR:
                op->object.item = best_item(op, FOPS_NAMETYPE_DELETE);
                op->object.parent = find_parent(op, op->object.item);
                if (call->flags & FOPS_SYSCALL_UNLINKAT) {
                        bool asked = op->n_args > 0 && call->atflag >= 0 && (op->args[call->atflag] & AT_REMOVEDIR);

                        /* io_uring logs no flags; then the object tells. */
                        if (asked || (op->n_args == 0 && op->object.item && S_ISDIR(op->object.item->mode)))
                                op->op = FOPS_OP_RMDIR;
                }
                break;

        case FOPS_OP_EXEC:
                /* Item 0 is what was asked for; interpreter and loader follow. */
                op->object.item = op->n_items > 0 ? op->items : NULL;
                break;

        default:
                op->object.item = best_item(op, FOPS_NAMETYPE_NORMAL);
                if (!op->object.item && op->n_items > 0 && !item_is(op->items, FOPS_NAMETYPE_PARENT))
                        op->object.item = op->items;
                break;
        }
}

/* What a relative name starts from. Only the low 32 bits of the argument are the descriptor: -100 is logged as ffffff9c or
 * ffffffffffffff9c, as the caller's compiler had it. */
static void find_base(const FopsOperation *op, FopsObject *object, int dirfd_arg) {
        if (op->is_uring || (op->syscall->flags & FOPS_SYSCALL_NOT_FILE))
                return;

        if (op->syscall->fd >= 0) {
                if (op->n_args > 0) {
                        object->fd = (int) (uint32_t) op->args[op->syscall->fd];
                        object->is_fd = true;
                }
                return;
        }

        if (dirfd_arg < 0) {
                object->base = FOPS_BASE_CWD;
                return;
        }
        if (op->n_args == 0)
                return;

        object->fd = (int) (uint32_t) op->args[dirfd_arg];
        object->base = object->fd == AT_FDCWD ? FOPS_BASE_CWD : FOPS_BASE_FD;
        /* AT_EMPTY_PATH: the descriptor is the object. Newer kernels don't log the empty name. */
        if (object->base == FOPS_BASE_FD && object->item && object->item->name.size == 0 &&
            (object->item->name.data || item_is(object->item, FOPS_NAMETYPE_NORMAL)))
                object->is_fd = true;
}

/* A uid or gid that a call sets. chown, fchown and lchown of the old 32-bit ABIs take 16 bits, of which all set is "unchanged". */
static uint32_t new_id(const FopsOperation *op, uint64_t arg) {
        const FopsSyscall *call = op->syscall;
        bool is_short = !(op->arch & __AUDIT_ARCH_64BIT) && call->dirfd < 0 &&
                        !fops_span_ends_with(fops_span_from_string(call->name), FOPS_SPAN_LITERAL("32"));

        if (!is_short)
                return (uint32_t) arg;
        return (uint16_t) arg == UINT16_MAX ? FOPS_ID_UNSET : (uint16_t) arg;
}

static void read_new_values(FopsOperation *op) {
        const FopsSyscall *call = op->syscall;

        if (op->n_args == 0)
                return;
        if (op->op == FOPS_OP_CHMOD && call->mode >= 0) {
                op->has_new_mode = true;
                op->new_mode = (mode_t) (op->args[call->mode] & 07777);
        }
        if (op->op == FOPS_OP_CHOWN) {
                if (call->uid >= 0)
                        op->new_uid = new_id(op, op->args[call->uid]);
                if (call->gid >= 0)
                        op->new_gid = new_id(op, op->args[call->gid]);
        }
}

/* The kernel passes io_uring's own success to audit, which is "queued", not the operation's; only a new inode proves it. */
static FopsOutcome find_outcome(const FopsOperation *op, const FopsRawCall *raw) {
        if (!raw->has_success)
                return FOPS_OUTCOME_UNKNOWN;
        if (!raw->success)
                return FOPS_OUTCOME_FAILED;
        if (op->is_uring) {
                const FopsItem *created = best_item(op, FOPS_NAMETYPE_CREATE);

                return created && created->has_inode ? FOPS_OUTCOME_SUCCESS : FOPS_OUTCOME_UNKNOWN;
        }
        return FOPS_OUTCOME_SUCCESS;
}

/* The current directory is logged as it is at the call's end, spelled by d_path(): absolute unless it is unreachable, and with
 * " (deleted)" behind it if it is gone, which an existing directory may also be called. */
static bool cwd_is_certain(const FopsOperation *op) {
        return op->cwd.size > 0 && op->cwd.data[0] == '/' && !fops_span_ends_with(op->cwd, FOPS_SPAN_LITERAL(" (deleted)"));
}

/* All but what the lists hold, which is most of it. */
static void clear(FopsOperation *op) {
        memset(op, 0, offsetof(FopsOperation, keys));
        op->nr = -1;
        op->uid = op->gid = op->euid = op->auid = op->session = op->new_uid = op->new_gid = FOPS_ID_UNSET;
        op->object.fd = op->new_object.fd = -1;
}

int fops_operation_from_event(FopsEvent *event, FopsSyscallTable *syscalls, FopsOperationMemory *memory, FopsOperation *ret) {
        FopsOperation *op = ret;
        FopsRawCall raw;
        int r;

        if (!event->has_call)
                return FOPS_OPERATION_NONE;

        clear(op);
        op->event = event;
        op->replayed = event->replayed;
        r = fops_operation_read_records(event, syscalls, memory, op, &raw);
        if (r < 0)
                return r;

        disown_layers(op);
        op->outcome = find_outcome(op, &raw);
        find_objects(op, &raw);
        find_base(op, &op->object, op->syscall->dirfd);
        if (op->has_two_names)
                find_base(op, &op->new_object, op->syscall->dirfd2);
        read_new_values(op);
        op->cwd_is_certain = cwd_is_certain(op);
        return FOPS_OPERATION_OK;
}

bool fops_operation_same_who(const FopsOperation *a, const FopsOperation *b) {
        if (a->pid != b->pid || a->ppid != b->ppid || a->uid != b->uid || a->gid != b->gid || a->euid != b->euid ||
            a->auid != b->auid || a->session != b->session || a->n_parents != b->n_parents)
                return false;
        for (size_t i = 0; i < a->n_parents; i++)
                if (!fops_span_equal(a->parents[i], b->parents[i]))
                        return false;
        return fops_span_equal(a->exe, b->exe) && fops_span_equal(a->comm, b->comm) && fops_span_equal(a->cmdline, b->cmdline) &&
               fops_span_equal(a->tty, b->tty) && fops_span_equal(a->subj, b->subj) && fops_span_equal(a->unit, b->unit) &&
               fops_span_equal(a->container, b->container) && fops_span_equal(a->runtime, b->runtime);
}

FopsOperation fops_operation_copy_who(const FopsOperation *op, FopsArena *arena) {
        FopsOperation who = {
                .new_uid = FOPS_ID_UNSET, .new_gid = FOPS_ID_UNSET,
                .pid = op->pid, .ppid = op->ppid,
                .uid = op->uid, .gid = op->gid, .euid = op->euid, .auid = op->auid, .session = op->session,
                .comm = fops_arena_copy(arena, op->comm),
                .exe = fops_arena_copy(arena, op->exe),
                .tty = fops_arena_copy(arena, op->tty),
                .subj = fops_arena_copy(arena, op->subj),
                .cmdline = fops_arena_copy(arena, op->cmdline),
                .unit = fops_arena_copy(arena, op->unit),
                .container = fops_arena_copy(arena, op->container),
                .runtime = fops_arena_copy(arena, op->runtime),
                .n_parents = op->n_parents,
        };

        for (size_t i = 0; i < op->n_parents; i++)
                who.parents[i] = fops_arena_copy(arena, op->parents[i]);
        return who;
}
