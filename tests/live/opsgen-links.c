/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files opened through symlinks, and made through dangling ones, with O_CREAT: then the records have a directory too, that of the link or
 * that of what it leads to, depending on what the kernel finds in its cache of names. */

#include "opsgen.h"

#include <stdlib.h>
#include <sys/stat.h>

#define N_FLAGS 3
#define N_PLACES 3
#define N_NAMES 5

/* What is in the kernel's cache when a file is opened. */
enum { ALL, NOTHING, ONLY_NAME, ONLY_TARGET, N_CACHED };

/* Where that can't be, all stays in the cache. */
static void forget_names(void) {
        int fd = getenv("OPSGEN_KEEP_NAMES") ? -1 : open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return;
        (void) !write(fd, "2", 1);
        close(fd);
}

static void look_up(const char *path) {
        struct stat st;

        (void) !lstat(path, &st);
}

static void prepare(int cached, const char *name, const char *target) {
        if (cached == ALL)
                return;
        forget_names();
        if (cached != NOTHING)
                look_up(cached == ONLY_NAME ? name : target);
}

static void opens_through(const Place *p, const char *op, const char *leaf, const char *target, int flags, unsigned more) {
        long fd;

        /* To look at what is true would fill the cache. */
        world.is_elsewhere = true;
        fd = perform("openat", (Truth){ op, target, .flags = p->flags | more }, SYS_openat,
                     ARGS(p->dirfd, L(said(p, leaf)), flags, 0644));
        world.is_elsewhere = false;
        if (fd >= 0)
                close((int) fd);
}

/* Each with each, and the ways to open one after another. */
static void opens_what_is_there(const Place *h, const Place places[static N_PLACES]) {
        static const int flags[N_FLAGS] = { O_CREAT | O_WRONLY, O_CREAT | O_WRONLY | O_TRUNC, O_CREAT | O_RDWR | O_APPEND };
        static const char *const names[N_NAMES] = { "real/f", "real/same", "elsewhere", "other/f", "again" };
        const char *target = truly(h, "real/f");

        for (int i = 0; i < N_PLACES * N_NAMES * N_CACHED; i++) {
                const Place *p = places + i % N_PLACES;
                const char *name = names[i / N_PLACES % N_NAMES];
                bool is_link = i / N_PLACES % N_NAMES > 0;

                prepare(i / N_PLACES / N_NAMES, truly(h, name), target);
                opens_through(p, "modify", name, target, flags[i / N_PLACES % N_FLAGS], is_link ? UNNAMED | NAMELESS : 0);
        }
}

static void refuses(const Place *h, const Place places[static N_PLACES]) {
        for (int i = 0; i < N_PLACES * N_CACHED; i++) {
                const Place *p = places + i % N_PLACES;

                prepare(i / N_PLACES, truly(h, "elsewhere"), truly(h, "real/f"));
                opens_through(p, "create", "elsewhere", truly(h, "elsewhere"), O_CREAT | O_EXCL | O_WRONLY, 0);
                prepare(i / N_PLACES, truly(h, "elsewhere"), truly(h, "real/f"));
                opens_through(p, "modify", "elsewhere", truly(h, "elsewhere"), O_CREAT | O_NOFOLLOW | O_WRONLY, 0);
        }
}

static void makes_what_is_missing(const Place *h, const Place places[static N_PLACES]) {
        /* Of one that is called as its target is, the records have the name. */
        static const struct {
                const char *name, *target;
                unsigned flags;
        } links[] = {
                { "dangling", "real/made", UNNAMED | NAMELESS },
                { "real/dangling", "real/made", UNNAMED | NAMELESS },
                { "twice", "real/made", UNNAMED | NAMELESS },
                { "other/made", "real/made", UNNAMED },
        };

        for (size_t i = 0; i < N_PLACES * N_CACHED; i++)
                for (size_t j = 0; j < sizeof links / sizeof *links; j++) {
                        const char *target = truly(h, links[j].target);

                        prepare((int) i / N_PLACES, truly(h, links[j].name), target);
                        opens_through(places + i % N_PLACES, "create", links[j].name, target, O_CREAT | O_WRONLY, links[j].flags);
                        /* Made by a name that the records lack. */
                        opens_through(places + i % N_PLACES, "modify", links[j].name, target, O_CREAT | O_WRONLY, UNNAMED | NAMELESS);
                        removes(h, links[j].target);
                }
}

void set_followed(void) {
        static const char *const links_to[][2] = {
                { "f", "real/same" }, { "real/f", "elsewhere" }, { "../real/f", "other/f" }, { "elsewhere", "again" },
                { "real/made", "dangling" }, { "made", "real/dangling" }, { "dangling", "twice" }, { "../real/made", "other/made" },
        };
        Place h = here();

        makes_directory(&h, "real");
        makes_directory(&h, "other");
        opens(&h, "create", "real/f", O_CREAT | O_WRONLY);
        /* On overlayfs the text is lost of one that is called as its text ends. */
        for (size_t i = 0; i < sizeof links_to / sizeof *links_to; i++) {
                symlinks(&h, links_to[i][0], "new");
                renames(&h, "new", &h, links_to[i][1], 0);
        }

        enter(h.dir);
        const Place places[N_PLACES] = {
                h,
                { h.dir, AT_FDCWD, "", 0 },
                { h.dir, directory_fd(&h, ""), "", UNNAMED },
        };

        opens_what_is_there(&h, places);
        refuses(&h, places);
        makes_what_is_missing(&h, places);
        /* With another name beside it. */
        links(&h, "real/f", &h, "real/hard");
        opens_what_is_there(&h, places);
        close(places[2].dirfd);

        removes(&h, "real/hard");
        removes(&h, "real/f");
        for (size_t i = 0; i < sizeof links_to / sizeof *links_to; i++)
                removes(&h, links_to[i][1]);
        removes_directory(&h, "other");
        removes_directory(&h, "real");
}
