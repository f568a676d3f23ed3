/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An operation into one line for people:
 *   alice as root renamed /srv/a to /srv/b with mv[4712]
 *   bob was denied (EACCES) modifying /etc/shadow with vi[4713]
 *   www-data deleted "x" in /srv/data (path unresolved) with php[812]
 * The person (the login user if there was a login), the effective user if another, the verb, the object, the program.
 *
 * Names are hostile. Whatever isn't safe to show, and a backslash that could be taken for the beginning of an escape,
 * becomes \xHH; a name with a blank or a quote in it stands in quotes, so that a file called "x with rm[1]" forges
 * nothing. Paths are never cut. */

#include <sys/stat.h>

#include "entry.h"
#include "line.h"
#include "names.h"
#include "plain.h"
#include "utf8.h"

/* Longer messages, of long paths, are composed twice. */
#define USUAL_BYTES 512

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

static void put_escaped(FopsLine *l, FopsSpan s, bool quoted) {
        size_t n;

        for (; s.size > 0; s = fops_span_skip(s, n)) {
                uint32_t c;

                n = fops_plain_size(s);
                if (n > 0) {
                        fops_line_put(l, s.data, n);
                        continue;
                }

                n = fops_utf8_decode(s, &c);
                if (n > 0 && fops_utf8_is_safe(c) && !(c == '\\' && s.size > 1 && s.data[1] == 'x') &&
                    !(c == '"' && quoted)) {
                        fops_line_put(l, s.data, n);
                        continue;
                }

                n = MAX(n, (size_t) 1);
                for (size_t i = 0; i < n; i++) {
                        fops_line_put(l, "\\x", 2);
                        fops_line_put_bits(l, (unsigned char) s.data[i], 4, 2);
                }
        }
}

static void put_quoted(FopsLine *l, FopsSpan s) {
        fops_line_put_string(l, "\"");
        put_escaped(l, s, true);
        fops_line_put_string(l, "\"");
}

