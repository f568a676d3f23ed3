/* SPDX-License-Identifier: GPL-2.0-or-later */

/* argv into Options. */

#include "options.h"

#include <getopt.h>
#include <string.h>

/* Without a configuration file to say otherwise: the kernel's own 64 makes writers wait at every turn, and loses records when the
 * reader is late. It is put back at the end. */
#define BACKLOG_LIMIT_WITHOUT_CONFIG 8192

static void print_help(void) {
        printf("fopsd [OPTIONS…]\n\n"
               "Records who did what to which file, to the journal.\n\n"
               "  -c, --config FILE       read FILE and FILE.d, in place of " FOPS_CONFIG_PATH "\n"
               "  -w, --watch PATH        watch PATH, without a configuration file unless -c is given\n"
               "  -o, --ops OPS           what to record of the PATH before: write,attr or the like\n"
               "  -k, --key KEY           the key of the PATH before\n"
               "      --source MODE       auto, daemon or listener\n"
               "      --print[=FORMAT]    write entries to standard output, as text or json, not to the journal\n"
               "      --check             check the configuration and exit\n"
               "  -h, --help              show this\n"
               "  -V, --version           show the version\n\n"
               "SIGHUP reloads the configuration; SIGTERM and SIGINT remove fopsd's rules and end it. See fopsd(8).\n");
}

static int parse_mode(const char *word, FopsSourceMode *ret) {
        static const struct {
                const char *word;
                FopsSourceMode mode;
        } modes[] = {
                { "auto", FOPS_SOURCE_AUTO },
                { "daemon", FOPS_SOURCE_DAEMON },
                { "listener", FOPS_SOURCE_LISTENER },
        };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (strcmp(word, modes[i].word) == 0) {
                        *ret = modes[i].mode;
                        return 0;
                }
        fprintf(stderr, "fopsd: unknown source mode '%s': auto, daemon or listener\n", word);
        return -EINVAL;
}

static int parse_print(const char *word, Options *o) {
        o->print = true;
        if (!word || strcmp(word, "text") == 0)
                o->print_format = FOPS_PRINT_TEXT;
        else if (strcmp(word, "json") == 0)
                o->print_format = FOPS_PRINT_JSON;
        else {
                fprintf(stderr, "fopsd: unknown format '%s': text or json\n", word);
                return -EINVAL;
        }
        return 0;
}

static int add_watch(Options *o, const char *path) {
        WatchOption *watches = reallocarray(o->watches, o->n_watches + 1, sizeof(WatchOption));

        if (!watches)
                return -ENOMEM;
        o->watches = watches;
        o->watches[o->n_watches++] = (WatchOption){ .path = path };
        return 0;
}

static int set_of_watch(Options *o, int option, const char *value) {
        WatchOption *last;

        if (o->n_watches == 0) {
                fprintf(stderr, "fopsd: -%c belongs behind the -w that it is for\n", option);
                return -EINVAL;
        }
        last = o->watches + o->n_watches - 1;
        if (option == 'o')
                last->ops = value;
        else
                last->key = value;
        return 0;
}

int options_parse(int argc, char **argv, Options *ret) {
        enum { OPTION_SOURCE = 256, OPTION_PRINT, OPTION_CHECK };
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' },
                { "watch", required_argument, NULL, 'w' },
                { "ops", required_argument, NULL, 'o' },
                { "key", required_argument, NULL, 'k' },
                { "source", required_argument, NULL, OPTION_SOURCE },
                { "print", optional_argument, NULL, OPTION_PRINT },
                { "check", no_argument, NULL, OPTION_CHECK },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                {},
        };
        _cleanup_(options_done) Options o = {};
        int c, r = 0;

        while (r >= 0 && (c = getopt_long(argc, argv, "c:w:o:k:hV", options, NULL)) >= 0)
                switch (c) {
                case 'c':
                        o.config_file = optarg;
                        break;
                case 'w':
                        r = add_watch(&o, optarg);
                        break;
                case 'o':
                case 'k':
                        r = set_of_watch(&o, c, optarg);
                        break;
                case OPTION_SOURCE:
                        r = parse_mode(optarg, &o.mode);
                        o.has_mode = true;
                        break;
                case OPTION_PRINT:
                        r = parse_print(optarg, &o);
                        break;
                case OPTION_CHECK:
                        o.check = true;
                        break;
                case 'h':
                        print_help();
                        return 0;
                case 'V':
                        printf("fopsd %s\n", FOPS_VERSION);
                        return 0;
                default:
                        return -EINVAL;
                }
        if (r < 0)
                return r;
        if (optind < argc) {
                fprintf(stderr, "fopsd: unexpected argument '%s'\n", argv[optind]);
                return -EINVAL;
        }

        *ret = o;
        o = (Options){};
        return 1;
}

void options_done(Options *o) {
        free(o->watches);
}

int options_load_config(const Options *o, FopsConfig *ret, FopsDiags *diags) {
        FopsConfig config;
        int r = 0;

        if (o->config_file || o->n_watches == 0) {
                r = fops_config_load_from(o->config_file, &config, diags);
                if (r != 0)
                        return r;
        } else {
                fops_config_init(&config);
                config.kernel.backlog_limit = BACKLOG_LIMIT_WITHOUT_CONFIG;
        }

        for (size_t i = 0; i < o->n_watches; i++) {
                int q = fops_config_add_watch(&config, o->watches[i].path, o->watches[i].ops, o->watches[i].key, diags);

                if (q < 0) {
                        fops_config_done(&config);
                        return q;
                }
                r |= q;
        }
        if (r > 0) {
                fops_config_done(&config);
                return r;
        }

        if (o->has_mode)
                config.source.mode = o->mode;
        *ret = config;
        return 0;
}
