/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The least that a program can do that writes to the journal: bench-send N < ENTRIES. Each line of standard input is a field,
 * NAME=value, an empty line ends an entry; N are sent by sd_journal_sendv(3), from the first again where there are fewer. */

#define SD_JOURNAL_SUPPRESS_LOCATION

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#define FIELDS_MAX 256

typedef struct Entry {
        struct iovec *fields;
        int n_fields;
} Entry;

/* Another entry off standard input; false if there is none. */
static bool read_entry(Entry *ret) {
        struct iovec fields[FIELDS_MAX];
        int n = 0;

        for (; n < FIELDS_MAX; n++) {
                size_t allocated = 0;
                char *line = NULL;
                ssize_t size = getline(&line, &allocated, stdin);

                if (size <= 1)
                        break;
                fields[n] = (struct iovec){ line, (size_t) size - 1 };
        }
        if (n == 0)
                return false;
        *ret = (Entry){ .fields = malloc((size_t) n * sizeof(struct iovec)), .n_fields = n };
        if (!ret->fields)
                abort();
        memcpy(ret->fields, fields, (size_t) n * sizeof(struct iovec));
        return true;
}

int main(int argc, char **argv) {
        size_t n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0, n_entries = 0;
        Entry *entries = n > 0 ? calloc(n, sizeof(Entry)) : NULL;

        while (entries && n_entries < n && read_entry(entries + n_entries))
                n_entries++;
        if (n_entries == 0) {
                fprintf(stderr, "usage: bench-send N < ENTRIES\n");
                return 2;
        }
        for (size_t i = 0; i < n; i++)
                if (sd_journal_sendv(entries[i % n_entries].fields, entries[i % n_entries].n_fields) < 0)
                        return 2;
        return 0;
}
