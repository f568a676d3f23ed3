/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Edit distance in which two exchanged neighbours count once ("optimal string alignment"). */

#include "nearest.h"

/* No setting, field or system call has a longer name. */
#define WORD_BYTES_MAX ((size_t) 32)

size_t fops_word_distance(FopsSpan word, const char *known) {
        size_t d[WORD_BYTES_MAX + 1][WORD_BYTES_MAX + 1];
        size_t n = MIN(word.size, WORD_BYTES_MAX), m = MIN(strlen(known), WORD_BYTES_MAX);
        const char *a = word.data;

        if (n > 2 && fops_span_starts_with(fops_span_from_string(known), word))
                return m > n;

        for (size_t i = 0; i <= n; i++)
                for (size_t j = 0; j <= m; j++) {
                        if (i == 0 || j == 0) {
                                d[i][j] = i + j;
                                continue;
                        }
                        d[i][j] = MIN(d[i - 1][j - 1] + (a[i - 1] != known[j - 1]), MIN(d[i - 1][j], d[i][j - 1]) + 1);
                        if (i > 1 && j > 1 && a[i - 1] == known[j - 2] && a[i - 2] == known[j - 1])
                                d[i][j] = MIN(d[i][j], d[i - 2][j - 2] + 1);
                }

        return d[n][m];
}

void fops_nearest_try(FopsNearest *n, const char *candidate) {
        FopsSpan word = fops_span_from_string(n->word);
        size_t distance = fops_word_distance(word, candidate);

        /* A third of what is looked at may be wrong; more is another word. */
        if (distance > (MIN(word.size, WORD_BYTES_MAX) + 2) / 3 || (n->best && distance >= n->distance))
                return;
        n->best = candidate;
        n->distance = distance;
}
