/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl watch, fopsctl unwatch: a watch for this boot, and its end.
 *   # fopsctl watch /srv/data -o write -k data
 *   /srv/data is watched */

#include <string.h>

#include "config.h"
#include "reload.h"
#include "text.h"
#include "verb.h"
#include "watch-file.h"

typedef struct Request {
        const char *ops, *key; /* NULL: not given */
        FopsSpan path;
        FopsArena arena;
        DaemonStatus before; /* zero: no fopsd is running */
} Request;

static void request_done(Request *q) {
        fops_arena_done(&q->arena);
        daemon_status_done(&q->before);
}

/* "'/srv/data' is watched". */
static void say(FILE *f, FopsSpan path, const char *what) {
        fops_text_print_name(path, f);
        fprintf(f, " %s\n", what);
}

/* Is there an fopsd, and does it read what is changed here? 0, or an exit code. */
static int find_daemon(Request *q) {
        int r = daemon_status_read(&q->before);

        if (r == -ENOENT)
                return 0;
        if (r < 0) {
                daemon_status_complain(r);
                return EXIT_USAGE;
        }
        if (fops_json_is_true(fops_json_at(q->before.json, "configuration.system")))
                return 0;
        fprintf(stderr, "fopsctl: the fopsd that runs, pid %u, was started with -c or -w: it doesn't read " FOPS_CONFIG_DIR_RUN "\n",
                q->before.pid);
        return EXIT_USAGE;
}

/* Reloads. 0 with *@ret, or an exit code. */
static int reload(const Request *q, DaemonStatus *ret) {
        int r;

        if (!q->before.json) {
                fprintf(stderr, "fopsctl: fopsd isn't running: this counts when it is started\n");
                return EXIT_NOTHING;
        }
        r = daemon_reload(&q->before, ret);
        if (r < 0) {
                daemon_status_complain(r);
                return EXIT_USAGE;
        }
        if (r > 0) {
                fprintf(stderr, "fopsctl: fopsd refused the configuration: see fopsctl check, journalctl -t fopsd\n");
                daemon_status_done(ret);
                return EXIT_NOTHING;
        }
        return 0;
}

/* What became of it, in the daemon's words. */
static int say_watch(const FopsJson *watch, FopsSpan path, FopsArena *arena) {
        const FopsJson *state = fops_json_member(watch, "state"), *reason = fops_json_member(watch, "reason");
        FopsSpan target = fops_json_bytes(fops_json_member(watch, "target"), arena);

        if (!fops_span_is_present(target))
                target = path;
        if (state && fops_span_equal_string(state->text, "armed")) {
                say(stdout, target, "is watched");
                return EXIT_FOUND;
        }
        if (state && fops_span_equal_string(state->text, "pending")) {
                say(stdout, target, "will be watched when it is there");
                return EXIT_FOUND;
        }
        fops_text_print_name(target, stderr);
        fprintf(stderr, " isn't watched, the kernel refused it: ");
        fops_text_print_value(reason ? reason->text : FOPS_SPAN_LITERAL("?"), stderr);
        fputc('\n', stderr);
        return EXIT_NOTHING;
}

static const FopsJson *find_watch(const FopsJson *from, FopsSpan path, FopsArena *arena) {
        for (; from; from = from->next)
                if (fops_span_equal(fops_json_bytes(fops_json_member(from, "path"), arena), path))
                        return from;
        return NULL;
}

static const FopsJson *first_watch(const DaemonStatus *d) {
        const FopsJson *watches = fops_json_member(d->json, "watches");

        return watches ? watches->first : NULL;
}

static int complain_of_file(int error, const FopsDiags *diags) {
        if (error > 0)
                fops_diags_print(diags, stderr);
        else
                fprintf(stderr, "fopsctl: " FOPS_CONFIG_DIR_RUN ": %s\n", strerror(-error));
        return error > 0 ? EXIT_NOTHING : EXIT_USAGE;
}

/* --- watch -------------------------------------------------------------------------------------------------------------- */

/* Whether it can be a watch at all, in the words of the options. 0, or an exit code. */
static int check_options(const Request *q) {
        FopsDiags diags = {};
        FopsConfig config;
        int r;

        fops_config_init(&config);
        r = fops_config_add_watch(&config, q->path.data, q->ops, q->key, &diags);
        fops_diags_print(&diags, stderr);
        fops_diags_done(&diags);
        fops_config_done(&config);
        return r == 0 ? 0 : EXIT_USAGE;
}

