/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A path into the text of a file that may be trusted, and that text with its includes into the one text libconfig parses:
 *
 *   @include "watches.d/web.conf"
 *
 * Includes are put in place here and not by libconfig, which opens them itself: it would hang on a fifo, can't see who
 * may write a file, and knows only one directory for relative names, whatever file they stand in. On the way comments go,
 * and what libconfig would take without a word is refused: a string or comment that isn't closed, a NUL in a string,
 * which cuts it.
 *
 * Invariant: every line of the expanded text maps back to the line it came from. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "config-internal.h"

/* A problem of a file as a whole stands at the place that named it, or at the file itself. */
static void file_error(FopsConfigLoader *l, FopsConfigPosition from, const char *path, const char *problem) {
        if (from.file)
                fops_config_error(l, from, "%s %s", path, problem);
        else
                fops_config_error(l, (FopsConfigPosition){ path, 0 }, "%s", problem);
}

static void open_error(FopsConfigLoader *l, FopsConfigPosition from, const char *path) {
        char problem[128];

        snprintf(problem, sizeof(problem), "cannot be read: %s", strerror(errno));
        file_error(l, from, path, problem);
}

/* Who may write the configuration may switch the recording off, so only root may. */
static bool is_trusted(FopsConfigLoader *l, FopsConfigPosition from, const char *path, const struct stat *st) {
        if (st->st_uid == 0 && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0)
                return true;

        file_error(l, from, path, st->st_uid == 0 ? "is writable by others than root" : "is not owned by root");
        return false;
}

bool fops_config_trust_directory(FopsConfigLoader *l, int fd, const char *path) {
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0) {
                open_error(l, (FopsConfigPosition){}, path);
                return false;
        }
        return is_trusted(l, (FopsConfigPosition){}, path, &st);
}

bool fops_config_read_file(FopsConfigLoader *l, FopsConfigPosition from, const char *path, FopsSpan *ret) {
        _cleanup_close_ int fd = -EBADF;
        size_t size = 0, room;
        struct stat st;
        ssize_t n;
        char *data;

        /* O_NONBLOCK: a fifo is refused below, not waited for. */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0) {
                open_error(l, from, path);
                return false;
        }
        if (!S_ISREG(st.st_mode)) {
                file_error(l, from, path, "is not a regular file");
                return false;
        }
        if (!is_trusted(l, from, path, &st))
                return false;
        if ((uint64_t) st.st_size > FOPS_CONFIG_FILE_BYTES_MAX) {
                file_error(l, from, path, "is too large, the limit is 4 MiB");
                return false;
        }

        room = (size_t) st.st_size + 1;
        data = fops_arena_alloc(&l->arena, room);
        if (!data) {
                l->error = -ENOMEM;
                return false;
        }
        do {
                n = read(fd, data + size, room - size);
                if (n < 0 && errno != EINTR) {
                        open_error(l, from, path);
                        return false;
                }
                size += n > 0 ? (size_t) n : 0;
        } while (n != 0 && size < room);
        if (size == room) {
                file_error(l, from, path, "changed while it was read");
                return false;
        }

        *ret = (FopsSpan){ data, size };
        return true;
}

bool fops_config_next_line(FopsSpan *rest, FopsSpan *ret) {
        const char *end;
        FopsSpan line;

        if (rest->size == 0)
                return false;
        end = memchr(rest->data, '\n', rest->size);
        line = (FopsSpan){ rest->data, end ? (size_t) (end - rest->data) : rest->size };
        *rest = fops_span_skip(*rest, line.size + (end != NULL));
        if (line.size > 0 && line.data[line.size - 1] == '\r')
                line.size--;
        *ret = line;
        return true;
}

void fops_config_text_done(FopsConfigText *t) {
        free(t->data);
        free(t->segments);
        *t = (FopsConfigText){};
}

FopsConfigPosition fops_config_text_position(const FopsConfigText *t, unsigned line) {
        size_t i = t->n_segments;

        while (i > 1 && t->segments[i - 1].first_line > line)
                i--;
        return (FopsConfigPosition){
                t->segments[i - 1].position.file,
                t->segments[i - 1].position.line + (line - t->segments[i - 1].first_line),
        };
}

