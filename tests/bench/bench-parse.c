/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Parsing and correlating, and nothing done with the events: bench-parse FILE. Prints how many records and events there were;
 * what it costs is for the caller to measure. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "correlator.h"
#include "line-reader.h"

int main(int argc, char **argv) {
        FopsCorrelatorOptions options = FOPS_CORRELATOR_OPTIONS_DEFAULT;
        _cleanup_(fops_correlator_freep) FopsCorrelator *correlator = NULL;
        _cleanup_(line_reader_freep) LineReader *reader = NULL;
        _cleanup_close_ int fd = -EBADF;
        FopsRecordHead head = {};
        FopsRecordDiag diag;
        FopsRecord record;
        size_t n_records = 0;
        FopsEvent *event;
        FopsSpan line;

        fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
        if (fd < 0) {
                fprintf(stderr, "usage: bench-parse FILE\n");
                return 2;
        }
        options.offline = true;
        reader = line_reader_new(fd);
        correlator = fops_correlator_new(&options);
        if (!reader || !correlator)
                return 2;

        while (line_reader_next(reader, &line) > 0) {
                if (fops_record_parse_line(line, &head, &record, &diag) != FOPS_RECORD_OK)
                        continue;
                n_records++;
                if (fops_correlator_push(correlator, &record, fops_event_id_usec(record.id), fops_event_id_usec(record.id)) < 0)
                        return 2;
                while ((event = fops_correlator_pop(correlator, fops_event_id_usec(record.id))))
                        fops_correlator_recycle(correlator, event);
        }
        fops_correlator_flush(correlator);
        printf("%zu records, %ju events\n", n_records, (uintmax_t) fops_correlator_stats(correlator).n_events);
        return 0;
}
