/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One libconfig setting into one member of a struct, by a table, with a message for everything that is wrong with it:
 *
 *   /etc/fopsd.conf:7: unknown setting 'buffer_mb', did you mean 'buffer_mib'?
 *
 * libconfig's own conversions are not used: "12" is no number and 1 is not true, as a value of the wrong type is more
 * often a mistake than a wish. Also here: what all rooms of the configuration share, messages and lists of strings. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "config-internal.h"
#include "nearest.h"

/* What a message quotes of a value: enough to find it. */
#define QUOTE_BYTES_MAX ((size_t) 80)

void fops_config_loader_done(FopsConfigLoader *l) {
        fops_arena_done(&l->arena);
}

void fops_config_say(FopsConfigLoader *l, FopsSeverity severity, FopsConfigPosition at, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        va_list ap;
        int r;

        l->n_said[severity]++;
        if (l->n_said[severity] > FOPS_CONFIG_MESSAGES_MAX + 1)
                return;
        if (l->n_said[severity] == FOPS_CONFIG_MESSAGES_MAX + 1) {
                at = (FopsConfigPosition){};
                format = "further messages are left out";
        }

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0) {
                text = NULL;
                l->error = -ENOMEM;
                return;
        }
        r = fops_diags_add(l->diags, severity, at.file, at.line, "%s", text);
        if (r < 0)
                l->error = r;
}

const char *fops_config_quote(FopsConfigLoader *l, FopsSpan s) {
        char *p, *quoted;
        size_t n = MIN(s.size, QUOTE_BYTES_MAX);

        quoted = p = fops_arena_alloc(&l->arena, 4 * n + sizeof("''…"));
        if (!quoted) {
                l->error = -ENOMEM;
                return "''";
        }
        *p++ = '\'';
        for (size_t i = 0; i < n; i++) {
                unsigned char c = (unsigned char) s.data[i];

                if (c < ' ' || c == 0x7f)
                        p += sprintf(p, "\\x%02x", c);
                else
                        *p++ = (char) c;
        }
        strcpy(p, n < s.size ? "…'" : "'");
        return quoted;
}

char *fops_config_copy(FopsConfigLoader *l, FopsSpan s) {
        char *copy = malloc(s.size + 1);

        if (!copy) {
                l->error = -ENOMEM;
                return NULL;
        }
        if (s.size > 0)
                memcpy(copy, s.data, s.size);
        copy[s.size] = '\0';
        return copy;
}

void fops_config_list_free(char **list) {
        for (char **p = list; p && *p; p++)
                free(*p);
        free(list);
}

bool fops_config_list_add(FopsConfigLoader *l, char ***list, FopsSpan s) {
        size_t n = 0;
        char **p;

        while (*list && (*list)[n])
                n++;
        p = reallocarray(*list, n + 2, sizeof(char *));
        if (!p) {
                l->error = -ENOMEM;
                return false;
        }
        *list = p;
        p[n] = fops_config_copy(l, s);
        p[n + 1] = NULL;
        return p[n] != NULL;
}

bool fops_config_list_contains(char *const *list, const char *s) {
        for (; list && *list; list++)
                if (strcmp(*list, s) == 0)
                        return true;
        return false;
}

int fops_config_compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

bool fops_config_grow(FopsConfigLoader *l, void *items, size_t n, size_t item_bytes) {
        void *p;

        if ((n & (n - 1)) != 0)
                return true;
        p = reallocarray(*(void **) items, n > 0 ? 2 * n : 1, item_bytes);
        if (!p) {
                l->error = -ENOMEM;
                return false;
        }
        *(void **) items = p;
        return true;
}

const char *fops_config_nearest(const char *const *words, FopsSpan word) {
        const char *nearest = *words;

        for (; *words; words++)
                if (fops_word_distance(word, *words) < fops_word_distance(word, nearest))
                        nearest = *words;
        return nearest;
}

FopsConfigPosition fops_config_position(const FopsConfigLoader *l, const config_setting_t *s) {
        return fops_config_text_position(l->text, config_setting_source_line(s));
}

