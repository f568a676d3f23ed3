/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Audit logs into operations. */

#include "file-source.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>

#include "line-reader.h"

/* More would bury the rest; the sum is told at the end. */
#define MALFORMED_SAID_MAX 10U
/* Events to be read before they are dealt with. The code for the one and the other is more than a processor's first cache holds, and going
 * to and fro for each event takes a twentieth longer; their records, a kilobyte an event, are to stay in the second one. */
#define EVENTS_TOGETHER 32U
/* Blank lines and remarks in front of the first record, when looking for a file's time. */
#define LINES_BEFORE_FIRST_RECORD_MAX 100U

typedef struct Input {
        char *path;
        bool is_stdin;
        bool is_file; /* all there is can be read now */
        int64_t sec; /* of the first record; the order of reading */
        uint32_t msec;
} Input;

typedef struct Inputs {
        Input *items;
        size_t n_items;
} Inputs;

static void inputs_done(Inputs *inputs) {
        for (size_t i = 0; i < inputs->n_items; i++)
                free(inputs->items[i].path);
        free(inputs->items);
}

static int inputs_add(Inputs *inputs, const char *path) {
        _cleanup_free_ char *copy = strdup(path);
        Input *items;

        if (!copy)
                return -ENOMEM;
        items = reallocarray(inputs->items, inputs->n_items + 1, sizeof(Input));
        if (!items)
                return -ENOMEM;
        inputs->items = items;
        inputs->items[inputs->n_items++] = (Input){ .path = TAKE_PTR(copy), .is_stdin = strcmp(path, "-") == 0 };
        return 0;
}

static int inputs_add_set(Inputs *inputs, const char *directory) {
        _cleanup_free_ char *pattern = NULL;
        glob_t found;
        int r = 0;

        if (asprintf(&pattern, "%s/audit.log*", directory) < 0) {
                pattern = NULL;
                return -ENOMEM;
        }

        switch (glob(pattern, 0, NULL, &found)) {
        case 0:
                break;
        case GLOB_NOMATCH:
                return -ENOENT;
        default:
                return -EIO;
        }
        for (size_t i = 0; r >= 0 && i < found.gl_pathc; i++)
                r = inputs_add(inputs, found.gl_pathv[i]);
        globfree(&found);
        return r;
}

static int complain(const FileSourceOptions *options, const char *path, int error) {
        if (!options->is_checked)
                fprintf(stderr, "fopsctl: %s: %s\n", path, strerror(-error));
        return 1;
}

/* Reads as far as the first record. A file that can't be read is said when its turn comes. */
static void find_time(Input *input) {
        _cleanup_(line_reader_freep) LineReader *reader = NULL;
        _cleanup_close_ int fd = -EBADF;
        FopsRecordDiag diag;
        FopsRecord record;
        struct stat st;
        FopsSpan line;

        /* What can be read only once isn't read for this: a pipe, as of decode <(zcat …). */
        if (input->is_stdin || (stat(input->path, &st) == 0 && !S_ISREG(st.st_mode))) {
                input->sec = INT64_MAX;
                return;
        }
        input->is_file = true;
        fd = open(input->path, O_RDONLY | O_CLOEXEC);
        reader = fd >= 0 ? line_reader_new(fd) : NULL;
        for (unsigned i = 0; reader && i < LINES_BEFORE_FIRST_RECORD_MAX && line_reader_next(reader, &line) > 0; i++)
                if (fops_record_parse_line(line, NULL, &record, &diag) == FOPS_RECORD_OK) {
                        input->sec = record.id.sec;
                        input->msec = record.id.msec;
                        return;
                }
}

static int compare_inputs(const void *a, const void *b) {
        const Input *x = a, *y = b;

        if (x->sec != y->sec)
                return x->sec < y->sec ? -1 : 1;
        if (x->msec != y->msec)
                return x->msec < y->msec ? -1 : 1;
        return 0;
}

