/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Entries to where they go. */

#include "publisher.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "sink-journal.h"

/* Errors of a configuration listed in an entry; fopsctl check shows them all. */
#define ERRORS_LISTED_MAX 32U

struct Publisher {
        FopsSinkJournal *journal;
        FopsSinkPrint *print;
        FopsEntry entry;
        uint64_t n_failed;
};

Publisher *publisher_new(bool print, FopsPrintFormat format) {
        _cleanup_(publisher_freep) Publisher *p = calloc(1, sizeof(Publisher));

        if (!p)
                return NULL;
        if (print)
                p->print = fops_sink_print_new(STDOUT_FILENO, format);
        else
                p->journal = fops_sink_journal_new();
        if (!p->print && !p->journal)
                return NULL;
        return TAKE_PTR(p);
}

Publisher *publisher_free(Publisher *p) {
        if (!p)
                return NULL;
        fops_sink_journal_free(p->journal);
        fops_sink_print_free(p->print);
        fops_entry_done(&p->entry);
        free(p);
        return NULL;
}

int publisher_publish(Publisher *p, const FopsEntry *entry) {
        int r;

        r = p->print ? fops_sink_print_write(p->print, entry) : fops_sink_journal_write(p->journal, entry);
        if (r < 0)
                p->n_failed++;
        return r == -EPIPE && p->print ? r : 0;
}

void publisher_state(Publisher *p, int priority, const char *state, const char *format, ...) {
        va_list ap;
        char *text;
        int n;

        va_start(ap, format);
        n = vasprintf(&text, format, ap);
        va_end(ap);
        if (n < 0)
                return;

        fops_entry_begin(&p->entry, FOPS_KIND_STATE, priority);
        fops_entry_add(&p->entry, "MESSAGE", fops_span_from_string(text));
        fops_entry_add(&p->entry, "FOPSD_STATE", fops_span_from_string(state));
        (void) publisher_publish(p, &p->entry);
        free(text);
}

void publisher_refused(Publisher *p, const FopsDiags *diags) {
        const FopsDiag *first = NULL;
        size_t n_listed = 0;

        fops_entry_begin(&p->entry, FOPS_KIND_STATE, LOG_ERR);
        for (size_t i = 0; i < diags->n_items; i++) {
                const FopsDiag *d = diags->items + i;

                if (d->severity != FOPS_ERROR || n_listed++ >= ERRORS_LISTED_MAX)
                        continue;
                if (!first)
                        first = d;
                fops_entry_printf(&p->entry, "FOPSD_ERROR", "%s:%u: %s", d->file ? d->file : "-", d->line, d->text);
        }
        if (first)
                fops_entry_printf(&p->entry, "MESSAGE", "configuration refused, %zu %s; the running one stays: %s:%u: %s",
                                  diags->n_errors, diags->n_errors == 1 ? "error" : "errors", first->file ? first->file : "-",
                                  first->line, first->text);
        fops_entry_add(&p->entry, "FOPSD_STATE", FOPS_SPAN_LITERAL("refused"));
        (void) publisher_publish(p, &p->entry);
}

void publisher_gap(Publisher *p, const char *cause, uint64_t count, uint64_t from_usec, uint64_t until_usec) {
        fops_entry_begin(&p->entry, FOPS_KIND_GAP, LOG_WARNING);
        fops_entry_printf(&p->entry, "MESSAGE", "%ju lost: %s", (uintmax_t) count, cause);
        fops_entry_add(&p->entry, "FOPSD_GAP_CAUSE", fops_span_from_string(cause));
        fops_entry_add_u64(&p->entry, "FOPSD_GAP_COUNT", count);
        fops_entry_printf(&p->entry, "FOPSD_GAP_FROM", "%ju.%03u", (uintmax_t) (from_usec / 1000000),
                          (unsigned) (from_usec / 1000 % 1000));
        fops_entry_printf(&p->entry, "FOPSD_GAP_UNTIL", "%ju.%03u", (uintmax_t) (until_usec / 1000000),
                          (unsigned) (until_usec / 1000 % 1000));
        (void) publisher_publish(p, &p->entry);
}

uint64_t publisher_n_failed(const Publisher *p) {
        return p->n_failed;
}
