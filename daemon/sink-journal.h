/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Entries into the journal, over journald's native socket. Never blocks; not thread-safe. */

#include "entry.h"

#define FOPS_JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Of one entry in its wire form. An event has 8 MiB at most (correlator.h) and is told up to twice, decoded and raw.
 * journald passes over without a word what is larger than its own limit, far above. */
#define FOPS_JOURNAL_ENTRY_BYTES_MAX ((size_t) 32 << 20)

typedef struct FopsSinkJournal FopsSinkJournal;

/* To the socket at @path, which need not exist yet. NULL when memory or descriptors are out, or @path is too long. */
FopsSinkJournal *fops_sink_journal_new(const char *path);
FopsSinkJournal *fops_sink_journal_free(FopsSinkJournal *s);
FOPS_DEFINE_CLEANUP(FopsSinkJournal *, fops_sink_journal_free)

/* @e in its wire form (systemd.io/JOURNAL_NATIVE_PROTOCOL), which is the sink's until the next call. Returns 0, -E2BIG or
 * -ENOMEM. Needs no memory but for an entry larger than all before. */
int fops_sink_journal_compose(FopsSinkJournal *s, const FopsEntry *e, FopsSpan *ret);

/* Sends one entry in its wire form. Returns 0 when the kernel holds it for journald; -EAGAIN when journald is slow or
 * away, or the kernel short of memory: nothing was sent, it may be tried again; any other negative errno: this entry can
 * never be sent. */
int fops_sink_journal_send(FopsSinkJournal *s, FopsSpan datagram);

/* The socket, the same for the sink's life, to be polled for POLLOUT after -EAGAIN. A promise it is only while journald
 * is slow: while it is away, POLLOUT comes at once and nothing tells of its return. Borrowed. */
int fops_sink_journal_fd(const FopsSinkJournal *s);
