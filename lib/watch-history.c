/* SPDX-License-Identifier: GPL-2.0-or-later */

/* unlink in /srv/data at 12:00:00.999, /srv/data unwatched at 12:00:01.000, the record read at 12:00:01.200: it is /srv/data's. */

#include "watch-history.h"

#include <string.h>

/* Events come nearly in the order of their dates: an incomplete one, or one that waits for its directory, is seconds late. */
#define REMEMBERED_USEC UINT64_C(60000000)

void fops_watch_history_push(FopsWatchHistory *h, const FopsWatchSet *set, uint64_t usec) {
        if (h->now) {
                h->n_past = MIN(h->n_past, (size_t) FOPS_PAST_WATCHES_MAX - 1);
                memmove(h->past + 1, h->past, h->n_past * sizeof(h->past[0]));
                h->past[0].set = h->now;
                h->past[0].until_usec = usec;
                h->n_past++;
        }
        h->now = set;
}

bool fops_watch_history_has(const FopsWatchHistory *h, const FopsWatchSet *set) {
        for (size_t i = 0; i < h->n_past; i++)
                if (h->past[i].set == set)
                        return true;
        return h->now == set;
}

size_t fops_watch_history_match(FopsWatchHistory *h, const FopsOperation *op, FopsSpan tag, uint64_t usec, const FopsWatch **ret) {
        FopsPlace place, past_place;
        size_t n, n_past;

        while (h->n_past > 0 && usec > h->past[h->n_past - 1].until_usec + REMEMBERED_USEC)
                h->n_past--;
        n = fops_watch_set_match(h->now, op, tag, ret, &place);
        if (n > 0 && place != FOPS_PLACE_GROUP)
                return n;

        for (size_t i = 0; i < h->n_past; i++) {
                const FopsWatch *watches[FOPS_WATCHES_PER_OPERATION_MAX];
                bool was_in_force = usec < h->past[i].until_usec;

                if (n == 0 ? !was_in_force : !fops_watch_set_has_group(h->past[i].set, tag))
                        continue;
                n_past = fops_watch_set_match(h->past[i].set, op, tag, watches, &past_place);
                if (n == 0 ? n_past == 0 : past_place != FOPS_PLACE_TARGET)
                        continue;
                n = was_in_force ? n_past : 0;
                memcpy(ret, watches, n * sizeof(watches[0]));
                return n;
        }
        return n;
}
