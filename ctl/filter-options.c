/* SPDX-License-Identifier: GPL-2.0-or-later */

/* argv into a Query:
 *   -u alice -f /srv --op delete  →  FOPSD_USER is alice; FOPSD_PATH is /srv or …; FOPSD_OP is delete or rmdir
 * An option given twice asks for either. Names are looked for as ausearch does, in any part of the field; with --word as
 * a whole. */

#include "filter-options.h"

#include <ctype.h>
#include <libaudit.h>
#include <limits.h>
#include <stdio.h>

#include "nearest.h"
#include "op.h"
#include "path.h"
#include "syscall-table.h"
#include "time-form.h"
#include "true-path.h"

struct FilterOption {
        int option;
        const char *text;
};

typedef enum Argument {
        ARGUMENT_NAME,     /* any part of it, or with --word all of it */
        ARGUMENT_PATH,     /* a NAME; with --word and no slash, the last component */
        ARGUMENT_FILE,
        ARGUMENT_NUMBER,
        ARGUMENT_USER,     /* a number or a name */
        ARGUMENT_NULLABLE, /* a NAME, or "none" */
        ARGUMENT_OPS,
        ARGUMENT_RESULT,
        ARGUMENT_EXIT,
        ARGUMENT_SYSCALL,
        ARGUMENT_EVENT,
} Argument;

/* One term each, so that different options must all hold. The second field is for what the first doesn't have. */
static const struct {
        int option;
        const char *name;
        Argument argument;
        const char *field, *field2;
} filters[] = {
        { 'f', "file", ARGUMENT_FILE, "FOPSD_PATH", "FOPSD_NEW_PATH" },
        { 'x', "exe", ARGUMENT_PATH, "FOPSD_EXE", NULL },
        { 'c', "comm", ARGUMENT_NAME, "FOPSD_COMM", NULL },
        { 'p', "pid", ARGUMENT_NUMBER, "FOPSD_PID", NULL },
        { FILTER_OPTION_PPID, "ppid", ARGUMENT_NUMBER, "FOPSD_PPID", NULL },
        { 'u', "user", ARGUMENT_USER, "FOPSD_USER", "FOPSD_UID" },
        { FILTER_OPTION_LOGIN_USER, "login-user", ARGUMENT_USER, "FOPSD_LOGIN_USER", "FOPSD_AUID" },
        { 'k', "key", ARGUMENT_NAME, "FOPSD_KEY", NULL },
        { FILTER_OPTION_OP, "op", ARGUMENT_OPS, "FOPSD_OP", NULL },
        { FILTER_OPTION_SUCCESS, "success", ARGUMENT_RESULT, "FOPSD_RESULT", NULL },
        { 'e', "exit", ARGUMENT_EXIT, "FOPSD_EXIT", "FOPSD_ERRNO" },
        { FILTER_OPTION_SYSCALL, "syscall", ARGUMENT_SYSCALL, "FOPSD_SYSCALL", NULL },
        { FILTER_OPTION_SESSION, "session", ARGUMENT_NUMBER, "FOPSD_SESSION", NULL },
        { FILTER_OPTION_TTY, "tty", ARGUMENT_NAME, "FOPSD_TTY", NULL },
        { FILTER_OPTION_UNIT, "unit", ARGUMENT_NULLABLE, "FOPSD_UNIT", NULL },
        { FILTER_OPTION_CONTAINER, "container", ARGUMENT_NULLABLE, "FOPSD_CONTAINER", NULL },
        { FILTER_OPTION_HOST, "host", ARGUMENT_NAME, "_HOSTNAME", "FOPSD_NODE" },
        { 'a', "event", ARGUMENT_EVENT, "FOPSD_EVENT", NULL },
};

_Static_assert(ELEMENTSOF(filters) <= FILTER_TERM_KIND, "a term for each filter");

