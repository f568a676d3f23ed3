/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Whether journald has where to put entries. It takes them from its socket whatever becomes of them: on a full disk it archives its file
 * for a new one, which it can't make, and drops everything until it can. So its file is missing then. */

typedef enum JournalRoom {
        JOURNAL_ROOM_AMPLE,  /* or nothing is known of it: no file of journald's was ever there, or its disk doesn't say */
        JOURNAL_ROOM_SCARCE, /* a moment later there may be none */
        JOURNAL_ROOM_NONE,   /* entries would be dropped */
} JournalRoom;

typedef struct JournalPlace {
        char directory[64]; /* where journald's file was seen last; empty: nowhere yet */
} JournalPlace;

JournalRoom journal_place_look(JournalPlace *p);
