/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An operation, or a foreign event, into the fields of an entry: SYSCALL and PATH records and what the resolver and the
 * process table found become
 *   FOPSD_OP=delete FOPSD_PATH=/srv/data/x FOPSD_INODE=1065074 FOPSD_DEV=254:0 FOPSD_LOGIN_USER=alice …
 * Field by field in the order of fopsd.journal-fields(7). What isn't known adds nothing; nothing is guessed here. */

#include <inttypes.h>
#include <sys/stat.h>

#include "config.h"
#include "entry-internal.h"
#include "path.h"

/* Four arguments in hex, or less. */
#define SHORT_BYTES 96

static void add_id(FopsEntry *e, const char *name, uint32_t id) {
        if (id != FOPS_ID_UNSET)
                fops_entry_add_u64(e, name, id);
}

/* For fields that may stand several times in a row, with a different value each. */
static inline void add_once(FopsEntry *e, const char *name, FopsSpan value) {
        const size_t size = strlen(name);

        for (size_t i = e->n_fields; i > 0 && e->fields[i - 1].name_size == size && memcmp(e->fields[i - 1].name, name, size) == 0; i--)
                if (fops_span_equal(e->fields[i - 1].value, value))
                        return;
        fops_entry_add(e, name, value);
}

static void put_time(FopsLine *l, FopsEventId id) {
        char digits[3] = { (char) ('0' + id.msec / 100 % 10), (char) ('0' + id.msec / 10 % 10), (char) ('0' + id.msec % 10) };

        fops_line_put_i64(l, id.sec);
        fops_line_put(l, ".", 1);
        fops_line_put(l, digits, sizeof(digits));
}

static void add_time(FopsEntry *e, const char *name, FopsEventId id) {
        FopsLine l = fops_entry_line(e, SHORT_BYTES);

        put_time(&l, id);
        fops_entry_add_line(e, name, &l);
}

/* "1795309541" has ten, as all seconds from 2001 to 2286. */
#define SECONDS_DIGITS 10U
#define TIME_BYTES (SECONDS_DIGITS + sizeof(".349") - 1)

/* "1795309541.349:12" as it stands in front of the event's records, if that is how put_time() would write it: with zeros in front, or
 * fewer digits behind the point, it would be no less an id. Else absent. */
static FopsSpan id_in_record(const FopsEvent *event) {
        static const FopsSpan head = { "audit(", 6 }, tail = { "): ", 3 };
        FopsSpan id;

        if (event->n_records == 0 || !event->records->body.data)
                return FOPS_SPAN_ABSENT;
        id = (FopsSpan){ event->records->text.data, (size_t) (event->records->body.data - event->records->text.data) };
        if (id.size < head.size + TIME_BYTES + strlen(":1") + tail.size || !fops_span_ends_with(id, tail))
                return FOPS_SPAN_ABSENT;
        id = (FopsSpan){ id.data + head.size, id.size - head.size - tail.size };
        if (id.data[0] == '0' || id.data[SECONDS_DIGITS] != '.' || id.data[TIME_BYTES] != ':' || id.data[TIME_BYTES + 1] == '0')
                return FOPS_SPAN_ABSENT;
        return id;
}

static void add_event_id(FopsEntry *e, const FopsEvent *event) {
        FopsSpan id = id_in_record(event);

        if (id.data) {
                fops_entry_add_plain(e, "FOPSD_EVENT", id);
                fops_entry_add_plain(e, "FOPSD_TIME", (FopsSpan){ id.data, TIME_BYTES });
        } else {
                FopsLine l = fops_entry_line(e, SHORT_BYTES), time;

                put_time(&l, event->id);
                time = l;
                fops_line_put(&l, ":", 1);
                fops_line_put_u64(&l, event->id.serial);
                fops_entry_add_line(e, "FOPSD_EVENT", &l);
                fops_entry_add_line(e, "FOPSD_TIME", &time);
        }
        fops_entry_add(e, "FOPSD_NODE", event->node);
}

static void add_mode(FopsEntry *e, const char *name, mode_t mode) {
        FopsLine l = fops_entry_line(e, SHORT_BYTES);

        fops_line_put_bits(&l, mode & 07777, 3, 4);
        fops_entry_add_line(e, name, &l);
}

static void add_device(FopsEntry *e, const FopsItem *item) {
        FopsLine l = fops_entry_line(e, SHORT_BYTES);

        fops_line_put_u64(&l, item->dev_major);
        fops_line_put(&l, ":", 1);
        fops_line_put_u64(&l, item->dev_minor);
        fops_entry_add_line(e, "FOPSD_DEV", &l);
}

