/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The files of a configuration in their order, into one FopsConfig: the top-level settings and their defaults, and what only
 * the whole can tell (duplicate watches, filters on what isn't collected).
 *
 *   source = { mode = "listener"; buffer_mib = 16; };
 *
 * Invariant: a FopsConfig leaves here only if no file had an error. */

#include "config.h"

#include <dirent.h>
#include <fcntl.h>

#include "config-internal.h"

static const char *const failures[] = { "silent", "printk", "panic", NULL };
static const char *const modes[] = { "auto", "daemon", "listener", NULL };
static const char *const foreign[] = { "journal", "drop", NULL };
static const char *const tamper[] = { "report", "restore", NULL };
static const char *const journal_fields[] = { "standard", "full", NULL };

const FopsConfigSetting fops_config_kernel_settings[] = {
        { "backlog_limit", fops_config_read_int, FOPS_CONFIG_MEMBER(FopsConfig, kernel.backlog_limit), .max = UINT32_MAX },
        /* In jiffies. The kernel refuses more than ten times its default of 60 s; HZ is 1000 at most. */
        { "backlog_wait_time", fops_config_read_int, FOPS_CONFIG_MEMBER(FopsConfig, kernel.backlog_wait_time),
          .max = 600000 },
        { "rate_limit", fops_config_read_int, FOPS_CONFIG_MEMBER(FopsConfig, kernel.rate_limit), .max = UINT32_MAX },
        { "failure", fops_config_read_choice, FOPS_CONFIG_MEMBER(FopsConfig, kernel.failure), .words = failures },
        { "loginuid_immutable", fops_config_read_bool, FOPS_CONFIG_MEMBER(FopsConfig, kernel.loginuid_immutable) },
        { "lock", fops_config_read_bool, FOPS_CONFIG_MEMBER(FopsConfig, kernel.lock) },
        {},
};

static const FopsConfigSetting source_settings[] = {
        { "mode", fops_config_read_choice, FOPS_CONFIG_MEMBER(FopsConfig, source.mode), .words = modes },
        { "buffer_mib", fops_config_read_int, FOPS_CONFIG_MEMBER(FopsConfig, source.buffer_bytes),
          .min = 1, .max = 4096, .unit = 1 << 20 },
        { "foreign", fops_config_read_choice, FOPS_CONFIG_MEMBER(FopsConfig, source.foreign), .words = foreign },
        {},
};

static const FopsConfigSetting index_settings[] = {
        /* At some hundred bytes an entry the most is tens of gigabytes. */
        { "max_entries", fops_config_read_int, FOPS_CONFIG_MEMBER(FopsConfig, index_max_entries), .max = 100000000 },
        {},
};

static const FopsConfigSetting attribution_settings[] = {
        { "unit", fops_config_read_bool, FOPS_CONFIG_MEMBER(FopsConfig, attribution.unit) },
        { "container", fops_config_read_bool, FOPS_CONFIG_MEMBER(FopsConfig, attribution.container) },
        /* What FopsOperation.parents holds. */
        { "ancestry", fops_config_read_int, FOPS_CONFIG_MEMBER(FopsConfig, attribution.ancestry), .max = 16 },
        {},
};

static const FopsConfigSetting canary_settings[] = {
        { "startup", fops_config_read_bool, FOPS_CONFIG_MEMBER(FopsConfig, canary.startup) },
        { "interval_s", fops_config_read_int, FOPS_CONFIG_MEMBER(FopsConfig, canary.interval_usec),
          .max = 365 * 24 * 3600, .unit = 1000000 },
        {},
};

static const FopsConfigSetting journal_settings[] = {
        { "fields", fops_config_read_choice, FOPS_CONFIG_MEMBER(FopsConfig, journal_full), .words = journal_fields },
        {},
};

static const FopsConfigSetting top_settings[] = {
        { "watches", fops_config_read_groups, .each = fops_config_read_watch },
        { "rules", fops_config_read_groups, .each = fops_config_read_rule },
        { "watchlists", fops_config_read_groups, .each = fops_config_read_watchlist },
        { "audit_rules", fops_config_read_audit_rules },
        { "kernel", fops_config_read_section, .settings = fops_config_kernel_settings },
        { "source", fops_config_read_section, .settings = source_settings },
        { "index", fops_config_read_section, .settings = index_settings },
        { "attribution", fops_config_read_section, .settings = attribution_settings },
        { "on_tamper", fops_config_read_choice, FOPS_CONFIG_MEMBER(FopsConfig, tamper_restore), .words = tamper },
        { "canary", fops_config_read_section, .settings = canary_settings },
        { "journal", fops_config_read_section, .settings = journal_settings },
        {},
};

void fops_config_init(FopsConfig *c) {
        *c = (FopsConfig){
                .kernel = {
                        .backlog_limit = -1, .backlog_wait_time = -1, .rate_limit = -1, .failure = FOPS_FAILURE_UNSET,
                },
                .source.buffer_bytes = UINT64_C(64) << 20,
                .index_max_entries = 1000000,
                .attribution = { .unit = true, .container = true, .ancestry = 4 },
                .tamper_restore = true,
                .canary.startup = true,
        };
}

void fops_config_done(FopsConfig *c) {
        for (size_t i = 0; i < c->n_watches; i++)
                fops_config_watch_done(c->watches + i);
        free(c->watches);
        for (size_t i = 0; i < c->n_rules; i++)
                fops_config_rule_done(c->rules + i);
        free(c->rules);
        fops_config_init(c);
}

void fops_config_load_text(FopsConfigLoader *l, const char *file, FopsSpan text) {
        FopsConfigText expanded = {};
        config_t parsed;

        fops_config_expand(l, file, text, &expanded);
        if (!expanded.broken && l->error == 0) {
                l->text = &expanded;
                config_init(&parsed);
                if (config_read_string(&parsed, expanded.data))
                        fops_config_read_settings(l, top_settings, config_root_setting(&parsed), &l->config);
                else
                        fops_config_error(l, fops_config_text_position(&expanded, (unsigned) config_error_line(&parsed)),
                                          "%s", config_error_text(&parsed));
                config_destroy(&parsed);
                l->text = NULL;
        }
        fops_config_text_done(&expanded);
}

static void load_file(FopsConfigLoader *l, const char *path) {
        FopsSpan text;

        if (fops_config_read_file(l, (FopsConfigPosition){}, path, &text))
                fops_config_load_text(l, path, text);
}

/* As a shell's *.conf: not the hidden ones, which editors leave. */
static int is_drop_in(const struct dirent *e) {
        return e->d_name[0] != '.' && fops_span_ends_with(fops_span_from_string(e->d_name), FOPS_SPAN_LITERAL(".conf"));
}

static int compare_entries(const struct dirent **a, const struct dirent **b) {
        return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_drop_ins(FopsConfigLoader *l, const char *path) {
        _cleanup_close_ int fd = -EBADF;
        struct dirent **entries;
        int n;

        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return;
        if (!fops_config_trust_directory(l, fd, path))
                return;

        n = scandirat(fd, ".", &entries, is_drop_in, compare_entries);
        if (n < 0) {
                fops_config_error(l, (FopsConfigPosition){ path, 0 }, "cannot be read: %s", strerror(errno));
                return;
        }
        for (int i = 0; i < n; i++) {
                FopsSpan file = fops_arena_printf(&l->arena, "%s/%s", path, entries[i]->d_name);

                if (fops_span_is_present(file))
                        load_file(l, file.data);
                else
                        l->error = -ENOMEM;
                free(entries[i]);
        }
        free(entries);
}

/* A filter on what isn't collected would never match, or as "none" always: neither is what its writer meant. */
static void check_attribution(FopsConfigLoader *l, const FopsWatch *w, const FopsFilterGroup *groups, size_t n_groups) {
        for (size_t i = 0; i < n_groups; i++) {
                FopsConfigPosition at = { w->file, groups[i].line };

                if (groups[i].unit && !l->config.attribution.unit)
                        fops_config_error(l, at, "a filter asks for unit, but attribution.unit is false");
                if (groups[i].container && !l->config.attribution.container)
                        fops_config_error(l, at, "a filter asks for container, but attribution.container is false");
        }
}

int fops_config_load(const FopsConfigPaths *paths, FopsConfig *ret, FopsDiags *diags) {
        FopsConfigLoader l = { .diags = diags };
        int r;

        fops_config_init(&l.config);

        if (paths->file)
                load_file(&l, paths->file);
        for (const char *const *dir = paths->drop_ins; dir && *dir; dir++)
                load_drop_ins(&l, *dir);

        for (size_t i = 0; i < l.config.n_watches; i++) {
                const FopsWatch *w = l.config.watches + i;

                check_attribution(&l, w, w->only, w->n_only);
                check_attribution(&l, w, w->exclude, w->n_exclude);
        }
        if (l.n_said[FOPS_ERROR] == 0)
                fops_config_merge_watches(&l);
        fops_diags_sort(diags);

        r = l.error != 0 ? l.error : l.n_said[FOPS_ERROR] > 0;
        if (r == 0)
                *ret = l.config;
        else
                fops_config_done(&l.config);
        fops_config_loader_done(&l);
        return r;
}

int fops_config_add_watch(FopsConfig *c, const char *path, const char *ops, const char *key, FopsDiags *diags) {
        FopsConfigLoader l = { .config = *c, .diags = diags };
        FopsConfigPosition at = {};
        FopsWatch w;

        fops_config_watch_init(&w);
        fops_config_watch_set_path(&l, at, fops_span_from_string(path), &w);
        for (const char *word = ops; word;) {
                size_t size = strcspn(word, ",");

                fops_config_add_ops(&l, at, "-o", (FopsSpan){ word, size }, &w.ops);
                word = word[size] ? word + size + 1 : NULL;
        }
        if (key && fops_config_check_key(&l, at, "-k", fops_span_from_string(key)))
                fops_config_list_add(&l, &w.keys, fops_span_from_string(key));
        if (l.n_said[FOPS_ERROR] == 0)
                fops_config_add(&l, at, &w);
        fops_config_watch_done(&w);
        if (l.n_said[FOPS_ERROR] == 0)
                fops_config_merge_watches(&l);

        *c = l.config;
        fops_config_loader_done(&l);
        return l.error != 0 ? l.error : l.n_said[FOPS_ERROR] > 0;
}
