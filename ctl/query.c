/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Entries against a query. */

#include "query.h"

#include "path.h"

const char *const query_fields[] = { "FOPSD_OP", "FOPSD_PATH", "FOPSD_NEW_PATH", "FOPSD_DIR", NULL };

void query_done(Query *q) {
        for (size_t i = 0; i < ELEMENTSOF(q->terms); i++)
                free(q->terms[i].items);
        *q = (Query){};
}

int query_add(QueryTerm *term, const char *field, QueryMatch match, FopsSpan value) {
        QueryAlternative *items = reallocarray(term->items, term->n_items + 1, sizeof(QueryAlternative));

        if (!items)
                return -ENOMEM;
        term->items = items;
        term->items[term->n_items++] = (QueryAlternative){ field, match, value };
        return 0;
}

/* 1795309541.349:12 */
static bool has_serial(FopsSpan event, FopsSpan serial) {
        return event.size > serial.size && fops_span_ends_with(event, serial) &&
               event.data[event.size - serial.size - 1] == ':';
}

bool query_value_matches(const QueryAlternative *a, FopsSpan value) {
        switch (a->match) {
        case QUERY_EQUAL:
                return fops_span_equal(value, a->value);
        case QUERY_PART:
                return value.data && memmem(value.data, value.size, a->value.data, a->value.size);
        case QUERY_LAST:
                return value.data && fops_span_equal(fops_path_basename(value), a->value);
        case QUERY_SERIAL:
                return value.data && has_serial(value, a->value);
        case QUERY_BELOW:
        case QUERY_ABSENT:
                break;
        }
        return false;
}

static bool is_below(const FopsEntry *e, FopsSpan dir) {
        return fops_path_is_below(fops_entry_get(e, "FOPSD_PATH"), dir) ||
               fops_path_is_below(fops_entry_get(e, "FOPSD_NEW_PATH"), dir) ||
               fops_path_is_below(fops_entry_get(e, "FOPSD_DIR"), dir);
}

static bool alternative_matches(const QueryAlternative *a, const FopsEntry *e) {
        if (a->match == QUERY_ABSENT)
                return !fops_entry_get(e, a->field).data && fops_entry_get(e, "FOPSD_OP").data;
        if (a->match == QUERY_BELOW)
                return is_below(e, a->value);

        for (size_t i = 0; i < e->n_fields; i++)
                if (strcmp(e->fields[i].name, a->field) == 0 && query_value_matches(a, e->fields[i].value))
                        return true;
        return false;
}

static bool term_matches(const QueryTerm *term, const FopsEntry *e) {
        for (size_t i = 0; i < term->n_items; i++)
                if (alternative_matches(term->items + i, e))
                        return true;
        return term->n_items == 0;
}

bool query_matches(const Query *q, uint32_t settled, const FopsEntry *e) {
        for (size_t i = 0; i < ELEMENTSOF(q->terms); i++)
                if (!(settled & UINT32_C(1) << i) && !term_matches(q->terms + i, e))
                        return false;
        return true;
}

bool query_parse_time(FopsSpan s, uint64_t *ret_usec) {
        const char *dot = s.data ? memchr(s.data, '.', s.size) : NULL;
        uint32_t msec;
        uint64_t sec;

        if (!dot || s.data + s.size - dot != 4 || !fops_span_to_u64((FopsSpan){ s.data, (size_t) (dot - s.data) }, &sec) ||
            !fops_span_to_u32((FopsSpan){ dot + 1, 3 }, &msec) || sec > UINT64_MAX / 1000000 - 1)
                return false;
        *ret_usec = sec * 1000000 + msec * UINT64_C(1000);
        return true;
}
