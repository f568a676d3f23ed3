/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The new file is made in a directory of its own, which is read as one more place of drop-ins, and moved when all is well. */

#include "watch-file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "path.h"
#include "wanted.h"

/* Of a name that is made of a path: NAME_MAX is 255. Longer ones are cut, and end with a hash of the whole. */
#define NAME_CHARS_MAX ((size_t) 200)

/* --- path and name ------------------------------------------------------------------------------------------------------ */

static bool is_pattern_character(char c) {
        return memchr("*?[\\", c, 4);
}

static bool looks_like_pattern(FopsSpan path) {
        for (size_t i = 0; i < path.size; i++)
                if (is_pattern_character(path.data[i]) && path.data[i] != '\\')
                        return true;
        return false;
}

static FopsSpan quote_pattern(FopsSpan path, FopsArena *arena) {
        char *quoted = fops_arena_alloc(arena, 2 * path.size + 1);
        size_t n = 0;

        if (!quoted)
                return FOPS_SPAN_ABSENT;
        for (size_t i = 0; i < path.size; i++) {
                if (is_pattern_character(path.data[i]))
                        quoted[n++] = '\\';
                quoted[n++] = path.data[i];
        }
        quoted[n] = '\0';
        return (FopsSpan){ quoted, n };
}

FopsSpan watch_file_path(const char *path, FopsArena *arena) {
        _cleanup_free_ char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);
        FopsSpan joined = fops_path_join(arena, fops_span_from_string(cwd), fops_span_from_string(path));
        struct stat st;

        /* For whoever takes it as a string. */
        joined = fops_arena_copy(arena, joined);
        if (!fops_span_is_present(joined)) {
                fprintf(stderr, "fopsctl: where '%s' leads can't be told from its text: give the path in full, without '..'\n", path);
                return FOPS_SPAN_ABSENT;
        }
        return looks_like_pattern(joined) && lstat(joined.data, &st) == 0 ? quote_pattern(joined, arena) : joined;
}

static bool is_plain(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':' || c == '.';
}

FopsSpan watch_file_name(FopsSpan path, FopsArena *arena) {
        char *text = fops_arena_alloc(arena, 4 * path.size + 1);
        size_t n = 0;

        if (!text)
                return FOPS_SPAN_ABSENT;
        for (size_t i = 1; i < path.size; i++)
                if (path.data[i] == '/')
                        text[n++] = '-';
                else if (is_plain(path.data[i]))
                        text[n++] = path.data[i];
                else
                        n += (size_t) sprintf(text + n, "\\x%02x", (unsigned) (unsigned char) path.data[i]);

        if (n <= NAME_CHARS_MAX)
                return fops_arena_printf(arena, "watch-%.*s.conf", (int) n, text);
        /* A `+` can come about in no other way. */
        return fops_arena_printf(arena, "watch-%.*s+%016jx.conf", (int) NAME_CHARS_MAX, text, (uintmax_t) fops_span_hash(path));
}

/* --- text --------------------------------------------------------------------------------------------------------------- */

static void print_string(FopsSpan s, FILE *f) {
        fputc('"', f);
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] >= ' ' && s.data[i] <= '~' && s.data[i] != '"' && s.data[i] != '\\')
                        fputc(s.data[i], f);
                else
                        fprintf(f, "\\x%02x", (unsigned) (unsigned char) s.data[i]);
        fputc('"', f);
}

void watch_file_print(FopsSpan path, const char *ops, const char *key, FILE *f) {
        fputs("# Made by fopsctl watch; fopsctl unwatch removes it.\nwatches = ( { path = ", f);
        print_string(path, f);
        fputc(';', f);
        if (ops) {
                const char *separator = " ops = [ ";

                for (;; separator = ", ") {
                        size_t n = strcspn(ops, ",");

                        fputs(separator, f);
                        print_string((FopsSpan){ ops, n }, f);
                        if (ops[n] == '\0')
                                break;
                        ops += n + 1;
                }
                fputs(" ];", f);
        }
        if (key) {
                fputs(" key = ", f);
                print_string(fops_span_from_string(key), f);
                fputc(';', f);
        }
        fputs(" } );\n", f);
}

/* --- files -------------------------------------------------------------------------------------------------------------- */

static int write_file(int directory_fd, const char *name, FopsSpan path, const char *ops, const char *key) {
        int fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        bool failed;
        FILE *f;

        if (fd < 0)
                return -errno;
        f = fdopen(fd, "w");
        if (!f) {
                close(fd);
                return -errno;
        }
        /* Whatever the umask: fopsd isn't root. */
        failed = fchmod(fd, 0644) < 0;
        watch_file_print(path, ops, key, f);
        failed |= ferror(f) != 0;
        return fclose(f) != 0 || failed ? -EIO : 0;
}

static int validate(const char *directory, FopsDiags *diags) {
        Wanted wanted;
        int r;

        r = wanted_load_with(directory, &wanted, diags);
        if (r == 0)
                wanted_done(&wanted);
        return r;
}

int watch_file_install(FopsSpan path, const char *ops, const char *key, FopsDiags *diags) {
        char directory[] = FOPS_CONFIG_DIR_RUN "/.watch-XXXXXX"; /* hidden: no drop-in */
        _cleanup_(fops_arena_done) FopsArena arena = {};
        _cleanup_close_ int run_fd = -EBADF, fd = -EBADF;
        FopsSpan name = watch_file_name(path, &arena);
        int r;

        if (!fops_span_is_present(name))
                return -ENOMEM;
        if (mkdir(FOPS_CONFIG_DIR_RUN, 0755) == 0)
                (void) chmod(FOPS_CONFIG_DIR_RUN, 0755);
        run_fd = open(FOPS_CONFIG_DIR_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (run_fd < 0 || !mkdtemp(directory))
                return -errno;

        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = fd < 0 ? -errno : write_file(fd, name.data, path, ops, key);
        if (r >= 0)
                r = validate(directory, diags);
        if (r == 0 && renameat(fd, name.data, run_fd, name.data) < 0)
                r = -errno;
        if (r != 0 && fd >= 0)
                (void) unlinkat(fd, name.data, 0);
        (void) rmdir(directory);
        return r;
}

int watch_file_remove(FopsSpan path) {
        _cleanup_(fops_arena_done) FopsArena arena = {};
        FopsSpan name = watch_file_name(path, &arena), file;

        if (!fops_span_is_present(name))
                return -ENOMEM;
        file = fops_arena_printf(&arena, FOPS_CONFIG_DIR_RUN "/%s", name.data);
        if (!fops_span_is_present(file))
                return -ENOMEM;
        return unlink(file.data) < 0 ? -errno : 0;
}
