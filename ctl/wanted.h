/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* All that a configuration wants: watches expanded against the file system as it is now, and the rules they become. */

#include "config.h"
#include "json-reader.h"
#include "rule-compiler.h"

typedef struct Wanted {
        FopsConfig config;
        FopsTargets targets;
        FopsRules rules; /* without fopsd's own */
} Wanted;

void wanted_done(Wanted *w);

/* Of the system's configuration, or of @file and @file.d; as fops_config_load_from(). @status (daemon-status.h; NULL: none is running)
 * tells how rules are shared. 0; 1: there are errors in @diags; -ENOMEM. */
int wanted_load(const char *file, const FopsJson *status, Wanted *ret, FopsDiags *diags);

/* Of the system's configuration with the drop-ins of one more directory, behind all others. As above. */
int wanted_load_with(const char *directory, Wanted *ret, FopsDiags *diags);

/* As wanted_load(), with all that is wrong or worth a note on standard error; anything but 0 is then an exit code. */
int wanted_load_or_say(const char *file, const FopsJson *status, Wanted *ret);
