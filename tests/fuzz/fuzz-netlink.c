/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Datagrams as they come off the audit socket, each behind two bytes with its size; time passes in between. */

#include "audit-socket.h"
#include "fuzz-pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const FopsPipelineOptions options = {
                .correlator = FOPS_CORRELATOR_OPTIONS_DEFAULT, .proc_fd = -EBADF, .publish = check_entry
        };
        _cleanup_(fops_pipeline_freep) FopsPipeline *pipeline = fops_pipeline_new(&options);
        FopsSpan rest = { (const char *) data, size };
        uint64_t now_usec = 0;

        while (rest.size >= 2) {
                size_t n = (size_t) (unsigned char) rest.data[0] | (size_t) (unsigned char) rest.data[1] << 8;
                FopsSpan datagram, text;
                uint16_t type;

                rest = fops_span_skip(rest, 2);
                datagram = (FopsSpan){ rest.data, MIN(n, rest.size) };
                rest = fops_span_skip(rest, datagram.size);

                if (audit_datagram_parse(datagram, 0, &type, &text) && fops_pipeline_push(pipeline, type, text, now_usec) < 0)
                        abort();
                now_usec += n * 1000;
                if (fops_pipeline_advance(pipeline, now_usec) < 0 || fops_pipeline_next_deadline(pipeline) <= now_usec)
                        abort();
        }
        return 0;
}
