/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The PATHs that are followed, as the user named them and as they truly are:
 *   follow -r data  in /srv:  /srv/data/sub/x  →  watched "data/sub/", name "x"
 * so that lines name things as the user did, as inotifywait(1) does. */

#include <regex.h>

#include "arena.h"

typedef struct FollowRoot {
        FopsSpan shown; /* as given, without slashes at its end but for "/" */
        FopsSpan path;  /* true and absolute */
        bool is_directory;
} FollowRoot;

typedef struct FollowScope {
        FollowRoot *roots; /* none: all paths */
        size_t n_roots;
        bool recursive;
        regex_t include, exclude;
        bool has_include, has_exclude;
        FopsArena arena;
} FollowScope;

/* An all-zero one has no roots. */
void follow_scope_done(FollowScope *s);

/* Adds a PATH: symbolic links in it are followed as far as it exists. 0, -ENOMEM, or another errno if there is no saying
 * what it is (no current directory, too long). */
int follow_scope_add(FollowScope *s, const char *path);

/* What is shown must match, must not match. A later one takes the place of an earlier one. 0, or an error of regcomp(3),
 * for regerror() with the regex. */
int follow_scope_include(FollowScope *s, const char *regex, bool ignore_case);
int follow_scope_exclude(FollowScope *s, const char *regex, bool ignore_case);

/* Where a path is. Spans are in the arena that was given. */
typedef struct FollowPlace {
        FopsSpan watched; /* "data/sub/", or "data/x" for a followed file itself */
        FopsSpan name;    /* "x"; empty for a followed path itself */
        bool is_root;     /* the followed path itself */
} FollowPlace;

/* False if @path, absolute, isn't followed, or memory is out. */
bool follow_scope_place(const FollowScope *s, FopsArena *arena, FopsSpan path, bool is_directory, FollowPlace *ret);

/* True if what is in directory @dir may be followed: for operations of which only that is known. */
bool follow_scope_has_directory(const FollowScope *s, FopsSpan dir);
