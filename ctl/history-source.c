/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Each question of a history, put to the journal's indexes: a name, exactly, and those of the directories above it. */

#include "history-source.h"

#include "path.h"
#include "source.h"

/* Gaps and stops, the latest. */
#define OTHERS_MAX 256U
/* The term that no question uses. */
#define TERM_HOST 3

/* The operations of each question. */
static const FopsOpMask naming = FOPS_OP_BIT(FOPS_OP_CREATE) | FOPS_OP_BIT(FOPS_OP_MKDIR) | FOPS_OP_BIT(FOPS_OP_MKNOD) |
                                 FOPS_OP_BIT(FOPS_OP_SYMLINK) | FOPS_OP_BIT(FOPS_OP_LINK) | FOPS_OP_BIT(FOPS_OP_DELETE) |
                                 FOPS_OP_BIT(FOPS_OP_RMDIR) | FOPS_OP_BIT(FOPS_OP_RENAME) | FOPS_OP_BIT(FOPS_OP_EXCHANGE);
static const FopsOpMask moving = FOPS_OP_BIT(FOPS_OP_DELETE) | FOPS_OP_BIT(FOPS_OP_RMDIR) | FOPS_OP_BIT(FOPS_OP_RENAME) |
                                 FOPS_OP_BIT(FOPS_OP_EXCHANGE);
static const FopsOpMask changing = FOPS_OP_BIT(FOPS_OP_MODIFY) | FOPS_OP_BIT(FOPS_OP_TRUNCATE) | FOPS_OP_BIT(FOPS_OP_CHMOD) |
                                   FOPS_OP_BIT(FOPS_OP_CHOWN) | FOPS_OP_BIT(FOPS_OP_SETXATTR) |
                                   FOPS_OP_BIT(FOPS_OP_REMOVEXATTR) | FOPS_OP_BIT(FOPS_OP_UTIME) | FOPS_OP_BIT(FOPS_OP_MOUNT) |
                                   FOPS_OP_BIT(FOPS_OP_UMOUNT);

static int add_equal(QueryTerm *term, const char *field, const char *value) {
        return query_add(term, field, QUERY_EQUAL, fops_span_from_string(value));
}

static int add_ops(QueryTerm *term, FopsOpMask ops) {
        int r = 0;

        for (FopsOp op = 0; op < _FOPS_OP_MAX && r >= 0; op++)
                if (ops & FOPS_OP_BIT(op))
                        r = add_equal(term, "FOPSD_OP", fops_op_to_string(op));
        return r;
}

static int add_names(QueryTerm *term, FopsSpan path) {
        int r;

        r = query_add(term, "FOPSD_PATH", QUERY_EQUAL, path);
        return r < 0 ? r : query_add(term, "FOPSD_NEW_PATH", QUERY_EQUAL, path);
}

/* The root is never renamed. */
static int add_directories(QueryTerm *term, FopsSpan path) {
        int r = 0;

        for (FopsSpan dir = fops_path_dirname(path); dir.size > 1 && r >= 0; dir = fops_path_dirname(dir))
                r = add_names(term, dir);
        return r;
}

static int add_question(Query *q, const HistoryQuestion *question) {
        int r = 0;

        switch (question->kind) {
        case HISTORY_OF_NAME:
                r = add_names(q->terms, question->path);
                return r < 0 ? r : add_ops(q->terms + 1, naming);
        case HISTORY_OF_CHANGES:
                r = query_add(q->terms, "FOPSD_PATH", QUERY_EQUAL, question->path);
                return r < 0 ? r : add_ops(q->terms + 1, changing);
        case HISTORY_OF_DIRECTORIES:
                r = add_directories(q->terms, question->path);
                return r < 0 ? r : add_ops(q->terms + 1, moving);
        case HISTORY_OF_INODE:
                r = query_add(q->terms, "FOPSD_INODE", QUERY_EQUAL, question->inode);
                if (r >= 0)
                        r = query_add(q->terms + 1, "FOPSD_DEV", QUERY_EQUAL, question->dev);
                return r < 0 ? r : add_ops(q->terms + 2, changing | naming);
        }
        return r;
}

/* Puts @query, which it ends. */
static int put(HistorySource *s, Query *query, uint64_t last, SourceVisit visit, void *userdata) {
        SourceOptions source = {
                .query = query,
                .fields = s->fields,
                .last = last,
                .visit = visit,
                .userdata = userdata,
                .directory = s->directory,
                .merge = s->merge,
                .is_checked = s->is_checked,
                .files = s->files,
                .n_files = s->n_files,
                .command = "fopsctl why -i -",
        };
        int r = 0;

        if (s->host) {
                r = add_equal(query->terms + TERM_HOST, "_HOSTNAME", s->host);
                if (r >= 0)
                        r = add_equal(query->terms + TERM_HOST, "FOPSD_NODE", s->host);
        }
        if (r >= 0)
                r = source_read(&source, NULL);
        query_done(query);
        s->is_checked = true;
        s->unreadable |= r > 0;
        return MIN(r, 0);
}

static int take(void *userdata, const FopsEntry *entry) {
        int r;

        r = history_take(userdata, entry);
        return r < 0 ? r : SOURCE_GO_ON;
}

int history_source_ask(void *userdata, History *h, const HistoryQuestion *question) {
        Query query = { .since_usec = question->since_usec, .until_usec = question->until_usec };
        int r;

        r = add_question(&query, question);
        /* The root has no directories above it, and no terms would mean everything. */
        if (r < 0 || query.terms[0].n_items == 0) {
                query_done(&query);
                return r;
        }
        return put(userdata, &query, HISTORY_ANSWERS_MAX, take, h);
}

int history_source_ask_for_gaps(HistorySource *s, History *h, uint64_t since_usec) {
        Query query = { .since_usec = since_usec, .until_usec = UINT64_MAX };
        int r;

        r = add_equal(query.terms, "FOPSD_KIND", "gap");
        if (r >= 0)
                r = add_equal(query.terms, "FOPSD_STATE", "stopped");
        if (r >= 0)
                r = add_equal(query.terms, "FOPSD_STATE", "started");
        if (r < 0) {
                query_done(&query);
                return r;
        }
        return put(s, &query, OTHERS_MAX, take, h);
}

static int take_first(void *userdata, const FopsEntry *entry) {
        (void) query_parse_time(fops_entry_get(entry, "FOPSD_TIME"), userdata);
        return SOURCE_ENOUGH;
}

int history_source_ask_for_beginning(HistorySource *s, uint64_t *ret_usec) {
        Query query = { .until_usec = UINT64_MAX };
        bool was_checked = s->is_checked;
        uint64_t usec = 0;
        int r;

        s->is_checked |= s->n_files > 0;
        r = put(s, &query, 0, take_first, &usec);
        if (s->n_files > 0)
                s->is_checked = was_checked; /* only a part of them was read */
        if (r >= 0)
                *ret_usec = usec;
        return r;
}
