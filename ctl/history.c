/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Each name is looked at once, its notes from the oldest to the newest:
 *   came (created, renamed to, its directory renamed to) … was changed … went (deleted, renamed, its directory gone)
 * For the path that was asked for all of it is told; for the names before, what lies between the last coming and the rename away;
 * for the names after, what lies between the rename there and the next going. */

#include "history.h"

#include "path.h"
#include "query.h"

typedef enum Role {
        ROLE_NONE,
        ROLE_CHANGED,
        ROLE_MADE,      /* here and new */
        ROLE_CAME,      /* here from another name */
        ROLE_CAME_WITH, /* its directory came: it was in it, or not */
        ROLE_DELETED,
        ROLE_WENT,      /* to another name */
        ROLE_WENT_WITH, /* its directory did */
        ROLE_DIRECTORY_DELETED,
} Role;

void history_done(History *h) {
        free(h->notes);
        fops_arena_done(&h->arena);
        *h = (History){};
}

/* --- notes ------------------------------------------------------------------------------------------------------------ */

static bool is_known(const History *h, FopsSpan event) {
        for (size_t i = h->n_notes; i-- > 0 && event.data;)
                if (fops_span_equal(h->notes[i]->event, event))
                        return true;
        return false;
}

FopsSpan history_note_get(const HistoryNote *n, const char *name) {
        for (size_t i = 0; i < n->n_fields; i++)
                if (strcmp(n->fields[i].name, name) == 0)
                        return n->fields[i].value;
        return FOPS_SPAN_ABSENT;
}

/* 1795309541.349:12 */
static uint64_t serial_of(FopsSpan event) {
        const char *colon = event.data ? memrchr(event.data, ':', event.size) : NULL;
        uint64_t serial = 0;

        if (colon)
                (void) fops_span_to_u64(fops_span_skip(event, (size_t) (colon - event.data) + 1), &serial);
        return serial;
}

static HistoryNote *copy(History *h, const FopsEntry *e, FopsOp op, uint64_t usec) {
        HistoryNote *n = fops_arena_calloc(&h->arena, 1, sizeof(HistoryNote));
        FopsField *fields = fops_arena_calloc(&h->arena, MAX(e->n_fields, (size_t) 1), sizeof(FopsField));

        if (!n || !fields)
                return NULL;
        for (size_t i = 0; i < e->n_fields; i++) {
                const FopsField *f = e->fields + i;

                fields[i] = (FopsField){ .name = fops_arena_copy(&h->arena, (FopsSpan){ f->name, f->name_size }).data,
                                         .name_size = f->name_size,
                                         .value = fops_arena_copy(&h->arena, f->value) };
                if (!fields[i].name || !fields[i].value.data)
                        return NULL;
        }
        *n = (HistoryNote){ .usec = usec, .op = op, .n_fields = e->n_fields, .fields = fields };
        n->event = history_note_get(n, "FOPSD_EVENT");
        n->serial = serial_of(n->event);
        n->path = history_note_get(n, "FOPSD_PATH");
        n->new_path = history_note_get(n, "FOPSD_NEW_PATH");
        n->is_told = op == _FOPS_OP_MAX;
        n->is_failed = fops_span_equal_string(history_note_get(n, "FOPSD_RESULT"), "failed");
        return n;
}

int history_take(History *h, const FopsEntry *e) {
        HistoryNote **notes, *note;
        uint64_t usec;
        FopsOp op;

        if (!query_parse_time(fops_entry_get(e, "FOPSD_TIME"), &usec) || is_known(h, fops_entry_get(e, "FOPSD_EVENT")) ||
            h->n_notes >= HISTORY_NOTES_MAX)
                return 0;
        if (!fops_op_from_string(fops_entry_get(e, "FOPSD_OP"), &op))
                op = _FOPS_OP_MAX;
        notes = reallocarray(h->notes, h->n_notes + 1, sizeof(HistoryNote *));
        if (!notes)
                return -ENOMEM;
        h->notes = notes;
        note = copy(h, e, op, usec);
        if (!note)
                return -ENOMEM;
        h->notes[h->n_notes++] = note;
        return 0;
}

