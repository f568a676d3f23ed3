/* SPDX-License-Identifier: GPL-2.0-or-later */

/* 7 8 10 11 … (time) … → 9 is missing. */

#include "serials.h"

#include "util.h"

static bool take(FopsSerials *s, uint64_t serial) {
        uint64_t *word = s->heard + serial % FOPS_SERIALS_WINDOW / 64, bit = UINT64_C(1) << serial % 64;
        bool heard = *word & bit;

        *word &= ~bit;
        return heard;
}

/* Of those before @until each was heard of or is missing. */
static void go_to(FopsSerials *s, uint64_t until) {
        /* A leap by more than is in view (no kernel does, a crafted record may): no more than the view is walked. */
        uint64_t in_view = MIN(until, s->first + FOPS_SERIALS_WINDOW);

        for (; s->first < in_view; s->first++)
                s->n_missing += !take(s, s->first);
        if (until > s->first) {
                s->n_missing += until - s->first;
                s->first = until;
        }
}

/* The kernel's are 32 bits, and after the last comes 0 (kernel/audit.c audit_serial()): each is the one that is nearest to the last. The
 * first is a round ahead, so that others may be before it. */
static uint64_t extend(const FopsSerials *s, uint32_t serial) {
        if (s->first == 0)
                return (UINT64_C(1) << 32) + serial;
        return s->last + (uint64_t) (int64_t) (int32_t) (serial - (uint32_t) s->last);
}

void fops_serials_hear(FopsSerials *s, uint32_t number) {
        uint64_t serial = extend(s, number);

        if (s->first == 0) {
                s->first = s->last = serial;
                s->mark = serial - 1;
        }
        if (serial < s->first)
                return; /* too late, or from before the first: counted already */
        if (serial >= s->first + FOPS_SERIALS_WINDOW)
                go_to(s, serial - FOPS_SERIALS_WINDOW + 1);
        s->heard[serial % FOPS_SERIALS_WINDOW / 64] |= UINT64_C(1) << serial % 64;
        s->last = MAX(s->last, serial);
}

uint64_t fops_serials_settle(FopsSerials *s) {
        if (s->first > 0 && s->mark + 1 > s->first)
                go_to(s, s->mark + 1);
        s->mark = s->last;
        return s->n_missing;
}
