/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A watch for this boot is a drop-in file of its own:
 *   /srv/data → /run/fopsd.conf.d/watch-srv-data.conf:
 *   watches = ( { path = "/srv/data"; ops = [ "write", "attr" ]; key = "data"; } ); */

#include <stdio.h>

#include "arena.h"
#include "diag.h"

/* The path as a watch's: absolute, and one that stands there though it looks like a pattern is written so that it is none. Absent,
 * and said on standard error, if its text doesn't tell where it leads. In @arena. */
FopsSpan watch_file_path(const char *path, FopsArena *arena);

/* The name of its file, one for each path; two differ in name if they differ at all. In @arena; absent when memory is out. Pure. */
FopsSpan watch_file_name(FopsSpan path, FopsArena *arena);

/* What is in it. @ops: words with commas between, or NULL; @key: or NULL. Any bytes are fine. */
void watch_file_print(FopsSpan path, const char *ops, const char *key, FILE *f);

/* Puts the file into the drop-ins of /run, in place of one of that name, if the whole configuration is good with it; else nothing
 * is changed. 0; 1: there are errors in @diags; or -errno. */
int watch_file_install(FopsSpan path, const char *ops, const char *key, FopsDiags *diags);

/* 0; -ENOENT: there is none; or another -errno. */
int watch_file_remove(FopsSpan path);
