/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the sets of operations (opsgen-sets.c) are made of: a call, made and written down; and the ways of naming a path. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Newer than the C library's headers, the same number on every machine. */
#ifndef SYS_fchmodat2
#  define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#  define SYS_setxattrat 463
#  define SYS_removexattrat 466
#endif

#define L(x) ((long) (x))
#define ARGS(...) ((const long[6]){ __VA_ARGS__ })

enum {
        UNNAMED = 1 << 0,     /* the records can't name the path */
        UNNAMED_NEW = 1 << 1, /* … the new path */
        UNNAMED_BOTH = UNNAMED | UNNAMED_NEW,
        SILENT = 1 << 2,      /* no record */
        URING = 1 << 3,       /* the records don't know comm, exe and outcome */
        NAMELESS = 1 << 4,    /* not even the last component is in the records */
};

typedef struct Truth {
        const char *op, *path, *new_path, *target;
        unsigned flags;
        int new_mode; /* 0: none */
        long new_uid, new_gid; /* 0: none */
} Truth;

/* A way of naming what lies in the directory @dir. */
typedef struct Place {
        const char *dir;    /* true path */
        int dirfd;
        const char *prefix; /* before the last component, as the process says it */
        unsigned flags;
} Place;

typedef struct World {
        int truth_fd;
        const char *top;       /* the watched directory */
        const char *outside;   /* one beside it that isn't watched */
        const char *set;       /* running now */
        useconds_t pause_usec; /* after each operation */
        bool is_elsewhere;     /* true paths can't be looked at: in a chroot or namespace, or they are another file's */
} World;

extern World world;

typedef struct Set {
        const char *name;
        void (*run)(void); /* in a process of its own; the directory DIR/NAME is there and empty */
} Set;

/* opsgen-alike.c */
void set_alike(void);

/* opsgen-links.c */
void set_followed(void);

/* opsgen-trees.c */
void set_moved(void);
void set_brought(void);
void set_reused(void);
void set_crowd(void);
void set_brief(void);
void set_hard(void);
void set_handle(void);

extern const Set sets[];
extern const size_t n_sets;

/* Ends the process: with @what and errno. */
_Noreturn void fail(const char *what);

/* Formats a string that nobody frees: the process is short-lived, and strings outlive their makers here. */
__attribute__((__format__(__printf__, 1, 2))) char *text(const char *format, ...);

/* The result as the kernel gives it: negative errno on failure. */
long call(long nr, const long *a);

/* 0 if it isn't there, or can't be looked at from here. stat(2) is in none of the permission classes that rules ask for. */
uint64_t inode_of(const char *path);
const char *own_comm(void);

/* Writes one line of truth; an @inode or @replaced of 0 is left out. */
void tell(const char *call_name, const Truth *t, long result, pid_t pid, const char *comm, uint64_t inode,
          uint64_t replaced);

/* Makes the call and writes it down. Returns its result. */
long perform(const char *name, Truth t, long nr, const long *args);

/* What the process says, and what is true. */
const char *said(const Place *p, const char *leaf);
const char *truly(const Place *p, const char *leaf);

/* One operation each; the result is the kernel's. */
long opens_as(const Place *p, const char *op, const char *leaf, int flags, unsigned more);
void opens(const Place *p, const char *op, const char *leaf, int flags);
long opens_how(const Place *p, const char *op, const char *leaf, uint64_t flags);
long makes_directory(const Place *p, const char *leaf);
long removes(const Place *p, const char *leaf);
long removes_directory(const Place *p, const char *leaf);
unsigned flags_of_two(const Place *from, const Place *to);
long renames(const Place *from, const char *leaf, const Place *to, const char *new_leaf, unsigned flags);
long links(const Place *from, const char *leaf, const Place *to, const char *new_leaf);
long symlinks(const Place *p, const char *target, const char *leaf);
long changes_mode(const Place *p, const char *leaf, int mode);

/* Absolute names in the set's own directory. */
Place here(void);

/* Goes to a directory; that isn't recorded. */
void enter(const char *path);

/* A descriptor for the at-calls: opening a directory is an operation of its own. */
int directory_fd(const Place *p, const char *leaf);

/* Runs @f in a child, so that what it changes of itself goes with it. */
void apart(void (*f)(void));
