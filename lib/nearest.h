/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* "did you mean": how far a mistyped word is from one that is known. */

#include "span.h"

/* The number of bytes to insert, delete, replace, or exchange with the next one, to make @word into @known. A beginning of @known
 * counts as at most one away: `warn` means `warning` and not `err`. Of words over 32 bytes only so much is looked at. Pure. */
size_t fops_word_distance(FopsSpan word, const char *known);

/* Keeps the candidate nearest to @word: `opne` is one exchange away from `open`. */
typedef struct FopsNearest {
        const char *word;
        const char *best; /* NULL: nothing near enough */
        size_t distance;
} FopsNearest;

void fops_nearest_try(FopsNearest *n, const char *candidate);
