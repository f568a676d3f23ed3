/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The records of an event into the plain values of an operation, each record type by the kernel function that writes it
 * (kernel/auditsc.c): audit_log_exit() SYSCALL, audit_log_uring(), audit_log_name() PATH, audit_log_execve_info(),
 * audit_log_proctitle(), show_special() OPENAT2.
 *
 * Of a field that comes twice the first counts, for its place in the kernel's format is before any text that others control;
 * but of `key` the last, since the kernel writes it last of all, behind subj=, which some security modules print unescaped. */

#include <libaudit.h>

#include "operation-internal.h"
#include "rule-compiler.h"

/* Command lines beyond this are cut: an execve may bring megabytes, of which no one reads the end, and the record itself is
 * there for who needs it (journal.fields = "full"). */
#define CMDLINE_BYTES_MAX ((size_t) 16384)
/* FACTS: overlayfs gives up to 39; the kernel's own bound is its memory. An event of 8 MiB can't hold more than this. */
#define ITEMS_MAX ((size_t) 65536)

typedef enum CallField {
        FIELD_ARCH, FIELD_SYSCALL, FIELD_URING_OP, FIELD_SUCCESS, FIELD_EXIT, FIELD_A0, FIELD_A1, FIELD_A2, FIELD_A3, FIELD_ITEMS,
        FIELD_PPID, FIELD_PID, FIELD_AUID, FIELD_UID, FIELD_GID, FIELD_EUID, FIELD_SUID, FIELD_FSUID, FIELD_EGID, FIELD_SGID,
        FIELD_FSGID, FIELD_TTY, FIELD_SES, FIELD_COMM, FIELD_EXE, FIELD_SUBJ, FIELD_KEY, _FIELD_MAX,
} CallField;

static const FopsFieldName call_fields[_FIELD_MAX] = {
        [FIELD_ARCH] = FOPS_FIELD_NAME("arch"),   [FIELD_SYSCALL] = FOPS_FIELD_NAME("syscall"),
        [FIELD_URING_OP] = FOPS_FIELD_NAME("uring_op"), [FIELD_SUCCESS] = FOPS_FIELD_NAME("success"),
        [FIELD_EXIT] = FOPS_FIELD_NAME("exit"),   [FIELD_A0] = FOPS_FIELD_NAME("a0"),
        [FIELD_A1] = FOPS_FIELD_NAME("a1"),       [FIELD_A2] = FOPS_FIELD_NAME("a2"),
        [FIELD_A3] = FOPS_FIELD_NAME("a3"),       [FIELD_ITEMS] = FOPS_FIELD_NAME("items"),
        [FIELD_PPID] = FOPS_FIELD_NAME("ppid"),   [FIELD_PID] = FOPS_FIELD_NAME("pid"),
        [FIELD_AUID] = FOPS_FIELD_NAME("auid"),   [FIELD_UID] = FOPS_FIELD_NAME("uid"),
        [FIELD_GID] = FOPS_FIELD_NAME("gid"),     [FIELD_EUID] = FOPS_FIELD_NAME("euid"),
        [FIELD_SUID] = FOPS_FIELD_NAME("suid"),   [FIELD_FSUID] = FOPS_FIELD_NAME("fsuid"),
        [FIELD_EGID] = FOPS_FIELD_NAME("egid"),   [FIELD_SGID] = FOPS_FIELD_NAME("sgid"),
        [FIELD_FSGID] = FOPS_FIELD_NAME("fsgid"), [FIELD_TTY] = FOPS_FIELD_NAME("tty"),
        [FIELD_SES] = FOPS_FIELD_NAME("ses"),     [FIELD_COMM] = FOPS_FIELD_NAME("comm"),
        [FIELD_EXE] = FOPS_FIELD_NAME("exe"),     [FIELD_SUBJ] = FOPS_FIELD_NAME("subj"),
        [FIELD_KEY] = FOPS_FIELD_NAME("key"),
};

typedef enum PathField {
        PATH_ITEM, PATH_NAME, PATH_INODE, PATH_DEV, PATH_MODE, PATH_OUID, PATH_OGID, PATH_RDEV, PATH_OBJ, PATH_NAMETYPE, PATH_CAP_FP,
        PATH_CAP_FI, PATH_CAP_FE, PATH_CAP_FVER, PATH_CAP_FROOTID, PATH_OBJTYPE, _PATH_MAX,
} PathField;