const char *const filter_options_help =
        "What to look for; all that is given must hold, of one given twice either:\n"
        "  -f, --file PATH       a file, or a directory with all below it; without a leading slash any part of the path\n"
        "  -x, --exe PROGRAM     part of the program's path\n"
        "  -c, --comm NAME       part of the process's name\n"
        "  -p, --pid PID         the process\n"
        "      --ppid PID        its parent\n"
        "  -u, --user USER       the real user, name or number\n"
        "      --login-user USER who logged in, name or number, or unset\n"
        "  -k, --key KEY         part of a key\n"
        "      --op OPS          operations or classes: delete,rename or write\n"
        "      --success         what succeeded\n"
        "      --failed          what failed\n"
        "  -e, --exit EXIT       what the call returned, a number or EACCES\n"
        "      --syscall CALL    the system call, name or number\n"
        "      --session NUMBER  the login session\n"
        "      --tty TTY         part of the terminal's name\n"
        "      --unit UNIT       part of the systemd unit's name, or none\n"
        "      --container ID    part of the container's id, or none\n"
        "      --host HOST       part of the host's name\n"
        "  -a, --event EVENT     the event's id or its serial number\n"
        "  -w, --word            names and paths are given as a whole, not a part of them or what is below\n"
        "  -S, --since TIME      not before: " TIME_FORM_EXAMPLES "\n"
        "  -U, --until TIME      not after\n"
        "Where:\n"
        "  -D, --directory DIR   the journal in DIR\n"
        "  -m, --merge           the journals of other hosts too\n"
        "  -i, --input FILE      an audit.log, a directory with a rotated set, or - for standard input\n";

void filter_options_init(FilterOptions *o, uint64_t now_usec) {
        *o = (FilterOptions){ .now_usec = now_usec, .query.until_usec = UINT64_MAX };
}

void filter_options_done(FilterOptions *o) {
        query_done(&o->query);
        fops_arena_done(&o->arena);
        free(o->given);
        free(o->files);
        *o = (FilterOptions){};
}

static int _printf_(1, 2) refuse(const char *format, ...) {
        va_list ap;

        fputs("fopsctl: ", stderr);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputc('\n', stderr);
        return -EINVAL;
}

/* --- taking ----------------------------------------------------------------------------------------------------------- */

static int take_time(FilterOptions *o, const char *text, uint64_t *ret) {
        if (time_form_parse(text, o->now_usec, ret) < 0)
                return refuse("'%s' is no time; try: " TIME_FORM_EXAMPLES, text);
        return 1;
}

static int take_lines(FilterOptions *o, const char *text) {
        if (!fops_span_to_u64(fops_span_from_string(text), &o->lines) || o->lines == 0)
                return refuse("'%s' is no number of lines", text);
        return 1;
}

static int take_file(FilterOptions *o, const char *path) {
        char **files = reallocarray(o->files, o->n_files + 1, sizeof(char *));

        if (!files)
                return -ENOMEM;
        o->files = files;
        o->files[o->n_files++] = (char *) path;
        return 1;
}

static int take_filter(FilterOptions *o, int option, const char *text) {
        struct FilterOption *given = reallocarray(o->given, o->n_given + 1, sizeof(struct FilterOption));

        if (!given)
                return -ENOMEM;
        o->given = given;
        o->given[o->n_given++] = (struct FilterOption){ option, text };
        return 1;
}

int filter_options_take(FilterOptions *o, int option, const char *argument) {
        switch (option) {
        case 'w':
                o->word = true;
                return 1;
        case 'S':
                return take_time(o, argument, &o->query.since_usec);
        case 'U':
                return take_time(o, argument, &o->query.until_usec);
        case 'n':
                return take_lines(o, argument);
        case 'D':
                o->directory = argument;
                return 1;
        case 'm':
                o->merge = true;
                return 1;
        case 'i':
                return take_file(o, argument);
        case FILTER_OPTION_SUCCESS:
                return take_filter(o, FILTER_OPTION_SUCCESS, "success");
        case FILTER_OPTION_FAILED:
                return take_filter(o, FILTER_OPTION_SUCCESS, "failed");
        }
        for (size_t i = 0; i < ELEMENTSOF(filters); i++)
                if (filters[i].option == option)
                        return take_filter(o, option, argument);
        return 0;
}

/* --- one filter ------------------------------------------------------------------------------------------------------- */

/* "007" is 7, as the journal has it. False if it is no number. */
static bool normal_number(const char *text, FopsArena *arena, FopsSpan *ret) {
        int64_t number;

        if (!fops_span_to_i64(fops_span_from_string(text), &number))
                return false;
        *ret = fops_arena_printf(arena, "%jd", (intmax_t) number);
        return true;
}

static int add_path_below(QueryTerm *term, FopsSpan path) {
        return query_add(term, "FOPSD_BELOW", QUERY_BELOW, path);
}

