/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Serial numbers grow with time from boot to boot, and entries come in some order that is nearly that of their events: no later than
 * JOURNAL_LATE_USEC after them. An entry of a smaller number, received at t, says that ours was received after t - LATE; one of a greater
 * number, before t + LATE. Halving what is left finds the hour in which to look at each entry.
 * That is the clock's time, by which sd-journal halves too: the one that counts from the boot it looks for entry by entry. */

#include "journal-serial.h"

#include "journal-entry.h"
#include "journal-files.h"
#include "journal-matches.h"

/* Of halving: each leaves at most three quarters. */
#define WIDTH_USEC (4 * JOURNAL_LATE_USEC)

typedef struct Boots {
        sd_id128_t *ids;
        size_t n_ids;
} Boots;

typedef struct SerialSearch {
        sd_journal *journal;
        sd_id128_t boot;
        uint64_t serial;
        uint64_t from_usec, to_usec; /* when it was received, both included */
} SerialSearch;

static void boots_done(Boots *boots) {
        free(boots->ids);
}

static int add_boot(void *userdata, FopsSpan match) {
        FopsSpan text = fops_span_skip(match, strlen("_BOOT_ID="));
        char buffer[SD_ID128_STRING_MAX];
        Boots *boots = userdata;
        sd_id128_t id, *ids;

        if (text.size >= sizeof(buffer))
                return 0;
        *(char *) mempcpy(buffer, text.data, text.size) = '\0';
        if (sd_id128_from_string(buffer, &id) < 0)
                return 0;
        for (size_t i = 0; i < boots->n_ids; i++)
                if (sd_id128_equal(boots->ids[i], id))
                        return 0;
        ids = reallocarray(boots->ids, boots->n_ids + 1, sizeof(sd_id128_t));
        if (!ids)
                return -ENOMEM;
        boots->ids = ids;
        boots->ids[boots->n_ids++] = id;
        return 0;
}

static bool serial_of(FopsSpan event, uint64_t *ret) {
        const char *colon = memrchr(event.data, ':', event.size);

        return colon && fops_span_to_u64(fops_span_skip(event, (size_t) (colon - event.data) + 1), ret);
}

/* The entry that the journal stands at. 1; 0 if it is of no event; -errno. */
static int read_entry(const SerialSearch *s, FopsSpan *ret_event, uint64_t *ret_serial, uint64_t *ret_usec) {
        const void *data;
        size_t size;
        int r;

        r = sd_journal_get_realtime_usec(s->journal, ret_usec);
        if (r < 0)
                return r;
        r = sd_journal_get_data(s->journal, "FOPSD_EVENT", &data, &size);
        *ret_event = (FopsSpan){ data, r < 0 ? 0 : size };
        return r >= 0 && serial_of(*ret_event, ret_serial);
}

/* The first entry of an event that @move comes to. 1, 0 if there is none, -errno. */
static int find_entry(const SerialSearch *s, int (*move)(sd_journal *j), uint64_t *ret_serial, uint64_t *ret_usec) {
        FopsSpan event;
        int r;

        while ((r = move(s->journal)) > 0)
                if (read_entry(s, &event, ret_serial, ret_usec) > 0)
                        return 1;
        return r;
}

/* What an entry says about where ours is. True if that was more than was known. */
static bool learn(SerialSearch *s, uint64_t serial, uint64_t usec) {
        if (serial < s->serial && usec > s->from_usec + JOURNAL_LATE_USEC) {
                s->from_usec = usec - JOURNAL_LATE_USEC;
                return true;
        }
        if (serial > s->serial && usec + JOURNAL_LATE_USEC < s->to_usec) {
                s->to_usec = usec + JOURNAL_LATE_USEC;
                return true;
        }
        return false;
}

/* Asks the entries on both sides of the middle. 1; 0 if there was nothing to be learnt; -errno. */
static int halve(SerialSearch *s) {
        static int (*const moves[])(sd_journal *j) = { sd_journal_previous, sd_journal_next };
        uint64_t middle_usec = s->from_usec + (s->to_usec - s->from_usec) / 2;
        int learnt = 0;

        for (size_t i = 0; i < ELEMENTSOF(moves); i++) {
                uint64_t serial, usec;
                int r;

                r = sd_journal_seek_realtime_usec(s->journal, middle_usec);
                if (r >= 0)
                        r = find_entry(s, moves[i], &serial, &usec);
                if (r < 0)
                        return r;
                learnt |= r > 0 && learn(s, serial, usec);
        }
        return learnt;
}

/* Begins with all of the boot. 1; 0 if nothing of it is there; -errno. */
static int begin(SerialSearch *s) {
        char match[sizeof("_BOOT_ID=") + SD_ID128_STRING_MAX] = "_BOOT_ID=";
        uint64_t serial;
        int r;

        sd_id128_to_string(s->boot, match + strlen(match));
        sd_journal_flush_matches(s->journal);
        r = journal_match_writer(s->journal);
        if (r >= 0)
                r = sd_journal_add_conjunction(s->journal);
        if (r >= 0)
                r = sd_journal_add_match(s->journal, match, 0);
        if (r >= 0)
                r = sd_journal_seek_head(s->journal);
        if (r >= 0)
                r = find_entry(s, sd_journal_next, &serial, &s->from_usec);
        if (r <= 0)
                return r;
        r = sd_journal_seek_tail(s->journal);
        return r < 0 ? r : find_entry(s, sd_journal_previous, &serial, &s->to_usec);
}

static int look_at_each(const SerialSearch *s, int (*visit)(void *userdata, FopsSpan match), void *userdata) {
        int r;

        r = sd_journal_seek_realtime_usec(s->journal, s->from_usec);
        while (r >= 0 && (r = sd_journal_next(s->journal)) > 0) {
                uint64_t serial, usec;
                FopsSpan event;

                r = read_entry(s, &event, &serial, &usec);
                if (r < 0 || usec > s->to_usec)
                        return MIN(r, 0);
                if (r > 0 && serial == s->serial)
                        r = visit(userdata, event);
                if (r < 0)
                        return r;
        }
        return r;
}

static int search_boot(SerialSearch *s, int (*visit)(void *userdata, FopsSpan match), void *userdata) {
        int r;

        r = begin(s);
        if (r <= 0)
                return r;
        while (s->to_usec > s->from_usec + WIDTH_USEC && (r = halve(s)) > 0)
                ;
        return r < 0 ? r : look_at_each(s, visit, userdata);
}

int journal_each_event(const SourceOptions *options, FopsSpan serial, int (*visit)(void *userdata, FopsSpan match), void *userdata) {
        _cleanup_(sd_journal_closep) sd_journal *j = NULL;
        _cleanup_(boots_done) Boots boots = {};
        SerialSearch s = {};
        int r;

        if (!fops_span_to_u64(serial, &s.serial))
                return -EINVAL;
        r = journal_open(options->directory, options->merge, &j);
        if (r != 0)
                return MIN(r, -EIO);
        s.journal = j;
        r = journal_each_value(options->directory, options->merge, "_BOOT_ID", 0, UINT64_MAX, add_boot, &boots);
        for (size_t i = 0; r >= 0 && i < boots.n_ids; i++) {
                s.boot = boots.ids[i];
                r = search_boot(&s, visit, userdata);
        }
        return r;
}
