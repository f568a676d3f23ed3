/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The files named by `audit_rules`, in the format of audit.rules(7), into watches and rules:
 *
 *   -w /etc/passwd -p wa -k identity
 *   -a always,exit -F arch=b64 -S unlink,unlinkat -F dir=/srv -F auid>=1000 -k srv
 *   -b 8192
 *
 * A line is a command line of auditctl without the command: words between blanks, a backslash before a blank or a backslash
 * takes it literally, no quotes. Options that make no sense to whoever manages only rules of his own (-D, -i, -c, -d …) are
 * noted and passed over; what isn't known is an error, as a rule that is silently missing is worse than a refused file. */

#include <glob.h>

#include "config-internal.h"

typedef enum Option {
        OPTION_WATCH,
        OPTION_PERMS,
        OPTION_KEY,
        OPTION_APPEND,
        OPTION_PREPEND,
        OPTION_SYSCALL,
        OPTION_FIELD,
        OPTION_COMPARE,
        OPTION_BACKLOG,
        OPTION_WAIT_TIME,
        OPTION_RATE,
        OPTION_FAILURE,
        OPTION_ENABLED,
        OPTION_LOGINUID,
        OPTION_IGNORED, /* with the rest of the line */
        OPTION_NESTED,
} Option;

/* Those up to LOGINUID take a value, but LOGINUID. */
static const struct {
        const char *name;
        Option option;
} options[] = {
        { "-w", OPTION_WATCH },
        { "-p", OPTION_PERMS },
        { "-k", OPTION_KEY },
        { "-a", OPTION_APPEND },
        { "-A", OPTION_PREPEND },
        { "-S", OPTION_SYSCALL },
        { "-F", OPTION_FIELD },
        { "-C", OPTION_COMPARE },
        { "-b", OPTION_BACKLOG },
        { "--backlog_wait_time", OPTION_WAIT_TIME },
        { "-r", OPTION_RATE },
        { "-f", OPTION_FAILURE },
        { "-e", OPTION_ENABLED },
        { "--loginuid-immutable", OPTION_LOGINUID },
        { "-R", OPTION_NESTED },
        { "-D", OPTION_IGNORED },
        { "-i", OPTION_IGNORED },
        { "-c", OPTION_IGNORED },
        { "-d", OPTION_IGNORED },
        { "-W", OPTION_IGNORED },
        { "-q", OPTION_IGNORED },
        { "-t", OPTION_IGNORED },
        { "-l", OPTION_IGNORED },
        { "-s", OPTION_IGNORED },
        { "-m", OPTION_IGNORED },
        { "-v", OPTION_IGNORED },
        { "-h", OPTION_IGNORED },
        { "--help", OPTION_IGNORED },
        { "--reset-lost", OPTION_IGNORED },
        { "--reset_backlog_wait_time_actual", OPTION_IGNORED },
        { "--signal", OPTION_IGNORED },
};

/* One line as far as it is read. */
typedef struct Line {
        FopsConfigLoader *loader;
        FopsConfigPosition at;
        bool failed, ignored;
        FopsSpan watch; /* absent: none */
        bool has_list;
        FopsOpMask ops; /* 0: no -p */
        char **keys;
        FopsRuleConfig rule;
} Line;

static void line_done(Line *line) {
        fops_config_list_free(line->keys);
        fops_config_rule_done(&line->rule);
}

#define line_error(line, ...)                                                   \
        ({                                                                      \
                (line)->failed = true;                                          \
                fops_config_error((line)->loader, (line)->at, __VA_ARGS__);     \
        })

#define quote(line, s) fops_config_quote((line)->loader, s)

/* Takes the next word off *@rest into *@ret, its backslashes resolved in place. */
static bool next_word(char **rest, FopsSpan *ret) {
        char *from = *rest + strspn(*rest, " \t"), *to = from;

        if (*from == '\0')
                return false;
        *ret = (FopsSpan){ from, 0 };
        while (*from != '\0' && *from != ' ' && *from != '\t') {
                if (from[0] == '\\' && (from[1] == ' ' || from[1] == '\\'))
                        from++;
                *to++ = *from++;
        }
        *rest = from + (*from != '\0');
        *to = '\0';
        ret->size = (size_t) (to - ret->data);
        return true;
}