static int add_whole_path(QueryTerm *term, FopsSpan path) {
        int r;

        r = query_add(term, "FOPSD_PATH", QUERY_EQUAL, path);
        return r < 0 ? r : query_add(term, "FOPSD_NEW_PATH", QUERY_EQUAL, path);
}

static int add_file(FilterOptions *o, QueryTerm *term, const char *text) {
        bool from_here = strcmp(text, ".") == 0 || strcmp(text, "..") == 0 || strncmp(text, "./", 2) == 0 ||
                         strncmp(text, "../", 3) == 0;
        int (*add)(QueryTerm *term, FopsSpan path) = o->word ? add_whole_path : add_path_below;
        FopsSpan given = fops_span_from_string(text), path, real;
        char cwd[PATH_MAX];
        int r;

        if (text[0] != '/' && !from_here) {
                QueryMatch match = o->word ? QUERY_LAST : QUERY_PART;

                r = query_add(term, "FOPSD_PATH", match, given);
                if (r >= 0)
                        r = query_add(term, "FOPSD_NEW_PATH", match, given);
                return r < 0 ? r : query_add(term, "FOPSD_NAME", match, given);
        }

        if (from_here && !getcwd(cwd, sizeof(cwd)))
                return refuse("%s: %s", text, strerror(errno));
        path = fops_path_join(&o->arena, from_here ? fops_span_from_string(cwd) : FOPS_SPAN_ABSENT, given);
        if (!fops_span_is_present(path))
                return refuse("'%s' isn't a plain path", text);
        r = add(term, path);
        if (r < 0)
                return r;
        /* Entries have true paths. */
        r = true_path(&o->arena, path.data, true, &real);
        return r < 0 || fops_span_equal(real, path) ? (r == -ENOMEM ? r : 0) : add(term, real);
}

static int add_name(const FilterOptions *o, QueryTerm *term, size_t filter, const char *text) {
        FopsSpan value = fops_span_from_string(text);
        QueryMatch match = QUERY_PART;
        int r;

        if (o->word)
                match = filters[filter].argument == ARGUMENT_PATH && !strchr(text, '/') ? QUERY_LAST : QUERY_EQUAL;
        r = query_add(term, filters[filter].field, match, value);
        return r < 0 || !filters[filter].field2 ? r : query_add(term, filters[filter].field2, match, value);
}

static int add_user(FilterOptions *o, QueryTerm *term, size_t filter, const char *text) {
        FopsSpan number;

        if (filters[filter].option == FILTER_OPTION_LOGIN_USER && strcmp(text, "unset") == 0)
                return query_add(term, filters[filter].field2, QUERY_ABSENT, FOPS_SPAN_ABSENT);
        if (normal_number(text, &o->arena, &number))
                return query_add(term, filters[filter].field2, QUERY_EQUAL, number);
        return query_add(term, filters[filter].field, QUERY_EQUAL, fops_span_from_string(text));
}

static int refuse_op(FopsSpan word) {
        _cleanup_free_ char *unknown = strndup(word.data, word.size);
        FopsNearest nearest = { .word = unknown };

        if (!unknown)
                return -ENOMEM;
        for (const char *const *w = fops_op_words(); *w; w++)
                fops_nearest_try(&nearest, *w);
        if (nearest.best)
                return refuse("unknown operation '%s'; did you mean '%s'?", unknown, nearest.best);
        return refuse("unknown operation '%s'", unknown);
}

static int add_ops(QueryTerm *term, const char *text) {
        for (const char *stop, *word = text; word; word = *stop ? stop + 1 : NULL) {
                FopsOpMask mask;

                stop = strchrnul(word, ',');
                mask = fops_op_mask_from_word((FopsSpan){ word, (size_t) (stop - word) });
                if (mask == 0)
                        return refuse_op((FopsSpan){ word, (size_t) (stop - word) });
                for (FopsOp op = 0; op < _FOPS_OP_MAX; op++)
                        if (mask & FOPS_OP_BIT(op) &&
                            query_add(term, "FOPSD_OP", QUERY_EQUAL, fops_span_from_string(fops_op_to_string(op))) < 0)
                                return -ENOMEM;
        }
        return 0;
}