static FopsSpan string_of(const config_setting_t *s) {
        return fops_span_from_string(config_setting_get_string(s));
}

void fops_config_read_settings(FopsConfigLoader *l, const FopsConfigSetting *table, const config_setting_t *group,
                               void *target) {
        for (int i = 0; i < config_setting_length(group); i++) {
                const config_setting_t *s = config_setting_get_elem(group, (unsigned) i);
                FopsSpan name = fops_span_from_string(config_setting_name(s));
                const FopsConfigSetting *t, *nearest = table;

                for (t = table; t->name && !fops_span_equal_string(name, t->name); t++)
                        if (fops_word_distance(name, t->name) < fops_word_distance(name, nearest->name))
                                nearest = t;
                if (t->name)
                        t->read(l, t, s, (char *) target + t->offset);
                else
                        fops_config_error(l, fops_config_position(l, s), "unknown setting %s, did you mean '%s'?",
                                          fops_config_quote(l, name), nearest->name);
        }
}

void fops_config_wrong_type(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s,
                            const char *expected) {
        static const char *const types[] = {
                [CONFIG_TYPE_GROUP] = "a group",   [CONFIG_TYPE_INT] = "a number",
                [CONFIG_TYPE_INT64] = "a number",  [CONFIG_TYPE_FLOAT] = "a number with a point",
                [CONFIG_TYPE_STRING] = "a string", [CONFIG_TYPE_BOOL] = "a bool",
                [CONFIG_TYPE_ARRAY] = "an array",  [CONFIG_TYPE_LIST] = "a list",
        };

        fops_config_error(l, fops_config_position(l, s), "%s must be %s, not %s", t->name, expected,
                          types[config_setting_type(s)]);
}

static bool is_number(const config_setting_t *s) {
        return config_setting_type(s) == CONFIG_TYPE_INT || config_setting_type(s) == CONFIG_TYPE_INT64;
}

/* libconfig 1.5 silently cuts a hexadecimal number to 32 bits, so these aren't taken at all. */
static bool get_number(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, int64_t *ret) {
        if (config_setting_get_format(s) != CONFIG_FORMAT_DEFAULT) {
                fops_config_error(l, fops_config_position(l, s), "%s must be a decimal number", t->name);
                return false;
        }
        *ret = config_setting_type(s) == CONFIG_TYPE_INT ? config_setting_get_int(s) : config_setting_get_int64(s);
        return true;
}

void fops_config_read_bool(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        if (config_setting_type(s) == CONFIG_TYPE_BOOL)
                *(bool *) target = config_setting_get_bool(s);
        else
                fops_config_wrong_type(l, t, s, "true or false");
}

void fops_config_set_int(FopsConfigLoader *l, FopsConfigPosition at, const FopsConfigSetting *t, int64_t value,
                         void *target) {
        if (value < t->min || value > t->max) {
                fops_config_error(l, at, "%s must be from %" PRIi64 " to %" PRIi64 ", not %" PRIi64, t->name, t->min, t->max,
                                  value);
                return;
        }
        if (t->unit > 0)
                value *= (int64_t) t->unit;
        if (t->size == sizeof(uint32_t))
                *(uint32_t *) target = (uint32_t) value;
        else
                *(int64_t *) target = value;
}

void fops_config_read_int(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        int64_t value;

        if (!is_number(s))
                fops_config_wrong_type(l, t, s, "a whole number");
        else if (get_number(l, t, s, &value))
                fops_config_set_int(l, fops_config_position(l, s), t, value, target);
}

void fops_config_read_choice(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        if (config_setting_type(s) != CONFIG_TYPE_STRING) {
                fops_config_wrong_type(l, t, s, "a string");
                return;
        }
        for (unsigned i = 0; t->words[i]; i++)
                if (fops_span_equal_string(string_of(s), t->words[i])) {
                        if (t->size == sizeof(bool))
                                *(bool *) target = i > 0;
                        else
                                *(unsigned *) target = i;
                        return;
                }
        fops_config_error(l, fops_config_position(l, s), "%s cannot be %s, did you mean '%s'?", t->name,
                          fops_config_quote(l, string_of(s)), fops_config_nearest(t->words, string_of(s)));
}

