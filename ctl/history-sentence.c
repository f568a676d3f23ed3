/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Notes into words. */

#include "history-sentence.h"

#include <time.h>

#include "path.h"
#include "text.h"

/* A command line as a person types it; those that programs make are cut. */
#define COMMAND_BYTES_MAX 200U

void history_print_time(uint64_t usec, uint64_t now_usec, FILE *f) {
        time_t t = (time_t) (usec / 1000000), now = (time_t) (now_usec / 1000000);
        struct tm tm, today;
        char text[64];

        if (!localtime_r(&t, &tm) || !localtime_r(&now, &today))
                return;
        if (strftime(text, sizeof(text), tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday ? "%T" : "%F %T", &tm) > 0)
                fputs_unlocked(text, f);
}

/* --- who -------------------------------------------------------------------------------------------------------------- */

static FopsSpan first_of(const HistoryNote *n, const char *name, const char *name2) {
        FopsSpan value = history_note_get(n, name);

        return value.data ? value : history_note_get(n, name2);
}

static void print_user(const HistoryNote *n, FILE *f) {
        FopsSpan login = first_of(n, "FOPSD_LOGIN_USER", "FOPSD_AUID"), user = first_of(n, "FOPSD_USER", "FOPSD_UID");

        if (!login.data && !user.data)
                return;
        fputs_unlocked(" by ", f);
        fops_text_print_name(login.data ? login : user, f);
        if (login.data && user.data && !fops_span_equal(login, user)) {
                fputs_unlocked(" as ", f);
                fops_text_print_name(user, f);
        }
}

static void print_command(const HistoryNote *n, FILE *f) {
        FopsSpan command = history_note_get(n, "FOPSD_CMDLINE");
        bool is_cut;

        if (!command.data)
                command = first_of(n, "FOPSD_EXE", "FOPSD_COMM");
        if (!command.data)
                return;
        is_cut = command.size > COMMAND_BYTES_MAX;
        fputs_unlocked(" with ", f);
        command.size = MIN(command.size, (size_t) COMMAND_BYTES_MAX);
        fops_text_print_name(command, f);
        if (is_cut)
                fputs_unlocked("...", f);
}

static bool is_below_sshd(const HistoryNote *n) {
        for (size_t i = 0; i < n->n_fields; i++)
                if (strcmp(n->fields[i].name, "FOPSD_PARENT") == 0 &&
                    fops_span_starts_with(n->fields[i].value, FOPS_SPAN_LITERAL("sshd")))
                        return true;
        return false;
}

static void print_circumstance(const char **separator, const char *what, FopsSpan value, FILE *f) {
        if (!value.data)
                return;
        fprintf(f, "%s%s", *separator, what);
        fops_text_print_name(value, f);
        *separator = ", ";
}

static void print_circumstances(const HistoryNote *n, FILE *f) {
        const char *separator = " (", *session = is_below_sshd(n) ? "in ssh session " : "in session ";

        print_circumstance(&separator, "pid ", history_note_get(n, "FOPSD_PID"), f);
        print_circumstance(&separator, session, history_note_get(n, "FOPSD_SESSION"), f);
        print_circumstance(&separator, "unit ", history_note_get(n, "FOPSD_UNIT"), f);
        print_circumstance(&separator, "container ", history_note_get(n, "FOPSD_CONTAINER"), f);
        if (*separator == ',')
                putc_unlocked(')', f);
}

/* --- what ------------------------------------------------------------------------------------------------------------- */

static const char *const changes[_FOPS_OP_MAX + 1] = {
        [FOPS_OP_CREATE] = "created",         [FOPS_OP_MKDIR] = "created",     [FOPS_OP_MKNOD] = "created",
        [FOPS_OP_SYMLINK] = "created",        [FOPS_OP_LINK] = "linked",       [FOPS_OP_DELETE] = "deleted",
        [FOPS_OP_RMDIR] = "removed",          [FOPS_OP_MODIFY] = "last opened for writing",
        [FOPS_OP_TRUNCATE] = "last truncated", [FOPS_OP_CHMOD] = "mode last changed",
        [FOPS_OP_CHOWN] = "owner last changed", [FOPS_OP_UTIME] = "times last set",
        [FOPS_OP_SETXATTR] = "attributes last set", [FOPS_OP_REMOVEXATTR] = "attributes last removed",
        [FOPS_OP_RENAME] = "moved",           [FOPS_OP_EXCHANGE] = "exchanged", [FOPS_OP_MOUNT] = "mounted over",
        [FOPS_OP_UMOUNT] = "unmounted",
};

static void print_quoted(const char *what, FopsSpan path, FILE *f) {
        fputs_unlocked(what, f);
        fops_text_print_name(path, f);
}

/* "moved to /srv/b", "moved here with its directory from /srv/a", "deleted with its directory /srv". */
static void print_deed(const HistoryNote *n, FopsSpan path, FILE *f) {
        bool is_old = fops_span_equal(n->path, path), is_new = fops_span_equal(n->new_path, path);
        bool is_rename = n->op == FOPS_OP_RENAME, is_exchange = n->op == FOPS_OP_EXCHANGE;
        bool has_come = n->new_path.data && fops_path_is_below(path, n->new_path);

        if (is_rename && is_new && history_note_get(n, "FOPSD_REPLACED_INODE").data)
                print_quoted("replaced by what was ", n->path, f);
        else if (is_rename && is_new)
                print_quoted("moved here from ", n->path, f);
        else if (is_rename && is_old)
                print_quoted("moved to ", n->new_path, f);
        else if (is_rename)
                print_quoted(has_come ? "moved here with its directory, once " : "moved with its directory, now ",
                             has_come ? n->path : n->new_path, f);
        else if (is_exchange)
                print_quoted(is_old || is_new ? "exchanged with " : "its directory exchanged with ",
                             has_come ? n->path : n->new_path, f);
        else if (n->op == FOPS_OP_LINK && is_new)
                print_quoted("made a link to ", n->path, f);
        else if (!is_old && n->path.data && (n->op == FOPS_OP_DELETE || n->op == FOPS_OP_RMDIR))
                print_quoted("gone with its directory ", n->path, f);
        else
                fputs_unlocked(changes[n->op] ? changes[n->op] : "changed", f);
}

static void print_note(const HistoryNote *n, FopsSpan path, uint64_t now_usec, FILE *f) {
        print_deed(n, path, f);
        putc_unlocked(' ', f);
        history_print_time(n->usec, now_usec, f);
        print_user(n, f);
        print_command(n, f);
        print_circumstances(n, f);
}

void history_print_sentence(const History *h, FopsSpan path, uint64_t now_usec, FILE *f) {
        if (!h->last)
                return;
        print_note(h->last, path, now_usec, f);
        if (h->state != HISTORY_MOVED || !h->path_elsewhere.data)
                return;
        if (h->last_elsewhere) {
                fputs_unlocked("; then ", f);
                print_note(h->last_elsewhere, h->path_elsewhere, now_usec, f);
        } else
                print_quoted("; it is now ", h->path_elsewhere, f);
}