static const FopsFieldName path_fields[_PATH_MAX] = {
        [PATH_ITEM] = FOPS_FIELD_NAME("item"),         [PATH_NAME] = FOPS_FIELD_NAME("name"),
        [PATH_INODE] = FOPS_FIELD_NAME("inode"),       [PATH_DEV] = FOPS_FIELD_NAME("dev"),
        [PATH_MODE] = FOPS_FIELD_NAME("mode"),         [PATH_OUID] = FOPS_FIELD_NAME("ouid"),
        [PATH_OGID] = FOPS_FIELD_NAME("ogid"),         [PATH_RDEV] = FOPS_FIELD_NAME("rdev"),
        [PATH_OBJ] = FOPS_FIELD_NAME("obj"),           [PATH_NAMETYPE] = FOPS_FIELD_NAME("nametype"),
        [PATH_CAP_FP] = FOPS_FIELD_NAME("cap_fp"),     [PATH_CAP_FI] = FOPS_FIELD_NAME("cap_fi"),
        [PATH_CAP_FE] = FOPS_FIELD_NAME("cap_fe"),     [PATH_CAP_FVER] = FOPS_FIELD_NAME("cap_fver"),
        [PATH_CAP_FROOTID] = FOPS_FIELD_NAME("cap_frootid"), [PATH_OBJTYPE] = FOPS_FIELD_NAME("objtype"),
};

/* Keys are joined with \x01 by auditctl and by us; ours is told apart by its prefix. */
static void read_keys(FopsOperation *op, FopsSpan all) {
        while (all.data) {
                const char *stop = all.size > 0 ? memchr(all.data, AUDIT_KEY_SEPARATOR, all.size) : NULL;
                FopsSpan key = { all.data, stop ? (size_t) (stop - all.data) : all.size };

                if (fops_span_starts_with(key, FOPS_SPAN_LITERAL(FOPS_TAG_PREFIX))) {
                        op->is_unwanted |= fops_span_equal(key, FOPS_SPAN_LITERAL(FOPS_TAG_NEVER));
                        op->tag = key;
                }
                else if (key.size > 0 && op->n_keys < FOPS_KEYS_PER_OPERATION_MAX)
                        op->keys[op->n_keys++] = key;

                all = stop ? fops_span_skip(all, key.size + 1) : FOPS_SPAN_ABSENT;
        }
}

#define BIT(f) (1U << (f))

/* False if memory is out: the text isn't there then, which isn't what the record says. */
static bool decode(FopsValue v, FopsArena *arena, FopsSpan *ret) {
        *ret = fops_value_decode(v, arena);
        return ret->data || !fops_value_plain(v).data;
}

/* The fields of a SYSCALL, or of a URINGOP, which has fewer: the call's, and the process's, to *@ret. True if that is all of what the
 * record says. */
