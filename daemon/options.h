/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* fopsd's command line. */

#include "config.h"
#include "sink-print.h"

typedef struct WatchOption {
        const char *path, *ops, *key; /* ops and key: NULL if not given */
} WatchOption;

typedef struct Options {
        const char *config_file; /* NULL: the system's, unless there are watches on the command line */
        WatchOption *watches;
        size_t n_watches;
        bool has_mode;
        FopsSourceMode mode;
        bool print;
        FopsPrintFormat print_format;
        bool check;
} Options;

/* Returns 1 to go on, 0 when all is done (--help, --version), or -EINVAL after a message on standard error; -ENOMEM. The strings
 * are argv's. */
int options_parse(int argc, char **argv, Options *ret);
void options_done(Options *o);

/* The configuration that the options ask for; as fops_config_load(). */
int options_load_config(const Options *o, FopsConfig *ret, FopsDiags *diags);
