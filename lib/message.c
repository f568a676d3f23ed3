/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An operation into one line for people:
 *   alice as root renamed /srv/a to /srv/b with mv[4712]
 *   bob was denied (EACCES) modifying /etc/shadow with vi[4713]
 *   www-data deleted "x" in /srv/data (path unresolved) with php[812]
 * The person (the login user if there was a login), the effective user if another, the verb, the object, the program.
 *
 * Names are hostile. Whatever isn't safe to show, and a backslash that could be taken for the beginning of an escape,
 * becomes \xHH; a name with a blank or a quote in it stands in quotes, so that a file called "x with rm[1]" forges
 * nothing. Paths are never cut. The line is composed twice, first to count its bytes, so that it takes one allocation. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "entry.h"
#include "names.h"
#include "utf8.h"

typedef struct Line {
        char *data; /* NULL: the bytes are only counted */
        size_t size;
} Line;

/* How an operation is said. The noun stands between verb and object: "created directory /x", "removed a directory in
 * /srv". */
typedef struct Verb {
        const char *past, *infinitive, *gerund, *noun;
} Verb;

static const Verb verbs[_FOPS_OP_MAX] = {
        [FOPS_OP_CREATE] = { "created", "create", "creating", NULL },
        [FOPS_OP_MKDIR] = { "created", "create", "creating", "directory" },
        [FOPS_OP_MKNOD] = { "created", "create", "creating", "node" },
        [FOPS_OP_SYMLINK] = { "created", "create", "creating", "symlink" },
        [FOPS_OP_LINK] = { "linked", "link", "linking", NULL },
        [FOPS_OP_DELETE] = { "deleted", "delete", "deleting", NULL },
        [FOPS_OP_RMDIR] = { "removed", "remove", "removing", "directory" },
        [FOPS_OP_RENAME] = { "renamed", "rename", "renaming", NULL },
        [FOPS_OP_EXCHANGE] = { "exchanged", "exchange", "exchanging", NULL },
        [FOPS_OP_MODIFY] = { "modified", "modify", "modifying", NULL },
        [FOPS_OP_TRUNCATE] = { "truncated", "truncate", "truncating", NULL },
        [FOPS_OP_READ] = { "read", "read", "reading", NULL },
        [FOPS_OP_LIST] = { "listed", "list", "listing", NULL },
        [FOPS_OP_EXEC] = { "executed", "execute", "executing", NULL },
        [FOPS_OP_CHMOD] = { "changed mode of", "change mode of", "changing mode of", NULL },
        [FOPS_OP_CHOWN] = { "changed owner of", "change owner of", "changing owner of", NULL },
        [FOPS_OP_SETXATTR] = { "set an extended attribute of", "set an extended attribute of",
                               "setting an extended attribute of", NULL },
        [FOPS_OP_REMOVEXATTR] = { "removed an extended attribute of", "remove an extended attribute of",
                                  "removing an extended attribute of", NULL },
        [FOPS_OP_UTIME] = { "changed times of", "change times of", "changing times of", NULL },
        [FOPS_OP_MOUNT] = { "mounted", "mount", "mounting", NULL },
        [FOPS_OP_UMOUNT] = { "unmounted", "unmount", "unmounting", NULL },
        [FOPS_OP_OTHER] = { "called", "call", "calling", NULL },
};

static void put(Line *l, const char *data, size_t size) {
        if (l->data)
                memcpy(l->data + l->size, data, size);
        l->size += size;
}

static void put_string(Line *l, const char *s) {
        put(l, s, strlen(s));
}

/* For numbers and fixed words: nothing that could be longer than the buffer. */
static void _printf_(2, 3) put_format(Line *l, const char *format, ...) {
        char buffer[128];
        va_list ap;

        va_start(ap, format);
        vsnprintf(buffer, sizeof(buffer), format, ap);
        va_end(ap);
        put_string(l, buffer);
}

static void put_escaped(Line *l, FopsSpan s, bool quoted) {
        size_t n;

        for (; s.size > 0; s = fops_span_skip(s, n)) {
                uint32_t c;

                n = fops_utf8_decode(s, &c);
                if (n > 0 && fops_utf8_is_safe(c) && !(c == '\\' && s.size > 1 && s.data[1] == 'x') &&
                    !(c == '"' && quoted)) {
                        put(l, s.data, n);
                        continue;
                }

                n = MAX(n, (size_t) 1);
                for (size_t i = 0; i < n; i++)
                        put_format(l, "\\x%02x", (unsigned) (unsigned char) s.data[i]);
        }
}

static void put_quoted(Line *l, FopsSpan s) {
        put_string(l, "\"");
        put_escaped(l, s, true);
        put_string(l, "\"");
}

