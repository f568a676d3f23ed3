/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What the path index costs: bench-path-index [ENTRIES]. A tree as file systems are: ten entries a directory, some eight
 * levels deep, names of 20 bytes in the mean with long tails. Prints one figure a line, a name before each. */

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "path-index.h"

#define ENTRIES_A_DIRECTORY 10
#define LOOKUPS 1000000

static uint64_t state = 88172645463325252;

static uint64_t random_number(void) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
}

static uint64_t now_nsec(void) {
        struct timespec ts;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
        return (uint64_t) ts.tv_sec * 1000000000 + (uint64_t) ts.tv_nsec;
}

static size_t resident_bytes(void) {
        size_t size = 0, resident = 0;
        FILE *f = fopen("/proc/self/statm", "re");

        if (!f || fscanf(f, "%zu %zu", &size, &resident) != 2)
                resident = 0;
        if (f)
                fclose(f);
        return resident * (size_t) sysconf(_SC_PAGESIZE);
}

/* 8 to 32 bytes, one in 32 up to 95. */
static FopsSpan make_name(uint32_t i, char buffer[static 128]) {
        size_t size = 8 + (i * UINT32_C(2654435761) >> 16) % 23;
        int n = snprintf(buffer, 128, "f%u", (unsigned) i);

        if (i % 32 == 0)
                size += 64;
        size = MAX(size, (size_t) n);
        memset(buffer + n, 'x', size - (size_t) n);
        return (FopsSpan){ buffer, size };
}

static FopsInodeKey key(uint32_t i) {
        return (FopsInodeKey){ .inode = i + 2, .dev_major = 8, .dev_minor = 1 };
}

/* Entry i stands in directory i / 10: one in ten is a directory, breadth first, as deep as its logarithm. */
static FopsPathLink make_link(uint32_t i, uint32_t n, char buffer[static 128]) {
        return (FopsPathLink){
                .parent = key(i / ENTRIES_A_DIRECTORY),
                .name = make_name(i, buffer),
                .key = key(i),
                .is_directory = i <= n / ENTRIES_A_DIRECTORY,
        };
}

static void report(const char *what, double value) {
        printf("%s %.1f\n", what, value);
}

int main(int argc, char **argv) {
        static const uint8_t seed[16] = "not so secret";
        _cleanup_(fops_path_index_freep) FopsPathIndex *x = NULL;
        uint32_t n = argc > 1 ? (uint32_t) strtoul(argv[1], NULL, 10) : 1000000;
        uint64_t t, u, worst = 0, name_bytes = 0;
        size_t resident = resident_bytes(), heap = mallinfo2().uordblks + mallinfo2().hblkhd, found = 0, deepest = 0;
        FopsPathIndexStats stats;
        FopsInodeKey parent;
        FopsPathLink link;
        FopsArena arena = {};
        char buffer[128];

        x = fops_path_index_new((uint64_t) n + 100, seed);
        if (!x || n < 100000 || fops_path_index_add_root(x, key(0), FOPS_SPAN_LITERAL("/srv")) != FOPS_INDEX_DONE)
                return EXIT_FAILURE;

        t = now_nsec();
        for (uint32_t i = 1; i < n; i++) {
                link = make_link(i, n, buffer);
                name_bytes += link.name.size;
                if (fops_path_index_put(x, &link, FOPS_PUT_SCANNED) != FOPS_INDEX_DONE)
                        return EXIT_FAILURE;
        }
        t = now_nsec() - t;
        stats = fops_path_index_stats(x);
        report("puts_per_s", n * 1e9 / (double) t);
        report("name_bytes", (double) name_bytes / n);
        report("bytes_an_entry", (double) stats.bytes / n);
        report("heap_bytes_an_entry", (double) (mallinfo2().uordblks + mallinfo2().hblkhd - heap) / n);
        report("resident_bytes_an_entry", (double) (resident_bytes() - resident) / n);

        /* Any file: eight levels down below a chain made for it, then the tree's own. */
        parent = key(0);
        for (uint32_t i = 0; i < 7; i++) {
                link = (FopsPathLink){ parent, make_name(n + i, buffer), key(n + i), true };
                fops_path_index_put(x, &link, FOPS_PUT_EVENT);
                parent = key(n + i);
        }
        for (uint32_t i = 7; i < 64; i++) {
                link = (FopsPathLink){ parent, make_name(n + i, buffer), key(n + i), false };
                fops_path_index_put(x, &link, FOPS_PUT_EVENT);
        }
        t = now_nsec();
        for (uint32_t i = 0; i < LOOKUPS; i++) {
                found += fops_path_index_path(x, key(n + 7 + i % 57), false, &arena).size > 0;
                fops_arena_reset(&arena);
        }
        report("ns_a_lookup_8_deep_warm", (double) (now_nsec() - t) / LOOKUPS);

        t = now_nsec();
        for (uint32_t i = 0; i < LOOKUPS; i++) {
                uint32_t any = n / 10 + 1 + (uint32_t) (random_number() % (n - n / 10 - 1));
                FopsSpan path = fops_path_index_path(x, key(any), false, &arena);

                found += path.size > 0;
                deepest = MAX(deepest, path.size);
                fops_arena_reset(&arena);
        }
        report("ns_a_lookup_anywhere", (double) (now_nsec() - t) / LOOKUPS);
        report("longest_path_bytes", (double) deepest);

        t = now_nsec();
        for (uint32_t i = 0; i < LOOKUPS; i++) {
                link = make_link(n / 10 + 1 + (uint32_t) (random_number() % (n - n / 10 - 1)), n, buffer);
                fops_path_index_remove(x, link.parent, link.name, &link.key);
                fops_path_index_put(x, &link, FOPS_PUT_CREATED);
        }
        report("ns_a_remove_and_put", (double) (now_nsec() - t) / LOOKUPS);

        /* Names of another length for all: the pool has to move. */
        t = u = now_nsec();
        for (uint32_t i = n / 10 + 1; i < n; i++) {
                FopsPathLink to = make_link(i, n, buffer);
                char name[256];

                memset(name, 'y', sizeof(name));
                memcpy(name, to.name.data, to.name.size);
                to.name = (FopsSpan){ name, 100 };
                fops_path_index_rename(x, to.parent, (FopsSpan){ buffer, make_name(i, buffer).size }, &to);
                worst = MAX(worst, now_nsec() - u);
                u = now_nsec();
        }
        report("ns_a_rename_to_100_bytes", (double) (now_nsec() - t) / (n - n / 10));
        report("us_the_worst_of_them", (double) worst / 1e3);
        report("bytes_an_entry_after", (double) fops_path_index_stats(x).bytes / n);

        t = now_nsec();
        fops_path_index_remove_below(x, key(0));
        report("us_remove_below", (double) (now_nsec() - t) / 1e3);
        t = now_nsec();
        for (u = 0; fops_path_index_stats(x).n_unreachable > 0; u++)
                fops_path_index_remove_root(x, key(0), FOPS_SPAN_ABSENT);
        report("calls_until_reclaimed", (double) u);
        report("ns_each", (double) (now_nsec() - t) / (double) u);
        report("entries_left", (double) fops_path_index_stats(x).n_entries);

        fops_arena_done(&arena);
        return found == 2 * LOOKUPS ? EXIT_SUCCESS : EXIT_FAILURE;
}
