/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An operation of fopsd's own goes the way of all others: kernel, socket, ring, pipeline. */

#include "self-test.h"

#include <signal.h>
#include <string.h>
#include <syslog.h>

#include "clock.h"

/* A canary that isn't heard for this long is dead: records are there within milliseconds, on a busy machine within a second. */
#define CANARY_WAIT_USEC (UINT64_C(10) * 1000000)

void self_test_init(SelfTest *s, const FopsConfig *config, const char *runtime_directory) {
        *s = (SelfTest){};
        if (!config->canary.startup && config->canary.interval_usec == 0)
                return;
        canary_init(&s->canary, runtime_directory);
        s->has_canary = canary_target(&s->canary, &s->target);
        (void) signal(SIGCHLD, SIG_IGN); /* the canary's children */
}

void self_test_done(SelfTest *s, bool keep) {
        canary_done(&s->canary, keep);
}

const FopsTarget *self_test_target(const SelfTest *s) {
        return s->has_canary ? &s->target : NULL;
}

void self_test_start(SelfTest *s, Publisher *publisher, FopsPipeline *pipeline) {
        s->publisher = publisher;
        s->pipeline = pipeline;
}

void self_test_sing(SelfTest *s) {
        int r = canary_sing(&s->canary, clock_usec(CLOCK_MONOTONIC));

        if (r < 0)
                publisher_state(s->publisher, LOG_WARNING, "canary", "no self-test: %s", strerror(-r));
}

bool self_test_hear(SelfTest *s, const FopsOperation *op) {
        bool waiting = s->canary.sung_usec > 0;

        if (!canary_hear(&s->canary, op, fops_pipeline_pairing(s->pipeline), clock_usec(CLOCK_MONOTONIC)))
                return false;
        if (waiting && !s->is_said)
                publisher_state(s->publisher, LOG_INFO, "canary", "an operation of fopsd's own was recorded and came back after %ju.%ju ms",
                                (uintmax_t) s->canary.latency_usec / 1000, (uintmax_t) s->canary.latency_usec / 100 % 10);
        s->is_said = true;
        return true;
}

void self_test_look(SelfTest *s, uint64_t interval_usec) {
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (s->canary.sung_usec > 0) {
                if (now < s->canary.sung_usec + CANARY_WAIT_USEC)
                        return;
                publisher_state(s->publisher, LOG_ERR, "canary",
                                "an operation of fopsd's own was not recorded within %ju s: others' may not be either",
                                (uintmax_t) (CANARY_WAIT_USEC / 1000000));
                s->canary.sung_usec = 0;
                s->is_said = false; /* that it is well again is news */
                s->looked_usec = now;
        } else if (s->has_canary && interval_usec > 0 && now >= s->looked_usec + interval_usec) {
                s->looked_usec = now;
                self_test_sing(s);
        }
}
