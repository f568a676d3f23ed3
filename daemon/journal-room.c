/* SPDX-License-Identifier: GPL-2.0-or-later */

/* stat(2) of journald's file, statvfs(3) of its disk. */

#include "journal-room.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <systemd/sd-id128.h>

#include "util.h"

/* journald makes its file larger by 8 MiB at a time (FILE_SIZE_INCREASE), and others write too: 3 GB a second is 20 ms until it is full. */
#define SCARCE_BYTES (UINT64_C(64) << 20)

static bool find_file(JournalPlace *p) {
        static const char *const roots[] = { "/var/log/journal", "/run/log/journal" };
        sd_id128_t machine;

        if (sd_id128_get_machine(&machine) < 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(roots); i++) {
                char directory[sizeof(p->directory)], file[PATH_MAX];
                struct stat st;

                snprintf(directory, sizeof(directory), "%s/" SD_ID128_FORMAT_STR, roots[i], SD_ID128_FORMAT_VAL(machine));
                snprintf(file, sizeof(file), "%s/system.journal", directory);
                if (stat(file, &st) == 0) {
                        strcpy(p->directory, directory);
                        return true;
                }
        }
        return false;
}

JournalRoom journal_place_look(JournalPlace *p) {
        bool is_there = find_file(p);
        struct statvfs disk;

        if (statvfs(p->directory, &disk) < 0 || (uint64_t) disk.f_bavail * disk.f_frsize >= SCARCE_BYTES)
                return JOURNAL_ROOM_AMPLE;
        return is_there ? JOURNAL_ROOM_SCARCE : JOURNAL_ROOM_NONE;
}
