/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* An entry as one line of JSON, as journalctl -o json prints it (systemd src/shared/logs-show.c, output_json()):
 *   {"FOPSD_OP":"delete","FOPSD_KEY":["data","srv"],"FOPSD_PATH":[47,115,114,118,47,255]}
 * Every value is a string; one that isn't printable UTF-8 is an array of its bytes; a field that occurs several times is an
 * array of its values. Unlike journalctl without --all, no value is too long: none becomes null. */

#include <stdio.h>

#include "entry.h"
#include "writer.h"

/* Writes @e and a newline to @f, fields in the order in which their names first occur. @f's error indicator tells of
 * trouble. */
void fops_json_print(const FopsEntry *e, FILE *f);

/* The same to @w, for who has many to write. */
void fops_json_write(const FopsEntry *e, FopsWriter *w);

/* Writes one value: a string, or an array of bytes. An absent one is null. */
void fops_json_print_value(FopsSpan value, FILE *f);