static int compare_notes(const void *a, const void *b) {
        const HistoryNote *x = *(HistoryNote *const *) a, *y = *(HistoryNote *const *) b;

        if (x->usec != y->usec)
                return x->usec < y->usec ? -1 : 1;
        return (x->serial > y->serial) - (x->serial < y->serial);
}

void history_sort(History *h) {
        if (h->n_notes > 0)
                qsort(h->notes, h->n_notes, sizeof(HistoryNote *), compare_notes);
}

/* --- one note and one name -------------------------------------------------------------------------------------------- */

static bool is_above(FopsSpan dir, FopsSpan path) {
        return dir.data && dir.size < path.size && fops_path_is_below(path, dir);
}

static Role role_at_path(const HistoryNote *n, FopsSpan path) {
        bool is_old = fops_span_equal(n->path, path), is_new = fops_span_equal(n->new_path, path);

        switch (n->op) {
        case FOPS_OP_CREATE:
        case FOPS_OP_MKDIR:
        case FOPS_OP_MKNOD:
        case FOPS_OP_SYMLINK:
                return is_old ? ROLE_MADE : ROLE_NONE;
        case FOPS_OP_LINK:
                return is_new ? ROLE_CAME : is_old ? ROLE_CHANGED : ROLE_NONE;
        case FOPS_OP_RENAME:
                return is_new ? ROLE_CAME : is_old ? ROLE_WENT : ROLE_NONE;
        case FOPS_OP_EXCHANGE:
                return is_new || is_old ? ROLE_CAME : ROLE_NONE;
        case FOPS_OP_DELETE:
        case FOPS_OP_RMDIR:
                return is_old ? ROLE_DELETED : ROLE_NONE;
        default:
                return is_old ? ROLE_CHANGED : ROLE_NONE;
        }
}

static Role role_above_path(const HistoryNote *n, FopsSpan path) {
        bool is_old = is_above(n->path, path), is_new = is_above(n->new_path, path);

        switch (n->op) {
        case FOPS_OP_RENAME:
                /* Within a directory that is above both, neither is above the path. */
                return is_new ? ROLE_CAME_WITH : is_old ? ROLE_WENT_WITH : ROLE_NONE;
        case FOPS_OP_EXCHANGE:
                return is_new || is_old ? ROLE_CAME_WITH : ROLE_NONE;
        case FOPS_OP_DELETE:
        case FOPS_OP_RMDIR:
                return is_old ? ROLE_DIRECTORY_DELETED : ROLE_NONE;
        default:
                return ROLE_NONE;
        }
}

static Role role_of(const HistoryNote *n, FopsSpan path) {
        Role role = role_at_path(n, path);

        /* What failed happened, but changed nothing. */
        if (n->is_failed)
                return role == ROLE_NONE ? ROLE_NONE : ROLE_CHANGED;
        return role == ROLE_NONE ? role_above_path(n, path) : role;
}

/* The other name of @path in a rename that brought it or took it, of its own or of a directory above. */
static FopsSpan other_name(History *h, const HistoryNote *n, FopsSpan path) {
        bool is_new = n->new_path.data && fops_path_is_below(path, n->new_path);
        FopsSpan here = is_new ? n->new_path : n->path, there = is_new ? n->path : n->new_path;

        if (!there.data)
                return FOPS_SPAN_ABSENT;
        return fops_arena_printf(&h->arena, "%.*s%.*s", (int) there.size, there.data, (int) (path.size - here.size),
                                 path.data + here.size);
}

/* --- names ------------------------------------------------------------------------------------------------------------ */

/* A name that the object had before it came to another. */
typedef struct Former {
        FopsSpan path;
        const HistoryNote *left; /* how it got its next name */
        bool is_last;            /* of what was at the path last */
} Former;

typedef struct Trace {
        History *history;
        HistoryAsk ask;
        void *userdata;
        Former formers[HISTORY_NAMES_MAX];
        size_t n_formers;
} Trace;