static bool read_fields(FopsEvent *event, const FopsEventRecord *record, FopsOperation *op, FopsRawCall *raw, FopsCaller *ret) {
        static const uint32_t numbers = BIT(FIELD_SYSCALL) | BIT(FIELD_URING_OP) | BIT(FIELD_PPID) | BIT(FIELD_PID) | BIT(FIELD_AUID) |
                                        BIT(FIELD_UID) | BIT(FIELD_GID) | BIT(FIELD_EUID) | BIT(FIELD_SUID) | BIT(FIELD_FSUID) |
                                        BIT(FIELD_EGID) | BIT(FIELD_SGID) | BIT(FIELD_FSGID) | BIT(FIELD_SES) | BIT(FIELD_ITEMS);
        FopsCaller caller = {
                .auid = FOPS_ID_UNSET, .uid = FOPS_ID_UNSET, .gid = FOPS_ID_UNSET, .euid = FOPS_ID_UNSET, .session = FOPS_ID_UNSET,
        };
        FopsFieldReader reader = fops_field_reader(record->body);
        uint32_t nr = FOPS_ID_UNSET, seen = 0;
        unsigned n_args = 0;
        bool is_whole = true;
        int f, at = 0;

        while ((f = fops_field_next_of(&reader, call_fields, _FIELD_MAX, &at)) >= 0) {
                uint32_t id = FOPS_ID_UNSET;
                FopsValue v = {};
                uint64_t n;

                if (numbers & BIT(f))
                        id = fops_field_take_u64(&reader, &n) && n <= UINT32_MAX ? (uint32_t) n : FOPS_ID_UNSET;
                else
                        v = fops_field_take_value(&reader);
                if ((seen & BIT(f)) && f != FIELD_KEY)
                        continue;
                seen |= BIT(f);

                switch (f) {
                case FIELD_ARCH:
                        if (fops_span_hex_to_u64(v.raw, &n) && n <= UINT32_MAX)
                                op->arch = (uint32_t) n;
                        break;
                case FIELD_SYSCALL:
                case FIELD_URING_OP:
                        if (op->is_uring == (f == FIELD_URING_OP))
                                nr = id;
                        break;
                case FIELD_SUCCESS:
                        raw->has_success = true;
                        raw->success = fops_span_equal(v.raw, FOPS_SPAN_LITERAL("yes"));
                        break;
                case FIELD_EXIT:
                        op->has_exit = fops_span_to_i64(v.raw, &op->exit);
                        break;
                case FIELD_A0:
                case FIELD_A1:
                case FIELD_A2:
                case FIELD_A3:
                        n_args += fops_span_hex_to_u64(v.raw, op->args + (f - FIELD_A0));
                        break;
                case FIELD_PPID:
                        caller.ppid = id != FOPS_ID_UNSET ? id : 0;
                        break;
                case FIELD_PID:
                        caller.pid = id != FOPS_ID_UNSET ? id : 0;
                        break;
                case FIELD_AUID:
                        caller.auid = id;
                        break;
                case FIELD_UID:
                        caller.uid = id;
                        break;
                case FIELD_GID:
                        caller.gid = id;
                        break;
                case FIELD_EUID:
                        caller.euid = id;
                        break;
                case FIELD_SES:
                        caller.session = id;
                        break;
                case FIELD_TTY:
                        caller.texts[FOPS_CALLER_TTY] = fops_value_plain(v);
                        break;
                case FIELD_COMM:
                        is_whole &= decode(v, &event->arena, caller.texts + FOPS_CALLER_COMM);
                        break;
                case FIELD_EXE:
                        is_whole &= decode(v, &event->arena, caller.texts + FOPS_CALLER_EXE);
                        break;
                case FIELD_SUBJ:
                        caller.texts[FOPS_CALLER_SUBJ] = fops_value_plain(v);
                        break;
                case FIELD_KEY:
                        is_whole &= decode(v, &event->arena, caller.texts + FOPS_CALLER_KEYS);
                        break;
                default:
                        break;
                }
        }
        op->nr = nr <= INT32_MAX ? (int) nr : -1;
        op->n_args = n_args == 4 ? 4 : 0;
        *ret = caller;
        return is_whole;
}

/* The same of a SYSCALL, as far as possible from what was read before. */
static void read_syscall(FopsEvent *event, const FopsEventRecord *record, FopsOperationMemory *memory, FopsOperation *op,
                         FopsRawCall *raw, FopsCaller *ret) {
        FopsSpan rest;

        if (fops_operation_recall_call(memory, record->body, &event->arena, op, raw, ret, &rest))
                return;
        if (read_fields(event, record, op, raw, ret))
                fops_operation_remember_call(memory, rest, ret);
}

static void read_call(FopsEvent *event, const FopsEventRecord *record, FopsSyscallTable *syscalls, FopsOperationMemory *memory,
                      FopsOperation *op, FopsRawCall *raw) {
        FopsCaller caller;

        op->is_uring = record->type != AUDIT_SYSCALL;
        if (op->is_uring)
                read_fields(event, record, op, raw, &caller);
        else
                read_syscall(event, record, memory, op, raw, &caller);
        op->syscall = op->is_uring ? fops_uring_op_get((unsigned) op->nr) : fops_syscall_table_get(syscalls, op->arch, op->nr);
        op->ppid = caller.ppid;
        op->pid = caller.pid;
        op->auid = caller.auid;
        op->uid = caller.uid;
        op->gid = caller.gid;
        op->euid = caller.euid;
        op->session = caller.session;
        op->tty = caller.texts[FOPS_CALLER_TTY];
        op->comm = caller.texts[FOPS_CALLER_COMM];
        op->exe = caller.texts[FOPS_CALLER_EXE];
        op->subj = caller.texts[FOPS_CALLER_SUBJ];
        read_keys(op, caller.texts[FOPS_CALLER_KEYS]);
}

/* What a SYSCALL says of the process, and a URINGOP doesn't. */
static void read_task(FopsEvent *event, const FopsEventRecord *record, FopsOperationMemory *memory, FopsOperation *op) {
        FopsOperation call = {};
        FopsCaller caller;
        FopsRawCall raw;

        read_syscall(event, record, memory, &call, &raw, &caller);
        op->auid = caller.auid;
        op->session = caller.session;
        op->tty = caller.texts[FOPS_CALLER_TTY];
        op->comm = caller.texts[FOPS_CALLER_COMM];
        op->exe = caller.texts[FOPS_CALLER_EXE];
}

