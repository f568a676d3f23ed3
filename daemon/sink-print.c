/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An entry into one write(2) of one line. The line is composed in memory first: stdio would tell of an error late and not
 * which, and somebody else may have made standard output non-blocking, as shells and ssh do. */

#include "sink-print.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "json.h"
#include "text.h"

struct FopsSinkPrint {
        int fd;
        FopsPrintFormat format;
        FILE *line; /* a memory stream, rewound for each entry */
        char *data;
        size_t size;
};

FopsSinkPrint *fops_sink_print_new(int fd, FopsPrintFormat format) {
        _cleanup_(fops_sink_print_freep) FopsSinkPrint *s = calloc(1, sizeof(FopsSinkPrint));

        if (!s)
                return NULL;
        s->fd = fd;
        s->format = format;
        s->line = open_memstream(&s->data, &s->size);
        if (!s->line)
                return NULL;

        signal(SIGPIPE, SIG_IGN);
        return TAKE_PTR(s);
}

FopsSinkPrint *fops_sink_print_free(FopsSinkPrint *s) {
        if (!s)
                return NULL;
        if (s->line)
                fclose(s->line);
        free(s->data);
        free(s);
        return NULL;
}

static int write_all(int fd, const char *data, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, data, size);

                if (n >= 0) {
                        data += n;
                        size -= (size_t) n;
                } else if (errno == EAGAIN) {
                        struct pollfd p = { .fd = fd, .events = POLLOUT };

                        if (poll(&p, 1, -1) < 0 && errno != EINTR)
                                return -errno;
                } else if (errno != EINTR)
                        return -errno;
        }
        return 0;
}

int fops_sink_print_write(FopsSinkPrint *s, const FopsEntry *e) {
        rewind(s->line);
        if (s->format == FOPS_PRINT_JSON)
                fops_json_print(e, s->line);
        else
                fops_text_print(e, s->line);
        if (fflush(s->line) != 0 || ferror(s->line))
                return -ENOMEM; /* a memory stream has no other trouble */

        return write_all(s->fd, s->data, s->size);
}