static bool is_after(const HistoryNote *n, const HistoryNote *other) {
        return compare_notes(&n, &other) > 0;
}

/* Asks for all that there is about a name between two notes, either NULL for no end. */
static int ask_for(Trace *t, FopsSpan path, const HistoryNote *since, const HistoryNote *until) {
        HistoryQuestion question = {
                .path = path,
                .since_usec = since ? since->usec : 0,
                .until_usec = until ? until->usec : UINT64_MAX,
        };
        History *h = t->history;
        int r = 0;

        h->n_names++;
        for (question.kind = HISTORY_OF_NAME; question.kind <= HISTORY_OF_DIRECTORIES && r >= 0; question.kind++)
                r = t->ask(t->userdata, h, &question);
        history_sort(h);
        return r;
}

static void remember_former(Trace *t, const HistoryNote *came, FopsSpan path, bool is_last) {
        FopsSpan former = other_name(t->history, came, path);

        if (former.data && t->n_formers < HISTORY_NAMES_MAX)
                t->formers[t->n_formers++] = (Former){ former, came, is_last };
}

/* Back to how the object came to its former name. */
static int trace_former(Trace *t, Former former) {
        History *h = t->history;
        int r;

        r = ask_for(t, former.path, NULL, former.left);
        if (r < 0)
                return r;
        for (size_t i = h->n_notes; i-- > 0;) {
                HistoryNote *n = h->notes[i];
                Role role = is_after(former.left, n) ? role_of(n, former.path) : ROLE_NONE;

                if (role >= ROLE_DELETED)
                        return 0; /* that was another one, before */
                if (role == ROLE_NONE)
                        continue;
                n->is_told = true;
                if (role == ROLE_CAME || role == ROLE_CAME_WITH)
                        remember_former(t, n, former.path, former.is_last);
                if (role == ROLE_MADE)
                        h->begins |= former.is_last;
                if (role != ROLE_CHANGED)
                        return 0;
        }
        return 0;
}

/* Forward from where it went. */
static int trace_departed(Trace *t, FopsSpan path) {
        const HistoryNote *came = t->history->last;
        FopsSpan name = other_name(t->history, came, path);
        History *h = t->history;
        int r;

        while (name.data) {
                const HistoryNote *left = NULL;

                h->path_elsewhere = name;
                h->state_elsewhere = HISTORY_PRESENT;
                if (h->n_names >= HISTORY_NAMES_MAX)
                        return 0;
                r = ask_for(t, name, came, NULL);
                if (r < 0)
                        return r;
                for (size_t i = 0; i < h->n_notes && !left; i++) {
                        HistoryNote *n = h->notes[i];
                        Role role = is_after(n, came) ? role_of(n, name) : ROLE_NONE;

                        n->is_told |= role != ROLE_NONE;
                        if (role != ROLE_NONE && role != ROLE_CHANGED) {
                                left = n;
                                h->state_elsewhere = role == ROLE_WENT || role == ROLE_WENT_WITH ? HISTORY_MOVED : HISTORY_DELETED;
                        }
                }
                h->last_elsewhere = left;
                came = left;
                name = left && h->state_elsewhere == HISTORY_MOVED ? other_name(h, left, name) : FOPS_SPAN_ABSENT;
        }
        return 0;
}

/* --- the path itself -------------------------------------------------------------------------------------------------- */

/* What is known while its notes are walked, the oldest first. */
typedef struct Walk {
        FopsSpan path;
        HistoryNote *came_with; /* its directory came, and whether it was in it isn't clear yet */
        const HistoryNote *came; /* how the last one came; NULL: not recorded */
} Walk;

/* It was in the directory. */
static void settle_directory(Trace *t, Walk *w) {
        if (!w->came_with)
                return;
        w->came_with->is_told = true;
        w->came = w->came_with;
        remember_former(t, w->came_with, w->path, false);
        w->came_with = NULL;
}

