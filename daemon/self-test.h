/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* When the canary sings, and what is said of it: the first time that it is heard, and when it isn't. */

#include "canary.h"
#include "config.h"
#include "pipeline.h"
#include "publisher.h"

typedef struct SelfTest {
        Canary canary;
        FopsTarget target;
        bool has_canary, is_said;
        uint64_t looked_usec;   /* when it last sang for the interval's sake */
        Publisher *publisher;   /* borrowed */
        FopsPipeline *pipeline; /* borrowed */
} SelfTest;

/* Makes the canary's directories, if @config wants it to sing at all. */
void self_test_init(SelfTest *s, const FopsConfig *config, const char *runtime_directory);
void self_test_done(SelfTest *s, bool keep);

/* What rules are needed for; NULL: none. */
const FopsTarget *self_test_target(const SelfTest *s);

/* From here on it may sing. */
void self_test_start(SelfTest *s, Publisher *publisher, FopsPipeline *pipeline);
void self_test_sing(SelfTest *s);

/* True if it is the canary's operation, and nobody else's business. */
bool self_test_hear(SelfTest *s, const FopsOperation *op);

/* Now and then: sings when it is time to (@interval_usec; 0: never), and says so if a song wasn't heard. */
void self_test_look(SelfTest *s, uint64_t interval_usec);
