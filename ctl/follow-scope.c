/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Paths against roots, by their text: both are true paths. */

#include "follow-scope.h"

#include <sys/stat.h>

#include "path.h"
#include "true-path.h"

void follow_scope_done(FollowScope *s) {
        if (s->has_include)
                regfree(&s->include);
        if (s->has_exclude)
                regfree(&s->exclude);
        free(s->roots);
        fops_arena_done(&s->arena);
        *s = (FollowScope){};
}

/* --- roots ------------------------------------------------------------------------------------------------------------ */

int follow_scope_add(FollowScope *s, const char *path) {
        FollowRoot *roots = reallocarray(s->roots, s->n_roots + 1, sizeof(FollowRoot));
        FollowRoot root = { .shown = fops_span_from_string(path) };
        struct stat st;
        int r;

        if (!roots)
                return -ENOMEM;
        s->roots = roots;
        r = true_path(&s->arena, path, true, &root.path);
        if (r < 0)
                return r;
        while (root.shown.size > 1 && root.shown.data[root.shown.size - 1] == '/')
                root.shown.size--;
        root.is_directory = stat(path, &st) >= 0 && S_ISDIR(st.st_mode);
        s->roots[s->n_roots++] = root;
        return 0;
}

/* --- patterns --------------------------------------------------------------------------------------------------------- */

static int set_pattern(regex_t *pattern, bool *is_set, const char *text, bool ignore_case) {
        int r;

        if (*is_set)
                regfree(pattern);
        r = regcomp(pattern, text, REG_EXTENDED | REG_NOSUB | (ignore_case ? REG_ICASE : 0));
        *is_set = r == 0;
        return r;
}

int follow_scope_include(FollowScope *s, const char *regex, bool ignore_case) {
        return set_pattern(&s->include, &s->has_include, regex, ignore_case);
}

int follow_scope_exclude(FollowScope *s, const char *regex, bool ignore_case) {
        return set_pattern(&s->exclude, &s->has_exclude, regex, ignore_case);
}

static bool passes_patterns(const FollowScope *s, FopsArena *arena, const FollowPlace *place) {
        FopsSpan shown = fops_arena_printf(arena, "%.*s%.*s", (int) place->watched.size, place->watched.data,
                                           (int) place->name.size, place->name.data);

        if (!shown.data)
                return false;
        return (!s->has_include || regexec(&s->include, shown.data, 0, NULL, 0) == 0) &&
               (!s->has_exclude || regexec(&s->exclude, shown.data, 0, NULL, 0) != 0);
}

/* --- places ----------------------------------------------------------------------------------------------------------- */

/* @base, the part @middle below it, and a slash. */
static FopsSpan directory_name(FopsArena *arena, FopsSpan base, FopsSpan middle) {
        bool has_slash = base.size > 0 && base.data[base.size - 1] == '/';

        while (middle.size > 0 && middle.data[0] == '/')
                middle = fops_span_skip(middle, 1);
        return fops_arena_printf(arena, "%.*s%s%.*s%s", (int) base.size, base.data, has_slash ? "" : "/", (int) middle.size,
                                 middle.data, middle.size > 0 ? "/" : "");
}

/* False if @path isn't at or below the root, or below deeper than is followed. */
static bool place_in(const FollowScope *s, FopsArena *arena, const FollowRoot *root, FopsSpan path, bool is_directory,
                     FollowPlace *ret) {
        FopsSpan dir = fops_path_dirname(path);

        if (fops_span_equal(path, root->path)) {
                *ret = (FollowPlace){
                        .watched = root->is_directory || is_directory ? directory_name(arena, root->shown, FOPS_SPAN_LITERAL(""))
                                                                      : root->shown,
                        .name = FOPS_SPAN_LITERAL(""),
                        .is_root = true,
                };
                return true;
        }
        if (!fops_span_is_present(dir) || !fops_path_is_below(dir, root->path) ||
            (!s->recursive && !fops_span_equal(dir, root->path)))
                return false;
        *ret = (FollowPlace){
                .watched = directory_name(arena, root->shown, fops_span_skip(dir, root->path.size)),
                .name = fops_path_basename(path),
        };
        return true;
}

bool follow_scope_place(const FollowScope *s, FopsArena *arena, FopsSpan path, bool is_directory, FollowPlace *ret) {
        static const FollowRoot everything = { .shown = { "/", 1 }, .path = { "/", 1 }, .is_directory = true };
        FollowScope all = { .recursive = true };
        FollowPlace place = {};
        bool found = false;

        if (s->n_roots == 0)
                found = place_in(&all, arena, &everything, path, is_directory, &place);
        for (size_t i = 0; i < s->n_roots && !found; i++)
                found = place_in(s, arena, s->roots + i, path, is_directory, &place);
        if (!found || !place.watched.data || !passes_patterns(s, arena, &place))
                return false;
        *ret = place;
        return true;
}

bool follow_scope_has_directory(const FollowScope *s, FopsSpan dir) {
        if (s->n_roots == 0)
                return true;
        for (size_t i = 0; i < s->n_roots; i++)
                if (s->recursive ? fops_path_is_below(dir, s->roots[i].path) : fops_span_equal(dir, s->roots[i].path))
                        return true;
        return false;
}
