/* SPDX-License-Identifier: GPL-2.0-or-later */

/* sd_journal_open() passes over files that it can't open, and reading then finds less than there is. So each is tried. */

#include "journal-files.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static void complain(const char *what, int error) {
        fprintf(stderr, "fopsctl: %s: %s\n", what, strerror(-error));
}

/* The files that are looked for, as a glob. NULL when memory is out. */
static char *file_pattern(const char *directory, bool merge) {
        char *pattern, host[SD_ID128_STRING_MAX];
        sd_id128_t machine = {};
        int r;

        (void) sd_id128_get_machine(&machine);
        sd_id128_to_string(machine, host);
        if (directory)
                r = asprintf(&pattern, "%s/{,*/}*.journal{,~}", directory);
        else if (merge)
                r = asprintf(&pattern, "/{run,var}/log/journal/*/*.journal{,~}");
        else
                r = asprintf(&pattern, "/{run,var}/log/journal/%s/system*.journal{,~}", host);
        return r < 0 ? NULL : pattern;
}

/* How many files can be read, or -ENOMEM. */
static int check_files(const char *pattern, bool *ret_unreadable) {
        int r, n_readable = 0;
        glob_t found;

        r = glob(pattern, GLOB_BRACE, NULL, &found);
        if (r == GLOB_NOSPACE)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < found.gl_pathc; i++) {
                _cleanup_(sd_journal_closep) sd_journal *j = NULL;
                int q = sd_journal_open_files(&j, (const char *[]){ found.gl_pathv[i], NULL }, 0);

                n_readable += q >= 0;
                if (q >= 0 || q == -ENOENT) /* rotated away meanwhile */
                        continue;
                complain(found.gl_pathv[i], q);
                *ret_unreadable = true;
        }
        if (r == 0)
                globfree(&found);
        return n_readable;
}

int journal_check(const char *directory, bool merge, bool *ret_unreadable) {
        _cleanup_free_ char *pattern = file_pattern(directory, merge);
        int r;

        r = pattern ? check_files(pattern, ret_unreadable) : -ENOMEM;
        if (r != 0)
                return MIN(r, 0);
        if (!*ret_unreadable)
                fprintf(stderr, "fopsctl: there is no journal%s%s\n", directory ? " in " : "", directory ? directory : "");
        return 1;
}

int journal_open(const char *directory, bool merge, sd_journal **ret) {
        int r;

        /* fopsd's entries are in the system's files; what users write, in files of their own. */
        r = directory ? sd_journal_open_directory(ret, directory, 0)
                      : sd_journal_open(ret, merge ? 0 : SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r >= 0 || r == -ENOMEM)
                return MIN(r, 0);
        complain(directory ? directory : "journal", r);
        return 1;
}
