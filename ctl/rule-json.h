/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A rule and what it is for, as the members of a JSON object. */

#include "json-writer.h"
#include "rule-compiler.h"

/* @text: the rule as auditctl -l has it; @wanted: what the configuration says of it, NULL: nothing. */
void rule_print_json(FopsJsonWriter *w, const char *text, const FopsRule *wanted, const FopsTargets *targets);
