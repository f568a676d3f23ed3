/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One group of `watches`, and from other rooms a line of a watch list or of audit.rules, into a FopsWatch:
 *
 *   { path = "/srv/data"; ops = ["all"]; key = "data"; exclude = ( { exe = "/usr/sbin/smbd"; ops = ["read"]; } ); }
 *
 * Names of users and groups become numbers here, once: an event must not wait for a directory server. Invariant: a watch in
 * the configuration has an absolute path, operations, and keys that fit into one rule. */

#include <grp.h>
#include <pwd.h>
#include <syslog.h>

#include "config-internal.h"
#include "rule-compiler.h"

/* The kernel's TASK_COMM_LEN is 16, with the NUL. */
#define COMM_BYTES_MAX ((size_t) 15)
/* PATH_MAX is 4096, with the NUL. */
#define PATH_BYTES_MAX ((size_t) 4095)
/* What getpwnam_r(3) and getgrnam_r(3) may need: a group with tens of thousands of members. */
#define NAME_BUFFER_BYTES_MAX ((size_t) 4 << 20)

static const char *const results[] = { "any", "success", "failed", NULL };
static const char *const priorities[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", NULL };

static bool begins_with_wildcard(FopsSpan s) {
        return s.size > 0 && strchr("*?[", s.data[0]);
}

static bool check_glob(FopsConfigLoader *l, FopsConfigPosition at, const char *name, FopsSpan value) {
        return begins_with_wildcard(value) || fops_config_check_absolute(l, at, name, value);
}

static bool check_path_glob(FopsConfigLoader *l, FopsConfigPosition at, const char *name, FopsSpan value) {
        return !memchr(value.data, '/', value.size) || check_glob(l, at, name, value);
}

static bool check_comm(FopsConfigLoader *l, FopsConfigPosition at, const char *name, FopsSpan value) {
        if (value.size <= COMM_BYTES_MAX || strpbrk(value.data, "*?[\\"))
                return true;

        fops_config_error(l, at, "%s %s never matches: the kernel keeps 15 bytes of it", name, fops_config_quote(l, value));
        return false;
}

/* Both look-ups: 0, -ENOENT or -ENOMEM. */
static int find_user(const char *name, uint32_t *ret) {
        for (size_t size = 1024; size <= NAME_BUFFER_BYTES_MAX; size *= 4) {
                _cleanup_free_ char *buffer = NULL;
                struct passwd passwd, *found;
                int r;

                buffer = malloc(size);
                if (!buffer)
                        return -ENOMEM;
                r = getpwnam_r(name, &passwd, buffer, size, &found);
                if (r == ERANGE)
                        continue;
                if (r == 0 && found)
                        *ret = found->pw_uid;
                return r == ENOMEM ? -ENOMEM : r == 0 && found ? 0 : -ENOENT;
        }
        return -ENOMEM;
}

static int find_group(const char *name, uint32_t *ret) {
        for (size_t size = 1024; size <= NAME_BUFFER_BYTES_MAX; size *= 4) {
                _cleanup_free_ char *buffer = NULL;
                struct group group, *found;
                int r;

                buffer = malloc(size);
                if (!buffer)
                        return -ENOMEM;
                r = getgrnam_r(name, &group, buffer, size, &found);
                if (r == ERANGE)
                        continue;
                if (r == 0 && found)
                        *ret = found->gr_gid;
                return r == ENOMEM ? -ENOMEM : r == 0 && found ? 0 : -ENOENT;
        }
        return -ENOMEM;
}

static int find_login_user(const char *name, uint32_t *ret) {
        if (strcmp(name, "unset") != 0)
                return find_user(name, ret);
        *ret = UINT32_MAX;
        return 0;
}

static void add_id(FopsConfigLoader *l, FopsIdList *list, uint32_t id) {
        if (fops_config_grow(l, &list->ids, list->n_ids, sizeof(uint32_t)))
                list->ids[list->n_ids++] = id;
}

static void read_ids(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, FopsIdList *list,
                     int (*find)(const char *name, uint32_t *ret)) {
        static const char expected[] = "a name, a number or a list of these";
        size_t n = fops_config_elements(l, t, s, true, expected);

        for (size_t i = 0; i < n; i++) {
                const config_setting_t *e = fops_config_element(s, i);
                FopsConfigPosition at = fops_config_position(l, e);
                int type = config_setting_type(e), r;
                uint32_t id;

                if (type == CONFIG_TYPE_STRING) {
                        FopsSpan name = fops_span_from_string(config_setting_get_string(e));

                        r = fops_span_to_u32(name, &id) && id < UINT32_MAX ? 0 : find(name.data, &id);
                        if (r == 0)
                                add_id(l, list, id);
                        else if (r == -ENOMEM)
                                l->error = r;
                        else
                                fops_config_error(l, at, "%s: there is no %s", t->name, fops_config_quote(l, name));
                } else if (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) {
                        FopsConfigSetting number = { t->name, .size = sizeof(id), .max = UINT32_MAX - 1 };
                        size_t n_errors = l->n_said[FOPS_ERROR];

                        fops_config_read_int(l, &number, e, &id);
                        if (l->n_said[FOPS_ERROR] == n_errors)
                                add_id(l, list, id);
                } else
                        fops_config_wrong_type(l, t, e, expected);
        }
}

static void read_users(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        read_ids(l, t, s, target, find_user);
}

static void read_login_users(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        read_ids(l, t, s, target, find_login_user);
}

static void read_user_groups(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        read_ids(l, t, s, target, find_group);
}

static const FopsConfigSetting filter_settings[] = {
        { "exe", fops_config_read_strings, FOPS_CONFIG_MEMBER(FopsFilterGroup, exe), .scalar_too = true,
          .check = check_glob },
        { "comm", fops_config_read_strings, FOPS_CONFIG_MEMBER(FopsFilterGroup, comm), .scalar_too = true,
          .check = check_comm },
        { "path", fops_config_read_strings, FOPS_CONFIG_MEMBER(FopsFilterGroup, path), .scalar_too = true,
          .check = check_path_glob },
        { "unit", fops_config_read_strings, FOPS_CONFIG_MEMBER(FopsFilterGroup, unit), .scalar_too = true },
        { "container", fops_config_read_strings, FOPS_CONFIG_MEMBER(FopsFilterGroup, container), .scalar_too = true },
        { "user", read_users, FOPS_CONFIG_MEMBER(FopsFilterGroup, users) },
        { "login_user", read_login_users, FOPS_CONFIG_MEMBER(FopsFilterGroup, login_users) },
        { "group", read_user_groups, FOPS_CONFIG_MEMBER(FopsFilterGroup, groups) },
        { "ops", fops_config_read_ops, FOPS_CONFIG_MEMBER(FopsFilterGroup, ops) },
        { "result", fops_config_read_choice, FOPS_CONFIG_MEMBER(FopsFilterGroup, result), .words = results },
        {},
};

static void read_filter(FopsConfigLoader *l, const config_setting_t *s, FopsFilterGroup **groups, size_t *n_groups) {
        FopsConfigPosition at = fops_config_position(l, s);
        FopsFilterGroup *g;

        if (!fops_config_grow(l, groups, *n_groups, sizeof(FopsFilterGroup)))
                return;
        g = *groups + (*n_groups)++;
        *g = (FopsFilterGroup){ .line = at.line };
        fops_config_read_settings(l, filter_settings, s, g);
        if (config_setting_length(s) == 0)
                fops_config_error(l, at, "a filter group without settings matches everything");
}

static void read_only(FopsConfigLoader *l, const config_setting_t *s, void *target) {
        FopsWatch *w = target;

        read_filter(l, s, &w->only, &w->n_only);
}

static void read_exclude(FopsConfigLoader *l, const config_setting_t *s, void *target) {
        FopsWatch *w = target;

        read_filter(l, s, &w->exclude, &w->n_exclude);
}

static void read_path(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        if (config_setting_type(s) == CONFIG_TYPE_STRING)
                fops_config_watch_set_path(l, fops_config_position(l, s),
                                           fops_span_from_string(config_setting_get_string(s)), target);
        else
                fops_config_wrong_type(l, t, s, "a string");
}

static const FopsConfigSetting watch_settings[] = {
        { "path", read_path },
        { "ops", fops_config_read_ops, FOPS_CONFIG_MEMBER(FopsWatch, ops) },
        { "recursive", fops_config_read_bool, FOPS_CONFIG_MEMBER(FopsWatch, recursive) },
        { "key", fops_config_read_strings, FOPS_CONFIG_MEMBER(FopsWatch, keys), .scalar_too = true,
          .check = fops_config_check_key },
        { "only", fops_config_read_groups, .each = read_only },
        { "exclude", fops_config_read_groups, .each = read_exclude },
        { "result", fops_config_read_choice, FOPS_CONFIG_MEMBER(FopsWatch, result), .words = results },
        { "priority", fops_config_read_choice, FOPS_CONFIG_MEMBER(FopsWatch, priority), .words = priorities },
        { "priority_failed", fops_config_read_choice, FOPS_CONFIG_MEMBER(FopsWatch, priority_failed), .words = priorities },
        /* An entry may be that late, and be lost with the process: an hour is more than anybody means. */
        { "coalesce_ms", fops_config_read_int, FOPS_CONFIG_MEMBER(FopsWatch, coalesce_usec), .max = 3600 * 1000,
          .unit = 1000 },
        {},
};

void fops_config_watch_init(FopsWatch *w) {
        *w = (FopsWatch){ .recursive = true, .priority = LOG_INFO, .priority_failed = LOG_NOTICE };
}

void fops_config_watch_done(FopsWatch *w) {
        free(w->path);
        fops_config_list_free(w->keys);
        for (size_t i = 0; i < w->n_only; i++)
                fops_filter_group_done(w->only + i);
        free(w->only);
        for (size_t i = 0; i < w->n_exclude; i++)
                fops_filter_group_done(w->exclude + i);
        free(w->exclude);
        free(w->file);
        *w = (FopsWatch){};
}

#define PATTERN_CHARACTERS "*?["

char *fops_config_escape_path(const char *path) {
        char *escaped = malloc(strlen(path) * 2 + 1), *p = escaped;
        bool is_pattern = strpbrk(path, PATTERN_CHARACTERS);

        if (!escaped)
                return NULL;
        /* A backslash is plain unless there is a pattern. */
        for (; *path; path++) {
                if (is_pattern && strchr(PATTERN_CHARACTERS "\\", *path))
                        *p++ = '\\';
                *p++ = *path;
        }
        *p = '\0';
        return escaped;
}

void fops_config_watch_set_path(FopsConfigLoader *l, FopsConfigPosition at, FopsSpan path, FopsWatch *w) {
        if (!fops_config_check_absolute(l, at, "path", path))
                return;
        if (path.size > PATH_BYTES_MAX) {
                fops_config_error(l, at, "path is longer than %zu bytes", PATH_BYTES_MAX);
                return;
        }
        for (size_t i = 0, size; i < path.size; i += size + 1) {
                const char *component = path.data + i, *slash = memchr(component, '/', path.size - i);

                size = slash ? (size_t) (slash - component) : path.size - i;
                if ((size == 1 || size == 2) && memcmp(component, "..", size) == 0) {
                        fops_config_error(l, at, "path must not hold '.' or '..': %s", fops_config_quote(l, path));
                        return;
                }
        }

        while (path.size > 1 && path.data[path.size - 1] == '/')
                path.size--;
        w->path = fops_config_copy(l, path);
        w->is_glob = w->path && strpbrk(w->path, PATTERN_CHARACTERS);
}

static bool has_control_bytes(FopsSpan s) {
        for (size_t i = 0; i < s.size; i++)
                if ((unsigned char) s.data[i] < ' ' || s.data[i] == 0x7f)
                        return true;
        return false;
}

/* \x01 stands between the keys of a rule; the other control bytes would do no harm, but no good either. */
bool fops_config_check_key(FopsConfigLoader *l, FopsConfigPosition at, const char *name, FopsSpan value) {
        if (value.size == 0)
                fops_config_error(l, at, "%s is empty", name);
        else if (has_control_bytes(value))
                fops_config_error(l, at, "%s %s holds control bytes", name, fops_config_quote(l, value));
        else if (fops_span_starts_with(value, FOPS_SPAN_LITERAL(FOPS_TAG_PREFIX)))
                fops_config_error(l, at, "%s %s begins with " FOPS_TAG_PREFIX ", which marks fopsd's own", name,
                                  fops_config_quote(l, value));
        else
                return true;
        return false;
}

bool fops_config_check_keys(FopsConfigLoader *l, FopsConfigPosition at, char *const *keys) {
        size_t size = 0;

        for (char *const *key = keys; key && *key; key++)
                size += (size > 0) + strlen(*key);
        if (size <= FOPS_KEY_BYTES_MAX)
                return true;

        fops_config_error(l, at, "key is longer than %d bytes in all", FOPS_KEY_BYTES_MAX);
        return false;
}

void fops_config_add(FopsConfigLoader *l, FopsConfigPosition at, FopsWatch *w) {
        FopsSpan path = fops_span_from_string(w->path);
        FopsConfig *c = &l->config;

        if (!w->path)
                return;
        if (w->ops == 0)
                w->ops = fops_op_mask_from_word(FOPS_SPAN_LITERAL("write")) |
                         fops_op_mask_from_word(FOPS_SPAN_LITERAL("attr"));
        if (!w->keys) {
                /* A part of a path would be a key that nobody looks for. */
                if (path.size > FOPS_KEY_BYTES_MAX || has_control_bytes(path)) {
                        fops_config_error(l, at, "path is too long for a key, or holds control bytes: key must be set");
                        return;
                }
                if (!fops_config_list_add(l, &w->keys, path))
                        return;
        }
        if (!fops_config_check_keys(l, at, w->keys))
                return;
        w->file = at.file ? fops_config_copy(l, fops_span_from_string(at.file)) : NULL;
        w->line = at.line;

        if (!fops_config_grow(l, &c->watches, c->n_watches, sizeof(FopsWatch)))
                return;
        c->watches[c->n_watches++] = *w;
        *w = (FopsWatch){};
}

void fops_config_read_watch(FopsConfigLoader *l, const config_setting_t *group, void *target _unused_) {
        FopsConfigPosition at = fops_config_position(l, group);
        FopsWatch w;

        fops_config_watch_init(&w);
        fops_config_read_settings(l, watch_settings, group, &w);
        if (!config_setting_get_member(group, "path"))
                fops_config_error(l, at, "path is missing");
        fops_config_add(l, at, &w);
        fops_config_watch_done(&w);
}

static bool same_list(char *const *a, char *const *b) {
        if (!a || !b)
                return a == b;
        while (*a && *b && strcmp(*a, *b) == 0)
                a++, b++;
        return !*a && !*b;
}

static bool same_ids(FopsIdList a, FopsIdList b) {
        return a.n_ids == b.n_ids && (a.n_ids == 0 || memcmp(a.ids, b.ids, a.n_ids * sizeof(uint32_t)) == 0);
}

static bool same_groups(const FopsFilterGroup *a, size_t n_a, const FopsFilterGroup *b, size_t n_b) {
        if (n_a != n_b)
                return false;
        for (; n_a > 0; n_a--, a++, b++)
                if (!same_list(a->exe, b->exe) || !same_list(a->comm, b->comm) || !same_list(a->path, b->path) ||
                    !same_list(a->unit, b->unit) || !same_list(a->container, b->container) ||
                    !same_ids(a->users, b->users) || !same_ids(a->login_users, b->login_users) ||
                    !same_ids(a->groups, b->groups) || a->ops != b->ops || a->result != b->result)
                        return false;
        return true;
}

static bool same_settings(const FopsWatch *a, const FopsWatch *b) {
        return a->is_glob == b->is_glob && a->recursive == b->recursive && a->result == b->result &&
               a->priority == b->priority && a->priority_failed == b->priority_failed &&
               a->coalesce_usec == b->coalesce_usec && same_groups(a->only, a->n_only, b->only, b->n_only) &&
               same_groups(a->exclude, a->n_exclude, b->exclude, b->n_exclude);
}

static int compare_watches(const void *a, const void *b) {
        const FopsWatch *x = *(const FopsWatch *const *) a, *y = *(const FopsWatch *const *) b;
        int r = strcmp(x->path, y->path);

        return r != 0 ? r : x < y ? -1 : x > y;
}

/* Moves @b's operations and keys to @a. */
static void merge(FopsConfigLoader *l, FopsWatch *a, FopsWatch *b) {
        FopsConfigPosition at = { b->file, b->line };

        for (char **key = b->keys; *key; key++)
                if (!fops_config_list_contains(a->keys, *key))
                        fops_config_list_add(l, &a->keys, fops_span_from_string(*key));
        a->ops |= b->ops;
        fops_config_check_keys(l, at, a->keys);
        if (a->file)
                fops_config_note(l, at, "path %s is watched by %s:%u already: operations and keys are united",
                                 fops_config_quote(l, fops_span_from_string(b->path)), a->file, a->line);
        else
                fops_config_note(l, at, "path %s is watched already: operations and keys are united",
                                 fops_config_quote(l, fops_span_from_string(b->path)));
        fops_config_watch_done(b);
}

void fops_config_merge_watches(FopsConfigLoader *l) {
        _cleanup_free_ FopsWatch **sorted = NULL;
        FopsConfig *c = &l->config;
        size_t n = 0;

        if (c->n_watches == 0)
                return;
        sorted = reallocarray(NULL, c->n_watches, sizeof(FopsWatch *));
        if (!sorted) {
                l->error = -ENOMEM;
                return;
        }
        for (size_t i = 0; i < c->n_watches; i++)
                sorted[i] = c->watches + i;
        qsort(sorted, c->n_watches, sizeof(FopsWatch *), compare_watches);

        /* Each against the ones kept of the same path, which stand right before it. */
        for (size_t i = 0, n_kept = 0; i < c->n_watches; i++) {
                FopsWatch *w = sorted[i];
                size_t j = n_kept;

                while (j > 0 && strcmp(sorted[j - 1]->path, w->path) == 0 && !same_settings(sorted[j - 1], w))
                        j--;
                if (j > 0 && strcmp(sorted[j - 1]->path, w->path) == 0)
                        merge(l, sorted[j - 1], w);
                else
                        sorted[n_kept++] = w;
        }

        for (size_t i = 0; i < c->n_watches; i++)
                if (c->watches[i].path)
                        c->watches[n++] = c->watches[i];
        c->n_watches = n;
}