/* Quoted only where the line would else be ambiguous. */
static void put_name(Line *l, FopsSpan s) {
        size_t n;

        for (FopsSpan rest = s; rest.size > 0; rest = fops_span_skip(rest, n)) {
                uint32_t c;

                n = fops_utf8_decode(rest, &c);
                if (n > 0 && (c == '"' || fops_utf8_is_space(c))) {
                        put_quoted(l, s);
                        return;
                }
                n = MAX(n, (size_t) 1);
        }
        put_escaped(l, s, false);
}

typedef struct Person {
        uint32_t id;   /* FOPS_ID_UNSET: nobody */
        FopsSpan name; /* absent: unknown */
} Person;

/* Asked once, before composing: the cache may answer otherwise the second time, and its answers don't live long. */
typedef struct People {
        Person actor, effective, new_owner, new_group;
} People;

static People ask_names(FopsArena *arena, const FopsOperation *op, FopsNames *names) {
        uint32_t actor = op->auid != FOPS_ID_UNSET ? op->auid : op->uid != FOPS_ID_UNSET ? op->uid : op->euid;
        People p = {
                .actor.id = actor,
                .effective.id = op->euid != actor ? op->euid : FOPS_ID_UNSET,
                .new_owner.id = op->new_uid,
                .new_group.id = op->new_gid,
        };

        if (p.actor.id != FOPS_ID_UNSET)
                p.actor.name = fops_arena_copy(arena, fops_names_user(names, p.actor.id));
        if (p.effective.id != FOPS_ID_UNSET)
                p.effective.name = fops_arena_copy(arena, fops_names_user(names, p.effective.id));
        if (p.new_owner.id != FOPS_ID_UNSET)
                p.new_owner.name = fops_arena_copy(arena, fops_names_user(names, p.new_owner.id));
        if (p.new_group.id != FOPS_ID_UNSET)
                p.new_group.name = fops_arena_copy(arena, fops_names_group(names, p.new_group.id));
        return p;
}

static void put_person(Line *l, Person person, const char *prefix) {
        if (person.name.size > 0)
                put_name(l, person.name);
        else
                put_format(l, "%s%" PRIu32, prefix, person.id);
}

static void put_who(Line *l, const People *people) {
        if (people->actor.id != FOPS_ID_UNSET)
                put_person(l, people->actor, "uid ");
        else
                put_string(l, "somebody");

        if (people->effective.id != FOPS_ID_UNSET) {
                put_string(l, " as ");
                put_person(l, people->effective, "uid ");
        }
}

/* Writes "was denied (EACCES) deleting", "failed (ENOENT) to delete" or "deleted". */
static void put_verb(Line *l, const FopsOperation *op) {
        const Verb *verb = verbs + op->op;
        bool denied = op->has_exit && (op->exit == -EACCES || op->exit == -EPERM || op->exit == -EROFS);

        switch (op->outcome) {
        case FOPS_OUTCOME_SUCCESS:
                put_string(l, verb->past);
                break;
        case FOPS_OUTCOME_UNKNOWN:
                put_format(l, "tried to %s", verb->infinitive);
                break;
        case FOPS_OUTCOME_FAILED:
                put_string(l, denied ? "was denied" : "failed");
                if (op->has_exit && fops_errno_to_string(-MAX(op->exit, -INT64_MAX)))
                        put_format(l, " (%s)", fops_errno_to_string(-MAX(op->exit, -INT64_MAX)));
                else if (op->has_exit)
                        put_format(l, " (error %" PRId64 ")", op->exit);
                put_format(l, denied ? " %s" : " to %s", denied ? verb->gerund : verb->infinitive);
                break;
        }
}

static const char *operation_noun(const FopsOperation *op) {
        mode_t mode = op->object.item && op->object.item->has_inode ? op->object.item->mode : 0;

        if (op->object.is_nameless)
                return "nameless file";
        if (op->op == FOPS_OP_MKNOD) {
                if (S_ISBLK(mode) || S_ISCHR(mode))
                        return "device";
                if (S_ISFIFO(mode))
                        return "fifo";
                if (S_ISSOCK(mode))
                        return "socket";
        }
        return verbs[op->op].noun;
}

static void put_inode(Line *l, const FopsItem *item) {
        put_format(l, "inode %" PRIu64 " on %" PRIu32 ":%" PRIu32, item->inode, item->dev_major, item->dev_minor);
}

/* The object in the best words there are for it: its path, its name and directory, its name, its directory, its inode, the
 * inode of its directory. */
