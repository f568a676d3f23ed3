/* SPDX-License-Identifier: GPL-2.0-or-later */

/* How long after a call its entry can be read: bench-latency N DIRECTORY. Makes N files, one after another, and reads the journal
 * until the entry of each is there. Prints the median and the worst in microseconds. */

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#define N_MAX 10000
/* Between two operations, so that each is alone. */
#define PAUSE_USEC 2000
#define GIVE_UP_USEC 10000000U
#define LOOK_USEC 200U

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static int compare(const void *a, const void *b) {
        const uint64_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* Not a match of the journal's: journald counts an entry before it links its fields, and a reader that looks for them in between doesn't
 * look again before the next entry. */
static bool is_create(sd_journal *journal) {
        static const char expected[] = "FOPSD_OP=create";
        const void *data;
        size_t size;

        return sd_journal_get_data(journal, "FOPSD_OP", &data, &size) >= 0 && size == strlen(expected) &&
               memcmp(data, expected, size) == 0;
}

/* Until the next operation's entry is there. */
static int wait_for_entry(sd_journal *journal, uint64_t start) {
        int r;

        while ((r = sd_journal_next(journal)) >= 0 && !(r > 0 && is_create(journal)) && now_usec() < start + GIVE_UP_USEC)
                if (r == 0)
                        (void) sd_journal_wait(journal, LOOK_USEC);
        return r > 0 ? 0 : -1;
}

int main(int argc, char **argv) {
        static uint64_t spent[N_MAX];
        size_t n = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
        sd_journal *journal = NULL;
        char path[4096];

        if (n == 0 || n > N_MAX) {
                fprintf(stderr, "usage: bench-latency N DIRECTORY\n");
                return 2;
        }
        if (sd_journal_open_directory(&journal, "/run/log/journal", 0) < 0)
                return 2;
        while (sd_journal_next(journal) > 0)
                ;

        for (size_t i = 0; i < n; i++) {
                uint64_t start;
                int fd;

                snprintf(path, sizeof(path), "%s/latency-%zu", argv[2], i);
                fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
                start = now_usec();
                if (fd < 0 || wait_for_entry(journal, start) < 0)
                        return 1;
                spent[i] = now_usec() - start;
                close(fd);
                usleep(PAUSE_USEC);
        }
        sd_journal_close(journal);
        qsort(spent, n, sizeof(spent[0]), compare);
        printf("%ju %ju\n", (uintmax_t) spent[n / 2], (uintmax_t) spent[n - 1]);
        return 0;
}
