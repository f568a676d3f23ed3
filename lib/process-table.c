/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A pid into what /proc knows of its process while it is there: /proc/PID/cgroup into unit and container,
 * /proc/PPID/{stat,exe} and so on upwards into
 *   bash[4700] /usr/bin/bash
 *
 * All files of a process are read through one descriptor of its directory: once the process is gone that descriptor gives
 * ESRCH, even if the pid belongs to another by then. From one process to its parent there is only the number, so a parent
 * that started after its child is taken for what it is, another process. */

#include "process-table.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

/* A dozen hierarchies of cgroup v1 with a container's path each are 3 KB; a text that doesn't fit isn't used at all. */
#define CGROUP_BYTES_MAX 16384
/* One line of numbers around a comm of up to 64 bytes (a kernel worker's). */
#define STAT_BYTES_MAX 1024
/* MAX_PROCTITLE_AUDIT_LEN: what a PROCTITLE record has of a command line. */
#define TITLE_BYTES_MAX 128

/* Busy processes at once: each is asked after once in a batch, or in a tick of the clock, and not for every event. */
#define ANSWERS 64U

typedef struct Answer {
        uint32_t pid, ppid;
        unsigned ancestry;
        uint64_t batch;      /* in which it was given */
        uint64_t given_usec; /* CLOCK_REALTIME_COARSE, as in records, just before /proc was asked; 0: no answer */
        FopsProcess process;
        FopsArena arena;
} Answer;

struct FopsProcessTable {
        int proc_fd;
        uint64_t batch; /* 0: none has begun, then the time tells alone */
        Answer answers[ANSWERS]; /* by pid */
};

FopsProcessTable *fops_process_table_new(int proc_fd) {
        _cleanup_close_ int fd = proc_fd;
        FopsProcessTable *t = calloc(1, sizeof(FopsProcessTable));

        if (!t)
                return NULL;
        t->proc_fd = TAKE_FD(fd);
        return t;
}

FopsProcessTable *fops_process_table_free(FopsProcessTable *t) {
        if (!t)
                return NULL;
        fops_closep(&t->proc_fd);
        for (size_t i = 0; i < ANSWERS; i++)
                fops_arena_done(&t->answers[i].arena);
        free(t);
        return NULL;
}

