/* SPDX-License-Identifier: GPL-2.0-or-later */

/* sd_journal_open() passes over files that it can't open, and reading then finds less than there is. So each is tried.
 *
 * sd_journal_enumerate_unique() over many files looks each value up in all files before it, and, over more than half a
 * gigabyte, maps and unmaps at every step: 40 µs a value instead of 2 (Linux 6.18, systemd 252). So that too is done file
 * by file. */

#include "journal-files.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

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

/* sd_journal keeps all files open, and passes without a word over those for which there is no descriptor. A program gets 1,024 unless
 * it asks for more, since select(2) can't have more, which nothing here uses. */
static void allow_many_files(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &limit);
        }
}

int journal_open(const char *directory, bool merge, sd_journal **ret) {
        int r;

        allow_many_files();
        /* fopsd's entries are in the system's files; what users write, in files of their own. */
        r = directory ? sd_journal_open_directory(ret, directory, 0)
                      : sd_journal_open(ret, merge ? 0 : SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r >= 0 || r == -ENOMEM)
                return MIN(r, 0);
        complain(directory ? directory : "journal", r);
        return 1;
}

static bool is_within(sd_journal *j, uint64_t since_usec, uint64_t until_usec) {
        uint64_t from_usec, to_usec;

        int r = sd_journal_get_cutoff_realtime_usec(j, &from_usec, &to_usec);

        /* Without an entry in it there is no value either; of a damaged one who knows. */
        return r != 0 && (r < 0 || (to_usec >= since_usec && from_usec <= until_usec));
}

static int each_value_of_file(sd_journal *j, const char *field, int (*visit)(void *userdata, FopsSpan match), void *userdata) {
        const void *data;
        size_t size;
        int r;

        (void) sd_journal_set_data_threshold(j, 0);
        r = sd_journal_query_unique(j, field);
        while (r >= 0 && (r = sd_journal_enumerate_available_unique(j, &data, &size)) > 0) {
                r = visit(userdata, (FopsSpan){ data, size });
                if (r != 0)
                        return r;
        }
        return MIN(r, 0);
}

int journal_each_value(const char *directory, bool merge, const char *field, uint64_t since_usec, uint64_t until_usec,
                       int (*visit)(void *userdata, FopsSpan match), void *userdata) {
        _cleanup_free_ char *pattern = file_pattern(directory, merge);
        glob_t found;
        int r = 0;

        if (!pattern)
                return -ENOMEM;
        switch (glob(pattern, GLOB_BRACE, NULL, &found)) {
        case 0:
                break;
        case GLOB_NOSPACE:
                return -ENOMEM;
        default:
                return 0;
        }
        for (size_t i = 0; i < found.gl_pathc && r == 0; i++) {
                _cleanup_(sd_journal_closep) sd_journal *j = NULL;

                if (sd_journal_open_files(&j, (const char *[]){ found.gl_pathv[i], NULL }, 0) >= 0 &&
                    is_within(j, since_usec, until_usec))
                        r = each_value_of_file(j, field, visit, userdata);
        }
        globfree(&found);
        return r;
}
