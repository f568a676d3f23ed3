/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Operations against inotify(7). Audit tells of an opening where inotify tells of the reading, writing and closing that come
 * of it; so one operation may stand for several events. */

#include "inotify-event.h"

#include <strings.h>

#define BIT(event) (UINT32_C(1) << (event))

static const char *const names[_INOTIFY_EVENT_MAX] = {
        [INOTIFY_ACCESS] = "ACCESS",           [INOTIFY_MODIFY] = "MODIFY",
        [INOTIFY_ATTRIB] = "ATTRIB",           [INOTIFY_CLOSE_WRITE] = "CLOSE_WRITE",
        [INOTIFY_CLOSE_NOWRITE] = "CLOSE_NOWRITE", [INOTIFY_OPEN] = "OPEN",
        [INOTIFY_MOVED_FROM] = "MOVED_FROM",   [INOTIFY_MOVED_TO] = "MOVED_TO",
        [INOTIFY_CREATE] = "CREATE",           [INOTIFY_DELETE] = "DELETE",
        [INOTIFY_DELETE_SELF] = "DELETE_SELF", [INOTIFY_MOVE_SELF] = "MOVE_SELF",
        [INOTIFY_UNMOUNT] = "UNMOUNT",
};

#define WRITTEN (BIT(INOTIFY_OPEN) | BIT(INOTIFY_MODIFY) | BIT(INOTIFY_CLOSE_WRITE))
#define READ (BIT(INOTIFY_OPEN) | BIT(INOTIFY_ACCESS) | BIT(INOTIFY_CLOSE_NOWRITE))
#define MOVED (BIT(INOTIFY_MOVED_FROM) | BIT(INOTIFY_MOVED_TO))

/* What each operation is called, and all it stands for. */
static const struct {
        uint32_t names, all;
} events[_FOPS_OP_MAX] = {
        [FOPS_OP_CREATE] = { BIT(INOTIFY_CREATE), BIT(INOTIFY_CREATE) | WRITTEN },
        [FOPS_OP_MKDIR] = { BIT(INOTIFY_CREATE), BIT(INOTIFY_CREATE) },
        [FOPS_OP_MKNOD] = { BIT(INOTIFY_CREATE), BIT(INOTIFY_CREATE) },
        [FOPS_OP_SYMLINK] = { BIT(INOTIFY_CREATE), BIT(INOTIFY_CREATE) },
        [FOPS_OP_LINK] = { BIT(INOTIFY_CREATE), BIT(INOTIFY_CREATE) },
        [FOPS_OP_DELETE] = { BIT(INOTIFY_DELETE), BIT(INOTIFY_DELETE) },
        [FOPS_OP_RMDIR] = { BIT(INOTIFY_DELETE), BIT(INOTIFY_DELETE) },
        [FOPS_OP_RENAME] = { MOVED, MOVED },
        [FOPS_OP_EXCHANGE] = { MOVED, MOVED },
        [FOPS_OP_MODIFY] = { BIT(INOTIFY_MODIFY), WRITTEN },
        [FOPS_OP_TRUNCATE] = { BIT(INOTIFY_MODIFY), BIT(INOTIFY_MODIFY) },
        [FOPS_OP_READ] = { BIT(INOTIFY_OPEN), READ },
        [FOPS_OP_LIST] = { BIT(INOTIFY_OPEN), READ },
        [FOPS_OP_EXEC] = { BIT(INOTIFY_OPEN), READ },
        [FOPS_OP_CHMOD] = { BIT(INOTIFY_ATTRIB), BIT(INOTIFY_ATTRIB) },
        [FOPS_OP_CHOWN] = { BIT(INOTIFY_ATTRIB), BIT(INOTIFY_ATTRIB) },
        [FOPS_OP_SETXATTR] = { BIT(INOTIFY_ATTRIB), BIT(INOTIFY_ATTRIB) },
        [FOPS_OP_REMOVEXATTR] = { BIT(INOTIFY_ATTRIB), BIT(INOTIFY_ATTRIB) },
        [FOPS_OP_UTIME] = { BIT(INOTIFY_ATTRIB), BIT(INOTIFY_ATTRIB) },
        [FOPS_OP_MOUNT] = { BIT(INOTIFY_NONE), BIT(INOTIFY_NONE) },
        [FOPS_OP_UMOUNT] = { BIT(INOTIFY_UNMOUNT), BIT(INOTIFY_UNMOUNT) },
        [FOPS_OP_OTHER] = { BIT(INOTIFY_NONE), BIT(INOTIFY_NONE) },
};

const char *inotify_event_to_string(InotifyEvent event) {
        return names[event];
}

/* --- what is asked for ------------------------------------------------------------------------------------------------ */

/* Of a word, in any case; 0 if inotify doesn't know it. */
static uint32_t events_of_word(FopsSpan word) {
        static const struct {
                const char *word;
                uint32_t events;
        } pairs[] = {
                { "move", MOVED },
                { "close", BIT(INOTIFY_CLOSE_WRITE) | BIT(INOTIFY_CLOSE_NOWRITE) },
        };

        for (InotifyEvent e = 0; e < _INOTIFY_EVENT_MAX; e++)
                if (strlen(names[e]) == word.size && strncasecmp(names[e], word.data, word.size) == 0)
                        return BIT(e);
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                if (strlen(pairs[i].word) == word.size && strncasecmp(pairs[i].word, word.data, word.size) == 0)
                        return pairs[i].events;
        return 0;
}