static void add_arguments(FopsEntry *e, const FopsOperation *op) {
        FopsLine l;

        if (op->args_text.data) {
                fops_entry_add_plain(e, "FOPSD_ARGS", op->args_text);
                return;
        }
        l = fops_entry_line(e, SHORT_BYTES);

        for (unsigned i = 0; i < ELEMENTSOF(op->args); i++) {
                const char name[] = { ' ', 'a', (char) ('0' + i), '=' };

                fops_line_put(&l, name + (i == 0), sizeof(name) - (i == 0));
                fops_line_put_bits(&l, op->args[i], 4, 1);
        }
        fops_entry_add_line(e, "FOPSD_ARGS", &l);
}

/* "type=PATH msg=audit(1795309541.349:12): item=0 …", the line of audit.log. */
static FopsSpan record_line(FopsArena *arena, const FopsEventRecord *record) {
        char buffer[FOPS_RECORD_TYPE_BYTES_MAX];
        FopsSpan head = fops_arena_printf(arena, "type=%s msg=", fops_record_type_to_string(record->type, buffer));
        char *p = fops_arena_alloc(arena, head.size + record->text.size);

        if (!fops_span_is_present(head) || !p)
                return FOPS_SPAN_ABSENT;
        memcpy(p, head.data, head.size);
        memcpy(p + head.size, record->text.data, record->text.size);
        return (FopsSpan){ p, head.size + record->text.size };
}

static void add_records(FopsEntry *e, const FopsEvent *event) {
        for (size_t i = 0; i < event->n_records; i++)
                fops_entry_add(e, "FOPSD_RECORD", record_line(&e->arena, event->records + i));
}

static void add_result(FopsEntry *e, const FopsOperation *op) {
        fops_entry_add_word(e, "FOPSD_RESULT", fops_outcome_to_string(op->outcome));
        if (!op->has_exit)
                return;
        fops_entry_add_i64(e, "FOPSD_EXIT", op->exit);
        if (op->outcome == FOPS_OUTCOME_FAILED)
                fops_entry_add_word(e, "FOPSD_ERRNO", fops_errno_to_string(-MAX(op->exit, -INT64_MAX)));
}

/* For the journal, which finds whole values only. */
static void add_below(FopsEntry *e, FopsSpan dir) {
        FopsSpan above = FOPS_SPAN_ABSENT;

        for (unsigned i = 0; i < FOPS_ENTRY_BELOW_MAX && (above = fops_path_next_prefix(dir, above)).data; i++)
                add_once(e, "FOPSD_BELOW", above);
}

static void add_paths(FopsEntry *e, const FopsOperation *op) {
        bool has_file = !(op->syscall->flags & FOPS_SYSCALL_NOT_FILE) || fops_span_is_present(op->path);

        fops_entry_add(e, "FOPSD_PATH", op->path);
        fops_entry_add(e, "FOPSD_NEW_PATH", op->new_path);
        fops_entry_add(e, "FOPSD_TARGET", op->target);
        if (has_file)
                fops_entry_add_word(e, "FOPSD_PATH_SOURCE", fops_path_source_to_string(op->source));
        fops_entry_add(e, "FOPSD_DIR", op->dir);
        add_below(e, op->dir);
        add_below(e, fops_path_dirname(op->new_path));
        if (op->object.item)
                fops_entry_add(e, "FOPSD_NAME", op->object.item->name);
        fops_entry_add(e, "FOPSD_CWD", op->cwd);
        if (op->replaced && op->replaced->has_inode)
                fops_entry_add_u64(e, "FOPSD_REPLACED_INODE", op->replaced->inode);
}

/* What many files have in common. */
static void add_item(FopsEntry *e, const FopsItem *item) {
        FopsKnownGroups *known = fops_entry_known(e);
        FopsKnownItem *k = NULL;
        size_t first = e->n_fields;

        if (known)
                k = known->items + (item->dev_minor * 7 + item->mode * 5 + (item->mode >> 5) + item->ouid) % FOPS_KNOWN_ITEMS_MAX;
        if (k && k->group.n_fields > 0 && k->dev_major == item->dev_major && k->dev_minor == item->dev_minor &&
            k->mode == item->mode && k->ouid == item->ouid && k->ogid == item->ogid && k->is_inferred == item->is_inferred &&
            fops_entry_add_group(e, &k->group))
                return;

        add_device(e, item);
        if (!item->is_inferred)
                add_mode(e, "FOPSD_MODE", item->mode);
        fops_entry_add_word(e, "FOPSD_FILE_TYPE", fops_file_type_to_string(item->mode));
        add_id(e, "FOPSD_OUID", item->ouid);
        add_id(e, "FOPSD_OGID", item->ogid);
        if (!k || !fops_entry_learn_group(e, first, &k->group))
                return;
        k->dev_major = item->dev_major;
        k->dev_minor = item->dev_minor;
        k->mode = item->mode;
        k->ouid = item->ouid;
        k->ogid = item->ogid;
        k->is_inferred = item->is_inferred;
}