static void put_object(Line *l, const FopsOperation *op, const char *noun) {
        const FopsItem *item = op->object.item, *parent = op->object.parent;
        FopsSpan name = item ? item->name : FOPS_SPAN_ABSENT;
        bool has_words = op->path.size > 0 || name.size > 0 || (op->dir.size == 0 && item && item->has_inode);

        if (noun)
                put_format(l, has_words ? "%s " : "a %s", noun);

        if (op->path.size > 0)
                put_name(l, op->path);
        else if (name.size > 0) {
                put_quoted(l, name);
                if (op->dir.size > 0) {
                        put_string(l, " in ");
                        put_name(l, op->dir);
                        put_string(l, " (path unresolved)");
                } else
                        put_string(l, " (unresolved)");
        } else if (has_words)
                put_inode(l, item);
        else {
                if (!noun)
                        put_string(l, "something");
                if (op->dir.size > 0) {
                        put_string(l, " in ");
                        put_name(l, op->dir);
                } else if (parent && parent->has_inode && !op->object.is_nameless) {
                        put_string(l, " in ");
                        put_inode(l, parent);
                }
        }
}

static bool has_object(const FopsOperation *op) {
        return op->path.size > 0 || op->dir.size > 0 || op->object.item || op->object.parent;
}

/* Its inode would say nothing: it is the old name's. */
static void put_new_object(Line *l, const FopsOperation *op) {
        const FopsItem *item = op->new_object.item;

        if (op->new_path.size > 0)
                put_name(l, op->new_path);
        else if (item && item->name.size > 0) {
                put_quoted(l, item->name);
                put_string(l, " (unresolved)");
        } else
                put_string(l, "an unknown name");
}

/* " to alice", " to alice:staff", " to :staff"; numbers where there is no name: as chown(1) takes them. */
static void put_owner(Line *l, const People *people) {
        if (people->new_owner.id == FOPS_ID_UNSET && people->new_group.id == FOPS_ID_UNSET)
                return;

        put_string(l, " to ");
        if (people->new_owner.id != FOPS_ID_UNSET)
                put_person(l, people->new_owner, "");
        if (people->new_group.id != FOPS_ID_UNSET) {
                put_string(l, ":");
                put_person(l, people->new_group, "");
        }
}

static void put_what(Line *l, const FopsOperation *op, const People *people) {
        put_verb(l, op);
        put_string(l, " ");

        if (op->op == FOPS_OP_OTHER) {
                if (op->syscall->name)
                        put_string(l, op->syscall->name);
                else
                        put_format(l, "%s %d", op->is_uring ? "io_uring operation" : "system call", op->nr);
                if (!has_object(op))
                        return;
                put_string(l, " on ");
        }

        put_object(l, op, operation_noun(op));

        switch (op->op) {
        case FOPS_OP_LINK:
        case FOPS_OP_RENAME:
        case FOPS_OP_EXCHANGE:
                put_string(l, op->op == FOPS_OP_EXCHANGE ? " and " : " to ");
                put_new_object(l, op);
                break;
        case FOPS_OP_SYMLINK:
                if (op->target.size > 0) {
                        put_string(l, " -> ");
                        put_name(l, op->target);
                }
                break;
        case FOPS_OP_CHMOD:
                if (op->has_new_mode)
                        put_format(l, " to %04o", (unsigned) op->new_mode & 07777);
                break;
        case FOPS_OP_CHOWN:
                put_owner(l, people);
                break;
        default:
                break;
        }
}

/* The records of a ring have no comm: the work may run in a thread of the kernel's. */
static void put_program(Line *l, const FopsOperation *op) {
        if (op->comm.size > 0) {
                put_string(l, " with ");
                put_name(l, op->comm);
                if (op->pid != 0)
                        put_format(l, "[%" PRIu32 "]", op->pid);
        } else if (op->is_uring) {
                put_string(l, " through io_uring");
                if (op->pid != 0)
                        put_format(l, "[%" PRIu32 "]", op->pid);
        } else if (op->pid != 0)
                put_format(l, " with pid %" PRIu32, op->pid);
}

/* @deed: NULL for that of @op itself. */
static void compose(Line *l, const FopsOperation *op, const People *people, const char *deed) {
        put_who(l, people);
        put_string(l, " ");
        if (deed)
                put_string(l, deed);
        else
                put_what(l, op, people);
        put_program(l, op);
        if (op->count > 1)
                put_format(l, ", %" PRIu64 " times", op->count);
}

FopsSpan fops_message_from_deed(FopsArena *arena, const FopsOperation *op, FopsNames *names, const char *deed) {
        People people = ask_names(arena, op, names);
        Line l = {};

        compose(&l, op, &people, deed);
        l.data = fops_arena_alloc(arena, l.size);
        if (!l.data)
                return FOPS_SPAN_ABSENT;

        l.size = 0;
        compose(&l, op, &people, deed);
        return (FopsSpan){ l.data, l.size };
}

FopsSpan fops_message_from_operation(FopsArena *arena, const FopsOperation *op, FopsNames *names) {
        return fops_message_from_deed(arena, op, names, NULL);
}
