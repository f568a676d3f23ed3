/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One group of `watchlists`, and the file that it names, into watches, one for each line:
 *
 *   # what the web servers serve
 *   /srv/www
 *
 * A line is a path and nothing else, so that other programs can write such files without quoting; blanks around it go. All
 * watches of a list have the list's settings. */

#include "config-internal.h"

typedef struct Watchlist {
        char *file;
        FopsWatch like;
} Watchlist;

static const FopsConfigSetting watchlist_settings[] = {
        { "file", fops_config_read_string, FOPS_CONFIG_MEMBER(Watchlist, file), .check = fops_config_check_absolute },
        { "ops", fops_config_read_ops, FOPS_CONFIG_MEMBER(Watchlist, like.ops) },
        { "key", fops_config_read_strings, FOPS_CONFIG_MEMBER(Watchlist, like.keys), .scalar_too = true,
          .check = fops_config_check_key },
        { "recursive", fops_config_read_bool, FOPS_CONFIG_MEMBER(Watchlist, like.recursive) },
        {},
};

static bool is_blank(char c) {
        return c == ' ' || c == '\t';
}

static void add_line(FopsConfigLoader *l, FopsConfigPosition at, FopsSpan path, const FopsWatch *like) {
        FopsWatch w;

        if (memchr(path.data, '\0', path.size)) {
                fops_config_error(l, at, "the line holds a NUL: it is no text");
                return;
        }

        fops_config_watch_init(&w);
        w.ops = like->ops;
        w.recursive = like->recursive;
        for (char **key = like->keys; key && *key; key++)
                fops_config_list_add(l, &w.keys, fops_span_from_string(*key));
        fops_config_watch_set_path(l, at, path, &w);
        fops_config_add(l, at, &w);
        fops_config_watch_done(&w);
}

void fops_config_load_watchlist(FopsConfigLoader *l, const char *file, FopsSpan text, const FopsWatch *like) {
        FopsConfigPosition at = { file, 0 };
        FopsSpan line;

        while (l->error == 0 && fops_config_next_line(&text, &line)) {
                at.line++;
                while (line.size > 0 && is_blank(line.data[0]))
                        line = fops_span_skip(line, 1);
                while (line.size > 0 && is_blank(line.data[line.size - 1]))
                        line.size--;
                if (line.size > 0 && line.data[0] != '#')
                        add_line(l, at, line, like);
        }
}

void fops_config_read_watchlist(FopsConfigLoader *l, const config_setting_t *group, void *target _unused_) {
        FopsConfigPosition at = fops_config_position(l, group);
        Watchlist list = {};
        FopsSpan text;

        fops_config_watch_init(&list.like);
        fops_config_read_settings(l, watchlist_settings, group, &list);
        if (!config_setting_get_member(group, "file"))
                fops_config_error(l, at, "file is missing");
        else if (list.file && fops_config_read_file(l, at, list.file, &text))
                fops_config_load_watchlist(l, list.file, text, &list.like);
        fops_config_watch_done(&list.like);
        free(list.file);
}
