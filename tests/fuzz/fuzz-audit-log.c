/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A whole audit.log, offline. */

#include "fuzz-pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        FopsPipelineOptions options = {
                .correlator = FOPS_CORRELATOR_OPTIONS_DEFAULT, .proc_fd = -EBADF, .full = true, .publish = check_entry
        };
        _cleanup_(fops_pipeline_freep) FopsPipeline *pipeline = NULL;
        FopsSpan rest = { (const char *) data, size };
        FopsPipelineStats stats;

        options.correlator.offline = true;
        pipeline = fops_pipeline_new(&options);

        while (rest.size > 0) {
                const char *stop = memchr(rest.data, '\n', rest.size);
                FopsSpan line = { rest.data, stop ? (size_t) (stop - rest.data) : rest.size };
                FopsRecordStatus status;
                FopsRecordDiag diag = {};

                if (fops_pipeline_push_line(pipeline, line, &status, &diag) < 0)
                        abort();
                if (status == FOPS_RECORD_MALFORMED && (!diag.reason || diag.offset > line.size))
                        abort();
                rest = fops_span_skip(rest, line.size + 1);
        }
        if (fops_pipeline_flush(pipeline) < 0)
                abort();

        stats = fops_pipeline_stats(pipeline);
        if (stats.n_events != stats.n_published || fops_pipeline_correlator_stats(pipeline).n_waiting != 0)
                abort();
        return 0;
}