bool inotify_selection_add(InotifySelection *s, const char *words, FopsSpan *ret_unknown) {
        for (const char *stop, *p = words; p; p = *stop ? stop + 1 : NULL) {
                FopsSpan word;
                uint32_t mask;

                stop = strchrnul(p, ',');
                word = (FopsSpan){ p, (size_t) (stop - p) };
                mask = events_of_word(word);
                s->events |= mask;
                if (mask != 0)
                        continue;
                mask = fops_op_mask_from_word(word);
                s->ops |= mask;
                if (mask != 0)
                        continue;
                *ret_unknown = word;
                return false;
        }
        return true;
}

static bool asks_for_everything(const InotifySelection *s) {
        return s->events == 0 && s->ops == 0;
}

bool inotify_selection_asks_for(const InotifySelection *s, InotifyEvent event) {
        return s->events & BIT(event);
}

FopsOpMask inotify_selection_ops(const InotifySelection *s) {
        uint32_t asked = s->knows_closing ? s->events & ~BIT(INOTIFY_CLOSE_WRITE) : s->events;
        FopsOpMask ops = s->ops;

        if (asks_for_everything(s))
                return fops_op_mask_from_word(FOPS_SPAN_LITERAL("write")) | fops_op_mask_from_word(FOPS_SPAN_LITERAL("attr"));

        for (FopsOp op = 0; op < _FOPS_OP_MAX; op++)
                if (events[op].all & asked)
                        ops |= FOPS_OP_BIT(op);
        if (s->events & BIT(INOTIFY_DELETE_SELF))
                ops |= FOPS_OP_BIT(FOPS_OP_DELETE) | FOPS_OP_BIT(FOPS_OP_RMDIR);
        if (s->events & BIT(INOTIFY_MOVE_SELF))
                ops |= FOPS_OP_BIT(FOPS_OP_RENAME) | FOPS_OP_BIT(FOPS_OP_EXCHANGE);
        return ops;
}

bool inotify_selection_has(const InotifySelection *s, FopsOp op, const InotifyStep *step, InotifyEvent event) {
        if (step->is_main && (asks_for_everything(s) || s->ops & FOPS_OP_BIT(op)))
                return true;
        /* Who is told of the making isn't told of the writing that came with it: whether there was any audit doesn't know. */
        if (op == FOPS_OP_CREATE && event == INOTIFY_MODIFY && s->events & BIT(INOTIFY_CREATE))
                return false;
        if (event == INOTIFY_CLOSE_WRITE && s->knows_closing)
                return false;
        return event < _INOTIFY_EVENT_MAX && s->events & BIT(event);
}

/* --- what there is ---------------------------------------------------------------------------------------------------- */

static size_t add_step(InotifyStep *steps, size_t n, FopsOp op, InotifyEvent event, FopsSpan path, bool is_directory) {
        if (!fops_span_is_present(path) || !(events[op].all & BIT(event)))
                return n;
        steps[n] = (InotifyStep){ event, path, is_directory, events[op].names & BIT(event) };
        return n + 1;
}

size_t inotify_steps(const FopsEntry *e, FopsOp op, InotifyStep ret[static INOTIFY_STEPS_MAX]) {
        static const InotifyEvent order[] = {
                INOTIFY_CREATE,      INOTIFY_OPEN,          INOTIFY_ACCESS, INOTIFY_MODIFY,  INOTIFY_ATTRIB,
                INOTIFY_CLOSE_WRITE, INOTIFY_CLOSE_NOWRITE, INOTIFY_DELETE, INOTIFY_UNMOUNT, INOTIFY_NONE,
        };
        FopsSpan path = fops_entry_get(e, "FOPSD_PATH"), new_path = fops_entry_get(e, "FOPSD_NEW_PATH");
        bool is_directory = op == FOPS_OP_MKDIR || op == FOPS_OP_RMDIR || op == FOPS_OP_LIST ||
                            fops_span_equal_string(fops_entry_get(e, "FOPSD_FILE_TYPE"), "directory");
        size_t n = 0;

        if (events[op].all == MOVED) {
                n = add_step(ret, n, op, INOTIFY_MOVED_FROM, path, is_directory);
                n = add_step(ret, n, op, INOTIFY_MOVED_TO, new_path, is_directory);
                if (op == FOPS_OP_RENAME)
                        return n;
                n = add_step(ret, n, op, INOTIFY_MOVED_FROM, new_path, is_directory);
                return add_step(ret, n, op, INOTIFY_MOVED_TO, path, is_directory);
        }
        for (size_t i = 0; i < ELEMENTSOF(order); i++)
                n = add_step(ret, n, op, order[i], op == FOPS_OP_LINK ? new_path : path, is_directory);
        return n;
}