static void set_state(Trace *t, HistoryNote *n, HistoryState state) {
        n->is_told = true;
        t->history->state = state;
        t->history->last = n;
}

static void walk_note(Trace *t, Walk *w, HistoryNote *n) {
        History *h = t->history;
        bool was_gone = h->state == HISTORY_DELETED || h->state == HISTORY_MOVED;
        Role role = role_of(n, w->path);

        if (role == ROLE_NONE)
                return;
        if (n->is_failed) {
                n->is_told = true;
                return;
        }
        if (role == ROLE_CAME_WITH) {
                w->came_with = n;
                return;
        }
        /* What isn't there doesn't go with its directory. */
        if ((role == ROLE_WENT_WITH || role == ROLE_DIRECTORY_DELETED) && was_gone && !w->came_with)
                return;
        if (role == ROLE_MADE || role == ROLE_CAME)
                w->came_with = NULL;
        settle_directory(t, w);

        switch (role) {
        case ROLE_MADE:
        case ROLE_CAME:
                w->came = n;
                if (role == ROLE_CAME)
                        remember_former(t, n, w->path, false);
                _fallthrough_;
        case ROLE_CHANGED:
                set_state(t, n, HISTORY_PRESENT);
                break;
        case ROLE_WENT:
        case ROLE_WENT_WITH:
                set_state(t, n, HISTORY_MOVED);
                break;
        default:
                set_state(t, n, HISTORY_DELETED);
        }
}

/* What was done to the last one by no known path, by its inode, as long as it was there. */
static int trace_inode(Trace *t, const Walk *w) {
        HistoryQuestion question = { .kind = HISTORY_OF_INODE, .since_usec = w->came ? w->came->usec : 0 };
        History *h = t->history;
        int r;

        question.until_usec = h->state == HISTORY_PRESENT ? UINT64_MAX : h->last->usec;
        for (size_t i = h->n_notes; i-- > 0 && !question.inode.data;)
                if (h->notes[i]->is_told && role_at_path(h->notes[i], w->path) != ROLE_NONE) {
                        question.inode = history_note_get(h->notes[i], "FOPSD_INODE");
                        question.dev = history_note_get(h->notes[i], "FOPSD_DEV");
                }
        if (!question.inode.data || !question.dev.data)
                return 0;

        r = t->ask(t->userdata, h, &question);
        for (size_t i = 0; i < h->n_notes; i++) {
                HistoryNote *n = h->notes[i];

                n->is_told |= !n->path.data && n->usec >= question.since_usec && n->usec <= question.until_usec &&
                              fops_span_equal(history_note_get(n, "FOPSD_INODE"), question.inode) &&
                              fops_span_equal(history_note_get(n, "FOPSD_DEV"), question.dev);
        }
        return r;
}

static int trace_path(Trace *t, FopsSpan path) {
        History *h = t->history;
        Walk w = { .path = path };
        int r;

        r = ask_for(t, path, NULL, NULL);
        if (r < 0)
                return r;
        for (size_t i = 0; i < h->n_notes; i++)
                walk_note(t, &w, h->notes[i]);
        if (w.came_with) {
                set_state(t, w.came_with, HISTORY_PRESENT);
                settle_directory(t, &w);
        }
        h->begins = w.came && role_of(w.came, path) == ROLE_MADE;
        for (size_t i = 0; i < t->n_formers; i++)
                t->formers[i].is_last = t->formers[i].left == w.came;
        return h->last ? trace_inode(t, &w) : 0;
}

int history_trace(History *h, FopsSpan path, HistoryAsk ask, void *userdata) {
        Trace t = { .history = h, .ask = ask, .userdata = userdata };
        int r;

        r = trace_path(&t, path);
        if (r >= 0 && h->state == HISTORY_MOVED)
                r = trace_departed(&t, path);
        /* They grow in number meanwhile. */
        for (size_t i = 0; r >= 0 && i < t.n_formers && h->n_names < HISTORY_NAMES_MAX; i++)
                r = trace_former(&t, t.formers[i]);
        history_sort(h);
        return r;
}