bool file_source_is_all_there(char **paths, size_t n_paths) {
        struct stat st;

        for (size_t i = 0; i < n_paths; i++)
                if (strcmp(paths[i], "-") == 0 || (stat(paths[i], &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
                        return false;
        return true;
}

static int read_input(const Input *input, const FileSourceOptions *options, FopsPipeline *pipeline) {
        const char *name = input->is_stdin ? "standard input" : input->path;
        _cleanup_(line_reader_freep) LineReader *reader = NULL;
        _cleanup_close_ int opened_fd = -EBADF;
        uint64_t n_lines = 0, n_malformed = 0;
        int fd = STDIN_FILENO, r;
        FopsSpan line;

        if (!input->is_stdin) {
                fd = opened_fd = open(input->path, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        return complain(options, name, -errno);
        }
        reader = line_reader_new(fd);
        if (!reader)
                return -ENOMEM;

        while ((r = line_reader_next(reader, &line)) > 0) {
                FopsRecordStatus status;
                FopsRecordDiag diag;

                if (n_lines++ == 0 && fops_span_starts_with(line, FOPS_SPAN_LITERAL("\x1f\x8b"))) {
                        if (!options->is_checked)
                                fprintf(stderr, "fopsctl: %s: compressed; use: zcat FILE | %s\n", name, options->command);
                        return 1;
                }

                r = fops_pipeline_push_line(pipeline, line, &status, &diag);
                if (r < 0)
                        return r;
                if (status == FOPS_RECORD_MALFORMED && n_malformed++ < MALFORMED_SAID_MAX && !options->is_checked)
                        fprintf(stderr, "%s:%ju: byte %zu: %s\n", name, (uintmax_t) n_lines, diag.offset + 1, diag.reason);
        }
        if (n_malformed > MALFORMED_SAID_MAX && !options->is_checked)
                fprintf(stderr, "%s: %ju malformed lines in all\n", name, (uintmax_t) n_malformed);
        return r < 0 ? complain(options, name, r) : 0;
}

int file_source_read(const FileSourceOptions *options, char **paths, size_t n_paths, FileSourceStats *ret) {
        FopsPipelineOptions pipeline_options = {
                .correlator = FOPS_CORRELATOR_OPTIONS_DEFAULT,
                .proc_fd = -EBADF,
                .full = options->records,
                .publish = options->publish,
                .userdata = options->userdata,
        };
        _cleanup_(fops_pipeline_freep) FopsPipeline *pipeline = NULL;
        _cleanup_(inputs_done) Inputs inputs = {};
        int r, result = 0;

        for (size_t i = 0; i < n_paths; i++) {
                struct stat st;

                if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode))
                        r = inputs_add_set(&inputs, paths[i]);
                else
                        r = inputs_add(&inputs, paths[i]);
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        result = complain(options, paths[i], r);
        }

        for (size_t i = 0; i < inputs.n_items; i++)
                find_time(inputs.items + i);
        qsort(inputs.items, inputs.n_items, sizeof(Input), compare_inputs);

        pipeline_options.correlator.offline = true;
        pipeline_options.n_together = EVENTS_TOGETHER;
        for (size_t i = 0; i < inputs.n_items; i++)
                if (!inputs.items[i].is_file)
                        pipeline_options.n_together = 0; /* somebody may wait for each */
        pipeline = fops_pipeline_new(&pipeline_options);
        if (!pipeline)
                return -ENOMEM;

        for (size_t i = 0; i < inputs.n_items; i++) {
                r = read_input(inputs.items + i, options, pipeline);
                if (r < 0)
                        return r;
                result |= r;
        }

        r = fops_pipeline_flush(pipeline);
        if (r < 0)
                return r;

        ret->pipeline = fops_pipeline_stats(pipeline);
        ret->correlator = fops_pipeline_correlator_stats(pipeline);
        return result;
}

void file_source_complain(const FileSourceStats *stats) {
        const FopsPipelineStats *p = &stats->pipeline;
        const FopsCorrelatorStats *c = &stats->correlator;

        if (p->n_malformed == 0 && c->n_truncated == 0 && c->n_evicted == 0)
                return;
        fprintf(stderr, "fopsctl: of %ju records %ju were malformed; of %ju events %ju were cut, %ju evicted\n",
                (uintmax_t) (p->n_records + p->n_malformed), (uintmax_t) p->n_malformed, (uintmax_t) p->n_events,
                (uintmax_t) c->n_truncated, (uintmax_t) c->n_evicted);
}