/* One file's text on its way into the expanded one. */
typedef struct Expansion {
        FopsConfigLoader *loader;
        FopsConfigText *text;
        FopsConfigPosition at;
        FopsSpan rest;
        bool line_start;     /* only blanks since the last newline */
        bool after_string;   /* only blanks and comments since a string … */
        unsigned n_newlines; /* … and so many newlines, held back */
} Expansion;

static void put(Expansion *x, const char *data, size_t size) {
        FopsConfigText *t = x->text;

        if (t->broken || x->loader->error != 0)
                return;
        if (size >= FOPS_CONFIG_FILE_BYTES_MAX - t->size) {
                fops_config_error(x->loader, x->at, "with its includes the file is too large, the limit is 4 MiB");
                t->broken = true;
                return;
        }
        if (t->size + size >= t->n_allocated) {
                size_t n = 2 * (t->size + size) + 1;
                char *p;

                p = realloc(t->data, n);
                if (!p) {
                        x->loader->error = -ENOMEM;
                        return;
                }
                t->data = p;
                t->n_allocated = n;
        }
        memcpy(t->data + t->size, data, size);
        t->size += size;
        t->data[t->size] = '\0';
        for (size_t i = 0; i < size; i++)
                t->line += data[i] == '\n';
}

static void put_segment(Expansion *x) {
        FopsConfigText *t = x->text;

        if (!fops_config_grow(x->loader, &t->segments, t->n_segments, sizeof(*t->segments)))
                return;
        t->segments[t->n_segments].first_line = t->line;
        t->segments[t->n_segments++].position = x->at;
}

/* libconfig needs to see what follows a string before it takes it, as strings in a row are one string, and gives an
 * element of a list the line it has come to by then. So a newline behind a string waits for the comma that belongs to the
 * string. */
static void put_newlines(Expansion *x) {
        for (; x->n_newlines > 0; x->n_newlines--)
                put(x, "\n", 1);
        x->after_string = false;
}

static void put_newline(Expansion *x) {
        if (x->after_string)
                x->n_newlines++;
        else
                put(x, "\n", 1);
        x->at.line++;
        x->line_start = true;
}

static void break_text(Expansion *x, const char *problem) {
        if (!x->text->broken)
                fops_config_error(x->loader, x->at, "%s", problem);
        x->text->broken = true;
}

/* From the opening quote. */
static void expand_string(Expansion *x) {
        size_t i = 1;

        while (i < x->rest.size && x->rest.data[i] != '"' && x->rest.data[i] != '\n') {
                FopsSpan here = fops_span_skip(x->rest, i);

                if (fops_span_starts_with(here, FOPS_SPAN_LITERAL("\\x00")) ||
                    fops_span_starts_with(here, FOPS_SPAN_LITERAL("\\X00"))) {
                        break_text(x, "a string cannot hold a NUL");
                        return;
                }
                i += here.data[0] == '\\' && here.size > 1 && here.data[1] != '\n' ? 2 : 1;
        }
        if (i >= x->rest.size || x->rest.data[i] != '"') {
                break_text(x, "the string is not closed on its line");
                return;
        }

        put_newlines(x);
        put(x, x->rest.data, i + 1);
        x->rest = fops_span_skip(x->rest, i + 1);
        x->after_string = true;
}

static void expand_block_comment(Expansion *x) {
        const char *end = memmem(x->rest.data + 2, x->rest.size - 2, "*/", 2);

        if (!end) {
                break_text(x, "the comment is not closed");
                return;
        }
        for (const char *p = x->rest.data; p < end; p++)
                if (*p == '\n')
                        put_newline(x);
        if (!x->after_string)
                put(x, " ", 1);
        x->rest = fops_span_skip(x->rest, (size_t) (end - x->rest.data) + 2);
}

static void expand_file(FopsConfigLoader *l, FopsConfigText *t, const char *file, FopsSpan text, unsigned depth);

