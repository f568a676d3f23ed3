/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The end of the journal, as journalctl -f. */

#include "follow-source.h"
#include "journal-entry.h"
#include "journal-files.h"

struct FollowJournal {
        FollowHandlers handlers;
        sd_journal *journal;
        sd_event_source *source;
        JournalEntry read;
        char *cursor; /* of the last entry; NULL: there was none */
};

FollowJournal *follow_journal_free(FollowJournal *j) {
        if (!j)
                return NULL;
        sd_event_source_disable_unref(j->source);
        journal_entry_done(&j->read);
        free(j->cursor);
        sd_journal_close(j->journal);
        free(j);
        return NULL;
}

static int remember(FollowJournal *j) {
        char *cursor;
        int r;

        r = sd_journal_get_cursor(j->journal, &cursor);
        if (r < 0)
                return r;
        free(j->cursor);
        j->cursor = cursor;
        return 0;
}

/* Behind the last entry there is. */
static int go_to_end(FollowJournal *j) {
        int r;

        r = sd_journal_seek_tail(j->journal);
        if (r >= 0)
                r = sd_journal_previous(j->journal);
        return r > 0 ? remember(j) : r;
}

/* To the first entry behind the last one read. Not simply sd_journal_next(): what was at the end of a file goes on only when that has more
 * entries than then, and journald counts an entry before it can be found by its fields. */
static int go_on(FollowJournal *j) {
        int r;

        r = j->cursor ? sd_journal_seek_cursor(j->journal, j->cursor) : sd_journal_seek_head(j->journal);
        if (r >= 0)
                r = sd_journal_next(j->journal);
        return r > 0 && j->cursor && sd_journal_test_cursor(j->journal, j->cursor) > 0 ? sd_journal_next(j->journal) : r;
}

static int read_new(FollowJournal *j) {
        uint64_t usec;
        int r;

        for (r = go_on(j); r > 0; r = sd_journal_next(j->journal)) {
                r = remember(j);
                if (r < 0)
                        return r;
                if (journal_entry_read(&j->read, j->journal, &usec) < 0)
                        continue; /* torn by a crash: the rest goes on */
                r = j->handlers.entry(j->handlers.userdata, &j->read.entry);
                if (r < 0)
                        return r;
        }
        return r;
}

static int on_journal(sd_event_source *source, int fd _unused_, uint32_t revents _unused_, void *userdata) {
        FollowJournal *j = userdata;
        int r;

        r = sd_journal_process(j->journal);
        if (r >= 0)
                r = read_new(j);
        return r < 0 ? follow_end(sd_event_source_get_event(source), r) : 0;
}

int follow_journal_new(sd_event *event, const char *directory, bool merge, FollowHandlers handlers, FollowJournal **ret) {
        _cleanup_(follow_journal_freep) FollowJournal *j = calloc(1, sizeof(FollowJournal));
        bool unreadable = false;
        int r, fd;

        if (!j)
                return -ENOMEM;
        j->handlers = handlers;
        r = journal_open(directory, merge, &j->journal);
        if (r == 0)
                r = journal_check(directory, merge, &unreadable);
        if (r != 0)
                return r;
        (void) sd_journal_set_data_threshold(j->journal, 0);

        r = journal_match_writer(j->journal);
        if (r >= 0)
                r = fd = sd_journal_get_fd(j->journal);
        if (r >= 0)
                r = go_to_end(j);
        if (r >= 0)
                r = sd_event_add_io(event, &j->source, fd, (uint32_t) sd_journal_get_events(j->journal), on_journal, j);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(j);
        return 0;
}
