/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The least that a program can do that writes to the journal: bench-send N < FIELDS. The lines of standard input, NAME=value, are one
 * entry, sent N times by sd_journal_sendv(3). */

#define SD_JOURNAL_SUPPRESS_LOCATION

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#define FIELDS_MAX 256

int main(int argc, char **argv) {
        static struct iovec fields[FIELDS_MAX];
        unsigned long n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
        int n_fields = 0;
        size_t allocated;

        for (; n_fields < FIELDS_MAX; n_fields++) {
                char *line = NULL;
                ssize_t size = getline(&line, &allocated, stdin);

                if (size <= 0)
                        break;
                fields[n_fields] = (struct iovec){ line, (size_t) size - (line[size - 1] == '\n') };
                allocated = 0;
        }
        if (n == 0 || n_fields == 0) {
                fprintf(stderr, "usage: bench-send N < FIELDS\n");
                return 2;
        }
        for (unsigned long i = 0; i < n; i++)
                if (sd_journal_sendv(fields, n_fields) < 0)
                        return 2;
        return 0;
}
