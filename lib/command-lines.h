/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Whose command line is it? A PROCTITLE record has that of the process's first record: the kernel keeps it for the life of the
 * process, past exec(2) (audit_log_proctitle()). After `sh -c ': > x; rm x'` rm removes x under the command line of sh.
 *
 * A title counts if its first words are of the program that the same event names, by exe and comm, and if the process wasn't seen as
 * another program under the same title before. What that leaves in doubt, /proc/PID/cmdline decides while the process is there. Left is
 * a process that executes the same program again, by the same name, and isn't there any more. Not thread-safe. */

#include "operation.h"
#include "process-table.h"

/* Busy processes at once; one that is pushed out by another is taken by its title alone again. 32 bytes each. */
#define FOPS_COMMAND_LINES ((size_t) 4096)

/* All zero: nothing is known. */
typedef struct FopsCommandLines {
        struct FopsTitle {
                uint64_t key; /* of pid and title; 0: none */
                uint64_t program, name; /* of exe and comm */
                bool is_right, is_certain; /* certain: whatever the comm, which threads change */
        } titles[FOPS_COMMAND_LINES];
} FopsCommandLines;

/* Takes op->cmdline away if it is from the title and that may be another program's. @processes is asked when in doubt. */
void fops_command_lines_judge(FopsCommandLines *c, FopsProcessTable *processes, FopsOperation *op);
