/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Configuration files in a directory of the test's own. Only root's are taken, so whoever else runs the tests becomes
 * root of a user namespace first. */

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "config.h"

#define EXIT_SKIPPED 77

/* libconfig 1.5 leaks the string it was at when it finds a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
        return "leak:libconfig.so";
}

typedef struct Files {
        char dir[32];
} Files;

static inline void write_text(const char *path, const char *text, size_t size) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, size), (ssize_t) size);
}

static inline void files_init(Files *f) {
        *f = (Files){ "/tmp/fops-test-config-XXXXXX" };
        assert_non_null(mkdtemp(f->dir));
}

/* The path of @name in the directory; lives until the fourth call after this one. */
static inline const char *files_path(const Files *f, const char *name) {
        static char paths[4][256];
        static unsigned next;
        char *path = paths[next++ % ELEMENTSOF(paths)];

        snprintf(path, sizeof(paths[0]), "%s/%s", f->dir, name);
        return path;
}

/* Writes @text; each '~' in it becomes the directory. */
static inline const char *files_write(const Files *f, const char *name, const char *text) {
        _cleanup_free_ char *expanded = NULL;
        const char *path = files_path(f, name);
        size_t size;
        FILE *m;

        m = open_memstream(&expanded, &size);
        assert_non_null(m);
        for (; *text; text++)
                if (*text == '~')
                        fputs(f->dir, m);
                else
                        fputc(*text, m);
        assert_int_equal(fclose(m), 0);
        write_text(path, expanded, size);
        return path;
}

static inline void files_done(Files *f) {
        _cleanup_free_ char *command = NULL;

        assert_true(asprintf(&command, "rm -rf '%s'", f->dir) > 0);
        assert_int_equal(system(command), 0);
}

/* Loads DIR/conf with the drop-in directories DIR/etc and DIR/run. */
static inline int files_load(const Files *f, FopsConfig *ret, FopsDiags *diags) {
        const char *const drop_ins[] = { files_path(f, "etc"), files_path(f, "run"), NULL };

        return fops_config_load(&(FopsConfigPaths){ files_path(f, "conf"), drop_ins }, ret, diags);
}

/* True if @diags holds such a message; @name is a file in the directory. */
static inline bool has_message(const FopsDiags *diags, FopsSeverity severity, const char *name, unsigned line,
                               const char *fragment) {
        for (size_t i = 0; i < diags->n_items; i++) {
                const FopsDiag *d = diags->items + i;
                const char *base = d->file ? strrchr(d->file, '/') : NULL;

                if (d->severity == severity && base && strcmp(base + 1, name) == 0 && d->line == line &&
                    strstr(d->text, fragment))
                        return true;
        }
        return false;
}

static inline bool write_proc(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text);
}

static inline bool become_root(void) {
        char uids[32], gids[32];

        if (geteuid() == 0)
                return true;
        snprintf(uids, sizeof(uids), "0 %u 1", geteuid());
        snprintf(gids, sizeof(gids), "0 %u 1", getegid());
        return unshare(CLONE_NEWUSER) == 0 && write_proc("/proc/self/uid_map", uids) &&
               write_proc("/proc/self/setgroups", "deny") && write_proc("/proc/self/gid_map", gids);
}