static void read_action(Line *line, FopsSpan value) {
        const char *comma = memchr(value.data, ',', value.size);
        FopsSpan a, b;

        if (line->has_list) {
                line_error(line, "a line holds one rule, there are two here");
                return;
        }
        line->has_list = true;

        /* auditctl takes both orders. */
        a = (FopsSpan){ value.data, comma ? (size_t) (comma - value.data) : value.size };
        b = comma ? fops_span_skip(value, a.size + 1) : (FopsSpan){ value.data, 0 };
        if (fops_span_equal_string(b, "always") || fops_span_equal_string(b, "never")) {
                FopsSpan t = a;

                a = b;
                b = t;
        }
        line->rule.never = fops_span_equal_string(a, "never");
        if (!line->rule.never && !fops_span_equal_string(a, "always"))
                line_error(line, "%s is no action and list, as in always,exit", quote(line, value));
        else {
                line->rule.list = fops_config_copy(line->loader, b);
                if (line->rule.list && !fops_config_list_contains((char *const *) fops_config_list_names, line->rule.list))
                        line_error(line, "unknown list %s, did you mean '%s'?", quote(line, b),
                                   fops_config_nearest(fops_config_list_names, b));
        }
}

static void read_perms(Line *line, FopsSpan value) {
        static const char *const classes[] = { ['r'] = "read", ['w'] = "write", ['x'] = "exec", ['a'] = "attr" };

        for (size_t i = 0; i < value.size; i++) {
                unsigned char c = (unsigned char) value.data[i] | 0x20;

                if (c >= ELEMENTSOF(classes) || !classes[c]) {
                        line_error(line, "unknown permission in %s, there are r, w, x and a", quote(line, value));
                        return;
                }
                line->ops |= fops_op_mask_from_word(fops_span_from_string(classes[c]));
        }
}

static void read_syscalls(Line *line, FopsSpan value) {
        while (value.size > 0) {
                const char *comma = memchr(value.data, ',', value.size);
                size_t size = comma ? (size_t) (comma - value.data) : value.size;

                fops_config_list_add(line->loader, &line->rule.syscalls, (FopsSpan){ value.data, size });
                value = fops_span_skip(value, size + (comma != NULL));
        }
}

static void read_key(Line *line, FopsSpan value) {
        if (fops_config_check_key(line->loader, line->at, "key", value))
                fops_config_list_add(line->loader, &line->keys, value);
        else
                line->failed = true;
}

static void read_field(Line *line, FopsSpan value) {
        if (fops_span_starts_with(value, FOPS_SPAN_LITERAL("key=")))
                read_key(line, fops_span_skip(value, strlen("key=")));
        else if (fops_span_starts_with(value, FOPS_SPAN_LITERAL("arch=")))
                fops_config_list_add(line->loader, &line->rule.archs, fops_span_skip(value, strlen("arch=")));
        else
                fops_config_list_add(line->loader, &line->rule.fields, value);
}

static void set_kernel(Line *line, const char *name, FopsSpan value) {
        const FopsConfigSetting *t = fops_config_kernel_settings;
        int64_t number;

        while (strcmp(t->name, name) != 0)
                t++;
        if (!fops_span_to_i64(value, &number))
                line_error(line, "%s must be a whole number, not %s", name, quote(line, value));
        else
                fops_config_set_int(line->loader, line->at, t, number, (char *) &line->loader->config + t->offset);
}