static int open_process(const FopsProcessTable *t, uint32_t pid) {
        char name[16];

        snprintf(name, sizeof(name), "%u", (unsigned) pid);
        return openat(t->proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Reads a whole file into @buffer; absent if it can't be read or doesn't fit. */
static FopsSpan read_file(int dir_fd, const char *name, char *buffer, size_t size) {
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
        size_t used = 0;
        ssize_t n;

        if (fd < 0)
                return FOPS_SPAN_ABSENT;

        do {
                n = read(fd, buffer + used, size - used);
                if (n > 0)
                        used += (size_t) n;
        } while (n > 0 && used < size);
        return n == 0 ? (FopsSpan){ buffer, used } : FOPS_SPAN_ABSENT;
}

typedef struct Stat {
        FopsSpan comm;
        uint32_t ppid;
        uint64_t start_ticks;
} Stat;

/* "4700 (bash) S 4699 …": the comm may hold spaces and parentheses, nothing behind it does. proc(5) counts fields from 1:
 * ppid is the 4th, starttime the 22nd. */
static bool parse_stat(FopsSpan text, Stat *ret) {
        const char *open = text.size > 0 ? memchr(text.data, '(', text.size) : NULL;
        const char *close = text.size > 0 ? memrchr(text.data, ')', text.size) : NULL;
        FopsSpan rest;
        Stat s;

        if (!open || !close || close < open)
                return false;
        s.comm = (FopsSpan){ open + 1, (size_t) (close - open) - 1 };

        rest = fops_span_skip(text, (size_t) (close - text.data) + 2);
        for (unsigned field = 3; field <= 22; field++) {
                const char *space = rest.size > 0 ? memchr(rest.data, ' ', rest.size) : NULL;
                FopsSpan word = { rest.data, space ? (size_t) (space - rest.data) : rest.size };

                if (field == 4 && !fops_span_to_u32(word, &s.ppid))
                        return false;
                if (field == 22 && !fops_span_to_u64(word, &s.start_ticks))
                        return false;
                rest = fops_span_skip(rest, word.size + 1);
        }

        *ret = s;
        return true;
}

static FopsCgroup read_cgroup(int dir_fd, FopsArena *arena) {
        char buffer[CGROUP_BYTES_MAX];
        FopsCgroup cgroup;

        fops_cgroup_parse(
                fops_arena_copy(arena, fops_cgroup_path_from_proc(read_file(dir_fd, "cgroup", buffer, sizeof(buffer)))),
                arena, &cgroup);
        return cgroup;
}

/* "bash[4700] /usr/bin/bash"; without the path if it may not be read, or there is none (a kernel thread). */
static FopsSpan describe(int dir_fd, uint32_t pid, FopsSpan comm, FopsArena *arena) {
        char number[16], exe[PATH_MAX];
        ssize_t n = readlinkat(dir_fd, "exe", exe, sizeof(exe));
        size_t exe_size = n > 0 && (size_t) n < sizeof(exe) ? (size_t) n : 0, number_size;
        char *p, *q;

        number_size = (size_t) snprintf(number, sizeof(number), "[%u]", (unsigned) pid);
        p = q = fops_arena_alloc(arena, comm.size + number_size + 1 + exe_size);
        if (!p)
                return FOPS_SPAN_ABSENT;

        q = mempcpy(q, comm.data, comm.size);
        q = mempcpy(q, number, number_size);
        if (exe_size > 0) {
                *q++ = ' ';
                q = mempcpy(q, exe, exe_size);
        }
        return (FopsSpan){ p, (size_t) (q - p) };
}

static void add_parents(FopsProcessTable *t, uint32_t pid, uint64_t born_by_ticks, unsigned ancestry, FopsArena *arena,
                        FopsProcess *p) {
        ancestry = MIN(ancestry, (unsigned) ELEMENTSOF(p->parents));

        while (pid != 0 && p->n_parents < ancestry) {
                _cleanup_close_ int fd = open_process(t, pid);
                char buffer[STAT_BYTES_MAX];
                FopsSpan text;
                Stat s;

                if (fd < 0 || !parse_stat(read_file(fd, "stat", buffer, sizeof(buffer)), &s) ||
                    s.start_ticks > born_by_ticks)
                        return;
                text = describe(fd, pid, s.comm, arena);
                if (!fops_span_is_present(text))
                        return;

                p->parents[p->n_parents++] = text;
                pid = s.ppid;
                born_by_ticks = s.start_ticks;
        }
}

/* Whether the process that has the pid now is the one of the record. A process changes its parent when that dies and not
 * before, so one whose parent in the record is still there and isn't its parent came later. */
static bool is_same_process(const FopsProcessTable *t, const Stat *s, uint32_t ppid) {
        _cleanup_close_ int fd = -EBADF;

        if (ppid == 0 || s->ppid == ppid)
                return true;
        fd = open_process(t, ppid);
        return fd < 0;
}

static void ask_proc(FopsProcessTable *t, uint32_t pid, uint32_t ppid, unsigned ancestry, FopsArena *arena, FopsProcess *ret) {
        uint64_t start_ticks = UINT64_MAX; /* of a process that has gone: any parent may be its */
        _cleanup_close_ int fd = -EBADF;
        char buffer[STAT_BYTES_MAX];
        Stat s;

        *ret = (FopsProcess){};
        if (pid != 0)
                fd = open_process(t, pid);
        if (fd >= 0 && parse_stat(read_file(fd, "stat", buffer, sizeof(buffer)), &s) && is_same_process(t, &s, ppid)) {
                ret->cgroup = read_cgroup(fd, arena);
                start_ticks = s.start_ticks;
                if (ppid == 0)
                        ppid = s.ppid;
        }

        /* The record's parent, not today's: the process may have been given to another since. */
        add_parents(t, ppid, start_ticks, ancestry, arena, ret);
}

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_REALTIME_COARSE, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

/* What began in an earlier tick of the clock than the answer, and a record's time has no more than milliseconds. An answer from the
 * future was given before the clock was set back. */
static bool is_younger(const Answer *a, uint64_t event_usec, uint64_t now) {
        return event_usec / 1000 < a->given_usec / 1000 && a->given_usec <= now;
}

static void copy_process(const FopsProcess *process, FopsArena *arena, FopsProcess *ret) {
        *ret = (FopsProcess){
                .cgroup.unit = fops_arena_copy(arena, process->cgroup.unit),
                .cgroup.container = fops_arena_copy(arena, process->cgroup.container),
                .cgroup.runtime = fops_arena_copy(arena, process->cgroup.runtime),
                .n_parents = process->n_parents,
        };
        for (size_t i = 0; i < process->n_parents; i++)
                ret->parents[i] = fops_arena_copy(arena, process->parents[i]);
}

void fops_process_table_begin_batch(FopsProcessTable *t) {
        t->batch++;
}

void fops_process_table_lookup(FopsProcessTable *t, uint32_t pid, uint32_t ppid, uint64_t event_usec, unsigned ancestry, FopsArena *arena,
                               FopsProcess *ret) {
        Answer *a = t->answers + pid % ANSWERS;
        uint64_t now;

        *ret = (FopsProcess){};
        if (t->proc_fd < 0)
                return;

        now = now_usec();
        if (a->pid != pid || a->ppid != ppid || a->ancestry != ancestry ||
            ((t->batch == 0 || a->batch != t->batch) && !is_younger(a, event_usec, now))) {
                fops_arena_reset(&a->arena);
                a->pid = pid;
                a->ppid = ppid;
                a->ancestry = ancestry;
                a->batch = t->batch;
                a->given_usec = now;
                ask_proc(t, pid, ppid, ancestry, &a->arena, &a->process);
        }
        copy_process(&a->process, arena, ret);
}

bool fops_process_table_has_arguments(FopsProcessTable *t, uint32_t pid, FopsSpan title) {
        char path[sizeof("4294967295/cmdline")], buffer[TITLE_BYTES_MAX];
        _cleanup_close_ int fd = -EBADF;
        ssize_t n;

        if (t->proc_fd < 0)
                return false;
        snprintf(path, sizeof(path), "%u/cmdline", (unsigned) pid);
        fd = openat(t->proc_fd, path, O_RDONLY | O_CLOEXEC);
        n = fd >= 0 ? read(fd, buffer, sizeof(buffer)) : -1;
        if (n <= 0 || !fops_span_starts_with((FopsSpan){ buffer, (size_t) n }, title))
                return false;

        /* audit_proctitle_rtrim() takes away what can't be printed at its end. */
        for (size_t i = title.size; i < (size_t) n; i++)
                if (isprint((unsigned char) buffer[i]) || (unsigned char) buffer[i] >= 0xa0)
                        return false;
        return true;
}
