/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Lines of mountinfo. Any user who may mount in a namespace chooses what the paths in it look like. */

#include "mountinfo.h"

/* On a host full of containers it is some hundred KiB. */
#define MOUNTINFO_BYTES_MAX ((size_t) 16 << 20)

void fops_mounts_done(FopsMounts *m) {
        for (size_t i = 0; i < m->n_items; i++) {
                free(m->items[i].root);
                free(m->items[i].path);
                free(m->items[i].type);
        }
        free(m->items);
        *m = (FopsMounts){};
}

static FopsSpan take_until(FopsSpan *rest, char stop) {
        const char *p = rest->size > 0 ? memchr(rest->data, stop, rest->size) : NULL;
        FopsSpan taken = { rest->data, p ? (size_t) (p - rest->data) : rest->size };

        *rest = fops_span_skip(*rest, p ? taken.size + 1 : taken.size);
        return taken;
}

/* seq_path() of the kernel writes space, tab, newline, backslash and '#' as three octal digits. */
static char *unescape(FopsSpan s) {
        char *out = malloc(s.size + 1);
        size_t n = 0;
        uint64_t byte;

        if (!out)
                return NULL;
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] == '\\' && i + 3 < s.size && fops_span_octal_to_u64((FopsSpan){ s.data + i + 1, 3 }, &byte) &&
                    byte > 0 && byte <= UINT8_MAX) {
                        out[n++] = (char) byte;
                        i += 3;
                } else
                        out[n++] = s.data[i];
        out[n] = '\0';
        return out;
}

/* 1: a mount; 0: no such line; -ENOMEM. */
static int parse_line(FopsSpan line, FopsMount *ret) {
        FopsSpan id = take_until(&line, ' '), parent = take_until(&line, ' '), major = take_until(&line, ':');
        FopsSpan minor = take_until(&line, ' '), root = take_until(&line, ' '), path = take_until(&line, ' ');
        FopsMount m = {};
        FopsSpan word;

        (void) parent;
        if (!fops_span_to_u64(id, &m.id) || !fops_span_to_u32(major, &m.dev_major) || !fops_span_to_u32(minor, &m.dev_minor) ||
            path.size == 0 || path.data[0] != '/')
                return 0;

        /* Options, then any number of tags, up to a lone dash. */
        do {
                if (line.size == 0)
                        return 0;
                word = take_until(&line, ' ');
        } while (!fops_span_equal(word, FOPS_SPAN_LITERAL("-")));
        word = take_until(&line, ' ');
        if (word.size == 0)
                return 0;

        m.root = unescape(root);
        m.path = unescape(path);
        m.type = unescape(word);
        if (!m.root || !m.path || !m.type) {
                free(m.root);
                free(m.path);
                free(m.type);
                return -ENOMEM;
        }
        *ret = m;
        return 1;
}

int fops_mounts_parse(FopsSpan text, FopsMounts *ret) {
        _cleanup_(fops_mounts_done) FopsMounts m = {};

        while (text.size > 0) {
                FopsSpan line = take_until(&text, '\n');
                FopsMount *items;
                int r;

                items = reallocarray(m.items, m.n_items + 1, sizeof(FopsMount));
                if (!items)
                        return -ENOMEM;
                m.items = items;

                r = parse_line(line, m.items + m.n_items);
                if (r < 0)
                        return r;
                m.n_items += (size_t) r;
                m.n_malformed += r == 0;
        }

        *ret = m;
        m = (FopsMounts){};
        return 0;
}

int fops_mounts_read(int fd, FopsMounts *ret) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0, allocated = 0;

        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        for (;;) {
                ssize_t n;

                if (size == allocated) {
                        char *grown;

                        if (allocated >= MOUNTINFO_BYTES_MAX)
                                return -E2BIG;
                        allocated = MAX(allocated * 2, (size_t) 16 << 10);
                        grown = realloc(text, allocated);
                        if (!grown)
                                return -ENOMEM;
                        text = grown;
                }
                n = read(fd, text + size, allocated - size);
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return fops_mounts_parse((FopsSpan){ text, size }, ret);
                size += (size_t) n;
        }
}

const FopsMount *fops_mounts_by_id(const FopsMounts *m, uint64_t id) {
        for (size_t i = 0; i < m->n_items; i++)
                if (m->items[i].id == id)
                        return m->items + i;
        return NULL;
}

const FopsMount *fops_mounts_at(const FopsMounts *m, FopsSpan path) {
        for (size_t i = m->n_items; i > 0; i--)
                if (fops_span_equal_string(path, m->items[i - 1].path))
                        return m->items + i - 1;
        return NULL;
}