static int add(Request *q) {
        _cleanup_(daemon_status_done) DaemonStatus after = {};
        const FopsJson *watch;
        FopsDiags diags = {};
        int r, code = EXIT_NOTHING;

        r = check_options(q);
        if (r == 0)
                r = find_daemon(q);
        if (r != 0)
                return r;
        r = watch_file_install(q->path, q->ops, q->key, &diags);
        if (r != 0)
                code = complain_of_file(r, &diags);
        fops_diags_done(&diags);
        if (r != 0)
                return code;
        r = reload(q, &after);
        if (r != 0)
                return r;

        watch = find_watch(first_watch(&after), q->path, &q->arena);
        if (!watch)
                say(stderr, q->path, "isn't watched: fopsd doesn't know of it");
        for (; watch; watch = find_watch(watch->next, q->path, &q->arena)) {
                code = say_watch(watch, q->path, &q->arena);
                if (code != EXIT_FOUND)
                        break;
        }
        return code;
}

/* --- unwatch ------------------------------------------------------------------------------------------------------------ */

/* Who else names it, of the files: true, and said on standard error. */
static bool say_where(const Request *q) {
        FopsDiags diags = {};
        FopsConfig config;
        bool found = false;

        if (fops_config_load_from(NULL, &config, &diags) == 0) {
                for (size_t i = 0; i < config.n_watches; i++)
                        if (fops_span_equal_string(q->path, config.watches[i].path)) {
                                fops_text_print_name(q->path, stderr);
                                fprintf(stderr, " is watched because of %s:%u\n", config.watches[i].file, config.watches[i].line);
                                found = true;
                        }
                fops_config_done(&config);
        }
        fops_diags_done(&diags);
        return found;
}

static int end(Request *q) {
        _cleanup_(daemon_status_done) DaemonStatus after = {};
        int r;

        r = find_daemon(q);
        if (r != 0)
                return r;
        r = watch_file_remove(q->path);
        if (r == -ENOENT) {
                if (!say_where(q))
                        say(stderr, q->path, "isn't watched");
                return EXIT_NOTHING;
        }
        if (r < 0)
                return complain_of_file(r, NULL);
        r = reload(q, &after);
        if (r != 0)
                return r;
        if (say_where(q))
                return EXIT_NOTHING;
        say(stdout, q->path, "is no longer watched");
        return EXIT_FOUND;
}

/* --- the verbs ---------------------------------------------------------------------------------------------------------- */

static int run(const Verb *verb, int argc, char **argv, int (*act)(Request *q)) {
        _cleanup_(request_done) Request q = {};
        const VerbOption options[] = {
                { "ops", 'o', .argument = &q.ops },
                { "key", 'k', .argument = &q.key },
                {},
        };
        int code;

        if (!verb_take_options(verb, argc, argv, act == add ? options : options + 2, &code))
                return code;
        if (optind + 1 != argc) {
                fprintf(stderr, "fopsctl: %s takes one path\n", verb->name);
                return EXIT_USAGE;
        }
        q.path = watch_file_path(argv[optind], &q.arena);
        return fops_span_is_present(q.path) ? act(&q) : EXIT_USAGE;
}

static int run_watch(const Verb *verb, int argc, char **argv) {
        return run(verb, argc, argv, add);
}

static int run_unwatch(const Verb *verb, int argc, char **argv) {
        return run(verb, argc, argv, end);
}

const Verb verb_watch = {
        .name = "watch",
        .synopsis = "PATH [-o OPS] [-k KEY]",
        .summary = "Adds a watch for this boot, in " FOPS_CONFIG_DIR_RUN ", and waits until it is armed",
        .help = "  -o, --ops OPS         operations or classes, with commas between (default: write,attr)\n"
                "  -k, --key KEY         the key to search by (default: the path)\n",
        .run = run_watch,
};

const Verb verb_unwatch = {
        .name = "unwatch",
        .synopsis = "PATH",
        .summary = "Removes a watch that was added by watch",
        .help = "",
        .run = run_unwatch,
};