/* From the '@'. */
static void expand_include(Expansion *x, unsigned depth) {
        FopsSpan rest = x->rest, name, path, text;
        const char *slash, *end;
        size_t blanks;

        if (!x->line_start || !fops_span_starts_with(rest, FOPS_SPAN_LITERAL("@include"))) {
                break_text(x, "'@' is only for @include \"FILE\" at the beginning of a line");
                return;
        }
        rest = fops_span_skip(rest, strlen("@include"));
        for (blanks = 0; blanks < rest.size && (rest.data[blanks] == ' ' || rest.data[blanks] == '\t'); blanks++)
                ;
        rest = fops_span_skip(rest, blanks);
        if (blanks == 0 || !fops_span_starts_with(rest, FOPS_SPAN_LITERAL("\"")) ||
            !(end = memchr(rest.data + 1, '"', rest.size - 1)) ||
            memchr(rest.data + 1, '\n', (size_t) (end - rest.data) - 1)) {
                break_text(x, "@include needs a file name in quotes");
                return;
        }
        name = (FopsSpan){ rest.data + 1, (size_t) (end - rest.data) - 1 };
        if (name.size == 0 || memchr(name.data, '\0', name.size)) {
                break_text(x, "@include needs a file name");
                return;
        }
        if (depth >= FOPS_CONFIG_INCLUDE_DEPTH_MAX) {
                break_text(x, "includes are nested too deep: does a file include itself?");
                return;
        }
        if (++x->text->n_includes > FOPS_CONFIG_INCLUDES_MAX) {
                break_text(x, "there are too many includes, the limit is 1000");
                return;
        }
        x->rest = fops_span_skip(rest, name.size + 2);

        slash = name.data[0] == '/' ? NULL : strrchr(x->at.file, '/');
        path = fops_arena_printf(&x->loader->arena, "%.*s%.*s", slash ? (int) (slash + 1 - x->at.file) : 0, x->at.file,
                                 (int) name.size, name.data);
        if (!fops_span_is_present(path)) {
                x->loader->error = -ENOMEM;
                return;
        }

        put_newlines(x);
        if (fops_config_read_file(x->loader, x->at, path.data, &text)) {
                expand_file(x->loader, x->text, path.data, text, depth + 1);
                put(x, "\n", 1);
                put_segment(x);
        }
}

static void expand_file(FopsConfigLoader *l, FopsConfigText *t, const char *file, FopsSpan text, unsigned depth) {
        Expansion x = { .loader = l, .text = t, .at = { file, 1 }, .rest = text, .line_start = true };

        put_segment(&x);
        while (x.rest.size > 0 && !t->broken && l->error == 0) {
                char c = x.rest.data[0], next = x.rest.size > 1 ? x.rest.data[1] : '\0';

                if (c == '\n')
                        put_newline(&x);
                else if (c == '#' || (c == '/' && next == '/')) {
                        const char *end = memchr(x.rest.data, '\n', x.rest.size);

                        x.rest = fops_span_skip(x.rest, end ? (size_t) (end - x.rest.data) : x.rest.size);
                        continue;
                } else if (c == '/' && next == '*') {
                        expand_block_comment(&x);
                        continue;
                } else if (c == '@') {
                        expand_include(&x, depth);
                        continue;
                } else if (c == '"') {
                        x.line_start = false;
                        expand_string(&x);
                        continue;
                } else if (c == '\0')
                        break_text(&x, "the file holds a NUL: it is no text");
                else if (c == ' ' || c == '\t' || c == '\r') {
                        if (!x.after_string)
                                put(&x, &c, 1);
                } else {
                        x.line_start = false;
                        if (!strchr(",;)]}", c))
                                put_newlines(&x);
                        put(&x, &c, 1);
                        put_newlines(&x);
                }
                x.rest = fops_span_skip(x.rest, 1);
        }
        put_newlines(&x);
}

void fops_config_expand(FopsConfigLoader *l, const char *file, FopsSpan text, FopsConfigText *t) {
        Expansion x = { .loader = l, .text = t };

        t->line = 1;
        expand_file(l, t, file, text, 0);
        put(&x, "", 0); /* an empty file has a text too */
}
