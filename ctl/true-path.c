/* SPDX-License-Identifier: GPL-2.0-or-later */

/* realpath(3) of the part that exists, and the rest behind it. */

#include "true-path.h"

#include <limits.h>

#include "path.h"

/* False if nothing is there by that name. */
static bool resolve(FopsSpan path, char ret[static PATH_MAX]) {
        char text[PATH_MAX];

        if (path.size >= sizeof(text))
                return false;
        *(char *) mempcpy(text, path.data, path.size) = '\0';
        return realpath(text, ret);
}

/* The part of @path that exists, resolved, and the rest. Absent when memory is out. */
static FopsSpan resolve_beginning(FopsArena *arena, FopsSpan path) {
        FopsSpan existing = path, rest;
        char buffer[PATH_MAX];

        while (existing.data && !resolve(existing, buffer))
                existing = fops_path_dirname(existing);
        if (!existing.data)
                return path;
        rest = fops_span_skip(path, existing.size);
        while (rest.size > 0 && rest.data[0] == '/')
                rest = fops_span_skip(rest, 1);
        return rest.size == 0 ? fops_arena_copy(arena, fops_span_from_string(buffer))
                              : fops_path_join(arena, fops_span_from_string(buffer), rest);
}

int true_path(FopsArena *arena, const char *path, bool follow, FopsSpan *ret) {
        FopsSpan joined, dir, found;
        char buffer[PATH_MAX], cwd[PATH_MAX] = "/";

        if (*path != '/' && !getcwd(cwd, sizeof(cwd)))
                return -errno;
        joined = fops_path_join(arena, fops_span_from_string(cwd), fops_span_from_string(path));
        /* What the text can't tell ("link/..") realpath() can, if it is there. */
        if (!joined.data && realpath(path, buffer))
                joined = fops_arena_copy(arena, fops_span_from_string(buffer));
        if (!joined.data)
                return -EINVAL;

        dir = fops_path_dirname(joined);
        found = resolve_beginning(arena, follow || !dir.data ? joined : dir);
        if (!follow && dir.data && found.data)
                found = fops_path_join(arena, found, fops_path_basename(joined));
        if (!found.data)
                return -ENOMEM;
        *ret = found;
        return 0;
}