static void read_option(Line *line, Option option, FopsSpan value) {
        FopsConfig *c = &line->loader->config;
        bool is_digit = value.size == 1 && value.data[0] >= '0' && value.data[0] <= '2';

        switch (option) {
        case OPTION_WATCH:
                if (fops_span_is_present(line->watch))
                        line_error(line, "a line holds one watch, there are two here");
                line->watch = value;
                break;
        case OPTION_PERMS:
                read_perms(line, value);
                break;
        case OPTION_KEY:
                read_key(line, value);
                break;
        case OPTION_PREPEND:
                line->rule.prepend = true;
                _fallthrough_;
        case OPTION_APPEND:
                read_action(line, value);
                break;
        case OPTION_SYSCALL:
                read_syscalls(line, value);
                break;
        case OPTION_FIELD:
                read_field(line, value);
                break;
        case OPTION_COMPARE:
                fops_config_list_add(line->loader, &line->rule.compares, value);
                break;
        case OPTION_BACKLOG:
                set_kernel(line, "backlog_limit", value);
                break;
        case OPTION_WAIT_TIME:
                set_kernel(line, "backlog_wait_time", value);
                break;
        case OPTION_RATE:
                set_kernel(line, "rate_limit", value);
                break;
        case OPTION_FAILURE:
                if (is_digit)
                        c->kernel.failure = FOPS_FAILURE_SILENT + (value.data[0] - '0');
                else
                        line_error(line, "-f must be 0, 1 or 2, not %s", quote(line, value));
                break;
        case OPTION_ENABLED:
                if (!is_digit)
                        line_error(line, "-e must be 0, 1 or 2, not %s", quote(line, value));
                else if (value.data[0] == '0')
                        fops_config_note(line->loader, line->at, "-e 0 is passed over: fopsd switches auditing on");
                else if (value.data[0] == '2')
                        c->kernel.lock = true;
                break;
        case OPTION_LOGINUID:
                c->kernel.loginuid_immutable = true;
                break;
        case OPTION_NESTED:
                line_error(line, "-R is not taken in a file of rules, by auditctl neither");
                break;
        case OPTION_IGNORED:
                line->ignored = true;
                break;
        }
}

/* The option @word begins with: -k, -kKEY, --name or --name=value; *@ret_value is absent if the value is the next word. */
static bool find_option(FopsSpan word, Option *ret, FopsSpan *ret_value) {
        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                FopsSpan name = fops_span_from_string(options[i].name), rest = fops_span_skip(word, name.size);
                bool is_long = name.size > 2;

                if (!fops_span_starts_with(word, name) || (is_long && rest.size > 0 && rest.data[0] != '='))
                        continue;
                if (rest.size > 0 && options[i].option >= OPTION_LOGINUID)
                        continue;
                *ret = options[i].option;
                *ret_value = rest.size > 0 ? fops_span_skip(rest, is_long) : FOPS_SPAN_ABSENT;
                return true;
        }
        return false;
}

/* What the options of one line made together. */
static void finish_line(Line *line) {
        FopsConfigLoader *l = line->loader;
        FopsRuleConfig *r = &line->rule;

        if (fops_span_is_present(line->watch)) {
                FopsWatch w;

                if (line->has_list || r->syscalls || r->fields || r->archs || r->compares) {
                        line_error(line, "-w takes only -p and -k");
                        return;
                }
                fops_config_watch_init(&w);
                if (line->ops == 0)
                        read_perms(line, FOPS_SPAN_LITERAL("rwxa")); /* auditctl's default */
                w.ops = line->ops;
                w.keys = TAKE_PTR(line->keys);
                fops_config_watch_set_path(l, line->at, line->watch, &w);
                if (w.is_glob)
                        fops_config_note(l, line->at, "%s is taken as a pattern, which auditctl doesn't",
                                         quote(line, line->watch));
                fops_config_add(l, line->at, &w);
                fops_config_watch_done(&w);
        } else if (line->has_list) {
                if (line->ops != 0) {
                        line_error(line, "-p belongs to -w, here it is -F perm=");
                        return;
                }
                r->keys = TAKE_PTR(line->keys);
                fops_config_add_rule(l, line->at, r);
        } else if (line->ops != 0 || line->keys || r->syscalls || r->fields || r->archs || r->compares)
                line_error(line, "a rule needs -w or -a");
}

