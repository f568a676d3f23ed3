/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A table of places, one for each hash of a text; what falls into the same place replaces what was there. */

#include "memo.h"

#include "bytes.h"

struct FopsMemo {
        size_t place_bytes;
        _Alignas(max_align_t) char places[];
};

FopsMemo *fops_memo_new(size_t value_bytes) {
        const size_t align = _Alignof(max_align_t);
        size_t place_bytes = (sizeof(FopsMemoPlace) + value_bytes + align - 1) & ~(align - 1);
        FopsMemo *m = calloc(1, sizeof(FopsMemo) + (place_bytes << FOPS_MEMO_PLACES_BITS));

        if (m)
                m->place_bytes = place_bytes;
        return m;
}

FopsMemo *fops_memo_free(FopsMemo *m) {
        free(m);
        return NULL;
}

/* Of sixteen bytes each is shifted by a bit more than those behind, 32 at most: half of each still counts. Nobody gains by making texts
 * fall into one place: reading costs then what it always did. */
static FopsMemoPlace *place_of(FopsMemo *m, FopsSpan text) {
        typedef uint64_t Halves __attribute__((vector_size(16)));
        Halves h = {};
        size_t n;

        if (text.size < sizeof(h) || text.size > FOPS_MEMO_TEXT_BYTES_MAX)
                return NULL;
        for (size_t i = 0; i + sizeof(h) < text.size; i += sizeof(h))
                h = (h + h) ^ (Halves) fops_bytes_load(text.data + i);
        h = (h + h) ^ (Halves) fops_bytes_load(text.data + text.size - sizeof(h));
        n = (h[0] * 3 + h[1]) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - FOPS_MEMO_PLACES_BITS);
        return (FopsMemoPlace *) (void *) (m->places + n * m->place_bytes);
}

FopsMemoPlace *fops_memo_recall(FopsMemo *m, FopsSpan text) {
        FopsMemoPlace *place = place_of(m, text);

        return place && place->size == text.size && memcmp(place->text, text.data, text.size) == 0 ? place : NULL;
}

FopsMemoPlace *fops_memo_remember(FopsMemo *m, FopsSpan text) {
        FopsMemoPlace *place = place_of(m, text);

        if (place) {
                place->size = text.size;
                memcpy(place->text, text.data, text.size);
        }
        return place;
}
