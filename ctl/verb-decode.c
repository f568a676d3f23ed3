/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl decode: raw audit records to operations.
 *   type=SYSCALL … type=PATH …  →  2026-11-22 02:14:35.123 alice deleted /srv/data/x with rm[4711] */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "file-source.h"
#include "json.h"
#include "text.h"
#include "verb.h"

/* An operation in JSON is a kilobyte, and a call of write(2) costs as much as making a few. Whole blocks (writer.h), and an entry. */
#define STDOUT_BYTES (4 * FOPS_WRITER_BLOCK_BYTES + 4096)

typedef struct Output {
        bool json;
        FopsWriter many; /* of JSON; no .room: each is printed by itself */
} Output;

static int print_entry(void *userdata, const FopsEntry *entry, const FopsOperation *op _unused_) {
        Output *output = userdata;

        if (!output->json)
                fops_text_print(entry, stdout);
        else if (output->many.room > 0)
                fops_json_write(entry, &output->many);
        else
                fops_json_print(entry, stdout);
        return ferror(stdout) ? -errno : 0;
}

static int run(const Verb *verb, int argc, char **argv) {
        static const struct option options[] = {
                { "output", required_argument, NULL, 'o' },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        static char buffer[STDOUT_BYTES];
        char dash[] = "-", *standard_input[] = { dash }, **paths = standard_input;
        size_t n_paths = 1;
        FileSourceStats stats = {};
        Output output = {};
        FileSourceOptions options_of_source = { .publish = print_entry, .userdata = &output, .command = "fopsctl decode" };
        int c, r;

        while ((c = getopt_long(argc, argv, "o:h", options, NULL)) >= 0)
                switch (c) {
                case 'o':
                        if (!verb_text_or_json(optarg, &output.json))
                                return EXIT_USAGE;
                        break;
                case 'h':
                        verb_print_help(verb);
                        return EXIT_FOUND;
                default:
                        return EXIT_USAGE;
                }

        if (optind < argc) {
                paths = argv + optind;
                n_paths = (size_t) (argc - optind);
        }
        if (!file_source_is_all_there(paths, n_paths)) {
                /* Somebody may wait for each. */
                (void) setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
        } else if (!isatty(STDOUT_FILENO)) {
                (void) setvbuf(stdout, output.json ? NULL : buffer, output.json ? _IONBF : _IOFBF, sizeof(buffer));
                if (output.json)
                        output.many = fops_writer(stdout, buffer, sizeof(buffer));
        }
        r = file_source_read(&options_of_source, paths, n_paths, &stats);
        if (output.many.room > 0)
                fops_writer_flush(&output.many);
        if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
                r = -errno;
        if (r == -EPIPE)
                return EXIT_FOUND; /* the reader has seen enough */
        if (r < 0) {
                fprintf(stderr, "fopsctl: %s\n", strerror(-r));
                return EXIT_USAGE;
        }

        file_source_complain(&stats);
        if (r > 0)
                return EXIT_USAGE;
        return stats.pipeline.n_published > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

const Verb verb_decode = {
        .name = "decode",
        .synopsis = "[-o FORMAT] [FILE…]",
        .summary = "Turns raw audit records into operations",
        .help = "Reads audit.log files, a directory with a rotated set, or standard input (\"-\", or no FILE).\n\n"
                "  -o, --output FORMAT   text (default) or json\n",
        .run = run,
};
