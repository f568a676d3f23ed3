/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* /etc/fopsd.conf and its drop-ins, merged into one FopsConfig, with every error of every file. Format: fopsd.conf(5).
 * Loading makes a fresh object; a reload loads a second one and swaps, so a bad file never touches what runs. */

#include "diag.h"
#include "filter.h"

#define FOPS_CONFIG_PATH "/etc/fopsd.conf"
#define FOPS_CONFIG_DIR_ETC "/etc/fopsd.conf.d"
#define FOPS_CONFIG_DIR_RUN "/run/fopsd.conf.d"

/* The kernel's AUDIT_MAX_KEY_LEN: all keys of a watch together, with a separator byte between two. */
#define FOPS_KEY_BYTES_MAX 256

typedef enum FopsSourceMode { FOPS_SOURCE_AUTO, FOPS_SOURCE_DAEMON, FOPS_SOURCE_LISTENER } FopsSourceMode;
typedef enum FopsForeign { FOPS_FOREIGN_JOURNAL, FOPS_FOREIGN_DROP } FopsForeign;
typedef enum FopsFailure { FOPS_FAILURE_UNSET = -1, FOPS_FAILURE_SILENT, FOPS_FAILURE_PRINTK, FOPS_FAILURE_PANIC } FopsFailure;

/* One entry of `watches`, a line of a watch list, an imported `-w`, or a -w option. */
typedef struct FopsWatch {
        char *path; /* absolute, as configured, trailing slashes gone; a glob(7) pattern if is_glob */
        bool is_glob;
        FopsOpMask ops; /* never 0 */
        bool recursive;
        char **keys; /* NULL-terminated, at least one */
        FopsFilterGroup *only, *exclude;
        size_t n_only, n_exclude;
        FopsResultFilter result;
        int priority, priority_failed; /* LOG_INFO … */
        uint64_t coalesce_usec;        /* 0: off */
        char *file; /* where it stands; NULL: the command line */
        unsigned line;
} FopsWatch;

/* One entry of `rules`, or an imported `-a`/`-A` line; already checked to compile (rule-compiler.h). */
typedef struct FopsRuleConfig {
        bool never;        /* action */
        bool prepend;      /* -A */
        char *list;        /* "exit" "task" "user" "exclude" "filesystem" "io_uring" */
        char **archs;      /* "b64" "b32" or machine names; NULL: both ABIs of the machine */
        char **syscalls;   /* names or numbers, or "all"; NULL: none given */
        char **fields;     /* "uid>=1000": auditctl -F expressions */
        char **compares;   /* "uid!=euid": -C expressions */
        char **keys;       /* NULL: none */
        char *file;
        unsigned line;
} FopsRuleConfig;

typedef struct FopsConfig {
        FopsWatch *watches;
        size_t n_watches;
        FopsRuleConfig *rules;
        size_t n_rules;

        struct {
                int64_t backlog_limit, backlog_wait_time, rate_limit; /* -1: left alone */
                FopsFailure failure;
                bool loginuid_immutable, lock;
        } kernel;

        struct {
                FopsSourceMode mode;
                uint64_t buffer_bytes;
                FopsForeign foreign;
        } source;

        uint64_t index_max_entries;
        struct {
                bool unit, container;
                unsigned ancestry;
        } attribution;
        bool tamper_restore; /* on_tamper = "restore" */
        struct {
                bool startup;
                uint64_t interval_usec; /* 0: off */
        } canary;
        bool journal_full; /* journal.fields = "full" */
} FopsConfig;

/* Where to read from; the tests point these at a directory of their own. */
typedef struct FopsConfigPaths {
        const char *file;            /* NULL: none. Missing is an error */
        const char *const *drop_ins; /* directories in order, NULL-terminated; a missing one is no error. NULL: none */
} FopsConfigPaths;

/* Sets @c to the defaults, no watches. */
void fops_config_init(FopsConfig *c);
void fops_config_done(FopsConfig *c);

/* Reads @paths into *@ret (which needs no init) and adds everything that is wrong to @diags, all files and all errors in
 * one run, sorted. File order: @file, then each drop-in directory's *.conf in byte order of names; lists append, the later
 * scalar wins; duplicate watches (same path and same settings but ops and keys) are merged with a note.
 * Returns 0: *@ret is valid; 1: there were errors, *@ret untouched; -errno (memory only). Blocks on file I/O. */
int fops_config_load(const FopsConfigPaths *paths, FopsConfig *ret, FopsDiags *diags);

/* The same from the system's places, or, if @file is not NULL, from @file and the drop-ins in @file.d alone. */
int fops_config_load_from(const char *file, FopsConfig *ret, FopsDiags *diags);

/* Adds the watch of a `-w PATH [-o OPS] [-k KEY]` command line: @ops is a comma-separated list or NULL, @key NULL for the
 * path. Errors go to @diags without file and line. Returns 0, 1 (error in @diags) or -ENOMEM. */
int fops_config_add_watch(FopsConfig *c, const char *path, const char *ops, const char *key, FopsDiags *diags);

/* @path as a watch's path that stands for nothing but itself: one with pattern characters in it is a pattern else. To be
 * freed; NULL when memory is out. */
char *fops_config_escape_path(const char *path);
