/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What was read from a text, found again by the same text. Records repeat each other: of a process every SYSCALL record ends alike, of a
 * directory every PATH record does. Comparing costs a tenth of reading, and since all bytes are compared, what is found is right.
 * Bounded: of two texts in one place the later stays. Not thread-safe. */

#include "span.h"

/* Several for each text at once, of some dozens of busy processes or kinds of files, so that few share one. */
#define FOPS_MEMO_PLACES_BITS 8U
/* The end of a usual SYSCALL record has 200 bytes, with long names 400; what is longer isn't remembered. */
#define FOPS_MEMO_TEXT_BYTES_MAX ((size_t) 512)

typedef struct FopsMemoPlace {
        size_t size; /* of the text; 0: the place is empty */
        char text[FOPS_MEMO_TEXT_BYTES_MAX];
        _Alignas(max_align_t) char value[];
} FopsMemoPlace;

typedef struct FopsMemo FopsMemo;

/* Of values of so many bytes. NULL when memory is out. */
FopsMemo *fops_memo_new(size_t value_bytes);
FopsMemo *fops_memo_free(FopsMemo *m);
FOPS_DEFINE_CLEANUP(FopsMemo *, fops_memo_free)

/* Where @text is remembered, good until the next _remember(); NULL if it isn't. */
FopsMemoPlace *fops_memo_recall(FopsMemo *m, FopsSpan text);

/* Where it is remembered from now on, its value to be set; what was there is forgotten. NULL if it is too long, or too short to pay. */
FopsMemoPlace *fops_memo_remember(FopsMemo *m, FopsSpan text);
