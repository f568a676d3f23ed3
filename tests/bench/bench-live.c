/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The way of a record through the daemon, from the ring's landing place to the datagram that journald would get, which goes nowhere:
 * bench-live FILE. The lines of an audit log are laid before it as the kernel sent them, EOE records included. Prints how many
 * records and entries there were; deliver() is what is to be measured. */

#include <fcntl.h>
#include <libaudit.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "line-reader.h"
#include "pipeline.h"
#include "ring.h"
#include "sink-journal.h"

typedef struct Datagram {
        struct nlmsghdr header;
        FopsSpan text;
} Datagram;

typedef struct Datagrams {
        Datagram *items;
        size_t n, n_allocated;
        FopsArena texts;
} Datagrams;

typedef struct Bench {
        Ring *ring;
        FopsSinkJournal *sink;
        FopsPipeline *pipeline;
        size_t n_bytes;
} Bench;

static int add(Datagrams *d, uint16_t type, FopsSpan text) {
        if (d->n == d->n_allocated) {
                size_t n = MAX(d->n_allocated * 2, (size_t) 1024);
                Datagram *larger = reallocarray(d->items, n, sizeof(Datagram));

                if (!larger)
                        return -ENOMEM;
                d->items = larger;
                d->n_allocated = n;
        }
        text = fops_arena_copy(&d->texts, text);
        d->items[d->n++] = (Datagram){ .header = { .nlmsg_type = type, .nlmsg_len = (uint32_t) text.size }, .text = text };
        return text.data ? 0 : -ENOMEM;
}

static int load(int fd, Datagrams *d) {
        _cleanup_(line_reader_freep) LineReader *reader = line_reader_new(fd);
        FopsRecord record;
        FopsRecordDiag diag;
        FopsSpan line;
        int r = reader ? 0 : -ENOMEM;

        while (r >= 0 && line_reader_next(reader, &line) > 0) {
                if (fops_record_parse_line(line, NULL, &record, &diag) != FOPS_RECORD_OK)
                        continue;
                r = add(d, record.type, record.text);
                if (r >= 0 && record.type == AUDIT_PROCTITLE)
                        r = add(d, AUDIT_EOE, (FopsSpan){ record.text.data, (size_t) (record.body.data - record.text.data) });
        }
        return r;
}

static void on_release(void *userdata, uint64_t cookie) {
        const Bench *b = userdata;

        ring_done(b->ring, cookie);
}

static int on_entry(void *userdata, const FopsEntry *entry, const FopsOperation *op _unused_) {
        FopsSpan datagram;
        Bench *b = userdata;
        int r;

        r = fops_sink_journal_compose(b->sink, entry, &datagram);
        b->n_bytes += r >= 0 ? datagram.size : 0;
        return r;
}

/* As recvmmsg(2) leaves them. */
static unsigned land(Ring *ring, const Datagram *items, size_t n) {
        struct mmsghdr *messages = ring_landing(ring);
        unsigned k;

        for (k = 0; k < n && k < RING_BATCH; k++) {
                char *to = messages[k].msg_hdr.msg_iov->iov_base;

                memcpy(to, &items[k].header, sizeof(struct nlmsghdr));
                memcpy(to + NLMSG_HDRLEN, items[k].text.data, items[k].text.size);
                messages[k].msg_len = (unsigned) (NLMSG_HDRLEN + items[k].text.size);
        }
        return k;
}

static int __attribute__((noinline)) deliver(Bench *b, const Datagrams *d) {
        RingMessage message;
        uint64_t usec = 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < d->n;) {
                unsigned n = land(b->ring, d->items + i, d->n - i);

                ring_commit(b->ring, n);
                i += n;
                fops_pipeline_begin_batch(b->pipeline);
                while (r >= 0 && ring_next(b->ring, &message))
                        r = fops_pipeline_push_kept(b->pipeline, message.type, message.text, message.position, false, usec++);
        }
        return r < 0 ? r : fops_pipeline_flush(b->pipeline);
}

int main(int argc, char **argv) {
        FopsPipelineOptions options = { .correlator = FOPS_CORRELATOR_OPTIONS_DEFAULT, .proc_fd = -EBADF, .publish = on_entry };
        _cleanup_(fops_sink_journal_freep) FopsSinkJournal *sink = fops_sink_journal_new("/nowhere");
        _cleanup_(fops_pipeline_freep) FopsPipeline *pipeline = NULL;
        _cleanup_(ring_freep) Ring *ring = NULL;
        _cleanup_close_ int fd = -EBADF;
        Datagrams datagrams = {};
        Bench bench;
        int r;

        fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
        if (fd < 0) {
                fprintf(stderr, "usage: bench-live FILE\n");
                return 2;
        }
        r = load(fd, &datagrams);
        if (r < 0 || ring_new(RING_BYTES_MIN, &ring) < 0 || !sink)
                return 2;
        bench = (Bench){ .ring = ring, .sink = sink };
        options.correlator.release = on_release;
        options.correlator.userdata = options.userdata = &bench;
        bench.pipeline = pipeline = fops_pipeline_new(&options);
        if (!pipeline || deliver(&bench, &datagrams) < 0)
                return 2;
        printf("%zu records, %ju entries, %zu bytes\n", datagrams.n, (uintmax_t) fops_pipeline_stats(pipeline).n_published,
               bench.n_bytes);
        fops_arena_done(&datagrams.texts);
        free(datagrams.items);
        return 0;
}
