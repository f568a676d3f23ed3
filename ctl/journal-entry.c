/* SPDX-License-Identifier: GPL-2.0-or-later */

/* sd-journal's data, "FOPSD_OP=delete" and so on, into fields. */

#include "journal-entry.h"

#include "query.h"

void journal_entry_done(JournalEntry *e) {
        for (size_t i = 0; i < ELEMENTSOF(e->names); i++)
                free(e->names[i]);
        fops_entry_done(&e->entry);
        *e = (JournalEntry){};
}

/* The table's own copy; NULL if the field isn't wanted. */
static const char *intern(JournalEntry *e, FopsSpan name) {
        size_t i = fops_span_hash(name) % JOURNAL_NAME_SLOTS;

        for (; e->names[i]; i = (i + 1) % JOURNAL_NAME_SLOTS)
                if (fops_span_equal_string(name, e->names[i]))
                        return e->names[i];
        if (e->names_closed || e->n_names == JOURNAL_NAMES_MAX)
                return NULL;
        e->names[i] = strndup(name.data, name.size);
        e->n_names += e->names[i] != NULL;
        return e->names[i];
}

void journal_entry_want(JournalEntry *e, const char *field) {
        (void) intern(e, fops_span_from_string(field));
}

void journal_entry_want_no_more(JournalEntry *e) {
        journal_entry_want(e, "FOPSD_TIME");
        e->names_closed = true;
}

static void add_stamps(FopsEntry *e, sd_journal *j, uint64_t realtime_usec) {
        _cleanup_free_ char *cursor = NULL;
        uint64_t monotonic_usec;

        if (sd_journal_get_cursor(j, &cursor) >= 0)
                fops_entry_add(e, "__CURSOR", fops_arena_copy(&e->arena, fops_span_from_string(cursor)));
        fops_entry_add_u64(e, "__REALTIME_TIMESTAMP", realtime_usec);
        if (sd_journal_get_monotonic_usec(j, &monotonic_usec, NULL) >= 0)
                fops_entry_add_u64(e, "__MONOTONIC_TIMESTAMP", monotonic_usec);
}

int journal_entry_read(JournalEntry *e, sd_journal *j, uint64_t *ret_usec) {
        const void *data;
        uint64_t usec;
        size_t size;
        int r;

        r = sd_journal_get_realtime_usec(j, &usec);
        if (r < 0)
                return r;

        fops_arena_reset(&e->entry.arena);
        e->entry.n_fields = 0;
        if (!e->names_closed)
                add_stamps(&e->entry, j, usec);

        sd_journal_restart_data(j);
        while ((r = sd_journal_enumerate_available_data(j, &data, &size)) > 0) {
                const char *equals = memchr(data, '=', size), *name;
                FopsSpan datum = { data, size };
                size_t name_size = equals ? (size_t) (equals - datum.data) : 0;

                name = equals ? intern(e, (FopsSpan){ data, name_size }) : NULL;
                if (name)
                        fops_entry_add(&e->entry, name, fops_arena_copy(&e->entry.arena, fops_span_skip(datum, name_size + 1)));
        }
        if (r < 0)
                return r;

        if (!query_parse_time(fops_entry_get(&e->entry, "FOPSD_TIME"), &usec))
                fops_entry_printf(&e->entry, "FOPSD_TIME", "%ju.%03u", (uintmax_t) (usec / 1000000),
                                  (unsigned) (usec / 1000 % 1000));
        *ret_usec = usec;
        return 0;
}

int journal_match_writer(sd_journal *j) {
        int r;

        if ((r = sd_journal_add_match(j, "SYSLOG_IDENTIFIER=fopsd", 0)) < 0 || (r = sd_journal_add_conjunction(j)) < 0 ||
            (r = sd_journal_add_match(j, "_UID=0", 0)) < 0 || (r = sd_journal_add_disjunction(j)) < 0 ||
            (r = sd_journal_add_match(j, "_SYSTEMD_UNIT=fopsd.service", 0)) < 0)
                return r;
        return sd_journal_add_disjunction(j);
}