/* "fe:00", hexadecimal major and minor. */
static bool read_dev(FopsSpan s, uint32_t *major, uint32_t *minor) {
        const char *colon = s.size > 0 ? memchr(s.data, ':', s.size) : NULL;
        uint64_t a, b;

        if (!colon)
                return false;
        if (!fops_span_hex_to_u64((FopsSpan){ s.data, (size_t) (colon - s.data) }, &a) || a > UINT32_MAX ||
            !fops_span_hex_to_u64(fops_span_skip(s, (size_t) (colon - s.data) + 1), &b) || b > UINT32_MAX)
                return false;
        *major = (uint32_t) a;
        *minor = (uint32_t) b;
        return true;
}

static FopsNametype read_nametype(FopsSpan s) {
        static const struct {
                FopsSpan name;
                FopsNametype type;
        } names[] = {
                { { "NORMAL", 6 }, FOPS_NAMETYPE_NORMAL },
                { { "PARENT", 6 }, FOPS_NAMETYPE_PARENT },
                { { "DELETE", 6 }, FOPS_NAMETYPE_DELETE },
                { { "CREATE", 6 }, FOPS_NAMETYPE_CREATE },
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (fops_span_equal(s, names[i].name))
                        return names[i].type;
        return FOPS_NAMETYPE_UNKNOWN;
}

static void read_item(FopsEvent *event, const FopsEventRecord *record, FopsItem *ret) {
        static const uint32_t numbers = BIT(PATH_ITEM) | BIT(PATH_INODE) | BIT(PATH_OUID) | BIT(PATH_OGID);
        FopsFieldReader reader = fops_field_reader(record->body);
        bool has_dev = false, has_inode = false;
        bool may_end = true;
        FopsItem item = {};
        int f, at = 0;

        /* All of nametype=, or objtype= before Linux 3.17, stands behind obj=, so there the last one counts. Where there was no obj=,
         * there is nothing of interest behind it. */
        while ((f = fops_field_next_of(&reader, path_fields, _PATH_MAX, &at)) >= 0 && !(f == PATH_CAP_FP && may_end)) {
                FopsValue v = {};
                bool is_number = false;
                uint64_t n;

                if (numbers & BIT(f))
                        is_number = fops_field_take_u64(&reader, &n);
                else
                        v = fops_field_take_value(&reader);

                switch (f) {
                case PATH_ITEM:
                        item.index = is_number && n <= UINT32_MAX ? (uint32_t) n : 0;
                        break;
                case PATH_NAME:
                        if (!item.name.data)
                                item.name = fops_value_decode(v, &event->arena);
                        break;
                case PATH_INODE:
                        if (is_number && !has_inode) {
                                has_inode = true;
                                item.inode = n;
                        }
                        break;
                case PATH_DEV:
                        if (!has_dev)
                                has_dev = read_dev(v.raw, &item.dev_major, &item.dev_minor);
                        break;
                case PATH_MODE:
                        if (fops_span_octal_to_u64(v.raw, &n))
                                item.mode = (mode_t) n;
                        break;
                case PATH_OUID:
                        item.ouid = is_number && n <= UINT32_MAX ? (uint32_t) n : FOPS_ID_UNSET;
                        break;
                case PATH_OGID:
                        item.ogid = is_number && n <= UINT32_MAX ? (uint32_t) n : FOPS_ID_UNSET;
                        break;
                case PATH_NAMETYPE:
                case PATH_OBJTYPE:
                        item.nametype = read_nametype(v.raw);
                        break;
                case PATH_OBJ:
                        may_end = false;
                        break;
                default:
                        break;
                }
        }

        item.has_inode = has_inode && has_dev;
        *ret = item;
}

static void read_path(FopsEvent *event, const FopsEventRecord *record, FopsOperationMemory *memory, FopsItem *ret) {
        FopsSpan rest;

        if (fops_operation_recall_item(memory, record->body, &event->arena, ret, &rest))
                return;
        read_item(event, record, ret);
        fops_operation_remember_item(memory, rest, ret);
}

/* Text collected from many fields, cut at a bound. */
typedef struct Collected {
        char *data;
        size_t size;
} Collected;

static void collect(Collected *c, FopsSpan s) {
        size_t n = MIN(s.size, CMDLINE_BYTES_MAX - c->size);

        if (n > 0)
                memcpy(c->data + c->size, s.data, n);
        c->size += n;
}

/* argc=3 a0="sh" a1="-c" a2=6563686F2078, or for long arguments a2_len=9000 a2[0]=… a2[1]=…, over several records. */
static int read_execve(FopsEvent *event, const FopsEventRecord *record, Collected *cmdline, int64_t *last_arg) {
        FopsFieldReader reader = fops_field_reader(record->body);
        FopsSpan name;
        FopsValue v;

        if (!cmdline->data) {
                cmdline->data = fops_arena_alloc(&event->arena, CMDLINE_BYTES_MAX);
                if (!cmdline->data)
                        return -ENOMEM;
        }

        while (cmdline->size < CMDLINE_BYTES_MAX && fops_field_next(&reader, &name, &v)) {
                size_t digits = 1;
                uint32_t arg;

                while (digits < name.size && name.data[digits] >= '0' && name.data[digits] <= '9')
                        digits++;
                if (name.data[0] != 'a' || !fops_span_to_u32((FopsSpan){ name.data + 1, digits - 1 }, &arg) ||
                    (digits < name.size && name.data[digits] != '['))
                        continue;

                if (*last_arg >= 0 && *last_arg != arg)
                        collect(cmdline, FOPS_SPAN_LITERAL(" "));
                *last_arg = arg;
                collect(cmdline, fops_value_decode(v, &event->arena));
        }
        return 0;
}

/* argv as it stands in the process's memory, NUL between arguments, at most 128 bytes; and as one line. */
static void read_proctitle(FopsEvent *event, const FopsEventRecord *record, FopsOperationMemory *memory, FopsSpan *ret_title,
                           FopsSpan *ret_line) {
        FopsSpan title, line;

        if (fops_operation_recall_title(memory, record->body, &event->arena, ret_title, ret_line))
                return;

        title = fops_value_decode(fops_field_find(record->body, "proctitle"), &event->arena);
        while (title.size > 0 && title.data[title.size - 1] == '\0')
                title.size--;
        line = fops_arena_copy(&event->arena, title);
        for (size_t i = 0; i < line.size; i++)
                if (line.data[i] == '\0')
                        ((char *) line.data)[i] = ' ';
        fops_operation_remember_title(memory, record->body, title, line);
        *ret_title = title;
        *ret_line = line;
}

int fops_operation_read_records(FopsEvent *event, FopsSyscallTable *syscalls, FopsOperationMemory *memory, FopsOperation *op,
                                FopsRawCall *ret) {
        static const FopsSpan too_long = { "<too_long>", 10 };
        FopsSpan title_line = FOPS_SPAN_ABSENT;
        Collected execve = {};
        int64_t last_arg = -1;
        FopsRawCall raw = {};
        size_t n_items = 0;
        uint64_t n;
        int r;

        for (size_t i = 0; i < event->n_records; i++)
                n_items += event->records[i].type == AUDIT_PATH;
        n_items = MIN(n_items, ITEMS_MAX);
        /* One more than there are, for find_renamed(). */
        op->items = fops_arena_alloc(&event->arena, (n_items + 1) * sizeof(FopsItem));
        if (!op->items)
                return -ENOMEM;

        for (size_t i = 0; i < event->n_records; i++) {
                const FopsEventRecord *record = event->records + i;

                switch (record->type) {
                case AUDIT_SYSCALL:
                case AUDIT_URINGOP:
                        if (!op->syscall)
                                read_call(event, record, syscalls, memory, op, &raw);
                        else if (op->is_uring && record->type == AUDIT_SYSCALL) {
                                /* Done within io_uring_enter(): the call is the ring's, the process is this one. */
                                read_task(event, record, memory, op);
                        }
                        break;
                case AUDIT_PATH:
                        if (op->n_items < n_items)
                                read_path(event, record, memory, op->items + op->n_items++);
                        break;
                case AUDIT_CWD:
                        op->cwd = fops_value_decode(fops_field_find(record->body, "cwd"), &event->arena);
                        if (fops_span_equal(op->cwd, too_long))
                                op->cwd = FOPS_SPAN_ABSENT;
                        break;
                case AUDIT_EXECVE:
                        r = read_execve(event, record, &execve, &last_arg);
                        if (r < 0)
                                return r;
                        break;
                case AUDIT_PROCTITLE:
                        read_proctitle(event, record, memory, &op->title, &title_line);
                        break;
                case AUDIT_OPENAT2: {
                        FopsSpan oflag = fops_field_find(record->body, "oflag").raw;

                        if (oflag.data && fops_span_octal_to_u64(oflag, &n)) {
                                raw.has_oflag = true;
                                raw.oflag = n;
                        }
                        break;
                }
                default:
                        break;
                }
        }

        op->cmdline_is_title = execve.size == 0;
        op->cmdline = op->cmdline_is_title ? title_line : (FopsSpan){ execve.data, execve.size };
        *ret = raw;
        return 0;
}
