/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* An event into an operation on a file: SYSCALL or URINGOP with PATH, CWD, PROCTITLE, EXECVE, OPENAT2. What the records say and
 * nothing more; paths are the resolver's (resolver.h), unit and container the process table's. */

#include <sys/types.h>

#include "correlator.h"
#include "op.h"
#include "syscall-table.h"

/* (uid_t) -1: unset, printed nowhere. */
#define FOPS_ID_UNSET UINT32_MAX

typedef enum FopsNametype {
        FOPS_NAMETYPE_UNKNOWN,
        FOPS_NAMETYPE_NORMAL,
        FOPS_NAMETYPE_PARENT,
        FOPS_NAMETYPE_DELETE,
        FOPS_NAMETYPE_CREATE,
} FopsNametype;

/* One PATH record. */
typedef struct FopsItem {
        unsigned index;     /* item= */
        FopsNametype nametype;
        FopsSpan name;      /* absent: name=(null) */
        bool has_inode;
        uint64_t inode;     /* and with it: */
        uint32_t dev_major, dev_minor;
        mode_t mode;
        uint32_t ouid, ogid;
        bool is_inferred;   /* the index knows the inode; mode has its kind at most, and owners are unset */
        uint32_t subvolume; /* set before the resolver: its number (subvolumes.h), 0: of none */
} FopsItem;

/* Of some subvolume, but not known of which. */
#define FOPS_SUBVOLUME_UNTOLD UINT32_MAX

typedef enum FopsOutcome { FOPS_OUTCOME_UNKNOWN, FOPS_OUTCOME_SUCCESS, FOPS_OUTCOME_FAILED } FopsOutcome;

/* What a name that doesn't begin with a slash is relative to. */
typedef enum FopsBase {
        FOPS_BASE_UNKNOWN, /* io_uring, a call that isn't known */
        FOPS_BASE_CWD,
        FOPS_BASE_FD,      /* the descriptor in .fd, at the time of the call */
} FopsBase;

/* A file that the operation names: the object with the directory it stands in. */
typedef struct FopsObject {
        const FopsItem *item;   /* NULL: the records don't hold it (failed mkdir, unlink) */
        const FopsItem *parent; /* NULL: no PARENT, or not certain which */
        FopsBase base;
        int fd;                 /* for BASE_FD; also the object's own descriptor if is_fd */
        bool is_fd;             /* fchmod and kin: the object is what fd is open on */
        bool is_followed;       /* open(O_CREAT) of what was there: .item's name may be a symlink's, and .parent the directory of either */
        bool is_nameless;       /* O_TMPFILE: made without a name; .parent's name is the directory */
} FopsObject;

typedef enum FopsPathSource {
        FOPS_PATH_UNRESOLVED,
        FOPS_PATH_RECORDED, /* in the record as it is: execve's item of an fd, mount's */
        FOPS_PATH_JOINED,
        FOPS_PATH_FD,
        FOPS_PATH_VERIFIED,
        FOPS_PATH_INDEX,
} FopsPathSource;

typedef struct FopsWatch FopsWatch; /* config.h */

#define FOPS_KEYS_PER_OPERATION_MAX 16

struct FopsOperation {
        const FopsEvent *event; /* borrowed; every span below lives in its arena */

        FopsOp op;
        FopsOutcome outcome;
        bool has_exit;
        int64_t exit;

        uint32_t arch;
        int nr;                     /* system call or io_uring opcode; -1: none */
        bool is_uring;
        const FopsSyscall *syscall; /* never NULL */
        unsigned n_args;            /* 4 from SYSCALL, else 0 */
        uint64_t args[4];
        FopsSpan args_text;         /* "a0=4 a1=7ffe a2=80 a3=0", where the record has them as fopsd writes them; else absent */

