/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Names into paths by their text: "/srv" + "../srv//data/./x" → "/srv/data/x"; refuses what only the file system could tell. */

#include "path.h"

FopsSpan fops_path_join(FopsArena *arena, FopsSpan base, FopsSpan name) {
        bool absolute = name.size > 0 && name.data[0] == '/', named = absolute;
        size_t out = 0, limit;
        char *p;

        if (name.size == 0)
                return FOPS_SPAN_ABSENT;
        if (!absolute && (base.size == 0 || base.data[0] != '/'))
                return FOPS_SPAN_ABSENT;

        limit = (absolute ? 0 : base.size) + name.size + 2;
        if (limit > FOPS_PATH_BYTES_MAX)
                return FOPS_SPAN_ABSENT;
        p = fops_arena_alloc(arena, limit + 1);
        if (!p)
                return FOPS_SPAN_ABSENT;

        /* @p holds "" for the root, or "/a/b", never a trailing slash. */
        if (!absolute) {
                memcpy(p, base.data, base.size);
                out = base.size;
                while (out > 0 && p[out - 1] == '/')
                        out--;
        }

        for (size_t i = 0; i < name.size;) {
                size_t start, n;

                while (i < name.size && name.data[i] == '/')
                        i++;
                start = i;
                while (i < name.size && name.data[i] != '/')
                        i++;
                n = i - start;

                if (n == 0 || (n == 1 && name.data[start] == '.'))
                        continue;

                if (n == 2 && name.data[start] == '.' && name.data[start + 1] == '.') {
                        /* Only while climbing from a canonical directory is ".." the text's own parent. The parent of the root
                         * is the root, wherever the name began. */
                        if (named && out > 0)
                                return FOPS_SPAN_ABSENT;
                        while (out > 0 && p[out - 1] != '/')
                                out--;
                        if (out > 0)
                                out--;
                        continue;
                }

                named = true;
                p[out++] = '/';
                memcpy(p + out, name.data + start, n);
                out += n;
        }

        if (out == 0)
                p[out++] = '/';
        p[out] = '\0';
        return (FopsSpan){ p, out };
}

static FopsSpan without_trailing_slashes(FopsSpan path) {
        while (path.size > 1 && path.data[path.size - 1] == '/')
                path.size--;
        return path;
}

FopsSpan fops_path_dirname(FopsSpan path) {
        path = without_trailing_slashes(path);
        if (path.size < 2 || path.data[0] != '/')
                return FOPS_SPAN_ABSENT;

        while (path.data[path.size - 1] != '/')
                path.size--;
        return without_trailing_slashes(path);
}

FopsSpan fops_path_next_prefix(FopsSpan path, FopsSpan previous) {
        size_t begin = previous.size + 1;
        const char *slash;

        if (begin >= path.size)
                return FOPS_SPAN_ABSENT;
        slash = memchr(path.data + begin, '/', path.size - begin);
        return slash ? (FopsSpan){ path.data, (size_t) (slash - path.data) } : path;
}

FopsSpan fops_path_basename(FopsSpan path) {
        size_t i;

        path = without_trailing_slashes(path);
        if (path.size <= 1)
                return path;

        i = path.size;
        while (i > 0 && path.data[i - 1] != '/')
                i--;
        return fops_span_skip(path, i);
}

bool fops_path_is_below(FopsSpan path, FopsSpan dir) {
        if (!path.data || !dir.data)
                return false;
        dir = without_trailing_slashes(dir);
        if (dir.size == 1 && dir.data[0] == '/')
                return path.size > 0 && path.data[0] == '/';
        return fops_span_starts_with(path, dir) && (path.size == dir.size || path.data[dir.size] == '/');
}
