/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* An entry in the Journal Export Format, which journalctl -o export writes and systemd-journal-remote reads:
 *   FOPSD_OP=delete
 *   FOPSD_PATH=/srv/data/x
 * and an empty line. A value that isn't printable UTF-8 in one line follows its name's newline, behind its size in 8
 * bytes, little endian. */

#include <stdio.h>

#include "entry.h"

/* Writes @e to @f, whose error indicator tells of trouble. */
void fops_export_print(const FopsEntry *e, FILE *f);