/* Quoted only where the line would else be ambiguous. */
static void put_name(FopsLine *l, FopsSpan s) {
        size_t n;

        if (l->size <= l->room && s.size <= l->room - l->size && fops_plain_copy_from(l->data + l->size, s, '!')) {
                l->size += s.size;
                return;
        }
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

typedef struct People {
        Person actor, effective, new_owner, new_group;
} People;

static People ask_names(const FopsOperation *op, FopsNames *names) {
        uint32_t actor = op->auid != FOPS_ID_UNSET ? op->auid : op->uid != FOPS_ID_UNSET ? op->uid : op->euid;
        People p = {
                .actor.id = actor,
                .effective.id = op->euid != actor ? op->euid : FOPS_ID_UNSET,
                .new_owner.id = op->new_uid,
                .new_group.id = op->new_gid,
        };

        if (p.actor.id != FOPS_ID_UNSET)
                p.actor.name = fops_names_user(names, p.actor.id);
        if (p.effective.id != FOPS_ID_UNSET)
                p.effective.name = fops_names_user(names, p.effective.id);
        if (p.new_owner.id != FOPS_ID_UNSET)
                p.new_owner.name = fops_names_user(names, p.new_owner.id);
        if (p.new_group.id != FOPS_ID_UNSET)
                p.new_group.name = fops_names_group(names, p.new_group.id);
        return p;
}

static void put_person(FopsLine *l, Person person, const char *prefix) {
        if (person.name.size > 0)
                put_name(l, person.name);
        else {
                fops_line_put_string(l, prefix);
                fops_line_put_u64(l, person.id);
        }
}

static void put_who(FopsLine *l, const People *people) {
        if (people->actor.id != FOPS_ID_UNSET)
                put_person(l, people->actor, "uid ");
        else
                fops_line_put_string(l, "somebody");

        if (people->effective.id != FOPS_ID_UNSET) {
                fops_line_put_string(l, " as ");
                put_person(l, people->effective, "uid ");
        }
}

static void put_error(FopsLine *l, int64_t exit) {
        const char *name = fops_errno_to_string(-MAX(exit, -INT64_MAX));

        fops_line_put_string(l, name ? " (" : " (error ");
        if (name)
                fops_line_put_string(l, name);
        else
                fops_line_put_i64(l, exit);
        fops_line_put_string(l, ")");
}

/* Writes "was denied (EACCES) deleting", "failed (ENOENT) to delete" or "deleted". */
static void put_verb(FopsLine *l, const FopsOperation *op) {
        const Verb *verb = verbs + op->op;
        bool denied = op->has_exit && (op->exit == -EACCES || op->exit == -EPERM || op->exit == -EROFS);

        switch (op->outcome) {
        case FOPS_OUTCOME_SUCCESS:
                fops_line_put_string(l, verb->past);
                break;
        case FOPS_OUTCOME_UNKNOWN:
                fops_line_put_string(l, "tried to ");
                fops_line_put_string(l, verb->infinitive);
                break;
        case FOPS_OUTCOME_FAILED:
                fops_line_put_string(l, denied ? "was denied" : "failed");
                if (op->has_exit)
                        put_error(l, op->exit);
                fops_line_put_string(l, denied ? " " : " to ");
                fops_line_put_string(l, denied ? verb->gerund : verb->infinitive);
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

static void put_inode(FopsLine *l, const FopsItem *item) {
        fops_line_put_string(l, "inode ");
        fops_line_put_u64(l, item->inode);
        fops_line_put_string(l, " on ");
        fops_line_put_u64(l, item->dev_major);
        fops_line_put_string(l, ":");
        fops_line_put_u64(l, item->dev_minor);
}

/* The object in the best words there are for it: its path, its name and directory, its name, its directory, its inode, the
 * inode of its directory. */
static void put_object(FopsLine *l, const FopsOperation *op, const char *noun) {
        const FopsItem *item = op->object.item, *parent = op->object.parent;
        FopsSpan name = item ? item->name : FOPS_SPAN_ABSENT;
        bool has_words = op->path.size > 0 || name.size > 0 || (op->dir.size == 0 && item && item->has_inode);

        if (noun) {
                fops_line_put_string(l, has_words ? "" : "a ");
                fops_line_put_string(l, noun);
                fops_line_put_string(l, has_words ? " " : "");
        }

        if (op->path.size > 0)
                put_name(l, op->path);
        else if (name.size > 0) {
                put_quoted(l, name);
                if (op->dir.size > 0) {
                        fops_line_put_string(l, " in ");
                        put_name(l, op->dir);
                        fops_line_put_string(l, " (path unresolved)");
                } else
                        fops_line_put_string(l, " (unresolved)");
        } else if (has_words)
                put_inode(l, item);
        else {
                if (!noun)
                        fops_line_put_string(l, "something");
                if (op->dir.size > 0) {
                        fops_line_put_string(l, " in ");
                        put_name(l, op->dir);
                } else if (parent && parent->has_inode && !op->object.is_nameless) {
                        fops_line_put_string(l, " in ");
                        put_inode(l, parent);
                }
        }
}

static bool has_object(const FopsOperation *op) {
        return op->path.size > 0 || op->dir.size > 0 || op->object.item || op->object.parent;
}

/* Its inode would say nothing: it is the old name's. */
static void put_new_object(FopsLine *l, const FopsOperation *op) {
        const FopsItem *item = op->new_object.item;

        if (op->new_path.size > 0)
                put_name(l, op->new_path);
        else if (item && item->name.size > 0) {
                put_quoted(l, item->name);
                fops_line_put_string(l, " (unresolved)");
        } else
                fops_line_put_string(l, "an unknown name");
}

/* " to alice", " to alice:staff", " to :staff"; numbers where there is no name: as chown(1) takes them. */
static void put_owner(FopsLine *l, const People *people) {
        if (people->new_owner.id == FOPS_ID_UNSET && people->new_group.id == FOPS_ID_UNSET)
                return;

        fops_line_put_string(l, " to ");
        if (people->new_owner.id != FOPS_ID_UNSET)
                put_person(l, people->new_owner, "");
        if (people->new_group.id != FOPS_ID_UNSET) {
                fops_line_put_string(l, ":");
                put_person(l, people->new_group, "");
        }
}

static void put_what(FopsLine *l, const FopsOperation *op, const People *people) {
        put_verb(l, op);
        fops_line_put_string(l, " ");

        if (op->op == FOPS_OP_OTHER) {
                if (op->syscall->name)
                        fops_line_put_string(l, op->syscall->name);
                else {
                        fops_line_put_string(l, op->is_uring ? "io_uring operation " : "system call ");
                        fops_line_put_i64(l, op->nr);
                }
                if (!has_object(op))
                        return;
                fops_line_put_string(l, " on ");
        }

        put_object(l, op, operation_noun(op));

        switch (op->op) {
        case FOPS_OP_LINK:
        case FOPS_OP_RENAME:
        case FOPS_OP_EXCHANGE:
                fops_line_put_string(l, op->op == FOPS_OP_EXCHANGE ? " and " : " to ");
                put_new_object(l, op);
                break;
        case FOPS_OP_SYMLINK:
                if (op->target.size > 0) {
                        fops_line_put_string(l, " -> ");
                        put_name(l, op->target);
                }
                break;
        case FOPS_OP_CHMOD:
                if (op->has_new_mode) {
                        fops_line_put_string(l, " to ");
                        fops_line_put_bits(l, op->new_mode & 07777, 3, 4);
                }
                break;
        case FOPS_OP_CHOWN:
                put_owner(l, people);
                break;
        default:
                break;
        }
}

/* The records of a ring have no comm: the work may run in a thread of the kernel's. */
static void put_program(FopsLine *l, const FopsOperation *op) {
        bool has_words = op->comm.size > 0 || op->is_uring;

        if (op->comm.size > 0) {
                fops_line_put_string(l, " with ");
                put_name(l, op->comm);
        } else if (op->is_uring)
                fops_line_put_string(l, " through io_uring");

        if (op->pid != 0) {
                fops_line_put_string(l, has_words ? "[" : " with pid ");
                fops_line_put_u64(l, op->pid);
                fops_line_put_string(l, has_words ? "]" : "");
        }
}

/* @deed: NULL for that of @op itself. */
static void compose(FopsLine *l, const FopsOperation *op, const People *people, const char *deed) {
        put_who(l, people);
        fops_line_put_string(l, " ");
        if (deed)
                fops_line_put_string(l, deed);
        else
                put_what(l, op, people);
        put_program(l, op);
        if (op->count > 1) {
                fops_line_put_string(l, ", ");
                fops_line_put_u64(l, op->count);
                fops_line_put_string(l, " times");
        }
}

static FopsSpan compose_in(FopsArena *arena, const FopsOperation *op, FopsNames *names, const char *deed) {
        People people = ask_names(op, names);
        FopsLine l = { .room = USUAL_BYTES };

        for (;;) {
                l.data = fops_arena_alloc(arena, l.room);
                if (!l.data)
                        return FOPS_SPAN_ABSENT;
                compose(&l, op, &people, deed);
                if (l.size <= l.room)
                        return fops_line_span(&l);
                l = (FopsLine){ .room = l.size };
        }
}

FopsSpan fops_message_from_operation(FopsArena *arena, const FopsOperation *op, FopsNames *names) {
        return compose_in(arena, op, names, NULL);
}

FopsSpan fops_message_from_deed(FopsArena *arena, const FopsOperation *who, FopsNames *names, const char *deed) {
        fops_names_begin(names);
        return compose_in(arena, who, names, deed);
}
