/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One name in two directories, moved from the one to the other and exchanged. The kernel looks for the records' items by the last
 * component, so that they get into each other's; and which of them do depends on how either is said. */

#include "opsgen.h"

#include <string.h>

#define N_FROM 3
#define N_TO 4
/* What has the name in either: a file, or a directory. */
#define N_KINDS 4

static void makes(const Place *p, bool is_directory) {
        if (is_directory)
                makes_directory(p, "h");
        else
                opens(p, "create", "h", O_CREAT | O_WRONLY);
}

static void unmakes(const Place *p, bool is_directory) {
        if (is_directory)
                removes_directory(p, "h");
        else
                removes(p, "h");
}

/* In the directory that has the name now. */
static void works_below(const Place *p, bool is_directory) {
        if (!is_directory)
                return;
        opens(p, "create", "h/x", O_CREAT | O_WRONLY);
        removes(p, "h/x");
}

/* By one pointer for both, where they are said alike. */
static void renames_alike(const Place *from, const Place *to, unsigned flags) {
        const char *name = said(from, "h"), *new_name = said(to, "h");

        if (strcmp(name, new_name) == 0)
                new_name = name;
        perform("renameat2",
                (Truth){ flags & RENAME_EXCHANGE ? "exchange" : "rename", truly(from, "h"), truly(to, "h"),
                         .flags = flags_of_two(from, to) },
                SYS_renameat2, ARGS(from->dirfd, L(name), to->dirfd, L(new_name), flags));
}

void set_alike(void) {
        Place h = here(), a, b;

        makes_directory(&h, "a");
        makes_directory(&h, "b");
        enter(truly(&h, "b"));
        a = (Place){ truly(&h, "a"), AT_FDCWD, "../a/", 0 };
        b = (Place){ truly(&h, "b"), AT_FDCWD, "", 0 };

        const Place from[N_FROM] = {
                a,
                { a.dir, directory_fd(&h, "a"), "", UNNAMED_BOTH },
                { a.dir, AT_FDCWD, text("%s/", a.dir), 0 },
        };
        const Place to[N_TO] = {
                b,
                { b.dir, directory_fd(&h, "b"), "", UNNAMED_BOTH },
                { b.dir, AT_FDCWD, "../b/", 0 },
                { b.dir, AT_FDCWD, text("%s/", b.dir), 0 },
        };

        for (int i = 0; i < N_FROM * N_TO * N_KINDS; i++) {
                const Place *p = from + i % N_FROM, *q = to + i / N_FROM % N_TO;
                bool is_directory = i / (N_FROM * N_TO) % 2, is_directory_there = i / (N_FROM * N_TO) / 2;

                makes(&a, is_directory);
                makes(&b, is_directory_there);
                renames_alike(p, q, RENAME_EXCHANGE);
                works_below(&a, is_directory_there);
                works_below(&b, is_directory);
                renames(p, "h", q, "h", RENAME_EXCHANGE);
                works_below(&a, is_directory);
                works_below(&b, is_directory_there);

                unmakes(&b, is_directory_there);
                renames_alike(p, q, 0);
                works_below(&b, is_directory);
                unmakes(&b, is_directory);
        }

        close(from[1].dirfd);
        close(to[1].dirfd);
        removes_directory(&h, "a");
        removes_directory(&h, "b");
}
