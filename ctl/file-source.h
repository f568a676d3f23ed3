/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Audit logs as a source of operations: files, a rotated set, standard input, through the daemon's own pipeline. */

#include "pipeline.h"

typedef struct FileSourceOptions {
        int (*publish)(void *userdata, const FopsEntry *entry, const FopsOperation *op); /* as in pipeline.h */
        void *userdata;
        bool records;        /* entries hold their raw records too */
        bool is_checked;     /* it was read before: what of it can't be read has been said */
        const char *command; /* that would read standard input, for a message: "fopsctl decode" */
} FileSourceOptions;

typedef struct FileSourceStats {
        FopsPipelineStats pipeline;
        FopsCorrelatorStats correlator;
} FileSourceStats;

/* Reads @paths, n of them; "-" is standard input, a directory stands for the audit.log* in it. They are read in the order
 * of their first records' times, so that the order of a rotated set on the command line doesn't matter; standard input
 * and pipes last. Lines that make no sense are said on standard error, the first ten of each file, and counted. Returns
 * 0, -EPIPE or another errno of @publish, or 1 when a file could not be read, which has been said. */
int file_source_read(const FileSourceOptions *options, char **paths, size_t n_paths, FileSourceStats *ret);

/* Can all of @paths be read now? Not what somebody writes at the time: standard input, a pipe. */
bool file_source_is_all_there(char **paths, size_t n_paths);

/* Says on standard error what was malformed, cut or evicted, if anything was. */
void file_source_complain(const FileSourceStats *stats);