static void add_object(FopsEntry *e, const FopsOperation *op) {
        /* The one item of O_TMPFILE has the directory's name and the file's inode; the directory's own, if it was refused. */
        const FopsItem *item = op->object.is_nameless ? op->object.parent : op->object.item;

        if (item && item->has_inode && !(op->object.is_nameless && S_ISDIR(item->mode))) {
                fops_entry_add_u64(e, "FOPSD_INODE", item->inode);
                add_item(e, item);
        }

        if (op->has_new_mode)
                add_mode(e, "FOPSD_NEW_MODE", op->new_mode);
        add_id(e, "FOPSD_NEW_UID", op->new_uid);
        add_id(e, "FOPSD_NEW_GID", op->new_gid);
}

static void add_keys(FopsEntry *e, const FopsOperation *op) {
        for (size_t i = 0; i < op->n_keys; i++)
                add_once(e, "FOPSD_KEY", op->keys[i]);
        for (size_t i = 0; i < op->n_watches; i++)
                for (char **key = op->watches[i]->keys; key && *key; key++)
                        add_once(e, "FOPSD_KEY", fops_span_from_string(*key));
        for (size_t i = 0; i < op->n_watches; i++)
                if (op->watches[i]->path) /* a group's has none */
                        add_once(e, "FOPSD_WATCH", fops_span_from_string(op->watches[i]->path));
}

static void add_syscall(FopsEntry *e, const FopsOperation *op) {
        const char *prefix = op->is_uring ? "io_uring:" : "", *arch;

        if (op->syscall->name && !op->is_uring)
                fops_entry_add_word(e, "FOPSD_SYSCALL", op->syscall->name);
        else if (op->syscall->name)
                fops_entry_printf(e, "FOPSD_SYSCALL", "%s%s", prefix, op->syscall->name);
        else if (op->nr >= 0)
                fops_entry_printf(e, "FOPSD_SYSCALL", "%s%d", prefix, op->nr);

        /* A ring has no arch and no arguments: the record doesn't hold them. */
        if (op->is_uring || op->arch == 0)
                return;
        arch = fops_arch_to_string(op->arch);
        if (arch)
                fops_entry_add_word(e, "FOPSD_ARCH", arch);
        else
                fops_entry_printf(e, "FOPSD_ARCH", "%" PRIx32, op->arch);
        if (op->n_args == ELEMENTSOF(op->args))
                add_arguments(e, op);
}

static int operation_priority(const FopsOperation *op) {
        bool failed = op->outcome == FOPS_OUTCOME_FAILED;

        if (op->n_watches == 0)
                return failed ? LOG_NOTICE : LOG_INFO;
        return failed ? op->watches[0]->priority_failed : op->watches[0]->priority;
}

void fops_entry_from_operation(FopsEntry *e, const FopsOperation *op, FopsNames *names, bool full) {
        fops_entry_begin(e, FOPS_KIND_OPERATION, operation_priority(op));

        fops_names_begin(names);
        fops_entry_add(e, "MESSAGE", fops_message_from_operation(&e->arena, op, names));
        add_event_id(e, op->event);
        fops_entry_add_word(e, "FOPSD_OP", fops_op_to_string(op->op));
        fops_entry_add_word(e, "FOPSD_CLASS", fops_class_to_string(fops_op_class(op->op)));
        add_result(e, op);
        add_paths(e, op);
        add_object(e, op);
        add_keys(e, op);
        add_syscall(e, op);
        fops_entry_add_who(e, op, names);

        if (op->count > 1) {
                fops_entry_add_u64(e, "FOPSD_COUNT", op->count);
                add_time(e, "FOPSD_LAST_TIME", op->last_id);
        }
        if (op->replayed)
                fops_entry_add_word(e, "FOPSD_REPLAYED", "1");
        if (full)
                add_records(e, op->event);
        e->is_grouped = true;
}

void fops_entry_from_event(FopsEntry *e, const FopsEvent *event) {
        fops_entry_begin(e, FOPS_KIND_RECORD, LOG_INFO);

        if (event->n_records > 0)
                fops_entry_add(e, "MESSAGE", record_line(&e->arena, event->records));
        add_event_id(e, event);
        for (size_t i = 0; i < event->n_records; i++) {
                char buffer[FOPS_RECORD_TYPE_BYTES_MAX];
                const char *type = fops_record_type_to_string(event->records[i].type, buffer);

                add_once(e, "FOPSD_RECORD_TYPE", fops_arena_copy(&e->arena, fops_span_from_string(type)));
        }
        if (event->replayed)
                fops_entry_add(e, "FOPSD_REPLAYED", FOPS_SPAN_LITERAL("1"));
        add_records(e, event);
}
