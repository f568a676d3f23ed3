/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* pid → unit, container, ancestors. First form: asked of /proc when the event comes, which a short-lived process may have
 * left by then; then the answer is absent, never a guess. A race-free form fed by the proc connector takes its place behind
 * the same calls. An answer is used again for what the process did before it was given, and for nothing else. Not thread-safe. */

#include "arena.h"

/* What a cgroup path says, systemd.unit(5) and the container engines' naming; spans borrow from the path, live in the
 * arena or are static.
 *   /system.slice/nginx.service                                        unit nginx.service
 *   /user.slice/user-1000.slice/user@1000.service/app.slice/x.scope    unit user@1000.service
 *   /system.slice/docker-<64 hex>.scope                                container <64 hex>, runtime docker */
typedef struct FopsCgroup {
        FopsSpan unit, container, runtime;
} FopsCgroup;

/* Pure. @path as in the third field of /proc/PID/cgroup. Unknown parts stay absent. The unit is as systemd knows it, its
 * leading-underscore escape taken off; a machine's name has its \x2d unescaped, for which @arena is needed. */
void fops_cgroup_parse(FopsSpan path, FopsArena *arena, FopsCgroup *ret);

/* Finds the path in the text of /proc/PID/cgroup: the unified hierarchy's line ("0::"), or name=systemd's if there is
 * none or it says no more than "/". Absent if neither is there. */
FopsSpan fops_cgroup_path_from_proc(FopsSpan text);

typedef struct FopsProcessTable FopsProcessTable;

typedef struct FopsProcess {
        FopsCgroup cgroup;
        FopsSpan parents[16]; /* "bash[4700] /usr/bin/bash", nearest first */
        size_t n_parents;
} FopsProcess;

/* @proc_fd: /proc, taken over; -EBADF: a table that knows nothing (offline decoding). NULL when memory is out. */
FopsProcessTable *fops_process_table_new(int proc_fd);
FopsProcessTable *fops_process_table_free(FopsProcessTable *t);
FOPS_DEFINE_CLEANUP(FopsProcessTable *, fops_process_table_free)

/* What is looked up from here to the next call of this was done before this one, whatever its time says. */
void fops_process_table_begin_batch(FopsProcessTable *t);

/* Looks up @pid, which did something at @event_usec (µs since the epoch, of the clock that records bear); the strings are put into
 * @arena. @ancestry bounds n_parents (0: none). What can't be learnt is absent. */
void fops_process_table_lookup(FopsProcessTable *t, uint32_t pid, uint32_t ppid, uint64_t event_usec, unsigned ancestry, FopsArena *arena,
                               FopsProcess *ret);

/* Is @pid there, and are its arguments @title now, as far as a PROCTITLE record has them, NUL between them? */
bool fops_process_table_has_arguments(FopsProcessTable *t, uint32_t pid, FopsSpan title);