        FopsItem *items;            /* as logged, but see find_renamed() */
        size_t n_items;
        FopsObject object;    /* rename: the old name; link: the existing file; symlink: the link */
        FopsObject new_object; /* rename, exchange, link: the new name; else .item and .parent are NULL */
        bool has_two_names;   /* new_object means something */
        bool may_be_exchange; /* a rename, by the records; set by the resolver */
        const FopsItem *replaced; /* rename over this */
        FopsSpan target;      /* symlink's text */
        FopsSpan cwd;         /* raw, as logged; absent if logged as <too_long> */
        bool cwd_is_certain;  /* false: an ancestor of it may just have been renamed, or it is deleted */

        bool has_new_mode;
        mode_t new_mode;
        uint32_t new_uid, new_gid; /* FOPS_ID_UNSET: not changed, not known */

        uint32_t pid, ppid;   /* 0: unknown */
        uint32_t uid, gid, euid, auid, session; /* FOPS_ID_UNSET: unset or unknown */
        FopsSpan comm, exe, tty, subj, cmdline;
        FopsSpan title;         /* PROCTITLE's argv, NUL between: perhaps of what the process was before (command-lines.h) */
        bool cmdline_is_title;  /* and no EXECVE's */

        FopsSpan tag;         /* fopsd's, absent if the rule is another's */
        bool is_unwanted;     /* a never rule would have dropped it: it is for the index alone */

        /* set by the resolver */
        FopsSpan path, new_path, dir;
        FopsPathSource source;

        /* set by attribution */
        FopsSpan unit, container, runtime;

        uint64_t count;       /* coalesced: how many; 0 or 1: alone */
        FopsEventId last_id;  /* of the last one, if count > 1 */
        bool replayed;

        /* set with .subvolume of the items: those that the untold may be of, by their numbers */
        uint32_t *untold_in;
        size_t n_untold_in;

        /* Lists, of each the first n_ only: what is behind those may be anything. */
        size_t n_keys, n_parents, n_watches;
        FopsSpan keys[FOPS_KEYS_PER_OPERATION_MAX]; /* without fopsd's own tags */
        FopsSpan parents[16];        /* set by attribution */
        const FopsWatch *watches[16]; /* set by the watch set */
};
typedef struct FopsOperation FopsOperation;

const char *fops_path_source_to_string(FopsPathSource s);
const char *fops_outcome_to_string(FopsOutcome o); /* "success" "failed"; NULL for UNKNOWN */
const char *fops_file_type_to_string(mode_t mode); /* "file" "directory" "symlink" "fifo" "socket" "block" "char"; NULL if unknown */
const char *fops_errno_to_string(int64_t e);       /* "ENOENT", or NULL */

typedef enum FopsOperationStatus {
        FOPS_OPERATION_OK,
        FOPS_OPERATION_NONE, /* the event has neither SYSCALL nor URINGOP: a foreign record */
} FopsOperationStatus;

/* What the records of other events said that these may say again; only time depends on it. Not thread-safe. NULL when memory is out. */
typedef struct FopsOperationMemory FopsOperationMemory;

FopsOperationMemory *fops_operation_memory_new(void);
FopsOperationMemory *fops_operation_memory_free(FopsOperationMemory *m);
FOPS_DEFINE_CLEANUP(FopsOperationMemory *, fops_operation_memory_free)

/* Reads @event into *@ret, allocating in the event's arena: the operation lives as long as the event. Every record type that
 * has no place in an operation is left in the event. @memory may be NULL. Returns OK, NONE (then *@ret is untouched), or -ENOMEM; then it
 * is half read, for it is read in place: it is too large to be copied for every event. */
int fops_operation_from_event(FopsEvent *event, FopsSyscallTable *syscalls, FopsOperationMemory *memory, FopsOperation *ret);

/* The other calls that rename can't exchange; and what io_uring logs has no names to tell by. */
bool fops_operation_may_exchange(const FopsOperation *op);

/* Are the process and its people the same, in all that an entry says of them? */
bool fops_operation_same_who(const FopsOperation *a, const FopsOperation *b);

/* The process and its people alone, copied into @arena, without the event. */
FopsOperation fops_operation_copy_who(const FopsOperation *op, FopsArena *arena);