static int add_exit(FilterOptions *o, QueryTerm *term, const char *text) {
        const char *name;
        FopsSpan number;

        if (normal_number(text, &o->arena, &number))
                return query_add(term, "FOPSD_EXIT", QUERY_EQUAL, number);

        /* By way of the number: EWOULDBLOCK is EAGAIN. ausearch(8) wants a minus in front. */
        name = fops_errno_to_string(audit_name_to_errno(text + (*text == '-')));
        if (!name)
                return refuse("unknown error '%s'", text);
        return query_add(term, "FOPSD_ERRNO", QUERY_EQUAL, fops_span_from_string(name));
}

static int add_syscall(FilterOptions *o, QueryTerm *term, const char *text) {
        const char *name = text;
        uint32_t number;

        if (fops_span_to_u32(fops_span_from_string(text), &number) && number <= INT_MAX) {
                int machine = audit_detect_machine();

                name = audit_syscall_to_name((int) number, machine);
                if (!name)
                        name = fops_arena_printf(&o->arena, "%u", (unsigned) number).data;
                if (!name)
                        return -ENOMEM;
        }
        return query_add(term, "FOPSD_SYSCALL", QUERY_EQUAL, fops_span_from_string(name));
}

static int add_event(QueryTerm *term, const char *text) {
        FopsSpan s = fops_span_from_string(text), id = s, serial = s;
        const char *colon = strrchr(text, ':');
        uint64_t number;

        if (colon)
                serial = fops_span_skip(s, (size_t) (colon - text) + 1);
        id.size = colon ? (size_t) (colon - text) : 0;
        if (!fops_span_to_u64(serial, &number) || (colon && !query_parse_time(id, &number)))
                return refuse("'%s' is no event: 1795309541.349:12, or 12", text);
        return query_add(term, "FOPSD_EVENT", colon ? QUERY_EQUAL : QUERY_SERIAL, s);
}

static int add_filter(FilterOptions *o, size_t filter, const char *text) {
        QueryTerm *term = o->query.terms + filter;
        FopsSpan number;

        if (*text == '\0')
                return refuse("--%s: nothing given", filters[filter].name);

        switch (filters[filter].argument) {
        case ARGUMENT_NULLABLE:
                if (strcmp(text, "none") == 0)
                        return query_add(term, filters[filter].field, QUERY_ABSENT, FOPS_SPAN_ABSENT);
                _fallthrough_;
        case ARGUMENT_NAME:
        case ARGUMENT_PATH:
                return add_name(o, term, filter, text);
        case ARGUMENT_FILE:
                return add_file(o, term, text);
        case ARGUMENT_NUMBER:
                if (!normal_number(text, &o->arena, &number))
                        return refuse("--%s: '%s' is no number", filters[filter].name, text);
                return query_add(term, filters[filter].field, QUERY_EQUAL, number);
        case ARGUMENT_USER:
                return add_user(o, term, filter, text);
        case ARGUMENT_OPS:
                return add_ops(term, text);
        case ARGUMENT_RESULT:
                return query_add(term, filters[filter].field, QUERY_EQUAL, fops_span_from_string(text));
        case ARGUMENT_EXIT:
                return add_exit(o, term, text);
        case ARGUMENT_SYSCALL:
                return add_syscall(o, term, text);
        case ARGUMENT_EVENT:
                return add_event(term, text);
        }
        return 0;
}

int filter_options_finish(FilterOptions *o, char **arguments, size_t n_arguments) {
        int r = 0;

        if (n_arguments > 0 && o->n_files == 0)
                return refuse("unexpected argument '%s'", arguments[0]);
        for (size_t i = 0; i < n_arguments; i++)
                if (take_file(o, arguments[i]) < 0)
                        return -ENOMEM;
        if (o->n_files > 0 && (o->directory || o->merge))
                return refuse("--input is no journal: --directory and --merge don't go with it");
        if (o->query.since_usec > o->query.until_usec)
                return refuse("--since is after --until");

        for (size_t i = 0; i < o->n_given && r >= 0; i++)
                for (size_t filter = 0; filter < ELEMENTSOF(filters) && r >= 0; filter++)
                        if (filters[filter].option == o->given[i].option)
                                r = add_filter(o, filter, o->given[i].text);
        return r;
}

SourceOptions filter_options_source(const FilterOptions *o) {
        return (SourceOptions){
                .query = &o->query,
                .directory = o->directory,
                .merge = o->merge,
                .files = o->files,
                .n_files = o->n_files,
        };
}
