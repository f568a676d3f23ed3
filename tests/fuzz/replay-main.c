/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stands in for libFuzzer where there is none: feeds every file of a corpus directory to the fuzz target once, so that what
 * a fuzzer once found stays found in every build, with every compiler.
 *
 *   fuzz-record tests/fuzz/corpus/record
 *
 * The target gets each input in a block of exactly its size, so that a read past the end is seen by sanitizers and valgrind.
 * A missing or empty directory is an error: a test of nothing would pass for ever. */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *dir, const char *name) {
        _cleanup_free_ char *path = NULL;
        _cleanup_free_ uint8_t *data = NULL;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (asprintf(&path, "%s/%s", dir, name) < 0)
                return -ENOMEM;

        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;

        data = malloc((size_t) st.st_size);
        if (!data)
                return -ENOMEM;
        if (read(fd, data, (size_t) st.st_size) != st.st_size)
                return -EIO;

        LLVMFuzzerTestOneInput(data, (size_t) st.st_size);
        return 0;
}

int main(int argc, char **argv) {
        struct dirent **entries;
        size_t n_replayed = 0;
        int n, r = 0;

        if (argc != 2) {
                fprintf(stderr, "Usage: %s CORPUS-DIRECTORY\n", argv[0]);
                return 2;
        }

        n = scandir(argv[1], &entries, NULL, alphasort);
        if (n < 0) {
                fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
                return 1;
        }

        for (int i = 0; i < n; i++) {
                if (r == 0 && entries[i]->d_name[0] != '.') {
                        r = replay(argv[1], entries[i]->d_name);
                        if (r < 0)
                                fprintf(stderr, "%s/%s: %s\n", argv[1], entries[i]->d_name, strerror(-r));
                        n_replayed++;
                }
                free(entries[i]);
        }
        free(entries);

        printf("%zu inputs\n", n_replayed);
        return r < 0 || n_replayed == 0;
}
