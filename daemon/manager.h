/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* fopsd's one owner of everything: the audit socket, the rules in the kernel, the pipeline, the sink, and the event loop that
 * wires them; start, reload and end. */

#include "options.h"

/* Runs until SIGTERM or SIGINT (returns 0), the end of standard output's reader with --print (0), or trouble (-errno, after one
 * message); 1, after messages: the configuration means something that can't be. Takes *@config over. @options must outlive the call. */
int manager_run(const Options *options, FopsConfig *config);