/* @text is the line's own copy. */
static void read_line(FopsConfigLoader *l, FopsConfigPosition at, char *text) {
        Line line = { .loader = l, .at = at };
        FopsSpan word, value;
        Option option;

        while (!line.failed && !line.ignored && next_word(&text, &word)) {
                if (word.data[0] != '-')
                        line_error(&line, "%s belongs to no option", quote(&line, word));
                else if (!find_option(word, &option, &value))
                        line_error(&line, "unknown option %s", quote(&line, word));
                else if (option < OPTION_LOGINUID && !fops_span_is_present(value) && !next_word(&text, &value))
                        line_error(&line, "%s needs a value", word.data);
                else {
                        read_option(&line, option, value);
                        if (line.ignored)
                                fops_config_note(l, at, "%s is passed over: fopsd manages its own rules and no others",
                                                 word.data);
                }
        }
        if (!line.failed && !line.ignored)
                finish_line(&line);
        line_done(&line);
}

void fops_config_load_audit_rules(FopsConfigLoader *l, const char *file, FopsSpan text) {
        FopsConfigPosition at = { file, 0 };
        FopsSpan line;

        while (l->error == 0 && fops_config_next_line(&text, &line)) {
                _cleanup_free_ char *copy = NULL;
                size_t blanks;

                at.line++;
                if (line.size > 0 && memchr(line.data, '\0', line.size)) {
                        fops_config_error(l, at, "the line holds a NUL: it is no text");
                        continue;
                }
                copy = fops_config_copy(l, line);
                if (!copy)
                        return;
                blanks = strspn(copy, " \t");
                if (copy[blanks] != '#')
                        read_line(l, at, copy + blanks);
        }
}

/* Stops glob(3) at what can't be read; a directory that isn't there only holds nothing. */
static int search_error(const char *path _unused_, int error) {
        return error != ENOENT;
}

static void load_matches(FopsConfigLoader *l, FopsConfigPosition at, const char *pattern) {
        FopsSpan text;
        glob_t matches;
        int r;

        /* Sorted below: glob(3) itself sorts as the locale does. */
        r = glob(pattern, GLOB_NOSORT, search_error, &matches);
        if (r == GLOB_NOMATCH)
                fops_config_note(l, at, "audit_rules: nothing matches %s",
                                 fops_config_quote(l, fops_span_from_string(pattern)));
        else if (r == GLOB_NOSPACE)
                l->error = -ENOMEM;
        else if (r != 0)
                fops_config_error(l, at, "audit_rules: %s cannot be searched: %s",
                                  fops_config_quote(l, fops_span_from_string(pattern)), strerror(errno));
        else {
                qsort(matches.gl_pathv, matches.gl_pathc, sizeof(char *), fops_config_compare_names);
                for (size_t i = 0; i < matches.gl_pathc; i++)
                        if (fops_config_read_file(l, at, matches.gl_pathv[i], &text))
                                fops_config_load_audit_rules(l, matches.gl_pathv[i], text);
        }
        globfree(&matches);
}

void fops_config_read_audit_rules(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s,
                                  void *target _unused_) {
        size_t n = fops_config_elements(l, t, s, false, "a list of strings");
        FopsSpan text;

        for (size_t i = 0; i < n; i++) {
                const config_setting_t *e = fops_config_element(s, i);
                FopsConfigPosition at = fops_config_position(l, e);
                const char *path = config_setting_get_string(e);

                if (!path)
                        fops_config_wrong_type(l, t, e, "a list of strings");
                else if (fops_config_check_absolute(l, at, t->name, fops_span_from_string(path))) {
                        if (strpbrk(path, "*?["))
                                load_matches(l, at, path);
                        else if (fops_config_read_file(l, at, path, &text))
                                fops_config_load_audit_rules(l, path, text);
                }
        }
}