void fops_config_read_string(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        if (config_setting_type(s) != CONFIG_TYPE_STRING)
                fops_config_wrong_type(l, t, s, "a string");
        else if (t->check(l, fops_config_position(l, s), t->name, string_of(s)))
                *(char **) target = fops_config_copy(l, string_of(s));
}

size_t fops_config_elements(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, bool scalar_too,
                            const char *expected) {
        int n = config_setting_length(s);

        if (!config_setting_is_list(s) && !config_setting_is_array(s)) {
                if (scalar_too && !config_setting_is_group(s))
                        return 1;
                fops_config_wrong_type(l, t, s, expected);
                return 0;
        }
        if (n == 0)
                fops_config_error(l, fops_config_position(l, s), "%s is empty", t->name);
        return (size_t) n;
}

const config_setting_t *fops_config_element(const config_setting_t *s, size_t i) {
        return config_setting_is_list(s) || config_setting_is_array(s) ? config_setting_get_elem(s, (unsigned) i) : s;
}

void fops_config_read_strings(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        const char *expected = t->scalar_too ? "a string or a list of strings" : "a list of strings";
        size_t n = fops_config_elements(l, t, s, t->scalar_too, expected);

        for (size_t i = 0; i < n; i++) {
                const config_setting_t *e = fops_config_element(s, i);
                FopsConfigPosition at = fops_config_position(l, e);
                int64_t number;

                if (config_setting_type(e) == CONFIG_TYPE_STRING) {
                        if (string_of(e).size == 0)
                                fops_config_error(l, at, "%s holds an empty string", t->name);
                        else if (!t->check || t->check(l, at, t->name, string_of(e)))
                                fops_config_list_add(l, target, string_of(e));
                } else if (!t->numbers_too || !is_number(e))
                        fops_config_wrong_type(l, t, e, expected);
                else if (get_number(l, t, e, &number)) {
                        char text[24];

                        snprintf(text, sizeof(text), "%" PRIi64, number);
                        fops_config_list_add(l, target, fops_span_from_string(text));
                }
        }
}

void fops_config_add_ops(FopsConfigLoader *l, FopsConfigPosition at, const char *name, FopsSpan word, FopsOpMask *mask) {
        FopsOpMask m = fops_op_mask_from_word(word);

        *mask |= m;
        if (m == 0)
                fops_config_error(l, at, "%s: unknown operation %s, did you mean '%s'?", name, fops_config_quote(l, word),
                                  fops_config_nearest(fops_op_words(), word));
}

void fops_config_read_ops(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        size_t n = fops_config_elements(l, t, s, false, "a list of strings");

        for (size_t i = 0; i < n; i++) {
                const config_setting_t *e = fops_config_element(s, i);

                if (config_setting_type(e) == CONFIG_TYPE_STRING)
                        fops_config_add_ops(l, fops_config_position(l, e), t->name, string_of(e), target);
                else
                        fops_config_wrong_type(l, t, e, "a list of strings");
        }
}

void fops_config_read_section(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        if (config_setting_is_group(s))
                fops_config_read_settings(l, t->settings, s, target);
        else
                fops_config_wrong_type(l, t, s, "a group");
}

void fops_config_read_groups(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target) {
        size_t n = fops_config_elements(l, t, s, false, "a list of groups");

        for (size_t i = 0; i < n; i++) {
                const config_setting_t *e = fops_config_element(s, i);

                if (config_setting_is_group(e))
                        t->each(l, e, target);
                else
                        fops_config_wrong_type(l, t, e, "a list of groups");
        }
}

bool fops_config_check_absolute(FopsConfigLoader *l, FopsConfigPosition at, const char *name, FopsSpan value) {
        if (fops_span_starts_with(value, FOPS_SPAN_LITERAL("/")))
                return true;

        fops_config_error(l, at, "%s must be an absolute path, not %s", name, fops_config_quote(l, value));
        return false;
}
